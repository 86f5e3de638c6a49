/* SPDX-License-Identifier: MIT */
/* Initialization and the registers that can be read: 8259A data sheet, ICW1 to ICW4, OCW1, OCW3. */
#include "pic_test.h"

#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("8259: initialization", REQUIRES(cpu_has(X86_FEATURE_APIC)));

TEST(imr_reads_back, "each bit of the two mask registers reads as it was written",
     SPEC("8259A data sheet, Operation Control Word 1"))
{
	pic_begin(0, END_BY_EOI);
	for (u32 bit = 0; bit < 16; bit++) {
		pic_set_mask((u16)BIT(bit));
		EXPECT_EQ(pic_mask(), (u16)BIT(bit));
		pic_set_mask((u16)~BIT(bit));
		EXPECT_EQ(pic_mask(), (u16)~BIT(bit));
	}
}

static void expect_vector_base(u32 base, u32 written)
{
	irq_record(0x20, 0xef);
	pic_init_one(PIC_MASTER, (u8)written, PIC_ICW4_8086);
	pic_init_one(PIC_SLAVE, (u8)(written + 8), PIC_ICW4_8086);
	pic_set_mask(CASCADED(4) & UNMASKED(12));
	line_raise(LINE_COM1);
	irq_window();
	line_lower(LINE_COM1);
	line_raise(LINE_MOUSE);
	pic_eoi(4);
	irq_window();
	line_lower(LINE_MOUSE);
	pic_eoi(12);
	EXPECT_EQ(irq_history_length(0), 2u, "ICW2 %#x", written);
	EXPECT_EQ(irq_taken(0, base + 4), 1u, "ICW2 %#x, IRQ 4", written);
	EXPECT_EQ(irq_taken(0, base + 12), 1u, "ICW2 %#x, IRQ 12", written);
}

TEST(vector_base, "bits 7-3 of the vector are ICW2's, bits 2-0 the level, whatever ICW2 has there",
     SPEC("8259A data sheet, ICW2"), REQUIRES(line_is_there(LINE_MOUSE)))
{
	static const struct {
		u8 written, base;
	} rows[] = { { 0x20, 0x20 }, { 0x30, 0x30 }, { 0x60, 0x60 },
		     { 0xd8, 0xd8 }, { 0x47, 0x40 }, { 0x79, 0x78 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%#x", rows[i].written);
		pic_begin(0, END_BY_EOI);
		expect_vector_base(rows[i].base, rows[i].written);
	}
}

TEST(read_selection, "the register that OCW3 selects is read until another is selected",
     SPEC("8259A data sheet, Reading the 8259A Status"))
{
	pic_begin(0, END_BY_EOI);
	line_raise(LINE_COM1);
	pic_command(PIC_MASTER, PIC_READ_IRR);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(pic_read(PIC_MASTER) & BIT(4), BIT(4), "IRR");
	pic_command(PIC_MASTER, PIC_READ_ISR);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(pic_read(PIC_MASTER) & BIT(4), 0ull, "ISR");
	pic_command(PIC_SLAVE, PIC_READ_IRR);
	EXPECT_EQ(pic_read(PIC_MASTER) & BIT(4), 0ull, "the slave's selection is its own");
	/* RR = 0: no action. */
	pic_command(PIC_MASTER, PIC_OCW3);
	EXPECT_EQ(pic_read(PIC_MASTER) & BIT(4), 0ull, "OCW3 without RR selects nothing");
	pic_command(PIC_MASTER, PIC_READ_IRR);
	pic_command(PIC_MASTER, PIC_OCW3 | 1);
	EXPECT_EQ(pic_read(PIC_MASTER) & BIT(4), BIT(4), "OCW3 with RIS, but without RR");
	line_lower(LINE_COM1);
}

/* -------------------------------------------------------------------------- what ICW1 does */

/* Something of each kind that ICW1 resets. */
static void change_master(void)
{
	pic_command(PIC_MASTER, PIC_SET_PRIORITY | 2);
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_ON);
	pic_command(PIC_MASTER, PIC_READ_ISR);
	pic_set_mask(0xffff);
}

TEST(icw1_clears_imr, "initialization clears the mask register",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2"))
{
	pic_begin(0, END_BY_EOI);
	change_master();
	pic_init_one(PIC_MASTER, PIC_VECTOR, PIC_ICW4_8086);
	EXPECT_EQ(pic_mask() & 0xff, 0u);
	EXPECT_EQ(pic_mask() >> 8, 0xffu, "the slave's is its own");
	pic_set_mask(0xffff);
}

TEST(icw1_selects_irr, "after initialization the register that reads is IRR",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2"))
{
	pic_begin(0, END_BY_EOI);
	change_master();
	pic_init_one(PIC_MASTER, PIC_VECTOR, PIC_ICW4_8086);
	pic_set_mask(0xffff);
	line_raise(LINE_COM1);
	EXPECT_EQ(pic_read(PIC_MASTER) & BIT(4), BIT(4));
	line_lower(LINE_COM1);
}

static void init_master(void)
{
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_ON);
	pic_init_one(PIC_MASTER, PIC_VECTOR, PIC_ICW4_8086);
	pic_set_mask(UNMASKED(1) & UNMASKED(4));
}

/* IRQ 1 in service and masked keeps IRQ 4 back, but in special mask mode. */
TEST(icw1_ends_special_mask, "initialization ends special mask mode",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2"),
	  REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	pic_begin(0, END_NO_EOI);
	init_master();
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	EXPECT_EQ(pic_isr() & BIT(1), BIT(1));
	pic_set_mask(UNMASKED(4));
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT_NOTHING();
	pic_eoi(1);
	pic_window();
	PIC_EXPECT(4);
	pic_eoi(4);
}

TEST(icw1_needs_new_edge,
     "a line that is high during initialization has to fall and rise to interrupt",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2"))
{
	pic_begin(0, END_BY_EOI);
	line_raise(LINE_COM1);
	pic_init(PIC_VECTOR, 0, 0, UNMASKED(4));
	EXPECT_EQ(pic_irr() & BIT(4), 0ull);
	pic_window();
	PIC_EXPECT_NOTHING();
	line_lower(LINE_COM1);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
}

TEST(icw1_clears_service, "initialization ends what is in service",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2"))
{
	pic_begin(BIT(4), END_NO_EOI);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
	EXPECT_EQ(pic_isr() & BIT(4), BIT(4));
	pic_init(PIC_VECTOR, 0, 0, UNMASKED(4));
	EXPECT_EQ(pic_isr() & BIT(4), 0ull);
	pic_set_ending(END_BY_EOI);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
}

TEST(icw1_resets_priority,
     "after initialization IRQ 7 is the lowest priority, whatever was rotated",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2"),
	  REQUIRES(line_is_there(LINE_KEYBOARD)))
{
	pic_begin(BIT(1) | BIT(4), END_BY_EOI);
	pic_command(PIC_MASTER, PIC_SET_PRIORITY | 2);
	pic_init(PIC_VECTOR, 0, 0, (u16) ~(BIT(1) | BIT(4)));
	line_raise(LINE_COM1);
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1, 4);
}

TEST(icw4_ends_aeoi, "initialization without AEOI in ICW4 ends automatic EOI",
     SPEC("8259A data sheet, ICW4"))
{
	pic_begin_icw4(BIT(4), END_NO_EOI, PIC_ICW4_AEOI, 0);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
	EXPECT_EQ(pic_isr(), 0u);
	pic_init(PIC_VECTOR, 0, 0, UNMASKED(4));
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT(4);
	EXPECT_EQ(pic_isr(), BIT(4));
	pic_eoi(4);
}

TEST(icw1_without_icw4, "after an ICW1 without IC4 the byte that follows ICW3 is a mask",
     SPEC("8259A data sheet, Initialization Command Words 1 and 2, IC4; figure 6"))
{
	static const enum pic pics[] = { PIC_MASTER, PIC_SLAVE };

	for (u32 i = 0; i < ARRAY_SIZE(pics); i++) {
		SUBTEST("%s", i ? "slave" : "master");
		pic_begin(0, END_BY_EOI);
		pic_init_without_icw4(pics[i], PIC_VECTOR);
		pic_set_mask(0xfbfb);
		EXPECT_EQ(pic_mask(), 0xfbfbu);
	}
}
