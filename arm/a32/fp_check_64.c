/* SPDX-License-Identifier: MIT */
#include "fp_check.h"

#include <model/fp_operands.h>
#include <string.h>
#include <test.h>

#define ENCODINGS 18
#define SETS	  4

/* FPSCR's flags and cumulative bits. */
#define FPSR_SEEN (BITS(31, 27) | BIT(7) | BITS(4, 0))

static u8 shadow[A32_WINDOW];

/* As it is in T32: Advanced SIMD has other high bits, and what has a condition in A32 none. */
static u32 as_t32(u32 insn)
{
	if (insn >> 25 == 0x79)
		return 0xef000000 | (insn & BIT(24)) << 4 | (insn & 0xffffff);
	if (insn >> 24 == 0xf4)
		return 0xf9000000 | (insn & 0xffffff);
	return insn;
}

/* Has the access in the window, by its base register. */
static bool aim(const struct a32_fp_row *row, u32 insn, struct arm_registers *r)
{
	u64 target = (ulong)a32_window() + 384 + 4 * random_below(64), at;
	u32 n = insn >> 16 & 15;

	if (n == 15)
		return false;
	r->x[n] = (u32)target;
	if (!a64_probe(row->model, insn, r, &at))
		return true;
	r->x[n] = (u32)(2 * target - at);
	return a64_probe(row->model, insn, r, &at) && at - ((ulong)a32_window() + 256) < 512;
}

static void check_one(const struct a32_fp_row *row, u32 insn, ulong at, bool t32, bool memory)
{
	static struct arm_registers in, expected, actual;
	enum a64_result result;
	struct fault fault;

	a32_random(&in);
	fp_random_registers(&in, row->size);
	in.has_fp = true;
	in.fpsr |= random_u64() & BITS(31, 28);
	in.pc = at;
	in.pstate |= t32 ? CPSR_T : 0;
	if (memory) {
		a64_memory.start = (ulong)a32_window();
		a64_memory.size = sizeof(shadow);
		a64_memory.bytes = shadow;
		if (!aim(row, insn, &in))
			return;
		for (u32 i = 0; i < sizeof(shadow); i += 8)
			*(u64 *)(shadow + i) = random_u64();
		memcpy(a32_window(), shadow, sizeof(shadow));
	}
	expected = in;
	result = a32_step(row->model, insn, &expected);
	if (result == A64_UNPREDICTABLE)
		return;
	if (result == A64_UNDEFINED)
		expected = in;
	actual = in;
	fault = arm_run(ARM_EL0_A32, at, &actual);
	EXPECT_FAULT(result == A64_UNDEFINED ? UNDEFINED : NO_FAULT, fault, "%08x", insn);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((u32)actual.x[i], (u32)expected.x[i], "%08x r%u", insn, i);
	for (u32 i = 0; i < 32; i++)
		for (u32 half = 0; half < 2; half++)
			EXPECT_EQ(actual.v[i][half], expected.v[i][half],
				  "%08x v%u half %u, was %#llx, FPSCR %#llx", insn, i, half,
				  in.v[i][half], in.fpcr);
	EXPECT_EQ(actual.fpsr & FPSR_SEEN, expected.fpsr & FPSR_SEEN, "%08x FPSCR %#llx", insn,
		  in.fpcr);
	EXPECT_EQ(actual.pstate & (A32_FLAGS | CPSR_T), expected.pstate & (A32_FLAGS | CPSR_T),
		  "%08x", insn);
	EXPECT_EQ(actual.pc, expected.pc, "%08x", insn);
	if (memory)
		EXPECT_MEM_EQ(a32_window(), shadow, sizeof(shadow), "%08x at %#llx", insn,
			      a64_memory.first);
}

static void check_row(const struct a32_fp_row *row, bool t32, bool memory)
{
	u32 insns[ENCODINGS], code[2 * ENCODINGS];
	ulong at;

	SUBTEST("%s%s", t32 ? "t32-" : "", row->name);
	for (u32 e = 0; e < ENCODINGS; e++) {
		u32 insn = row->code | ((u32)random_u64() & row->vary);

		/* Where the condition varies: mostly always, and never the other space. */
		if ((row->vary & COND) == COND && (t32 || e & 3 || insn >> 28 == 15))
			insn = (insn & ~(u32)COND) | 0xe0000000;
		/* Registers of two are even ones. */
		if (!memory && e & 4)
			insn &= ~(u32)(row->vary & (BIT(16) | BIT(12) | BIT(0)));
		insns[e] = insn;
		code[2 * e] = insn;
		code[2 * e + 1] = EXECUTE_END_A32;
		if (t32) {
			/* The first halfword is the upper one. */
			insn = as_t32(insn);
			code[2 * e] = insn >> 16 | insn << 16;
			code[2 * e + 1] = EXECUTE_END_T32 | EXECUTE_END_T32 << 16;
		}
	}
	at = a32_code(code, sizeof(code));
	for (u32 e = 0; e < ENCODINGS; e++)
		for (u32 s = 0; s < SETS; s++)
			check_one(row, insns[e], at + 8 * e, t32, memory);
}

void a32_fp_check(const struct a32_fp_row *rows, u32 count)
{
	for (u32 i = 0; i < 2 * count; i++)
		check_row(&rows[i / 2], i & 1, false);
}

void a32_fp_check_memory(const struct a32_fp_row *rows, u32 count)
{
	for (u32 i = 0; i < 2 * count; i++)
		check_row(&rows[i / 2], i & 1, true);
}
