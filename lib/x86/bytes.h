/* SPDX-License-Identifier: MIT */
/* Machine code as bytes, for what no assembler writes: illegal forms, prefixes, instructions too new. */
#ifndef ASSAY_X86_BYTES_H
#define ASSAY_X86_BYTES_H

#include <arch/fault.h>
#include <types.h>
#include <x86/execute.h>

/*
 * Runs the bytes with these registers, as execute() does, at CPL 0 or 3. After a fault *registers is as
 * it was given; trap_last_frame() has the registers of the fault, and its IP is bytes_address().
 */
struct fault bytes_try(u32 cpl, const u8 *bytes, size_t size, struct registers *registers);

ulong bytes_address(void);

#endif
