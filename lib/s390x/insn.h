/* SPDX-License-Identifier: MIT */
/* Instruction formats: PoP SA22-7832-13, chapter 5, "Instruction Formats". */
#ifndef ASSAY_S390X_INSN_H
#define ASSAY_S390X_INSN_H

#include <types.h>

enum insn_format {
	INSN_E,
	INSN_RR,
	INSN_RRE,
	INSN_RRF, /* R3 or M3 in bits 16-19, M4 in bits 20-23 */
	INSN_RRD,
	INSN_RI,
	INSN_RIL,
	INSN_RIL_S, /* the second operand is in storage, at a relative address */
	INSN_RIE_A,
	INSN_RIE_B,
	INSN_RIE_C,
	INSN_RIE_D,
	INSN_RIE_F,
	INSN_RIE_G,
	INSN_RRS,
	INSN_RIS,
	INSN_RX,
	INSN_RXE,
	INSN_RXF,
	INSN_RXY,
	INSN_RS, /* R3 or M3 in bits 12-15 */
	INSN_RSY,
	INSN_RSL,
	INSN_S,
	INSN_SI,
	INSN_SIY,
	INSN_SIL,
	INSN_SS,
	INSN_SSE,
	INSN_SSF,
};

/*
 * What is in the fields. x2 and r3 are different fields, of which a format has one. The displacements go
 * to the base of the same number; formats with one storage operand take b2 and d2, SI and RSL take b1
 * and d1. A relative immediate is in halfwords.
 */
struct insn_fields {
	u8 r1, r2, r3, x2, b1, b2, m3, m4;
	s32 d1, d2;
	u32 imm;
	u8 i2, i3, i4, i5;
	u8 length; /* L, L1 and L2: one less than the number of bytes */
};

/*
 * Writes the instruction and returns its length. `opcode` has the first byte and, as the format has it, the
 * second or last one or the last four bits of the second.
 */
u32 insn_encode(enum insn_format format, u16 opcode, const struct insn_fields *f, u8 *bytes);

#endif
