/* SPDX-License-Identifier: MIT */
/*
 * The way to an instruction that is given as bytes and back. All addresses are displacements without a
 * base, in the page that is the same with DAT on and off and in every addressing mode.
 */
#include <s390x/execute_area.h>
#include <s390x/lowcore.h>
#include <s390x/psw.h>

	.text
/* void execute_asm(void): everything else is in the area. */
	.globl execute_asm
	.type execute_asm, @function
execute_asm:
	stmg	%r6, %r15, 48(%r15)
	stg	%r15, X_R15(%r0)
	larl	%r1, execute_return
	stg	%r1, X_EXIT_PSW + 8(%r0)
	larl	%r1, execute_enter
	stg	%r1, X_ENTRY_PSW + 8(%r0)
	tmy	X_PROBLEM(%r0), 1
	jnz	execute_enter /* in problem state already */
	lghi	%r1, X_ENTRY_PSW
	lpswe	0(%r1)
execute_return:
	lg	%r15, X_R15(%r0)
	lmg	%r6, %r15, 48(%r15)
	br	%r14

/* Its own pages, because the instruction is written there. */
	.section .text.execute, "ax"
	.balign	4096
execute_enter:
	tmy	X_FLAGS + 3(%r0), 3
	jz	3f
	ly	%r2, X_FPC(%r0)
	sfpc	%r2
	tmy	X_FLAGS + 3(%r0), 2
	jz	1f
	lghi	%r1, X_VR
	.byte	0xe7, 0x0f, 0x10, 0x00, 0x00, 0x36 /* VLM v0,v15,0(r1) */
	.byte	0xe7, 0x0f, 0x11, 0x00, 0x0c, 0x36 /* VLM v16,v31,256(r1) */
	j	3f
1:
	.irp	r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	ldy	%f\r, X_FPR + 8 * \r(%r0)
	.endr
3:	tmy	X_FLAGS + 3(%r0), 4
	jz	1f
	lamy	%a0, %a15, X_AR(%r0)
1:	ly	%r1, X_CC(%r0)
	spm	%r1
	lmg	%r0, %r15, X_GPR(%r0)

	.globl execute_slot, execute_slot_end
execute_slot:
	.skip	X_SLOT_SIZE
execute_slot_end:
	.pushsection .assay.guarded, "a"
	.balign	4
	.long	execute_slot - .
	.long	execute_slot_end - .
	.popsection
	stmg	%r0, %r15, X_GPR(%r0)
	ipm	%r1
	sty	%r1, X_CC(%r0)
	tmy	X_FLAGS + 3(%r0), 4
	jz	1f
	stamy	%a0, %a15, X_AR(%r0)
1:	lghi	%r2, 0
	sar	%a1, %r2
	tmy	X_FLAGS + 3(%r0), 3
	jz	3f
	efpc	%r2
	sty	%r2, X_FPC(%r0)
	tmy	X_FLAGS + 3(%r0), 2
	jz	1f
	lghi	%r1, X_VR
	.byte	0xe7, 0x0f, 0x10, 0x00, 0x00, 0x3e /* VSTM v0,v15,0(r1) */
	.byte	0xe7, 0x0f, 0x11, 0x00, 0x0c, 0x3e /* VSTM v16,v31,256(r1) */
	j	3f
1:
	.irp	r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	stdy	%f\r, X_FPR + 8 * \r(%r0)
	.endr
3:	tmy	X_PROBLEM(%r0), 1
	jnz	1f
	lghi	%r1, X_EXIT_PSW
	lpswe	0(%r1)
1:	lg	%r1, X_EXIT_PSW + 8(%r0)
	br	%r1
	/* The target of EXECUTE. */
	.globl execute_target_slot
	.balign	8
execute_target_slot:
	.skip	8
	.balign	4096

	.section .note.GNU-stack, "", @progbits
