/* SPDX-License-Identifier: MIT */
/*
 * The way in: an arm64 Linux kernel's (Documentation/arm64/booting.rst), which has the device tree's
 * address in x0 and the MMU off, at EL2 or EL1. kernel_entry_64.S goes on with translation and caches.
 */
#include <arm/boot.h>

#define HEADER_FLAGS 0xa /* little-endian, 4 KiB pages, anywhere in memory */

#define RELATIVE	0x403 /* R_AARCH64_RELATIVE */

	.macro	address register, symbol
	adrp	\register, \symbol
	add	\register, \register, :lo12:\symbol
	.endm

	.section .boot, "ax"
	.globl start
start:
	b	start_first
	nop
	.quad	0 /* from a 2 MiB boundary */
	.quad	image_size
	.quad	HEADER_FLAGS
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

start_first:
	mov	x19, x0
	mrs	x20, CurrentEL
	bl	leave_el2

	/* Relocate: what the linker computed for its address is off by x21. */
	address x0, link_address
	ldr	x0, [x0]
	address x21, image_start
	sub	x21, x21, x0
	address x0, relocations_start
	address x1, relocations_end
1:	cmp	x0, x1
	b.hs	2f
	ldp	x2, x3, [x0], #16
	ldr	x4, [x0], #8
	cmp	x3, #RELATIVE
	b.ne	1b
	add	x4, x4, x21
	str	x4, [x2, x21]
	b	1b

2:	address x0, bss_start
	address x1, image_end
3:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	3b

	/* For a start, the GiBs with the image and with the device tree. */
	address x0, boot_root
	address x1, boot_directory
	address x2, image_start
	lsr	x3, x2, #39
	mov	x4, #BOOT_TABLE
	orr	x4, x1, x4
	str	x4, [x0, x3, lsl #3]
	bl	map_block
	mov	x2, x19
	bl	map_block

	/* What was written around the caches must not be hidden by what they have. */
	address x0, image_start
	address x1, image_end
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4 /* DminLine: log2 of its words */
	mov	x3, #4
	lsl	x2, x3, x2
4:	dc	ivac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	4b
	dsb	sy
	ic	iallu

	address x0, boot_root
	bl	enable_mmu
	address x0, image_offset
	str	x21, [x0]
	address x0, boot_el
	lsr	x20, x20, #2
	str	w20, [x0]
	address x0, exception_stack_top
	msr	tpidrro_el0, x0
	address x0, vectors
	msr	vbar_el1, x0
	msr	spsel, #0
	address x0, boot_stack_top
	mov	sp, x0
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	bl	arm_start
	b	.

/* x1: a table of 1 GiB blocks; x2: an address to be mapped one to one. */
map_block:
	lsr	x3, x2, #30
	lsl	x4, x3, #30
	and	x3, x3, #511
	mov	x5, #BOOT_BLOCK
	orr	x4, x4, x5
	str	x4, [x1, x3, lsl #3]
	ret

	.section .note.GNU-stack, "", %progbits
