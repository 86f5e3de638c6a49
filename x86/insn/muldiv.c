/* SPDX-License-Identifier: MIT */
/* Multiplication and division, up to the exact quotient at which #DE is raised. */
#include "insn.h"

#include <test.h>
#include <x86/cpuid.h>

SUITE("Multiplication and division");

/* One operand and the accumulator; a byte times AL is AX, the others double into rDX:rAX. */
#define ONE_OPERAND_8(op) INSN(#op "_r8", 8, model_##op, #op " %%cl", IN_AX, IN_CX, .high = IN_AH)
#define ONE_OPERAND(op)                                                                      \
	INSN(#op "_bh", 8, model_##op, #op " %%bh", IN_AX, IN_BH, .high = IN_AH)             \
	INSN(#op "_r16", 16, model_##op, #op " %%cx", IN_AX, IN_CX, .high = IN_DX)           \
	INSN(#op "_r32", 32, model_##op, #op " %%ecx", IN_AX, IN_CX, .high = IN_DX)          \
	ONLY_64(INSN(#op "_r64", 64, model_##op, #op " %%rcx", IN_AX, IN_CX, .high = IN_DX)) \
	INSN(#op "_m8", 8, model_##op, #op "b " AT("di"), IN_AX, IN_MEMORY, .high = IN_AH)   \
	INSN(#op "_m16", 16, model_##op, #op "w " AT("di"), IN_AX, IN_MEMORY, .high = IN_DX) \
	INSN(#op "_m32", 32, model_##op, #op "l " AT("di"), IN_AX, IN_MEMORY, .high = IN_DX) \
	ONLY_64(INSN(#op "_m64", 64, model_##op, #op "q " AT("di"), IN_AX, IN_MEMORY,        \
		     .high = IN_DX))

TEST(multiply_bytes, "MUL and IMUL of all bytes: AX, and CF and OF if the upper half matters",
     SPEC("SDM vol. 2, MUL, IMUL"))
{
	const struct insn table[] = { ONE_OPERAND_8(mul) ONE_OPERAND_8(imul) };

	for_each_insn(insn, table)
		insn_check_bytes(insn);
}

TEST(multiply, "MUL and IMUL with the accumulator give both halves of the product",
     SPEC("SDM vol. 2, MUL, IMUL"))
{
	const struct insn table[] = { ONE_OPERAND(mul) ONE_OPERAND(imul) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(imul_two_operands, "IMUL r, r/m truncates; CF and OF tell that the product did not fit",
     SPEC("SDM vol. 2A, IMUL"))
{
	const struct insn table[] = {
		INSN("imul_r16_r16", 16, model_imul_truncated, "imul %%cx, %%ax", IN_AX,
		     IN_CX) INSN("imul_r32_r32", 32, model_imul_truncated, "imul %%ecx, %%eax",
				 IN_AX, IN_CX) INSN("imul_r16_m16", 16, model_imul_truncated,
						    "imul " AT("di") ", %%ax", IN_AX, IN_MEMORY)
			INSN("imul_r32_m32", 32, model_imul_truncated, "imul " AT("di") ", %%eax",
			     IN_AX, IN_MEMORY)
				ONLY_64(INSN("imul_r64_r64", 64, model_imul_truncated,
					     "imul %%rcx, %%rax", IN_AX, IN_CX))
					ONLY_64(INSN("imul_r64_m64", 64, model_imul_truncated,
						     "imul (%%rdi), %%rax", IN_AX, IN_MEMORY))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* The three-operand form writes a register that it does not read: its factors are src and third. */
static void imul_third(const struct alu_in *in, struct alu_out *out)
{
	struct alu_in factors = *in;

	factors.dst = in->third;
	model_imul_truncated(&factors, out);
}

#define BY(name, width, value, operands, src)                                            \
	INSN("imul_" name, width, imul_third, "imul $" #value ", " operands, IN_AX, src, \
	     .third = IMMEDIATE, .immediate = (u64)(value))

TEST(imul_three_operands, "IMUL r, r/m, imm with a byte, which is sign-extended, and a full one",
     SPEC("SDM vol. 2A, IMUL"))
{
	const struct insn table[] = {
		BY("r16_r16_imm8", 16, -2, "%%cx, %%ax",
		   IN_CX) BY("r16_r16_imm16", 16, 0x7fff, "%%cx, %%ax",
			     IN_CX) BY("r32_r32_imm8", 32, -128, "%%ecx, %%eax", IN_CX)
			BY("r32_r32_imm32", 32, 0x12345678, "%%ecx, %%eax",
			   IN_CX) BY("r32_m32_imm8", 32, 127, AT("di") ", %%eax", IN_MEMORY)
				BY("r32_m32_imm32", 32, -0x12345679, AT("di") ", %%eax", IN_MEMORY)
					ONLY_64(BY("r64_r64_imm8", 64, -1, "%%rcx, %%rax", IN_CX))
						ONLY_64(BY("r64_r64_imm32", 64, 0x7fffffff,
							   "%%rcx, %%rax", IN_CX))
							ONLY_64(BY("r64_m64_imm32", 64, -0x7fffffff,
								   "(%%rdi), %%rax", IN_MEMORY))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* Likewise MULX, of rDX, here third; its two results are AX, the low half, and BX. */
static void mulx_third(const struct alu_in *in, struct alu_out *out)
{
	struct alu_in factors = *in;

	factors.dst = in->third;
	model_mulx(&factors, out);
}

TEST(mulx, "MULX gives both halves of the product in any registers and leaves all flags alone",
     SPEC("SDM vol. 2B, MULX"), REQUIRES(cpu_has(X86_FEATURE_BMI2)))
{
	const struct insn table[] = {
		INSN("mulx_r32", 32, mulx_third, "mulx %%ecx, %%eax, %%ebx", IN_AX, IN_CX,
		     .third = IN_DX, .high = IN_BX)
			INSN("mulx_m32", 32, mulx_third, "mulx " AT("di") ", %%eax, %%ebx", IN_AX,
			     IN_MEMORY, .third = IN_DX, .high = IN_BX)
				ONLY_64(INSN("mulx_r64", 64, mulx_third, "mulx %%rcx, %%rax, %%rbx",
					     IN_AX, IN_CX, .third = IN_DX, .high = IN_BX))
					ONLY_64(INSN("mulx_m64", 64, mulx_third,
						     "mulx (%%rdi), %%rax, %%rbx", IN_AX, IN_MEMORY,
						     .third = IN_DX, .high = IN_BX))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

#define DIVISION(op)                                                                               \
	INSN(#op "_r8", 8, model_##op, #op " %%cl", IN_AX, IN_CX, .third = IN_AH, .high = IN_AH)   \
	INSN(#op "_r16", 16, model_##op, #op " %%cx", IN_AX, IN_CX, .third = IN_DX, .high = IN_DX) \
	INSN(#op "_r32", 32, model_##op, #op " %%ecx", IN_AX, IN_CX, .third = IN_DX,               \
	     .high = IN_DX)                                                                        \
	ONLY_64(INSN(#op "_r64", 64, model_##op, #op " %%rcx", IN_AX, IN_CX, .third = IN_DX,       \
		     .high = IN_DX))                                                               \
	INSN(#op "_m8", 8, model_##op, #op "b " AT("di"), IN_AX, IN_MEMORY, .third = IN_AH,        \
	     .high = IN_AH)                                                                        \
	INSN(#op "_m16", 16, model_##op, #op "w " AT("di"), IN_AX, IN_MEMORY, .third = IN_DX,      \
	     .high = IN_DX)                                                                        \
	INSN(#op "_m32", 32, model_##op, #op "l " AT("di"), IN_AX, IN_MEMORY, .third = IN_DX,      \
	     .high = IN_DX)                                                                        \
	ONLY_64(INSN(#op "_m64", 64, model_##op, #op "q " AT("di"), IN_AX, IN_MEMORY,              \
		     .third = IN_DX, .high = IN_DX))

TEST(divide, "DIV and IDIV give quotient and remainder, or #DE with all registers as they were",
     SPEC("SDM vol. 2A, DIV, IDIV"))
{
	const struct insn table[] = { DIVISION(div) DIVISION(idiv) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(divide_most_negative, "IDIV of the most negative dividend by -1 raises #DE",
     SPEC("SDM vol. 2A, IDIV"))
{
	const struct insn table[] = { DIVISION(idiv) };

	for_each_insn(insn, table) {
		struct alu_in in = { .src = ~0ull, .dst = 0, .third = BIT(insn->shape->width - 1) };

		SUBTEST("%s", insn->shape->name);
		fault_clear();
		insn_check(insn, &in);
		EXPECT_NO_FAULT(fault_taken());
	}
}

/*
 * Checks the dividends around `divisor` << shift, from two below to two above, and their negatives:
 * the quotients around 2^shift.
 */
static void check_around(const struct insn *insn, u64 divisor, unsigned shift)
{
	struct alu_in in = { .src = divisor, .flags = 0 };
	u64 low = shift == insn->shape->width ? 0 : divisor << shift;
	u64 high = shift == insn->shape->width ? divisor : divisor >> (insn->shape->width - shift);

	low &= BITS(insn->shape->width - 1, 0);
	for (int offset = -2; offset <= 2; offset++) {
		in.dst = (low + offset) & BITS(insn->shape->width - 1, 0);
		in.third = high + (offset < 0 ? -(in.dst > low) : in.dst < low);
		insn_check(insn, &in);

		in.third = ~in.third + (in.dst == 0);
		in.dst = -in.dst;
		insn_check(insn, &in);

		/* A negative divisor, and the farthest remainder towards the next quotient. */
		in.src = -divisor;
		insn_check(insn, &in);
		in.dst -= divisor - 1;
		insn_check(insn, &in);
		in.src = divisor;
	}
}

TEST(divide_limits, "DIV and IDIV take the largest quotient that fits and raise #DE one beyond",
     SPEC("SDM vol. 2A, DIV, IDIV"))
{
	const struct insn table[] = { DIVISION(div) DIVISION(idiv) };

	for_each_insn(insn, table) {
		SUBTEST("%s", insn->shape->name);
		fault_clear();
		for (u32 i = 0; i < edge_count; i++) {
			u64 divisor = edge_values[i] & BITS(insn->shape->width - 1, 0);

			check_around(insn, divisor, insn->shape->width);
			check_around(insn, divisor, insn->shape->width - 1);
		}
		for (u32 i = 0; i < 20; i++) {
			u64 divisor = random_u64() & BITS(insn->shape->width - 1, 0);

			check_around(insn, divisor, insn->shape->width);
			check_around(insn, divisor, insn->shape->width - 1);
		}
		EXPECT_NO_FAULT(fault_taken());
	}
}
