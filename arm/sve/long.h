/* SPDX-License-Identifier: MIT */
/* SVE at several vector lengths: a state in memory is loaded, one instruction runs, the state is stored. */
#ifndef ASSAY_ARM_SVE_LONG_H
#define ASSAY_ARM_SVE_LONG_H

#include <types.h>

#define SVE_LONGEST 256 /* bytes */

struct sve_state {
	u32 vl;		      /* bytes of a vector */
	u8 z[4][SVE_LONGEST]; /* z0 to z3 */
	u8 p[4][SVE_LONGEST]; /* p0 to p3: 0 or 1 for each byte of a vector */
	u64 x0, nzcv;
};

struct sve_long_row {
	const char *name;
	u32 code;
	u32 sizes; /* a mask of log2 of bytes, for which size is in bits 23-22; or SVE_FIXED(log2 of bytes) */
	void (*model)(struct sve_state *s, u32 bytes);
};

#define SVE_FIXED(size) (0x10u << (size))

/* A row (SUBTEST) for each entry and size. */
void sve_long_check(const struct sve_long_row *rows, u32 count);

/* Vector lengths to test, from ZCR_EL1.LEN = 0 to the longest; SVE is enabled, and CPACR_EL1 is the caller's to restore. */
#define SVE_LENGTHS 4

struct sve_length {
	u32 len; /* of ZCR_EL1 */
	u32 bytes;
};

u32 sve_lengths(struct sve_length *lengths);
void sve_set_length(u32 len);

/* An entry of sve_long_check() with one size, at each of these lengths, in the present row. */
void sve_long_run(const struct sve_long_row *row, u32 size, const struct sve_length *lengths,
		  u32 known);

/* Loads of p0 to p3 from x20 and z0 to z3 from x22, `insns`, and stores to x21 and x23. Yields how many words. */
#define SVE_STATE_CODE 16
u32 sve_state_code(u32 *code, const u32 *insns, u32 count);
/* The state in memory as this code has it: registers one after another, without gaps. */
void sve_pack(const struct sve_state *s, u8 *z, u8 *p);
/* Small numbers in even rounds, any in odd ones; few active elements or many, none in round 0's p0 and all in round 1's p1. */
void sve_random_state(struct sve_state *s, u32 round);

u64 sve_get(const u8 *v, u32 bytes, u32 index);
void sve_set(u8 *v, u32 bytes, u32 index, u64 value);
/* The first and the last element that is active in `p`, or -1. */
s32 sve_first(const struct sve_state *s, const u8 *p, u32 bytes);
s32 sve_last(const struct sve_state *s, const u8 *p, u32 bytes);
/* The condition flags of PredTest(): DDI 0487, J1.3. No `mask` is all active. */
void sve_flags(struct sve_state *s, const u8 *mask, const u8 *result, u32 bytes);

#endif
