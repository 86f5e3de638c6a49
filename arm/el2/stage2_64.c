/* SPDX-License-Identifier: MIT */
#include "stage2.h"

#include <arm/boot.h>
#include <arm/sysreg.h>

static u32 max_page_level(void)
{
	return 2;
}

static u64 page(phys_t phys, u32 level, u32 prot)
{
	u64 entry = phys | PTE_VALID | PTE_AF | PTE_SH_INNER | S2_AP(1);

	if (level == 0)
		entry |= PTE_TABLE;
	entry |= prot & PROT_DEVICE ? S2_DEVICE : S2_NORMAL;
	if (prot & PROT_WRITE)
		entry |= S2_AP(2);
	if (!(prot & PROT_EXEC))
		entry |= S2_XN(2);
	return entry;
}

static u32 prot_of(u64 entry, u32 level)
{
	(void)level;
	return ((entry & S2_NORMAL) ? 0 : PROT_DEVICE) | ((entry & S2_AP(2)) ? PROT_WRITE : 0) |
	       ((entry & S2_XN(2)) ? 0 : PROT_EXEC);
}

static void write_entry(void *entry, u64 value)
{
	WRITE_ONCE(*(u64 *)entry, value);
}

static void flush_page(const struct space *space, u64 address)
{
	(void)space;
	(void)address;
}

static void flush_all(const struct space *space)
{
	(void)space;
}

/* Nothing walks it but in el2_run(); who changes it while it is cached flushes by stage2_flush(). */
const struct space_format stage2_format = {
	.name = "stage2",
	.top_level = 2,
	.entry_size = 8,
	.entries = { 512, 512, 512 },
	.shift = { 12, 21, 30 },
	.max_page_level = max_page_level,
	.page = page,
	.table = arch_pte_table,
	.present = arch_pte_present,
	.is_page = arch_pte_is_page,
	.phys = arch_pte_phys,
	.prot = prot_of,
	.write = write_entry,
	.flush_page = flush_page,
	.flush_all = flush_all,
};

struct space *stage2_create(void)
{
	struct space *space = space_create_format(&stage2_format);

	space_map(space, 0, 0, 512 * GiB, PROT_WRITE | PROT_EXEC);
	if ((ulong)image_start >= GiB)
		space_map(space, 0, 0, GiB, PROT_WRITE | PROT_DEVICE);
	stage2_flush();
	return space;
}

u32 stage2_settings(struct el2_setting *settings, const struct space *space, u16 vmid, u64 hcr)
{
	u64 ps = MIN(read_sys(ID_AA64MMFR0) & 7, 5ull);

	settings[0] = (struct el2_setting){ EL2_VTCR, VTCR_39 | ps << 16 };
	settings[1] = (struct el2_setting){ EL2_VTTBR, (ulong)space->root | (u64)vmid << 48 };
	settings[2] = (struct el2_setting){ EL2_HCR, EL2_HCR_DEFAULT | HCR_VM | hcr };
	return 3;
}

static u64 flush(void *arg)
{
	(void)arg;
	__asm__ volatile("dsb sy\n\ttlbi alle1is\n\tdsb sy\n\tisb" ::: "memory");
	return 0;
}

void stage2_flush(void)
{
	struct fault fault;

	el2_call(flush, NULL, &fault);
}

void stage2_map_va(ulong va, u64 ipa, u32 prot)
{
	space_map_page(space_kernel(), va, ipa, 0, prot);
	stage2_flush();
}

struct fault stage2_run(const struct space *space, enum arm_el el, u32 insn, ulong address,
			struct arm_registers *r, struct el2_exit *exit)
{
	struct el2_setting settings[3];
	u32 count = stage2_settings(settings, space, 1, 0);

	*exit = (struct el2_exit){ 0 };
	r->x[0] = address;
	return el2_execute(settings, count, el, &insn, 1, r, exit);
}
