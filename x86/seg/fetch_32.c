/* SPDX-License-Identifier: MIT */
/* The limit of the code segment: jumps beyond it, and code that runs off its end. */
#include "transfer.h"

#include <mm/page.h>
#include <string.h>

SUITE("The code segment's limit");

/* A page of code with the segment's base there; its last byte is at LIMIT. UD2 follows it. */
#define START 0x100u
#define LIMIT 0x10fu

struct code_row {
	const char *name;
	u8 code[5]; /* at START, NOPs up to LIMIT */
	u32 size;
	const char *end; /* the last bytes, or NULL */
	u32 vector;
	u32 ip; /* of the exception */
};

static void check_code(const struct code_row *row)
{
	struct far_pointer to = { START, SEL_SPARE };
	u8 *page = page_alloc();
	struct transfer t = {
		.cpl = 0, .sp = (ulong)transfer_stack(), .insn = transfer_jmp, .pointer = &to
	};
	struct state s;

	t.stack0 = t.sp;
	for (u32 i = 0; i < PAGE_SIZE; i += 2)
		memcpy(page + i, "\x0f\x0b", 2);
	memset(page + START, 0x90, LIMIT + 1 - START);
	memcpy(page + START, row->code, row->size);
	if (row->end)
		memcpy(page + LIMIT + 1 - strlen(row->end), row->end, strlen(row->end));
	/* What CALL, RET and JMP by memory take from the stack. */
	*(u32 *)t.sp = 0x200;
	gdt_set_spare(0, DESC_P | DESC_S | DESC_CODE | DESC_W | DESC_A | DESC_DB |
				 DESC_LIMIT(LIMIT) | DESC_BASE((u64)(ulong)page));
	s = transfer_run(&t);
	EXPECT_EQ(s.vector, row->vector);
	EXPECT_EQ(s.ip, (ulong)row->ip);
	EXPECT_EQ(s.cs, (ulong)SEL_SPARE);
	if (row->vector == VEC_GP)
		EXPECT_EQ(s.error, 0ul);
}

TEST(fetch_within_limit, "code is executed up to the last byte of its segment",
     SPEC("SDM vol. 3A, 5.3"))
{
	static const struct code_row rows[] = {
		{ "ud2-at-start", { 0x0f, 0x0b }, 2, NULL, VEC_UD, START },
		{ "last-two-bytes", { 0x90 }, 1, "\x0f\x0b", VEC_UD, LIMIT - 1 },
		{ "jmp-to-last-two", { 0xeb, 0x0c }, 2, "\x0f\x0b", VEC_UD, LIMIT - 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		check_code(&rows[i]);
	}
}

TEST(fetch_beyond_limit,
     "a branch beyond the limit is #GP(0) of the branch; running beyond it #GP(0) of what is not there",
     SPEC("SDM vol. 3A, 5.3; vol. 2A, JMP, CALL; vol. 2B, RET"))
{
	static const struct code_row rows[] = {
		{ "runs-off", { 0x90 }, 1, NULL, VEC_GP, LIMIT + 1 },
		/* The first byte of UD2 is the last of the segment. */
		{ "straddles", { 0x90 }, 1, "\x0f", VEC_GP, LIMIT },
		{ "jmp-short", { 0xeb, 0x0e }, 2, NULL, VEC_GP, START },
		{ "jmp-near", { 0xe9, 0xfb, 0, 0, 0 }, 5, NULL, VEC_GP, START },
		{ "call", { 0xe8, 0xfb, 0, 0, 0 }, 5, NULL, VEC_GP, START },
		{ "jc", { 0xf9, 0x72, 0x7f }, 3, NULL, VEC_GP, START + 1 },
		{ "ret", { 0xc3 }, 1, NULL, VEC_GP, START },
		{ "jmp-memory", { 0xff, 0x24, 0x24 }, 3, NULL, VEC_GP, START },
		{ "call-memory", { 0xff, 0x14, 0x24 }, 3, NULL, VEC_GP, START },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		check_code(&rows[i]);
	}
}
