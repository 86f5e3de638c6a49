/* SPDX-License-Identifier: MIT */
/*
 * A second CPU that changes a pin's entry while its line works: no interrupt of an unmasked pin is lost,
 * none comes twice, none goes where no entry said. 82093AA data sheet, 3.2.4.
 */
#include "ioapic_test.h"

#include <sys/atomic.h>
#include <sys/time.h>

SUITE("I/O APIC: entries that change", REQUIRES(HAS_IOAPIC &&cpu_count() > 1));

#define LINE   LINE_COM1
#define ROUNDS 200u
#define HELD   16u

static u32 stop, changes;
/* Set in one round of HELD: the CPUs wait for each other, which takes time on a busy host. */
static u32 held;
static u32 taken[2][2]; /* by CPU, by vector: PIN_VECTOR and OTHER_VECTOR */
static u32 acknowledged;

static void take_edge(struct trap_frame *frame)
{
	atomic_add(&taken[this_cpu()->number & 1][frame->vector == OTHER_VECTOR], 1);
	atomic_add(&acknowledged, 1);
	apic_eoi();
}

/* While it is in service, CPU 1 makes a change and takes it back. */
static void take_level(struct trap_frame *frame)
{
	u32 before = atomic_load(&changes);

	atomic_add(&taken[this_cpu()->number & 1][frame->vector == OTHER_VECTOR], 1);
	if (atomic_load(&held) && !this_cpu()->number)
		wait_until(atomic_load(&changes) - before >= 3);
	line_lower(LINE);
	apic_eoi();
	atomic_add(&acknowledged, 1);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static void begin(void (*handler)(struct trap_frame *frame))
{
	run_on_cpu(1, do_nothing, NULL);
	ioapic_begin();
	trap_set_handler(PIN_VECTOR, handler);
	trap_set_handler(OTHER_VECTOR, handler);
	for (u32 i = 0; i < 4; i++)
		taken[i / 2][i % 2] = 0;
	acknowledged = 0;
	stop = 0;
	changes = 0;
}

/* With interrupts on, so that this CPU takes its own, until `acknowledged` is `count`. */
static bool wait_for(u32 count)
{
	return irq_wait_until(atomic_load(&acknowledged) >= count);
}

static u32 sum(void)
{
	return taken[0][0] + taken[0][1] + taken[1][0] + taken[1][1];
}

/* Rounds of one interrupt each, while CPU 1 does its changes. */
static void run_rounds(void (*change)(void *arg), bool level)
{
	u32 before;

	cpu_start_work(1, change, NULL);
	while (!atomic_load(&changes))
		arch_relax();
	for (u32 round = 1; round <= ROUNDS; round++) {
		atomic_store(&held, round % HELD == 0);
		/* After the one and the other change in turn: two CPUs in step would meet at the same all the time. */
		if (held)
			wait_until((atomic_load(&changes) ^ round / HELD) & 1);
		irq_window();
		before = atomic_load(&acknowledged);
		line_raise(LINE);
		if (!EXPECT(wait_for(before + 1), "round %u: the interrupt is lost", round))
			break;
		if (!level)
			line_lower(LINE);
	}
	atomic_store(&held, 0);
	atomic_store(&stop, 1);
	cpu_wait(1);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(sum(), ROUNDS, "an interrupt came twice, or not");
	EXPECT_GT(changes, 1u);
	ioapic_reset();
}

/* CPU 1 has interrupts on, to take what goes to it. */
static void alternate(u64 first, u64 second)
{
	irq_enable();
	while (!atomic_load(&stop)) {
		ioapic_set_entry(line_pin(LINE), atomic_load(&changes) & 1 ? first : second);
		atomic_add(&changes, 1);
		arch_relax();
	}
	irq_disable();
}

/* The low half alone: by one write. */
static void change_vector(void *arg)
{
	(void)arg;
	alternate(pin_entry(PIN_VECTOR), pin_entry(OTHER_VECTOR));
}

TEST(edge_vector_changes, "each edge interrupts once while its pin's vector changes",
     SPEC("82093AA data sheet, 3.2.4"))
{
	begin(take_edge);
	run_rounds(change_vector, false);
	EXPECT_EQ(taken[1][0] + taken[1][1], 0u, "CPU 1 was never a destination");
}

static void change_destination(void *arg)
{
	(void)arg;
	alternate(pin_entry_for(0, PIN_VECTOR), pin_entry_for(1, PIN_VECTOR));
}

TEST(edge_destination_changes, "each edge interrupts one CPU while its pin's destination changes",
     SPEC("82093AA data sheet, 3.2.4"))
{
	begin(take_edge);
	run_rounds(change_destination, false);
	EXPECT_EQ(taken[0][1] + taken[1][1], 0u, "a vector that no entry had");
}

static void change_level_destination(void *arg)
{
	(void)arg;
	alternate(pin_entry_for(0, PIN_VECTOR) | IOAPIC_LEVEL,
		  pin_entry_for(1, PIN_VECTOR) | IOAPIC_LEVEL);
}

TEST(level_destination_changes, "each level interrupts one CPU while its pin's destination changes",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR"))
{
	begin(take_level);
	ioapic_set_entry(line_pin(LINE), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	run_rounds(change_level_destination, true);
}

static void change_mask(void *arg)
{
	(void)arg;
	alternate(pin_entry(PIN_VECTOR) | IOAPIC_LEVEL,
		  pin_entry(PIN_VECTOR) | IOAPIC_LEVEL | IOAPIC_MASKED);
}

TEST(level_mask_changes, "each level interrupts once while its pin is masked and unmasked",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Mask, Remote IRR"))
{
	begin(take_level);
	ioapic_set_entry(line_pin(LINE), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	run_rounds(change_mask, true);
}

/* Another pin's entry, whose line is low. */
static void change_other_pin(void *arg)
{
	u32 other = line_pin(LINE_KEYBOARD);

	(void)arg;
	while (!atomic_load(&stop)) {
		ioapic_set_entry(other, pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
		ioapic_set_entry(other, pin_entry(OTHER_VECTOR) | IOAPIC_MASKED);
		atomic_add(&changes, 1);
	}
}

TEST(level_other_pin_changes, "another pin that gets and loses the vector takes no EOI away",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR"), BUG("linux 4fa6b9c5dc41"))
{
	begin(take_level);
	ioapic_set_entry(line_pin(LINE), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	run_rounds(change_other_pin, true);
	EXPECT_EQ(taken[0][0], ROUNDS);
}
