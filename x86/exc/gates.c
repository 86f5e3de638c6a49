/* SPDX-License-Identifier: MIT */
/*
 * Gates that delivery refuses, for software interrupts (EXT clear) and for events that come
 * from outside the program (EXT set). The order of the rows is that of the checks: SDM vol. 2A,
 * INT n, Operation.
 */
#include <test.h>

#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/raw_gate.h>

SUITE("Gates that are refused");

#define VECTOR_USED 0x40
#define IDT_ERROR   (VECTOR_USED << 3 | ERR_IDT)

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

static void set_gate(u32 vector)
{
	raw_gate_set(vector, DESC_INTERRUPT_GATE, 3, 0);
}

TEST(gate_type, "a gate that is no interrupt, trap or task gate is #GP with vector and IDT",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1; vol. 3A, 6.11"))
{
	/* Not here: task gates, and what is a gate in one of the sizes only. */
	static const u8 types[] = { 0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13 };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		SUBTEST("type%u", types[i]);
		set_gate(VECTOR_USED);
		idt[VECTOR_USED].type = 0xe0 | types[i];
		EXPECT_FAULT(GP(IDT_ERROR), fault_of(int_0x40, NULL));
		EXPECT_EQ(trap_last_frame()->ip, raise_ip);
		EXPECT_FAULT(GP(IDT_ERROR), run_user(int_0x40, NULL));
	}
}

TEST(gate_type_before_p, "the type of a gate is checked before its P bit",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	set_gate(VECTOR_USED);
	idt[VECTOR_USED].type = 0x60;
	EXPECT_FAULT(GP(IDT_ERROR), fault_of(int_0x40, NULL));
}

TEST(gate_not_present, "a gate that is not present is #NP with vector and IDT",
     SPEC("SDM vol. 3A, 6.15, Interrupt 11"))
{
	static const u8 types[] = { DESC_INTERRUPT_GATE, DESC_TRAP_GATE };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		SUBTEST("type%u", types[i]);
		set_gate(VECTOR_USED);
		idt[VECTOR_USED].type = 0x60 | types[i];
		EXPECT_FAULT(NP(IDT_ERROR), fault_of(int_0x40, NULL));
		EXPECT_EQ(trap_last_frame()->ip, raise_ip);
		EXPECT_FAULT(NP(IDT_ERROR), run_user(int_0x40, NULL));
	}
}

TEST(gate_dpl_before_p, "for INT n a gate's DPL is checked before its P bit",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	set_gate(VECTOR_USED);
	idt[VECTOR_USED].type = DESC_INTERRUPT_GATE;
	EXPECT_FAULT(GP(IDT_ERROR), run_user(int_0x40, NULL));
}

TEST(idt_limit,
     "a vector whose gate is not wholly within the IDT's limit is #GP with vector and IDT",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1; vol. 3A, 6.10"), BUG("XSA-196"))
{
	const u16 end = (VECTOR_USED + 1) * sizeof(struct idt_gate) - 1;
	static const struct {
		const char *name;
		s16 offset;
		bool good;
	} rows[] = {
		{ "whole", 0, true },
		{ "last-byte-missing", -1, false },
		{ "half", -(s16)(sizeof(struct idt_gate) / 2), false },
		{ "all-missing", -(s16)sizeof(struct idt_gate), false },
	};
	struct raw_entry entry;

	set_gate(VECTOR_USED);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct desc_table_register short_idt = { (u16)(end + rows[i].offset), (ulong)idt };
		struct desc_table_register whole_idt = { sizeof(idt) - 1, (ulong)idt };
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		lidt(&short_idt);
		fault = raw_gate_catch(KERNEL, int_0x40, NULL, &entry);
		lidt(&whole_idt);
		if (rows[i].good)
			EXPECT_FAULT(VECTOR(VECTOR_USED), fault);
		else
			EXPECT_FAULT(GP(IDT_ERROR), fault);
	}
}

/* Code segments that a gate may not name; the error code is the selector without RPL, IDT
 * clear. */
#define CODE_SIZE (sizeof(ulong) == 8 ? DESC_L : DESC_DB)
#define FLAT_CODE (DESC_FLAT | DESC_CODE | CODE_SIZE)

TEST(gate_selector,
     "a gate whose selector is no code segment is #GP with the selector, #NP if not present",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	static const struct {
		const char *name;
		u64 flip;
		bool np;
	} rows[] = {
		{ "data", DESC_CODE | DESC_L, false },
		{ "data-not-present", DESC_CODE | DESC_L | DESC_P, false },
		{ "system", DESC_S, false },
		{ "dpl1", DESC_DPL(1), false },
		{ "dpl3", DESC_DPL(3), false },
		{ "dpl3-conforming", DESC_DPL(3) | DESC_C, false },
		{ "not-present", DESC_P, true },
	};

	gdt_set_spare(1, 0);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 selector = gdt_set_spare(0, FLAT_CODE ^ rows[i].flip);

		SUBTEST("%s", rows[i].name);
		set_gate(VECTOR_USED);
		idt[VECTOR_USED].selector = selector;
		if (rows[i].np)
			EXPECT_FAULT(NP(selector), fault_of(int_0x40, NULL));
		else
			EXPECT_FAULT(GP(selector), fault_of(int_0x40, NULL));
		EXPECT_EQ(trap_last_frame()->ip, raise_ip);
	}
	/* Whatever is in the first entry. */
	gdt_entries()[0] = gdt_entries()[SEL_KERNEL_CODE / 8];
	SUBTEST("null");
	idt[VECTOR_USED].selector = SEL_NULL;
	EXPECT_FAULT(GP(0), fault_of(int_0x40, NULL));
	SUBTEST("null-rpl3");
	idt[VECTOR_USED].selector = 3;
	EXPECT_FAULT(GP(0), fault_of(int_0x40, NULL));
	gdt_entries()[0] = 0;
	SUBTEST("beyond-gdt");
	idt[VECTOR_USED].selector = GDT_ENTRIES * 8;
	EXPECT_FAULT(GP(GDT_ENTRIES * 8), fault_of(int_0x40, NULL));
	SUBTEST("no-ldt");
	idt[VECTOR_USED].selector = 8 | ERR_TI;
	EXPECT_FAULT(GP(8 | ERR_TI), fault_of(int_0x40, NULL));
}

TEST(gate_selector_rpl,
     "the RPL of a gate's selector does not matter; the handler's CS has RPL = CPL",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		struct raw_entry entry;

		SUBTEST("rpl%u", rpl);
		set_gate(VECTOR_USED);
		idt[VECTOR_USED].selector = SEL_KERNEL_CODE | rpl;
		EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(USER, int_0x40, NULL, &entry));
		EXPECT_EQ(entry.cs, SEL_KERNEL_CODE);
		EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, int_0x40, NULL, &entry));
		EXPECT_EQ(entry.cs, SEL_KERNEL_CODE);
	}
}

/* ------------------------------------------------------------------------------------------
 * EXT */

/* A self IPI that is taken at once: IF is set, and the APIC's store is followed by a few
 * instructions. */
static void external_interrupt(void *arg)
{
	(void)arg;
	/* The one of the last row is in service, although it was not delivered. */
	if (apic_vector_bit(APIC_ISR, VECTOR_USED))
		apic_eoi();
	apic_send_vector(0, VECTOR_USED);
	__asm__ volatile("sti\nnop\nnop\nnop\nnop\ncli" : : : "memory");
}

/* For any event that comes from outside: breaks the gate in three ways. */
static void expect_ext(u32 vector, void (*raise)(void *arg))
{
	SUBTEST("not-present");
	set_gate(vector);
	idt[vector].type = DESC_INTERRUPT_GATE;
	EXPECT_FAULT(NP(vector << 3 | ERR_IDT | ERR_EXT), fault_of(raise, NULL));

	SUBTEST("type");
	set_gate(vector);
	idt[vector].type = 0x80;
	EXPECT_FAULT(GP(vector << 3 | ERR_IDT | ERR_EXT), fault_of(raise, NULL));

	SUBTEST("selector-null");
	set_gate(vector);
	idt[vector].selector = SEL_NULL;
	EXPECT_FAULT(GP(ERR_EXT), fault_of(raise, NULL));

	SUBTEST("selector-data");
	set_gate(vector);
	idt[vector].selector = SEL_KERNEL_DATA;
	EXPECT_FAULT(GP(SEL_KERNEL_DATA | ERR_EXT), fault_of(raise, NULL));

	SUBTEST("segment-not-present");
	set_gate(vector);
	idt[vector].selector = gdt_set_spare(0, FLAT_CODE & ~DESC_P);
	EXPECT_FAULT(NP(SEL_SPARE | ERR_EXT), fault_of(raise, NULL));
}

TEST(ext_of_interrupt, "the error code has EXT set if delivering an external interrupt failed",
     SPEC("SDM vol. 3A, 6.13"))
{
	expect_ext(VECTOR_USED, external_interrupt);
}

/* The APM speaks of external sources only. */
TEST(ext_of_exception, "the error code has EXT set if delivering an earlier exception failed",
     SPEC("SDM vol. 3A, 6.13"), REQUIRES(cpu_is_intel()))
{
	expect_ext(VEC_UD, ud2);
}

TEST(no_ext_of_software, "the error code has EXT clear if delivering INT n or INT3 failed",
     SPEC("SDM vol. 3A, 6.13"))
{
	idt[VEC_BP].type = DESC_INTERRUPT_GATE;
	EXPECT_FAULT(NP(VEC_BP << 3 | ERR_IDT), int3_try());
	set_gate(VEC_BP);
	idt[VEC_BP].selector = SEL_KERNEL_DATA;
	EXPECT_FAULT(GP(SEL_KERNEL_DATA), int3_try());
	set_gate(VECTOR_USED);
	idt[VECTOR_USED].selector = SEL_KERNEL_DATA;
	EXPECT_FAULT(GP(SEL_KERNEL_DATA), fault_of(int_0x40, NULL));
}
