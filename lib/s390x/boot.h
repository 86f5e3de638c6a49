/* SPDX-License-Identifier: MIT */
/* What the entry code shares with C. */
#ifndef ASSAY_S390X_BOOT_H
#define ASSAY_S390X_BOOT_H

#include <harness/command_line.h>

#define BOOT_STACK_SIZE 0x8000

#ifndef __ASSEMBLER__
#include <types.h>

extern char image_start[], image_end[];
extern u8 boot_stack_guard[], boot_stack_top[];
extern u8 start_other_cpu[];

/* What boot.S calls; `command_line` has COMMAND_LINE_SIZE bytes. */
void s390x_start(char *command_line) __noreturn;
void s390x_start_other(void);
#endif

#endif
