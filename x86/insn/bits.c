/* SPDX-License-Identifier: MIT */
/* Bit scans, bit tests, and the bit-manipulation extensions. */
#include "insn.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>

SUITE("Bits");

/* From CX or memory into AX. */
#define UNARY(op)                                                                      \
	INSN(#op "_r32", 32, model_##op, #op " %%ecx, %%eax", IN_AX, IN_CX)            \
	INSN(#op "_m32", 32, model_##op, #op " " AT("di") ", %%eax", IN_AX, IN_MEMORY) \
	ONLY_64(INSN(#op "_r64", 64, model_##op, #op " %%rcx, %%rax", IN_AX, IN_CX))   \
	ONLY_64(INSN(#op "_m64", 64, model_##op, #op " (%%rdi), %%rax", IN_AX, IN_MEMORY))
#define UNARY_16(op)                                                      \
	INSN(#op "_r16", 16, model_##op, #op " %%cx, %%ax", IN_AX, IN_CX) \
	INSN(#op "_m16", 16, model_##op, #op " " AT("di") ", %%ax", IN_AX, IN_MEMORY)

TEST(bit_scan, "BSF and BSR find the lowest and highest set bit; ZF tells that there is none",
     SPEC("SDM vol. 2A, BSF, BSR"))
{
	const struct insn table[] = { UNARY_16(bsf) UNARY(bsf) UNARY_16(bsr) UNARY(bsr) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(tzcnt, "TZCNT counts trailing zeros, the width for 0, which CF tells; ZF tells of a 0",
     SPEC("SDM vol. 2B, TZCNT"), REQUIRES(cpu_has(X86_FEATURE_BMI1)))
{
	const struct insn table[] = { UNARY_16(tzcnt) UNARY(tzcnt) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(lzcnt, "LZCNT counts leading zeros, the width for 0, which CF tells; ZF tells of a 0",
     SPEC("SDM vol. 2A, LZCNT"), REQUIRES(cpu_has(X86_FEATURE_LZCNT)))
{
	const struct insn table[] = { UNARY_16(lzcnt) UNARY(lzcnt) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(popcnt, "POPCNT counts set bits and clears all status flags but ZF, which tells of a 0",
     SPEC("SDM vol. 2B, POPCNT"), REQUIRES(cpu_has(X86_FEATURE_POPCNT)))
{
	const struct insn table[] = { UNARY_16(popcnt) UNARY(popcnt) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(lowest_set_bit, "BLSI, BLSMSK and BLSR isolate, mask up to, and clear the lowest set bit",
     SPEC("SDM vol. 2A, BLSI, BLSMSK, BLSR"), REQUIRES(cpu_has(X86_FEATURE_BMI1)))
{
	const struct insn table[] = { UNARY(blsi) UNARY(blsmsk) UNARY(blsr) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* src in CX, third in DX or memory; AT&T order is third, src, destination. */
#define THIRD_IN_MEMORY(op)                                                                        \
	INSN(#op "_r32", 32, model_##op, #op " %%edx, %%ecx, %%eax", IN_AX, IN_CX, .third = IN_DX) \
	INSN(#op "_m32", 32, model_##op, #op " " AT("di") ", %%ecx, %%eax", IN_AX, IN_CX,          \
	     .third = IN_MEMORY)                                                                   \
	ONLY_64(INSN(#op "_r64", 64, model_##op, #op " %%rdx, %%rcx, %%rax", IN_AX, IN_CX,         \
		     .third = IN_DX))                                                              \
	ONLY_64(INSN(#op "_m64", 64, model_##op, #op " (%%rdi), %%rcx, %%rax", IN_AX, IN_CX,       \
		     .third = IN_MEMORY))
/* The same, but memory is src. */
#define SRC_IN_MEMORY(op)                                                                          \
	INSN(#op "_r32", 32, model_##op, #op " %%edx, %%ecx, %%eax", IN_AX, IN_CX, .third = IN_DX) \
	INSN(#op "_m32", 32, model_##op, #op " %%edx, " AT("di") ", %%eax", IN_AX, IN_MEMORY,      \
	     .third = IN_DX)                                                                       \
	ONLY_64(INSN(#op "_r64", 64, model_##op, #op " %%rdx, %%rcx, %%rax", IN_AX, IN_CX,         \
		     .third = IN_DX))                                                              \
	ONLY_64(INSN(#op "_m64", 64, model_##op, #op " %%rdx, (%%rdi), %%rax", IN_AX, IN_MEMORY,   \
		     .third = IN_DX))

TEST(andn, "ANDN inverts its first source",
     SPEC("SDM vol. 2A, ANDN"), REQUIRES(cpu_has(X86_FEATURE_BMI1)))
{
	const struct insn table[] = { THIRD_IN_MEMORY(andn) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(bextr, "BEXTR extracts bits; those beyond the operand are 0",
     SPEC("SDM vol. 2A, BEXTR"), REQUIRES(cpu_has(X86_FEATURE_BMI1)))
{
	const struct insn table[] = { SRC_IN_MEMORY(bextr) };

	for_each_insn(insn, table)
		insn_check_counts(insn);
}

TEST(bzhi, "BZHI clears from a bit upward; an index beyond the operand clears nothing and sets CF",
     SPEC("SDM vol. 2A, BZHI"), BUG("qemu#1374"), REQUIRES(cpu_has(X86_FEATURE_BMI2)))
{
	const struct insn table[] = { SRC_IN_MEMORY(bzhi) };

	for_each_insn(insn, table)
		insn_check_counts(insn);
}

TEST(deposit_extract, "PDEP scatters low bits to where the mask is set, PEXT gathers them",
     SPEC("SDM vol. 2B, PDEP, PEXT"), REQUIRES(cpu_has(X86_FEATURE_BMI2)))
{
	const struct insn table[] = { THIRD_IN_MEMORY(pdep) THIRD_IN_MEMORY(pext) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* ------------------------------------------------------------------------------------ bit tests */

#define REGISTER_BIT(op)                                                        \
	INSN(#op "_r16_r16", 16, model_##op, #op " %%cx, %%ax", IN_AX, IN_CX)   \
	INSN(#op "_r32_r32", 32, model_##op, #op " %%ecx, %%eax", IN_AX, IN_CX) \
	ONLY_64(INSN(#op "_r64_r64", 64, model_##op, #op " %%rcx, %%rax", IN_AX, IN_CX))
#define CONSTANT_BIT_(op, bit, name, width, operand, place, prefix, ...)                 \
	INSN(name "_" #bit, width, model_##op, prefix #op " $" #bit ", " operand, place, \
	     IMMEDIATE, .immediate = (bit), ##__VA_ARGS__)
#define CONSTANT_BIT(op)                                                      \
	CONSTANT_BIT_(op##w, 15, #op "_r16", 16, "%%ax", IN_AX, "")           \
	CONSTANT_BIT_(op##w, 17, #op "_r16", 16, "%%ax", IN_AX, "")           \
	CONSTANT_BIT_(op##l, 0, #op "_r32", 32, "%%eax", IN_AX, "")           \
	CONSTANT_BIT_(op##l, 63, #op "_r32", 32, "%%eax", IN_AX, "")          \
	CONSTANT_BIT_(op##w, 33, #op "_m16", 16, AT("di"), IN_MEMORY, "")     \
	CONSTANT_BIT_(op##l, 33, #op "_m32", 32, AT("di"), IN_MEMORY, "")     \
	ONLY_64(CONSTANT_BIT_(op##q, 95, #op "_r64", 64, "%%rax", IN_AX, "")) \
	ONLY_64(CONSTANT_BIT_(op##q, 63, #op "_m64", 64, "(%%rdi)", IN_MEMORY, ""))
#define LOCKED_BIT(op)                                                                          \
	CONSTANT_BIT_(op##w, 3, "lock_" #op "_m16", 16, AT("di"), IN_MEMORY, "lock ",           \
		      .aligned = true)                                                          \
	CONSTANT_BIT_(op##l, 35, "lock_" #op "_m32", 32, AT("di"), IN_MEMORY, "lock ",          \
		      .aligned = true)                                                          \
	ONLY_64(CONSTANT_BIT_(op##q, 63, "lock_" #op "_m64", 64, "(%%rdi)", IN_MEMORY, "lock ", \
			      .aligned = true))

/* The assembler wants a suffix where memory is the operand; the model has none. */
#define model_btw  model_bt
#define model_btl  model_bt
#define model_btq  model_bt
#define model_btsw model_bts
#define model_btsl model_bts
#define model_btsq model_bts
#define model_btrw model_btr
#define model_btrl model_btr
#define model_btrq model_btr
#define model_btcw model_btc
#define model_btcl model_btc
#define model_btcq model_btc

TEST(bit_test_registers, "BT, BTS, BTR and BTC take a bit offset modulo the width of a register",
     SPEC("SDM vol. 2A, BT, BTC, BTR, BTS"))
{
	const struct insn table[] = { REGISTER_BIT(bt) REGISTER_BIT(bts) REGISTER_BIT(btr)
					      REGISTER_BIT(btc) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(bit_test_immediate, "an immediate bit offset is taken modulo the width, also for memory",
     SPEC("SDM vol. 2A, BT, BTC, BTR, BTS"))
{
	const struct insn table[] = { CONSTANT_BIT(bt) CONSTANT_BIT(bts) CONSTANT_BIT(
		btr) CONSTANT_BIT(btc) LOCKED_BIT(bts) LOCKED_BIT(btr) LOCKED_BIT(btc) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(bit_test_keeps_zf, "BT leaves ZF alone, of which the APM does not say so",
     SPEC("SDM vol. 2A, BT"), REQUIRES(cpu_is_intel()))
{
	for (u32 i = 0; i < 64; i++) {
		struct registers r = { .ax = i, .cx = i, .flags = insn_flags(i) | FLAG_1 };

		execute(CODE("bt %%ecx, %%eax"), &r);
		EXPECT_EQ(r.flags & FLAG_ZF, insn_flags(i) & ALU_ZF);
	}
}

#define CRC32(name, width, source, text, src) \
	INSN("crc32_" name, width, model_crc32, text, IN_AX, src, .source_width = (source))

TEST(crc32, "CRC32 takes bytes, words and more into a CRC-32C of 32 bits, and changes no flag",
     SPEC("SDM vol. 2A, CRC32"), REQUIRES(cpu_has(X86_FEATURE_SSE4_2)))
{
	const struct insn table[] = {
		CRC32("r32_r8", 32, 8, "crc32b %%cl, %%eax",
		      IN_CX) CRC32("r32_ch", 32, 8, "crc32b %%ch, %%eax",
				   IN_CH) CRC32("r32_m8", 32, 8, "crc32b " AT("di") ", %%eax",
						IN_MEMORY) CRC32("r32_r16", 32, 16,
								 "crc32w %%cx, %%eax", IN_CX)
			CRC32("r32_m16", 32, 16, "crc32w " AT("di") ", %%eax", IN_MEMORY) CRC32(
				"r32_r32", 32, 32, "crc32l %%ecx, %%eax",
				IN_CX) CRC32("r32_m32", 32, 32, "crc32l " AT("di") ", %%eax",
					     IN_MEMORY) ONLY_64(CRC32("r64_r8", 64, 8,
								      "crc32b %%cl, %%rax", IN_CX))
				ONLY_64(CRC32("r32_r9b", 32, 8, "crc32b %%r9b, %%eax", IN_R8 + 1))
					ONLY_64(CRC32("r64_r64", 64, 64, "crc32q %%rcx, %%rax",
						      IN_CX))
						ONLY_64(CRC32("r64_m64", 64, 64,
							      "crc32q (%%rdi), %%rax", IN_MEMORY))
	};

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* A bit string in memory: what becomes of the bit that is tested. */
enum bit_change { KEEP, SET, RESET, COMPLEMENT };

struct bit_string_insn {
	const char *name;
	struct code code;
	unsigned width;
	enum bit_change change;
};

#define BIT_STRING(op, prefix, mark, change)                                                      \
	{ mark #op "_m16_r16", CODE_IN_ALL(prefix #op " %%cx, " AT("di")), 16, change },          \
		{ mark #op "_m32_r32", CODE_IN_ALL(prefix #op " %%ecx, " AT("di")), 32, change }, \
		ONLY_64({ mark #op "_m64_r64", CODE_IN_ALL(prefix #op " %%rcx, (%%rdi)"), 64,     \
			  change }, )

/* The strings that the tests address: 4 KiB to each side of the base, for 16-bit offsets. */
#define REACH	    4096
#define STRING_SIZE (2 * REACH + 8)
static u8 bit_string_ram[STRING_SIZE], bit_string_expected[STRING_SIZE];
static u8 *bit_string;

static void check_bit_string(const struct bit_string_insn *insn, enum place place, s64 offset)
{
	/* The operand of the instruction is REACH bytes in; bit 0 of the string is bit 0 there. */
	u8 *byte = &bit_string_expected[REACH + (offset >> 3)];
	u8 bit = 1 << (offset & 7);
	struct registers r = { .cx = (ulong)offset,
			       .di = (ulong)&bit_string[REACH],
			       .flags = FLAG_1 };
	bool before = *byte & bit;

	if (insn->width == 16)
		r.cx ^= 0x7fff0000; /* not part of the offset */
	switch (insn->change) {
	case KEEP:
		break;
	case SET:
		*byte |= bit;
		break;
	case RESET:
		*byte &= ~bit;
		break;
	case COMPLEMENT:
		*byte ^= bit;
		break;
	}
	EXPECT_NO_FAULT(execute_in(place, code_in(place, &insn->code), &r));
	EXPECT_EQ(r.flags & FLAG_CF, before ? FLAG_CF : 0, "offset %lld", (long long)offset);
	EXPECT_EQ(r.di, (ulong)&bit_string[REACH], "offset %lld", (long long)offset);
	EXPECT_EQ(bit_string[REACH + (offset >> 3)], *byte, "offset %lld", (long long)offset);
}

static void check_bit_strings(const struct bit_string_insn *insn, enum place place)
{
	static const s16 far[] = { -32768, -32767, -4097, -1025, 1024, 4096, 32766, 32767 };
	s64 reach = place == KERNEL ? 200 : 70;

	bit_string = place == EMULATED ? mmio_window() + PAGE_SIZE - REACH : bit_string_ram;
	for (u32 j = 0; j < STRING_SIZE; j++)
		bit_string[j] = bit_string_expected[j] = (u8)random_u64();

	for (s64 offset = -reach; offset <= reach; offset++)
		check_bit_string(insn, place, offset);
	for (u32 j = 0; j < ARRAY_SIZE(far); j++)
		check_bit_string(insn, place, far[j]);
	for (u32 j = 0; j < STRING_SIZE; j++)
		if (READ_ONCE(bit_string[j]) != bit_string_expected[j])
			EXPECT_EQ(bit_string[j], bit_string_expected[j], "byte %u", j);
}

TEST(bit_string_in_memory, "a bit offset in a register reaches beyond a memory operand, both ways",
     SPEC("SDM vol. 2A, BT; vol. 2, 3.1.1.9, figure 3-2"), BUG("XSA-195"))
{
	const struct bit_string_insn table[] = {
		BIT_STRING(bt, "", "", KEEP) BIT_STRING(bts, "", "", SET)
			BIT_STRING(btr, "", "", RESET) BIT_STRING(btc, "", "", COMPLEMENT)
				BIT_STRING(bts, "lock ", "lock_", SET)
					BIT_STRING(btr, "lock ", "lock_", RESET)
						BIT_STRING(btc, "lock ", "lock_", COMPLEMENT)
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		for_each_place(place, INSN_PLACES)
		{
			if (place_missing(place))
				continue;
			insn_subtest(table[i].name, place);
			check_bit_strings(&table[i], place);
		}
	}
}

struct far_insn {
	const char *name;
	const void *code;
	unsigned width;
};

TEST(bit_string_far, "a bit offset of 32 or 64 bits is signed and counts in full",
     SPEC("SDM vol. 2A, BT; vol. 2, 3.1.1.9"), BUG("XSA-195"))
{
	const struct far_insn table[] = { { "bts_m32_r32", CODE("bts %%ecx, " AT("di")), 32 },
					  ONLY_64({ "bts_m64_r64", CODE("bts %%rcx, (%%rdi)"),
						    64 }, ) };
	/* Bits that only the largest offsets of 32 bits reach, and of 64 bits 16 times as far. */
	static const s64 offsets[] = { 0x7fffffff, -0x7fffffff, 0x40000005, -0x3ffffffbll };
	u8 *page = page_alloc();
	ulong address = (ulong)page + 1024;

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(offsets); j++) {
			s64 offset = offsets[j] * (table[i].width == 64 ? 16 : 1);
			struct registers r = { .cx = (ulong)offset,
					       .di = address - (ulong)(offset >> 3),
					       .flags = FLAG_1 };

			if (table[i].width == 32 && sizeof(ulong) == 8)
				r.cx ^= (ulong)(0xdeadbeefull << 32); /* not part of the offset */
			memset(page, 0, PAGE_SIZE);
			EXPECT_NO_FAULT(execute_try(table[i].code, &r));
			EXPECT_EQ(page[1024], BIT(offset & 7), "offset %#llx",
				  (unsigned long long)offset);
			EXPECT_EQ(r.flags & FLAG_CF, 0u);
		}
	}
}
