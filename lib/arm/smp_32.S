/* SPDX-License-Identifier: MIT */
#include <arm/boot.h>

	.arm

	.macro	address register, symbol
	movw	\register, #:lower16:\symbol - .Lpc\@
	movt	\register, #:upper16:\symbol - .Lpc\@
	.set	.Lpc\@, . + 8
	add	\register, \register, pc
	.endm

	.section .boot.secondary, "ax"

/* Where PSCI starts a CPU; r0 is its number. */
	.globl secondary_start
secondary_start:
	mov	r10, r0
	mrs	r9, cpsr
	and	r9, r9, #0x1f
	bl	leave_hyp
	address r0, kernel_root
	bl	enable_mmu
	address r1, vectors
	mcr	p15, 0, r1, c12, c0, 0 /* VBAR */
	address r1, secondary_stack_tops
	ldr	sp, [r1, r10, lsl #2]
	mov	r0, r10
	mov	r11, #0
	mov	lr, #0
	bl	arm_start_secondary
	b	.

	.section .note.GNU-stack, "", %progbits
