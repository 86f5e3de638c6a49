/* SPDX-License-Identifier: MIT */
#include <x86/irq.h>

#include <arch/fault.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cr.h>

/* Each CPU writes its own row only, with interrupts off, so that no access has to be atomic. */
static u32 taken[MAX_CPUS][256];

static struct {
	u32 length;
	u8 vector[IRQ_HISTORY];
	u64 ticks[IRQ_HISTORY];
} histories[MAX_CPUS];

static void count_interrupt(struct trap_frame *frame)
{
	u64 now = arch_ticks();
	u32 cpu = this_cpu()->number, vector = (u32)frame->vector;
	u32 index = histories[cpu].length;

	if (index < IRQ_HISTORY) {
		histories[cpu].vector[index] = (u8)vector;
		histories[cpu].ticks[index] = now;
		WRITE_ONCE(histories[cpu].length, index + 1);
	}
	barrier();
	WRITE_ONCE(taken[cpu][vector], taken[cpu][vector] + 1);
	apic_eoi();
	/* Without this, the interrupted code would never go on, and the case not fail but hang. */
	if (taken[cpu][vector] > IRQ_STORM)
		frame->flags &= ~(ulong)FLAG_IF;
}

void irq_record(u32 first, u32 last)
{
	memset(taken, 0, cpu_count() * sizeof(taken[0]));
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		histories[cpu].length = 0;
	for (u32 vector = first; vector <= last; vector++)
		trap_set_handler(vector, count_interrupt);
}

u32 irq_taken(u32 cpu, u32 vector)
{
	return READ_ONCE(taken[cpu][vector]);
}

u32 irq_taken_by_all(u32 vector)
{
	u32 sum = 0;

	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		sum += irq_taken(cpu, vector);
	return sum;
}

void irq_window_ns(u64 ns)
{
	irq_enable();
	delay_ns(ns);
	irq_disable();
}

bool irq_wait(u32 cpu, u32 vector, u32 count)
{
	return wait_until((irq_window(), irq_taken(cpu, vector) >= count));
}

u32 irq_history_length(u32 cpu)
{
	return READ_ONCE(histories[cpu].length);
}

u32 irq_history_vector(u32 cpu, u32 index)
{
	return histories[cpu].vector[index];
}

u64 irq_history_ticks(u32 cpu, u32 index)
{
	return histories[cpu].ticks[index];
}
