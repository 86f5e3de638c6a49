/* SPDX-License-Identifier: MIT */
/* Instructions that exchange: XCHG, XADD, CMPXCHG, CMPXCHG8B. With memory, XCHG is always locked. */
#include "insn.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>

SUITE("Exchanges");

#define WITH_REGISTER(op)                                                                      \
	INSN(#op "_r8_r8", 8, model_##op, #op " %%cl, %%al", IN_AX, IN_CX, .high = IN_CX)      \
	INSN(#op "_ah_bl", 8, model_##op, #op " %%bl, %%ah", IN_AH, IN_BX, .high = IN_BX)      \
	INSN(#op "_r16_r16", 16, model_##op, #op " %%bx, %%cx", IN_CX, IN_BX, .high = IN_BX)   \
	INSN(#op "_r32_r32", 32, model_##op, #op " %%ebx, %%ecx", IN_CX, IN_BX, .high = IN_BX) \
	ONLY_64(INSN(#op "_r64_r64", 64, model_##op, #op " %%rbx, %%rcx", IN_CX, IN_BX,        \
		     .high = IN_BX))
#define WITH_MEMORY(op, prefix, mark)                                                              \
	INSN(mark #op "_m8_r8", 8, model_##op, prefix #op " %%cl, " AT("di"), IN_MEMORY, IN_CX,    \
	     .high = IN_CX, .aligned = true)                                                       \
	INSN(mark #op "_m8_ch", 8, model_##op, prefix #op " %%ch, " AT("di"), IN_MEMORY, IN_CH,    \
	     .high = IN_CH, .aligned = true)                                                       \
	INSN(mark #op "_m16_r16", 16, model_##op, prefix #op " %%cx, " AT("di"), IN_MEMORY, IN_CX, \
	     .high = IN_CX, .aligned = true)                                                       \
	INSN(mark #op "_m32_r32", 32, model_##op, prefix #op " %%ecx, " AT("di"), IN_MEMORY,       \
	     IN_CX, .high = IN_CX, .aligned = true)                                                \
	ONLY_64(INSN(mark #op "_m64_r64", 64, model_##op, prefix #op " %%rcx, (%%rdi)", IN_MEMORY, \
		     IN_CX, .high = IN_CX, .aligned = true))

TEST(xchg, "XCHG swaps, with and without LOCK, and changes no flag", SPEC("SDM vol. 2D, XCHG"))
{
	const struct insn table[] = { WITH_REGISTER(xchg) WITH_MEMORY(xchg, "", "")
					      WITH_MEMORY(xchg, "lock ", "lock_") };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

#define ACCUMULATOR(name, width, text) \
	INSN("xchg_" name, width, model_xchg, text, IN_CX, IN_AX, .high = IN_AX, .spelt_out = true)

TEST(xchg_accumulator, "the one-byte forms of XCHG swap with the accumulator",
     SPEC("SDM vol. 2D, XCHG"))
{
	/* 90h + register; assemblers choose it by themselves, which is why it is spelt out. */
	const struct insn table[] = { ACCUMULATOR("ax_r16", 16, ".byte 0x66, 0x91") ACCUMULATOR(
		"eax_r32", 32,
		".byte 0x91") ONLY_64(ACCUMULATOR("rax_r64", 64, ".byte 0x48, 0x91")) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(xadd, "XADD leaves the sum in the destination, its old value in the source",
     SPEC("SDM vol. 2D, XADD"))
{
	const struct insn table[] = { WITH_REGISTER(xadd) WITH_MEMORY(xadd, "", "")
					      WITH_MEMORY(xadd, "lock ", "lock_") };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* Destination DX or memory, source CX; the accumulator is read and perhaps written. */
#define COMPARE_(prefix, mark, place, byte, word, dword, qword, ...)                          \
	INSN(mark "8_r8", 8, model_cmpxchg, prefix "cmpxchg %%cl, " byte, place, IN_CX,       \
	     .third = IN_AX, .high = IN_AX, ##__VA_ARGS__)                                    \
	INSN(mark "16_r16", 16, model_cmpxchg, prefix "cmpxchg %%cx, " word, place, IN_CX,    \
	     .third = IN_AX, .high = IN_AX, ##__VA_ARGS__)                                    \
	INSN(mark "32_r32", 32, model_cmpxchg, prefix "cmpxchg %%ecx, " dword, place, IN_CX,  \
	     .third = IN_AX, .high = IN_AX, ##__VA_ARGS__)                                    \
	ONLY_64(INSN(mark "64_r64", 64, model_cmpxchg, prefix "cmpxchg %%rcx, " qword, place, \
		     IN_CX, .third = IN_AX, .high = IN_AX, ##__VA_ARGS__))
#define COMPARE_MEMORY(prefix, mark, ...)                                                     \
	COMPARE_(prefix, mark "cmpxchg_m", IN_MEMORY, AT("di"), AT("di"), AT("di"), AT("di"), \
		 ##__VA_ARGS__)

TEST(cmpxchg, "CMPXCHG stores if the accumulator is equal, else loads it; flags as of CMP",
     SPEC("SDM vol. 2A, CMPXCHG"))
{
	const struct insn table[] = { COMPARE_("", "cmpxchg_r", IN_DX, "%%dl", "%%dx", "%%edx",
					       "%%rdx") COMPARE_MEMORY("", "")
					      COMPARE_MEMORY("lock ", "lock_", .aligned = true) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

struct pair {
	u64 before, operand, after;
};

/* For pairs that are equal, differ in one bit of either half, or in much. */
static void check_cmpxchg8b(const struct code *code, enum place place, struct pair *memory)
{
	static const u64 differences[] = { 0, 1, BIT(31), BIT(32), BIT(63), ~0ull };

	for (u32 i = 0; i < 64 * ARRAY_SIZE(differences); i++) {
		u64 old = random_u64(), new = random_u64();
		u64 expected = old ^ differences[i % ARRAY_SIZE(differences)];
		u64 model_memory[2] = { (u32)old, old >> 32 };
		u64 model_expected[2] = { (u32)expected, expected >> 32 };
		u64 model_new[2] = { (u32) new, new >> 32 };
		u32 flags = insn_flags(i / ARRAY_SIZE(differences)) | FLAG_1;
		/* What is above 32 bits does not count, and is cleared in what is loaded. */
		ulong upper = (ulong)(random_u64() & ~0xffffffffull);
		struct registers r = {
			.ax = (u32)expected | upper,
			.dx = (ulong)(expected >> 32) | upper,
			.bx = (u32) new | upper,
			.cx = (ulong)(new >> 32) | upper,
			.di = (ulong)&memory->operand,
			.flags = flags,
		};

		memory->before = memory->after = 0x5a5a5a5a5a5a5a5a;
		memory->operand = old;
		EXPECT_NO_FAULT(execute_in(place, code_in(place, code), &r));
		model_cmpxchg_pair(32, model_memory, model_expected, model_new, &flags);
		EXPECT_EQ(memory->operand, model_memory[1] << 32 | model_memory[0]);
		EXPECT_EQ((u32)r.ax, (u32)model_expected[0]);
		EXPECT_EQ((u32)r.dx, (u32)model_expected[1]);
		if (!(flags & ALU_ZF))
			EXPECT_EQ((u64)r.ax | r.dx, model_expected[0] | model_expected[1]);
		EXPECT_EQ((u32)r.bx, (u32) new);
		EXPECT_EQ((u32)r.cx, (u32)(new >> 32));
		EXPECT_EQ(r.flags, flags);
		EXPECT_EQ(memory->before, 0x5a5a5a5a5a5a5a5a);
		EXPECT_EQ(memory->after, 0x5a5a5a5a5a5a5a5a);
	}
}

TEST(cmpxchg8b, "CMPXCHG8B compares EDX:EAX with memory and changes ZF alone of the flags",
     SPEC("SDM vol. 2A, CMPXCHG8B/CMPXCHG16B"), BUG("XSA-200"), REQUIRES(cpu_has(X86_FEATURE_CX8)))
{
	/* The operand-size prefix does not count. */
	const struct {
		const char *name;
		struct code code;
		bool spelt_out;
	} table[] = {
		{ "plain", CODE_IN_ALL("cmpxchg8b " AT("di")), false },
		{ "locked", CODE_IN_ALL("lock cmpxchg8b " AT("di")), false },
		{ "66_prefix", CODE_IN_ALL(".byte 0x66, 0x0f, 0xc7, 0x0f"), true },
		{ "66_locked", CODE_IN_ALL(".byte 0x66, 0xf0, 0x0f, 0xc7, 0x0f"), true },
	};
	static struct pair memory __aligned(64);
	static u8 area[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		for_each_place(place, INSN_PLACES)
		{
			if (place_missing(place) || (place == CODE_16 && table[i].spelt_out))
				continue;
			insn_subtest(table[i].name, place);
			check_cmpxchg8b(&table[i].code, place,
					place == EMULATED ? (struct pair *)(mmio_window() + 64)
							  : &memory);
		}
	}
	/* It need not be aligned. */
	SUBTEST("across_pages");
	check_cmpxchg8b(&table[0].code, KERNEL, (struct pair *)(area + PAGE_SIZE - 11));
}

/* The same register twice: the model gets the same value twice. */
#define TWICE(op)                                                               \
	INSN(#op "_al_al", 8, model_##op, #op " %%al, %%al", IN_AX, IN_AX)      \
	INSN(#op "_ax_ax", 16, model_##op, #op " %%ax, %%ax", IN_AX, IN_AX)     \
	INSN(#op "_eax_eax", 32, model_##op, #op " %%eax, %%eax", IN_AX, IN_AX) \
	ONLY_64(INSN(#op "_rax_rax", 64, model_##op, #op " %%rax, %%rax", IN_AX, IN_AX))

TEST(same_register, "an instruction whose two operands are one register",
     SPEC("SDM vol. 2, ADD, ADC, SUB, SBB, AND, OR, XOR, CMP, TEST; vol. 1, 3.4.1.1"))
{
	const struct insn table[] = { TWICE(add) TWICE(adc) TWICE(sub) TWICE(sbb) TWICE(and)
					      TWICE(or) TWICE(xor) TWICE(cmp) TWICE(test) };

	for_each_insn(insn, table) {
		SUBTEST("%s", insn->shape->name);
		for (u32 i = 0; i < edge_count; i++) {
			for (u32 j = 0; j < 64; j++) {
				struct alu_in in = { .dst = edge_values[i],
						     .src = edge_values[i],
						     .flags = insn_flags(j) };

				EXPECT(insn_check(insn, &in));
			}
		}
	}
}

TEST(exchange_same_register,
     "XCHG and XADD of one register with itself, CMPXCHG of the accumulator",
     SPEC("SDM vol. 2D, XADD, XCHG; vol. 2A, CMPXCHG"))
{
	for (u32 i = 0; i < edge_count; i++) {
		const ulong value = (ulong)edge_values[i];
		const ulong al = value & 0xff, ah = value >> 8 & 0xff;
		struct registers r = { .ax = value, .cx = ~value, .flags = FLAG_1 };

		execute(CODE("xadd %%eax, %%eax"), &r);
		EXPECT_EQ(r.ax, (u32)(2 * value));
		r = (struct registers){ .ax = value, .flags = FLAG_1 };
		execute(CODE("xchg %%al, %%ah"), &r);
		EXPECT_EQ(r.ax, (value & ~0xfffful) | al << 8 | ah);
		r = (struct registers){ .ax = value, .flags = FLAG_1 };
		execute(CODE("xadd %%al, %%ah"), &r);
		EXPECT_EQ(r.ax, (value & ~0xfffful) | ((al + ah) & 0xff) << 8 | ah);
		/* The destination is the accumulator, so that the comparison always succeeds. */
		r = (struct registers){ .ax = value, .cx = ~value, .flags = FLAG_1 };
		execute(CODE("cmpxchg %%ecx, %%eax"), &r);
		EXPECT_EQ(r.ax, (u32)~value);
		EXPECT_EQ(r.flags & FLAG_ZF, FLAG_ZF);
	}
}
