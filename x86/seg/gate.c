/* SPDX-License-Identifier: MIT */
/*
 * Call gates: who may use them, where they lead, and what is on the stack of the level that they lead
 * to. SDM vol. 3A, 5.8.3-5.8.5; vol. 2A, CALL, JMP.
 */
#include "gate.h"

#include <mm/page.h>
#include <mm/space.h>
#include <stdio.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("Call gates");

#define IS_64 (sizeof(ulong) == 8)

TEST(gate_call_privilege,
     "CALL through a gate: DPL of the gate against CPL and RPL, DPL of the code against CPL",
     SPEC("SDM vol. 3A, 5.8.4, table 5-1; vol. 2A, CALL"))
{
	for (u32 bits = 0; bits < 32; bits++) {
		u32 cpl = bits & 3, dpl = bits >> 2 & 3;

		SUBTEST("cpl%u-to-%s-dpl%u", cpl, bits & 16 ? "conforming" : "code", dpl);
		for (u32 rest = 0; rest < 16; rest++)
			if (!check_gate_privilege(true, cpl, dpl, bits & 16, rest & 3, rest >> 2))
				break;
	}
}

TEST(gate_jmp_privilege,
     "JMP through a gate: as CALL, but it goes to more privileged code only if that is conforming",
     SPEC("SDM vol. 3A, 5.8.4, table 5-1; vol. 2A, JMP"))
{
	for (u32 bits = 0; bits < 32; bits++) {
		u32 cpl = bits & 3, dpl = bits >> 2 & 3;

		SUBTEST("cpl%u-to-%s-dpl%u", cpl, bits & 16 ? "conforming" : "code", dpl);
		for (u32 rest = 0; rest < 16; rest++)
			if (!check_gate_privilege(false, cpl, dpl, bits & 16, rest & 3, rest >> 2))
				break;
	}
}

/* Each through a gate of DPL 3, from CPL 3, to code of DPL 0, so that only one thing is wrong. */
static void expect_gate_refused(const char *name, struct fault expected, u64 low, u64 high)
{
	for (u32 is_call = 0; is_call < 2; is_call++) {
		struct far_pointer pointer = { 0, SEL_GATE | 3 };
		struct transfer t = { .cpl = 3,
				      .sp = (ulong)transfer_stack(),
				      .insn = is_call ? transfer_call : transfer_jmp,
				      .stack0 = (ulong)transfer_stack(),
				      .pointer = &pointer };

		SUBTEST("%s-%s", is_call ? "call" : "jmp", name);
		/* JMP needs code of its own level. */
		gate_set_code(is_call ? 0 : 3, 0);
		gate_set_raw(low, high);
		expect_refused(&t, expected);
		page_free((void *)(t.sp - PAGE_SIZE / 2));
		page_free((void *)(t.stack0 - PAGE_SIZE / 2));
	}
}

TEST(gate_not_present,
     "a gate that is not present is #NP with the gate's selector; DPL is checked first",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	u64 good = gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3, (ulong)transfer_target, 0);

	expect_gate_refused("not-present", NP(SEL_GATE), good & ~DESC_P, 0);
	expect_gate_refused("not-present-dpl2", GP(SEL_GATE), good & ~(DESC_P | DESC_DPL(1)), 0);
}

TEST(gate_selector,
     "a gate whose selector is null is #GP(0), one beyond a table #GP with that selector",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	static const u16 beyond[] = { GDT_ENTRIES * 8, 0xfff8, ERR_TI, 0x18 | ERR_TI };

	gdt_entries()[0] = CODE_SEG | DESC_C;
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		char name[32];

		snprintf(name, sizeof(name), "null-rpl%u", rpl);
		expect_gate_refused(name, GP(0),
				    gate_low(DESC_CALL_GATE, 3, rpl, (ulong)transfer_target, 0), 0);
		for (u32 i = 0; i < ARRAY_SIZE(beyond); i++) {
			snprintf(name, sizeof(name), "%#x-rpl%u", beyond[i], rpl);
			expect_gate_refused(name, GP(beyond[i]),
					    gate_low(DESC_CALL_GATE, 3, beyond[i] | rpl,
						     (ulong)transfer_target, 0),
					    0);
		}
	}
	gdt_entries()[0] = 0;
}

TEST(gate_code_rpl, "the RPL of the selector in a gate does not matter", SPEC("SDM vol. 3A, 5.8.4"))
{
	for (u16 rpl = 0; rpl <= 3; rpl++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct far_pointer pointer = { 0, SEL_GATE };
			struct transfer t = { .cpl = cpl,
					      .sp = (ulong)transfer_stack(),
					      .insn = transfer_call,
					      .stack0 = (ulong)transfer_stack(),
					      .pointer = &pointer };
			struct state s;

			SUBTEST("cpl%u-rpl%u", cpl, rpl);
			gate_set_code(0, 0);
			gate_set_raw(gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | rpl,
					      (ulong)transfer_target, 0),
				     0);
			s = transfer_run(&t);
			EXPECT_EQ(s.vector, (u32)VEC_UD);
			EXPECT_EQ(s.cs, (ulong)SEL_GATE_CODE);
		}
}

/* What the gate's selector leads to, by kind; every other bit is good. */
TEST(gate_to_no_code, "a gate that leads to no code segment is #GP with that selector",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	for (u32 kind = 0; kind < FIRST_CODE; kind++)
		for (u32 is_call = 0; is_call < 2; is_call++) {
			struct far_pointer pointer = { 0, SEL_GATE };
			struct transfer t = { .cpl = 0,
					      .sp = (ulong)transfer_stack(),
					      .insn = is_call ? transfer_call : transfer_jmp,
					      .pointer = &pointer };

			SUBTEST("%s-%s-%u", is_call ? "call" : "jmp",
				kind_is_segment(kind) ? "segment" : "system", kind & 15);
			t.stack0 = t.sp;
			gdt_set_spare(GATE_CODE, DESC_FLAT_AS(kind) | CODE_SIZE);
			gate_set_raw(gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3,
					      (ulong)transfer_target, 0),
				     0);
			expect_refused(&t, GP(SEL_GATE_CODE));
			gdt_set_spare(GATE_CODE, (DESC_FLAT_AS(kind) | CODE_SIZE) & ~DESC_P);
			expect_refused(&t, GP(SEL_GATE_CODE));
		}
}

TEST(gate_code_not_present, "a gate to code that is not present is #NP with that code's selector",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	for (u32 is_call = 0; is_call < 2; is_call++) {
		struct far_pointer pointer = { 0, SEL_GATE };
		struct transfer t = { .cpl = 0,
				      .sp = (ulong)transfer_stack(),
				      .insn = is_call ? transfer_call : transfer_jmp,
				      .pointer = &pointer };

		SUBTEST("%s", is_call ? "call" : "jmp");
		t.stack0 = t.sp;
		gate_set_raw(
			gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3, (ulong)transfer_target, 0),
			0);
		gdt_set_spare(GATE_CODE, CODE_SEG & ~DESC_P);
		expect_refused(&t, NP(SEL_GATE_CODE));
		SUBTEST("%s-refused", is_call ? "call" : "jmp");
		expect_refused_with(&t, SEL_GATE_CODE);
	}
	SUBTEST("call-to-inner");
	for (u32 dpl = 0; dpl < 3; dpl++) {
		struct far_pointer pointer = { 0, SEL_GATE };
		struct transfer t = { .cpl = 3,
				      .sp = (ulong)transfer_stack(),
				      .insn = transfer_call,
				      .stack0 = (ulong)transfer_stack(),
				      .pointer = &pointer };

		gdt_set_spare(GATE_CODE, (CODE_SEG & ~DESC_P) | DESC_DPL(dpl));
		expect_refused(&t, NP(SEL_GATE_CODE));
	}
}

TEST(gate_sets_accessed, "a transfer through a gate sets A of the code segment, never of the gate",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	for (u32 is_call = 0; is_call < 2; is_call++) {
		struct far_pointer pointer = { 0, SEL_GATE };
		u64 low = gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3, (ulong)transfer_target, 0);
		struct transfer t = { .cpl = 0,
				      .sp = (ulong)transfer_stack(),
				      .insn = is_call ? transfer_call : transfer_jmp,
				      .pointer = &pointer };

		t.stack0 = t.sp;
		gate_set_raw(low, 0);
		gdt_set_spare(GATE_CODE, CODE_SEG & ~DESC_A);
		EXPECT_EQ(transfer_run(&t).vector, (u32)VEC_UD);
		SUBTEST("%s-gate", is_call ? "call" : "jmp");
		EXPECT_EQ(gdt_entries()[SEL_GATE / 8], low);
		SUBTEST("%s-code", is_call ? "call" : "jmp");
		EXPECT_EQ(gdt_entries()[SEL_GATE_CODE / 8], CODE_SEG);
	}
}

TEST(gate_stack_absent,
     "a gate whose new stack is on an absent page is #PF of the CALL, as the supervisor, at the old CPL",
     SPEC("SDM vol. 3A, 4.6.1, 4.7; vol. 2A, CALL"))
{
	for (u32 dpl = 1; dpl <= 2; dpl++) {
		struct far_pointer pointer = { 0, SEL_GATE };
		u8 *stack = transfer_stack();
		struct transfer t = { .cpl = 3,
				      .sp = (ulong)transfer_stack(),
				      .insn = transfer_call,
				      .stack0 = (ulong)transfer_stack(),
				      .pointer = &pointer };

		SUBTEST("dpl%u", dpl);
		gate_set_code(dpl, 0);
		gate_set_stack(dpl, (ulong)stack);
		gate_set_raw(
			gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3, (ulong)transfer_target, 0),
			0);
		space_unmap(space_kernel(), ALIGN_DOWN((ulong)stack, PAGE_SIZE), PAGE_SIZE);
		expect_refused(&t, FAULT_CODED_(VEC_PF, PF_W));
		EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), ALIGN_DOWN((ulong)stack, PAGE_SIZE));
	}
}

TEST(gate_tss_limit,
     "a gate whose stack pointer is beyond the TSS's limit is #TS with the TSS's selector",
     SPEC("SDM vol. 2A, CALL; vol. 3A, 6.15, Interrupt 10"))
{
	/* The last byte of the pointer (and SS) for CPL 1, CPL 2; those of CPL 0 have to stay. */
	const u32 ends[] = { 19, 27 };
	const u32 below = IS_64 ? 1 : 3;

	for (u32 dpl = 1; dpl <= 2; dpl++)
		for (u32 good = 0; good < 2; good++) {
			ulong tss = (ulong)tss_of_this_cpu();
			u32 limit = good ? ends[dpl - 1] : ends[dpl - 1] - below;
			struct far_pointer pointer = { 0, SEL_GATE };
			struct transfer t = { .cpl = 3,
					      .sp = (ulong)transfer_stack(),
					      .insn = transfer_call,
					      .stack0 = (ulong)transfer_stack(),
					      .pointer = &pointer };

			SUBTEST("dpl%u-limit-%u", dpl, limit);
			ASSERT_NO_FAULT(ltr_try(set_spare_system(
				GATE_FREE, system_desc(DESC_TSS_AVAILABLE, tss, limit), tss)));
			gate_set_code(dpl, 0);
			gate_set_stack(dpl, (ulong)transfer_stack());
			gate_set_raw(gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3,
					      (ulong)transfer_target, 0),
				     0);
			if (good)
				EXPECT_EQ(transfer_run(&t).vector, (u32)VEC_UD);
			else
				expect_refused(&t, TS(str()));
			desc_init();
		}
}
