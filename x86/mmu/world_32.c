/* SPDX-License-Identifier: MIT */
#include "mmu.h"

#include <mm/page.h>

void world_without_pse(struct world *world)
{
	u32 *directory = world->space->root;
	const ulong large = (ulong)space_size_at(world->space, 1);

	for (u32 i = 0; i < 1024; i++) {
		/* Reading the PTE splits a page. */
		if (i * (u64)large < page_memory_end())
			space_get_entry(world->space, i * large, 0);
		else if (&directory[i] != world->at[1])
			directory[i] = 0;
	}
	world->no_pse = true;
	write_cr4(read_cr4() & ~CR4_PSE);
	arch_tlb_flush_all();
}
