/* SPDX-License-Identifier: MIT */
/*
 * Interruptions, and what goes the other way. A new PSW leads here with DAT off: registers and old PSW
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

/* void enter_user_asm(fn, arg, user_stack, const struct psw *): the PSW's address is fn's. */
	.globl enter_user_asm
	.type enter_user_asm, @function
enter_user_asm:
	lgr	%r1, %r5
	lgr	%r2, %r3
	lgr	%r15, %r4
	aghi	%r15, -160
	xc	0(8,%r15), 0(%r15)
	larl	%r14, user_return
	lpswe	0(%r1)
	.globl user_return, user_returned
user_return:
	svc	0xff
user_returned:

/* void restart_asm(stack, fn) */
	.globl restart_asm
	.type restart_asm, @function
restart_asm:
	lgr	%r15, %r2
	aghi	%r15, -160
	xc	0(8,%r15), 0(%r15)
	basr	%r14, %r3
	.short	0

/* void psw_load_mask(u64 mask) */
	.globl psw_load_mask
	.type psw_load_mask, @function
psw_load_mask:
	stmg	%r14, %r15, 112(%r15)
	aghi	%r15, -176
	stg	%r2, 160(%r15)
	larl	%r1, 1f
	stg	%r1, 168(%r15)
	lpswe	160(%r15)
1:	lmg	%r14, %r15, 176 + 112(%r15)
	br	%r14

/* void psw_load(const struct psw *) */
	.globl psw_load
	.type psw_load, @function
psw_load:
	lpswe	0(%r2)

/*
 * bool external_window(u64 cr0): with this CR0, takes one external interruption if one is pending, here
 * and not in its handler, and says whether. Interruptions are off before and after.
 */
	.globl external_window
	.type external_window, @function
external_window:
	stmg	%r6, %r15, 48(%r15)
	aghi	%r15, -184
	stctg	%c0, %c0, 160(%r15)
	stg	%r2, 168(%r15)
	lctlg	%c0, %c0, 168(%r15)
	lghi	%r1, LC_NEW_PSW(TRAP_EXTERNAL)
	lghi	%r0, LC_NEW_PSW(TRAP_EXTERNAL) + 8
	lurag	%r4, %r1
	lurag	%r5, %r0
	epsw	%r2, %r3
	sllg	%r2, %r2, 32
	llgfr	%r3, %r3
	ogr	%r2, %r3
	nihh	%r2, 0xbcff /* neither PER nor interruptions */
	larl	%r3, 1f
	sturg	%r2, %r1
	sturg	%r3, %r0
	lghi	%r2, 0
	stosm	176(%r15), 0x01
	stnsm	176(%r15), 0xfc
	j	2f
1:	lghi	%r2, 1
2:	sturg	%r4, %r1
	sturg	%r5, %r0
	lctlg	%c0, %c0, 160(%r15)
	lmg	%r6, %r15, 184 + 48(%r15)
	br	%r14

	.section .note.GNU-stack, "", @progbits
