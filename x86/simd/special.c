/* SPDX-License-Identifier: MIT */
/* What MXCSR changes and what special operands do: NaNs, denormals, unmasked exceptions. */
#include "float.h"

#include <test.h>
#include <x86/cr.h>
#include <x86/model/simd_float.h>

SUITE("Special operands of floating point", REQUIRES(cpu_has(X86_FEATURE_SSE2)));

#define CHECK_IN(mode, ...)                                         \
	do {                                                        \
		const struct simd table_[] = { __VA_ARGS__ };       \
		simd_check(table_, ARRAY_SIZE(table_), &(mode), 1); \
	} while (0)

TEST(two_nans, "of two NaNs the first operand comes out, made quiet",
     SPEC("SDM vol. 1, table 4-7"), BUG("qemu issue 1375"))
{
	static const struct simd_mode mode = { MXCSR_ALL_MASKED, ALL_BUT_DE, true };

	CHECK_IN(mode, SSE_FOUR(add) SSE_FOUR(sub) SSE_FOUR(mul) SSE_FOUR(div));
}

TEST(denormal_flag, "a denormal operand sets DE, where no exception of higher priority is met",
     SPEC("SDM vol. 1, 4.9.1.2, 4.9.2, 11.5.2.2"))
{
	static const struct simd_mode mode = { MXCSR_ALL_MASKED, MXCSR_EXCEPTIONS, false };

	CHECK_IN(mode, SSE_SCALAR(addss, 4, SINGLES) SSE_SCALAR(subsd, 8, DOUBLES)
			       SSE_SCALAR(mulss, 4, SINGLES) SSE_SCALAR(sqrtsd, 8, DOUBLES)
				       SSE_SCALAR(minss, 4, SINGLES) SSE_SCALAR(maxsd, 8, DOUBLES)
					       SSE_SCALAR_I(cmpss, 1, SINGLES)
						       SSE_SCALAR(cvtss2sd, 4, SINGLES)
							       SSE_SCALAR(cvtsd2ss, 8, DOUBLES));
}

#define DAZ_MODE "SDM vol. 1, 10.2.3.4"
#define FTZ_MODE "SDM vol. 1, 10.2.3.3, 11.5.2.3"

TEST(denormals_are_zeros, "with MXCSR.DAZ denormal operands are zeros of their sign",
     SPEC(DAZ_MODE))
{
	static const struct simd_mode mode = { MXCSR_ALL_MASKED | MXCSR_DAZ, ALL_BUT_DE, false };

	CHECK_IN(mode,
		 SSE_FOUR(add) SSE_FOUR(sub) SSE_FOUR(mul) SSE_FOUR(div) SSE_FOUR(sqrt)
			 SSE_FOUR(min) SSE_FOUR(max) SSE_PACKED_I(cmpps, 0, SINGLES)
				 SSE_PACKED_I(cmppd, 2, DOUBLES) SSE_SCALAR(cvtss2sd, 4, SINGLES)
					 SSE_SCALAR(cvtsd2ss, 8, DOUBLES));
}

TEST(denormals_are_zeros_flag, "with MXCSR.DAZ denormal operands do not set DE", SPEC(DAZ_MODE))
{
	static const struct simd_mode mode = { MXCSR_ALL_MASKED | MXCSR_DAZ, MXCSR_EXCEPTIONS,
					       false };

	CHECK_IN(mode, SSE_SCALAR(addss, 4, SINGLES) SSE_SCALAR(mulsd, 8, DOUBLES));
}

TEST(flush_to_zero, "with MXCSR.FTZ tiny results are zeros, with UE and PE", SPEC(FTZ_MODE))
{
	static const struct simd_mode mode = { MXCSR_ALL_MASKED | MXCSR_FTZ, ALL_BUT_DE, false };

	CHECK_IN(mode, SSE_FOUR(add) SSE_FOUR(sub) SSE_FOUR(mul) SSE_FOUR(div) SSE_FOUR(sqrt)
			       SSE_SCALAR(cvtsd2ss, 8, DOUBLES));
}

/* ------------------------------------------------------------------------------------- unmasked */

struct unmasked {
	const char *name;
	const void *code;
	u32 a, b;
	u32 exception;
};

#define ONE	 0x3f800000
#define THREE	 0x40400000
#define DENORMAL 0x00000001
#define SMALL	 0x00800000
#define LARGE	 0x7f7fffff
#define SNAN	 0x7f800001
#define INFINITE 0x7f800000

TEST(unmasked_exceptions,
     "an unmasked exception is #XM; its flag is set, the destination unchanged",
     SPEC("SDM vol. 1, 11.5.3, 11.5.4; vol. 3A, 6.15, Interrupt 19"))
{
	const struct unmasked table[] = {
		{ "invalid_snan", CODE("addss %%xmm2, %%xmm1"), SNAN, ONE, FLOAT_IE },
		{ "invalid_infinities", CODE("subss %%xmm2, %%xmm1"), INFINITE, INFINITE,
		  FLOAT_IE },
		{ "denormal", CODE("addss %%xmm2, %%xmm1"), DENORMAL, ONE, FLOAT_DE },
		{ "divide_by_zero", CODE("divss %%xmm2, %%xmm1"), ONE, 0, FLOAT_ZE },
		{ "overflow", CODE("addss %%xmm2, %%xmm1"), LARGE, LARGE, FLOAT_OE },
		{ "underflow", CODE("divss %%xmm2, %%xmm1"), SMALL, THREE, FLOAT_UE },
		{ "precision", CODE("divss %%xmm2, %%xmm1"), ONE, THREE, FLOAT_PE },
		{ "invalid_conversion", CODE("cvtps2dq %%xmm2, %%xmm1"), ONE, LARGE, FLOAT_IE },
		{ "compare_snan", CODE("ucomiss %%xmm2, %%xmm1"), ONE, SNAN, FLOAT_IE },
	};
	static struct vector_registers before, after;

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		u32 unmasked = MXCSR_ALL_MASKED & ~(table[i].exception << 7);
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("%s", table[i].name);
		before.v[1].d[0] = table[i].a;
		before.v[2].d[0] = table[i].b;
		before.mxcsr = unmasked;
		vector_load(&before);
		EXPECT_FAULT(XM, execute_try(table[i].code, &r));
		vector_store(&after);
		EXPECT_EQ(after.v[1].d[0], table[i].a);
		EXPECT_EQ(after.mxcsr & table[i].exception, table[i].exception);
	}
}

TEST(unmasked_without_osxmmexcpt, "with CR4.OSXMMEXCPT clear an unmasked exception is #UD",
     SPEC("SDM vol. 3A, 2.5, CR4.OSXMMEXCPT"))
{
	static const struct vector_registers registers = {
		.v[1].d[0] = ONE,
		.mxcsr = MXCSR_ALL_MASKED & ~(FLOAT_ZE << 7),
	};
	struct registers r = { .flags = FLAG_1 };
	ulong cr4 = read_cr4();

	vector_load(&registers);
	write_cr4(cr4 & ~CR4_OSXMMEXCPT);
	EXPECT_FAULT(UD, execute_try(CODE("divss %%xmm2, %%xmm1"), &r));
	write_cr4(cr4);
}

TEST(flags_do_not_raise,
     "an exception flag that is already set does not raise #XM when it is unmasked",
     SPEC("SDM vol. 1, 11.5.3, 11.6.4"))
{
	static const struct vector_registers registers = {
		.v[1].d[0] = ONE,
		.v[2].d[0] = ONE,
		.mxcsr = MXCSR_EXCEPTIONS,
	};
	static struct vector_registers after;
	struct registers r = { .flags = FLAG_1 };

	vector_load(&registers);
	EXPECT_NO_FAULT(execute_try(CODE("addss %%xmm2, %%xmm1"), &r));
	vector_store(&after);
	EXPECT_EQ(after.v[1].d[0], 0x40000000u);
	EXPECT_EQ(after.mxcsr, (u32)MXCSR_EXCEPTIONS, "flags are sticky");
}

/* ------------------------------------------------------------------------------------- approximate */

/* The relative error of RCP and RSQRT is at most 1.5 * 2^-12: SDM vol. 2B, RCPPS, RSQRTPS. */
#define APPROXIMATION_BITS 11

/* Whether x * y, or x * x * y for the root, is 1 within twice that error. */
static bool is_near_one(u32 x, u32 y, bool root)
{
	struct float_context context = { .format = &float_double };
	struct real a = float_unpack(&float_single, x), b = float_unpack(&float_single, y);
	struct real one = float_unpack(&float_single, ONE);
	struct real product = float_multiply(&context, a, b), error;

	if (root)
		product = float_multiply(&context, product, a);
	error = float_subtract(&context, product, one);
	return error.kind == FLOAT_ZERO || (error.kind == FLOAT_FINITE &&
					    error.exponent <= -APPROXIMATION_BITS + (root ? 1 : 0));
}

static u32 run_single(const void *code, u32 operand)
{
	static struct vector_registers v;
	struct registers r = { .flags = FLAG_1 };

	v.mxcsr = MXCSR_ALL_MASKED;
	v.v[2].d[0] = operand;
	vector_load(&v);
	execute(code, &r);
	vector_store(&v);
	EXPECT_EQ(v.mxcsr, MXCSR_ALL_MASKED, "no exception is recorded");
	return v.v[1].d[0];
}

TEST(approximations, "RCPSS and RSQRTSS are within 1.5 * 2^-12 of the exact value",
     SPEC("SDM vol. 2B, RCPSS, RSQRTSS"))
{
	const void *codes[2] = { CODE("rcpss %%xmm2, %%xmm1"), CODE("rsqrtss %%xmm2, %%xmm1") };

	for (u32 root = 0; root < 2; root++) {
		SUBTEST("%s", root ? "rsqrtss" : "rcpss");
		for (u32 i = 0; i < 200; i++) {
			/* Exponents for which neither value nor result is near a limit. */
			u32 operand = (u32)random_below(0x7fffff) | (u32)(0x20 + random_below(0xc0))
									    << 23;
			u32 result = run_single(codes[root], operand);

			EXPECT(is_near_one(result, operand, root), "of %#x: %#x", operand, result);
		}
	}
}

struct approximated {
	u32 operand, reciprocal, root;
};

TEST(approximation_limits, "RCPSS and RSQRTSS of zero, infinity, NaN, and negative values",
     SPEC("SDM vol. 2B, RCPSS, RSQRTSS"))
{
	static const struct approximated table[] = {
		{ 0x00000000, 0x7f800000, 0x7f800000 }, { 0x80000000, 0xff800000, 0xff800000 },
		{ 0x7f800000, 0x00000000, 0x00000000 }, { 0xff800000, 0x80000000, 0xffc00000 },
		{ 0x7fc00001, 0x7fc00001, 0x7fc00001 }, { 0x7f800001, 0x7fc00001, 0x7fc00001 },
		{ 0x00000001, 0x7f800000, 0x7f800000 }, { 0x80000001, 0xff800000, 0xff800000 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("rcpss_%08x", table[i].operand);
		EXPECT_EQ(run_single(CODE("rcpss %%xmm2, %%xmm1"), table[i].operand),
			  table[i].reciprocal);
		SUBTEST("rsqrtss_%08x", table[i].operand);
		EXPECT_EQ(run_single(CODE("rsqrtss %%xmm2, %%xmm1"), table[i].operand),
			  table[i].root);
	}
}
