/* SPDX-License-Identifier: MIT */
#include <sys/cpu.h>

#include <arch/fault.h>
#include <arch/machine.h>
#include <harness/run.h>
#include <sys/atomic.h>
#include <sys/time.h>

/* How long a CPU may take to start or to notice that it has to stop. */
#define PATIENCE_NS 1000000000ull

struct cpu cpus[MAX_CPUS];
static u32 count;

u32 cpu_count(void)
{
	return count;
}

struct cpu *cpu_by_number(u32 number)
{
	return &cpus[number];
}

void cpu_add(u64 hardware_id)
{
	if (count < MAX_CPUS) {
		cpus[count].number = count;
		cpus[count].hardware_id = hardware_id;
		count++;
	}
}

/* True once the CPU's state is `state`; false if it takes too long. */
static bool wait_for_state(struct cpu *cpu, enum cpu_state state)
{
	u64 start = clock_ns();

	while (atomic_load(&cpu->state) != state) {
		if (clock_ns() - start > PATIENCE_NS)
			return false;
		arch_relax();
	}
	return true;
}

/* On the first call, starts every CPU: that costs one delay and not one for each. */
static void ensure_started(struct cpu *cpu)
{
	if (atomic_load(&cpu->state) == CPU_OFF)
		arch_start_cpus();
	if (!wait_for_state(cpu, CPU_WAITING)) {
		run_error("CPU %u did not start (state %u)", cpu->number, cpu->state);
		run_end_case();
	}
}

/*
 * `from` is the state that this CPU is in. Once it is another, cpus_park() has given this CPU up and a
 * reset is on its way: what runs here then must not look like the CPU that starts after it.
 */
static void __noreturn wait_and_work(u32 from)
{
	struct cpu *cpu = this_cpu();

	for (;; from = CPU_WORKING) {
		fault_reset();
		arch_reset_state();
		while (!atomic_compare_exchange(&cpu->state, from, CPU_WAITING))
			arch_relax();
		while (!READ_ONCE(cpu->work))
			arch_wait_for_kick();
		cpu->work(cpu->work_arg);
		WRITE_ONCE(cpu->work, NULL);
	}
}

void cpu_loop(void)
{
	wait_and_work(CPU_OFF);
}

static void __noreturn go_on(void)
{
	wait_and_work(CPU_WORKING);
}

void cpu_abandon_work(void)
{
	WRITE_ONCE(this_cpu()->work, NULL);
	arch_restart_on_own_stack(go_on);
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
	if (run_is_ending())
		run_end_case();
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
 * that has started anew is known to have stopped.
 */
void cpus_park(void)
{
	bool any = false;

	for (u32 number = 1; number < count; number++) {
		struct cpu *cpu = cpu_by_number(number);

		if (!atomic_compare_exchange(&cpu->state, CPU_WORKING, CPU_OFF))
			continue;
		any = true;
		arch_reset_cpu(cpu);
		WRITE_ONCE(cpu->work, NULL);
	}
	if (!any)
		return;
	arch_start_cpus();
	for (u32 number = 1; number < count; number++) {
		if (!wait_for_state(cpu_by_number(number), CPU_WAITING))
			run_error("CPU %u did not start again", number);
	}
}
