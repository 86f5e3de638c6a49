/* SPDX-License-Identifier: MIT */
#include "xstate.h"

#include <string.h>

const u64 xstate_combinations[XSTATE_COMBINATIONS] = {
	0,
	XSTATE_X87,
	XSTATE_SSE,
	XSTATE_AVX,
	XSTATE_PKRU,
	XSTATE_X87 | XSTATE_SSE,
	XSTATE_X87 | XSTATE_AVX,
	XSTATE_SSE | XSTATE_AVX,
	XSTATE_X87 | XSTATE_SSE | XSTATE_AVX,
	XSTATE_SSE | XSTATE_AVX | XSTATE_PKRU,
	XSTATE_X87 | XSTATE_SSE | XSTATE_AVX | XSTATE_PKRU,
};

u64 xstate_known(void)
{
	struct cpuid d = cpuid(0xd, 0);

	return d.eax & (XSTATE_X87 | XSTATE_SSE | XSTATE_AVX | XSTATE_PKRU);
}

void xstate_enable(void)
{
	ulong cr4 = read_cr4() | CR4_OSXSAVE;

	if (cpu_has(X86_FEATURE_PKU))
		cr4 |= CR4_PKE;
	write_cr4(cr4);
	ASSERT_NO_FAULT(xsetbv_try(0, xstate_known()));
}

void xstate_expect(const struct xstate *expected, u64 components)
{
	struct xstate actual;

	xstate_read(&actual, components);
	if (components & XSTATE_X87) {
		EXPECT_EQ(actual.fcw, expected->fcw);
		EXPECT_EQ(actual.fsw, expected->fsw);
		EXPECT_EQ(actual.ftw, expected->ftw);
		EXPECT_MEM_EQ(actual.st, expected->st, sizeof(actual.st));
	}
	if (components & XSTATE_SSE) {
		EXPECT_EQ(actual.mxcsr, expected->mxcsr);
		EXPECT_MEM_EQ(actual.xmm, expected->xmm, sizeof(actual.xmm));
	}
	if (components & XSTATE_AVX)
		EXPECT_MEM_EQ(actual.ymm_high, expected->ymm_high, sizeof(actual.ymm_high));
	if (components & XSTATE_PKRU)
		EXPECT_EQ(actual.pkru, expected->pkru);
}

void xstate_copy(struct xstate *to, const struct xstate *from, u64 components)
{
	if (components & XSTATE_X87) {
		to->fcw = from->fcw;
		to->fsw = from->fsw;
		to->ftw = from->ftw;
		memcpy(to->st, from->st, sizeof(to->st));
	}
	if (components & XSTATE_SSE)
		memcpy(to->xmm, from->xmm, sizeof(to->xmm));
	if (components & XSTATE_AVX)
		memcpy(to->ymm_high, from->ymm_high, sizeof(to->ymm_high));
	if (components & XSTATE_PKRU)
		to->pkru = from->pkru;
}

static void copy(struct xsave_area *to, const struct xsave_area *from, u32 offset, u32 size)
{
	memcpy(to->bytes + offset, from->bytes + offset, size);
}

void xstate_expect_area(const struct xsave_area *area, const struct xsave_area *before,
			const struct xstate *state, u64 components, u64 requested)
{
	static struct xsave_area expected;

	expected = *before;
	xstate_to_area(state, components, &expected);
	if (requested & XSTATE_SSE)
		memcpy(expected.bytes + XSAVE_MXCSR, &state->mxcsr, 4);
	if (components & XSTATE_X87) {
		/* The last instruction's opcode and pointers, and what lies between the registers. */
		copy(&expected, area, XSAVE_FTW + 1, XSAVE_MXCSR - XSAVE_FTW - 1);
		for (u32 i = 0; i < 8; i++)
			copy(&expected, area, XSAVE_ST + 16 * i + 10, 6);
	}
	if (xstate_mxcsr_is_open(requested))
		copy(&expected, area, XSAVE_MXCSR, 8);
	else if (requested & XSTATE_SSE)
		copy(&expected, area, XSAVE_MXCSR_MASK, 4);
	else
		copy(&expected, before, XSAVE_MXCSR, 8);
	/* The component is 8 bytes long, PKRU 4. */
	if (components & XSTATE_PKRU)
		copy(&expected, area, xstate_offset(9) + 4, 4);
	EXPECT_MEM_EQ(area->bytes, expected.bytes, XSAVE_XSTATE_BV);
	EXPECT_MEM_EQ(area->bytes + XSAVE_XCOMP_BV, expected.bytes + XSAVE_XCOMP_BV,
		      sizeof(expected) - XSAVE_XCOMP_BV);
}
