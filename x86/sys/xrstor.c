/* SPDX-License-Identifier: MIT */
/* XRSTOR from the standard format: SDM vol. 1, 13.8.1. */
#include "xstate.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("XRSTOR", REQUIRES(cpu_has(X86_FEATURE_XSAVE)));

static struct xsave_area area;

/* `registers` in the registers, and an area with `state` in it and this XSTATE_BV. */
static void set_up(struct xstate *registers, struct xstate *state, u64 bv)
{
	xstate_random(registers);
	xstate_random(state);
	memset(&area, 0, sizeof(area));
	xstate_to_area(state, xstate_known(), &area);
	area_set_u64(&area, XSAVE_XSTATE_BV, bv);
	xstate_write(registers, xstate_known());
}

static void copy_mxcsr(struct xstate *to, const struct xstate *from, u64 rfbm)
{
	if (rfbm & (XSTATE_SSE | XSTATE_AVX))
		to->mxcsr = from->mxcsr;
}

/* Every pair of what is requested and what the area has. */
TEST(xrstor_model,
     "XRSTOR loads requested components, initialises those that are not in XSTATE_BV, and keeps others",
     SPEC("SDM vol. 1, 13.8.1"))
{
	xstate_enable();
	for (u32 i = 0; i < XSTATE_COMBINATIONS; i++)
		for (u32 j = 0; j < XSTATE_COMBINATIONS; j++) {
			u64 rfbm = xstate_combinations[i], bv = xstate_combinations[j];
			struct xstate expected, state;

			if ((rfbm | bv) & ~xstate_known())
				continue;
			SUBTEST("request-%#llx-bv-%#llx", rfbm, bv);
			set_up(&expected, &state, bv);
			EXPECT_NO_FAULT(xrstor_try(&area, rfbm));
			xstate_copy(&expected, &state, rfbm & bv);
			xstate_initialise(&expected, rfbm & ~bv);
			copy_mxcsr(&expected, &state, rfbm);
			if (xstate_mxcsr_is_open(rfbm))
				expected.mxcsr = stmxcsr();
			xstate_expect(&expected, xstate_known());
		}
}

TEST(xrstor_loads_mxcsr,
     "XRSTOR loads MXCSR if SSE or AVX is requested, whatever XSTATE_BV, and not else",
     SPEC("SDM vol. 1, 13.8.1"))
{
	static const struct {
		u64 rfbm;
		bool loaded;
	} rows[] = {
		{ XSTATE_X87, false },
		{ XSTATE_SSE, true },
		{ XSTATE_AVX, true },
		{ XSTATE_PKRU, false },
	};

	xstate_enable();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 bv = 0; bv <= 1; bv++) {
			struct xstate old, state;

			if (rows[i].rfbm & ~xstate_known())
				continue;
			SUBTEST("%s-bv%u", xstate_name(rows[i].rfbm), bv);
			set_up(&old, &state, bv ? rows[i].rfbm : 0);
			EXPECT_NO_FAULT(xrstor_try(&area, rows[i].rfbm));
			EXPECT_EQ(stmxcsr(), rows[i].loaded ? state.mxcsr : old.mxcsr);
		}
}

TEST(xrstor_ignores_disabled, "XRSTOR ignores requests for components that are not in XCR0",
     SPEC("SDM vol. 1, 13.8: RFBM is XCR0 AND EDX:EAX"))
{
	struct xstate expected, state;

	xstate_enable();
	set_up(&expected, &state, XSTATE_X87);
	ASSERT_NO_FAULT(xsetbv_try(0, XSTATE_X87));
	EXPECT_NO_FAULT(xrstor_try(&area, ~0ull));
	ASSERT_NO_FAULT(xsetbv_try(0, xstate_known()));
	xstate_copy(&expected, &state, XSTATE_X87);
	xstate_expect(&expected, xstate_known());
}

TEST(xrstor_bv_beyond_xcr0,
     "an XSTATE_BV with a bit that is not in XCR0 is #GP(0), requested or not",
     SPEC("SDM vol. 1, 13.8.1; vol. 2D, XRSTOR"))
{
	struct xstate expected, state;

	xstate_enable();
	for_each_set_bit(bit, ~xstate_known()) {
		SUBTEST("bit-%llu", bit);
		set_up(&expected, &state, BIT(bit) | XSTATE_X87);
		EXPECT_FAULT(GP(0), xrstor_try(&area, ~0ull));
		EXPECT_FAULT(GP(0), xrstor_try(&area, XSTATE_X87));
		EXPECT_FAULT(GP(0), xrstor_try(&area, 0));
		xstate_expect(&expected, xstate_known());
	}
	if (!cpu_has(X86_FEATURE_AVX))
		return;
	SUBTEST("avx-not-in-xcr0");
	set_up(&expected, &state, XSTATE_AVX);
	ASSERT_NO_FAULT(xsetbv_try(0, XSTATE_X87 | XSTATE_SSE));
	EXPECT_FAULT(GP(0), xrstor_try(&area, XSTATE_X87));
	ASSERT_NO_FAULT(xsetbv_try(0, xstate_known()));
	xstate_expect(&expected, xstate_known());
}

/* Bytes 23-8 of the header. Bit 63 of XCOMP_BV selects the compacted format where there is one. */
TEST(xrstor_header, "a bit in bytes 23-8 of the header is #GP(0), and the registers stay",
     SPEC("SDM vol. 1, 13.4.2, 13.8.1; vol. 2D, XRSTOR"))
{
	struct xstate expected, state;

	xstate_enable();
	for (u32 bit = 0; bit < 128; bit++) {
		if (bit == 63 && cpu_has(X86_FEATURE_XSAVEC))
			continue;
		SUBTEST("bit-%u", bit);
		set_up(&expected, &state, xstate_known());
		area.bytes[XSAVE_XCOMP_BV + bit / 8] |= (u8)BIT(bit % 8);
		EXPECT_FAULT(GP(0), xrstor_try(&area, ~0ull));
		EXPECT_FAULT(GP(0), xrstor_try(&area, 0));
		xstate_expect(&expected, xstate_known());
	}
}

TEST(xrstor_mxcsr,
     "a reserved bit of MXCSR is #GP(0) if SSE or AVX is requested, and ignored if not",
     SPEC("SDM vol. 1, 13.8.1; vol. 2D, XRSTOR"))
{
	static const u64 requests[] = { XSTATE_SSE, XSTATE_AVX, XSTATE_X87 };

	xstate_enable();
	for (u32 i = 0; i < ARRAY_SIZE(requests); i++)
		for (u32 bit = 16; bit < 32; bit++) {
			struct xstate expected, state;
			u32 mxcsr = 0x1f80 | (u32)BIT(bit);

			if ((requests[i] & ~xstate_known()) || !(mxcsr_reserved() & BIT(bit)))
				continue;
			SUBTEST("%s-bit-%u", xstate_name(requests[i]), bit);
			set_up(&expected, &state, xstate_known());
			memcpy(area.bytes + XSAVE_MXCSR, &mxcsr, 4);
			if (requests[i] == XSTATE_X87) {
				EXPECT_NO_FAULT(xrstor_try(&area, requests[i]));
				xstate_copy(&expected, &state, XSTATE_X87);
			} else {
				EXPECT_FAULT(GP(0), xrstor_try(&area, requests[i]));
			}
			xstate_expect(&expected, xstate_known());
		}
}

static u8 *keyed_page;

static void read_keyed_page(void *unused)
{
	(void)unused;
	READ_ONCE(*keyed_page);
}

/*
 * A page that has been used since: what is cached of it has to go. Only 4- and 5-level paging has keys.
 */
TEST(xrstor_pkru_counts, "the PKRU that XRSTOR loads or initialises counts from the next access on",
     SPEC("SDM vol. 3A, 4.6.2, 4.10.4.2; vol. 1, 13.5.7"), REQUIRES(cpu_has(X86_FEATURE_PKU)),
	  REQUIRES(sizeof(ulong) == 8))
{
	const u32 key = 1, no_access = BIT(2 * 1);
	struct xstate expected, state;

	xstate_enable();
	keyed_page = page_alloc();
	*space_entry_at(space_kernel(), (ulong)keyed_page, 0) |= (u64)key << 59;
	arch_tlb_flush_all();
	wrpkru(0);
	set_up(&expected, &state, XSTATE_PKRU);
	wrpkru(0);
	EXPECT_NO_FAULT(fault_of(read_keyed_page, NULL));
	state.pkru = no_access;
	xstate_to_area(&state, XSTATE_PKRU, &area);
	SUBTEST("loaded");
	EXPECT_NO_FAULT(xrstor_try(&area, XSTATE_PKRU));
	EXPECT_FAULT(PF(PF_P | PF_PK, keyed_page), fault_of(read_keyed_page, NULL));
	SUBTEST("not-requested");
	EXPECT_NO_FAULT(xrstor_try(&area, XSTATE_X87));
	EXPECT_FAULT(PF(PF_P | PF_PK, keyed_page), fault_of(read_keyed_page, NULL));
	SUBTEST("initialised");
	area_set_u64(&area, XSAVE_XSTATE_BV, 0);
	EXPECT_NO_FAULT(xrstor_try(&area, XSTATE_PKRU));
	EXPECT_NO_FAULT(fault_of(read_keyed_page, NULL));
	SUBTEST("wrpkru");
	wrpkru(no_access);
	EXPECT_FAULT(PF(PF_P | PF_PK, keyed_page), fault_of(read_keyed_page, NULL));
	wrpkru(0);
	EXPECT_NO_FAULT(fault_of(read_keyed_page, NULL));
}

struct user_run {
	void *area;
	u64 rfbm;
	struct xstate *state;
};

static void xrstor_and_xsave(void *arg)
{
	struct user_run *run = arg;
	u32 low = (u32)run->rfbm, high = (u32)(run->rfbm >> 32);

	__asm__ volatile("xrstor (%0)\n"
			 "xsave (%0)"
			 :
			 : "r"(run->area), "a"(low), "d"(high)
			 : "memory");
}

TEST(xsave_at_cpl3, "XRSTOR and XSAVE work at CPL 3", SPEC("SDM vol. 1, 13.7, 13.8"))
{
	struct xstate expected, state;
	struct user_run run = { &area, XSTATE_X87 | XSTATE_SSE | XSTATE_AVX, &state };

	xstate_enable();
	set_up(&expected, &state, xstate_known());
	EXPECT_NO_FAULT(run_user(xrstor_and_xsave, &run));
	xstate_copy(&expected, &state, run.rfbm & xstate_known());
	copy_mxcsr(&expected, &state, run.rfbm);
	xstate_expect(&expected, xstate_known());
	EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), xstate_known());
}
