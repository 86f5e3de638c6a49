/* SPDX-License-Identifier: MIT */
/*
 * Who gets an interprocessor interrupt: SDM vol. 3A, 10.6.1 and 10.6.2. Each case checks that the CPUs
 * addressed get it exactly once and that no other CPU does. A later interrupt of lower priority to
 * every CPU tells when all have arrived.
 */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

#include "ipi.h"

SUITE("Destinations of interprocessor interrupts", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define ALL_CPUS     ((cpu_set)(BIT(ipi_cpus(32)) - 1))
#define ABSENT_ID    0xfe
#define BROADCAST_ID 0xff

static u32 id_of(u32 cpu)
{
	return (u32)cpu_by_number(cpu)->hardware_id;
}

static bool id_exists(u32 id)
{
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		if (id_of(cpu) == id)
			return true;
	}
	return false;
}

TEST(physical_destination, "a fixed IPI to a physical ID reaches that CPU alone",
     SPEC("SDM vol. 3A, 10.6.2.1"))
{
	ipi_begin();
	for (u32 cpu = 0; cpu < ipi_cpus(32); cpu++)
		ipi_expect(ICR_FIXED, id_of(cpu), (cpu_set)BIT(cpu));
}

static u32 send_to;

static void send_fixed(void *arg)
{
	(void)arg;
	apic_send_vector(send_to, IPI_VECTOR);
	/* To itself: not after this, as its APIC is reset when the work is done. */
	irq_window();
}

TEST(physical_destination_from_each_cpu, "a CPU can send to every other and to itself",
     SPEC("SDM vol. 3A, 10.6.1"), REQUIRES(cpu_count() > 1))
{
	ipi_begin();
	for (u32 from = 1; from < ipi_cpus(8); from++) {
		for (u32 to = 0; to < ipi_cpus(8); to++) {
			u32 before = irq_taken(to, IPI_VECTOR);
			u32 before_all = irq_taken_by_all(IPI_VECTOR);

			send_to = to;
			run_on_cpu(from, send_fixed, NULL);
			EXPECT(ipi_flush());
			EXPECT_EQ(irq_taken(to, IPI_VECTOR) - before, 1, "from %u to %u", from, to);
			EXPECT_EQ(irq_taken_by_all(IPI_VECTOR) - before_all, 1, "from %u to %u",
				  from, to);
		}
	}
}

TEST(physical_broadcast, "physical destination 0xff is every CPU, the sender included",
     SPEC("SDM vol. 3A, 10.6.2.1"))
{
	ipi_begin();
	ipi_expect(ICR_FIXED, BROADCAST_ID, ALL_CPUS);
}

TEST(absent_destination, "an IPI to an ID that no CPU has reaches nobody",
     SPEC("SDM vol. 3A, 10.6.2.1"), REQUIRES(!id_exists(ABSENT_ID)))
{
	ipi_begin();
	ipi_expect(ICR_FIXED, ABSENT_ID, 0);
}

TEST(shorthands, "a shorthand decides who gets the IPI, whatever the destination field says",
     SPEC("SDM vol. 3A, 10.6.1; table 10-3"), BUG("au-ts/libvmm#355"))
{
	static const u8 destinations[] = { 0x00, 0x01, 0xfe, 0xff };

	ipi_begin();
	for (u32 i = 0; i < ARRAY_SIZE(destinations); i++) {
		SUBTEST("self-destination-%#x", destinations[i]);
		ipi_expect(ICR_FIXED | ICR_SELF, destinations[i], BIT(0));
		SUBTEST("all-destination-%#x", destinations[i]);
		ipi_expect(ICR_FIXED | ICR_ALL, destinations[i], ALL_CPUS);
		SUBTEST("all-but-self-destination-%#x", destinations[i]);
		ipi_expect(ICR_FIXED | ICR_ALL_BUT_SELF, destinations[i],
			   ALL_CPUS & ~(cpu_set)BIT(0));
	}
}

TEST(shorthand_ignores_destination_mode, "a shorthand works the same with logical mode",
     SPEC("SDM vol. 3A, 10.6.1; table 10-3"))
{
	ipi_begin();
	SUBTEST("self");
	ipi_expect(ICR_FIXED | ICR_SELF | ICR_LOGICAL, 0, BIT(0));
	SUBTEST("all");
	ipi_expect(ICR_FIXED | ICR_ALL | ICR_LOGICAL, 0, ALL_CPUS);
	SUBTEST("all-but-self");
	ipi_expect(ICR_FIXED | ICR_ALL_BUT_SELF | ICR_LOGICAL, 0, ALL_CPUS & ~(cpu_set)BIT(0));
}

static const u8 flat_ids[8] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80 };

TEST(logical_flat, "in the flat model a CPU is addressed if its bit is set in the destination",
     SPEC("SDM vol. 3A, 10.6.2.2"))
{
	u32 used = ipi_cpus(8);

	ipi_begin();
	ipi_set_logical(flat_ids, used, APIC_DFR_FLAT);
	for (u32 mask = 0; mask < BIT(MIN(used, 4u)); mask++)
		ipi_expect(ICR_FIXED | ICR_LOGICAL, mask, mask);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, BROADCAST_ID, (cpu_set)(BIT(used) - 1));
}

TEST(logical_flat_shared_bits, "CPUs may share bits, and have several, of the flat logical ID",
     SPEC("SDM vol. 3A, 10.6.2.2"), REQUIRES(cpu_count() > 1))
{
	static const u8 ids[8] = { 0x81, 0x41, 0x22, 0x10 };
	u32 used = ipi_cpus(4);
	cpu_set all = (cpu_set)BIT(used) - 1;

	ipi_begin();
	ipi_set_logical(ids, used, APIC_DFR_FLAT);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, 0x01, 3);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, 0x80, 1);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, 0x40, 2);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, 0xc0, 3);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, 0x30, all & 0xc);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, 0x0c, 0);
}

/* FFH is a broadcast, for which IDs need not count. */
TEST(logical_flat_zero_id,
     "a CPU whose logical ID is 0 is not addressed by a flat destination below FFH",
     SPEC("SDM vol. 3A, 10.6.2.2"))
{
	ipi_begin();
	ipi_set_logical(flat_ids, 1, APIC_DFR_FLAT);
	ipi_expect(ICR_FIXED | ICR_LOGICAL, 0xfe, 0);
}

TEST(logical_cluster,
     "in the cluster model the high four bits name a cluster, the low ones its members",
     SPEC("SDM vol. 3A, 10.6.2.2"), BUG("CVE-2013-6376"))
{
	static const u8 ids[8] = { 0x01, 0x02, 0x11, 0x12 };
	u32 used = ipi_cpus(4);
	cpu_set all = (cpu_set)BIT(used) - 1;
	static const struct {
		u8 destination;
		cpu_set expected;
	} rows[] = {
		{ 0x01, 1 }, { 0x02, 2 },   { 0x03, 3 },   { 0x0f, 3 }, { 0x04, 0 }, { 0x11, 4 },
		{ 0x12, 8 }, { 0x13, 0xc }, { 0x1f, 0xc }, { 0x10, 0 }, { 0x21, 0 }, { 0xe3, 0 },
	};

	ipi_begin();
	ipi_set_logical(ids, used, APIC_DFR_CLUSTER);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("destination-%#x", rows[i].destination);
		ipi_expect(ICR_FIXED | ICR_LOGICAL, rows[i].destination, rows[i].expected & all);
	}
	SUBTEST("destination-0xff-all-clusters");
	ipi_expect(ICR_FIXED | ICR_LOGICAL, BROADCAST_ID, all);
}

/* IPI_VECTOR to `destination`: exactly one of `candidates` takes it, exactly once. */
static void expect_one_of(u32 destination, cpu_set candidates)
{
	u32 before = irq_taken_by_all(IPI_VECTOR), others = 0, took = 0;

	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		others += cpu < 32 && candidates >> cpu & 1 ? 0 : irq_taken(cpu, IPI_VECTOR);
	apic_send(ICR_LOWEST | ICR_LOGICAL | ICR_ASSERT | IPI_VECTOR, destination);
	EXPECT(ipi_flush());
	EXPECT_EQ(irq_taken_by_all(IPI_VECTOR) - before, 1, "destination %#x", destination);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		took += cpu < 32 && candidates >> cpu & 1 ? 0 : irq_taken(cpu, IPI_VECTOR);
	EXPECT_EQ(took, others, "destination %#x: a CPU that is not addressed", destination);
}

TEST(lowest_priority_once, "a lowest-priority interrupt goes to exactly one of those addressed",
     SPEC("SDM vol. 3A, 10.6.2.4; APM vol. 2, 16.5"))
{
	u32 used = ipi_cpus(4);

	ipi_begin();
	ipi_set_logical(flat_ids, used, APIC_DFR_FLAT);
	for (u32 mask = 1; mask < BIT(used); mask++)
		expect_one_of(mask, mask);
	for (u32 i = 0; i < 20; i++)
		expect_one_of(BIT(used) - 1, (cpu_set)BIT(used) - 1);
}

/* ------------------------------------------------------------------------------------------- NMI */

static u32 nmis[MAX_CPUS];

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	atomic_add(&nmis[this_cpu()->number], 1);
}

static bool wait_for_nmis(u32 cpu, u32 count)
{
	return wait_until(atomic_load(&nmis[cpu]) >= count);
}

static void begin_nmis(void)
{
	ipi_begin();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		nmis[cpu] = 0;
	trap_set_handler(VEC_NMI, count_nmi);
}

TEST(nmi_to_each_cpu, "an NMI goes to the CPU addressed and wakes it from HLT",
     SPEC("SDM vol. 3A, 10.6.1; vol. 2A, HLT"), REQUIRES(cpu_count() > 1))
{
	begin_nmis();
	for (u32 cpu = 1; cpu < ipi_cpus(32); cpu++) {
		apic_send(ICR_NMI | ICR_ASSERT, id_of(cpu));
		EXPECT(wait_for_nmis(cpu, 1), "CPU %u", cpu);
	}
	EXPECT(ipi_flush());
	EXPECT_EQ(nmis[0], 0);
	for (u32 cpu = 1; cpu < ipi_cpus(32); cpu++)
		EXPECT_EQ(nmis[cpu], 1, "CPU %u", cpu);
}

TEST(nmi_ignores_vector_field, "the vector field of an NMI IPI does not matter: vector 2 is raised",
     SPEC("SDM vol. 3A, 10.6.1"), REQUIRES(cpu_count() > 1))
{
	begin_nmis();
	apic_send(ICR_NMI | ICR_ASSERT | IPI_VECTOR, id_of(1));
	EXPECT(wait_for_nmis(1, 1));
	EXPECT(ipi_flush());
	EXPECT_EQ(irq_taken(1, IPI_VECTOR), 0);
}

TEST(nmi_to_all_but_self, "an NMI to all but the sender reaches every other CPU once",
     SPEC("SDM vol. 3A, 10.6.1; table 10-3"), REQUIRES(cpu_count() > 1))
{
	begin_nmis();
	apic_send(ICR_NMI | ICR_ASSERT | ICR_ALL_BUT_SELF, 0);
	for (u32 cpu = 1; cpu < cpu_count(); cpu++)
		EXPECT(wait_for_nmis(cpu, 1), "CPU %u", cpu);
	EXPECT(ipi_flush());
	EXPECT_EQ(nmis[0], 0);
	for (u32 cpu = 1; cpu < cpu_count(); cpu++)
		EXPECT_EQ(nmis[cpu], 1, "CPU %u", cpu);
}

TEST(nmi_to_self_by_id, "a CPU can send an NMI to itself by its ID, also with interrupts off",
     SPEC("SDM vol. 3A, 10.6.1; 6.7"))
{
	begin_nmis();
	apic_send(ICR_NMI | ICR_ASSERT, id_of(0));
	EXPECT(wait_for_nmis(0, 1));
	EXPECT_EQ(nmis[0], 1);
}

static u32 loops;

static void loop_with_interrupts_off(void *arg)
{
	(void)arg;
	apic_write(APIC_TPR, 0xf0);
	atomic_store(&loops, 1);
	wait_until(atomic_load(&nmis[this_cpu()->number]));
}

TEST(nmi_ignores_masks, "an NMI IPI is taken with IF = 0 and with the highest task priority",
     SPEC("SDM vol. 3A, 6.7, 10.8.3.1"), REQUIRES(cpu_count() > 1))
{
	begin_nmis();
	atomic_store(&loops, 0);
	cpu_start_work(1, loop_with_interrupts_off, NULL);
	ASSERT(wait_until(atomic_load(&loops)));
	apic_send(ICR_NMI | ICR_ASSERT, id_of(1));
	EXPECT(wait_for_nmis(1, 1));
	cpu_wait(1);
}

static bool in_nmi_handler;

/* The second NMI comes while the first is handled: it waits for the IRET. */
static void hold_first_nmi(struct trap_frame *frame)
{
	u32 number = this_cpu()->number;

	(void)frame;
	EXPECT(!READ_ONCE(in_nmi_handler), "an NMI interrupted the handler of another");
	WRITE_ONCE(in_nmi_handler, true);
	if (atomic_add(&nmis[number], 1) == 0) {
		wait_until(atomic_load(&loops));
		delay_us(100);
	}
	WRITE_ONCE(in_nmi_handler, false);
}

TEST(nmi_is_blocked_in_its_handler,
     "NMIs that come while one is handled are taken after its IRET, as one",
     SPEC("SDM vol. 3A, 6.7.1"), REQUIRES(cpu_count() > 1))
{
	begin_nmis();
	in_nmi_handler = false;
	atomic_store(&loops, 0);
	trap_set_handler(VEC_NMI, hold_first_nmi);
	apic_send(ICR_NMI | ICR_ASSERT, id_of(1));
	ASSERT(wait_for_nmis(1, 1));
	apic_send(ICR_NMI | ICR_ASSERT, id_of(1));
	apic_send(ICR_NMI | ICR_ASSERT, id_of(1));
	atomic_store(&loops, 1);
	EXPECT(wait_for_nmis(1, 2));
	EXPECT(ipi_flush());
	EXPECT_EQ(nmis[1], 2);
}
