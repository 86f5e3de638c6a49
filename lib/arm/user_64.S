/* SPDX-License-Identifier: MIT */
/* Calls at EL0, 64 bits. */
#include <arm/trap.h>

	.text

/* void enter_user_asm(fn, arg, user_stack): at EL0 with the same exceptions masked as now. */
	.globl enter_user_asm
enter_user_asm:
	mrs	x3, daif
	msr	daifset, #0xf
	msr	elr_el1, x0
	msr	spsr_el1, x3
	msr	spsel, #1
	msr	sp_el0, x2
	mov	x0, x1
	adr	x30, user_return
	mov	x29, xzr
	eret

user_return:
	svc	#SVC_USER_RETURN

	.section .note.GNU-stack, "", %progbits
