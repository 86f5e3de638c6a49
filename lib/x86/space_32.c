/* SPDX-License-Identifier: MIT */
/* 32-bit and PAE paging: SDM vol. 3A, 4.3-4.4. */
#include <x86/paging.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/entries.h>

static u32 one(void)
{
	return 1;
}

/*
 * Both halves at once: a walk between two stores would find an entry that nobody wrote. What has PAE has
 * CMPXCHG8B.
 */
void entry64_write(void *entry, u64 value)
{
	u64 old = *(u64 *)entry;

	__asm__ volatile("1: lock cmpxchg8b %0; jnz 1b"
			 : "+m"(*(u64 *)entry), "+A"(old)
			 : "b"((u32)value), "c"((u32)(value >> 32))
			 : "memory", "cc");
}

static void use_pae(const struct space *space)
{
	paging_use(space, CR4_PAE);
}

#define FORMAT_PAE                                                                            \
	{                                                                                     \
		.name = "PAE", NINE_BITS_32, .max_page_level = one, ENTRIES_64,               \
		.flush_page = entry_flush_page, .flush_all = entry_flush_all, .use = use_pae, \
	}

struct space_format arch_kernel_format = FORMAT_PAE;
const struct space_format paging_pae = FORMAT_PAE;

/* ---------------------------------------------------------------------------------------- 32-bit */

static u32 max_page_level_32(void)
{
	return cpu_has(X86_FEATURE_PSE);
}

static u64 entry32_page(phys_t phys, u32 level, u32 prot)
{
	u32 entry = level ? pse36_address(phys) | PTE_PS : (u32)phys;

	entry |= PTE_P | PTE_A | PTE_D;
	if (prot & PROT_WRITE)
		entry |= PTE_W;
	if (prot & PROT_USER)
		entry |= PTE_U;
	return entry;
}

static u64 entry32_table(phys_t table, u32 level)
{
	(void)level;
	return table | PTE_P | PTE_W | PTE_U | PTE_A;
}

static phys_t entry32_phys(u64 entry, u32 level)
{
	if (level && (entry & PTE_PS))
		return (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
	return entry & 0xfffff000;
}

static void entry32_write(void *entry, u64 value)
{
	WRITE_ONCE(*(u32 *)entry, (u32)value);
}

static void use_32_bit(const struct space *space)
{
	paging_use(space, cpu_has(X86_FEATURE_PSE) ? CR4_PSE : 0);
}

const struct space_format paging_32_bit = {
	.name = "32-bit",
	.top_level = 1,
	.entry_size = 4,
	.entries = { 1024, 1024 },
	.shift = { 12, 22 },
	.max_page_level = max_page_level_32,
	.page = entry32_page,
	.table = entry32_table,
	.present = entry_present,
	.is_page = entry_is_page,
	.phys = entry32_phys,
	.prot = entry_prot,
	.write = entry32_write,
	.flush_page = entry_flush_page,
	.flush_all = entry_flush_all,
	.use = use_32_bit,
};

void paging_init(void)
{
	if (!(read_cr4() & CR4_PAE))
		arch_kernel_format = paging_32_bit;
}
