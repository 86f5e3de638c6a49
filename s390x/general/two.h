/* SPDX-License-Identifier: MIT */
/*
 * Instructions with two storage operands whose lengths are in the instruction. A model does on a copy of
 * storage what the definition says, a byte at a time; then all of storage has to be the same.
 */
#ifndef ASSAY_S390X_GENERAL_TWO_H
#define ASSAY_S390X_GENERAL_TWO_H

#include "check.h"

/* What a model works on: operands within a copy of storage, lengths in bytes. */
struct two_state {
	u8 *first, *second;
	u32 first_length, second_length;
	u32 cc;
};

struct two {
	u16 opcode;
	enum insn_format format; /* SS, RSL, SSE */
	void (*model)(struct two_state *s);
	enum {
		ONE_LENGTH,    /* L */
		TWO_LENGTHS,   /* L1, L2 */
		SECOND_LENGTH, /* L2 in the place of L: the first operand is 16 bytes */
		FIRST_LENGTH,  /* L of the first operand, of which half or all is the second's */
		TABLE,	       /* L is the first operand's, the second one has 256 bytes */
		REGISTER_0     /* the length is in register 0 */
	} lengths;
	u8 flags;
};

#define TWO_FETCH    1	/* the first operand is not stored into */
#define TWO_APART    2	/* what overlapping operands give is not defined */
#define TWO_UNICODE  4	/* lengths are even */
#define TWO_BACKWARD 8	/* the second operand's address is that of its last byte */
#define TWO_LEFTMOST 16 /* the second operand's leftmost digits have a row of their own */

void check_two(const struct two *two);

#define CHECK_TWO(name_, manual, model_, format_, opcode_, lengths_, facility_, ...)              \
	TEST(name_, manual ": every length and overlap, exceptions that leave storage as it was", \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(facility_)))     \
	{                                                                                         \
		static const struct two two = { .opcode = opcode_,                                \
						.format = INSN_##format_,                         \
						.model = model_,                                  \
						.lengths = lengths_,                              \
						__VA_ARGS__ };                                    \
                                                                                                  \
		check_two(&two);                                                                  \
	}

#endif
