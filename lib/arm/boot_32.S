/* SPDX-License-Identifier: MIT */
/*
 * The way in: an arm Linux kernel's (Documentation/arm/booting.rst), which has the device tree's address
 * in r2 and the MMU off, in Supervisor or Hyp mode. kernel_entry_32.S goes on with translation and caches.
 */
#include <arm/boot.h>

#define ZIMAGE_MAGIC 0x016f2818

#define MODE_HYP   0x1a
#define RELATIVE   23 /* R_ARM_RELATIVE */

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
	address r1, vectors
	mcr	p15, 0, r1, c12, c0, 0 /* VBAR */
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

	.section .note.GNU-stack, "", %progbits
