/* SPDX-License-Identifier: MIT */
/*
 * That a bad gate is refused, whatever error code comes with it: gates.c and gates_32/64.c have
 * the error codes. By INT n, by exceptions that the CPU raises and by interrupts, at CPL 0 and 3.
 */
#include "event.h"

#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("Bad gates are refused for all kinds of events");

#define VECTOR_USED 0x40

static void int_0x40(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int $0x40") : : : "memory");
}

static void ud2(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("ud2") : : : "memory");
}

static void int3(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int3") : : : "memory");
}

static const struct {
	const char *name;
	void (*raise)(void *arg);
	u32 vector;
} events[] = {
	{ "int-n", int_0x40, VECTOR_USED },
	{ "int3", int3, VEC_BP },
	{ "ud2", ud2, VEC_UD },
};

/* The error code is the first word, so that the frame is after it. */
static void expect_refused(u32 event, u32 vector)
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct raw_entry entry;

		raw_gate_set(VEC_GP, DESC_INTERRUPT_GATE, 0, 0);
		raw_gate_set(VEC_NP, DESC_INTERRUPT_GATE, 0, 0);
		if (!EXPECT_FAULT(VECTOR(vector),
				  raw_gate_catch(at_cpl(cpl), events[event].raise, NULL, &entry),
				  "CPL %u", cpl))
			continue;
		EXPECT_EQ(raw_words_below(&entry, stack_of_handler(cpl)),
			  (ulong)(1 + (cpl ? RAW_FRAME_WORDS_USER : RAW_FRAME_WORDS)));
		EXPECT_EQ(pushed_frame(&entry, true)->ip, raise_ip, "CPL %u", cpl);
		EXPECT_EQ(pushed_frame(&entry, true)->cs, (ulong)code_selector(cpl));
		EXPECT_EQ(pushed_frame(&entry, true)->flags & ~FLAG_RF, raise_flags & ~FLAG_RF);
	}
}

TEST(refused_type, "a gate of each type that is no gate for interrupts is #GP",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1; vol. 3A, 6.11"))
{
	static const u8 types[] = { 0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13 };

	for (u32 e = 0; e < ARRAY_SIZE(events); e++)
		for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
			SUBTEST("%s-type%u", events[e].name, types[i]);
			raw_gate_set(events[e].vector, types[i], 3, 0);
			expect_refused(e, VEC_GP);
		}
}

/* Bit 4 of the type byte is S, which is 0 in a gate. */
TEST(refused_s, "a gate with the S bit set is #GP", SPEC("SDM vol. 3A, 3.5, 6.11"))
{
	for (u32 e = 0; e < ARRAY_SIZE(events); e++)
		for (u32 type = DESC_INTERRUPT_GATE; type <= DESC_TRAP_GATE; type++) {
			SUBTEST("%s-type%u", events[e].name, type);
			raw_gate_set(events[e].vector, type | 0x10, 3, 0);
			expect_refused(e, VEC_GP);
		}
}

TEST(refused_not_present, "a gate that is not present is #NP",
     SPEC("SDM vol. 3A, 6.15, Interrupt 11"))
{
	for (u32 e = 0; e < ARRAY_SIZE(events); e++)
		for (u32 type = DESC_INTERRUPT_GATE; type <= DESC_TRAP_GATE; type++) {
			SUBTEST("%s-type%u", events[e].name, type);
			raw_gate_set(events[e].vector, type, 3, 0);
			idt[events[e].vector].type &= 0x7f;
			expect_refused(e, VEC_NP);
		}
}

TEST(refused_by_limit, "a gate that is not wholly within the IDT's limit is #GP, at CPL 0 and 3",
     SPEC("SDM vol. 3A, 6.10"))
{
	const u32 vector = VECTOR_USED;

	for (u32 missing = 1; missing <= sizeof(struct idt_gate); missing++) {
		const struct desc_table_register short_idt = {
			(u16)((vector + 1) * sizeof(struct idt_gate) - 1 - missing), (ulong)idt
		};
		const struct desc_table_register whole_idt = { sizeof(idt) - 1, (ulong)idt };

		SUBTEST("missing%u", missing);
		raw_gate_set(vector, DESC_INTERRUPT_GATE, 3, 0);
		lidt(&short_idt);
		expect_refused(0, VEC_GP);
		lidt(&whole_idt);
	}
}

TEST(refused_selector, "a gate whose selector is no good code segment is #GP or #NP",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	const u64 code = DESC_FLAT | DESC_CODE | (sizeof(ulong) == 8 ? DESC_L : DESC_DB);
	const struct {
		const char *name;
		u64 descriptor;
		u32 vector;
	} rows[] = {
		{ "null", 0, VEC_GP },
		{ "data", DESC_FLAT | DESC_DB, VEC_GP },
		{ "expand-down", DESC_FLAT | DESC_DB | DESC_C, VEC_GP },
		{ "ldt", DESC_P | DESC_TYPE(DESC_LDT), VEC_GP },
		{ "tss", DESC_P | DESC_TYPE(DESC_TSS_AVAILABLE), VEC_GP },
		{ "call-gate", DESC_P | DESC_TYPE(DESC_CALL_GATE), VEC_GP },
		{ "not-present", code & ~DESC_P, VEC_NP },
		{ "conforming-not-present", (code & ~DESC_P) | DESC_C, VEC_NP },
		{ "data-not-present", (DESC_FLAT | DESC_DB) & ~DESC_P, VEC_GP },
	};

	gdt_set_spare(1, 0);
	for (u32 e = 0; e < ARRAY_SIZE(events); e++)
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			SUBTEST("%s-%s", events[e].name, rows[i].name);
			raw_gate_set(events[e].vector, DESC_INTERRUPT_GATE, 3, 0);
			idt[events[e].vector].selector =
				rows[i].descriptor ? gdt_set_spare(0, rows[i].descriptor) : 0;
			expect_refused(e, rows[i].vector);
		}
}

static void deliver_to(u64 descriptor, u32 cpl)
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
	idt[VECTOR_USED].selector = gdt_set_spare(0, descriptor);
	EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(at_cpl(cpl), int_0x40, NULL, &entry));
	EXPECT_EQ(entry.cs, SEL_SPARE);
}

#define GOOD_CODE (DESC_FLAT | DESC_CODE | (sizeof(ulong) == 8 ? DESC_L : DESC_DB))

TEST(good_code_segments, "execute-only, not accessed and available-bit code of DPL 0 is good",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	static const struct {
		const char *name;
		u64 flip;
	} rows[] = { { "execute-only", DESC_W }, { "not-accessed", DESC_A }, { "avl", DESC_AVL } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			deliver_to(GOOD_CODE ^ rows[i].flip, cpl);
		}
}

TEST(accessed_by_delivery, "delivery sets the accessed bit of the handler's code segment",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		deliver_to(GOOD_CODE & ~DESC_A, cpl);
		EXPECT_EQ(gdt_entries()[SEL_SPARE / 8], GOOD_CODE);
	}
}

static void interrupt(void *arg)
{
	(void)arg;
	if (apic_vector_bit(APIC_ISR, VECTOR_USED))
		apic_eoi();
	apic_send_vector(0, VECTOR_USED);
	__asm__ volatile("sti\nnop\nnop\nnop\nnop\ncli" : : : "memory");
}

TEST(interrupt_ignores_gate_dpl, "an external interrupt does not check the gate's DPL",
     SPEC("SDM vol. 3A, 6.12.1.1"))
{
	for (u32 dpl = 0; dpl <= 3; dpl++) {
		struct raw_entry entry;

		SUBTEST("dpl%u", dpl);
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, dpl, 0);
		EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, interrupt, NULL, &entry));
		apic_eoi();
	}
}
