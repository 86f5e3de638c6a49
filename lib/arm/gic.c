/* SPDX-License-Identifier: MIT */
/* What GICv2 and GICv3 have in common: the registers of each interrupt, and who handles it. */
#include <arm/gic.h>

#include <arm/gic_base.h>
#include <arm/io.h>
#include <arm/psci.h>
#include <mm/space.h>
#include <string.h>
#include <sys/cpu.h>

static const struct gic_ops *ops;
static void (*handlers[GIC_MAX_SPI + 1])(u32 intid);

void gic_init(void)
{
	static const char *const v2[] = { "arm,gic-400", "arm,cortex-a15-gic",
					  "arm,cortex-a7-gic" };
	dt_node node = dt_find_compatible(NULL, "arm,gic-v3");
	phys_t address;
	u64 size;

	if (node && gic_v3_init(node)) {
		gic.version = 3;
		ops = &gic_v3_ops;
	}
	for (u32 i = 0; i < ARRAY_SIZE(v2) && !gic.version; i++) {
		node = dt_find_compatible(NULL, v2[i]);
		if (node && gic_v2_init(node)) {
			gic.version = 2;
			ops = &gic_v2_ops;
		}
	}
	if (!gic.version || !dt_reg(node, 0, &address, &size))
		return;
	gic.distributor = (ulong)space_map_device(address, size);
	/* ITLinesNumber: IHI 0048, 4.3.2. */
	gic.intid_end = MIN(32 * ((read32(gic.distributor + GICD_TYPER) & 31) + 1),
			    GIC_MAX_SPI + 1);
}

ulong gic_frame(u32 intid)
{
	return gic.version == 3 && intid < 32 ? gicr_base() + GICR_SGI : gic.distributor;
}

u32 gic_intid_of(const u32 cells[3])
{
	return cells[0] ? GIC_PPI(cells[1]) : GIC_SPI(cells[1]);
}

/* --------------------------------------------------------------------- an interrupt's registers */

static ulong word_of(u32 intid, u32 reg)
{
	return gic_frame(intid) + reg + intid / 32 * 4;
}

static void set_bit(u32 intid, u32 reg)
{
	write32(word_of(intid, reg), (u32)BIT(intid % 32));
}

static bool test_bit(u32 intid, u32 reg)
{
	return read32(word_of(intid, reg)) & BIT(intid % 32);
}

void gic_enable(u32 intid)
{
	set_bit(intid, GICD_ISENABLER);
}

void gic_disable(u32 intid)
{
	set_bit(intid, GICD_ICENABLER);
	ops->wait(intid);
}

bool gic_is_enabled(u32 intid)
{
	return test_bit(intid, GICD_ISENABLER);
}

void gic_set_pending(u32 intid)
{
	set_bit(intid, GICD_ISPENDR);
}

void gic_clear_pending(u32 intid)
{
	set_bit(intid, GICD_ICPENDR);
}

bool gic_is_pending(u32 intid)
{
	return test_bit(intid, GICD_ISPENDR);
}

void gic_set_active(u32 intid)
{
	set_bit(intid, GICD_ISACTIVER);
}

void gic_clear_active(u32 intid)
{
	set_bit(intid, GICD_ICACTIVER);
}

bool gic_is_active(u32 intid)
{
	return test_bit(intid, GICD_ISACTIVER);
}

void gic_set_priority(u32 intid, u8 priority)
{
	write8(gic_frame(intid) + GICD_IPRIORITYR + intid, priority);
}

u8 gic_priority(u32 intid)
{
	return read8(gic_frame(intid) + GICD_IPRIORITYR + intid);
}

void gic_set_group(u32 intid, u32 group)
{
	u32 mask = (u32)BIT(intid % 32), old = read32(word_of(intid, GICD_IGROUPR));

	write32(word_of(intid, GICD_IGROUPR), group ? old | mask : old & ~mask);
}

void gic_set_edge(u32 intid, bool edge)
{
	ulong at = gic_frame(intid) + GICD_ICFGR + intid / 16 * 4;
	u32 mask = 2u << intid % 16 * 2, old = read32(at);

	write32(at, edge ? old | mask : old & ~mask);
}

void gic_set_target(u32 intid, u32 cpu_number)
{
	ops->set_target(intid, cpu_number);
}

void gic_send_sgi(u32 cpu_number, u32 intid)
{
	ops->send_sgi(cpu_number, intid);
}

/* ---------------------------------------------------------------------------- the CPU interface */

u32 gic_ack(void)
{
	return ops->ack();
}

u32 gic_highest_pending(void)
{
	return ops->highest_pending();
}

void gic_eoi(u32 iar)
{
	ops->eoi(iar);
}

void gic_deactivate(u32 iar)
{
	ops->deactivate(iar);
}

void gic_split_eoi(bool split)
{
	ops->split_eoi(split);
}

void gic_set_priority_mask(u8 mask)
{
	ops->set_mask(mask);
}

u8 gic_priority_mask(void)
{
	return ops->mask();
}

u8 gic_running_priority(void)
{
	return ops->running();
}

/* ------------------------------------------------------------------------------------- handling */

void irq_set_handler(u32 intid, void (*handler)(u32 intid))
{
	handlers[intid] = handler;
}

/* What remains of a CPU that arch_reset_cpu() wants to be off. */
static void stop(void)
{
	psci_cpu_off();
	for (;;)
		__asm__ volatile("wfi");
}

static bool handle(u32 iar, void (*eoi)(u32 iar), u32 *intid)
{
	/* GICv2 has the source CPU of an SGI above. */
	*intid = gic.version == 2 ? iar & 0x3ff : iar;
	if (*intid > GIC_MAX_SPI)
		return true;
	if (handlers[*intid])
		handlers[*intid](*intid);
	else if (*intid != SGI_KICK && *intid != SGI_STOP)
		gic_disable(*intid); /* or it comes again as soon as the case has been ended */
	eoi(iar);
	if (*intid == SGI_STOP && gic.group0_is_ours && !handlers[*intid])
		stop();
	return *intid == SGI_KICK || handlers[*intid];
}

bool gic_handle_irq(u32 *intid)
{
	*intid = GIC_SPURIOUS;
	return gic.version && handle(ops->ack(), ops->eoi, intid);
}

bool gic_handle_fiq(u32 *intid)
{
	*intid = GIC_SPURIOUS;
	return gic.version && gic.group0_is_ours &&
	       handle(ops->ack_group0(), ops->eoi_group0, intid);
}

/* ------------------------------------------------------------------------------ the reset state */

/* The private interrupts' registers, which are the same in both versions. */
static void reset_private(void)
{
	ulong frame = gic_frame(0);

	write32(frame + GICD_ICENABLER, ~0u);
	ops->wait(0);
	write32(frame + GICD_ICPENDR, ~0u);
	write32(frame + GICD_ICACTIVER, ~0u);
	for (u32 i = 0; i < 32; i += 4)
		write32(frame + GICD_IPRIORITYR + i, GIC_PRIORITY_DEFAULT * 0x01010101u);
	write32(frame + GICD_ICFGR + 4, 0);
	write32(frame + GICD_IGROUPR, ~(u32)BIT(SGI_STOP));
	gic_set_group0(!(read32(frame + GICD_IGROUPR) & BIT(SGI_STOP)) &&
		       (read32(frame + GICD_IGROUPR) & BIT(SGI_KICK)));
	gic_set_priority(SGI_STOP, 0);
	gic_enable(SGI_STOP);
	gic_enable(SGI_KICK);
}

void gic_reset_cpu(void)
{
	if (!gic.version)
		return;
	reset_private();
	ops->reset_cpu();
}

void gic_reset_distributor(void)
{
	memset(handlers, 0, sizeof(handlers));
	if (!gic.version)
		return;
	for (u32 i = 32; i < gic.intid_end; i += 32) {
		ulong at = gic.distributor + i / 8;

		write32(at + GICD_ICENABLER, ~0u);
		ops->wait(i);
		write32(at + GICD_ICPENDR, ~0u);
		write32(at + GICD_ICACTIVER, ~0u);
		write32(at + GICD_IGROUPR, ~0u);
	}
	for (u32 i = 32; i < gic.intid_end; i += 16)
		write32(gic.distributor + GICD_ICFGR + i / 4, 0);
	for (u32 i = 32; i < gic.intid_end; i += 4)
		write32(gic.distributor + GICD_IPRIORITYR + i, GIC_PRIORITY_DEFAULT * 0x01010101u);
	ops->reset_routes();
}
