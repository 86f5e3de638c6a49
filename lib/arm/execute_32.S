/* SPDX-License-Identifier: MIT */
/* Entering and leaving the code of arm_run(): execute.h has the layout of the registers. */
#include <arm/execute.h>

#define MODE_FIQ 0x11
#define MODE_IRQ 0x12
#define MODE_SVC 0x13
#define MODE_ABT 0x17
#define MODE_UND 0x1b
#define MODE_SYS 0x1f

/* In REGISTERS_KERNEL: r4 to r11, sp, lr, CPSR, VBAR, SP_svc; bytes. */
#define KERNEL_SP   (REGISTERS_KERNEL + 32)
#define KERNEL_LR   (REGISTERS_KERNEL + 36)
#define KERNEL_CPSR (REGISTERS_KERNEL + 40)
#define KERNEL_VBAR (REGISTERS_KERNEL + 44)
#define KERNEL_SVC  (REGISTERS_KERNEL + 48)

	.arch_extension virt
	.arm
	.text

	/* Each mode's SP is the registers' address. */
	.macro	execute_vector name, number, offset
\name:
	str	r0, [sp]
	str	r1, [sp, #8]
	mov	r0, sp
	sub	r1, lr, #\offset
	str	r1, [r0, #REGISTERS_PC]
	mrs	r1, spsr
	str	r1, [r0, #(REGISTERS_PC + 8)]
	mov	r1, #\number
	b	execute_leave
	.endm

	.balign 32
execute_vectors:
	b	.
	b	execute_undefined
	b	execute_svc
	b	execute_prefetch_abort
	b	execute_data_abort
	b	.
	b	execute_irq
	b	execute_fiq

	execute_vector execute_undefined, 1, 0
	execute_vector execute_svc, 2, 0
	execute_vector execute_prefetch_abort, 3, 4
	execute_vector execute_data_abort, 4, 8
	execute_vector execute_irq, 6, 4
	execute_vector execute_fiq, 7, 4

	.macro	all_vectors pair
	add	r2, r0, #REGISTERS_V
	\pair	r2!, {d0-d15}
	\pair	r2, {d16-d31}
	.endm

	.fpu	neon

/* void execute_enter(struct arm_registers *registers, u32 cpsr), in System mode */
	.globl	execute_enter
execute_enter:
	add	r2, r0, #REGISTERS_KERNEL
	stmia	r2, {r4-r11}
	str	sp, [r0, #KERNEL_SP]
	str	lr, [r0, #KERNEL_LR]
	mrs	r2, cpsr
	str	r2, [r0, #KERNEL_CPSR]
	cpsid	aif
	mrc	p15, 0, r2, c12, c0, 0
	str	r2, [r0, #KERNEL_VBAR]
	adr	r2, execute_vectors
	mcr	p15, 0, r2, c12, c0, 0
	isb
	ldr	r2, [r0, #REGISTERS_HAS_FP]
	cmp	r2, #0
	beq	1f
	ldr	r2, [r0, #REGISTERS_FPCR]
	vmsr	fpscr, r2
	all_vectors vldmia
1:	ldr	sp, [r0, #104]
	ldr	lr, [r0, #112]
	cps	#MODE_FIQ
	mov	sp, r0
	cps	#MODE_IRQ
	mov	sp, r0
	cps	#MODE_ABT
	mov	sp, r0
	cps	#MODE_UND
	mov	sp, r0
	cps	#MODE_SVC
	str	sp, [r0, #KERNEL_SVC]
	mov	sp, r0
	msr	spsr_cxsf, r1
	ldr	lr, [sp, #REGISTERS_PC]
	ldr	r1, [sp, #8]
	ldr	r2, [sp, #16]
	ldr	r3, [sp, #24]
	ldr	r4, [sp, #32]
	ldr	r5, [sp, #40]
	ldr	r6, [sp, #48]
	ldr	r7, [sp, #56]
	ldr	r8, [sp, #64]
	ldr	r9, [sp, #72]
	ldr	r10, [sp, #80]
	ldr	r11, [sp, #88]
	ldr	r12, [sp, #96]
	ldr	r0, [sp]
	movs	pc, lr

	/* r0: the registers, r1: the vector's number. FIQ mode has r8 to r12 of its own. */
execute_leave:
	cpsid	aif, #MODE_SVC
	str	r2, [r0, #16]
	str	r3, [r0, #24]
	str	r4, [r0, #32]
	str	r5, [r0, #40]
	str	r6, [r0, #48]
	str	r7, [r0, #56]
	str	r8, [r0, #64]
	str	r9, [r0, #72]
	str	r10, [r0, #80]
	str	r11, [r0, #88]
	str	r12, [r0, #96]
	str	r1, [r0, #REGISTERS_VECTOR]
	mov	r2, #0
	mov	r3, #0
	cmp	r1, #3
	mrceq	p15, 0, r2, c5, c0, 1 /* IFSR */
	mrceq	p15, 0, r3, c6, c0, 2 /* IFAR */
	cmp	r1, #4
	mrceq	p15, 0, r2, c5, c0, 0 /* DFSR */
	mrceq	p15, 0, r3, c6, c0, 0 /* DFAR */
	str	r2, [r0, #REGISTERS_ESR]
	str	r3, [r0, #(REGISTERS_ESR + 8)]
	ldr	sp, [r0, #KERNEL_SVC]
	cps	#MODE_SYS
	str	sp, [r0, #104]
	str	lr, [r0, #112]
	ldr	r2, [r0, #REGISTERS_HAS_FP]
	cmp	r2, #0
	beq	1f
	vmrs	r2, fpscr
	str	r2, [r0, #REGISTERS_FPCR]
	all_vectors vstmia
	mov	r2, #0
	vmsr	fpscr, r2
1:	ldr	r2, [r0, #KERNEL_VBAR]
	mcr	p15, 0, r2, c12, c0, 0
	isb
	clrex
	ldr	sp, [r0, #KERNEL_SP]
	ldr	lr, [r0, #KERNEL_LR]
	ldr	r2, [r0, #KERNEL_CPSR]
	add	r3, r0, #REGISTERS_KERNEL
	ldmia	r3, {r4-r11}
	msr	cpsr_cxsf, r2
	bx	lr

	.section .note.GNU-stack, "", %progbits
