/* SPDX-License-Identifier: MIT */
/* Gates of 64-bit mode: offset, code segment size, types, interrupt-stack table, stack
 * alignment. */
#include "event.h"

#include <mm/page.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("64-bit gates and stacks");

#define VECTOR_USED 0x40

static void int_0x40(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int $0x40") : : : "memory");
}

/* The stack pointer is `arg` below what it was. */
static void int_0x40_misaligned(void *arg)
{
	__asm__ volatile("movq %%rsp, %%rdx\n"
			 "subq %0, %%rsp\n" RAISE("int $0x40") "movq %%rdx, %%rsp"
			 :
			 : "c"(arg)
			 : "rdx", "memory");
}

TEST(gate_16_bit_types, "gates of 16-bit and task type are #GP with vector and IDT in 64-bit mode",
     SPEC("SDM vol. 3A, 6.14.1"))
{
	for (u32 type = 5; type <= 7; type++) {
		SUBTEST("type%u", type);
		raw_gate_set(VECTOR_USED, type, 3, 0);
		EXPECT_FAULT(GP(VECTOR_USED << 3 | ERR_IDT), fault_of(int_0x40, NULL));
	}
}

TEST(gate_code_size, "a gate to a code segment that is not 64-bit is #GP with the selector",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
	SUBTEST("compatibility");
	idt[VECTOR_USED].selector = SEL_KERNEL_CS32;
	EXPECT_FAULT(GP(SEL_KERNEL_CS32), fault_of(int_0x40, NULL));
	SUBTEST("compatibility-16");
	idt[VECTOR_USED].selector = gdt_set_spare(0, DESC_FLAT | DESC_CODE);
	EXPECT_FAULT(GP(SEL_SPARE), fault_of(int_0x40, NULL));
	EXPECT_FAULT(GP(SEL_SPARE), run_user(int_0x40, NULL));
	SUBTEST("l-and-d");
	idt[VECTOR_USED].selector = gdt_set_spare(0, DESC_FLAT | DESC_CODE | DESC_L | DESC_DB);
	EXPECT_FAULT(GP(SEL_SPARE), fault_of(int_0x40, NULL));
}

TEST(gate_non_canonical_offset, "a gate whose offset is not canonical is #GP(0)",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	static const u32 high[] = { 0x01000000, 0x80000000, 0x7fffffff };

	for (u32 i = 0; i < ARRAY_SIZE(high); i++) {
		SUBTEST("high%#x", high[i]);
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
		idt[VECTOR_USED].offset_high = high[i];
		EXPECT_FAULT(GP(0), fault_of(int_0x40, NULL));
	}
}

TEST(ist_switches_stack,
     "a gate with IST n runs on that stack, from CPL 0 and 3; SS is null from CPL 3 only",
     SPEC("SDM vol. 3A, 6.14.4-6.14.5"))
{
	u8 *stacks = pages_alloc(8, PAGE_SIZE);

	for (u32 ist = 1; ist <= 7; ist++) {
		ulong top = (ulong)stacks + PAGE_SIZE * (ist + 1);

		tss_of_this_cpu()->ist[ist - 1] = top;
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, ist);
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct raw_entry entry;

			SUBTEST("ist%u-cpl%u", ist, cpl);
			if (!EXPECT_FAULT(VECTOR(VECTOR_USED),
					  raw_gate_catch(at_cpl(cpl), int_0x40, NULL, &entry)))
				continue;
			EXPECT_EQ(entry.sp, top - RAW_FRAME_WORDS * sizeof(ulong));
			EXPECT_EQ(pushed_frame(&entry, false)->sp, raise_sp);
			EXPECT_EQ(pushed_frame(&entry, false)->ss, (ulong)stack_selector(cpl));
			if (cpl)
				EXPECT_EQ(entry.ss, SEL_NULL);
		}
	}
}

TEST(stack_is_aligned, "the frame is pushed below the stack pointer rounded down to 16 bytes",
     SPEC("SDM vol. 3A, 6.14.2"))
{
	u8 *page = page_alloc();

	for (ulong offset = 0; offset < 24; offset += 4) {
		struct raw_entry entry;

		SUBTEST("same-cpl-%lu", offset);
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
		EXPECT_FAULT(VECTOR(VECTOR_USED),
			     raw_gate_catch(KERNEL, int_0x40_misaligned, (void *)offset, &entry));
		EXPECT_EQ(entry.sp, ALIGN_DOWN(raise_sp, 16) - RAW_FRAME_WORDS * sizeof(ulong));
		EXPECT_EQ(pushed_frame(&entry, false)->sp, raise_sp);

		SUBTEST("ist-%lu", offset);
		tss_of_this_cpu()->ist[3] = (ulong)page + PAGE_SIZE - offset;
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 4);
		EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, int_0x40, NULL, &entry));
		EXPECT_EQ(entry.sp, ALIGN_DOWN((ulong)page + PAGE_SIZE - offset, 16) -
					    RAW_FRAME_WORDS * sizeof(ulong));
	}
}

TEST(bad_new_stack, "a new stack pointer that is not canonical is #SS(0) for INT n",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 4);
	tss_of_this_cpu()->ist[3] = 0x0100000000000000;
	SUBTEST("ist-cpl0");
	EXPECT_FAULT(SS(0), fault_of(int_0x40, NULL));
	EXPECT_EQ(trap_last_frame()->ip, raise_ip);
	/* From CPL 3, #SS itself comes on RSP0, which is good. */
	SUBTEST("ist-cpl3");
	EXPECT_FAULT(SS(0), run_user(int_0x40, NULL));
	EXPECT_EQ(trap_last_frame()->ip, raise_ip);
}

/* RSP0 as at CPL 3; #SS and #GP on a stack of their own. */
static void int_with_bad_rsp0(void *arg)
{
	(void)arg;
	__asm__ volatile("int $0x40");
}

static void spoil_rsp0(struct trap_frame *frame)
{
	(void)frame;
	tss_of_this_cpu()->rsp[0] = 0x0100000000000000;
}

static void spoil_then_int(void *arg)
{
	__asm__ volatile("int $0x41");
	int_with_bad_rsp0(arg);
}

TEST(bad_rsp0, "INT n at CPL 3 with an RSP0 that is not canonical is #SS(0)",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	trap_set_handler(0x41, spoil_rsp0);
	idt[0x41].type |= 0x60;
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
	idt[VEC_SS].ist = 1;
	idt[VEC_GP].ist = 1;
	EXPECT_FAULT(SS(0), run_user(spoil_then_int, NULL));
}

TEST(ist_beyond_tss, "an IST entry beyond the TSS's limit is #TS with the TSS's selector",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	const u64 base = (ulong)tss_of_this_cpu();
	const u64 tss = DESC_BASE(base) | DESC_P | DESC_TYPE(DESC_TSS_AVAILABLE);

	gdt_set_spare(1, base >> 32);
	/* RSP0 is at 4, IST1 at 36. */
	ASSERT_NO_FAULT(ltr_try(gdt_set_spare(0, tss | DESC_LIMIT(36 + 7))));
	tss_of_this_cpu()->ist[0] = (ulong)page_alloc() + PAGE_SIZE;
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 2);
	EXPECT_FAULT(TS(SEL_SPARE), fault_of(int_0x40, NULL));
	EXPECT_FAULT(TS(SEL_SPARE), run_user(int_0x40, NULL));
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 1);
	idt[VECTOR_USED].type |= 0x60;
	EXPECT_FAULT(VECTOR(VECTOR_USED),
		     raw_gate_catch(KERNEL, int_0x40, NULL, &(struct raw_entry){ 0 }));
	desc_init();
}
