/* SPDX-License-Identifier: MIT */
/* The virtual CPU interface of GICv2, which is memory, and the hypervisor's control of it: IHI 0048B, chapter 5. */
#include <test.h>

#include <arm/el2.h>
#include <arm/gic.h>
#include <arm/io.h>
#include <dev/devicetree.h>
#include <mm/space.h>

#include "signal.h"

#define GICH_HCR   0x000
#define GICH_VTR   0x004
#define GICH_VMCR  0x008
#define GICH_MISR  0x010
#define GICH_EISR  0x020
#define GICH_ELRSR 0x030
#define GICH_APR   0x0f0
#define GICH_LR	   0x100

#define HCR_EN	     BIT(0)
#define HCR_UIE	     BIT(1)
#define HCR_LRENPIE  BIT(2)
#define HCR_NPIE     BIT(3)
#define HCR_VGRP0EIE BIT(4)
#define HCR_VGRP0DIE BIT(5)
#define HCR_VGRP1EIE BIT(6)
#define HCR_VGRP1DIE BIT(7)
#define HCR_EOICOUNT BITS(31, 27)

#define VMCR_GRP0   BIT(0)
#define VMCR_GRP1   BIT(1)
#define VMCR_ACKCTL BIT(2)
#define VMCR_FIQEN  BIT(3)
#define VMCR_CBPR   BIT(4)
#define VMCR_EOIM   BIT(9)
#define VMCR_ABP(n) ((u32)(n) << 18)
#define VMCR_BP(n)  ((u32)(n) << 21)
#define VMCR_PMR(n) ((u32)(n) << 27)
#define VMCR	    (VMCR_GRP0 | VMCR_GRP1 | VMCR_ABP(3) | VMCR_BP(2) | VMCR_PMR(0x1f))

/* A list register: the priority has five bits. */
#define LR(state, group, priority, id) \
	((u32)(state) << 28 | (u32)(group) << 30 | (u32)(priority) << 23 | (id))
#define LR_SOURCE(cpu) ((u32)(cpu) << 10)
#define LR_EOI	       BIT(19)
#define LR_HW(id)      ((u32)BIT(31) | (u32)(id) << 10)
#define STATE_OF(lr)   ((lr) >> 28 & 3)
#define PENDING	       1
#define ACTIVE	       2
#define BOTH	       3

static ulong gich, gicv;

static bool find(void)
{
	dt_node node = dt_find_compatible(NULL, "arm,cortex-a15-gic");
	phys_t control, interface;
	u64 size;

	if (gic_version() != 2 || !node || !dt_reg(node, 2, &control, &size))
		return false;
	gich = (ulong)space_map_device(control, size);
	if (!dt_reg(node, 3, &interface, &size))
		return false;
	gicv = (ulong)space_map_device(interface, size);
	return true;
}

SUITE("Virtual GICv2", REQUIRES(find()));

static u32 h_read(u32 offset)
{
	return read32(gich + offset);
}

static void h_write(u32 offset, u64 value)
{
	write32(gich + offset, (u32)value);
}

static u32 v_read(u32 offset)
{
	return read32(gicv + offset);
}

static void v_write(u32 offset, u32 value)
{
	write32(gicv + offset, value);
}

static u32 list_registers(void)
{
	return (h_read(GICH_VTR) & 63) + 1;
}

static u32 lr(u32 n)
{
	return h_read(GICH_LR + 4 * n);
}

/* The interface on, with these in the first list registers. */
static void start(u64 hcr, u64 vmcr, u32 lr0, u32 lr1)
{
	find();
	h_write(GICH_HCR, 0);
	h_write(GICH_APR, 0);
	h_write(GICH_VMCR, vmcr);
	for (u32 i = 0; i < list_registers(); i++)
		h_write(GICH_LR + 4 * i, i == 0 ? lr0 : i == 1 ? lr1 : 0);
	h_write(GICH_HCR, hcr);
}

static void stop(void)
{
	start(0, 0, 0, 0);
}

TEST(virtual2_type, "GICH_VTR counts the list registers and the bits of priorities",
     SPEC("IHI 0048B, 5.3.2, GICH_VTR"))
{
	u32 vtr = h_read(GICH_VTR);

	EXPECT_GE(vtr >> 29 & 7, 4);
	EXPECT_GE(vtr >> 26 & 7, 4);
	EXPECT_LE(vtr >> 26 & 7, vtr >> 29 & 7);
	EXPECT_GE(list_registers(), 2);
	EXPECT_EQ(v_read(GICC_IIDR) >> 16 & 15, 2);
	for (u32 i = 0; i < list_registers(); i++) {
		h_write(GICH_LR + 4 * i, LR(PENDING, i & 1, i, 40 + i));
		EXPECT_EQ(lr(i), LR(PENDING, i & 1, i, 40 + i));
	}
	stop();
}

TEST(virtual2_control, "GICH_VMCR is the guest's CTLR, PMR, BPR and ABPR, both ways",
     SPEC("IHI 0048B, 5.3.3, GICH_VMCR; 5.5, GICV_CTLR, GICV_PMR, GICV_BPR, GICV_ABPR"))
{
	static const u32 bits[] = { VMCR_GRP0,	VMCR_GRP1, VMCR_ACKCTL,
				    VMCR_FIQEN, VMCR_CBPR, VMCR_EOIM };

	start(HCR_EN, VMCR, 0, 0);
	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		SUBTEST("ctlr-bit-%u", (u32)__builtin_ctz(bits[i]));
		h_write(GICH_VMCR, bits[i]);
		EXPECT_EQ(v_read(GICC_CTLR), bits[i]);
		h_write(GICH_VMCR, 0);
		v_write(GICC_CTLR, bits[i]);
		EXPECT_EQ(h_read(GICH_VMCR) & 0x3ff, bits[i]);
		v_write(GICC_CTLR, 0);
	}
	SUBTEST("pmr");
	h_write(GICH_VMCR, VMCR_PMR(0x15));
	EXPECT_EQ(v_read(GICC_PMR), 0xa8);
	v_write(GICC_PMR, 0x50);
	EXPECT_EQ(h_read(GICH_VMCR) >> 27, 0x0a);
	SUBTEST("bpr");
	h_write(GICH_VMCR, VMCR_BP(5) | VMCR_ABP(6));
	EXPECT_EQ(v_read(GICC_BPR), 5);
	EXPECT_EQ(v_read(GICC_ABPR), 6);
	v_write(GICC_BPR, 4);
	v_write(GICC_ABPR, 7);
	EXPECT_EQ(h_read(GICH_VMCR) >> 21 & 7, 4);
	EXPECT_EQ(h_read(GICH_VMCR) >> 18 & 7, 7);
	stop();
}

TEST(virtual2_acknowledge,
     "the guest acknowledges and ends what a list register has: states, running priority, active priorities",
     SPEC("IHI 0048B, 5.2.2; 5.3.8, GICH_APR; 5.3.9, GICH_LRn; 5.5, GICV_IAR, GICV_EOIR"))
{
	for (u32 group = 0; group < 2; group++) {
		SUBTEST("group-%u", group);
		start(HCR_EN, VMCR | VMCR_ACKCTL, 0, LR(PENDING, group, 0x10, 45));
		EXPECT_EQ(v_read(GICC_RPR), 0xff);
		EXPECT_EQ(v_read(GICC_HPPIR), 45);
		EXPECT_EQ(v_read(GICC_IAR), 45);
		EXPECT_EQ(lr(1), LR(ACTIVE, group, 0x10, 45));
		EXPECT_EQ(v_read(GICC_RPR), 0x80);
		EXPECT_EQ(h_read(GICH_APR), BIT(0x10));
		EXPECT_EQ(v_read(GICC_IAR), GIC_SPURIOUS);
		v_write(GICC_EOIR, 45);
		EXPECT_EQ(STATE_OF(lr(1)), 0);
		EXPECT_EQ(v_read(GICC_RPR), 0xff);
		EXPECT_EQ(h_read(GICH_APR), 0);
		stop();
	}
	SUBTEST("aliased");
	start(HCR_EN, VMCR, LR(PENDING, 1, 0x10, 45), 0);
	EXPECT_EQ(v_read(GICC_AIAR), 45);
	v_write(GICC_AEOIR, 45);
	EXPECT_EQ(STATE_OF(lr(0)), 0);
	SUBTEST("sgi-source");
	start(HCR_EN, VMCR, LR(PENDING, 0, 0x10, 5) | LR_SOURCE(3), 0);
	EXPECT_EQ(v_read(GICC_IAR), 5 | 3 << 10);
	v_write(GICC_EOIR, 5 | 3 << 10);
	EXPECT_EQ(STATE_OF(lr(0)), 0);
	SUBTEST("pending-and-active");
	start(HCR_EN, VMCR, LR(PENDING, 0, 0x10, 45), 0);
	EXPECT_EQ(v_read(GICC_IAR), 45);
	h_write(GICH_LR, lr(0) | LR(PENDING, 0, 0, 0));
	v_write(GICC_EOIR, 45);
	EXPECT_EQ(lr(0), LR(PENDING, 0, 0x10, 45));
	EXPECT_EQ(v_read(GICC_IAR), 45);
	stop();
}

TEST(virtual2_groups,
     "IAR does not acknowledge group 1 without AckCtl, nor what is masked or active, nor anything while the interface is off",
     SPEC("IHI 0048B, 5.3.3, GICH_VMCR; 5.5, GICV_IAR, GICV_CTLR; 5.3.1, GICH_HCR.En"))
{
	const u32 group0 = LR(PENDING, 0, 0x10, 45), group1 = LR(PENDING, 1, 0x10, 45);
	const struct {
		const char *name;
		u64 hcr, vmcr;
		u32 lr, iar;
	} rows[] = {
		{ "group-1", HCR_EN, VMCR, group1, 1022 },
		{ "group-1-ackctl", HCR_EN, VMCR | VMCR_ACKCTL, group1, 45 },
		{ "group-1-alone", HCR_EN, (VMCR | VMCR_ACKCTL) & ~VMCR_GRP0, group1, 45 },
		{ "interface-off", 0, VMCR, group0, GIC_SPURIOUS },
		{ "mask-equal", HCR_EN, (VMCR & ~VMCR_PMR(0x1f)) | VMCR_PMR(0x10), group0,
		  GIC_SPURIOUS },
		{ "mask-below", HCR_EN, (VMCR & ~VMCR_PMR(0x1f)) | VMCR_PMR(0x11), group0, 45 },
		{ "active", HCR_EN, VMCR, LR(ACTIVE, 0, 0x10, 45), GIC_SPURIOUS },
		{ "both", HCR_EN, VMCR, LR(BOTH, 0, 0x10, 45), GIC_SPURIOUS },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		start(rows[i].hcr, rows[i].vmcr, rows[i].lr, 0);
		EXPECT_EQ(v_read(GICC_IAR), rows[i].iar);
		EXPECT_EQ(STATE_OF(lr(0)), rows[i].iar == 45 ? ACTIVE : STATE_OF(rows[i].lr));
		stop();
	}
}

TEST(virtual2_order, "the highest priority comes first; the binary point says what preempts",
     SPEC("IHI 0048B, 5.2.1; 5.5, GICV_BPR, GICV_ABPR; 3.3.3"))
{
	const struct {
		const char *name;
		u64 vmcr;
		u32 group, running, pending;
		bool preempts;
	} rows[] = {
		{ "higher", VMCR, 0, 0x10, 0x0f, true },
		{ "equal", VMCR, 0, 0x10, 0x10, false },
		{ "lower", VMCR, 0, 0x10, 0x11, false },
		{ "bpr-4-same", (VMCR & ~VMCR_BP(7)) | VMCR_BP(4), 0, 0x13, 0x10, false },
		{ "bpr-4-other", (VMCR & ~VMCR_BP(7)) | VMCR_BP(4), 0, 0x14, 0x13, true },
		{ "abpr-5-same", (VMCR & ~VMCR_ABP(7)) | VMCR_ABP(5), 1, 0x13, 0x10, false },
		{ "abpr-5-other", (VMCR & ~VMCR_ABP(7)) | VMCR_ABP(5), 1, 0x14, 0x13, true },
		{ "cbpr", ((VMCR | VMCR_CBPR) & ~VMCR_BP(7)) | VMCR_BP(4), 1, 0x13, 0x10, false },
		{ "bpr-not-of-group-1", (VMCR & ~VMCR_BP(7)) | VMCR_BP(5), 1, 0x13, 0x12, true },
	};

	for (u32 swapped = 0; swapped < 2; swapped++) {
		u32 high = LR(PENDING, 0, 0x08, 41), low = LR(PENDING, 0, 0x10, 40);

		SUBTEST("order-%u", swapped);
		start(HCR_EN, VMCR, swapped ? high : low, swapped ? low : high);
		EXPECT_EQ(v_read(GICC_HPPIR), 41);
		EXPECT_EQ(v_read(GICC_IAR), 41);
		EXPECT_EQ(v_read(GICC_IAR), GIC_SPURIOUS);
		v_write(GICC_EOIR, 41);
		EXPECT_EQ(v_read(GICC_IAR), 40);
		v_write(GICC_EOIR, 40);
		stop();
	}
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		start(HCR_EN, rows[i].vmcr | VMCR_ACKCTL,
		      LR(PENDING, rows[i].group, rows[i].running, 40), 0);
		EXPECT_EQ(v_read(GICC_IAR), 40);
		h_write(GICH_LR + 4, LR(PENDING, rows[i].group, rows[i].pending, 41));
		EXPECT_EQ(v_read(GICC_IAR), rows[i].preempts ? 41 : GIC_SPURIOUS);
		stop();
	}
}

TEST(virtual2_eoi_modes,
     "EOImode splits the end; an end that no list register is for is counted; with EOI it asks for maintenance",
     SPEC("IHI 0048B, 5.3.1, GICH_HCR.EOICount; 5.3.5, GICH_EISR; 5.3.9, GICH_LRn; 5.5, GICV_DIR"))
{
	SUBTEST("split");
	start(HCR_EN, VMCR | VMCR_EOIM, LR(PENDING, 0, 0x10, 45), 0);
	EXPECT_EQ(v_read(GICC_IAR), 45);
	v_write(GICC_EOIR, 45);
	EXPECT_EQ(STATE_OF(lr(0)), ACTIVE);
	EXPECT_EQ(v_read(GICC_RPR), 0xff);
	v_write(GICC_DIR, 45);
	EXPECT_EQ(STATE_OF(lr(0)), 0);
	SUBTEST("count");
	start(HCR_EN, VMCR, LR(PENDING, 0, 0x10, 45), 0);
	EXPECT_EQ(v_read(GICC_IAR), 45);
	h_write(GICH_LR, 0);
	v_write(GICC_EOIR, 45);
	EXPECT_EQ(h_read(GICH_HCR) & HCR_EOICOUNT, BIT(27));
	EXPECT_EQ(h_read(GICH_APR), 0);
	SUBTEST("maintenance");
	start(HCR_EN, VMCR, 0, LR(PENDING, 0, 0x10, 45) | LR_EOI);
	EXPECT_EQ(v_read(GICC_IAR), 45);
	EXPECT_EQ(h_read(GICH_EISR), 0);
	v_write(GICC_EOIR, 45);
	EXPECT_EQ(h_read(GICH_EISR), 2);
	EXPECT_EQ(h_read(GICH_MISR), 1);
	stop();
}

TEST(virtual2_hardware,
     "the end of a virtual interrupt with HW deactivates the physical one, and no other",
     SPEC("IHI 0048B, 5.3.9, GICH_LRn.HW, Physical ID"))
{
	for (u32 by_register = 0; by_register < 2; by_register++) {
		u32 spi = free_spi();

		SUBTEST("%s", by_register ? "active-by-isactiver" : "acknowledged");
		gic_set_active(spi - 1);
		if (by_register) {
			gic_set_active(spi);
		} else {
			gic_split_eoi(true);
			gic_enable(spi);
			gic_set_pending(spi);
			ASSERT(signalled(PSTATE_I));
			ASSERT_EQ(gic_ack(), spi);
			gic_eoi(spi);
		}
		start(HCR_EN, VMCR, LR(PENDING, 0, 0x10, 45) | LR_HW(spi), 0);
		EXPECT_EQ(v_read(GICC_IAR), 45);
		EXPECT(gic_is_active(spi));
		v_write(GICC_EOIR, 45);
		EXPECT(!gic_is_active(spi));
		EXPECT(gic_is_active(spi - 1));
		gic_clear_active(spi);
		gic_clear_active(spi - 1);
		gic_split_eoi(false);
		stop();
	}
}

TEST(virtual2_maintenance,
     "GICH_MISR says why maintenance is asked for, GICH_ELRSR what is empty; the interrupt is pending then",
     SPEC("IHI 0048B, 5.2.4; 5.3.4, GICH_MISR; 5.3.6, GICH_ELRSR"))
{
	const u32 ended = LR(0, 0, 0x10, 45) | LR_EOI, pending = LR(PENDING, 0, 0x10, 46);
	const struct {
		const char *name;
		u64 hcr, vmcr;
		u32 lr0, lr1, misr;
	} rows[] = {
		{ "none", HCR_EN, VMCR, 0, 0, 0 },
		{ "eoi", HCR_EN, VMCR, ended, 0, BIT(0) },
		{ "eoi-second", HCR_EN, VMCR, 0, ended, BIT(0) },
		{ "no-eoi-while-pending", HCR_EN, VMCR, pending | LR_EOI, 0, 0 },
		{ "underflow-0", HCR_EN | HCR_UIE, VMCR, 0, 0, BIT(1) },
		{ "underflow-1", HCR_EN | HCR_UIE, VMCR, pending, 0, BIT(1) },
		{ "underflow-2", HCR_EN | HCR_UIE, VMCR, pending, pending + 1, 0 },
		{ "not-present", HCR_EN | HCR_LRENPIE | BIT(27), VMCR, 0, 0, BIT(2) },
		{ "present", HCR_EN | HCR_LRENPIE, VMCR, 0, 0, 0 },
		{ "none-pending", HCR_EN | HCR_NPIE, VMCR, 0, 0, BIT(3) },
		{ "active-only", HCR_EN | HCR_NPIE, VMCR, LR(ACTIVE, 0, 0x10, 45), 0, BIT(3) },
		{ "some-pending", HCR_EN | HCR_NPIE, VMCR, pending, 0, 0 },
		{ "group-0-enabled", HCR_EN | HCR_VGRP0EIE, VMCR & ~VMCR_GRP1, 0, 0, BIT(4) },
		{ "group-0-enabled-not", HCR_EN | HCR_VGRP0EIE, VMCR & ~VMCR_GRP0, 0, 0, 0 },
		{ "group-0-disabled", HCR_EN | HCR_VGRP0DIE, VMCR & ~VMCR_GRP0, 0, 0, BIT(5) },
		{ "group-0-disabled-not", HCR_EN | HCR_VGRP0DIE, VMCR & ~VMCR_GRP1, 0, 0, 0 },
		{ "group-1-enabled", HCR_EN | HCR_VGRP1EIE, VMCR & ~VMCR_GRP0, 0, 0, BIT(6) },
		{ "group-1-enabled-not", HCR_EN | HCR_VGRP1EIE, VMCR & ~VMCR_GRP1, 0, 0, 0 },
		{ "group-1-disabled", HCR_EN | HCR_VGRP1DIE, VMCR & ~VMCR_GRP1, 0, 0, BIT(7) },
		{ "group-1-disabled-not", HCR_EN | HCR_VGRP1DIE, VMCR & ~VMCR_GRP0, 0, 0, 0 },
		{ "interface-off", HCR_NPIE, VMCR, 0, 0, ~0u },
	};
	dt_node node = dt_find_compatible(NULL, "arm,cortex-a15-gic");
	u32 cells[4], intid = dt_interrupt(node, 0, cells) >= 3 ? gic_intid_of(cells) : 0;
	u32 all;

	find();
	all = (u32)(BIT(list_registers()) - 1);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		bool off = rows[i].misr == ~0u;

		SUBTEST("%s", rows[i].name);
		start(rows[i].hcr, rows[i].vmcr, rows[i].lr0, rows[i].lr1);
		if (!off) {
			EXPECT_EQ(h_read(GICH_MISR), rows[i].misr);
			EXPECT_EQ(h_read(GICH_EISR), (rows[i].lr0 == ended ? 1u : 0) |
							     (rows[i].lr1 == ended ? 2u : 0));
			EXPECT_EQ(h_read(GICH_ELRSR),
				  all & ~((rows[i].lr0 ? 1u : 0) | (rows[i].lr1 ? 2u : 0)));
		}
		if (intid)
			EXPECT_EQ(gic_is_pending(intid), !off && rows[i].misr);
		stop();
		if (intid)
			EXPECT(!gic_is_pending(intid));
	}
}

TEST(virtual2_signals,
     "a virtual interrupt is an IRQ, or with FIQEn and of group 0 an FIQ, to what HCR_EL2 routes there",
     SPEC("IHI 0048B, 5.2.2; DDI 0487, D24.2.62, HCR_EL2.IMO, FMO; ISR_EL1"),
	  REQUIRES(el2_is_there()))
{
	const u32 group0 = LR(PENDING, 0, 0x10, 45), group1 = LR(PENDING, 1, 0x10, 45);
	const struct {
		const char *name;
		u64 hcr, vmcr;
		u32 lr;
		u64 isr;
	} rows[] = {
		{ "group-0-irq", HCR_EN, VMCR, group0, PSTATE_I },
		{ "group-0-fiq", HCR_EN, VMCR | VMCR_FIQEN, group0, PSTATE_F },
		{ "group-1", HCR_EN, VMCR, group1, PSTATE_I },
		{ "group-1-fiqen", HCR_EN, VMCR | VMCR_FIQEN, group1, PSTATE_I },
		{ "group-0-off", HCR_EN, VMCR & ~VMCR_GRP0, group0, 0 },
		{ "group-1-off", HCR_EN, VMCR & ~VMCR_GRP1, group1, 0 },
		{ "off", 0, VMCR, group1, 0 },
		{ "masked", HCR_EN, VMCR & ~VMCR_PMR(0x1f), group1, 0 },
		{ "active", HCR_EN, VMCR, LR(ACTIVE, 1, 0x10, 45), 0 },
	};

	write_sys(DAIF, PSTATE_I | PSTATE_F);
	el2_write(EL2_HCR, EL2_HCR_DEFAULT | HCR_IMO | HCR_FMO);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		start(rows[i].hcr, rows[i].vmcr, rows[i].lr, 0);
		if (rows[i].isr)
			EXPECT(signalled(rows[i].isr));
		EXPECT(quiet((PSTATE_I | PSTATE_F) & ~rows[i].isr));
		stop();
		EXPECT(quiet(PSTATE_I | PSTATE_F));
	}
	el2_write(EL2_HCR, EL2_HCR_DEFAULT);
}
