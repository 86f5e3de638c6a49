/* SPDX-License-Identifier: MIT */
/* Forms with REX.W: the same state, with x87 pointers of 64 bits. SDM vol. 1, 13.5.1. */
#include "xstate.h"

#include <string.h>
#include <x86/desc.h>
#include <x86/enter.h>

SUITE("XSAVE64, XRSTOR64, FXSAVE64 and FXRSTOR64");

static struct xsave_area area, before;

TEST(fxsave64, "FXSAVE64 and FXRSTOR64 store and load x87, MXCSR and XMM",
     SPEC("SDM vol. 2A, FXSAVE, FXRSTOR"), REQUIRES(cpu_has(X86_FEATURE_FXSR)))
{
	const u64 components = XSTATE_X87 | XSTATE_SSE;
	struct xstate state, other;

	xstate_random(&state);
	xstate_random(&other);
	memset(&area, 0x12, sizeof(area));
	before = area;
	xstate_write(&state, components);
	EXPECT_NO_FAULT(fxsave64_try(&area));
	xstate_expect_area(&area, &before, &state, components, components);
	xstate_write(&other, components);
	EXPECT_NO_FAULT(fxrstor64_try(&area));
	xstate_expect(&state, components);
	EXPECT_FAULT(GP(0), fxsave64_try(area.bytes + 8));
	EXPECT_FAULT(GP(0), fxrstor64_try(area.bytes + 8));
}

TEST(xsave64, "XSAVE64 and XRSTOR64 store and load every component",
     SPEC("SDM vol. 2D, XSAVE, XRSTOR"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	struct xstate state, other;

	xstate_enable();
	xstate_random(&state);
	xstate_random(&other);
	memset(&area, 0, sizeof(area));
	before = area;
	xstate_write(&state, xstate_known());
	EXPECT_NO_FAULT(xsave64_try(&area, ~0ull));
	xstate_expect_area(&area, &before, &state, xstate_known(), xstate_known());
	EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), xstate_known());
	xstate_write(&other, xstate_known());
	EXPECT_NO_FAULT(xrstor64_try(&area, ~0ull));
	xstate_expect(&state, xstate_known());
}

/* Outside 64-bit mode only registers 0 to 7 are saved and loaded. */
TEST(xsave_in_compatibility_mode,
     "XSAVE and XRSTOR of compatibility mode leave XMM8 to XMM15 and their places alone",
     SPEC("SDM vol. 1, 13.5.2, 13.5.3"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	/* XSAVE [ECX], XRSTOR [ECX], and UD2 to come back. */
	static const u8 codes[][5] = { { 0x0f, 0xae, 0x21, 0x0f, 0x0b },
				       { 0x0f, 0xae, 0x29, 0x0f, 0x0b } };

	for (u32 i = 0; i < 2; i++) {
		struct xstate state, other;
		struct trap_frame frame = enter_frame(0, codes[i]);

		SUBTEST("%s", i ? "xrstor" : "xsave");
		xstate_enable();
		xstate_random(&state);
		xstate_random(&other);
		memset(&area, i ? 0 : 0x3c, sizeof(area));
		area_set_u64(&area, XSAVE_XSTATE_BV, i ? xstate_known() : 0);
		if (i)
			xstate_to_area(&other, xstate_known(), &area);
		before = area;
		xstate_write(&state, xstate_known());
		frame.cs = SEL_KERNEL_CS32;
		frame.cx = (ulong)&area;
		frame.ax = frame.dx = ~0ul;
		EXPECT_FAULT(UD, enter(&frame));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)codes[i] + 3);
		if (i) {
			memcpy(state.xmm, other.xmm, 8 * 16);
			state.mxcsr = other.mxcsr;
			xstate_expect(&state, XSTATE_SSE);
			if (cpu_has(X86_FEATURE_AVX)) {
				memcpy(state.ymm_high, other.ymm_high, 8 * 16);
				xstate_expect(&state, XSTATE_AVX);
			}
		} else {
			EXPECT_MEM_EQ(area.bytes + XSAVE_XMM, state.xmm, 8 * 16);
			EXPECT_MEM_EQ(area.bytes + XSAVE_XMM + 8 * 16,
				      before.bytes + XSAVE_XMM + 8 * 16, 8 * 16);
		}
	}
}
