/* SPDX-License-Identifier: MIT */
#include <arm/psci_start.h>

#include <arch/fault.h>
#include <arm/psci.h>
#include <harness/expect.h>
#include <mm/space.h>
#include <sys/atomic.h>
#include <sys/time.h>

/* With translation on and nothing masked: a CPU that starts has another state. */
static void stop_cpu(void *arg)
{
	(void)arg;
	arch_irq_restore(0);
	arch_leave_exception();
	psci_cpu_off();
}

struct start_record start_record __aligned(64);

void switch_off(struct cpu *cpu)
{
	cpu_start_work(cpu->number, stop_cpu, NULL);
	ASSERT(wait_until(psci_affinity_info(cpu->hardware_id) == PSCI_IS_OFF));
	WRITE_ONCE(cpu->work, NULL);
	atomic_store(&cpu->state, CPU_OFF);
}

/* The CPU writes around the caches. */
void prepare_recording(struct cpu *cpu)
{
	start_record = (struct start_record){ .number = cpu->number };
	flush_data(&start_record, sizeof(start_record));
}

void finish_recording(struct cpu *cpu)
{
	/* Not by run_on_cpu(), which would start it. */
	ASSERT(wait_until(atomic_load(&cpu->state) != CPU_OFF));
	flush_data(&start_record, sizeof(start_record));
}

void record_start(ulong entry, ulong context)
{
	struct cpu *cpu = cpu_by_number(1);

	switch_off(cpu);
	prepare_recording(cpu);
	ASSERT_EQ(psci_cpu_on(cpu->hardware_id, entry, context), PSCI_SUCCESS);
	finish_recording(cpu);
}
