/* SPDX-License-Identifier: MIT */
/* What ends WFE: events of this CPU and of others. */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("Wait for event");

static void wfe(void)
{
	__asm__ volatile("wfe" ::: "memory");
}

static void sev(void)
{
	__asm__ volatile("dsb sy\n\tsev" ::: "memory");
}

TEST(wfe_after_own_sev, "WFE ends at once after a SEV of the same CPU",
     SPEC("DDI 0487, D1.7.1, the Event Register; C6.2, SEV"))
{
	u32 rounds = 0;

	for (; rounds < 100; rounds++) {
		sev();
		wfe();
	}
	EXPECT_EQ(rounds, 100);
}

#define ROUNDS 100

static u32 waits, asked;

/* Another WFE for each time it is asked; what was asked before it waits is an event already. */
static void wait_for_events(void *arg)
{
	(void)arg;
	for (u32 round = 1; round <= ROUNDS; round++) {
		while (atomic_load(&asked) < round)
			wfe();
		atomic_store(&waits, round);
	}
}

TEST(wfe_ended_by_others, "a SEV ends the WFE of another CPU, and no event is lost",
     SPEC("DDI 0487, D1.7.1, WFE wake-up events; C6.2, SEV"), REQUIRES(cpu_count() >= 2))
{
	waits = asked = 0;
	cpu_start_work(1, wait_for_events, NULL);
	for (u32 round = 1; round <= ROUNDS; round++) {
		atomic_store(&asked, round);
		sev();
		ASSERT(wait_until(atomic_load(&waits) == round), "event %u", round);
	}
	cpu_wait(1);
}
