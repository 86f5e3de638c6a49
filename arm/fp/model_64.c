/* SPDX-License-Identifier: MIT */
/* The floating-point model by itself, against values that IEEE 754 and the manual fix. */
#include <test.h>

#include <model/fp.h>

SUITE("The model of floating point");

typedef u64 operation(struct fp_context *c, u32 size, u64 a, u64 b);

static const struct {
	const char *name;
	operation *run;
	u32 size;
	u64 fpcr, a, b, result, fpsr;
} operations[] = {
	{ "1+1", fp_add, 32, 0, 0x3f800000, 0x3f800000, 0x40000000, 0 },
	{ "1+2^-24-even", fp_add, 32, 0, 0x3f800000, 0x33800000, 0x3f800000, FPSR_IXC },
	{ "1+2^-24-up", fp_add, 32, BIT(22), 0x3f800000, 0x33800000, 0x3f800001, FPSR_IXC },
	{ "1-1", fp_subtract, 64, 0, 0x3ff0000000000000, 0x3ff0000000000000, 0, 0 },
	{ "1-1-down", fp_subtract, 64, BIT(23), 0x3ff0000000000000, 0x3ff0000000000000, BIT(63),
	  0 },
	{ "inf-inf", fp_subtract, 16, 0, 0x7c00, 0x7c00, 0x7e00, FPSR_IOC },
	{ "snan+1", fp_add, 32, 0, 0x7f800001, 0x3f800000, 0x7fc00001, FPSR_IOC },
	{ "snan+1-dn", fp_add, 32, BIT(25), 0xff800001, 0x3f800000, 0x7fc00000, FPSR_IOC },
	{ "1/3", fp_divide, 64, 0, 0x3ff0000000000000, 0x4008000000000000, 0x3fd5555555555555,
	  FPSR_IXC },
	{ "1/3-up", fp_divide, 32, BIT(22), 0x3f800000, 0x40400000, 0x3eaaaaab, FPSR_IXC },
	{ "1/0", fp_divide, 64, 0, 0x3ff0000000000000, BIT(63), 0xfff0000000000000, FPSR_DZC },
	{ "0/0", fp_divide, 32, 0, 0, 0, 0x7fc00000, FPSR_IOC },
	{ "max*2", fp_multiply, 32, 0, 0x7f7fffff, 0x40000000, 0x7f800000, FPSR_OFC | FPSR_IXC },
	{ "max*2-zero", fp_multiply, 32, BITS(23, 22), 0x7f7fffff, 0x40000000, 0x7f7fffff,
	  FPSR_OFC | FPSR_IXC },
	{ "min/2-denormal", fp_multiply, 32, 0, 0x00800000, 0x3f000000, 0x00400000, 0 },
	{ "min/2-flushed", fp_multiply, 32, BIT(24), 0x00800000, 0x3f000000, 0, FPSR_UFC },
	{ "denormal-flushed", fp_add, 32, BIT(24), 1, 0x3f800000, 0x3f800000, FPSR_IDC },
	{ "smallest/2", fp_multiply, 64, 0, 1, 0x3fe0000000000000, 0, FPSR_UFC | FPSR_IXC },
	{ "half-smallest*1.5", fp_multiply, 16, 0, 1, 0x3e00, 2, FPSR_UFC | FPSR_IXC },
	{ "mulx-0*inf", fp_multiply_extended, 32, 0, BIT(31), 0x7f800000, 0xc0000000, 0 },
	{ "max-of-zeros", fp_max, 32, 0, BIT(31), 0, 0, 0 },
	{ "min-of-zeros", fp_min, 32, 0, 0, BIT(31), BIT(31), 0 },
	{ "maxnm-nan", fp_max_number, 32, 0, 0x7fc00000, 0x3f800000, 0x3f800000, 0 },
	{ "max-nan", fp_max, 32, 0, 0x7fc00000, 0x3f800000, 0x7fc00000, 0 },
	{ "recps-0*inf", fp_reciprocal_step, 32, 0, 0, 0x7f800000, 0x40000000, 0 },
	{ "rsqrts-0*inf", fp_reciprocal_root_step, 32, 0, 0, 0x7f800000, 0x3fc00000, 0 },
};

TEST(fp_model_operations,
     "the model's sums, products, quotients, maxima have the values of IEEE 754",
     SPEC("IEEE 754-2008, 4.3, 5.4.1, 7; DDI 0487, A1.5, J1.3"))
{
	for (u32 i = 0; i < ARRAY_SIZE(operations); i++) {
		struct fp_context c = fp_context(operations[i].fpcr);

		SUBTEST("%s", operations[i].name);
		EXPECT_EQ(
			operations[i].run(&c, operations[i].size, operations[i].a, operations[i].b),
			operations[i].result);
		EXPECT_EQ(c.fpsr, operations[i].fpsr);
	}
}

TEST(fp_model_others, "its roots, fused products, conversions and estimates, too",
     SPEC("IEEE 754-2008, 5.4; DDI 0487, J1.3, FPSqrt, FPToFixed, FPRecipEstimate"))
{
	struct fp_context c = fp_context(0);
	bool z;

	EXPECT_EQ(fp_square_root(&c, 64, 0x4000000000000000), 0x3ff6a09e667f3bcd);
	EXPECT_EQ(fp_square_root(&c, 32, 0x41100000), 0x40400000);
	/* (1 + 2^-52)^2 - (1 + 2^-51) is 2^-104. */
	EXPECT_EQ(
		fp_multiply_add(&c, 64, 0xbff0000000000002, 0x3ff0000000000001, 0x3ff0000000000001),
		0x3970000000000000);
	EXPECT_EQ(fp_convert(&c, 64, 32, 0x3ff0000010000000, FP_TIEEVEN), 0x3f800000);
	EXPECT_EQ(fp_convert(&c, 64, 32, 0x3ff0000010000000, FP_ODD), 0x3f800001);
	EXPECT_EQ(fp_convert(&c, 16, 64, 0x0001, FP_TIEEVEN), 0x3e70000000000000);
	EXPECT_EQ(fp_convert(&c, 32, 16, 0x7f801000, FP_TIEEVEN), 0x7e00);
	EXPECT_EQ(fp_to_fixed(&c, 32, 0x40200000, 0, false, FP_TIEEVEN, 32), 2);
	EXPECT_EQ(fp_to_fixed(&c, 32, 0x40200000, 0, false, FP_TIEAWAY, 32), 3);
	EXPECT_EQ(fp_to_fixed(&c, 32, 0xc0200000, 0, false, FP_NEGINF, 32), 0xfffffffd);
	EXPECT_EQ(fp_to_fixed(&c, 32, 0x4f000000, 0, false, FP_ZERO, 32), 0x7fffffff);
	EXPECT_EQ(fp_to_fixed(&c, 32, 0xbf800000, 0, true, FP_ZERO, 64), 0);
	EXPECT_EQ(fp_from_fixed(&c, 32, 0xffffffff, 8, false, 32), 0xbb800000);
	EXPECT_EQ(fp_to_javascript(&c, 0x41f0000010000000, &z), 0x100);
	EXPECT(!z);
	EXPECT_EQ(fp_to_javascript(&c, 0xc000000000000000, &z), 0xfffffffe);
	EXPECT(z);
	EXPECT_EQ(fp_round_to_integer(&c, 64, 0xbfe0000000000000, FP_TIEEVEN, false), BIT(63));
	EXPECT_EQ(fp_reciprocal_estimate(&c, 32, 0x3f800000), 0x3f7f8000);
	EXPECT_EQ(fp_reciprocal_root_estimate(&c, 32, 0x3f800000), 0x3f7f8000);
	EXPECT_EQ(fp_unsigned_reciprocal_estimate(0x80000000), 0xff800000);
}
