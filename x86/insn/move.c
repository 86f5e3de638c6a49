/* SPDX-License-Identifier: MIT */
/* Moves that convert on the way, table look-up, addresses. */
#include "insn.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("Moves");

#define EXTEND(op, mnemonic, model)                                                                \
	INSN(op "_r16_r8", 16, model, mnemonic "b %%cl, %%ax", IN_AX, IN_CX, .source_width = 8)    \
	INSN(op "_r16_ch", 16, model, mnemonic "b %%ch, %%ax", IN_AX, IN_CH, .source_width = 8)    \
	INSN(op "_r16_m8", 16, model, mnemonic "b " AT("di") ", %%ax", IN_AX, IN_MEMORY,           \
	     .source_width = 8)                                                                    \
	INSN(op "_r32_r8", 32, model, mnemonic "b %%cl, %%eax", IN_AX, IN_CX, .source_width = 8)   \
	INSN(op "_r32_bh", 32, model, mnemonic "b %%bh, %%eax", IN_AX, IN_BH, .source_width = 8)   \
	INSN(op "_r32_m8", 32, model, mnemonic "b " AT("di") ", %%eax", IN_AX, IN_MEMORY,          \
	     .source_width = 8)                                                                    \
	INSN(op "_r32_r16", 32, model, mnemonic "w %%cx, %%eax", IN_AX, IN_CX, .source_width = 16) \
	INSN(op "_r32_m16", 32, model, mnemonic "w " AT("di") ", %%eax", IN_AX, IN_MEMORY,         \
	     .source_width = 16)                                                                   \
	ONLY_64(INSN(op "_r64_r8", 64, model, mnemonic "b %%cl, %%rax", IN_AX, IN_CX,              \
		     .source_width = 8))                                                           \
	ONLY_64(INSN(op "_r64_m8", 64, model, mnemonic "b (%%rdi), %%rax", IN_AX, IN_MEMORY,       \
		     .source_width = 8))                                                           \
	ONLY_64(INSN(op "_r64_r16", 64, model, mnemonic "w %%cx, %%rax", IN_AX, IN_CX,             \
		     .source_width = 16))                                                          \
	ONLY_64(INSN(op "_r64_m16", 64, model, mnemonic "w (%%rdi), %%rax", IN_AX, IN_MEMORY,      \
		     .source_width = 16))

TEST(extend, "MOVZX and MOVSX from bytes, high bytes and words, in registers and memory",
     SPEC("SDM vol. 2B, MOVZX, MOVSX/MOVSXD"))
{
	const struct insn table[] = {
		EXTEND("movzx", "movz", model_movzx) EXTEND("movsx", "movs", model_movsx) ONLY_64(
			INSN("movsxd_r64_r32", 64, model_movsx, "movslq %%ecx, %%rax", IN_AX, IN_CX,
			     .source_width = 32)
				INSN("movsxd_r64_m32", 64, model_movsx, "movslq (%%rdi), %%rax",
				     IN_AX, IN_MEMORY, .source_width = 32))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(extend_accumulator,
     "CBW and its relatives extend within the accumulator, CWD and its into rDX",
     SPEC("SDM vol. 2A, CBW/CWDE/CDQE, CWD/CDQ/CQO"))
{
	const struct insn table[] = {
		INSN("cbw", 16, model_cbw, "cbtw", IN_AX, NOWHERE) INSN("cwde", 32, model_cbw,
									"cwtl", IN_AX, NOWHERE)
			INSN("cwd", 16, model_cwd, "cwtd", IN_AX, NOWHERE, .high = IN_DX)
				INSN("cdq", 32, model_cwd, "cltd", IN_AX, NOWHERE, .high = IN_DX)
					ONLY_64(INSN("cdqe", 64, model_cbw, "cltq", IN_AX, NOWHERE))
						ONLY_64(INSN("cqo", 64, model_cwd, "cqto", IN_AX,
							     NOWHERE, .high = IN_DX))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

#define BSWAP(low, place)                                                     \
	INSN("bswap_e" low, 32, model_bswap, "bswap %%e" low, place, NOWHERE) \
	ONLY_64(INSN("bswap_r" low, 64, model_bswap, "bswap %%r" low, place, NOWHERE))

TEST(bswap, "BSWAP reverses the bytes of a register", SPEC("SDM vol. 2A, BSWAP"))
{
	const struct insn table[] = { BSWAP("ax", IN_AX) BSWAP("cx", IN_CX) BSWAP("dx", IN_DX)
					      BSWAP("bx", IN_BX) BSWAP("bp", IN_BP)
						      BSWAP("si", IN_SI) BSWAP("di", IN_DI) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(movbe, "MOVBE loads and stores with the bytes reversed",
     SPEC("SDM vol. 2B, MOVBE"), REQUIRES(cpu_has(X86_FEATURE_MOVBE)))
{
	const struct insn table[] = {
		INSN("movbe_r16_m16", 16, model_movbe, "movbe " AT("di") ", %%ax", IN_AX, IN_MEMORY)
			INSN("movbe_r32_m32", 32, model_movbe, "movbe " AT("di") ", %%eax", IN_AX,
			     IN_MEMORY) INSN("movbe_m16_r16", 16, model_movbe,
					     "movbe %%cx, " AT("di"), IN_MEMORY,
					     IN_CX) INSN("movbe_m32_r32", 32, model_movbe,
							 "movbe %%ecx, " AT("di"), IN_MEMORY, IN_CX)
				ONLY_64(INSN("movbe_r64_m64", 64, model_movbe,
					     "movbe (%%rdi), %%rax", IN_AX, IN_MEMORY))
					ONLY_64(INSN("movbe_m64_r64", 64, model_movbe,
						     "movbe %%rcx, (%%rdi)", IN_MEMORY, IN_CX))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* MOV is what the model calls MOVZX of the same width. */
#define MOVE(name, width_, text, dst, src) \
	INSN("mov_" name, width_, model_movzx, text, dst, src, .source_width = (width_))

TEST(mov, "MOV between registers and memory changes what it names only, and no flag",
     SPEC("SDM vol. 2B, MOV; vol. 1, 3.4.1.1"))
{
	const struct insn table[] = {
		MOVE("r8_r8", 8, "mov %%cl, %%al", IN_AX, IN_CX) MOVE(
			"ah_bl", 8, "mov %%bl, %%ah", IN_AH,
			IN_BX) MOVE("dl_ch", 8, "mov %%ch, %%dl", IN_DX,
				    IN_CH) MOVE("r16_r16", 16, "mov %%cx, %%ax", IN_AX,
						IN_CX) MOVE("r32_r32", 32, "mov %%ecx, %%eax",
							    IN_AX, IN_CX)
			MOVE("r8_m8", 8, "mov " AT("di") ", %%cl", IN_CX, IN_MEMORY) MOVE(
				"bh_m8", 8, "mov " AT("di") ", %%bh", IN_BH,
				IN_MEMORY) MOVE("r16_m16", 16, "mov " AT("di") ", %%cx", IN_CX,
						IN_MEMORY) MOVE("r32_m32", 32,
								"mov " AT("di") ", %%ecx", IN_CX,
								IN_MEMORY)
				MOVE("m8_r8", 8, "mov %%cl, " AT("di"), IN_MEMORY, IN_CX) MOVE(
					"m8_dh", 8, "mov %%dh, " AT("di"), IN_MEMORY,
					IN_DH) MOVE("m16_r16", 16, "mov %%cx, " AT("di"), IN_MEMORY,
						    IN_CX)
					MOVE("m32_r32", 32, "mov %%ecx, " AT("di"), IN_MEMORY,
					     IN_CX) ONLY_64(MOVE("r64_r64", 64, "mov %%rcx, %%rax",
								 IN_AX, IN_CX))
						ONLY_64(MOVE("r64_m64", 64, "mov (%%rdi), %%rcx",
							     IN_CX, IN_MEMORY))
							ONLY_64(MOVE("m64_r64", 64,
								     "mov %%rcx, (%%rdi)",
								     IN_MEMORY, IN_CX))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(xlat, "XLAT replaces AL by the byte at rBX + AL, AL being unsigned",
     SPEC("SDM vol. 2D, XLAT/XLATB"))
{
	static u8 table[256];

	for (u32 i = 0; i < 256; i++)
		table[i] = i * 7 + 3;
	for (u32 i = 0; i < 256; i++) {
		struct registers r = { .ax = 0x12345600 | i,
				       .bx = (ulong)table,
				       .flags = FLAG_1 | ALU_STATUS };

		execute(CODE("xlat"), &r);
		EXPECT_EQ(r.ax, 0x12345600ul | ((i * 7 + 3) & 0xff));
		EXPECT_EQ(r.bx, (ulong)table);
		EXPECT_EQ(r.flags, FLAG_1 | ALU_STATUS);
	}
}

TEST(lea,
     "LEA computes an address in the address size, stores it in the operand size, reads nothing",
     SPEC("SDM vol. 2A, LEA"))
{
	for (u32 i = 0; i < 200; i++) {
		struct registers before = { .ax = (ulong)random_u64(),
					    .bx = (ulong)random_u64(),
					    .cx = (ulong)random_u64(),
					    .si = (ulong)random_u64(),
					    .flags = FLAG_1 | insn_flags(i % 64) };
		struct registers r = before;

		execute(CODE("lea -0x70(" NATIVE("bx") ", " NATIVE("cx") ", 4), " NATIVE("ax")),
			&r);
		EXPECT_EQ(r.ax, before.bx + 4 * before.cx - 0x70);
		EXPECT_EQ(r.flags, before.flags);

		r = before;
		execute(CODE("lea 0x12345678(, " NATIVE("cx") ", 8), %%eax"), &r);
		EXPECT_EQ(r.ax, (u32)(8 * before.cx + 0x12345678));

		r = before;
		execute(CODE("lea 1(" NATIVE("bx") ", " NATIVE("si") ", 2), %%ax"), &r);
		EXPECT_EQ(r.ax,
			  (before.ax & ~0xfffful) | ((before.bx + 2 * before.si + 1) & 0xffff));
	}
}
