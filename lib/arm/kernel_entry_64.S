/* SPDX-License-Identifier: MIT */
/*
 * What all CPUs do on their way in, the first one and those that PSCI starts: to EL1, with translation
 * and caches. And the memory that they start with.
 */
#include <arm/boot.h>

#define CURRENT_EL2	(2 << 2)
#define HCR_FLAGS	0x0120030080000000 /* RW, API and APK, ATA, EnSCXT: nothing of EL1's is trapped */
#define CNTHCTL_FLAGS	3		   /* EL1PCTEN, EL1PCEN */
#define CPTR_EL2_RES1	0x32ff
#define CPTR_EL2_TSM	(1 << 12)
#define LONGEST		0xf /* LEN */
#define HFG_NOT		0xfff0000000000000
#define HFGITR_GCS	0x0e00000000000000
#define HCRX_FLAGS	0x00c0c800 /* EnFPM, GCSEn, SCTLR2En, TCR2En, MSCEn */
#define ICC_SRE_FLAGS	0x9 /* SRE, Enable */
#define SCTLR_EL1_RES1	0x30d00800
#define SCTLR_EL1_MMU	(SCTLR_EL1_RES1 | 0x1005) /* I, C, M */
#define SCTLR_EL2_RES1	0x30c50830
#define SPSR_EL1H	0x3c5

	.macro	address register, symbol
	adrp	\register, \symbol
	add	\register, \register, :lo12:\symbol
	.endm

	.section .boot.kernel_entry, "ax"

/* x0: the tables' root. PARange, and with it IPS, is never more here than what ID_AA64MMFR0 says. */
	.globl enable_mmu
enable_mmu:
	msr	ttbr0_el1, x0
	ldr	x1, =MAIR_VALUE
	msr	mair_el1, x1
	ldr	x1, =TCR_VALUE
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #7
	cmp	x2, #5 /* 48 bits is what 4 KiB pages can use without LPA2 */
	mov	x3, #5
	csel	x2, x2, x3, lo
	orr	x1, x1, x2, lsl #32
	msr	tcr_el1, x1
	tlbi	vmalle1
	dsb	sy
	isb
	ldr	x1, =SCTLR_EL1_MMU
	msr	sctlr_el1, x1
	isb
	ret

/*
 * Goes on at x30 at EL1. From EL2 nothing of EL1's is trapped, and the virtual count is the physical
 * one; HVC is answered as SMCCC wants it for what nobody knows (DEN 0028, 5.2).
 */
	.globl leave_el2
leave_el2:
	msr	daifset, #0xf
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.ne	6f
	address x1, el2_stage2
	ldp	x0, x2, [x1]
	msr	vtcr_el2, x0
	msr	vttbr_el2, x2
	ldr	x0, =HCR_FLAGS
	ldr	x1, [x1, #16]
	orr	x0, x0, x1
	msr	hcr_el2, x0
	isb
	mov	x0, #CNTHCTL_FLAGS
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	/* TSM is RES1 only without FEAT_SME. Vectors are as long as EL1 likes. */
	mov	x0, #CPTR_EL2_RES1
	mrs	x1, id_aa64pfr1_el1
	tst	x1, #(0xf << 24)
	b.eq	7f
	bic	x0, x0, #CPTR_EL2_TSM
7:	msr	cptr_el2, x0
	isb
	b.eq	8f
	mov	x0, #LONGEST
	msr	s3_4_c1_c2_6, x0 /* SMCR_EL2 */
8:	mrs	x1, id_aa64pfr0_el1
	tst	x1, #(0xf << 32)
	b.eq	9f
	mov	x0, #LONGEST
	msr	s3_4_c1_c2_0, x0 /* ZCR_EL2 */
9:
	msr	hstr_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	/* All event counters are EL1's: MDCR_EL2.HPMN = PMCR_EL0.N. */
	mov	x1, xzr
	mrs	x0, id_aa64dfr0_el1
	ubfx	x0, x0, #8, #4
	sub	x2, x0, #1
	cmp	x2, #14
	b.hs	1f
	mrs	x1, pmcr_el0
	ubfx	x1, x1, #11, #5
1:	msr	mdcr_el2, x1
	mrs	x0, id_aa64pfr0_el1
	ubfx	x0, x0, #24, #4
	cbz	x0, 2f
	mrs	x0, s3_4_c12_c9_5 /* ICC_SRE_EL2 */
	mov	x1, #ICC_SRE_FLAGS
	orr	x0, x0, x1
	msr	s3_4_c12_c9_5, x0
	isb
	msr	s3_4_c12_c11_0, xzr /* ICH_HCR_EL2 */
2:	mrs	x0, id_aa64mmfr0_el1
	ubfx	x0, x0, #56, #4 /* FEAT_FGT */
	cbz	x0, 3f
	/* Those whose 0 is the trap, n... in the manual; RES0 where there is no such feature. */
	mov	x1, #HFG_NOT
	msr	s3_4_c1_c1_4, x1 /* HFGRTR_EL2 */
	msr	s3_4_c1_c1_5, x1 /* HFGWTR_EL2 */
	mov	x1, #HFGITR_GCS
	msr	s3_4_c1_c1_6, x1 /* HFGITR_EL2 */
	msr	s3_4_c3_c1_4, xzr /* HDFGRTR_EL2 */
	msr	s3_4_c3_c1_5, xzr /* HDFGWTR_EL2 */
3:	mrs	x0, id_aa64mmfr1_el1
	ubfx	x0, x0, #40, #4 /* FEAT_HCX */
	cbz	x0, 4f
	ldr	x0, =HCRX_FLAGS
	msr	s3_4_c1_c2_2, x0 /* HCRX_EL2 */
4:	address x0, el2_vectors
	msr	vbar_el2, x0
	ldr	x0, =SCTLR_EL2_RES1
	msr	sctlr_el2, x0
	address x0, el2_stack_top
	mov	sp, x0
	ldr	x0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	mov	x0, #SPSR_EL1H
	msr	spsr_el2, x0
	msr	elr_el2, x30
	eret
6:	ldr	x0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	isb
	ret

	.balign 8
	.ltorg

	/* VTCR_EL2, VTTBR_EL2, and what HCR_EL2 has beyond HCR_FLAGS: el2_nest(). */
	.data
	.balign	8
	.globl	el2_stage2
el2_stage2:
	.quad	0, 0, 0

	.bss
	.balign 4096
	.globl kernel_root, boot_root, boot_directory
kernel_root:
	.skip	ROOT_ENTRIES * 8
boot_root:
	.skip	4096
boot_directory:
	.skip	4096

	/* Pages that mm takes away, so that an overflow of the stack is a fault. */
	.globl boot_stack_guard, boot_stack_top, exception_stack_top
	.skip	4096
	.skip	EXCEPTION_STACK_SIZE
exception_stack_top:
boot_stack_guard:
	.skip	4096
	.skip	BOOT_STACK_SIZE
boot_stack_top:

	.balign	16
	.skip	EL2_STACK_SIZE
el2_stack_top:

	.section .note.GNU-stack, "", %progbits
