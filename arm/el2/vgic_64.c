/* SPDX-License-Identifier: MIT */
/* The virtual CPU interface of GICv3: list registers, priorities, ends. IHI 0069, 12.4. */
#include <test.h>

#include <arm/gic.h>

#include "vgic.h"

SUITE("Virtual GIC", REQUIRES(el2_is_there()), REQUIRES(gic_version() == 3));

TEST(vgic_type, "ICH_VTR_EL2 has at least one list register, and priorities of 5 bits or more",
     SPEC("IHI 0069, 12.4, ICH_VTR_EL2"))
{
	u64 vtr = el2_read(EL2_ICH_VTR);

	EXPECT_GE((vtr >> 29) + 1, 5);
	EXPECT_LE((vtr >> 29) + 1, 8);
	EXPECT_GE((vtr >> 26 & 7) + 1, 5);
	EXPECT_LE(vgic_list_registers(), 16);
}

TEST(vgic_acknowledge, "the guest acknowledges what a list register has pending, and ends it",
     SPEC("IHI 0069, 4.8, 12.4, ICH_LR<n>_EL2; 12.2, ICC_IAR1_EL1, ICC_EOIR1_EL1"))
{
	static const u32 ids[] = { 0, 15, 16, 31, 32, 500, 1019, 8192 };

	for (u32 group = 0; group < 2; group++)
		for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
			struct guest g = GUEST(.lr = { LR(PENDING, group, 0x80, ids[i]) });
			const u32 code[] = {
				RPR(2u),
				group ? HPPIR1(3u) : HPPIR0(3u),
				group ? IAR1(1u) : IAR0(1u),
				RPR(4u),
				group ? HPPIR1(5u) : HPPIR0(5u),
				group ? IAR1(6u) : IAR0(6u),
			};
			const u32 ending[] = { group ? EOIR1(1u) : EOIR0(1u), RPR(2u) };

			SUBTEST("group-%u-id-%u", group, ids[i]);
			vgic_run(&g, code, ARRAY_SIZE(code));
			EXPECT_NO_FAULT(g.fault);
			EXPECT_EQ(g.r.x[2], 0xff);
			EXPECT_EQ(g.r.x[3], ids[i]);
			EXPECT_EQ(g.r.x[1], ids[i]);
			EXPECT_EQ(g.r.x[4], 0x80);
			EXPECT_EQ(g.r.x[5], GIC_SPURIOUS);
			EXPECT_EQ(g.r.x[6], GIC_SPURIOUS);
			EXPECT_EQ(g.lr[0], LR(ACTIVE, group, 0x80, ids[i]));
			/* Among the active priorities of its own group. */
			EXPECT_EQ(__builtin_popcountll(group ? g.ap1r0 : g.ap0r0), 1);
			EXPECT_EQ(group ? g.ap0r0 : g.ap1r0, 0);
			vgic_run(&g, ending, ARRAY_SIZE(ending));
			EXPECT_EQ(g.r.x[2], 0xff);
			EXPECT_EQ(STATE_OF(g.lr[0]), 0);
		}
}

TEST(vgic_other_group, "a group's register does not acknowledge the other group's interrupt",
     SPEC("IHI 0069, 12.2, ICC_IAR0_EL1, ICC_IAR1_EL1"))
{
	for (u32 group = 0; group < 2; group++) {
		struct guest g = GUEST(.lr = { LR(PENDING, group, 0x80, 40) });
		const u32 code[] = { group ? IAR0(1u) : IAR1(1u), group ? HPPIR0(2u) : HPPIR1(2u) };

		SUBTEST("group-%u", group);
		vgic_run(&g, code, 2);
		EXPECT_EQ(g.r.x[1], GIC_SPURIOUS);
		EXPECT_EQ(g.r.x[2], GIC_SPURIOUS);
		EXPECT_EQ(STATE_OF(g.lr[0]), PENDING);
	}
}

/* A loop, so that what is pending has time. */
static const u32 waiting[] = { 0xd2807d02, 0xf1000442, 0x54ffffe1 };

TEST(vgic_signalled,
     "a pending interrupt of group 1 is a virtual IRQ, one of group 0 a virtual FIQ",
     SPEC("IHI 0069, 4.8; DDI 0487, D1.4.8"))
{
	static const struct {
		const char *name;
		u32 group;
		u64 hcr, ich_off, vmcr, unmasked, priority;
		u32 vector;
	} rows[] = {
		{ "irq", 1, HCR_IMO | HCR_FMO, 0, VMCR, PSTATE_I, 0x80, VECTOR_IRQ },
		{ "fiq", 0, HCR_IMO | HCR_FMO, 0, VMCR, PSTATE_F, 0x80, VECTOR_FIQ },
		{ "irq-masked", 1, HCR_IMO | HCR_FMO, 0, VMCR, 0, 0x80, VECTOR_SYNC },
		{ "fiq-masked", 0, HCR_IMO | HCR_FMO, 0, VMCR, PSTATE_I, 0x80, VECTOR_SYNC },
		{ "no-imo", 1, HCR_FMO, 0, VMCR, PSTATE_I, 0x80, VECTOR_SYNC },
		{ "no-fmo", 0, HCR_IMO, 0, VMCR, PSTATE_F, 0x80, VECTOR_SYNC },
		{ "group-1-disabled", 1, HCR_IMO | HCR_FMO, 0, VMCR & ~VMCR_VENG1, PSTATE_I, 0x80,
		  VECTOR_SYNC },
		{ "group-0-disabled", 0, HCR_IMO | HCR_FMO, 0, VMCR & ~VMCR_VENG0, PSTATE_F, 0x80,
		  VECTOR_SYNC },
		{ "above-mask", 1, HCR_IMO | HCR_FMO, 0, VMCR, PSTATE_I, 0xf0, VECTOR_IRQ },
		{ "at-mask", 1, HCR_IMO | HCR_FMO, 0, VMCR, PSTATE_I, 0xf8, VECTOR_SYNC },
		{ "mask-0", 1, HCR_IMO | HCR_FMO, 0, VMCR & ~VMCR_PMR(0xff), PSTATE_I, 0,
		  VECTOR_SYNC },
		{ "interface-off", 1, HCR_IMO | HCR_FMO, ICH_HCR_EN, VMCR, PSTATE_I, 0x80,
		  VECTOR_SYNC },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct el2_setting s[] = {
			{ EL2_HCR, EL2_HCR_DEFAULT | rows[i].hcr },
			{ EL2_ICH_VMCR, rows[i].vmcr },
			{ EL2_ICH_LR0, LR(PENDING, rows[i].group, rows[i].priority, 50) },
			{ EL2_ICH_HCR, rows[i].ich_off ? 0 : ICH_HCR_EN },
		};
		struct arm_registers r = { .unmasked = rows[i].unmasked };
		struct el2_exit exit = { 0 };

		SUBTEST("%s", rows[i].name);
		write_sys(DAIF, PSTATE_I | PSTATE_F);
		el2_execute(s, ARRAY_SIZE(s), ARM_EL1, waiting, 3, &r, &exit);
		write_sys(DAIF, PSTATE_I);
		EXPECT_EQ(exit.level, 1);
		EXPECT_EQ(r.vector, rows[i].vector);
	}
}

TEST(vgic_priorities,
     "of two pending interrupts the one of higher priority comes first, the other after its end",
     SPEC("IHI 0069, 4.8, prioritization; 12.4, ICH_LR<n>_EL2.Priority"))
{
	for (u32 swapped = 0; swapped < 2; swapped++) {
		struct guest g = GUEST(.lr = { LR(PENDING, 1, swapped ? 0x40 : 0x80, 40),
					       LR(PENDING, 1, swapped ? 0x80 : 0x40, 41) });
		const u32 code[] = { IAR1(1u), RPR(2u), IAR1(3u),  EOIR1(1u), RPR(4u),
				     IAR1(5u), RPR(6u), EOIR1(5u), RPR(7u) };

		SUBTEST("%s", swapped ? "first-higher" : "second-higher");
		vgic_run(&g, code, ARRAY_SIZE(code));
		EXPECT_EQ(g.r.x[1], swapped ? 40 : 41);
		EXPECT_EQ(g.r.x[2], 0x40);
		EXPECT_EQ(g.r.x[3], GIC_SPURIOUS);
		EXPECT_EQ(g.r.x[4], 0xff);
		EXPECT_EQ(g.r.x[5], swapped ? 41 : 40);
		EXPECT_EQ(g.r.x[6], 0x80);
		EXPECT_EQ(g.r.x[7], 0xff);
		EXPECT_EQ(STATE_OF(g.lr[0]) | STATE_OF(g.lr[1]), 0);
	}
}

TEST(vgic_preemption,
     "a pending interrupt preempts the running one if its group priority is higher",
     SPEC("IHI 0069, 4.8.1, preemption; ICC_BPR1_EL1"))
{
	/* Binary point 4 for group 1: bits 7-4 are the group priority. */
	static const struct {
		const char *name;
		u32 running, pending, bpr;
		bool preempts;
	} rows[] = {
		{ "higher", 0x80, 0x40, 3, true },
		{ "same", 0x80, 0x80, 3, false },
		{ "lower", 0x40, 0x80, 3, false },
		{ "one-step", 0x88, 0x80, 3, true },
		{ "same-group-bpr-4", 0x88, 0x80, 4, false },
		{ "other-group-bpr-4", 0x90, 0x88, 4, true },
		{ "same-group-bpr-7", 0x78, 0x08, 7, false },
		{ "other-group-bpr-7", 0x80, 0x78, 7, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest g = GUEST(.lr = { LR(PENDING, 1, rows[i].running, 40), 0 });
		const u32 first[] = { IAR1(1u) };
		const u32 second[] = { HPPIR1(2u), IAR1(3u), RPR(4u) };

		SUBTEST("%s", rows[i].name);
		g.vmcr = (VMCR & ~VMCR_BPR1(7)) | VMCR_BPR1(rows[i].bpr);
		vgic_run(&g, first, 1);
		EXPECT_EQ(g.r.x[1], 40);
		g.lr[1] = LR(PENDING, 1, rows[i].pending, 41);
		vgic_run(&g, second, 3);
		EXPECT_EQ(g.r.x[3], rows[i].preempts ? 41 : GIC_SPURIOUS);
	}
}

TEST(vgic_split_end, "with EOImode, the end drops the priority and ICC_DIR_EL1 deactivates",
     SPEC("IHI 0069, 12.2, ICC_CTLR_EL1.EOImode, ICC_DIR_EL1"))
{
	struct guest g = GUEST(.lr = { LR(PENDING, 1, 0x80, 40) });
	const u32 first[] = { IAR1(1u), EOIR1(1u), RPR(2u) };
	const u32 second[] = { DIR(1u) };

	g.vmcr = VMCR | VMCR_VEOIM;
	vgic_run(&g, first, 3);
	EXPECT_EQ(g.r.x[1], 40);
	EXPECT_EQ(g.r.x[2], 0xff);
	EXPECT_EQ(STATE_OF(g.lr[0]), ACTIVE);
	vgic_run(&g, second, 1);
	EXPECT_EQ(STATE_OF(g.lr[0]), 0);
}

TEST(vgic_active_and_pending,
     "an interrupt that is active and pending is not signalled, and pending after its end",
     SPEC("IHI 0069, 12.4, ICH_LR<n>_EL2.State"))
{
	struct guest g = GUEST(.lr = { LR(BOTH, 1, 0x80, 40) }, .ap1r0 = BIT(0x80 >> 3));
	const u32 first[] = { IAR1(1u) };
	const u32 second[] = { 0xd2800501 /* MOV x1, #40 */, EOIR1(1u) };

	SUBTEST("not-signalled");
	vgic_run(&g, first, 1);
	EXPECT_EQ(g.r.x[1], GIC_SPURIOUS);
	EXPECT_EQ(STATE_OF(g.lr[0]), BOTH);
	SUBTEST("not-signalled-after-the-drop");
	{
		struct guest dropped = GUEST(.lr = { LR(BOTH, 1, 0x80, 40) });
		const u32 look[] = { HPPIR1(2u), IAR1(1u) };

		vgic_run(&dropped, look, 2);
		EXPECT_EQ(dropped.r.x[2], GIC_SPURIOUS);
		EXPECT_EQ(dropped.r.x[1], GIC_SPURIOUS);
		EXPECT_EQ(STATE_OF(dropped.lr[0]), BOTH);
	}
	SUBTEST("after-the-end");
	if ((el2_read(EL2_ICH_VTR) >> 26 & 7) != 4) {
		SKIP_ROW("ICH_AP1R0_EL2 has other priorities");
		return;
	}
	vgic_run(&g, second, 2);
	EXPECT_EQ(STATE_OF(g.lr[0]), PENDING);
}

TEST(vgic_hardware, "the end of an interrupt with HW deactivates the physical one",
     SPEC("IHI 0069, 12.4, ICH_LR<n>_EL2.HW, pINTID"))
{
	const u32 physical = gic_intid_end() - 1;
	struct guest g = GUEST(.lr = { LR(PENDING, 1, 0x80, 40) | LR_HW(physical) });
	const u32 first[] = { IAR1(1u) }, second[] = { EOIR1(1u) };

	gic_set_active(physical);
	EXPECT(gic_is_active(physical));
	vgic_run(&g, first, 1);
	EXPECT_EQ(g.r.x[1], 40);
	EXPECT(gic_is_active(physical));
	vgic_run(&g, second, 1);
	EXPECT_EQ(STATE_OF(g.lr[0]), 0);
	EXPECT(!gic_is_active(physical));
	gic_clear_active(physical);
}

TEST(vgic_no_hardware, "without HW, the end touches no physical interrupt",
     SPEC("IHI 0069, 12.4, ICH_LR<n>_EL2.HW"))
{
	const u32 physical = gic_intid_end() - 1;
	struct guest g = GUEST(.lr = { LR(PENDING, 1, 0x80, physical) });
	const u32 code[] = { IAR1(1u), EOIR1(1u) };

	gic_set_active(physical);
	vgic_run(&g, code, 2);
	EXPECT_EQ(g.r.x[1], physical);
	EXPECT(gic_is_active(physical));
	gic_clear_active(physical);
}

TEST(vgic_guest_writes, "what the guest writes to its interface is seen in ICH_VMCR_EL2",
     SPEC("IHI 0069, 12.4, ICH_VMCR_EL2"))
{
	static const struct {
		const char *name;
		u32 insn;
		u64 value, before, mask, expected;
	} rows[] = {
		{ "pmr", PMR(1u), 0x40, VMCR, VMCR_PMR(0xff), VMCR_PMR(0x40) },
		{ "pmr-zero", PMR(1u), 0, VMCR, VMCR_PMR(0xff), 0 },
		{ "igrpen0-off", IGRPEN0(1u), 0, VMCR, VMCR_VENG0 | VMCR_VENG1, VMCR_VENG1 },
		{ "igrpen1-off", IGRPEN1(1u), 0, VMCR, VMCR_VENG0 | VMCR_VENG1, VMCR_VENG0 },
		{ "igrpen1-on", IGRPEN1(1u), 1, VMCR & ~(VMCR_VENG0 | VMCR_VENG1),
		  VMCR_VENG0 | VMCR_VENG1, VMCR_VENG1 },
		{ "igrpen0-on", IGRPEN0(1u), 1, VMCR & ~(VMCR_VENG0 | VMCR_VENG1),
		  VMCR_VENG0 | VMCR_VENG1, VMCR_VENG0 },
		{ "bpr1", BPR1(1u), 5, VMCR, VMCR_BPR1(7), VMCR_BPR1(5) },
		{ "bpr0", BPR0(1u), 6, VMCR, VMCR_BPR0(7), VMCR_BPR0(6) },
		{ "eoimode", CTLR(1u), 2, VMCR, VMCR_VEOIM | VMCR_VCBPR, VMCR_VEOIM },
		{ "cbpr", CTLR(1u), 1, VMCR, VMCR_VEOIM | VMCR_VCBPR, VMCR_VCBPR },
		{ "ctlr-zero", CTLR(1u), 0, VMCR | VMCR_VEOIM | VMCR_VCBPR, VMCR_VEOIM | VMCR_VCBPR,
		  0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest g = GUEST(.r = { .x = { 0, rows[i].value } });

		SUBTEST("%s", rows[i].name);
		g.vmcr = rows[i].before;
		vgic_run(&g, &rows[i].insn, 1);
		EXPECT_NO_FAULT(g.fault);
		EXPECT_EQ(g.vmcr & rows[i].mask, rows[i].expected);
		/* Nothing else has changed. */
		EXPECT_EQ((g.vmcr ^ rows[i].before) & (VMCR | VMCR_VEOIM | VMCR_VCBPR) &
				  ~rows[i].mask,
			  0);
	}
}

TEST(vgic_guest_is_apart, "what the guest writes does not reach the physical interface",
     SPEC("IHI 0069, 12.2, ICC_PMR_EL1 and others: with HCR_EL2.IMO or FMO they are the virtual ones"))
{
	struct guest g = GUEST(.r = { .x = { 0, 0x10 } });
	const u32 code[] = { READ_PMR(2u), PMR(1u), READ_PMR(3u) };

	gic_set_priority_mask(0xf0);
	vgic_run(&g, code, 3);
	EXPECT_EQ(g.r.x[2], 0xf8);
	EXPECT_EQ(g.r.x[3], 0x10);
	EXPECT_EQ(gic_priority_mask(), 0xf0);
}
