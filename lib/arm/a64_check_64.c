/* SPDX-License-Identifier: MIT */
#include <arm/a64_check.h>

#include <mm/page.h>
#include <model/fp_operands.h>
#include <model/operands.h>
#include <string.h>
#include <test.h>

#define INSN_SIZE 4

/* Memory that instructions access: across two pages, so that some accesses cross from one to the next. */
#define WINDOW	   1024
#define WINDOW_AT  (PAGE_SIZE - WINDOW / 2)
#define TARGETS_AT (WINDOW / 4)

static u8 *window, shadow[WINDOW];

static u64 random_operand(void)
{
	u64 value = random_u64();

	switch (value & 3) {
	case 0:
		return model_operands[value >> 2 & 15];
	case 1:
		return value >> (value >> 2 & 63);
	default:
		return value;
	}
}

static void fill(void *memory, u32 size)
{
	for (u32 i = 0; i < size / 8; i++)
		((u64 *)memory)[i] = random_u64();
}

static void random_registers(const struct a64_row *row, u32 insn, struct arm_registers *r)
{
	for (u32 i = 0; i < 31; i++)
		r->x[i] = random_operand();
	r->sp = ALIGN_DOWN(random_operand(), 16ull);
	r->pstate = random_u64() & PSTATE_NZCV;
	r->has_fp = row->flags & A64_FP;
	if (r->has_fp)
		fp_random_registers(r, row->flags & A64_ANY_FP	 ? 0
				       : row->flags & A64_HALF	 ? 16
				       : row->flags & A64_SINGLE ? 32
								 : 64);
	if (row->flags & A64_ALONE && (insn & 0xfe000000) == 0xd6000000)
		for (u32 i = 0; i < 31; i++)
			r->x[i] &= BITS(46, 2);
}

/* Moves the base register so that the first access is in the window's middle; false if that cannot be. */
static bool aim(const struct a64_row *row, u32 insn, struct arm_registers *r)
{
	u64 target = (ulong)window + TARGETS_AT + random_below(WINDOW / 2), address;
	u64 *base = a64_field(insn, 9, 5) == 31 ? &r->sp : &r->x[a64_field(insn, 9, 5)];

	if (row->flags & A64_ALIGNED || random_below(2))
		target = ALIGN_DOWN(target, 16ull);
	if (!a64_probe(row->model, insn, r, &address))
		return true;
	*base += target - address;
	if (base == &r->sp)
		*base = ALIGN_DOWN(*base, 16ull);
	return a64_probe(row->model, insn, r, &address) &&
	       (!(row->flags & A64_ALIGNED) || IS_ALIGNED(address, 16ull)) &&
	       address - ((ulong)window + TARGETS_AT - 16) <= WINDOW / 2 + 16;
}

static void compare(u32 insn, const struct arm_registers *in, const struct arm_registers *actual,
		    const struct arm_registers *expected)
{
	for (u32 i = 0; i < 31; i++)
		EXPECT_EQ(actual->x[i], expected->x[i], "%08x x%u, operands %#llx %#llx %#llx",
			  insn, i, a64_x(in, a64_field(insn, 9, 5), true),
			  a64_x(in, a64_field(insn, 20, 16), true),
			  a64_x(in, a64_field(insn, 14, 10), true));
	EXPECT_EQ(actual->sp, expected->sp, "%08x", insn);
	EXPECT_EQ(actual->pc, expected->pc, "%08x", insn);
	EXPECT_EQ(actual->pstate & PSTATE_NZCV, expected->pstate & PSTATE_NZCV,
		  "%08x flags, operands %#llx %#llx, flags %#llx", insn,
		  a64_xsp(in, a64_field(insn, 9, 5), true),
		  a64_x(in, a64_field(insn, 20, 16), true), in->pstate);
	if (!in->has_fp)
		return;
	for (u32 i = 0; i < 32; i++) {
		const u64 *n = in->v[a64_field(insn, 9, 5)], *m = in->v[a64_field(insn, 20, 16)];

		for (u32 half = 0; half < 2; half++)
			EXPECT_EQ(actual->v[i][half], expected->v[i][half],
				  "%08x v%u, half %u, operands %#llx:%#llx %#llx:%#llx, fpcr %#llx",
				  insn, i, half, n[1], n[0], m[1], m[0], in->fpcr);
	}
	EXPECT_EQ(actual->fpsr, expected->fpsr,
		  "%08x, operands %#llx:%#llx %#llx:%#llx, fpcr %#llx", insn,
		  in->v[a64_field(insn, 9, 5)][1], in->v[a64_field(insn, 9, 5)][0],
		  in->v[a64_field(insn, 20, 16)][1], in->v[a64_field(insn, 20, 16)][0], in->fpcr);
}

static bool same(const struct arm_registers *a, const struct arm_registers *b)
{
	if (memcmp(a->x, b->x, sizeof(a->x)) || a->sp != b->sp || a->pc != b->pc ||
	    ((a->pstate ^ b->pstate) & PSTATE_NZCV))
		return false;
	return !a->has_fp || (!memcmp(a->v, b->v, sizeof(a->v)) && a->fpsr == b->fpsr);
}

static void check_set(const struct a64_row *row, u32 insn, ulong at, enum arm_el el)
{
	static struct arm_registers in, expected, actual;
	enum a64_result result;
	struct fault fault;
	bool absent = row->present && !row->present();

	random_registers(row, insn, &in);
	in.pc = at;
	if (row->flags & A64_MEMORY) {
		if (!aim(row, insn, &in))
			return;
		fill(window, WINDOW);
		memcpy(shadow, window, WINDOW);
	}
	expected = in;
	result = absent ? A64_UNDEFINED : a64_step(row->model, insn, &expected);
	if (result == A64_UNPREDICTABLE)
		return;
	actual = in;
	fault = arm_run(el, at, &actual);
	if (result == A64_UNDEFINED) {
		expected = in;
		EXPECT_FAULT(UNDEFINED, fault, "%08x", insn);
	} else if (row->flags & A64_ALONE) {
		/* Where a branch leads, nothing may be: that is a fault there. */
		EXPECT_EQ(actual.pc, expected.pc, "%08x", insn);
	} else {
		EXPECT_NO_FAULT(fault, "%08x operands %#llx %#llx", insn,
				a64_xsp(&in, a64_field(insn, 9, 5), true),
				a64_x(&in, a64_field(insn, 20, 16), true));
	}
	if (!same(&actual, &expected))
		compare(insn, &in, &actual, &expected);
	if (row->flags & A64_MEMORY)
		EXPECT_MEM_EQ(window, shadow, WINDOW, "%08x at %#llx", insn, a64_memory.first);
}

static void check_sets(const struct a64_row *row, u32 insn, ulong at, u32 sets)
{
	for (u32 i = 0; i < sets; i++)
		check_set(row, insn, at, i & 1 ? ARM_EL0 : ARM_EL1);
}

static void set_up_window(void)
{
	window = (u8 *)pages_alloc(2, PAGE_SIZE) + WINDOW_AT;
	a64_memory.start = (ulong)window;
	a64_memory.size = WINDOW;
	a64_memory.bytes = shadow;
}

/* Encoding i of a row: first all bits clear, then all set, then random ones. */
static u32 encoding(const struct a64_row *row, u32 i)
{
	u32 bits = i == 0 ? 0 : i == 1 ? ~0u : (u32)random_u64();

	return row->code | (bits & row->vary);
}

static void check_alone(const struct a64_row *row, u32 insn, u32 sets)
{
	u32 code[1024];

	for (u32 i = 0; i < ARRAY_SIZE(code); i++)
		code[i] = EXECUTE_END;
	code[512] = insn;
	check_sets(row, insn, arm_code(code, ARRAY_SIZE(code)) + 512 * INSN_SIZE, sets);
}

void a64_check_one(const struct a64_row *row, u32 insn, u32 sets)
{
	if (!window)
		set_up_window();
	check_alone(row, insn, sets);
}

void a64_check(const struct a64_row *rows, u32 count)
{
	set_up_window();
	for (u32 i = 0; i < count; i++) {
		const struct a64_row *row = &rows[i];
		u32 encodings = row->vary ? A64_ENCODINGS : 1, code[2 * A64_ENCODINGS];
		ulong at;

		SUBTEST("%s", row->name);
		for (u32 e = 0; e < encodings; e++) {
			code[2 * e] = encoding(row, e);
			code[2 * e + 1] = EXECUTE_END;
			if (row->flags & A64_ALONE)
				check_alone(row, code[2 * e], A64_SETS);
		}
		if (row->flags & A64_ALONE)
			continue;
		at = arm_code(code, 2 * encodings);
		for (u32 e = 0; e < encodings; e++)
			check_sets(row, code[2 * e], at + 2 * e * INSN_SIZE, A64_SETS);
	}
}
