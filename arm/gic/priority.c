/* SPDX-License-Identifier: MIT */
/* Priorities: a lower value is a higher priority; the mask, preemption, the running priority. */
#include <test.h>

#include <arm/gic.h>

#include "signal.h"

SUITE("Interrupt priorities", REQUIRES(gic_version()));

/* Steps that every implementation has: 16 levels. */
#define STEP 0x10

TEST(mask,
     "an interrupt is signalled if its priority is higher than the mask's, and not if it is equal",
     SPEC("IHI 0048, 3.3, 4.4.2 GICC_PMR; IHI 0069, 4.8.2, ICC_PMR_EL1"))
{
	u32 spi = free_spi();

	gic_enable(spi);
	for (u32 mask = STEP; mask <= 0xf0; mask += STEP) {
		gic_set_priority_mask((u8)mask);
		EXPECT_EQ(gic_priority_mask(), mask);
		for (u32 priority = mask - STEP; priority <= mask + STEP && priority <= 0xf0;
		     priority += STEP) {
			gic_set_priority(spi, (u8)priority);
			gic_set_pending(spi);
			if (priority < mask)
				EXPECT(signalled(PSTATE_I), "mask %#x priority %#x", mask,
				       priority);
			else
				EXPECT(quiet(PSTATE_I), "mask %#x priority %#x", mask, priority);
			gic_clear_pending(spi);
		}
	}
}

TEST(mask_of_zero, "a mask of 0 lets nothing through", SPEC("IHI 0048, 4.4.2; IHI 0069, 4.8.2"))
{
	u32 spi = free_spi();

	gic_enable(spi);
	gic_set_priority(spi, 0);
	gic_set_pending(spi);
	EXPECT(signalled(PSTATE_I));
	gic_set_priority_mask(0);
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
	gic_set_priority_mask(0xff);
	EXPECT(signalled(PSTATE_I));
}

TEST(highest_first, "of several, the one with the highest priority is acknowledged first",
     SPEC("IHI 0048, 3.3; IHI 0069, 4.8"))
{
	static const u8 priorities[] = { 0x80, 0x20, 0xc0, 0x40, 0x60 };
	static const u8 order[] = { 1, 3, 4, 0, 2 };
	u32 first = free_spi() - ARRAY_SIZE(priorities);

	for (u32 i = 0; i < ARRAY_SIZE(priorities); i++) {
		gic_set_priority(first + i, priorities[i]);
		gic_enable(first + i);
		gic_set_pending(first + i);
	}
	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		ASSERT(signalled(PSTATE_I));
		EXPECT_EQ(gic_highest_pending(), first + order[i]);
		ASSERT_EQ(gic_ack(), first + order[i]);
		gic_eoi(first + order[i]);
	}
	EXPECT(quiet(PSTATE_I));
}

TEST(preemption,
     "an active interrupt is preempted by a higher priority, not by the same or a lower one",
     SPEC("IHI 0048, 3.3.1; IHI 0069, 4.8.5"))
{
	u32 active = free_spi(), other = active - 1;
	static const u8 priorities[] = { 0x20, 0x70, 0x80, 0x90, 0xf0 };

	gic_set_priority(active, 0x80);
	gic_enable(active);
	gic_enable(other);
	gic_set_pending(active);
	ASSERT(signalled(PSTATE_I));
	ASSERT_EQ(gic_ack(), active);
	for (u32 i = 0; i < ARRAY_SIZE(priorities); i++) {
		SUBTEST("priority-%02x", priorities[i]);
		gic_set_priority(other, priorities[i]);
		gic_set_pending(other);
		if (priorities[i] < 0x80)
			EXPECT(signalled(PSTATE_I));
		else
			EXPECT(quiet(PSTATE_I));
		gic_clear_pending(other);
	}
	gic_eoi(active);
}

TEST(running_priority,
     "RPR is the priority of the interrupt acknowledged last, and of the outer one after its end",
     SPEC("IHI 0048, 4.4.6; IHI 0069, 4.8.3, ICC_RPR_EL1"))
{
	u32 outer = free_spi(), inner = outer - 1;

	gic_set_priority(outer, 0xc0);
	gic_set_priority(inner, 0x40);
	gic_enable(outer);
	gic_enable(inner);
	EXPECT_EQ(gic_running_priority(), 0xff);
	gic_set_pending(outer);
	ASSERT(signalled(PSTATE_I));
	ASSERT_EQ(gic_ack(), outer);
	EXPECT_EQ(gic_running_priority(), 0xc0);
	gic_set_pending(inner);
	ASSERT(signalled(PSTATE_I));
	ASSERT_EQ(gic_ack(), inner);
	EXPECT_EQ(gic_running_priority(), 0x40);
	gic_eoi(inner);
	EXPECT_EQ(gic_running_priority(), 0xc0);
	gic_eoi(outer);
	EXPECT_EQ(gic_running_priority(), 0xff);
}
