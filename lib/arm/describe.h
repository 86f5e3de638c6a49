/* SPDX-License-Identifier: MIT */
/* What describe.c needs of each size. */
#ifndef ASSAY_ARM_DESCRIBE_H
#define ASSAY_ARM_DESCRIBE_H

#include <arch/fault.h>
#include <types.h>

/* What the exception is called, by its kind in struct fault less 1; NULL if it has no name. */
const char *trap_name(u32 number);
/* The fault status codes that mean something else in the other size, or nothing; NULL for the rest. */
const char *trap_status_name(u32 status);
/* The frame's registers, as diagnostic lines, and the return addresses below. */
void trap_print_registers(const struct trap_frame *frame);
/* The next return address up the chain of frames from *fp, which it moves on; 0 at the end. */
ulong trap_next_return(ulong *fp);
/* True if two words can be read at `address`. */
bool trap_is_stack(ulong address);

#endif
