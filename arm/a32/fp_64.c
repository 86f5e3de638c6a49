/* SPDX-License-Identifier: MIT */
/* Floating point and Advanced SIMD of A32 at EL0 against a model, with all rounding modes and kinds of values. */
#include <test.h>

#include "fp_check.h"

SUITE("Floating point of A32", REQUIRES(has_a32()));

/* Both sizes: bit 8. */
#define BOTH(name, code, vary, model)                                  \
	{ name "-f32", code, COND | (vary), model, 32 },               \
	{                                                              \
		name "-f64", (code) | BIT(8), COND | (vary), model, 64 \
	}
#define THREE(name, bits) BOTH(name, 0x0e000a00 | (bits), VD | VN | VM, a32_fp_three)

static const struct a32_fp_row three[] = {
	THREE("vmla", 0x000000),  THREE("vmls", 0x000040),  THREE("vnmls", 0x100000),
	THREE("vnmla", 0x100040), THREE("vmul", 0x200000),  THREE("vnmul", 0x200040),
	THREE("vadd", 0x300000),  THREE("vsub", 0x300040),  THREE("vdiv", 0x800000),
	THREE("vfnms", 0x900000), THREE("vfnma", 0x900040), THREE("vfma", 0xa00000),
	THREE("vfms", 0xa00040),
};

TEST(a32_fp_arithmetic,
     "VADD, VMUL, VDIV, multiplications with an addition, rounded once and twice",
     SPEC("DDI 0487, F4.1.6; F6.1, VADD (floating-point), VMLA, VFMA, VNMUL and others"))
{
	a32_fp_check(three, ARRAY_SIZE(three));
}

#define TWO(name, bits) BOTH(name, 0x0eb00a40 | (bits), VD | VM, a32_fp_two)

static const struct a32_fp_row two[] = {
	TWO("vmov", 0x00000),
	TWO("vabs", 0x00080),
	TWO("vneg", 0x10000),
	TWO("vsqrt", 0x10080),
	TWO("vrintr", 0x60000),
	TWO("vrintz", 0x60080),
	TWO("vrintx", 0x70000),
	{ "vrinta-f32", 0xfeb80a40, VD | VM | BITS(17, 16), a32_fp_round, 32 },
	{ "vrinta-f64", 0xfeb80b40, VD | VM | BITS(17, 16), a32_fp_round, 64 },
};

TEST(a32_fp_one_operand, "VABS, VNEG, VSQRT, VMOV and roundings to integers in each mode",
     SPEC("DDI 0487, F4.1.6; F6.1, VSQRT, VRINTX (floating-point), VRINTA and others"))
{
	a32_fp_check(two, ARRAY_SIZE(two));
}

static const struct a32_fp_row comparisons[] = {
	BOTH("vcmp", 0x0eb40a40, VD | VM, a32_fp_compare),
	BOTH("vcmpe", 0x0eb40ac0, VD | VM, a32_fp_compare),
	BOTH("vcmp-zero", 0x0eb50a40, VD, a32_fp_compare),
	BOTH("vcmpe-zero", 0x0eb50ac0, VD, a32_fp_compare),
	{ "vsel-f32", 0xfe000a00, VD | VN | VM | BITS(21, 20), a32_fp_select, 32 },
	{ "vsel-f64", 0xfe000b00, VD | VN | VM | BITS(21, 20), a32_fp_select, 64 },
	{ "vmaxnm-f32", 0xfe800a00, VD | VN | VM, a32_fp_max, 32 },
	{ "vmaxnm-f64", 0xfe800b00, VD | VN | VM, a32_fp_max, 64 },
	{ "vminnm-f32", 0xfe800a40, VD | VN | VM, a32_fp_max, 32 },
	{ "vminnm-f64", 0xfe800b40, VD | VN | VM, a32_fp_max, 64 },
};

TEST(a32_fp_comparisons, "VCMP and VCMPE set FPSCR's flags; VSEL, VMAXNM, VMINNM",
     SPEC("DDI 0487, F6.1, VCMP, VCMPE, VSEL, VMAXNM"))
{
	a32_fp_check(comparisons, ARRAY_SIZE(comparisons));
}

static const struct a32_fp_row conversions[] = {
	{ "vcvt-f64-f32", 0x0eb70ac0, COND | VD | VM, a32_fp_convert, 32 },
	{ "vcvt-f32-f64", 0x0eb70bc0, COND | VD | VM, a32_fp_convert, 64 },
	BOTH("vcvt-from-u32", 0x0eb80a40, VD | VM, a32_fp_integer),
	BOTH("vcvt-from-s32", 0x0eb80ac0, VD | VM, a32_fp_integer),
	BOTH("vcvtr-to-u32", 0x0ebc0a40, VD | VM, a32_fp_integer),
	BOTH("vcvt-to-u32", 0x0ebc0ac0, VD | VM, a32_fp_integer),
	BOTH("vcvtr-to-s32", 0x0ebd0a40, VD | VM, a32_fp_integer),
	BOTH("vcvt-to-s32", 0x0ebd0ac0, VD | VM, a32_fp_integer),
	{ "vcvta-f32", 0xfebc0a40, VD | VM | BITS(17, 16) | BIT(7), a32_fp_integer_round, 32 },
	{ "vcvta-f64", 0xfebc0b40, VD | VM | BITS(17, 16) | BIT(7), a32_fp_integer_round, 64 },
};

TEST(a32_fp_conversions, "conversions between sizes, to and from integers, in each rounding mode",
     SPEC("DDI 0487, F6.1, VCVT, VCVTR, VCVTA and others"))
{
	a32_fp_check(conversions, ARRAY_SIZE(conversions));
}

/* ------------------------------------------------------------------------------- Advanced SIMD */

#define SIMD(name, opcode)                                                        \
	{ name "-s", 0xf2000000 | ((opcode) >> 1) << 8 | ((opcode)&1) << 4,       \
	  VD | VN | VM | Q_BIT | BITS(21, 20), a32_simd_same, 0 },                \
	{                                                                         \
		name "-u", 0xf3000000 | ((opcode) >> 1) << 8 | ((opcode)&1) << 4, \
			VD | VN | VM | Q_BIT | BITS(21, 20), a32_simd_same, 0     \
	}

static const struct a32_fp_row simd[] = {
	SIMD("vhadd", 0x00u),
	SIMD("vqadd", 0x01u),
	SIMD("vrhadd", 0x02u),
	SIMD("vand-veor", 0x03u),
	SIMD("vhsub", 0x04u),
	SIMD("vqsub", 0x05u),
	SIMD("vcgt", 0x06u),
	SIMD("vcge", 0x07u),
	SIMD("vshl", 0x08u),
	SIMD("vqshl", 0x09u),
	SIMD("vrshl", 0x0au),
	SIMD("vqrshl", 0x0bu),
	SIMD("vmax", 0x0cu),
	SIMD("vmin", 0x0du),
	SIMD("vabd", 0x0eu),
	SIMD("vaba", 0x0fu),
	SIMD("vadd", 0x10u),
	SIMD("vtst", 0x11u),
	SIMD("vmla", 0x12u),
	SIMD("vmul", 0x13u),
	SIMD("vpmax", 0x14u),
	SIMD("vpmin", 0x15u),
	SIMD("vqdmulh", 0x16u),
	{ "vpadd", 0xf2000b10, VD | VN | VM | Q_BIT | BITS(21, 20), a32_simd_same, 0 },
};

TEST(a32_simd_integers, "operations on three vectors of integers, D and Q, of each size",
     SPEC("DDI 0487, F4.1.9; F6.1, VADD (integer), VQSHL, VQDMULH and others"))
{
	a32_fp_check(simd, ARRAY_SIZE(simd));
}

#define SIMD_FP(name, u, a, opcode)                                                 \
	{                                                                           \
		name,                                                               \
			0xf2000000 | (u) << 24 | (a) << 21 | ((opcode) >> 1) << 8 | \
				((opcode)&1) << 4,                                  \
			VD | VN | VM | Q_BIT, a32_simd_same_fp, 32                  \
	}

static const struct a32_fp_row simd_fp[] = {
	SIMD_FP("vfma", 0u, 0u, 0x19u),
	SIMD_FP("vfms", 0u, 1u, 0x19u),
	SIMD_FP("vadd", 0u, 0u, 0x1au),
	SIMD_FP("vsub", 0u, 1u, 0x1au),
	SIMD_FP("vpadd", 1u, 0u, 0x1au),
	SIMD_FP("vabd", 1u, 1u, 0x1au),
	SIMD_FP("vmul", 1u, 0u, 0x1bu),
	SIMD_FP("vceq", 0u, 0u, 0x1cu),
	SIMD_FP("vcge", 1u, 0u, 0x1cu),
	SIMD_FP("vcgt", 1u, 1u, 0x1cu),
	SIMD_FP("vacge", 1u, 0u, 0x1du),
	SIMD_FP("vacgt", 1u, 1u, 0x1du),
	SIMD_FP("vmax", 0u, 0u, 0x1eu),
	SIMD_FP("vmin", 0u, 1u, 0x1eu),
	SIMD_FP("vpmax", 1u, 0u, 0x1eu),
	SIMD_FP("vpmin", 1u, 1u, 0x1eu),
	SIMD_FP("vmaxnm", 1u, 0u, 0x1fu),
	SIMD_FP("vminnm", 1u, 1u, 0x1fu),
	{ "vmla", 0xf2000d10, VD | VN | VM | Q_BIT, a32_simd_multiply_add, 32 },
	{ "vmls", 0xf2200d10, VD | VN | VM | Q_BIT, a32_simd_multiply_add, 32 },
};

TEST(a32_simd_floating_point,
     "vectors of single precision: to nearest, flushed to zero, default NaNs, whatever FPSCR has",
     SPEC("DDI 0487, E1.3.3, the standard floating-point configuration; F6.1, VADD (floating-point) and others"))
{
	a32_fp_check(simd_fp, ARRAY_SIZE(simd_fp));
}

#define MISC(name, op)                                                   \
	{                                                                \
		name, 0xf3b00000 | ((op) >> 4) << 16 | ((op)&15) << 7,   \
			VD | VM | Q_BIT | BITS(19, 18), a32_simd_misc, 0 \
	}

static const struct a32_fp_row misc[] = {
	MISC("vrev64", 0x00u),	 MISC("vrev32", 0x01u),	  MISC("vrev16", 0x02u),
	MISC("vcls", 0x08u),	 MISC("vclz", 0x09u),	  MISC("vcnt", 0x0au),
	MISC("vmvn", 0x0bu),	 MISC("vqabs", 0x0eu),	  MISC("vqneg", 0x0fu),
	MISC("vcgt-0", 0x10u),	 MISC("vcge-0", 0x11u),	  MISC("vceq-0", 0x12u),
	MISC("vcle-0", 0x13u),	 MISC("vclt-0", 0x14u),	  MISC("vabs", 0x16u),
	MISC("vneg", 0x17u),	 MISC("vpaddl-s", 0x04u), MISC("vpaddl-u", 0x05u),
	MISC("vpadal-s", 0x0cu), MISC("vpadal-u", 0x0du),
};

TEST(a32_simd_one_vector,
     "reversals, counts, comparisons with zero, saturating signs, pairwise sums",
     SPEC("DDI 0487, F4.1.10; F6.1, VREV16, VCLZ, VQABS, VPADAL and others"))
{
	a32_fp_check(misc, ARRAY_SIZE(misc));
}
