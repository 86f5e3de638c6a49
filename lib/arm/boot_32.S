/* SPDX-License-Identifier: MIT */
/*
 * The way in: an arm Linux kernel's (Documentation/arm/booting.rst), which has the device tree's address
 * in r2 and the MMU off, in Supervisor or Hyp mode. From there, and from PSCI's CPU_ON, to translation
 * with long descriptors, caches and System mode, and to C.
 */
#include <arm/boot.h>

#define ZIMAGE_MAGIC 0x016f2818

#define MODE_SVC   0x13
#define MODE_HYP   0x1a
#define MODE_SYS   0x1f
#define MASKED	   0x1c0 /* A, I and F */
#define HCPTR_RES1 0x33ff
#define RELATIVE   23 /* R_ARM_RELATIVE */

/* Bits that are one in ARMv7 and nTWE, nTWI, CP15BEN; I, Z, C, M. Exceptions in A32, little-endian. */
#define SCTLR_OFF 0x00c50078
#define SCTLR_MMU (SCTLR_OFF | 0x1805)

	.arch_extension virt
	.arch_extension sec
	.arm

	.macro	address register, symbol
	movw	\register, #:lower16:\symbol - .Lpc\@
	movt	\register, #:upper16:\symbol - .Lpc\@
	.set	.Lpc\@, . + 8
	add	\register, \register, pc
	.endm

	.section .boot, "ax"
	.globl start
start:
	.rept	8
	nop
	.endr
	b	start_first
	.word	ZIMAGE_MAGIC
	.word	0 /* goes anywhere */
	.word	image_size

start_first:
	mov	r10, r2
	mrs	r9, cpsr
	and	r9, r9, #0x1f
	bl	leave_hyp

	/* Relocate: the words that hold addresses are off by r8. */
	address r0, link_address
	ldr	r0, [r0]
	address r8, image_start
	sub	r8, r8, r0
	address r0, relocations_start
	address r1, relocations_end
1:	cmp	r0, r1
	bhs	2f
	ldmia	r0!, {r2, r3}
	cmp	r3, #RELATIVE
	bne	1b
	ldr	r4, [r2, r8]
	add	r4, r4, r8
	str	r4, [r2, r8]
	b	1b

2:	address r0, bss_start
	address r1, image_end
	mov	r2, #0
	mov	r3, #0
3:	strd	r2, r3, [r0], #8
	cmp	r0, r1
	blo	3b

	/* For a start, the GiBs with the image and with the device tree. */
	address r1, boot_root
	address r2, image_start
	bl	map_block
	mov	r2, r10
	bl	map_block

	/* What was written around the caches must not be hidden by what they have. */
	address r0, image_start
	address r1, image_end
	mrc	p15, 0, r2, c0, c0, 1 /* CTR.DminLine: log2 of its words */
	ubfx	r2, r2, #16, #4
	mov	r3, #4
	lsl	r2, r3, r2
4:	mcr	p15, 0, r0, c7, c6, 1 /* DCIMVAC */
	add	r0, r0, r2
	cmp	r0, r1
	blo	4b
	dsb

	address r0, boot_root
	bl	enable_mmu
	address r0, image_offset
	str	r8, [r0]
	cmp	r9, #MODE_HYP
	moveq	r9, #2
	movne	r9, #1
	address r0, boot_el
	str	r9, [r0]
	address r0, exception_stack_top
	mcr	p15, 0, r0, c13, c0, 3 /* TPIDRURO */
	address r0, boot_stack_top
	mov	sp, r0
	mov	r0, r10
	mov	r11, #0
	mov	lr, #0
	bl	arm_start
	b	.

/* r1: the first table; r2: an address to be mapped one to one. */
map_block:
	lsr	r3, r2, #30
	lsl	r4, r3, #30
	movw	r5, #BOOT_BLOCK
	orr	r4, r4, r5
	mov	r5, #0
	add	r3, r1, r3, lsl #3
	strd	r4, r5, [r3]
	bx	lr

/* Where PSCI starts a CPU; r0 is its number. */
	.globl secondary_start
secondary_start:
	mov	r10, r0
	mrs	r9, cpsr
	and	r9, r9, #0x1f
	bl	leave_hyp
	address r0, kernel_root
	bl	enable_mmu
	address r1, secondary_stack_tops
	ldr	sp, [r1, r10, lsl #2]
	mov	r0, r10
	mov	r11, #0
	mov	lr, #0
	bl	arm_start_secondary
	b	.

/* r0: the tables' root. Goes on in System mode. */
enable_mmu:
	mov	r1, #0
	mcrr	p15, 0, r0, r1, c2 /* TTBR0 */
	movw	r1, #:lower16:TTBCR_VALUE
	movt	r1, #:upper16:TTBCR_VALUE
	mcr	p15, 0, r1, c2, c0, 2
	movw	r1, #:lower16:MAIR_VALUE
	movt	r1, #:upper16:MAIR_VALUE
	mcr	p15, 0, r1, c10, c2, 0 /* MAIR0 */
	mov	r1, #0
	mcr	p15, 0, r1, c10, c2, 1 /* MAIR1 */
	mcr	p15, 0, r1, c8, c7, 0 /* TLBIALL */
	mcr	p15, 0, r1, c7, c5, 0 /* ICIALLU */
	mcr	p15, 0, r1, c7, c5, 6 /* BPIALL */
	address r1, vectors
	mcr	p15, 0, r1, c12, c0, 0 /* VBAR */
	dsb
	isb
	movw	r1, #:lower16:SCTLR_MMU
	movt	r1, #:upper16:SCTLR_MMU
	mcr	p15, 0, r1, c1, c0, 0
	isb
	mov	r1, lr
	cps	#MODE_SYS
	bx	r1

/*
 * Goes on at lr in Supervisor mode. From Hyp mode nothing of the kernel's is trapped, and the virtual
 * count is the physical one; HVC is answered as SMCCC wants it for what nobody knows (DEN 0028, 5.2).
 */
leave_hyp:
	cpsid	aif
	cmp	r9, #MODE_HYP
	bne	6f
	mov	r0, #0
	mcr	p15, 4, r0, c1, c1, 0 /* HCR */
	movw	r0, #HCPTR_RES1
	mcr	p15, 4, r0, c1, c1, 2
	mov	r0, #0
	mcr	p15, 4, r0, c1, c1, 3 /* HSTR */
	mcrr	p15, 6, r0, r0, c2 /* VTTBR */
	mcrr	p15, 4, r0, r0, c14 /* CNTVOFF */
	mov	r1, #3
	mcr	p15, 4, r1, c14, c1, 0 /* CNTHCTL: PL1PCTEN, PL1PCEN */
	mrc	p15, 0, r1, c0, c0, 0
	mcr	p15, 4, r1, c0, c0, 0 /* VPIDR */
	mrc	p15, 0, r1, c0, c0, 5
	mcr	p15, 4, r1, c0, c0, 5 /* VMPIDR */
	/* All event counters are the kernel's: HDCR.HPMN = PMCR.N. */
	mrc	p15, 0, r1, c0, c1, 2 /* ID_DFR0 */
	ubfx	r1, r1, #24, #4
	sub	r1, r1, #1
	cmp	r1, #14
	bhs	1f
	mrc	p15, 0, r0, c9, c12, 0 /* PMCR */
	ubfx	r0, r0, #11, #5
1:	mcr	p15, 4, r0, c1, c1, 1 /* HDCR */
	mrc	p15, 0, r0, c0, c1, 1 /* ID_PFR1 */
	lsrs	r0, r0, #28
	beq	2f
	mrc	p15, 4, r0, c12, c9, 5 /* ICC_HSRE */
	orr	r0, r0, #9
	mcr	p15, 4, r0, c12, c9, 5
	isb
	mov	r0, #0
	mcr	p15, 4, r0, c12, c11, 0 /* ICH_HCR */
2:	address r0, hyp_vectors
	mcr	p15, 4, r0, c12, c0, 0 /* HVBAR */
	mov	r0, #(MASKED & 0xff | MODE_SVC)
	orr	r0, r0, #(MASKED & 0x100)
	msr	spsr_cxsf, r0
	msr	elr_hyp, lr
	movw	r0, #:lower16:SCTLR_OFF
	movt	r0, #:upper16:SCTLR_OFF
	mcr	p15, 0, r0, c1, c0, 0
	eret
6:	mov	r1, lr
	cps	#MODE_SVC
	bx	r1

	/* Only HVC is expected here. */
	.text
	.balign 32
hyp_vectors:
	.rept	5
	b	.
	.endr
	b	hyp_call
	.rept	2
	b	.
	.endr
hyp_call:
	mvn	r0, #0
	eret

	.bss
	.balign 4096
	.globl kernel_root
kernel_root:
	.skip	ROOT_ENTRIES * 8
boot_root:
	.skip	ROOT_ENTRIES * 8

	/* Pages that mm takes away, so that an overflow of the stack is a fault. */
	.globl boot_stack_guard, boot_stack_top, exception_stack_top
	.balign 4096
	.skip	4096
	.skip	EXCEPTION_STACK_SIZE
exception_stack_top:
boot_stack_guard:
	.skip	4096
	.skip	BOOT_STACK_SIZE
boot_stack_top:

	.section .note.GNU-stack, "", %progbits
