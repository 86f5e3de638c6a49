/* SPDX-License-Identifier: MIT */
/* What <arm/psci_start.h> declares. */

#define UNKNOWN_FUNCTION 0x8400ff01

	.text
	.globl start_recording
start_recording:
	adrp	x9, start_record
	add	x9, x9, :lo12:start_record
	mrs	x10, CurrentEL
	mrs	x11, daif
	mrs	x12, sctlr_el1
	mrs	x13, mpidr_el1
	stp	x0, x10, [x9]
	stp	x11, x12, [x9, #16]
	ldr	x0, [x9, #40]
	str	x13, [x9, #32]
	dsb	sy
	b	secondary_start

	.globl smccc_keep
smccc_keep:
	stp	x29, x30, [sp, #-112]!
	mov	x29, sp
	stp	x18, x19, [sp, #16]
	stp	x20, x21, [sp, #32]
	stp	x22, x23, [sp, #48]
	stp	x24, x25, [sp, #64]
	stp	x26, x27, [sp, #80]
	stp	x28, x0, [sp, #96]
	mov	w9, w1
	ldp	x18, x19, [x0]
	ldp	x20, x21, [x0, #16]
	ldp	x22, x23, [x0, #32]
	ldp	x24, x25, [x0, #48]
	ldp	x26, x27, [x0, #64]
	ldr	x28, [x0, #80]
	ldr	w0, =UNKNOWN_FUNCTION
	cbz	w9, 1f
	hvc	#0
	b	2f
1:	smc	#0
2:	ldr	x0, [sp, #104]
	stp	x18, x19, [x0]
	stp	x20, x21, [x0, #16]
	stp	x22, x23, [x0, #32]
	stp	x24, x25, [x0, #48]
	stp	x26, x27, [x0, #64]
	str	x28, [x0, #80]
	ldp	x18, x19, [sp, #16]
	ldp	x20, x21, [sp, #32]
	ldp	x22, x23, [sp, #48]
	ldp	x24, x25, [sp, #64]
	ldp	x26, x27, [sp, #80]
	ldr	x28, [sp, #96]
	ldp	x29, x30, [sp], #112
	ret
	.ltorg

	.section .note.GNU-stack, "", %progbits
