/* SPDX-License-Identifier: MIT */
/* Gates of 32-bit protected mode: 16-bit gates, and the stack that the TSS has for CPL 0. */
#include "event.h"

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("32-bit gates and stacks");

#define VECTOR_USED 0x40

static void int_0x40(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int $0x40") : : : "memory");
}

/*
 * With SS0 bad, nothing can be delivered from CPL 3 to CPL 0, #TS and #SS neither. They go to
 * conforming code: bad_stack_32.S, at CPL 3, which repairs SS0.
 */
void bad_stack_ts(void);
void bad_stack_ss(void);
extern ulong bad_stack_vector, bad_stack_error, bad_stack_ip;
extern u32 *bad_stack_ss0;

static void int_with_bad_ss0(void *arg)
{
	WRITE_ONCE(*bad_stack_ss0, *(const u16 *)arg);
	__asm__ volatile(RAISE("int $0x40") : : : "memory");
}

TEST(gate_16_bit, "a 16-bit gate pushes words; the trap gate keeps IF",
     SPEC("SDM vol. 3A, 6.12.1; vol. 2A, INT n/INTO/INT3/INT1"))
{
	for (u32 type = DESC_INTERRUPT_GATE_16; type <= DESC_TRAP_GATE_16; type++) {
		struct raw_entry entry;
		const u16 *words = (const u16 *)entry.words;
		ulong base;

		SUBTEST("type%u", type);
		/* A segment that starts where the handler is brings it within 16 bits. */
		raw_gate_set(VECTOR_USED, type, 3, 0);
		base = (ulong)idt[VECTOR_USED].offset_mid << 16 | idt[VECTOR_USED].offset_low;
		idt[VECTOR_USED].selector = gdt_set_spare(0, DESC_FLAT | DESC_CODE | DESC_DB |
								     DESC_BASE(base));
		idt[VECTOR_USED].offset_low = 0;
		idt[VECTOR_USED].offset_mid = 0;
		if (!EXPECT_FAULT(VECTOR(VECTOR_USED),
				  raw_gate_catch(KERNEL, int_0x40, NULL, &entry)))
			continue;
		EXPECT_EQ(raise_sp - entry.sp, 6ul);
		EXPECT_EQ(words[0], (u16)raise_next_ip);
		EXPECT_EQ(words[1], SEL_KERNEL_CODE);
		EXPECT_EQ(words[2], (u16)raise_flags);
		EXPECT_EQ(entry.cs, SEL_SPARE);

		EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(USER, int_0x40, NULL, &entry));
		EXPECT_EQ(stack_of_handler(3) - entry.sp, 10ul);
		EXPECT_EQ(words[3], (u16)raise_sp);
		EXPECT_EQ(words[4], SEL_USER_DATA);
	}
}

static void load_bad_ds(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movw %w0, %%ds") : : "r"(0xfff8) : "memory");
}

TEST(gate_16_bit_error_code, "a 16-bit gate pushes the error code as a word, and a fault's address",
     SPEC("SDM vol. 3A, 6.12.1, 6.13"))
{
	for (u32 type = DESC_INTERRUPT_GATE_16; type <= DESC_TRAP_GATE_16; type++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct raw_entry entry;
			const u16 *words = (const u16 *)entry.words;
			ulong base;

			SUBTEST("type%u-cpl%u", type, cpl);
			raw_gate_set(VEC_GP, type, 0, 0);
			base = (ulong)idt[VEC_GP].offset_mid << 16 | idt[VEC_GP].offset_low;
			idt[VEC_GP].selector = gdt_set_spare(0, DESC_FLAT | DESC_CODE | DESC_DB |
									DESC_BASE(base));
			idt[VEC_GP].offset_low = 0;
			idt[VEC_GP].offset_mid = 0;
			if (!EXPECT_FAULT(VECTOR(VEC_GP),
					  raw_gate_catch(at_cpl(cpl), load_bad_ds, NULL, &entry)))
				continue;
			EXPECT_EQ(stack_of_handler(cpl) - entry.sp, cpl ? 12ul : 8ul);
			EXPECT_EQ(words[0], 0xfff8);
			EXPECT_EQ(words[1], (u16)raise_ip);
			EXPECT_EQ(words[2], code_selector(cpl));
			EXPECT_EQ(words[3], (u16)raise_flags);
			if (!cpl)
				continue;
			EXPECT_EQ(words[4], (u16)raise_sp);
			EXPECT_EQ(words[5], SEL_USER_DATA);
		}
}

TEST(bad_ss0,
     "INT n at CPL 3 with an SS0 that cannot be the stack's is #TS or #SS with its selector",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1; vol. 3A, 6.15, Interrupt 10, table 6-6"))
{
	static const struct {
		const char *name;
		u64 descriptor;
		bool ss;
	} rows[] = {
		{ "code", DESC_FLAT | DESC_CODE | DESC_DB, false },
		{ "read-only", (DESC_FLAT | DESC_DB) & ~DESC_W, false },
		{ "system", DESC_P | DESC_TYPE(DESC_LDT), false },
		{ "dpl3", DESC_FLAT | DESC_DB | DESC_DPL(3), false },
		{ "dpl1", DESC_FLAT | DESC_DB | DESC_DPL(1), false },
		{ "not-present", (DESC_FLAT | DESC_DB) & ~DESC_P, true },
	};
	const u16 conforming = gdt_set_spare(1, DESC_FLAT | DESC_CODE | DESC_DB | DESC_C);

	bad_stack_ss0 = (u32 *)((u8 *)tss_of_this_cpu() + offsetof(struct tss, ring) + 4);
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
	idt_set_gate(VEC_TS, bad_stack_ts, 0, 0);
	idt_set_gate(VEC_SS, bad_stack_ss, 0, 0);
	idt[VEC_TS].selector = idt[VEC_SS].selector = conforming;
	for (u32 i = 0; i < ARRAY_SIZE(rows) + 3; i++) {
		const bool is_descriptor = i < ARRAY_SIZE(rows);
		u16 selector;

		if (is_descriptor) {
			SUBTEST("%s", rows[i].name);
			selector = gdt_set_spare(0, rows[i].descriptor);
		} else {
			static const u16 selectors[] = { SEL_NULL, GDT_ENTRIES * 8,
							 SEL_KERNEL_DATA | 3 };
			static const char *const names[] = { "null", "beyond-gdt", "rpl3" };

			SUBTEST("%s", names[i - ARRAY_SIZE(rows)]);
			selector = selectors[i - ARRAY_SIZE(rows)];
		}
		bad_stack_vector = 0;
		EXPECT_NO_FAULT(run_user(int_with_bad_ss0, &selector));
		EXPECT_EQ(bad_stack_vector, is_descriptor && rows[i].ss ? VEC_SS : VEC_TS);
		EXPECT_EQ(bad_stack_error, (ulong)(selector & ~3));
		EXPECT_EQ(bad_stack_ip, raise_ip);
	}
}
