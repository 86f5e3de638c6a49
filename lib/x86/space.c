/* SPDX-License-Identifier: MIT */
/* Entries of 64 bits, the same for all formats that have them: SDM vol. 3A, 4.4-4.5. */
#include <mm/space.h>

#include <arch/fault.h>
#include <mm/page.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/entries.h>
#include <x86/paging.h>

u64 entry64_page(phys_t phys, u32 level, u32 prot)
{
	u64 entry = phys | PTE_P | PTE_A | PTE_D;

	if (level)
		entry |= PTE_PS;
	if (prot & PROT_WRITE)
		entry |= PTE_W;
	if (prot & PROT_USER)
		entry |= PTE_U;
	if (!(prot & PROT_EXEC) && cpu_has(X86_FEATURE_NX))
		entry |= PTE_NX;
	return entry;
}

u64 entry64_table(phys_t table, u32 level)
{
	/* PDPTEs have no U, W and A bits with PAE paging (SDM vol. 3A, table 4-8). */
	if (sizeof(ulong) == 4 && level == 2)
		return table | PTE_P;
	return table | PTE_P | PTE_W | PTE_U | PTE_A;
}

bool entry_present(u64 entry, u32 level)
{
	(void)level;
	return entry & PTE_P;
}

bool entry_is_page(u64 entry, u32 level)
{
	return level == 0 || (entry & PTE_PS);
}

phys_t entry64_phys(u64 entry, u32 level)
{
	phys_t address = entry & PTE_ADDRESS;

	/* Bit 12 of a large page's entry is PAT. */
	return entry_is_page(entry, level) ? ALIGN_DOWN(address, nine_bits_size(level)) : address;
}

u32 entry_prot(u64 entry, u32 level)
{
	u32 prot = 0;

	(void)level;
	if (entry & PTE_W)
		prot |= PROT_WRITE;
	if (entry & PTE_U)
		prot |= PROT_USER;
	if (!(entry & PTE_NX))
		prot |= PROT_EXEC;
	return prot;
}

void entry_flush_page(const struct space *space, u64 address)
{
	(void)space;
	arch_tlb_flush_page((ulong)address);
}

void entry_flush_all(const struct space *space)
{
	(void)space;
	arch_tlb_flush_all();
}

/* SDM vol. 3A, 4.10.4.1: a change of CR4.PGE flushes everything. */
void arch_tlb_flush_all(void)
{
	ulong cr4 = read_cr4();

	if (cpu_has(X86_FEATURE_PGE)) {
		write_cr4(cr4 ^ CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
}

void paging_use(const struct space *space, ulong cr4_bits)
{
	const ulong cr4 = (read_cr4() & ~PAGING_CR4) | cr4_bits;

	if ((read_cr4() ^ cr4) & (CR4_PAE | CR4_LA57)) {
		paging_restart((ulong)space->root, cr4);
	} else {
		write_cr3((ulong)space->root);
		write_cr4(cr4);
	}
	arch_tlb_flush_all();
}

void *arch_kernel_root(void)
{
	return BOOT_ROOT_TABLE;
}

/* SDM vol. 3A, 4.7: bit 4 of the error code is only there where pages can be not executable. */
struct fault space_fault(enum access access, bool user, bool absent, const void *address)
{
	u32 code = (user ? PF_U : 0) | (absent ? 0 : PF_P);

	if (access == ACCESS_WRITE)
		code |= PF_W;
	if (access == ACCESS_FETCH && cpu_has(X86_FEATURE_NX))
		code |= PF_I;
	return PF(code, address);
}
