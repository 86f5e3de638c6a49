/* SPDX-License-Identifier: MIT */
/*
 * The way into a mode and out of it: mode.h. Copied to MODE_LOW, where struct mode is its first part;
 * entered and left in 32-bit protected mode with flat segments and paging off (mode_switch.S).
 */
#include <x86/mode.h>

#define OFFSET(symbol)	(symbol - mode_low_start)
#define ADDRESS(symbol) (OFFSET(symbol) + MODE_LOW)
#define SEGMENT		(MODE_LOW >> 4)

/* struct mode */
#define EAX	      0
#define ECX	      4
#define EDX	      8
#define EBX	      12
#define ESP	      16
#define EBP	      20
#define ESI	      24
#define EDI	      28
#define EIP	      32
#define EFLAGS	      36
#define ES	      40
#define CS	      44
#define SS	      48
#define DS	      52
#define FS	      56
#define GS	      60
#define CR0	      64
#define CR2	      68
#define CR3	      72
#define CR4	      76
#define EFER	      80
#define GDTR	      86
#define IDTR	      94
#define LDTR	      100
#define TR	      104
#define SEGMENTS      108
#define VECTOR	      112
#define HANDLER_ESP   116
#define HANDLER_SS    120
#define HANDLER_FLAGS 124
#define HANDLER_ES    128
#define HANDLER_DS    132
#define HANDLER_FS    136
#define HANDLER_GS    140

#define CR0_PE	 0x00000001
#define CR0_BASE 0x00000031 /* NE ET PE */
#define EFER_MSR 0xc0000080

	.section .rodata
	.balign 4096
	.globl mode_low_start, mode_low_end, mode_low_enter, mode_low_return, mode_low_has_efer
	.globl mode_low_real_stubs, mode_low_stubs
mode_low_start:
	.fill	160, 1, 0
mode_low_return:
	.long	0
mode_low_has_efer:
	.long	0

	/* A page without data that is written, which emulators that translate code are glad of. */
	.balign 4096
/* ------------------------------------------------------------------------------------ the way in */

	.code32
mode_low_enter:
	movl	$MODE_STACK, %esp
	lgdt	MODE_LOW + GDTR
	lidt	MODE_LOW + IDTR
	movl	MODE_LOW + CR4, %eax
	movl	%eax, %cr4
	movl	MODE_LOW + CR3, %eax
	movl	%eax, %cr3
	movl	MODE_LOW + CR2, %eax
	movl	%eax, %cr2
	cmpl	$0, ADDRESS(mode_low_has_efer)
	je	1f
	movl	$EFER_MSR, %ecx
	movl	MODE_LOW + EFER, %eax
	xorl	%edx, %edx
	wrmsr
1:	testl	$CR0_PE, MODE_LOW + CR0
	jnz	enter_protected
	ljmp	$MODE_SEL_LOW16, $OFFSET(enter_real)

enter_protected:
	movl	MODE_LOW + CR0, %eax
	movl	%eax, %cr0
	jmp	1f
1:	movl	MODE_LOW + LDTR, %eax
	lldt	%ax
	movl	MODE_LOW + TR, %eax
	testl	%eax, %eax
	jz	1f
	ltr	%ax
1:	testl	$0x20000, MODE_LOW + EFLAGS
	jnz	enter_vm86
	testl	$3, MODE_LOW + CS
	jnz	enter_user
	movw	MODE_LOW + SS, %ss
	movl	MODE_LOW + ESP, %esp
	jmp	enter_kernel_segments
enter_vm86:
	pushl	MODE_LOW + GS
	pushl	MODE_LOW + FS
	pushl	MODE_LOW + DS
	pushl	MODE_LOW + ES
	pushl	MODE_LOW + SS
	pushl	MODE_LOW + ESP
	jmp	push_return
enter_user:
	pushl	MODE_LOW + SS
	pushl	MODE_LOW + ESP
enter_kernel_segments:
	movw	MODE_LOW + ES, %es
	movw	MODE_LOW + FS, %fs
	movw	MODE_LOW + GS, %gs
push_return:
	pushl	MODE_LOW + EFLAGS
	pushl	MODE_LOW + CS
	pushl	MODE_LOW + EIP
	testl	$0x20000, MODE_LOW + EFLAGS
	jnz	1f
	movw	MODE_LOW + DS, %ds
1:	movl	%cs:MODE_LOW + EAX, %eax
	movl	%cs:MODE_LOW + ECX, %ecx
	movl	%cs:MODE_LOW + EDX, %edx
	movl	%cs:MODE_LOW + EBX, %ebx
	movl	%cs:MODE_LOW + EBP, %ebp
	movl	%cs:MODE_LOW + ESI, %esi
	movl	%cs:MODE_LOW + EDI, %edi
	iretl

	.code16
enter_real:
	movw	%cs:SEGMENTS, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	$MODE_SEL_REAL, %ax
	movw	%ax, %ss
	movl	%cs:CR0, %eax
	movl	%eax, %cr0
	ljmpw	$SEGMENT, $OFFSET(enter_real_segments)
enter_real_segments:
	movw	%cs:SS, %ss
	movl	%cs:ESP, %esp
	pushl	%cs:EFLAGS
	pushl	%cs:CS
	pushl	%cs:EIP
	movw	%cs:ES, %es
	movw	%cs:DS, %ds
	movw	%cs:FS, %fs
	movw	%cs:GS, %gs
	movl	%cs:EAX, %eax
	movl	%cs:ECX, %ecx
	movl	%cs:EDX, %edx
	movl	%cs:EBX, %ebx
	movl	%cs:EBP, %ebp
	movl	%cs:ESI, %esi
	movl	%cs:EDI, %edi
	iretl

/* ------------------------------------------------------------------------------------ the way out */

	.balign 8
mode_low_real_stubs:
	.set vector, 0
	.rept 256
	.balign 8
	pushw	$vector
	jmp	leave_real
	.set vector, vector + 1
	.endr

leave_real:
	movl	%eax, %cs:EAX
	movl	%ecx, %cs:ECX
	movl	%edx, %cs:EDX
	movl	%ebx, %cs:EBX
	movl	%ebp, %cs:EBP
	movl	%esi, %cs:ESI
	movl	%edi, %cs:EDI
	popw	%cs:VECTOR
	movl	%esp, %cs:HANDLER_ESP
	movw	%ss, %cs:HANDLER_SS
	movw	%es, %cs:HANDLER_ES
	movw	%ds, %cs:HANDLER_DS
	movw	%fs, %cs:HANDLER_FS
	movw	%gs, %cs:HANDLER_GS
	pushfl
	popl	%cs:HANDLER_FLAGS
	cld
	movl	%cr0, %eax
	movl	%eax, %cs:CR0
	lgdtl	%cs:OFFSET(gdt_register)
	movl	$CR0_BASE, %eax
	movl	%eax, %cr0
	ljmpl	$MODE_SEL_CODE, $ADDRESS(leave_common)

	.code32
	.balign 16
mode_low_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	pushl	$vector
	jmp	leave_protected
	.set vector, vector + 1
	.endr

leave_protected:
	pushl	%ds
	pushl	%eax
	movl	$MODE_SEL_DATA, %eax
	movl	%eax, %ds
	popl	MODE_LOW + EAX
	popl	MODE_LOW + HANDLER_DS
	popl	MODE_LOW + VECTOR
	movl	%ecx, MODE_LOW + ECX
	movl	%edx, MODE_LOW + EDX
	movl	%ebx, MODE_LOW + EBX
	movl	%ebp, MODE_LOW + EBP
	movl	%esi, MODE_LOW + ESI
	movl	%edi, MODE_LOW + EDI
	movl	%esp, MODE_LOW + HANDLER_ESP
	movw	%ss, MODE_LOW + HANDLER_SS
	movw	%es, MODE_LOW + HANDLER_ES
	movw	%fs, MODE_LOW + HANDLER_FS
	movw	%gs, MODE_LOW + HANDLER_GS
	pushfl
	popl	MODE_LOW + HANDLER_FLAGS
	cld
	sldt	MODE_LOW + LDTR
	str	MODE_LOW + TR
	movl	%cr0, %eax
	movl	%eax, MODE_LOW + CR0
	movl	$CR0_BASE, %eax
	movl	%eax, %cr0
	lgdt	ADDRESS(gdt_register)

leave_common:
	movl	$MODE_SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$MODE_STACK, %esp
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%cr2, %eax
	movl	%eax, MODE_LOW + CR2
	movl	%cr3, %eax
	movl	%eax, MODE_LOW + CR3
	movl	%cr4, %eax
	movl	%eax, MODE_LOW + CR4
	xorl	%eax, %eax
	movl	%eax, %cr4
	cmpl	$0, ADDRESS(mode_low_has_efer)
	je	1f
	movl	$EFER_MSR, %ecx
	rdmsr
	movl	%eax, MODE_LOW + EFER
	xorl	%eax, %eax
	wrmsr
1:	jmp	*ADDRESS(mode_low_return)

	.balign 4
	.word	0
gdt_register:
	.word	MODE_GDT_ENTRIES * 8 - 1
	.long	MODE_GDT
mode_low_end:

	.section .note.GNU-stack, "", @progbits
