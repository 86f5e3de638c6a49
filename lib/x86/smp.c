/* SPDX-License-Identifier: MIT */
/* Starting and waking other CPUs: SDM vol. 3A, 8.4.4 (MP initialization) and 10.4.7.3. */
#include <x86/smp.h>

#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/boot.h>
#include <x86/nest.h>
#include <x86/trap.h>

#define START_PATIENCE_NS 1000000000ull
#define INIT_DELAY_US	  10000

extern u32 ap_stack, ap_number, ap_entry;

static void (*started)(void);

static bool take_kick(struct trap_frame *frame)
{
	(void)frame;
	apic_eoi();
	return true;
}

void smp_init(void)
{
	trap_set_default(VEC_KICK, take_kick);
}

void arch_wait_for_kick(void)
{
	/* STI holds interrupts off until after HLT: a kick cannot fall between the two. */
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

void arch_kick(struct cpu *cpu)
{
	apic_send(ICR_FIXED | ICR_ASSERT | VEC_KICK, (u32)cpu->hardware_id);
}

void arch_reset_cpu(struct cpu *cpu)
{
	apic_send(ICR_INIT | ICR_ASSERT | ICR_LEVEL, (u32)cpu->hardware_id);
	apic_send(ICR_INIT | ICR_LEVEL, (u32)cpu->hardware_id);
}

static void start_ap(u32 number)
{
	desc_init_cpu(cpu_by_number(number));
	nest_join();
	started();
}

/*
 * The second attempt is for a CPU that missed the SIPI, and for one that a SIPI which a test had sent
 * before, still on its way at the INIT, started elsewhere.
 */
static void start(struct cpu *cpu)
{
	ap_stack = (u32)(ulong)cpu->arch.stack_top;
	ap_number = cpu->number;
	ap_entry = (u32)(ulong)start_ap;
	for (u32 attempt = 0; attempt < 2 && atomic_load(&cpu->state) == CPU_OFF; attempt++) {
		if (attempt) {
			arch_reset_cpu(cpu);
			delay_us(INIT_DELAY_US);
		}
		apic_send(ICR_STARTUP | ICR_ASSERT | TRAMPOLINE_ADDRESS >> 12,
			  (u32)cpu->hardware_id);
		wait_until_ns(atomic_load(&cpu->state) != CPU_OFF, START_PATIENCE_NS / 2);
	}
}

void arch_start_cpus(void (*entry)(void))
{
	started = entry;
	memcpy((void *)TRAMPOLINE_ADDRESS, trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (u32 number = 0; number < cpu_count(); number++) {
		if (number != this_cpu()->number && cpu_by_number(number)->state == CPU_OFF)
			arch_reset_cpu(cpu_by_number(number));
	}
	delay_us(INIT_DELAY_US);
	for (u32 number = 0; number < cpu_count(); number++) {
		if (number != this_cpu()->number && cpu_by_number(number)->state == CPU_OFF)
			start(cpu_by_number(number));
	}
}

void cpu_take_over(u32 number)
{
	/* What cpus_park() resets, and what nobody gets work started on. */
	atomic_store(&cpu_by_number(number)->state, CPU_WORKING);
}

void cpu_give_back(u32 number)
{
	struct cpu *cpu = cpu_by_number(number);

	arch_reset_cpu(cpu);
	WRITE_ONCE(cpu->work, NULL);
	atomic_store(&cpu->state, CPU_OFF);
}

void cpu_send_init(u32 number)
{
	arch_reset_cpu(cpu_by_number(number));
	delay_us(INIT_DELAY_US);
}

void cpu_send_sipi(u32 number, u32 page)
{
	apic_send(ICR_STARTUP | ICR_ASSERT | page, (u32)cpu_by_number(number)->hardware_id);
}
