/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, 32 bits. The kernel runs in System mode, so that the banked
 * registers of all others are the exceptions' alone; handlers run in Supervisor mode, on the CPU's
 * exception stack, and whatever the interrupted code did to its stack does not matter. The frame is
 * struct trap_frame. DDI 0487, G1.13.
 */
#include <arm/boot.h>
#include <arm/trap.h>

#define MODE_SVC 0x13

#define FRAME_SP	 52
#define FRAME_HANDLER_LR 60
#define FRAME_VECTOR	 64
#define FRAME_FSR	 68
#define FRAME_PC	 80

/* Deep enough for a handler and an exception within it. */
#define STACK_RESERVE 0x1000

	.arm
	.text

	/* TPIDRURO has the top of this CPU's exception stack, and in the low bits its number. */
	.macro	stack_top register
	mrc	p15, 0, \register, c13, c0, 3
	lsr	\register, \register, #12
	lsl	\register, \register, #12
	.endm

	.macro	save_r0
	mcr	p15, 0, r0, c13, c0, 4
	.endm
	.macro	restore_r0
	mrc	p15, 0, r0, c13, c0, 4
	.endm

	/*
	 * In Supervisor mode, equal: a handler was interrupted. Makes SP the stack's top, unless it is a
	 * handler's that is good.
	 */
	.macro	choose_stack
	bne	1f
	stack_top r0
	sub	sp, sp, r0
	rsb	r0, sp, #0
	tst	r0, #3
	bne	1f
	cmp	r0, #(EXCEPTION_STACK_SIZE - STACK_RESERVE)
	bhi	1f
	stack_top r0
	add	sp, sp, r0
	b	2f
1:	stack_top r0
	mov	sp, r0
2:
	.endm

	/*
	 * Vectors with a mode of their own; lr becomes the preferred return address. Access to the other
	 * modes' banked registers is not something that every ARMv7 has: hence the change of mode and back.
	 */
	.macro	vector name, number, offset, mode
\name:
	cpsid	aif
	sub	lr, lr, #\offset
	save_r0
	mrs	r0, spsr
	and	r0, r0, #0x1f
	cmp	r0, #MODE_SVC
	cps	#MODE_SVC
	choose_stack
	cps	#\mode
	restore_r0
	srsdb	sp!, #MODE_SVC
	cps	#MODE_SVC
	sub	sp, sp, #(FRAME_SIZE - 8)
	stmia	sp, {r0-r12}
	mov	r1, #\number
	b	trap_common
	.endm

	.balign 32
	.globl vectors
vectors:
	b	.
	b	undefined
	b	supervisor_call
	b	prefetch_abort
	b	data_abort
	b	.
	b	irq
	b	fiq

	vector	undefined, 1, 4, 0x1b
	vector	prefetch_abort, 3, 4, 0x17
	vector	data_abort, 4, 8, 0x17
	vector	irq, 6, 4, 0x12
	vector	fiq, 7, 4, 0x11

supervisor_call:
	cpsid	aif
	save_r0
	mrs	r0, spsr
	and	r0, r0, #0x1f
	cmp	r0, #MODE_SVC
	choose_stack
	restore_r0
	srsdb	sp!, #MODE_SVC
	sub	sp, sp, #(FRAME_SIZE - 8)
	stmia	sp, {r0-r12}
	mov	r1, #2

trap_common:
	add	r0, sp, #FRAME_SP
	stmia	r0, {sp, lr}^
	str	lr, [sp, #FRAME_HANDLER_LR]
	str	r1, [sp, #FRAME_VECTOR]
	mov	r2, #0
	mov	r3, #0
	cmp	r1, #3
	mrceq	p15, 0, r2, c5, c0, 1 /* IFSR */
	mrceq	p15, 0, r3, c6, c0, 2 /* IFAR */
	cmp	r1, #4
	mrceq	p15, 0, r2, c5, c0, 0 /* DFSR */
	mrceq	p15, 0, r3, c6, c0, 0 /* DFAR */
	str	r2, [sp, #FRAME_FSR]
	str	r3, [sp, #(FRAME_FSR + 4)]
	mov	r0, sp
	mov	r4, sp
	bic	sp, sp, #7
	bl	trap_handle

	cpsid	aif
	mov	sp, r4
	clrex
	ldr	lr, [sp, #FRAME_HANDLER_LR]
	add	r0, sp, #FRAME_SP
	ldmia	r0, {sp, lr}^
	nop
	ldmia	sp, {r0-r12}
	add	sp, sp, #FRAME_PC
	rfeia	sp!

	.section .note.GNU-stack, "", %progbits
