/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp; the layout is jmp_buf's in arch/setjmp.h. */

	.arm
	.text
	.globl setjmp
	.type setjmp, %function
setjmp:
	stmia	r0, {r4-r11}
	mrs	r1, cpsr
	str	sp, [r0, #32]
	str	lr, [r0, #36]
	str	r1, [r0, #40]
	mov	r0, #0
	bx	lr

	/* The mode, and with it which stack pointer this is, but not the masks. */
	.globl longjmp
	.type longjmp, %function
longjmp:
	ldr	r2, [r0, #40]
	and	r2, r2, #0x1f
	mrs	r3, cpsr
	bic	r3, r3, #0x1f
	orr	r3, r3, r2
	msr	cpsr_c, r3
	ldmia	r0, {r4-r11}
	ldr	sp, [r0, #32]
	ldr	lr, [r0, #36]
	movs	r0, r1
	moveq	r0, #1
	bx	lr

	.section .note.GNU-stack, "", %progbits
