/* SPDX-License-Identifier: MIT */
/*
 * IF, IOPL and the privilege level: what CLI, STI, POPF and IRET may do at CPL 1 to 3 by IOPL.
 * SDM vol. 2A, CLI, IRET; vol. 2B, POPF, STI; vol. 1, 3.4.3.
 */
#include "iret.h"

#include <string.h>
#include <x86/cr.h>

SUITE("IOPL");

#define CODE_SIZE (sizeof(ulong) == 8 ? DESC_L : DESC_DB)

static u8 code[16];
static ulong stack[64];

/* At this CPL, with these flags; the first word of the stack is `word`. Ends with UD2. */
static struct fault run_at(u32 cpl, ulong flags, const void *insn, u32 size, ulong word,
			   struct raw_entry *entry)
{
	struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };

	memcpy(code, insn, size);
	memcpy(code + size, "\x0f\x0b", 2);
	stack[32] = word;
	try.frame.ip = (ulong)code;
	try.frame.cs = gdt_set_spare(0, DESC_FLAT | DESC_CODE | CODE_SIZE | DESC_DPL(cpl)) | cpl;
	try.frame.ss = gdt_set_spare(1, DESC_FLAT | DESC_DB | DESC_DPL(cpl)) | cpl;
	try.frame.sp = (ulong)&stack[32];
	try.frame.flags = flags;
	return iret_run(&try, entry);
}

static void expect_flags(struct fault fault, const struct raw_entry *entry, u32 size, ulong flags)
{
	if (!EXPECT_FAULT(VECTOR(VEC_UD), fault))
		return;
	EXPECT_EQ(pushed_frame(entry, false)->ip, (ulong)code + size);
	EXPECT_EQ(pushed_frame(entry, false)->flags & ~FLAG_RF, flags);
}

TEST(cli_sti_by_iopl, "CLI and STI work at a CPL up to IOPL; above, they are #GP(0) and IF stays",
     SPEC("SDM vol. 2A, CLI; vol. 2B, STI"))
{
	static const struct {
		const char *name;
		u8 opcode;
		ulong before, after;
	} rows[] = { { "cli", 0xfa, FLAG_IF, 0 }, { "sti", 0xfb, 0, FLAG_IF } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 1; cpl <= 3; cpl++)
			for (u32 iopl = 0; iopl <= 3; iopl++) {
				const ulong others = FLAG_1 | (ulong)iopl << 12;
				struct raw_entry entry;
				struct fault fault;

				SUBTEST("%s-cpl%u-iopl%u", rows[i].name, cpl, iopl);
				fault = run_at(cpl, others | rows[i].before, &rows[i].opcode, 1, 0,
					       &entry);
				if (cpl <= iopl) {
					expect_flags(fault, &entry, 1, others | rows[i].after);
					continue;
				}
				if (!EXPECT_FAULT(VECTOR(VEC_GP), fault))
					continue;
				EXPECT_EQ(entry.words[0], 0ul);
				EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)code);
				EXPECT_EQ(pushed_frame(&entry, true)->flags & ~FLAG_RF,
					  others | rows[i].before);
			}
}

/* What both instructions load at any CPL. */
#define ALWAYS                                                                                     \
	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_DF | FLAG_OF | FLAG_NT | FLAG_AC | \
	 FLAG_ID)

static ulong loaded_at(u32 cpl, u32 iopl, ulong before, ulong word)
{
	const ulong mask = ALWAYS | (cpl <= iopl ? FLAG_IF : 0);

	return (before & ~mask) | (word & mask) | FLAG_1;
}

TEST(popf_by_iopl, "POPF at CPL 1 to 3 loads IF if CPL is up to IOPL, and never IOPL; no fault",
     SPEC("SDM vol. 2B, POPF/POPFD/POPFQ, table 4-15"))
{
	static const u8 popf[] = { 0x9d };

	for (u32 cpl = 1; cpl <= 3; cpl++)
		for (u32 iopl = 0; iopl <= 3; iopl++)
			for (u32 set = 0; set <= 1; set++) {
				const ulong before = FLAG_1 | (ulong)iopl << 12 |
						     (set ? 0 : FLAG_IF);
				const ulong word = set ? FLAG_IF | FLAG_IOPL | ALWAYS : 0;
				struct raw_entry entry;
				struct fault fault;

				SUBTEST("cpl%u-iopl%u-%s", cpl, iopl, set ? "set" : "clear");
				fault = run_at(cpl, before, popf, sizeof(popf), word, &entry);
				expect_flags(fault, &entry, sizeof(popf),
					     loaded_at(cpl, iopl, before, word));
			}
}

TEST(popf_16, "POPF with 16-bit operands takes one word, keeps AC and ID, and loads IF by IOPL",
     SPEC("SDM vol. 2B, POPF/POPFD/POPFQ, table 4-15"))
{
	static const u8 popfw[] = { 0x66, 0x9d };
	const ulong upper = FLAG_AC | FLAG_ID;

	for (u32 cpl = 1; cpl <= 3; cpl++)
		for (u32 iopl = 0; iopl <= 3; iopl++)
			for (u32 set = 0; set <= 1; set++) {
				const ulong before = FLAG_1 | (ulong)iopl << 12 |
						     (set ? upper : FLAG_IF);
				const ulong word = set ? FLAG_IF | FLAG_IOPL | (ALWAYS & ~upper)
						       : upper;
				struct raw_entry entry;
				struct fault fault;

				SUBTEST("cpl%u-iopl%u-%s", cpl, iopl, set ? "set" : "clear");
				fault = run_at(cpl, before, popfw, sizeof(popfw), word, &entry);
				expect_flags(fault, &entry, sizeof(popfw),
					     (loaded_at(cpl, iopl, before, word) & 0xffff) |
						     (before & upper));
				EXPECT_EQ(pushed_frame(&entry, false)->sp, (ulong)&stack[32] + 2);
			}
}

/* A frame on the stack, for IRET at this very CPL, that leads after the IRET. */
static void iret_code(ulong flags, u32 size)
{
	stack[32] = (ulong)code + size;
	stack[33] = SEL_SPARE;
	stack[34] = flags;
	stack[35] = (ulong)&stack[40];
	stack[36] = SEL_SPARE + 8;
}

TEST(iret_by_iopl, "IRET at CPL 1 to 3 loads IF if CPL is up to IOPL, and never IOPL",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	static const u8 iret[] = { sizeof(ulong) == 8 ? 0x48 : 0x3e, 0xcf };

	for (u16 cpl = 1; cpl <= 3; cpl++)
		for (u32 iopl = 0; iopl <= 3; iopl++)
			for (u32 set = 0; set <= 1; set++) {
				const ulong before = FLAG_1 | (ulong)iopl << 12 |
						     (set ? 0 : FLAG_IF);
				const ulong word = set ? FLAG_IF | FLAG_IOPL | ALWAYS : 0;
				struct raw_entry entry;
				struct fault fault;

				SUBTEST("cpl%u-iopl%u-%s", cpl, iopl, set ? "set" : "clear");
				iret_code(word, sizeof(iret));
				stack[33] |= cpl;
				stack[36] |= cpl;
				fault = run_at(cpl, before, iret, sizeof(iret), stack[32], &entry);
				expect_flags(fault, &entry, sizeof(iret),
					     loaded_at(cpl, iopl, before, word));
			}
}

TEST(iret_rf_vm, "IRET sets RF if the image has it: a fault at its target pushes it",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ; vol. 3B, 17.3.1.1"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		try.frame.flags = FLAG_1 | FLAG_RF;
		EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
		EXPECT_EQ(pushed_frame(&entry, false)->flags, FLAG_1 | FLAG_RF);
		EXPECT_EQ(entry.flags & FLAG_RF, 0ul);
	}
}
