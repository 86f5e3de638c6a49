/* SPDX-License-Identifier: MIT */
/* EPT as a format of page tables, and the one-to-one mapping of vmx_use_ept(): SDM vol. 3C, 28.2.2. */
#include <x86/vmx/vmx.h>

#include <arch/space.h>
#include <mm/page.h>
#include <string.h>
#include <x86/cr.h>
#include <x86/entries.h>

static u32 max_page_level(void)
{
	u64 cap = vmx_ept_vpid_cap();

	return cap & BIT(17) ? 2 : cap & BIT(16) ? 1 : 0;
}

static u64 ept_page(phys_t phys, u32 level, u32 prot)
{
	u64 entry = phys | EPT_R | EPT_MEMORY_TYPE(EPT_WB);

	if (level)
		entry |= EPT_PS;
	if (prot & PROT_WRITE)
		entry |= EPT_W;
	if (prot & PROT_EXEC)
		entry |= EPT_X;
	return entry;
}

static u64 ept_table(phys_t table, u32 level)
{
	(void)level;
	return table | EPT_RWX;
}

static bool ept_present(u64 entry, u32 level)
{
	(void)level;
	return entry & EPT_RWX;
}

static bool ept_is_page(u64 entry, u32 level)
{
	return level == 0 || (entry & EPT_PS);
}

static phys_t ept_phys(u64 entry, u32 level)
{
	phys_t address = entry & PTE_ADDRESS;

	return ept_is_page(entry, level) ? ALIGN_DOWN(address, nine_bits_size(level)) : address;
}

static u32 ept_prot(u64 entry, u32 level)
{
	(void)level;
	/* A guest's own tables decide on user privilege. */
	return PROT_USER | (entry & EPT_W ? PROT_WRITE : 0) | (entry & EPT_X ? PROT_EXEC : 0);
}

/* Before VMXON there is nothing to forget, and INVEPT does not exist. */
static void flush_all(const struct space *space)
{
	(void)space;
	if ((read_cr4() & CR4_VMXE) && (vmx_ept_vpid_cap() & BIT(26)))
		invept_try(2, (struct vmx_descriptor){ 0, 0 });
}

static void flush_page(const struct space *space, u64 address)
{
	(void)address;
	flush_all(space);
}

const struct space_format vmx_ept_format = {
	.name = "ept",
	NINE_BITS_48,
	.max_page_level = max_page_level,
	.page = ept_page,
	.table = ept_table,
	.present = ept_present,
	.is_page = ept_is_page,
	.phys = ept_phys,
	.prot = ept_prot,
	.write = entry64_write,
	.flush_page = flush_page,
	.flush_all = flush_all,
};

void vmx_use_eptp(u64 eptp)
{
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_EPT);
	vmcs_write(VMCS_EPTP, eptp);
	if ((vmcs_read(VMCS_GUEST_CR0) & CR0_PG) && (vmcs_read(VMCS_GUEST_CR4) & CR4_PAE) &&
	    !(vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E))
		for (u32 i = 0; i < 4; i++)
			vmcs_write(VMCS_GUEST_PDPTE0 + 2 * i,
				   ((u64 *)(ulong)vmcs_read(VMCS_GUEST_CR3))[i]);
}

static void init_ept(struct vmx_guest *g)
{
	u64 *pdpt = g->ept + 512, *directory = g->ept + 1024;

	memset(g->ept, 0, 2 * PAGE_SIZE);
	g->ept[0] = (ulong)pdpt | EPT_RWX;
	for (u32 i = 0; i < 4; i++)
		pdpt[i] = (ulong)(directory + i * 512) | EPT_RWX;
	for (u32 i = 0; i < 4 * 512; i++)
		directory[i] = (u64)i << 21 | EPT_RWX | EPT_MEMORY_TYPE(EPT_WB) | EPT_PS;
}

void vmx_use_ept(struct vmx_guest *g)
{
	init_ept(g);
	vmx_use_eptp((ulong)g->ept | EPTP_WB | EPTP_WALK_4);
}

u64 *vmx_ept_entry(struct vmx_guest *g, u64 address)
{
	u64 *large = &g->ept[1024 + (address >> 21)], *table;

	if (*large & EPT_PS) {
		table = page_alloc();
		for (u32 i = 0; i < 512; i++)
			table[i] = (address & ~0x1fffffull) | i << 12 | EPT_RWX |
				   EPT_MEMORY_TYPE(EPT_WB);
		*large = (ulong)table | EPT_RWX;
	}
	return (u64 *)(ulong)(*large & ~0xfffull) + (address >> 12 & 511);
}
