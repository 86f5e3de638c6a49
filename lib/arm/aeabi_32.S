/* SPDX-License-Identifier: MIT */
/* What compilers call by the names of the run-time ABI (IHI 0043): division, and memory functions. */

	.arm
	.text

	/* Quotient in r0 and r1, remainder in r2 and r3; the C function has a pointer for that. */
	.macro	divide name, function
	.globl	\name
	.type	\name, %function
\name:
	push	{r11, lr}
	mov	r11, sp
	sub	sp, sp, #16
	bic	sp, sp, #7
	add	r12, sp, #8
	str	r12, [sp]
	bl	\function
	ldrd	r2, r3, [sp, #8]
	mov	sp, r11
	pop	{r11, pc}
	.endm

	divide	__aeabi_uldivmod, __udivmoddi4
	divide	__aeabi_ldivmod, __divmoddi4

	/* The same arguments, with promises on alignment that are of no use here. */
	.macro	same name, function
	.irp	suffix, , 4, 8
	.globl	__aeabi_\name\suffix
	.type	__aeabi_\name\suffix, %function
__aeabi_\name\suffix:
	.endr
	b	\function
	.endm

	same	memcpy, memcpy
	same	memmove, memmove

	/* memset with its last two arguments the other way round; memclr with none. */
	.irp	suffix, , 4, 8
	.globl	__aeabi_memset\suffix, __aeabi_memclr\suffix
	.type	__aeabi_memset\suffix, %function
	.type	__aeabi_memclr\suffix, %function
__aeabi_memset\suffix:
	mov	r3, r1
	mov	r1, r2
	mov	r2, r3
	b	memset
__aeabi_memclr\suffix:
	mov	r2, r1
	mov	r1, #0
	b	memset
	.endr

	.section .note.GNU-stack, "", %progbits
