/* SPDX-License-Identifier: MIT */
/*
 * INIT and start-up IPIs: who starts, where, how often. SDM vol. 3A, 8.4.3, 8.4.4, 10.6.1; a CPU that
 * does not wait for a SIPI ignores it, and only INIT makes it wait.
 */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/smp.h>

#include "probe.h"

SUITE("INIT and start-up IPIs", REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_count() > 1));

#define TEST_VECTOR 0x41

/* Time in which a CPU that was to start would: nothing flakes if it is too short, a bug may hide. */
#define SETTLE_US 3000
#define WAKE_US	  50000
#define WAKES	  8

static u32 alive;

static void count_in_loop(void *arg)
{
	(void)arg;
	for (;;) {
		atomic_add(&alive, 1);
		arch_relax();
	}
}

static void loop_with_interrupts_off(void *arg)
{
	irq_disable();
	count_in_loop(arg);
}

static void loop_with_interrupts_on(void *arg)
{
	irq_enable();
	count_in_loop(arg);
}

static void halt_with_interrupts_off(void *arg)
{
	(void)arg;
	for (;;) {
		atomic_add(&alive, 1);
		__asm__ volatile("cli; hlt" ::: "memory");
	}
}

static void halt_with_interrupts_on(void *arg)
{
	(void)arg;
	for (;;) {
		atomic_add(&alive, 1);
		__asm__ volatile("sti; hlt; cli" ::: "memory");
	}
}

static void stay_in_handler(struct trap_frame *frame)
{
	(void)frame;
	count_in_loop(NULL);
}

static void take_interrupt(void *arg)
{
	(void)arg;
	trap_set_handler(TEST_VECTOR, stay_in_handler);
	apic_send_vector(this_cpu()->number, TEST_VECTOR);
	irq_window();
}

/*
 * True once `alive` has grown, by so much that the CPU cannot but have noticed what it was sent; false if
 * it does not.
 */
static bool is_alive(void)
{
	u32 seen = atomic_load(&alive);

	for (u64 begin = clock_ns(); clock_ns() - begin < 3000000000ull;) {
		if (atomic_load(&alive) - seen >= 200)
			return true;
		arch_relax();
	}
	return false;
}

/*
 * True once `alive` has stopped. An INIT that is sent need not have arrived yet, all the more where the host
 * runs one CPU before the other; a CPU that INIT does not stop goes on counting.
 */
static bool has_stopped(void)
{
	for (u64 begin = clock_ns(); clock_ns() - begin < 3000000000ull;) {
		u32 seen = atomic_load(&alive);

		delay_us(SETTLE_US);
		if (atomic_load(&alive) == seen)
			return true;
	}
	return false;
}

static void start_work(void (*work)(void *arg))
{
	u64 begin = clock_ns();

	atomic_store(&alive, 0);
	cpu_start_work(1, work, NULL);
	while (!atomic_load(&alive) && clock_ns() - begin < 3000000000ull)
		arch_relax();
	ASSERT(atomic_load(&alive), "CPU 1 did not begin its work");
}

static void do_nothing(void *arg)
{
	(void)arg;
}

TEST(sipi_vector_is_start_address, "a SIPI with vector VV starts the CPU at VV00:0000",
     SPEC("SDM vol. 3A, 8.4.4.1, 10.6.1"))
{
	static const u32 pages[] = { PROBE_PAGE, PROBE_PAGE + 1, PROBE_OTHER_PAGE };

	for (u32 i = 0; i < ARRAY_SIZE(pages); i++) {
		volatile struct probe_state *state = probe_prepare(pages[i]);

		SUBTEST("vector-%#x", pages[i]);
		cpu_take_over(1);
		cpu_send_init(1);
		cpu_send_sipi(1, pages[i]);
		if (!EXPECT(probe_wait(pages[i], 1), "the CPU did not start"))
			continue;
		EXPECT_EQ(state->cs, pages[i] << 8);
		EXPECT_EQ(state->ip, 0);
	}
}

TEST(init_stops_cpu, "INIT stops a CPU whatever it is doing, and a SIPI starts it again",
     SPEC("SDM vol. 3A, 8.4.3, 10.4.7.3"))
{
	static const struct {
		const char *name;
		void (*work)(void *arg);
	} rows[] = {
		{ "in-a-loop-interrupts-on", loop_with_interrupts_on },
		{ "in-a-loop-interrupts-off", loop_with_interrupts_off },
		{ "halted-interrupts-on", halt_with_interrupts_on },
		{ "halted-interrupts-off", halt_with_interrupts_off },
		{ "in-an-interrupt-handler", take_interrupt },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		start_work(rows[i].work);
		probe_prepare(PROBE_PAGE);
		cpu_take_over(1);
		cpu_send_init(1);
		EXPECT(has_stopped(), "the CPU still runs after INIT");
		cpu_send_sipi(1, PROBE_PAGE);
		EXPECT(probe_wait(PROBE_PAGE, 1), "the CPU did not start");
		cpu_give_back(1);
	}
}

TEST(second_sipi_is_ignored, "a CPU that a SIPI has started ignores further SIPIs",
     SPEC("SDM vol. 3A, 8.4.4.1, 10.6.1"))
{
	volatile struct probe_state *state = probe_prepare(PROBE_PAGE);
	volatile struct probe_state *other = probe_prepare(PROBE_OTHER_PAGE);

	ASSERT(probe_start(1));
	cpu_send_sipi(1, PROBE_PAGE);
	cpu_send_sipi(1, PROBE_OTHER_PAGE);
	delay_us(SETTLE_US);
	EXPECT_EQ(state->starts, 1);
	EXPECT_EQ(other->starts, 0);
}

TEST(sipi_to_running_cpu_is_ignored, "a SIPI without INIT does not disturb a CPU",
     SPEC("SDM vol. 3A, 10.6.1"))
{
	static const struct {
		const char *name;
		void (*work)(void *arg);
	} rows[] = {
		{ "in-a-loop", loop_with_interrupts_on },
		{ "interrupts-off", loop_with_interrupts_off },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		volatile struct probe_state *state = probe_prepare(PROBE_PAGE);

		SUBTEST("%s", rows[i].name);
		start_work(rows[i].work);
		cpu_send_sipi(1, PROBE_PAGE);
		delay_us(SETTLE_US);
		EXPECT_EQ(state->starts, 0);
		EXPECT(is_alive(), "the CPU stopped");
		cpu_give_back(1);
	}
}

TEST(sipi_to_halted_cpu_is_ignored, "a SIPI neither starts nor wakes a CPU that halted by HLT",
     SPEC("SDM vol. 3A, 10.6.1; vol. 2A, HLT"))
{
	volatile struct probe_state *state = probe_prepare(PROBE_PAGE);
	u32 seen;

	start_work(halt_with_interrupts_off);
	delay_us(SETTLE_US);
	seen = atomic_load(&alive);
	/* Several: on a loaded host the CPU may not have come to run in the time of one. */
	for (u32 i = 0; i < WAKES && atomic_load(&alive) == seen; i++) {
		cpu_send_sipi(1, PROBE_PAGE);
		delay_us(WAKE_US);
	}
	EXPECT_EQ(state->starts, 0);
	EXPECT_EQ(atomic_load(&alive), seen);
}

TEST(nothing_but_sipi_ends_the_wait, "a CPU that waits for a SIPI takes no interrupt",
     SPEC("SDM vol. 3A, 8.4.2, 10.4.7.3"))
{
	volatile struct probe_state *state = probe_prepare(PROBE_PAGE);

	start_work(loop_with_interrupts_on);
	irq_record(TEST_VECTOR, TEST_VECTOR);
	cpu_take_over(1);
	cpu_send_init(1);
	ASSERT(has_stopped(), "the CPU still runs after INIT");
	apic_send_vector(1, TEST_VECTOR);
	delay_us(SETTLE_US);
	EXPECT_EQ(irq_taken(1, TEST_VECTOR), 0);
	EXPECT_EQ(state->starts, 0);
	cpu_send_sipi(1, PROBE_PAGE);
	EXPECT(probe_wait(PROBE_PAGE, 1));
	EXPECT_EQ(irq_taken(1, TEST_VECTOR), 0);
}

TEST(disabled_apic_accepts_nothing,
     "after INIT, with the APIC software-disabled, a fixed interrupt does not reach IRR",
     SPEC("APM vol. 2, 16.4.7: a rule of AMD's alone"), REQUIRES(cpu_is_amd()))
{
	/* In one of the rounds the INIT has certainly been carried out before the interrupt comes. */
	for (u32 round = 0; round < 5; round++) {
		probe_prepare(PROBE_PAGE);
		start_work(loop_with_interrupts_on);
		cpu_take_over(1);
		cpu_send_init(1);
		apic_send_vector(1, TEST_VECTOR);
		cpu_send_sipi(1, PROBE_PAGE);
		ASSERT(probe_wait(PROBE_PAGE, 1));
		EXPECT_EQ(probe_apic(PROBE_PAGE, APIC_IRR + TEST_VECTOR / 32 * 0x10), 0);
		cpu_give_back(1);
	}
}

TEST(init_deassert_resets_nothing, "the INIT level de-assert message does not reset a CPU",
     SPEC("SDM vol. 3A, 10.6.1"))
{
	start_work(loop_with_interrupts_on);
	apic_send(ICR_INIT | ICR_LEVEL, (u32)cpu_by_number(1)->hardware_id);
	delay_us(SETTLE_US);
	EXPECT(is_alive());
}

TEST(cpu_restarts_repeatedly, "a CPU can be reset and started any number of times",
     SPEC("SDM vol. 3A, 8.4.4"))
{
	volatile struct probe_state *state = probe_prepare(PROBE_PAGE);

	for (u32 round = 1; round <= 8; round++) {
		ASSERT(probe_start(1), "round %u", round);
		EXPECT_EQ(state->starts, round);
		EXPECT_EQ(state->flags & 0xffffffff, 2, "round %u", round);
	}
}

TEST(cpu_works_after_restart, "a CPU that was reset and started works as before",
     SPEC("SDM vol. 3A, 8.4.4"))
{
	for (u32 round = 0; round < 3; round++) {
		irq_record(TEST_VECTOR, TEST_VECTOR);
		run_on_cpu(1, do_nothing, NULL);
		apic_send_vector(1, TEST_VECTOR);
		EXPECT(irq_wait(1, TEST_VECTOR, 1), "round %u", round);
		cpu_give_back(1);
	}
}

TEST(broadcast_start, "INIT and SIPI to all but the sender start every other CPU once",
     SPEC("SDM vol. 3A, 8.4.4.1; table 10-3"), BUG("acrn#551"))
{
	volatile struct probe_state *state = probe_prepare(PROBE_PAGE);
	u32 others = cpu_count() - 1;

	for (u32 cpu = 1; cpu <= others; cpu++)
		cpu_take_over(cpu);
	apic_send(ICR_INIT | ICR_ASSERT | ICR_ALL_BUT_SELF, 0);
	delay_us(10000);
	apic_send(ICR_STARTUP | ICR_ASSERT | ICR_ALL_BUT_SELF | PROBE_PAGE, 0);
	EXPECT(probe_wait(PROBE_PAGE, others));
	delay_us(SETTLE_US);
	EXPECT_EQ(state->starts, others);
}
