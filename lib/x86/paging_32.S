/* SPDX-License-Identifier: MIT */
/* void paging_restart(cr3, cr4): paging.h. PDPTEs are loaded as CR0.PG is set (SDM vol. 3A, 4.4.1). */

	.text
	.globl paging_restart
	.type paging_restart, @function
paging_restart:
	movl	4(%esp), %ecx
	movl	8(%esp), %edx
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	jmp	1f
1:	movl	%ecx, %cr3
	movl	%edx, %cr4
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	jmp	2f
2:	ret

	.section .note.GNU-stack, "", @progbits
