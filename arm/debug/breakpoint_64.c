/* SPDX-License-Identifier: MIT */
/* Breakpoints: at each of them, at both levels, and what keeps one from being hit. */
#include <test.h>

#include <arm/sysreg.h>
#include <mm/page.h>
#include <mm/space.h>

#include "debug.h"

SUITE("Breakpoints");

#define BREAKPOINT_AT(el)   FAULT_CODED_(class_of(el, EC_BREAKPT), FSC_DEBUG_EXCEPTION)
#define FSC_DEBUG_EXCEPTION 0x22

static const u32 code[] = { 0x91000421 /* add x1, x1, #1 */, 0x91000421, 0x91000421, 0x91000421 };

/* The code runs until `hit`, or to its end for 4; of its additions, so many have been made. */
static void expect_hit(enum arm_el el, ulong at, u64 mdscr, u32 hit)
{
	struct arm_registers r = { 0 };

	EXPECT_FAULT(hit < 4 ? BREAKPOINT_AT(el) : NO_FAULT, debug_run(el, at, &r, mdscr), "EL%u",
		     el);
	EXPECT_EQ(r.pc, at + 4 * hit, "EL%u", el);
	EXPECT_EQ(r.x[1], hit, "EL%u", el);
}

#define ENABLED (MDSCR_MDE | MDSCR_KDE)

TEST(breakpoint_hit,
     "each breakpoint is hit before the instruction at its address, at the levels it is for",
     SPEC("DDI 0487, D2.8, Breakpoint exceptions; D24.2.45, ISS of a Breakpoint exception"))
{
	ulong at = arm_code(code, ARRAY_SIZE(code));

	debug_off();
	for (u32 n = 0; n < breakpoints(); n++) {
		SUBTEST("number-%u", n);
		for (u32 insn = 0; insn < 4; insn++) {
			at = arm_code(code, ARRAY_SIZE(code));
			set_breakpoint(n, at + 4 * insn, DBGCR_E | DBGCR_EL0 | DBGBCR_BAS);
			at = arm_code(code, ARRAY_SIZE(code));
			expect_hit(ARM_EL0, at, ENABLED, insn);
			expect_hit(ARM_EL1, at, ENABLED, 4);
			set_breakpoint(n, at + 4 * insn, DBGCR_E | DBGCR_EL1 | DBGBCR_BAS);
			at = arm_code(code, ARRAY_SIZE(code));
			expect_hit(ARM_EL0, at, ENABLED, 4);
			expect_hit(ARM_EL1, at, ENABLED, insn);
			set_breakpoint(n, at + 4 * insn,
				       DBGCR_E | DBGCR_EL1 | DBGCR_EL0 | DBGBCR_BAS);
			at = arm_code(code, ARRAY_SIZE(code));
			expect_hit(ARM_EL0, at, ENABLED, insn);
			expect_hit(ARM_EL1, at, ENABLED, insn);
		}
		set_breakpoint(n, 0, 0);
	}
}

TEST(breakpoint_disabled,
     "a breakpoint is not hit without E, MDE, the OS lock clear, and, at EL1, KDE and D clear",
     SPEC("DDI 0487, D2.2, D2.3, enable controls; D2.8.2"))
{
	const u64 control = DBGCR_E | DBGCR_EL1 | DBGCR_EL0 | DBGBCR_BAS;
	struct arm_registers r = { 0 };
	ulong at;

	debug_off();
	at = arm_code(code, ARRAY_SIZE(code));
	set_breakpoint(0, at + 4, control);
	at = arm_code(code, ARRAY_SIZE(code));
	SUBTEST("enabled");
	expect_hit(ARM_EL0, at, ENABLED, 1);
	expect_hit(ARM_EL1, at, ENABLED, 1);
	SUBTEST("mde-0");
	expect_hit(ARM_EL0, at, MDSCR_KDE, 4);
	expect_hit(ARM_EL1, at, MDSCR_KDE, 4);
	SUBTEST("kde-0");
	expect_hit(ARM_EL0, at, MDSCR_MDE, 1);
	expect_hit(ARM_EL1, at, MDSCR_MDE, 4);
	SUBTEST("d-1");
	EXPECT_NO_FAULT(debug_run_masked(ARM_EL1, at, &r, ENABLED));
	/* At EL0, D counts for nothing. */
	EXPECT_FAULT(BREAKPOINT_AT(ARM_EL0), debug_run_masked(ARM_EL0, at, &r, ENABLED));
	SUBTEST("os-lock");
	write_sys(OSLAR, 1);
	isb();
	expect_hit(ARM_EL0, at, ENABLED, 4);
	expect_hit(ARM_EL1, at, ENABLED, 4);
	write_sys(OSLAR, 0);
	isb();
	SUBTEST("e-0");
	set_breakpoint(0, at + 4, control & ~DBGCR_E);
	at = arm_code(code, ARRAY_SIZE(code));
	expect_hit(ARM_EL0, at, ENABLED, 4);
	expect_hit(ARM_EL1, at, ENABLED, 4);
	debug_off();
}

TEST(breakpoint_whole_address, "a breakpoint compares all bits of the address",
     SPEC("DDI 0487, D2.8.3, address comparisons; D24.3.2, DBGBVR<n>_EL1"))
{
	ulong at = arm_code(code, ARRAY_SIZE(code));

	debug_off();
	/* Bits 3 and 2 would lead to the instructions beside. */
	for (u32 bit = 4; bit < 48; bit++) {
		SUBTEST("bit-%u", bit);
		set_breakpoint(0, (at + 4) ^ BIT(bit), DBGCR_E | DBGCR_EL0 | DBGBCR_BAS);
		at = arm_code(code, ARRAY_SIZE(code));
		expect_hit(ARM_EL0, at, ENABLED, 4);
	}
	debug_off();
}

#define DBGBCR_HALVES(bas) ((u64)(bas) << 5)
#define T32_VA		   0x20000000ul

TEST(breakpoint_halfwords, "BAS selects the halfword of a T32 instruction at EL0",
     SPEC("DDI 0487, D24.3.1, DBGBCR<n>_EL1.BAS; D2.8.3"),
	  REQUIRES((read_sys(ID_AA64PFR0) & 15) == 2))
{
	u16 *page = page_alloc();

	for (u32 i = 0; i < 8; i++)
		page[i] = 0x3101; /* ADDS r1, #1 */
	page[8] = EXECUTE_END_T32;
	sync_code(page, 32);
	space_map(space_kernel(), T32_VA, (ulong)page, PAGE_SIZE, PROT_USER | PROT_EXEC);
	debug_off();
	for (u32 n = 0; n < breakpoints(); n++) {
		SUBTEST("number-%u", n);
		for (u32 half = 0; half < 6; half++) {
			struct arm_registers r = { .pstate = PSTATE_T };

			set_breakpoint(n, T32_VA + (2 * half & ~3u),
				       DBGCR_E | DBGCR_EL0 | DBGBCR_HALVES(half & 1 ? 0xc : 3));
			EXPECT_FAULT(BREAKPOINT_AT(ARM_EL0),
				     debug_run(ARM_EL0_A32, T32_VA, &r, ENABLED), "halfword %u",
				     half);
			EXPECT_EQ(r.pc, T32_VA + 2 * half);
			EXPECT_EQ(r.x[1], half);
		}
		set_breakpoint(n, 0, 0);
	}
}

/* OSLSR_EL1: OSLK is bit 1; OSLM, bits 3 and 0, says that the lock is there. */
#define SYS_OSLSR oslsr_el1

TEST(os_lock, "OSLAR_EL1 sets and clears the OS lock, which OSLSR_EL1 shows",
     SPEC("DDI 0487, D24.3.21, OSLAR_EL1; D24.3.22, OSLSR_EL1"))
{
	EXPECT_EQ(read_sys(OSLSR) & 9, 8);
	for (u32 i = 0; i < 4; i++) {
		write_sys(OSLAR, i & 1 ? 0xfffffffeu : 0xffffffffu);
		isb();
		EXPECT_EQ(read_sys(OSLSR) >> 1 & 1, !(i & 1));
	}
	write_sys(OSLAR, 0);
}
