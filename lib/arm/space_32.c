/* SPDX-License-Identifier: MIT */
/* Maintenance of translations and caches: DDI 0487, G5.9 and G4.4; by registers, as in ARMv7. */
#include <mm/space.h>

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

/* As space_64.c has it, which says why. */
void pte_break_and_make(pte_t *entry, pte_t value)
{
	u32 sctlr = read_sys(SCTLR), cpsr = read_cpsr();

	__asm__ volatile("cpsid aif\n"
			 "dsb sy\n"
			 "mcr p15, 0, %[off], c1, c0, 0\n" /* SCTLR */
			 "isb\n"
			 "mcr p15, 0, %[entry], c7, c14, 1\n" /* DCCIMVAC */
			 "dsb sy\n"
			 "strd %Q[zero], %R[zero], [%[entry]]\n"
			 "dsb sy\n"
			 "mcr p15, 0, %[entry], c7, c14, 1\n"
			 "mcr p15, 0, %[entry], c8, c3, 0\n" /* TLBIALLIS */
			 "mcr p15, 0, %[entry], c7, c1, 6\n" /* BPIALLIS */
			 "dsb sy\n"
			 "strd %Q[value], %R[value], [%[entry]]\n"
			 "dsb sy\n"
			 "mcr p15, 0, %[entry], c7, c14, 1\n"
			 "dsb sy\n"
			 "mcr p15, 0, %[on], c1, c0, 0\n"
			 "isb\n"
			 "msr cpsr_cx, %[cpsr]"
			 :
			 : [entry] "r"(entry), [zero] "r"(0ull), [value] "r"(value),
			   [off] "r"(sctlr & ~(u32)SCTLR_M), [on] "r"(sctlr), [cpsr] "r"(cpsr)
			 : "memory");
}

void arch_space_use(const struct space *space)
{
	dsb();
	write_sys(TTBR0, (ulong)space->root);
	isb();
	arch_tlb_flush_all();
}

void flush_data(const void *start, size_t size)
{
	ulong line = 4ul << (read_sys(CTR) >> 16 & 15), end = (ulong)start + size;

	for (ulong at = ALIGN_DOWN((ulong)start, line); at < end; at += line)
		__asm__ volatile("mcr p15, 0, %0, c7, c14, 1"
				 :
				 : "r"(at)
				 : "memory"); /* DCCIMVAC */
	dsb();
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
