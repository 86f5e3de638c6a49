/* SPDX-License-Identifier: MIT */
/* What only 64-bit mode has: REX and its registers, RIP-relative and 32-bit addresses, CMPXCHG16B. */
#include "insn.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>

SUITE("64-bit mode");

TEST(rex_bytes, "with REX, byte registers 4 to 7 are SPL, BPL, SIL and DIL; R8B to R15B are bytes",
     SPEC("SDM vol. 1, 3.4.1.1; vol. 2A, 2.2.1.2"))
{
	const struct insn table[] = {
		INSN("add_sil_bpl", 8, model_add, "add %%bpl, %%sil", IN_SI,
		     IN_BP) INSN("add_r8b_r15b", 8, model_add, "add %%r15b, %%r8b", IN_R8, IN_R15)
			INSN("sub_dil_al", 8, model_sub, "sub %%al, %%dil", IN_DI, IN_AX)
				INSN("xchg_r9b_sil", 8, model_xchg, "xchg %%sil, %%r9b", IN_R8 + 1,
				     IN_SI, .high = IN_SI)
					INSN("movzx_r32_sil", 32, model_movzx,
					     "movzbl %%sil, %%eax", IN_AX, IN_SI, .source_width = 8)
						INSN("movsx_r64_r12b", 64, model_movsx,
						     "movsbq %%r12b, %%r10", IN_R8 + 2, IN_R8 + 4,
						     .source_width = 8)
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(rex_registers, "REX.R and REX.B reach R8 to R15 at every width", SPEC("SDM vol. 2A, 2.2.1.2"))
{
	const struct insn table[] = {
		INSN("add_r8w_r15w", 16, model_add, "add %%r15w, %%r8w", IN_R8,
		     IN_R15) INSN("add_r9d_r14d", 32, model_add, "add %%r14d, %%r9d", IN_R8 + 1,
				  IN_R8 + 6) INSN("add_r10_r13", 64, model_add, "add %%r13, %%r10",
						  IN_R8 + 2, IN_R8 + 5)
			INSN("sbb_r11d_eax", 32, model_sbb, "sbb %%eax, %%r11d", IN_R8 + 3,
			     IN_AX) INSN("xor_ecx_r12d", 32, model_xor, "xor %%r12d, %%ecx", IN_CX,
					 IN_R8 + 4) INSN("imul_r13_rbx", 64, model_imul_truncated,
							 "imul %%rbx, %%r13", IN_R8 + 5, IN_BX)
				INSN("shl_r14d_cl", 32, model_shl, "shl %%cl, %%r14d", IN_R8 + 6,
				     IN_CX) INSN("bswap_r15", 64, model_bswap, "bswap %%r15",
						 IN_R15, NOWHERE) INSN("bswap_r9d", 32, model_bswap,
								       "bswap %%r9d", IN_R8 + 1,
								       NOWHERE)
					INSN("neg_r12d", 32, model_neg, "neg %%r12d", IN_R8 + 4,
					     NOWHERE) INSN("xchg_rax_r8", 64, model_xchg,
							   ".byte 0x49, 0x90", IN_R8, IN_AX,
							   .high = IN_AX)
						INSN("xchg_eax_r8d", 32, model_xchg,
						     ".byte 0x41, 0x90", IN_R8, IN_AX,
						     .high = IN_AX)
							INSN("mul_r8", 64, model_mul, "mul %%r8",
							     IN_AX, IN_R8, .high = IN_DX)
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(rex_order, "a REX prefix counts only directly before the opcode", SPEC("SDM vol. 2A, 2.2.1"))
{
	const struct insn table[] = {
		INSN("rex_w_then_66", 16, model_add, ".byte 0x48, 0x66, 0x01, 0xc8", IN_AX, IN_CX)
			INSN("66_then_rex_w", 64, model_add, ".byte 0x66, 0x48, 0x01, 0xc8", IN_AX,
			     IN_CX) INSN("rex_b_then_segment", 32, model_add,
					 ".byte 0x41, 0x3e, 0x01, 0xc8", IN_AX, IN_CX)
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(nop_keeps_upper_half, "90h does nothing, though XCHG EAX, EAX would clear the upper half",
     SPEC("SDM vol. 2B, NOP; vol. 1, 3.4.1.1"))
{
	struct registers r = { .ax = 0x1122334455667788, .flags = FLAG_1 | ALU_STATUS };

	SUBTEST("nop");
	execute(CODE(".byte 0x90"), &r);
	EXPECT_EQ(r.ax, 0x1122334455667788u);
	EXPECT_EQ(r.flags, FLAG_1 | ALU_STATUS);

	SUBTEST("xchg_eax_eax_long_form");
	execute(CODE(".byte 0x87, 0xc0"), &r);
	EXPECT_EQ(r.ax, 0x55667788u);
}

TEST(mov_immediate_64,
     "MOV r64, imm64 takes all of it, imm32 is sign-extended, r32 clears the rest",
     SPEC("SDM vol. 2B, MOV"))
{
	struct registers r = { .flags = FLAG_1 };

	execute(CODE("movabs $0x8877665544332211, %%rax; mov $-2, %%rcx;"
		     ".byte 0xba, 0xfe, 0xff, 0xff, 0xff"),
		&r);
	EXPECT_EQ(r.ax, 0x8877665544332211u);
	EXPECT_EQ(r.cx, ~1ul);
	EXPECT_EQ(r.dx, 0xfffffffeu);
}

static u64 moffs_memory __used = 0x1122334455667788;

TEST(mov_absolute, "MOV of the accumulator with a 64-bit absolute address",
     SPEC("SDM vol. 2B, MOV"))
{
	struct registers r = { .cx = 1, .flags = FLAG_1 };

	moffs_memory = 0x1122334455667788;
	execute(CODE("movabs moffs_memory, %%rax; mov %%rax, %%rcx; not %%rax;"
		     "movabs %%eax, moffs_memory"),
		&r);
	EXPECT_EQ(r.cx, 0x1122334455667788u);
	EXPECT_EQ(moffs_memory, 0x11223344aa998877u);
}

TEST(rip_relative,
     "a RIP-relative address counts from the end of the instruction, immediate included",
     SPEC("SDM vol. 2A, 2.2.1.6"))
{
	struct registers r = { .flags = FLAG_1 };

	execute(CODE("lea 1f(%%rip), %%rax; 1: mov $1b, %%ecx;"
		     "cmpl $0x12345678, 2f(%%rip); sete %%dl; jmp 3f; 2: .long 0x12345678; 3:"),
		&r);
	EXPECT_EQ(r.ax, r.cx);
	EXPECT_EQ(r.dx, 1u);
}

TEST(lea_address_size, "a 32-bit address wraps at 4 GiB and is zero-extended",
     SPEC("SDM vol. 2A, LEA; vol. 1, 3.6.1"))
{
	for (u32 i = 0; i < 100; i++) {
		struct registers before = {
			.ax = random_u64(), .bx = random_u64(), .cx = random_u64(), .flags = FLAG_1
		};
		struct registers r = before;

		execute(CODE("lea 5(%%ebx, %%ecx, 2), %%rax"), &r);
		EXPECT_EQ(r.ax, (u32)(before.bx + 2 * before.cx + 5));
		r = before;
		execute(CODE("lea 5(%%ebx, %%ecx, 2), %%ax"), &r);
		EXPECT_EQ(r.ax, (before.ax & ~0xfffful) | (u16)(before.bx + 2 * before.cx + 5));
		r = before;
		execute(CODE("lea -5(%%rbx, %%rcx, 8), %%eax"), &r);
		EXPECT_EQ(r.ax, (u32)(before.bx + 8 * before.cx - 5));
	}
}

TEST(address_size_access, "an access by a 32-bit address ignores the upper half of the registers",
     SPEC("SDM vol. 1, 3.6.1"))
{
	static u64 memory;
	struct registers r = { .ax = 0x1122334455667788,
			       .bx = (ulong)&memory | 0xdeadbeefull << 32,
			       .flags = FLAG_1 };

	memory = 0;
	EXPECT_NO_FAULT(execute_try(CODE("mov %%rax, (%%ebx)"), &r));
	EXPECT_EQ(memory, 0x1122334455667788u);
}

static u8 string_area[2][32];

TEST(string_address_size,
     "67h makes string instructions use ECX, ESI and EDI, zero-extended if changed",
     SPEC("SDM vol. 2B, MOVS; REP/REPE/REPZ/REPNE/REPNZ"))
{
	const ulong upper = 0xdeadbeefull << 32;
	struct registers r = { .cx = 5 | upper,
			       .si = (ulong)string_area[0] | upper,
			       .di = (ulong)string_area[1] | upper,
			       .flags = FLAG_1 };

	SUBTEST("rep");
	for (u32 i = 0; i < 32; i++) {
		string_area[0][i] = i + 1;
		string_area[1][i] = 0;
	}
	EXPECT_NO_FAULT(execute_try(CODE("addr32 rep movsb"), &r));
	EXPECT_EQ(r.cx, 0u);
	EXPECT_EQ(r.si, (ulong)string_area[0] + 5);
	EXPECT_EQ(r.di, (ulong)string_area[1] + 5);
	EXPECT_MEM_EQ(string_area[1], ((u8[]){ 1, 2, 3, 4, 5, 0 }), 6);

	SUBTEST("zero_count");
	r = (struct registers){ .cx = upper,
				.si = (ulong)string_area[0] + 9,
				.di = (ulong)string_area[1],
				.flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(CODE("addr32 rep movsb"), &r));
	EXPECT_EQ((u32)r.cx, 0u);
	EXPECT_EQ(r.si, (ulong)string_area[0] + 9);
	EXPECT_MEM_EQ(string_area[1], ((u8[]){ 1, 2, 3, 4, 5, 0 }), 6);
}

TEST(loop_address_size, "LOOP and JECXZ with 67h count and look at ECX alone",
     SPEC("SDM vol. 2A, LOOP/LOOPcc, Jcc"))
{
	struct registers r = { .cx = 1 | 0xdeadbeefull << 32, .flags = FLAG_1 };

	execute(CODE("addr32 loop 1f; mov $1, %%eax; 1:"), &r);
	EXPECT_EQ(r.ax, 1u);
	EXPECT_EQ((u32)r.cx, 0u);

	r = (struct registers){ .cx = 0xdeadbeefull << 32, .flags = FLAG_1 };
	execute(CODE("jecxz 1f; mov $1, %%eax; 1:"), &r);
	EXPECT_EQ(r.ax, 0u);
	EXPECT_EQ(r.cx, 0xdeadbeefull << 32);
}

TEST(push_sign_extends, "PUSH imm32 is sign-extended to 64 bits, PUSH FS takes eight bytes",
     SPEC("SDM vol. 2B, PUSH"))
{
	struct registers r = { .flags = FLAG_1 };

	execute(CODE("push $-0x80000000; pop %%rax"), &r);
	EXPECT_EQ(r.ax, 0xffffffff80000000u);
	execute(CODE("mov %%rsp, %%rsi; push %%fs; mov %%rsp, %%rdi; pop %%rcx"), &r);
	EXPECT_EQ(r.si - r.di, 8u);
}

struct quad {
	u64 before[2], operand[2], after[2];
};

static void check_cmpxchg16b(const struct code *code, enum place place, struct quad *at)
{
	static const u64 differences[] = { 0, 1, BIT(31), BIT(32), BIT(63), ~0ull };
	struct quad memory;

	for (u32 i = 0; i < 128 * ARRAY_SIZE(differences); i++) {
		u64 difference = differences[i % ARRAY_SIZE(differences)];
		u64 model_memory[2] = { random_u64(), random_u64() };
		u64 expected[2] = { model_memory[0] ^ (i & 64 ? 0 : difference),
				    model_memory[1] ^ (i & 64 ? difference : 0) };
		u64 new[2] = { random_u64(), random_u64() };
		u32 flags = insn_flags(i & 63) | FLAG_1;
		struct registers r = { .ax = expected[0],
				       .dx = expected[1],
				       .bx = new[0],
				       .cx = new[1],
				       .di = (ulong)at->operand,
				       .flags = flags };

		memset(&memory, 0x5a, sizeof(memory));
		memcpy(memory.operand, model_memory, sizeof(memory.operand));
		*at = memory;
		EXPECT_NO_FAULT(execute_in(place, code_in(place, code), &r));
		memory = *at;
		model_cmpxchg_pair(64, model_memory, expected, new, &flags);
		EXPECT_MEM_EQ(memory.operand, model_memory, 16);
		EXPECT_EQ(r.ax, expected[0]);
		EXPECT_EQ(r.dx, expected[1]);
		EXPECT_EQ(r.bx, new[0]);
		EXPECT_EQ(r.cx, new[1]);
		EXPECT_EQ(r.flags, flags);
		EXPECT_EQ(memory.before[1], 0x5a5a5a5a5a5a5a5a);
		EXPECT_EQ(memory.after[0], 0x5a5a5a5a5a5a5a5a);
	}
}

TEST(cmpxchg16b, "CMPXCHG16B compares RDX:RAX with memory and changes ZF alone of the flags",
     SPEC("SDM vol. 2A, CMPXCHG8B/CMPXCHG16B"), REQUIRES(cpu_has(X86_FEATURE_CMPXCHG16B)))
{
	static struct quad memory __aligned(64);
	const struct {
		const char *name;
		struct code code;
	} table[] = {
		{ "plain", CODE_IN_ALL("cmpxchg16b (%%rdi)") },
		{ "locked", CODE_IN_ALL("lock cmpxchg16b (%%rdi)") },
		{ "66_prefix", CODE_IN_ALL(".byte 0x66, 0x48, 0x0f, 0xc7, 0x0f") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		for_each_place(place, INSN_PLACES)
		{
			if (place_missing(place))
				continue;
			insn_subtest(table[i].name, place);
			check_cmpxchg16b(&table[i].code, place,
					 place == EMULATED ? (struct quad *)(mmio_window() + 64)
							   : &memory);
		}
	}
}

TEST(cmpxchg16b_alignment,
     "CMPXCHG16B raises #GP(0) for an operand that is not aligned to 16 bytes",
     SPEC("SDM vol. 2A, CMPXCHG8B/CMPXCHG16B"), REQUIRES(cpu_has(X86_FEATURE_CMPXCHG16B)))
{
	static u64 memory[4] __aligned(32);

	for (u32 offset = 1; offset < 16; offset++) {
		struct registers r = { .di = (ulong)memory + offset,
				       .ax = 0x1234,
				       .dx = 0x5678,
				       .flags = FLAG_1 | ALU_STATUS };

		EXPECT_FAULT(GP(0), execute_try(CODE("cmpxchg16b (%%rdi)"), &r), "offset %u",
			     offset);
		EXPECT_EQ(r.ax, 0x1234u);
		EXPECT_EQ(r.dx, 0x5678u);
		EXPECT_EQ(r.flags, FLAG_1 | ALU_STATUS);
	}
}
