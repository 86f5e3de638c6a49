/* SPDX-License-Identifier: MIT */
/* Interrupts that EL2 takes or makes: IMO, FMO, AMO, and the virtual ones of VI, VF and VSE. */
#include <test.h>

#include <arm/gic.h>

#include "trap.h"

SUITE("Virtual interrupts of HCR_EL2", REQUIRES(el2_is_there()));

#define NOP	 0xd503201fu
#define ESB	 0xd503221fu
#define MRS_ISR	 0xd538c101u /* x1 */
#define MRS_DISR 0xd538c121u

static bool has_ras(void)
{
	return read_sys(ID_AA64PFR0) >> 28 & 0xf;
}

/* A loop of 1000 rounds, so that what is pending has time, then a read of ISR_EL1. */
static const u32 waiting[] = { 0xd2807d02, 0xf1000442, 0x54ffffe1, MRS_ISR };

static const struct kind {
	const char *name;
	u64 pending, routed; /* bits of HCR_EL2 */
	u64 mask;	     /* of PSTATE, and of ISR_EL1 */
	u32 vector;
} kinds[] = {
	{ "irq", HCR_VI, HCR_IMO, PSTATE_I, VECTOR_IRQ },
	{ "fiq", HCR_VF, HCR_FMO, PSTATE_F, VECTOR_FIQ },
	{ "serror", HCR_VSE, HCR_AMO, PSTATE_A, VECTOR_SERROR },
};

static void run_waiting(const struct kind *k, u64 hcr, enum arm_el el, bool unmasked,
			struct arm_registers *r, struct el2_exit *exit)
{
	const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | hcr };

	*r = (struct arm_registers){ .unmasked = unmasked ? k->mask : 0 };
	*exit = (struct el2_exit){ 0 };
	/* ISR_EL1 is EL1's. */
	el2_execute(&s, 1, el, waiting, el == ARM_EL0 ? 3 : 4, r, exit);
}

#define for_each_kind(k)                   \
	for (const struct kind *k = kinds; \
	     k < kinds + ARRAY_SIZE(kinds) && (run_row("%s", k->name), true); k++)

TEST(virtual_taken,
     "a virtual interrupt is taken by EL1, from EL1 and from EL0, if it is not masked",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.VI, VF, VSE; D1.4.8, virtual interrupts"))
{
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++)
		for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
			const struct kind *k = &kinds[i];
			struct arm_registers r;
			struct el2_exit exit;

			SUBTEST("%s-el%u", k->name, el);
			run_waiting(k, k->pending | k->routed, (enum arm_el)el, true, &r, &exit);
			EXPECT_EQ(exit.level, 1);
			EXPECT_EQ(r.vector, (el ? VECTOR_FROM_EL1T : VECTOR_FROM_EL0) + k->vector);
			if (k->vector == VECTOR_SERROR)
				EXPECT_EQ(r.esr >> 26, EC_SERROR);
		}
}

TEST(virtual_masked, "a masked virtual interrupt waits, and ISR_EL1 shows it",
     SPEC("DDI 0487, D24.2, ISR_EL1; D1.4.8"))
{
	for_each_kind(k)
	{
		struct arm_registers r;
		struct el2_exit exit;

		run_waiting(k, k->pending | k->routed, ARM_EL1, false, &r, &exit);
		EXPECT_EQ(exit.level, 1);
		EXPECT_EQ(r.vector, VECTOR_SYNC);
		EXPECT_EQ(r.x[1], k->mask);
	}
}

TEST(virtual_not_routed, "without IMO, FMO or AMO there is no virtual interrupt of that kind",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.IMO, FMO, AMO: virtual interrupts are disabled while it is 0"))
{
	for_each_kind(k)
	{
		struct arm_registers r;
		struct el2_exit exit;

		run_waiting(k, k->pending, ARM_EL1, true, &r, &exit);
		EXPECT_EQ(r.vector, VECTOR_SYNC);
		EXPECT_EQ(r.x[1], 0);
	}
}

TEST(virtual_not_at_el2, "EL2 does not take virtual interrupts",
     SPEC("DDI 0487, D1.4.8: virtual interrupts are masked at EL2"))
{
	for_each_kind(k)
	{
		struct arm_registers r;
		struct el2_exit exit;

		run_waiting(k, k->pending | k->routed, ARM_EL2, true, &r, &exit);
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.vector, VECTOR_SYNC);
	}
}

TEST(virtual_stays, "taking a virtual IRQ or FIQ leaves its bit, taking an SError clears VSE",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.VSE; D1.4.8"))
{
	for_each_kind(k)
	{
		struct arm_registers r;
		struct el2_exit exit;

		run_waiting(k, k->pending | k->routed, ARM_EL1, true, &r, &exit);
		EXPECT_EQ(exit.hcr & k->pending, k->vector == VECTOR_SERROR ? 0 : k->pending);
	}
}

TEST(virtual_serror_syndrome, "with FEAT_RAS, VSESR_EL2 is the syndrome of a virtual SError",
     SPEC("DDI 0487, D24.2, VSESR_EL2; ESR_EL1, SError"), REQUIRES(has_ras()))
{
	static const u64 values[] = { 0, 1, 0x123456, BIT(24), BIT(24) | 0xabcdef, BITS(24, 0) };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		const struct el2_setting s[] = {
			{ EL2_VSESR, values[i] },
			{ EL2_HCR, EL2_HCR_DEFAULT | HCR_VSE | HCR_AMO },
		};
		struct arm_registers r = { .unmasked = PSTATE_A };
		struct el2_exit exit = { 0 };

		SUBTEST("%#llx", values[i]);
		el2_execute(s, 2, ARM_EL1, waiting, 4, &r, &exit);
		EXPECT_EQ(exit.level, 1);
		EXPECT_EQ(r.vector, VECTOR_SERROR);
		EXPECT_EQ(r.esr, (u64)EC_SERROR << 26 | BIT(25) | values[i]);
	}
}

TEST(virtual_esb,
     "ESB with a virtual SError pending and masked defers it to what EL1 reads as DISR_EL1",
     SPEC("DDI 0487, C6.2, ESB; D24.2, VDISR_EL2, DISR_EL1"), REQUIRES(has_ras()))
{
	const struct el2_setting s[] = {
		{ EL2_VDISR, 0 },
		{ EL2_VSESR, 0x5a5a5a },
		{ EL2_HCR, EL2_HCR_DEFAULT | HCR_VSE | HCR_AMO },
	};
	/* ESB; MRS x1, DISR_EL1; MRS x2, ISR_EL1; MSR DISR_EL1, XZR; MRS x3, DISR_EL1 */
	const u32 code[] = { ESB, MRS_DISR, 0xd538c102, 0xd518c13f, 0xd538c123 };
	struct arm_registers r = { 0 };
	u64 after[3] = { 0 };
	struct el2_exit exit = { .after = after };

	EXPECT_NO_FAULT(el2_execute(s, 3, ARM_EL1, code, ARRAY_SIZE(code), &r, &exit));
	EXPECT_EQ(exit.hcr & HCR_VSE, 0);
	EXPECT_EQ(r.x[1], BIT(31) | 0x5a5a5a);
	EXPECT_EQ(r.x[2], 0);
	EXPECT_EQ(r.x[3], 0);
}

TEST(virtual_vdisr, "EL1's DISR_EL1 is VDISR_EL2 with AMO, and not without",
     SPEC("DDI 0487, D24.2, DISR_EL1, VDISR_EL2"), REQUIRES(has_ras()))
{
	const u32 code[] = { MRS_DISR, 0xd518c120 };

	for (u32 amo = 0; amo < 2; amo++) {
		const struct el2_setting s[] = {
			{ EL2_VDISR, BIT(31) | 0x111111 },
			{ EL2_HCR, EL2_HCR_DEFAULT | (amo ? HCR_AMO : 0) },
		};
		struct arm_registers r = { .x = { BIT(31) | 0x222222 } };
		u64 after[2] = { 0 };
		struct el2_exit exit = { .after = after };

		SUBTEST("amo-%u", amo);
		EXPECT_NO_FAULT(el2_execute(s, 2, ARM_EL1, code, 2, &r, &exit));
		if (amo)
			EXPECT_EQ(r.x[1], BIT(31) | 0x111111);
		else
			EXPECT_NE(r.x[1], BIT(31) | 0x111111);
		EXPECT_EQ(after[0], amo ? BIT(31) | 0x222222 : BIT(31) | 0x111111);
		__asm__ volatile("msr s3_0_c12_c1_1, xzr");
	}
}

/* ------------------------------------------------------------------------------- physical ones */

#define INTID 3

/* An SGI that is pending for this CPU, of group 0 for FIQ; the level that takes it, or 0. */
static void check_physical(bool fiq, u64 hcr, enum arm_el el, bool unmasked, u32 level)
{
	const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | hcr };
	struct arm_registers r = { .unmasked = unmasked ? PSTATE_I | PSTATE_F : 0 };
	struct el2_exit exit = { 0 };
	ulong at = arm_code(waiting, 3);

	write_sys(DAIF, PSTATE_I | PSTATE_F);
	gic_set_group(INTID, fiq ? 0 : 1);
	gic_enable(INTID);
	gic_set_pending(INTID);
	el2_run(&s, 1, el, at, &r, &exit);
	gic_clear_pending(INTID);
	gic_disable(INTID);
	gic_set_group(INTID, 1);
	write_sys(DAIF, PSTATE_I);
	if (level == 0) {
		EXPECT_EQ(r.vector & 3, VECTOR_SYNC);
		return;
	}
	EXPECT_EQ(exit.level, level);
	EXPECT_EQ(r.vector & 3, fiq ? VECTOR_FIQ : VECTOR_IRQ);
	EXPECT_EQ(r.vector & ~3ull,
		  level == 2 || el == ARM_EL0 ? VECTOR_FROM_EL0 : VECTOR_FROM_EL1T);
	EXPECT_GE(r.pc, at);
	EXPECT_LE(r.pc, at + 12);
}

TEST(physical_to_el2,
     "with IMO, FMO, a physical interrupt goes to EL2 from EL1 and EL0, even if masked there",
     SPEC("DDI 0487, D1.4.8, tables of physical interrupt target and masking"),
	  REQUIRES(gic_version()))
{
	for (u32 i = 0; i < 8; i++) {
		bool fiq = i & 4;

		SUBTEST("%s-el%u-%s", fiq ? "fiq" : "irq", i & 1, i & 2 ? "unmasked" : "masked");
		if (fiq && !gic_has_group0()) {
			SKIP_ROW("group 0 is not ours");
			continue;
		}
		check_physical(fiq, fiq ? HCR_FMO : HCR_IMO, (enum arm_el)(i & 1), i & 2, 2);
	}
}

TEST(physical_to_el1, "without, it goes to EL1 if it is not masked",
     SPEC("DDI 0487, D1.4.8, tables of physical interrupt target and masking"),
	  REQUIRES(gic_version()))
{
	for (u32 i = 0; i < 8; i++) {
		bool fiq = i & 4, unmasked = i & 2;

		SUBTEST("%s-el%u-%s", fiq ? "fiq" : "irq", i & 1, unmasked ? "unmasked" : "masked");
		if (fiq && !gic_has_group0()) {
			SKIP_ROW("group 0 is not ours");
			continue;
		}
		check_physical(fiq, fiq ? HCR_IMO : HCR_FMO, (enum arm_el)(i & 1), unmasked,
			       unmasked ? 1 : 0);
	}
}

TEST(physical_tge, "with TGE, an interrupt of EL0 goes to EL2 whatever IMO and FMO are",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TGE: physical interrupts are routed to EL2"),
	  REQUIRES(gic_version()))
{
	for (u32 masked = 0; masked < 2; masked++) {
		const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TGE };
		struct arm_registers r = { .unmasked = masked ? 0 : PSTATE_I };
		struct el2_exit exit = { 0 };

		SUBTEST("%s", masked ? "masked" : "unmasked");
		gic_enable(INTID);
		gic_set_pending(INTID);
		el2_run(&s, 1, ARM_EL0, el2_code(arm_code(waiting, 3)), &r, &exit);
		gic_clear_pending(INTID);
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.vector, VECTOR_FROM_EL0 + VECTOR_IRQ);
	}
}
