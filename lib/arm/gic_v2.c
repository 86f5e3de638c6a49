/* SPDX-License-Identifier: MIT */
/* GICv2: IHI 0048B. */
#include <arm/gic.h>

#include <arm/io.h>
#include <harness/expect.h>
#include <mm/space.h>
#include <sys/cpu.h>

static ulong cpu_interface;
/* CPU interfaces by this library's CPU numbers, as the bit that ITARGETSR and SGIR have for them. */
static u8 interface_bit[MAX_CPUS];

bool gic_v2_init(dt_node node)
{
	phys_t address;
	u64 size;

	if (!dt_reg(node, 1, &address, &size))
		return false;
	cpu_interface = (ulong)space_map_device(address, size);
	return true;
}

ulong gicc_base(void)
{
	return cpu_interface;
}

/*
 * Where there is no Secure state that keeps it, AckCtl makes IAR acknowledge both groups (4.4.1): AIAR,
 * which would do that without, is not something that every implementation has.
 */
static u32 control(void)
{
	if (!gic_has_group0())
		return GICC_CTLR_GRP0;
	return GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_ACKCTL | GICC_CTLR_FIQEN |
	       GICC_CTLR_CBPR;
}

static void reset_cpu(void)
{
	u8 bit = (u8)read32(gicd_base() + GICD_ITARGETSR);

	/* A uniprocessor's is 0: 4.3.12. */
	interface_bit[this_cpu()->number] = bit ? bit : 1;
	for (u32 i = 0; i < 16; i += 4)
		write32(gicd_base() + GICD_CPENDSGIR + i, ~0u);
	write32(cpu_interface + GICC_CTLR, 0);
	/* Priorities that an interrupt without its end left active. */
	for (u32 i = 0; i < 16; i += 4) {
		write32(cpu_interface + GICC_APR + i, 0);
		write32(cpu_interface + GICC_NSAPR + i, 0);
	}
	write32(cpu_interface + GICC_PMR, 0xff);
	write32(cpu_interface + GICC_BPR, 0);
	write32(cpu_interface + GICC_CTLR, control());
}

static void reset_routes(void)
{
	for (u32 i = 32; i < gic_intid_end(); i += 4)
		write32(gicd_base() + GICD_ITARGETSR + i, interface_bit[0] * 0x01010101u);
	write32(gicd_base() + GICD_CTLR,
		gic_has_group0() ? GICD_CTLR_GRP0 | GICD_CTLR_GRP1 : GICD_CTLR_GRP0);
}

static u32 ack(void)
{
	return read32(cpu_interface + GICC_IAR);
}

static u32 highest_pending(void)
{
	return read32(cpu_interface + GICC_HPPIR);
}

static void eoi(u32 iar)
{
	write32(cpu_interface + GICC_EOIR, iar);
}

static void deactivate(u32 iar)
{
	write32(cpu_interface + GICC_DIR, iar);
}

static void split_eoi(bool split)
{
	write32(cpu_interface + GICC_CTLR, control() | (split ? GICC_CTLR_EOIMODE : 0));
}

static void set_mask(u8 value)
{
	write32(cpu_interface + GICC_PMR, value);
}

static u8 mask(void)
{
	return (u8)read32(cpu_interface + GICC_PMR);
}

static u8 running(void)
{
	return (u8)read32(cpu_interface + GICC_RPR);
}

static void set_target(u32 intid, u32 cpu_number)
{
	ASSERT(interface_bit[cpu_number], "CPU %u has not been started", cpu_number);
	write8(gicd_base() + GICD_ITARGETSR + intid, interface_bit[cpu_number]);
}

/* NSATT (bit 15), so that the SGI is forwarded if it is in group 1, is for the Secure view: 4.3.15. */
static void send_sgi(u32 cpu_number, u32 intid)
{
	u32 group1 = gic_has_group0() && intid != SGI_STOP ? (u32)BIT(15) : 0;

	__asm__ volatile("dsb ishst" ::: "memory");
	write32(gicd_base() + GICD_SGIR, (u32)interface_bit[cpu_number] << 16 | group1 | intid);
}

static void wait(u32 intid)
{
	(void)intid;
}

const struct gic_ops gic_v2_ops = {
	.reset_cpu = reset_cpu,
	.reset_routes = reset_routes,
	.ack = ack,
	.ack_group0 = ack,
	.highest_pending = highest_pending,
	.eoi = eoi,
	.eoi_group0 = eoi,
	.deactivate = deactivate,
	.split_eoi = split_eoi,
	.set_mask = set_mask,
	.mask = mask,
	.running = running,
	.set_target = set_target,
	.send_sgi = send_sgi,
	.wait = wait,
};
