/* SPDX-License-Identifier: MIT */
/* FXSAVE and FXRSTOR: SDM vol. 1, 10.5; vol. 2A. */
#include "xstate.h"

#include <string.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("FXSAVE and FXRSTOR", REQUIRES(cpu_has(X86_FEATURE_FXSR)));

#define COMPONENTS (XSTATE_X87 | XSTATE_SSE)

static struct xsave_area area, before;

static void fill(u8 value)
{
	memset(&area, value, sizeof(area));
	before = area;
}

TEST(fxsave_layout, "FXSAVE stores x87, MXCSR and XMM where the manual says, and nothing else",
     SPEC("SDM vol. 1, 10.5.1, 10.5.2; vol. 2A, FXSAVE"))
{
	for (u32 round = 0; round < 16; round++) {
		struct xstate state;
		u32 mask;

		SUBTEST("round-%u", round);
		xstate_random(&state);
		state.fsw = (u16)(0x4100 | (round & 7) << 11);
		state.ftw = round < 8 ? (u8)BIT(round) : (u8)~BIT(round - 8);
		fill((u8)(0x33 + round));
		xstate_write(&state, COMPONENTS);
		EXPECT_NO_FAULT(fxsave_try(&area));
		xstate_expect_area(&area, &before, &state, COMPONENTS, COMPONENTS);
		EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), area_u64(&before, XSAVE_XSTATE_BV));
		memcpy(&mask, area.bytes + XSAVE_MXCSR_MASK, 4);
		/* 0 stands for 0xffbf. SSE2's DAZ is in every mask that is not. */
		EXPECT(mask == 0 || (mask & 0xffbf) == 0xffbf, "MXCSR_MASK %#x", mask);
		/* Saving changes no register. */
		xstate_expect(&state, COMPONENTS);
	}
}

TEST(fxrstor_loads, "FXRSTOR loads x87, MXCSR and XMM from the layout of FXSAVE",
     SPEC("SDM vol. 1, 10.5.3; vol. 2A, FXRSTOR"))
{
	for (u32 round = 0; round < 16; round++) {
		struct xstate old, state;

		SUBTEST("round-%u", round);
		xstate_random(&old);
		xstate_random(&state);
		state.fsw = (u16)(0x0400 | (round & 7) << 11);
		state.ftw = round < 8 ? (u8)BIT(round) : (u8)~BIT(round - 8);
		fill(0);
		xstate_to_area(&state, COMPONENTS, &area);
		/* What is above is not its: a bad XSAVE header, for one. */
		memset(area.bytes + XSAVE_UNUSED, 0xff, sizeof(area) - XSAVE_UNUSED);
		before = area;
		xstate_write(&old, COMPONENTS);
		EXPECT_NO_FAULT(fxrstor_try(&area));
		xstate_expect(&state, COMPONENTS);
		EXPECT_MEM_EQ(&area, &before, sizeof(area));
	}
}

TEST(fxsave_misaligned,
     "an area that is not 16-byte aligned is #GP(0) and nothing is stored or loaded",
     SPEC("SDM vol. 2A, FXSAVE, FXRSTOR, Protected Mode Exceptions"))
{
	struct xstate state;

	xstate_random(&state);
	for (u32 off = 1; off < 16; off++) {
		fill(0);
		xstate_write(&state, COMPONENTS);
		SUBTEST("fxsave-%u", off);
		EXPECT_FAULT(GP(0), fxsave_try(area.bytes + off));
		EXPECT_MEM_EQ(&area, &before, sizeof(area));
		SUBTEST("fxrstor-%u", off);
		EXPECT_FAULT(GP(0), fxrstor_try(area.bytes + off));
		xstate_expect(&state, COMPONENTS);
	}
	/* 16 is enough. */
	SUBTEST("fxsave-16");
	EXPECT_NO_FAULT(fxsave_try(area.bytes + 16));
	SUBTEST("fxrstor-16");
	EXPECT_NO_FAULT(fxrstor_try(area.bytes + 16));
}

TEST(fxrstor_mxcsr, "FXRSTOR of an MXCSR with a reserved bit is #GP(0), and MXCSR stays",
     SPEC("SDM vol. 2A, FXRSTOR; vol. 1, 10.2.3, 11.6.6"))
{
	struct xstate state;
	u32 mxcsr;

	xstate_random(&state);
	for_each_set_bit(bit, mxcsr_reserved()) {
		SUBTEST("bit-%llu", bit);
		fill(0);
		xstate_to_area(&state, COMPONENTS, &area);
		mxcsr = 0x1f80 | (u32)BIT(bit);
		memcpy(area.bytes + XSAVE_MXCSR, &mxcsr, 4);
		xstate_write(&state, COMPONENTS);
		EXPECT_FAULT(GP(0), fxrstor_try(&area));
		xstate_expect(&state, COMPONENTS);
	}
}

TEST(fxrstor_mxcsr_bits, "FXRSTOR loads each bit of MXCSR that is not reserved",
     SPEC("SDM vol. 1, 10.2.3"))
{
	struct xstate state;

	xstate_random(&state);
	for_each_set_bit(bit, 0xffbfull) {
		SUBTEST("bit-%llu", bit);
		fill(0);
		for (u32 set = 0; set <= 1; set++) {
			state.mxcsr = set ? (u32)BIT(bit) : 0xffbf & ~(u32)BIT(bit);
			xstate_to_area(&state, COMPONENTS, &area);
			EXPECT_NO_FAULT(fxrstor_try(&area));
			xstate_expect(&state, XSTATE_SSE);
		}
	}
}

struct fx_run {
	void *area;
	bool restore;
};

static void run_fx(void *arg)
{
	struct fx_run *run = arg;

	if (run->restore)
		__asm__ volatile("fxrstor (%0)" : : "r"(run->area) : "memory");
	else
		__asm__ volatile("fxsave (%0)" : : "r"(run->area) : "memory");
}

/* FFXSR only counts in 64-bit mode at CPL 0. */
TEST(ffxsr, "EFER.FFXSR keeps FXSAVE and FXRSTOR from XMM in 64-bit mode at CPL 0; not at CPL 3",
     SPEC("APM vol. 2, 3.1.7; vol. 5, FXSAVE, FXRSTOR"), REQUIRES(cpu_has(X86_FEATURE_FFXSR)))
{
	u64 efer = rdmsr(MSR_EFER);

	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 set = 0; set <= 1; set++) {
			bool fast = set && cpl == 0 && sizeof(ulong) == 8;
			struct xstate old, state;
			struct fx_run run = { &area, false };

			SUBTEST("fxsave-cpl%u-ffxsr%u", cpl, set);
			xstate_random(&state);
			fill(0x44);
			wrmsr(MSR_EFER, set ? efer | EFER_FFXSR : efer & ~EFER_FFXSR);
			xstate_write(&state, COMPONENTS);
			EXPECT_NO_FAULT(run_in(at_cpl(cpl), run_fx, &run));
			/* MXCSR is stored in any case. */
			xstate_expect_area(&area, &before, &state, fast ? XSTATE_X87 : COMPONENTS,
					   COMPONENTS);

			SUBTEST("fxrstor-cpl%u-ffxsr%u", cpl, set);
			run.restore = true;
			xstate_random(&old);
			xstate_to_area(&state, COMPONENTS, &area);
			xstate_write(&old, COMPONENTS);
			EXPECT_NO_FAULT(run_in(at_cpl(cpl), run_fx, &run));
			if (fast)
				memcpy(state.xmm, old.xmm, sizeof(old.xmm));
			xstate_expect(&state, COMPONENTS);
		}
	wrmsr(MSR_EFER, efer);
}

TEST(fxsave_prefixes, "LOCK with FXSAVE or FXRSTOR is #UD", SPEC("SDM vol. 2A, FXSAVE, FXRSTOR"))
{
	/* FXSAVE [CX], FXRSTOR [CX] */
	static const u8 codes[][4] = { { 0xf0, 0x0f, 0xae, 0x01 }, { 0xf0, 0x0f, 0xae, 0x09 } };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		struct registers r = { .cx = (ulong)&area, .flags = FLAG_1 };

		SUBTEST("%s", i ? "fxrstor" : "fxsave");
		fill(0);
		EXPECT_FAULT(UD, execute_in(KERNEL, code_bytes(codes[i], 4), &r));
		EXPECT_MEM_EQ(&area, &before, sizeof(area));
	}
}
