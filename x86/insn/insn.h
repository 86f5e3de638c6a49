/* SPDX-License-Identifier: MIT */
/*
 * One way to check any instruction that works on registers and a memory operand: rows that say where
 * its operands are, and a checker that runs it, asks the model, and then compares every general
 * register, every defined flag, and the memory around the operand.
 */
#ifndef ASSAY_INSN_H
#define ASSAY_INSN_H

#include <types.h>
#include <x86/execute.h>
#include <x86/model/alu.h>
#include <x86/place.h>

/*
 * Where an operand is. The order of the registers is that of struct registers. For an operand of 8
 * bits IN_AX means AL, and so on.
 */
enum insn_operand {
	NOWHERE,
	IN_AX,
	IN_CX,
	IN_DX,
	IN_BX,
	IN_BP,
	IN_SI,
	IN_DI,
	IN_R8,
	IN_R15 = IN_R8 + 7,
	IN_AH,
	IN_CH,
	IN_DH,
	IN_BH,
	IN_MEMORY, /* that DI points to */
	IMMEDIATE, /* in the instruction: .immediate says which value */
};

struct insn_shape {
	const char *name; /* of the row: add_r32_r32 */
	alu_model *model;
	u8 width;
	u8 dst, src, third; /* where the model's operands are; dst is where its result goes */
	u8 high;	    /* where its second result goes */
	bool aligned;	    /* locked, so that memory operands are not to cross a cache line */
	u8 source_width;    /* MOVZX and MOVSX: the width of src, which the model has as third */
	u64 immediate;	    /* of the operand that is IMMEDIATE */
	bool spelt_out;	    /* in bytes, which would be another instruction in 16-bit code */
};

/*
 * Where each row is run. What is not KERNEL is a row of its own after that one, with the place's name at the
 * end of the row's: add_m32_r32.mmio.
 */
#define INSN_PLACES (KERNEL | USER | FORCED | CODE_16 | EMULATED)

struct insn {
	const struct insn_shape *shape;
	struct code code;
};

/*
 * A row for a table: INSN("add_r8_r8", 8, model_add, "add %%cl, %%al", IN_AX, IN_CX), with more members
 * at the end where needed. The trailing comma is part of it, so that a row that only exists in one size
 * may expand to nothing. What is constant is kept apart, because compilers take long over a large table
 * on the stack.
 */
#define INSN(name_, width_, model_, text, dst_, src_, ...)                     \
	{ ({                                                                   \
		  static const struct insn_shape shape_ = { .name = (name_),   \
							    .model = (model_), \
							    .width = (width_), \
							    .dst = (dst_),     \
							    .src = (src_),     \
							    ##__VA_ARGS__ };   \
		  &shape_;                                                     \
	  }),                                                                  \
	  CODE_IN_ALL(text) },

/* Executes one row with these operands and compares. False if anything differed, after reporting. */
bool insn_check(const struct insn *insn, const struct alu_in *operands);
bool insn_check_in(enum place place, const struct insn *insn, const struct alu_in *operands);

/* As a row of the running case: all pairs of bytes as dst and src. */
void insn_check_bytes(const struct insn *insn);
/* Every combination of edge values in the operands that the row has, then random ones. */
void insn_check_edges(const struct insn *insn);
/* Edge and random values as dst, and random ones as third, with all 256 values of the src byte. */
void insn_check_counts(const struct insn *insn);

/* Begins the row of this name in the running case, or the one that runs it in another place than KERNEL. */
void insn_subtest(const char *name, enum place place);
/* True if this row can be run there. */
bool insn_applies(enum place place, const struct insn *insn);
/*
 * `size` bytes around an operand of the row: aligned, unaligned and across pages in turn, which counts
 * up; for a row that wants it, with what is `guard` bytes in aligned.
 */
u8 *insn_window(enum place place, const struct insn *insn, u32 turn, u32 guard);

/* As rows of the running case, each of the other places with fewer values. */
void insn_check_other_places(const struct insn *insn);

/* The combinations of the six status flags, numbered 0 to 63. */
u32 insn_flags(u32 number);

/* Each row of a table. */
#define for_each_insn(insn, table) \
	for (const struct insn *insn = (table); insn < (table) + ARRAY_SIZE(table); insn++)

/* Operands that lie near where arithmetic of any width changes its course. */
extern const u64 edge_values[];
extern const u32 edge_count;

#endif
