/* SPDX-License-Identifier: MIT */
/* Segments come from the VMCB, hidden parts and all, and not from the guest's tables. APM vol. 2, 15.5.1. */
#include "intercept.h"

#include <string.h>

SUITE("SVM: segments of the VMCB", REQUIRES(svm_available()));

/* MOV EAX, imm32; in 16-bit code MOV AX, imm16 and then ADD [BX+SI], AL. */
static const u8 probe[] = { 0xb8, 0x34, 0x12, 0x00, 0x00 };

TEST(cs_d, "CS.D of the VMCB decides on the size of operands",
     SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 d = 0; d < 2; d++) {
		SUBTEST("d%u", d);
		svm_reset(g, SVM_PROTECTED);
		svm_code_bytes(g, probe, sizeof(probe));
		g->save->cs.attrib = (u16)((g->save->cs.attrib & ~VMCB_ATTRIB_D) |
					   (d ? VMCB_ATTRIB_D : 0));
		g->save->rax = 0x77770000;
		/* Where 16-bit code writes: a byte of the page, by BX + SI of 16 bits, base and all. */
		g->save->ds.base = (ulong)g->data;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->save->rax, d ? 0x1234ull : 0x77771234ull);
	}
}

TEST(cs_l, "CS.L of the VMCB makes code of long mode 64-bit code",
     SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB"), REQUIRES(sizeof(ulong) == 8))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	/* REX.W INC RAX (bytes 48 FF C0); in 32-bit code DEC EAX, INC EAX. */
	static const u8 code[] = { 0x48, 0xff, 0xc0 };

	for (u32 l = 0; l < 2; l++) {
		SUBTEST("l%u", l);
		svm_reset(g, l ? SVM_LONG : SVM_COMPAT);
		svm_code_bytes(g, code, sizeof(code));
		/* The selector says the opposite. */
		g->save->cs.selector = l ? SEL_KERNEL_CS32 : SEL_KERNEL_CODE;
		g->save->rax = 5;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->save->rax, l ? 6ull : 5ull);
	}
}

static void data_base(enum svm_mode mode)
{
	static const struct {
		const char *name;
		u32 offset;
		u8 prefix;
	} rows[] = {
		{ "es", offsetof(struct vmcb_save, es), 0x26 },
		{ "ss", offsetof(struct vmcb_save, ss), 0x36 },
		{ "ds", offsetof(struct vmcb_save, ds), 0x3e },
		{ "fs", offsetof(struct vmcb_save, fs), 0x64 },
		{ "gs", offsetof(struct vmcb_save, gs), 0x65 },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);
	u32 *data = (u32 *)g->data;

	data[0] = 0x11111111;
	data[16] = 0x22222222;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const u8 code[] = { rows[i].prefix, 0x8b, 0x03 }; /* MOV EAX, seg:[BX] */
		const bool has_base = mode != SVM_LONG || rows[i].prefix >= 0x64;
		struct vmcb_segment *segment;

		SUBTEST("%s", rows[i].name);
		svm_reset(g, mode);
		svm_code_bytes(g, code, sizeof(code));
		segment = (struct vmcb_segment *)((u8 *)g->save + rows[i].offset);
		segment->base = 0x40;
		g->registers.bx = (ulong)data;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ((u32)g->save->rax, has_base ? 0x22222222u : 0x11111111u);
	}
}

TEST_IN_FLAT_MODES(data_base,
		   "the base of DS, ES, FS, GS and SS is the VMCB's in code that is not 64-bit",
		   SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB"))

TEST(stack_size, "SS.B of the VMCB decides whether ESP or SP is the stack pointer",
     SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 b = 0; b < 2; b++) {
		u64 rsp;

		SUBTEST("b%u", b);
		svm_reset(g, SVM_PROTECTED);
		svm_code_bytes(g, "\x50", 1); /* PUSH EAX */
		g->save->ss.attrib = (u16)((g->save->ss.attrib & ~VMCB_ATTRIB_D) |
					   (b ? VMCB_ATTRIB_D : 0));
		rsp = g->save->rsp = b ? (ulong)g->data + 0x100 : 0x10000;
		g->save->ss.base = b ? 0 : MODE_SS;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->save->rsp, b ? rsp - 4 : 0x1fffcull);
	}
}

static void null_segments(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_reset(g, mode);
	svm_code_bytes(g, "\x8b\x03", 2);
	memset(&g->save->ds, 0, sizeof(g->save->ds));
	g->registers.bx = (ulong)g->data;
	svm_run(g);
	if (mode == SVM_LONG) {
		EXPECT_DONE(g);
	} else {
		EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
		EXPECT_EQ(g->control->exitinfo1, 0ull);
	}
}

TEST_IN_FLAT_MODES(
	null_segments,
	"a data segment whose P is clear is null: its use is #GP(0), outside of 64-bit mode",
	SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB"))

static void descriptor_tables(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("gdt");
	svm_reset(g, mode);
	svm_code_bytes(g, "\x8e\xd8", 2);
	g->gdt[SVM_SEL_SPARE / 8] = DESC_FLAT | DESC_DB;
	g->save->rax = SVM_SEL_SPARE;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->save->ds.selector, SVM_SEL_SPARE);
	SUBTEST("gdt-limit");
	svm_reset(g, mode);
	g->save->gdtr.limit = SVM_SEL_SPARE + 6;
	g->save->rax = SVM_SEL_SPARE;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
	EXPECT_EQ(g->control->exitinfo1, (u64)SVM_SEL_SPARE);
	SUBTEST("idt");
	svm_reset(g, mode);
	svm_code_bytes(g, "\xcd\x40", 2);
	svm_run(g);
	EXPECT_DELIVERED(g, 0x40);
}

TEST_IN_FLAT_MODES(descriptor_tables,
		   "GDTR and IDTR of the VMCB are what the guest's loads and events use",
		   SPEC("APM vol. 2, 15.5.1, Loading Guest State"))

TEST(paged_real_mode, "CR0 with PG set and PE clear is a legal guest: real mode with paging",
     SPEC("APM vol. 2, 15.19; 15.5.1"), BUG("Bochs#647"))
{
	struct svm_guest *g = svm_new(SVM_PAGED);
	u32 *tables = g->tables;

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "page-fault" : "access");
		/* The tables of SVM_PAGED are filled in for that mode. */
		svm_reset(g, SVM_PAGED);
		tables[1] = tables[0]; /* linear 4 MiB is physical 0 */
		svm_reset(g, SVM_REAL);
		svm_code_bytes(g, "\xa1\x10\x00", 3); /* MOV AX, [10H] */
		g->save->cr0 |= CR0_PG;
		g->save->cr4 |= CR4_PSE;
		g->save->ds.base = 0x400000 + MODE_DS;
		*low16(MODE_DS + 0x10) = 0x7654;
		if (i)
			tables[1] = 0;
		svm_run(g);
		if (i) {
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_PF));
			EXPECT_EQ(g->control->exitinfo1, 0ull);
			EXPECT_EQ(g->control->exitinfo2, 0x400010ull + MODE_DS);
		} else {
			EXPECT_DONE(g);
			EXPECT_EQ((u16)g->save->rax, 0x7654);
		}
	}
}
