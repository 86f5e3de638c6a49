/* SPDX-License-Identifier: MIT */
#include "other.h"

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cr.h>
#include <x86/smp.h>

/* For the one instruction, from the moment that the CPU is about to execute it. */
#define PATIENCE_NS	 500000000ull
/* Once one is lost in this boot, another is no surprise. */
#define LESS_PATIENCE_NS 100000000ull
/* If it takes the whole machine down, the VMM may need a moment to say so. */
#define MORE_PATIENCE_NS 5000000000ull

struct attempt {
	bool cr3;
	ulong set, clear;
	struct fault fault;
	ulong before, after;
	u32 about_to, done;
};

static void try_write(void *arg)
{
	struct attempt *attempt = arg;
	ulong value;

	attempt->before = attempt->cr3 ? read_cr3() : read_cr4();
	value = (attempt->before | attempt->set) & ~attempt->clear;
	atomic_store(&attempt->about_to, 1);
	attempt->fault = attempt->cr3 ? write_cr3_try(value) : write_cr4_try(value);
	attempt->after = attempt->cr3 ? read_cr3() : read_cr4();
	if (attempt->cr3)
		write_cr3(attempt->before);
	else
		write_cr4(attempt->before);
	atomic_store(&attempt->done, 1);
}

static u32 lost;

static u64 patience_for(const struct attempt *attempt)
{
	if (attempt->clear)
		return MORE_PATIENCE_NS;
	return lost ? LESS_PATIENCE_NS : PATIENCE_NS;
}

/* False if the other CPU was lost; it has been reset. */
static bool try_on_other_cpu(struct attempt *attempt)
{
	u64 start;

	cpu_start_work(1, try_write, attempt);
	while (!atomic_load(&attempt->about_to))
		arch_relax();
	start = clock_ns();
	while (!atomic_load(&attempt->done)) {
		if (clock_ns() - start > patience_for(attempt)) {
			lost++;
			cpu_give_back(1);
			return false;
		}
		arch_relax();
	}
	cpu_wait(1);
	return true;
}

static void expect_refused(struct attempt *attempt)
{
	if (cpu_count() == 1) {
		try_write(attempt);
	} else if (!try_on_other_cpu(attempt)) {
		/* The next one would be lost as well, and each costs time. */
		ASSERT(false, "the CPU that did it is not heard of again");
	}
	EXPECT_FAULT(GP(0), attempt->fault);
	EXPECT_EQ(attempt->after, attempt->before);
}

void expect_cr3_refused(ulong set)
{
	static struct attempt attempt;

	attempt = (struct attempt){ .cr3 = true, .set = set };
	expect_refused(&attempt);
}

void expect_cr4_refused(ulong set, ulong clear)
{
	static struct attempt attempt;

	attempt = (struct attempt){ .set = set, .clear = clear };
	expect_refused(&attempt);
}
