/* SPDX-License-Identifier: MIT */
#include "its.h"

#include <arch/fault.h>
#include <arm/gic.h>
#include <arm/io.h>
#include <arm/sysreg.h>
#include <dev/devicetree.h>
#include <harness/expect.h>
#include <mm/space.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/time.h>

#define ITS_CPUS    4
#define QUEUE_BYTES 0x10000
#define ITS_SIZE    0x20000

static u8 queue[QUEUE_BYTES] __aligned(0x10000);
static u8 tables[8][ITS_TABLE_BYTES] __aligned(0x10000);
static u8 itts[ITS_DEVICES][4096] __aligned(4096);
/* As long again as the redistributors know of. */
static u8 configuration[2 * BIT(ID_BITS)] __aligned(4096);
static u8 pending[ITS_CPUS][0x10000] __aligned(0x10000);

static ulong base;

bool has_its(void)
{
	dt_node node = dt_find_compatible(NULL, "arm,gic-v3-its");
	phys_t address;
	u64 size;

	if (!node || gic_version() != 3 || !dt_reg(node, 0, &address, &size))
		return false;
	space_map_device(address, ITS_SIZE);
	base = (ulong)address;
	return true;
}

ulong its_base(void)
{
	return base;
}

u64 its_read64(u32 offset)
{
	return read32(base + offset) | (u64)read32(base + offset + 4) << 32;
}

void its_write64(u32 offset, u64 value)
{
	__asm__ volatile("str %0, [%1]" : : "r"(value), "r"(base + offset) : "memory");
}

static void enable_lpis(void *arg)
{
	ulong gicr = gicr_base();
	u32 number = this_cpu()->number;

	(void)arg;
	write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) & ~(u32)GICR_CTLR_ENABLE_LPI);
	while (read32(gicr + GICR_CTLR) & GICR_CTLR_RWP)
		;
	memset(pending[number], 0, sizeof(pending[number]));
	dsb();
	__asm__ volatile("str %0, [%1]"
			 :
			 : "r"((u64)(ulong)configuration | (ID_BITS - 1)),
			   "r"(gicr + GICR_PROPBASER)
			 : "memory");
	__asm__ volatile("str %0, [%1]"
			 :
			 : "r"((u64)(ulong)pending[number]), "r"(gicr + GICR_PENDBASER)
			 : "memory");
	write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) | GICR_CTLR_ENABLE_LPI);
	dsb();
}

/* LPIs that came while their CPU waited for work, with IRQs unmasked: a ring for each. */
static struct {
	u32 intids[16], put, got;
} arrived[ITS_CPUS];

static void on_irq(struct trap_frame *frame)
{
	u32 intid = gic_ack(), number = this_cpu()->number;

	(void)frame;
	gic_eoi(intid);
	if (intid >= FIRST_LPI)
		arrived[number].intids[arrived[number].put++ % 16] = intid;
}

void its_start(void)
{
	memset(arrived, 0, sizeof(arrived));
	trap_set_handler(VECTOR_FROM_EL1T + VECTOR_IRQ, on_irq);
	write32(base + GITS_CTLR, 0);
	while (!(read32(base + GITS_CTLR) & GITS_CTLR_QUIESCENT))
		;
	/* What is cached of the old tables goes with Valid; only then is their memory software's again. */
	for (u32 i = 0; i < 8; i++)
		its_write64(GITS_BASER + 8 * i, its_read64(GITS_BASER + 8 * i) & ~GITS_BASER_VALID);
	memset(tables, 0, sizeof(tables));
	memset(itts, 0, sizeof(itts));
	memset(configuration, LPI_PRIORITY, sizeof(configuration));
	run_on_all_cpus(enable_lpis, NULL);
	for (u32 i = 0; i < 8; i++) {
		u64 value = its_read64(GITS_BASER + 8 * i);

		/* Inner write-back, inner shareable, pages of 64 KiB, one of them. */
		if (GITS_BASER_TYPE(value))
			its_write64(GITS_BASER + 8 * i, GITS_BASER_VALID | 7ull << 59 |
								(ulong)tables[i] | 1ull << 10 |
								2ull << 8);
	}
	its_write64(GITS_CBASER,
		    BIT(63) | 7ull << 59 | (ulong)queue | 1ull << 10 | (QUEUE_BYTES / 4096 - 1));
	its_write64(GITS_CWRITER, 0);
	write32(base + GITS_CTLR, GITS_CTLR_ENABLED);
}

const u8 *its_table(u32 n)
{
	return tables[n];
}

u8 *its_pending_table(u32 cpu)
{
	return pending[cpu];
}

phys_t its_itt(u32 number)
{
	return (ulong)itts[number];
}

void its_command(u64 dw0, u64 dw1, u64 dw2, u64 dw3)
{
	u32 at = (u32)its_read64(GITS_CWRITER) & 0xfffe0;
	u64 *slot = (u64 *)(queue + at);

	slot[0] = dw0;
	slot[1] = dw1;
	slot[2] = dw2;
	slot[3] = dw3;
	dsb();
	at = (at + 32) % QUEUE_BYTES;
	its_write64(GITS_CWRITER, at);
	if (!wait_until((its_read64(GITS_CREADR) & 0xfffe0) == at))
		FAIL("command %#llx is not taken from the queue", dw0 & 0xff);
}

/* RDbase, in its place: an address or a number, as GITS_TYPER.PTA says. */
static u64 targets[ITS_CPUS];

static void note_target(void *arg)
{
	u64 typer;

	(void)arg;
	typer = read32(gicr_base() + GICR_TYPER);
	targets[this_cpu()->number] = its_read64(GITS_TYPER) & GITS_TYPER_PTA
					      ? (u64)gicr_base() & BITS(51, 16)
					      : (typer >> 8 & 0xffff) << 16;
}

static u64 target(u32 cpu)
{
	run_on_cpu(cpu, note_target, NULL);
	return targets[cpu];
}

static void sync(void)
{
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		its_command(0x05, 0, target(cpu), 0);
}

void its_mapd(u32 device, phys_t itt, u32 event_bits, bool valid)
{
	its_command(0x08 | (u64)device << 32, event_bits - 1, itt | (valid ? BIT(63) : 0), 0);
	sync();
}

void its_mapc(u32 collection, u32 cpu, bool valid)
{
	its_command(0x09, 0, target(cpu) | collection | (valid ? BIT(63) : 0), 0);
	sync();
}

void its_mapc_nowhere(u32 collection)
{
	/* An address without a redistributor, or a number of no CPU. */
	its_command(0x09, 0, (u64)0x7fff << 16 | collection | BIT(63), 0);
}

void its_mapti(u32 device, u32 event, u32 intid, u32 collection)
{
	its_command(0x0a | (u64)device << 32, event | (u64)intid << 32, collection, 0);
	sync();
}

void its_mapi(u32 device, u32 event, u32 collection)
{
	its_command(0x0b | (u64)device << 32, event, collection, 0);
	sync();
}

void its_movi(u32 device, u32 event, u32 collection)
{
	its_command(0x01 | (u64)device << 32, event, collection, 0);
	sync();
}

void its_movall(u32 from_cpu, u32 to_cpu)
{
	its_command(0x0e, 0, target(from_cpu), target(to_cpu));
	sync();
}

static void simple(u32 command, u32 device, u32 event)
{
	its_command(command | (u64)device << 32, event, 0, 0);
	sync();
}

void its_discard(u32 device, u32 event)
{
	simple(0x0f, device, event);
}

void its_inv(u32 device, u32 event)
{
	simple(0x0c, device, event);
}

void its_invall(u32 collection)
{
	its_command(0x0d, 0, collection, 0);
	sync();
}

void its_int(u32 device, u32 event)
{
	simple(0x03, device, event);
}

void its_clear(u32 device, u32 event)
{
	simple(0x04, device, event);
}

void lpi_configure(u32 intid, u8 value)
{
	configuration[intid - FIRST_LPI] = value;
	dsb();
}

static u32 taken;

static void take(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	taken = 0;
	if (arrived[number].got != arrived[number].put) {
		taken = arrived[number].intids[arrived[number].got++ % 16];
		return;
	}
	if (wait_until_ns((isb(), read_sys(ISR) & PSTATE_I), 1000000000ull)) {
		taken = gic_ack();
		gic_eoi(taken);
	}
}

u32 lpi_take(u32 cpu)
{
	run_on_cpu(cpu, take, NULL);
	return taken;
}

static bool is_quiet;

static void look(void *arg)
{
	(void)arg;
	delay_us(20);
	isb();
	is_quiet = !(read_sys(ISR) & PSTATE_I) &&
		   arrived[this_cpu()->number].got == arrived[this_cpu()->number].put;
}

bool lpi_quiet(u32 cpu)
{
	run_on_cpu(cpu, look, NULL);
	return is_quiet;
}
