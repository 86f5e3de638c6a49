/* SPDX-License-Identifier: MIT */
/* The event that a CPU makes for itself alone. */
#include <test.h>

SUITE("Wait for event, locally");

TEST(wfe_after_sevl, "WFE ends at once after SEVL, as often as that is repeated",
     SPEC("DDI 0487, D1.7.1, the Event Register; C6.2, SEVL, WFE"))
{
	u32 rounds = 0;

	for (; rounds < 100; rounds++)
		__asm__ volatile("sevl\n\twfe" ::: "memory");
	EXPECT_EQ(rounds, 100);
}
