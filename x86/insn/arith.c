/* SPDX-License-Identifier: MIT */
/* Addition, subtraction and logic, in every shape of operands that the instructions have. */
#include "insn.h"

#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("Arithmetic and logic");

/* op src, dst on registers. */
#define REG_8(op) INSN(#op "_r8_r8", 8, model_##op, #op " %%cl, %%al", IN_AX, IN_CX)
#define REG_WIDE(op)                                                            \
	INSN(#op "_r16_r16", 16, model_##op, #op " %%cx, %%ax", IN_AX, IN_CX)   \
	INSN(#op "_r32_r32", 32, model_##op, #op " %%ecx, %%eax", IN_AX, IN_CX) \
	ONLY_64(INSN(#op "_r64_r64", 64, model_##op, #op " %%rcx, %%rax", IN_AX, IN_CX))

/* AH, CH, DH, BH as either operand and as both. */
#define HIGH_BYTES(op)                                                     \
	INSN(#op "_ah_cl", 8, model_##op, #op " %%cl, %%ah", IN_AH, IN_CX) \
	INSN(#op "_bl_ch", 8, model_##op, #op " %%ch, %%bl", IN_BX, IN_CH) \
	INSN(#op "_dh_bh", 8, model_##op, #op " %%bh, %%dh", IN_DH, IN_BH)

#define TO_MEMORY_(op, prefix, mark, ...)                                                          \
	INSN(mark #op "_m8_r8", 8, model_##op, prefix #op " %%cl, " AT("di"), IN_MEMORY, IN_CX,    \
	     ##__VA_ARGS__)                                                                        \
	INSN(mark #op "_m16_r16", 16, model_##op, prefix #op " %%cx, " AT("di"), IN_MEMORY, IN_CX, \
	     ##__VA_ARGS__)                                                                        \
	INSN(mark #op "_m32_r32", 32, model_##op, prefix #op " %%ecx, " AT("di"), IN_MEMORY,       \
	     IN_CX, ##__VA_ARGS__)                                                                 \
	ONLY_64(INSN(mark #op "_m64_r64", 64, model_##op, prefix #op " %%rcx, " AT("di"),          \
		     IN_MEMORY, IN_CX, ##__VA_ARGS__))
#define TO_MEMORY(op)	     TO_MEMORY_(op, "", "")
#define TO_MEMORY_LOCKED(op) TO_MEMORY_(op, "lock ", "lock_", .aligned = true)

#define FROM_MEMORY(op)                                                                    \
	INSN(#op "_r8_m8", 8, model_##op, #op " " AT("di") ", %%al", IN_AX, IN_MEMORY)     \
	INSN(#op "_r16_m16", 16, model_##op, #op " " AT("di") ", %%ax", IN_AX, IN_MEMORY)  \
	INSN(#op "_r32_m32", 32, model_##op, #op " " AT("di") ", %%eax", IN_AX, IN_MEMORY) \
	ONLY_64(INSN(#op "_r64_m64", 64, model_##op, #op " " AT("di") ", %%rax", IN_AX, IN_MEMORY))

#define WITH_IMMEDIATE(name, width, op, operand, place, value) \
	INSN(#op name, width, model_##op, #op operand, place, IMMEDIATE, .immediate = (value))

/* The short forms for the accumulator, bytes (sign-extended for wider operands), and full ones. */
#define IMMEDIATES(op)                                                                          \
	WITH_IMMEDIATE("_al_imm8", 8, op, " $0x7f, %%al", IN_AX, 0x7f)                          \
	WITH_IMMEDIATE("_bl_imm8", 8, op, " $0x80, %%bl", IN_BX, 0x80)                          \
	WITH_IMMEDIATE("_ax_imm16", 16, op, " $0x8001, %%ax", IN_AX, 0x8001)                    \
	WITH_IMMEDIATE("_bx_imm8", 16, op, " $-2, %%bx", IN_BX, 0xfffe)                         \
	WITH_IMMEDIATE("_eax_imm32", 32, op, " $0x87654321, %%eax", IN_AX, 0x87654321)          \
	WITH_IMMEDIATE("_ebx_imm8", 32, op, " $-128, %%ebx", IN_BX, 0xffffff80)                 \
	WITH_IMMEDIATE("_m8_imm8", 8, op, "b $0xff, " AT("di"), IN_MEMORY, 0xff)                \
	WITH_IMMEDIATE("_m16_imm16", 16, op, "w $0x7ffe, " AT("di"), IN_MEMORY, 0x7ffe)         \
	WITH_IMMEDIATE("_m32_imm32", 32, op, "l $0x12345678, " AT("di"), IN_MEMORY, 0x12345678) \
	ONLY_64(WITH_IMMEDIATE("_rax_imm32", 64, op, " $-0x12345678, %%rax", IN_AX,             \
			       -0x12345678ull))                                                 \
	ONLY_64(WITH_IMMEDIATE("_rbx_imm8", 64, op, " $-1, %%rbx", IN_BX, ~0ull))               \
	ONLY_64(WITH_IMMEDIATE("_m64_imm32", 64, op, "q $0x7fffffff, " AT("di"), IN_MEMORY,     \
			       0x7fffffff))

#define UNARY_8(op)                                                 \
	INSN(#op "_r8", 8, model_##op, #op " %%al", IN_AX, NOWHERE) \
	INSN(#op "_r8_high", 8, model_##op, #op " %%ch", IN_CH, NOWHERE)
#define UNARY_WIDE(op)                                                 \
	INSN(#op "_r16", 16, model_##op, #op " %%ax", IN_AX, NOWHERE)  \
	INSN(#op "_r32", 32, model_##op, #op " %%eax", IN_AX, NOWHERE) \
	ONLY_64(INSN(#op "_r64", 64, model_##op, #op " %%rax", IN_AX, NOWHERE))
#define UNARY_MEMORY_(op, prefix, mark, ...)                                                \
	INSN(mark #op "_m8", 8, model_##op, prefix #op "b " AT("di"), IN_MEMORY, NOWHERE,   \
	     ##__VA_ARGS__)                                                                 \
	INSN(mark #op "_m16", 16, model_##op, prefix #op "w " AT("di"), IN_MEMORY, NOWHERE, \
	     ##__VA_ARGS__)                                                                 \
	INSN(mark #op "_m32", 32, model_##op, prefix #op "l " AT("di"), IN_MEMORY, NOWHERE, \
	     ##__VA_ARGS__)                                                                 \
	ONLY_64(INSN(mark #op "_m64", 64, model_##op, prefix #op "q " AT("di"), IN_MEMORY,  \
		     NOWHERE, ##__VA_ARGS__))
#define UNARY_MEMORY(op)	UNARY_MEMORY_(op, "", "")
#define UNARY_MEMORY_LOCKED(op) UNARY_MEMORY_(op, "lock ", "lock_", .aligned = true)

/* Those of the eight that write their destination. */
#define EACH_WRITER(rows) rows(add) rows(adc) rows(sub) rows(sbb) rows(and) rows(or) rows(xor)
#define EACH_UNARY(rows)  rows(inc) rows(dec) rows(neg) rows(not )

#define BINARY_SPEC "SDM vol. 2, ADD, ADC, SUB, SBB, CMP, AND, OR, XOR, TEST; vol. 1, 3.4.1.1"
#define UNARY_SPEC  "SDM vol. 2, INC, DEC, NEG, NOT; vol. 1, 3.4.1.1"

TEST(alu_bytes, "8-bit arithmetic and logic gives the right result and flags for all operands",
     SPEC(BINARY_SPEC))
{
	const struct insn table[] = { EACH_WRITER(REG_8) REG_8(cmp) REG_8(test) };

	for_each_insn(insn, table)
		insn_check_bytes(insn);
}

TEST(alu_registers, "arithmetic and logic on wider registers, 32 bits clearing the upper half",
     SPEC(BINARY_SPEC))
{
	const struct insn table[] = { EACH_WRITER(REG_WIDE) REG_WIDE(cmp) REG_WIDE(test) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(alu_high_bytes, "AH, CH, DH and BH are operands that leave the rest of their registers alone",
     SPEC(BINARY_SPEC))
{
	const struct insn table[] = { EACH_WRITER(HIGH_BYTES) HIGH_BYTES(cmp) HIGH_BYTES(test) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(alu_memory_destination, "arithmetic and logic on memory changes the operand's bytes only",
     SPEC(BINARY_SPEC))
{
	const struct insn table[] = { EACH_WRITER(TO_MEMORY) TO_MEMORY(cmp) TO_MEMORY(test) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(alu_memory_source, "arithmetic and logic with a source in memory does not change it",
     SPEC(BINARY_SPEC))
{
	const struct insn table[] = { EACH_WRITER(FROM_MEMORY) FROM_MEMORY(cmp) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(alu_locked, "a LOCK prefix changes neither result nor flags", SPEC("SDM vol. 2A, LOCK"))
{
	const struct insn table[] = { EACH_WRITER(TO_MEMORY_LOCKED)
					      EACH_UNARY(UNARY_MEMORY_LOCKED) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(alu_immediates, "immediate operands, of which a byte is sign-extended", SPEC(BINARY_SPEC))
{
	const struct insn arithmetic[] = { IMMEDIATES(add) IMMEDIATES(adc) IMMEDIATES(sub)
						   IMMEDIATES(sbb) IMMEDIATES(cmp) };
	const struct insn logic[] = { IMMEDIATES(and) IMMEDIATES(or) IMMEDIATES(xor)
					      IMMEDIATES(test) };

	for_each_insn(insn, arithmetic)
		insn_check_edges(insn);
	for_each_insn(insn, logic)
		insn_check_edges(insn);
}

TEST(unary_bytes, "8-bit INC, DEC, NEG and NOT for all operands", SPEC(UNARY_SPEC))
{
	const struct insn table[] = { EACH_UNARY(UNARY_8) };

	for_each_insn(insn, table)
		insn_check_bytes(insn);
}

TEST(unary_registers, "INC, DEC, NEG and NOT of wider registers; INC and DEC keep CF",
     SPEC(UNARY_SPEC))
{
	const struct insn table[] = { EACH_UNARY(UNARY_WIDE) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(unary_memory, "INC, DEC, NEG and NOT of memory", SPEC(UNARY_SPEC))
{
	const struct insn table[] = { EACH_UNARY(UNARY_MEMORY) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

#define CARRY_CHAIN(op)                                                                    \
	INSN(#op "_r32_r32", 32, model_##op, #op " %%ecx, %%eax", IN_AX, IN_CX)            \
	INSN(#op "_r32_m32", 32, model_##op, #op " " AT("di") ", %%eax", IN_AX, IN_MEMORY) \
	ONLY_64(INSN(#op "_r64_r64", 64, model_##op, #op " %%rcx, %%rax", IN_AX, IN_CX))   \
	ONLY_64(INSN(#op "_r64_m64", 64, model_##op, #op " " AT("di") ", %%rax", IN_AX, IN_MEMORY))

TEST(adx, "ADCX carries through CF, ADOX through OF; each leaves all other flags alone",
     SPEC("SDM vol. 2A, ADCX, ADOX"), REQUIRES(cpu_has(X86_FEATURE_ADX)))
{
	const struct insn table[] = { CARRY_CHAIN(adcx) CARRY_CHAIN(adox) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* One flag alone, with all others set and clear, is what CLC, STC and CMC change. */
#define CARRY_FLAG(op) INSN(#op, 8, model_##op, #op, NOWHERE, NOWHERE)

TEST(carry_flag, "CLC, STC and CMC change CF and nothing else", SPEC("SDM vol. 2, CLC, STC, CMC"))
{
	const struct insn table[] = { CARRY_FLAG(clc) CARRY_FLAG(stc) CARRY_FLAG(cmc) };

	for_each_insn(insn, table) {
		SUBTEST("%s", insn->shape->name);
		for (u32 i = 0; i < 64; i++) {
			struct alu_in in = { .flags = insn_flags(i) };

			insn_check(insn, &in);
		}
		EXPECT_NO_FAULT(fault_taken());
		insn_check_other_places(insn);
	}
}

#define LAHF_SAHF(op) INSN(#op, 16, model_##op, #op, IN_AX, NOWHERE)

TEST(lahf_sahf, "LAHF and SAHF move SF, ZF, AF, PF and CF, bit 1 set, between AH and the flags",
     SPEC("SDM vol. 2, LAHF, SAHF"), REQUIRES(sizeof(ulong) == 4 || cpu_has(X86_FEATURE_LAHF_LM)))
{
	const struct insn table[] = { LAHF_SAHF(lahf) LAHF_SAHF(sahf) };

	for_each_insn(insn, table) {
		SUBTEST("%s", insn->shape->name);
		for (u32 i = 0; i < 64; i++) {
			for (u32 ah = 0; ah < 0x100; ah++) {
				struct alu_in in = { .dst = ah << 8 | 0x77,
						     .flags = insn_flags(i) };

				insn_check(insn, &in);
			}
		}
		EXPECT_NO_FAULT(fault_taken());
		insn_check_other_places(insn);
	}
}
