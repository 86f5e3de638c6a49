/* SPDX-License-Identifier: MIT */
/*
 * Instructions by the memory that they access: for each, where, how far, and whether it reads or writes.
 * operands.c runs them at CPL 0 and 3 on pages of every kind, also with a page border inside the operand,
 * and compares with the model.
 */
#ifndef ASSAY_MMU_OPERANDS_H
#define ASSAY_MMU_OPERANDS_H

#include "mmu.h"

#include <x86/execute.h>

enum operand_kind {
	OPERAND_NONE, /* no access, so no fault */
	OPERAND_READ,
	OPERAND_WRITE,
	OPERAND_UPDATE, /* both: refused as a write, or as a read if that is refused, too */
};

/* What else there is to know of it. */
enum {
	OPERAND_PUSH = 1,   /* SP is at the operand's end */
	OPERAND_POP = 2,    /* SP is at its start */
	OPERAND_SI = 4,	    /* SI points to it, and DI to other memory */
	OPERAND_CPL_0 = 8,  /* privileged */
	OPERAND_CPL_3 = 16, /* only runs there */
	OPERAND_LOOSE = 32, /* accessed in parts: which byte faults is not said, only which page */
	OPERAND_BP = 64,    /* BP points to it */
	OPERAND_SCRATCH = 128, /* fill() is for the other memory, to which SI points */
	OPERAND_LOW = 256,     /* of all rows: addresses below 4 GiB, in both sizes */
};

struct accessor {
	const char *name;
	const u8 *
		code; /* in USER_TEXT, ends by UD2; DI points to the operand unless flags say otherwise */
	enum operand_kind kind;
	u16 size, align;
	u32 flags;
	enum x86_feature feature; /* or 0 */
	void (*fill)(u8 *memory); /* what the operand has to hold; NULL: zeros */
};

/* Machine code for a row: UD2 follows it. Registers have single percent signs here. */
#define OPERAND_CODE(id, text)                                                                    \
	extern const u8 operand_##id[];                                                           \
	__asm__(".pushsection .user_text, \"ax\"\n.globl operand_" #id "\noperand_" #id ": " text \
		"\nud2\n.popsection")

#define OPERAND_DI  ONLY_64("(%rdi)") ONLY_32("(%edi)")
#define OPERAND_AT  ONLY_64("(%rsi)") ONLY_32("(%esi)")
#define OPERAND_BP_ ONLY_64("(%rbp)") ONLY_32("(%ebp)")
#define WORD_SIZE   sizeof(ulong)

/* The address of a UD2 at user privilege, for jumps and returns. */
extern const u8 operand_end[];

/* Rows for each, and a count at the end; `smap`: with SMAP, at CPL 0, where there is it. */
void check_operands(const struct accessor *operands, u32 count);

#endif
