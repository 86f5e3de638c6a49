/* SPDX-License-Identifier: MIT */
/* Instructions that are given as bytes: what assemblers do not make, or not in all forms. */
#ifndef ASSAY_INSN_ENCODING_H
#define ASSAY_INSN_ENCODING_H

#include <types.h>
#include <x86/execute.h>
#include <x86/place.h>

struct encoding {
	const char *name;
	u8 size, code[24];
};

/* Where AX, BX, SI and DI point to; CX and DX are 0. An operand in memory is [SI]: ModRM 06h. */
extern u8 encoding_operand[64];

struct registers encoding_registers(void);

/* Machine code of the same instruction, as code_bytes() gives it, in FORCED after the prefix. */
const void *encoding_code(const struct encoding *e, enum place place);

/*
 * As rows of the running case, at CPL 0 and, if `at_user`, at CPL 3, too: raises this fault, with all
 * registers, flags and the operand as they were, and the instruction's own address. Where there is forced
 * emulation, #UD has another row for it.
 */
void encodings_fault(const struct encoding *table, u32 count, struct fault fault, bool at_user);

/* The same for what changes nothing at all. */
void encodings_do_nothing(const struct encoding *table, u32 count, bool at_user);

#endif
