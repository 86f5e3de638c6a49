/* SPDX-License-Identifier: MIT */
/* The PL031 real-time clock: DDI 0224. */
#include <test.h>

#include <arm/dt_device.h>
#include <arm/gic.h>
#include <arm/io.h>
#include <sys/time.h>

#include "primecell.h"

#define NAME "arm,pl031"

SUITE("PL031 real-time clock", REQUIRES(device_base(NAME) != 0));

#define RTCDR	0x00
#define RTCMR	0x04
#define RTCLR	0x08
#define RTCCR	0x0c
#define RTCIMSC 0x10
#define RTCRIS	0x14
#define RTCMIS	0x18
#define RTCICR	0x1c

#define SECOND_NS 1000000000ull

/* So many seconds a host may have other things to do. */
#define PAUSE 100u

static u32 count(ulong base)
{
	return read32(base + RTCDR);
}

/* A change of the count: to what, not before and not after which time. */
struct change {
	u32 count;
	u64 not_before, not_after;
};

/* Waits for the next one; false if it does not come. */
static bool next_change(ulong base, struct change *change)
{
	/* Before the last read that found the old count, and before the present one. */
	u64 previous = clock_ns(), now;
	u32 old = count(base);
	bool changed = wait_until((now = clock_ns(), change->count = count(base),
				   change->not_after = clock_ns(),
				   change->count != old || (previous = now, false)));

	change->not_before = previous;
	return changed;
}

TEST(rtc_identification, "the identification registers are a PL031's, and the clock is on",
     SPEC("DDI 0224, 3.3.9 to 3.3.12; RTCCR"))
{
	ulong base = device_base(NAME);

	expect_primecell(base, 0x031);
	EXPECT_EQ(read32(base + RTCCR) & 1, 1);
}

TEST(rtc_load, "RTCLR sets the count, which RTCDR shows, and reads as what was written",
     SPEC("DDI 0224, 3.3.1, RTCDR; 3.3.3, RTCLR"))
{
	static const u32 values[] = { 0, 1, 0x12345678, 0x7fffffff, 0x80000000, 0xfffffff0 };
	ulong base = device_base(NAME);

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("%#x", values[i]);
		write32(base + RTCLR, values[i]);
		EXPECT_LE(count(base) - values[i], PAUSE);
		EXPECT_EQ(read32(base + RTCLR), values[i]);
	}
	/* Not by a write to RTCDR. */
	SUBTEST("rtcdr-is-read-only");
	write32(base + RTCLR, 1000);
	write32(base + RTCDR, 5000);
	EXPECT_LE(count(base) - 1000, PAUSE);
}

TEST(rtc_counts_seconds, "the count goes up by one each second, and wraps",
     SPEC("DDI 0224, 2.2, functional description"))
{
	ulong base = device_base(NAME);
	struct change first, last;
	u64 seconds;

	write32(base + RTCLR, 0xfffffffe);
	ASSERT(next_change(base, &first));
	EXPECT_LE(first.count - 0xffffffff, PAUSE);
	do
		ASSERT(next_change(base, &last));
	while ((s32)last.count < 1);
	EXPECT_LE(last.count, PAUSE);
	/* A host that paused this CPU may have hidden some, but never makes them too many or too few. */
	seconds = last.count - first.count;
	EXPECT_GE(last.not_after - first.not_before, seconds * SECOND_NS * 98 / 100);
	EXPECT_LE(last.not_before - first.not_after, seconds * SECOND_NS * 102 / 100);
}

TEST(rtc_match,
     "when the count comes to RTCMR, the interrupt is raised, which RTCIMSC lets through and RTCICR clears",
     SPEC("DDI 0224, 3.3.2, RTCMR; 3.3.5 to 3.3.8"))
{
	ulong base = device_base(NAME);
	u32 intid = device_intid(NAME);

	write32(base + RTCIMSC, 0);
	write32(base + RTCICR, 1);
	write32(base + RTCLR, 100);
	write32(base + RTCMR, 101);
	EXPECT_EQ(read32(base + RTCMR), 101);
	SUBTEST("raw");
	EXPECT(wait_until(read32(base + RTCRIS) & 1));
	EXPECT_EQ(read32(base + RTCRIS), 1);
	EXPECT_GE(count(base), 101);
	SUBTEST("masked");
	EXPECT_EQ(read32(base + RTCMIS), 0);
	EXPECT(!gic_is_pending(intid));
	SUBTEST("unmasked");
	write32(base + RTCIMSC, 1);
	EXPECT_EQ(read32(base + RTCIMSC), 1);
	EXPECT_EQ(read32(base + RTCMIS), 1);
	EXPECT(gic_is_pending(intid));
	SUBTEST("cleared");
	write32(base + RTCICR, 1);
	EXPECT_EQ(read32(base + RTCRIS), 0);
	EXPECT_EQ(read32(base + RTCMIS), 0);
	EXPECT(!gic_is_pending(intid));
	write32(base + RTCIMSC, 0);
}

TEST(rtc_no_match, "no interrupt comes for a match that is in the past or far away",
     SPEC("DDI 0224, 2.2, 3.3.2, RTCMR"))
{
	ulong base = device_base(NAME);
	struct change change;

	write32(base + RTCLR, 5000);
	write32(base + RTCMR, 4000);
	write32(base + RTCICR, 1);
	ASSERT(next_change(base, &change));
	ASSERT(next_change(base, &change));
	EXPECT_EQ(read32(base + RTCRIS), 0);
}

TEST(rtc_match_by_load,
     "a count that is loaded with what RTCMR has is a match, and so is a match that is set to the count",
     SPEC("DDI 0224, 2.2, 3.3.2, RTCMR; 3.3.3, RTCLR"))
{
	ulong base = device_base(NAME);

	SUBTEST("loaded");
	write32(base + RTCLR, 100);
	write32(base + RTCMR, 7000);
	write32(base + RTCICR, 1);
	EXPECT_EQ(read32(base + RTCRIS), 0);
	write32(base + RTCLR, 7000);
	EXPECT(wait_until(read32(base + RTCRIS) & 1));
	SUBTEST("loaded-before");
	write32(base + RTCMR, 8001);
	write32(base + RTCICR, 1);
	write32(base + RTCLR, 8000);
	EXPECT(wait_until(read32(base + RTCRIS) & 1));
	EXPECT_GE(count(base), 8001);
	write32(base + RTCICR, 1);
}

TEST(rtc_mask_bits,
     "RTCIMSC has one bit, RTCICR clears by bit 0 alone, and RTCRIS and RTCMIS cannot be written",
     SPEC("DDI 0224, 3.3.5, RTCIMSC; 3.3.6, RTCRIS; 3.3.7, RTCMIS; 3.3.8, RTCICR"))
{
	ulong base = device_base(NAME);

	write32(base + RTCMR, 9000);
	write32(base + RTCLR, 9000);
	ASSERT(wait_until(read32(base + RTCRIS) & 1));
	SUBTEST("rtcimsc");
	write32(base + RTCIMSC, 0xfffffffe);
	EXPECT_EQ(read32(base + RTCIMSC), 0);
	write32(base + RTCIMSC, 0xffffffff);
	EXPECT_EQ(read32(base + RTCIMSC), 1);
	SUBTEST("rtcicr");
	write32(base + RTCICR, 0xfffffffe);
	EXPECT_EQ(read32(base + RTCRIS), 1);
	EXPECT_EQ(read32(base + RTCMIS), 1);
	SUBTEST("read-only");
	write32(base + RTCRIS, 0);
	write32(base + RTCMIS, 0);
	EXPECT_EQ(read32(base + RTCRIS), 1);
	EXPECT_EQ(read32(base + RTCMIS), 1);
	write32(base + RTCICR, 1);
	write32(base + RTCRIS, 1);
	EXPECT_EQ(read32(base + RTCRIS), 0);
	write32(base + RTCIMSC, 0);
}
