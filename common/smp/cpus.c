/* SPDX-License-Identifier: MIT */
/*
 * Every CPU starts, runs what it is given, can give others work, and has its stack, its faults and its
 * user privilege for itself while all run at the same time.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Every CPU");

#define ROUNDS 25

static struct cpu_barrier meeting;

/* What each CPU has to say. */
static struct {
	u32 runs;
	u32 number;
	u64 hardware_id;
} said[MAX_CPUS];

static void say(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	atomic_add(&said[number].runs, 1);
	said[number].number = number;
	said[number].hardware_id = this_cpu()->hardware_id;
}

TEST(every_cpu_starts, "every CPU that the machine names starts and runs what it is given once",
     SPEC("SDM vol. 3A, 8.4.4; DEN 0022, 5.6 CPU_ON; PoP SA22-7832-13, chapter 4, Restart"))
{
	memset(said, 0, sizeof(said));
	run_on_all_cpus(say, NULL);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		EXPECT_EQ(said[cpu].runs, 1, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].number, cpu);
		EXPECT_EQ(said[cpu].hardware_id, cpu_by_number(cpu)->hardware_id);
		for (u32 other = 0; other < cpu; other++)
			EXPECT_NE(said[cpu].hardware_id, said[other].hardware_id, "CPUs %u and %u",
				  other, cpu);
	}
}

/* ------------------------------------------------------------------------------- work for others */

static u32 ran_on;

static void note_cpu(void *arg)
{
	atomic_store((u32 *)arg, this_cpu()->number);
}

static void give_work(void *to)
{
	atomic_store(&ran_on, ~0u);
	run_on_cpu(*(u32 *)to, note_cpu, &ran_on);
	EXPECT_EQ(ran_on, *(u32 *)to);
}

TEST(work_runs_where_asked,
     "work from any CPU for any other runs there, done when the call returns",
     SPEC("SDM vol. 3A, 10.6.1; IHI 0048, 3.2.2; PoP SA22-7832-13, chapter 4, Emergency Signal"))
{
	for (u32 to = 0; to < cpu_count(); to++) {
		for (u32 from = 0; from < cpu_count(); from++) {
			/* CPU 0 waits for the one that it has sent, and does no work. */
			if (to == 0 && from != 0)
				continue;
			SUBTEST("CPU-%u-to-CPU-%u", from, to);
			run_on_cpu(from, give_work, &to);
		}
	}
}

/* --------------------------------------------------------------------------- at the same time */

static __noinline u32 fill_stack(u32 depth)
{
	volatile u32 frame[64];
	u32 value = this_cpu()->number << 16 | depth, wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(frame); i++)
		frame[i] = value;
	if (depth)
		wrong = fill_stack(depth - 1);
	else
		cpu_barrier_wait(&meeting, cpu_count());
	for (u32 i = 0; i < ARRAY_SIZE(frame); i++)
		wrong += frame[i] != value;
	return wrong;
}

static void use_stack(void *arg)
{
	(void)arg;
	for (u32 round = 0; round < 5; round++)
		EXPECT_EQ(fill_stack(40), 0);
}

TEST(stacks_are_own, "what a CPU keeps on its stack no other CPU changes",
     SPEC("SDM vol. 3A, 8.7; DDI 0487, B2.1; PoP SA22-7832-13, chapter 2, CPU"))
{
	memset(&meeting, 0, sizeof(meeting));
	run_on_all_cpus(use_stack, NULL);
}

static u8 *pages;

static void read_byte(void *address)
{
	(void)*(volatile u8 *)address;
}

static void write_byte(void *address)
{
	*(volatile u8 *)address = 0x5a;
}

/* A read and a write at an address of this CPU's own, at either privilege. */
static void fault_on_own_page(void *arg)
{
	u32 self = this_cpu()->number;
	u8 *mine = pages + self * PAGE_SIZE + self * 8;

	(void)arg;
	cpu_barrier_wait(&meeting, cpu_count());
	for (u32 round = 0; round < ROUNDS; round++) {
		/* Not all the same at the same time. */
		bool user = (round + self) & 1;
		struct fault (*run)(void (*fn)(void *arg), void *arg) = user ? run_user : fault_of;

		EXPECT_FAULT(space_fault(ACCESS_READ, user, true, mine), run(read_byte, mine));
		EXPECT_FAULT(space_fault(ACCESS_WRITE, user, true, mine), run(write_byte, mine));
	}
}

TEST(faults_are_own, "faults at the same time are each reported to the CPU that caused it, whole",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14; DDI 0487, D1.3.1; "
	  "PoP SA22-7832-13, chapter 3, Prefixing, Assigned Storage Locations"))
{
	memset(&meeting, 0, sizeof(meeting));
	pages = pages_alloc(cpu_count(), PAGE_SIZE);
	space_unmap(space_kernel(), (ulong)pages, cpu_count() * PAGE_SIZE);
	run_on_all_cpus(fault_on_own_page, NULL);
}
