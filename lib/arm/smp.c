/* SPDX-License-Identifier: MIT */
/* Starting, stopping and waking other CPUs: PSCI (DEN 0022), and SGIs. */
#include <sys/cpu.h>

#include <arm/boot.h>
#include <arm/gic.h>
#include <arm/psci.h>
#include <sys/atomic.h>
#include <sys/time.h>

#define STOP_PATIENCE_NS 1000000000ull

/* By number; secondary_start has nothing else yet. */
extern ulong secondary_stack_tops[MAX_CPUS];
ulong secondary_stack_tops[MAX_CPUS];

void arm_start_secondary(u32 number);

static void (*started)(void);

void arch_wait_for_kick(void)
{
	/* WFI wakes for what is masked too, and does not wait if it is pending (DDI 0487, D1.7.2). */
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
	arch_irq_restore(0);
	isb();
	arch_irq_restore(PSTATE_I);
}

void arch_kick(struct cpu *cpu)
{
	gic_send_sgi(cpu->number, SGI_KICK);
}

/* The FIQ makes the CPU switch itself off; nobody else can. */
void arch_reset_cpu(struct cpu *cpu)
{
	gic_send_sgi(cpu->number, SGI_STOP);
	wait_until_ns(psci_affinity_info(cpu->hardware_id) != PSCI_IS_ON, STOP_PATIENCE_NS);
}

void arm_start_secondary(u32 number)
{
	write_sys(TPIDRRO, (ulong)cpus[number].arch.exception_stack_top | number);
	isb();
	/* An SGI_STOP that found this CPU off by its own wish must not end it now. */
	gic_reset_cpu();
	started();
}

void arch_start_cpus(void (*entry)(void))
{
	started = entry;
	for (u32 number = 0; number < cpu_count(); number++) {
		struct cpu *cpu = cpu_by_number(number);
		s32 result;

		if (number == this_cpu()->number || atomic_load(&cpu->state) != CPU_OFF)
			continue;
		secondary_stack_tops[number] = (ulong)cpu->arch.stack_top;
		dsb();
		/* One that was stopped a moment ago may still be on its way (5.1.4). */
		do
			result = psci_cpu_on(cpu->hardware_id, (ulong)secondary_start, number);
		while (result == PSCI_ON_PENDING);
	}
}
