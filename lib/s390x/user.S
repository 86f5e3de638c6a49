/* SPDX-License-Identifier: MIT */
/* Calls in problem state. */
#include <s390x/lowcore.h>
#include <s390x/psw.h>

	.text

/* void enter_user_asm(fn, arg, user_stack, const struct psw *): the PSW's address is fn's. */
	.globl enter_user_asm
	.type enter_user_asm, @function
enter_user_asm:
	lgr	%r1, %r5
	lgr	%r2, %r3
	lgr	%r15, %r4
	aghi	%r15, -160
	xc	0(8,%r15), 0(%r15)
	larl	%r14, user_return
	lpswe	0(%r1)
	.globl user_return, user_returned
user_return:
	svc	0xff
user_returned:

	.section .note.GNU-stack, "", @progbits
