/* SPDX-License-Identifier: MIT */
/* Level-triggered lines by the edge/level control registers 4D0H and 4D1H: Intel ICH6 data sheet, 10.4.8. */
#include "pic_test.h"

#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("8259: level-triggered lines", REQUIRES(cpu_has(X86_FEATURE_APIC)));

/* IRQ 0, 1, 2, 8 and 13 are always edge-triggered. */
#define ALWAYS_EDGE (BIT(0) | BIT(1) | BIT(2) | BIT(8) | BIT(13))

TEST(elcr_bits, "each line's bit can be set but for IRQ 0, 1, 2, 8 and 13, which read as 0",
     SPEC("82801FB (ICH6) data sheet, ELCR1, ELCR2"))
{
	pic_begin(0, END_BY_EOI);
	for (u32 irq = 0; irq < 16; irq++) {
		SUBTEST("IRQ-%u", irq);
		pic_set_elcr((u16)BIT(irq));
		EXPECT_EQ(pic_elcr(), (u16)(BIT(irq) & ~ALWAYS_EDGE));
		pic_set_elcr((u16)~BIT(irq));
		EXPECT_EQ(pic_elcr(), (u16)(~BIT(irq) & ~ALWAYS_EDGE));
	}
	pic_set_elcr(0);
}

TEST(level_follows_line, "IRR of a level-triggered line follows it up and down",
     SPEC("8259A data sheet, Triggering Modes"))
{
	pic_begin(0, END_BY_EOI);
	pic_set_elcr(BIT(4));
	for (u32 i = 0; i < 3; i++) {
		line_raise(LINE_COM1);
		EXPECT_EQ(pic_irr() & BIT(4), BIT(4), "high");
		line_lower(LINE_COM1);
		EXPECT_EQ(pic_irr() & BIT(4), 0ull, "low");
	}
	pic_window();
	PIC_EXPECT_NOTHING();
}

TEST(level_lowered_while_masked, "a level that falls while it is masked leaves nothing",
     SPEC("8259A data sheet, Triggering Modes"))
{
	pic_begin(0, END_BY_EOI);
	pic_set_elcr(BIT(4));
	line_raise(LINE_COM1);
	line_lower(LINE_COM1);
	pic_set_mask(UNMASKED(4));
	pic_window();
	PIC_EXPECT_NOTHING();
}

static u32 rounds;

static void lower_after_three(u32 irq)
{
	(void)irq;
	if (++rounds == 3)
		line_lower(LINE_COM1);
	else
		pic_in_handler(lower_after_three);
}

TEST(level_interrupts_again, "a level-triggered line that is still high after EOI interrupts again",
     SPEC("8259A data sheet, Triggering Modes"))
{
	pic_begin(BIT(4), END_EOI_ONLY);
	pic_set_elcr(BIT(4));
	rounds = 0;
	pic_in_handler(lower_after_three);
	line_raise(LINE_COM1);
	irq_window();
	irq_window();
	irq_window();
	irq_window();
	PIC_EXPECT(4, 4, 4);
	EXPECT_EQ(pic_irr() & BIT(4), 0ull);
}

TEST(level_waits_in_service, "a level that stays high does not interrupt before EOI",
     SPEC("8259A data sheet, Triggering Modes, Fully Nested Mode"))
{
	pic_begin(BIT(4), END_NOT);
	pic_set_elcr(BIT(4));
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
	EXPECT_EQ(pic_history.irr[0] & BIT(4), BIT(4), "the request is still there");
	irq_window_ns(1000000);
	EXPECT_EQ(pic_history.count, 1u);
	line_lower(LINE_COM1);
	pic_command(PIC_MASTER, PIC_EOI);
	irq_window();
	EXPECT_EQ(pic_history.count, 1u);
}

static void lower_mouse_after_three(u32 irq)
{
	(void)irq;
	if (++rounds == 3)
		line_lower(LINE_MOUSE);
	else
		pic_in_handler(lower_mouse_after_three);
}

TEST(level_of_slave, "a level-triggered line of the slave interrupts again after both EOIs",
     SPEC("8259A data sheet, Triggering Modes, Cascade Mode"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	pic_begin(BIT(2) | BIT(12), END_EOI_ONLY);
	pic_set_elcr(BIT(12));
	rounds = 0;
	pic_in_handler(lower_mouse_after_three);
	line_raise(LINE_MOUSE);
	irq_window();
	irq_window();
	irq_window();
	irq_window();
	PIC_EXPECT(12, 12, 12);
	EXPECT_EQ(pic_isr(), 0u);
}
