/* SPDX-License-Identifier: MIT */
/* What the cases of FXSAVE and the XSAVE family share. */
#ifndef ASSAY_SYS_XSTATE_H
#define ASSAY_SYS_XSTATE_H

#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/xsave.h>

/* The components whose registers can be read without this family, as far as the CPU has them. */
u64 xstate_known(void);

/* Sets of them, as a request or as what an area has. */
#define XSTATE_COMBINATIONS 11
extern const u64 xstate_combinations[XSTATE_COMBINATIONS];

static inline const char *xstate_name(u64 component)
{
	switch (component) {
	case XSTATE_X87:
		return "x87";
	case XSTATE_SSE:
		return "sse";
	case XSTATE_AVX:
		return "avx";
	case XSTATE_PKRU:
		return "pkru";
	default:
		return "all";
	}
}

/* Bits of MXCSR that are reserved: bit 17 is MM with AMD's misaligned SSE mode (APM vol. 1, 4.2.2). */
static inline u32 mxcsr_reserved(void)
{
	return 0xffff0000u & ~(cpu_has(X86_FEATURE_MISALIGNSSE) ? (u32)BIT(17) : 0);
}

/* Sets CR4.OSXSAVE, XCR0 to xstate_known(), and CR4.PKE if there is PKU. */
void xstate_enable(void);

/* Expects that the registers hold `expected`, as far as `components` go; `mxcsr` too if SSE is there. */
void xstate_expect(const struct xstate *expected, u64 components);

/*
 * Expects that the area holds the components of `state`, MXCSR and its mask if SSE is among `requested`,
 * and that it is else as it was `before`; XSTATE_BV is the caller's. A request for AVX without SSE
 * leaves MXCSR open: that is a case of its own.
 */
void xstate_expect_area(const struct xsave_area *area, const struct xsave_area *before,
			const struct xstate *state, u64 components, u64 requested);

/* Whether these requests leave MXCSR open. */
static inline bool xstate_mxcsr_is_open(u64 requested)
{
	return (requested & (XSTATE_SSE | XSTATE_AVX)) == XSTATE_AVX;
}

/* Copies the components of `from`, MXCSR not among them. */
void xstate_copy(struct xstate *to, const struct xstate *from, u64 components);

#endif
