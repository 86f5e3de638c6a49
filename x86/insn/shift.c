/* SPDX-License-Identifier: MIT */
/*
 * Shifts and rotates. What a broken emulator gets wrong: counts that are 0 after masking must leave
 * all flags, RCL and RCR go through CF and round 9 and 17 bits, CF for counts beyond the width.
 */
#include "insn.h"

#include <test.h>
#include <x86/cpuid.h>

SUITE("Shifts and rotates");

#define BY_CL_8(op)	 INSN(#op "_r8_cl", 8, model_##op, #op " %%cl, %%al", IN_AX, IN_CX)
#define BY_CL_HIGH_8(op) INSN(#op "_bh_cl", 8, model_##op, #op " %%cl, %%bh", IN_BH, IN_CX)
#define BY_CL(op)                                                             \
	INSN(#op "_r16_cl", 16, model_##op, #op " %%cl, %%ax", IN_AX, IN_CX)  \
	INSN(#op "_r32_cl", 32, model_##op, #op " %%cl, %%eax", IN_AX, IN_CX) \
	ONLY_64(INSN(#op "_r64_cl", 64, model_##op, #op " %%cl, %%rax", IN_AX, IN_CX))
#define MEMORY_BY_CL(op)                                                               \
	INSN(#op "_m8_cl", 8, model_##op, #op "b %%cl, " AT("di"), IN_MEMORY, IN_CX)   \
	INSN(#op "_m16_cl", 16, model_##op, #op "w %%cl, " AT("di"), IN_MEMORY, IN_CX) \
	INSN(#op "_m32_cl", 32, model_##op, #op "l %%cl, " AT("di"), IN_MEMORY, IN_CX) \
	ONLY_64(INSN(#op "_m64_cl", 64, model_##op, #op "q %%cl, " AT("di"), IN_MEMORY, IN_CX))

#define BY(count, name, width, op, operand, place)                                              \
	INSN(#op name "_" #count, width, model_##op, #op " $" #count operand, place, IMMEDIATE, \
	     .immediate = (count))
/* 1 has an opcode of its own; the others include 0 and those that the mask changes. */
#define BY_CONSTANT(op)                                   \
	BY(1, "_r8", 8, op, ", %%al", IN_AX)              \
	BY(1, "_r16", 16, op, ", %%ax", IN_AX)            \
	BY(1, "_r32", 32, op, ", %%eax", IN_AX)           \
	ONLY_64(BY(1, "_r64", 64, op, ", %%rax", IN_AX))  \
	BY(0, "_r8", 8, op, ", %%al", IN_AX)              \
	BY(7, "_r8", 8, op, ", %%al", IN_AX)              \
	BY(9, "_r8", 8, op, ", %%bl", IN_BX)              \
	BY(15, "_r16", 16, op, ", %%ax", IN_AX)           \
	BY(17, "_r16", 16, op, ", %%bx", IN_BX)           \
	BY(0, "_r32", 32, op, ", %%eax", IN_AX)           \
	BY(31, "_r32", 32, op, ", %%eax", IN_AX)          \
	BY(33, "_r32", 32, op, ", %%eax", IN_AX)          \
	ONLY_64(BY(33, "_r64", 64, op, ", %%rax", IN_AX)) \
	ONLY_64(BY(65, "_r64", 64, op, ", %%rax", IN_AX))

#define EACH_SHIFT(rows) rows(shl) rows(shr) rows(sar) rows(rol) rows(ror) rows(rcl) rows(rcr)

#define SHIFT_SPEC "SDM vol. 2B, SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR"

TEST(shift_bytes, "8-bit shifts and rotates of all operands by all counts in CL", SPEC(SHIFT_SPEC))
{
	const struct insn table[] = { EACH_SHIFT(BY_CL_8) };

	for_each_insn(insn, table)
		insn_check_bytes(insn);
}

TEST(shift_registers, "wider shifts and rotates by all counts in CL, masked to 5 or 6 bits",
     SPEC(SHIFT_SPEC))
{
	const struct insn table[] = { EACH_SHIFT(BY_CL) EACH_SHIFT(BY_CL_HIGH_8) };

	for_each_insn(insn, table)
		insn_check_counts(insn);
}

TEST(shift_memory, "shifts and rotates of memory by all counts in CL", SPEC(SHIFT_SPEC))
{
	const struct insn table[] = { EACH_SHIFT(MEMORY_BY_CL) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(shift_immediate, "shifts and rotates by 1 and by immediate counts", SPEC(SHIFT_SPEC))
{
	const struct insn shifts[] = { BY_CONSTANT(shl) BY_CONSTANT(shr) BY_CONSTANT(sar) };
	const struct insn rotates[] = { BY_CONSTANT(rol) BY_CONSTANT(ror) BY_CONSTANT(rcl)
						BY_CONSTANT(rcr) };

	for_each_insn(insn, shifts)
		insn_check_edges(insn);
	for_each_insn(insn, rotates)
		insn_check_edges(insn);
}

#define DOUBLE_BY_CL(op)                                                                          \
	INSN(#op "_r16_r16_cl", 16, model_##op, #op " %%cl, %%dx, %%ax", IN_AX, IN_DX,            \
	     .third = IN_CX)                                                                      \
	INSN(#op "_r32_r32_cl", 32, model_##op, #op " %%cl, %%edx, %%eax", IN_AX, IN_DX,          \
	     .third = IN_CX)                                                                      \
	ONLY_64(INSN(#op "_r64_r64_cl", 64, model_##op, #op " %%cl, %%rdx, %%rax", IN_AX, IN_DX,  \
		     .third = IN_CX))                                                             \
	INSN(#op "_m16_r16_cl", 16, model_##op, #op " %%cl, %%dx, " AT("di"), IN_MEMORY, IN_DX,   \
	     .third = IN_CX)                                                                      \
	INSN(#op "_m32_r32_cl", 32, model_##op, #op " %%cl, %%edx, " AT("di"), IN_MEMORY, IN_DX,  \
	     .third = IN_CX)                                                                      \
	ONLY_64(INSN(#op "_m64_r64_cl", 64, model_##op, #op " %%cl, %%rdx, " AT("di"), IN_MEMORY, \
		     IN_DX, .third = IN_CX))

TEST(double_shift, "SHLD and SHRD by all counts in CL", SPEC("SDM vol. 2B, SHLD, SHRD"))
{
	const struct insn table[] = { DOUBLE_BY_CL(shld) DOUBLE_BY_CL(shrd) };

	for_each_insn(insn, table)
		insn_check_counts(insn);
}

#define DOUBLE_BY(op, count)                                                                       \
	INSN(#op "_r16_r16_" #count, 16, model_##op, #op " $" #count ", %%dx, %%ax", IN_AX, IN_DX, \
	     .third = IMMEDIATE, .immediate = (count))                                             \
	INSN(#op "_r32_r32_" #count, 32, model_##op, #op " $" #count ", %%edx, %%eax", IN_AX,      \
	     IN_DX, .third = IMMEDIATE, .immediate = (count))                                      \
	ONLY_64(INSN(#op "_r64_r64_" #count, 64, model_##op, #op " $" #count ", %%rdx, %%rax",     \
		     IN_AX, IN_DX, .third = IMMEDIATE, .immediate = (count)))

TEST(double_shift_immediate, "SHLD and SHRD by immediate counts", SPEC("SDM vol. 2B, SHLD, SHRD"))
{
	const struct insn table[] = { DOUBLE_BY(shld, 0) DOUBLE_BY(shld, 1) DOUBLE_BY(shld, 16)
					      DOUBLE_BY(shld, 33) DOUBLE_BY(shrd, 0)
						      DOUBLE_BY(shrd, 1) DOUBLE_BY(shrd, 16)
							      DOUBLE_BY(shrd, 33) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* Value in CX or memory, count in DX, result in AX. */
#define FLAGLESS(op)                                                                               \
	INSN(#op "_r32", 32, model_##op, #op " %%edx, %%ecx, %%eax", IN_AX, IN_CX, .third = IN_DX) \
	INSN(#op "_m32", 32, model_##op, #op " %%edx, " AT("di") ", %%eax", IN_AX, IN_MEMORY,      \
	     .third = IN_DX)                                                                       \
	ONLY_64(INSN(#op "_r64", 64, model_##op, #op " %%rdx, %%rcx, %%rax", IN_AX, IN_CX,         \
		     .third = IN_DX))                                                              \
	ONLY_64(INSN(#op "_m64", 64, model_##op, #op " %%rdx, " AT("di") ", %%rax", IN_AX,         \
		     IN_MEMORY, .third = IN_DX))
#define RORX(count)                                                                               \
	INSN("rorx_r32_" #count, 32, model_rorx, "rorx $" #count ", %%ecx, %%eax", IN_AX, IN_CX,  \
	     .third = IMMEDIATE, .immediate = (count))                                            \
	ONLY_64(INSN("rorx_r64_" #count, 64, model_rorx, "rorx $" #count ", %%rcx, %%rax", IN_AX, \
		     IN_CX, .third = IMMEDIATE, .immediate = (count)))

TEST(flagless_shifts, "SARX, SHLX, SHRX and RORX shift by a masked count and leave all flags alone",
     SPEC("SDM vol. 2B, RORX, SARX/SHLX/SHRX"), REQUIRES(cpu_has(X86_FEATURE_BMI2)))
{
	const struct insn by_register[] = { FLAGLESS(sarx) FLAGLESS(shlx) FLAGLESS(shrx) };
	const struct insn by_constant[] = { RORX(0) RORX(1) RORX(31) RORX(32) RORX(63) RORX(64) };

	for_each_insn(insn, by_register)
		insn_check_counts(insn);
	for_each_insn(insn, by_constant)
		insn_check_edges(insn);
}
