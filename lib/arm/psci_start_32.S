/* SPDX-License-Identifier: MIT */
/* What <arm/psci_start.h> declares. */

#define UNKNOWN_FUNCTION 0x8400ff01

	.arch_extension virt
	.arch_extension sec
	.text
	.arm
	.globl start_recording
start_recording:
	mov	r9, #0
1:	adr	r1, record_offset
	ldr	r2, [r1]
	add	r1, r1, r2
	mrs	r2, cpsr
	and	r3, r2, #0x1c0 /* A, I, F */
	and	r2, r2, #0x1f
	orr	r2, r2, r9
	mrc	p15, 0, r4, c1, c0, 0 /* SCTLR */
	mrc	p15, 0, r5, c0, c0, 5 /* MPIDR */
	stmia	r1, {r0, r2, r3, r4, r5}
	ldr	r0, [r1, #20]
	dsb
	b	secondary_start
record_offset:
	.word	start_record - record_offset

	.thumb
	.balign 4
	.thumb_func
	.globl start_recording_t32
start_recording_t32:
	movs	r1, #0x20 /* PSTATE_T */
	mov	r9, r1
	bx	pc
	nop
	.arm
	b	1b

	/* void smccc_keep(registers, hvc) */
	.globl smccc_keep
smccc_keep:
	push	{r0, r4-r11, lr}
	cmp	r1, #0
	ldmia	r0, {r4-r11}
	movw	r0, #(UNKNOWN_FUNCTION & 0xffff)
	movt	r0, #(UNKNOWN_FUNCTION >> 16)
	beq	2f
	hvc	#0
	b	3f
2:	smc	#0
3:	ldr	r0, [sp]
	stmia	r0, {r4-r11}
	pop	{r0, r4-r11, pc}

	.section .note.GNU-stack, "", %progbits
