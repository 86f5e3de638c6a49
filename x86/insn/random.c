/* SPDX-License-Identifier: MIT */
/* RDRAND and RDSEED: what they leave in flags and registers; of their values only that they differ. */
#include "insn.h"

#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("Random numbers");

#define DRAWS 32

struct random_row {
	const char *name;
	const void *code;
	unsigned width;
};

/* All other registers and bits stay as they are; a failure, which CF tells, gives 0. */
static void check(const struct random_row *row, enum place place)
{
	const ulong filled = (ulong)0x1122334455667788;
	ulong mask = row->width == 16 ? 0xffff : row->width == 32 ? 0xffffffff : ~0ul;
	ulong first = 0, different = 0;
	u32 successes = 0;

	for (u32 i = 0; i < DRAWS; i++) {
		struct registers before = { .ax = filled,
					    .cx = filled,
					    .flags = FLAG_1 | insn_flags(i * 2 + i / 16) };
		struct registers r = before;

		EXPECT_NO_FAULT(execute_in(place, row->code, &r));
		EXPECT_EQ(r.ax & ~mask, row->width == 16 ? filled & ~mask : 0);
		EXPECT_EQ(r.flags & ~FLAG_CF, FLAG_1);
		if (!(r.flags & FLAG_CF)) {
			EXPECT_EQ(r.ax & mask, 0u);
		} else if (successes++ == 0) {
			first = r.ax & mask;
		} else {
			different |= first ^ (r.ax & mask);
		}
		before.ax = r.ax;
		before.flags = r.flags;
		EXPECT_MEM_EQ(&r, &before, sizeof(r));
	}
	/* SDM vol. 1, 7.3.17.1: ten failures in a row are a defect; a bit that never changes, too. */
	EXPECT_GE(successes, 2u);
	if (successes == DRAWS)
		EXPECT_EQ(different, mask);
}

static void check_table(const struct random_row *table, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", table[i].name);
		check(&table[i], KERNEL);
		check(&table[i], USER);
	}
}

#define RANDOM(op)                                                                     \
	{ #op "_r16", CODE(#op " %%ax"), 16 }, { #op "_r32", CODE(#op " %%eax"), 32 }, \
		ONLY_64({ #op "_r64", CODE(#op " %%rax"), 64 }, )

TEST(rdrand, "RDRAND gives a number and CF, or 0; the other status flags are cleared",
     SPEC("SDM vol. 2B, RDRAND; vol. 1, 7.3.17.1"), REQUIRES(cpu_has(X86_FEATURE_RDRAND)))
{
	const struct random_row table[] = { RANDOM(rdrand) };

	check_table(table, ARRAY_SIZE(table));
}

TEST(rdseed, "RDSEED gives a number and CF, or 0; the other status flags are cleared",
     SPEC("SDM vol. 2B, RDSEED; vol. 1, 7.3.17.2"), REQUIRES(cpu_has(X86_FEATURE_RDSEED)))
{
	const struct random_row table[] = { RANDOM(rdseed) };

	check_table(table, ARRAY_SIZE(table));
}
