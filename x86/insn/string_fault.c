/* SPDX-License-Identifier: MIT */
/*
 * String instructions that fault in the middle: memory and registers tell how far they came, and when the
 * page is there, executing them again does the rest. SDM vol. 2B, REP: "If the exception is a fault, the
 * instruction can be resumed".
 */
#include "insn.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("Faults of string instructions");

enum operation { MOVS, STOS, LODS, CMPS, SCAS };

struct string_row {
	const char *name;
	const void *code;
	enum operation operation;
	ulong width; /* in bytes */
};

#define SIZES(name, text, operation)                                                            \
	{ name "b", CODE(text "b"), operation, 1 }, { name "w", CODE(text "w"), operation, 2 }, \
		{ name "d", CODE(text "l"), operation, 4 },                                     \
		ONLY_64({ name "q", CODE(text "q"), operation, 8 }, )

#define REPEATED                            \
	SIZES("rep_movs", "rep movs", MOVS) \
	SIZES("rep_stos", "rep stos", STOS) \
	SIZES("rep_lods", "rep lods", LODS) \
	SIZES("repe_cmps", "repe cmps", CMPS) SIZES("repe_scas", "repe scas", SCAS)

#define SINGLE                      \
	SIZES("movs", "movs", MOVS) \
	SIZES("stos", "stos", STOS) \
	SIZES("lods", "lods", LODS) SIZES("cmps", "cmps", CMPS) SIZES("scas", "scas", SCAS)

static bool uses_si(const struct string_row *row)
{
	return row->operation == MOVS || row->operation == LODS || row->operation == CMPS;
}

static bool uses_di(const struct string_row *row)
{
	return row->operation != LODS;
}

static bool writes(const struct string_row *row)
{
	return row->operation == MOVS || row->operation == STOS;
}

static bool compares(const struct string_row *row)
{
	return row->operation == CMPS || row->operation == SCAS;
}

/* What memory holds: all the same where something is compared, so that that goes on. */
#define SAME	 0x5a5a5a5a5a5a5a5a
#define ELEMENTS 9

/* Two pages each for source and destination; in one of the four there is a hole. */
struct areas {
	u8 *source, *destination;
	u8 *hole;
};

struct attempt {
	bool down, user, hole_in_source;
	ulong before; /* elements that come before the one that faults */
	bool flags_come_back;
	ulong across; /* bytes of that one on this side of the hole */
};

static void fill(const struct string_row *row, u8 *area)
{
	for (u32 i = 0; i < 2 * PAGE_SIZE; i++)
		area[i] = row->operation == MOVS || row->operation == LODS ? (u8)(i * 7 + i / 256)
									   : (u8)SAME;
}

/* Where the pointer of an area is first, so that element `before` is the one that meets the boundary. */
static ulong start_of(const struct attempt *a, ulong area, ulong width)
{
	ulong boundary = area + PAGE_SIZE;

	if (!a->down)
		return boundary - a->before * width - a->across;
	return boundary + (a->before - 1) * width + a->across;
}

static struct fault run(const struct string_row *row, const struct attempt *a, struct registers *r)
{
	return execute_in(a->user ? USER : KERNEL, row->code, r);
}

/* `done` elements from `start` on have been stored; nothing else has changed. */
static void check_destination(const struct string_row *row, const struct attempt *a,
			      const struct areas *areas, const struct registers *start, ulong done,
			      const u8 *skip)
{
	static u8 expected[2 * PAGE_SIZE];
	ulong source = start->si - (ulong)areas->source, at = start->di - (ulong)areas->destination;
	ulong step = a->down ? -row->width : row->width;

	memset(expected, 0x11, sizeof(expected));
	for (ulong i = 0; i < done; i++) {
		if (row->operation == MOVS)
			memcpy(expected + at + i * step, areas->source + source + i * step,
			       row->width);
		else
			memset(expected + at + i * step, (u8)SAME, row->width);
	}
	for (u32 page = 0; page < 2; page++) {
		u8 *address = areas->destination + page * PAGE_SIZE;

		if (address != skip)
			EXPECT_MEM_EQ(address, expected + page * PAGE_SIZE, PAGE_SIZE, "page %u",
				      page);
	}
}

static void attempt(const struct string_row *row, const struct attempt *a, struct areas *areas,
		    bool repeated)
{
	u8 *area = a->hole_in_source ? areas->source : areas->destination;
	ulong step = a->down ? -row->width : row->width;
	ulong address = (ulong)area + PAGE_SIZE - (a->down ? row->width - a->across : 0);
	struct registers start = {
		.ax = (ulong)SAME,
		.cx = ELEMENTS,
		.dx = 0x1234,
		.bx = 0x5678,
		.bp = 0x9abc,
		.si = start_of(a, (ulong)areas->source, row->width),
		.di = start_of(a, (ulong)areas->destination, row->width),
		.flags = FLAG_1 | FLAG_CF | FLAG_SF | FLAG_OF | (a->down ? FLAG_DF : 0),
	};
	struct registers r = start, expected = start;
	bool is_write = !a->hole_in_source && writes(row);
	struct fault fault;

	/* An element that begins in the hole faults where it begins. */
	if (!a->across && a->down)
		address = (ulong)area + PAGE_SIZE - row->width;
	areas->hole = area + (a->down ? 0 : PAGE_SIZE);
	fill(row, areas->source);
	if (compares(row))
		fill(row, areas->destination);
	else
		memset(areas->destination, 0x11, 2 * PAGE_SIZE);

	space_unmap(space_kernel(), (ulong)areas->hole, PAGE_SIZE);
	fault = run(row, a, &r);
	space_map(space_kernel(), (ulong)areas->hole, (ulong)areas->hole, PAGE_SIZE, PROT_ALL);

#define WHERE                                                                        \
	"down %u user %u hole in source %u before %lu across %lu", a->down, a->user, \
		a->hole_in_source, (unsigned long)a->before, (unsigned long)a->across
	EXPECT_FAULT(PF((a->user ? PF_U : 0) | (is_write ? PF_W : 0), address), fault, WHERE);
	if (uses_si(row))
		expected.si += a->before * step;
	if (uses_di(row))
		expected.di += a->before * step;
	if (repeated)
		expected.cx -= a->before;
	if (row->operation == LODS && row->width == 4 && a->before)
		expected.ax = 0;
	if (row->operation == LODS && a->before)
		memcpy(&expected.ax, (u8 *)(expected.si - step), row->width);
	EXPECT_MEM_EQ(r.general, expected.general, sizeof(r.general), WHERE);
	if (!compares(row) || !a->before || a->flags_come_back)
		EXPECT_EQ(r.flags, start.flags, WHERE);
	if (writes(row))
		check_destination(row, a, areas, &start, a->before, areas->hole);

	/* Again, with what the fault left. */
	EXPECT_NO_FAULT(run(row, a, &r), WHERE);
	if (repeated)
		expected.cx = 0;
	if (uses_si(row))
		expected.si = start.si + (repeated ? ELEMENTS : 1) * step;
	if (uses_di(row))
		expected.di = start.di + (repeated ? ELEMENTS : 1) * step;
	if (row->operation == LODS && row->width == 4)
		expected.ax = 0;
	if (row->operation == LODS)
		memcpy(&expected.ax, (u8 *)(expected.si - step), row->width);
	EXPECT_MEM_EQ(r.general, expected.general, sizeof(r.general), WHERE);
	if (compares(row))
		EXPECT_EQ(r.flags, FLAG_1 | FLAG_ZF | FLAG_PF | (a->down ? FLAG_DF : 0), WHERE);
	else
		EXPECT_EQ(r.flags, start.flags, WHERE);
	if (writes(row))
		check_destination(row, a, areas, &start, repeated ? ELEMENTS : 1, NULL);
}

static void check_table(const struct string_row *table, u32 count, bool repeated,
			bool flags_come_back)
{
	static const ulong before[] = { 0, 1, 5 };
	struct areas areas = { .source = pages_alloc(2, PAGE_SIZE),
			       .destination = pages_alloc(2, PAGE_SIZE) };

	for (u32 i = 0; i < count; i++) {
		const struct string_row *row = &table[i];

		SUBTEST("%s", row->name);
		for (u32 mask = 0; mask < 8; mask++) {
			struct attempt a = { .down = mask & 1,
					     .user = mask & 2,
					     .hole_in_source = mask & 4,
					     .flags_come_back = flags_come_back };

			if (a.hole_in_source ? !uses_si(row) : !uses_di(row))
				continue;
			for (u32 j = 0; j < (repeated ? ARRAY_SIZE(before) : 1); j++) {
				a.before = before[j];
				for (a.across = 0; a.across < row->width; a.across++)
					attempt(row, &a, &areas, repeated);
			}
		}
	}
}

TEST(string_fault_repeated,
     "a repeated string instruction that faults has done all elements before, and goes on there",
     SPEC("SDM vol. 2B, REP/REPE/REPZ/REPNE/REPNZ; vol. 3A, 6.5, Faults"))
{
	const struct string_row table[] = { REPEATED };

	check_table(table, ARRAY_SIZE(table), true, false);
}

TEST(string_fault_single, "a string instruction alone that faults has done nothing",
     SPEC("SDM vol. 2, MOVS, STOS, LODS, CMPS, SCAS; vol. 3A, 6.5, Faults"))
{
	const struct string_row table[] = { SINGLE };

	check_table(table, ARRAY_SIZE(table), false, false);
}

TEST(string_fault_keeps_flags,
     "REPE CMPS and SCAS that fault leave the flags as before the instruction, not the last element",
     SPEC("SDM vol. 2B, REP: \"When a fault occurs during the execution of a CMPS or SCAS instruction "
	  "that is prefixed by REPE or REPNE, the EFLAGS value is restored to the state prior to the "
	  "execution of the instruction\""),
	  REQUIRES(cpu_is_intel()))
{
	const struct string_row table[] = { SIZES("repe_cmps", "repe cmps", CMPS)
						    SIZES("repe_scas", "repe scas", SCAS) };

	check_table(table, ARRAY_SIZE(table), true, true);
}

TEST(string_zero_count, "with a count of 0 no memory is accessed and no flag changes",
     SPEC("SDM vol. 2B, REP/REPE/REPZ/REPNE/REPNZ"))
{
	const struct string_row table[] = { REPEATED };
	u8 *absent = page_alloc();

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct registers start = { .ax = (ulong)0x1122334455667788,
					   .si = (ulong)absent,
					   .di = (ulong)absent + 64,
					   .flags = FLAG_1 | ALU_STATUS };
		struct registers r = start;

		SUBTEST("%s", table[i].name);
		EXPECT_NO_FAULT(execute_try(table[i].code, &r));
		EXPECT_MEM_EQ(&r, &start, sizeof(r));
	}
}

TEST(string_source_first, "MOVS reads before it writes: with both pages absent, the read faults",
     SPEC("SDM vol. 2B, MOVS, Operation"))
{
	const void *const code[] = { CODE("movsb"), CODE("rep movsl") };
	u8 *absent = pages_alloc(2, PAGE_SIZE);

	space_unmap(space_kernel(), (ulong)absent, 2 * PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(code); i++) {
		struct registers r = { .si = (ulong)absent + 8,
				       .di = (ulong)absent + PAGE_SIZE + 8,
				       .cx = 3,
				       .flags = FLAG_1 };

		EXPECT_FAULT(PF(0, absent + 8), execute_try(code[i], &r));
		EXPECT_EQ(r.cx, 3u);
	}
}

/*
 * Addresses of half the width: they wrap where they end, the counter has half the width, too.
 * In 64-bit mode results are zero-extended, in 32-bit mode the upper halves stay.
 */
#define HALF_BITS (sizeof(ulong) * 4)
#define LOW	  ((ulong)BITS(HALF_BITS - 1, 0))
#define LAST_PAGE ((LOW + 1) - PAGE_SIZE)

TEST(string_address_wraps, "with 67h SI and DI wrap at 64 KiB, or 4 GiB in 64-bit mode",
     SPEC("SDM vol. 1, 3.6; vol. 2B, MOVS; REP/REPE/REPZ/REPNE/REPNZ"))
{
	const ulong upper = (ulong)0x12345678abcdef01 & ~LOW;
	/* What is above the half of a register that was written. */
	const ulong kept = sizeof(ulong) == 8 ? 0 : upper;
	u8 *first = page_alloc(), *last = page_alloc(), *other = page_alloc();
	struct registers r = { .cx = 6 | upper, .flags = FLAG_1 };
	ulong low_page = 8 * PAGE_SIZE;

	space_map(space_kernel(), 0, (ulong)first, PAGE_SIZE, PROT_ALL);
	space_map(space_kernel(), LAST_PAGE, (ulong)last, PAGE_SIZE, PROT_ALL);
	space_map(space_kernel(), low_page, (ulong)other, PAGE_SIZE, PROT_ALL);
	for (u32 i = 0; i < 8; i++) {
		first[i] = (u8)(0x20 + i);
		last[PAGE_SIZE - 1 - i] = (u8)(0x10 + i);
	}

	SUBTEST("up");
	r.si = ((LOW - 2) & LOW) | upper;
	r.di = (low_page + 16) | upper;
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x67; rep movsb"), &r));
	EXPECT_MEM_EQ(other + 16, ((u8[]){ 0x12, 0x11, 0x10, 0x20, 0x21, 0x22, 0 }), 7);
	EXPECT_EQ(r.si, 3 | kept);
	EXPECT_EQ(r.di, (low_page + 22) | kept);
	EXPECT_EQ(r.cx, kept);

	SUBTEST("down");
	r = (struct registers){ .si = 1 | upper,
				.di = (low_page + 64) | upper,
				.cx = 4 | upper,
				.flags = FLAG_1 | FLAG_DF };
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x67; rep movsb"), &r));
	EXPECT_MEM_EQ(other + 60, ((u8[]){ 0, 0x11, 0x10, 0x20, 0x21, 0 }), 6);
	EXPECT_EQ(r.si, ((LOW - 2) & LOW) | kept);
	EXPECT_EQ(r.di, (low_page + 60) | kept);

	SUBTEST("stos");
	r = (struct registers){
		.ax = 0x77, .di = (LOW - 1) | upper, .cx = 4 | upper, .flags = FLAG_1
	};
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x67; rep stosb"), &r));
	EXPECT_EQ(last[PAGE_SIZE - 1], 0x77);
	EXPECT_EQ(first[1], 0x77);
	EXPECT_EQ(first[2], 0x22);
	EXPECT_EQ(r.di, 2 | kept);

	SUBTEST("scas");
	r = (struct registers){
		.ax = 0x22, .di = (LOW - 1) | upper, .cx = 9 | upper, .flags = FLAG_1
	};
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x67; repne scasb"), &r));
	EXPECT_EQ(r.di, 3 | kept);
	EXPECT_EQ(r.cx, 4 | kept);

	SUBTEST("lods");
	r = (struct registers){ .ax = 0, .si = LOW | upper, .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x67; lodsb"), &r));
	EXPECT_EQ(r.ax, 0x77u);
	EXPECT_EQ(r.si, kept);

	SUBTEST("xlat");
	r = (struct registers){ .ax = 0x03, .bx = LOW | upper, .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x67; xlat"), &r));
	EXPECT_EQ(r.ax, 0x22u);
}
