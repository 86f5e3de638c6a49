/* SPDX-License-Identifier: MIT */
/* Calls in User mode, 32 bits. */
#include <arm/trap.h>

#define MODE_USR 0x10
#define MODE_SVC 0x13

	.arm
	.text

/* void enter_user_asm(fn, arg, user_stack): in User mode with the same exceptions masked as now. */
	.globl enter_user_asm
enter_user_asm:
	mrs	r12, cpsr
	cpsid	aif
	mov	sp, r2
	adr	lr, user_return
	mov	r3, r0
	mov	r0, r1
	mov	r11, #0
	bic	r12, r12, #0x1f
	orr	r12, r12, #MODE_USR
	cps	#MODE_SVC
	msr	spsr_cxsf, r12
	mov	lr, r3
	movs	pc, lr

user_return:
	svc	#SVC_USER_RETURN

	.section .note.GNU-stack, "", %progbits
