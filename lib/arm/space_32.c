/* SPDX-License-Identifier: MIT */
/* Maintenance of translations and caches: DDI 0487, G5.9 and G4.4; by registers, as in ARMv7. */
#include <arch/space.h>

#include <arm/sysreg.h>

void arch_tlb_flush_page(ulong address)
{
	__asm__ volatile("dsb ishst\n"
			 "mcr p15, 0, %0, c8, c3, 3\n" /* TLBIMVAAIS */
			 "mcr p15, 0, %0, c7, c1, 6\n" /* BPIALLIS */
			 "dsb ish\n"
			 "isb"
			 :
			 : "r"(address & ~0xfffu)
			 : "memory");
}

void arch_tlb_flush_all(void)
{
	__asm__ volatile("dsb ishst\n"
			 "mcr p15, 0, %0, c8, c3, 0\n" /* TLBIALLIS */
			 "mcr p15, 0, %0, c7, c1, 6\n"
			 "dsb ish\n"
			 "isb"
			 :
			 : "r"(0)
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
	u32 ctr = read_sys(CTR);
	ulong data_line = 4ul << (ctr >> 16 & 15), code_line = 4ul << (ctr & 15);
	ulong end = (ulong)start + size;

	for (ulong at = ALIGN_DOWN((ulong)start, data_line); at < end; at += data_line)
		__asm__ volatile("mcr p15, 0, %0, c7, c11, 1" : : "r"(at) : "memory"); /* DCCMVAU */
	__asm__ volatile("dsb ish" ::: "memory");
	for (ulong at = ALIGN_DOWN((ulong)start, code_line); at < end; at += code_line)
		__asm__ volatile("mcr p15, 0, %0, c7, c5, 1" : : "r"(at) : "memory"); /* ICIMVAU */
	__asm__ volatile("mcr p15, 0, %0, c7, c1, 6\n\tdsb ish\n\tisb" : : "r"(0) : "memory");
}
