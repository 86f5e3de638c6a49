/* SPDX-License-Identifier: MIT */
/*
 * What is checked of every instruction that computes a register from operands: its result, the condition
 * code, and that all other registers and storage stay; each way to name the operands; EXECUTE of it; and
 * the exceptions of its format.
 */
#ifndef ASSAY_S390X_GENERAL_CHECK_H
#define ASSAY_S390X_GENERAL_CHECK_H

#include <s390x/execute.h>
#include <s390x/facility.h>
#include <s390x/insn.h>
#include <s390x/model/alu.h>
#include <test.h>

struct insn {
	const char *name;
	enum insn_format format;
	u16 opcode;
	struct alu_instruction alu;
	u8 shift;	 /* first operand and result: how far from the right end of the register */
	u8 second_shift; /* second operand, if in a register; an immediate is shifted as far left */
	u8 flags;	 /* INSN_... */
};

#define INSN_ALIGNED 1 /* a storage operand off its boundary is a specification exception */
#define INSN_COUNT   2 /* the second operand is a shift count: an address that is not used as one */
#define INSN_THREE   4 /* RSY and RIE: the first operand is R3, R1 is the result alone */
#define INSN_QUIET   8 /* no condition code, although the operation has one elsewhere */

/* Rows for all of this. */
void check_insn(const struct insn *insn);

/*
 * CHECK_INSN(name, "NAME IN THE MANUAL", format, opcode, operation, width, second operand, facility, fields
 * of struct insn ...): a case.
 */
#define CHECK_INSN(name_, manual, format_, opcode_, operation_, width_, operand_, facility_, ...) \
	TEST(name_, manual ": result, condition code, every form of its operands, exceptions",    \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(facility_)))     \
	{                                                                                         \
		static const struct insn insn = { .name = #name_,                                 \
						  .format = INSN_##format_,                       \
						  .opcode = opcode_,                              \
						  .alu = { ALU_##operation_, width_,              \
							   ALU_##operand_ },                      \
						  __VA_ARGS__ };                                  \
                                                                                                  \
		check_insn(&insn);                                                                \
	}

/* ------------------------------------------------------------- for other files of this folder */

/* Values with the carries, signs and halves that matter. */
extern const u64 edge_operands[];
extern const u32 edge_operand_count;

/* A number whose length is random too, so that small ones come up. */
u64 random_operand(void);

/* Registers that all differ, and none of which is an address or 0. */
void fill_registers(struct execution *e);

/*
 * Two pages of storage below 16 MiB that operands are put in, and an address after which there is none: the
 * page at operand_end() is absent. What is there is a pattern, which expect_pattern() checks around
 * [start, start + size).
 */
u8 *operand_pages(void);
u8 *operand_end(void);
void fill_operand_pages(void);
bool expect_pattern(const u8 *start, u32 size, const char *where);
u8 pattern_byte(const u8 *at);

/* Whether the registers and the condition code are the same, fast. */
bool same_state(const struct execution *a, const struct execution *b);

/* Compares all registers and the condition code; `where` is printed. */
bool expect_state(const struct execution *actual, const struct execution *expected,
		  const char *where);

#endif
