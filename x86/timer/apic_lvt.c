/* SPDX-License-Identifier: MIT */
/*
 * The timer's entry of the local vector table: SDM vol. 3A, 10.5.1 (mask, vector, delivery status),
 * 10.5.2 (legal vectors), and how the interrupt competes with IF and the task priority.
 */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/msr.h>

#include "apic_timer.h"

SUITE("APIC timer, local vector table", REQUIRES(cpu_has(X86_FEATURE_APIC)));

/* Waits until the one-shot timer's count is 0; it is masked, or interrupts are off. */
static bool wait_for_expiry(void)
{
	return wait_until(!apic_read(APIC_TIMER_CURRENT));
}

TEST(masked_timer_counts, "a masked timer counts down and raises no interrupt",
     SPEC("SDM vol. 3A, 10.5.1, 10.5.4"))
{
	static const u32 modes[] = { APIC_TIMER_ONESHOT, APIC_TIMER_PERIODIC };
	static const char *const names[] = { "one-shot", "periodic" };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u32 first;

		SUBTEST("%s", names[i]);
		timer_begin();
		/* A count that does not end while the host pauses this CPU, and then one that does. */
		apic_timer_start(APIC_LVT_MASKED | modes[i] | TIMER_VECTOR, 0, ~0u);
		first = apic_read(APIC_TIMER_CURRENT);
		EXPECT(wait_until(apic_read(APIC_TIMER_CURRENT) < first));
		apic_timer_start(APIC_LVT_MASKED | modes[i] | TIMER_VECTOR, 0,
				 timer_counts(MS / 2, 0));
		irq_window_ns(2 * WATCH_NS);
		EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
		EXPECT(!apic_vector_bit(APIC_IRR, TIMER_VECTOR));
		apic_timer_stop();
	}
}

TEST(missed_while_masked,
     "an expiry that the mask kept back is lost: unmasking raises no interrupt",
     SPEC("SDM vol. 3A, 10.5.1"))
{
	timer_begin();
	apic_timer_start(APIC_LVT_MASKED | TIMER_VECTOR, 0, timer_counts(MS / 4, 0));
	ASSERT(wait_for_expiry());
	delay_us(100);
	apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
}

TEST(unmasked_before_expiry, "a timer that is unmasked before it expires fires",
     SPEC("SDM vol. 3A, 10.5.1"))
{
	u32 count = timer_counts(20 * MS, 0);
	u64 start;

	timer_begin();
	start = arch_ticks();
	apic_timer_start(APIC_LVT_MASKED | TIMER_VECTOR, 0, count);
	apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
	if (arch_ticks() - start >= apic_timer_min_tsc(timer_rate(), count - 1))
		SKIP("the host was too busy");
	EXPECT(irq_wait(0, TIMER_VECTOR, 1));
	timer_expect_not_early(start, irq_history_ticks(0, 0), count, 0);
}

TEST(masked_after_expiry, "masking does not take back an interrupt that is already pending",
     SPEC("SDM vol. 3A, 10.5.1, 10.8.4"))
{
	timer_begin();
	apic_timer_start(TIMER_VECTOR, 0, timer_counts(MS / 4, 0));
	ASSERT(timer_wait_pending(TIMER_VECTOR));
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | TIMER_VECTOR);
	EXPECT(apic_vector_bit(APIC_IRR, TIMER_VECTOR));
	irq_window();
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 1);
}

TEST(timer_waits_for_if, "with IF = 0 the timer's interrupt waits in IRR",
     SPEC("SDM vol. 3A, 10.8.4"))
{
	timer_begin();
	apic_timer_start(TIMER_VECTOR, 0, timer_counts(MS / 4, 0));
	ASSERT(timer_wait_pending(TIMER_VECTOR));
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
	irq_window();
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 1);
	EXPECT(!apic_vector_bit(APIC_IRR, TIMER_VECTOR));
}

TEST(timer_waits_for_tpr,
     "a task priority of the vector's class or above holds the timer's interrupt",
     SPEC("SDM vol. 3A, 10.8.3.1"))
{
	static const struct {
		u8 tpr;
		bool taken;
	} rows[] = { { 0x40, true },
		     { 0x4f, true },
		     { TIMER_VECTOR & 0xf0, false },
		     { 0x60, false },
		     { 0xf0, false } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("TPR-%#x", rows[i].tpr);
		timer_begin();
		apic_write(APIC_TPR, rows[i].tpr);
		apic_timer_start(TIMER_VECTOR, 0, timer_counts(MS / 4, 0));
		ASSERT(timer_wait_pending(TIMER_VECTOR));
		irq_window();
		EXPECT_EQ(irq_taken(0, TIMER_VECTOR), rows[i].taken);
		apic_write(APIC_TPR, 0);
		irq_window();
		EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 1, "once TPR is 0");
	}
}

TEST(timer_in_software_disabled_apic,
     "while the APIC is software-disabled every LVT entry stays masked",
     SPEC("SDM vol. 3A, 10.4.7.2"))
{
	timer_begin();
	apic_timer_start(TIMER_VECTOR, 0, LONG_COUNT);
	apic_write(APIC_SVR, 0xff);
	SUBTEST("mask-bit-set-by-disabling");
	EXPECT_EQ(apic_read(APIC_LVT_TIMER) & APIC_LVT_MASKED, APIC_LVT_MASKED);
	SUBTEST("mask-bit-cannot-be-cleared");
	apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
	EXPECT_EQ(apic_read(APIC_LVT_TIMER) & APIC_LVT_MASKED, APIC_LVT_MASKED);
	apic_write(APIC_SVR, APIC_SVR_ENABLE | 0xff);
	SUBTEST("mask-bit-stays-set-after-enabling");
	EXPECT_EQ(apic_read(APIC_LVT_TIMER) & APIC_LVT_MASKED, APIC_LVT_MASKED);
	apic_timer_stop();
}

TEST(lvt_timer_reads_back,
     "vector, mask and mode of the entry read back, and delivery status is read-only",
     SPEC("SDM vol. 3A, 10.5.1, figure 10-8"))
{
	static const struct {
		const char *name;
		u32 written, expected;
	} rows[] = {
		{ "vector", APIC_LVT_MASKED | 0xab, APIC_LVT_MASKED | 0xab },
		{ "periodic", APIC_LVT_MASKED | APIC_TIMER_PERIODIC | 0x20,
		  APIC_LVT_MASKED | APIC_TIMER_PERIODIC | 0x20 },
		{ "not-masked", 0x21, 0x21 },
		{ "delivery-status", APIC_LVT_MASKED | 0x21 | BIT(12), APIC_LVT_MASKED | 0x21 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		apic_write(APIC_LVT_TIMER, rows[i].written);
		EXPECT_EQ(apic_read(APIC_LVT_TIMER), rows[i].expected);
	}
	apic_timer_stop();
}

TEST(illegal_timer_vector,
     "a timer interrupt with a vector of 0 to 15 sets the receive illegal vector bit of ESR",
     SPEC("SDM vol. 3A, 10.5.2, 10.5.3"), BUG("XSA-462"))
{
	static const u32 vectors[] = { 0, 15 };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("ESR-vector-%u", vectors[i]);
		timer_begin();
		apic_write(APIC_ESR, 0);
		apic_write(APIC_ESR, 0);
		apic_timer_start(vectors[i], 0, timer_counts(MS / 4, 0));
		EXPECT(wait_for_expiry());
		delay_us(1000);
		apic_timer_stop();
		apic_write(APIC_ESR, 0);
		EXPECT_EQ(apic_read(APIC_ESR) & APIC_ESR_RECEIVE_ILLEGAL, APIC_ESR_RECEIVE_ILLEGAL);
	}
}
