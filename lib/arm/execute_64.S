/* SPDX-License-Identifier: MIT */
/* Entering and leaving the code of arm_run(): execute.h has the layout of the registers. */
#include <arm/execute.h>
#include <arm/registers_64.h>

	/* sp is the registers' address, as SP_EL1. */
	.macro	execute_vector number
	.balign 0x80
	stp	x0, x1, [sp]
	mov	x1, #\number
	b	execute_leave
	.endm

	.text
	.balign 0x800
execute_vectors:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	execute_vector \number
	.endr

	.arch	armv8-a+fp+simd
	/* All of V0 to V31, x0 being the registers' address. */
	.macro	all_vectors pair
	\pair	q0, q1, [x0, #(REGISTERS_V + 0)]
	\pair	q2, q3, [x0, #(REGISTERS_V + 32)]
	\pair	q4, q5, [x0, #(REGISTERS_V + 64)]
	\pair	q6, q7, [x0, #(REGISTERS_V + 96)]
	\pair	q8, q9, [x0, #(REGISTERS_V + 128)]
	\pair	q10, q11, [x0, #(REGISTERS_V + 160)]
	\pair	q12, q13, [x0, #(REGISTERS_V + 192)]
	\pair	q14, q15, [x0, #(REGISTERS_V + 224)]
	\pair	q16, q17, [x0, #(REGISTERS_V + 256)]
	\pair	q18, q19, [x0, #(REGISTERS_V + 288)]
	\pair	q20, q21, [x0, #(REGISTERS_V + 320)]
	\pair	q22, q23, [x0, #(REGISTERS_V + 352)]
	\pair	q24, q25, [x0, #(REGISTERS_V + 384)]
	\pair	q26, q27, [x0, #(REGISTERS_V + 416)]
	\pair	q28, q29, [x0, #(REGISTERS_V + 448)]
	\pair	q30, q31, [x0, #(REGISTERS_V + 480)]
	.endm

	/* void execute_enter(struct arm_registers *registers, u64 spsr) */
	.globl	execute_enter
execute_enter:
	add	x2, x0, #REGISTERS_KERNEL
	stp	x19, x20, [x2]
	stp	x21, x22, [x2, #16]
	stp	x23, x24, [x2, #32]
	stp	x25, x26, [x2, #48]
	stp	x27, x28, [x2, #64]
	stp	x29, x30, [x2, #80]
	mov	x3, sp
	mrs	x4, daif
	mrs	x5, vbar_el1
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x6, sp
	stp	x3, x4, [x2, #96]
	stp	x5, x6, [x2, #112]
	mov	sp, x0
	adr	x3, execute_vectors
	msr	vbar_el1, x3
	isb
	ldr	x3, [x0, #REGISTERS_SP]
	msr	sp_el0, x3
	ldr	x3, [x0, #REGISTERS_PC]
	msr	elr_el1, x3
	msr	spsr_el1, x1
	ldr	x3, [x0, #REGISTERS_HAS_FP]
	cbz	x3, 1f
	ldp	x4, x5, [x0, #REGISTERS_FPCR]
	msr	fpcr, x4
	msr	fpsr, x5
	all_vectors ldp
1:	x2_to_x29 ldp
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp]
	eret

execute_leave:
	x2_to_x29 stp
	mrs	x2, sp_el0
	mrs	x4, elr_el1
	mrs	x5, spsr_el1
	mrs	x6, esr_el1
	mrs	x7, far_el1
	stp	x30, x2, [sp, #240]
	stp	x4, x5, [sp, #REGISTERS_PC]
	stp	x6, x7, [sp, #REGISTERS_ESR]
	str	x1, [sp, #REGISTERS_VECTOR]
	mov	x0, sp
	ldr	x3, [x0, #REGISTERS_PAN]
	cbz	x3, 1f
	.inst	0xd500409f /* MSR PAN, #0, which not every CPU has */
1:	ldr	x3, [x0, #REGISTERS_HAS_FP]
	cbz	x3, 2f
	mrs	x4, fpcr
	mrs	x5, fpsr
	stp	x4, x5, [x0, #REGISTERS_FPCR]
	all_vectors stp
	msr	fpcr, xzr
	msr	fpsr, xzr
2:	add	x2, x0, #REGISTERS_KERNEL
	ldp	x19, x20, [x2]
	ldp	x21, x22, [x2, #16]
	ldp	x23, x24, [x2, #32]
	ldp	x25, x26, [x2, #48]
	ldp	x27, x28, [x2, #64]
	ldp	x29, x30, [x2, #80]
	ldp	x3, x4, [x2, #96]
	ldp	x5, x6, [x2, #112]
	msr	vbar_el1, x5
	mov	sp, x6
	msr	spsel, #0
	mov	sp, x3
	isb
	msr	daif, x4
	ret

	.section .note.GNU-stack, "", %progbits
