/* SPDX-License-Identifier: MIT */
#include <arm/boot.h>

	.macro	address register, symbol
	adrp	\register, \symbol
	add	\register, \register, :lo12:\symbol
	.endm

	.section .boot.secondary, "ax"

/* Where PSCI starts a CPU; x0 is its number. */
	.globl secondary_start
secondary_start:
	mov	x19, x0
	bl	leave_el2
	address x0, kernel_root
	bl	enable_mmu
	address x1, vectors
	msr	vbar_el1, x1
	address x1, secondary_stack_tops
	ldr	x1, [x1, x19, lsl #3]
	msr	spsel, #0
	mov	sp, x1
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	bl	arm_start_secondary
	b	.

	.section .note.GNU-stack, "", %progbits
