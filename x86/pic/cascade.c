/* SPDX-License-Identifier: MIT */
/* Master and slave: 8259A data sheet, Cascade Mode, Special Fully Nested Mode. */
#include "pic_test.h"

#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/rtc.h>

SUITE("8259: cascade", REQUIRES(cpu_has(X86_FEATURE_APIC) && line_is_there(LINE_MOUSE)));

/* IRQ 12 in service, in both chips. */
static void put_mouse_in_service(u8 icw4_master)
{
	pic_begin_icw4(BIT(1) | BIT(2) | BIT(4) | BIT(8) | BIT(12), END_NO_EOI, icw4_master, 0);
	line_raise(LINE_MOUSE);
	pic_window();
	PIC_EXPECT(12);
	ASSERT_EQ(pic_isr(), BIT(2) | BIT(12));
}

TEST(slave_blocks_itself,
     "without SFNM a higher IRQ of the slave waits while one of its IRQs is in service",
     SPEC("8259A data sheet, Fully Nested Mode, Special Fully Nested Mode"))
{
	put_mouse_in_service(0);
	ASSERT(pic_raise_clock());
	pic_window();
	PIC_EXPECT_NOTHING();
	SUBTEST("slave-ended-only");
	pic_command(PIC_SLAVE, PIC_EOI);
	pic_window();
	PIC_EXPECT_NOTHING();
	SUBTEST("both-ended");
	pic_set_ending(END_BY_EOI);
	pic_command(PIC_MASTER, PIC_EOI);
	pic_window();
	PIC_EXPECT(8);
}

TEST(special_fully_nested,
     "with SFNM a higher IRQ of the slave interrupts the handler of a lower one",
     SPEC("8259A data sheet, Special Fully Nested Mode"))
{
	put_mouse_in_service(PIC_ICW4_SFNM);
	ASSERT(pic_raise_clock());
	pic_window();
	PIC_EXPECT(8);
	EXPECT_EQ(pic_isr(), BIT(2) | BIT(8) | BIT(12));
	/* The master's is ended when the slave has nothing in service any more. */
	pic_command(PIC_SLAVE, PIC_EOI);
	EXPECT_EQ(pic_isr(), BIT(2) | BIT(12));
	pic_command(PIC_SLAVE, PIC_EOI);
	pic_command(PIC_MASTER, PIC_EOI);
	EXPECT_EQ(pic_isr(), 0u);
}

TEST(master_above_slave, "IRQ 1 interrupts a handler of the slave's IRQs, and IRQ 4 waits for it",
     SPEC("8259A data sheet, Fully Nested Mode"))
{
	put_mouse_in_service(0);
	line_raise(LINE_COM1);
	pic_window();
	PIC_EXPECT_NOTHING();
	/* The mouse's buffer is empty again, so that the keyboard can have it. */
	line_raise(LINE_KEYBOARD);
	pic_window();
	PIC_EXPECT(1);
	pic_command(PIC_MASTER, PIC_EOI);
	pic_set_ending(END_BY_EOI);
	pic_eoi(12);
	pic_window();
	PIC_EXPECT(4);
}

TEST(slave_request_withdrawn,
     "a slave's request that is masked before it is acknowledged does not come",
     SPEC("8259A data sheet, Interrupt Sequence, Cascade Mode"))
{
	pic_begin(BIT(2) | BIT(12), END_BY_EOI);
	line_raise(LINE_MOUSE);
	pic_set_mask(UNMASKED(2));
	pic_window();
	/* At most the default: IRQ 15, by the slave, or IRQ 7, and neither is in service in its chip. */
	EXPECT_LE(pic_history.count, 1u);
	for (u32 i = 0; i < pic_history.count; i++) {
		EXPECT(pic_history.irqs[i] == 15 || pic_history.irqs[i] == 7, "IRQ %u",
		       pic_history.irqs[i]);
		EXPECT_EQ(pic_history.isr[i] & (BIT(15) | BIT(7)), 0ull);
	}
	pic_set_mask(CASCADED(12));
	pic_window();
	PIC_EXPECT(12);
}

TEST(slave_polled,
     "a poll of the master answers with the cascade's level, a poll of the slave with its own",
     SPEC("8259A data sheet, Poll Command"))
{
	pic_begin(BIT(2) | BIT(12), END_BY_EOI);
	line_raise(LINE_MOUSE);
	EXPECT_EQ(pic_poll(PIC_MASTER), PIC_POLLED | PIC_CASCADE);
	EXPECT_EQ(pic_poll(PIC_SLAVE), PIC_POLLED | (12 - 8));
	EXPECT_EQ(pic_isr(), BIT(2) | BIT(12));
	line_lower(LINE_MOUSE);
	pic_eoi(12);
	EXPECT_EQ(pic_isr(), 0u);
}
