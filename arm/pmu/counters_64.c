/* SPDX-License-Identifier: MIT */
/* Counters of the PMU: control, events by software, cycles, filters, overflow, interrupt. */
#include <test.h>

#include <arm/execute.h>
#include <arm/gic.h>
#include <sys/time.h>

#include "pmu.h"

SUITE("Performance monitors", REQUIRES(has_pmu()));

#define MRS_PMEVCNTR(n)	 (0xd53be801u | ((n) >> 3) << 8 | ((n)&7) << 5)
#define MRS_PMEVTYPER(n) (0xd53bec01u | ((n) >> 3) << 8 | ((n)&7) << 5)
#define MSR_PMEVCNTR(n)	 (0xd51be801u | ((n) >> 3) << 8 | ((n)&7) << 5)
#define MSR_PMEVTYPER(n) (0xd51bec01u | ((n) >> 3) << 8 | ((n)&7) << 5)

static void increment(u64 counters)
{
	write_sys(PMSWINC, counters);
	isb();
}

/* So many NOPs' time, or more. */
static void spend(void)
{
	for (u32 i = 0; i < 2000; i++)
		__asm__ volatile("nop");
	isb();
}

TEST(pmu_identification,
     "PMCR_EL0's IMP, IDCODE and N are read-only, there are counters, and SW_INCR is an event",
     SPEC("DDI 0487, D24.5, PMCR_EL0, PMCEID0_EL0"))
{
	u64 before;

	pmu_reset();
	before = read_sys(PMCR);
	EXPECT_GE(pmu_counters(), 1);
	write_sys(PMCR, ~before & BITS(31, 11));
	isb();
	EXPECT_EQ(read_sys(PMCR) & BITS(31, 11), before & BITS(31, 11));
	EXPECT(read_sys(PMCEID0) & BIT(EVENT_SW_INCR));
	write_sys(PMCR, 0);
	EXPECT_EQ(read_sys(PMCR) & (PMCR_P | PMCR_C), 0);
}

TEST(pmu_bits, "set and clear registers set and clear the same bits, of the counters there are",
     SPEC("DDI 0487, D24.5, PMCNTENSET_EL0, PMCNTENCLR_EL0, PMINTENSET_EL1, PMOVSSET_EL0"))
{
	u64 all;

	pmu_reset();
	all = CYCLES | (BIT(pmu_counters()) - 1);
#define CHECK_PAIR(set, clear)                                       \
	do {                                                         \
		write_sys(set, 0xffffffff);                          \
		EXPECT_EQ(read_sys(set), all);                       \
		EXPECT_EQ(read_sys(clear), all);                     \
		for_each_set_bit(bit, all) {                         \
			write_sys(clear, BIT(bit));                  \
			EXPECT_EQ(read_sys(set), all & ~BIT(bit));   \
			EXPECT_EQ(read_sys(clear), all & ~BIT(bit)); \
			write_sys(set, BIT(bit));                    \
			EXPECT_EQ(read_sys(set), all);               \
		}                                                    \
		write_sys(set, 0);                                   \
		write_sys(clear, 0);                                 \
		EXPECT_EQ(read_sys(set), all);                       \
		write_sys(clear, 0xffffffff);                        \
		EXPECT_EQ(read_sys(set), 0);                         \
	} while (0)
	SUBTEST("enable");
	CHECK_PAIR(PMCNTENSET, PMCNTENCLR);
	SUBTEST("interrupt");
	CHECK_PAIR(PMINTENSET, PMINTENCLR);
	SUBTEST("overflow");
	CHECK_PAIR(PMOVSSET, PMOVSCLR);
	pmu_reset();
}

TEST(pmu_selection,
     "PMXEVTYPER_EL0 and PMXEVCNTR_EL0 are the registers of the counter that PMSELR_EL0 names",
     SPEC("DDI 0487, D24.5, PMSELR_EL0, PMXEVCNTR_EL0, PMEVTYPER<n>_EL0"))
{
	pmu_reset();
	for (u32 n = 0; n < pmu_counters(); n++) {
		pmu_set_count(n, 0x1000 + n);
		pmu_set_event(n, EVENT_SW_INCR | (n & 1 ? PMU_NOT_EL0 : PMU_NOT_EL1));
	}
	for (u32 n = 0; n < pmu_counters(); n++) {
		const u32 code[] = { MRS_PMEVCNTR(n), 0xaa0103e2 /* MOV x2, x1 */,
				     MRS_PMEVTYPER(n) };
		const u32 write[] = { MSR_PMEVCNTR(n) };
		struct arm_registers r = { 0 };

		SUBTEST("counter-%u", n);
		EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 3, &r));
		EXPECT_EQ(r.x[2], 0x1000 + n);
		EXPECT_EQ(r.x[1], EVENT_SW_INCR | (n & 1 ? PMU_NOT_EL0 : PMU_NOT_EL1));
		r.x[1] = 0x2000 + n;
		EXPECT_NO_FAULT(arm_execute(ARM_EL1, write, 1, &r));
		EXPECT_EQ(pmu_count(n), 0x2000 + n);
	}
	/* 31 is the cycle counter's filter. */
	SUBTEST("cycles");
	write_sys(PMCCFILTR, PMU_NOT_EL0);
	isb();
	EXPECT_EQ(pmu_event(31), PMU_NOT_EL0);
	pmu_reset();
}

TEST(software_increment,
     "PMSWINC_EL0 increments by one the counters it names, if they count SW_INCR, are enabled, and E is set",
     SPEC("DDI 0487, D24.5, PMSWINC_EL0; D13.12, SW_INCR"))
{
	u32 counters;

	pmu_reset();
	counters = pmu_counters();
	for (u32 n = 0; n < counters; n++) {
		SUBTEST("counter-%u", n);
		pmu_reset();
		write_sys(PMCNTENSET, BIT(n));
		increment(BIT(n));
		EXPECT_EQ(pmu_count(n), 0, "E is clear");
		write_sys(PMCR, PMCR_E | PMCR_LC);
		isb();
		for (u32 i = 1; i <= 3; i++) {
			increment(BIT(n));
			EXPECT_EQ(pmu_count(n), i);
		}
		increment((BIT(counters) - 1) & ~BIT(n));
		for (u32 m = 0; m < counters; m++)
			EXPECT_EQ(pmu_count(m), m == n ? 3 : 0, "counter %u", m);
		write_sys(PMCNTENCLR, BIT(n));
		isb();
		increment(BIT(n));
		EXPECT_EQ(pmu_count(n), 3, "disabled");
		/* Another event does not count this. */
		write_sys(PMCNTENSET, BIT(n));
		pmu_set_event(n, 0x3ff);
		increment(BIT(n));
		EXPECT_EQ(pmu_count(n), 3, "another event");
	}
	pmu_reset();
}

/* MSR PMSWINC_EL0, x1 */
static const u32 swinc[] = { 0xd51b9c81 };

TEST(filters, "P keeps a counter from counting at EL1, U at EL0",
     SPEC("DDI 0487, D24.5, PMEVTYPER<n>_EL0.P, U"))
{
	for (u32 filter = 0; filter < 4; filter++) {
		struct arm_registers r = { .x = { 0, 1 } };

		SUBTEST("p-%u-u-%u", filter >> 1, filter & 1);
		pmu_reset();
		write_sys(PMUSERENR, 3);
		pmu_set_event(0, EVENT_SW_INCR | (u64)filter << 30);
		write_sys(PMCNTENSET, 1);
		write_sys(PMCR, PMCR_E | PMCR_LC);
		isb();
		EXPECT_NO_FAULT(arm_execute(ARM_EL1, swinc, 1, &r));
		EXPECT_EQ(pmu_count(0), !(filter & 2));
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, swinc, 1, &r));
		EXPECT_EQ(pmu_count(0), !(filter & 2) + !(filter & 1));
	}
	write_sys(PMUSERENR, 0);
	pmu_reset();
}

TEST(resets, "P resets the event counters and C the cycle counter, and each no other",
     SPEC("DDI 0487, D24.5, PMCR_EL0.P, C"))
{
	u32 counters;

	pmu_reset();
	counters = pmu_counters();
	for (u32 n = 0; n < counters; n++)
		pmu_set_count(n, 0x5000 + n);
	write_sys(PMCCNTR, 0x123456789);
	SUBTEST("c");
	write_sys(PMCR, PMCR_C | PMCR_LC);
	isb();
	EXPECT_EQ(read_sys(PMCCNTR), 0);
	for (u32 n = 0; n < counters; n++)
		EXPECT_EQ(pmu_count(n), 0x5000 + n, "counter %u", n);
	SUBTEST("p");
	write_sys(PMCCNTR, 0x123456789);
	write_sys(PMCR, PMCR_P | PMCR_LC);
	isb();
	EXPECT_EQ(read_sys(PMCCNTR), 0x123456789);
	for (u32 n = 0; n < counters; n++)
		EXPECT_EQ(pmu_count(n), 0, "counter %u", n);
	pmu_reset();
}

TEST(cycle_counter,
     "the cycle counter counts while it is enabled, E is set and its filter lets it, and else keeps its value",
     SPEC("DDI 0487, D24.5, PMCCNTR_EL0, PMCCFILTR_EL0"))
{
	u64 before;

	pmu_reset();
	SUBTEST("e-0");
	write_sys(PMCNTENSET, CYCLES);
	write_sys(PMCCNTR, 1000);
	spend();
	EXPECT_EQ(read_sys(PMCCNTR), 1000);
	SUBTEST("counts");
	write_sys(PMCR, PMCR_E | PMCR_LC);
	isb();
	before = read_sys(PMCCNTR);
	spend();
	EXPECT_GT(read_sys(PMCCNTR), before);
	SUBTEST("disabled");
	write_sys(PMCNTENCLR, CYCLES);
	isb();
	before = read_sys(PMCCNTR);
	spend();
	EXPECT_EQ(read_sys(PMCCNTR), before);
	SUBTEST("filtered");
	write_sys(PMCCFILTR, PMU_NOT_EL1);
	write_sys(PMCNTENSET, CYCLES);
	isb();
	before = read_sys(PMCCNTR);
	spend();
	EXPECT_EQ(read_sys(PMCCNTR), before);
	SUBTEST("written");
	write_sys(PMCR, PMCR_LC);
	isb();
	for (u32 bit = 0; bit < 64; bit++) {
		write_sys(PMCCNTR, BIT(bit));
		isb();
		EXPECT_EQ(read_sys(PMCCNTR), BIT(bit));
	}
	pmu_reset();
}

static bool has_64_bits(void)
{
	return (read_sys(ID_AA64DFR0) >> 8 & 0xf) >= 6;
}

TEST(overflow, "a counter that wraps sets its overflow bit and goes on from zero",
     SPEC("DDI 0487, D13.3, overflow; D24.5, PMOVSCLR_EL0"))
{
	u32 counters;

	pmu_reset();
	counters = pmu_counters();
	for (u32 n = 0; n < counters; n++) {
		SUBTEST("counter-%u", n);
		pmu_reset();
		write_sys(PMCNTENSET, BIT(n));
		write_sys(PMCR, PMCR_E | PMCR_LC);
		pmu_set_count(n, 0xfffffffe);
		increment(BIT(n));
		EXPECT_EQ(read_sys(PMOVSCLR), 0);
		increment(BIT(n));
		EXPECT_EQ(read_sys(PMOVSCLR), BIT(n));
		/* FEAT_PMUv3p5 has 64 bits, and still overflows at 32 while LP is clear. */
		EXPECT_EQ(pmu_count(n), has_64_bits() ? BIT(32) : 0);
		increment(BIT(n));
		EXPECT_EQ((u32)pmu_count(n), 1);
		EXPECT_EQ(read_sys(PMOVSSET), BIT(n));
		write_sys(PMOVSCLR, BIT(n));
		isb();
		EXPECT_EQ(read_sys(PMOVSSET), 0);
	}
	pmu_reset();
}

TEST(long_overflow, "with LP an event counter overflows at 64 bits, not at 32",
     SPEC("DDI 0487, D24.5, PMCR_EL0.LP"), REQUIRES(has_64_bits()))
{
	pmu_reset();
	write_sys(PMCNTENSET, 1);
	write_sys(PMCR, PMCR_E | PMCR_LC | PMCR_LP);
	pmu_set_count(0, 0xffffffff);
	increment(1);
	EXPECT_EQ(pmu_count(0), BIT(32));
	EXPECT_EQ(read_sys(PMOVSCLR), 0);
	pmu_set_count(0, ~0ull);
	increment(1);
	EXPECT_EQ(pmu_count(0), 0);
	EXPECT_EQ(read_sys(PMOVSCLR), 1);
	pmu_reset();
}

TEST(cycle_overflow, "with LC the cycle counter overflows at 64 bits, not at 32",
     SPEC("DDI 0487, D24.5, PMCR_EL0.LC"))
{
	pmu_reset();
	SUBTEST("32");
	write_sys(PMCNTENSET, CYCLES);
	write_sys(PMCCNTR, 0xfffffff0);
	write_sys(PMCR, PMCR_E | PMCR_LC);
	isb();
	for (u32 i = 0; i < 100; i++)
		spend();
	EXPECT_GT(read_sys(PMCCNTR), 0xffffffffull);
	EXPECT_EQ(read_sys(PMOVSCLR), 0);
	SUBTEST("64");
	write_sys(PMCCNTR, 0xfffffffffffffff0);
	isb();
	for (u32 i = 0; i < 100; i++)
		spend();
	EXPECT_LT(read_sys(PMCCNTR), 0x8000000000000000ull);
	EXPECT_EQ(read_sys(PMOVSCLR), CYCLES);
	pmu_reset();
}

TEST(overflow_interrupt,
     "overflow raises the interrupt if PMINTENSET_EL1 has its bit, as a level, until the overflow is cleared",
     SPEC("DDI 0487, D13.3; D24.5, PMINTENSET_EL1"), REQUIRES(pmu_intid() != 0))
{
	u32 intid = pmu_intid();

	pmu_reset();
	write_sys(PMCNTENSET, 1);
	write_sys(PMCR, PMCR_E | PMCR_LC);
	pmu_set_count(0, 0xffffffff);
	increment(1);
	SUBTEST("disabled");
	EXPECT(!gic_is_pending(intid));
	SUBTEST("enabled");
	write_sys(PMINTENSET, 1);
	isb();
	dsb();
	EXPECT(gic_is_pending(intid));
	SUBTEST("e-0");
	write_sys(PMCR, PMCR_LC);
	isb();
	EXPECT(!gic_is_pending(intid));
	write_sys(PMCR, PMCR_E | PMCR_LC);
	isb();
	EXPECT(gic_is_pending(intid));
	SUBTEST("interrupt-disabled");
	write_sys(PMINTENCLR, 1);
	isb();
	EXPECT(!gic_is_pending(intid));
	write_sys(PMINTENSET, 1);
	isb();
	SUBTEST("cleared");
	write_sys(PMOVSCLR, 1);
	isb();
	EXPECT(!gic_is_pending(intid));
	SUBTEST("set-by-software");
	write_sys(PMOVSSET, 1);
	isb();
	EXPECT(gic_is_pending(intid));
	SUBTEST("cycles");
	pmu_reset();
	EXPECT(!gic_is_pending(intid));
	write_sys(PMINTENSET, CYCLES);
	write_sys(PMCNTENSET, CYCLES);
	write_sys(PMCR, PMCR_E | PMCR_LC);
	write_sys(PMOVSSET, CYCLES);
	isb();
	EXPECT(gic_is_pending(intid));
	pmu_reset();
}

TEST(cycle_event,
     "an event counter that counts CPU_CYCLES advances, and is filtered and stopped like the others",
     SPEC("DDI 0487, D13.12, CPU_CYCLES"),
	  REQUIRES((read_sys(PMCEID0) & BIT(EVENT_CPU_CYCLES)) != 0))
{
	u64 before;

	pmu_reset();
	pmu_set_event(0, EVENT_CPU_CYCLES);
	write_sys(PMCNTENSET, 1);
	write_sys(PMCR, PMCR_E | PMCR_LC);
	isb();
	before = pmu_count(0);
	spend();
	EXPECT_NE(pmu_count(0), before);
	pmu_set_event(0, EVENT_CPU_CYCLES | PMU_NOT_EL1);
	before = pmu_count(0);
	spend();
	EXPECT_EQ(pmu_count(0), before);
	pmu_set_event(0, EVENT_CPU_CYCLES);
	write_sys(PMCNTENCLR, 1);
	isb();
	before = pmu_count(0);
	spend();
	EXPECT_EQ(pmu_count(0), before);
	pmu_reset();
}

TEST(event_overflow,
     "a counter of CPU_CYCLES that wraps sets its own overflow bit, and raises the interrupt by itself",
     SPEC("DDI 0487, D13.3, overflow; D13.12, CPU_CYCLES; D24.5, PMOVSSET_EL0"),
	  REQUIRES((read_sys(PMCEID0) & BIT(EVENT_CPU_CYCLES)) != 0))
{
	u32 counters, intid = pmu_intid();

	pmu_reset();
	counters = pmu_counters();
	for (u32 n = 0; n < counters; n++) {
		SUBTEST("counter-%u", n);
		pmu_reset();
		pmu_set_event(n, EVENT_CPU_CYCLES);
		pmu_set_count(n, 0xfff00000);
		write_sys(PMINTENSET, BIT(n));
		write_sys(PMCNTENSET, BIT(n));
		write_sys(PMCR, PMCR_E | PMCR_LC);
		isb();
		/* Nothing of the PMU is read or written before the interrupt is there. */
		if (intid)
			EXPECT(wait_until(gic_is_pending(intid)));
		EXPECT(wait_until(read_sys(PMOVSCLR) & BIT(n)));
		EXPECT_EQ(read_sys(PMOVSCLR), BIT(n));
	}
	pmu_reset();
}
