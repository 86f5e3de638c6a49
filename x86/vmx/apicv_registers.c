/* SPDX-License-Identifier: MIT */
/*
 * Which accesses to the APIC-access page are virtualised, register by register, and what becomes of them:
 * SDM vol. 3C, 29.4.2, 29.4.3.
 */
#include "apicv.h"

#include <string.h>

SUITE("VMX: virtualised APIC registers",
      REQUIRES(vmx_available() && apicv_can(CPU2_APIC_ACCESSES) &&
	       vmx_can(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW)));

static bool is_lvt_or_timer(u32 offset)
{
	return (offset >= 0x320 && offset <= 0x380) || offset == 0x3e0;
}

/* The registers that "APIC-register virtualization" has reads of. */
static bool is_readable(u32 offset)
{
	switch (offset) {
	case 0x20:
	case 0x30:
	case 0x80:
	case 0xb0:
	case 0xd0:
	case 0xe0:
	case 0xf0:
	case 0x280:
	case 0x300:
	case 0x310:
		return true;
	default:
		return (offset >= 0x100 && offset <= 0x270) || is_lvt_or_timer(offset);
	}
}

static bool is_writable(u32 offset)
{
	return is_readable(offset) && offset != 0x30 && !(offset >= 0x100 && offset <= 0x270);
}

static void enable(struct apicv *a, u64 also)
{
	apicv_enable(a, CPU2_APIC_ACCESSES | also);
	apicv_enable_shadow(a);
}

static bool read_is_virtual(u32 offset, u64 also)
{
	return offset == APIC_TPR || (also & CPU2_APIC_REGISTERS && is_readable(offset));
}

static bool write_is_virtual(u32 offset, u64 also)
{
	if (offset == APIC_TPR)
		return true;
	if (also & CPU2_APIC_REGISTERS)
		return is_writable(offset);
	return also & CPU2_VIRTUAL_INTERRUPTS && (offset == APIC_EOI || offset == APIC_ICR);
}

static void reads(u64 also)
{
	struct apicv a = apicv_new();

	for (u32 offset = 0; offset < 0x440; offset += 0x10) {
		SUBTEST("offset-%#x", offset);
		apicv_reset(&a);
		enable(&a, also);
		vmx_code(a.g, "\x8b\x03", 2);
		a.g->registers.bx = a.address + offset;
		*apicv_register(&a, offset) = 0x12300000 | offset;
		vmx_run(a.g);
		if (read_is_virtual(offset, also)) {
			EXPECT_VMX_DONE(a.g);
			EXPECT_EQ(a.g->registers.ax, 0x12300000ul | offset);
		} else {
			EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)offset);
		}
	}
}

/* What a write of 0x00ff00ff leads to, after it has been made. */
static void expect_write(struct apicv *a, u32 offset, u64 also)
{
	const bool delivery = also & CPU2_VIRTUAL_INTERRUPTS;
	u32 left = 0x00ff00ff;

	switch (offset) {
	case APIC_TPR:
		EXPECT_VMX_DONE(a->g);
		left = 0xff;
		break;
	case APIC_ICR_HIGH:
		EXPECT_VMX_DONE(a->g);
		left = 0;
		break;
	case APIC_EOI:
		if (delivery) {
			EXPECT_VMX_DONE(a->g);
			left = 0;
			break;
		}
		/* fallthrough */
	default:
		EXPECT_VMX_EXIT(a->g, VMX_EXIT_APIC_WRITE);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)offset);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(a->g));
	}
	EXPECT_EQ(*apicv_register(a, offset), left);
}

static void writes(u64 also)
{
	struct apicv a = apicv_new();

	for (u32 offset = 0; offset < 0x440; offset += 0x10) {
		SUBTEST("offset-%#x", offset);
		apicv_reset(&a);
		enable(&a, also);
		vmx_code(a.g, "\x89\x03", 2);
		a.g->registers.bx = a.address + offset;
		a.g->registers.ax = 0x00ff00ff;
		vmx_run(a.g);
		if (write_is_virtual(offset, also)) {
			expect_write(&a, offset, also);
		} else {
			EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
				  (u64)(APIC_ACCESS_WRITE | offset));
			EXPECT_EQ(*apicv_register(&a, offset), 0u);
		}
		EXPECT_EQ(*(u32 *)(ulong)(a.access + offset), 0xa5a5a5a5u);
	}
}

TEST(apicv_reads_shadow,
     "with the TPR shadow alone, reads of the TPR are virtualised, and no others",
     SPEC("SDM vol. 3C, 29.4.2"))
{
	reads(0);
}

TEST(apicv_writes_shadow,
     "with the TPR shadow alone, writes of the TPR are virtualised, and no others",
     SPEC("SDM vol. 3C, 29.4.3"))
{
	writes(0);
}

TEST(apicv_reads_registers,
     "APIC-register virtualisation virtualises reads of the registers that it lists",
     SPEC("SDM vol. 3C, 29.4.2"), REQUIRES(apicv_can(CPU2_APIC_REGISTERS)))
{
	reads(CPU2_APIC_REGISTERS);
}

TEST(apicv_writes_registers,
     "APIC-register virtualisation virtualises writes of the registers that it lists, with an exit after them",
     SPEC("SDM vol. 3C, 29.4.3"), REQUIRES(apicv_can(CPU2_APIC_REGISTERS)))
{
	writes(CPU2_APIC_REGISTERS);
}

TEST(apicv_reads_delivery,
     "virtual-interrupt delivery virtualises no more reads than the TPR shadow",
     SPEC("SDM vol. 3C, 29.4.2"), REQUIRES(apicv_can(CPU2_VIRTUAL_INTERRUPTS)))
{
	reads(CPU2_VIRTUAL_INTERRUPTS);
}

TEST(apicv_writes_delivery, "virtual-interrupt delivery virtualises writes of TPR, EOI and ICR",
     SPEC("SDM vol. 3C, 29.4.3"), REQUIRES(apicv_can(CPU2_VIRTUAL_INTERRUPTS)))
{
	writes(CPU2_VIRTUAL_INTERRUPTS);
}

TEST(apicv_reads_both, "with both controls, reads are those of APIC-register virtualisation",
     SPEC("SDM vol. 3C, 29.4.2"),
	  REQUIRES(apicv_can(CPU2_APIC_REGISTERS | CPU2_VIRTUAL_INTERRUPTS)))
{
	reads(CPU2_APIC_REGISTERS | CPU2_VIRTUAL_INTERRUPTS);
}

TEST(apicv_writes_both, "with both controls, writes are those of APIC-register virtualisation",
     SPEC("SDM vol. 3C, 29.4.3"),
	  REQUIRES(apicv_can(CPU2_APIC_REGISTERS | CPU2_VIRTUAL_INTERRUPTS)))
{
	writes(CPU2_APIC_REGISTERS | CPU2_VIRTUAL_INTERRUPTS);
}

/* ------------------------------------------------------------------- sizes and alignment */

static const struct access_form {
	const char *name, *read, *write;
	u32 code_size, size, offset;
	bool inside, only_64;
} forms[] = {
	{ "byte-0", "\x8a\x03", "\x88\x03", 2, 1, 0, true, false },
	{ "byte-1", "\x8a\x03", "\x88\x03", 2, 1, 1, true, false },
	{ "byte-3", "\x8a\x03", "\x88\x03", 2, 1, 3, true, false },
	{ "byte-4", "\x8a\x03", "\x88\x03", 2, 1, 4, false, false },
	{ "byte-15", "\x8a\x03", "\x88\x03", 2, 1, 15, false, false },
	{ "word-0", "\x66\x8b\x03", "\x66\x89\x03", 3, 2, 0, true, false },
	{ "word-2", "\x66\x8b\x03", "\x66\x89\x03", 3, 2, 2, true, false },
	{ "word-3", "\x66\x8b\x03", "\x66\x89\x03", 3, 2, 3, false, false },
	{ "long-0", "\x8b\x03", "\x89\x03", 2, 4, 0, true, false },
	{ "long-1", "\x8b\x03", "\x89\x03", 2, 4, 1, false, false },
	{ "long-4", "\x8b\x03", "\x89\x03", 2, 4, 4, false, false },
	{ "long-8", "\x8b\x03", "\x89\x03", 2, 4, 8, false, false },
	{ "long-12", "\x8b\x03", "\x89\x03", 2, 4, 12, false, false },
	{ "quad-0", "\x48\x8b\x03", "\x48\x89\x03", 3, 8, 0, false, true },
};

/*
 * With register virtualisation the range is the register's; without it, what is virtualised is an access whose
 * page offset is that of the TPR.
 */
static void sizes(bool write, u64 also)
{
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct access_form *form = &forms[i];
		const u32 at = APIC_TPR + form->offset;
		const bool inside = form->inside && (also || !form->offset);

		if (form->only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s", form->name);
		apicv_reset(&a);
		enable(&a, also);
		vmx_code(a.g, write ? form->write : form->read, form->code_size);
		a.g->registers.bx = a.address + at;
		*(u32 *)(a.virtual + APIC_TPR) = 0x44332211;
		a.g->registers.ax = (ulong)0x99999999aabbccddull;
		vmx_run(a.g);
		if (!inside) {
			EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
				  (u64)((write ? APIC_ACCESS_WRITE : APIC_ACCESS_READ) | at));
			EXPECT_EQ(*apicv_register(&a, APIC_TPR), 0x44332211u);
			continue;
		}
		/* 29.4.3.2: another page offset than that of the register is an exit after the write. */
		if (write && form->offset) {
			EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_WRITE);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)at);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(a.g));
			EXPECT_EQ(*(u8 *)(a.virtual + at), 0xdd);
			EXPECT_EQ(*(u8 *)(a.virtual + APIC_TPR), 0x11);
			continue;
		}
		EXPECT_VMX_DONE(a.g);
		if (!write) {
			u64 mask = form->size == 4 ? 0xffffffff : BIT(8 * form->size) - 1;

			EXPECT_EQ(a.g->registers.ax & mask,
				  0x44332211ull >> 8 * form->offset & mask);
		} else {
			/* Bytes 3:1 of VTPR are cleared. */
			EXPECT_EQ(*apicv_register(&a, APIC_TPR), 0xddu);
		}
	}
}

TEST(apicv_read_sizes, "a read is virtualised if it is of the register, and at its page offset",
     SPEC("SDM vol. 3C, 29.4.2"))
{
	sizes(false, 0);
}

TEST(apicv_write_sizes, "a write is virtualised if it is of the register, and at its page offset",
     SPEC("SDM vol. 3C, 29.4.3"))
{
	sizes(true, 0);
}

TEST(apicv_read_sizes_registers,
     "with APIC-register virtualisation, so are reads of parts of a register",
     SPEC("SDM vol. 3C, 29.4.2"), REQUIRES(apicv_can(CPU2_APIC_REGISTERS)))
{
	sizes(false, CPU2_APIC_REGISTERS);
}

TEST(apicv_write_icr_high,
     "a write to any byte of the high half of ICR clears the three bytes that do not exist, and does not exit",
     SPEC("SDM vol. 3C, 29.4.3.2"), REQUIRES(apicv_can(CPU2_APIC_REGISTERS)))
{
	struct apicv a = apicv_new();

	for (u32 byte = 0; byte < 4; byte++) {
		SUBTEST("byte-%u", byte);
		apicv_reset(&a);
		enable(&a, CPU2_APIC_REGISTERS);
		*apicv_register(&a, APIC_ICR_HIGH) = 0x44332211;
		vmx_code(a.g, "\x88\x03", 2); /* MOV [BX], AL */
		a.g->registers.bx = a.address + APIC_ICR_HIGH + byte;
		a.g->registers.ax = 0xdd;
		vmx_run(a.g);
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(*apicv_register(&a, APIC_ICR_HIGH),
			  byte == 3 ? 0xdd000000u : 0x44000000u);
	}
}

TEST(apicv_write_sizes_registers,
     "with APIC-register virtualisation, so are writes of parts of a register",
     SPEC("SDM vol. 3C, 29.4.3"), REQUIRES(apicv_can(CPU2_APIC_REGISTERS)))
{
	sizes(true, CPU2_APIC_REGISTERS);
}

TEST(apicv_read_modify_write,
     "AND, OR, XCHG and the like of a virtualised register use the virtual-APIC page",
     SPEC("SDM vol. 3C, 29.4.2, 29.4.3, 29.4.4"))
{
	static const struct {
		const char *name, *bytes;
		u32 left, ax;
	} rows[] = {
		{ "and", "\x21\x03", 0x20, 0xf0 },
		{ "or", "\x09\x03", 0xf3, 0xf0 },
		{ "xor", "\x31\x03", 0xd3, 0xf0 },
		{ "xchg", "\x87\x03", 0xf0, 0x23 },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		apicv_reset(&a);
		enable(&a, 0);
		vmx_code(a.g, rows[i].bytes, 2);
		a.g->registers.bx = a.address + APIC_TPR;
		a.g->registers.ax = 0xf0;
		*apicv_register(&a, APIC_TPR) = 0x23;
		vmx_run(a.g);
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(*apicv_register(&a, APIC_TPR), rows[i].left);
		EXPECT_EQ(a.g->registers.ax, (ulong)rows[i].ax);
	}
}

TEST(apicv_fetch, "a fetch from the page exits, whatever is virtualised",
     SPEC("SDM vol. 3C, 29.4.2"))
{
	struct apicv a = apicv_new();
	static const u64 controls[] = { 0, CPU2_APIC_REGISTERS, CPU2_VIRTUAL_INTERRUPTS };
	static const char *const names[] = { "shadow", "registers", "delivery" };

	for (u32 i = 0; i < ARRAY_SIZE(controls); i++) {
		SUBTEST("%s", names[i]);
		if (!apicv_can(controls[i])) {
			SKIP_ROW("the capability MSR does not allow the control");
			continue;
		}
		apicv_reset(&a);
		enable(&a, controls[i]);
		vmx_code(a.g, "\xff\xe3", 2);
		a.g->registers.bx = a.address + APIC_TPR;
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)(APIC_ACCESS_FETCH | APIC_TPR));
	}
}
