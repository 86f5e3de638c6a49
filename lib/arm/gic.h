/* SPDX-License-Identifier: MIT */
/*
 * The Generic Interrupt Controller, version 2 (IHI 0048) and 3 (IHI 0069), found through the device
 * tree. One interface for both: an interrupt is its INTID, 0-15 SGI, 16-31 PPI, from 32 on SPI. What
 * concerns SGIs and PPIs is about this CPU's.
 *
 * The state at the start of a case: every interrupt in group 1, disabled, neither pending nor active, of
 * priority GIC_PRIORITY_DEFAULT, level-sensitive, SPIs to CPU 0; both groups are signalled, group 1 as
 * IRQ and group 0 as FIQ; every priority passes; the end of an interrupt deactivates it. SGI_KICK and
 * SGI_STOP are the library's and enabled.
 */
#ifndef ASSAY_ARM_GIC_H
#define ASSAY_ARM_GIC_H

#include <dev/devicetree.h>
#include <types.h>

#define SGI_KICK 7
#define SGI_STOP 15 /* group 0, so that it gets through where IRQs are masked */

#define GIC_PPI(n)   (16u + (n))
#define GIC_SPI(n)   (32u + (n))
#define GIC_MAX_SPI  1019u
#define GIC_SPURIOUS 1023u

#define GIC_PRIORITY_DEFAULT 0xa0

/* Distributor: IHI 0048, 4.1.2; IHI 0069, 12.8. In GICv3, what concerns INTIDs 0-31 is in the second
 * 64 KiB frame of the redistributor, at the same offsets. */
#define GICD_CTLR	0x000
#define GICD_TYPER	0x004
#define GICD_IIDR	0x008
#define GICD_IGROUPR	0x080
#define GICD_ISENABLER	0x100
#define GICD_ICENABLER	0x180
#define GICD_ISPENDR	0x200
#define GICD_ICPENDR	0x280
#define GICD_ISACTIVER	0x300
#define GICD_ICACTIVER	0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR	0x800 /* GICv2 */
#define GICD_ICFGR	0xc00
#define GICD_SGIR	0xf00  /* GICv2 */
#define GICD_CPENDSGIR	0xf10  /* GICv2 */
#define GICD_SPENDSGIR	0xf20  /* GICv2 */
#define GICD_IROUTER	0x6000 /* GICv3; 64 bits for each INTID */
#define GICD_PIDR2	0xffe8 /* GICv3; 0xfe8 in GICv2 */

#define GICD_CTLR_GRP0 BIT(0)
#define GICD_CTLR_GRP1 BIT(1)
#define GICD_CTLR_ARE  BIT(4)
#define GICD_CTLR_DS   BIT(6)
#define GICD_CTLR_RWP  BIT(31)

/* Redistributor, first frame. */
#define GICR_CTLR  0x000
#define GICR_IIDR  0x004
#define GICR_TYPER 0x008
#define GICR_WAKER 0x014
#define GICR_SGI   0x10000 /* the second frame */

#define GICR_CTLR_RWP		   BIT(3)
#define GICR_TYPER_VLPIS	   BIT(1)
#define GICR_TYPER_LAST		   BIT(4)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)

/* CPU interface of GICv2: IHI 0048, 4.1.3. */
#define GICC_CTLR   0x000
#define GICC_PMR    0x004
#define GICC_BPR    0x008
#define GICC_IAR    0x00c
#define GICC_EOIR   0x010
#define GICC_RPR    0x014
#define GICC_HPPIR  0x018
#define GICC_ABPR   0x01c
#define GICC_AIAR   0x020
#define GICC_AEOIR  0x024
#define GICC_AHPPIR 0x028
#define GICC_APR    0x0d0
#define GICC_NSAPR  0x0e0
#define GICC_IIDR   0x0fc
#define GICC_DIR    0x1000

#define GICC_CTLR_GRP0	  BIT(0)
#define GICC_CTLR_GRP1	  BIT(1)
#define GICC_CTLR_ACKCTL  BIT(2)
#define GICC_CTLR_FIQEN	  BIT(3)
#define GICC_CTLR_CBPR	  BIT(4)
#define GICC_CTLR_EOIMODE BIT(9)

/* ICC_CTLR_EL1: IHI 0069, 12.2.6. */
#define ICC_CTLR_CBPR	 BIT(0)
#define ICC_CTLR_EOIMODE BIT(1)

/* 2 or 3; 0 if the device tree has no GIC that is known here. */
u32 gic_version(void);

/* True if group 0 is the kernel's to use: there is no Secure state that has it. */
bool gic_has_group0(void);

/* The first INTID after the SPIs that there are. */
u32 gic_intid_end(void);

/* Where the registers are: of the distributor, of GICv2's CPU interface, of this CPU's redistributor. */
ulong gicd_base(void);
ulong gicc_base(void);
ulong gicr_base(void);

/* The frame that has an INTID's registers: GICD_ISENABLER and so on. */
ulong gic_frame(u32 intid);

/* An INTID from an "interrupts" entry of the device tree: three cells, type, number, flags. */
u32 gic_intid_of(const u32 cells[3]);

/*
 * Has handler(intid) called for this interrupt on every CPU, between its acknowledgement and its end,
 * with exceptions masked, until the case ends. An interrupt without a handler is an unexpected
 * exception. NULL removes it.
 */
void irq_set_handler(u32 intid, void (*handler)(u32 intid));

void gic_enable(u32 intid);
void gic_disable(u32 intid);
bool gic_is_enabled(u32 intid);
void gic_set_pending(u32 intid);
void gic_clear_pending(u32 intid);
bool gic_is_pending(u32 intid);
void gic_set_active(u32 intid);
void gic_clear_active(u32 intid);
bool gic_is_active(u32 intid);
void gic_set_priority(u32 intid, u8 priority);
u8 gic_priority(u32 intid);
void gic_set_group(u32 intid, u32 group);
/* Edge-triggered or level-sensitive. */
void gic_set_edge(u32 intid, bool edge);
/* Which CPU an SPI goes to: one that has been started, as it alone can tell GICv2 its number. */
void gic_set_target(u32 intid, u32 cpu_number);

/* Sends SGI `intid` to a CPU, which may be this one. */
void gic_send_sgi(u32 cpu_number, u32 intid);

/* The CPU interface, group 1: acknowledges, and returns what IAR said; GICv2: with the source CPU. */
u32 gic_ack(void);
/* The same without an acknowledgement. */
u32 gic_highest_pending(void);
/* Ends and deactivates, by what gic_ack() returned; gic_deactivate() where the two are split. */
void gic_eoi(u32 iar);
void gic_deactivate(u32 iar);
void gic_split_eoi(bool split);
void gic_set_priority_mask(u8 mask);
u8 gic_priority_mask(void);
u8 gic_running_priority(void);

/* ---------------------------------------------------------------- for the library */

/* Reads the device tree. */
void gic_init(void);

/* This CPU's, and the distributor, to the documented state. */
void gic_reset_cpu(void);
void gic_reset_distributor(void);

/* Interrupts that no handler of a test's vector took; false, and the INTID, if there is none for it. */
bool gic_handle_irq(u32 *intid);
bool gic_handle_fiq(u32 *intid);

/* What differs between the versions. */
struct gic_ops {
	void (*reset_cpu)(void);
	void (*reset_routes)(void);
	u32 (*ack)(void);
	u32 (*ack_group0)(void);
	u32 (*highest_pending)(void);
	void (*eoi)(u32 iar);
	void (*eoi_group0)(u32 iar);
	void (*deactivate)(u32 iar);
	void (*split_eoi)(bool split);
	void (*set_mask)(u8 mask);
	u8 (*mask)(void);
	u8 (*running)(void);
	void (*set_target)(u32 intid, u32 cpu_number);
	void (*send_sgi)(u32 cpu_number, u32 intid);
	void (*wait)(u32 intid); /* for a write to an INTID's registers to have its effect */
};

extern const struct gic_ops gic_v2_ops, gic_v3_ops;

/* Finds the CPU interface, the redistributors; false if the tree does not have them. */
bool gic_v2_init(dt_node node);
bool gic_v3_init(dt_node node);
/* Group 0 and its enable bits belong to somebody else: set by the version's reset. */
void gic_set_group0(bool ours);

#endif
