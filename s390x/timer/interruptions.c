/* SPDX-License-Identifier: MIT */
/*
 * Clock comparator and CPU timer. Their interruptions are never early, which is exact; that they come at all
 * is given a second.
 */
#include <test.h>

#include <arch/cpu.h>
#include <s390x/clock.h>
#include <s390x/cr.h>
#include <sys/time.h>

SUITE("Clock comparator, CPU timer");

/* Less than the library's: what a VMM is known not to do costs as much. */
#define PATIENCE_NS 1000000000ull

static u32 code;
static u64 tod_then;
static s64 timer_then;
static struct psw old;

static void record(struct trap_frame *frame)
{
	timer_then = store_cpu_timer();
	tod_then = store_clock();
	code = frame->info.ext_code;
	old = frame->psw;
	/* On in the program, disabled and not waiting. */
	frame->psw.mask &= ~(PSW_WAIT | PSW_EXT);
}

static u32 code_after_window(void)
{
	arch_irq_restore(1);
	arch_irq_save();
	return code;
}

/* Takes an external interruption of the subclasses in a loop; its code, or 0 if none came in time. */
static u32 await(u64 subclasses)
{
	code = 0;
	trap_set_handler(TRAP_EXTERNAL, record);
	write_cr(0, (read_cr(0) & ~CR0_SUBCLASSES) | subclasses);
	wait_until_ns(code_after_window(), PATIENCE_NS);
	write_cr(0, (read_cr(0) & ~CR0_SUBCLASSES) | CR0_EMERGENCY);
	return code;
}

static const u32 delays_us[] = { 0, 1, 10, 100, 1000, 5000, 20000 };

TEST(comparator_never_early,
     "the clock comparator interrupts when the clock has passed it, not before",
     SPEC("PoP SA22-7832-13, chapter 4, Clock Comparator; chapter 6, Clock Comparator"))
{
	for (u32 i = 0; i < ARRAY_SIZE(delays_us); i++) {
		u64 due;

		SUBTEST("after %u us", delays_us[i]);
		due = store_clock() + delays_us[i] * TOD_PER_US;
		set_clock_comparator(due);
		EXPECT_EQ(await(CR0_CLOCK_COMPARATOR), (u32)EXT_CLOCK_COMPARATOR);
		EXPECT_GT(tod_then, due);
	}
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
}

TEST(comparator_past, "a clock comparator long past is a pending interruption",
     SPEC("PoP SA22-7832-13, chapter 4, Clock Comparator"))
{
	static const u64 values[] = { 0, 0x123456789abcdef0 };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("%#llx", values[i]);
		set_clock_comparator(values[i]);
		EXPECT_EQ(await(CR0_CLOCK_COMPARATOR), (u32)EXT_CLOCK_COMPARATOR);
	}
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
}

TEST(comparator_stays_pending, "the interruption is pending again until the comparator is changed",
     SPEC("PoP SA22-7832-13, chapter 6, Clock Comparator: the condition remains pending"))
{
	set_clock_comparator(store_clock());
	for (u32 i = 0; i < 3; i++)
		ASSERT_EQ(await(CR0_CLOCK_COMPARATOR), (u32)EXT_CLOCK_COMPARATOR, "time %u", i);
}

TEST(comparator_withdrawn, "a comparator in the future withdraws what was pending",
     SPEC("PoP SA22-7832-13, chapter 4, Clock Comparator"))
{
	set_clock_comparator(store_clock());
	delay_us(5000);
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
	EXPECT(!external_window((read_cr(0) & ~CR0_SUBCLASSES) | CR0_CLOCK_COMPARATOR));
	set_clock_comparator(store_clock());
	delay_us(5000);
	set_clock_comparator(store_clock() + 3600000000ull * TOD_PER_US);
	EXPECT(!external_window((read_cr(0) & ~CR0_SUBCLASSES) | CR0_CLOCK_COMPARATOR));
}

TEST(comparator_masked, "without its subclass mask the clock comparator does not interrupt",
     SPEC("PoP SA22-7832-13, chapter 4, CR0 bit 52"))
{
	set_clock_comparator(store_clock());
	delay_us(5000);
	EXPECT(!external_window(read_cr(0) & ~CR0_SUBCLASSES));
	EXPECT(!external_window((read_cr(0) & ~CR0_SUBCLASSES) |
				(CR0_SUBCLASSES & ~CR0_CLOCK_COMPARATOR)));
	EXPECT_EQ(await(CR0_CLOCK_COMPARATOR), (u32)EXT_CLOCK_COMPARATOR);
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
}

TEST(comparator_kept, "the clock comparator is stored as it was set",
     SPEC("PoP SA22-7832-13, chapter 10, SET CLOCK COMPARATOR, STORE CLOCK COMPARATOR"))
{
	static const u64 values[] = { 0, 0x1122334455667000, ~0ull << 12, ~0ull };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		set_clock_comparator(values[i]);
		/* How many of the bits right of 51 there are depends on the model. */
		EXPECT_EQ(store_clock_comparator() >> 12, values[i] >> 12);
	}
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
}

TEST(wait_ends, "a CPU in the wait state is woken, and the old PSW says that it waited",
     SPEC("PoP SA22-7832-13, chapter 4, Wait State"))
{
	u64 due = store_clock() + 2000 * TOD_PER_US;

	code = 0;
	trap_set_handler(TRAP_EXTERNAL, record);
	set_clock_comparator(due);
	write_cr(0, read_cr(0) | CR0_CLOCK_COMPARATOR);
	psw_load_mask(PSW_KERNEL | PSW_EXT | PSW_WAIT);
	write_cr(0, read_cr(0) & ~CR0_CLOCK_COMPARATOR);
	EXPECT_EQ(code, (u32)EXT_CLOCK_COMPARATOR);
	EXPECT_GT(tod_then, due);
	EXPECT_EQ(old.mask & (PSW_WAIT | PSW_EXT), PSW_WAIT | PSW_EXT);
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
}

/* ------------------------------------------------------------------------------------- CPU timer */

TEST(timer_never_early,
     "the CPU timer interrupts when it is negative, which takes as long as it was set to",
     SPEC("PoP SA22-7832-13, chapter 4, CPU Timer; chapter 6, CPU Timer"))
{
	for (u32 i = 0; i < ARRAY_SIZE(delays_us); i++) {
		u64 start;

		SUBTEST("after %u us", delays_us[i]);
		start = store_clock();
		set_cpu_timer(delays_us[i] * (s64)TOD_PER_US);
		EXPECT_EQ(await(CR0_CPU_TIMER), (u32)EXT_CPU_TIMER);
		/* It does not run faster than the TOD clock. */
		EXPECT_GE(tod_then - start, delays_us[i] * TOD_PER_US);
	}
}

TEST(timer_passes_zero, "when the CPU timer interrupts, it is negative",
     SPEC("PoP SA22-7832-13, chapter 4, CPU Timer; chapter 10, STORE CPU TIMER"))
{
	set_cpu_timer(TOD_PER_US);
	ASSERT_EQ(await(CR0_CPU_TIMER), (u32)EXT_CPU_TIMER);
	EXPECT_LT(timer_then, 0);
}

TEST(timer_negative, "a negative CPU timer is a pending interruption",
     SPEC("PoP SA22-7832-13, chapter 4, CPU Timer"))
{
	static const s64 values[] = { -1, -0x7fffffffffffffff };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("%lld", values[i]);
		set_cpu_timer(values[i]);
		EXPECT_EQ(await(CR0_CPU_TIMER), (u32)EXT_CPU_TIMER);
	}
}

TEST(timer_stays_pending, "the interruption is pending again until the timer is set",
     SPEC("PoP SA22-7832-13, chapter 6, CPU Timer: the condition remains pending"))
{
	set_cpu_timer(1);
	for (u32 i = 0; i < 3; i++)
		ASSERT_EQ(await(CR0_CPU_TIMER), (u32)EXT_CPU_TIMER, "time %u", i);
}

TEST(timer_masked, "without its subclass mask the CPU timer does not interrupt",
     SPEC("PoP SA22-7832-13, chapter 4, CR0 bit 53"))
{
	set_cpu_timer(1);
	delay_us(5000);
	EXPECT(!external_window((read_cr(0) & ~CR0_SUBCLASSES) |
				(CR0_SUBCLASSES & ~CR0_CPU_TIMER)));
	EXPECT_EQ(await(CR0_CPU_TIMER), (u32)EXT_CPU_TIMER);
}

TEST(timer_counts_down, "the CPU timer counts down, at the TOD clock's rate or slower",
     SPEC("PoP SA22-7832-13, chapter 4, CPU Timer"))
{
	for (u32 i = 0; i < 20; i++) {
		u64 outer = store_clock(), elapsed;
		s64 before, after;

		set_cpu_timer(CPU_TIMER_NEVER);
		before = store_cpu_timer();
		delay_us(500);
		after = store_cpu_timer();
		elapsed = store_clock() - outer;
		EXPECT_LE(before, CPU_TIMER_NEVER);
		EXPECT_LT(after, before);
		EXPECT_LE((u64)(before - after), elapsed);
	}
}

TEST(timer_each_cpu_reads_down, "consecutive values of the CPU timer never grow",
     SPEC("PoP SA22-7832-13, chapter 10, STORE CPU TIMER"))
{
	s64 before;

	set_cpu_timer(CPU_TIMER_NEVER);
	before = store_cpu_timer();
	for (u32 i = 0; i < 10000; i++) {
		s64 now = store_cpu_timer();

		if (!EXPECT_LE(now, before))
			break;
		before = now;
	}
}
