/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp; the layout is jmp_buf's in arch/setjmp.h. */

	.text
	.globl setjmp
	.type setjmp, %function
setjmp:
	stp	x19, x20, [x0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x25, x26, [x0, #48]
	stp	x27, x28, [x0, #64]
	stp	x29, x30, [x0, #80]
	mov	x1, sp
	mrs	x2, spsel
	stp	x1, x2, [x0, #96]
	mov	w0, wzr
	ret

	.globl longjmp
	.type longjmp, %function
longjmp:
	ldp	x19, x20, [x0]
	ldp	x21, x22, [x0, #16]
	ldp	x23, x24, [x0, #32]
	ldp	x25, x26, [x0, #48]
	ldp	x27, x28, [x0, #64]
	ldp	x29, x30, [x0, #80]
	ldp	x2, x3, [x0, #96]
	msr	spsel, x3
	mov	sp, x2
	cmp	w1, #0
	csinc	w0, w1, wzr, ne
	ret

	.section .note.GNU-stack, "", %progbits
