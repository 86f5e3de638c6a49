/* SPDX-License-Identifier: MIT */
/* What only registers of 64 bits have: the upper halves of CTL and TVAL. And the counters of FEAT_ECV. */
#include <test.h>

#include "timer.h"

SUITE("Generic timer in 64 bits", REQUIRES(read_sys(CNTFRQ)));

static bool has_ecv(void)
{
	return read_sys(ID_AA64MMFR0) >> 60 & 0xf;
}

TEST(upper_halves, "bits 63-32 of CTL and TVAL are RES0: not kept, not added",
     SPEC("DDI 0487, D24.10, CNTP_CTL_EL0, CNTP_TVAL_EL0"))
{
	for_each_timer(t)
	{
		u64 before, after, cval;

		t->set_cval(~0ull);
		t->set_ctl(0xffffffff00000003);
		EXPECT_EQ(t->ctl(), 3);
		before = t->count();
		t->set_tval(0x1234567800001000);
		after = t->count();
		cval = t->cval() - 0x1000;
		EXPECT_LE(cval - before, after - before);
		t->set_cval(t->count() + 0xabcdef0000000000);
		EXPECT_EQ(t->tval() >> 32, 0);
		t->set_tval((u32)-5);
		EXPECT_EQ(t->tval() >> 32, 0);
		t->set_ctl(0);
	}
}

TEST(self_synchronized, "CNTPCTSS_EL0 and CNTVCTSS_EL0 are the counts, and go up without ISB",
     SPEC("DDI 0487, D24.10, CNTPCTSS_EL0, CNTVCTSS_EL0"), REQUIRES(has_ecv()))
{
	for (u32 i = 0; i < 1000; i++) {
		u64 p1 = read_sys(CNTPCT), p, p2, v1 = read_sys(CNTVCT), v, v2;

		__asm__ volatile("mrs %0, s3_3_c14_c0_5" : "=r"(p) : : "memory");
		__asm__ volatile("mrs %0, s3_3_c14_c0_6" : "=r"(v) : : "memory");
		isb();
		p2 = read_sys(CNTPCT);
		v2 = read_sys(CNTVCT);
		EXPECT_LE(p1, p);
		EXPECT_LE(p, p2);
		EXPECT_LE(v1, v);
		EXPECT_LE(v, v2);
	}
}

TEST(cntkctl_bits, "CNTKCTL_EL1 keeps its fields", SPEC("DDI 0487, D24.10, CNTKCTL_EL1"))
{
	/* EL0PCTEN, EL0VCTEN, EVNTEN, EVNTDIR, EVNTI, EL0VTEN, EL0PTEN */
	for_each_set_bit(bit, BITS(9, 0)) {
		SUBTEST("bit-%llu", bit);
		write_sys(CNTKCTL, BIT(bit));
		isb();
		EXPECT_EQ(read_sys(CNTKCTL) & BITS(9, 0), BIT(bit));
	}
	write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
}

TEST(event_stream, "with the event stream on, WFE ends without any other event",
     SPEC("DDI 0487, D12.2.3, event streams; CNTKCTL_EL1.EVNTEN, EVNTI, EVNTDIR"))
{
	for (u32 direction = 0; direction < 2; direction++) {
		u64 start = read_sys(CNTPCT);

		SUBTEST("%s", direction ? "falling" : "rising");
		/* Bit 4 of the count. */
		write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN | CNTKCTL_EVNTEN |
					   (u64)direction << 3 | 4 << 4);
		isb();
		for (u32 i = 0; i < 10; i++)
			__asm__ volatile("wfe" ::: "memory");
		EXPECT_GE(read_sys(CNTPCT), start);
	}
	write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
}
