/* SPDX-License-Identifier: MIT */
/* Maintenance of translations and caches: DDI 0487, D8.13 and B2.4.4. */
#include <arch/space.h>

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

void arch_space_switch(phys_t root)
{
	dsb();
	write_sys(TTBR0, root);
	isb();
	arch_tlb_flush_all();
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
