/* SPDX-License-Identifier: MIT */
/*
 * Taking interrupts at chosen moments, and counting them: SDM vol. 3A, 6.8 (masking by IF).
 *
 *	irq_record(0x40, 0x40);
 *	apic_send_vector(1, 0x40);
 *	EXPECT(irq_wait(1, 0x40, 1));
 */
#ifndef ASSAY_X86_IRQ_H
#define ASSAY_X86_IRQ_H

#include <sys/time.h>
#include <types.h>

/* From so many interrupts of a vector on, a CPU goes on with interrupts off after each. */
#define IRQ_STORM 5000

/* Entries that are kept of each CPU's history. */
#define IRQ_HISTORY 64

static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

/*
 * Takes what is pending and can be delivered, all of it, and leaves interrupts off. STI lets nothing in
 * before the end of the instruction after it (SDM vol. 2B, STI).
 */
static inline void irq_window(void)
{
	__asm__ volatile("sti; nop; nop; cli" ::: "memory");
}

/* wait_until() with interrupts on; then they are off. */
#define irq_wait_until(condition)                  \
	({                                         \
		bool irq_held_;                    \
		irq_enable();                      \
		irq_held_ = wait_until(condition); \
		irq_disable();                     \
		irq_held_;                         \
	})

/* Keeps interrupts on for at least `ns`, then off. */
void irq_window_ns(u64 ns);

/*
 * From here on, and until the case ends, interrupts of the vectors first to last are counted on every
 * CPU and ended by an EOI. Forgets what was counted before.
 */
void irq_record(u32 first, u32 last);

/* Interrupts that `cpu` has taken on `vector`; that all CPUs together have. */
u32 irq_taken(u32 cpu, u32 vector);
u32 irq_taken_by_all(u32 vector);

/*
 * Waits, with interrupts on, until `cpu` has taken `count` interrupts on `vector`; then interrupts are
 * off. False if that took longer than wait_until() waits.
 */
bool irq_wait(u32 cpu, u32 vector, u32 count);

/* The vectors that `cpu` took, oldest first: how many (at most IRQ_HISTORY), which, at what TSC. */
u32 irq_history_length(u32 cpu);
u32 irq_history_vector(u32 cpu, u32 index);
u64 irq_history_ticks(u32 cpu, u32 index);

#endif
