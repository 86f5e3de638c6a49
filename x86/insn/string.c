/* SPDX-License-Identifier: MIT */
/*
 * String instructions: MOVS, STOS, LODS, CMPS, SCAS, alone and repeated, upward and downward, in every
 * way to run them. Each is followed step by step in C, and memory, registers and flags must be the same
 * afterwards.
 */
#include "insn.h"

#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>

SUITE("String instructions");

enum operation { MOVS, STOS, LODS, CMPS, SCAS };
enum repeat { ONCE, REP, REPE, REPNE };

struct string_insn {
	const char *name;
	struct code code;
	enum operation operation;
	enum repeat repeat;
	unsigned width;
};

/* In 16-bit code the prefix makes addresses of 32 bits. */
#define STRING(text)                                                                     \
	{                                                                                \
		CODE(text), CODE(FORCED_EMULATION text), CODE_16BIT(".byte 0x67; " text) \
	}

#define SIZES(mark, prefix, op, operation, repeat)                               \
	{ mark #op "b", STRING(prefix #op "b"), operation, repeat, 8 },          \
		{ mark #op "w", STRING(prefix #op "w"), operation, repeat, 16 }, \
		{ mark #op "d", STRING(prefix #op "l"), operation, repeat, 32 }, \
		ONLY_64({ mark #op "q", STRING(prefix #op "q"), operation, repeat, 64 }, )

#define AREA 256
/* Where source and destination are: by default in RAM. */
static u8 ram[2][AREA];
static u8 *source, *destination;
static u8 source_expected[AREA], destination_expected[AREA];

/* The same place in the expected copy of an area. */
static u8 *expected_at(ulong address)
{
	if (address >= (ulong)source && address < (ulong)source + AREA)
		return source_expected + (address - (ulong)source);
	return destination_expected + (address - (ulong)destination);
}

static u64 load(ulong address, unsigned width)
{
	u64 value = 0;

	memcpy(&value, expected_at(address), width / 8);
	return value;
}

/* One element: vol. 2, "Operation" of each instruction. */
static void step(const struct string_insn *insn, struct registers *r)
{
	ulong bytes = insn->width / 8;
	ulong distance = r->flags & FLAG_DF ? -bytes : bytes;
	struct alu_in in = { .width = insn->width, .flags = r->flags };
	struct alu_out out;
	u64 ax = r->ax;

	switch (insn->operation) {
	case MOVS:
		memcpy(expected_at(r->di), expected_at(r->si), bytes);
		break;
	case STOS:
		memcpy(expected_at(r->di), &ax, bytes);
		break;
	case LODS:
		in.src = load(r->si, insn->width);
		in.third = insn->width;
		model_movzx(&in, &out);
		if (insn->width < 32)
			r->ax &= ~(ulong)BITS(insn->width - 1, 0);
		else
			r->ax = 0;
		r->ax |= (ulong)out.result;
		break;
	case CMPS:
		in.dst = load(r->si, insn->width);
		in.src = load(r->di, insn->width);
		model_cmp(&in, &out);
		r->flags = out.flags;
		break;
	case SCAS:
		in.dst = r->ax;
		in.src = load(r->di, insn->width);
		model_cmp(&in, &out);
		r->flags = out.flags;
		break;
	}
	if (insn->operation != STOS && insn->operation != SCAS)
		r->si += distance;
	if (insn->operation != LODS)
		r->di += distance;
}

/* SDM vol. 2B, REP/REPE/REPZ/REPNE/REPNZ. */
static void follow(const struct string_insn *insn, struct registers *r)
{
	if (insn->repeat == ONCE) {
		step(insn, r);
		return;
	}
	while (r->cx != 0) {
		step(insn, r);
		r->cx--;
		if (insn->repeat == REPE && !(r->flags & FLAG_ZF))
			break;
		if (insn->repeat == REPNE && (r->flags & FLAG_ZF))
			break;
	}
}

/*
 * Areas of few different bytes, so that comparisons go on for a while; si and di are in the middle, for
 * both directions.
 */
static void check(const struct string_insn *insn, enum place place, ulong count, ulong flags,
		  u32 source_offset, u32 destination_offset)
{
	struct registers r = {
		.ax = (ulong)0x1122334455667788,
		.cx = count,
		.si = (ulong)source + AREA / 2 + source_offset,
		.di = (ulong)destination + AREA / 2 + destination_offset,
		.bx = 0x5a5a,
		.dx = 0xa5a5,
		.bp = 0x7777,
		.flags = flags | FLAG_1,
	};
	struct registers expected = r;

	for (u32 i = 0; i < AREA; i++) {
		source[i] = random_below(8) ? 0x88 : random_u64();
		destination[i] = random_below(8) ? 0x88 : random_u64();
	}
	if (insn->repeat == REPNE)
		for (u32 i = 0; i < AREA; i += 5 + random_below(50))
			source[i] ^= 0x11;
	if (random_below(2))
		r.ax = expected.ax = (ulong)0x8888888888888888;
	memcpy(source_expected, source, AREA);
	memcpy(destination_expected, destination, AREA);

	follow(insn, &expected);
	EXPECT_NO_FAULT(execute_in(place, code_in(place, &insn->code), &r));

	for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
		EXPECT_EQ(r.general[i], expected.general[i],
			  "register %u, count %#llx, flags %#llx", i, (u64)count, (u64)flags);
	EXPECT_EQ(r.flags, expected.flags, "count %#llx, flags %#llx", (u64)count, (u64)flags);
	EXPECT_MEM_EQ(source, source_expected, AREA);
	EXPECT_MEM_EQ(destination, destination_expected, AREA);
}

static void check_counts(const struct string_insn *insn, enum place place, u32 rounds)
{
	static const ulong counts[] = { 0, 1, 2, 3, 7, 13 };

	for (u32 j = 0; j < rounds * ARRAY_SIZE(counts); j++) {
		ulong count = counts[j % ARRAY_SIZE(counts)];

		check(insn, place, count, insn_flags(random_below(64)), j % 3, j % 5);
		check(insn, place, count, insn_flags(random_below(64)) | FLAG_DF, j % 3, j % 5);
	}
}

/* Which of the two areas are emulated; they have a boundary of pages in their middle. */
static const struct {
	const char *name;
	s32 source, destination; /* from the window on; 0 for RAM */
} emulated[] = {
	{ "from_mmio", PAGE_SIZE - AREA / 2, 0 },
	{ "to_mmio", 0, PAGE_SIZE - AREA / 2 },
	{ "mmio_to_mmio", 1024, PAGE_SIZE - AREA / 2 },
	{ "across_edges", -AREA / 2, 2 * PAGE_SIZE - AREA / 2 },
};

static void use_ram(void)
{
	source = ram[0];
	destination = ram[1];
}

static void check_table(const struct string_insn *table, u32 size)
{
	for (u32 i = 0; i < size; i++) {
		use_ram();
		for_each_place(place, INSN_PLACES)
		{
			if (place == EMULATED || place_missing(place))
				continue;
			insn_subtest(table[i].name, place);
			check_counts(&table[i], place, place == KERNEL ? 8 : 2);
		}
		if (place_missing(EMULATED))
			continue;
		for (u32 j = 0; j < ARRAY_SIZE(emulated); j++) {
			SUBTEST("%s.%s", table[i].name, emulated[j].name);
			use_ram();
			if (emulated[j].source)
				source = mmio_window() + emulated[j].source;
			if (emulated[j].destination)
				destination = mmio_window() + emulated[j].destination;
			check_counts(&table[i], KERNEL, 1);
		}
	}
}

TEST(string_once, "a string instruction alone works on one element and moves SI and DI by its size",
     SPEC("SDM vol. 2, MOVS, STOS, LODS, CMPS, SCAS"))
{
	const struct string_insn table[] = { SIZES("", "", movs, MOVS, ONCE) SIZES(
		"", "", stos, STOS, ONCE) SIZES("", "", lods, LODS, ONCE)
						     SIZES("", "", cmps, CMPS, ONCE)
							     SIZES("", "", scas, SCAS, ONCE) };

	check_table(table, ARRAY_SIZE(table));
}

TEST(string_rep, "REP goes on until rCX is 0 and does nothing at all when it is 0 before",
     SPEC("SDM vol. 2B, REP/REPE/REPZ/REPNE/REPNZ"))
{
	const struct string_insn table[] = { SIZES("rep_", "rep ", movs, MOVS, REP) SIZES(
		"rep_", "rep ", stos, STOS, REP) SIZES("rep_", "rep ", lods, LODS, REP) };

	check_table(table, ARRAY_SIZE(table));
}

TEST(string_repe, "REPE and REPNE also end when ZF says so, after the element that decided it",
     SPEC("SDM vol. 2B, REP/REPE/REPZ/REPNE/REPNZ"))
{
	const struct string_insn table[] = { SIZES("repe_", "repe ", cmps, CMPS, REPE) SIZES(
		"repe_", "repe ", scas, SCAS, REPE) SIZES("repne_", "repne ", cmps, CMPS, REPNE)
						     SIZES("repne_", "repne ", scas, SCAS, REPNE) };

	check_table(table, ARRAY_SIZE(table));
}

TEST(string_overlap, "REP MOVS of overlapping areas goes element by element",
     SPEC("SDM vol. 2B, MOVS; REP/REPE/REPZ/REPNE/REPNZ"))
{
	u8 area[48];
	struct registers r;

	SUBTEST("up");
	for (u32 i = 0; i < sizeof(area); i++)
		area[i] = i;
	r = (struct registers){
		.si = (ulong)area, .di = (ulong)area + 3, .cx = 40, .flags = FLAG_1
	};
	execute(CODE("rep movsb"), &r);
	for (u32 i = 0; i < sizeof(area); i++)
		EXPECT_EQ(area[i], i < 43 ? i % 3 : i, "byte %u", i);
	EXPECT_EQ(r.cx, 0u);

	SUBTEST("down");
	for (u32 i = 0; i < sizeof(area); i++)
		area[i] = i;
	r = (struct registers){
		.si = (ulong)area + 47, .di = (ulong)area + 45, .cx = 40, .flags = FLAG_1 | FLAG_DF
	};
	execute(CODE("rep movsb"), &r);
	for (u32 i = 0; i < sizeof(area); i++)
		EXPECT_EQ(area[i], i < 6 || i > 45 ? i : 46 + i % 2, "byte %u", i);
	EXPECT_EQ(r.di, (ulong)area + 5);
}
