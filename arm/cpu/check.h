/* SPDX-License-Identifier: MIT */
/* Instructions against the model, for each size: a table of them and one loop. */
#ifndef ASSAY_ARM_CPU_CHECK_H
#define ASSAY_ARM_CPU_CHECK_H

#include <model/alu.h>
#include <types.h>

/* An instruction on two operands, N, Z, C, V in and out; and what it should do. */
struct insn {
	const char *name;
	struct alu_result (*run)(ulong a, ulong b, ulong flags);
	struct alu_result (*model)(ulong a, ulong b, ulong flags);
};

/* Its result and flags on these operands. */
void check_insn(const struct insn *insn, ulong a, ulong b, ulong flags);

/* A row for each instruction: results and flags, for all pairs of <model/operands.h>. */
void check_insns(const struct insn *insns, u32 count);

/* A model as an expression of the operands a and b, of flags, and c and v among these. */
#define MODEL(name, expression)                                      \
	static struct alu_result name(ulong a, ulong b, ulong flags) \
	{                                                            \
		bool c = flags & FLAG_C, v = flags & FLAG_V;         \
                                                                     \
		(void)b;                                             \
		(void)c;                                             \
		(void)v;                                             \
		(void)flags;                                         \
		return expression;                                   \
	}

/* The same, of a value alone: the flags stay. */
#define MODEL_VALUE(name, expression) \
	MODEL(name, ((struct alu_result){ (ulong)(expression), (u32)flags }))

/* each(name, number) for the conditions that all instructions take. */
#define FOR_EACH_CONDITION(each) \
	each("eq", 0);           \
	each("ne", 1);           \
	each("cs", 2);           \
	each("cc", 3);           \
	each("mi", 4);           \
	each("pl", 5);           \
	each("vs", 6);           \
	each("vc", 7);           \
	each("hi", 8);           \
	each("ls", 9);           \
	each("ge", 10);          \
	each("lt", 11);          \
	each("gt", 12);          \
	each("le", 13);          \
	each("al", 14)

#endif
