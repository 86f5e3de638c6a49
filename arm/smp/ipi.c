/* SPDX-License-Identifier: MIT */
/* Interrupts between CPUs: SGIs. */
#include <test.h>

#include <arm/gic.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/lock.h>
#include <sys/time.h>

SUITE("Interrupts between CPUs", REQUIRES(gic_version() && cpu_count() >= 2));

#define SGI_TEST 3
#define ROUNDS	 25

static u32 received[MAX_CPUS];
static u32 wrong_intid;
static struct cpu_barrier barrier;

static void count_sgi(u32 intid)
{
	if (intid != SGI_TEST)
		atomic_add(&wrong_intid, 1);
	atomic_add(&received[this_cpu()->number], 1);
}

static bool wait_for(const u32 *counter, u32 value)
{
	return wait_until(atomic_load(counter) >= value);
}

/* Asleep in between, so that a host with fewer CPUs has them for who has something to do. */
static void listen(void *until)
{
	gic_enable(SGI_TEST);
	cpu_barrier_wait(&barrier, cpu_count());
	while (!atomic_load((u32 *)until))
		arch_wait_for_kick();
}

/* Every other CPU listens until *until. */
static void start_listeners(u32 *until)
{
	barrier = (struct cpu_barrier){ 0 };
	for (u32 i = 0; i < cpu_count(); i++)
		received[i] = 0;
	wrong_intid = 0;
	irq_set_handler(SGI_TEST, count_sgi);
	for (u32 i = 1; i < cpu_count(); i++)
		cpu_start_work(i, listen, until);
	cpu_barrier_wait(&barrier, cpu_count());
}

static void end_listeners(u32 *until)
{
	atomic_store(until, 1);
	for (u32 i = 1; i < cpu_count(); i++) {
		arch_kick(cpu_by_number(i));
		cpu_wait(i);
	}
}

TEST(sgi_reaches_its_target, "an SGI arrives at the CPU that it was sent to, and at no other",
     SPEC("IHI 0048, 4.3.15 GICD_SGIR; IHI 0069, 12.2.21 ICC_SGI1R_EL1"))
{
	u32 end = 0;

	start_listeners(&end);
	for (u32 target = 1; target < cpu_count(); target++) {
		for (u32 round = 1; round <= ROUNDS; round++) {
			gic_send_sgi(target, SGI_TEST);
			ASSERT(wait_for(&received[target], round), "CPU %u, round %u", target,
			       round);
		}
		for (u32 other = 0; other < cpu_count(); other++)
			EXPECT_EQ(received[other], other && other <= target ? ROUNDS : 0,
				  "sent to %u, CPU %u", target, other);
	}
	EXPECT_EQ(wrong_intid, 0);
	end_listeners(&end);
}

TEST(sgi_to_self, "an SGI can be sent to the CPU itself",
     SPEC("IHI 0048, 4.3.15; IHI 0069, 12.2.21"))
{
	u32 end = 0;

	start_listeners(&end);
	gic_enable(SGI_TEST);
	arch_irq_restore(0);
	for (u32 round = 1; round <= ROUNDS; round++) {
		gic_send_sgi(0, SGI_TEST);
		ASSERT(wait_for(&received[0], round));
	}
	arch_irq_restore(PSTATE_I);
	for (u32 other = 1; other < cpu_count(); other++)
		EXPECT_EQ(received[other], 0, "CPU %u", other);
	end_listeners(&end);
}

static u32 turn;

/* Each CPU passes an SGI to the next when it gets one. */
static void pass_on(u32 intid)
{
	u32 number = this_cpu()->number;

	(void)intid;
	atomic_add(&received[number], 1);
	if (atomic_add(&turn, 1) < ROUNDS * cpu_count())
		gic_send_sgi((number + 1) % cpu_count(), SGI_TEST);
}

TEST(sgi_ring, "SGIs sent from handlers go round all CPUs, and none is lost",
     SPEC("IHI 0048, 3.2.2; IHI 0069, 4.6"))
{
	u32 end = 0;

	start_listeners(&end);
	turn = 0;
	irq_set_handler(SGI_TEST, pass_on);
	gic_enable(SGI_TEST);
	gic_send_sgi(1, SGI_TEST);
	arch_irq_restore(0);
	/* Each step has its own patience: all of them may take a busy host long. */
	for (u32 step = 1; step <= ROUNDS * cpu_count() + 1; step++)
		if (!EXPECT(wait_for(&turn, step), "the SGI was lost after %u", turn))
			break;
	arch_irq_restore(PSTATE_I);
	for (u32 i = 0; i < cpu_count(); i++)
		EXPECT_GE(received[i], ROUNDS, "CPU %u", i);
	end_listeners(&end);
}

static void sleep_until_sgi(void *arg)
{
	u32 *slept = arg;

	gic_enable(SGI_TEST);
	atomic_store(slept, 1);
	/* Masked, so that the wake-up and not the handler is what is seen. */
	while (!(read_sys(ISR) & PSTATE_I))
		__asm__ volatile("wfi" ::: "memory");
	atomic_store(slept, 2);
	arch_irq_restore(0);
	isb();
	arch_irq_restore(PSTATE_I);
}

TEST(wfi_wakes_masked, "WFI ends for an interrupt that PSTATE.I masks",
     SPEC("DDI 0487, D1.7.2, WFI wake-up events"))
{
	u32 slept = 0;

	received[1] = 0;
	irq_set_handler(SGI_TEST, count_sgi);
	cpu_start_work(1, sleep_until_sgi, &slept);
	ASSERT(wait_for(&slept, 1));
	delay_us(1000);
	EXPECT_EQ(slept, 1);
	gic_send_sgi(1, SGI_TEST);
	EXPECT(wait_for(&slept, 2));
	cpu_wait(1);
	EXPECT_EQ(received[1], 1);
}
