/* SPDX-License-Identifier: MIT */
#include <mm/space.h>

#include <arch/fault.h>
#include <mm/page.h>
#include <s390x/cr.h>
#include <s390x/facility.h>

static pte_t kernel_root[512] __aligned(PAGE_SIZE);

u32 arch_max_page_level(void)
{
	if (has_facility(FACILITY_EDAT_2))
		return 2;
	return has_facility(FACILITY_EDAT_1) ? 1 : 0;
}

pte_t arch_pte_page(phys_t phys, u32 level, u32 prot)
{
	pte_t entry = phys;

	if (level)
		entry |= XTE_FORMAT | XTE_TYPE_OF(level);
	/* These two bits are in the same places at all levels. */
	if (!(prot & PROT_WRITE))
		entry |= PTE_PROTECT;
	if (!(prot & PROT_EXEC) && has_facility(FACILITY_IEP))
		entry |= PTE_IEP;
	return entry;
}

u32 arch_pte_prot(pte_t entry, u32 level)
{
	u32 prot = PROT_USER;

	(void)level;
	if (!(entry & PTE_PROTECT))
		prot |= PROT_WRITE;
	if (!(entry & PTE_IEP))
		prot |= PROT_EXEC;
	return prot;
}

void *arch_kernel_root(void)
{
	if (!kernel_root[0]) {
		for (u32 i = 0; i < ARRAY_SIZE(kernel_root); i++)
			kernel_root[i] = arch_pte_absent(2);
	}
	return kernel_root;
}

void arch_tlb_flush_page(ulong address)
{
	(void)address;
	purge_tlb();
}

void arch_tlb_flush_all(void)
{
	purge_tlb();
}

static void flush_page(const struct space *space, u64 address)
{
	(void)space;
	(void)address;
	purge_tlb();
}

static void flush_all(const struct space *space)
{
	(void)space;
	purge_tlb();
}

/* As primary, secondary and home space. */
static void use(const struct space *space)
{
	write_cr(1, ASCE_OF(space->root));
	write_cr(7, ASCE_OF(space->root));
	write_cr(13, ASCE_OF(space->root));
	purge_tlb();
}

struct space_format arch_kernel_format = {
	.name = "region-third",
	.top_level = 2,
	.entry_size = 8,
	.entries = { 256, 2048, 512 },
	.shift = { 12, 20, 31 },
	.max_page_level = arch_max_page_level,
	.absent = arch_pte_absent,
	.page = arch_pte_page,
	.table = arch_pte_table,
	.present = arch_pte_present,
	.is_page = arch_pte_is_page,
	.phys = arch_pte_phys,
	.prot = arch_pte_prot,
	.write = arch_pte_write,
	.flush_page = flush_page,
	.flush_all = flush_all,
	.use = use,
};

/* Nothing can be kept from problem state. */
void arch_space_grant_user(struct space *space)
{
	(void)space;
}

struct fault space_fault(enum access access, bool user, bool absent, const void *address)
{
	(void)access;
	(void)user;
	return absent ? PGM_PAGE_TRANSLATION(address) : PGM_PROTECTION(address);
}
