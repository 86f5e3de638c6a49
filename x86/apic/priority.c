/* SPDX-License-Identifier: MIT */
/*
 * What is in service, in all its classes: SDM vol. 3A, 10.8.3-10.8.5, 10.9. The image `smp` has the rules
 * for two interrupts; here are many, and every vector.
 */
#include <test.h>

#include <string.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("Interrupts in service", REQUIRES(cpu_has(X86_FEATURE_APIC)));

/* Classes 2 to 14: 15 has the library's vectors. */
#define FIRST_CLASS 2u
#define LAST_CLASS  14u

static struct {
	u32 depth;
	u32 isr_wrong, ppr_wrong; /* how often the registers were not as they have to be */
	u32 order[2 * 16], entries;
} nested;

static u32 vector_of(u32 class)
{
	return class << 4 | 5;
}

/* Exactly the classes from FIRST_CLASS to `last` are in service. */
static bool isr_is(u32 last)
{
	for (u32 class = FIRST_CLASS; class <= LAST_CLASS; class ++)
		if (apic_vector_bit(APIC_ISR, vector_of(class)) != (class <= last))
			return false;
	return true;
}

static void nest(struct trap_frame *frame)
{
	u32 class = (u32)frame->vector >> 4;

	nested.order[nested.entries++ % 32] = class;
	nested.isr_wrong += !isr_is(class);
	nested.ppr_wrong += apic_read(APIC_PPR) != class << 4;
	if (class < LAST_CLASS) {
		apic_send_vector(0, vector_of(class + 1));
		irq_window();
	}
	/* Those above have ended. */
	nested.isr_wrong += !isr_is(class);
	nested.ppr_wrong += apic_read(APIC_PPR) != class << 4;
	apic_eoi();
	nested.isr_wrong += !isr_is(class - 1);
}

TEST(nests_through_all_classes, "each class interrupts the one below; ISR has all, PPR the highest",
     SPEC("SDM vol. 3A, 10.8.3.1, 10.8.4, 10.8.5"))
{
	irq_record(0x20, 0xef);
	memset(&nested, 0, sizeof(nested));
	for (u32 class = FIRST_CLASS; class <= LAST_CLASS; class ++)
		trap_set_handler(vector_of(class), nest);
	apic_send_vector(0, vector_of(FIRST_CLASS));
	irq_window();
	EXPECT_EQ(nested.entries, LAST_CLASS - FIRST_CLASS + 1);
	for (u32 i = 0; i < nested.entries; i++)
		EXPECT_EQ(nested.order[i], FIRST_CLASS + i);
	EXPECT_EQ(nested.isr_wrong, 0u);
	EXPECT_EQ(nested.ppr_wrong, 0u);
	EXPECT_EQ(apic_read(APIC_PPR), 0u);
}

/* ----------------------------------------------------------------------------------------- EOI */

static struct {
	u32 isr[3]; /* vectors 0x45, 0x55 and 0x65 in service: bits 0 to 2; before, after one, after two EOIs */
} ends;

static u32 in_service(void)
{
	return (u32)(apic_vector_bit(APIC_ISR, 0x45) | apic_vector_bit(APIC_ISR, 0x55) << 1 |
		     apic_vector_bit(APIC_ISR, 0x65) << 2);
}

static void end_twice(struct trap_frame *frame)
{
	(void)frame;
	ends.isr[0] = in_service();
	apic_eoi();
	ends.isr[1] = in_service();
	apic_eoi();
	ends.isr[2] = in_service();
	/* One is left for the outermost handler. */
}

static void send_next(struct trap_frame *frame)
{
	u32 vector = (u32)frame->vector;

	apic_send_vector(0, vector + 0x10);
	irq_window();
	if (vector == 0x45)
		apic_eoi();
}

TEST(eoi_ends_highest, "each EOI ends the highest vector in service, whoever writes it",
     SPEC("SDM vol. 3A, 10.8.5"))
{
	irq_record(0x20, 0xef);
	trap_set_handler(0x45, send_next);
	trap_set_handler(0x55, send_next);
	trap_set_handler(0x65, end_twice);
	apic_send_vector(0, 0x45);
	irq_window();
	EXPECT_EQ(ends.isr[0], 7u);
	EXPECT_EQ(ends.isr[1], 3u);
	EXPECT_EQ(ends.isr[2], 1u);
	EXPECT_EQ(in_service(), 0u);
}

static u32 taken_before_eoi, taken_after_eoi;

static void send_lower_and_end(struct trap_frame *frame)
{
	(void)frame;
	apic_send_vector(0, 0x41);
	irq_window();
	taken_before_eoi = irq_taken(0, 0x41);
	apic_eoi();
	irq_window();
	taken_after_eoi = irq_taken(0, 0x41);
}

TEST(eoi_lets_in, "EOI lets in a lower vector that waited, before the handler has returned",
     SPEC("SDM vol. 3A, 10.8.4, 10.8.5"))
{
	irq_record(0x20, 0xef);
	trap_set_handler(0x65, send_lower_and_end);
	apic_send_vector(0, 0x65);
	irq_window();
	EXPECT_EQ(taken_before_eoi, 0u);
	EXPECT_EQ(taken_after_eoi, 1u);
}

static u32 eoi_value;
static bool ended;

static void end_with_value(struct trap_frame *frame)
{
	apic_write(APIC_EOI, eoi_value);
	ended = !apic_vector_bit(APIC_ISR, (u32)frame->vector);
	if (!ended)
		apic_eoi();
}

TEST(eoi_by_any_value, "in xAPIC mode an EOI ends the interrupt whatever value is written",
     SPEC("SDM vol. 3A, 10.8.5, figure 10-21"))
{
	static const u32 values[] = { 0, 1, 0x45, 0x46, 0xffffffff };

	irq_record(0x20, 0xef);
	trap_set_handler(0x45, end_with_value);
	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("%#x", values[i]);
		eoi_value = values[i];
		ended = false;
		apic_send_vector(0, 0x45);
		irq_window();
		EXPECT(ended);
	}
}

/* ---------------------------------------------------------------------------------------- every vector */

/*
 * The handler's stubs know of 17 and 21 that an exception with this vector has an error code. The spurious
 * vector is not to be used for interrupts: SDM vol. 3A, 10.9, note.
 */
static bool is_usable(u32 vector)
{
	return vector >= 16 && vector != VEC_AC && vector != VEC_CP && vector != 29 &&
	       vector != 30 && vector != VEC_SPURIOUS;
}

TEST(every_vector, "each vector from 16 to 254 has its own bit in IRR and ISR, and its own gate",
     SPEC("SDM vol. 3A, 10.5.2, 10.8.4, figure 10-20"), BUG("au-ts/libvmm#350"))
{
	for (u32 first = 16; first < 256; first += 16) {
		SUBTEST("%u-%u", first, first + 15);
		irq_record(first, first + 15);
		for (u32 vector = first; vector < first + 16; vector++) {
			u32 length = irq_history_length(0);

			if (!is_usable(vector))
				continue;
			apic_send_vector(0, vector);
			for (u32 word = 0; word < 8; word++)
				EXPECT_EQ(apic_read(APIC_IRR + word * 0x10),
					  word == vector / 32 ? (u32)BIT(vector % 32) : 0u,
					  "IRR word %u, vector %#x", word, vector);
			irq_window();
			EXPECT_EQ(irq_history_length(0), length + 1, "vector %#x", vector);
			EXPECT_EQ(irq_taken(0, vector), 1u, "vector %#x", vector);
		}
	}
}

/* ----------------------------------------------------------------------------------- TPR in handlers */

static struct {
	u32 tpr, ppr, taken;
} raised;

static void raise_tpr(struct trap_frame *frame)
{
	(void)frame;
	apic_write(APIC_TPR, raised.tpr);
	raised.ppr = apic_read(APIC_PPR);
	apic_send_vector(0, 0x75);
	irq_window();
	raised.taken = irq_taken(0, 0x75);
	apic_write(APIC_TPR, 0);
	apic_eoi();
}

TEST(tpr_and_service, "the higher of task priority and class in service decides, in a handler too",
     SPEC("SDM vol. 3A, 10.8.3.1"), BUG("acrn#3114"))
{
	static const struct {
		u8 tpr, ppr;
		bool taken;
	} rows[] = { { 0x00, 0x50, true },  { 0x4f, 0x50, true },  { 0x61, 0x61, true },
		     { 0x70, 0x70, false }, { 0x83, 0x83, false }, { 0xff, 0xff, false } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("TPR-%#x", rows[i].tpr);
		irq_record(0x20, 0xef);
		trap_set_handler(0x55, raise_tpr);
		raised = (__typeof__(raised)){ .tpr = rows[i].tpr };
		apic_send_vector(0, 0x55);
		irq_window();
		EXPECT_EQ(raised.ppr, rows[i].ppr);
		EXPECT_EQ(raised.taken, rows[i].taken);
		irq_window();
		EXPECT_EQ(irq_taken(0, 0x75), 1u, "in the end");
	}
}

/* --------------------------------------------------------------------------------------- spurious */

static u32 spurious;
static bool spurious_in_isr;

static void note_spurious(struct trap_frame *frame)
{
	(void)frame;
	spurious++;
	spurious_in_isr |= apic_vector_bit(APIC_ISR, VEC_SPURIOUS);
}

/*
 * Whether the spurious vector comes at all depends on how far the request has got. If it does, it is not
 * in service; and what TPR holds back must not come in its stead, nor be lost.
 */
TEST(tpr_raised_over_request,
     "TPR raised over a request holds it back; a spurious vector is not in ISR",
     SPEC("SDM vol. 3A, 10.9"))
{
	irq_record(0x20, 0xef);
	spurious = 0;
	spurious_in_isr = false;
	trap_set_handler(VEC_SPURIOUS, note_spurious);
	for (u32 round = 1; round <= 50; round++) {
		apic_send_vector(0, 0x55);
		apic_write(APIC_TPR, 0x60);
		irq_window();
		EXPECT_EQ(irq_taken(0, 0x55), round - 1);
		apic_write(APIC_TPR, 0);
		irq_window();
		EXPECT_EQ(irq_taken(0, 0x55), round);
	}
	EXPECT(!spurious_in_isr);
	EXPECT_LE(spurious, 50u);
}
