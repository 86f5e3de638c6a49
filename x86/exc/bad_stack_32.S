/* SPDX-License-Identifier: MIT */
/*
 * Handlers of #TS and #SS that run at CPL 3, through a conforming code segment, on the interrupted
 * stack: they note what was pushed, repair SS0 and end the run_user() call.
 */
#include <x86/desc.h>

	.text
	.globl bad_stack_ts, bad_stack_ss
bad_stack_ts:
	movl	$VEC_TS, bad_stack_vector
	jmp	1f
bad_stack_ss:
	movl	$VEC_SS, bad_stack_vector
1:	popl	bad_stack_error
	popl	bad_stack_ip
	movl	bad_stack_ss0, %eax
	movl	$SEL_KERNEL_DATA, (%eax)
	int	$VEC_USER_RETURN

	.data
	.balign 4
	.globl bad_stack_vector, bad_stack_error, bad_stack_ip, bad_stack_ss0
bad_stack_vector:	.long 0
bad_stack_error:	.long 0
bad_stack_ip:		.long 0
bad_stack_ss0:		.long 0

	.section .note.GNU-stack, "", @progbits
