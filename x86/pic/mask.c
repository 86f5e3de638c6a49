/* SPDX-License-Identifier: MIT */
/*
 * Masks, special mask mode, poll, and requests that are withdrawn: 8259A data sheet, Operation Control Words,
 * Special Mask Mode, Poll Command, Interrupt Sequence.
 */
#include "pic_test.h"

#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("8259: masks and poll", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define WATCH_NS 1000000ull

TEST(masked_line_waits,
     "the edge of a masked line is remembered, and interrupts when it is unmasked",
     SPEC("8259A data sheet, Interrupt Mask Register, OCW1"))
{
	for (enum irq_line line = 0; line < LINES; line++) {
		u32 irq = line_irq(line);

		if (!line_is_there(line))
			continue;
		SUBTEST("IRQ-%u", irq);
		pic_begin(BIT(PIC_CASCADE), END_BY_EOI);
		line_raise(line);
		EXPECT_EQ(pic_irr() & BIT(irq), BIT(irq));
		irq_window_ns(WATCH_NS);
		PIC_EXPECT_NOTHING();
		pic_set_mask(CASCADED(irq));
		pic_window();
		pic_expect((u8[]){ (u8)irq }, 1);
	}
}

TEST(mask_is_of_one_line, "masking one line keeps no other back",
     SPEC("8259A data sheet, Interrupt Mask Register, OCW1"))
{
	pic_begin((u16)~BIT(4), END_BY_EOI);
	line_raise(LINE_COM1);
	line_raise(LINE_KEYBOARD);
	pic_window();
	EXPECT_GE(pic_history.count, 1u);
	for (u32 i = 0; i < pic_history.count; i++)
		EXPECT_NE(pic_history.irqs[i], 4u);
	EXPECT_EQ(pic_irr() & (BIT(4) | BIT(1)), BIT(4));
	line_lower(LINE_COM1);
}

TEST(cascade_masked, "masking IRQ 2 keeps the slave's interrupts back",
     SPEC("8259A data sheet, Cascade Mode"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	pic_begin(BIT(12), END_BY_EOI);
	line_raise(LINE_MOUSE);
	pic_window();
	PIC_EXPECT_NOTHING();
	pic_set_mask(CASCADED(12));
	pic_window();
	PIC_EXPECT(12);
}

TEST(mask_after_request, "a request that is masked before it is acknowledged does not come",
     SPEC("8259A data sheet, Interrupt Sequence"))
{
	pic_begin(BIT(4), END_BY_EOI);
	line_raise(LINE_COM1);
	pic_set_mask(0xffff);
	pic_window();
	/* If the CPU had the request already, it gets the default IRQ 7, which is not in service. */
	for (u32 i = 0; i < pic_history.count; i++) {
		EXPECT_EQ(pic_history.irqs[i], 7u);
		EXPECT_EQ(pic_history.isr[i], 0u);
	}
	EXPECT_LE(pic_history.count, 1u);
	pic_set_mask(UNMASKED(4));
	pic_window();
	PIC_EXPECT(4);
}

TEST(line_lowered_before_ack,
     "a line that falls before it is acknowledged is no interrupt of its own",
     SPEC("8259A data sheet, Interrupt Sequence, Triggering Modes"))
{
	pic_begin(BIT(4), END_BY_EOI);
	line_raise(LINE_COM1);
	line_lower(LINE_COM1);
	pic_window();
	for (u32 i = 0; i < pic_history.count; i++)
		EXPECT_EQ(pic_history.irqs[i], 7u, "at most the default IRQ 7");
	EXPECT_EQ(pic_isr(), 0u);
}

/* ---------------------------------------------------------------------------------- special mask mode */

/* IRQ 1 in service, its line low, and IRQ 4 requested. */
static void begin_special_mask(void)
{
	pic_begin(BIT(1) | BIT(4), END_NO_EOI);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT_NOTHING();
}

TEST(special_mask_mode, "in special mask mode a masked IRQ in service keeps back only itself",
     SPEC("8259A data sheet, Special Mask Mode"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	SUBTEST("masked");
	begin_special_mask();
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_ON);
	pic_set_mask(UNMASKED(4));
	pic_window();
	PIC_EXPECT(4);
	EXPECT_EQ(pic_isr(), BIT(1) | BIT(4));
	SUBTEST("masked-before");
	begin_special_mask();
	pic_set_mask(UNMASKED(4));
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_ON);
	pic_window();
	PIC_EXPECT(4);
	SUBTEST("not-masked");
	begin_special_mask();
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_ON);
	pic_set_mask((u16) ~(BIT(1) | BIT(4)));
	pic_window();
	PIC_EXPECT_NOTHING();
	SUBTEST("mode-off");
	begin_special_mask();
	pic_set_mask(UNMASKED(4));
	pic_window();
	PIC_EXPECT_NOTHING();
	SUBTEST("mode-off-again");
	begin_special_mask();
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_ON);
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_OFF);
	pic_set_mask(UNMASKED(4));
	pic_window();
	PIC_EXPECT_NOTHING();
	SUBTEST("mode-not-changed");
	begin_special_mask();
	/* SMM without ESMM is a don't-care. */
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_ON & ~0x40u);
	pic_set_mask(UNMASKED(4));
	pic_window();
	PIC_EXPECT_NOTHING();
	line_lower(LINE_COM1);
}

/* ------------------------------------------------------------------------------------------------ poll */

TEST(poll_nothing, "a poll with no request answers with bit 7 clear",
     SPEC("8259A data sheet, Poll Command"))
{
	pic_begin(0, END_BY_EOI);
	EXPECT_EQ(pic_poll(PIC_MASTER) & PIC_POLLED, 0ull);
	EXPECT_EQ(pic_poll(PIC_SLAVE) & PIC_POLLED, 0ull);
	EXPECT_EQ(pic_isr(), 0u);
}

/* With IF = 0, so that nobody else acknowledges. */
TEST(poll_acknowledges, "a poll answers with the highest request and puts it in service",
     SPEC("8259A data sheet, Poll Command"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	pic_begin(BIT(1) | BIT(4), END_BY_EOI);
	line_raise(LINE_COM1);
	line_raise(LINE_KEYBOARD);
	EXPECT_EQ(pic_poll(PIC_MASTER), PIC_POLLED | 1);
	EXPECT_EQ(pic_isr(), BIT(1));
	EXPECT_EQ(pic_irr() & BIT(1), 0ull);
	line_lower(LINE_KEYBOARD);
	EXPECT_EQ(pic_poll(PIC_MASTER) & PIC_POLLED, 0ull,
		  "IRQ 4 is lower than what is in service");
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_poll(PIC_MASTER), PIC_POLLED | 4);
	line_lower(LINE_COM1);
	pic_command(PIC_MASTER, PIC_EOI);
	pic_window();
	PIC_EXPECT_NOTHING();
}

TEST(poll_is_one_read, "a poll is answered by one read; the next one reads what OCW3 has selected",
     SPEC("8259A data sheet, Poll Command"))
{
	pic_begin(BIT(4), END_BY_EOI);
	line_raise(LINE_COM1);
	pic_command(PIC_MASTER, PIC_READ_ISR);
	EXPECT_EQ(pic_poll(PIC_MASTER), PIC_POLLED | 4);
	EXPECT_EQ(pic_read(PIC_MASTER), BIT(4));
	line_lower(LINE_COM1);
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_read(PIC_MASTER), 0u);
}

TEST(poll_ignores_masked, "a poll does not answer with a masked request",
     SPEC("8259A data sheet, Poll Command, OCW1"))
{
	pic_begin(0, END_BY_EOI);
	line_raise(LINE_COM1);
	EXPECT_EQ(pic_poll(PIC_MASTER) & PIC_POLLED, 0ull);
	EXPECT_EQ(pic_isr(), 0u);
	line_lower(LINE_COM1);
}
