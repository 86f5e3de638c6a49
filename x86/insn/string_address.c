/* SPDX-License-Identifier: MIT */
/*
 * String instructions with the address size that is not the code's: which halves of SI, DI and CX they use and change,
 * for each of them, each operand size, both directions, with and without REP.
 */
#include "insn.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>

SUITE("String instructions with the other address size");

/* Below 64 KiB where addresses are to have 16 bits; where 32, so that 16 are not enough. */
#define AREA (sizeof(ulong) == 8 ? 0x65437000u : 0x7000u)
#define SRC  (AREA + 0x100)
#define DST  (AREA + 0x200)

/* What is above the address size, in the registers. */
#define ABOVE	  (sizeof(ulong) == 8 ? (ulong)0xdeadbeefull << 16 << 16 : 0x5a5a0000ul)
#define SIZE_MASK (sizeof(ulong) == 8 ? 0xffffffffull : 0xffffull)

enum { USES_SI = 1, USES_DI = 2, STORES = 4, LOADS = 8, COMPARES = 16 };

struct string_insn {
	const char *name;
	u32 size, uses;
	const void *once, *repeated, *forced;
};

#define PREFIX ONLY_64("addr32 ") ONLY_32("addr16 ")
#define STRING_(op, suffix, size_, uses_, rep) \
	{ op suffix,                           \
	  size_,                               \
	  uses_,                               \
	  CODE(PREFIX op suffix),              \
	  CODE(PREFIX rep " " op suffix),      \
	  CODE(FORCED_EMULATION PREFIX rep " " op suffix) },
#define STRING(op, uses, rep)          \
	STRING_(op, "b", 1, uses, rep) \
	STRING_(op, "w", 2, uses, rep) \
	STRING_(op, "l", 4, uses, rep) \
	ONLY_64(STRING_(op, "q", 8, uses, rep))

static u8 pattern(u32 n, u32 size, u32 uses)
{
	/* What SCAS compares AX with is the same in each element. */
	return (u8)(0x81 + 3 * (uses == (USES_DI | COMPARES) ? n % size : n));
}

/* AX after it: an element that was loaded, zero-extended from 32 bits. */
static ulong loaded(ulong ax, u32 size, u64 element)
{
	if (size >= 4)
		return (ulong)element;
	return (ax & ~(ulong)(BIT(8 * size) - 1)) | (ulong)element;
}

static ulong moved(ulong start, s32 bytes)
{
	ulong low = (start + (ulong)bytes) & SIZE_MASK;

	return sizeof(ulong) == 8 ? low : low | (start & ~(ulong)SIZE_MASK);
}

static void check(const struct string_insn *insn, const void *code, u32 count, bool down,
		  bool repeated)
{
	const s32 step = down ? -(s32)insn->size : (s32)insn->size;
	const u32 first = down ? (count - 1) * insn->size : 0;
	const ulong ax = (ulong)0x7766554433221100ull;
	u8 *src = (u8 *)(ulong)SRC, *dst = (u8 *)(ulong)DST;
	struct registers r = { .ax = ax,
			       .cx = count | ABOVE,
			       .si = (SRC + first) | ABOVE,
			       .di = (DST + first) | ABOVE,
			       .flags = FLAG_1 | (down ? FLAG_DF : 0) };
	struct registers start = r;
	u64 last = 0;

	memset(dst - 16, 0x5a, 96);
	for (u32 n = 0; n < 64; n++) {
		src[n] = pattern(n, insn->size, insn->uses);
		if (insn->uses & COMPARES)
			dst[n] = src[n];
	}
	if (insn->uses == (USES_DI | COMPARES)) {
		memcpy(&last, src, insn->size);
		r.ax = start.ax = (ulong)last;
	}
	EXPECT_NO_FAULT(execute_try(code, &r));

	EXPECT_EQ(r.si, insn->uses & USES_SI ? moved(start.si, step * (s32)count) : start.si);
	EXPECT_EQ(r.di, insn->uses & USES_DI ? moved(start.di, step * (s32)count) : start.di);
	EXPECT_EQ(r.cx, repeated ? moved(start.cx, -(s32)count) : start.cx);
	if (insn->uses & COMPARES)
		EXPECT_EQ(r.flags & (FLAG_CF | FLAG_PF | FLAG_ZF | FLAG_SF | FLAG_OF),
			  FLAG_ZF | FLAG_PF);
	if (insn->uses & LOADS) {
		memcpy(&last, src + (down ? 0 : (count - 1) * insn->size), insn->size);
		EXPECT_EQ(r.ax, loaded(ax, insn->size, last));
	} else {
		EXPECT_EQ(r.ax, start.ax);
	}
	for (s32 n = -16; n < 80; n++) {
		bool inside = n >= 0 && n < (s32)(count * insn->size);
		u8 byte = 0x5a;

		if (insn->uses & COMPARES && n >= 0 && n < 64)
			byte = src[n];
		else if (inside && insn->uses & STORES)
			byte = insn->uses & USES_SI ? src[n]
						    : (u8)(ax >> 8 * ((u32)n % insn->size));
		if (!EXPECT_EQ(dst[n], byte, "byte %d", n))
			break;
	}
}

#define ADDRESS_SPEC "SDM vol. 1, 3.6, 7.3.9; vol. 2, CMPS, LODS, MOVS, SCAS, STOS, REP"

static void map_area(void)
{
	space_map(space_kernel(), AREA, (ulong)page_alloc(), PAGE_SIZE, PROT_ALL);
}

TEST(string_address_sizes,
     "67H: SI and DI are used and changed in the other address size, whatever is above it",
     SPEC(ADDRESS_SPEC))
{
	const struct string_insn table[] = {
		STRING("movs", USES_SI | USES_DI | STORES, "rep")
			STRING("stos", USES_DI | STORES, "rep")
				STRING("lods", USES_SI | LOADS, "rep")
					STRING("cmps", USES_SI | USES_DI | COMPARES, "repe")
						STRING("scas", USES_DI | COMPARES, "repe")
	};

	map_area();
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		check(&table[i], table[i].once, 1, false, false);
		check(&table[i], table[i].once, 1, true, false);
	}
}

static void check_repeated(const struct string_insn *insn, const void *code)
{
	for (u32 count = 1; count <= 5; count++) {
		check(insn, code, count, false, true);
		check(insn, code, count, true, true);
	}
}

static void check_all_repeated(const struct string_insn *table, u32 count)
{
	map_area();
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", table[i].name);
		check_repeated(&table[i], table[i].repeated);
		if (place_missing(FORCED))
			continue;
		SUBTEST("%s.forced", table[i].name);
		check_repeated(&table[i], table[i].forced);
	}
}

TEST(rep_address_sizes, "67H: REP counts in CX of the other address size, whatever is above it",
     SPEC(ADDRESS_SPEC))
{
	const struct string_insn table[] = { STRING("lods", USES_SI | LOADS, "rep") STRING(
		"cmps", USES_SI | USES_DI | COMPARES, "repe")
						     STRING("scas", USES_DI | COMPARES, "repe") };

	check_all_repeated(table, ARRAY_SIZE(table));
}

TEST(rep_address_sizes_store, "67H: so it does with those that store", SPEC(ADDRESS_SPEC))
{
	const struct string_insn table[] = { STRING("movs", USES_SI | USES_DI | STORES, "rep")
						     STRING("stos", USES_DI | STORES, "rep") };

	check_all_repeated(table, ARRAY_SIZE(table));
}
