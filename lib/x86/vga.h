/* SPDX-License-Identifier: MIT */
/* VGA's memory as plain bytes that a device serves: IBM VGA/XGA Technical Reference, "Registers". */
#ifndef ASSAY_X86_VGA_H
#define ASSAY_X86_VGA_H

#include <types.h>

#define VGA_MEMORY	0xa0000
#define VGA_MEMORY_SIZE 0x10000

/*
 * Makes each byte from VGA_MEMORY on one byte of plane 0, which is read as it was written. False if
 * there is no VGA: its registers do not read back. A VMM cannot give the guest such memory as it is,
 * because the other planes are at the same addresses, so that it emulates each access.
 */
bool vga_set_byte_memory(void);

#endif
