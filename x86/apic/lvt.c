/* SPDX-License-Identifier: MIT */
/*
 * The local vector table, and an APIC that software has disabled: SDM vol. 3A, 10.4.7.2, 10.5.1. The
 * timer's entry has its topics in the image `timer`, the pins theirs in `pic`.
 */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("Local vector table, software disable", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define SOME_VECTOR 0x61

static const struct {
	const char *name;
	u32 reg, min_lvt;
	u32 bits; /* that are kept, beside the mask */
} entries[] = {
	{ "CMCI", APIC_LVT_CMCI, 6, 0x7ff },	   { "timer", APIC_LVT_TIMER, 0, 0x200ff },
	{ "thermal", APIC_LVT_THERMAL, 5, 0x7ff }, { "performance", APIC_LVT_PERF, 4, 0x7ff },
	{ "LINT0", APIC_LVT_LINT0, 0, 0xa7ff },	   { "LINT1", APIC_LVT_LINT1, 0, 0xa7ff },
	{ "error", APIC_LVT_ERROR, 0, 0xff },
};

static bool is_there(u32 i)
{
	return APIC_VERSION_MAX_LVT(apic_read(APIC_VERSION)) >= entries[i].min_lvt;
}

static void disable(void)
{
	apic_write(APIC_SVR, VEC_SPURIOUS);
}

static void enable(void)
{
	apic_write(APIC_SVR, APIC_SVR_ENABLE | VEC_SPURIOUS);
}

TEST(lvt_read_only_bits, "delivery status, and remote IRR of the pins' entries, cannot be written",
     SPEC("SDM vol. 3A, 10.5.1, figure 10-8"))
{
	for (u32 i = 0; i < ARRAY_SIZE(entries); i++) {
		if (!is_there(i))
			continue;
		SUBTEST("%s-delivery-status", entries[i].name);
		apic_write(entries[i].reg, APIC_LVT_MASKED | APIC_LVT_PENDING | SOME_VECTOR);
		EXPECT_EQ(apic_read(entries[i].reg) & APIC_LVT_PENDING, 0ull);
		if (entries[i].reg != APIC_LVT_LINT0 && entries[i].reg != APIC_LVT_LINT1)
			continue;
		SUBTEST("%s-remote-irr", entries[i].name);
		apic_write(entries[i].reg,
			   APIC_LVT_MASKED | APIC_LVT_LEVEL | APIC_LVT_REMOTE_IRR | SOME_VECTOR);
		EXPECT_EQ(apic_read(entries[i].reg) & APIC_LVT_REMOTE_IRR, 0ull);
	}
}

TEST(software_disable_masks, "software disable sets the mask of each entry and leaves the rest",
     SPEC("SDM vol. 3A, 10.4.7.2"))
{
	for (u32 i = 0; i < ARRAY_SIZE(entries); i++) {
		if (!is_there(i))
			continue;
		apic_write(entries[i].reg, SOME_VECTOR);
		disable();
		SUBTEST("%s-masked", entries[i].name);
		EXPECT_EQ(apic_read(entries[i].reg) & APIC_LVT_MASKED, APIC_LVT_MASKED);
		SUBTEST("%s-stays-masked", entries[i].name);
		apic_write(entries[i].reg, SOME_VECTOR + 1);
		EXPECT_EQ(apic_read(entries[i].reg) & APIC_LVT_MASKED, APIC_LVT_MASKED);
		SUBTEST("%s-vector", entries[i].name);
		EXPECT_EQ(apic_read(entries[i].reg) & 0xff, SOME_VECTOR + 1u);
		SUBTEST("%s-unmasked-after-enabling", entries[i].name);
		enable();
		apic_write(entries[i].reg, SOME_VECTOR);
		EXPECT_EQ(apic_read(entries[i].reg) & APIC_LVT_MASKED, 0ull);
		apic_reset();
	}
}

TEST(software_disable_keeps_registers,
     "software disable and enable leave TPR, LDR, DFR, the timer's registers and ICR alone",
     SPEC("SDM vol. 3A, 10.4.7.2"))
{
	static const struct {
		const char *name;
		u32 reg, value, bits;
	} rows[] = {
		{ "TPR", APIC_TPR, 0x45, 0xff },
		{ "LDR", APIC_LDR, 0x12000000, 0xff000000 },
		{ "DFR", APIC_DFR, 0x0fffffff, 0xf0000000 },
		{ "initial-count", APIC_TIMER_INITIAL, 0xfedcba98, 0xffffffff },
		{ "divide", APIC_TIMER_DIVIDE, 0xa, 0xb },
		{ "ICR-high", APIC_ICR_HIGH, 0x55000000, 0xff000000 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		apic_write(rows[i].reg, rows[i].value);
	for (u32 enabled = 0; enabled < 2; enabled++) {
		apic_write(APIC_SVR, (enabled ? APIC_SVR_ENABLE : 0) | VEC_SPURIOUS);
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			SUBTEST("%s-%s", rows[i].name, enabled ? "enabled-again" : "disabled");
			EXPECT_EQ(apic_read(rows[i].reg) & rows[i].bits,
				  rows[i].value & rows[i].bits);
		}
	}
}

TEST(software_disable_holds_pending,
     "what is in IRR when the APIC is disabled is taken after enabling",
     SPEC("SDM vol. 3A, 10.4.7.2"), BUG("openvmm#3839"))
{
	irq_record(0x20, 0xef);
	apic_send_vector(0, SOME_VECTOR);
	apic_send_vector(0, SOME_VECTOR + 0x21);
	disable();
	EXPECT(apic_vector_bit(APIC_IRR, SOME_VECTOR));
	EXPECT(apic_vector_bit(APIC_IRR, SOME_VECTOR + 0x21));
	enable();
	EXPECT(apic_vector_bit(APIC_IRR, SOME_VECTOR));
	EXPECT(apic_vector_bit(APIC_IRR, SOME_VECTOR + 0x21));
	irq_window();
	EXPECT_EQ(irq_taken(0, SOME_VECTOR), 1u);
	EXPECT_EQ(irq_taken(0, SOME_VECTOR + 0x21), 1u);
	EXPECT_EQ(irq_history_length(0), 2u);
}

static struct {
	bool isr_disabled, isr_enabled, isr_after_eoi;
} service;

static void disable_in_service(struct trap_frame *frame)
{
	u32 vector = (u32)frame->vector;

	disable();
	service.isr_disabled = apic_vector_bit(APIC_ISR, vector);
	enable();
	service.isr_enabled = apic_vector_bit(APIC_ISR, vector);
	apic_eoi();
	service.isr_after_eoi = apic_vector_bit(APIC_ISR, vector);
}

TEST(software_disable_holds_service,
     "what is in service when the APIC is disabled stays so, until EOI",
     SPEC("SDM vol. 3A, 10.4.7.2"))
{
	irq_record(0x20, 0xef);
	trap_set_handler(SOME_VECTOR, disable_in_service);
	service = (__typeof__(service)){ .isr_after_eoi = true };
	apic_send_vector(0, SOME_VECTOR);
	irq_window();
	EXPECT(service.isr_disabled);
	EXPECT(service.isr_enabled);
	EXPECT(!service.isr_after_eoi);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

TEST(software_disabled_sends, "a software-disabled APIC still sends interprocessor interrupts",
     SPEC("SDM vol. 3A, 10.4.7.2"), REQUIRES(cpu_count() > 1))
{
	irq_record(0x20, 0xef);
	run_on_cpu(1, do_nothing, NULL);
	disable();
	apic_send_vector(1, SOME_VECTOR);
	wait_until(irq_taken(1, SOME_VECTOR));
	enable();
	EXPECT_EQ(irq_taken(1, SOME_VECTOR), 1u);
}

static u32 nmis;

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	atomic_add(&nmis, 1);
}

TEST(software_disabled_takes_nmi, "a software-disabled APIC responds to NMI as ever",
     SPEC("SDM vol. 3A, 10.4.7.2"))
{
	atomic_store(&nmis, 0);
	trap_set_handler(VEC_NMI, count_nmi);
	disable();
	apic_send(ICR_NMI | ICR_ASSERT, apic_id());
	wait_until(atomic_load(&nmis));
	enable();
	EXPECT_EQ(atomic_load(&nmis), 1u);
}
