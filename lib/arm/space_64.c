/* SPDX-License-Identifier: MIT */
/* Maintenance of translations and caches: DDI 0487, D8.13 and B2.4.4. */
#include <mm/space.h>

#include <arm/granule.h>
#include <arm/sysreg.h>

/* For all address-space identifiers; the low bits of the operand are the page number. */
void arch_tlb_flush_page(ulong address)
{
	__asm__ volatile("dsb ishst\n"
			 "tlbi vaae1is, %0\n"
			 "dsb ish\n"
			 "isb"
			 :
			 : "r"(address >> 12 & BITS(43, 0))
			 : "memory");
}

void arch_tlb_flush_all(void)
{
	__asm__ volatile("dsb ishst\n"
			 "tlbi vmalle1is\n"
			 "dsb ish\n"
			 "isb" ::
				 : "memory");
}

/*
 * With translation off: neither this code nor the table that the entry lies in is out of reach while it
 * is invalid. Stores are then not cached, so the line must not be in a cache, dirty before or stale
 * after them (B2, "Mismatched memory attributes").
 */
void pte_break_and_make(pte_t *entry, pte_t value)
{
	u64 sctlr = read_sys(SCTLR), daif = read_sys(DAIF);

	__asm__ volatile("msr daifset, #0xf\n"
			 "dsb sy\n"
			 "msr sctlr_el1, %[off]\n"
			 "isb\n"
			 "dc civac, %[entry]\n"
			 "dsb sy\n"
			 "str xzr, [%[entry]]\n"
			 "dsb sy\n"
			 "dc civac, %[entry]\n"
			 "tlbi vmalle1is\n"
			 "dsb sy\n"
			 "str %[value], [%[entry]]\n"
			 "dsb sy\n"
			 "dc civac, %[entry]\n"
			 "dsb sy\n"
			 "msr sctlr_el1, %[on]\n"
			 "isb\n"
			 "msr daif, %[daif]"
			 :
			 : [entry] "r"(entry), [value] "r"(value), [off] "r"(sctlr & ~SCTLR_M),
			   [on] "r"(sctlr), [daif] "r"(daif)
			 : "memory");
}

void translation_set(u64 ttbr0, u64 tcr)
{
	u64 sctlr = read_sys(SCTLR), daif = read_sys(DAIF);

	dsb();
	if (read_sys(TCR) == tcr) {
		write_sys(TTBR0, ttbr0);
		isb();
		return;
	}
	__asm__ volatile("msr daifset, #0xf\n"
			 "msr sctlr_el1, %[off]\n"
			 "isb\n"
			 "msr tcr_el1, %[tcr]\n"
			 "msr ttbr0_el1, %[ttbr0]\n"
			 "isb\n"
			 "tlbi vmalle1\n"
			 "dsb sy\n"
			 "msr sctlr_el1, %[on]\n"
			 "isb\n"
			 "msr daif, %[daif]"
			 :
			 : [tcr] "r"(tcr), [ttbr0] "r"(ttbr0), [off] "r"(sctlr & ~SCTLR_M),
			   [on] "r"(sctlr), [daif] "r"(daif)
			 : "memory");
}

void arch_space_use(const struct space *space)
{
	translation_set((ulong)space->root,
			(read_sys(TCR) & ~TCR_TG0) | granule_tg0(space->format->shift[0]));
	arch_tlb_flush_all();
}

void flush_data(const void *start, size_t size)
{
	ulong line = 4ul << ((ulong)read_sys(CTR) >> 16 & 15), end = (ulong)start + size;

	for (ulong at = ALIGN_DOWN((ulong)start, line); at < end; at += line)
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	dsb();
}

void sync_code(const void *start, size_t size)
{
	ulong ctr = (ulong)read_sys(CTR);
	ulong data_line = 4ul << (ctr >> 16 & 15), code_line = 4ul << (ctr & 15);
	ulong end = (ulong)start + size;

	for (ulong at = ALIGN_DOWN((ulong)start, data_line); at < end; at += data_line)
		__asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb ish" ::: "memory");
	for (ulong at = ALIGN_DOWN((ulong)start, code_line); at < end; at += code_line)
		__asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb ish\n\tisb" ::: "memory");
}
