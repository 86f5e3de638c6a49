/* SPDX-License-Identifier: MIT */
/* GICv3 with affinity routing and system registers: IHI 0069. */
#include <arm/gic.h>

#include <arm/io.h>
#include <mm/space.h>
#include <sys/cpu.h>

#define FRAMES_SIZE	 0x20000 /* of a redistributor; */
#define FRAMES_SIZE_VLPI 0x40000 /* with virtual LPIs */

static ulong redistributors[MAX_CPUS];
static dt_node gic_node;

/* Aff3 to Aff0 in 32 bits in a row, as GICR_TYPER has them. */
static u32 affinity_value(u64 mpidr)
{
	return (u32)(mpidr >> 8 & 0xff000000) | (u32)(mpidr & 0xffffff);
}

static u64 read_typer(ulong base)
{
	return (u64)read32(base + GICR_TYPER + 4) << 32 | read32(base + GICR_TYPER);
}

/* The redistributor whose affinity is this, or 0. The regions are the entries of "reg" from the second on. */
static ulong find_redistributor(u32 affinity)
{
	u32 regions = dt_cell(gic_node, "#redistributor-regions", 0, 1);
	phys_t address;
	u64 size;

	for (u32 i = 0; i < regions && dt_reg(gic_node, 1 + i, &address, &size); i++) {
		ulong at = (ulong)address;
		u64 typer;

		do {
			typer = read_typer(at);
			if (typer >> 32 == affinity)
				return at;
			at += typer & GICR_TYPER_VLPIS ? FRAMES_SIZE_VLPI : FRAMES_SIZE;
		} while (!(typer & GICR_TYPER_LAST) && at < address + size);
	}
	return 0;
}

static void map_redistributors(void)
{
	phys_t address;
	u64 size;

	for (u32 i = 1; dt_reg(gic_node, i, &address, &size); i++)
		space_map_device(address, size);
}

bool gic_v3_init(dt_node node)
{
	gic_node = node;
	map_redistributors();
	return find_redistributor(affinity_value(read_sys(MPIDR) & MPIDR_AFFINITY)) != 0;
}

ulong gicr_base(void)
{
	struct cpu *cpu = this_cpu();

	if (!redistributors[cpu->number])
		redistributors[cpu->number] =
			find_redistributor(affinity_value(read_sys(MPIDR) & MPIDR_AFFINITY));
	return redistributors[cpu->number];
}

static void wait(u32 intid)
{
	if (intid < 32) {
		while (read32(gicr_base() + GICR_CTLR) & GICR_CTLR_RWP)
			arch_relax();
	} else {
		while (read32(gicd_base() + GICD_CTLR) & GICD_CTLR_RWP)
			arch_relax();
	}
}

static void wake(void)
{
	ulong waker = gicr_base() + GICR_WAKER;

	write32(waker, read32(waker) & ~(u32)GICR_WAKER_PROCESSOR_SLEEP);
	while (read32(waker) & GICR_WAKER_CHILDREN_ASLEEP)
		arch_relax();
}

static void reset_cpu(void)
{
	wake();
	/* SRE, and no bypass of the GIC: 12.2.24. */
	write_sys(ICC_SRE, 7);
	isb();
	/* Group 0 is never enabled alone: docs/lab.md says what would not survive it. */
	if (gic_has_group0()) {
		write_sys(ICC_IGRPEN0, 0);
		write_sys(ICC_AP0R0, 0);
		write_sys(ICC_BPR0, 0);
	}
	write_sys(ICC_IGRPEN1, 0);
	write_sys(ICC_CTLR, 0);
	write_sys(ICC_AP1R0, 0);
	write_sys(ICC_PMR, 0xff);
	write_sys(ICC_BPR1, 0);
	write_sys(ICC_IGRPEN1, 1);
	if (gic_has_group0())
		write_sys(ICC_IGRPEN0, 1);
	isb();
}

static void write_route(u32 intid, u64 affinity)
{
	write32(gicd_base() + GICD_IROUTER + 8 * intid, (u32)affinity);
	write32(gicd_base() + GICD_IROUTER + 8 * intid + 4, (u32)(affinity >> 32));
}

/* Bits 0, 1 and 4 mean "both groups, affinity routing" with one security state and Non-secure: 12.9.4. */
static void reset_routes(void)
{
	write32(gicd_base() + GICD_CTLR, GICD_CTLR_GRP0 | GICD_CTLR_GRP1 | GICD_CTLR_ARE);
	wait(32);
	for (u32 i = 32; i < gic_intid_end(); i++)
		write_route(i, cpus[0].hardware_id);
}

static u32 ack(void)
{
	u32 iar = (u32)read_sys(ICC_IAR1);

	dsb();
	return iar;
}

static u32 ack_group0(void)
{
	u32 iar = (u32)read_sys(ICC_IAR0);

	dsb();
	return iar;
}

static u32 highest_pending(void)
{
	return (u32)read_sys(ICC_HPPIR1);
}

static void eoi(u32 iar)
{
	write_sys(ICC_EOIR1, iar);
	isb();
}

static void eoi_group0(u32 iar)
{
	write_sys(ICC_EOIR0, iar);
	isb();
}

static void deactivate(u32 iar)
{
	write_sys(ICC_DIR, iar);
	isb();
}

static void split_eoi(bool split)
{
	write_sys(ICC_CTLR, split ? ICC_CTLR_EOIMODE : 0);
	isb();
}

static void set_mask(u8 value)
{
	write_sys(ICC_PMR, value);
	isb();
}

static u8 mask(void)
{
	return (u8)read_sys(ICC_PMR);
}

static u8 running(void)
{
	return (u8)read_sys(ICC_RPR);
}

static void set_target(u32 intid, u32 cpu_number)
{
	write_route(intid, cpu_by_number(cpu_number)->hardware_id);
}

/* ICC_SGI1R_EL1: 12.2.21. RS selects sixteen values of Aff0 each. */
static void send_sgi(u32 cpu_number, u32 intid)
{
	u64 affinity = cpu_by_number(cpu_number)->hardware_id, aff0 = affinity & 0xff;
	u64 value = BIT(aff0 % 16) | (affinity >> 8 & 0xff) << 16 | (u64)intid << 24 |
		    (affinity >> 16 & 0xff) << 32 | aff0 / 16 << 44 | (affinity >> 32 & 0xff) << 48;

	__asm__ volatile("dsb ishst" ::: "memory");
	if (intid == SGI_STOP && gic_has_group0())
		write_sys(ICC_SGI0R, value);
	else
		write_sys(ICC_SGI1R, value);
	isb();
}

const struct gic_ops gic_v3_ops = {
	.reset_cpu = reset_cpu,
	.reset_routes = reset_routes,
	.ack = ack,
	.ack_group0 = ack_group0,
	.highest_pending = highest_pending,
	.eoi = eoi,
	.eoi_group0 = eoi_group0,
	.deactivate = deactivate,
	.split_eoi = split_eoi,
	.set_mask = set_mask,
	.mask = mask,
	.running = running,
	.set_target = set_target,
	.send_sgi = send_sgi,
	.wait = wait,
};
