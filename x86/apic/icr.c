/* SPDX-License-Identifier: MIT */
/*
 * The interrupt command register in xAPIC mode: SDM vol. 3A, 10.6.1. Who gets what is sent is a topic of
 * the image `smp`.
 */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("Interrupt command register", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define IPI_VECTOR 0x61
#define NOBODY	   0xfeu
#define WATCH_NS   2000000ull

static void begin(void)
{
	irq_record(0x20, 0xef);
}

TEST(icr_high_sends_nothing,
     "writing the high half of ICR sends nothing, whatever the low half holds",
     SPEC("SDM vol. 3A, 10.6.1"))
{
	begin();
	apic_send(ICR_FIXED | ICR_ASSERT | IPI_VECTOR, apic_id());
	irq_window();
	EXPECT_EQ(irq_taken(0, IPI_VECTOR), 1u);
	apic_write(APIC_ICR_HIGH, apic_id() << 24);
	apic_write(APIC_ICR_HIGH, 0xff000000);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken_by_all(IPI_VECTOR), 1u);
}

TEST(icr_low_sends_each_time,
     "each write of the low half sends, to the destination in the high half",
     SPEC("SDM vol. 3A, 10.6.1"))
{
	begin();
	apic_write(APIC_ICR_HIGH, apic_id() << 24);
	for (u32 count = 1; count <= 5; count++) {
		apic_write(APIC_ICR, ICR_FIXED | ICR_ASSERT | IPI_VECTOR);
		EXPECT(irq_wait(0, IPI_VECTOR, count));
	}
	EXPECT_EQ(irq_taken(0, IPI_VECTOR), 5u);
}

TEST(icr_reads_back, "ICR reads as written, with delivery status idle once the interrupt is sent",
     SPEC("SDM vol. 3A, 10.6.1, figure 10-12"))
{
	static const struct {
		const char *name;
		u32 low;
	} rows[] = {
		{ "fixed", ICR_FIXED | ICR_ASSERT | IPI_VECTOR },
		{ "logical", ICR_FIXED | ICR_LOGICAL | ICR_ASSERT | 0x5a },
		{ "lowest-priority", ICR_LOWEST | ICR_LOGICAL | ICR_ASSERT | 0xa5 },
		{ "nmi", ICR_NMI | ICR_ASSERT },
	};

	begin();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		/* A destination that no CPU has; logical IDs are all 0. */
		apic_send(rows[i].low, NOBODY);
		EXPECT_EQ(apic_read(APIC_ICR), rows[i].low);
		EXPECT_EQ(apic_read(APIC_ICR_HIGH), NOBODY << 24);
	}
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_history_length(0), 0u);
}

TEST(icr_sent_is_edge,
     "the level and trigger bits do not change how a fixed interrupt is delivered",
     SPEC("SDM vol. 3A, 10.6.1, table 10-3"))
{
	static const struct {
		const char *name;
		u32 bits;
	} rows[] = {
		{ "assert-edge", ICR_ASSERT },
		{ "assert-level", ICR_ASSERT | ICR_LEVEL },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		begin();
		apic_send(ICR_FIXED | rows[i].bits | IPI_VECTOR, apic_id());
		EXPECT(irq_wait(0, IPI_VECTOR, 1));
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_taken(0, IPI_VECTOR), 1u);
	}
}

TEST(tmr_of_edge, "an edge-triggered interrupt has its TMR bit clear", SPEC("SDM vol. 3A, 10.8.4"))
{
	begin();
	for (u32 vector = 0x20; vector <= 0xef; vector += 0x1f) {
		apic_send(ICR_FIXED | ICR_ASSERT | vector, apic_id());
		EXPECT(apic_vector_bit(APIC_IRR, vector), "vector %#x", vector);
		EXPECT(!apic_vector_bit(APIC_TMR, vector), "vector %#x", vector);
	}
	irq_window();
}

/* ------------------------------------------------------------------------ while the receiver is busy */

static u32 other_id(void)
{
	return (u32)cpu_by_number(1)->hardware_id;
}

static void do_nothing(void *arg)
{
	(void)arg;
}

TEST(burst_of_vectors, "every vector that is sent to a halted CPU in a burst arrives, once each",
     SPEC("SDM vol. 3A, 10.8.4; vol. 2A, HLT"), REQUIRES(cpu_count() > 1))
{
	u32 sum = 0;

	run_on_cpu(1, do_nothing, NULL);
	begin();
	for (u32 vector = 0x20; vector <= 0xef; vector++)
		apic_send(ICR_FIXED | ICR_ASSERT | vector, other_id());
	for (u32 vector = 0x20; vector <= 0xef; vector++) {
		EXPECT(irq_wait(1, vector, 1), "vector %#x", vector);
		sum += irq_taken(1, vector);
	}
	EXPECT_EQ(sum, 0xf0u - 0x20u);
	EXPECT_EQ(irq_history_length(0), 0u);
}
