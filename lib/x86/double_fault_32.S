/* SPDX-License-Identifier: MIT */
	.text

/* The task of the double-fault gate starts here, on its own stack; the error code is pushed. */
	.globl double_fault_task
double_fault_task:
	call	double_fault_task_handle
	ud2

	.section .note.GNU-stack, "", @progbits
