/* SPDX-License-Identifier: MIT */
/* IT blocks: each condition and mask, instructions that lose their flags, an entry in the middle, exceptions. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>

#include "check.h"

SUITE("IT blocks", REQUIRES(has_a32()));

#define IT(cond, mask) (0xbf00u | (cond) << 4 | (mask))

/* The mask of an IT instruction whose block has `count` instructions, of which bit i of `else_` is one of "else". */
static u32 it_mask(u32 cond, u32 count, u32 else_)
{
	u32 mask = 0;

	for (u32 i = 1; i < count; i++)
		mask |= ((cond ^ (else_ >> i)) & 1) << (4 - i);
	return mask | 1u << (4 - count);
}

/* Instructions of one register each, so that each leaves its trace; narrow ones set flags outside of a block. */
static const struct step {
	u32 insn;
	a64_model *model;
} steps[] = {
	{ 0x3001, t32_immediate_8 },	     /* ADD r0, #1 */
	{ 0x2142, t32_immediate_8 },	     /* MOV r1, #0x42 */
	{ 0x0092, t32_shift_immediate },     /* LSL r2, r2, #2 */
	{ 0x4163, t32_data_register },	     /* ADC r3, r4 */
	{ 0xf1050533, t32w_data_immediate }, /* ADD.W r5, r5, #0x33 */
	{ 0x4276, t32_data_register },	     /* RSB r6, r6, #0 */
	{ 0xb2ff, t32_extend },		     /* UXTB r7, r7 */
	{ 0xfb08f809, t32w_multiply },	     /* MUL r8, r8, r9 */
	{ 0x44d3, t32_special },	     /* ADD r11, r10 */
	{ 0x4374, t32_data_register },	     /* MUL r4, r6 */
};

static u32 put(u16 *code, u32 n, u32 insn)
{
	if (insn >= 0x10000)
		code[n++] = insn >> 16;
	code[n++] = (u16)insn;
	return n;
}

/* Runs `count` instructions with the flags of `flags`, and by the model; `it` is first, unless it is 0. */
static void check_block(u32 it, const struct step *block, u32 count, u32 flags, u32 it_state,
			enum arm_el el)
{
	struct arm_registers in, expected, actual;
	u16 code[32];
	u32 n = 0;
	ulong at;

	if (it)
		n = put(code, n, it);
	for (u32 i = 0; i < count; i++)
		n = put(code, n, block[i].insn);
	while (n < 32)
		code[n++] = EXECUTE_END_T32;
	at = a32_code(code, sizeof(code));
	a32_random(&in);
	in.pc = at;
	in.pstate = (u64)flags << 28 | CPSR_T;
	a32_set_it_state(&in, it_state);
	expected = in;
	if (it)
		ASSERT_EQ(a32_step(t32_it, it, &expected), A64_DONE);
	for (u32 i = 0; i < count; i++)
		ASSERT_EQ(a32_step(block[i].model, block[i].insn, &expected), A64_DONE);
	actual = in;
	EXPECT_NO_FAULT(arm_run(el, at, &actual), "IT %#x flags %#x", it, flags);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((u32)actual.x[i], (u32)expected.x[i], "IT %#x flags %#x r%u", it, flags,
			  i);
	EXPECT_EQ(actual.pstate & (A32_FLAGS | CPSR_IT), expected.pstate & (A32_FLAGS | CPSR_IT),
		  "IT %#x flags %#x", it, flags);
	EXPECT_EQ(actual.pc, expected.pc);
}

TEST(it_conditions,
     "in an IT block, each of up to four instructions is executed by the condition or its opposite",
     SPEC("DDI 0487, F1.2, IT blocks; F5.1, IT"))
{
	for (u32 cond = 0; cond < 14; cond++)
		for (u32 count = 1; count <= 4; count++) {
			SUBTEST("cond-%u-of-%u", cond, count);
			for (u32 else_ = 0; else_ < 1u << count; else_ += 2)
				for (u32 flags = 0; flags < 16; flags += 1 + (else_ & 4))
					check_block(IT(cond, it_mask(cond, count, else_)), steps,
						    count + 1, flags, 0,
						    a32_place(flags % a32_places()));
		}
}

TEST(it_always, "IT AL executes its instruction, and narrow ones set no flags in a block",
     SPEC("DDI 0487, F1.2; F5.1, ADD (immediate): setflags = !InITBlock()"))
{
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		SUBTEST("%08x", steps[i].insn);
		for (u32 flags = 0; flags < 16; flags++)
			check_block(IT(14u, 8u), &steps[i], 1, flags, 0, a32_place(0));
	}
}

TEST(it_comparison, "a comparison in a block changes the flags that the rest of it goes by",
     SPEC("DDI 0487, F1.2; F5.1, CMP (immediate)"))
{
	static const struct step block[] = {
		{ 0x2000, t32_immediate_8 }, /* MOV r0, #0 */
		{ 0x2800, t32_immediate_8 }, /* CMP r0, #0 */
		{ 0x3101, t32_immediate_8 }, /* ADD r1, #1 */
		{ 0x3202, t32_immediate_8 }, /* ADD r2, #2 */
		{ 0x3303, t32_immediate_8 }, /* ADDS r3, #3 */
	};

	for (u32 cond = 0; cond < 14; cond++) {
		SUBTEST("cond-%u", cond);
		for (u32 else_ = 0; else_ < 16; else_ += 2)
			for (u32 flags = 0; flags < 16; flags++)
				check_block(IT(cond, it_mask(cond, 4, else_)), block, 5, flags, 0,
					    a32_place(0));
	}
}

TEST(it_entered, "a return to the middle of a block goes on with it: ITSTATE is of CPSR",
     SPEC("DDI 0487, F1.2; E1.2.3, ITSTATE; G1.9, SPSR"))
{
	for (u32 cond = 0; cond < 14; cond++) {
		SUBTEST("cond-%u", cond);
		for (u32 count = 1; count <= 3; count++)
			for (u32 flags = 0; flags < 16; flags++) {
				u32 state = cond << 4 | it_mask(cond, count, 2);

				check_block(0, steps, count + 1, flags, state, a32_place(0));
			}
	}
}

TEST(it_fault,
     "an exception in a block has its ITSTATE in the saved state, so that a return repeats the instruction",
     SPEC("DDI 0487, F1.2; G1.9, SPSR"))
{
	/* ITTEE NE; LDR r0, [r1]; LDR r0, [r2]; MOV r3, #1; MOV r4, #1 */
	u16 code[16] = { IT(1u, 0u), 0x6808, 0x6810, 0x2301, 0x2401 };
	static u32 word = 0x12345678;
	struct arm_registers r;

	code[0] = (u16)IT(1u, it_mask(1, 4, 0xc));
	for (u32 i = 5; i < 16; i++)
		code[i] = EXECUTE_END_T32;
	for (u32 taken = 0; taken < 2; taken++)
		for (u32 second = 0; second < 2; second++) {
			ulong at = a32_code(code, sizeof(code)), good = (ulong)&word;
			struct fault fault;
			u32 it;

			SUBTEST("%s-%s", taken ? "taken" : "not-taken",
				second ? "second" : "first");
			/* Page 0 is absent. */
			r = (struct arm_registers){ .x = { 0, second ? good : 0x10, 0x10 },
						    .pstate = CPSR_T | (taken ? 0 : BIT(30)) };
			fault = arm_run(a32_place(0), at, &r);
			if (!taken) {
				EXPECT_NO_FAULT(fault);
				EXPECT_EQ(r.x[3], 1);
				EXPECT_EQ(r.x[4], 1);
				continue;
			}
			EXPECT_NE(fault.kind, 0);
			EXPECT_EQ(r.pc, at + 2 + 2 * second);
			it = 1u << 4 | it_mask(1, 4, 0xc);
			it = second ? (it & 0xe0) | (it << 1 & 0x1f) : it;
			EXPECT_EQ(a32_it_state(&r), it);
			EXPECT_EQ(r.pstate & CPSR_T, CPSR_T);
			/* The return, with the address mended. */
			r.x[1] = r.x[2] = good;
			EXPECT_NO_FAULT(arm_run(a32_place(0), (ulong)r.pc, &r));
			EXPECT_EQ(r.x[0], word);
			EXPECT_EQ(r.x[3], 0);
		}
}

TEST(it_undefined,
     "a conditional undefined instruction in a block is an exception if its condition holds",
     SPEC("DDI 0487, F1.3.2, conditional execution of undefined instructions"))
{
	/* UDF is permanently undefined: whether it is taken when its condition fails is for the CPU. */
	for (u32 flags = 0; flags < 2; flags++) {
		u16 code[8] = { IT(0u, 8u), 0xde00 };
		struct arm_registers r = { .pstate = CPSR_T | BIT(30) };
		ulong at;

		SUBTEST("%s", flags ? "svc" : "udf");
		if (flags)
			code[1] = 0xdf07;
		for (u32 i = 2; i < 8; i++)
			code[i] = EXECUTE_END_T32;
		at = a32_code(code, sizeof(code));
		EXPECT_NE(arm_run(a32_place(0), at, &r).kind, 0);
		EXPECT_EQ(r.pc, at + (flags ? 4 : 2));
		/* After SVC ITSTATE has gone on. */
		EXPECT_EQ(a32_it_state(&r) & 15, flags ? 0 : 8);
	}
}

TEST(it_svc_not_taken, "SVC in a block is not executed if its condition fails",
     SPEC("DDI 0487, F5.1, SVC"))
{
	u16 code[8] = { IT(0u, 8u), 0xdf07, 0x2142 };
	struct arm_registers r = { .pstate = CPSR_T };
	ulong at;

	for (u32 i = 3; i < 8; i++)
		code[i] = EXECUTE_END_T32;
	at = a32_code(code, sizeof(code));
	EXPECT_NO_FAULT(arm_run(a32_place(0), at, &r));
	EXPECT_EQ(r.x[1], 0x42);
	EXPECT_EQ(r.pc, at + 6);
}
