/* SPDX-License-Identifier: MIT */
/* What the topics on the 8259s share: a known state, and handlers that note what they see. */
#ifndef ASSAY_PIC_PIC_TEST_H
#define ASSAY_PIC_PIC_TEST_H

#include <test.h>

#include <x86/irq_line.h>
#include <x86/pic.h>

/* IRQ n has the vector PIC_VECTOR + n. */
#define PIC_VECTOR  0x50u
#define UNMASKED(n) ((u16)~BIT(n))
#define CASCADED(n) ((u16) ~(BIT(n) | BIT(PIC_CASCADE)))

/* What a handler does before it returns. */
enum pic_ending {
	END_BY_EOI,  /* lowers the line of the IRQ, if it is one of irq_line's, and sends EOI */
	END_NO_EOI,  /* lowers the line only */
	END_NOT,     /* leaves all as it is */
	END_EOI_ONLY /* sends EOI and leaves the line */
};

struct pic_history {
	u32 count;
	u32 irqs[32];
	u16 isr[32], irr[32]; /* as they were in the handler */
};

extern struct pic_history pic_history;

/*
 * Both 8259s initialized with all IRQs masked but those of `unmasked`, edge-triggered, fully nested; every
 * line low; their INT connected to this CPU by its LINT0 pin; handlers that note and end interrupts so.
 */
void pic_begin(u16 unmasked, enum pic_ending ending);
void pic_begin_icw4(u16 unmasked, enum pic_ending ending, u8 icw4_master, u8 icw4_slave);

/* Changes what handlers do. */
void pic_set_ending(enum pic_ending ending);

/* Runs fn(irq) in the next handler, with interrupts off, before it ends the interrupt. */
void pic_in_handler(void (*fn)(u32 irq));

/* The history is exactly this. */
void pic_expect(const u8 *irqs, u32 count);
#define PIC_EXPECT(...)	     pic_expect((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))
#define PIC_EXPECT_NOTHING() pic_expect(NULL, 0)

/*
 * Raise IRQ 0 by the PIT, and IRQ 8 by the real-time clock, and wait until the 8259 has the request: false
 * if it does not get it. The line stays high; IRQ 8's goes low with rtc_reset(), which END_BY_EOI does.
 */
bool pic_raise_timer(void);
bool pic_raise_clock(void);

/* Takes what is pending and forgets what was before. */
void pic_window(void);

#endif
