/* SPDX-License-Identifier: MIT */
/* Where a pin's interrupt goes and as what: 82093AA data sheet, 3.2.4; SDM vol. 3A, 10.6.2. */
#include "ioapic_test.h"

#include <sys/atomic.h>
#include <sys/time.h>
#include <x86/pic.h>

SUITE("I/O APIC: destinations and delivery modes", REQUIRES(HAS_IOAPIC));

#define CPUS	   MIN(cpu_count(), 8u)
#define ALL_CPUS   ((u32)BIT(CPUS) - 1)
#define SET_VECTOR 0x31u
#define NOBODY	   0xfeu

static void do_nothing(void *arg)
{
	(void)arg;
}

static u32 logical_dfr;
static u8 logical_ids[8];

static void set_logical(struct trap_frame *frame)
{
	(void)frame;
	apic_write(APIC_DFR, logical_dfr);
	apic_write(APIC_LDR, (u32)logical_ids[this_cpu()->number % 8] << 24);
	apic_eoi();
}

static void begin(void)
{
	run_on_all_cpus(do_nothing, NULL);
	ioapic_begin();
}

/* Every CPU its logical ID: in an interrupt, so that they go on waiting with it. */
static void begin_logical(u32 dfr, const u8 *ids)
{
	begin();
	logical_dfr = dfr;
	for (u32 cpu = 0; cpu < 8; cpu++)
		logical_ids[cpu] = ids[cpu];
	trap_set_handler(SET_VECTOR, set_logical);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, SET_VECTOR);
	ASSERT(ioapic_flush());
}

/* One edge with this entry: exactly the CPUs of `expected` take it, once each. */
static void expect(u64 entry, u32 expected)
{
	u32 before[8];

	for (u32 cpu = 0; cpu < CPUS; cpu++)
		before[cpu] = irq_taken(cpu, PIN_VECTOR);
	ioapic_set_entry(line_pin(LINE_COM1), entry | PIN_VECTOR);
	line_raise(LINE_COM1);
	line_lower(LINE_COM1);
	EXPECT(ioapic_flush(), "a CPU does not take interrupts");
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		EXPECT_EQ(irq_taken(cpu, PIN_VECTOR) - before[cpu], expected >> cpu & 1,
			  "interrupts at CPU %u, entry %#llx", cpu, entry);
	ioapic_mask(line_pin(LINE_COM1), true);
}

static u64 to_id(u32 id)
{
	return IOAPIC_DESTINATION(id);
}

TEST(physical_destination, "a pin interrupts the CPU whose ID is in its entry, and no other",
     SPEC("82093AA data sheet, 3.2.4; SDM vol. 3A, 10.6.2.1"))
{
	begin();
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		SUBTEST("cpu%u", cpu);
		expect(pin_entry_for(cpu, 0), (u32)BIT(cpu));
	}
	SUBTEST("nobody");
	expect(to_id(NOBODY), 0);
	SUBTEST("everybody");
	expect(to_id(0xff), ALL_CPUS);
}

TEST(logical_flat, "with flat logical IDs a pin interrupts every CPU that has one of the bits",
     SPEC("82093AA data sheet, 3.2.4; SDM vol. 3A, 10.6.2.2"))
{
	static const u8 ids[8] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80 };

	begin_logical(APIC_DFR_FLAT, ids);
	for (u32 set = 0; set < BIT(MIN(cpu_count(), 4u)); set++) {
		SUBTEST("cpus-%#x", set);
		expect(to_id(set) | IOAPIC_LOGICAL, set);
	}
	SUBTEST("everybody");
	expect(to_id(0xff) | IOAPIC_LOGICAL, ALL_CPUS);
}

TEST(logical_cluster, "with cluster IDs a pin interrupts the named members of the cluster",
     SPEC("82093AA data sheet, 3.2.4; SDM vol. 3A, 10.6.2.2"), REQUIRES(cpu_count() > 1))
{
	static const u8 ids[8] = { 0x11, 0x12, 0x21, 0x22, 0x31, 0x32, 0x41, 0x42 };

	begin_logical(APIC_DFR_CLUSTER, ids);
	expect(to_id(0x11) | IOAPIC_LOGICAL, 1);
	expect(to_id(0x12) | IOAPIC_LOGICAL, 2);
	expect(to_id(0x13) | IOAPIC_LOGICAL, 3);
	expect(to_id(0x23) | IOAPIC_LOGICAL, ALL_CPUS & 0xc);
	expect(to_id(0x10) | IOAPIC_LOGICAL, 0);
	expect(to_id(0x53) | IOAPIC_LOGICAL, 0);
}

TEST(lowest_priority, "a lowest-priority interrupt goes to exactly one of the CPUs addressed",
     SPEC("82093AA data sheet, 3.2.4; SDM vol. 3A, 10.6.2.4"))
{
	static const u8 ids[8] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80 };

	begin_logical(APIC_DFR_FLAT, ids);
	for (u32 set = 1; set < BIT(MIN(cpu_count(), 4u)); set++) {
		u32 before = irq_taken_by_all(PIN_VECTOR), others = 0, others_before = 0;

		SUBTEST("cpus-%#x", set);
		for (u32 cpu = 0; cpu < CPUS; cpu++)
			others_before += set >> cpu & 1 ? 0 : irq_taken(cpu, PIN_VECTOR);
		ioapic_set_entry(line_pin(LINE_COM1),
				 to_id(set) | IOAPIC_LOGICAL | IOAPIC_LOWEST | PIN_VECTOR);
		line_raise(LINE_COM1);
		line_lower(LINE_COM1);
		EXPECT(ioapic_flush());
		for (u32 cpu = 0; cpu < CPUS; cpu++)
			others += set >> cpu & 1 ? 0 : irq_taken(cpu, PIN_VECTOR);
		EXPECT_EQ(irq_taken_by_all(PIN_VECTOR) - before, 1u);
		EXPECT_EQ(others, others_before, "a CPU that is not addressed");
	}
	ioapic_reset();
}

static u32 level_cpu, levels_taken;

static void take_level_anywhere(struct trap_frame *frame)
{
	(void)frame;
	level_cpu = this_cpu()->number;
	line_lower(LINE_COM1);
	apic_eoi();
	atomic_add(&levels_taken, 1);
}

TEST(level_to_other_cpu, "a level goes to another CPU, whose EOI clears remote IRR",
     SPEC("SDM vol. 3A, 10.8.5; 82093AA data sheet, 3.2.4"), REQUIRES(cpu_count() > 1))
{
	begin();
	trap_set_handler(PIN_VECTOR, take_level_anywhere);
	for (u32 cpu = 1; cpu < CPUS; cpu++) {
		SUBTEST("cpu%u", cpu);
		atomic_store(&levels_taken, 0);
		ioapic_set_entry(line_pin(LINE_COM1),
				 pin_entry_for(cpu, PIN_VECTOR) | IOAPIC_LEVEL);
		line_raise(LINE_COM1);
		wait_until(atomic_load(&levels_taken));
		EXPECT_EQ(atomic_load(&levels_taken), 1u);
		EXPECT_EQ(level_cpu, cpu);
		EXPECT_EQ(ioapic_entry(line_pin(LINE_COM1)) & IOAPIC_REMOTE_IRR, 0ull);
	}
	ioapic_reset();
}

static u32 nmis[8];

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	atomic_add(&nmis[this_cpu()->number % 8], 1);
}

TEST(nmi_mode, "a pin in NMI mode raises one NMI at its destination, whatever the vector",
     SPEC("82093AA data sheet, 3.2.4, Delivery Mode"))
{
	begin();
	trap_set_handler(VEC_NMI, count_nmi);
	for (u32 target = 0; target < CPUS; target++) {
		SUBTEST("cpu%u", target);
		for (u32 cpu = 0; cpu < CPUS; cpu++)
			nmis[cpu] = 0;
		ioapic_set_entry(line_pin(LINE_COM1),
				 pin_entry_for(target, PIN_VECTOR) | IOAPIC_NMI);
		line_raise(LINE_COM1);
		wait_until(atomic_load(&nmis[target]));
		line_lower(LINE_COM1);
		EXPECT(ioapic_flush());
		for (u32 cpu = 0; cpu < CPUS; cpu++)
			EXPECT_EQ(nmis[cpu], cpu == target ? 1u : 0u, "CPU %u", cpu);
		EXPECT_EQ(irq_taken_by_all(PIN_VECTOR), 0u);
	}
	ioapic_reset();
}

/* ------------------------------------------------------------------------------------------- ExtINT */

#define PIC_BASE 0xb0u

static struct {
	u32 right, wrong; /* with the 8259's vector for IRQ 4; with another one */
	u32 isr;	  /* the APIC's, of that vector */
} extint;

static void take_extint(struct trap_frame *frame)
{
	u32 vector = (u32)frame->vector;

	if (vector == PIC_BASE + 4)
		extint.right++;
	else
		extint.wrong++;
	extint.isr += apic_vector_bit(APIC_ISR, vector);
	line_lower(LINE_COM1);
	pic_eoi(4);
	if (apic_vector_bit(APIC_ISR, vector))
		apic_eoi();
}

/* The line leads to the 8259, too, whose INT is not connected to the CPU. */
TEST(extint_mode, "a pin in ExtINT mode has the 8259 acknowledged, and its vector delivered",
     SPEC("82093AA data sheet, 3.2.4, Delivery Mode; SDM vol. 3A, 10.8.4, note"))
{
	begin();
	for (u32 vector = PIC_BASE; vector < PIC_BASE + 16; vector++)
		trap_set_handler(vector, take_extint);
	pic_init(PIC_BASE, 0, 0, (u16)~BIT(4));
	extint = (__typeof__(extint)){ 0 };
	ioapic_set_entry(line_pin(LINE_COM1), pin_entry(PIN_VECTOR) | IOAPIC_EXTINT);
	line_raise(LINE_COM1);
	irq_window_ns(WATCH_NS);
	line_lower(LINE_COM1);
	pic_set_mask(0xffff);
	SUBTEST("vector");
	EXPECT_EQ(extint.right, 1u);
	EXPECT_EQ(extint.wrong, 0u);
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 0u);
	SUBTEST("not-in-the-APIC");
	EXPECT_EQ(extint.isr, 0u);
}
