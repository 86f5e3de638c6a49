/* SPDX-License-Identifier: MIT */
/* The TPR shadow and its threshold, by CR8, by memory and at VM entry: SDM vol. 3C, 29.1.2, 29.3, 26.6.7. */
#include "apicv.h"

SUITE("VMX: the TPR shadow",
      REQUIRES(vmx_available() && vmx_can(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW)));

#define ONLY_64BIT REQUIRES(sizeof(ulong) == 8)

TEST(tpr_read_cr8, "MOV from CR8 gives bits 7:4 of VTPR, and not the APIC's TPR",
     SPEC("SDM vol. 3C, 29.3"), ONLY_64BIT)
{
	static const u32 values[] = { 0, 0x10, 0x5f, 0x80, 0xf0, 0xff, 0xffffff3f };
	struct apicv a = apicv_new();

	apic_write(APIC_TPR, 0x70);
	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("vtpr-%#x", values[i]);
		apicv_reset(&a);
		apicv_enable_shadow(&a);
		vmx_code(a.g, "\x44\x0f\x20\xc0", 4); /* MOV RAX, CR8 */
		a.g->registers.ax = (ulong)~0ull;
		*apicv_register(&a, APIC_TPR) = values[i];
		vmx_run(a.g);
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(a.g->registers.ax, (ulong)(values[i] >> 4 & 15));
	}
	apic_write(APIC_TPR, 0);
}

TEST(tpr_write_cr8,
     "MOV to CR8 sets VTPR to its value and clears the rest, and leaves the APIC's TPR",
     SPEC("SDM vol. 3C, 29.3"), ONLY_64BIT)
{
	struct apicv a = apicv_new();

	apic_write(APIC_TPR, 0x70);
	for (u32 value = 0; value < 16; value++) {
		SUBTEST("cr8-%u", value);
		apicv_reset(&a);
		apicv_enable_shadow(&a);
		vmx_code(a.g, "\x44\x0f\x22\xc0", 4);
		a.g->registers.ax = value;
		*apicv_register(&a, APIC_TPR) = 0xffffffff;
		vmx_run(a.g);
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(*apicv_register(&a, APIC_TPR), value << 4);
		EXPECT_EQ(apic_read(APIC_TPR), 0x70u);
	}
	apic_write(APIC_TPR, 0);
}

TEST(tpr_write_cr8_reserved, "MOV to CR8 of more than four bits is #GP(0), and changes nothing",
     SPEC("SDM vol. 2A, MOV-Move to/from Control Registers; vol. 3C, 29.3"), ONLY_64BIT)
{
	struct apicv a = apicv_new();

	for (u32 bit = 4; bit < 64; bit += 5) {
		SUBTEST("bit-%u", bit);
		apicv_reset(&a);
		apicv_enable_shadow(&a);
		vmx_code(a.g, "\x44\x0f\x22\xc0", 4);
		a.g->registers.ax = (ulong)BIT(bit);
		*apicv_register(&a, APIC_TPR) = 0x30;
		vmx_run(a.g);
		EXPECT_VMX_EXCEPTION(a.g, VEC_GP);
		EXPECT_EQ(*apicv_register(&a, APIC_TPR), 0x30u);
	}
}

TEST(tpr_cr8_exiting, "an exit of MOV CR8 by its control comes before the TPR shadow",
     SPEC("SDM vol. 3C, 25.1.3, 29.3"), ONLY_64BIT)
{
	struct apicv a = apicv_new();

	for (u32 load = 0; load < 2; load++) {
		SUBTEST("%s", load ? "load" : "store");
		apicv_reset(&a);
		apicv_enable_shadow(&a);
		vmcs_set(VMCS_PRIMARY_CONTROLS, load ? CPU_CR8_LOAD : CPU_CR8_STORE);
		vmx_code(a.g, load ? "\x44\x0f\x22\xc0" : "\x44\x0f\x20\xc0", 4);
		a.g->registers.ax = 5;
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_CR_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), load ? 8ull : 0x18ull);
		EXPECT_EQ(*apicv_register(&a, APIC_TPR), 0u);
		EXPECT_EQ(a.g->registers.ax, 5ul);
	}
}

TEST(tpr_threshold_cr8,
     "MOV to CR8 below the threshold exits after it, and at or above it does not",
     SPEC("SDM vol. 3C, 29.1.2; 27.3.3"), ONLY_64BIT)
{
	struct apicv a = apicv_new();

	for (u32 threshold = 0; threshold < 16; threshold += 3)
		for (u32 value = 0; value < 16; value++) {
			SUBTEST("threshold-%u-cr8-%u", threshold, value);
			apicv_reset(&a);
			apicv_enable_shadow(&a);
			vmx_code(a.g, "\x44\x0f\x22\xc0", 4);
			a.g->registers.ax = value;
			*apicv_register(&a, APIC_TPR) = 0xf0;
			vmcs_write(VMCS_TPR_THRESHOLD, threshold);
			vmx_run(a.g);
			if (value < threshold) {
				EXPECT_VMX_EXIT(a.g, VMX_EXIT_TPR_BELOW_THRESHOLD);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(a.g));
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
			} else {
				EXPECT_VMX_DONE(a.g);
			}
			EXPECT_EQ(*apicv_register(&a, APIC_TPR), value << 4);
		}
}

static bool has_accesses(void)
{
	return apicv_can(CPU2_APIC_ACCESSES);
}

TEST(tpr_threshold_memory, "a write of the TPR below the threshold exits after it",
     SPEC("SDM vol. 3C, 29.1.2; 29.4.3.2"), REQUIRES(has_accesses()))
{
	struct apicv a = apicv_new();

	for (u32 threshold = 0; threshold < 16; threshold += 5)
		for (u32 value = 0; value < 16; value += 1) {
			SUBTEST("threshold-%u-tpr-%#x", threshold, value << 4 | 0xf);
			apicv_reset(&a);
			apicv_enable(&a, CPU2_APIC_ACCESSES);
			apicv_enable_shadow(&a);
			vmx_code(a.g, "\x89\x03", 2);
			a.g->registers.bx = a.address + APIC_TPR;
			a.g->registers.ax = value << 4 | 0xf;
			*apicv_register(&a, APIC_TPR) = 0xf0;
			vmcs_write(VMCS_TPR_THRESHOLD, threshold);
			vmx_run(a.g);
			if (value < threshold) {
				EXPECT_VMX_EXIT(a.g, VMX_EXIT_TPR_BELOW_THRESHOLD);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(a.g));
			} else {
				EXPECT_VMX_DONE(a.g);
			}
			EXPECT_EQ(*apicv_register(&a, APIC_TPR), value << 4 | 0xf);
		}
}

TEST(tpr_threshold_entry,
     "with APIC accesses virtualised, a VTPR below the threshold exits right after VM entry",
     SPEC("SDM vol. 3C, 26.2.1.1; 26.6.7"), REQUIRES(has_accesses()))
{
	struct apicv a = apicv_new();

	for (u32 threshold = 0; threshold < 16; threshold += 5)
		for (u32 class = 0; class < 16; class += 5) {
			SUBTEST("threshold-%u-class-%u", threshold, class);
			apicv_reset(&a);
			apicv_enable(&a, CPU2_APIC_ACCESSES);
			apicv_enable_shadow(&a);
			vmx_code(a.g, "\x90", 1);
			*apicv_register(&a, APIC_TPR) = class << 4 | 0xf;
			vmcs_write(VMCS_TPR_THRESHOLD, threshold);
			vmx_run(a.g);
			if (class < threshold) {
				EXPECT_VMX_EXIT(a.g, VMX_EXIT_TPR_BELOW_THRESHOLD);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g));
			} else {
				EXPECT_VMX_DONE(a.g);
			}
		}
}

TEST(tpr_threshold_entry_blocked,
     "the exit right after VM entry is not blocked by IF, STI, MOV SS or HLT, and follows an injected event",
     SPEC("SDM vol. 3C, 26.6.7"), REQUIRES(has_accesses()))
{
	static const struct {
		const char *name;
		u64 rflags;
		u32 interruptibility, activity, inject;
	} rows[] = {
		{ "if", FLAG_IF, 0, 0, 0 },
		{ "sti", FLAG_IF, 1, 0, 0 },
		{ "mov-ss", 0, 2, 0, 0 },
		{ "hlt", 0, 0, 1, 0 },
		{ "inject", FLAG_IF, 0, 0, INTR_VALID | INTR_EXTERNAL | 0x40 },
		{ "single-step-pending", FLAG_TF, 0, 0, 0 },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		if (rows[i].activity && !(rdmsr(MSR_IA32_VMX_MISC) & BIT(6))) {
			SKIP_ROW("no HLT activity state");
			continue;
		}
		apicv_reset(&a);
		apicv_enable(&a, CPU2_APIC_ACCESSES);
		apicv_enable_shadow(&a);
		vmx_code(a.g, "\x90", 1);
		vmcs_set(VMCS_GUEST_RFLAGS, rows[i].rflags);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, rows[i].interruptibility);
		vmcs_write(VMCS_GUEST_ACTIVITY, rows[i].activity);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, rows[i].inject);
		vmcs_write(VMCS_TPR_THRESHOLD, 5);
		/* A guest that is let in must not sleep for ever. */
		vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
		vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x100000);
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_TPR_BELOW_THRESHOLD);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
			  rows[i].inject ? (u64)(ulong)a.g->stubs + 0x40 * VMX_STUB_SIZE
					 : vmx_start(a.g));
	}
}

TEST(tpr_threshold_refused, "without APIC accesses virtualised, the same is refused",
     SPEC("SDM vol. 3C, 26.2.1.1"))
{
	struct apicv a = apicv_new();

	apicv_enable_shadow(&a);
	vmcs_write(VMCS_TPR_THRESHOLD, 5);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_FAIL_VALID(VMX_ERROR_CONTROLS));
}

/* ------------------------------------------------------------------------------ x2APIC's MSRs */

static bool has_x2apic(void)
{
	return apicv_can(CPU2_X2APIC) && vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
}

TEST(x2apic_read_tpr,
     "RDMSR of the TPR reads eight bytes of the virtual-APIC page, in xAPIC mode, too",
     SPEC("SDM vol. 3C, 29.5"), REQUIRES(has_x2apic()))
{
	struct apicv a = apicv_new();

	apicv_enable(&a, CPU2_X2APIC);
	vmx_code(a.g, "\x0f\x32", 2);
	a.g->registers.cx = 0x808;
	*(u64 *)(a.virtual + APIC_TPR) = 0x1122334455667788ull;
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	EXPECT_EQ(a.g->registers.ax, 0x55667788ul);
	EXPECT_EQ(a.g->registers.dx, 0x11223344ul);
}

TEST(x2apic_read_all,
     "with APIC-register virtualisation, RDMSR of 800H to 8FFH reads the virtual-APIC page",
     SPEC("SDM vol. 3C, 29.5"), REQUIRES(has_x2apic() && apicv_can(CPU2_APIC_REGISTERS)))
{
	struct apicv a = apicv_new();

	for (u32 i = 0; i < 256; i += i < 0x40 ? 1 : 0x1f) {
		SUBTEST("msr-%#x", 0x800 + i);
		apicv_reset(&a);
		apicv_enable(&a, CPU2_X2APIC | CPU2_APIC_REGISTERS);
		vmx_code(a.g, "\x0f\x32", 2);
		a.g->registers.cx = 0x800 + i;
		*(u64 *)(a.virtual + i * 16) = 0x1000000020000000ull + i;
		vmx_run(a.g);
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(a.g->registers.ax, 0x20000000ul + i);
		EXPECT_EQ(a.g->registers.dx, 0x10000000ul);
	}
}

TEST(x2apic_read_others, "without it, RDMSR of another register is as usual: #GP in xAPIC mode",
     SPEC("SDM vol. 3C, 29.5"), REQUIRES(has_x2apic()))
{
	static const u32 msrs[] = { 0x800, 0x802, 0x803, 0x807, 0x809, 0x80a, 0x80f, 0x830, 0x8ff };
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		SUBTEST("msr-%#x", msrs[i]);
		apicv_reset(&a);
		apicv_enable(&a, CPU2_X2APIC);
		vmx_code(a.g, "\x0f\x32", 2);
		a.g->registers.cx = msrs[i];
		vmx_run(a.g);
		EXPECT_VMX_EXCEPTION(a.g, VEC_GP);
	}
}

TEST(x2apic_outside, "MSRs next to the range are not virtualised",
     SPEC("SDM vol. 3C, 29.5"), REQUIRES(has_x2apic() && apicv_can(CPU2_APIC_REGISTERS)))
{
	static const u32 msrs[] = { 0x7ff, 0x900 };
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		u64 value = 0;

		SUBTEST("msr-%#x", msrs[i]);
		if (!rdmsr_try(msrs[i], &value).kind) {
			SKIP_ROW("the MSR exists");
			continue;
		}
		apicv_reset(&a);
		apicv_enable(&a, CPU2_X2APIC | CPU2_APIC_REGISTERS);
		vmx_code(a.g, "\x0f\x32", 2);
		a.g->registers.cx = msrs[i];
		vmx_run(a.g);
		EXPECT_VMX_EXCEPTION(a.g, VEC_GP);
	}
}

TEST(x2apic_write_tpr, "WRMSR of the TPR stores into VTPR and has the threshold's exit after it",
     SPEC("SDM vol. 3C, 29.5; 29.1.2"), REQUIRES(has_x2apic()))
{
	struct apicv a = apicv_new();

	for (u32 threshold = 0; threshold < 16; threshold += 5)
		for (u32 value = 0; value < 16; value += 3) {
			SUBTEST("threshold-%u-tpr-%#x", threshold, value << 4);
			apicv_reset(&a);
			apicv_enable(&a, CPU2_X2APIC);
			vmx_code(a.g, "\x0f\x30", 2);
			a.g->registers.cx = 0x808;
			a.g->registers.ax = value << 4;
			*(u64 *)(a.virtual + APIC_TPR) = 0x11223344000000ffull;
			vmcs_write(VMCS_TPR_THRESHOLD, threshold);
			vmx_run(a.g);
			if (value < threshold) {
				EXPECT_VMX_EXIT(a.g, VMX_EXIT_TPR_BELOW_THRESHOLD);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(a.g));
			} else {
				EXPECT_VMX_DONE(a.g);
			}
			EXPECT_EQ(*(u64 *)(a.virtual + APIC_TPR), (u64)(value << 4));
		}
}

TEST(x2apic_write_reserved,
     "WRMSR of the TPR, EOI and self-IPI registers with reserved bits is #GP(0)",
     SPEC("SDM vol. 3C, 29.5"), REQUIRES(has_x2apic()))
{
	static const struct {
		const char *name;
		u32 msr;
		bool delivery;
		u64 reserved;
	} rows[] = {
		{ "tpr", 0x808, false, ~0xffull },
		{ "eoi", 0x80b, true, ~0ull },
		{ "self-ipi", 0x83f, true, ~0xffull },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for_each_set_bit(bit, rows[i].reserved) {
			if (bit > 10 && bit % 5)
				continue;
			SUBTEST("%s-bit-%llu", rows[i].name, bit);
			if (rows[i].delivery && !apicv_can(CPU2_VIRTUAL_INTERRUPTS)) {
				SKIP_ROW("no virtual-interrupt delivery");
				continue;
			}
			apicv_reset(&a);
			apicv_enable(&a, CPU2_X2APIC |
						 (rows[i].delivery ? CPU2_VIRTUAL_INTERRUPTS : 0));
			vmx_code(a.g, "\x0f\x30", 2);
			a.g->registers.cx = rows[i].msr;
			a.g->registers.ax = (u32)BIT(bit);
			a.g->registers.dx = (u32)(BIT(bit) >> 32);
			vmx_run(a.g);
			EXPECT_VMX_EXCEPTION(a.g, VEC_GP);
			EXPECT_EQ(*apicv_register(&a, (rows[i].msr & 0xff) << 4), 0u);
		}
}

TEST(x2apic_write_others, "WRMSR of another register is as usual: #GP in xAPIC mode",
     SPEC("SDM vol. 3C, 29.5"), REQUIRES(has_x2apic()))
{
	static const u32 msrs[] = { 0x80b, 0x80f, 0x828, 0x830, 0x832, 0x838, 0x83e, 0x83f, 0x8ff };
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		for (u32 registers = 0; registers < 2; registers++) {
			SUBTEST("msr-%#x%s", msrs[i], registers ? "-registers" : "");
			if (registers && !apicv_can(CPU2_APIC_REGISTERS)) {
				SKIP_ROW("no APIC-register virtualization");
				continue;
			}
			apicv_reset(&a);
			apicv_enable(&a, CPU2_X2APIC | (registers ? CPU2_APIC_REGISTERS : 0));
			vmx_code(a.g, "\x0f\x30", 2);
			a.g->registers.cx = msrs[i];
			vmx_run(a.g);
			EXPECT_VMX_EXCEPTION(a.g, VEC_GP);
		}
}

TEST(x2apic_bitmap, "a bit of the MSR bitmaps makes the access exit, and none of it is virtualised",
     SPEC("SDM vol. 3C, 25.1.3; 29.5"), REQUIRES(has_x2apic()))
{
	struct apicv a = apicv_new();

	for (u32 write = 0; write < 2; write++) {
		u8 *byte = a.g->msr_bitmap + (write ? 0x800 : 0) + 0x808 / 8;

		SUBTEST("%s", write ? "write" : "read");
		apicv_reset(&a);
		apicv_enable(&a, CPU2_X2APIC);
		vmx_code(a.g, write ? "\x0f\x30" : "\x0f\x32", 2);
		a.g->registers.cx = 0x808;
		a.g->registers.ax = 0x70;
		*byte = (u8)BIT(0x808 % 8);
		vmx_run(a.g);
		*byte = 0;
		EXPECT_VMX_EXIT(a.g, write ? VMX_EXIT_WRMSR : VMX_EXIT_RDMSR);
		EXPECT_EQ(*apicv_register(&a, APIC_TPR), 0u);
		EXPECT_EQ(a.g->registers.ax, 0x70ul);
	}
}

TEST(x2apic_cpl3, "RDMSR and WRMSR of virtualised registers are #GP(0) at CPL 3",
     SPEC("SDM vol. 3C, 25.1.1; 29.5"), REQUIRES(has_x2apic()))
{
	struct apicv a = apicv_new();

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("%s", write ? "write" : "read");
		apicv_reset(&a);
		apicv_enable(&a, CPU2_X2APIC);
		vmx_set_user(a.g);
		vmx_code(a.g, write ? "\x0f\x30" : "\x0f\x32", 2);
		a.g->registers.cx = 0x808;
		vmx_run(a.g);
		EXPECT_VMX_EXCEPTION(a.g, VEC_GP);
	}
}
