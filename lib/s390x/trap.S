/* SPDX-License-Identifier: MIT */
/*
 * Interruptions. A new PSW leads here with DAT off: registers and old PSW
 * are saved in the prefix area, copied to a struct trap_frame on a stack that the interrupted code
 * cannot have broken, and trap_handle() is called with DAT on.
 */
#include <s390x/lowcore.h>
#include <s390x/psw.h>

/* Of struct trap_frame. */
#define FRAME_PSW    128
#define FRAME_INFO   144
#define FRAME_BEA    272
#define FRAME_CLASS  280
#define FRAME_RETURN 288
#define FRAME_SIZE   312

	.text

.macro	entry name, class
	.globl trap_entry_\name
	.balign 8
trap_entry_\name:
	stmg	%r0, %r15, LC_SAVE(\class)(%r0)
	lghi	%r1, LC_SAVE(\class)
	lghi	%r2, LC_OLD_PSW(\class)
	lghi	%r3, \class
	larl	%r4, 1f
	j	trap_enter
	/* With DAT off; registers and PSW are in the prefix area again. */
1:	lmg	%r0, %r15, LC_SAVE(\class)(%r0)
	lpswe	LC_SAVE(\class) + 128(%r0)
.endm

	entry	restart, TRAP_RESTART
	entry	external, TRAP_EXTERNAL
	entry	svc, TRAP_SVC
	entry	program, TRAP_PROGRAM
	entry	mcheck, TRAP_MCHECK
	entry	io, TRAP_IO

/*
 * r1: saved registers, r2: the old PSW, r3: class, r4: where to return. The stack goes on below r15 where
 * that is on the handlers' stack already, from problem state below the r15 that left for it; otherwise
 * it starts at its top.
 */
trap_enter:
	lg	%r15, 120(%r1)
	tm	1(%r2), 0x01
	jz	1f
	lg	%r15, LC_USER_ENTRY_STACK(%r0)
1:	lg	%r5, LC_TRAP_STACK(%r0)
	lgr	%r0, %r5
	sgr	%r0, %r15
	clgfi	%r0, TRAP_STACK_SIZE - 1024
	jl	2f
	lgr	%r15, %r5
2:	nill	%r15, 0xfff8
	aghi	%r15, -(160 + FRAME_SIZE)
	mvc	160(128,%r15), 0(%r1)
	mvc	160 + FRAME_PSW(16,%r15), 0(%r2)
	lghi	%r5, 0
	mvc	160 + FRAME_INFO(128,%r15), LC_INFO(%r5)
	mvc	160 + FRAME_BEA(8,%r15), LC_BREAKING_EVENT(%r5)
	stg	%r3, 160 + FRAME_CLASS(%r15)
	stg	%r4, 160 + FRAME_RETURN(%r15)
	stg	%r1, 160 + FRAME_RETURN + 8(%r15)
	xc	0(8,%r15), 0(%r15)
	larl	%r1, dat_psw
	lpswe	0(%r1)
trap_dat:
	la	%r2, 160(%r15)
	brasl	%r14, trap_handle
	larl	%r1, real_psw
	lpswe	0(%r1)
trap_leave:
	lg	%r1, 160 + FRAME_RETURN + 8(%r15)
	mvc	0(144,%r1), 160(%r15)
	lg	%r4, 160 + FRAME_RETURN(%r15)
	br	%r4

	.section .rodata
	.balign 8
dat_psw:
	.quad	PSW_KERNEL, trap_dat
real_psw:
	.quad	PSW_64, trap_leave
wait_psw:
	.quad	PSW_KERNEL + PSW_EXT + PSW_WAIT, wait_resume

	.text
/* void arch_wait_for_kick(void): trap_handle() ends the wait. */
	.globl arch_wait_for_kick, wait_resume
	.type arch_wait_for_kick, @function
arch_wait_for_kick:
	larl	%r1, wait_psw
	lpswe	0(%r1)
wait_resume:
	br	%r14

	.section .note.GNU-stack, "", @progbits
