/* SPDX-License-Identifier: MIT */
/* Instructions of A32 and T32 against the model: a table of encodings and one loop, at each privilege that there is. */
#ifndef ASSAY_ARM_A32_CHECK_H
#define ASSAY_ARM_A32_CHECK_H

#include <arm/execute.h>
#include <model/a32.h>
#include <types.h>

struct a32_row {
	const char *name;
	u32 code, vary; /* the bits of `vary` take any value */
	a64_model *model;
	bool memory; /* Rn is a base address */
	bool twice;  /* of T32: Rn is Rm once more */
};

/* Whether this CPU has AArch32 at EL0. */
bool has_a32(void);

/* CPSR of a test: the flags, Q and GE. */
#define A32_FLAGS (BITS(31, 27) | CPSR_GE)

/* A row (SUBTEST) for each entry, of A32 or T32. */
void a32_check(const struct a32_row *rows, u32 count);
void t32_check(const struct a32_row *rows, u32 count);

/* Where code of A32 and T32 can be written by a32_code() and is run, and its size in bytes. */
#define A32_CODE_BYTES 4096u
ulong a32_code(const void *code, u32 bytes);

/* The places where code runs: User mode, and on arm System mode too. */
u32 a32_places(void);
enum arm_el a32_place(u32 i);
const char *a32_place_name(u32 i);

/* Registers of any values that are worth a try. */
void a32_random(struct arm_registers *r);

/* Memory for loads and stores in the reach of R registers, and what the model has of it. */
#define A32_WINDOW 1024u
u8 *a32_window(void);

#endif
