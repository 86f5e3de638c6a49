/* SPDX-License-Identifier: MIT */
/* The checker of x87.h. */
#include "x87.h"

#include <string.h>
#include <test.h>
#include <x86/cr.h>

#define MISMATCHES_PER_ROW 2

const struct f80 x87_values[] = {
	{ 0x0000000000000000, 0x0000 }, /* 0 */
	{ 0x0000000000000000, 0x8000 },
	{ 0x8000000000000000, 0x3fff }, /* 1 */
	{ 0x8000000000000000, 0xbfff },
	{ 0xc000000000000000, 0x4000 }, /* 3 */
	{ 0xc90fdaa22168c235, 0x4000 }, /* pi */
	{ 0xaaaaaaaaaaaaaaab, 0xbffd }, /* -1/3 */
	{ 0xffffffffffffffff, 0x3ffe }, /* just below 1 */
	{ 0x8000000000000001, 0x3fff }, /* just above 1 */
	{ 0x8000000000000000, 0x3ffe }, /* 1/2 */
	{ 0xc000000000000000, 0x3fff }, /* 1.5 */
	{ 0xa000000000000000, 0xc000 }, /* -2.5 */
	{ 0xfffffeffffffffff, 0x403d }, /* more bits than a single has */
	{ 0x8000010000000000, 0x3fff }, /* a tie of 24 bits */
	{ 0x8000018000000000, 0x3fff },
	{ 0x8000000000000400, 0x3fff }, /* a tie of 53 bits */
	{ 0x8000000000000c00, 0xbfff },
	{ 0xffffffffffffffff, 0x403e }, /* 2^64 - 1 */
	{ 0x8000000000000000, 0xc03e }, /* -2^63 */
	{ 0x8000000000000000, 0x4040 },
	{ 0x8000000000000000, 0x0001 }, /* the smallest normal one */
	{ 0x8000000000000001, 0x8001 },
	{ 0x0000000000000001, 0x0000 }, /* denormal */
	{ 0x7fffffffffffffff, 0x8000 },
	{ 0xffffffffffffffff, 0x7ffe }, /* the largest */
	{ 0xffffffffffffffff, 0xfffe },
	{ 0x8000000000000000, 0x7fff }, /* infinity */
	{ 0x8000000000000000, 0xffff },
	{ 0xc000000000000001, 0x7fff }, /* QNaN */
	{ 0xe000000000000000, 0xffff },
	{ 0x8000000000000001, 0x7fff }, /* SNaN */
	{ 0xbfffffffffffffff, 0xffff },
	{ 0x4000000000000000, 0x3fff }, /* unsupported: unnormal */
	{ 0x0000000000000001, 0x7fff }, /* pseudo-NaN */
};
const u32 x87_value_count = ARRAY_SIZE(x87_values);

#define CONTROL(precision, rounding) \
	(X87_CW_MASKS | 0x40 | (precision) << X87_CW_PC_SHIFT | (rounding) << X87_CW_RC_SHIFT)
const u16 x87_controls[] = {
	CONTROL(3, FLOAT_NEAREST), CONTROL(3, FLOAT_DOWN),    CONTROL(3, FLOAT_UP),
	CONTROL(3, FLOAT_TO_ZERO), CONTROL(2, FLOAT_NEAREST), CONTROL(2, FLOAT_UP),
	CONTROL(0, FLOAT_NEAREST), CONTROL(0, FLOAT_TO_ZERO),
};
const u32 x87_control_count = ARRAY_SIZE(x87_controls);

struct real x87_unpack(const struct f80 *value)
{
	return float_unpack_extended(value->significand, value->sign_and_exponent);
}

struct f80 x87_pack(struct real value)
{
	struct f80 result;
	u64 significand;
	u16 sign_and_exponent;

	float_pack_extended(value, &significand, &sign_and_exponent);
	result.significand = significand;
	result.sign_and_exponent = sign_and_exponent;
	return result;
}

struct fault x87_run(const void *code, const struct f80 *st0, const struct f80 *st1, u16 control,
		     void *memory, struct x87_state *after)
{
	struct registers r = { .di = (ulong)memory, .flags = FLAG_1 };
	struct fault fault;

	fninit();
	if (st1)
		fld_f80(st1);
	if (st0)
		fld_f80(st0);
	fldcw(control);
	fault = execute_try(code, &r);
	fnsave(after);
	return fault;
}

/* ------------------------------------------------------------------------------- arithmetic rows */

static u32 mismatches;

#define WHERE "%s, st0=%#x:%#llx operand=%#x:%#llx control=%#x"
#define WHERE_ARGS(row, a, b, control)                                                 \
	(row)->name, (a)->sign_and_exponent, (a)->significand, (b)->sign_and_exponent, \
		(b)->significand, control

/* An operand in memory, and what it is. A real one is what a conversion to its width leaves of b. */
static struct real put_operand(const struct x87_row *row, struct real b, u64 *memory)
{
	const struct float_format *format = row->memory == 4 ? &float_single : &float_double;
	struct float_context context = { .format = format, .rounding = FLOAT_TO_ZERO };
	struct float_context exact = { .format = &float_extended };

	if (row->integer) {
		s64 value = float_to_integer(&context, b, row->memory * 8);

		*memory = (u64)value;
		return float_from_integer(&exact, value);
	}
	if (b.kind == FLOAT_FINITE)
		b = float_convert(&context, b);
	*memory = float_pack(format, b);
	return float_unpack(format, *memory);
}

/* Whether the row asks for these operands. */
static bool is_wanted(const struct x87_row *row, struct real a, struct real b, u16 control)
{
	bool two_nans = float_is_nan(a) && float_is_nan(b);
	bool wide = row->memory == 8 || (row->integer && row->memory == 4);
	bool low_precision = wide && !(control >> X87_CW_PC_SHIFT & 3);

	if (!row->memory && row->model != x87_scale)
		return true;
	return b.kind != FLOAT_UNSUPPORTED && two_nans == (row->special == X87_TWO_NANS) &&
	       low_precision == (row->special == X87_LOW_PRECISION);
}

static void check_pair(const struct x87_row *row, const struct f80 *a, const struct f80 *b,
		       u16 control, u16 looked_at)
{
	struct x87_in in = { .st0 = x87_unpack(a), .st1 = x87_unpack(b), .control = control };
	struct x87_out out = { .open = 0 };
	struct x87_state after;
	struct f80 expected;
	u64 memory = 0;
	u16 mask;
	bool same = true;

	if (!is_wanted(row, in.st0, in.st1, control))
		return;
	if (row->memory)
		in.st1 = put_operand(row, in.st1, &memory);
	row->model(&in, &out);
	expected = x87_pack(out.result);
	/* What is no number is returned as it is. */
	if (out.result.kind == FLOAT_UNSUPPORTED)
		expected.significand = a->significand,
		expected.sign_and_exponent = (u16)((a->sign_and_exponent & 0x7fff) |
						   out.result.negative << 15);
	if (x87_run(row->code, a, row->memory || row->unary ? NULL : b, control, &memory, &after)
		    .kind != NO_FAULT.kind) {
		FAIL("a fault in " WHERE, WHERE_ARGS(row, a, b, control));
		mismatches++;
		return;
	}
	if (row->result != NO_RESULT && memcmp(&after.st[row->result], &expected, sizeof(expected)))
		same = EXPECT_MEM_EQ(&after.st[row->result], &expected, sizeof(expected),
				     "result of " WHERE, WHERE_ARGS(row, a, b, control));
	mask = looked_at & ~out.open;
	if ((after.environment.status ^ out.status) & mask)
		same = EXPECT_EQ(after.environment.status & mask, out.status & mask,
				 "status after " WHERE, WHERE_ARGS(row, a, b, control));
	if (x87_top(after.environment.status) !=
	    ((row->memory || row->unary ? 7 : 6) + row->popped) % 8)
		same = EXPECT_EQ(x87_top(after.environment.status),
				 ((row->memory || row->unary ? 7u : 6u) + row->popped) % 8,
				 "TOP after " WHERE, WHERE_ARGS(row, a, b, control));
	if (!same)
		mismatches++;
}

/* Random values whose exponents are near each other. */
static struct f80 random_value(void)
{
	return (struct f80){ .significand = random_u64() | BIT(63),
			     .sign_and_exponent = (u16)(0x3fff - 32 + random_below(64) +
							(random_below(2) << 15)) };
}

void x87_check(const struct x87_row *rows, u32 count, u16 status)
{
	for (u32 i = 0; i < count; i++) {
		const struct x87_row *row = &rows[i];

		SUBTEST("%s", row->name);
		mismatches = 0;
		for (u32 j = 0; j < x87_value_count; j++)
			for (u32 k = 0; k < (row->unary ? 1 : x87_value_count); k++)
				if (mismatches < MISMATCHES_PER_ROW)
					check_pair(row, &x87_values[j], &x87_values[k],
						   x87_controls[(j + k) % x87_control_count],
						   status);
		for (u32 j = 0; j < 25 * x87_control_count; j++) {
			struct f80 a = random_value(), b = random_value();

			if (mismatches < MISMATCHES_PER_ROW)
				check_pair(row, &a, &b, x87_controls[j % x87_control_count],
					   status);
		}
		EXPECT(!mismatches, "of %s", row->name);
	}
}
