/* SPDX-License-Identifier: MIT */
/* XSAVE and XSAVEOPT: what they store, and what they leave alone. SDM vol. 1, 13.7, 13.9. */
#include "xstate.h"

#include <string.h>
#include <x86/place.h>

SUITE("XSAVE and XSAVEOPT", REQUIRES(cpu_has(X86_FEATURE_XSAVE)));

static struct xsave_area area, before;

static void fill(u8 value)
{
	memset(&area, value, sizeof(area));
	area_set_u64(&area, XSAVE_XSTATE_BV, 0);
	before = area;
}

/* Each component alone, then all of them. */
static u64 requested(u32 i)
{
	static const u64 rows[] = { XSTATE_X87, XSTATE_SSE, XSTATE_AVX, XSTATE_PKRU };

	return i < ARRAY_SIZE(rows) ? rows[i] : xstate_known();
}
#define ROWS 5

TEST(xsave_stores_requested,
     "XSAVE stores the components of EDX:EAX and sets their bits of XSTATE_BV; all else stays",
     SPEC("SDM vol. 1, 13.7"))
{
	static const u64 old_bv[] = { 0, XSTATE_X87, XSTATE_SSE, XSTATE_X87 | XSTATE_SSE };

	xstate_enable();
	for (u32 i = 0; i < ROWS; i++)
		for (u32 j = 0; j < ARRAY_SIZE(old_bv); j++) {
			u64 rfbm = requested(i);
			struct xstate state;

			if (rfbm & ~xstate_known())
				continue;
			SUBTEST("%s-bv-was-%#llx", xstate_name(rfbm), old_bv[j]);
			xstate_random(&state);
			fill((u8)(0x21 + i));
			area_set_u64(&area, XSAVE_XSTATE_BV, old_bv[j]);
			before = area;
			xstate_write(&state, xstate_known());
			EXPECT_NO_FAULT(xsave_try(&area, rfbm));
			xstate_expect_area(&area, &before, &state, rfbm, rfbm);
			EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), old_bv[j] | rfbm);
			xstate_expect(&state, xstate_known());
		}
}

TEST(xsave_mxcsr,
     "XSAVE and XSAVEOPT store MXCSR and its mask if SSE or AVX is requested, and not else",
     SPEC("SDM vol. 1, 13.7, 13.9"))
{
	static const struct {
		u64 rfbm;
		bool stored;
	} rows[] = {
		{ XSTATE_X87, false },
		{ XSTATE_SSE, true },
		{ XSTATE_AVX, true },
		{ XSTATE_PKRU, false },
	};

	xstate_enable();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 opt = 0; opt <= cpu_has(X86_FEATURE_XSAVEOPT); opt++) {
			struct xstate state;
			u32 mxcsr;

			if (rows[i].rfbm & ~xstate_known())
				continue;
			SUBTEST("%s-%s", opt ? "xsaveopt" : "xsave", xstate_name(rows[i].rfbm));
			xstate_random(&state);
			fill(0x99);
			xstate_write(&state, xstate_known());
			EXPECT_NO_FAULT(opt ? xsaveopt_try(&area, rows[i].rfbm)
					    : xsave_try(&area, rows[i].rfbm));
			memcpy(&mxcsr, area.bytes + XSAVE_MXCSR, 4);
			EXPECT_EQ(mxcsr, rows[i].stored ? state.mxcsr : 0x99999999);
		}
}

TEST(xsave_ignores_disabled, "XSAVE ignores requests for components that XCR0 does not have",
     SPEC("SDM vol. 1, 13.7: RFBM is XCR0 AND EDX:EAX"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	static const u64 xcr0[] = { XSTATE_X87, XSTATE_X87 | XSTATE_SSE };

	xstate_enable();
	for (u32 i = 0; i < ARRAY_SIZE(xcr0); i++) {
		struct xstate state;

		SUBTEST("xcr0-%#llx", xcr0[i]);
		xstate_random(&state);
		ASSERT_NO_FAULT(xsetbv_try(0, xstate_known()));
		xstate_write(&state, xstate_known());
		ASSERT_NO_FAULT(xsetbv_try(0, xcr0[i]));
		fill(0x77);
		EXPECT_NO_FAULT(xsave_try(&area, ~0ull));
		xstate_expect_area(&area, &before, &state, xcr0[i], xcr0[i]);
		EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), xcr0[i]);
		SUBTEST("xcr0-%#llx-nothing-requested", xcr0[i]);
		fill(0x78);
		EXPECT_NO_FAULT(xsave_try(&area, ~0ull << 2));
		EXPECT_MEM_EQ(&area, &before, sizeof(area));
	}
}

TEST(xsaveopt_stores_state,
     "XSAVEOPT stores what is not in its initial configuration, and again what changed since XRSTOR",
     SPEC("SDM vol. 1, 13.9"), REQUIRES(cpu_has(X86_FEATURE_XSAVEOPT)))
{
	xstate_enable();
	for (u32 i = 0; i < ROWS; i++) {
		u64 rfbm = requested(i);
		struct xstate state;

		if (rfbm & ~xstate_known())
			continue;
		SUBTEST("%s", xstate_name(rfbm));
		xstate_random(&state);
		fill(0x31);
		xstate_write(&state, xstate_known());
		EXPECT_NO_FAULT(xsaveopt_try(&area, rfbm));
		xstate_expect_area(&area, &before, &state, rfbm, rfbm);
		EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), rfbm);

		/* The modified optimization must not hide a change. */
		SUBTEST("%s-changed-since-xrstor", xstate_name(rfbm));
		fill(0);
		xstate_to_area(&state, xstate_known(), &area);
		area_set_u64(&area, XSAVE_XSTATE_BV, xstate_known());
		EXPECT_NO_FAULT(xrstor_try(&area, ~0ull));
		xstate_random(&state);
		xstate_write(&state, xstate_known());
		before = area;
		EXPECT_NO_FAULT(xsaveopt_try(&area, rfbm));
		xstate_expect_area(&area, &before, &state, rfbm, rfbm);
		EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), xstate_known());

		/* Nor may it take another area for the one that was restored. */
		SUBTEST("%s-other-area", xstate_name(rfbm));
		EXPECT_NO_FAULT(xrstor_try(&area, ~0ull));
		fill(0x32);
		EXPECT_NO_FAULT(xsaveopt_try(&area, rfbm));
		xstate_expect_area(&area, &before, &state, rfbm, rfbm);
	}
}

/* With a component in its initial configuration its bit may be 0, and then it is not stored. */
TEST(xsaveopt_initial,
     "XSAVEOPT stores an initial component, or clears its bit and leaves its place",
     SPEC("SDM vol. 1, 13.6, 13.9"), REQUIRES(cpu_has(X86_FEATURE_XSAVEOPT)))
{
	xstate_enable();
	for (u32 i = 0; i < ROWS; i++) {
		u64 rfbm = requested(i), bv;
		struct xstate state;

		if (rfbm & ~xstate_known())
			continue;
		SUBTEST("%s", xstate_name(rfbm));
		xstate_random(&state);
		state.mxcsr = 0x1f80;
		xstate_write(&state, xstate_known());
		fill(0);
		memcpy(area.bytes + XSAVE_MXCSR, &state.mxcsr, 4);
		EXPECT_NO_FAULT(xrstor_try(&area, rfbm));
		xstate_initialise(&state, rfbm);
		fill(0x55);
		area_set_u64(&area, XSAVE_XSTATE_BV, rfbm);
		before = area;
		EXPECT_NO_FAULT(xsaveopt_try(&area, rfbm));
		bv = area_u64(&area, XSAVE_XSTATE_BV);
		EXPECT_EQ(bv & ~rfbm, 0ull);
		xstate_expect_area(&area, &before, &state, bv, rfbm);
		xstate_expect(&state, xstate_known());
	}
}

/* What XSAVE stores is what XRSTOR loads: bounds have no other way to be read. */
TEST(xsave_bounds, "bound registers and their configuration come back as they were stored",
     SPEC("SDM vol. 1, 13.5.4"), REQUIRES(cpu_has(X86_FEATURE_MPX)))
{
	const u64 mpx = XSTATE_BNDREGS | XSTATE_BNDCSR;
	static struct xsave_area image;

	xstate_enable();
	ASSERT_NO_FAULT(xsetbv_try(0, XSTATE_X87 | mpx));
	memset(&image, 0, sizeof(image));
	area_set_u64(&image, XSAVE_XSTATE_BV, mpx);
	for (u32 i = 0; i < 8; i++)
		area_set_u64(&image, xstate_offset(3) + 8 * i, random_u64());
	/* BNDCFGU: a base, bits 11-1 clear and not enabled; BNDSTATUS. */
	area_set_u64(&image, xstate_offset(4), 0x12345000);
	area_set_u64(&image, xstate_offset(4) + 8, 0x23456783);
	for (u64 component = XSTATE_BNDREGS; component <= XSTATE_BNDCSR; component <<= 1) {
		u32 number = component == XSTATE_BNDREGS ? 3 : 4;

		SUBTEST("component-%u", number);
		EXPECT_NO_FAULT(xrstor_try(&image, mpx));
		fill(0x66);
		EXPECT_NO_FAULT(xsave_try(&area, component));
		EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), component);
		EXPECT_MEM_EQ(area.bytes + xstate_offset(number),
			      image.bytes + xstate_offset(number), number == 3 ? 64 : 16);
		/* The other component's place is not touched. */
		EXPECT_MEM_EQ(area.bytes + xstate_offset(7 - number),
			      before.bytes + xstate_offset(7 - number), number == 3 ? 16 : 64);
		SUBTEST("component-%u-initial", number);
		area_set_u64(&area, XSAVE_XSTATE_BV, 0);
		memset(area.bytes + XSAVE_XCOMP_BV, 0, 56);
		EXPECT_NO_FAULT(xrstor_try(&area, component));
		fill(0x67);
		EXPECT_NO_FAULT(xsave_try(&area, mpx));
		for (u32 offset = 0; offset < (number == 3 ? 64 : 16); offset += 8)
			EXPECT_EQ(area_u64(&area, xstate_offset(number) + offset), 0ull);
	}
}

/* -------------------------------------------------------------------------------------- refusals */

static const struct {
	const char *name;
	u8 extension; /* /n of 0F AE */
	bool optional;
	enum x86_feature feature;
} insns[] = {
	{ "xsave", 4, false, 0 },
	{ "xrstor", 5, false, 0 },
	{ "xsaveopt", 6, true, X86_FEATURE_XSAVEOPT },
};

/* The instruction with [CX], after a prefix or 0, with EDX:EAX = 0, so that it would do nothing. */
static struct fault run_insn(u32 i, u8 prefix, u32 cpl, void *at)
{
	const u8 code[4] = { prefix, 0x0f, 0xae, (u8)(insns[i].extension << 3 | 1) };
	struct registers r = { .cx = (ulong)at, .flags = FLAG_1 };

	return execute_in(at_cpl(cpl), code_bytes(prefix ? code : code + 1, prefix ? 4 : 3), &r);
}

static bool is_absent(u32 i)
{
	return insns[i].optional && !cpu_has(insns[i].feature);
}

TEST(xsave_needs_osxsave,
     "without CR4.OSXSAVE the XSAVE family is #UD, and so is what is not in CPUID",
     SPEC("SDM vol. 1, 13.3; vol. 2D, XSAVE, XRSTOR, XSAVEOPT"))
{
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", insns[i].name, cpl);
			fill(0);
			write_cr4(read_cr4() & ~CR4_OSXSAVE);
			EXPECT_FAULT(UD, run_insn(i, 0, cpl, &area));
			write_cr4(read_cr4() | CR4_OSXSAVE);
			EXPECT_FAULT(is_absent(i) ? UD : NO_FAULT, run_insn(i, 0, cpl, &area));
		}
}

TEST(xsave_with_ts, "with CR0.TS the XSAVE family is #NM; CR0.EM does not matter",
     SPEC("SDM vol. 2D, XSAVE, XRSTOR, XSAVEOPT"))
{
	ulong cr0 = read_cr0();

	xstate_enable();
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		if (is_absent(i))
			continue;
		fill(0);
		SUBTEST("%s-ts", insns[i].name);
		write_cr0(cr0 | CR0_TS);
		EXPECT_FAULT(NM, run_insn(i, 0, 0, &area));
		SUBTEST("%s-em", insns[i].name);
		write_cr0(cr0 | CR0_EM);
		EXPECT_NO_FAULT(run_insn(i, 0, 0, &area));
		write_cr0(cr0);
	}
}

TEST(xsave_misaligned,
     "an area that is not 64-byte aligned is #GP(0), and nothing is stored or loaded",
     SPEC("SDM vol. 2D, XSAVE, XRSTOR, XSAVEOPT"))
{
	static const u32 offsets[] = { 1, 2, 4, 8, 16, 32, 63, 48 };
	struct xstate state;

	xstate_enable();
	xstate_random(&state);
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
		for (u32 j = 0; j < ARRAY_SIZE(offsets); j++) {
			u8 *at = area.bytes + offsets[j];

			if (is_absent(i))
				continue;
			SUBTEST("%s-%u", insns[i].name, offsets[j]);
			fill(0);
			xstate_write(&state, xstate_known());
			EXPECT_FAULT(GP(0), i == 0   ? xsave_try(at, ~0ull)
					    : i == 1 ? xrstor_try(at, ~0ull)
						     : xsaveopt_try(at, ~0ull));
			EXPECT_MEM_EQ(&area, &before, sizeof(area));
			xstate_expect(&state, xstate_known());
		}
}

/* 66 0F AE /6 is CLWB; F3 and F2 with /4 to /6 in memory form are nothing. */
TEST(xsave_prefixes, "LOCK, and for XSAVE and XRSTOR 66H, F2H and F3H too, is #UD",
     SPEC("SDM vol. 2D, XSAVE, XRSTOR; vol. 2, table A-6"))
{
	static const u8 prefixes[] = { 0xf0, 0x66, 0xf2, 0xf3 };

	xstate_enable();
	for (u32 i = 0; i < 2; i++)
		for (u32 j = 0; j < ARRAY_SIZE(prefixes); j++) {
			SUBTEST("%s-%#x", insns[i].name, prefixes[j]);
			fill(0);
			EXPECT_FAULT(UD, run_insn(i, prefixes[j], 0, &area));
		}
	SUBTEST("xsaveopt-0xf0");
	EXPECT_FAULT(UD, run_insn(2, 0xf0, 0, &area));
}
