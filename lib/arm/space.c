/* SPDX-License-Identifier: MIT */
#include <mm/space.h>

#include <arch/fault.h>
#include <arm/sysreg.h>

/* What may change in a valid entry while it is in use. */
#define PTE_CHANGEABLE (PTE_USER | PTE_RO | PTE_AF | PTE_PXN | PTE_UXN)

/* 1 GiB blocks are always there; of 512 GiB there are none without LPA2. */
static u32 max_page_level(void)
{
	return 2;
}

struct space_format arch_kernel_format = {
#ifdef __aarch64__
	.name = "4k",
	NINE_BITS_48,
#else
	.name = "long-descriptors",
	NINE_BITS_32,
#endif
	.max_page_level = max_page_level,
	DESCRIPTORS,
};

void *arch_kernel_root(void)
{
	return kernel_root;
}

/* What run_user() needs is the case's to grant: its way back is an exception from wherever it is. */
void arch_space_grant_user(struct space *space)
{
	(void)space;
}

void arch_space_flush_page(const struct space *space, u64 address)
{
	(void)space;
	arch_tlb_flush_page((ulong)address);
}

void arch_space_flush_all(const struct space *space)
{
	(void)space;
	arch_tlb_flush_all();
}

void arch_pte_write(void *at, pte_t value)
{
	pte_t *entry = at, old = READ_ONCE(*entry);

	if ((old & value & PTE_VALID) && ((old ^ value) & ~PTE_CHANGEABLE))
		pte_break_and_make(entry, value);
	else
		WRITE_ONCE(*entry, value);
}

pte_t arch_pte_page(phys_t phys, u32 level, u32 prot)
{
	pte_t entry = phys | PTE_VALID | PTE_AF;

	if (level == 0)
		entry |= PTE_TABLE;
	if (prot & PROT_DEVICE)
		entry |= PTE_ATTR(ATTR_DEVICE);
	else if (prot & PROT_UNCACHED)
		entry |= PTE_ATTR(ATTR_UNCACHED) | PTE_SH_INNER;
	else
		entry |= PTE_ATTR(ATTR_NORMAL) | PTE_SH_INNER;
	if (prot & PROT_USER)
		entry |= PTE_USER;
	if (!(prot & PROT_WRITE))
		entry |= PTE_RO;
	if (!(prot & PROT_EXEC))
		entry |= PTE_PXN | PTE_UXN;
#ifdef __aarch64__
	/* EL0 could execute what it cannot read (D8.4.1.2.1); in AArch32 it could not. */
	if (!(prot & PROT_USER))
		entry |= PTE_UXN;
#endif
	return entry;
}

u32 arch_pte_prot(pte_t entry, u32 level)
{
	u32 prot = 0;

	(void)level;
	if ((entry & PTE_ATTR(7)) == PTE_ATTR(ATTR_DEVICE))
		prot |= PROT_DEVICE;
	if ((entry & PTE_ATTR(7)) == PTE_ATTR(ATTR_UNCACHED))
		prot |= PROT_UNCACHED;
	if (!(entry & PTE_RO))
		prot |= PROT_WRITE;
	if (entry & PTE_USER)
		prot |= PROT_USER;
	if (!(entry & PTE_PXN))
		prot |= PROT_EXEC;
	return prot;
}

struct fault space_fault(enum access access, bool user, bool absent, const void *address)
{
	u32 status = absent ? FSC_TRANSLATION(3) : FSC_PERMISSION(3);

	if (access == ACCESS_FETCH)
		return user ? INSTRUCTION_ABORT_LOWER(status, address)
			    : INSTRUCTION_ABORT(status, address);
	if (access == ACCESS_WRITE)
		status |= ABORT_WRITE;
	return user ? DATA_ABORT_LOWER(status, address) : DATA_ABORT(status, address);
}
