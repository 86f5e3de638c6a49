/* SPDX-License-Identifier: MIT */
/* Shadow stacks: far transfers, interrupts and IRET, at the same privilege and between CPL 3 and 0. */
#include <test.h>

#include "cet.h"

#include <x86/desc.h>
#include <x86/ring.h>

SUITE("Shadow stacks, far transfers", REQUIRES(cpu_has(X86_FEATURE_CET_SS)));

/* A far CALL of 2; BX is SSP there, DX the offset on the stack. */
#define FAR_CALL(in_procedure)                                                  \
	"movl $2f, " AT("di") "; lcalll *" AT("di") "; jmp 3f; nop; 2: " RDSSP( \
		"bx") "; movl (" NATIVE("sp") "), %%edx; " in_procedure "; lretl; 3:"

TEST(far_call_pushes,
     "a far CALL at the same privilege pushes CS, linear IP and SSP on the shadow stack, and RET pops them",
     SPEC("SDM vol. 2A, CALL; vol. 2B, RET"))
{
	const struct cet_code code = CET_CODE(FAR_CALL(""));

	for_each_place(place, KERNEL | USER)
	{
		struct shadow_stack stack = shadow_stack(place);
		struct far_pointer to = { 0, ring_code_selector(place_cpl(place)) };
		struct registers r = { .di = (ulong)&to, .flags = FLAG_1 };

		SUBTEST("%s", place_name(place));
		EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &code, &r));
		EXPECT_EQ(r.bx, stack.top - 24);
		EXPECT_EQ(shadow_read8(&stack, stack.top - 8),
			  ring_code_selector(place_cpl(place)));
		EXPECT_EQ(shadow_read8(&stack, stack.top - 16), r.dx);
		EXPECT_EQ(shadow_read8(&stack, stack.top - 24), stack.top);
		EXPECT_EQ(cet_ssp(), stack.top);
	}
}

TEST(far_ret_mismatch,
     "a far RET to another CS or linear IP than the shadow stack's, or with an unaligned SSP there, is #CP(2)",
     SPEC("SDM vol. 2B, RET; vol. 3A of later editions, 6.15, #CP"))
{
	const struct {
		const char *name;
		u32 slot; /* bytes below the top */
		u32 flip;
		bool good;
	} rows[] = {
		{ "same", 8, 0, true },	       { "cs", 8, 8, false },
		{ "cs-high", 4, 1, false },    { "ip", 16, 1, false },
		{ "ip-high", 12, 1, false },   { "ssp-bit-0", 24, 1, false },
		{ "ssp-bit-1", 24, 2, false },
	};
	const struct cet_code code = CET_CODE(FAR_CALL("xorl %%ecx, " AT("si")));

	for_each_place(place, KERNEL | USER)
	{
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			struct shadow_stack stack = shadow_stack(place);
			struct far_pointer to = { 0, ring_code_selector(place_cpl(place)) };
			struct registers r = {
				.di = (ulong)&to,
				.si = (ulong)shadow_at(&stack, stack.top - rows[i].slot),
				.cx = rows[i].flip,
				.flags = FLAG_1,
			};

			SUBTEST("%s-%s", place_name(place), rows[i].name);
			EXPECT_FAULT(rows[i].good ? NO_FAULT : CP(CP_FAR_RET),
				     cet_run(place, CET_SH_STK_EN, &stack, &code, &r));
			EXPECT_EQ(cet_ssp(), rows[i].good ? stack.top : stack.top - 24);
		}
	}
}

TEST(int_pushes,
     "an interrupt at CPL 0 pushes CS, linear IP and SSP on the shadow stack, and IRET pops them",
     SPEC("SDM vol. 2A, INT n, IRET"))
{
	const struct cet_code code = CET_CODE("movl $2f, %%edx; int $0x40; 2:");
	struct shadow_stack stack = shadow_stack(KERNEL);
	struct registers r = { .flags = FLAG_1 };

	idt_set_gate(VEC_SSP, cet_ssp_gate, 0, 0);
	EXPECT_NO_FAULT(cet_run(KERNEL, CET_SH_STK_EN, &stack, &code, &r));
	EXPECT_EQ(r.bx, stack.top - 24);
	EXPECT_EQ(r.cx, stack.top);
	EXPECT_EQ(shadow_read8(&stack, stack.top - 8), (u64)SEL_KERNEL_CODE);
	EXPECT_EQ(shadow_read8(&stack, stack.top - 16), r.dx);
	EXPECT_EQ(cet_ssp(), stack.top);
}

TEST(int_switches,
     "an interrupt at CPL 3 takes the shadow stack of IA32_PL0_SSP and marks it busy, IRET frees it",
     SPEC("SDM vol. 2A, INT n, IRET; vol. 1 of later editions, 17.2"))
{
	/* DX is the token after the IRET. */
	const struct cet_code code =
		CET_CODE("int $0x41; int $0x40; mov " AT("si") ", " NATIVE("dx"));

	for (u32 user_on = 0; user_on < 2; user_on++) {
		struct shadow_stack user = shadow_stack(USER), kernel = shadow_stack(KERNEL);
		struct registers r = { .si = (ulong)shadow_at(&kernel, kernel.top),
				       .flags = FLAG_1 };

		SUBTEST("user-%s", user_on ? "on" : "off");
		idt_set_gate(VEC_SSP, cet_ssp_gate, 3, 0);
		idt_set_gate(VEC_CET_ON, cet_on_gate, 3, 0);
		cet_offer(&kernel);
		EXPECT_NO_FAULT(cet_run(USER, user_on ? CET_SH_STK_EN : 0, &user, &code, &r));
		EXPECT_EQ(r.bx, kernel.top);
		EXPECT_EQ(r.cx, kernel.top | TOKEN_BUSY);
		EXPECT_EQ(r.dx, kernel.top);
		EXPECT_EQ(cet_ssp(), user.top);
		/* Nothing is pushed there: IA32_PL3_SSP keeps SSP. */
		EXPECT_EQ(shadow_read8(&kernel, kernel.top - 8), 0ull);
		EXPECT_EQ(cet_handler_ssp(), kernel.top);
	}
}

TEST(insn_privileged_on, "SETSSBSY and CLRSSBSY are #GP(0) at CPL 3 with supervisor shadow stacks",
     SPEC("SDM vol. 2 of later editions, SETSSBSY, CLRSSBSY"))
{
	const struct {
		const char *name;
		struct cet_code code;
	} rows[] = {
		{ "setssbsy", CET_CODE("int $0x41; setssbsy") },
		{ "clrssbsy", CET_CODE("int $0x41; clrssbsy " AT("si")) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct shadow_stack user = shadow_stack(USER), kernel = shadow_stack(KERNEL);
		struct registers r = { .si = user.top, .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		idt_set_gate(VEC_CET_ON, cet_on_gate, 3, 0);
		cet_offer(&kernel);
		EXPECT_FAULT(GP(0), cet_run(USER, CET_SH_STK_EN, &user, &rows[i].code, &r));
	}
}
