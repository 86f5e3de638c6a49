/* SPDX-License-Identifier: MIT */
/*
 * Fault capture with x86's own means: guarded instructions wherever they may stand, handlers of
 * exceptions and interrupts, the interrupt flag, broken stacks.
 */
#include <test.h>

#include <mm/page.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/msr.h>

SUITE("x86: fault capture");

#define VEC_TEST 0x60

/* #UD at any privilege: with CR4.OSXSAVE clear, or no XSAVE at all. SDM vol. 2D, XSETBV. */
static struct fault refused(void)
{
	return xsetbv_try(0, 1);
}

TEST(guarded_goes_on, "a guarded instruction that faults goes on after it, registers unchanged",
     SPEC("lib/x86/arch/fault.h, GUARDED()"))
{
	ulong a = 0x1111, b = 0x2222, c = 0x3333;
	u32 steps = 0;

	fault_clear();
	__asm__ volatile(GUARDED("ud2") "incl %3" : "+r"(a), "+r"(b), "+r"(c), "+m"(steps));
	EXPECT_FAULT(UD, fault_taken());
	EXPECT_EQ(steps, 1u);
	EXPECT_EQ(a + b + c, 0x6666u);
}

TEST(guarded_twice, "of two guarded instructions, each has its own fault, or none",
     SPEC("lib/x86/arch/fault.h, GUARDED()"))
{
	const ulong cr4 = read_cr4();

	for (u32 i = 0; i < 3; i++) {
		EXPECT_FAULT(UD, refused());
		EXPECT_NO_FAULT(write_cr4_try(cr4));
		EXPECT_EQ(read_cr4(), cr4);
	}
}

TEST(guarded_adjacent, "guarded instructions directly after each other are told apart",
     SPEC("lib/x86/arch/fault.h, GUARDED()"))
{
	u32 steps = 0;

	fault_clear();
	__asm__ volatile(GUARDED("ud2") GUARDED("ud2") "incl %0" : "+m"(steps));
	EXPECT_FAULT(UD, fault_taken());
	EXPECT_EQ(steps, 1u);
	/* A trap's address is after its instruction, where the next one starts. */
	fault_clear();
	__asm__ volatile(GUARDED("int3") GUARDED("ud2") "incl %0" : "+m"(steps));
	EXPECT_FAULT(UD, fault_taken());
	EXPECT_EQ(steps, 2u);
}

static void guarded_then_not(void *unused)
{
	(void)unused;
	__asm__ volatile(GUARDED("int3") "ud2" : : : "memory");
}

TEST(guarded_then_not,
     "an instruction that is not guarded has its fault straight after one that is",
     SPEC("lib/x86/arch/fault.h, GUARDED()"))
{
	EXPECT_FAULT(UD, fault_of(guarded_then_not, NULL));
}

struct guarded {
	struct fault fault;
	u32 went_on;
};

static void use_guarded(void *arg)
{
	struct guarded *g = arg;

	g->fault = refused();
	g->went_on++;
}

TEST(guarded_in_fault_of, "a guarded instruction keeps its fault from fault_of()",
     SPEC("lib/harness/fault.h"))
{
	struct guarded g = { 0 };

	EXPECT_NO_FAULT(fault_of(use_guarded, &g));
	EXPECT_FAULT(UD, g.fault);
	EXPECT_EQ(g.went_on, 1u);
}

TEST(guarded_at_user, "a guarded instruction works at user privilege", SPEC("lib/harness/fault.h"))
{
	struct guarded g = { 0 };

	EXPECT_NO_FAULT(run_user(use_guarded, &g));
	/* #UD or #GP: which is first is not what this is about. */
	EXPECT_NE(g.fault.kind, NO_FAULT.kind);
	EXPECT_EQ(g.went_on, 1u);
	EXPECT_EQ(trap_last_frame()->cs & 3, 3u);
}

TEST(guarded_on_each_cpu, "a guarded instruction has its fault on the CPU that ran it",
     SPEC("lib/harness/fault.h"))
{
	for (u32 number = 0; number < cpu_count(); number++) {
		struct guarded g = { 0 };

		fault_clear();
		run_on_cpu(number, use_guarded, &g);
		EXPECT_FAULT(UD, g.fault);
		EXPECT_EQ(g.went_on, 1u);
		if (number)
			EXPECT_NO_FAULT(fault_taken());
	}
}

/* -------------------------------------------------------------------------------------
 * handlers */

static struct fault in_handler[4];
static u32 handled;

static void raise_ud(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

static void read_null(void *unused)
{
	u8 *null = NULL;

	(void)unused;
	__asm__ volatile("movb (%0), %%al" : : "r"(null) : "al", "memory");
}

static void fault_in_handler(struct trap_frame *frame)
{
	in_handler[0] = refused();
	in_handler[1] = fault_of(raise_ud, NULL);
	in_handler[2] = fault_of(read_null, NULL);
	in_handler[3] = run_user(raise_ud, NULL);
	handled++;
	if (frame->vector == VEC_TEST)
		apic_eoi();
}

static void expect_handler_faults(void)
{
	EXPECT_EQ(handled, 1u);
	EXPECT_FAULT(UD, in_handler[0]);
	EXPECT_FAULT(UD, in_handler[1]);
	EXPECT_FAULT(PF(0, 0), in_handler[2]);
	EXPECT_FAULT(UD, in_handler[3]);
}

static void raise_bp(void *after)
{
	__asm__ volatile("int3");
	*(u32 *)after = 1;
}

TEST(fault_in_exception_handler,
     "all ways of capture work in an exception's handler, which returns",
     SPEC("lib/x86/arch/fault.h, trap_set_handler()"))
{
	u32 after = 0;

	handled = 0;
	trap_set_handler(VEC_BP, fault_in_handler);
	EXPECT_NO_FAULT(fault_of(raise_bp, &after));
	EXPECT_EQ(after, 1u);
	expect_handler_faults();
	trap_set_handler(VEC_BP, NULL);
	EXPECT_FAULT(BP, fault_of(raise_bp, &after));
	EXPECT_EQ(handled, 1u);
}

static void interrupt_self(void *after)
{
	apic_send_vector(0, VEC_TEST);
	/* Delivery of an interrupt to oneself may take a moment. */
	for (u32 i = 0; i < 1000000 && !READ_ONCE(handled); i++)
		__asm__ volatile("sti; nop; cli" : : : "memory");
	*(u32 *)after = 1;
}

TEST(fault_in_interrupt_handler,
     "all ways of capture work in an interrupt's handler, which returns",
     SPEC("lib/x86/arch/fault.h, trap_set_handler()"))
{
	u32 after = 0;

	handled = 0;
	trap_set_handler(VEC_TEST, fault_in_handler);
	EXPECT_NO_FAULT(fault_of(interrupt_self, &after));
	EXPECT_EQ(after, 1u);
	expect_handler_faults();
	EXPECT(!apic_vector_bit(APIC_ISR, VEC_TEST));
}

static void fault_from_handler(struct trap_frame *frame)
{
	(void)frame;
	handled++;
	__asm__ volatile("ud2");
}

TEST(fault_out_of_handler, "a fault in a handler ends the call that was interrupted",
     SPEC("lib/harness/fault.h, fault_of()"))
{
	u32 after = 0;

	handled = 0;
	trap_set_handler(VEC_BP, fault_from_handler);
	EXPECT_FAULT(UD, fault_of(raise_bp, &after));
	EXPECT_EQ(after, 0u);
	EXPECT_EQ(handled, 1u);
}

static void skip_instruction(struct trap_frame *frame)
{
	frame->ip += 2;
	frame->ax = 0x5a5a;
	handled++;
}

TEST(handler_changes_frame,
     "a handler may change where the interrupted code goes on, and its registers",
     SPEC("lib/x86/arch/fault.h, trap_set_handler()"))
{
	ulong ax = 0;

	handled = 0;
	trap_set_handler(VEC_UD, skip_instruction);
	__asm__ volatile("ud2" : "+a"(ax) : : "memory");
	EXPECT_EQ(ax, 0x5a5au);
	EXPECT_EQ(handled, 1u);
}

/* --------------------------------------------------------------------------- the interrupt
 * flag */

static void turn_over_and_fault(void *arg)
{
	write_flags(read_flags() ^ FLAG_IF);
	if (arg)
		__asm__ volatile("ud2");
}

TEST(fault_irq_state, "the interrupt flag is what it was before, whichever way the function ended",
     SPEC("lib/harness/fault.h, fault_of()"))
{
	for (u32 on = 0; on < 2; on++) {
		const ulong expected = on ? FLAG_IF : 0;

		SUBTEST("interrupts %s", on ? "on" : "off");
		write_flags(FLAG_1 | expected);
		fault_of(raise_ud, NULL);
		EXPECT_EQ(read_flags() & FLAG_IF, expected);
		fault_of(turn_over_and_fault, NULL);
		EXPECT_EQ(read_flags() & FLAG_IF, expected);
		fault_of(turn_over_and_fault, &handled);
		EXPECT_EQ(read_flags() & FLAG_IF, expected);
		run_user(raise_ud, NULL);
		EXPECT_EQ(read_flags() & FLAG_IF, expected);
		run_user(read_null, NULL);
		EXPECT_EQ(read_flags() & FLAG_IF, expected);
		refused();
		EXPECT_EQ(read_flags() & FLAG_IF, expected);
	}
	write_flags(FLAG_1);
}

/* ------------------------------------------------------------------------------------- broken
 * stack */

/* The stack pointer at the end of page 0: the push of the fault's frame faults, which is #DF.
 */
static void break_stack(void *unused)
{
	(void)unused;
	__asm__ volatile("mov %0, %%esp; ud2" : : "r"(0x800) : "memory");
}

TEST(fault_broken_stack, "a fault with a broken stack is a double fault, which is captured as well",
     SPEC("docs/writing-a-test.md, Faults are values"))
{
	for (u32 i = 0; i < 10; i++) {
		EXPECT_EQ(fault_of(break_stack, NULL).kind, DF.kind);
		EXPECT_FAULT(UD, fault_of(raise_ud, NULL));
		EXPECT_FAULT(UD, run_user(raise_ud, NULL));
	}
}

static void expect_broken_stack(void *unused)
{
	(void)unused;
	EXPECT_EQ(fault_of(break_stack, NULL).kind, DF.kind);
	EXPECT_FAULT(UD, fault_of(raise_ud, NULL));
}

TEST(fault_broken_stack_each_cpu, "a double fault is captured on every CPU",
     SPEC("docs/writing-a-test.md, Faults are values"))
{
	for (u32 number = 0; number < cpu_count(); number++)
		run_on_cpu(number, expect_broken_stack, NULL);
}
