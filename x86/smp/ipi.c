/* SPDX-License-Identifier: MIT */
#include "ipi.h"

#include <test.h>

#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/irq.h>

static u32 flushes;

static const u8 *logical_ids;
static u32 logical_count, logical_dfr;

u32 ipi_cpus(u32 max)
{
	return MIN(cpu_count(), max);
}

static void nothing(void *arg)
{
	(void)arg;
}

void ipi_begin(void)
{
	run_on_all_cpus(nothing, NULL);
	irq_record(0x20, 0xef);
	flushes = 0;
}

bool ipi_flush(void)
{
	bool all = true;

	flushes++;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, IPI_FLUSH);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		all &= irq_wait(cpu, IPI_FLUSH, flushes);
	return all;
}

void ipi_expect(u32 low, u32 destination, cpu_set expected)
{
	u32 before[32];

	for (u32 cpu = 0; cpu < ipi_cpus(32); cpu++)
		before[cpu] = irq_taken(cpu, IPI_VECTOR);
	apic_send(low | ICR_ASSERT | IPI_VECTOR, destination);
	EXPECT(ipi_flush(), "a CPU does not take interrupts");
	for (u32 cpu = 0; cpu < ipi_cpus(32); cpu++)
		EXPECT_EQ(irq_taken(cpu, IPI_VECTOR) - before[cpu], expected >> cpu & 1,
			  "interrupts at CPU %u, ICR %#x, destination %#x", cpu, low, destination);
}

static void set_logical(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	apic_write(APIC_DFR, logical_dfr);
	apic_write(APIC_LDR, number < logical_count ? (u32)logical_ids[number] << 24 : 0);
}

/*
 * Work would end with a reset of the CPU's APIC, so that an interrupt does it: its handler ends with
 * the interrupt, and the CPU goes on waiting.
 */
static void set_logical_in_handler(struct trap_frame *frame)
{
	(void)frame;
	set_logical(NULL);
	apic_eoi();
}

#define SET_VECTOR 0x31

void ipi_set_logical(const u8 *ids, u32 count, u32 dfr)
{
	logical_ids = ids;
	logical_count = count;
	logical_dfr = dfr;
	trap_set_handler(SET_VECTOR, set_logical_in_handler);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, SET_VECTOR);
	EXPECT(ipi_flush(), "a CPU does not take interrupts");
}
