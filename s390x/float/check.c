/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <mm/page.h>
#include <string.h>

static u8 storage[PAGE_SIZE] __aligned(PAGE_SIZE);

u8 *float_storage(void)
{
	return storage + 0x400;
}

/* Sign, exponent (as a difference to the bias or one of these) and a pattern of the fraction. */
#define LEAST 20000 /* exponent field 0 */
#define MOST  20001 /* exponent field all ones */

static const struct {
	s32 exponent;
	bool minus;
	u64 fraction; /* left-aligned in 64 bits; SPECIAL: about the last bits */
} shapes[] = {
	{ LEAST, false, 0 },
	{ LEAST, true, 0 },
	{ 0, false, 0 },
	{ 0, true, 0x8000000000000000 },
	{ 0, false, ~0ull },
	{ -1, false, ~0ull },
	{ 1, true, 0x5555555555555555 },
	{ 23, false, 0x0000000000000001 },
	{ -24, false, 0 },
	{ LEAST, false, 0x8000000000000000 },
	{ LEAST, true, 1 },
	{ LEAST, false, ~0ull },
	{ 63, true, 0xaaaaaaaaaaaaaaaa },
	{ -53, true, 0x4000000000000000 },
	{ MOST, false, 0 },
	{ MOST, true, 0 },
	{ MOST, false, 0xc000000000000000 },
	{ MOST, true, 0x4000000000000000 },
	{ 30000, false, ~0ull },
	{ 30000, true, 0 },
	{ 30001, false, 0 },
	{ 30001, true, 0x8000000000000000 },
};

u32 number_count(void)
{
	return ARRAY_SIZE(shapes);
}

static struct number assemble(const struct bfp_format *f, bool minus, u32 exponent, u64 fraction,
			      u64 tail)
{
	u32 exponent_bits = f->width - f->precision;
	u32 fraction_bits = f->precision - 1;
	struct number n;

	n.high = (u64)minus << 63 | (u64)exponent << (63 - exponent_bits) |
		 fraction >> (exponent_bits + 1);
	n.low = fraction_bits > 64 ? fraction << (63 - exponent_bits) | (tail & 0xffffffff) : 0;
	if (f->width == 32)
		n.high &= 0xffffffff00000000;
	return n;
}

struct number number_at(const struct bfp_format *f, u32 n)
{
	u32 all = (1u << (f->width - f->precision)) - 1, exponent;
	u64 fraction = shapes[n].fraction, tail = fraction == ~0ull ? ~0ull : 0;

	switch (shapes[n].exponent) {
	case LEAST:
		exponent = 0;
		break;
	case MOST:
		exponent = all;
		break;
	case 30000: /* the greatest */
		exponent = all - 1;
		break;
	case 30001: /* the least that is normal */
		exponent = 1;
		break;
	default:
		exponent = (u32)(shapes[n].exponent + f->bias);
		break;
	}
	/* The last bit that the format has. */
	if (fraction == 1) {
		fraction = f->width == 32 ? BIT(41) : f->width == 64 ? BIT(12) : 0;
		tail = 1;
	}
	return assemble(f, shapes[n].minus, exponent, fraction, tail);
}

struct number random_number(const struct bfp_format *f)
{
	u32 exponent = (u32)(f->bias - 20 + (s32)random_below(40));
	u64 fraction = random_below(2) ? random_u64() : random_u64() & (~0ull << random_below(64));

	return assemble(f, random_below(2), exponent, fraction, random_u64());
}

enum bfp_rounding rounding_of(u32 mode)
{
	static const enum bfp_rounding modes[8] = { BFP_NEAREST_EVEN, BFP_TO_ZERO,
						    BFP_UP,	      BFP_DOWN,
						    BFP_TO_ZERO,      BFP_TO_ZERO,
						    BFP_TO_ZERO,      BFP_PREPARE_SHORTER };

	return modes[mode];
}

void fill_floats(struct execution *e, u32 rounding)
{
	for (u32 n = 0; n < 16; n++) {
		e->gpr[n] = 0xa1b2c3d4e5f60718 + n * 0x0101010101010101;
		e->fpr[n] = 0x4123456789abcdef + n * 0x0011001100110011;
	}
	e->gpr[BASE] = (ulong)float_storage();
	e->flags = EXECUTE_FP;
	e->fpc = rounding;
}

void put_number(struct execution *e, const struct bfp_format *f, u32 r, struct number value)
{
	if (f->width == 32) {
		e->fpr[r] = (e->fpr[r] & 0xffffffff) | value.high;
		return;
	}
	e->fpr[r] = value.high;
	if (f->width == 128)
		e->fpr[r + 2] = value.low;
}

struct number get_number(const struct execution *e, const struct bfp_format *f, u32 r)
{
	struct number n = { e->fpr[r], f->width == 128 ? e->fpr[r + 2] : 0 };

	if (f->width == 32)
		n.high &= 0xffffffff00000000;
	return n;
}

void store_number(u8 *at, const struct bfp_format *f, struct number value)
{
	memset(at, 0xee, 24);
	memcpy(at, &value.high, f->width == 32 ? 4 : 8);
	if (f->width == 128)
		memcpy(at + 8, &value.low, 8);
}

bool expect_floats(const struct execution *actual, const struct execution *expected,
		   const char *where)
{
	bool held = true;

	if (!memcmp(actual->fpr, expected->fpr, sizeof(actual->fpr)) &&
	    !memcmp(actual->gpr, expected->gpr, sizeof(actual->gpr)) &&
	    actual->fpc == expected->fpc && actual->cc == expected->cc)
		return EXPECT(true);
	for (u32 n = 0; n < 16; n++) {
		held &= EXPECT_EQ(actual->fpr[n], expected->fpr[n], "f%u: %s", n, where);
		held &= EXPECT_EQ(actual->gpr[n], expected->gpr[n], "r%u: %s", n, where);
	}
	held &= EXPECT_EQ(actual->fpc, expected->fpc, "FPC: %s", where);
	return held & EXPECT_EQ(actual->cc, expected->cc, "condition code: %s", where);
}

u32 cc_of(struct bfp value)
{
	if (bfp_is_nan(value))
		return 3;
	return value.kind == BFP_ZERO ? 0 : value.minus ? 1 : 2;
}
