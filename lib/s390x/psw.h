/* SPDX-License-Identifier: MIT */
/* The program-status word: PoP SA22-7832-13, chapter 4, "Program-Status Word". Also for assembly. */
#ifndef ASSAY_S390X_PSW_H
#define ASSAY_S390X_PSW_H

/* Bits 0-32 of the PSW, as they stand in its first doubleword. */
#define PSW_PER	      0x4000000000000000
#define PSW_DAT	      0x0400000000000000
#define PSW_IO	      0x0200000000000000
#define PSW_EXT	      0x0100000000000000
#define PSW_KEY	      0x00f0000000000000
#define PSW_MCHECK    0x0004000000000000
#define PSW_WAIT      0x0002000000000000
#define PSW_PROBLEM   0x0001000000000000
#define PSW_ASC	      0x0000c00000000000 /* address-space control */
#define PSW_CC	      0x0000300000000000
#define PSW_PM	      0x00000f0000000000 /* program mask */
#define PSW_EA	      0x0000000100000000
#define PSW_BA	      0x0000000080000000
#define PSW_KEY_SHIFT 52
#define PSW_CC_SHIFT  44

#define PSW_ASC_PRIMARY	  0x0000000000000000
#define PSW_ASC_ACCREG	  0x0000400000000000
#define PSW_ASC_SECONDARY 0x0000800000000000
#define PSW_ASC_HOME	  0x0000c00000000000

/* Bits of the program mask: which of these exceptions are recognised. */
#define PSW_PM_FIXED_OVERFLOW	0x0000080000000000
#define PSW_PM_DECIMAL_OVERFLOW 0x0000040000000000
#define PSW_PM_HFP_UNDERFLOW	0x0000020000000000
#define PSW_PM_HFP_SIGNIFICANCE 0x0000010000000000

/* The kernel's: 64-bit addresses, supervisor state, key 0, nothing enabled; with and without DAT. */
#define PSW_64	   (PSW_EA | PSW_BA)
#define PSW_KERNEL (PSW_DAT | PSW_EA | PSW_BA)

#ifndef __ASSEMBLER__
#include <types.h>

struct psw {
	u64 mask;
	u64 addr;
} __aligned(8);

/* Bits 0-63 of the current PSW. EXTRACT PSW; the condition code is that before it. */
static inline u64 psw_mask(void)
{
	u32 high, low;

	__asm__ volatile("epsw %0,%1" : "=d"(high), "=a"(low));
	return (u64)high << 32 | low;
}

/* Loads `mask` and goes on with the next instruction. LOAD PSW EXTENDED; a bad mask is a fault. */
void psw_load_mask(u64 mask);

/* Loads the PSW. Comes back where interruption handlers or the code at psw->addr bring it. */
void psw_load(const struct psw *psw) __attribute__((noreturn));
#endif

#endif
