/* SPDX-License-Identifier: MIT */
#include <sys/cpu.h>

#include <mm/space.h>
#include <s390x/boot.h>
#include <s390x/cr.h>
#include <s390x/machine.h>
#include <s390x/sigp.h>
#include <sys/atomic.h>

/* A CPU that has not yet done what it was ordered before refuses the next order, as busy or as not stopped. */
static void order_until_accepted(u64 order, u16 address, ulong parameter)
{
	while (sigp_wait(order, address, parameter, NULL) != SIGP_ACCEPTED)
		barrier();
}

void arch_kick(struct cpu *cpu)
{
	sigp_wait(SIGP_EMERGENCY_SIGNAL, (u16)cpu->hardware_id, 0, NULL);
}

void arch_reset_cpu(struct cpu *cpu)
{
	order_until_accepted(SIGP_INITIAL_CPU_RESET, (u16)cpu->hardware_id, 0);
}

static void (*started)(void);

/* On the new CPU, DAT off; the first stage of state_reset(), which comes first, has it on. */
void s390x_start_other(void)
{
	started();
}

static void start(struct cpu *cpu)
{
	u16 address = (u16)cpu->hardware_id;
	/* This CPU's prefix is 0, so that another one's prefix area is where its address says. */
	struct lowcore *other = (struct lowcore *)(ulong)cpu->arch.prefix;

	lowcore_init(other, cpu);
	other->new_psw[TRAP_RESTART] = (struct psw){ PSW_64, (ulong)start_other_cpu };
	order_until_accepted(SIGP_SET_PREFIX, address, (ulong)cpu->arch.prefix);
	order_until_accepted(SIGP_RESTART, address, 0);
}

void arch_start_cpus(void (*entry)(void))
{
	started = entry;
	for (u32 number = 0; number < cpu_count(); number++) {
		struct cpu *cpu = cpu_by_number(number);

		if (cpu == this_cpu() || atomic_load(&cpu->state) != CPU_OFF)
			continue;
		arch_reset_cpu(cpu);
		start(cpu);
	}
}
