/* SPDX-License-Identifier: MIT */
/*
 * INS and OUTS: qualification, linear address and instruction information of their exits, REP, and the
 * faults that the exits come before. SDM vol. 3C, 25.1.1, 25.1.3; 27.2.1, table 27-5; 27.2.4, table 27-8.
 */
#include "checks.h"

#include <string.h>

SUITE("VMX: exits of string I/O", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1

#define ADDRESS_16 0u
#define ADDRESS_32 1u
#define ADDRESS_64 2u

#define ANY 7 /* INS: the segment is undefined */

static const struct form {
	const char *name, *bytes;
	u32 size;
	u32 qualification; /* without the port */
	u32 segment;
	bool in, long_only, no_long;
	u32 address; /* size; ANY: the mode's */
} forms[] = {
	{ "insb", BYTES("\x6c"), 0x18, ANY, true, false, false, ANY },
	{ "insw", BYTES("\x66\x6d"), 0x19, ANY, true, false, false, ANY },
	{ "insd", BYTES("\x6d"), 0x1b, ANY, true, false, false, ANY },
	{ "rep-insb", BYTES("\xf3\x6c"), 0x38, ANY, true, false, false, ANY },
	{ "rep-insd", BYTES("\xf3\x6d"), 0x3b, ANY, true, false, false, ANY },
	{ "repne-insb", BYTES("\xf2\x6c"), 0x38, ANY, true, false, false, ANY },
	{ "insb-address-32", BYTES("\x67\x6c"), 0x18, ANY, true, true, false, ADDRESS_32 },
	{ "insb-address-16", BYTES("\x67\x6c"), 0x18, ANY, true, false, true, ADDRESS_16 },
	{ "outsb", BYTES("\x6e"), 0x10, VMX_DS, false, false, false, ANY },
	{ "outsw", BYTES("\x66\x6f"), 0x11, VMX_DS, false, false, false, ANY },
	{ "outsd", BYTES("\x6f"), 0x13, VMX_DS, false, false, false, ANY },
	{ "rep-outsb", BYTES("\xf3\x6e"), 0x30, VMX_DS, false, false, false, ANY },
	{ "rep-outsw", BYTES("\xf3\x66\x6f"), 0x31, VMX_DS, false, false, false, ANY },
	{ "rex-outsd", BYTES("\x48\x6f"), 0x13, VMX_DS, false, true, false, ANY },
	{ "outsb-es", BYTES("\x26\x6e"), 0x10, VMX_ES, false, false, false, ANY },
	{ "outsb-cs", BYTES("\x2e\x6e"), 0x10, VMX_CS, false, false, false, ANY },
	{ "outsb-ss", BYTES("\x36\x6e"), 0x10, VMX_SS, false, false, false, ANY },
	{ "outsb-fs", BYTES("\x64\x6e"), 0x10, VMX_FS, false, false, false, ANY },
	{ "outsb-gs", BYTES("\x65\x6e"), 0x10, VMX_GS, false, false, false, ANY },
	{ "outsb-address-32", BYTES("\x67\x6e"), 0x10, VMX_DS, false, true, false, ADDRESS_32 },
	{ "outsb-address-16", BYTES("\x67\x6e"), 0x10, VMX_DS, false, false, true, ADDRESS_16 },
};

#define PORT 0x86

static bool has_info(void)
{
	return rdmsr(MSR_IA32_VMX_BASIC) & BIT(54);
}

static void set_up(struct vmx_guest *g, enum vmx_mode mode, const struct form *form)
{
	vmx_reset(g);
	vmx_set_mode(g, mode);
	vmx_code(g, form->bytes, form->size);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO);
	g->registers.dx = PORT;
	g->registers.cx = 3;
	g->registers.si = 0x1010;
	g->registers.di = 0x1020;
	/* What the address size does not have is not to be used. */
	if (sizeof(ulong) == 8 && mode == VMX_LONG && form->address == ADDRESS_32) {
		g->registers.si |= (ulong)0x1234567800000000ull;
		g->registers.di |= (ulong)0x1234567800000000ull;
	} else if (form->address == ADDRESS_16 && !vmx_mode_is_16(mode)) {
		g->registers.si |= 0x77770000;
		g->registers.di |= 0x77770000;
	}
	if (mode == VMX_LONG || mode == VMX_PAE) {
		vmcs_write(VMCS_BASE(VMX_FS), (ulong)g->data);
		vmcs_write(VMCS_BASE(VMX_GS), (ulong)g->data + 0x100);
	}
}

static u64 linear_address(enum vmx_mode mode, const struct form *form)
{
	u64 offset = form->in ? 0x1020 : 0x1010;
	u32 segment = form->in ? (u32)VMX_ES : form->segment;

	if (mode == VMX_LONG && segment < VMX_FS)
		return offset;
	return vmcs_read(VMCS_BASE(segment)) + offset;
}

static void exits(enum vmx_mode mode)
{
	struct vmx_guest *g = vmx_new();
	const bool is_16 = vmx_mode_is_16(mode);
	const u32 native = mode == VMX_LONG ? ADDRESS_64 : is_16 ? ADDRESS_16 : ADDRESS_32;

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		u32 qualification = form->qualification, address, sized;

		if ((form->long_only && mode != VMX_LONG) || (form->no_long && mode == VMX_LONG))
			continue;
		/* A prefix makes the other size of it. */
		address = form->address == ANY ? native : is_16 ? ADDRESS_32 : form->address;
		sized = qualification & 7;
		if (sized && is_16)
			qualification ^= 2;
		SUBTEST("%s", form->name);
		set_up(g, mode, form);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)(PORT << 16 | qualification));
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)form->size);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), linear_address(mode, form));
		EXPECT_EQ(g->registers.cx, 3ul);
		EXPECT_EQ(g->registers.si & 0xffff, 0x1010ul);
		EXPECT_EQ(g->registers.di & 0xffff, 0x1020ul);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		if (has_info()) {
			u64 info = vmcs_read(VMCS_EXIT_INSTRUCTION_INFO);

			EXPECT_EQ(info >> 7 & 7, (u64)address);
			/* In 64-bit mode, the prefixes of ES, CS, SS and DS are ignored. */
			if (form->segment != ANY && (mode != VMX_LONG || form->segment >= VMX_DS))
				EXPECT_EQ(info >> 15 & 7, (u64)form->segment);
		}
	}
}

#define EXITS_IN(name, mode, words)                                                           \
	TEST(exit_string_io_##name, "INS and OUTS exit with all that the host needs: " words, \
	     SPEC("SDM vol. 3C, 25.1.3; 27.2.1, table 27-5; 27.2.4, table 27-8"),             \
		  REQUIRES(vmx_mode_possible(mode)))                                          \
	{                                                                                     \
		exits(mode);                                                                  \
	}

EXITS_IN(long, VMX_LONG, "64-bit mode")
EXITS_IN(compat, VMX_COMPAT, "compatibility mode")
EXITS_IN(pae, VMX_PAE, "legacy mode with PAE")
EXITS_IN(paged, VMX_PAGED, "legacy mode with 32-bit tables")
EXITS_IN(protected16, VMX_PROTECTED16, "16-bit protected mode")
EXITS_IN(vm86, VMX_VM86, "virtual-8086 mode")
EXITS_IN(protected, VMX_PROTECTED, "without paging")
EXITS_IN(real, VMX_REAL, "real mode")

TEST(string_io_repetitions,
     "REP exits at the first iteration, by the bitmap, and else makes all of them",
     SPEC("SDM vol. 3C, 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 count = 0; count < 3; count++)
		for (u32 bit = 0; bit < 2; bit++) {
			/* The manual does not say whether a count of 0 is an attempt to access the port. */
			if (!count && bit)
				continue;
			SUBTEST("count-%u-bit-%u", count, bit);
			vmx_reset(g);
			vmx_code(g, "\xf3\x6e", 2);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS);
			g->io_bitmaps[0x80 / 8] = (u8)bit;
			g->registers.dx = 0x80;
			g->registers.cx = count;
			g->registers.si = (ulong)g->data;
			vmx_run(g);
			g->io_bitmaps[0x80 / 8] = 0;
			if (bit) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0x800030ull);
				EXPECT_EQ(g->registers.cx, (ulong)count);
				EXPECT_EQ(g->registers.si, (ulong)g->data);
			} else {
				EXPECT_VMX_DONE(g);
				EXPECT_EQ(g->registers.cx, 0ul);
				EXPECT_EQ(g->registers.si, (ulong)g->data + count);
			}
		}
}

TEST(string_io_direction,
     "with RFLAGS.DF set, the linear address is that of the first iteration, too",
     SPEC("SDM vol. 3C, 27.2.1"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\xf3\x6e", 2);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_DF);
	g->registers.cx = 4;
	g->registers.si = 0x1010;
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), 0x1010ull);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_DF, FLAG_DF);
}

TEST(string_io_priority,
     "the exit of INS and OUTS comes before the faults of the segment's limit and of an absent page",
     SPEC("SDM vol. 3C, 25.1.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 in = 0; in < 2; in++) {
		SUBTEST("%s-absent-page", in ? "ins" : "outs");
		vmx_reset(g);
		vmx_code(g, in ? "\x6c" : "\x6e", 1);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO);
		g->registers.si = g->registers.di = 0x10; /* page 0 */
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
		SUBTEST("%s-absent-page-not-exiting", in ? "ins" : "outs");
		vmx_reset(g);
		vmx_code(g, in ? "\x6c" : "\x6e", 1);
		g->registers.dx = 0x80;
		g->registers.si = g->registers.di = 0x10;
		vmx_run(g);
		EXPECT_VMX_EXCEPTION(g, VEC_PF);
		SUBTEST("%s-limit", in ? "ins" : "outs");
		vmx_reset(g);
		vmx_set_mode(g, VMX_PROTECTED16);
		vmx_code(g, in ? "\x6c" : "\x6e", 1);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO);
		vmcs_write(VMCS_LIMIT(in ? VMX_ES : VMX_DS), 0xff);
		g->registers.si = g->registers.di = 0x100;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
		SUBTEST("%s-unusable", in ? "ins" : "outs");
		vmx_reset(g);
		vmx_set_mode(g, VMX_PROTECTED16);
		vmx_code(g, in ? "\x6c" : "\x6e", 1);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO);
		vmcs_write(VMCS_ACCESS_RIGHTS(in ? VMX_ES : VMX_DS), ACCESS_UNUSABLE);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
	}
}

TEST(io_permission, "I/O that the TSS does not permit is #GP(0), and not the exit",
     SPEC("SDM vol. 3C, 25.1.1"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
	} rows[] = {
		{ "in-imm", BYTES("\xe4\x90") }, { "out-imm", BYTES("\xe6\x90") },
		{ "in-dx", BYTES("\xec") },	 { "out-dx", BYTES("\xee") },
		{ "insb", BYTES("\x6c") },	 { "outsb", BYTES("\x6e") },
		{ "in-long", BYTES("\xed") },	 { "rep-outsb", BYTES("\xf3\x6e") },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 denied = 0; denied < 2; denied++) {
			u8 *map;

			SUBTEST("%s-%s", rows[i].name, denied ? "denied" : "permitted");
			vmx_reset(g);
			vmx_set_user(g);
			vmx_code(g, rows[i].bytes, rows[i].size);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO);
			map = g->tss + *(u16 *)(g->tss + 0x66);
			map[0x90 / 8] = denied ? 0xff : 0;
			g->registers.dx = 0x90;
			g->registers.cx = 1;
			g->registers.si = g->registers.di = (ulong)g->data;
			vmx_run(g);
			if (denied) {
				EXPECT_VMX_EXCEPTION(g, VEC_GP);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), 0ull);
			} else {
				EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
			}
		}
}
