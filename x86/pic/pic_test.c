/* SPDX-License-Identifier: MIT */
#include "pic_test.h"

#include <string.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/irq.h>
#include <x86/pit.h>
#include <x86/rtc.h>

struct pic_history pic_history;

static enum pic_ending how;
static void (*inside)(u32 irq);

static bool wait_for_request(u32 irq)
{
	return wait_until(pic_irr() & BIT(irq));
}

bool pic_raise_timer(void)
{
	pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(0));
	pit_write(0, 10);
	return wait_for_request(0);
}

bool pic_raise_clock(void)
{
	rtc_write(RTC_A, RTC_A_DIVIDER_32K | 3);
	(void)rtc_read(RTC_C);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_PIE);
	return wait_for_request(RTC_IRQ);
}

static void lower_line_of(u32 irq)
{
	for (enum irq_line line = 0; line < LINES; line++)
		if (line_irq(line) == irq)
			line_lower(line);
	if (irq == RTC_IRQ)
		rtc_reset();
}

static void take(struct trap_frame *frame)
{
	u32 irq = (u32)frame->vector - PIC_VECTOR, i = pic_history.count++;
	void (*fn)(u32 irq) = inside;

	if (i < ARRAY_SIZE(pic_history.irqs)) {
		pic_history.irqs[i] = irq;
		pic_history.isr[i] = pic_isr();
		pic_history.irr[i] = pic_irr();
	} else {
		/* A storm: let the case end. */
		pic_set_mask(0xffff);
	}
	inside = NULL;
	if (fn)
		fn(irq);
	if (how == END_BY_EOI || how == END_NO_EOI)
		lower_line_of(irq);
	if (how == END_BY_EOI || how == END_EOI_ONLY)
		pic_eoi(irq);
}

void pic_begin_icw4(u16 unmasked, enum pic_ending ending, u8 icw4_master, u8 icw4_slave)
{
	lines_reset();
	rtc_reset();
	pit_control(0,
		    PIT_ACCESS_BOTH | PIT_MODE(0)); /* OUT is low, and stays so without a count */
	pic_set_elcr(0);
	pic_init(PIC_VECTOR, icw4_master, icw4_slave, (u16)~unmasked);
	pic_command(PIC_MASTER, PIC_SPECIAL_MASK_OFF);
	pic_command(PIC_SLAVE, PIC_SPECIAL_MASK_OFF);
	for (u32 irq = 0; irq < 16; irq++)
		trap_set_handler(PIC_VECTOR + irq, take);
	memset(&pic_history, 0, sizeof(pic_history));
	how = ending;
	inside = NULL;
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT);
}

void pic_begin(u16 unmasked, enum pic_ending ending)
{
	pic_begin_icw4(unmasked, ending, 0, 0);
}

void pic_set_ending(enum pic_ending ending)
{
	how = ending;
}

void pic_in_handler(void (*fn)(u32 irq))
{
	inside = fn;
}

void pic_window(void)
{
	memset(&pic_history, 0, sizeof(pic_history));
	irq_window();
}

void pic_expect(const u8 *irqs, u32 count)
{
	EXPECT_EQ(pic_history.count, count, "interrupts taken");
	for (u32 i = 0; i < MIN(count, pic_history.count); i++)
		EXPECT_EQ(pic_history.irqs[i], irqs[i], "IRQ, interrupt %u", i);
}
