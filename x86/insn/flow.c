/* SPDX-License-Identifier: MIT */
/* Everything that depends on a condition: SETcc, CMOVcc, Jcc, the LOOPs. */
#include "insn.h"

#include <mm/page.h>
#include <mm/space.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("Conditions");

/* The conditions by their number, the low four bits of the opcodes. */
#define EACH_CONDITION(row)                                                                     \
	row(0, "o") row(1, "no") row(2, "b") row(3, "ae") row(4, "e") row(5, "ne") row(6, "be") \
		row(7, "a") row(8, "s") row(9, "ns") row(10, "p") row(11, "np") row(12, "l")    \
			row(13, "ge") row(14, "le") row(15, "g")

struct conditional {
	const char *name;
	const void *code;
};

#define CONDITION_SPEC "SDM vol. 2D, appendix B, table B-10"

/* Runs each of the 16 rows with each combination of the flags; checks what is common to all. */
#define for_each_combination(i) for (u32 i = 0; i < 64; i++)

#define SETCC(number, cc)	 { "set" cc, CODE("set" cc " %%al") },
#define SETCC_HIGH(number, cc)	 { "set" cc "_high", CODE("set" cc " %%ah") },
#define SETCC_MEMORY(number, cc) { "set" cc "_m8", CODE("set" cc " " AT("di")) },

TEST(setcc, "SETcc makes a byte 0 or 1, the rest of the register as it was",
     SPEC("SDM vol. 2B, SETcc; " CONDITION_SPEC))
{
	const struct conditional low[] = { EACH_CONDITION(SETCC) };
	const struct conditional high[] = { EACH_CONDITION(SETCC_HIGH) };
	const struct conditional memory[] = { EACH_CONDITION(SETCC_MEMORY) };

	for (u32 cc = 0; cc < 16; cc++) {
		SUBTEST("%s", low[cc].name);
		for_each_combination(i) {
			ulong flags = insn_flags(i) | FLAG_1;
			u32 expected = model_condition(cc, flags);
			u8 bytes[3] = { 0x5a, 0x5a, 0x5a };
			struct registers r = { .ax = 0x12345678,
					       .di = (ulong)&bytes[1],
					       .flags = flags };

			execute(low[cc].code, &r);
			EXPECT_EQ(r.ax, 0x12345600ul | expected, "flags %#x", insn_flags(i));
			execute(high[cc].code, &r);
			EXPECT_EQ(r.ax, 0x12340000ul | expected << 8 | expected, "flags %#x",
				  insn_flags(i));
			execute(memory[cc].code, &r);
			EXPECT_MEM_EQ(bytes, ((u8[]){ 0x5a, expected, 0x5a }), 3, "flags %#x",
				      insn_flags(i));
			EXPECT_EQ(r.flags, flags);
		}
	}
}

#define CMOV_16(number, cc)	{ "cmov" cc, CODE("cmov" cc " %%cx, %%ax") },
#define CMOV_32(number, cc)	{ "cmov" cc, CODE("cmov" cc " %%ecx, %%eax") },
#define CMOV_MEMORY(number, cc) { "cmov" cc, CODE("cmov" cc " " AT("di") ", " NATIVE("ax")) },

TEST(cmovcc, "CMOVcc moves if the condition holds; 32 bits clear the upper half either way",
     SPEC("SDM vol. 2A, CMOVcc; " CONDITION_SPEC), REQUIRES(cpu_has(X86_FEATURE_CMOV)))
{
	const struct conditional words[] = { EACH_CONDITION(CMOV_16) };
	const struct conditional doublewords[] = { EACH_CONDITION(CMOV_32) };
	const struct conditional native[] = { EACH_CONDITION(CMOV_MEMORY) };
	const ulong ax = (ulong)0x1122334455667788, cx = (ulong)0x99aabbccddeeff01;

	for (u32 cc = 0; cc < 16; cc++) {
		SUBTEST("%s", words[cc].name);
		for_each_combination(i) {
			ulong flags = insn_flags(i) | FLAG_1;
			bool holds = model_condition(cc, flags);
			ulong operand = cx;
			struct registers r = {
				.ax = ax, .cx = cx, .di = (ulong)&operand, .flags = flags
			};

			execute(words[cc].code, &r);
			EXPECT_EQ(r.ax, holds ? (ax & ~0xfffful) | 0xff01 : ax, "flags %#x",
				  insn_flags(i));
			r.ax = ax;
			execute(doublewords[cc].code, &r);
			EXPECT_EQ(r.ax, holds ? 0xddeeff01ul : 0x55667788ul, "flags %#x",
				  insn_flags(i));
			r.ax = ax;
			execute(native[cc].code, &r);
			EXPECT_EQ(r.ax, holds ? cx : ax, "flags %#x", insn_flags(i));
			EXPECT_EQ(r.flags, flags);
			EXPECT_EQ(r.cx, cx);
		}
	}
}

#define SETCC_ROW(number, cc)                                                                      \
	INSN("set" cc "_r8", 8, model_setcc, "set" cc " %%cl", IN_CX, NOWHERE, .third = IMMEDIATE, \
	     .immediate = (number))                                                                \
	INSN("set" cc "_m8", 8, model_setcc, "set" cc " " AT("di"), IN_MEMORY, NOWHERE,            \
	     .third = IMMEDIATE, .immediate = (number))
#define CMOV_ROW(number, cc)                                                                       \
	INSN("cmov" cc "_m16", 16, model_cmov, "cmov" cc " " AT("di") ", %%ax", IN_AX, IN_MEMORY,  \
	     .third = IMMEDIATE, .immediate = (number))                                            \
	INSN("cmov" cc "_m32", 32, model_cmov, "cmov" cc " " AT("di") ", %%eax", IN_AX, IN_MEMORY, \
	     .third = IMMEDIATE, .immediate = (number))                                            \
	ONLY_64(INSN("cmov" cc "_r32", 32, model_cmov, "cmov" cc " %%ecx, %%eax", IN_AX, IN_CX,    \
		     .third = IMMEDIATE, .immediate = (number))                                    \
			INSN("cmov" cc "_m64", 64, model_cmov, "cmov" cc " (%%rdi), %%rax", IN_AX, \
			     IN_MEMORY, .third = IMMEDIATE, .immediate = (number)))

TEST(setcc_places, "SETcc of registers and memory in every place",
     SPEC("SDM vol. 2B, SETcc; " CONDITION_SPEC))
{
	const struct insn table[] = { EACH_CONDITION(SETCC_ROW) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(cmovcc_places, "CMOVcc in every place: memory is read and the upper half cleared always",
     SPEC("SDM vol. 2A, CMOVcc; " CONDITION_SPEC), REQUIRES(cpu_has(X86_FEATURE_CMOV)))
{
	const struct insn table[] = { EACH_CONDITION(CMOV_ROW) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(cmovcc_reads_memory, "CMOVcc with an absent memory operand faults whether it moves or not",
     SPEC("SDM vol. 2A, CMOVcc, Operation: temp := SRC comes before the condition"),
	  REQUIRES(cpu_has(X86_FEATURE_CMOV)))
{
	const struct conditional table[] = { EACH_CONDITION(CMOV_MEMORY) };
	u8 *absent = page_alloc();

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	for (u32 cc = 0; cc < 16; cc++) {
		SUBTEST("%s", table[cc].name);
		for (u32 i = 0; i < 2; i++) {
			struct registers r = { .ax = (ulong)0x1122334455667788,
					       .di = (ulong)absent,
					       .flags = FLAG_1 | (i ? ALU_STATUS : 0) };

			EXPECT_FAULT(PF(0, absent), execute_try(table[cc].code, &r));
			EXPECT_EQ(r.ax, (ulong)0x1122334455667788);
		}
	}
}

#define JCC_SHORT(number, cc) { "j" cc, CODE("j" cc " 1f; mov $1, %%eax; 1:") },
/* 0F 80h + condition with a 32-bit displacement, over the five bytes of the MOV. */
#define JCC_NEAR(number, cc) \
	{ "j" cc "_near", CODE(".byte 0x0f, 0x80 + " #number "; .long 5; mov $1, %%eax") },
#define JCC_BACK(number, cc) \
	{ "j" cc "_back",    \
	  CODE("jmp 2f; 1: mov $2, %%eax; jmp 3f; 2: j" cc " 1b; mov $1, %%eax; 3:") },

TEST(jcc, "Jcc jumps if the condition holds, near and short, forward and back",
     SPEC("SDM vol. 2A, Jcc; " CONDITION_SPEC))
{
	const struct conditional near[] = { EACH_CONDITION(JCC_NEAR) };
	const struct conditional shorts[] = { EACH_CONDITION(JCC_SHORT) };
	const struct conditional back[] = { EACH_CONDITION(JCC_BACK) };

	for (u32 cc = 0; cc < 16; cc++) {
		SUBTEST("%s", shorts[cc].name);
		for_each_combination(i) {
			ulong flags = insn_flags(i) | FLAG_1;
			bool holds = model_condition(cc, flags);
			struct registers r = { .ax = 0, .flags = flags };

			execute(shorts[cc].code, &r);
			EXPECT_EQ(r.ax, holds ? 0u : 1u, "flags %#x", insn_flags(i));
			r.ax = 0;
			execute(near[cc].code, &r);
			EXPECT_EQ(r.ax, holds ? 0u : 1u, "flags %#x", insn_flags(i));
			r.ax = 0;
			execute(back[cc].code, &r);
			EXPECT_EQ(r.ax, holds ? 2u : 1u, "flags %#x", insn_flags(i));
			EXPECT_EQ(r.flags, flags);
		}
	}
}

TEST(loop, "LOOP, LOOPE and LOOPNE count rCX down, change no flag, and look at ZF",
     SPEC("SDM vol. 2A, LOOP/LOOPcc"))
{
	static const ulong counts[] = { 0, 1, 2, 0x100, 0x10000, 0x80000000, ~0ul };

	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		for_each_combination(j) {
			ulong flags = insn_flags(j) | FLAG_1;
			bool again = counts[i] != 1;
			bool zf = flags & FLAG_ZF;
			struct registers r = { .cx = counts[i], .flags = flags };

			execute(CODE("loop 1f; mov $1, %%eax; 1:"), &r);
			EXPECT_EQ(r.ax, again ? 0u : 1u, "LOOP, count %#llx", (u64)counts[i]);
			EXPECT_EQ(r.cx, counts[i] - 1);
			r = (struct registers){ .cx = counts[i], .flags = flags };
			execute(CODE("loope 1f; mov $1, %%eax; 1:"), &r);
			EXPECT_EQ(r.ax, again && zf ? 0u : 1u, "LOOPE, count %#llx",
				  (u64)counts[i]);
			EXPECT_EQ(r.cx, counts[i] - 1);
			r = (struct registers){ .cx = counts[i], .flags = flags };
			execute(CODE("loopne 1f; mov $1, %%eax; 1:"), &r);
			EXPECT_EQ(r.ax, again && !zf ? 0u : 1u, "LOOPNE, count %#llx",
				  (u64)counts[i]);
			EXPECT_EQ(r.cx, counts[i] - 1);
			EXPECT_EQ(r.flags, flags);
		}
	}
}

/* E3h: the mnemonic has the register's name in it. */
#define JUMP_IF_ZERO ".byte 0xe3, 5; mov $1, %%eax"

TEST(jump_if_zero, "JECXZ and JRCXZ jump if the whole register is 0",
     SPEC("SDM vol. 2A, Jcc, JCXZ/JECXZ/JRCXZ"))
{
	for (u32 bit = 0; bit <= sizeof(ulong) * 8; bit++) {
		struct registers r = { .cx = bit < sizeof(ulong) * 8 ? (ulong)BIT(bit) : 0,
				       .flags = FLAG_1 };

		execute(CODE(JUMP_IF_ZERO), &r);
		EXPECT_EQ(r.ax, bit < sizeof(ulong) * 8 ? 1u : 0u, "bit %u", bit);
	}
}
