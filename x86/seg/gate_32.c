/* SPDX-License-Identifier: MIT */
/* Call gates of 32-bit mode: parameters, 16-bit gates, and a TSS whose stack cannot be used. */
#include "gate.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/insn.h>

SUITE("Call gates with parameters, 16-bit call gates, stacks of the TSS");

/* A UD2 that a 16-bit gate can reach. */
#define LOW_CODE 0x7000ul

static void map_low_code(void)
{
	u8 *page = page_alloc();

	memcpy(page, "\x0f\x0b", 2);
	space_map(space_kernel(), LOW_CODE, (ulong)page, PAGE_SIZE, PROT_ALL);
}

static const struct far_pointer pointer = { 0x12345678, SEL_GATE | 3 };

/* From CPL 3 through a gate of this type to code of this DPL; all stacks are set up. */
static struct transfer through_gate(u32 type, u32 dpl, u32 count)
{
	struct transfer t = { .cpl = 3,
			      .sp = (ulong)transfer_stack(),
			      .insn = transfer_call,
			      .stack0 = (ulong)transfer_stack(),
			      .pointer = &pointer };
	bool is_16 = type == DESC_CALL_GATE_16;

	for (u32 i = 0; i < 3; i++)
		gate_set_stack(i, i ? (ulong)transfer_stack() : t.stack0);
	gate_set_code(dpl, 0);
	gate_set_raw(gate_low(type, 3, SEL_GATE_CODE | 3, is_16 ? LOW_CODE : (ulong)transfer_target,
			      count),
		     0);
	return t;
}

static ulong stack_of(u32 dpl, const struct transfer *t)
{
	return dpl ? tss_of_this_cpu()->ring[dpl].esp : t->stack0;
}

TEST(gate_parameters,
     "a gate copies as many double words as it says from the old stack, in their order",
     SPEC("SDM vol. 3A, 5.8.5; vol. 2A, CALL"))
{
	for (u32 dpl = 0; dpl <= 2; dpl++)
		for (u32 count = 0; count <= 31; count++) {
			struct transfer t = through_gate(DESC_CALL_GATE, dpl, count);
			const u32 *pushed;
			struct state s;

			SUBTEST("dpl%u-%u", dpl, count);
			for (u32 i = 0; i < 40; i++)
				((u32 *)t.sp)[i] = 0xabcd0000 + i;
			s = transfer_run(&t);
			EXPECT_EQ(s.vector, (u32)VEC_UD);
			EXPECT_EQ(s.sp, stack_of(dpl, &t) - 4 * (4 + count));
			pushed = (const u32 *)s.sp;
			EXPECT_EQ(pushed[0], raise_next_ip);
			EXPECT_EQ((u16)pushed[1], SEL_USER_CS32);
			for (u32 i = 0; i < count; i++)
				EXPECT_EQ(pushed[2 + i], 0xabcd0000 + i);
			EXPECT_EQ(pushed[2 + count], t.sp);
			EXPECT_EQ((u16)pushed[3 + count], SEL_USER_DATA);
			EXPECT_EQ(pushed[4 + count], 0x5a5a5a5au);
		}
}

TEST(gate_16_parameters, "a 16-bit gate pushes and copies words, and leads to an offset of 16 bits",
     SPEC("SDM vol. 3A, 5.8.5; vol. 3B, 21.4; vol. 2A, CALL"))
{
	map_low_code();
	for (u32 dpl = 0; dpl <= 2; dpl++)
		for (u32 count = 0; count <= 31; count++) {
			struct transfer t = through_gate(DESC_CALL_GATE_16, dpl, count);
			const u16 *pushed;
			struct state s;

			SUBTEST("dpl%u-%u", dpl, count);
			for (u32 i = 0; i < 40; i++)
				((u16 *)t.sp)[i] = (u16)(0xab00 + i);
			s = transfer_run(&t);
			EXPECT_EQ(s.vector, (u32)VEC_UD);
			EXPECT_EQ(s.ip, LOW_CODE);
			EXPECT_EQ(s.sp, stack_of(dpl, &t) - 2 * (4 + count));
			pushed = (const u16 *)s.sp;
			EXPECT_EQ(pushed[0], (u16)raise_next_ip);
			EXPECT_EQ(pushed[1], SEL_USER_CS32);
			for (u32 i = 0; i < count; i++)
				EXPECT_EQ(pushed[2 + i], 0xab00 + i);
			EXPECT_EQ(pushed[2 + count], (u16)t.sp);
			EXPECT_EQ(pushed[3 + count], SEL_USER_DATA);
			EXPECT_EQ(pushed[4 + count], 0x5a5a);
		}
}

TEST(gate_16_same_level, "a 16-bit gate to the same level pushes two words; JMP pushes nothing",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	map_low_code();
	for (u32 is_call = 0; is_call < 2; is_call++) {
		struct transfer t = through_gate(DESC_CALL_GATE_16, 3, 5);
		struct state s;

		SUBTEST("%s", is_call ? "call" : "jmp");
		t.insn = is_call ? transfer_call : transfer_jmp;
		s = transfer_run(&t);
		EXPECT_EQ(s.vector, (u32)VEC_UD);
		EXPECT_EQ(s.ip, LOW_CODE);
		EXPECT_EQ(s.cs, (ulong)(SEL_GATE_CODE | 3));
		EXPECT_EQ(s.sp, t.sp - (is_call ? 4 : 0));
		if (is_call) {
			EXPECT_EQ(((const u16 *)s.sp)[0], (u16)raise_next_ip);
			EXPECT_EQ(((const u16 *)s.sp)[1], SEL_USER_CS32);
		}
	}
}

TEST(gate_same_level_no_parameters, "a gate to the same level copies no parameters",
     SPEC("SDM vol. 3A, 5.8.5"))
{
	struct transfer t = through_gate(DESC_CALL_GATE, 3, 7);
	struct state s = transfer_run(&t);

	EXPECT_EQ(s.vector, (u32)VEC_UD);
	EXPECT_EQ(s.sp, t.sp - 8);
	EXPECT_EQ(((const u32 *)s.sp)[0], raise_next_ip);
}

TEST(gate_16_refused, "a 16-bit gate is checked like one of 32 bits", SPEC("SDM vol. 2A, CALL"))
{
	static const struct {
		const char *name;
		u64 flip;
		u32 vector;
	} rows[] = {
		{ "not-present", DESC_P, VEC_NP },
		{ "dpl2", DESC_DPL(1), VEC_GP },
		{ "dpl0", DESC_DPL(3), VEC_GP },
	};

	map_low_code();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transfer t = through_gate(DESC_CALL_GATE_16, 0, 0);

		SUBTEST("%s", rows[i].name);
		gdt_entries()[SEL_GATE / 8] ^= rows[i].flip;
		expect_refused(&t, FAULT_CODED_(rows[i].vector, SEL_GATE));
	}
}

/* The stack of the TSS for this DPL is `ss`; the CALL is refused with this. */
static void check_tss_stack(const char *name, u32 dpl, u16 ss, struct fault expected)
{
	struct transfer t = through_gate(DESC_CALL_GATE, dpl, 0);

	SUBTEST("dpl%u-%s", dpl, name);
	tss_of_this_cpu()->ring[dpl].ss = ss;
	expect_refused(&t, expected);
}

TEST(gate_bad_stack,
     "a gate whose SS in the TSS is null, beyond, of wrong type or privilege is #TS with it; absent: #SS",
     SPEC("SDM vol. 2A, CALL; vol. 3A, 6.15, Interrupts 10 and 12"))
{
	/* SS of CPL 0 is needed for the exception itself. */
	for (u32 dpl = 1; dpl <= 2; dpl++) {
		u16 spare = SEL_SPARE + 8 * GATE_FREE, rpl = (u16)dpl;
		u64 data = DATA_SEG | DESC_DPL(dpl);
		struct transfer t;

		/* What the first entry of the GDT is does not count. */
		gdt_entries()[0] = data;
		check_tss_stack("null", dpl, SEL_NULL, TS(0));
		check_tss_stack("null-rpl", dpl, rpl, TS(0));
		gdt_entries()[0] = 0;
		check_tss_stack("beyond", dpl, (GDT_ENTRIES * 8) | rpl, TS(GDT_ENTRIES * 8));
		check_tss_stack("no-ldt", dpl, 8 | ERR_TI | rpl, TS(8 | ERR_TI));
		gdt_set_spare(GATE_FREE, data);
		check_tss_stack("rpl0", dpl, spare, TS(spare));
		check_tss_stack("rpl3", dpl, spare | 3, TS(spare));
		for (u32 other = 0; other <= 3; other++) {
			if (other == dpl)
				continue;
			gdt_set_spare(GATE_FREE, DATA_SEG | DESC_DPL(other));
			check_tss_stack(other == 0   ? "dpl0"
					: other == 3 ? "dpl3"
						     : "dpl-other",
					dpl, spare | rpl, TS(spare));
		}
		gdt_set_spare(GATE_FREE, data & ~DESC_W);
		check_tss_stack("read-only", dpl, spare | rpl, TS(spare));
		gdt_set_spare(GATE_FREE, data | DESC_CODE);
		check_tss_stack("code", dpl, spare | rpl, TS(spare));
		gdt_set_spare(GATE_FREE, system_desc(DESC_LDT, 0, 0xff) | DESC_DPL(dpl));
		check_tss_stack("system", dpl, spare | rpl, TS(spare));
		gdt_set_spare(GATE_FREE, data & ~(DESC_W | DESC_P));
		check_tss_stack("read-only-not-present", dpl, spare | rpl, TS(spare));
		gdt_set_spare(GATE_FREE, data & ~DESC_P);
		check_tss_stack("not-present", dpl, spare | rpl, SS(spare));
		SUBTEST("dpl%u-not-present-refused", dpl);
		t = through_gate(DESC_CALL_GATE, dpl, 0);
		tss_of_this_cpu()->ring[dpl].ss = spare | rpl;
		expect_refused_with(&t, spare);
	}
}

TEST(gate_stack_accessed, "a gate sets A of the SS that it loads", SPEC("SDM vol. 3A, 3.4.5.1"))
{
	struct transfer t = through_gate(DESC_CALL_GATE, 1, 0);
	u64 data = DATA_SEG | DESC_DPL(1);

	gdt_set_spare(GATE_STACK + 1, data & ~DESC_A);
	EXPECT_EQ(transfer_run(&t).vector, (u32)VEC_UD);
	EXPECT_EQ(gdt_entries()[SEL_SPARE / 8 + GATE_STACK + 1], data);
}

TEST(gate_offset_beyond_limit, "a gate whose offset is beyond the limit of its code is #GP(0)",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u32 dpl = is_call ? 0 : 3; dpl <= 3; dpl++) {
			struct transfer t = through_gate(DESC_CALL_GATE, dpl, 0);

			SUBTEST("%s-dpl%u", is_call ? "call" : "jmp", dpl);
			t.insn = is_call ? transfer_call : transfer_jmp;
			gdt_set_spare(GATE_CODE, DESC_P | DESC_S | DESC_CODE | DESC_W | DESC_A |
							 DESC_DB | DESC_DPL(dpl) |
							 DESC_LIMIT(0xffff));
			expect_refused(&t, GP(0));
		}
}
