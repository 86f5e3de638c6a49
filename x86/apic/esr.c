/* SPDX-License-Identifier: MIT */
/* The error status register and the error interrupt: SDM vol. 3A, 10.5.3. */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/apic_again.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/smp.h>

SUITE("APIC errors", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define ERROR_VECTOR	0x55
#define RESERVED_OFFSET 0x040

static void make_error(void)
{
	(void)apic_read(RESERVED_OFFSET);
}

/* Nothing recorded, nothing held back. */
static void begin(void)
{
	irq_record(0x20, 0xef);
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
}

TEST(esr_is_updated_by_write, "ESR shows errors after it is written, and not before",
     SPEC("SDM vol. 3A, 10.5.3"))
{
	begin();
	make_error();
	SUBTEST("before-the-write");
	EXPECT_EQ(apic_read(APIC_ESR), 0u);
	SUBTEST("after-the-write");
	apic_write(APIC_ESR, 0);
	EXPECT_EQ(apic_read(APIC_ESR), (u32)APIC_ESR_ILLEGAL_ADDRESS);
	EXPECT_EQ(apic_read(APIC_ESR), (u32)APIC_ESR_ILLEGAL_ADDRESS, "reading clears nothing");
}

TEST(esr_is_cleared_by_write, "writing ESR when there was no error since clears it",
     SPEC("SDM vol. 3A, 10.5.3"))
{
	begin();
	make_error();
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	EXPECT_EQ(apic_read(APIC_ESR), 0u);
}

TEST(esr_ignores_value, "in xAPIC mode the value written to ESR does not matter",
     SPEC("SDM vol. 3A, 10.5.3"))
{
	static const u32 values[] = { 0xffffffff, APIC_ESR_ILLEGAL_ADDRESS, 1 };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("%#x", values[i]);
		begin();
		apic_write(APIC_ESR, values[i]);
		EXPECT_EQ(apic_read(APIC_ESR), 0u, "no error");
		make_error();
		apic_write(APIC_ESR, values[i]);
		EXPECT_EQ(apic_read(APIC_ESR), (u32)APIC_ESR_ILLEGAL_ADDRESS, "an error");
	}
}

TEST(error_interrupt, "an error raises the interrupt of the LVT error register, once",
     SPEC("SDM vol. 3A, 10.5.1, 10.5.3"))
{
	begin();
	apic_write(APIC_LVT_ERROR, ERROR_VECTOR);
	make_error();
	irq_window();
	irq_window();
	EXPECT_EQ(irq_taken(0, ERROR_VECTOR), 1u);
	EXPECT_EQ(irq_history_length(0), 1u);
}

TEST(error_interrupt_masked, "a masked LVT error register raises nothing; ESR has the error",
     SPEC("SDM vol. 3A, 10.5.1, 10.5.3"))
{
	begin();
	apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED | ERROR_VECTOR);
	make_error();
	irq_window();
	EXPECT_EQ(irq_history_length(0), 0u);
	EXPECT(!apic_vector_bit(APIC_IRR, ERROR_VECTOR));
	apic_write(APIC_ESR, 0);
	EXPECT_EQ(apic_read(APIC_ESR), (u32)APIC_ESR_ILLEGAL_ADDRESS);
}

TEST(error_interrupt_rearmed, "after a write of ESR the next error interrupts again",
     SPEC("SDM vol. 3A, 10.5.3"))
{
	begin();
	apic_write(APIC_LVT_ERROR, ERROR_VECTOR);
	for (u32 round = 1; round <= 3; round++) {
		make_error();
		irq_window();
		EXPECT_EQ(irq_taken(0, ERROR_VECTOR), round);
		apic_write(APIC_ESR, 0);
	}
}

/* ------------------------------------------------------------------------------ illegal vectors */

/*
 * What CPU 1 sees of an illegal vector that it sends to itself. It takes no interrupt, and it is reset
 * then: an APIC that has accepted the vector may have it for ever.
 */
static struct {
	u32 vector;
	bool with_address_error, by_self_ipi;
	u32 errors, irr, done;
} illegal;

static void send_illegal(void *arg)
{
	(void)arg;
	if (illegal.by_self_ipi)
		apic_enter_x2apic();
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	if (illegal.with_address_error)
		make_error();
	if (illegal.by_self_ipi)
		apic_write(APIC_SELF_IPI, illegal.vector);
	else
		apic_send_vector(1, illegal.vector);
	apic_write(APIC_ESR, 0);
	illegal.errors = apic_read(APIC_ESR);
	illegal.irr = apic_read(APIC_IRR) & 0xffff;
	atomic_store(&illegal.done, 1);
	for (;;)
		arch_relax();
}

static void on_cpu_1(u32 vector, bool with_address_error, bool by_self_ipi)
{
	illegal = (__typeof__(illegal)){ .vector = vector,
					 .with_address_error = with_address_error,
					 .by_self_ipi = by_self_ipi };
	cpu_start_work(1, send_illegal, NULL);
	ASSERT(wait_until(atomic_load(&illegal.done)), "CPU 1 does not run");
	cpu_give_back(1);
}

TEST(illegal_vector_is_not_accepted, "a vector from 0 to 15 never shows in IRR",
     SPEC("SDM vol. 3A, 10.5.2, 10.5.3"), REQUIRES(cpu_count() > 1))
{
	for (u32 vector = 0; vector < 16; vector += 5) {
		SUBTEST("vector-%u", vector);
		on_cpu_1(vector, false, false);
		EXPECT_EQ(illegal.irr, 0u);
	}
}

TEST(illegal_vector_sent, "sending an illegal vector sets send illegal vector at the sender",
     SPEC("SDM vol. 3A, 10.5.3"), REQUIRES(cpu_count() > 1))
{
	for (u32 vector = 0; vector < 16; vector += 5) {
		SUBTEST("vector-%u", vector);
		on_cpu_1(vector, false, false);
		EXPECT_EQ(illegal.errors & APIC_ESR_SEND_ILLEGAL, (u32)APIC_ESR_SEND_ILLEGAL);
	}
}

TEST(esr_accumulates, "errors of several kinds show together",
     SPEC("SDM vol. 3A, 10.5.3"), REQUIRES(cpu_count() > 1))
{
	on_cpu_1(5, true, false);
	EXPECT_EQ(illegal.errors & (APIC_ESR_ILLEGAL_ADDRESS | APIC_ESR_SEND_ILLEGAL),
		  (u32)(APIC_ESR_ILLEGAL_ADDRESS | APIC_ESR_SEND_ILLEGAL));
}

TEST(self_ipi_illegal_vector, "SELF IPI with a vector of 0 to 15 sends nothing and sets ESR",
     SPEC("SDM vol. 3A, 10.12.11, 10.5.3"),
	  REQUIRES(cpu_count() > 1 && cpu_has(X86_FEATURE_X2APIC) && apic_enables_again()))
{
	for (u32 vector = 0; vector < 16; vector += 5) {
		on_cpu_1(vector, false, true);
		SUBTEST("not-accepted-%u", vector);
		EXPECT_EQ(illegal.irr, 0u);
		SUBTEST("ESR-%u", vector);
		EXPECT_EQ(illegal.errors & APIC_ESR_SEND_ILLEGAL, (u32)APIC_ESR_SEND_ILLEGAL);
	}
}

static void take_nmi(struct trap_frame *frame)
{
	(void)frame;
}

TEST(nmi_has_no_illegal_vector, "the vector field of an NMI is not looked at: no error",
     SPEC("SDM vol. 3A, 10.5.3, 10.6.1"))
{
	u32 before;

	begin();
	before = apic_read(APIC_ESR);
	trap_set_handler(VEC_NMI, take_nmi);
	apic_send(ICR_NMI | ICR_ASSERT | 3, apic_id());
	apic_write(APIC_ESR, 0);
	EXPECT_EQ(apic_read(APIC_ESR) & ~before, 0u);
}
