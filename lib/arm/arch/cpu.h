/* SPDX-License-Identifier: MIT */
/* What the common library needs of a CPU; docs/adding-an-architecture.md has the contracts. */
#ifndef ASSAY_ARM_ARCH_CPU_H
#define ASSAY_ARM_ARCH_CPU_H

#include <arm/sysreg.h>
#include <types.h>

struct cpu;

#define CPU_STACK_SIZE	0x8000
#define USER_STACK_SIZE 0x4000

struct arch_cpu {
	u8 *stack_top;
	u8 *user_stack_top;
	u8 *exception_stack_top; /* a multiple of 4096 */
};

/*
 * This CPU's number. TPIDRRO_EL0 (AArch32: TPIDRURO) can be read at any privilege and belongs to the
 * library: bits 11-0 are the number, the others the top of the CPU's exception stack.
 */
static inline u32 arch_this_cpu_number(void)
{
	return (u32)read_sys(TPIDRRO) & 0xfff;
}

/* Tells the CPU that it is in a loop that waits for memory to change. */
static inline void arch_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

/* Masks IRQs, and only these; returns what arch_irq_restore() takes to bring their state back. */
static inline ulong arch_irq_save(void)
{
	ulong state;

#ifdef __aarch64__
	__asm__ volatile("mrs %0, daif\n\tmsr daifset, #2" : "=r"(state) : : "memory");
#else
	__asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(state) : : "memory");
#endif
	return state & PSTATE_I;
}

static inline void arch_irq_restore(ulong state)
{
#ifdef __aarch64__
	if (state)
		__asm__ volatile("msr daifset, #2" ::: "memory");
	else
		__asm__ volatile("msr daifclr, #2" ::: "memory");
#else
	if (state)
		__asm__ volatile("cpsid i" ::: "memory");
	else
		__asm__ volatile("cpsie i" ::: "memory");
#endif
}

/* The virtual count, not read before what precedes it is done (DDI 0487, D11.1.2). */
static inline u64 arch_ticks(void)
{
	isb();
	return read_sys(CNTVCT);
}

/* Halts until arch_kick(); returns at once if that came since interrupts were disabled. */
void arch_wait_for_kick(void);
void arch_kick(struct cpu *cpu);

/* Starts every CPU that is CPU_OFF; each calls entry() on its own stack, which does not return. */
void arch_start_cpus(void (*entry)(void));

/* Stops a CPU, unless it has masked FIQs, so that arch_start_cpus() can start it again. */
void arch_reset_cpu(struct cpu *cpu);
#endif
