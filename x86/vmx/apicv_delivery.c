/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts, their evaluation and delivery: SDM vol. 3C, 29.1.3, 29.2; 26.3.2.5.
 */
#include "apicv.h"

#include <string.h>

SUITE("VMX: virtual interrupts", REQUIRES(vmx_available() && apicv_can(CPU2_VIRTUAL_INTERRUPTS)));

TEST(virtual_delivery,
     "a pending virtual interrupt is delivered right after VM entry, vector by vector",
     SPEC("SDM vol. 3C, 26.3.2.5; 29.2.1; 29.2.2"))
{
	struct apicv a = apicv_new();

	for (u32 vector = 16; vector < 256; vector += vector == 255 ? 1 : 7) {
		const ulong *stack;

		SUBTEST("vector-%u", vector);
		apicv_set_up_virtual(&a, 0);
		apicv_request(&a, vector);
		apicv_set_status(vector, 0);
		vmx_run(a.g);
		apicv_expect_delivered(&a, vector);
		EXPECT_EQ(APICV_RVI(), 0u);
		stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
		EXPECT_EQ((u64)stack[0], vmx_start(a.g));
		EXPECT_EQ((u64)stack[2] & FLAG_IF, FLAG_IF);
	}
}

TEST(virtual_delivery_fault,
     "a fault in the delivery of a virtual interrupt is an external event's, and its exit has the interrupt",
     SPEC("SDM vol. 3C, 27.2.3; 29.2.2; vol. 3A, 6.13"))
{
	const u32 vector = 0x61;
	struct apicv a = apicv_new();

	apicv_set_up_virtual(&a, 0);
	apicv_request(&a, vector);
	apicv_set_status(vector, 0);
	/* Its gate is not present. */
	((u64 *)a.g->idt)[vector * (sizeof(ulong) / 4)] &= ~DESC_P;
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_NP));
	vmx_run(a.g);
	SUBTEST("fault");
	EXPECT_VMX_EXCEPTION(a.g, VEC_NP);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
		  (u64)(vector * 8 | ERR_IDT | ERR_EXT));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g));
	/* The virtual APIC has delivered it. */
	EXPECT(apicv_get_bit(&a, APIC_ISR, vector));
	EXPECT_EQ(APICV_SVI(), vector);
	SUBTEST("idt-vectoring");
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
		  INTR_VALID | INTR_EXTERNAL | vector);
}

TEST(virtual_delivery_next, "after a delivery, RVI is the highest request that is left",
     SPEC("SDM vol. 3C, 29.2.2"))
{
	static const struct {
		const char *name;
		u32 first, others[3], rvi;
	} rows[] = {
		{ "none", 0x40, { 0, 0, 0 }, 0 },
		{ "same-class", 0x4f, { 0x41, 0x40, 0 }, 0x41 },
		{ "lower", 0xf0, { 0x20, 0x31, 0x21 }, 0x31 },
		{ "next-word", 0x60, { 0x5f, 0x10, 0 }, 0x5f },
		{ "lowest", 0xff, { 0x10, 0, 0 }, 0x10 },
		{ "highest-word", 0xff, { 0xe5, 0xdf, 0x20 }, 0xe5 },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		apicv_set_up_virtual(&a, 0);
		apicv_request(&a, rows[i].first);
		for (u32 j = 0; j < 3; j++)
			if (rows[i].others[j])
				apicv_request(&a, rows[i].others[j]);
		apicv_set_status(rows[i].first, 0);
		vmx_run(a.g);
		apicv_expect_delivered(&a, rows[i].first);
		EXPECT_EQ(APICV_RVI(), rows[i].rvi);
	}
}

TEST(virtual_priority, "a request is delivered if its class is above that of VPPR",
     SPEC("SDM vol. 3C, 29.1.3; 29.2.1"))
{
	struct apicv a = apicv_new();
	static const u8 classes[] = { 0, 3, 4, 5, 15 };

	for (u32 i = 0; i < ARRAY_SIZE(classes); i++)
		for (u32 j = 0; j < ARRAY_SIZE(classes); j++) {
			u32 vtpr = classes[i] << 4 | 1, svi = classes[j] ? classes[j] << 4 | 2u : 0;
			u32 higher = MAX(classes[i], classes[j]);
			u32 vppr = classes[i] >= svi >> 4 ? vtpr : svi & 0xf0;

			SUBTEST("vtpr-%#x-svi-%#x", vtpr, svi);
			apicv_set_up_virtual(&a, 0);
			apicv_request(&a, 0x4f);
			*apicv_register(&a, APIC_TPR) = vtpr;
			*apicv_register(&a, APIC_PPR) = 0xffffffff;
			if (svi)
				apicv_set_bit(&a, APIC_ISR, svi);
			apicv_set_status(0x4f, svi);
			vmx_run(a.g);
			if (higher < 4) {
				apicv_expect_delivered(&a, 0x4f);
			} else {
				EXPECT_VMX_DONE(a.g);
				EXPECT_EQ(APICV_RVI(), 0x4fu);
				EXPECT_EQ(APICV_SVI(), svi);
				/* VM entry makes it again, and clears its upper bytes. */
				EXPECT_EQ(*apicv_register(&a, APIC_PPR), vppr);
			}
		}
}

TEST(virtual_rvi, "RVI decides what is pending, and not the requests in VIRR",
     SPEC("SDM vol. 3C, 29.2.1"))
{
	struct apicv a = apicv_new();

	apicv_set_up_virtual(&a, 0);
	apicv_request(&a, 0x60);
	apicv_set_status(0, 0);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	EXPECT(apicv_get_bit(&a, APIC_IRR, 0x60));
}

TEST(virtual_blocked, "IF, STI, MOV SS and the interrupt window hold a virtual interrupt back",
     SPEC("SDM vol. 3C, 29.2.1; 29.2.2"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 rflags;
		u32 interruptibility;
		s32 at; /* where it is delivered, or -1 */
	} rows[] = {
		{ "if-clear", "\x90\x90", 2, 0, 0, -1 },
		{ "if-set-later", "\x90\xfb\x90\x90", 4, 0, 0, 3 },
		{ "blocked-by-sti", "\x90\x90", 2, FLAG_IF, 1, 1 },
		{ "blocked-by-mov-ss", "\x90\x90", 2, FLAG_IF, 2, 1 },
		{ "popf", "\x9d\x90", 2, 0, 0, 1 },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		ulong *stack = (ulong *)a.g->stack_top - 1;

		SUBTEST("%s", rows[i].name);
		apicv_set_up_virtual(&a, 0);
		vmx_code(a.g, rows[i].bytes, rows[i].size);
		vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1 | rows[i].rflags);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, rows[i].interruptibility);
		*stack = FLAG_1 | FLAG_IF;
		if (rows[i].bytes[0] == '\x9d')
			vmcs_write(VMCS_GUEST_RSP, (ulong)stack);
		apicv_request(&a, 0x60);
		apicv_set_status(0x60, 0);
		vmx_run(a.g);
		if (rows[i].at < 0) {
			EXPECT_VMX_DONE(a.g);
			EXPECT_EQ(APICV_RVI(), 0x60u);
			continue;
		}
		apicv_expect_delivered(&a, 0x60);
		stack = (ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
		EXPECT_EQ((u64)stack[0], vmx_start(a.g) + (u32)rows[i].at);
	}
	SUBTEST("interrupt-window");
	apicv_set_up_virtual(&a, 0);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	apicv_request(&a, 0x60);
	apicv_set_status(0x60, 0);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_INTERRUPT_WINDOW);
	EXPECT_EQ(APICV_RVI(), 0x60u);
}

TEST(virtual_hlt, "a virtual interrupt wakes a guest from HLT", SPEC("SDM vol. 3C, 29.2.2"))
{
	struct apicv a = apicv_new();

	for (u32 state = 0; state < 2; state++) {
		SUBTEST("%s", state ? "activity-state" : "instruction");
		if (state && !(rdmsr(MSR_IA32_VMX_MISC) & BIT(6))) {
			SKIP_ROW("no HLT activity state");
			continue;
		}
		apicv_set_up_virtual(&a, 0);
		/* STI; HLT: the interrupt comes after HLT has been executed, or before HLT. */
		vmx_code(a.g, "\xfb\xf4", 2);
		if (state)
			vmcs_write(VMCS_GUEST_ACTIVITY, 1);
		else
			vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
		apicv_request(&a, 0x60);
		apicv_set_status(0x60, 0);
		/* A guest that does not wake must not sleep for ever. */
		if (vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER))
			vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
		vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x100000);
		vmx_run(a.g);
		apicv_expect_delivered(&a, 0x60);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 0ull);
	}
}

TEST(virtual_injection_first, "an event that is injected comes before a virtual interrupt",
     SPEC("SDM vol. 3C, 26.6.5"))
{
	struct apicv a = apicv_new();

	apicv_set_up_virtual(&a, 0);
	apicv_request(&a, 0x60);
	apicv_set_status(0x60, 0);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_EXTERNAL | 0x40);
	vmx_run(a.g);
	/* The gate clears IF. */
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmx_delivered(a.g), 0x40);
	EXPECT_EQ(APICV_RVI(), 0x60u);
}

TEST(virtual_off, "without the control, nothing is evaluated", SPEC("SDM vol. 3C, 29.2.1"))
{
	struct apicv a = apicv_new();

	apicv_reset(&a);
	apicv_enable_shadow(&a);
	vmx_deliver(a.g);
	vmx_code(a.g, "\x90", 1);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
	apicv_request(&a, 0x60);
	apicv_set_status(0x60, 0);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
}

TEST(virtual_before_external, "a virtual interrupt comes before an external one's exit",
     SPEC("SDM vol. 3C, 29.2.2"))
{
	struct apicv a = apicv_new();

	apicv_set_up_virtual(&a, 0);
	apicv_request(&a, 0x60);
	apicv_set_status(0x60, 0);
	apic_send(ICR_SELF | ICR_ASSERT | 0x52, 0);
	vmx_run(a.g);
	/* Right after the delivery: external interrupts exit whatever IF is. */
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_EXTERNAL_INTERRUPT);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), (u64)(ulong)(a.g->stubs + 0x60 * VMX_STUB_SIZE));
	EXPECT_EQ(APICV_SVI(), 0x60u);
	apic_drain();
}

/* --------------------------------------------------------------------------------------- TPR */

/* Lowers the TPR by MOV to CR8, memory or MSR, and the request that was held back comes. */
TEST(virtual_tpr_lowered, "lowering the TPR evaluates what is pending", SPEC("SDM vol. 3C, 29.1.2"))
{
	struct apicv a = apicv_new();
	static const char *const names[] = { "cr8", "memory", "msr" };

	for (u32 way = 0; way < 3; way++)
		for (u32 class = 5; class < 8; class ++) {
			u64 also = way == 1 ? CPU2_APIC_ACCESSES : way == 2 ? CPU2_X2APIC : 0;
			const ulong *stack;

			if (way == 0 && sizeof(ulong) == 4)
				continue;
			SUBTEST("%s-class-%u", names[way], class);
			if (!apicv_can(also)) {
				SKIP_ROW("the capability MSR does not allow the control");
				continue;
			}
			apicv_set_up_virtual(&a, also);
			/* MOV CR8, RAX; MOV [BX], EAX; WRMSR; a NOP after them. */
			vmx_code(a.g,
				 way == 0   ? "\x44\x0f\x22\xc0\x90"
				 : way == 1 ? "\x89\x03\x90"
					    : "\x0f\x30\x90",
				 way == 0 ? 5 : 3);
			a.g->registers.ax = way == 0 ? class : class << 4;
			a.g->registers.bx = a.address + APIC_TPR;
			a.g->registers.cx = 0x808;
			*apicv_register(&a, APIC_TPR) = 0xf0;
			/* A threshold is of no meaning here. */
			vmcs_write(VMCS_TPR_THRESHOLD, 15);
			apicv_request(&a, 0x6a);
			apicv_set_status(0x6a, 0);
			vmx_run(a.g);
			EXPECT_EQ(*apicv_register(&a, APIC_TPR), class << 4);
			if (class < 6) {
				apicv_expect_delivered(&a, 0x6a);
				stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
				EXPECT_EQ((u64)stack[0], vmx_end(a.g) - 1);
			} else {
				EXPECT_VMX_DONE(a.g);
				EXPECT_EQ(*apicv_register(&a, APIC_PPR), class << 4);
			}
		}
}

TEST(virtual_tpr_raised,
     "raising the TPR evaluates what is pending, too: a request that it masks is not delivered",
     SPEC("SDM vol. 3C, 29.1.2; 29.2.1"))
{
	struct apicv a = apicv_new();
	static const char *const names[] = { "cr8", "msr" };

	for (u32 way = 0; way < 2; way++)
		for (u32 class = 5; class < 8; class ++) {
			u64 also = way ? CPU2_X2APIC : 0;

			if (!way && sizeof(ulong) == 4)
				continue;
			SUBTEST("%s-class-%u", names[way], class);
			if (!apicv_can(also)) {
				SKIP_ROW("the capability MSR does not allow the control");
				continue;
			}
			apicv_set_up_virtual(&a, also);
			/* MOV CR8, RAX or WRMSR; STI; NOP; NOP */
			vmx_code(a.g, way ? "\x0f\x30\xfb\x90\x90" : "\x44\x0f\x22\xc0\xfb\x90\x90",
				 way ? 5 : 7);
			vmcs_clear(VMCS_GUEST_RFLAGS, FLAG_IF);
			a.g->registers.ax = way ? class << 4 : class;
			a.g->registers.cx = 0x808;
			apicv_request(&a, 0x6a);
			apicv_set_status(0x6a, 0);
			vmx_run(a.g);
			if (class < 6)
				apicv_expect_delivered(&a, 0x6a);
			else
				EXPECT_VMX_DONE(a.g);
			EXPECT_EQ(APICV_RVI(), class < 6 ? 0u : 0x6au);
		}
}
