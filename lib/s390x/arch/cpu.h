/* SPDX-License-Identifier: MIT */
/* What the common library needs of a CPU; docs/adding-an-architecture.md has the contracts. */
#ifndef ASSAY_S390X_ARCH_CPU_H
#define ASSAY_S390X_ARCH_CPU_H

#include <s390x/clock.h>
#include <s390x/lowcore.h>
#include <types.h>

struct cpu;

#define CPU_STACK_SIZE	0x8000
#define USER_STACK_SIZE 0x4000

struct arch_cpu {
	phys_t prefix; /* absolute address of its prefix area */
	u8 *stack_top;
	u8 *user_stack_top;
	u8 *trap_stack_top;
};

/*
 * This CPU's number. Its prefix area has it, which is the same place with DAT on and off; virtual page 1
 * can be read in problem state too.
 */
static inline u32 arch_this_cpu_number(void)
{
	ulong number;

	__asm__ volatile("llgf %0,%1(%%r0)" : "=d"(number) : "i"(LC_CPU_NUMBER));
	return (u32)number;
}

/*
 * In a loop that waits for memory to change. DIAGNOSE X'44', "voluntary time-slice end", is what a guest
 * says to a hypervisor; it needs supervisor state, so all that is done here is not to keep memory in
 * registers.
 */
static inline void arch_relax(void)
{
	__asm__ volatile("bcr 15,0" : : : "memory");
}

/* Disables I/O and external interruptions; returns what arch_irq_restore() takes. */
static inline ulong arch_irq_save(void)
{
	u8 before;

	__asm__ volatile("stnsm %0,0xfc" : "=Q"(before) : : "memory");
	return before & 3;
}

static inline void arch_irq_restore(ulong enabled)
{
	u8 before;

	__asm__ volatile("stnsm %0,0xfc" : "=Q"(before) : : "memory");
	if (enabled & 1)
		__asm__ volatile("stosm %0,0x01" : "=Q"(before) : : "memory");
	if (enabled & 2)
		__asm__ volatile("stosm %0,0x02" : "=Q"(before) : : "memory");
}

/* The TOD clock, in units of 1/4096 us. STORE CLOCK serialises before it looks. */
static inline u64 arch_ticks(void)
{
	return store_clock();
}

/* Waits until arch_kick(); returns at once if that came since interruptions were disabled. */
void arch_wait_for_kick(void);
void arch_kick(struct cpu *cpu);

/* Starts every CPU that is CPU_OFF; each calls entry() on its own stack, which does not return. */
void arch_start_cpus(void (*entry)(void));

/* Stops a CPU, whatever it is doing, so that arch_start_cpus() can start it again. */
void arch_reset_cpu(struct cpu *cpu);
#endif
