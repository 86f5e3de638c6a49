/* SPDX-License-Identifier: MIT */
/* TSC-deadline mode of the local APIC's timer: SDM vol. 3A, 10.5.4.1. */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/msr.h>

#include "apic_timer.h"

SUITE("APIC timer, TSC-deadline", REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_has(X86_FEATURE_MSR)));

#define HAS_DEADLINE cpu_has(X86_FEATURE_TSC_DEADLINE)

/* In TSC-deadline mode, not armed. "A WRMSR ... may be before the mode switch": a fence orders them. */
static void enter_deadline_mode(void)
{
	timer_begin();
	apic_write(APIC_LVT_TIMER, APIC_TIMER_TSCDEADLINE | TIMER_VECTOR);
	__asm__ volatile("mfence" ::: "memory");
}

static u64 in_ns(u64 ns)
{
	return arch_ticks() + clock_ticks_at_least(ns);
}

TEST(deadline_absent, "without TSC-deadline in CPUID its MSR does not exist: #GP(0)",
     SPEC("SDM vol. 3A, 10.5.4.1; vol. 4, table 2-2"), REQUIRES(!HAS_DEADLINE))
{
	u64 value = 0;

	EXPECT_FAULT(GP(0), rdmsr_try(MSR_IA32_TSC_DEADLINE, &value));
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_IA32_TSC_DEADLINE, 0));
}

TEST(deadline_fires_once,
     "the interrupt comes once, when the TSC has reached the deadline, and not before",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	for (u32 round = 0; round < 5; round++) {
		u64 deadline;

		enter_deadline_mode();
		deadline = in_ns((round + 1) * MS / 2);
		wrmsr(MSR_IA32_TSC_DEADLINE, deadline);
		ASSERT(irq_wait(0, TIMER_VECTOR, 1));
		EXPECT_GE(irq_history_ticks(0, 0), deadline);
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 1);
	}
}

TEST(deadline_in_the_past, "a deadline that the TSC has passed fires at once",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	static const u64 deadlines[] = { 1, 1000 };

	for (u32 i = 0; i < ARRAY_SIZE(deadlines); i++) {
		enter_deadline_mode();
		wrmsr(MSR_IA32_TSC_DEADLINE, deadlines[i]);
		EXPECT(irq_wait(0, TIMER_VECTOR, 1));
		EXPECT_EQ(rdmsr(MSR_IA32_TSC_DEADLINE), 0);
	}
}

TEST(deadline_reads_back, "the MSR reads the deadline while armed, and 0 when it has fired",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	u64 deadline;

	enter_deadline_mode();
	EXPECT_EQ(rdmsr(MSR_IA32_TSC_DEADLINE), 0);
	deadline = in_ns(3600000 * MS);
	wrmsr(MSR_IA32_TSC_DEADLINE, deadline);
	EXPECT_EQ(rdmsr(MSR_IA32_TSC_DEADLINE), deadline);
	wrmsr(MSR_IA32_TSC_DEADLINE, in_ns(MS));
	ASSERT(irq_wait(0, TIMER_VECTOR, 1));
	EXPECT_EQ(rdmsr(MSR_IA32_TSC_DEADLINE), 0);
}

TEST(deadline_zero_disarms, "writing 0 disarms the timer",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	u64 deadline;

	enter_deadline_mode();
	deadline = in_ns(20 * MS);
	wrmsr(MSR_IA32_TSC_DEADLINE, deadline);
	wrmsr(MSR_IA32_TSC_DEADLINE, 0);
	if (arch_ticks() >= deadline)
		SKIP("the host was too busy");
	irq_window_ns(30 * MS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
}

TEST(deadline_mode_switch_disarms,
     "leaving TSC-deadline mode disarms the timer, and clears the MSR",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	u64 deadline;

	enter_deadline_mode();
	deadline = in_ns(20 * MS);
	wrmsr(MSR_IA32_TSC_DEADLINE, deadline);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | TIMER_VECTOR);
	if (arch_ticks() >= deadline)
		SKIP("the host was too busy");
	EXPECT_EQ(rdmsr(MSR_IA32_TSC_DEADLINE), 0);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_TSCDEADLINE | TIMER_VECTOR);
	irq_window_ns(30 * MS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
}

TEST(deadline_ignored_in_other_modes,
     "in one-shot and periodic mode writes of the MSR are ignored, it reads 0",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	static const u32 modes[] = { APIC_TIMER_ONESHOT, APIC_TIMER_PERIODIC };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		timer_begin();
		apic_write(APIC_LVT_TIMER, modes[i] | TIMER_VECTOR);
		wrmsr(MSR_IA32_TSC_DEADLINE, in_ns(MS));
		EXPECT_EQ(rdmsr(MSR_IA32_TSC_DEADLINE), 0);
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
	}
}

TEST(count_ignored_in_deadline_mode,
     "in TSC-deadline mode the initial count is ignored, the current one 0",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	enter_deadline_mode();
	apic_write(APIC_TIMER_INITIAL, 1000);
	EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
}

TEST(deadline_rearmed_earlier, "an earlier deadline replaces the one before",
     SPEC("SDM vol. 3A, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	u64 deadline;

	enter_deadline_mode();
	wrmsr(MSR_IA32_TSC_DEADLINE, in_ns(3600000 * MS));
	deadline = in_ns(MS);
	wrmsr(MSR_IA32_TSC_DEADLINE, deadline);
	ASSERT(irq_wait(0, TIMER_VECTOR, 1));
	EXPECT_GE(irq_history_ticks(0, 0), deadline);
}

TEST(deadline_masked, "a deadline that passes while the entry is masked raises no interrupt",
     SPEC("SDM vol. 3A, 10.5.1, 10.5.4.1"), REQUIRES(HAS_DEADLINE))
{
	enter_deadline_mode();
	apic_write(APIC_LVT_TIMER, APIC_TIMER_TSCDEADLINE | APIC_LVT_MASKED | TIMER_VECTOR);
	wrmsr(MSR_IA32_TSC_DEADLINE, in_ns(MS / 2));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
}
