/* SPDX-License-Identifier: MIT */
/* What the common library needs of a CPU; docs/adding-an-architecture.md has the contracts. */
#ifndef ASSAY_X86_ARCH_CPU_H
#define ASSAY_X86_ARCH_CPU_H

#include <types.h>
#include <x86/desc.h>

struct cpu;

#define CPU_STACK_SIZE	0x8000
#define USER_STACK_SIZE 0x4000
#define IST_STACK_SIZE	0x2000
#define IST_COUNT	3

struct arch_cpu {
	u64 gdt[GDT_ENTRIES];
	struct tss tss;
#ifdef __i386__
	struct tss df_tss;
#endif
	u8 *stack_top;
	u8 *user_stack_top;
	u8 *ist_top[IST_COUNT];
};

/* The same by the APIC ID in CPUID, which is slow, but nothing can change it. */
u32 arch_find_cpu_number(void);

/* This CPU's number: in the limit of a descriptor; while a test has another GDT, from CPUID. */
static inline u32 arch_this_cpu_number(void)
{
	ulong limit = 0;
	u32 number;

	__asm__ volatile("lsl %1, %0" : "+r"(limit) : "r"((ulong)SEL_CPU_NUMBER) : "cc");
	number = (u32)limit - CPU_NUMBER_MARK;
	return __builtin_expect(number < 256, 1) ? number : arch_find_cpu_number();
}

/* Tells the CPU that it is in a loop that waits for memory to change. */
static inline void arch_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* Disables interrupts; returns what arch_irq_restore() takes to bring their state back. */
static inline ulong arch_irq_save(void)
{
	ulong flags;

	__asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void arch_irq_restore(ulong flags)
{
	if (flags & 0x200)
		__asm__ volatile("sti" ::: "memory");
	else
		__asm__ volatile("cli" ::: "memory");
}

/*
 * The time-stamp counter, not read before what precedes it is done: SDM vol. 2B, RDTSC. Before SSE2 there is no
 * LFENCE; CPUID serializes.
 */
#ifdef __x86_64__
static inline u64 arch_ticks(void)
{
	u32 low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}
#else
extern bool arch_has_lfence;

static inline u64 arch_ticks(void)
{
	u64 ticks;

	if (__builtin_expect(arch_has_lfence, 1))
		__asm__ volatile("lfence; rdtsc" : "=A"(ticks) : : "memory");
	else
		__asm__ volatile("xorl %%eax, %%eax; cpuid; rdtsc"
				 : "=A"(ticks)
				 :
				 : "ebx", "ecx", "memory");
	return ticks;
}
#endif

/* Halts until arch_kick(); returns at once if that came since interrupts were disabled. */
void arch_wait_for_kick(void);
void arch_kick(struct cpu *cpu);

/* Starts every CPU that is CPU_OFF; each calls entry() on its own stack, which does not return. */
void arch_start_cpus(void (*entry)(void));

/* Stops a CPU, whatever it is doing, so that arch_start_cpus() can start it again. */
void arch_reset_cpu(struct cpu *cpu);
#endif
