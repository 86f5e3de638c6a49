/* SPDX-License-Identifier: MIT */
/* The library's delays by the clock that they are calibrated with: the PIT, whose rate is
 * fixed. */
#include <test.h>

#include <arch/cpu.h>
#include <sys/time.h>
#include <x86/pit.h>

SUITE("x86: delays by the PIT");

TEST(delay_by_pit, "a delay as long as the PIT counts is over after the PIT is done",
     SPEC("Intel 8254, mode 0; lib/sys/time.h"))
{
	static const u16 counts[] = { 60, 600, 3000, 12000, 24000 };

	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		SUBTEST("count %u", counts[i]);
		for (u32 round = 0; round < 2; round++) {
			pit_start(counts[i]);
			delay_ns((counts[i] + 1) * 1000000000ull / PIT_HZ + 1);
			EXPECT(pit_done());
		}
	}
}

/* Generous: the PIT is not done before its time either, by any of the two bounds. */
TEST(clock_by_pit, "the PIT is not done earlier than the clock says", SPEC("Intel 8254, mode 0"))
{
	const u16 count = 12000;
	u64 start = arch_ticks(), ticks;

	pit_start(count);
	while (!pit_done())
		arch_relax();
	ticks = arch_ticks() - start;
	EXPECT_GE(ticks, clock_hz_min() / 1000 * count / (PIT_HZ / 1000 + 1));
}
