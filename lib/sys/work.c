/* SPDX-License-Identifier: MIT */
/* What other CPUs do: wait, halted, for work, and start again when a case has left them busy. */
#include <sys/cpu.h>

#include <harness/state.h>
#include <harness/verdict.h>
#include <mm/space.h>
#include <sys/atomic.h>
#include <sys/landing.h>
#include <sys/time.h>

/* How long a CPU may take to notice that it has to stop. */
#define PATIENCE_NS 1000000000ull

/* True once the CPU's state is `state`; false if it takes too long. */
static bool wait_for_state(struct cpu *cpu, enum cpu_state state)
{
	return wait_until_ns(atomic_load(&cpu->state) == state, PATIENCE_NS);
}

static void do_work(struct cpu *cpu)
{
	struct landing landing = { .kind = LANDING_END };

	/* While this CPU waited, it may have cached what the last case had left in the tables. */
	space_switch(space_kernel());
	if (landing_set(&landing))
		cpu->work(cpu->work_arg);
	else
		landing_request_end();
	landing_clear(&landing);
}

/* True: there is work. False: something came that nobody expected, and the running case has failed by it. */
static bool wait_for_work(const struct cpu *cpu)
{
	struct landing landing = { .kind = LANDING_END };
	volatile bool has_work = false;

	if (landing_set(&landing)) {
		/* Always for the kick that comes with the work: it must not be pending while a test runs. */
		do {
			arch_wait_for_kick();
		} while (!READ_ONCE(cpu->work));
		has_work = true;
	} else {
		landing_request_end();
	}
	landing_clear(&landing);
	return has_work;
}

/*
 * Where a started CPU ends up, on its own stack. Once its state is another than the one that it gave
 * itself, cpus_park() has given this CPU up and a reset is on its way: what runs here then must not look
 * like the CPU that starts after it.
 */
static void __noreturn wait_and_work(void)
{
	u32 from = CPU_OFF;

	for (;; from = CPU_WORKING) {
		struct cpu *cpu;

		landing_reset(NULL);
		state_reset();
		cpu = this_cpu();
		while (!atomic_compare_exchange(&cpu->state, from, CPU_WAITING))
			arch_relax();
		while (!wait_for_work(cpu))
			state_reset();
		do_work(cpu);
		WRITE_ONCE(cpu->work, NULL);
	}
}

/* On the first call, starts every CPU: that costs one delay and not one for each. */
static void ensure_started(struct cpu *cpu)
{
	if (atomic_load(&cpu->state) == CPU_OFF)
		arch_start_cpus(wait_and_work);
	if (!wait_until(atomic_load(&cpu->state) == CPU_WAITING)) {
		case_error("CPU %u did not start (state %u)", cpu->number, cpu->state);
		landing_end();
	}
}

void cpu_start_work(u32 number, void (*fn)(void *arg), void *arg)
{
	struct cpu *cpu = cpu_by_number(number);

	ensure_started(cpu);
	cpu->work_arg = arg;
	atomic_store(&cpu->state, CPU_WORKING);
	atomic_store(&cpu->work, fn);
	arch_kick(cpu);
}

void cpu_wait(u32 number)
{
	struct cpu *cpu = cpu_by_number(number);

	while (atomic_load(&cpu->state) == CPU_WORKING)
		arch_relax();
	if (landing_is_ending())
		landing_end();
}

void run_on_cpu(u32 number, void (*fn)(void *arg), void *arg)
{
	if (number == this_cpu()->number) {
		fn(arg);
		return;
	}
	cpu_start_work(number, fn, arg);
	cpu_wait(number);
}

void run_on_all_cpus(void (*fn)(void *arg), void *arg)
{
	u32 self = this_cpu()->number;

	for (u32 number = 0; number < cpu_count(); number++) {
		if (number != self)
			cpu_start_work(number, fn, arg);
	}
	fn(arg);
	for (u32 number = 0; number < cpu_count(); number++) {
		if (number != self)
			cpu_wait(number);
	}
}

/*
 * A reset may take its time to arrive, and until then the CPU goes on with what it was doing. Only one
 * that has started again is known to have stopped.
 */
void cpus_park(void)
{
	bool any = false;

	for (u32 number = 1; number < cpu_count(); number++) {
		struct cpu *cpu = cpu_by_number(number);

		if (!atomic_compare_exchange(&cpu->state, CPU_WORKING, CPU_OFF))
			continue;
		any = true;
		arch_reset_cpu(cpu);
		WRITE_ONCE(cpu->work, NULL);
	}
	if (!any)
		return;
	arch_start_cpus(wait_and_work);
	for (u32 number = 1; number < cpu_count(); number++) {
		if (!wait_for_state(cpu_by_number(number), CPU_WAITING))
			case_error("CPU %u did not start again", number);
	}
}
