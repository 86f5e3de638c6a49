/* SPDX-License-Identifier: MIT */
#include <model/fp_operands.h>

#include <harness/random.h>

static const u16 halves[] = {
	0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x83ff, 0x0400, 0x8400, 0x3c00, 0xbc00, 0x3c01,
	0x3bff, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfdff, 0x7e00, 0xfe01, 0x7fff, 0x4000,
	0x3800, 0x4200, 0x77ff, 0x6400, 0xe400, 0x5800, 0x3e00, 0xbe00, 0x4100, 0x0bff,
};
static const u32 singles[] = {
	0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000,
	0x80800000, 0x3f800000, 0xbf800000, 0x3f800001, 0x3f7fffff, 0x7f7fffff, 0xff7fffff,
	0x7f800000, 0xff800000, 0x7f800001, 0xffbfffff, 0x7fc00000, 0xffc00001, 0x40000000,
	0x3f000000, 0x4b000001, 0xcb800000, 0x4f000000, 0xcf000000, 0x4effffff, 0x5f000000,
	0x3fc00000, 0xbfc00000, 0x40200000, 0x33000000, 0x477fe000, 0x477ff000, 0x38800000,
	0x387fffff, 0x33000001, 0x7f000000, 0x00400000, 0x4f800000, 0xcf400000, 0xcf000001,
	0xdf000000, 0xdf400000,
};
static const u64 doubles[] = {
	0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001,
	0x000fffffffffffff, 0x800fffffffffffff, 0x0010000000000000, 0x8010000000000000,
	0x3ff0000000000000, 0xbff0000000000000, 0x3ff0000000000001, 0x3fefffffffffffff,
	0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
	0x7ff0000000000001, 0xfff7ffffffffffff, 0x7ff8000000000000, 0xfff8000000000001,
	0x4000000000000000, 0x3fe0000000000000, 0x43e0000000000000, 0xc3e0000000000000,
	0x43dfffffffffffff, 0x41e0000000000000, 0xc1e0000000000000, 0x41dfffffffc00000,
	0x3ff8000000000000, 0xbff8000000000000, 0x4004000000000000, 0x47efffffe0000000,
	0x47effffff0000000, 0x380fffffe0000000, 0x36a0000000000001, 0x43f0000000000000,
	0x41f0000000000000, 0x40efffe000000000, 0x3e70000000000000, 0x7fe0000000000000,
	0xc1e8000000000000, 0xc3e8000000000000,
};

/* Near another value: what cancels, and what is a few units in the last place away. */
static u64 random_value(u32 size, u64 other)
{
	u64 value = random_u64();

	switch (value & 7) {
	case 0:
	case 1:
	case 2:
		value >>= 3;
		return size == 16   ? halves[value % ARRAY_SIZE(halves)]
		       : size == 32 ? singles[value % ARRAY_SIZE(singles)]
				    : doubles[value % ARRAY_SIZE(doubles)];
	case 3:
		return other ^ (value >> 3 & 0xf) ^ (value & 0x80 ? 1ull << (size - 1) : 0);
	case 4: /* of about the same size: 2 to the power of -16 to 15 */
		if (size == 16)
			return (value >> 8 & 0x83ff) | (0x0c + (value >> 3 & 7)) << 10;
		if (size == 32)
			return (value >> 8 & 0x807fffff) | (0x6f + (value >> 3 & 0x1f)) << 23;
		return (value & 0x800fffffffffff00) | (0x3ef + (value >> 3 & 0x1f)) << 52;
	default:
		return value;
	}
}

/* Rounding modes, flush to zero, default NaNs: C5.2.8. */
#define FPCR_RMODE BITS(23, 22)
#define FPCR_FZ16  BIT(19)
#define FPCR_FZ	   BIT(24)
#define FPCR_DN	   BIT(25)
#define FPCR_AHP   BIT(26)

#define FPSR_FLAGS (BIT(27) | BIT(7) | BITS(4, 0))

void fp_random_registers(struct arm_registers *r, u32 size)
{
	u64 last = 0;

	for (u32 i = 0; i < 64; i++) {
		u64 value = random_u64();

		if (size) {
			value = 0;
			for (u32 at = 0; at < 64; at += size) {
				last = random_value(size, last) & BITS(size - 1, 0);
				value |= last << at;
			}
		} else if (!(value & 7)) {
			value = value & 8 ? 0 : value & 16 ? ~0ull : 0x8000800080008000;
		}
		r->v[i / 2][i % 2] = value;
	}
	r->fpcr = random_below(2)
			  ? 0
			  : random_u64() & (FPCR_RMODE | FPCR_FZ | FPCR_DN | FPCR_AHP | FPCR_FZ16);
	r->fpsr = random_below(2) ? 0 : random_u64() & FPSR_FLAGS;
}
