/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, 64 bits. The kernel runs on SP_EL0, so that SP_EL1 is the exceptions'
 * alone and whatever the interrupted code did to its stack does not matter. The frame is struct
 * trap_frame. DDI 0487, D1.3.
 */
#include <arm/boot.h>
#include <arm/registers_64.h>
#include <arm/trap.h>

#define FRAME_SP     248
#define FRAME_PC     256
#define FRAME_ESR    272
#define FRAME_VECTOR 288

/* Deep enough for a handler and an exception within it. */
#define STACK_RESERVE 0x1000

	/* TPIDRRO_EL0 has the top of this CPU's exception stack, and in the low bits its number. */
	.macro	stack_top register
	mrs	\register, tpidrro_el0
	and	\register, \register, #~0xfff
	.endm

	/* From code that is no handler: on the top of the stack. */
	.macro	vector number
	.balign 0x80
	msr	tpidr_el1, x0
	stack_top x0
	mov	sp, x0
	mrs	x0, tpidr_el1
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x1, #\number
	b	trap_common
	.endm

	/* From a handler: below what it has, or on the top again if it has made SP useless. */
	.macro	nested_vector number
	.balign 0x80
	msr	tpidr_el1, x0
	stack_top x0
	sub	sp, sp, x0
	mov	x0, sp
	neg	x0, x0
	tst	x0, #15
	b.ne	1f
	cmp	x0, #(EXCEPTION_STACK_SIZE - STACK_RESERVE)
	b.ls	2f
1:	stack_top x0
	mov	sp, x0
	b	3f
2:	stack_top x0
	add	sp, sp, x0
3:	mrs	x0, tpidr_el1
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x1, #\number
	b	trap_common
	.endm

	.text
	.balign 0x800
	.globl vectors
vectors:
	.irp	number, 0, 1, 2, 3
	vector	\number
	.endr
	.irp	number, 4, 5, 6, 7
	nested_vector \number
	.endr
	.irp	number, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\number
	.endr

	.balign 0x80
trap_common:
	x2_to_x29 stp
	mrs	x2, sp_el0
	add	x3, sp, #FRAME_SIZE
	mrs	x4, elr_el1
	mrs	x5, spsr_el1
	and	x6, x5, #0x1f
	cmp	x6, #5 /* EL1h */
	csel	x2, x3, x2, eq
	stp	x30, x2, [sp, #240]
	stp	x4, x5, [sp, #FRAME_PC]
	mrs	x4, esr_el1
	mrs	x5, far_el1
	stp	x4, x5, [sp, #FRAME_ESR]
	str	x1, [sp, #FRAME_VECTOR]
	mov	x0, sp
	bl	trap_handle

	msr	daifset, #0xf
	ldp	x4, x5, [sp, #FRAME_PC]
	msr	elr_el1, x4
	msr	spsr_el1, x5
	and	x6, x5, #0x1f
	cmp	x6, #5
	ldp	x30, x2, [sp, #240]
	b.eq	1f
	msr	sp_el0, x2
1:	ldp	x0, x1, [sp]
	x2_to_x29 ldp
	add	sp, sp, #FRAME_SIZE
	eret

	.section .note.GNU-stack, "", %progbits
