/* SPDX-License-Identifier: MIT */
/*
 * Requests, service and the ways to end it, in fully nested mode: 8259A data sheet, Interrupt Sequence,
 * Fully Nested Mode, End of Interrupt.
 */
#include "pic_test.h"

#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/rtc.h>

SUITE("8259: order of interrupts", REQUIRES(cpu_has(X86_FEATURE_APIC)));

TEST(each_line_interrupts,
     "each IRQ interrupts once, with its own vector; ISR has its bit until EOI",
     SPEC("8259A data sheet, Interrupt Sequence"))
{
	for (enum irq_line line = 0; line < LINES; line++) {
		u32 irq = line_irq(line);
		u16 isr = (u16)(BIT(irq) | (irq >= 8 ? BIT(PIC_CASCADE) : 0));

		if (!line_is_there(line))
			continue;
		SUBTEST("IRQ-%u", irq);
		pic_begin((u16)(BIT(irq) | BIT(PIC_CASCADE)), END_BY_EOI);
		line_raise(line);
		EXPECT_EQ(pic_irr() & BIT(irq), BIT(irq));
		EXPECT_EQ(pic_isr(), 0u);
		pic_window();
		pic_expect((u8[]){ (u8)irq }, 1);
		EXPECT_EQ(pic_history.isr[0], isr, "in the handler");
		EXPECT_EQ(pic_history.irr[0] & BIT(irq), 0ull, "in the handler");
		EXPECT_EQ(pic_isr(), 0u, "after EOI");
		irq_window();
		EXPECT_EQ(pic_history.count, 1u);
	}
	SUBTEST("IRQ-0");
	pic_begin(BIT(0), END_BY_EOI);
	ASSERT(pic_raise_timer());
	pic_window();
	PIC_EXPECT(0);
	EXPECT_EQ(pic_history.isr[0], BIT(0));
	SUBTEST("IRQ-8");
	pic_begin(BIT(8) | BIT(PIC_CASCADE), END_BY_EOI);
	ASSERT(pic_raise_clock());
	pic_window();
	PIC_EXPECT(8);
	EXPECT_EQ(pic_history.isr[0], BIT(8) | BIT(PIC_CASCADE));
}

TEST(edge_is_one_interrupt,
     "a line that stays high after its edge does not interrupt again after EOI",
     SPEC("8259A data sheet, ICW1, LTIM; figure 9"))
{
	pic_begin(BIT(4), END_EOI_ONLY);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
	irq_window_ns(1000000);
	EXPECT_EQ(pic_history.count, 1u);
	line_lower(LINE_COM1);
	irq_window();
	EXPECT_EQ(pic_history.count, 1u, "the falling edge");
	line_raise(LINE_COM1);
	irq_window();
	EXPECT_EQ(pic_history.count, 2u, "the next rising edge");
	line_lower(LINE_COM1);
}

TEST(taken_by_priority, "pending IRQs are taken by priority: 0, 1, 8 to 15, 3 to 7",
     SPEC("8259A data sheet, Fully Nested Mode"))
{
	bool com2 = line_is_there(LINE_COM2);

	pic_begin(BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(8), END_BY_EOI);
	line_raise(LINE_COM1);
	if (com2)
		line_raise(LINE_COM2);
	line_raise(LINE_KEYBOARD);
	ASSERT(pic_raise_clock());
	ASSERT(pic_raise_timer());
	pic_window();
	if (com2)
		PIC_EXPECT(0, 1, 8, 3, 4);
	else
		PIC_EXPECT(0, 1, 8, 4);
}

TEST(slave_priority, "of the slave's IRQs the lower number is taken first",
     SPEC("8259A data sheet, Fully Nested Mode"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	pic_begin(BIT(2) | BIT(8) | BIT(12), END_BY_EOI);
	line_raise(LINE_MOUSE);
	ASSERT(pic_raise_clock());
	pic_window();
	PIC_EXPECT(8, 12);
}

static void raise_keyboard(u32 irq)
{
	(void)irq;
	line_raise(LINE_KEYBOARD);
	irq_window();
}

static void raise_com1(u32 irq)
{
	(void)irq;
	line_raise(LINE_COM1);
	irq_window();
}

TEST(higher_nests, "a higher IRQ interrupts the handler of a lower one, which is in service still",
     SPEC("8259A data sheet, Fully Nested Mode"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	pic_begin(BIT(1) | BIT(4), END_BY_EOI);
	pic_in_handler(raise_keyboard);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4, 1);
	EXPECT_EQ(pic_history.isr[0], BIT(4));
	EXPECT_EQ(pic_history.isr[1], BIT(4) | BIT(1));
	EXPECT_EQ(pic_isr(), 0u);
}

static u32 taken_inside;

static void raise_com1_and_note(u32 irq)
{
	raise_com1(irq);
	taken_inside = pic_history.count;
}

TEST(lower_waits, "a lower IRQ waits in IRR until the EOI of the higher one",
     SPEC("8259A data sheet, Fully Nested Mode"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	pic_begin(BIT(1) | BIT(4), END_BY_EOI);
	pic_in_handler(raise_com1_and_note);
	line_raise(LINE_KEYBOARD);
	pic_window();
	EXPECT_EQ(taken_inside, 1u);
	PIC_EXPECT(1, 4);
}

static void raise_again(u32 irq)
{
	(void)irq;
	line_lower(LINE_COM1);
	line_raise(LINE_COM1);
	irq_window();
	taken_inside = pic_history.count;
}

TEST(same_waits, "another edge of the IRQ in service is taken after its EOI, once",
     SPEC("8259A data sheet, Fully Nested Mode"))
{
	pic_begin(BIT(4), END_EOI_ONLY);
	pic_in_handler(raise_again);
	line_raise(LINE_COM1);
	pic_window();
	irq_window();
	EXPECT_EQ(taken_inside, 1u);
	PIC_EXPECT(4, 4);
	line_lower(LINE_COM1);
}

/* ------------------------------------------------------------------------------------- EOI */

/* Both in service: IRQ 4, and IRQ 1 above it, with both lines low and no EOI. */
static void put_two_in_service(void)
{
	pic_begin(BIT(1) | BIT(4), END_NO_EOI);
	line_raise(LINE_COM1);
	irq_window();
	line_raise(LINE_KEYBOARD);
	irq_window();
	ASSERT_EQ(pic_isr(), BIT(1) | BIT(4));
}

TEST(non_specific_eoi, "the non-specific EOI clears the highest priority in service",
     SPEC("8259A data sheet, End of Interrupt"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	put_two_in_service();
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_isr(), BIT(4));
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_isr(), 0u);
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_isr(), 0u, "with nothing in service");
}

TEST(specific_eoi, "the specific EOI clears the level that it names and no other",
     SPEC("8259A data sheet, End of Interrupt"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	put_two_in_service();
	pic_command(PIC_MASTER, PIC_SPECIFIC_EOI | 3);
	EXPECT_EQ(pic_isr(), BIT(1) | BIT(4), "a level that is not in service");
	pic_command(PIC_MASTER, PIC_SPECIFIC_EOI | 4);
	EXPECT_EQ(pic_isr(), BIT(1));
	pic_command(PIC_MASTER, PIC_SPECIFIC_EOI | 1);
	EXPECT_EQ(pic_isr(), 0u);
}

TEST(nop_command, "OCW2 without operation ends nothing",
     SPEC("8259A data sheet, Operation Control Word 2"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	put_two_in_service();
	for (u32 level = 0; level < 8; level++)
		pic_command(PIC_MASTER, (u8)(PIC_NOP | level));
	EXPECT_EQ(pic_isr(), BIT(1) | BIT(4));
}

TEST(eoi_is_of_one_chip, "an EOI to one 8259 leaves what is in service in the other",
     SPEC("8259A data sheet, End of Interrupt"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	pic_begin(BIT(2) | BIT(12), END_NO_EOI);
	line_raise(LINE_MOUSE);
	pic_window();
	PIC_EXPECT(12);
	EXPECT_EQ(pic_isr(), BIT(2) | BIT(12));
	pic_command(PIC_SLAVE, PIC_EOI);
	EXPECT_EQ(pic_isr(), BIT(2));
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_isr(), 0u);
}

/* -------------------------------------------------------------------------------------- automatic EOI */

TEST(automatic_eoi, "with AEOI an IRQ is in service no longer when its handler begins",
     SPEC("8259A data sheet, Automatic End of Interrupt"))
{
	pic_begin_icw4(BIT(4), END_NO_EOI, PIC_ICW4_AEOI, 0);
	for (u32 i = 0; i < 3; i++) {
		line_raise(LINE_COM1);
		pic_window();
		PIC_EXPECT(4);
		EXPECT_EQ(pic_history.isr[0], 0u);
	}
}

TEST(automatic_eoi_lets_lower_in, "with AEOI a lower IRQ interrupts the handler of a higher one",
     SPEC("8259A data sheet, Automatic End of Interrupt"), REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	pic_begin_icw4(BIT(1) | BIT(4), END_NO_EOI, PIC_ICW4_AEOI, 0);
	pic_in_handler(raise_com1_and_note);
	line_raise(LINE_KEYBOARD);
	pic_window();
	EXPECT_EQ(taken_inside, 2u);
	PIC_EXPECT(1, 4);
}

TEST(automatic_eoi_of_master, "AEOI of the master alone leaves the slave's IRQ in service",
     SPEC("8259A data sheet, Automatic End of Interrupt"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	pic_begin_icw4(BIT(2) | BIT(12), END_NO_EOI, PIC_ICW4_AEOI, 0);
	line_raise(LINE_MOUSE);
	pic_window();
	PIC_EXPECT(12);
	EXPECT_EQ(pic_history.isr[0], BIT(12));
	pic_command(PIC_SLAVE, PIC_EOI);
	EXPECT_EQ(pic_isr(), 0u);
}

TEST(automatic_eoi_of_slave, "AEOI of the slave alone leaves the master's cascade in service",
     SPEC("8259A data sheet, Automatic End of Interrupt: as a slave, from 1985 on"),
	  REQUIRES(line_is_there(LINE_MOUSE)))
{
	pic_begin_icw4(BIT(2) | BIT(12), END_NO_EOI, 0, PIC_ICW4_AEOI);
	line_raise(LINE_MOUSE);
	pic_window();
	PIC_EXPECT(12);
	EXPECT_EQ(pic_history.isr[0], BIT(2));
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_isr(), 0u);
}
