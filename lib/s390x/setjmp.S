/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp; the layout is jmp_buf's in arch/setjmp.h. */

	.text
	.globl setjmp
	.type setjmp, @function
setjmp:
	stmg	%r6, %r15, 0(%r2)
	lghi	%r2, 0
	br	%r14

	.globl longjmp
	.type longjmp, @function
longjmp:
	lgr	%r1, %r2
	lgr	%r2, %r3
	ltgr	%r2, %r2
	jnz	1f
	lghi	%r2, 1
1:	lmg	%r6, %r15, 0(%r1)
	br	%r14

	.section .note.GNU-stack, "", @progbits
