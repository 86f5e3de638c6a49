/* SPDX-License-Identifier: MIT */
/* The event counters that MDCR_EL2.HPMN keeps for EL2, and what counts at EL2. */
#include <test.h>

#include "trap.h"

SUITE("Performance monitors and EL2", REQUIRES(el2_is_there()));

static u32 counters(void)
{
	return (u32)(read_sys(PMCR) >> 11 & 31);
}

#define MDCR_HPME BIT(7)
#define MDCR_HPMD BIT(17)
#define PMCR_E	  BIT(0)
#define PMCR_P	  BIT(1)
#define AT_EL2	  BIT(27) /* NSH: SW_INCR counts at EL2, too */

#define ISB	       0xd5033fdfu
#define PMCR_KEY       KEY(3, 3, 9, 12, 0)
#define CNTENSET_KEY   KEY(3, 3, 9, 12, 1)
#define CNTENCLR_KEY   KEY(3, 3, 9, 12, 2)
#define SWINC_KEY      KEY(3, 3, 9, 12, 4)
#define EVCNTR_KEY(n)  KEY(3, 3, 14, 8 + ((n) >> 3), (n)&7)
#define EVTYPER_KEY(n) KEY(3, 3, 14, 12 + ((n) >> 3), (n)&7)

/*
 * At EL2: counter n counts SW_INCR with `filter`, is enabled, PMCR_EL0 is `pmcr`; it is incremented once, and its count
 * is returned. All is off then.
 */
static u64 increment(u64 mdcr, u32 n, u64 filter, u64 pmcr)
{
	const struct el2_setting s = { EL2_MDCR, mdcr };
	const u32 code[] = {
		MSR_OF(EVTYPER_KEY(n), 1u),
		MSR_OF(EVCNTR_KEY(n), 31u),
		MSR_OF(CNTENSET_KEY, 2u),
		MSR_OF(PMCR_KEY, 3u),
		ISB,
		MSR_OF(SWINC_KEY, 2u),
		ISB,
		MRS_OF(EVCNTR_KEY(n), 4u),
		MSR_OF(PMCR_KEY, 31u),
		MSR_OF(CNTENCLR_KEY, 2u),
		ISB,
	};
	struct arm_registers r = { .x = { 0, filter, BIT(n), pmcr } };
	struct el2_exit exit = { 0 };

	EXPECT_NO_FAULT(el2_execute(&s, 1, ARM_EL2, code, ARRAY_SIZE(code), &r, &exit));
	return r.x[4];
}

TEST(hpmn_splits,
     "counters below HPMN are enabled by PMCR_EL0.E, those from HPMN on by MDCR_EL2.HPME",
     SPEC("DDI 0487, D24.3, MDCR_EL2.HPMN, HPME; D24.5, PMCR_EL0.E"), REQUIRES(has_pmu()),
	  REQUIRES(counters() >= 2))
{
	u32 all = counters();
	const u64 mdcr = el2_read(EL2_MDCR) & ~(BITS(4, 0) | MDCR_HPME | MDCR_HPMD);

	for (u32 hpmn = 1; hpmn <= all; hpmn += all - 1 > 2 ? (all - 1) / 2 : 1)
		for (u32 enables = 0; enables < 4; enables++) {
			bool hpme = enables & 1, e = enables & 2;

			SUBTEST("hpmn-%u-hpme-%u-e-%u", hpmn, hpme, e);
			for (u32 n = 0; n < all; n++)
				EXPECT_EQ(increment(mdcr | hpmn | (hpme ? MDCR_HPME : 0), n, AT_EL2,
						    e ? PMCR_E : 0),
					  n < hpmn ? e : hpme, "counter %u", n);
		}
}

TEST(pmu_at_el2,
     "an event is counted at EL2 if NSH is set, and with HPMD not by the counters below HPMN",
     SPEC("DDI 0487, D24.5, PMEVTYPER<n>_EL0.NSH; D24.3, MDCR_EL2.HPMD"), REQUIRES(has_pmu()),
	  REQUIRES(counters() >= 2))
{
	const u64 mdcr = (el2_read(EL2_MDCR) & ~(BITS(4, 0) | MDCR_HPMD)) | MDCR_HPME | 1;
	/* FEAT_PMUv3p1. */
	bool has_hpmd = (read_sys(ID_AA64DFR0) >> 8 & 0xf) >= 4;

	for (u32 n = 0; n < 2; n++)
		for (u32 row = 0; row < 4; row++) {
			bool nsh = row & 1, hpmd = row & 2;

			SUBTEST("%s-nsh-%u-hpmd-%u", n ? "from-hpmn" : "below-hpmn", nsh, hpmd);
			if (hpmd && !has_hpmd) {
				SKIP_ROW("no FEAT_PMUv3p1");
				continue;
			}
			EXPECT_EQ(increment(mdcr | (hpmd ? MDCR_HPMD : 0), n, nsh ? AT_EL2 : 0,
					    PMCR_E),
				  nsh && !(hpmd && !n));
		}
}

TEST(hpmn_hides, "a reset by PMCR_EL0.P at EL1 leaves the counters from HPMN on alone",
     SPEC("DDI 0487, D24.5, PMCR_EL0.P; D24.3, MDCR_EL2.HPMN"), REQUIRES(has_pmu()),
	  REQUIRES(counters() >= 2))
{
	const u64 mdcr = el2_read(EL2_MDCR) & ~BITS(4, 0);
	const struct el2_setting limited = { EL2_MDCR, mdcr | 1 };
	const struct el2_setting whole = { EL2_MDCR, mdcr | counters() };
	const u32 set[] = { MSR_OF(EVCNTR_KEY(0), 1u), MSR_OF(EVCNTR_KEY(1), 1u), ISB };
	const u32 reset[] = { MSR_OF(PMCR_KEY, 2u), ISB };
	const u32 get[] = { MRS_OF(EVCNTR_KEY(0), 3u), MRS_OF(EVCNTR_KEY(1), 4u) };
	struct arm_registers r = { .x = { 0, 0x1234, PMCR_P } };
	struct el2_exit exit = { 0 };

	EXPECT_NO_FAULT(el2_execute(&whole, 1, ARM_EL2, set, ARRAY_SIZE(set), &r, &exit));
	EXPECT_NO_FAULT(el2_execute(&limited, 1, ARM_EL1, reset, ARRAY_SIZE(reset), &r, &exit));
	EXPECT_NO_FAULT(el2_execute(&whole, 1, ARM_EL2, get, ARRAY_SIZE(get), &r, &exit));
	EXPECT_EQ(r.x[3], 0);
	EXPECT_EQ(r.x[4], 0x1234);
}
