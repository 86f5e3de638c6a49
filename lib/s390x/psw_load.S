/* SPDX-License-Identifier: MIT */
/* Loading PSWs, and interruptions taken at a chosen place. */
#include <s390x/lowcore.h>
#include <s390x/psw.h>

	.text

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
	epsw	%r2, %r3
	tmlh	%r2, 0x0400 /* with DAT on, where the prefix area is mapped */
	jz	0f
	aghi	%r1, LOWCORE_ALIAS
0:	lmg	%r4, %r5, 0(%r1)
	sllg	%r2, %r2, 32
	llgfr	%r3, %r3
	ogr	%r2, %r3
	nihh	%r2, 0xbcff /* neither PER nor interruptions */
	larl	%r3, 1f
	stmg	%r2, %r3, 0(%r1)
	lghi	%r2, 0
	stosm	176(%r15), 0x01
	stnsm	176(%r15), 0xfc
	j	2f
1:	lghi	%r2, 1
2:	stmg	%r4, %r5, 0(%r1)
	lctlg	%c0, %c0, 160(%r15)
	lmg	%r6, %r15, 184 + 48(%r15)
	br	%r14

	.section .note.GNU-stack, "", @progbits
