/* SPDX-License-Identifier: MIT */
/*
 * Requests that have come while the master masked them, and are let through by one write of its mask: whatever INT did
 * before, the priority resolver has all of them to choose from. 8259A data sheet, Priority Resolver, Interrupt Mask.
 */
#include "pic_test.h"

#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("8259: requests unmasked at once",
      REQUIRES(cpu_has(X86_FEATURE_APIC) && line_is_there(LINE_KEYBOARD)));

/* IRQ 1 and IRQ 4 come while both are masked. */
static void expect_order(u8 first, u8 second)
{
	pic_set_mask(0xffff);
	line_raise(LINE_COM1);
	line_raise(LINE_KEYBOARD);
	EXPECT_EQ(pic_irr() & (BIT(1) | BIT(4)), BIT(1) | BIT(4));
	pic_window();
	PIC_EXPECT_NOTHING();
	pic_set_mask((u16) ~(BIT(1) | BIT(4)));
	pic_window();
	PIC_EXPECT(first, second);
}

TEST(unmasked_by_priority, "of requests unmasked at once the highest is taken first, then the next",
     SPEC("8259A data sheet, Fully Nested Mode, Specific Rotation"))
{
	static const struct {
		u8 lowest, first, second;
	} rows[] = { { 7, 1, 4 }, { 0, 1, 4 }, { 1, 4, 1 }, { 2, 4, 1 },
		     { 3, 4, 1 }, { 4, 1, 4 }, { 5, 1, 4 }, { 6, 1, 4 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("lowest-%u", rows[i].lowest);
		pic_begin(0, END_BY_EOI);
		pic_command(PIC_MASTER, (u8)(PIC_SET_PRIORITY | rows[i].lowest));
		expect_order(rows[i].first, rows[i].second);
	}
}

TEST(unmasked_after_init,
     "initialization sets the highest priority back to IRQ 0, and ends the rotation in AEOI mode",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2"))
{
	SUBTEST("priority");
	pic_begin(0, END_BY_EOI);
	pic_command(PIC_MASTER, PIC_SET_PRIORITY | 2);
	expect_order(4, 1);
	pic_begin(0, END_BY_EOI);
	expect_order(1, 4);
	SUBTEST("AEOI");
	pic_begin_icw4(0, END_NO_EOI, PIC_ICW4_AEOI, 0);
	pic_begin(BIT(1), END_NO_EOI);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	EXPECT_EQ(pic_isr(), BIT(1));
}

TEST(unmasked_after_rotation, "each way to rotate decides about requests unmasked at once",
     SPEC("8259A data sheet, Automatic Rotation, Specific Rotation, End of Interrupt"))
{
	static const struct {
		const char *name;
		u8 command, first, second;
	} rows[] = {
		{ "EOI", PIC_EOI, 1, 4 },
		{ "specific-EOI", PIC_SPECIFIC_EOI | 1, 1, 4 },
		{ "rotate-on-EOI", PIC_ROTATE_EOI, 4, 1 },
		{ "rotate-on-specific-EOI", PIC_ROTATE_SPECIFIC | 1, 4, 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		pic_begin(BIT(1), END_NO_EOI);
		line_raise(LINE_KEYBOARD);
		pic_window();
		PIC_EXPECT(1);
		pic_command(PIC_MASTER, rows[i].command);
		EXPECT_EQ(pic_isr(), 0u);
		pic_set_ending(END_BY_EOI);
		expect_order(rows[i].first, rows[i].second);
	}
}

TEST(unmasked_rotates_in_aeoi,
     "in automatic EOI mode the level taken becomes the lowest only while rotation is on",
     SPEC("8259A data sheet, Automatic Rotation"))
{
	static const struct {
		const char *name;
		u8 command, first, second;
	} rows[] = { { "on", PIC_ROTATE_AEOI_ON, 4, 1 }, { "off", PIC_ROTATE_AEOI_OFF, 1, 4 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		pic_begin_icw4(BIT(1), END_NO_EOI, PIC_ICW4_AEOI, 0);
		pic_command(PIC_MASTER, rows[i].command);
		line_raise(LINE_KEYBOARD);
		pic_window();
		PIC_EXPECT(1);
		expect_order(rows[i].first, rows[i].second);
	}
}

TEST(unmasked_in_service,
     "a request unmasked while a higher one is in service waits, and one unmasked while a lower one is does not",
     SPEC("8259A data sheet, Fully Nested Mode, Interrupt Mask"))
{
	SUBTEST("lower");
	pic_begin(BIT(1), END_NO_EOI);
	line_raise(LINE_KEYBOARD);
	pic_window();
	line_raise(LINE_COM1);
	pic_set_mask((u16) ~(BIT(1) | BIT(4)));
	pic_window();
	PIC_EXPECT_NOTHING();
	pic_command(PIC_MASTER, PIC_EOI);
	pic_window();
	PIC_EXPECT(4);
	SUBTEST("higher");
	pic_begin(BIT(4), END_NO_EOI);
	line_raise(LINE_COM1);
	pic_window();
	line_raise(LINE_KEYBOARD);
	pic_set_mask((u16) ~(BIT(1) | BIT(4)));
	pic_window();
	PIC_EXPECT(1);
	EXPECT_EQ(pic_isr(), BIT(1) | BIT(4));
	SUBTEST("lower-is-lowest");
	pic_begin(BIT(4), END_NO_EOI);
	pic_command(PIC_MASTER, PIC_SET_PRIORITY | 1);
	line_raise(LINE_COM1);
	pic_window();
	line_raise(LINE_KEYBOARD);
	pic_set_mask((u16) ~(BIT(1) | BIT(4)));
	pic_window();
	PIC_EXPECT_NOTHING();
}

TEST(unmasked_cascade, "the slave's requests come where the cascade stands among the master's",
     SPEC("8259A data sheet, Cascade Mode, Fully Nested Mode"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	static const struct {
		const char *name;
		u8 lowest, irqs[3];
	} rows[] = { { "lowest-7", 7, { 0, 12, 4 } },
		     { "lowest-1", 1, { 12, 4, 0 } },
		     { "lowest-2", 2, { 4, 0, 12 } } };

	/* Keyboard and mouse share a buffer, so that the PIT is the line above. */
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		pic_begin(BIT(12), END_BY_EOI);
		pic_command(PIC_MASTER, (u8)(PIC_SET_PRIORITY | rows[i].lowest));
		line_raise(LINE_MOUSE);
		line_raise(LINE_COM1);
		ASSERT(pic_raise_timer());
		pic_window();
		PIC_EXPECT_NOTHING();
		pic_set_mask((u16) ~(BIT(0) | BIT(2) | BIT(4) | BIT(12)));
		pic_window();
		pic_expect(rows[i].irqs, 3);
	}
}
