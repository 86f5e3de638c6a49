/* SPDX-License-Identifier: MIT */
/*
 * Instructions of A64 against the model: a table of encodings and one loop. A row is an encoding in which
 * some bits vary; each of some dozens of such encodings runs with several sets of registers, at EL1 and at
 * EL0, and all registers, the flags and the memory around must be the model's afterwards.
 */
#ifndef ASSAY_ARM_A64_CHECK_H
#define ASSAY_ARM_A64_CHECK_H

#include <model/a64.h>
#include <types.h>

struct a64_row {
	const char *name;
	u32 code, vary; /* the bits of `vary` take any value */
	a64_model *model;
	bool (*present)(void); /* NULL or whether this CPU has it; else it is UNDEFINED */
	u32 flags;
};

/* An entry: ROW("udiv", 0x1ac00800, SF | RDNM, a64_two_sources, .present = ..., .flags = ...). */
#define ROW(name_, code_, vary_, model_, ...)                                                      \
	{                                                                                          \
		.name = name_, .code = code_, .vary = (u32)(vary_), .model = model_, ##__VA_ARGS__ \
	}

#define A64_ALONE   BIT(0) /* a branch: nothing else may be near */
#define A64_ALIGNED BIT(1) /* accesses memory at multiples of 16 */
#define A64_MEMORY  BIT(2) /* Rn is a base address */
#define A64_FP	    BIT(3) /* uses V registers */
#define A64_ANY_FP  BIT(4) /* their elements are any bits, not floating-point values worth a look */
#define A64_HALF    BIT(5) /* elements of 16, 32 or 64 bits; 64 if none is said */
#define A64_SINGLE  BIT(6)

/* Fields that most encodings have. */
#define RD   BITS(4, 0)
#define RN   BITS(9, 5)
#define RM   BITS(20, 16)
#define RA   BITS(14, 10)
#define SF   BIT(31)
#define RDN  (RD | RN)
#define RDNM (RD | RN | RM)

/* A row (SUBTEST) for each entry. */
void a64_check(const struct a64_row *rows, u32 count);

/* One encoding, with as many sets of registers; within a row. */
void a64_check_one(const struct a64_row *row, u32 insn, u32 sets);

/* How much of `vary` is tried: encodings of a row, and sets of registers for each. */
#define A64_ENCODINGS 40
#define A64_SETS      6

#endif
