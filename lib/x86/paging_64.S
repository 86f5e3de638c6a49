/* SPDX-License-Identifier: MIT */
/*
 * void paging_restart(cr3, cr4): paging.h. CR4.LA57 cannot be changed in IA-32e mode (SDM vol. 3A, 2.5),
 * which is left from compatibility mode by clearing CR0.PG (9.8.5.4) and, as EFER.LME stays set, entered
 * again by setting it. The upper halves of registers do not survive that (vol. 1, 3.4.1.1).
 */
#include <x86/desc.h>

	.text
	.globl paging_restart
	.type paging_restart, @function
paging_restart:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movl	%esp, paging_stack(%rip)
	ljmpl	*to_compatibility(%rip)

	.code32
1:	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	jmp	2f
2:	movl	%edi, %cr3
	movl	%esi, %cr4
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	ljmp	$SEL_KERNEL_CODE, $3f

	.code64
3:	movl	paging_stack(%rip), %esp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.balign 8
to_compatibility:
	.long	1b
	.word	SEL_KERNEL_CS32

	.bss
	.balign 8
paging_stack:
	.skip	4

	.section .note.GNU-stack, "", @progbits
