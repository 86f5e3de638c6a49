/* SPDX-License-Identifier: MIT */
/*
 * Memory whose every access a VMM has to emulate, for the operands of instructions: pages of VGA
 * memory, behaving as plain bytes, between two pages of RAM.
 */
#ifndef ASSAY_X86_MMIO_WINDOW_H
#define ASSAY_X86_MMIO_WINDOW_H

#include <mm/page.h>
#include <types.h>

#define MMIO_WINDOW_PAGES 2

/*
 * The first emulated page, mapped uncached and accessible to everyone until the case ends; after it
 * is the second, which is not the next one in physical memory. The pages before and after the two are
 * RAM. NULL if the machine has no such memory.
 */
u8 *mmio_window(void);

/* True if `address` is in one of the emulated pages. */
bool mmio_window_has(ulong address);

#endif
