/* SPDX-License-Identifier: MIT */
/*
 * See probe.h. All addresses are relative to CS, so that the code runs in any page. What is not
 * memory of this page, the CPU's own state before it is written down, is not touched.
 */
#include "probe.h"

#define HERE(symbol) (symbol - probe_start_of_code)

	.section .rodata
	.code16
	.globl probe_start_of_code, probe_end_of_code
probe_start_of_code:
	/* MOV changes no flags; nothing before PUSHF may. */
	movl	%eax, %cs:PROBE_GPR
	movl	%ecx, %cs:PROBE_GPR + 4
	movl	%edx, %cs:PROBE_GPR + 8
	movl	%ebx, %cs:PROBE_GPR + 12
	movl	%esp, %cs:PROBE_GPR + 16
	movl	%ebp, %cs:PROBE_GPR + 20
	movl	%esi, %cs:PROBE_GPR + 24
	movl	%edi, %cs:PROBE_GPR + 28
	movw	%cs, %cs:PROBE_SEGMENT
	movw	%ds, %cs:PROBE_SEGMENT + 2
	movw	%es, %cs:PROBE_SEGMENT + 4
	movw	%ss, %cs:PROBE_SEGMENT + 6
	movw	%fs, %cs:PROBE_SEGMENT + 8
	movw	%gs, %cs:PROBE_SEGMENT + 10
	movw	%cs, %ax
	movw	%ax, %ss
	movw	$PROBE_STATE, %sp
	pushfl
	popl	%eax
	movl	%eax, %cs:PROBE_FLAGS
	cli

	/* CALL pushes the distance of the next instruction from the base of CS. */
	call	1f
1:	popw	%ax
	subw	$HERE(1b), %ax
	movw	%ax, %cs:PROBE_IP

	movl	%cr0, %eax
	movl	%eax, %cs:PROBE_CR0
	movl	%cr2, %eax
	movl	%eax, %cs:PROBE_CR0 + 4
	movl	%cr3, %eax
	movl	%eax, %cs:PROBE_CR0 + 8
	movl	%cr4, %eax
	movl	%eax, %cs:PROBE_CR0 + 12
	movl	%dr0, %eax
	movl	%eax, %cs:PROBE_DR
	movl	%dr1, %eax
	movl	%eax, %cs:PROBE_DR + 4
	movl	%dr2, %eax
	movl	%eax, %cs:PROBE_DR + 8
	movl	%dr3, %eax
	movl	%eax, %cs:PROBE_DR + 12
	movl	%dr6, %eax
	movl	%eax, %cs:PROBE_DR + 16
	movl	%dr7, %eax
	movl	%eax, %cs:PROBE_DR + 20
	sgdtl	%cs:PROBE_GDTR
	sidtl	%cs:PROBE_IDTR
	rdtsc
	movl	%eax, %cs:PROBE_TSC
	movl	%edx, %cs:PROBE_TSC + 4
	fnstcw	%cs:PROBE_X87

	testb	$PROBE_WANT_SSE, %cs:PROBE_WANTS
	jz	1f
	/* STMXCSR raises #UD unless CR4.OSFXSR is set. */
	movl	%cr4, %eax
	orw	$0x200, %ax
	movl	%eax, %cr4
	stmxcsr	%cs:PROBE_MXCSR
1:	testb	$PROBE_WANT_MSR, %cs:PROBE_WANTS
	jz	1f
	movl	$0x174, %ecx /* IA32_SYSENTER_CS */
	rdmsr
	movl	%eax, %cs:PROBE_SYSENTER
	movl	$0x1b, %ecx /* IA32_APIC_BASE */
	rdmsr
	movl	%eax, %cs:PROBE_APIC_BASE
	movl	$0x277, %ecx /* IA32_PAT */
	rdmsr
	movl	%eax, %cs:PROBE_PAT
	movl	%edx, %cs:PROBE_PAT + 4
1:	testb	$PROBE_WANT_EFER, %cs:PROBE_WANTS
	jz	1f
	movl	$0xc0000080, %ecx /* EFER */
	rdmsr
	movl	%eax, %cs:PROBE_EFER
1:	testb	$PROBE_WANT_AUX, %cs:PROBE_WANTS
	jz	1f
	data32 rdtscp /* 66H, for emulators that let the operand size decide how much of ECX is loaded */
	movl	%ecx, %cs:PROBE_AUX
1:	testb	$PROBE_WANT_APIC, %cs:PROBE_WANTS
	jz	9f

	/* The local APIC is above the first MiB: a data segment that covers all, by way of protected mode. */
	movw	%cs, %ax
	movzwl	%ax, %eax
	movw	%ax, %ds
	shll	$4, %eax
	addl	$HERE(probe_gdt), %eax
	movl	%eax, HERE(probe_gdtr) + 2
	lgdtl	HERE(probe_gdtr)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	jmp	1f
1:	movw	$8, %cx
	movw	%cx, %fs
	andb	$0xfe, %al
	movl	%eax, %cr0
	jmp	1f
1:	movl	$0xfee00000, %esi /* what the library leaves in IA32_APIC_BASE */
	movw	$PROBE_APIC, %bx
	movw	$64, %cx
	/* Only the registers that there are: 02 03 08 0a 0d-28 30-39 3e. */
1:	movw	$64, %ax
	subw	%cx, %ax
	cwtl
	btl	%eax, HERE(probe_registers)
	jnc	2f
	movl	%fs:(%esi), %eax
	movl	%eax, (%bx)
2:	addl	$0x10, %esi
	addw	$4, %bx
	loop	1b

9:	lock incl %cs:PROBE_STARTS
1:	hlt
	jmp	1b

	.balign 8
probe_registers:
	.long	1 << 2 | 1 << 3 | 1 << 8 | 1 << 10 | 0xffffe000
	.long	0x1ff | 0x3ff << 16 | 1 << 30
probe_gdt:
	.quad	0
	.quad	0x00cf93000000ffff
probe_gdtr:
	.word	15
	.long	0
probe_end_of_code:

	.section .note.GNU-stack, "", @progbits
