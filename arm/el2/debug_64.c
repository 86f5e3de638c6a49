/* SPDX-License-Identifier: MIT */
/* Debug exceptions that MDCR_EL2.TDE routes to EL2, those of EL2 itself, and cycles that are counted there. */
#include <test.h>

#include <mm/page.h>

#include "trap.h"

SUITE("Debug and EL2", REQUIRES(el2_is_there()));

#define NOP	  0xd503201fu
#define MDCR_TDE  BIT(8)
#define MDSCR_SS  BIT(0)
#define MDSCR_KDE BIT(13)
#define MDSCR_MDE BIT(15)

/* DBGBCR0_EL1, DBGWCR0_EL1: enabled, EL1 and EL0, all bytes. */
#define BCR_EL10 (BIT(0) | 3u << 1 | 0xfu << 5)
#define WCR_EL10 (BIT(0) | 3u << 1 | 3u << 3 | 0xffu << 5)
/* EL2 alone: HMC, SSC 0b11. */
#define BCR_EL2	 (BIT(0) | BIT(13) | 3u << 14 | 0xfu << 5)

static void set_breakpoint(u64 address, u64 control)
{
	__asm__ volatile("msr dbgbcr0_el1, xzr\n\tmsr dbgbvr0_el1, %0\n\tmsr dbgbcr0_el1, %1\n\tisb"
			 :
			 : "r"(address), "r"(control)
			 : "memory");
}

static void set_watchpoint(u64 address, u64 control)
{
	__asm__ volatile("msr dbgwcr0_el1, xzr\n\tmsr dbgwvr0_el1, %0\n\tmsr dbgwcr0_el1, %1\n\tisb"
			 :
			 : "r"(address), "r"(control)
			 : "memory");
}

/* With these bits of MDSCR_EL1, D masked outside the code. */
static struct fault run(bool tde, enum arm_el el, ulong at, struct arm_registers *r,
			struct el2_exit *exit, u64 mdscr)
{
	const struct el2_setting s = { EL2_MDCR, el2_read(EL2_MDCR) | (tde ? MDCR_TDE : 0) };
	u64 daif = read_sys(DAIF);
	struct fault fault;

	*exit = (struct el2_exit){ 0 };
	write_sys(DAIF, daif | PSTATE_D);
	write_sys(OSLAR, 0);
	write_sys(MDSCR, mdscr);
	isb();
	fault = el2_run(&s, 1, el, at, r, exit);
	write_sys(MDSCR, 0);
	isb();
	write_sys(DAIF, daif);
	return fault;
}

/* Row i: the level, TDE, D. */
static void describe(u32 i, enum arm_el *el, bool *tde, bool *masked)
{
	*el = i & 1 ? ARM_EL1 : ARM_EL0;
	*tde = i & 2;
	*masked = i & 4;
	run_row("el%u-tde-%u-d-%u", i & 1, *tde, *masked);
}

/* The class, at the level that it is taken to; 0: D of EL1 keeps it from being taken. */
static u32 expected_class(enum arm_el el, bool tde, bool masked, u32 lower)
{
	if (tde)
		return lower;
	if (el == ARM_EL0)
		return lower;
	return masked ? 0 : lower + 1;
}

static void expect(struct fault fault, const struct el2_exit *exit, u32 class, bool tde)
{
	EXPECT_EQ(fault.kind, class ? class + 1 : 0);
	EXPECT_EQ(exit->level, tde ? 2 : 1);
}

TEST(debug_breakpoints,
     "with TDE breakpoints of EL1 and EL0 go to EL2, and PSTATE.D of EL1 does not mask them",
     SPEC("DDI 0487, D2.4, routing and masking of debug exceptions; D24.3, MDCR_EL2.TDE"))
{
	const u32 code[] = { NOP, NOP };

	for (u32 i = 0; i < 8; i++) {
		struct arm_registers r;
		struct el2_exit exit;
		enum arm_el el;
		bool tde, masked;
		ulong at = arm_code(code, 2);
		struct fault fault;

		describe(i, &el, &tde, &masked);
		r = (struct arm_registers){ .unmasked = masked ? 0 : PSTATE_D };
		set_breakpoint(at + 4, BCR_EL10);
		fault = run(tde, el, at, &r, &exit, MDSCR_MDE | MDSCR_KDE);
		set_breakpoint(0, 0);
		expect(fault, &exit, expected_class(el, tde, masked, EC_BREAKPT_LOWER), tde);
		if (fault.kind)
			EXPECT_EQ(r.pc, at + 4);
	}
}

TEST(debug_watchpoints,
     "with TDE watchpoints of EL1 and EL0 go to EL2, with the address in FAR_EL2",
     SPEC("DDI 0487, D2.4; D24.3, MDCR_EL2.TDE; D24.2, FAR_EL2"))
{
	const u32 code[] = { NOP, 0xf9400001 /* LDR x1, [x0] */ };
	u64 *data = page_alloc();

	for (u32 i = 0; i < 8; i++) {
		struct arm_registers r;
		struct el2_exit exit;
		enum arm_el el;
		bool tde, masked;
		ulong at = arm_code(code, 2);
		struct fault fault;

		describe(i, &el, &tde, &masked);
		r = (struct arm_registers){ .x = { (ulong)data },
					    .unmasked = masked ? 0 : PSTATE_D };
		set_watchpoint((ulong)data, WCR_EL10);
		fault = run(tde, el, at, &r, &exit, MDSCR_MDE | MDSCR_KDE);
		set_watchpoint(0, 0);
		expect(fault, &exit, expected_class(el, tde, masked, EC_WATCHPT_LOWER), tde);
		if (fault.kind) {
			EXPECT_EQ(r.pc, at + 4);
			EXPECT_EQ(r.far, (ulong)data);
			EXPECT_EQ(fault.code & BIT(6), 0);
		}
	}
}

TEST(debug_step, "with TDE the software step exception goes to EL2",
     SPEC("DDI 0487, D2.4, D2.11, Software Step exceptions; D24.3, MDCR_EL2.TDE"))
{
	const u32 code[] = { NOP, NOP, NOP };

	for (u32 i = 0; i < 8; i++) {
		struct arm_registers r;
		struct el2_exit exit;
		enum arm_el el;
		bool tde, masked;
		ulong at = arm_code(code, 3);
		struct fault fault;

		describe(i, &el, &tde, &masked);
		r = (struct arm_registers){ .pstate = PSTATE_SS,
					    .unmasked = masked ? 0 : PSTATE_D };
		fault = run(tde, el, at, &r, &exit, MDSCR_SS | MDSCR_KDE);
		/* The return from EL2 sets PSTATE.SS only if EL2 is the debug target, or EL1 is and may be stepped. */
		if (!tde && el == ARM_EL1 && masked) {
			EXPECT_NO_FAULT(fault);
			continue;
		}
		expect(fault, &exit, expected_class(el, tde, masked, EC_SSTEP_LOWER), tde);
		EXPECT_EQ(r.pc, at + 4);
	}
}

TEST(debug_at_el2,
     "a breakpoint for EL2 is hit there with TDE, KDE and D clear, and one for EL1 and EL0 is not",
     SPEC("DDI 0487, D2.8.2, HMC, SSC, PMC; D2.4"))
{
	static const struct {
		const char *name;
		u64 control;
		bool tde, kde, unmasked, hit;
	} rows[] = {
		{ "hit", BCR_EL2, true, true, true, true },
		{ "no-tde", BCR_EL2, false, true, true, false },
		{ "no-kde", BCR_EL2, true, false, true, false },
		{ "masked", BCR_EL2, true, true, false, false },
		{ "other-levels", BCR_EL10, true, true, true, false },
	};
	const u32 code[] = { NOP, NOP };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { .unmasked = rows[i].unmasked ? PSTATE_D : 0 };
		struct el2_exit exit;
		ulong at = el2_code(arm_code(code, 2));
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		set_breakpoint(at + 4, rows[i].control);
		fault = run(rows[i].tde, ARM_EL2, at, &r, &exit,
			    MDSCR_MDE | (rows[i].kde ? MDSCR_KDE : 0));
		set_breakpoint(0, 0);
		EXPECT_EQ(fault.kind, rows[i].hit ? EC_BREAKPT + 1 : 0);
		EXPECT_EQ(exit.level, 2);
		if (rows[i].hit) {
			EXPECT_EQ(r.pc, at + 4);
			EXPECT_EQ(r.vector, VECTOR_FROM_EL1T + VECTOR_SYNC);
		}
	}
}

#define PMCCFILTR_NSH BIT(27)

TEST(cycles_at_el2, "the cycle counter counts at EL2 if PMCCFILTR_EL0.NSH says so, and not else",
     SPEC("DDI 0487, D24.5, PMCCFILTR_EL0.NSH"), REQUIRES(has_pmu()))
{
	/* ISB; MRS x1, PMCCNTR_EL0; 5000 rounds; ISB; MRS x2, PMCCNTR_EL0 */
	const u32 code[] = { 0xd5033fdf, 0xd53b9d01, 0xd2827103, 0xf1000463,
			     0x54ffffe1, 0xd5033fdf, 0xd53b9d02 };

	for (u32 i = 0; i < 4; i++) {
		bool nsh = i & 1;
		enum arm_el el = i & 2 ? ARM_EL2 : ARM_EL1;
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("el%u-nsh-%u", i & 2 ? 2 : 1, nsh);
		__asm__ volatile(
			"msr pmccfiltr_el0, %0\n\tmsr pmcntenset_el0, %1\n\tmsr pmcr_el0, %2\n\tisb"
			:
			: "r"(nsh ? PMCCFILTR_NSH : 0), "r"(BIT(31)), "r"(BIT(6) | BIT(0)));
		EXPECT_NO_FAULT(el2_execute(NULL, 0, el, code, ARRAY_SIZE(code), &r, &exit));
		if (el == ARM_EL1 || nsh)
			EXPECT_GT(r.x[2], r.x[1]);
		else
			EXPECT_EQ(r.x[2], r.x[1]);
		__asm__ volatile(
			"msr pmcr_el0, %0\n\tmsr pmcntenclr_el0, %1\n\tmsr pmccfiltr_el0, xzr"
			:
			: "r"(BIT(6)), "r"(BIT(31)));
	}
}
