/* SPDX-License-Identifier: MIT */
/* NMI by a self IPI: delivery, and blocking from delivery to the next IRET. SDM vol. 3A, 6.7.1.
 */
#include "event.h"

#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/desc.h>

SUITE("Non-maskable interrupts");

static struct {
	u32 count;	/* NMIs taken */
	u32 nested;	/* taken while the handler of another ran */
	u32 after_iret; /* count when the handler's inner IRET had been executed */
	bool in_handler;
	bool iret_inside; /* the handler executes an IRET */
	u32 to_send;	  /* NMIs that the first handler sends itself */
	ulong flags;	  /* pushed by the first */
} nmi;

/* By its ID: the shorthand for itself takes fixed interrupts only (SDM vol. 3A, table 10-3). */
static void send_nmi(void)
{
	apic_send(ICR_NMI | ICR_ASSERT, apic_id());
}

static void wait_for(u32 count)
{
	wait_until(READ_ONCE(nmi.count) >= count);
}

static void handle_nmi(struct trap_frame *frame)
{
	if (!nmi.count++)
		nmi.flags = frame->flags;
	if (nmi.in_handler) {
		nmi.nested++;
		return;
	}
	if (nmi.count > 1)
		return;
	nmi.in_handler = true;
	for (u32 i = 0; i < nmi.to_send; i++)
		send_nmi();
	delay_us(200);
	if (nmi.iret_inside) {
		arch_leave_exception(); /* IRET to the next instruction */
		wait_for(2);
		nmi.after_iret = nmi.count;
	}
	nmi.in_handler = false;
}

/* The handler may be entered again after the inner IRET, so it must not be on an IST stack. */
static void take_nmis(u32 to_send, bool iret_inside, u32 expected)
{
	nmi = (__typeof__(nmi)){ .to_send = to_send, .iret_inside = iret_inside };
	trap_set_handler(VEC_NMI, handle_nmi);
	idt_set_ist(VEC_NMI, 0);
	send_nmi();
	wait_for(expected);
	delay_us(200);
}

TEST(nmi_is_delivered, "an NMI is taken once, through gate 2, with interrupts disabled",
     SPEC("SDM vol. 3A, 6.7 and 6.15, Interrupt 2"))
{
	take_nmis(0, false, 1);
	EXPECT_EQ(nmi.count, 1u);
	EXPECT_EQ(nmi.flags & (FLAG_1 | FLAG_IF), FLAG_1);
}

static void send_and_wait(void *arg)
{
	(void)arg;
	send_nmi();
	delay_us(1000);
}

TEST(nmi_frame, "an NMI pushes flags, CS and IP, and no error code",
     SPEC("SDM vol. 3A, 6.15, Interrupt 2"))
{
	struct raw_entry entry;

	raw_gate_set(VEC_NMI, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_NMI), raw_gate_catch(KERNEL, send_and_wait, NULL, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->cs, SEL_KERNEL_CODE);
	EXPECT_EQ(pushed_frame(&entry, false)->flags & (FLAG_1 | FLAG_IF), FLAG_1);
	if (sizeof(ulong) == 8)
		EXPECT_EQ(raw_words_below(&entry, pushed_frame(&entry, false)->sp),
			  RAW_FRAME_WORDS);
}

TEST(nmi_blocks_nmi, "while an NMI's handler runs, another one waits; it is taken after the IRET",
     SPEC("SDM vol. 3A, 6.7.1"))
{
	take_nmis(1, false, 2);
	EXPECT_EQ(nmi.nested, 0u);
	EXPECT_EQ(nmi.count, 2u);
}

TEST(nmi_latch_is_one_deep, "of several NMIs sent while NMIs are blocked, one is taken",
     SPEC("SDM vol. 3A, 6.7.1; vol. 3A, 10.6.1"))
{
	take_nmis(3, false, 2);
	EXPECT_EQ(nmi.nested, 0u);
	EXPECT_EQ(nmi.count, 2u);
}

TEST(iret_unblocks_nmi, "any IRET unblocks NMIs, also one inside the NMI's handler",
     SPEC("SDM vol. 3A, 6.7.1"))
{
	take_nmis(1, true, 2);
	EXPECT_EQ(nmi.after_iret, 2u);
	EXPECT_EQ(nmi.nested, 1u);
	EXPECT_EQ(nmi.count, 2u);
}

/* ------------------------------------------------------------------------------- priority */

#define VECTOR_USED 0x40

static char order[8];
static u32 ordered;

static void note_nmi(struct trap_frame *frame)
{
	order[ordered++ & 7] = 'N';
	if (ordered > 1)
		return;
	send_nmi();
	apic_send_vector(0, VECTOR_USED);
	delay_us(200);
	frame->flags |= FLAG_IF;
}

static void note_interrupt(struct trap_frame *frame)
{
	(void)frame;
	order[ordered++ & 7] = 'I';
	apic_eoi();
}

TEST(nmi_before_interrupt,
     "of an NMI and an interrupt that an IRET lets in, the NMI is taken first",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	ordered = 0;
	order[0] = order[1] = order[2] = 0;
	trap_set_handler(VEC_NMI, note_nmi);
	trap_set_handler(VECTOR_USED, note_interrupt);
	idt_set_ist(VEC_NMI, 0);
	send_nmi();
	wait_until(READ_ONCE(ordered) >= 3);
	write_flags(FLAG_1);
	ASSERT_EQ(ordered, 3u);
	EXPECT_EQ(order[0], 'N');
	EXPECT_EQ(order[1], 'N');
	EXPECT_EQ(order[2], 'I');
}
