/* SPDX-License-Identifier: MIT */
/*
 * Gates to code that is not of CPL 0: conforming code, for which neither privilege nor stack changes,
 * and code of CPL 1 and 2. SDM vol. 3A, 6.12.1.
 */
#include "event.h"

#include <x86/cr.h>

SUITE("Gates to conforming code and to CPL 1 and 2");

#define VECTOR_USED 0x40

void conforming_handler(void);
extern ulong conforming_sp, conforming_cs, conforming_ss, conforming_flags;

static void int_0x40(void *arg)
{
	__asm__ volatile("push %0\npopf\n" RAISE("int $0x40") : : "r"((ulong)arg) : "memory", "cc");
}

static void ud2(void *arg)
{
	__asm__ volatile("push %0\npopf\n" RAISE("ud2") : : "r"((ulong)arg) : "memory", "cc");
}

TEST(conforming_at_cpl3,
     "a gate to conforming code of DPL 0 runs its handler at CPL 3, on the stack that is "
     "in use",
     SPEC("SDM vol. 3A, 6.12.1.1; vol. 2A, INT n/INTO/INT3/INT1"))
{
	static const struct {
		const char *name;
		void (*raise)(void *arg);
		u32 vector;
		bool is_trap;
	} rows[] = { { "int-n", int_0x40, VECTOR_USED, true }, { "ud2", ud2, VEC_UD, false } };
	const u64 code = DESC_FLAT | DESC_CODE | DESC_C | (sizeof(ulong) == 8 ? DESC_L : DESC_DB);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 dpl = 0; dpl <= 3; dpl++) {
			const ulong flags = FLAG_1 | FLAG_NT | FLAG_CF | FLAG_DF;
			const struct pushed *pushed;

			SUBTEST("%s-dpl%u", rows[i].name, dpl);
			conforming_sp = conforming_cs = conforming_ss = conforming_flags = 0;
			idt_set_gate(rows[i].vector, conforming_handler, 3, 0);
			idt[rows[i].vector].selector = gdt_set_spare(0, code | DESC_DPL(dpl));
			EXPECT_NO_FAULT(run_user(rows[i].raise, (void *)flags));
			write_flags(FLAG_1);
			EXPECT_EQ(conforming_cs, SEL_SPARE | 3ul);
			EXPECT_EQ(conforming_ss, (ulong)SEL_USER_DATA);
			EXPECT_EQ(conforming_flags, flags & ~FLAG_NT);
			EXPECT_EQ(conforming_sp, ALIGN_DOWN(raise_sp, RAW_STACK_ALIGN) -
							 RAW_FRAME_WORDS * sizeof(ulong));
			if (!conforming_sp)
				continue;
			pushed = (const struct pushed *)conforming_sp;
			EXPECT_EQ(pushed->ip, rows[i].is_trap ? raise_next_ip : raise_ip);
			EXPECT_EQ(pushed->cs, (ulong)code_selector(3));
			EXPECT_EQ(pushed->flags & ~FLAG_RF, flags);
		}
}

static u8 ring_stack[512] __aligned(16);

/* The handler's INT to CPL 0 comes to a raw gate. */
TEST(gate_to_rings_1_and_2,
     "a gate to code of DPL n runs its handler at CPL n on the stack that the TSS has "
     "for n",
     SPEC("SDM vol. 3A, 6.12.1, 6.14.4, 7.2.1, 7.7"))
{
	const ulong top = (ulong)ring_stack + sizeof(ring_stack);
	const u64 code = DESC_FLAT | DESC_CODE | (sizeof(ulong) == 8 ? DESC_L : DESC_DB);

	for (u16 cpl = 1; cpl <= 2; cpl++) {
		const u16 cs = gdt_set_spare(0, code | DESC_DPL(cpl));
		const u16 ss = gdt_set_spare(1, DESC_FLAT | DESC_DB | DESC_DPL(cpl)) | cpl;
		const u16 new_ss = sizeof(ulong) == 8 ? cpl : ss;
		const struct pushed *pushed;
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		conforming_sp = conforming_cs = conforming_ss = 0;
		idt_set_gate(VECTOR_USED, conforming_handler, 3, 0);
		idt[VECTOR_USED].selector = cs;
		raw_gate_set(VEC_USER_RETURN, DESC_INTERRUPT_GATE, 3, 0);
		tss_set_stack(tss_of_this_cpu(), cpl, ss, top);
		if (!EXPECT_FAULT(VECTOR(VEC_USER_RETURN),
				  raw_gate_catch(USER, int_0x40, (void *)FLAG_1, &entry)))
			continue;
		EXPECT_EQ(conforming_cs, (ulong)(cs | cpl));
		EXPECT_EQ(conforming_ss, (ulong)new_ss);
		EXPECT_EQ(conforming_sp, top - RAW_FRAME_WORDS_USER * sizeof(ulong));
		EXPECT_EQ(pushed_frame(&entry, false)->cs, (ulong)(cs | cpl));
		EXPECT_EQ(pushed_frame(&entry, false)->ss, (ulong)new_ss);
		EXPECT_EQ(pushed_frame(&entry, false)->sp, conforming_sp);
		pushed = (const struct pushed *)(top - RAW_FRAME_WORDS_USER * sizeof(ulong));
		EXPECT_EQ(pushed->ip, raise_next_ip);
		EXPECT_EQ(pushed->cs, (ulong)code_selector(3));
		EXPECT_EQ(pushed->flags, FLAG_1);
		EXPECT_EQ(pushed->sp, raise_sp);
		EXPECT_EQ(pushed->ss, (ulong)SEL_USER_DATA);
	}
}
