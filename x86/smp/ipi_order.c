/* SPDX-License-Identifier: MIT */
/*
 * When an interrupt is taken, and how often: SDM vol. 3A, 10.8. IRR holds one request for each vector,
 * ISR what is being handled, and the task and processor priorities hold back classes (vector / 16).
 * Self-IPIs with interrupts off make every order of events certain.
 */
#include <test.h>

#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

#include "ipi.h"

SUITE("Priorities and coalescing of interrupts", REQUIRES(cpu_has(X86_FEATURE_APIC)));

static void send_self(u32 vector)
{
	apic_send_vector(0, vector);
}

static void begin(void)
{
	irq_record(0x20, 0xef);
}

/* What CPU 0 took, oldest first, is exactly this. */
static void expect_history(const u8 *vectors, u32 count)
{
	EXPECT_EQ(irq_history_length(0), count);
	for (u32 i = 0; i < MIN(count, irq_history_length(0)); i++)
		EXPECT_EQ(irq_history_vector(0, i), vectors[i], "interrupt %u", i);
}

TEST(pending_waits_for_if, "an interrupt that arrives with IF = 0 waits in IRR",
     SPEC("SDM vol. 3A, 10.8.4; 6.8.1"))
{
	begin();
	send_self(0x45);
	EXPECT(apic_vector_bit(APIC_IRR, 0x45));
	EXPECT(!apic_vector_bit(APIC_ISR, 0x45));
	EXPECT_EQ(irq_taken(0, 0x45), 0);
	irq_window();
	EXPECT_EQ(irq_taken(0, 0x45), 1);
	EXPECT(!apic_vector_bit(APIC_IRR, 0x45));
	EXPECT(!apic_vector_bit(APIC_ISR, 0x45), "the handler's EOI clears it");
}

TEST(taken_by_priority,
     "pending interrupts are taken highest vector first, whatever order they came in",
     SPEC("SDM vol. 3A, 10.8.3, 10.8.4"))
{
	static const u8 sent[] = { 0x33, 0xd1, 0x51, 0x50, 0x9f, 0x31 };
	static const u8 expected[] = { 0xd1, 0x9f, 0x51, 0x50, 0x33, 0x31 };

	begin();
	for (u32 i = 0; i < ARRAY_SIZE(sent); i++)
		send_self(sent[i]);
	irq_window();
	expect_history(expected, ARRAY_SIZE(expected));
}

TEST(same_vector_coalesces, "a vector that arrives again while it is pending is taken once",
     SPEC("SDM vol. 3A, 10.8.4"))
{
	begin();
	for (u32 i = 0; i < 5; i++)
		send_self(0x45);
	irq_window();
	irq_window();
	EXPECT_EQ(irq_taken(0, 0x45), 1);
}

/* ------------------------------------------------------------------------- while one is in service */

static struct {
	u32 entries;	  /* of the first handler */
	u32 taken_within; /* interrupts taken while it ran with interrupts on */
	bool irr_within, isr_within;
	u32 ppr_within;
	u32 second, times;
} served;

/* Sends `second` some times to itself from within the handler, and opens a window before its EOI. */
static void serve_first(struct trap_frame *frame)
{
	u32 vector = (u32)frame->vector;
	u32 before = irq_history_length(0);

	if (served.entries++ == 0) {
		for (u32 i = 0; i < served.times; i++)
			send_self(served.second);
		irq_window();
		served.taken_within = irq_history_length(0) - before;
		served.irr_within = apic_vector_bit(APIC_IRR, served.second);
		served.isr_within = apic_vector_bit(APIC_ISR, vector);
		served.ppr_within = apic_read(APIC_PPR);
	}
	apic_eoi();
}

static void serve(u32 first, u32 second, u32 times)
{
	begin();
	memset(&served, 0, sizeof(served));
	served.second = second;
	served.times = times;
	trap_set_handler(first, serve_first);
	send_self(first);
	irq_window();
	irq_window();
}

TEST(one_more_while_in_service,
     "of a vector in service one more request is latched, and taken after EOI",
     SPEC("SDM vol. 3A, 10.8.4"))
{
	serve(0x45, 0x45, 3);
	EXPECT_EQ(served.entries, 2);
	EXPECT(served.irr_within, "IRR and ISR can both have the bit");
	EXPECT(served.isr_within);
}

TEST(classes_in_service, "only a higher class than that in service interrupts its handler",
     SPEC("SDM vol. 3A, 10.8.3.1, 10.8.4"), BUG("acrn#3114"))
{
	static const struct {
		const char *name;
		u8 first, second;
		bool nests;
	} rows[] = {
		{ "lower-class", 0x55, 0x4f, false },
		{ "same-class-lower-vector", 0x55, 0x51, false },
		{ "same-class-higher-vector", 0x55, 0x5f, false },
		{ "higher-class", 0x55, 0x60, true },
		{ "highest-class-for-tests", 0x55, 0xef, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		serve(rows[i].first, rows[i].second, 1);
		EXPECT_EQ(served.taken_within, rows[i].nests);
		EXPECT_EQ(served.irr_within, !rows[i].nests);
		EXPECT_EQ(irq_taken(0, rows[i].second), 1, "taken in the end");
		EXPECT_EQ(served.entries, 1);
	}
}

TEST(ppr_follows_service,
     "PPR is the class in service with sub-class 0, or TPR where that is higher",
     SPEC("SDM vol. 3A, 10.8.3.1"))
{
	EXPECT_EQ(apic_read(APIC_PPR), 0);
	serve(0x55, 0x41, 1);
	EXPECT_EQ(served.ppr_within, 0x50);
	EXPECT_EQ(apic_read(APIC_PPR), 0, "after EOI");
	apic_write(APIC_TPR, 0x23);
	EXPECT_EQ(apic_read(APIC_PPR), 0x23);
	serve(0x55, 0x41, 1);
	EXPECT_EQ(served.ppr_within, 0x50);
	EXPECT_EQ(apic_read(APIC_PPR), 0x23);
}

TEST(eoi_without_service, "an EOI while nothing is in service changes nothing",
     SPEC("SDM vol. 3A, 10.8.5"))
{
	begin();
	send_self(0x45);
	apic_eoi();
	EXPECT(apic_vector_bit(APIC_IRR, 0x45));
	irq_window();
	EXPECT_EQ(irq_taken(0, 0x45), 1);
}

/* ----------------------------------------------------------------------------------- task priority */

TEST(tpr_holds_back,
     "TPR holds back vectors of its class and below, and lets higher classes through",
     SPEC("SDM vol. 3A, 10.8.3.1"), BUG("acrn#3114"))
{
	static const struct {
		u8 tpr, vector;
		bool taken;
	} rows[] = {
		{ 0x00, 0x20, true },  { 0x10, 0x20, true },  { 0x1f, 0x20, true },
		{ 0x20, 0x2f, false }, { 0x50, 0x4f, false }, { 0x50, 0x50, false },
		{ 0x50, 0x5f, false }, { 0x50, 0x60, true },  { 0x5f, 0x5f, false },
		{ 0x5f, 0x60, true },  { 0xd0, 0xe0, true },  { 0xe0, 0xef, false },
		{ 0xf0, 0xef, false }, { 0xff, 0xef, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("TPR-%#x-vector-%#x", rows[i].tpr, rows[i].vector);
		begin();
		apic_write(APIC_TPR, rows[i].tpr);
		send_self(rows[i].vector);
		irq_window();
		EXPECT_EQ(irq_taken(0, rows[i].vector), rows[i].taken);
		EXPECT_EQ(apic_vector_bit(APIC_IRR, rows[i].vector), !rows[i].taken);
		irq_enable();
		apic_write(APIC_TPR, 0);
		irq_window();
		EXPECT_EQ(irq_taken(0, rows[i].vector), 1, "once TPR is 0");
	}
}

TEST(tpr_lowered_with_interrupts_on, "lowering TPR lets in what it held back, at once",
     SPEC("SDM vol. 3A, 10.8.3.1"))
{
	begin();
	apic_write(APIC_TPR, 0xf0);
	send_self(0x91);
	irq_enable();
	EXPECT_EQ(irq_taken(0, 0x91), 0);
	apic_write(APIC_TPR, 0x80);
	EXPECT_EQ(apic_read(APIC_TPR), 0x80); /* the write has taken effect when this is read */
	irq_disable();
	EXPECT_EQ(irq_taken(0, 0x91), 1);
}

TEST(tpr_raised_holds_back_pending, "TPR also holds back what had arrived before it was raised",
     SPEC("SDM vol. 3A, 10.8.3.1"))
{
	begin();
	send_self(0x45);
	apic_write(APIC_TPR, 0x40);
	irq_window();
	EXPECT_EQ(irq_taken(0, 0x45), 0);
	apic_write(APIC_TPR, 0x30);
	irq_window();
	EXPECT_EQ(irq_taken(0, 0x45), 1);
}

/* ------------------------------------------------------------------------------------------ vectors */

TEST(low_legal_vectors, "vectors 16 to 31 are legal for the local APIC",
     SPEC("SDM vol. 3A, 10.5.2, 10.8.1"), BUG("au-ts/libvmm#350"))
{
	static const u8 vectors[] = { 22, 23, 24, 25, 26, 27, 28, 31 };

	irq_record(16, 31);
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		send_self(vectors[i]);
		irq_window();
		EXPECT_EQ(irq_taken(0, vectors[i]), 1, "vector %u", vectors[i]);
	}
}

TEST(illegal_vectors,
     "sending a fixed interrupt with a vector of 0 to 15 sets an illegal vector bit of ESR",
     SPEC("SDM vol. 3A, 10.5.3, table 10-2; 10.8.1"))
{
	static const u8 vectors[] = { 0, 2, 15 };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		apic_write(APIC_ESR, 0);
		apic_write(APIC_ESR, 0);
		send_self(vectors[i]);
		apic_write(APIC_ESR, 0);
		SUBTEST("ESR-vector-%u", vectors[i]);
		EXPECT_NE(apic_read(APIC_ESR) & (APIC_ESR_SEND_ILLEGAL | APIC_ESR_RECEIVE_ILLEGAL),
			  0);
	}
}

/* ---------------------------------------------------------------------------------- to another CPU */

TEST(wakes_halted_cpu, "an interrupt ends HLT on the CPU that it goes to, every time",
     SPEC("SDM vol. 2A, HLT"), REQUIRES(cpu_count() > 1))
{
	ipi_begin();
	for (u32 round = 1; round <= 20; round++) {
		apic_send_vector(1, IPI_VECTOR);
		ASSERT(irq_wait(1, IPI_VECTOR, round), "round %u", round);
		delay_us(50);
	}
	EXPECT_EQ(irq_taken(1, IPI_VECTOR), 20);
}

static u32 let_go;

static void wait_then_window(void *arg)
{
	(void)arg;
	irq_disable();
	atomic_store(&let_go, 1);
	wait_until(atomic_load(&let_go) == 2);
	irq_window();
}

TEST(remote_coalesces, "IPIs of one vector to a CPU with interrupts off are taken once",
     SPEC("SDM vol. 3A, 10.8.4"), REQUIRES(cpu_count() > 1))
{
	ipi_begin();
	atomic_store(&let_go, 0);
	cpu_start_work(1, wait_then_window, NULL);
	ASSERT(wait_until(atomic_load(&let_go) == 1));
	for (u32 i = 0; i < 10; i++) {
		apic_send_vector(1, IPI_VECTOR);
		apic_send_vector(1, IPI_VECTOR + 0x20);
	}
	delay_us(100);
	EXPECT_EQ(irq_taken(1, IPI_VECTOR), 0);
	atomic_store(&let_go, 2);
	cpu_wait(1);
	EXPECT_EQ(irq_taken(1, IPI_VECTOR), 1);
	EXPECT_EQ(irq_taken(1, IPI_VECTOR + 0x20), 1);
	EXPECT_EQ(irq_history_vector(1, 0), IPI_VECTOR + 0x20, "the higher class first");
}

static u32 answers;

static void answer(struct trap_frame *frame)
{
	(void)frame;
	atomic_add(&answers, 1);
	apic_eoi();
	apic_send_vector(0, IPI_VECTOR);
}

TEST(ping_pong, "two CPUs that answer each other's interrupts lose none",
     SPEC("SDM vol. 3A, 10.8"), REQUIRES(cpu_count() > 1))
{
	ipi_begin();
	answers = 0;
	trap_set_handler(IPI_VECTOR + 1, answer);
	for (u32 round = 1; round <= 200; round++) {
		apic_send_vector(1, IPI_VECTOR + 1);
		ASSERT(irq_wait(0, IPI_VECTOR, round), "round %u", round);
	}
	EXPECT_EQ(atomic_load(&answers), 200);
}

/* Memory that was written before the IPI was sent is visible to its handler. */
static u32 letter, read_letters[MAX_CPUS];

static void read_letter(struct trap_frame *frame)
{
	(void)frame;
	WRITE_ONCE(read_letters[this_cpu()->number], READ_ONCE(letter));
	apic_eoi();
}

TEST(ipi_is_after_stores, "a handler sees what the sender stored before it sent the interrupt",
     SPEC("SDM vol. 3A, 8.2.2, 10.6.1"), REQUIRES(cpu_count() > 1))
{
	ipi_begin();
	trap_set_handler(IPI_VECTOR, read_letter);
	for (u32 round = 1; round <= 20; round++) {
		WRITE_ONCE(letter, round);
		apic_send(ICR_FIXED | ICR_ASSERT | ICR_ALL_BUT_SELF | IPI_VECTOR, 0);
		ASSERT(ipi_flush());
		for (u32 cpu = 1; cpu < cpu_count(); cpu++)
			EXPECT_EQ(read_letters[cpu], round, "CPU %u", cpu);
	}
}
