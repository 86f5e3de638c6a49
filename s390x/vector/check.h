/* SPDX-License-Identifier: MIT */
/* Vector instructions as data: an element of the result as a function of those of the operands. */
#ifndef ASSAY_S390X_VECTOR_CHECK_H
#define ASSAY_S390X_VECTOR_CHECK_H

#include <s390x/execute.h>
#include <s390x/facility.h>
#include <test.h>

/* Sixteen bytes, as storage has them. */
struct bytes16 {
	u8 byte[16];
};

/* What an instruction is given, and its results. `size` is 0 for bytes to 4 for quadwords. */
struct operation {
	struct bytes16 v1, v2, v3, v4;
	u32 size;
	u32 immediate;
	u32 cc;
};

struct vector_insn {
	u8 opcode;
	void (*model)(struct operation *o);
	u8 sizes; /* bit n: element size n exists; 0: there is no such field */
	u8 flags;
};
#define VECTOR_V4     1 /* V4 is an operand; the element size is M5, in bits 20-23 */
#define VECTOR_CC     2 /* M5 bit 3: set the condition code; M5 is in bits 24-27 */
#define VECTOR_UNARY  4
#define VECTOR_SETS   8	 /* the condition code is set always */
#define VECTOR_READS1 16 /* V1 is not a result */

u64 element(struct bytes16 v, u32 size, u32 n);
void set_element(struct bytes16 *v, u32 size, u32 n, u64 value);
s64 signed_element(struct bytes16 v, u32 size, u32 n);
u32 elements(u32 size);
u64 ones(u32 size);

void check_vector(const struct vector_insn *insn);

struct bytes16 random_vector(void);
struct bytes16 get_vector(const struct execution *e, u32 n);
void put_vector(struct execution *e, u32 n, struct bytes16 value);
void fill_vectors(struct execution *e);
/* Vector and general registers, condition code, FPC. */
bool expect_vectors(const struct execution *actual, const struct execution *expected,
		    const char *where);

/* e7, V1 V2, V3 and four bits, eight bits, four bits and RXB, opcode. */
void encode_vector(u8 *code, u8 opcode, u32 v1, u32 v2, u32 v3, u32 byte_2, u32 byte_3,
		   u32 v4_or_m);

/*
 * e7, V1 and X2, V3 or R3, base register 9 and displacement, M and RXB, opcode.
 */
#define VECTOR_BASE 9
void encode_vector_storage(u8 *code, u32 first, u32 second, u32 displacement, u32 m, u32 rxb,
			   u8 opcode);

/* Executes six bytes of code from this state; then nothing but this register differs. */
void expect_loaded(const u8 *code, struct execution e, u32 vr, struct bytes16 value);

#define VECTOR(name_, manual, opcode_, model_, sizes_, flags_)                              \
	TEST(name_, manual ": every element, registers of both halves, nothing else",       \
	     SPEC("PoP SA22-7832-13, chapters 21 to 23, " manual),                          \
		  REQUIRES(has_facility(FACILITY_VECTOR)))                                  \
	{                                                                                   \
		static const struct vector_insn insn = { opcode_, model_, sizes_, flags_ }; \
                                                                                            \
		check_vector(&insn);                                                        \
	}

#endif
