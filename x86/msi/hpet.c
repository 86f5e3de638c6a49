/* SPDX-License-Identifier: MIT */
/* HPET timers that interrupt by a message on the front side bus: IA-PC HPET specification 1.0a, 2.3.8, 2.3.10. */
#include "devices.h"

#include <sys/time.h>
#include <x86/hpet.h>
#include <x86/pit.h>

static bool has_fsb(void)
{
	return hpet_read(HPET_TIM_CONF(0)) & HPET_FSB_CAP;
}

SUITE("HPET: messages",
      REQUIRES(cpu_has(X86_FEATURE_APIC) && hpet_is_there() && ioapic_is_there() && has_fsb()));

#define TIMER_VECTOR 0x51u
#define PIN_VECTOR   0x41u
#define MS	     1000000ull
#define USED	     MIN(hpet_timers(), 4u)
#define ADDRESS_AT   4 /* the upper half of the register; the value is the lower one */

static void do_nothing(void *arg)
{
	(void)arg;
}

static void set_message(u32 timer, u32 cpu, u32 vector)
{
	hpet_write32(HPET_TIM_FSB(timer), vector);
	hpet_write32(HPET_TIM_FSB(timer) + ADDRESS_AT,
		     MSI_ADDRESS(cpu_by_number(cpu)->hardware_id));
}

static u32 pin_of(u32 timer)
{
	u32 routes = HPET_ROUTE_CAP(hpet_read(HPET_TIM_CONF(timer)));

	return routes ? 31 - (u32)__builtin_clz(routes) : 0;
}

static void configure(u32 timer, u64 bits)
{
	hpet_write32(HPET_TIM_CONF(timer),
		     (u32)(HPET_INT_ROUTE(pin_of(timer)) | HPET_INT_ENB | HPET_FSB_EN | bits));
}

/* The pin that the timer could have instead interrupts with another vector. */
static void begin(u32 timer)
{
	hpet_reset();
	ioapic_reset();
	pit_quiet();
	delay_us(20);
	apic_drain();
	irq_record(0x20, 0xef);
	ioapic_set_entry(pin_of(timer), IOAPIC_DESTINATION(apic_id()) | PIN_VECTOR);
	configure(timer, 0);
}

static void expire(u32 timer)
{
	hpet_write(HPET_TIM_COMP(timer), hpet_counts(MS));
	hpet_write32(HPET_GEN_CONF, HPET_ENABLE_CNF);
}

TEST(hpet_message_registers, "value and address of a timer's message hold what is written",
     SPEC("IA-PC HPET specification 1.0a, 2.3.10"))
{
	static const u32 values[] = { 0, 0xffffffff, 0x12345678 };

	hpet_reset();
	for (u32 n = 0; n < USED; n++)
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			hpet_write32(HPET_TIM_FSB(n), values[i]);
			hpet_write32(HPET_TIM_FSB(n) + ADDRESS_AT, ~values[i]);
			EXPECT_EQ(hpet_read32(HPET_TIM_FSB(n)), values[i], "timer %u", n);
			EXPECT_EQ(hpet_read32(HPET_TIM_FSB(n) + ADDRESS_AT), ~values[i], "timer %u",
				  n);
		}
	for (u32 n = 0; n < USED; n++)
		set_message(n, 0, 0);
}

TEST(hpet_message, "a timer with FSB enabled sends its message once, and no interrupt by its pin",
     SPEC("IA-PC HPET specification 1.0a, 2.3.8, Tn_FSB_EN_CNF; 2.3.10"))
{
	for (u32 n = 0; n < USED; n++) {
		SUBTEST("timer-%u", n);
		begin(n);
		set_message(n, 0, TIMER_VECTOR + n);
		expire(n);
		EXPECT(irq_wait(0, TIMER_VECTOR + n, 1));
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_history_length(0), 1u);
		EXPECT_EQ(hpet_read32(HPET_GINTR_STA), 0u, "status");
	}
	hpet_reset();
}

TEST(hpet_message_destination, "the message goes to the CPU of its address",
     SPEC("IA-PC HPET specification 1.0a, 2.3.10; SDM vol. 3A, 10.11.1"), REQUIRES(cpu_count() > 1))
{
	run_on_cpu(1, do_nothing, NULL);
	begin(0);
	set_message(0, 1, TIMER_VECTOR);
	expire(0);
	EXPECT(irq_wait(1, TIMER_VECTOR, 1));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken_by_all(TIMER_VECTOR), 1u);
	hpet_reset();
}

TEST(hpet_message_periodic, "a periodic timer sends a message each period",
     SPEC("IA-PC HPET specification 1.0a, 2.3.9.2.2, 2.3.10"),
	  REQUIRES(hpet_read(HPET_TIM_CONF(0)) & HPET_PER_INT_CAP))
{
	begin(0);
	set_message(0, 0, TIMER_VECTOR);
	/* In one-shot mode: bits 63-32, which then stay 0. */
	hpet_write(HPET_TIM_COMP(0), hpet_counts(MS));
	configure(0, HPET_TYPE_PERIODIC | HPET_VAL_SET);
	hpet_write32(HPET_TIM_COMP(0), (u32)hpet_counts(MS));
	hpet_write32(HPET_TIM_COMP(0), (u32)hpet_counts(MS));
	hpet_write32(HPET_GEN_CONF, HPET_ENABLE_CNF);
	EXPECT(irq_wait(0, TIMER_VECTOR, 5));
	hpet_reset();
}

TEST(hpet_message_off, "with FSB disabled the timer interrupts by its pin, and sends nothing",
     SPEC("IA-PC HPET specification 1.0a, 2.3.8, Tn_FSB_EN_CNF"))
{
	begin(0);
	set_message(0, 0, TIMER_VECTOR);
	hpet_write32(HPET_TIM_CONF(0), (u32)(HPET_INT_ROUTE(pin_of(0)) | HPET_INT_ENB));
	expire(0);
	EXPECT(irq_wait(0, PIN_VECTOR, 1));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0u);
	hpet_reset();
}
