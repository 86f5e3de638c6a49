/* SPDX-License-Identifier: MIT */
/*
 * Changing page tables that other CPUs use: SDM vol. 3A, 4.10.5. Each CPU forgets only its own cached
 * translations; software makes the others do so by an interrupt, after whose acknowledgement none of
 * them may use the old translation.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/lock.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/irq.h>

#include "ipi.h"

SUITE("Remote TLB shootdown", REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_count() > 1));

#define ROUNDS 8

static u8 *page;
static void (*flush)(void);
static u32 values[MAX_CPUS];

static void flush_by_invlpg(void)
{
	arch_tlb_flush_page((ulong)page);
}

static void flush_by_cr3(void)
{
	write_cr3(read_cr3());
}

static void flush_in_handler(struct trap_frame *frame)
{
	(void)frame;
	flush();
	apic_eoi();
}

/* The work of a handler: the CPUs go on waiting, with their TLBs as they are. */
static void read_in_handler(struct trap_frame *frame)
{
	(void)frame;
	values[this_cpu()->number] = *(volatile u32 *)page;
	apic_eoi();
}

#define VECTOR_FLUSH (IPI_VECTOR + 0x10)
#define VECTOR_READ  (IPI_VECTOR + 0x11)

/* Has every CPU, this one too, take the vector, and waits until it has. */
static void on_all(u32 vector)
{
	apic_send(ICR_FIXED | ICR_ASSERT | ICR_ALL | vector, 0);
	ASSERT(ipi_flush(), "a CPU does not take interrupts");
}

static void begin(void (*how)(void))
{
	flush = how;
	ipi_begin();
	trap_set_handler(VECTOR_FLUSH, flush_in_handler);
	trap_set_handler(VECTOR_READ, read_in_handler);
	page = page_alloc();
}

static const struct {
	const char *name;
	void (*flush)(void);
} ways[] = {
	{ "INVLPG", flush_by_invlpg },
	{ "MOV-to-CR3", flush_by_cr3 },
};

TEST(shootdown_by_interrupt,
     "after a shootdown by an interrupt every CPU reads the page that the table maps now",
     SPEC("SDM vol. 3A, 4.10.4.1, 4.10.5"))
{
	for (u32 way = 0; way < ARRAY_SIZE(ways); way++) {
		u32 *pages[2];

		SUBTEST("%s", ways[way].name);
		begin(ways[way].flush);
		pages[0] = page_alloc();
		pages[1] = page_alloc();
		*pages[0] = 0x1111;
		*pages[1] = 0x2222;
		for (u32 round = 0; round < ROUNDS; round++) {
			space_map(space_kernel(), (ulong)page, (ulong)pages[round % 2], PAGE_SIZE,
				  PROT_ALL);
			on_all(VECTOR_FLUSH);
			on_all(VECTOR_READ);
			for (u32 cpu = 0; cpu < cpu_count(); cpu++)
				EXPECT_EQ(values[cpu], *pages[round % 2], "CPU %u", cpu);
		}
	}
}

/* ---------------------------------------------------------------------- accessed and dirty, atomically */

static struct cpu_barrier together;
static pte_t *entry;
static u32 touches;

static void touch(void *arg)
{
	(void)arg;
	cpu_barrier_wait(&together, cpu_count());
	arch_tlb_flush_page((ulong)page);
	*(volatile u32 *)(page + 64 * this_cpu()->number) = 1;
	atomic_add(&touches, 1);
}

TEST(dirty_set_by_many,
     "CPUs that write to a page at the same time leave it accessed and dirty, no more",
     SPEC("SDM vol. 3A, 4.8, 8.1.2.1"))
{
	page = page_alloc();
	touches = 0;
	entry = space_entry_at(space_kernel(), (ulong)page, 0);
	for (u32 round = 0; round < ROUNDS; round++) {
		pte_t before = *entry & ~(pte_t)(PTE_A | PTE_D);

		*entry = before;
		arch_tlb_flush_page((ulong)page);
		run_on_all_cpus(touch, NULL);
		EXPECT_EQ(*entry, before | PTE_A | PTE_D);
	}
	EXPECT_EQ(touches, cpu_count() * ROUNDS);
}
