/* SPDX-License-Identifier: MIT */
/* The virtual CPU interface of GICv3: list registers, ICH_HCR_EL2, ICH_VMCR_EL2, maintenance. IHI 0069, 12.4. */
#include <test.h>

#include <arm/gic.h>

#include "trap.h"

SUITE("Virtual GIC", REQUIRES(el2_is_there()), REQUIRES(gic_version() == 3));

/* x<n> = ICC_IAR1_EL1 and so on; the rest write x<n>. */
#define IAR0(n)	    MRS_OF(KEY(3, 0, 12, 8, 0), n)
#define EOIR0(n)    MSR_OF(KEY(3, 0, 12, 8, 1), n)
#define IAR1(n)	    MRS_OF(KEY(3, 0, 12, 12, 0), n)
#define EOIR1(n)    MSR_OF(KEY(3, 0, 12, 12, 1), n)
#define HPPIR0(n)   MRS_OF(KEY(3, 0, 12, 8, 2), n)
#define HPPIR1(n)   MRS_OF(KEY(3, 0, 12, 12, 2), n)
#define RPR(n)	    MRS_OF(KEY(3, 0, 12, 11, 3), n)
#define DIR(n)	    MSR_OF(KEY(3, 0, 12, 11, 1), n)
#define PMR(n)	    MSR_OF(KEY(3, 0, 4, 6, 0), n)
#define READ_PMR(n) MRS_OF(KEY(3, 0, 4, 6, 0), n)
#define BPR1(n)	    MSR_OF(KEY(3, 0, 12, 12, 3), n)
#define BPR0(n)	    MSR_OF(KEY(3, 0, 12, 8, 3), n)
#define CTLR(n)	    MSR_OF(KEY(3, 0, 12, 12, 4), n)
#define IGRPEN0(n)  MSR_OF(KEY(3, 0, 12, 12, 6), n)
#define IGRPEN1(n)  MSR_OF(KEY(3, 0, 12, 12, 7), n)
#define ISB	    0xd5033fdfu

#define LR(state, group, priority, vintid) \
	((u64)(state) << 62 | (u64)(group) << 60 | (u64)(priority) << 48 | (vintid))
#define LR_STATE     BITS(63, 62)
#define LR_EOI	     BIT(41)
#define LR_HW(p)     (BIT(61) | (u64)(p) << 32)
#define PENDING	     1
#define ACTIVE	     2
#define BOTH	     3
#define STATE_OF(lr) ((lr) >> 62)

#define ICH_HCR_EN	 BIT(0)
#define ICH_HCR_UIE	 BIT(1)
#define ICH_HCR_LRENPIE	 BIT(2)
#define ICH_HCR_NPIE	 BIT(3)
#define ICH_HCR_VGRP0EIE BIT(4)
#define ICH_HCR_VGRP0DIE BIT(5)
#define ICH_HCR_VGRP1EIE BIT(6)
#define ICH_HCR_VGRP1DIE BIT(7)
#define ICH_HCR_TC	 BIT(10)
#define ICH_HCR_TALL0	 BIT(11)
#define ICH_HCR_TALL1	 BIT(12)
#define ICH_HCR_TDIR	 BIT(14)
#define ICH_HCR_EOICOUNT BITS(31, 27)

#define VMCR_VENG0   BIT(0)
#define VMCR_VENG1   BIT(1)
#define VMCR_VCBPR   BIT(4)
#define VMCR_VEOIM   BIT(9)
#define VMCR_BPR1(n) ((u64)(n) << 18)
#define VMCR_BPR0(n) ((u64)(n) << 21)
#define VMCR_PMR(n)  ((u64)(n) << 24)
#define VMCR	     (VMCR_PMR(0xf8) | VMCR_VENG0 | VMCR_VENG1 | VMCR_BPR1(3) | VMCR_BPR0(2))

/* What a guest begins with, and what is left after it. */
struct guest {
	u64 hcr, ich_hcr, vmcr, lr[2], ap1r0, ap0r0;
	u64 unmasked;
	struct arm_registers r;
	struct el2_exit exit;
	struct fault fault;
};

enum {
	S_HCR,
	S_VMCR,
	S_LR0,
	S_LR1,
	S_LR2,
	S_LR3,
	S_AP0,
	S_AP1,
	S_ICH_HCR,
	S_MISR,
	S_EISR,
	S_ELRSR,
	SETTINGS
};

static u64 after[SETTINGS];

static u32 list_registers(void)
{
	return ((u32)el2_read(EL2_ICH_VTR) & 31) + 1;
}

/* Only a read: those registers cannot be written. */
static u64 misr, eisr, elrsr;

static void run(struct guest *g, const u32 *code, u32 words)
{
	struct el2_setting s[] = {
		{ EL2_HCR, EL2_HCR_DEFAULT | g->hcr },
		{ EL2_ICH_VMCR, g->vmcr },
		{ EL2_ICH_LR0, g->lr[0] },
		{ EL2_ICH_LR1, g->lr[1] },
		{ EL2_ICH_LR2, 0 },
		{ EL2_ICH_LR3, 0 },
		{ EL2_ICH_AP0R0, g->ap0r0 },
		{ EL2_ICH_AP1R0, g->ap1r0 },
		{ EL2_ICH_HCR, ICH_HCR_EN | g->ich_hcr },
	};

	g->exit = (struct el2_exit){ .after = after };
	g->r.unmasked = g->unmasked;
	g->fault = el2_execute(s, ARRAY_SIZE(s), ARM_EL1, code, words, &g->r, &g->exit);
	g->lr[0] = after[S_LR0];
	g->lr[1] = after[S_LR1];
	g->vmcr = after[S_VMCR];
	g->ap0r0 = after[S_AP0];
	g->ap1r0 = after[S_AP1];
	g->ich_hcr = after[S_ICH_HCR];
}

#define GUEST(...)                                                    \
	{                                                             \
		.hcr = HCR_IMO | HCR_FMO, .vmcr = VMCR, ##__VA_ARGS__ \
	}

TEST(vgic_type, "ICH_VTR_EL2 has at least one list register, and priorities of 5 bits or more",
     SPEC("IHI 0069, 12.4, ICH_VTR_EL2"))
{
	u64 vtr = el2_read(EL2_ICH_VTR);

	EXPECT_GE((vtr >> 29) + 1, 5);
	EXPECT_LE((vtr >> 29) + 1, 8);
	EXPECT_GE((vtr >> 26 & 7) + 1, 5);
	EXPECT_LE(list_registers(), 16);
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
			run(&g, code, ARRAY_SIZE(code));
			EXPECT_NO_FAULT(g.fault);
			EXPECT_EQ(g.r.x[2], 0xff);
			EXPECT_EQ(g.r.x[3], ids[i]);
			EXPECT_EQ(g.r.x[1], ids[i]);
			EXPECT_EQ(g.r.x[4], 0x80);
			EXPECT_EQ(g.r.x[5], GIC_SPURIOUS);
			EXPECT_EQ(g.r.x[6], GIC_SPURIOUS);
			EXPECT_EQ(g.lr[0], LR(ACTIVE, group, 0x80, ids[i]));
			run(&g, ending, ARRAY_SIZE(ending));
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
		run(&g, code, 2);
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
		run(&g, code, ARRAY_SIZE(code));
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
		run(&g, first, 1);
		EXPECT_EQ(g.r.x[1], 40);
		g.lr[1] = LR(PENDING, 1, rows[i].pending, 41);
		run(&g, second, 3);
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
	run(&g, first, 3);
	EXPECT_EQ(g.r.x[1], 40);
	EXPECT_EQ(g.r.x[2], 0xff);
	EXPECT_EQ(STATE_OF(g.lr[0]), ACTIVE);
	run(&g, second, 1);
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
	run(&g, first, 1);
	EXPECT_EQ(g.r.x[1], GIC_SPURIOUS);
	EXPECT_EQ(STATE_OF(g.lr[0]), BOTH);
	SUBTEST("after-the-end");
	if ((el2_read(EL2_ICH_VTR) >> 26 & 7) != 4) {
		SKIP_ROW("ICH_AP1R0_EL2 has other priorities");
		return;
	}
	run(&g, second, 2);
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
	run(&g, first, 1);
	EXPECT_EQ(g.r.x[1], 40);
	EXPECT(gic_is_active(physical));
	run(&g, second, 1);
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
	run(&g, code, 2);
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
		run(&g, &rows[i].insn, 1);
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
	run(&g, code, 3);
	EXPECT_EQ(g.r.x[2], 0xf8);
	EXPECT_EQ(g.r.x[3], 0x10);
	EXPECT_EQ(gic_priority_mask(), 0xf0);
}

/* ------------------------------------------------------------------------------- maintenance */

/* ICH_MISR_EL2 with these registers, while EL2 runs. */
static void look(u64 ich_hcr, u64 vmcr, u64 lr0, u64 lr1)
{
	el2_write(EL2_ICH_VMCR, vmcr);
	el2_write(EL2_ICH_LR0, lr0);
	el2_write(EL2_ICH_LR1, lr1);
	el2_write(EL2_ICH_LR2, 0);
	el2_write(EL2_ICH_LR3, 0);
	el2_write(EL2_ICH_HCR, ich_hcr);
	misr = el2_read(EL2_ICH_MISR);
	eisr = el2_read(EL2_ICH_EISR);
	elrsr = el2_read(EL2_ICH_ELRSR);
}

/* PPI 9 by the Base System Architecture; the device tree has it in the GIC's own node. */
static u32 maintenance_intid(void)
{
	dt_node node = dt_find_compatible(NULL, "arm,gic-v3");
	u32 cells[4];

	return dt_interrupt(node, 0, cells) >= 3 ? gic_intid_of(cells) : 0;
}

TEST(vgic_maintenance, "ICH_MISR_EL2 says why, and the maintenance interrupt is pending then",
     SPEC("IHI 0069, 12.4, ICH_MISR_EL2, ICH_EISR_EL2, ICH_HCR_EL2"))
{
	const u64 ended = LR(0, 1, 0x80, 40) | LR_EOI, pending = LR(PENDING, 1, 0x80, 41);
	const struct {
		const char *name;
		u64 ich_hcr, vmcr, lr0, lr1;
		u64 misr;
	} rows[] = {
		{ "none", ICH_HCR_EN, VMCR, 0, 0, 0 },
		{ "eoi", ICH_HCR_EN, VMCR, ended, 0, BIT(0) },
		{ "eoi-second", ICH_HCR_EN, VMCR, 0, ended, BIT(0) },
		{ "no-eoi-while-pending", ICH_HCR_EN, VMCR, pending | LR_EOI, 0, 0 },
		{ "underflow-0", ICH_HCR_EN | ICH_HCR_UIE, VMCR, 0, 0, BIT(1) },
		{ "underflow-1", ICH_HCR_EN | ICH_HCR_UIE, VMCR, pending, 0, BIT(1) },
		{ "underflow-2", ICH_HCR_EN | ICH_HCR_UIE, VMCR, pending, pending + 1, 0 },
		{ "entry-not-present", ICH_HCR_EN | ICH_HCR_LRENPIE | 1ull << 27, VMCR, 0, 0,
		  BIT(2) },
		{ "entries-present", ICH_HCR_EN | ICH_HCR_LRENPIE, VMCR, 0, 0, 0 },
		{ "nothing-pending", ICH_HCR_EN | ICH_HCR_NPIE, VMCR, 0, 0, BIT(3) },
		{ "active-only", ICH_HCR_EN | ICH_HCR_NPIE, VMCR, LR(ACTIVE, 1, 0x80, 40), 0,
		  BIT(3) },
		{ "something-pending", ICH_HCR_EN | ICH_HCR_NPIE, VMCR, pending, 0, 0 },
		{ "group-0-enabled", ICH_HCR_EN | ICH_HCR_VGRP0EIE, VMCR, 0, 0, BIT(4) },
		{ "group-0-enabled-not", ICH_HCR_EN | ICH_HCR_VGRP0EIE, VMCR & ~VMCR_VENG0, 0, 0,
		  0 },
		{ "group-0-disabled", ICH_HCR_EN | ICH_HCR_VGRP0DIE, VMCR & ~VMCR_VENG0, 0, 0,
		  BIT(5) },
		{ "group-0-disabled-not", ICH_HCR_EN | ICH_HCR_VGRP0DIE, VMCR, 0, 0, 0 },
		{ "group-1-enabled", ICH_HCR_EN | ICH_HCR_VGRP1EIE, VMCR, 0, 0, BIT(6) },
		{ "group-1-enabled-not", ICH_HCR_EN | ICH_HCR_VGRP1EIE, VMCR & ~VMCR_VENG1, 0, 0,
		  0 },
		{ "group-1-disabled", ICH_HCR_EN | ICH_HCR_VGRP1DIE, VMCR & ~VMCR_VENG1, 0, 0,
		  BIT(7) },
		{ "group-1-disabled-not", ICH_HCR_EN | ICH_HCR_VGRP1DIE, VMCR, 0, 0, 0 },
		{ "interface-off", ICH_HCR_UIE | ICH_HCR_NPIE, VMCR, 0, 0, ~0ull },
	};
	u32 intid = maintenance_intid();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		bool off = rows[i].misr == ~0ull;

		SUBTEST("%s", rows[i].name);
		look(rows[i].ich_hcr, rows[i].vmcr, rows[i].lr0, rows[i].lr1);
		if (!off) {
			EXPECT_EQ(misr, rows[i].misr);
			EXPECT_EQ(eisr,
				  (rows[i].lr0 == ended ? 1 : 0) | (rows[i].lr1 == ended ? 2 : 0));
		}
		if (intid)
			EXPECT_EQ(gic_is_pending(intid), !off && rows[i].misr != 0);
		look(0, 0, 0, 0);
		if (intid)
			EXPECT(!gic_is_pending(intid));
	}
}

TEST(vgic_empty_lists,
     "ICH_ELRSR_EL2 has the list registers that are neither in use nor owe an EOI interrupt",
     SPEC("IHI 0069, 12.4, ICH_ELRSR_EL2"))
{
	const struct {
		const char *name;
		u64 lr0, lr1;
		u64 used;
	} rows[] = {
		{ "empty", 0, 0, 0 },
		{ "pending", LR(PENDING, 1, 0x80, 40), 0, 1 },
		{ "active", 0, LR(ACTIVE, 1, 0x80, 40), 2 },
		{ "both", LR(BOTH, 1, 0x80, 40), LR(PENDING, 1, 0x80, 41), 3 },
		{ "eoi", LR(0, 1, 0x80, 40) | LR_EOI, 0, 1 },
		{ "hardware-eoi", LR(0, 1, 0x80, 40) | LR_EOI | BIT(61), 0, 0 },
	};
	u64 all = BIT(list_registers()) - 1;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		look(ICH_HCR_EN, VMCR, rows[i].lr0, rows[i].lr1);
		EXPECT_EQ(elrsr, all & ~rows[i].used);
		look(0, 0, 0, 0);
	}
}

TEST(vgic_eoi_interrupt, "the end of an interrupt with EOI leaves the request for maintenance",
     SPEC("IHI 0069, 12.4, ICH_LR<n>_EL2, EOI maintenance interrupt; ICH_EISR_EL2"))
{
	struct guest g = GUEST(.lr = { 0, LR(PENDING, 1, 0x80, 40) | LR_EOI });
	const u32 code[] = { IAR1(1u), EOIR1(1u) };

	run(&g, code, 2);
	EXPECT_EQ(g.r.x[1], 40);
	EXPECT_EQ(g.lr[1], LR(0, 1, 0x80, 40) | LR_EOI);
}

TEST(vgic_eoi_count, "the end of an interrupt that no list register has counts up EOIcount",
     SPEC("IHI 0069, 12.4, ICH_HCR_EL2.EOIcount"))
{
	struct guest g = GUEST(.ap1r0 = BIT(0x80 >> 3), .r = { .x = { 0, 40 } });
	const u32 code[] = { EOIR1(1u), RPR(2u) };

	if ((el2_read(EL2_ICH_VTR) >> 26 & 7) != 4)
		SKIP("ICH_AP1R0_EL2 has other priorities");
	run(&g, code, 2);
	EXPECT_EQ(g.ich_hcr & ICH_HCR_EOICOUNT, 1ull << 27);
	EXPECT_EQ(g.r.x[2], 0xff);
	EXPECT_EQ(g.ap1r0, 0);
}

/* ------------------------------------------------------------------------------- traps */

#define BOTH_WAYS(name, traps, ...) READ(name, traps, __VA_ARGS__), WRITE(name, traps, __VA_ARGS__)

TEST(vgic_traps, "ICH_HCR_EL2.TALL0, TALL1, TC and TDIR trap the guest's interface",
     SPEC("IHI 0069, 12.4, ICH_HCR_EL2.TALL0, TALL1, TC, TDIR"))
{
	static const struct el2_trap traps[] = {
		READ("iar0", ICH_HCR_TALL0, 3, 0, 12, 8, 0),
		READ("hppir0", ICH_HCR_TALL0, 3, 0, 12, 8, 2),
		BOTH_WAYS("bpr0", ICH_HCR_TALL0, 3, 0, 12, 8, 3),
		BOTH_WAYS("ap0r0", ICH_HCR_TALL0, 3, 0, 12, 8, 4),
		BOTH_WAYS("igrpen0", ICH_HCR_TALL0, 3, 0, 12, 12, 6),
		READ("iar1", ICH_HCR_TALL1, 3, 0, 12, 12, 0),
		READ("hppir1", ICH_HCR_TALL1, 3, 0, 12, 12, 2),
		BOTH_WAYS("bpr1", ICH_HCR_TALL1, 3, 0, 12, 12, 3),
		BOTH_WAYS("ap1r0", ICH_HCR_TALL1, 3, 0, 12, 9, 0),
		BOTH_WAYS("igrpen1", ICH_HCR_TALL1, 3, 0, 12, 12, 7),
		BOTH_WAYS("pmr", ICH_HCR_TC, 3, 0, 4, 6, 0),
		READ("rpr", ICH_HCR_TC, 3, 0, 12, 11, 3),
		BOTH_WAYS("ctlr", ICH_HCR_TC, 3, 0, 12, 12, 4),
		WRITE("dir", ICH_HCR_TC | ICH_HCR_TDIR, 3, 0, 12, 11, 1),
	};
	const struct el2_setting hcr = { EL2_HCR, EL2_HCR_DEFAULT | HCR_IMO | HCR_FMO };

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_ICH_HCR,
			ICH_HCR_TC | ICH_HCR_TALL0 | ICH_HCR_TALL1 | ICH_HCR_TDIR, false, ARM_EL1,
			&hcr, 1);
}

TEST(vgic_sgi_traps, "with IMO or FMO, writes that generate SGIs are trapped",
     SPEC("IHI 0069, 12.2, ICC_SGI1R_EL1, ICC_SGI0R_EL1, ICC_ASGI1R_EL1: HCR_EL2.IMO, FMO"))
{
	static const struct {
		const char *name;
		u32 key;
	} regs[] = { { "sgi1r", KEY(3, 0, 12, 11, 5) },
		     { "asgi1r", KEY(3, 0, 12, 11, 6) },
		     { "sgi0r", KEY(3, 0, 12, 11, 7) } };
	static const u64 bits[] = { HCR_IMO, HCR_FMO, HCR_IMO | HCR_FMO };

	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		for (u32 b = 0; b < ARRAY_SIZE(bits); b++) {
			const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | bits[b] };
			struct arm_registers r = { 0 };
			struct el2_exit exit = { 0 };
			const u32 code[] = { MSR_OF(regs[i].key, 1u) };

			SUBTEST("%s-%u", regs[i].name, b);
			EXPECT_FAULT(SYSREG_TRAP(TRAP_OF(regs[i].key, 1, 0)),
				     el2_execute(&s, 1, ARM_EL1, code, 1, &r, &exit));
			EXPECT_EQ(exit.level, 2);
		}
}

TEST(vgic_sre_traps, "without ICC_SRE_EL2.Enable, ICC_SRE_EL1 is trapped",
     SPEC("IHI 0069, 12.2, ICC_SRE_EL2.Enable"))
{
	static const struct el2_trap traps[] = { READ("sre", BIT(3), 3, 0, 12, 12, 5) };

	u64 sre = el2_read(EL2_ICC_SRE), written;

	el2_write(EL2_ICC_SRE, sre & ~BIT(3));
	written = el2_read(EL2_ICC_SRE);
	el2_write(EL2_ICC_SRE, sre);
	if (written & BIT(3))
		SKIP("Enable is RAO/WI");
	el2_check_traps(traps, 1, EL2_ICC_SRE, BIT(3), true, ARM_EL1, NULL, 0);
}
