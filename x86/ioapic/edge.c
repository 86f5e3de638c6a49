/* SPDX-License-Identifier: MIT */
/* Edge-triggered pins: 82093AA data sheet, 3.2.4. */
#include "ioapic_test.h"

#include <sys/time.h>
#include <x86/pit.h>
#include <x86/rtc.h>

SUITE("I/O APIC: edge-triggered pins", REQUIRES(HAS_IOAPIC));

TEST(edge_interrupts, "a rising edge at a pin is one interrupt with the entry's vector, TMR clear",
     SPEC("82093AA data sheet, 3.2.4; SDM vol. 3A, 10.8.4"))
{
	for (enum irq_line line = 0; line < LINES; line++) {
		if (!line_is_there(line))
			continue;
		SUBTEST("IRQ-%u", line_irq(line));
		ioapic_begin();
		ioapic_set_entry(line_pin(line), pin_entry(PIN_VECTOR));
		line_raise(line);
		EXPECT(apic_vector_bit(APIC_IRR, PIN_VECTOR));
		EXPECT(!apic_vector_bit(APIC_TMR, PIN_VECTOR));
		irq_window();
		EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u, "the line is still high");
		line_lower(line);
		irq_window();
		EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u, "the falling edge");
		line_raise(line);
		EXPECT(irq_wait(0, PIN_VECTOR, 2));
		line_lower(line);
		EXPECT_EQ(irq_history_length(0), 2u);
	}
}

TEST(edges_are_counted, "every edge is an interrupt, as long as the last one has been taken",
     SPEC("82093AA data sheet, 3.2.4"))
{
	ioapic_begin();
	ioapic_set_entry(line_pin(LINE_COM1), pin_entry(PIN_VECTOR));
	for (u32 count = 1; count <= 50; count++) {
		line_raise(LINE_COM1);
		irq_window();
		line_lower(LINE_COM1);
		EXPECT_EQ(irq_taken(0, PIN_VECTOR), count);
	}
}

TEST(edges_coalesce, "edges that come while the vector is pending make one interrupt",
     SPEC("82093AA data sheet, 3.2.4; SDM vol. 3A, 10.8.4"))
{
	ioapic_begin();
	ioapic_set_entry(line_pin(LINE_COM1), pin_entry(PIN_VECTOR));
	for (u32 i = 0; i < 5; i++) {
		line_raise(LINE_COM1);
		line_lower(LINE_COM1);
	}
	irq_window();
	irq_window();
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
}

/* "Edge-sensitive interrupts signaled on a masked interrupt pin are ignored" */
TEST(masked_edge, "an edge at a masked pin is lost: unmasking the pin interrupts nobody",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Mask"))
{
	for (u32 high = 0; high < 2; high++) {
		/* Nothing is printed, that is no row begins, while the line is high. */
		SUBTEST("%s-when-unmasked", high ? "high" : "low");
		ioapic_begin();
		ioapic_set_entry(line_pin(LINE_COM1), pin_entry(PIN_VECTOR) | IOAPIC_MASKED);
		line_raise(LINE_COM1);
		irq_window();
		if (!high)
			line_lower(LINE_COM1);
		ioapic_mask(line_pin(LINE_COM1), false);
		irq_window_ns(WATCH_NS);
		line_lower(LINE_COM1);
		EXPECT_EQ(irq_taken(0, PIN_VECTOR), 0u);
		line_raise(LINE_COM1);
		irq_window();
		line_lower(LINE_COM1);
		EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u, "the next edge");
	}
}

TEST(masked_after_acceptance, "masking a pin does not take back what the local APIC has accepted",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Mask"))
{
	ioapic_begin();
	ioapic_set_entry(line_pin(LINE_COM1), pin_entry(PIN_VECTOR));
	line_raise(LINE_COM1);
	ioapic_mask(line_pin(LINE_COM1), true);
	EXPECT(apic_vector_bit(APIC_IRR, PIN_VECTOR));
	irq_window();
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
	line_lower(LINE_COM1);
}

TEST(vector_changed_after_acceptance,
     "what is accepted keeps its vector when the entry gets another",
     SPEC("82093AA data sheet, 3.2.4"))
{
	ioapic_begin();
	ioapic_set_entry(line_pin(LINE_COM1), pin_entry(PIN_VECTOR));
	line_raise(LINE_COM1);
	ioapic_set_entry(line_pin(LINE_COM1), pin_entry(OTHER_VECTOR));
	irq_window();
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
	EXPECT_EQ(irq_taken(0, OTHER_VECTOR), 0u);
	line_lower(LINE_COM1);
	line_raise(LINE_COM1);
	EXPECT(irq_wait(0, OTHER_VECTOR, 1));
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
	line_lower(LINE_COM1);
}

TEST(low_active_edge,
     "at a low-active pin the falling edge interrupts, and the rising one does not",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Input Pin Polarity"))
{
	u32 pin = line_pin(LINE_COM1), at_first, falling, rising;

	ioapic_begin();
	line_raise(LINE_COM1);
	ioapic_set_entry(pin, pin_entry(PIN_VECTOR) | IOAPIC_LOW_ACTIVE);
	/* What the change of polarity itself does is not told. */
	irq_window_ns(WATCH_NS);
	at_first = irq_taken(0, PIN_VECTOR);
	line_lower(LINE_COM1);
	irq_window_ns(WATCH_NS);
	falling = irq_taken(0, PIN_VECTOR) - at_first;
	line_raise(LINE_COM1);
	irq_window_ns(WATCH_NS);
	rising = irq_taken(0, PIN_VECTOR) - at_first - falling;
	ioapic_mask(pin, true);
	line_lower(LINE_COM1);
	SUBTEST("falling");
	EXPECT_EQ(falling, 1u);
	SUBTEST("rising");
	EXPECT_EQ(rising, 0u);
}

TEST(pins_by_priority, "several pins at once are taken by the priority of their vectors",
     SPEC("82093AA data sheet, 3.2.4; SDM vol. 3A, 10.8.3"))
{
	static const u8 vectors[2][LINES] = { { 0x91, 0x81, 0x61, 0x51 },
					      { 0x51, 0x61, 0x81, 0x91 } };

	for (u32 i = 0; i < 2; i++) {
		u8 last = 0xff;
		u32 raised = 0;

		SUBTEST("%s", i ? "last-line-highest" : "first-line-highest");
		ioapic_begin();
		for (enum irq_line line = 0; line < LINE_MOUSE; line++) {
			if (!line_is_there(line))
				continue;
			ioapic_set_entry(line_pin(line), pin_entry(vectors[i][line]));
			line_raise(line);
			raised++;
		}
		irq_window();
		EXPECT_EQ(irq_history_length(0), raised);
		for (u32 n = 0; n < irq_history_length(0); n++) {
			EXPECT_LT(irq_history_vector(0, n), (u32)last, "interrupt %u", n);
			last = (u8)irq_history_vector(0, n);
		}
		lines_reset();
	}
}

TEST(timer_pin, "the PIT interrupts through the pin that the MADT names for IRQ 0",
     SPEC("ACPI 6.4, 5.2.12.5; 82093AA data sheet, 3.2.4"))
{
	ioapic_begin();
	ioapic_set_entry(ioapic_pin_of_irq(0), pin_entry(PIN_VECTOR));
	pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(0));
	pit_write(0, 0);
	irq_window();
	EXPECT_LE(irq_taken(0, PIN_VECTOR), 1u);
	ioapic_begin();
	ioapic_set_entry(ioapic_pin_of_irq(0), pin_entry(PIN_VECTOR));
	pit_write(0, 100);
	EXPECT(irq_wait(0, PIN_VECTOR, 1));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
}

TEST(clock_pin, "the real-time clock interrupts through its pin, once for each read of register C",
     SPEC("MC146818A data sheet, Register C; 82093AA data sheet, 3.2.4"))
{
	ioapic_begin();
	ioapic_set_entry(ioapic_pin_of_irq(RTC_IRQ), pin_entry(PIN_VECTOR));
	rtc_write(RTC_A, RTC_A_DIVIDER_32K | 3);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_PIE);
	EXPECT(irq_wait(0, PIN_VECTOR, 1));
	/* Many periods, and as long as an interrupt that comes may take on a busy host. */
	EXPECT(!irq_wait(0, PIN_VECTOR, 2), "the line stays high until C is read");
	(void)rtc_read(RTC_C);
	EXPECT(irq_wait(0, PIN_VECTOR, 2));
	rtc_reset();
}

TEST(other_pins_quiet, "a line reaches its own pin and no other", SPEC("82093AA data sheet, 3.2.4"))
{
	for (enum irq_line line = 0; line < LINES; line++) {
		if (!line_is_there(line))
			continue;
		SUBTEST("IRQ-%u", line_irq(line));
		ioapic_begin();
		for (u32 pin = 0; pin < ioapic_pins(); pin++)
			if (pin != ioapic_pin_of_irq(0) && pin != 0)
				ioapic_set_entry(pin, pin_entry(0x80 + pin));
		irq_record(0x20, 0xef);
		line_raise(line);
		irq_window();
		EXPECT_EQ(irq_taken(0, 0x80 + line_pin(line)), 1u);
		EXPECT_EQ(irq_history_length(0), 1u);
		line_lower(line);
		ioapic_reset();
	}
}
