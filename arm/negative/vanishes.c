/* SPDX-License-Identifier: MIT */
/* How an arm machine goes away in the middle of a case, and how a case breaks the CPU under itself. */
#include <test.h>

#include <arm/gic.h>
#include <arm/psci.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("arm: cases that crash, fault and leak");

#define SGI_TEST 3

TEST(resets, "a reset of the machine in the middle of a case is a CRASH",
     REQUIRES(psci_conduit() != PSCI_NONE))
{
	EXPECT(true);
	psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	FAIL("SYSTEM_RESET returned");
}

TEST(powers_off, "power off in the middle of a case is a CRASH",
     REQUIRES(psci_conduit() != PSCI_NONE))
{
	EXPECT(true);
	psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	FAIL("SYSTEM_OFF returned");
}

static void halt_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		__asm__ volatile("wfi");
}

TEST(halts, "a CPU that waits for an interrupt that never comes is a TIMEOUT")
{
	EXPECT(true);
	halt_for_ever(NULL);
}

TEST(halts_on_other_cpu, "another CPU that halts while the case waits for it is a TIMEOUT",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, halt_for_ever, NULL);
}

static void switch_off(void *unused)
{
	(void)unused;
	psci_cpu_off();
}

TEST(switches_off_other_cpu, "another CPU that is off while the case waits for it is a TIMEOUT",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, switch_off, NULL);
}

TEST(leaves_cpu_off,
     "a case that passes and leaves another CPU off is a PASS, and the next one has it",
     REQUIRES(cpu_count() > 1))
{
	cpu_start_work(1, switch_off, NULL);
	EXPECT(true);
}

/* ---------------------------------------------------------------- exceptions that nobody expected */

static void trap(void *unused)
{
	(void)unused;
	__builtin_trap();
}

TEST(faults_in_kernel,
     "an exception in the kernel that nobody expected is a FAIL with registers and a backtrace")
{
	EXPECT(true);
	trap(NULL);
}

/* A fault at user privilege is run_user()'s value; that it is not looked at does not make it pass. */
TEST(faults_at_user, "a fault at user privilege that was not expected there is a FAIL")
{
	EXPECT_NO_FAULT(run_user(trap, NULL));
}

static void trap_in_handler(u32 intid)
{
	(void)intid;
	trap(NULL);
}

static void interrupt_self(void)
{
	gic_enable(SGI_TEST);
	gic_send_sgi(0, SGI_TEST);
	arch_irq_restore(0);
	delay_us(100000);
}

TEST(faults_in_interrupt_handler, "an unexpected exception in an interrupt's handler is a FAIL",
     REQUIRES(gic_version()))
{
	EXPECT(true);
	irq_set_handler(SGI_TEST, trap_in_handler);
	interrupt_self();
	FAIL("came back");
}

TEST(unexpected_interrupt, "an interrupt without a handler is a FAIL", REQUIRES(gic_version()))
{
	EXPECT(true);
	interrupt_self();
	FAIL("no interrupt came");
}

/* Page 0 is absent. */
static void break_stack(void *unused)
{
	(void)unused;
	__asm__ volatile("mov sp, %0\n\tldr %0, [sp]" : : "r"(0x800ul) : "memory");
}

TEST(breaks_stack, "a stack pointer into nothing is a FAIL, not a CRASH")
{
	EXPECT(true);
	break_stack(NULL);
}

TEST(breaks_stack_of_other_cpu, "a broken stack pointer of another CPU is a FAIL",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, break_stack, NULL);
}

/* ------------------------------------------------------------------------------------------- leaks */

TEST(leaks_sctlr, "a case that leaves SCTLR changed is a PASS, and the leak is reported")
{
	EXPECT(true);
	write_sys(SCTLR, read_sys(SCTLR) | SCTLR_A);
}

TEST(leaks_masks, "a case that leaves interrupts enabled is a PASS, and the leak is reported")
{
	EXPECT(true);
	arch_irq_restore(0);
}
