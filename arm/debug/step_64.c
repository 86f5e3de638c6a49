/* SPDX-License-Identifier: MIT */
/* Software step: over ordinary and special instructions, and the states of its machine. */
#include <test.h>

#include <mm/page.h>

#include "debug.h"

SUITE("Software step");

#define ENABLED (MDSCR_SS | MDSCR_KDE)

/* ISS of a Software Step exception: ISV, EX, and the status code. */
#define STEP_ISS(isv, ex) ((isv) ? BIT(24) | ((ex) ? BIT(6) : 0) | 0x22u : 0x22u)
#define STEP(el, isv, ex) FAULT_CODED_(class_of(el, EC_SSTEP), STEP_ISS(isv, ex))

/* What one step does: where it ends, and how. */
static const struct {
	const char *name;
	u32 code;
	s32 to; /* in words */
	bool el1_only, exclusive;
} steps[] = {
	{ "nop", NOP, 1, false, false },
	{ "add", 0x91000421, 1, false, false },
	{ "b", 0x14000003, 3, false, false },
	{ "bl", 0x94000004, 4, false, false },
	{ "b-eq-not-taken", 0x54000080, 1, false, false },
	{ "b-ne-taken", 0x54000081, 4, false, false },
	{ "cbz-taken", 0xb4000049, 2, false, false },
	{ "br", 0xd61f0060, 5, false, false },
	{ "ret", 0xd65f0060, 5, false, false },
	{ "ldr", 0xf9400001, 1, false, false },
	{ "str", 0xf9000001, 1, false, false },
	{ "ldxr", 0xc85f7c01, 1, false, true },
	{ "ldaxp", 0xc87f8801, 1, false, true },
	{ "stxr", 0xc8047c01, 1, false, false },
	{ "isb", 0xd5033fdf, 1, false, false },
	{ "dsb", 0xd5033f9f, 1, false, false },
	{ "yield", 0xd503203f, 1, false, false },
	{ "sevl", 0xd50320bf, 1, false, false },
	{ "mrs", 0xd53be041, 1, false, false },
	{ "msr-tpidr", 0xd51bd041, 1, false, false },
	{ "dc-zva", 0xd50b7420, 1, false, false },
	{ "clrex", 0xd503305f, 1, false, false },
	{ "msr-daifset", 0xd50346df, 1, true, false },
	{ "msr-spsel", 0xd50040bf, 1, true, false },
	{ "tlbi", 0xd508871f, 1, true, false },
	{ "msr-sctlr", 0xd5181005, 1, true, false },
	{ "mrs-esr", 0xd5385201, 1, true, false },
};

TEST(step_over,
     "one instruction is executed, then the step exception is taken, which tells load-exclusives",
     SPEC("DDI 0487, D2.11, Software Step exceptions; D24.2.45, ISS of a Software Step exception"))
{
	u64 *page = page_alloc();

	debug_off();
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		ulong at = arm_code(&steps[i].code, 1);

		SUBTEST("%s", steps[i].name);
		for (u32 el = steps[i].el1_only; el <= ARM_EL1; el++) {
			struct arm_registers r = {
				.x = { (ulong)page, 0, 0, at + 20, 0, read_sys(SCTLR) },
				.pstate = PSTATE_SS,
			};

			/* TPIDR_EL0 keeps what it has. */
			if (steps[i].code == 0xd51bd041)
				r.x[1] = read_sys(TPIDRUR);
			EXPECT_FAULT(STEP(el, true, steps[i].exclusive),
				     debug_run((enum arm_el)el, at, &r, ENABLED), "EL%u", el);
			EXPECT_EQ(r.pc, at + (ulong)(long)steps[i].to * 4, "EL%u", el);
			EXPECT_EQ(r.pstate & PSTATE_SS, 0, "EL%u", el);
		}
	}
}

TEST(step_pending,
     "with PSTATE.SS clear, the exception is taken before the first instruction, and says that it knows nothing",
     SPEC("DDI 0487, D2.11.4, active-pending; D24.2.45, ISS of a Software Step exception, ISV"))
{
	const u32 code[] = { 0x91000421 };
	ulong at = arm_code(code, 1);

	debug_off();
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		struct arm_registers r = { 0 };

		EXPECT_FAULT(STEP(el, false, false), debug_run((enum arm_el)el, at, &r, ENABLED),
			     "EL%u", el);
		EXPECT_EQ(r.pc, at);
		EXPECT_EQ(r.x[1], 0);
	}
}

TEST(step_before_breakpoint,
     "a pending step comes before a breakpoint at the instruction, and a breakpoint before a step over it",
     SPEC("DDI 0487, D1.4.5.6, priority 4, software step, before 10, breakpoints; D2.11"))
{
	const u32 code[] = { 0x91000421 };
	ulong at;

	debug_off();
	at = arm_code(code, 1);
	set_breakpoint(0, at, DBGCR_E | DBGCR_EL1 | DBGCR_EL0 | DBGBCR_BAS);
	at = arm_code(code, 1);
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		struct arm_registers r = { 0 };

		SUBTEST("el%u-pending", el);
		EXPECT_FAULT(STEP(el, false, false),
			     debug_run((enum arm_el)el, at, &r, ENABLED | MDSCR_MDE));
		EXPECT_EQ(r.pc, at);
		SUBTEST("el%u-not-pending", el);
		r = (struct arm_registers){ .pstate = PSTATE_SS };
		EXPECT_FAULT(FAULT_CODED_(class_of((enum arm_el)el, EC_BREAKPT), 0x22),
			     debug_run((enum arm_el)el, at, &r, ENABLED | MDSCR_MDE));
		EXPECT_EQ(r.pc, at);
		EXPECT_EQ(r.x[1], 0);
	}
	debug_off();
}

TEST(step_disabled,
     "nothing is stepped without SS, with the OS lock, and at EL1 without KDE or with D set",
     SPEC("DDI 0487, D2.11.3, inactive"))
{
	const u32 code[] = { NOP, NOP };
	ulong at;

	debug_off();
	at = arm_code(code, 2);
	{
		struct arm_registers r = { .pstate = PSTATE_SS };

		SUBTEST("ss-0");
		EXPECT_NO_FAULT(debug_run(ARM_EL0, at, &r, MDSCR_KDE));
		EXPECT_NO_FAULT(debug_run(ARM_EL1, at, &r, MDSCR_KDE));
	}
	{
		struct arm_registers r = { .pstate = PSTATE_SS };

		SUBTEST("kde-0");
		EXPECT_NO_FAULT(debug_run(ARM_EL1, at, &r, MDSCR_SS));
	}
	{
		struct arm_registers r = { .pstate = PSTATE_SS };

		SUBTEST("d-1");
		EXPECT_NO_FAULT(debug_run_masked(ARM_EL1, at, &r, ENABLED));
	}
	{
		struct arm_registers r = { .pstate = PSTATE_SS };

		SUBTEST("os-lock");
		write_sys(OSLAR, 1);
		isb();
		EXPECT_NO_FAULT(debug_run(ARM_EL0, at, &r, ENABLED));
		write_sys(OSLAR, 0);
	}
}

/* Instructions that raise an exception, which is taken instead; SS in SPSR_EL1 says whether one is complete. */
static const struct {
	const char *name;
	u32 code, class;
	bool complete;
} raising[] = {
	{ "svc", 0xd4000021, EC_SVC, true },
	{ "brk", 0xd4200000, EC_BRK, false },
	{ "udf", 0x00000000, EC_UNKNOWN, false },
	{ "ldr-absent", 0xf9400041, EC_DABT_LOWER, false },
	{ "msr-sctlr", 0xd5181005, EC_UNKNOWN, false },
};

TEST(step_exceptions,
     "an exception of the stepped instruction is taken; SPSR_EL1.SS is clear only if the instruction is complete",
     SPEC("DDI 0487, D2.11.5, D2.11.7"))
{
	debug_off();
	for (u32 i = 0; i < ARRAY_SIZE(raising); i++) {
		ulong at = arm_code(&raising[i].code, 1);
		struct arm_registers r = { .pstate = PSTATE_SS };
		struct fault fault;

		SUBTEST("%s", raising[i].name);
		r.x[2] = 0x10;
		fault = debug_run(ARM_EL0, at, &r, ENABLED);
		EXPECT_EQ(fault.kind, raising[i].class + 1u);
		EXPECT_EQ(r.pc, raising[i].complete ? at + 4 : at);
		EXPECT_EQ(!(r.pstate & PSTATE_SS), raising[i].complete);
	}
}

TEST(brk_immediates,
     "BRK has its immediate in ISS, at both levels, whatever masks there are; HLT is UNDEFINED",
     SPEC("DDI 0487, D2.7, Software Breakpoint Instruction exceptions; D24.2.45, ISS of BRK; C6.2, HLT"))
{
	for (u32 bit = 0; bit <= 16; bit++) {
		u32 imm = bit == 16 ? 0xffff : 1u << bit;
		const u32 brk[] = { 0xd4200000 | imm << 5 };

		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			struct arm_registers r = { 0 };

			EXPECT_FAULT(BRK(imm), arm_execute((enum arm_el)el, brk, 1, &r));
		}
	}
	{
		const u32 hlt[] = { 0xd4400020 };
		struct arm_registers r = { 0 };

		EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL0, hlt, 1, &r));
		EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL1, hlt, 1, &r));
	}
}
