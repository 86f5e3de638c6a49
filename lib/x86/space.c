/* SPDX-License-Identifier: MIT */
#include <mm/space.h>

#include <arch/fault.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>

u32 arch_max_page_level(void)
{
	return arch_top_level() == 3 && cpu_has(X86_FEATURE_PDPE1GB) ? 2 : 1;
}

pte_t arch_pte_page(phys_t phys, u32 level, u32 prot)
{
	pte_t entry = phys | PTE_P | PTE_A | PTE_D;

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

u32 arch_pte_prot(pte_t entry, u32 level)
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

void arch_space_switch(const struct space *space)
{
	write_cr3((ulong)space->root);
	arch_tlb_flush_all();
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
