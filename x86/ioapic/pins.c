/* SPDX-License-Identifier: MIT */
/*
 * The pins beyond the ISA interrupts, by the HPET, whose timers can be led to the pins that their
 * capabilities name: IA-PC HPET specification 1.0a, 2.3.8; 82093AA data sheet, 3.2.4.
 */
#include "ioapic_test.h"

#include <sys/time.h>
#include <x86/hpet.h>
#include <x86/pit.h>

SUITE("I/O APIC: pins of the HPET", REQUIRES(HAS_IOAPIC &&hpet_is_there()));

#define TIMERS MIN(hpet_timers(), 3u)

static u32 routes(u32 timer)
{
	return HPET_ROUTE_CAP(hpet_read(HPET_TIM_CONF(timer)));
}

/* Pin 2 is the 8254's, too, which must not interrupt meanwhile: its last edge finds a masked pin that is no level any more. */
static void begin(void)
{
	hpet_reset();
	ioapic_reset();
	pit_quiet_wait(0x20);
	ioapic_begin();
}

/* The timer's comparator matches soon; true once it has. A level-triggered one then holds its line. */
static void fire(u32 timer, u32 pin, u64 type)
{
	hpet_write32(HPET_TIM_CONF(timer), (u32)(HPET_INT_ROUTE(pin) | HPET_INT_ENB | type));
	hpet_write(HPET_TIM_COMP(timer), hpet_counter() + hpet_counts(100000));
	hpet_write32(HPET_GEN_CONF, HPET_ENABLE_CNF);
}

static bool matched(u32 timer)
{
	return wait_until(hpet_read32(HPET_GINTR_STA) & BIT(timer));
}

TEST(hpet_edge_at_each_pin,
     "a timer interrupts through each pin that it can be led to, and no other",
     SPEC("IA-PC HPET specification 1.0a, 2.3.8; 82093AA data sheet, 3.2.4"))
{
	for (u32 timer = 0; timer < TIMERS; timer++)
		for_each_set_bit(pin, routes(timer)) {
			SUBTEST("timer-%u-pin-%llu", timer, pin);
			begin();
			for (u32 other = 3; other < ioapic_pins(); other++)
				ioapic_set_entry(other, pin_entry(0x80 + other));
			ioapic_set_entry((u32)pin, pin_entry(PIN_VECTOR));
			irq_record(0x20, 0xef);
			fire(timer, (u32)pin, 0);
			EXPECT(irq_wait(0, PIN_VECTOR, 1));
			irq_window_ns(WATCH_NS);
			EXPECT_EQ(irq_history_length(0), 1u);
			hpet_reset();
		}
	ioapic_reset();
}

static u32 level_timer, level_pin, level_count;
static u64 entry_in_handler;

static void take_level(struct trap_frame *frame)
{
	(void)frame;
	entry_in_handler = ioapic_entry(level_pin);
	/* The third one ends it. */
	if (++level_count >= 3)
		hpet_write32(HPET_GINTR_STA, (u32)BIT(level_timer));
	apic_eoi();
}

TEST(hpet_level_at_each_pin, "a level at each of these pins interrupts again until it is cleared",
     SPEC("IA-PC HPET specification 1.0a, 2.3.6, 2.3.8; 82093AA data sheet, 3.2.4, Remote IRR"))
{
	for_each_set_bit(pin, routes(0)) {
		SUBTEST("pin-%llu", pin);
		begin();
		level_timer = 0;
		level_pin = (u32)pin;
		level_count = 0;
		trap_set_handler(PIN_VECTOR, take_level);
		ioapic_set_entry(level_pin, pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
		fire(0, level_pin, HPET_INT_TYPE_LEVEL);
		EXPECT(matched(0));
		EXPECT(irq_wait_until(READ_ONCE(level_count) >= 3));
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(level_count, 3u);
		EXPECT_EQ(entry_in_handler & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
		EXPECT_EQ(ioapic_entry(level_pin) & IOAPIC_REMOTE_IRR, 0ull);
		hpet_reset();
	}
	ioapic_reset();
}

/* Two timers, if both can be led to one pin: the line is high while one of them is. */
static u32 shared_pin(void)
{
	u32 both = TIMERS > 1 ? routes(0) & routes(1) & ~7u : 0;

	return both ? (u32)__builtin_ctz(both) : 0;
}

static u32 shared_count, cleared_first;

static void take_shared(struct trap_frame *frame)
{
	(void)frame;
	shared_count++;
	if (shared_count == 1) {
		cleared_first = hpet_read32(HPET_GINTR_STA) & 3;
		hpet_write32(HPET_GINTR_STA, 1);
	} else {
		hpet_write32(HPET_GINTR_STA, 2);
	}
	apic_eoi();
}

TEST(shared_level, "a level that two sources share interrupts until the last of them is cleared",
     SPEC("IA-PC HPET specification 1.0a, 2.3.6; 82093AA data sheet, 3.2.4"),
	  REQUIRES(shared_pin() != 0))
{
	begin();
	shared_count = 0;
	trap_set_handler(PIN_VECTOR, take_shared);
	ioapic_set_entry(shared_pin(), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	fire(0, shared_pin(), HPET_INT_TYPE_LEVEL);
	fire(1, shared_pin(), HPET_INT_TYPE_LEVEL);
	EXPECT(matched(0));
	EXPECT(matched(1));
	EXPECT(irq_wait_until(READ_ONCE(shared_count) >= 2));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(cleared_first, 3u);
	EXPECT_EQ(shared_count, 2u);
	EXPECT_EQ(ioapic_entry(shared_pin()) & IOAPIC_REMOTE_IRR, 0ull);
	hpet_reset();
	ioapic_reset();
}
