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

/* What a case's addresses are: the operands' page, what is in the registers above the address size, and the bits below. */
static struct addresses {
	ulong area, above, mask;
} use;

/* Of 67H: 32 bits, and not to be found by 16; or 16 bits, below 64 KiB. */
static const struct addresses other_size = {
	.area = sizeof(ulong) == 8 ? 0x65437000u : 0x7000u,
	.above = sizeof(ulong) == 8 ? (ulong)0xdeadbeefull << 16 << 16 : 0x5a5a0000ul,
	.mask = sizeof(ulong) == 8 ? 0xffffffffull : 0xffffull,
};

/* Of the native size, and not to be found by less. */
static const struct addresses whole = {
	.area = sizeof(ulong) == 8 ? (ulong)0xffff923465437000ull : 0x65437000u,
	.mask = ~0ul,
};

#define SRC (use.area + 0x100)
#define DST (use.area + 0x200)

enum { USES_SI = 1, USES_DI = 2, STORES = 4, LOADS = 8, COMPARES = 16 };

struct string_insn {
	const char *name;
	u32 size, uses;
	const void *once, *repeated, *forced;
};

#define OTHER_SIZE ONLY_64("addr32 ") ONLY_32("addr16 ")
#define WHOLE	   ""
#define STRING_(prefix, op, suffix, size_, uses_, rep) \
	{ op suffix,                                   \
	  size_,                                       \
	  uses_,                                       \
	  CODE(prefix op suffix),                      \
	  CODE(prefix rep " " op suffix),              \
	  CODE(FORCED_EMULATION prefix rep " " op suffix) },
#define STRING(prefix, op, uses, rep)          \
	STRING_(prefix, op, "b", 1, uses, rep) \
	STRING_(prefix, op, "w", 2, uses, rep) \
	STRING_(prefix, op, "l", 4, uses, rep) \
	ONLY_64(STRING_(prefix, op, "q", 8, uses, rep))
#define EACH_STORING(prefix)                                      \
	STRING(prefix, "movs", USES_SI | USES_DI | STORES, "rep") \
	STRING(prefix, "stos", USES_DI | STORES, "rep")
#define EACH_READING(prefix)                                         \
	STRING(prefix, "lods", USES_SI | LOADS, "rep")               \
	STRING(prefix, "cmps", USES_SI | USES_DI | COMPARES, "repe") \
	STRING(prefix, "scas", USES_DI | COMPARES, "repe")

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
	ulong low = (start + (ulong)bytes) & use.mask;

	return sizeof(ulong) == 8 ? low : low | (start & ~use.mask);
}

static void check(const struct string_insn *insn, const void *code, u32 count, bool down,
		  bool repeated)
{
	const s32 step = down ? -(s32)insn->size : (s32)insn->size;
	const u32 first = down ? (count - 1) * insn->size : 0;
	const ulong ax = (ulong)0x7766554433221100ull;
	u8 *src = (u8 *)SRC, *dst = (u8 *)DST;
	struct registers r = { .ax = ax,
			       .cx = count | use.above,
			       .si = (SRC + first) | use.above,
			       .di = (DST + first) | use.above,
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

static void map_area(const struct addresses *addresses)
{
	use = *addresses;
	space_map(space_kernel(), use.area, (ulong)page_alloc(), PAGE_SIZE, PROT_ALL);
}

static void check_once(const struct string_insn *table, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", table[i].name);
		check(&table[i], table[i].once, 1, false, false);
		check(&table[i], table[i].once, 1, true, false);
	}
}

static void check_counts(const struct string_insn *insn, const void *code)
{
	for (u32 count = 1; count <= 5; count++) {
		check(insn, code, count, false, true);
		check(insn, code, count, true, true);
	}
}

static void check_repeated(const struct string_insn *table, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		SUBTEST("rep_%s", table[i].name);
		check_counts(&table[i], table[i].repeated);
		if (place_missing(FORCED))
			continue;
		SUBTEST("rep_%s.forced", table[i].name);
		check_counts(&table[i], table[i].forced);
	}
}

TEST(string_address_sizes,
     "67H: SI and DI are used and changed in the other address size, whatever is above it",
     SPEC(ADDRESS_SPEC))
{
	const struct string_insn table[] = { EACH_STORING(OTHER_SIZE) EACH_READING(OTHER_SIZE) };

	map_area(&other_size);
	check_once(table, ARRAY_SIZE(table));
}

TEST(rep_address_sizes, "67H: REP counts in CX of the other address size, whatever is above it",
     SPEC(ADDRESS_SPEC))
{
	const struct string_insn table[] = { EACH_READING(OTHER_SIZE) };

	map_area(&other_size);
	check_repeated(table, ARRAY_SIZE(table));
}

TEST(rep_address_sizes_store, "67H: so it does with those that store", SPEC(ADDRESS_SPEC))
{
	const struct string_insn table[] = { EACH_STORING(OTHER_SIZE) };

	map_area(&other_size);
	check_repeated(table, ARRAY_SIZE(table));
}

TEST(string_whole_addresses, "without 67H all bits of SI and DI are used and changed, and kept",
     SPEC(ADDRESS_SPEC))
{
	const struct string_insn table[] = { EACH_STORING(WHOLE) EACH_READING(WHOLE) };

	map_area(&whole);
	check_once(table, ARRAY_SIZE(table));
	check_repeated(table, ARRAY_SIZE(table));
}
