/* SPDX-License-Identifier: MIT */
/* At EL2: its translation, and the way to the code of el2_run() and back. el2.h. */
#include <arm/el2.h>
#include <arm/execute.h>
#include <arm/registers_64.h>

#define HOST_SP	   96  /* in registers->kernel */
#define HOST_HPFAR 112
#define HOST_SP_EL0 120

	.text
/*
 * u64 el2_regime(u64 hcr, u64 sctlr, u64 tcr, u64 ttbr0): HCR_EL2 and EL2's translation, without an access to memory
 * while it is off.
 */
	.globl	el2_regime
el2_regime:
	mrs	x4, sctlr_el2
	bic	x4, x4, #1
	dsb	sy
	msr	sctlr_el2, x4
	isb
	msr	hcr_el2, x0
	isb
	msr	s3_4_c2_c0_2, x2 /* TCR_EL2 */
	msr	s3_4_c2_c0_0, x3 /* TTBR0_EL2 */
	isb
	tlbi	alle2
	dsb	sy
	isb
	msr	sctlr_el2, x1
	isb
	ret

/*
 * The first call: translation on, x0 being struct el2_translation. What the service has stored on its way here went
 * around the caches, and must not be hidden by what they have.
 */
	.globl	el2_first_call
el2_first_call:
	ldp	x1, x2, [x0]
	ldp	x3, x4, [x0, #16]
	mov	x5, sp
	dsb	sy
	dc	civac, x5
	add	x5, x5, #16
	dc	civac, x5
	add	x5, x5, #32
	dc	civac, x5
	add	x5, x5, #32
	dc	civac, x5
	add	x5, x5, #31
	dc	civac, x5
	dsb	sy
	msr	s3_4_c2_c0_0, x1 /* TTBR0_EL2 */
	msr	s3_4_c2_c0_2, x2 /* TCR_EL2 */
	msr	s3_4_c10_c2_0, x3 /* MAIR_EL2 */
	isb
	tlbi	alle2
	dsb	sy
	isb
	msr	sctlr_el2, x4
	isb
	ret

	/* EL1's, while the code of el2_run() runs: each says which it was. */
	.balign 0x800
	.globl	el2_guest_vectors
el2_guest_vectors:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.balign 0x80
	hvc	#(EL2_TAKEN_IMM + \number)
	b	.
	.endr

	/* In A32: HVC #n. */
	.balign 32
	.globl	el2_guest_vectors_a32
el2_guest_vectors_a32:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7
	.inst	0xe1400070 | ((EL2_TAKEN_IMM_A32 + \number) >> 4) << 8 | ((EL2_TAKEN_IMM_A32 + \number) & 15)
	.endr

	.macro	exit_vector number
	.balign 0x80
	stp	x0, x1, [sp]
	mov	x1, #\number
	b	el2_leave
	.endm

	.balign 0x800
el2_exit_vectors:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	exit_vector \number
	.endr

/* void el2_enter(struct arm_registers *registers, u64 spsr), at EL2 */
	.globl	el2_enter
el2_enter:
	add	x2, x0, #REGISTERS_KERNEL
	stp	x19, x20, [x2]
	stp	x21, x22, [x2, #16]
	stp	x23, x24, [x2, #32]
	stp	x25, x26, [x2, #48]
	stp	x27, x28, [x2, #64]
	stp	x29, x30, [x2, #80]
	mov	x3, sp
	mrs	x4, vbar_el2
	mrs	x5, sp_el0
	stp	x3, x4, [x2, #HOST_SP]
	str	x5, [x2, #HOST_SP_EL0]
	mov	sp, x0
	adr	x3, el2_exit_vectors
	msr	vbar_el2, x3
	isb
	ldr	x3, [x0, #REGISTERS_SP]
	msr	sp_el0, x3
	ldr	x3, [x0, #REGISTERS_PC]
	msr	elr_el2, x3
	msr	spsr_el2, x1
	x2_to_x29 ldp
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp]
	eret

el2_leave:
	x2_to_x29 stp
	mrs	x2, sp_el0
	mrs	x4, elr_el2
	mrs	x5, spsr_el2
	mrs	x6, esr_el2
	mrs	x7, far_el2
	mrs	x8, hpfar_el2
	stp	x30, x2, [sp, #240]
	stp	x4, x5, [sp, #REGISTERS_PC]
	stp	x6, x7, [sp, #REGISTERS_ESR]
	str	x1, [sp, #REGISTERS_VECTOR]
	mov	x0, sp
	add	x2, x0, #REGISTERS_KERNEL
	str	x8, [x2, #HOST_HPFAR]
	ldp	x19, x20, [x2]
	ldp	x21, x22, [x2, #16]
	ldp	x23, x24, [x2, #32]
	ldp	x25, x26, [x2, #48]
	ldp	x27, x28, [x2, #64]
	ldp	x29, x30, [x2, #80]
	ldp	x3, x4, [x2, #HOST_SP]
	ldr	x5, [x2, #HOST_SP_EL0]
	msr	sp_el0, x5
	mov	sp, x3
	msr	vbar_el2, x4
	isb
	ret

	.section .note.GNU-stack, "", %progbits
