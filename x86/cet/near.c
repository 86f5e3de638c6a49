/* SPDX-License-Identifier: MIT */
/* Shadow stacks: near CALL and RET, at CPL 0 and 3. */
#include <test.h>

#include "cet.h"

SUITE("Shadow stacks, near transfers", REQUIRES(cpu_has(X86_FEATURE_CET_SS)));

#define DEPTH RDSSP("bx")

/* DX is the return address on the stack, BX what RDSSP gives in the procedure. */
#define PROCEDURE "; jmp 3f; 2: mov (" NATIVE("sp") "), " NATIVE("dx") "; " DEPTH "; ret; 3:"

TEST(call_pushes, "a near CALL pushes its return address on the shadow stack, and RET pops it",
     SPEC("SDM vol. 2A, CALL; vol. 2B, RET; vol. 1 of later editions, 17.2"))
{
	const struct {
		const char *name;
		struct cet_code code;
	} rows[] = {
		{ "relative", CET_CODE("call 2f" PROCEDURE) },
		{ "register", CET_CODE("movl $2f, %%eax; call *" NATIVE("ax") PROCEDURE) },
		{ "memory", CET_CODE("movl $2f, %%eax; mov " NATIVE("ax") ", " AT(
				    "si") "; call *" AT("si") PROCEDURE) },
	};

	for_each_place(place, KERNEL | USER)
	{
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
			for (u32 on = 0; on < 2; on++) {
				struct shadow_stack stack = shadow_stack(place);
				ulong memory = 0, slot = stack.top - WORD;
				struct registers r = { .bx = 0x5a5a,
						       .si = (ulong)&memory,
						       .flags = FLAG_1 };

				SUBTEST("%s-%s-%s", place_name(place), rows[i].name,
					on ? "on" : "off");
				EXPECT_NO_FAULT(cet_run(place, on ? CET_SH_STK_EN : 0, &stack,
							&rows[i].code, &r));
				EXPECT_EQ(r.bx, on ? slot : 0x5a5a);
				EXPECT_EQ(shadow_read(&stack, slot), on ? r.dx : 0);
				if (on)
					EXPECT_EQ(cet_ssp(), stack.top);
			}
	}
}

TEST(call_next_instruction,
     "a relative CALL to the next instruction pushes nothing on the shadow stack; one by register does",
     SPEC("SDM vol. 2A, CALL"))
{
	const struct cet_code relative = CET_CODE("call 2f; 2: " DEPTH);
	const struct cet_code indirect =
		CET_CODE("movl $2f, %%eax; call *" NATIVE("ax") "; 2: " DEPTH);

	for_each_place(place, KERNEL | USER)
	{
		struct shadow_stack stack = shadow_stack(place);
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("%s-relative", place_name(place));
		EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &relative, &r));
		EXPECT_EQ(r.bx, stack.top);
		EXPECT_EQ(shadow_read(&stack, stack.top - WORD), 0ul);
		SUBTEST("%s-register", place_name(place));
		EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &indirect, &r));
		EXPECT_EQ(r.bx, stack.top - WORD);
	}
}

TEST(ret_immediate, "RET imm16 pops bytes of the stack, and only its address of the shadow stack",
     SPEC("SDM vol. 2B, RET"))
{
	const struct cet_code code = CET_CODE(
		"push $0; push $0; call 2f; mov " NATIVE("sp") ", " NATIVE(
			"cx") "; " DEPTH
			      "; jmp 3f; 2: ret $(2 * %c1); 3: mov " NATIVE("bp") ", " NATIVE("dx"),
		"i"(WORD));

	for_each_place(place, KERNEL | USER)
	{
		struct shadow_stack stack = shadow_stack(place);
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("%s", place_name(place));
		EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &code, &r));
		EXPECT_EQ(r.bx, stack.top);
		EXPECT_EQ(r.cx, r.dx);
	}
}

TEST(ret_mismatch,
     "RET to another address than the shadow stack's is #CP(1), and SP and SSP stay; without it, it returns",
     SPEC("SDM vol. 2B, RET; vol. 3A of later editions, 6.15, #CP"))
{
	const struct {
		const char *name;
		struct cet_code code;
		u32 depth; /* words on the shadow stack at the fault */
	} rows[] = {
		/* The return address is one further, after the NOP. CX is SP at RET. */
		{ "address",
		  CET_CODE("call 2f; nop; jmp 3f; 2: incl (" NATIVE("sp") "); mov " NATIVE(
			  "sp") ", " NATIVE("cx") "; ret; 3:"),
		  1 },
		{ "immediate",
		  CET_CODE("call 2f; nop; jmp 3f; 2: incl (" NATIVE("sp") "); mov " NATIVE(
			  "sp") ", " NATIVE("cx") "; ret $16; 3:"),
		  1 },
		{ "push",
		  CET_CODE("movl $3f, %%eax; push " NATIVE("ax") "; mov " NATIVE("sp") ", " NATIVE(
			  "cx") "; ret; 3:"),
		  0 },
	};

	for_each_place(place, KERNEL | USER)
	{
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
			for (u32 on = 0; on < 2; on++) {
				struct shadow_stack stack = shadow_stack(place);
				struct registers r = { .flags = FLAG_1 };

				SUBTEST("%s-%s-%s", place_name(place), rows[i].name,
					on ? "on" : "off");
				EXPECT_FAULT(on ? CP(CP_NEAR_RET) : NO_FAULT,
					     cet_run(place, on ? CET_SH_STK_EN : 0, &stack,
						     &rows[i].code, &r));
				if (!on)
					continue;
				EXPECT_EQ(cet_ssp(), stack.top - rows[i].depth * WORD);
				if (place == USER || sizeof(ulong) == 8)
					EXPECT_EQ(trap_frame_sp(trap_last_frame()), r.cx);
			}
	}
}

TEST(fault_pushes,
     "an exception at CPL 0 pushes CS, linear IP and SSP, 8 bytes each, on the aligned shadow stack",
     SPEC("SDM vol. 1 of later editions, 17.2.3; vol. 2A, INT n"))
{
	const struct cet_code aligned = CET_CODE("ud2");
	const struct cet_code unaligned = CET_CODE("movl $1, %%eax; incsspd %%eax; ud2");

	for (u32 hole = 0; hole < 2; hole++) {
		struct shadow_stack stack = shadow_stack(KERNEL);
		struct registers r = { .flags = FLAG_1 };
		ulong ssp = stack.top + 4 * hole;

		SUBTEST("%s", hole ? "unaligned" : "aligned");
		EXPECT_FAULT(UD, cet_run(KERNEL, CET_SH_STK_EN, &stack,
					 hole ? &unaligned : &aligned, &r));
		if (!EXPECT_EQ(cet_handler_ssp(), stack.top - 24))
			continue;
		EXPECT_EQ(shadow_read8(&stack, stack.top - 8), trap_last_frame()->cs & 0xffff);
		EXPECT_EQ(shadow_read8(&stack, stack.top - 16), trap_last_frame()->ip);
		EXPECT_EQ(shadow_read8(&stack, stack.top - 24), ssp);
		/* The hole of 4 bytes is filled with zeros: the token's low half, which had BUSY. */
		EXPECT_EQ((u32)shadow_read8(&stack, stack.top), hole ? 0 : (u32)stack.top | 1);
	}
}
