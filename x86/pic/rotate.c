/* SPDX-License-Identifier: MIT */
/* Rotation of priorities: 8259A data sheet, Automatic Rotation, Specific Rotation. */
#include "pic_test.h"

#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("8259: rotation", REQUIRES(cpu_has(X86_FEATURE_APIC) && line_is_there(LINE_KEYBOARD)));

/* IRQ 1 and IRQ 4 pending at once: which comes first. */
static void expect_order(u8 first, u8 second)
{
	pic_set_ending(END_BY_EOI);
	line_raise(LINE_COM1);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(first, second);
}

TEST(set_priority,
     "the set-priority command makes its level the lowest, and the next one the highest",
     SPEC("8259A data sheet, Specific Rotation"))
{
	static const struct {
		u8 lowest, first, second;
	} rows[] = { { 7, 1, 4 }, { 0, 1, 4 }, { 1, 4, 1 }, { 2, 4, 1 },
		     { 3, 4, 1 }, { 4, 1, 4 }, { 5, 1, 4 }, { 6, 1, 4 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("lowest-%u", rows[i].lowest);
		pic_begin(BIT(1) | BIT(4), END_BY_EOI);
		pic_command(PIC_MASTER, (u8)(PIC_SET_PRIORITY | rows[i].lowest));
		expect_order(rows[i].first, rows[i].second);
	}
}

TEST(set_priority_nests,
     "after rotation the level that is higher now nests, and the other one waits",
     SPEC("8259A data sheet, Specific Rotation, Fully Nested Mode"))
{
	pic_begin(BIT(1) | BIT(4), END_NO_EOI);
	pic_command(PIC_MASTER, PIC_SET_PRIORITY | 1);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
	EXPECT_EQ(pic_isr(), BIT(1) | BIT(4));
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT_NOTHING();
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_isr(), BIT(1), "the highest in service is IRQ 4 now");
	pic_command(PIC_MASTER, PIC_EOI);
	pic_set_ending(END_BY_EOI);
	pic_window();
	PIC_EXPECT(1);
}

TEST(rotate_on_eoi, "rotate on non-specific EOI makes the level that it ends the lowest",
     SPEC("8259A data sheet, Automatic Rotation"))
{
	pic_begin(BIT(1) | BIT(4), END_NO_EOI);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	pic_command(PIC_MASTER, PIC_ROTATE_EOI);
	EXPECT_EQ(pic_isr(), 0u);
	expect_order(4, 1);
}

TEST(plain_eoi_does_not_rotate, "EOIs without rotation leave the priorities as they are",
     SPEC("8259A data sheet, End of Interrupt"))
{
	pic_begin(BIT(1) | BIT(4), END_NO_EOI);
	line_raise(LINE_KEYBOARD);
	pic_window();
	pic_command(PIC_MASTER, PIC_SPECIFIC_EOI | 1);
	expect_order(1, 4);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	expect_order(1, 4);
}

TEST(rotate_on_eoi_of_nothing, "rotate on EOI with nothing in service leaves the priorities",
     SPEC("8259A data sheet, Automatic Rotation"))
{
	pic_begin(BIT(1) | BIT(4), END_BY_EOI);
	pic_command(PIC_MASTER, PIC_ROTATE_EOI);
	expect_order(1, 4);
}

TEST(rotate_on_specific_eoi,
     "rotate on specific EOI ends the level that it names and makes it the lowest",
     SPEC("8259A data sheet, Specific Rotation"))
{
	pic_begin(BIT(1) | BIT(4), END_NO_EOI);
	line_raise(LINE_COM1);
	pic_window();
	line_raise(LINE_KEYBOARD);
	pic_window();
	EXPECT_EQ(pic_isr(), BIT(1) | BIT(4));
	pic_command(PIC_MASTER, PIC_ROTATE_SPECIFIC | 1);
	EXPECT_EQ(pic_isr(), BIT(4));
	pic_command(PIC_MASTER, PIC_EOI);
	expect_order(4, 1);
}

TEST(rotate_in_aeoi, "rotate in automatic EOI mode makes each level that is taken the lowest",
     SPEC("8259A data sheet, Automatic Rotation"))
{
	SUBTEST("on");
	pic_begin_icw4(BIT(1) | BIT(4), END_NO_EOI, PIC_ICW4_AEOI, 0);
	pic_command(PIC_MASTER, PIC_ROTATE_AEOI_ON);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	line_raise(LINE_COM1);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(4, 1);
	SUBTEST("off");
	pic_command(PIC_MASTER, PIC_ROTATE_AEOI_OFF);
	pic_command(PIC_MASTER, PIC_SET_PRIORITY | 7);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	line_raise(LINE_COM1);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1, 4);
}

TEST(rotation_is_of_one_chip,
     "rotation of the slave leaves the master's priorities, and does its own",
     SPEC("8259A data sheet, Specific Rotation"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	pic_begin(BIT(1) | BIT(4) | BIT(2) | BIT(8) | BIT(12), END_BY_EOI);
	pic_command(PIC_SLAVE, PIC_SET_PRIORITY | 2);
	expect_order(1, 4);
	line_raise(LINE_MOUSE);
	ASSERT(pic_raise_clock());
	pic_window();
	PIC_EXPECT(12, 8);
}
