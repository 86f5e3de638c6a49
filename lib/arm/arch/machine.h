/* SPDX-License-Identifier: MIT */
/* What the common library needs of the machine; docs/adding-an-architecture.md has the contracts. */
#ifndef ASSAY_ARM_ARCH_MACHINE_H
#define ASSAY_ARM_ARCH_MACHINE_H

#include <types.h>

/* Writes text to the console device; the caller holds the console's lock. */
void machine_console_write(const char *text, size_t size);

/* Ends the run: semihosting's exit with 33 (all passed) or 35, else PSCI SYSTEM_OFF, else halt. */
void machine_exit(bool passed) __noreturn;

/* /chosen/bootargs. Writable, for ever. NULL if that does not fit in COMMAND_LINE_SIZE bytes. */
char *machine_command_line(void);

/* The image's name, as in build/<arch>/NAME.elf. */
const char *machine_image_name(void);

/* "arch=arm64 cpu=41/d08.r0p3 hypervisor=KVM cpus=2 memory=128M machine=linux,dummy-virt gic=3 el=1" */
void machine_describe(char *text, size_t size);

/*
 * Makes this CPU, and each other when it is started, a guest of a hypervisor that the image has in it: "el2", under
 * stage 2 of the library's own EL2. Before the first case. Returns NULL, or what the machine lacks, in a few words.
 */
const char *machine_become_guest(const char *kind);

#endif
