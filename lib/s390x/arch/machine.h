/* SPDX-License-Identifier: MIT */
/* What the common library needs of the machine; docs/adding-an-architecture.md has the contracts. */
#ifndef ASSAY_S390X_ARCH_MACHINE_H
#define ASSAY_S390X_ARCH_MACHINE_H

#include <types.h>

/* Writes text to the SCLP's console; the caller holds the console's lock. */
void machine_console_write(const char *text, size_t size);

/*
 * Ends the run: stops the other CPUs and waits, disabled, at address 0xfff if all passed, as Linux does
 * for a shutdown; at another one otherwise, which hypervisors take for a crash.
 */
void machine_exit(bool passed) __noreturn;

/*
 * The words that the boot loader handed over. Writable, for ever. NULL if they do not fit in COMMAND_LINE_SIZE bytes.
 */
char *machine_command_line(void);

/* The image's name, as in build/<arch>/NAME.elf. */
const char *machine_image_name(void);

/* "arch=s390x cpu=IBM/8561 hypervisor=KVM/Linux cpus=2 memory=128M" */
void machine_describe(char *text, size_t size);

/*
 * Makes this CPU, and each other when it is started, a guest of a hypervisor that the image has in it: none here. Before the first case. Returns NULL, or what the machine lacks, in a few words.
 */
const char *machine_become_guest(const char *kind);

#endif
