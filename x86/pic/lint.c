/* SPDX-License-Identifier: MIT */
/*
 * The 8259s' INT at the pin LINT0 of the bootstrap processor: SDM vol. 3A, 10.5.1 (delivery modes), 10.8
 * (ExtINT is not subject to the APIC's priorities).
 */
#include "pic_test.h"

#include <sys/time.h>
#include <x86/apic.h>
#include <x86/apic_again.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/msr.h>

SUITE("8259: the pin LINT0", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define LINT_VECTOR 0x71u

static void raise(void)
{
	line_raise(LINE_COM1);
}

static void lower(void)
{
	line_lower(LINE_COM1);
}

TEST(lint0_masked, "a masked LINT0 lets no ExtINT in; unmasked, it lets in what waits",
     SPEC("SDM vol. 3A, 10.5.1"))
{
	pic_begin(BIT(4), END_BY_EOI);
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT | APIC_LVT_MASKED);
	raise();
	irq_window_ns(1000000);
	PIC_EXPECT_NOTHING();
	EXPECT_EQ(pic_isr(), 0u);
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT);
	pic_window();
	PIC_EXPECT(4);
}

TEST(lint0_masked_beside_vector,
     "a masked LINT0 lets no ExtINT in with an interrupt of the APIC, either",
     SPEC("SDM vol. 3A, 10.5.1"))
{
	irq_record(LINT_VECTOR, LINT_VECTOR);
	pic_begin(BIT(4), END_BY_EOI);
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT | APIC_LVT_MASKED);
	raise();
	apic_send_vector(0, LINT_VECTOR);
	pic_window();
	PIC_EXPECT_NOTHING();
	EXPECT_EQ(irq_taken(0, LINT_VECTOR), 1u);
	EXPECT_EQ(pic_isr(), 0u);
	lower();
}

TEST(extint_not_in_apic, "an ExtINT is not in IRR or ISR of the APIC, and its vector is the 8259's",
     SPEC("SDM vol. 3A, 10.8.4, note"))
{
	pic_begin(BIT(4), END_NOT);
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT | LINT_VECTOR);
	trap_set_handler(LINT_VECTOR, NULL);
	raise();
	EXPECT(!apic_vector_bit(APIC_IRR, PIC_VECTOR + 4));
	EXPECT(!apic_vector_bit(APIC_IRR, LINT_VECTOR));
	pic_window();
	PIC_EXPECT(4);
	for (u32 word = 0; word < 8; word++)
		EXPECT_EQ(apic_read(APIC_ISR + word * 0x10), 0u, "ISR word %u", word);
	lower();
	pic_eoi(4);
}

TEST(extint_ignores_tpr, "the task priority does not hold back an ExtINT",
     SPEC("SDM vol. 3A, 10.8.3.1"))
{
	pic_begin(BIT(4), END_BY_EOI);
	apic_write(APIC_TPR, 0xf0);
	raise();
	pic_window();
	PIC_EXPECT(4);
	apic_write(APIC_TPR, 0);
}

TEST(extint_and_vector,
     "an ExtINT and an interrupt of the APIC that wait together are both taken, once each",
     SPEC("SDM vol. 3A, 6.8.1, 10.8.3"))
{
	static const u8 vectors[] = { 0x31, 0xe1 };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("%s", i ? "higher" : "lower");
		irq_record(vectors[i], vectors[i]);
		pic_begin(BIT(4), END_BY_EOI);
		raise();
		apic_send_vector(0, vectors[i]);
		pic_window();
		irq_window();
		PIC_EXPECT(4);
		EXPECT_EQ(irq_taken(0, vectors[i]), 1u);
		EXPECT(!apic_vector_bit(APIC_IRR, vectors[i]));
		EXPECT(!apic_vector_bit(APIC_ISR, vectors[i]));
	}
}

TEST(extint_waits_for_if, "an ExtINT waits for IF, and the 8259 acknowledges nothing meanwhile",
     SPEC("SDM vol. 3A, 6.8.1"))
{
	pic_begin(BIT(4), END_BY_EOI);
	raise();
	EXPECT_EQ(pic_irr() & BIT(4), BIT(4));
	EXPECT_EQ(pic_isr(), 0u);
	pic_window();
	PIC_EXPECT(4);
}

TEST(apic_disabled_is_a_wire,
     "while IA32_APIC_BASE disables the APIC the 8259 interrupts as if there were none",
     SPEC("SDM vol. 3A, 10.4.3; 10.5.1, LINT0"), REQUIRES(apic_enables_again()))
{
	u64 base = rdmsr(MSR_IA32_APIC_BASE);

	pic_begin(BIT(4), END_BY_EOI);
	/* What the APIC would do with its pin no longer counts. */
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT | APIC_LVT_MASKED);
	wrmsr(MSR_IA32_APIC_BASE, base & ~APIC_BASE_ENABLE);
	raise();
	pic_window();
	lower();
	wrmsr(MSR_IA32_APIC_BASE, base);
	apic_reset();
	PIC_EXPECT(4);
}

static u32 nmis;

static void take_nmi(struct trap_frame *frame)
{
	(void)frame;
	nmis++;
}

TEST(lint0_nmi,
     "LINT0 in NMI mode raises an NMI for an edge of INT, and none while INT stays active",
     SPEC("SDM vol. 3A, 10.5.1"))
{
	u16 unmasked = UNMASKED(4);

	pic_begin(BIT(4), END_BY_EOI);
	apic_write(APIC_LVT_LINT0, ICR_NMI | APIC_LVT_MASKED);
	trap_set_handler(VEC_NMI, take_nmi);
	nmis = 0;
	SUBTEST("masked");
	raise();
	EXPECT_EQ(nmis, 0u);
	lower();
	pic_init(PIC_VECTOR, 0, 0, unmasked);
	SUBTEST("edge");
	/* With IF = 0, so that nothing but an NMI can come. */
	apic_write(APIC_LVT_LINT0, ICR_NMI);
	raise();
	delay_us(1000);
	EXPECT(nmis >= 1);
	SUBTEST("no-other-edge");
	/* The same mask again: INT was active, and stays so. */
	nmis = 0;
	pic_set_mask(unmasked);
	delay_us(1000);
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
	EXPECT_EQ(nmis, 0u);
	SUBTEST("not-acknowledged");
	lower();
	EXPECT_EQ(pic_isr(), 0u);
}

TEST(lint0_fixed, "LINT0 in fixed mode raises its own vector, through IRR and ISR",
     SPEC("SDM vol. 3A, 10.5.1"))
{
	pic_begin(BIT(4), END_BY_EOI);
	irq_record(LINT_VECTOR, LINT_VECTOR);
	apic_write(APIC_LVT_LINT0, ICR_FIXED | LINT_VECTOR);
	raise();
	EXPECT(apic_vector_bit(APIC_IRR, LINT_VECTOR));
	irq_window();
	irq_window();
	EXPECT_EQ(irq_taken(0, LINT_VECTOR), 1u);
	PIC_EXPECT_NOTHING();
	EXPECT_EQ(pic_isr(), 0u, "nobody has acknowledged it to the 8259");
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
	lower();
}

static struct {
	bool in_handler, after_eoi, tmr;
} remote_irr;

static void look_at_remote_irr(struct trap_frame *frame)
{
	remote_irr.in_handler = apic_read(APIC_LVT_LINT0) & APIC_LVT_REMOTE_IRR;
	remote_irr.tmr = apic_vector_bit(APIC_TMR, (u32)frame->vector);
	lower();
	pic_set_mask(0xffff);
	apic_eoi();
	remote_irr.after_eoi = apic_read(APIC_LVT_LINT0) & APIC_LVT_REMOTE_IRR;
}

TEST(lint0_level, "a level-triggered LINT0 sets its remote IRR and its TMR bit, until EOI",
     SPEC("SDM vol. 3A, 10.5.1, 10.8.4"))
{
	pic_begin(BIT(4), END_BY_EOI);
	remote_irr = (__typeof__(remote_irr)){ .after_eoi = true };
	trap_set_handler(LINT_VECTOR, look_at_remote_irr);
	apic_write(APIC_LVT_LINT0, ICR_FIXED | APIC_LVT_LEVEL | LINT_VECTOR);
	SUBTEST("accepted");
	raise();
	EXPECT(apic_vector_bit(APIC_IRR, LINT_VECTOR));
	EXPECT(apic_vector_bit(APIC_TMR, LINT_VECTOR));
	irq_window();
	SUBTEST("TMR");
	EXPECT(remote_irr.tmr);
	SUBTEST("remote-IRR-in-service");
	EXPECT(remote_irr.in_handler);
	SUBTEST("remote-IRR-after-EOI");
	EXPECT(!remote_irr.after_eoi);
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
}
