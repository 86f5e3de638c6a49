/* SPDX-License-Identifier: MIT */
/*
 * Level-triggered pins: remote IRR from acceptance to EOI, and what happens to the line meanwhile. 82093AA
 * data sheet, 3.2.4; SDM vol. 3A, 10.8.5.
 */
#include "ioapic_test.h"

#include <sys/time.h>

SUITE("I/O APIC: level-triggered pins", REQUIRES(HAS_IOAPIC));

#define LINE LINE_COM1

static u32 pin(void)
{
	return line_pin(LINE);
}

/* A level-triggered pin whose line is lowered by the handler after so many interrupts. */
static void begin(u32 after)
{
	ioapic_begin();
	level_handle(PIN_VECTOR, LINE, after);
	ioapic_set_entry(pin(), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
}

static bool remote_irr(void)
{
	return ioapic_entry(pin()) & IOAPIC_REMOTE_IRR;
}

static bool wait_for_count(u32 count)
{
	return wait_until((irq_window(), READ_ONCE(level_seen.count) >= count));
}

TEST(level_interrupts, "a level is one interrupt: remote IRR from acceptance to EOI, TMR set",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR; SDM vol. 3A, 10.8.4"))
{
	begin(1);
	EXPECT(!remote_irr(), "before");
	line_raise(LINE);
	EXPECT(apic_vector_bit(APIC_IRR, PIN_VECTOR));
	EXPECT(remote_irr(), "accepted");
	irq_window();
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_seen.count, 1u);
	EXPECT_EQ(level_seen.entry_in_handler & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
	EXPECT(level_seen.tmr);
	EXPECT_EQ(level_seen.entry_after_eoi & IOAPIC_REMOTE_IRR, 0ull);
	EXPECT(!remote_irr(), "in the end");
}

TEST(level_still_high, "a level that is high at EOI interrupts again, and not before",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR"), BUG("linux 184564efae4d"),
							BUG("qemu 958a01dab8e0"))
{
	begin(4);
	line_raise(LINE);
	EXPECT(wait_for_count(4));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_seen.count, 4u);
	EXPECT(!remote_irr());
}

TEST(level_not_again_before_eoi, "while remote IRR is set the level makes no further interrupt",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR"))
{
	ioapic_begin();
	ioapic_set_entry(pin(), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	line_raise(LINE);
	for (u32 i = 0; i < 3; i++) {
		line_lower(LINE);
		line_raise(LINE);
	}
	line_lower(LINE);
	EXPECT(remote_irr());
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
	EXPECT(!remote_irr());
}

TEST(level_lowered_before_acceptance, "a level that falls while the pin is masked leaves nothing",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Mask"))
{
	begin(1);
	ioapic_mask(pin(), true);
	line_raise(LINE);
	EXPECT(!remote_irr());
	line_lower(LINE);
	ioapic_mask(pin(), false);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_seen.count, 0u);
	EXPECT(!remote_irr());
}

TEST(level_unmasked, "unmasking a pin whose level is high interrupts at once",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Mask"))
{
	begin(1);
	ioapic_mask(pin(), true);
	line_raise(LINE);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_seen.count, 0u);
	ioapic_mask(pin(), false);
	EXPECT(wait_for_count(1));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_seen.count, 1u);
}

TEST(level_masked_in_service, "a pin masked in service is no source after EOI until it is unmasked",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Mask, Remote IRR"))
{
	begin(2);
	line_raise(LINE);
	ioapic_mask(pin(), true);
	irq_window();
	EXPECT_EQ(level_seen.count, 1u, "masking does not take it back");
	EXPECT_EQ(level_seen.entry_after_eoi & IOAPIC_REMOTE_IRR, 0ull);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_seen.count, 1u);
	ioapic_mask(pin(), false);
	EXPECT(wait_for_count(2));
}

static void unmask_and_end(struct trap_frame *frame)
{
	(void)frame;
	level_seen.count++;
	ioapic_mask(pin(), true);
	ioapic_mask(pin(), false);
	level_seen.entry_in_handler = ioapic_entry(pin());
	irq_window();
	line_lower(LINE);
	apic_eoi();
	level_seen.entry_after_eoi = ioapic_entry(pin());
}

TEST(level_mask_toggled_in_service,
     "masking and unmasking in service changes neither remote IRR nor count",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR"))
{
	begin(1);
	trap_set_handler(PIN_VECTOR, unmask_and_end);
	line_raise(LINE);
	irq_window();
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_seen.count, 1u);
	EXPECT_EQ(level_seen.entry_in_handler & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
	EXPECT_EQ(level_seen.entry_after_eoi & IOAPIC_REMOTE_IRR, 0ull);
}

TEST(level_low_active, "at a low-active pin the low level interrupts, and the high one does not",
     SPEC("82093AA data sheet, 3.2.4, Interrupt Input Pin Polarity"))
{
	u32 high, low;

	ioapic_begin();
	line_raise(LINE);
	ioapic_set_entry(pin(), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE);
	irq_window();
	high = irq_taken(0, PIN_VECTOR);
	ioapic_mask(pin(), true);
	irq_window();
	line_lower(LINE);
	irq_record(0x20, 0xef);
	ioapic_mask(pin(), false);
	/* Nobody raises the line: it interrupts again after each EOI, until the pin is masked. */
	irq_window();
	ioapic_mask(pin(), true);
	low = irq_taken(0, PIN_VECTOR);
	SUBTEST("high");
	EXPECT_EQ(high, 0u);
	SUBTEST("low");
	EXPECT_GE(low, 1u);
}

/* ------------------------------------------------------------------------------------------ EOI */

static u64 entry_after_other_eoi;

static void take_other(struct trap_frame *frame)
{
	(void)frame;
	apic_eoi();
	entry_after_other_eoi = ioapic_entry(pin());
}

static void nest_other(struct trap_frame *frame)
{
	(void)frame;
	level_seen.count++;
	apic_send_vector(0, HIGHER_VECTOR);
	irq_window();
	level_seen.entry_in_handler = ioapic_entry(pin());
	line_lower(LINE);
	apic_eoi();
}

TEST(eoi_of_other_vector, "the EOI of another interrupt leaves remote IRR set",
     SPEC("SDM vol. 3A, 10.8.5; 82093AA data sheet, 3.2.4, Remote IRR"))
{
	begin(1);
	trap_set_handler(PIN_VECTOR, nest_other);
	trap_set_handler(HIGHER_VECTOR, take_other);
	entry_after_other_eoi = 0;
	line_raise(LINE);
	irq_window();
	EXPECT_EQ(level_seen.count, 1u);
	EXPECT_EQ(entry_after_other_eoi & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
	EXPECT(!remote_irr());
}

TEST(eoi_of_edge, "the EOI of an edge-triggered interrupt is no EOI for a pin with the same vector",
     SPEC("SDM vol. 3A, 10.8.4, 10.8.5"))
{
	begin(1);
	line_raise(LINE);
	EXPECT(remote_irr());
	/* The local APIC forgets it: by an edge of the same vector, whose TMR bit is the last word. */
	apic_send_vector(0, PIN_VECTOR);
	EXPECT(!apic_vector_bit(APIC_TMR, PIN_VECTOR));
	trap_set_handler(PIN_VECTOR, take_other);
	irq_window();
	EXPECT_EQ(entry_after_other_eoi & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
	line_lower(LINE);
}

TEST(eoi_ends_all_pins, "an EOI clears remote IRR of every pin with the vector",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR"), BUG("linux 4fa6b9c5dc41"),
							REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	u32 other = line_pin(LINE_KEYBOARD);

	begin(1);
	ioapic_set_entry(other, pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	line_raise(LINE_KEYBOARD);
	line_raise(LINE);
	EXPECT(remote_irr());
	EXPECT_EQ(ioapic_entry(other) & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
	line_lower(LINE_KEYBOARD);
	irq_window();
	EXPECT_EQ(level_seen.count, 1u);
	EXPECT(!remote_irr());
	EXPECT_EQ(ioapic_entry(other) & IOAPIC_REMOTE_IRR, 0ull);
}

static void move_and_end(struct trap_frame *frame)
{
	(void)frame;
	level_seen.count++;
	/* The same vector at a lower pin first, whose line is low. */
	ioapic_set_entry(line_pin(LINE_KEYBOARD), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	line_lower(LINE);
	apic_eoi();
	level_seen.entry_after_eoi = ioapic_entry(pin());
}

TEST(eoi_finds_its_pin, "another pin that got the vector meanwhile does not take the EOI away",
     SPEC("82093AA data sheet, 3.2.4, Remote IRR"), BUG("linux 4fa6b9c5dc41"))
{
	begin(1);
	trap_set_handler(PIN_VECTOR, move_and_end);
	line_raise(LINE);
	irq_window();
	EXPECT_EQ(level_seen.count, 1u);
	EXPECT_EQ(level_seen.entry_after_eoi & IOAPIC_REMOTE_IRR, 0ull);
	SUBTEST("interrupts-again");
	level_handle(PIN_VECTOR, LINE, 1);
	line_raise(LINE);
	EXPECT(wait_for_count(1));
}

/* -------------------------------------------------------------------------- EOI without broadcast */

static u64 entry_before_directed;

static void end_directed(struct trap_frame *frame)
{
	level_seen.count++;
	line_lower(LINE);
	apic_eoi();
	entry_before_directed = ioapic_entry(pin());
	ioapic_eoi((u32)frame->vector);
	level_seen.entry_after_eoi = ioapic_entry(pin());
}

static bool has_directed_eoi(void)
{
	return (apic_read(APIC_VERSION) & APIC_VERSION_SUPPRESS_EOI) &&
	       IOAPIC_VERSION_NUMBER(ioapic_read(IOAPIC_VERSION)) >= IOAPIC_VERSION_HAS_EOI;
}

TEST(eoi_suppressed,
     "with EOI broadcasts suppressed remote IRR waits for the I/O APIC's EOI register",
     SPEC("SDM vol. 3A, 10.8.5, 10.9"), REQUIRES(has_directed_eoi()))
{
	begin(1);
	trap_set_handler(PIN_VECTOR, end_directed);
	apic_write(APIC_SVR, APIC_SVR_ENABLE | APIC_SVR_SUPPRESS_EOI | VEC_SPURIOUS);
	EXPECT_EQ(apic_read(APIC_SVR) & APIC_SVR_SUPPRESS_EOI, APIC_SVR_SUPPRESS_EOI);
	line_raise(LINE);
	irq_window();
	EXPECT_EQ(level_seen.count, 1u);
	EXPECT_EQ(entry_before_directed & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
	EXPECT_EQ(level_seen.entry_after_eoi & IOAPIC_REMOTE_IRR, 0ull);
}

static bool has_eoi_register(void)
{
	return IOAPIC_VERSION_NUMBER(ioapic_read(IOAPIC_VERSION)) >= IOAPIC_VERSION_HAS_EOI;
}

TEST(eoi_register, "the EOI register clears remote IRR of pins with its vector, and of no others",
     SPEC("82801FB (ICH6) data sheet, 10.5, EOIR"), REQUIRES(has_eoi_register()))
{
	ioapic_begin();
	ioapic_set_entry(pin(), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	line_raise(LINE);
	line_lower(LINE);
	EXPECT(remote_irr());
	ioapic_eoi(OTHER_VECTOR);
	EXPECT(remote_irr());
	ioapic_eoi(PIN_VECTOR);
	EXPECT(!remote_irr());
	irq_window();
	EXPECT_EQ(irq_taken(0, PIN_VECTOR), 1u);
}

TEST(eoi_register_high_level, "the EOI register lets a level that is still high interrupt again",
     SPEC("82801FB (ICH6) data sheet, 10.5, EOIR"), REQUIRES(has_eoi_register()))
{
	ioapic_begin();
	ioapic_set_entry(pin(), pin_entry(PIN_VECTOR) | IOAPIC_LEVEL);
	trap_set_handler(PIN_VECTOR, take_other);
	line_raise(LINE);
	EXPECT(apic_vector_bit(APIC_IRR, PIN_VECTOR));
	ioapic_eoi(PIN_VECTOR);
	EXPECT(remote_irr(), "accepted again");
	line_lower(LINE);
	irq_window();
	EXPECT(!remote_irr());
}
