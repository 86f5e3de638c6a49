/* SPDX-License-Identifier: MIT */
/*
 * What is checked of every instruction whose first operand is in storage and has a fixed length: stores,
 * immediates that are put there, added or compared, and the load-and-perform operations. The storage
 * around it and the registers have to stay; a fault in the second of two pages leaves both as they were.
 */
#ifndef ASSAY_S390X_GENERAL_UPDATE_H
#define ASSAY_S390X_GENERAL_UPDATE_H

#include "check.h"

struct update {
	const char *name;
	enum insn_format format;
	u16 opcode;
	struct alu_instruction alu; /* ALU_LOAD: a store; width is the operand's in storage */
	u8 shift;		    /* of the register that is stored: from where on */
	u8 flags;		    /* UPDATE_... */
};

#define UPDATE_ALIGNED 1 /* off its boundary: a specification exception */
#define UPDATE_LOADS   2 /* R1 gets what was there, the second operand is in R3 */
#define UPDATE_FETCH   4 /* the operand is not stored into */
#define UPDATE_TM      8 /* the condition code of TEST UNDER MASK: no difference between 1 and 2 */

void check_update(const struct update *update);

#define CHECK_UPDATE(name_, manual, format_, opcode_, operation_, width_, operand_, facility_, \
		     ...)                                                                      \
	TEST(name_, manual ": what is stored, condition code, every address, exceptions",      \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(facility_)))  \
	{                                                                                      \
		static const struct update update = { .name = #name_,                          \
						      .format = INSN_##format_,                \
						      .opcode = opcode_,                       \
						      .alu = { ALU_##operation_, width_,       \
							       ALU_##operand_ },               \
						      __VA_ARGS__ };                           \
                                                                                               \
		check_update(&update);                                                         \
	}

#endif
