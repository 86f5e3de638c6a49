/* SPDX-License-Identifier: MIT */
/*
 * One way to check any instruction on vector registers: a row says where its operands are and which
 * model it follows; the checker runs it and compares every vector register, the general registers, the
 * flags, MXCSR, and the memory around its operand.
 *
 *	SIMD("paddb", simd_paddb, 16, "paddb %%xmm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2))
 */
#ifndef ASSAY_SIMD_H
#define ASSAY_SIMD_H

#include <types.h>
#include <x86/cpuid.h>
#include <x86/execute.h>
#include <x86/vector.h>

/* Where an operand is. V(1) is XMM1, YMM1 or, of the MMX kind, MM1. */
#define V(n) (SIMD_V0 + (n))
enum simd_place {
	SIMD_NONE,
	SIMD_V0,
	SIMD_V15 = SIMD_V0 + 15,
	SIMD_MEMORY, /* that DI points to */
	SIMD_AX,     /* b or the result is in AX */
	SIMD_CX,     /* the result is in CX */
};

enum simd_kind {
	SIMD_LEGACY, /* what is above bit 127 of the destination stays */
	SIMD_VEX,    /* it becomes zero */
	SIMD_MMX,    /* the operands are MMX registers */
};

/* Which operands are worth trying. */
enum simd_values {
	SIMD_INTEGERS,
	SIMD_SINGLES,
	SIMD_DOUBLES,
};

struct simd_shape {
	const char *name; /* of the row, which neighbours share */
	const char *text; /* the instruction, for messages */
	simd_model *model;
	u32 bytes; /* of the vector: 8, 16 or 32 */
	enum simd_kind kind;
	u8 dst, a, b, c;	   /* dst SIMD_NONE: only flags change */
	u8 b_bytes;		   /* of a shorter memory or general operand b; `bytes` if 0 */
	u8 dst_bytes;		   /* of a shorter result in memory */
	bool stores_ax;		   /* a result in memory that the model has as ax: PEXTR */
	bool b_is_mmx, dst_is_mmx; /* unlike the others */
	bool aligned;		   /* memory operands of 16 bytes that have to be */
	u8 immediate;		   /* of the instruction */
	enum simd_values values;
};

struct simd {
	const struct simd_shape *shape;
	const void *code;
};

/* A row for a table, with members of struct simd_shape at the end. The trailing comma is part of it. */
#define SIMD(name_, model_, bytes_, text_, ...)                                \
	{ ({                                                                   \
		  static const struct simd_shape shape_ = { .name = (name_),   \
							    .text = (text_),   \
							    .model = (model_), \
							    .bytes = (bytes_), \
							    __VA_ARGS__ };     \
		  &shape_;                                                     \
	  }),                                                                  \
	  CODE(text_) },

/* What floating point is tried with: the fields of MXCSR, and the exception flags to look at. */
struct simd_mode {
	u32 mxcsr;
	u32 exceptions;
	bool two_nans; /* whether it matters which of two NaNs comes out */
};

/*
 * Every row with edge values and random ones, in each of the modes; neighbours of the same name are one
 * row of the case.
 */
void simd_check(const struct simd *table, u32 count, const struct simd_mode *modes, u32 mode_count);

/* All exceptions masked; integers touch none. */
extern const struct simd_mode simd_integer_mode;

#define SIMD_CHECK(...)                                                        \
	do {                                                                   \
		const struct simd table_[] = { __VA_ARGS__ };                  \
		simd_check(table_, ARRAY_SIZE(table_), &simd_integer_mode, 1); \
	} while (0)

/*
 * The forms of an instruction `op` with a first source that is its destination and a second source in
 * a register or in memory; the model is simd_op.
 */
#define MMX_OP(op)                                                                             \
	SIMD(#op, simd_##op, 8, #op " %%mm2, %%mm1", .kind = SIMD_MMX, .dst = V(1), .a = V(1), \
	     .b = V(2))                                                                        \
	SIMD(#op, simd_##op, 8, #op " " AT("di") ", %%mm1", .kind = SIMD_MMX, .dst = V(1),     \
	     .a = V(1), .b = SIMD_MEMORY)
#define SSE_OP(op)                                                                         \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2)) \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .a = V(1),      \
	     .b = SIMD_MEMORY, .aligned = true)                                            \
	ONLY_64(SIMD(#op, simd_##op, 16, #op " %%xmm10, %%xmm9", .dst = V(9), .a = V(9),   \
		     .b = V(10)))
/* The same with "v" in front and three operands: of 128 and of 256 bits. */
#define AVX_OP(op)   VEX_OP_(op, 16, "xmm")
#define AVX_OP_Y(op) VEX_OP_(op, 32, "ymm")
#define AVX_BOTH(op) AVX_OP(op) AVX_OP_Y(op)
#define VEX_OP_(op, bytes, r)                                                                      \
	SIMD("v" #op, simd_##op, bytes, "v" #op " %%" r "2, %%" r "3, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = V(2))                                                    \
	SIMD("v" #op, simd_##op, bytes, "v" #op " " AT("di") ", %%" r "3, %%" r "1",               \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = SIMD_MEMORY)                           \
	ONLY_64(SIMD("v" #op, simd_##op, bytes, "v" #op " %%" r "10, %%" r "11, %%" r "9",         \
		     .kind = SIMD_VEX, .dst = V(9), .a = V(11), .b = V(10)))

/* Those with an immediate, from a list of values: rows(op, immediate). */
#define MMX_OP_I(op, i)                                                                      \
	SIMD(#op, simd_##op, 8, #op " $" #i ", %%mm2, %%mm1", .kind = SIMD_MMX, .dst = V(1), \
	     .a = V(1), .b = V(2), .immediate = i)                                           \
	SIMD(#op, simd_##op, 8, #op " $" #i ", " AT("di") ", %%mm1", .kind = SIMD_MMX,       \
	     .dst = V(1), .a = V(1), .b = SIMD_MEMORY, .immediate = i)
#define SSE_OP_I(op, i)                                                                        \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%xmm1", .dst = V(1), .a = V(1),       \
	     .b = V(2), .immediate = i)                                                        \
	SIMD(#op, simd_##op, 16, #op " $" #i ", " AT("di") ", %%xmm1", .dst = V(1), .a = V(1), \
	     .b = SIMD_MEMORY, .aligned = true, .immediate = i)
#define AVX_OP_I(op, i)	  VEX_OP_I_(op, i, 16, "xmm")
#define AVX_OP_Y_I(op, i) VEX_OP_I_(op, i, 32, "ymm")
#define AVX_BOTH_I(op, i) AVX_OP_I(op, i) AVX_OP_Y_I(op, i)
#define VEX_OP_I_(op, i, bytes, r)                                                            \
	SIMD("v" #op, simd_##op, bytes, "v" #op " $" #i ", %%" r "2, %%" r "3, %%" r "1",     \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = V(2), .immediate = i)             \
	SIMD("v" #op, simd_##op, bytes, "v" #op " $" #i ", " AT("di") ", %%" r "3, %%" r "1", \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = SIMD_MEMORY, .immediate = i)

/* One source, b, in a register or in memory. */
#define SSE_FROM(op)                                                                         \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .b = V(2))              \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .b = SIMD_MEMORY, \
	     .aligned = true)
#define AVX_FROM(op)   VEX_FROM_(op, 16, "xmm")
#define AVX_FROM_Y(op) VEX_FROM_(op, 32, "ymm")
#define VEX_FROM_(op, bytes, r)                                                              \
	SIMD("v" #op, simd_##op, bytes, "v" #op " %%" r "2, %%" r "1", .kind = SIMD_VEX,     \
	     .dst = V(1), .b = V(2))                                                         \
	SIMD("v" #op, simd_##op, bytes, "v" #op " " AT("di") ", %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = SIMD_MEMORY)
/* And with an immediate. */
#define SSE_FROM_I(op, i)                                                                \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%xmm1", .dst = V(1), .b = V(2), \
	     .immediate = i)                                                             \
	SIMD(#op, simd_##op, 16, #op " $" #i ", " AT("di") ", %%xmm1", .dst = V(1),      \
	     .b = SIMD_MEMORY, .aligned = true, .immediate = i)
#define AVX_FROM_I(op, i)   VEX_FROM_I_(op, i, 16, "xmm")
#define AVX_FROM_Y_I(op, i) VEX_FROM_I_(op, i, 32, "ymm")
#define VEX_FROM_I_(op, i, bytes, r)                                                              \
	SIMD("v" #op, simd_##op, bytes, "v" #op " $" #i ", %%" r "2, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = V(2), .immediate = i)                                              \
	SIMD("v" #op, simd_##op, bytes, "v" #op " $" #i ", " AT("di") ", %%" r "1",               \
	     .kind = SIMD_VEX, .dst = V(1), .b = SIMD_MEMORY, .immediate = i)

/* Immediates of which each bit matters. */
#define EACH_IMMEDIATE(op, rows)                                                                  \
	rows(op, 0x00) rows(op, 0x1b) rows(op, 0xe4) rows(op, 0x55) rows(op, 0xaa) rows(op, 0x8d) \
		rows(op, 0x72) rows(op, 0xff)

#endif
