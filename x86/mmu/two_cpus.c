/* SPDX-License-Identifier: MIT */
/* A and D set by one CPU while another changes the same entry; translations that another CPU has to forget. */
#include "mmu.h"

#include <mm/page.h>
#include <sys/atomic.h>
#include <sys/cpu.h>

SUITE("Tables and two CPUs", REQUIRES(cpu_count() > 1));

#define FREE_ADDRESS (sizeof(ulong) == 8 ? 0xffff924000000000ull : 2 * GiB)

/* Bits 11-9 are software's, in every format. */
#define COUNTER BIT(9)
#define ROUNDS	20000

static struct {
	ulong address;
	pte_t *entry;
	struct space *space;
	u32 stop;
	u32 additions;
	u32 lost_bits;
} shared;

static void prepare(void)
{
	shared.space = space_create();
	shared.address = (ulong)FREE_ADDRESS;
	space_map_page(shared.space, shared.address, (ulong)page_alloc(), 0, PROT_ALL);
	shared.entry = space_entry_at(shared.space, shared.address, 0);
	shared.stop = shared.additions = shared.lost_bits = 0;
}

static void change_entry(u32 add)
{
	__asm__ volatile("lock addl %1, %0"
			 : "+m"(*(u32 *)shared.entry)
			 : "r"(add)
			 : "memory", "cc");
}

/* Counts in the entry, three bits wide, and looks whether what it had counted is still there. */
static void count_in_entry(void *arg)
{
	u32 expected = 0;

	(void)arg;
	while (!READ_ONCE(shared.stop)) {
		u32 bits = (u32)(READ_ONCE(*(u32 *)shared.entry) / COUNTER) & 7;

		if (bits != expected) {
			shared.lost_bits++;
			expected = bits;
		}
		if (expected == 7) {
			change_entry((u32)(0 - 7 * COUNTER));
			expected = 0;
		} else {
			change_entry(COUNTER);
			expected++;
		}
		shared.additions++;
	}
}

static void clear_flags(void)
{
	__asm__ volatile("lock andl %1, %0"
			 : "+m"(*(u32 *)shared.entry)
			 : "r"(~(u32)(PTE_A | PTE_D))
			 : "memory", "cc");
	arch_tlb_flush_page(shared.address);
}

TEST(accessed_dirty_atomic,
     "A and D are set without undoing what another CPU does to the entry at the same time",
     SPEC("SDM vol. 3A, 8.1.2.1: updates of A and D flags are locked; 4.8"))
{
	u32 missing = 0;

	prepare();
	space_switch(shared.space);
	cpu_start_work(1, count_in_entry, NULL);
	while (READ_ONCE(shared.additions) == 0)
		arch_relax();
	for (u32 i = 0; i < ROUNDS; i++) {
		const bool write = i & 1;
		u64 flags;

		clear_flags();
		if (write)
			WRITE_ONCE(*(u8 *)shared.address, (u8)i);
		else
			(void)READ_ONCE(*(u8 *)shared.address);
		flags = READ_ONCE(*(u32 *)shared.entry) & (PTE_A | PTE_D);
		missing += flags != (write ? PTE_A | PTE_D : PTE_A);
	}
	WRITE_ONCE(shared.stop, 1);
	cpu_wait(1);
	EXPECT_EQ(missing, 0u, "accesses after which A or D was not as it has to be");
	EXPECT_EQ(shared.lost_bits, 0u, "changes by the other CPU that were undone");
	EXPECT_GT(shared.additions, 0u);
}

/* --------------------------------------------------------------------------------------- shootdown */

static struct {
	u8 *pages[2];
	u32 asked, answered;
	u8 seen;
	bool faulted;
} shoot;

/* Reads whenever asked; forgets before that as the case says. */
static void follow(void *way)
{
	space_switch(shared.space);
	for (u32 turn = 1;; turn++) {
		while (atomic_load(&shoot.asked) != turn) {
			if (READ_ONCE(shared.stop))
				return;
			arch_relax();
		}
		if (way)
			write_cr3(read_cr3());
		else
			arch_tlb_flush_page(shared.address);
		shoot.faulted = fault_of(access_read_byte, (void *)shared.address).kind != 0;
		shoot.seen = shoot.faulted ? 0 : READ_ONCE(*(u8 *)shared.address);
		atomic_store(&shoot.answered, turn);
	}
}

static void ask(u32 turn)
{
	atomic_store(&shoot.asked, turn);
	while (atomic_load(&shoot.answered) != turn)
		arch_relax();
}

static void check_shootdown(void *way)
{
	u32 turn = 0;

	prepare();
	shoot.asked = shoot.answered = 0;
	for (u32 i = 0; i < 2; i++) {
		shoot.pages[i] = page_alloc();
		*shoot.pages[i] = (u8)(0x11 * (i + 1));
	}
	space_switch(shared.space);
	cpu_start_work(1, follow, way);
	for (u32 i = 0; i < 16; i++) {
		const u32 page = i & 1;

		arch_kernel_format.write(
			shared.entry,
			arch_kernel_format.page((ulong)shoot.pages[page], 0, PROT_ALL));
		ask(++turn);
		EXPECT(!shoot.faulted);
		EXPECT_EQ(shoot.seen, 0x11 * (page + 1));
		arch_kernel_format.write(shared.entry, 0);
		ask(++turn);
		EXPECT(shoot.faulted, "turn %u", turn);
	}
	WRITE_ONCE(shared.stop, 1);
	cpu_wait(1);
}

TEST(entry_changed_by_other,
     "a CPU that forgets after another has changed an entry walks it as it is then",
     SPEC("SDM vol. 3A, 4.10.5"))
{
	SUBTEST("invlpg");
	check_shootdown(NULL);
	SUBTEST("cr3");
	check_shootdown((void *)1);
}

/* Both set A and D of the same entries; none of them is to be lost, nor anything else to be changed. */
static void touch_all(void *pages)
{
	space_switch(shared.space);
	for (u32 i = 0; i < 64; i++)
		WRITE_ONCE(((u8 *)pages)[i * PAGE_SIZE + this_cpu()->number], 1);
}

TEST(both_set_flags,
     "two CPUs that write the same new pages at once leave A and D set and all else alone",
     SPEC("SDM vol. 3A, 4.8 and 8.1.2.1"))
{
	const ulong start = (ulong)FREE_ADDRESS;
	u8 *memory = pages_alloc(64, PAGE_SIZE);
	u64 before[64];

	for (u32 round = 0; round < 20; round++) {
		prepare();
		for (u32 i = 0; i < 64; i++) {
			pte_t *entry;

			space_map_page(shared.space, start + i * PAGE_SIZE,
				       (ulong)memory + i * PAGE_SIZE, 0, PROT_ALL);
			entry = space_entry_at(shared.space, start + i * PAGE_SIZE, 0);
			*entry = (*entry & ~(PTE_A | PTE_D)) | (i & 7) * COUNTER;
			before[i] = *entry;
		}
		run_on_all_cpus(touch_all, (void *)start);
		for (u32 i = 0; i < 64; i++)
			EXPECT_EQ(*space_entry_at(shared.space, start + i * PAGE_SIZE, 0),
				  before[i] | PTE_A | PTE_D, "page %u", i);
	}
}
