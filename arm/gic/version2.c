/* SPDX-License-Identifier: MIT */
/* What only GICv2 has: aliased registers for group 1, the sources of SGIs. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <sys/cpu.h>
#include <sys/lock.h>

#include "signal.h"

SUITE("GICv2", REQUIRES(gic_version() == 2));

#define SGI_TEST 3

TEST(aliased_registers, "AIAR acknowledges an interrupt of group 1 without AckCtl, AEOIR ends it",
     SPEC("IHI 0048, 4.4.11 GICC_AIAR, 4.4.12 GICC_AEOIR"), REQUIRES(gic_has_group0()))
{
	ulong ctlr = gicc_base() + GICC_CTLR;
	u32 spi = free_spi();

	write32(ctlr, read32(ctlr) & ~(u32)GICC_CTLR_ACKCTL);
	gic_enable(spi);
	gic_set_pending(spi);
	ASSERT(signalled(PSTATE_I));
	SUBTEST("IAR");
	EXPECT_EQ(read32(gicc_base() + GICC_IAR), 1022);
	SUBTEST("AIAR");
	EXPECT_EQ(read32(gicc_base() + GICC_AIAR), spi);
	EXPECT(gic_is_active(spi));
	SUBTEST("AEOIR");
	write32(gicc_base() + GICC_AEOIR, spi);
	EXPECT(!gic_is_active(spi));
}

TEST(sgi_source, "IAR has the CPU interface that sent the SGI; SPENDSGIR and CPENDSGIR know it too",
     SPEC("IHI 0048, 4.3.16, 4.3.17, 4.4.4"))
{
	ulong set = gicd_base() + GICD_SPENDSGIR, clear = gicd_base() + GICD_CPENDSGIR;

	gic_enable(SGI_TEST);
	write8(set + SGI_TEST, 0x01);
	EXPECT_EQ(read8(set + SGI_TEST), 0x01);
	EXPECT_EQ(read8(clear + SGI_TEST), 0x01);
	ASSERT(signalled(PSTATE_I));
	write8(clear + SGI_TEST, 0x01);
	EXPECT_EQ(read8(set + SGI_TEST), 0);
	EXPECT(quiet(PSTATE_I));
	gic_send_sgi(0, SGI_TEST);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), SGI_TEST);
	gic_eoi(SGI_TEST);
}

TEST(sgi_pending_is_read_only, "the pending bits of SGIs in ISPENDR and ICPENDR are read-only",
     SPEC("IHI 0048, 4.3.7, 4.3.8"))
{
	gic_set_pending(SGI_TEST);
	EXPECT(!gic_is_pending(SGI_TEST));
	gic_send_sgi(0, SGI_TEST);
	EXPECT(gic_is_pending(SGI_TEST));
	gic_clear_pending(SGI_TEST);
	EXPECT(gic_is_pending(SGI_TEST));
}

TEST(private_targets, "ITARGETSR of SGIs and PPIs is read-only and names the CPU that reads it",
     SPEC("IHI 0048, 4.3.12"))
{
	u32 value = read32(gicd_base() + GICD_ITARGETSR);

	EXPECT_EQ(value, (value & 0xff) * 0x01010101);
	write32(gicd_base() + GICD_ITARGETSR, ~value);
	EXPECT_EQ(read32(gicd_base() + GICD_ITARGETSR), value);
}

TEST(cpu_number, "GICD_TYPER.CPUNumber is the number of CPU interfaces, less one",
     SPEC("IHI 0048, 4.3.2, GICD_TYPER"))
{
	EXPECT_GE((read32(gicd_base() + GICD_TYPER) >> 5 & 7) + 1, cpu_count());
}

/* --------------------------------------------------------------------------- where SGIs go to and come from */

/* By CPU: the bit of its interface, and from which ones SGI_TEST is pending there. */
static u32 interface[MAX_CPUS], sources[MAX_CPUS];

static void note_sources(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	interface[number] = read8(gicd_base() + GICD_ITARGETSR);
	sources[number] = read8(gicd_base() + GICD_SPENDSGIR + SGI_TEST);
	write8(gicd_base() + GICD_CPENDSGIR + SGI_TEST, 0xff);
}

static void send_sgi(u32 sgir)
{
	/* NSATT: of group 1. */
	write32(gicd_base() + GICD_SGIR, sgir | (gic_has_group0() ? (u32)BIT(15) : 0) | SGI_TEST);
	dsb();
}

static struct cpu_barrier barrier;

/* On all CPUs at the same time, with IRQs masked, so that it stays pending: it may be that SGIs cannot be disabled. */
static void send_and_note(void *sgir)
{
	cpu_barrier_wait(&barrier, cpu_count());
	if (this_cpu()->number == 0)
		send_sgi(*(u32 *)sgir);
	cpu_barrier_wait(&barrier, cpu_count());
	note_sources(NULL);
}

TEST(sgi_filter,
     "TargetListFilter has an SGI go to the CPUs of the list, to all others, or to this one",
     SPEC("IHI 0048, 4.3.15, GICD_SGIR.TargetListFilter"), REQUIRES(cpu_count() >= 2))
{
	static const struct {
		const char *name;
		u32 filter;
		bool list[2], expected[2];
	} rows[] = {
		{ "list-none", 0, { false, false }, { false, false } },
		{ "list-self", 0, { true, false }, { true, false } },
		{ "list-other", 0, { false, true }, { false, true } },
		{ "list-both", 0, { true, true }, { true, true } },
		{ "others", 1, { false, false }, { false, true } },
		{ "others-whatever-the-list", 1, { true, false }, { false, true } },
		{ "self", 2, { false, false }, { true, false } },
		{ "self-whatever-the-list", 2, { false, true }, { true, false } },
	};

	run_on_all_cpus(note_sources, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 list = 0, sgir;

		SUBTEST("%s", rows[i].name);
		for (u32 cpu = 0; cpu < 2; cpu++)
			list |= rows[i].list[cpu] ? interface[cpu] : 0;
		sgir = rows[i].filter << 24 | list << 16;
		barrier = (struct cpu_barrier){ 0 };
		run_on_all_cpus(send_and_note, &sgir);
		for (u32 cpu = 0; cpu < 2; cpu++)
			EXPECT_EQ(sources[cpu], rows[i].expected[cpu] ? interface[0] : 0, "CPU %u",
				  cpu);
		for (u32 cpu = 2; cpu < cpu_count(); cpu++)
			EXPECT_EQ(sources[cpu], rows[i].filter == 1 ? interface[0] : 0, "CPU %u",
				  cpu);
	}
}

static void send_to_cpu_0(void *arg)
{
	(void)arg;
	send_sgi(interface[0] << 16);
}

TEST(sgi_sources, "an SGI of two CPUs is pending twice, and IAR has the source of each",
     SPEC("IHI 0048, 3.2.2, 4.4.4, GICC_IAR.CPUID; 4.3.17"), REQUIRES(cpu_count() >= 2))
{
	u32 both, got = 0;

	run_on_all_cpus(note_sources, NULL);
	both = interface[0] | interface[1];
	send_to_cpu_0(NULL);
	run_on_cpu(1, send_to_cpu_0, NULL);
	EXPECT_EQ(read8(gicd_base() + GICD_SPENDSGIR + SGI_TEST), both);
	gic_enable(SGI_TEST);
	SUBTEST("highest-pending");
	EXPECT_EQ(gic_highest_pending() & 0x3ff, SGI_TEST);
	EXPECT(BIT(gic_highest_pending() >> 10 & 7) & both);
	for (u32 i = 0; i < 2; i++) {
		u32 iar;

		SUBTEST("acknowledged-%u", i + 1);
		ASSERT(signalled(PSTATE_I));
		iar = gic_ack();
		EXPECT_EQ(iar & 0x3ff, SGI_TEST);
		got |= (u32)BIT(iar >> 10 & 7);
		EXPECT_EQ(read8(gicd_base() + GICD_SPENDSGIR + SGI_TEST), both & ~got);
		gic_eoi(iar);
	}
	EXPECT_EQ(got, both);
	EXPECT(quiet(PSTATE_I));
	SUBTEST("highest-pending-source");
	run_on_cpu(1, send_to_cpu_0, NULL);
	EXPECT_EQ(BIT(gic_highest_pending() >> 10 & 7), interface[1]);
	SUBTEST("cleared-by-source");
	write8(gicd_base() + GICD_CPENDSGIR + SGI_TEST, (u8)interface[0]);
	EXPECT_EQ(read8(gicd_base() + GICD_SPENDSGIR + SGI_TEST), interface[1]);
	write8(gicd_base() + GICD_CPENDSGIR + SGI_TEST, (u8)interface[1]);
	EXPECT_EQ(read8(gicd_base() + GICD_SPENDSGIR + SGI_TEST), 0);
}

TEST(targets, "GICD_ITARGETSR of an SPI keeps the interfaces that there are, each byte its own",
     SPEC("IHI 0048, 4.3.12, GICD_ITARGETSR<n>"), REQUIRES(cpu_count() >= 2))
{
	u32 spi = free_spi() & ~3u;
	ulong at = gicd_base() + GICD_ITARGETSR + spi;
	u32 both;

	run_on_all_cpus(note_sources, NULL);
	both = interface[0] | interface[1];
	write32(at, 0);
	EXPECT_EQ(read32(at), 0);
	for (u32 i = 0; i < 4; i++) {
		write8(at + i, (u8)both);
		EXPECT_EQ(read32(at), both << 8 * i);
		write8(at + i, (u8)interface[1]);
		EXPECT_EQ(read32(at), interface[1] << 8 * i);
		write8(at + i, 0);
	}
	write32(at, interface[0] * 0x01010101u);
}

/* On both CPUs: what CPU 1 has pending while CPU 0 acknowledges it, and after that. */
static u32 highest[2][MAX_CPUS], acknowledged;

static void enable_and_acknowledge(void *spi)
{
	u32 number = this_cpu()->number;

	cpu_barrier_wait(&barrier, cpu_count());
	if (number == 0)
		gic_enable(*(u32 *)spi);
	cpu_barrier_wait(&barrier, cpu_count());
	highest[0][number] = gic_highest_pending();
	cpu_barrier_wait(&barrier, cpu_count());
	if (number == 0)
		acknowledged = gic_ack();
	cpu_barrier_wait(&barrier, cpu_count());
	highest[1][number] = gic_highest_pending();
	cpu_barrier_wait(&barrier, cpu_count());
	if (number == 0)
		gic_disable(*(u32 *)spi);
	cpu_barrier_wait(&barrier, cpu_count());
}

TEST(several_targets,
     "an SPI is pending for each of its targets, and for none after one of them has acknowledged it",
     SPEC("IHI 0048, 1.4.3, 1-N model; 4.3.12, GICD_ITARGETSR<n>"), REQUIRES(cpu_count() >= 2))
{
	u32 spi = free_spi();

	run_on_all_cpus(note_sources, NULL);
	gic_set_edge(spi, true);
	for (u32 targets = 0; targets < 4; targets++) {
		u32 mask = (targets & 1 ? interface[0] : 0) | (targets & 2 ? interface[1] : 0);

		SUBTEST("targets-%u", targets);
		write8(gicd_base() + GICD_ITARGETSR + spi, (u8)mask);
		gic_set_pending(spi);
		barrier = (struct cpu_barrier){ 0 };
		run_on_all_cpus(enable_and_acknowledge, &spi);
		for (u32 cpu = 0; cpu < 2; cpu++)
			EXPECT_EQ(highest[0][cpu], targets >> cpu & 1 ? spi : GIC_SPURIOUS,
				  "CPU %u", cpu);
		EXPECT_EQ(acknowledged, targets & 1 ? spi : GIC_SPURIOUS);
		/* What CPU 0 has taken CPU 1 has no longer. */
		EXPECT_EQ(highest[1][1], targets == 2 ? spi : GIC_SPURIOUS);
		if (targets & 1)
			gic_eoi(spi);
		gic_clear_pending(spi);
	}
}
