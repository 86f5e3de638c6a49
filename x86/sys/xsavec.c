/* SPDX-License-Identifier: MIT */
/* XSAVEC and XRSTOR in the compacted format: SDM vol. 1, 13.4.3, 13.8.2, 13.10. */
#include "xstate.h"

#include <string.h>

SUITE("XSAVEC and the compacted format", REQUIRES(cpu_has(X86_FEATURE_XSAVEC)));

static struct xsave_area area, before;

/* Where the compacted format has a component: CPUID leaf 0DH, ECX bit 1 aligns it to 64 bytes. */
static u32 compacted_offset(u64 xcomp_bv, u32 component)
{
	u32 offset = XSAVE_EXTENDED;

	for_each_set_bit(i, xcomp_bv & BITS(62, 2)) {
		if (cpuid(0xd, (u32)i).ecx & 2)
			offset = ALIGN_UP(offset, 64u);
		if (i == component)
			break;
		offset += xstate_size((u32)i);
	}
	return offset;
}

static void put(const struct xstate *state, u64 components)
{
	xstate_to_area(state, components & (XSTATE_X87 | XSTATE_SSE), &area);
	if (components & XSTATE_AVX)
		memcpy(area.bytes + compacted_offset(components, 2), state->ymm_high,
		       sizeof(state->ymm_high));
	if (components & XSTATE_PKRU)
		memcpy(area.bytes + compacted_offset(components, 9), &state->pkru, 4);
}

TEST(xsavec_stores,
     "XSAVEC stores the requested components one after the other, and says so in XCOMP_BV",
     SPEC("SDM vol. 1, 13.10"))
{
	xstate_enable();
	for (u32 i = 0; i < XSTATE_COMBINATIONS; i++) {
		u64 rfbm = xstate_combinations[i];
		struct xstate state, read_back;
		u32 mxcsr;

		if (rfbm & ~xstate_known())
			continue;
		SUBTEST("request-%#llx", rfbm);
		xstate_random(&state);
		memset(&area, 0x44, sizeof(area));
		before = area;
		xstate_write(&state, xstate_known());
		EXPECT_NO_FAULT(xsavec_try(&area, rfbm));
		xstate_read(&read_back, xstate_known());
		EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), rfbm);
		EXPECT_EQ(area_u64(&area, XSAVE_XCOMP_BV), rfbm | XSAVE_COMPACTED);
		if (rfbm & XSTATE_X87)
			for (u32 j = 0; j < 8; j++)
				EXPECT_MEM_EQ(area.bytes + XSAVE_ST + 16 * j, state.st[j], 10);
		else
			EXPECT_MEM_EQ(area.bytes, before.bytes, XSAVE_MXCSR);
		memcpy(&mxcsr, area.bytes + XSAVE_MXCSR, 4);
		EXPECT_EQ(mxcsr, rfbm & XSTATE_SSE ? state.mxcsr : 0x44444444);
		EXPECT_MEM_EQ(area.bytes + XSAVE_XMM,
			      rfbm & XSTATE_SSE ? state.xmm[0] : before.bytes + XSAVE_XMM,
			      sizeof(state.xmm));
		if (rfbm & XSTATE_AVX)
			EXPECT_MEM_EQ(area.bytes + compacted_offset(rfbm, 2), state.ymm_high,
				      sizeof(state.ymm_high));
		if (rfbm & XSTATE_PKRU)
			EXPECT_MEM_EQ(area.bytes + compacted_offset(rfbm, 9), &state.pkru, 4);
		EXPECT_MEM_EQ(area.bytes + XSAVE_UNUSED, before.bytes + XSAVE_UNUSED, 48);
	}
}

/* The compacted format's header says what is there, and MXCSR goes with SSE alone. */
TEST(xrstor_compacted,
     "XRSTOR loads from the compacted format, and initialises what was requested and is not there",
     SPEC("SDM vol. 1, 13.8.2"))
{
	xstate_enable();
	for (u32 i = 0; i < XSTATE_COMBINATIONS; i++)
		for (u32 j = 0; j < XSTATE_COMBINATIONS; j++) {
			u64 rfbm = xstate_combinations[i], bv = xstate_combinations[j];
			struct xstate expected, state;

			if ((rfbm | bv) & ~xstate_known())
				continue;
			SUBTEST("request-%#llx-bv-%#llx", rfbm, bv);
			xstate_random(&expected);
			xstate_random(&state);
			memset(&area, 0, sizeof(area));
			put(&state, bv);
			area_set_u64(&area, XSAVE_XSTATE_BV, bv);
			area_set_u64(&area, XSAVE_XCOMP_BV, bv | XSAVE_COMPACTED);
			xstate_write(&expected, xstate_known());
			EXPECT_NO_FAULT(xrstor_try(&area, rfbm));
			xstate_copy(&expected, &state, rfbm & bv);
			xstate_initialise(&expected, rfbm & ~bv);
			if (rfbm & XSTATE_SSE)
				expected.mxcsr = bv & XSTATE_SSE ? state.mxcsr : 0x1f80;
			xstate_expect(&expected, xstate_known());
		}
}

static void expect_header_refused(u64 xstate_bv, u64 xcomp_bv, u32 bit)
{
	struct xstate registers;

	xstate_random(&registers);
	memset(&area, 0, sizeof(area));
	area_set_u64(&area, XSAVE_XSTATE_BV, xstate_bv);
	area_set_u64(&area, XSAVE_XCOMP_BV, xcomp_bv);
	if (bit)
		area.bytes[XSAVE_XCOMP_BV + bit / 8] |= (u8)BIT(bit % 8);
	xstate_write(&registers, xstate_known());
	EXPECT_FAULT(GP(0), xrstor_try(&area, XSTATE_X87));
	xstate_expect(&registers, xstate_known());
}

TEST(xrstor_compacted_header,
     "a compacted header with what is not in XCR0, or bytes 63-16 not 0, is #GP(0)",
     SPEC("SDM vol. 1, 13.4.2, 13.8.2"))
{
	xstate_enable();
	for_each_set_bit(bit, ~xstate_known() & ~XSAVE_COMPACTED) {
		SUBTEST("xcomp_bv-bit-%llu", bit);
		expect_header_refused(0, XSAVE_COMPACTED | XSTATE_X87 | BIT(bit), 0);
		SUBTEST("xstate_bv-bit-%llu", bit);
		expect_header_refused(BIT(bit), XSAVE_COMPACTED | XSTATE_X87, 0);
	}
	SUBTEST("xstate_bv-beyond-xcomp_bv");
	expect_header_refused(XSTATE_X87 | XSTATE_SSE, XSAVE_COMPACTED | XSTATE_X87, 0);
	for (u32 bit = 64; bit < 64 + 48 * 8; bit += 7) {
		SUBTEST("header-bit-%u", bit);
		expect_header_refused(XSTATE_X87, XSAVE_COMPACTED | XSTATE_X87, bit);
	}
}
