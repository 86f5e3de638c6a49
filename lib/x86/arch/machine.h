/* SPDX-License-Identifier: MIT */
/* What the common library needs of the machine; docs/adding-an-architecture.md has the contracts. */
#ifndef ASSAY_X86_ARCH_MACHINE_H
#define ASSAY_X86_ARCH_MACHINE_H

#include <types.h>

/* Writes text to the console device; the caller holds the console's lock. */
void machine_console_write(const char *text, size_t size);

/* Ends the run: the debug-exit device with 0x10 (all passed) or 0x11, else power off, else halt. */
void machine_exit(bool passed) __noreturn;

/*
 * The words that the boot loader handed over, without the image's own name. Writable, for ever. NULL if they do not fit in
 * COMMAND_LINE_SIZE bytes.
 */
char *machine_command_line(void);

/* The image's name, as in build/<arch>/NAME.elf. */
const char *machine_image_name(void);

/* "arch=x86_64 cpu=AuthenticAMD/25.1.1 hypervisor=TCGTCGTCGTCG cpus=2 memory=128M" */
void machine_describe(char *text, size_t size);

/*
 * Makes this CPU, and each other when it is started, a guest of a hypervisor that the image has in it: "svm", or "svm-npt" with
 * nested paging. Before the first case. Returns NULL, or what the machine lacks, in a few words.
 */
const char *machine_become_guest(const char *kind);

#endif
