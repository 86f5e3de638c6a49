/* SPDX-License-Identifier: MIT */
/* Breakpoints of a Context ID, and what is linked to one: hit in that context alone. */
#include <test.h>

#include <mm/page.h>

#include "debug.h"

SUITE("Linked breakpoints and watchpoints");

#define ENABLED		    (MDSCR_MDE | MDSCR_KDE)
#define CONTEXT		    0x1234567u
#define DEBUG_EXCEPTION(ec) FAULT_CODED_(ec, 0x22)

/* CONTEXTIDR_EL1: as DBGBVR<n>_EL1 has it, or with a bit of each byte different. */
static const u32 contexts[] = { CONTEXT,
				CONTEXT ^ 0x00000001,
				CONTEXT ^ 0x00008000,
				CONTEXT ^ 0x00400000,
				CONTEXT ^ 0x80000000,
				0 };

static void set_context(u32 context)
{
	write_sys(CONTEXTIDR, context);
	isb();
}

/* The context-aware breakpoints are the last. */
static u32 context_breakpoint(void)
{
	return breakpoints() - 1;
}

static const u32 additions[] = { 0x91000421 /* add x1, x1, #1 */, 0x91000421, 0x91000421,
				 0x91000421 };

static void expect_addition(enum arm_el el, ulong at, u32 hit)
{
	struct arm_registers r = { 0 };

	EXPECT_FAULT(hit < 4 ? DEBUG_EXCEPTION(class_of(el, EC_BREAKPT)) : NO_FAULT,
		     debug_run(el, at, &r, ENABLED), "EL%u", el);
	EXPECT_EQ(r.x[1], hit, "EL%u", el);
}

TEST(breakpoint_context, "a breakpoint of a Context ID is hit everywhere in that context",
     SPEC("DDI 0487, D2.8.3.2, context matching; D24.3.1, DBGBCR<n>_EL1.BT"))
{
	u32 n = context_breakpoint();
	ulong at;

	debug_off();
	set_breakpoint(n, CONTEXT, DBGCR_E | DBGCR_EL0 | BT_CONTEXT | DBGBCR_BAS);
	at = arm_code(additions, ARRAY_SIZE(additions));
	for (u32 i = 0; i < ARRAY_SIZE(contexts); i++) {
		SUBTEST("context-%#x", contexts[i]);
		set_context(contexts[i]);
		expect_addition(ARM_EL0, at, i ? 4 : 0);
		expect_addition(ARM_EL1, at, 4);
	}
	set_context(0);
	debug_off();
}

TEST(breakpoint_linked,
     "a breakpoint that is linked to one of a Context ID is hit at its address in that context, if both are enabled",
     SPEC("DDI 0487, D2.8.3.1, D2.8.3.2; D24.3.1, DBGBCR<n>_EL1.BT, LBN"))
{
	u32 last = context_breakpoint();
	ulong at;

	if (!last)
		SKIP("one breakpoint");
	for (u32 enabled = 0; enabled < 4; enabled++) {
		SUBTEST("enabled-%u-linked-%u", enabled & 1, enabled >> 1);
		debug_off();
		at = arm_code(additions, ARRAY_SIZE(additions));
		set_breakpoint(last, CONTEXT,
			       (enabled & 2 ? DBGCR_E : 0) | BT_LINKED_CONTEXT | DBGBCR_BAS);
		set_breakpoint(0, at + 8,
			       (enabled & 1 ? DBGCR_E : 0) | DBGCR_EL0 | DBGBCR_BAS |
				       BT_LINKED_ADDRESS | DBGCR_LBN(last));
		at = arm_code(additions, ARRAY_SIZE(additions));
		for (u32 i = 0; i < ARRAY_SIZE(contexts); i++) {
			set_context(contexts[i]);
			expect_addition(ARM_EL0, at, enabled == 3 && !i ? 2 : 4);
		}
		set_context(0);
	}
	debug_off();
}

TEST(watchpoint_linked,
     "a watchpoint that is linked to a breakpoint of a Context ID is hit in that context, if both are enabled",
     SPEC("DDI 0487, D2.9, D2.8.3.2; D24.3.11, DBGWCR<n>_EL1.WT, LBN"))
{
	static const u32 store[] = { 0xf9000001 /* str x1, [x0] */ };
	u32 last = context_breakpoint();
	u64 *memory = page_alloc();

	for (u32 enabled = 0; enabled < 4; enabled++) {
		ulong at;

		SUBTEST("enabled-%u-linked-%u", enabled & 1, enabled >> 1);
		debug_off();
		set_breakpoint(last, CONTEXT,
			       (enabled & 2 ? DBGCR_E : 0) | BT_LINKED_CONTEXT | DBGBCR_BAS);
		set_watchpoint(0, (ulong)memory,
			       (enabled & 1 ? DBGCR_E : 0) | DBGCR_EL0 | DBGWCR_STORE |
				       DBGWCR_BAS(0xff) | DBGWCR_WT | DBGCR_LBN(last));
		at = arm_code(store, 1);
		for (u32 i = 0; i < ARRAY_SIZE(contexts); i++) {
			struct arm_registers r = { .x = { (ulong)memory, 0x55 } };
			struct fault fault;

			set_context(contexts[i]);
			fault = debug_run(ARM_EL0, at, &r, ENABLED);
			if (enabled == 3 && !i)
				EXPECT_EQ(fault.kind, class_of(ARM_EL0, EC_WATCHPT) + 1u);
			else
				EXPECT_NO_FAULT(fault, "context %#x", contexts[i]);
		}
		set_context(0);
	}
	debug_off();
}
