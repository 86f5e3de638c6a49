/* SPDX-License-Identifier: MIT */
#include <s390x/lowcore.h>

	.text

/* Where SIGP restart brings another CPU: DAT off, the prefix set, control registers as after reset. */
	.globl start_other_cpu
start_other_cpu:
	lg	%r15, LC_STACK(%r0)
	aghi	%r15, -160
	xc	0(8,%r15), 0(%r15)
	brasl	%r14, s390x_start_other

	.section .note.GNU-stack, "", @progbits
