/* SPDX-License-Identifier: MIT */
/* SVE: loads and stores of elements, in and about absent pages, at several vector lengths. */
#ifndef ASSAY_ARM_SVE_TRANSFER_H
#define ASSAY_ARM_SVE_TRANSFER_H

#include <types.h>

enum sve_addressing {
	SVE_INDEX,	/* x0 + (x1 << log2 of memory) */
	SVE_IMMEDIATE,	/* x0 + imm vectors */
	SVE_BROADCAST,	/* LD1R: x0 + imm, one element for all */
	SVE_QUAD_INDEX, /* LD1RQ: 16 bytes for all of them */
	SVE_QUAD_IMMEDIATE,
	SVE_OFFSETS_32, /* x0 + (z1 << scale), of 32 bits, with zeroes or the sign */
	SVE_OFFSETS_S32,
	SVE_OFFSETS_64,
	SVE_BASES, /* z1 + imm */
};

enum sve_faulting { SVE_FAULTS, SVE_FIRST_FAULTS, SVE_NO_FAULTS };

/* Which element is the first active one: any; element 0, within a page or across its end; none of the first 8 bytes. */
enum sve_first { SVE_FIRST_ANY, SVE_FIRST_0, SVE_FIRST_SPLIT, SVE_FIRST_LATE };

/* Registers: z0 and those after it are data, z1 is addresses too, p0 governs, x0 is the base, x1 an index. */
struct sve_transfer {
	u32 code;
	u32 memory, element; /* bytes */
	bool is_signed, store;
	u32 registers;
	enum sve_addressing addressing;
	enum sve_faulting faulting;
	enum sve_first first;
	s32 imm;   /* SVE_IMMEDIATE: in vectors; otherwise in bytes */
	u32 scale; /* how far offsets are shifted */
};

/* Four pages of which the third is absent, between two absent ones; CPACR_EL1.ZEN on. At the start of a case. */
void sve_transfer_begin(void);

/* In the present row: random predicates, addresses and data at each vector length. */
void sve_transfer_check(const struct sve_transfer *t);

#endif
