/* SPDX-License-Identifier: MIT */
/* ICH_HCR_EL2: maintenance of list registers, and traps of the guest's interface. IHI 0069, 12.4. */
#include <test.h>

#include <arm/gic.h>

#include "vgic.h"

SUITE("Virtual GIC, control", REQUIRES(el2_is_there()), REQUIRES(gic_version() == 3));

static u64 misr, eisr, elrsr;

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
	u64 all = BIT(vgic_list_registers()) - 1;

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

	vgic_run(&g, code, 2);
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
	vgic_run(&g, code, 2);
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

#define READ_BPR1(n) MRS_OF(KEY(3, 0, 12, 12, 3), n)

TEST(vgic_common_binary_point,
     "with CBPR, the guest's ICC_BPR1_EL1 reads as ICC_BPR0_EL1 plus one, 7 at most, and ignores writes",
     SPEC("IHI 0069, 12.2, ICV_BPR1_EL1, ICV_CTLR_EL1.CBPR; 12.4, ICH_VMCR_EL2.VCBPR"))
{
	for (u64 bpr0 = 2; bpr0 < 8; bpr0++)
		for (u32 common = 0; common < 2; common++) {
			struct guest g = GUEST(.r = { .x = { 0, 4 } });
			const u32 code[] = { READ_BPR1(2u), BPR1(1u), READ_BPR1(3u) };

			SUBTEST("bpr0-%llu-cbpr-%u", bpr0, common);
			g.vmcr = (VMCR & ~(VMCR_BPR0(7) | VMCR_BPR1(7))) | VMCR_BPR0(bpr0) |
				 VMCR_BPR1(5) | (common ? VMCR_VCBPR : 0);
			vgic_run(&g, code, 3);
			EXPECT_NO_FAULT(g.fault);
			EXPECT_EQ(g.r.x[2], common ? MIN(bpr0 + 1, 7ull) : 5);
			EXPECT_EQ(g.r.x[3], common ? MIN(bpr0 + 1, 7ull) : 4);
			EXPECT_EQ(g.vmcr & VMCR_BPR1(7), common ? VMCR_BPR1(5) : VMCR_BPR1(4));
		}
}

TEST(vgic_priority_bits,
     "a list register has as many bits of priority as ICH_VTR_EL2.PRIbits says, the highest ones",
     SPEC("IHI 0069, 12.4, ICH_LR<n>_EL2.Priority, ICH_VTR_EL2.PRIbits"))
{
	u32 bits = (u32)(el2_read(EL2_ICH_VTR) >> 29) + 1;
	u64 mask = 0xff & ~(BIT(8 - bits) - 1);

	for (u32 n = 0; n < 2; n++) {
		enum el2_register reg = n ? EL2_ICH_LR1 : EL2_ICH_LR0;

		for (u64 value = 0; value < 256; value += 5) {
			el2_write(reg, LR(ACTIVE, 1, value, 40));
			EXPECT_EQ(el2_read(reg) >> 48 & 0xff, value & mask, "%#llx", value);
		}
		el2_write(reg, 0);
	}
}
