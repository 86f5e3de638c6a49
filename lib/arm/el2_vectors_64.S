/* SPDX-License-Identifier: MIT */
/* What the library leaves at EL2 for who calls it from EL1: el2.h. */
#include <arm/el2.h>

#define EC_HVC	   0x16
#define SPSR_EL1H  0x3c5
#define CALL_FRAME 112

	.text
	.balign 0x800
	.globl	el2_vectors
el2_vectors:
	.rept	4
	.balign 0x80
	b	.
	.endr
	.balign 0x80
	b	el2_exception
	.rept	3
	.balign 0x80
	b	.
	.endr
	/* A synchronous exception from EL1 or EL0: HVC is all that is expected. */
	.balign 0x80
	msr	tpidr_el2, x2
	mrs	x2, esr_el2
	and	x2, x2, #0xffff
	cmp	x2, #EL2_CALL_IMM
	b.ne	el2_unknown
	mrs	x2, tpidr_el2
	b	el2_service
	.rept	3
	.balign 0x80
	b	.
	.endr
	.balign 0x80
	msr	tpidr_el2, x2
	b	el2_unknown
	.rept	3
	.balign 0x80
	b	.
	.endr

	/* HVC gets what SMCCC wants for what nobody knows (DEN 0028, 5.2), all else becomes EL1's exception. */
el2_unknown:
	mrs	x2, esr_el2
	lsr	x2, x2, #26
	cmp	x2, #EC_HVC
	b.ne	1f
	mrs	x2, tpidr_el2
	mov	x0, #-1
	eret
1:	stp	x3, x4, [sp, #-16]!
	mrs	x2, esr_el2
	mrs	x3, far_el2
	msr	esr_el1, x2
	msr	far_el1, x3
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	msr	elr_el1, x2
	msr	spsr_el1, x3
	mrs	x2, vbar_el1
	and	x4, x3, #0xf /* EL1t is 4, EL1h 5 */
	cmp	x4, #4
	b.eq	2f
	add	x2, x2, #0x200
	b.hi	2f
	add	x2, x2, #0x200
	tbz	x3, #4, 2f /* from AArch32 */
	add	x2, x2, #0x200
2:	mov	x3, #SPSR_EL1H
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x3, x4, [sp], #16
	mrs	x2, tpidr_el2
	eret

el2_service:
	stp	x29, x30, [sp, #-CALL_FRAME]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [sp, #96]
	mov	x2, sp
	msr	tpidr_el2, x2
	mov	x2, x0
	mov	x0, x1
	blr	x2
	mov	x1, xzr
	mov	x2, xzr
el2_service_end:
	ldp	x3, x4, [sp, #96]
	msr	elr_el2, x3
	msr	spsr_el2, x4
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #CALL_FRAME
	eret

	/* Of what el2_service called. */
el2_exception:
	mov	x0, xzr
	mrs	x1, esr_el2
	mrs	x2, far_el2
	mrs	x3, tpidr_el2
	mov	sp, x3
	b	el2_service_end

	.section .note.GNU-stack, "", %progbits
