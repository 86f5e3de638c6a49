/* SPDX-License-Identifier: MIT */
/*
 * The way in. QEMU's IPL loads an ELF file, or a flat one at address 0, and starts CPU 0 at 0x10000 in
 * 64-bit mode with DAT off. It takes what starts there for Linux and writes the command line to where
 * Linux has it (Linux, arch/s390/boot/head.S): 0x10480, as much as the doubleword at 0x10430 says.
 */
#include <s390x/boot.h>
#include <s390x/lowcore.h>
#include <s390x/psw.h>

	.section .boot, "ax"
	.globl start
start:
	j	start_cpu_0
	.org	start + 8
	.ascii	"S390EP" /* what a flat file is known by */
	.org	start + 0x430
	.quad	COMMAND_LINE_SIZE
	.org	start + 0x480
boot_command_line:
	.skip	COMMAND_LINE_SIZE

start_cpu_0:
	larl	%r15, boot_stack_top
	aghi	%r15, -160
	xc	0(8,%r15), 0(%r15)
	larl	%r2, boot_command_line
	brasl	%r14, s390x_start

	.section .note.GNU-stack, "", @progbits
