/* SPDX-License-Identifier: MIT */
/* Advanced SIMD of A32 and T32: different lengths, scalars, shifts by immediates, permutations, conversions, transfers. */
#include <test.h>

#include "fp_check.h"

SUITE("Advanced SIMD of A32", REQUIRES(has_a32()));

#define U    BIT(24)
#define SIZE BITS(21, 20)

#define DIFFERENT(name, op)                                                                  \
	{                                                                                    \
		name, 0xf2800000 | (op) << 8, VD | VN | VM | U | SIZE, a32_simd_different, 0 \
	}

static const struct a32_fp_row different[] = {
	DIFFERENT("vaddl", 0u),
	DIFFERENT("vaddw", 1u),
	DIFFERENT("vsubl", 2u),
	DIFFERENT("vsubw", 3u),
	DIFFERENT("vaddhn", 4u),
	DIFFERENT("vabal", 5u),
	DIFFERENT("vsubhn", 6u),
	DIFFERENT("vabdl", 7u),
	DIFFERENT("vmlal", 8u),
	DIFFERENT("vqdmlal", 9u),
	DIFFERENT("vmlsl", 10u),
	DIFFERENT("vqdmlsl", 11u),
	DIFFERENT("vmull", 12u),
	DIFFERENT("vqdmull", 13u),
	{ "vmull-p8", 0xf2800e00, VD | VN | VM, a32_simd_different, 0 },
};

TEST(a32_simd_different, "long, wide and narrow operations, of each size, signed and unsigned",
     SPEC("DDI 0487, F4.1.10, three registers of different lengths; F6.1, VADDW, VRADDHN, VQDMLSL and others"))
{
	a32_fp_check(different, ARRAY_SIZE(different));
}

#define SCALAR(name, op, size)                                                               \
	{                                                                                    \
		name, 0xf2800040 | (op) << 8, VD | VN | VM | U | SIZE, a32_simd_scalar, size \
	}

static const struct a32_fp_row scalar[] = {
	SCALAR("vmla-i", 0u, 0),   SCALAR("vmla-f", 1u, 32),   SCALAR("vmlal", 2u, 0),
	SCALAR("vqdmlal", 3u, 0),  SCALAR("vmls-i", 4u, 0),    SCALAR("vmls-f", 5u, 32),
	SCALAR("vmlsl", 6u, 0),	   SCALAR("vqdmlsl", 7u, 0),   SCALAR("vmul-i", 8u, 0),
	SCALAR("vmul-f", 9u, 32),  SCALAR("vmull", 10u, 0),    SCALAR("vqdmull", 11u, 0),
	SCALAR("vqdmulh", 12u, 0), SCALAR("vqrdmulh", 13u, 0),
};

TEST(a32_simd_by_scalar, "products with one element of a vector, at each index",
     SPEC("DDI 0487, F4.1.10, two registers and a scalar; F6.1, VMLA (by scalar), VQRDMULH and others"))
{
	a32_fp_check(scalar, ARRAY_SIZE(scalar));
}

/* Of some bits of L and bits 21-16 the highest one says the size of elements. */
#define SHIFT(name, op, size)                                                              \
	{                                                                                  \
		name, 0xf2800010 | (op) << 8, VD | VM | U | Q_BIT | BITS(21, 16) | BIT(7), \
			a32_simd_shift, size                                               \
	}

static const struct a32_fp_row shifts[] = {
	SHIFT("vshr", 0u, 0),
	SHIFT("vsra", 1u, 0),
	SHIFT("vrshr", 2u, 0),
	SHIFT("vrsra", 3u, 0),
	SHIFT("vsri", 4u, 0),
	SHIFT("vshl-vsli", 5u, 0),
	SHIFT("vqshlu", 6u, 0),
	SHIFT("vqshl", 7u, 0),
	SHIFT("vshrn-vqshrun", 8u, 0),
	SHIFT("vqshrn", 9u, 0),
	SHIFT("vshll", 10u, 0),
	SHIFT("vcvt-from-fixed", 14u, 0),
	SHIFT("vcvt-to-fixed", 15u, 32),
};

TEST(a32_simd_shifts,
     "shifts by each amount: right, rounding, accumulating, inserting, saturating, narrowing, long",
     SPEC("DDI 0487, F4.1.10, two registers and shift amount; F6.1, VSRA, VQRSHRUN, VSHLL and others"))
{
	a32_fp_check(shifts, ARRAY_SIZE(shifts));
}

static const struct a32_fp_row permutations[] = {
	{ "vext", 0xf2b00000, VD | VN | VM | Q_BIT | BITS(11, 8), a32_simd_extract, 0 },
	{ "vtbl-vtbx", 0xf3b00800, VD | VN | VM | Q_BIT | BITS(9, 8), a32_simd_table, 0 },
	{ "vdup", 0xf3b00c00, VD | VM | Q_BIT | BITS(19, 16), a32_simd_duplicate, 0 },
	{ "vswp", 0xf3b20000, VD | VM | Q_BIT | BITS(19, 18), a32_simd_permute, 0 },
	{ "vtrn", 0xf3b20080, VD | VM | Q_BIT | BITS(19, 18), a32_simd_permute, 0 },
	{ "vuzp", 0xf3b20100, VD | VM | Q_BIT | BITS(19, 18), a32_simd_permute, 0 },
	{ "vzip", 0xf3b20180, VD | VM | Q_BIT | BITS(19, 18), a32_simd_permute, 0 },
};

TEST(a32_simd_permutations, "VEXT, VTBL, VTBX, VDUP, VSWP, VTRN, VUZP, VZIP",
     SPEC("DDI 0487, F4.1.10; F6.1, VEXT (byte elements), VTBL, VDUP (scalar), VUZP and others"))
{
	a32_fp_check(permutations, ARRAY_SIZE(permutations));
}

#define CONVERT(name, op, size)                                                \
	{                                                                      \
		name, 0xf3b00000 | ((op) >> 4) << 16 | ((op)&15) << 7,         \
			VD | VM | Q_BIT | BITS(19, 18), a32_simd_convert, size \
	}
/* Of single precision. */
#define CONVERT_32(name, op)                                                            \
	{                                                                               \
		name, 0xf3b80000 | ((op) >> 4) << 16 | ((op)&15) << 7, VD | VM | Q_BIT, \
			a32_simd_convert, 32                                            \
	}

static const struct a32_fp_row conversions[] = {
	CONVERT("vmovn-vqmovun", 0x24u, 0),
	CONVERT("vqmovn", 0x25u, 0),
	{ "vshll-max", 0xf3b20300, VD | VM | BITS(19, 18), a32_simd_convert, 0 },
	CONVERT_32("vrecpe-u", 0x38u),
	CONVERT_32("vrsqrte-u", 0x39u),
	CONVERT_32("vrecpe-f", 0x3au),
	CONVERT_32("vrsqrte-f", 0x3bu),
	CONVERT_32("vcvt-from-s", 0x3cu),
	CONVERT_32("vcvt-from-u", 0x3du),
	CONVERT_32("vcvt-to-s", 0x3eu),
	CONVERT_32("vcvt-to-u", 0x3fu),
	CONVERT_32("vcgt-f-0", 0x18u),
	CONVERT_32("vcge-f-0", 0x19u),
	CONVERT_32("vceq-f-0", 0x1au),
	CONVERT_32("vcle-f-0", 0x1bu),
	CONVERT_32("vclt-f-0", 0x1cu),
	CONVERT_32("vabs-f", 0x1eu),
	CONVERT_32("vneg-f", 0x1fu),
	CONVERT_32("vrintn", 0x28u),
	CONVERT_32("vrintx", 0x29u),
	CONVERT_32("vrinta", 0x2au),
	CONVERT_32("vrintz", 0x2bu),
	CONVERT_32("vrintm", 0x2du),
	CONVERT_32("vrintp", 0x2fu),
};

TEST(a32_simd_conversions,
     "narrowing, VSHLL, estimates, conversions, roundings and comparisons with zero",
     SPEC("DDI 0487, F4.1.10, two registers, miscellaneous; F6.1, VQMOVUN, VRSQRTE, VRINTP and others"))
{
	a32_fp_check(conversions, ARRAY_SIZE(conversions));
}

#define RT BITS(15, 12)

static const struct a32_fp_row moves[] = {
	{ "vmov-s-r", 0x0e000a10, COND | VN | RT | BIT(20), a32_fp_move, 0 },
	{ "vmov-2s-2r", 0x0c400a10, COND | VM | RT | BITS(20, 16), a32_fp_move_two, 0 },
	{ "vmov-d-2r", 0x0c400b10, COND | VM | RT | BITS(20, 16), a32_fp_move_two, 0 },
	{ "vmov-element-r", 0x0e000b10, COND | VN | RT | BITS(22, 20) | BITS(6, 5),
	  a32_fp_move_element, 0 },
	{ "vmov-r-element-u", 0x0e900b10, COND | VN | RT | BITS(22, 21) | BITS(6, 5),
	  a32_fp_move_element, 0 },
	{ "vdup-r", 0x0e800b10, COND | VN | RT | BITS(22, 21) | BIT(5), a32_fp_duplicate, 0 },
};

TEST(a32_fp_transfers,
     "moves between general registers and S registers, D registers, elements; VDUP",
     SPEC("DDI 0487, F4.1.6; F6.1, VMOV (between general-purpose register and single-precision), VDUP and others"))
{
	a32_fp_check(moves, ARRAY_SIZE(moves));
}

#define RN BITS(19, 16)
#define RM BITS(3, 0)

static const struct a32_fp_row loads[] = {
	{ "vldr-s", 0x0d100a00, COND | VD | RN | BIT(23) | BITS(6, 0), a32_fp_load_store, 0 },
	{ "vldr-d", 0x0d100b00, COND | VD | RN | BIT(23) | BITS(6, 0), a32_fp_load_store, 0 },
	{ "vstr-s", 0x0d000a00, COND | VD | RN | BIT(23) | BITS(6, 0), a32_fp_load_store, 0 },
	{ "vstr-d", 0x0d000b00, COND | VD | RN | BIT(23) | BITS(6, 0), a32_fp_load_store, 0 },
	{ "vldm-s", 0x0c900a00, COND | VD | RN | BIT(21) | BITS(4, 0), a32_fp_multiple, 0 },
	{ "vldm-d", 0x0c900b00, COND | VD | RN | BIT(21) | BITS(5, 1), a32_fp_multiple, 0 },
	{ "vldmdb-s", 0x0d300a00, COND | VD | RN | BITS(4, 0), a32_fp_multiple, 0 },
	{ "vldmdb-d", 0x0d300b00, COND | VD | RN | BITS(5, 1), a32_fp_multiple, 0 },
	{ "vstm-s", 0x0c800a00, COND | VD | RN | BIT(21) | BITS(4, 0), a32_fp_multiple, 0 },
	{ "vstm-d", 0x0c800b00, COND | VD | RN | BIT(21) | BITS(5, 1), a32_fp_multiple, 0 },
	{ "vstmdb-s", 0x0d200a00, COND | VD | RN | BITS(4, 0), a32_fp_multiple, 0 },
	{ "vstmdb-d", 0x0d200b00, COND | VD | RN | BITS(5, 1), a32_fp_multiple, 0 },
};

TEST(a32_fp_loads_and_stores, "VLDR, VSTR, VLDM, VSTM of S and D registers, up and down",
     SPEC("DDI 0487, F4.1.5; F6.1, VLDR (immediate), VLDM, VLDMDB, VLDMIA, VSTM and others"))
{
	a32_fp_check_memory(loads, ARRAY_SIZE(loads));
}

/* By type: bits 11-8; bit 21 is a load. */
#define STRUCTURES(name, type)                                                       \
	{                                                                            \
		name, 0xf4000000 | (type) << 8, VD | RN | RM | BIT(21) | BITS(7, 6), \
			a32_simd_structures, 0                                       \
	}
#define STRUCTURE(name, n, size)                                                            \
	{                                                                                   \
		name, 0xf4800000 | ((n)-1) << 8 | (size) << 10,                             \
			VD | RN | RM | BIT(21) | BITS(7, (size) + 1), a32_simd_structure, 0 \
	}
#define TO_ALL(name, n)                                                     \
	{                                                                   \
		name, 0xf4a00c00 | ((n)-1) << 8, VD | RN | RM | BITS(7, 5), \
			a32_simd_structure_to_all, 0                        \
	}

static const struct a32_fp_row structures[] = {
	STRUCTURES("vld1-1", 0x7u),	  STRUCTURES("vld1-2", 0xau),
	STRUCTURES("vld1-3", 0x6u),	  STRUCTURES("vld1-4", 0x2u),
	STRUCTURES("vld2", 0x8u),	  STRUCTURES("vld2-spaced", 0x9u),
	STRUCTURES("vld2-4", 0x3u),	  STRUCTURES("vld3", 0x4u),
	STRUCTURES("vld3-spaced", 0x5u),  STRUCTURES("vld4", 0x0u),
	STRUCTURES("vld4-spaced", 0x1u),  STRUCTURE("vld1-one-8", 1u, 0u),
	STRUCTURE("vld1-one-16", 1u, 1u), STRUCTURE("vld1-one-32", 1u, 2u),
	STRUCTURE("vld2-one-8", 2u, 0u),  STRUCTURE("vld2-one-16", 2u, 1u),
	STRUCTURE("vld2-one-32", 2u, 2u), STRUCTURE("vld3-one-8", 3u, 0u),
	STRUCTURE("vld3-one-16", 3u, 1u), STRUCTURE("vld3-one-32", 3u, 2u),
	STRUCTURE("vld4-one-8", 4u, 0u),  STRUCTURE("vld4-one-16", 4u, 1u),
	STRUCTURE("vld4-one-32", 4u, 2u), TO_ALL("vld1-all", 1u),
	TO_ALL("vld2-all", 2u),		  TO_ALL("vld3-all", 3u),
	TO_ALL("vld4-all", 4u),
};

TEST(a32_simd_loads_and_stores,
     "VLD1 to VLD4, VST1 to VST4 of several structures, of one, and of one to all elements",
     SPEC("DDI 0487, F4.1.12; F6.1, VLD1 (multiple single elements), VST4 (single 4-element structure from one lane) and others"))
{
	a32_fp_check_memory(structures, ARRAY_SIZE(structures));
}
