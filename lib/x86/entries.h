/* SPDX-License-Identifier: MIT */
/* What the formats of x86 page tables have in common: the functions of struct space_format. */
#ifndef ASSAY_X86_ENTRIES_H
#define ASSAY_X86_ENTRIES_H

#include <mm/space.h>

bool entry_present(u64 entry, u32 level);
bool entry_is_page(u64 entry, u32 level);
u32 entry_prot(u64 entry, u32 level);
void entry_flush_page(const struct space *space, u64 address);
void entry_flush_all(const struct space *space);

/* Entries of 64 bits: P, W, U, NX, PS, A and D as the CPU's own tables and AMD's nested ones have them. */
u64 entry64_page(phys_t phys, u32 level, u32 prot);
u64 entry64_table(phys_t table, u32 level);
phys_t entry64_phys(u64 entry, u32 level);
void entry64_write(void *entry, u64 value);

#define ENTRIES_64                                                              \
	.page = entry64_page, .table = entry64_table, .present = entry_present, \
	.is_page = entry_is_page, .phys = entry64_phys, .prot = entry_prot, .write = entry64_write

/* Uses the space with these bits of PAGING_CR4 set, and the others of it clear. */
void paging_use(const struct space *space, ulong cr4_bits);

#endif
