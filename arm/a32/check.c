/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <model/operands.h>
#include <string.h>
#include <test.h>

#define ENCODINGS 40
#define SETS	  6

/* The low 2 GiB are what R registers reach; the image lies there. */
static u8 window[2 * A32_WINDOW] __aligned(4096);
static u8 shadow[A32_WINDOW];

u8 *a32_window(void)
{
	return window + A32_WINDOW / 2;
}

void a32_random(struct arm_registers *r)
{
	memset(r, 0, sizeof(*r));
	for (u32 i = 0; i < 15; i++) {
		u64 value = random_u64();

		r->x[i] = (u32)(value & 3 ? value >> 8 : model_operands[value >> 2 & 15]);
	}
	r->pstate = random_u64() & A32_FLAGS;
}

/*
 * Moves the register that the address depends on, which is found by a try, so that the access is in the window; false if
 * there is none.
 */
static bool aim(const struct a32_row *row, u32 insn, struct arm_registers *r)
{
	u64 target = (ulong)a32_window() + 384 + 4 * random_below(64), at, moved;

	if (!a64_probe(row->model, insn, r, &at))
		return true;
	for (u32 n = 0; n < 15; n++) {
		u64 old = r->x[n];

		r->x[n] = (u32)(old + 1024);
		if (a64_probe(row->model, insn, r, &moved) && (u32)moved == (u32)at + 1024) {
			r->x[n] = (u32)(old + target - at);
			return a64_probe(row->model, insn, r, &at) &&
			       at - ((ulong)a32_window() + 256) < 512;
		}
		r->x[n] = old;
	}
	return false;
}

static void check_one(const struct a32_row *row, u32 insn, ulong at, enum arm_el el, bool t32)
{
	static struct arm_registers in, expected, actual;

	a32_random(&in);
	in.pc = at;
	in.pstate |= t32 ? CPSR_T : 0;
	a64_memory.start = (ulong)a32_window();
	a64_memory.size = sizeof(shadow);
	a64_memory.bytes = shadow;
	if (row->memory) {
		if (!aim(row, insn, &in))
			return;
		for (u32 i = 0; i < sizeof(shadow); i += 8)
			*(u64 *)(shadow + i) = random_u64();
		memcpy(a32_window(), shadow, sizeof(shadow));
	}
	expected = in;
	if (a32_step(row->model, insn, &expected) != A64_DONE)
		return;
	actual = in;
	EXPECT_NO_FAULT(arm_run(el, at, &actual), "%08x", insn);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((u32)actual.x[i], (u32)expected.x[i],
			  "%08x r%u, operands %#llx %#llx %#llx, CPSR %#llx", insn, i,
			  in.x[insn >> 16 & 15], in.x[insn & 15], in.x[insn >> 8 & 15], in.pstate);
	EXPECT_EQ(actual.pstate & (A32_FLAGS | CPSR_IT | CPSR_T),
		  expected.pstate & (A32_FLAGS | CPSR_IT | CPSR_T),
		  "%08x operands %#llx %#llx, CPSR %#llx", insn, in.x[insn >> 16 & 15],
		  in.x[insn & 15], in.pstate);
	EXPECT_EQ(actual.pc, expected.pc, "%08x", insn);
	if (row->memory)
		EXPECT_MEM_EQ(a32_window(), shadow, sizeof(shadow), "%08x at %#llx", insn,
			      a64_memory.first);
}

static void check_sets(const struct a32_row *row, u32 insn, ulong at, bool t32)
{
	for (u32 s = 0; s < SETS; s++)
		check_one(row, insn, at, a32_place(s % a32_places()), t32);
}

/* Half of them are always executed; cond = 0b1111 is another space. */
static u32 encoding(const struct a32_row *row, u32 i)
{
	u32 insn = row->code | ((u32)random_u64() & row->vary);

	if (i & 1 || insn >> 28 == 15)
		insn = (insn & ~(u32)BITS(31, 28)) | 0xe0000000;
	return insn;
}

void a32_check(const struct a32_row *rows, u32 count)
{
	u32 code[2 * ENCODINGS];

	for (u32 i = 0; i < count; i++) {
		ulong at;

		SUBTEST("%s", rows[i].name);
		for (u32 e = 0; e < ENCODINGS; e++) {
			code[2 * e] = encoding(&rows[i], e);
			code[2 * e + 1] = EXECUTE_END_A32;
		}
		at = a32_code(code, sizeof(code));
		for (u32 e = 0; e < ENCODINGS; e++)
			check_sets(&rows[i], code[2 * e], at + 8 * e, false);
	}
}

/* Eight bytes for each; the second half of what comes after a narrow one is an end, too. */
static void put_t32(u16 *code, u32 insn)
{
	u32 n = 0;

	if (insn >= 0x10000)
		code[n++] = insn >> 16;
	code[n++] = (u16)insn;
	while (n < 4)
		code[n++] = EXECUTE_END_T32;
}

void t32_check(const struct a32_row *rows, u32 count)
{
	u16 code[4 * ENCODINGS];

	for (u32 i = 0; i < count; i++) {
		u32 insns[ENCODINGS];
		ulong at;

		SUBTEST("%s", rows[i].name);
		for (u32 e = 0; e < ENCODINGS; e++) {
			insns[e] = rows[i].code | ((u32)random_u64() & rows[i].vary);
			if (rows[i].twice)
				insns[e] = (insns[e] & ~(u32)BITS(19, 16)) | (insns[e] & 15) << 16;
			put_t32(code + 4 * e, insns[e]);
		}
		at = a32_code(code, sizeof(code));
		for (u32 e = 0; e < ENCODINGS; e++)
			check_sets(&rows[i], insns[e], at + 8 * e, true);
	}
}
