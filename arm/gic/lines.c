/* SPDX-License-Identifier: MIT */
/* Interrupts by their lines: an SPI of the PL031, whose line is RTCRIS as RTCIMSC lets it through, and the virtual timer's PPI. */
#include <test.h>

#include <arm/dt_device.h>
#include <arm/gic.h>
#include <arm/io.h>
#include <arm/timer.h>
#include <sys/atomic.h>
#include <sys/cpu.h>

#include "signal.h"

#define NAME "arm,pl031"

SUITE("Interrupt lines", REQUIRES(gic_version()));

/* DDI 0224, 3.3. */
#define RTCMR	0x04
#define RTCLR	0x08
#define RTCIMSC 0x10
#define RTCRIS	0x14
#define RTCICR	0x1c

#define HAS_SPI_LINE device_base(NAME) != 0 && device_intid(NAME) != 0

static void set_spi_line(bool level)
{
	write32(device_base(NAME) + RTCIMSC, level);
	dsb();
}

/* The SPI with its line low, from now on what set_spi_line() says. */
static u32 start_spi(bool edge)
{
	ulong base = device_base(NAME);
	u32 spi = device_intid(NAME);

	set_spi_line(false);
	write32(base + RTCMR, 1000);
	write32(base + RTCLR, 1000);
	ASSERT(wait_until(read32(base + RTCRIS) & 1));
	gic_set_edge(spi, edge);
	gic_clear_pending(spi);
	gic_enable(spi);
	return spi;
}

static void finish_spi(u32 spi)
{
	set_spi_line(false);
	write32(device_base(NAME) + RTCICR, 1);
	gic_disable(spi);
	gic_clear_pending(spi);
	gic_set_edge(spi, false);
}

TEST(level_spi, "a level-sensitive SPI is pending while its line is high, and no longer",
     SPEC("IHI 0048, 3.2.4, 4.3.7, 4.3.8; IHI 0069, 4.1.2"), REQUIRES(HAS_SPI_LINE))
{
	u32 spi = start_spi(false);

	EXPECT(!gic_is_pending(spi));
	EXPECT(quiet(PSTATE_I));
	SUBTEST("high");
	set_spi_line(true);
	EXPECT(gic_is_pending(spi));
	ASSERT(signalled(PSTATE_I));
	gic_clear_pending(spi);
	EXPECT(gic_is_pending(spi));
	SUBTEST("low-again");
	set_spi_line(false);
	EXPECT(!gic_is_pending(spi));
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
	SUBTEST("acknowledged");
	set_spi_line(true);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), spi);
	EXPECT(gic_is_active(spi));
	EXPECT(gic_is_pending(spi));
	EXPECT(quiet(PSTATE_I));
	SUBTEST("ended-while-high");
	gic_eoi(spi);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), spi);
	SUBTEST("ended-while-low");
	set_spi_line(false);
	gic_eoi(spi);
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
	finish_spi(spi);
}

TEST(level_spi_by_software,
     "a level-sensitive SPI that was made pending by GICD_ISPENDR stays so when its line goes low, until it is cleared",
     SPEC("IHI 0048, 4.3.7, 4.3.8; IHI 0069, 12.9.26, GICD_ISPENDR<n>"), REQUIRES(HAS_SPI_LINE))
{
	u32 spi = start_spi(false);

	set_spi_line(true);
	gic_set_pending(spi);
	set_spi_line(false);
	EXPECT(gic_is_pending(spi));
	EXPECT(signalled(PSTATE_I));
	gic_clear_pending(spi);
	EXPECT(!gic_is_pending(spi));
	EXPECT(quiet(PSTATE_I));
	finish_spi(spi);
}

TEST(edge_spi,
     "an edge-triggered SPI becomes pending when its line goes high, and stays so until it is acknowledged or cleared",
     SPEC("IHI 0048, 3.2.4, 4.3.13; IHI 0069, 4.1.2, 12.9.9"), REQUIRES(HAS_SPI_LINE))
{
	u32 spi = start_spi(true);

	EXPECT(!gic_is_pending(spi));
	SUBTEST("stays-when-low");
	set_spi_line(true);
	EXPECT(gic_is_pending(spi));
	set_spi_line(false);
	EXPECT(gic_is_pending(spi));
	ASSERT(signalled(PSTATE_I));
	SUBTEST("acknowledged");
	EXPECT_EQ(gic_ack(), spi);
	EXPECT(!gic_is_pending(spi));
	SUBTEST("again-while-active");
	set_spi_line(true);
	EXPECT(gic_is_pending(spi));
	EXPECT(quiet(PSTATE_I));
	gic_eoi(spi);
	ASSERT(signalled(PSTATE_I));
	SUBTEST("once-for-each-edge");
	EXPECT_EQ(gic_ack(), spi);
	EXPECT(!gic_is_pending(spi));
	gic_eoi(spi);
	EXPECT(quiet(PSTATE_I));
	SUBTEST("cleared-while-high");
	set_spi_line(false);
	set_spi_line(true);
	EXPECT(gic_is_pending(spi));
	gic_clear_pending(spi);
	EXPECT(!gic_is_pending(spi));
	EXPECT(quiet(PSTATE_I));
	SUBTEST("falling-edge");
	set_spi_line(false);
	EXPECT(!gic_is_pending(spi));
	finish_spi(spi);
}

/* Takes the SPI on this CPU, whose line then goes low. */
static u32 take(void)
{
	u32 iar;

	if (!signalled(PSTATE_I))
		return 0;
	iar = gic_ack();
	set_spi_line(false);
	gic_eoi(iar);
	return iar;
}

/* Handled where it is routed to: CPU 1 takes it with IRQs unmasked. */
static u32 handled[MAX_CPUS], listens;

static void handle(u32 intid)
{
	(void)intid;
	set_spi_line(false);
	handled[this_cpu()->number]++;
}

static void wait_for_handler(void *arg)
{
	(void)arg;
	arch_irq_restore(0);
	atomic_store(&listens, 1);
	wait_until(READ_ONCE(handled[1]) != 0);
	arch_irq_restore(PSTATE_I);
}

TEST(level_spi_route, "a level-sensitive SPI is signalled where it is routed to, and nowhere else",
     SPEC("IHI 0048, 4.3.12 GICD_ITARGETSR; IHI 0069, 12.9.22 GICD_IROUTER"),
	  REQUIRES(HAS_SPI_LINE), REQUIRES(cpu_count() >= 2))
{
	u32 spi = start_spi(false);

	SUBTEST("cpu-0");
	set_spi_line(true);
	EXPECT_EQ(take(), spi);
	SUBTEST("cpu-1");
	handled[0] = handled[1] = 0;
	irq_set_handler(spi, handle);
	cpu_start_work(1, wait_for_handler, NULL);
	ASSERT(wait_until(atomic_load(&listens)));
	gic_set_target(spi, 1);
	set_spi_line(true);
	EXPECT(wait_until(READ_ONCE(handled[1])));
	cpu_wait(1);
	EXPECT_EQ(handled[1], 1);
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
	SUBTEST("moved-while-pending");
	gic_disable(spi);
	set_spi_line(true);
	gic_set_target(spi, 0);
	gic_enable(spi);
	EXPECT_EQ(take(), spi);
	EXPECT_EQ(handled[1], 1);
	finish_spi(spi);
}

/* ---------------------------------------------------------------------- the line of a PPI as an edge */

static void set_ppi_line(bool level)
{
	write_sys(CNTV_CVAL, 0);
	write_sys(CNTV_CTL, level ? CNT_CTL_ENABLE : 0);
	isb();
}

TEST(edge_ppi,
     "a PPI whose configuration can be made edge-triggered stays pending when its line goes low, and comes once",
     SPEC("IHI 0048, 4.3.13; IHI 0069, 12.11.9, GICR_ICFGR<n>"), REQUIRES(timer_virtual_intid()))
{
	u32 ppi = timer_virtual_intid();
	ulong at = gic_frame(ppi) + GICD_ICFGR + 4;

	gic_set_edge(ppi, true);
	if (!(read32(at) >> ppi % 16 * 2 & 2))
		SKIP("PPIs are level-sensitive only");
	EXPECT_EQ(read32(at) & 0xaaaaaaaa, 2u << ppi % 16 * 2);
	gic_enable(ppi);
	SUBTEST("latched");
	set_ppi_line(true);
	set_ppi_line(false);
	EXPECT(gic_is_pending(ppi));
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), ppi);
	EXPECT(!gic_is_pending(ppi));
	gic_eoi(ppi);
	EXPECT(quiet(PSTATE_I));
	SUBTEST("once");
	set_ppi_line(true);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), ppi);
	EXPECT(!gic_is_pending(ppi));
	gic_eoi(ppi);
	EXPECT(quiet(PSTATE_I));
	set_ppi_line(false);
	SUBTEST("cleared");
	set_ppi_line(true);
	gic_clear_pending(ppi);
	EXPECT(!gic_is_pending(ppi));
	set_ppi_line(false);
	gic_set_edge(ppi, false);
	EXPECT_EQ(read32(at) & 0xaaaaaaaa, 0);
}
