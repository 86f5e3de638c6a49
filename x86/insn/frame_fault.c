/* SPDX-License-Identifier: MIT */
/*
 * PUSH, POP, CALL and ENTER that fault in the middle leave SP, all registers and the stack as they were: at
 * CPL 3, as at CPL 0 the exception's own frame would have no place. The stack is two pages, of which the lower
 * or the upper one is absent; SP is at the boundary.
 */
#include "insn.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("Stack instructions that fault");

/* Where SP is before, in a page: with room to both sides. */
#define START 2048
#define SLOT  sizeof(ulong)

#define NATIVE_MEMORY(op, text) op ONLY_64("q") ONLY_32("l") " " text

struct fault_row {
	const char *name;
	const void *code;
	bool upper;  /* the upper page is absent: something is popped */
	s32 sp;	     /* SP before, from the boundary */
	s32 address; /* of the fault, from the boundary */
	bool write;
};

static void check_fault(const struct fault_row *row, u8 *stack)
{
	u8 *boundary = stack + PAGE_SIZE, *absent = row->upper ? boundary : stack;
	u8 *present = row->upper ? stack : boundary;
	struct registers r, before;
	static u8 copy[PAGE_SIZE];
	struct fault fault;

	SUBTEST("%s", row->name);
	for (u32 i = 0; i < ARRAY_SIZE(before.general); i++)
		before.general[i] = (ulong)random_u64();
	before.bx = (ulong)boundary + row->sp;
	before.bp = (ulong)boundary + (row->upper ? 0 : PAGE_SIZE / 2);
	before.di = (ulong)present + 64;
	before.flags = FLAG_1 | ALU_STATUS;
	r = before;
	for (u32 i = 0; i < PAGE_SIZE; i++)
		present[i] = (u8)random_u64();
	memcpy(copy, present, PAGE_SIZE);
	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	fault = execute_in(USER, row->code, &r);
	space_map(space_kernel(), (ulong)absent, (ulong)absent, PAGE_SIZE, PROT_ALL);

	EXPECT_FAULT(PF(PF_U | (row->write ? PF_W : 0), boundary + row->address), fault);
	EXPECT_EQ(trap_last_frame()->sp, before.bx, "SP in the frame of the fault");
	for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
		EXPECT_EQ(r.general[i], before.general[i], "register %u", i);
	EXPECT_EQ(r.flags, before.flags);
	/* Above SP nothing may change; below it, pushes before the fault may have been made. */
	if (row->upper)
		EXPECT_MEM_EQ(present, copy, PAGE_SIZE);
	else
		EXPECT_MEM_EQ(present + (row->sp > 0 ? row->sp : 0),
			      copy + (row->sp > 0 ? row->sp : 0),
			      PAGE_SIZE - (row->sp > 0 ? row->sp : 0));
}

#define PUSH_FAULT(name, text, sp, address)                         \
	{                                                           \
		name, CODE_ON_STACK(text), false, sp, address, true \
	}
#define POP_FAULT(name, text, sp, address)                          \
	{                                                           \
		name, CODE_ON_STACK(text), true, sp, address, false \
	}
#define S (s32) SLOT

TEST(push_fault, "a PUSH that faults leaves SP, registers and the stack as they were",
     SPEC("SDM vol. 3A, 6.5, Faults; vol. 2, PUSH, PUSHF, CALL, ENTER"))
{
	const struct fault_row table[] = {
		PUSH_FAULT("push_r", "push " NATIVE("ax"), 0, -S),
		PUSH_FAULT("push_r_across", "push " NATIVE("ax"), 1, 1 - S),
		PUSH_FAULT("push_r16", "pushw %%ax", 0, -2),
		PUSH_FAULT("push_imm8", "push $1", 0, -S),
		PUSH_FAULT("push_sp", "push " NATIVE("sp"), 0, -S),
		PUSH_FAULT("push_m", NATIVE_MEMORY("push", AT("di")), 0, -S),
		PUSH_FAULT("push_fs", "push %%fs", 0, -S),
		PUSH_FAULT("pushf", "pushf", 0, -S),
		PUSH_FAULT("call", "call 5f; 5:", 0, -S),
		PUSH_FAULT("call_m", "call *" AT("di"), 0, -S),
		PUSH_FAULT("enter_level_0", "enter $0, $0", 0, -S),
		PUSH_FAULT("enter_level_1", "enter $0, $1", S, -S),
		PUSH_FAULT("enter_level_3", "enter $0, $3", 2 * S, -S),
	};
	u8 *stack = pages_alloc(2, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		check_fault(&table[i], stack);
}

/* The APM does not say so. */
TEST(enter_probes_its_frame, "ENTER faults if SP as it would be cannot be written to",
     SPEC("SDM vol. 2A, ENTER: #PF \"If a page fault occurs or if a write using the final value of "
	  "the stack pointer (within the current stack segment) would cause a page fault\""),
	  REQUIRES(cpu_is_intel()))
{
	const struct fault_row table[] = {
		PUSH_FAULT("size_8", "enter $8, $0", S, -8),
		PUSH_FAULT("size_512", "enter $512, $0", 256, 256 - 512 - S),
	};
	u8 *stack = pages_alloc(2, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		check_fault(&table[i], stack);
}

TEST(pop_fault, "a POP that faults leaves SP, registers and memory as they were",
     SPEC("SDM vol. 3A, 6.5, Faults; vol. 2, POP, POPF, RET, LEAVE"))
{
	const struct fault_row table[] = {
		POP_FAULT("pop_r", "pop " NATIVE("ax"), 0, 0),
		POP_FAULT("pop_r_across", "pop " NATIVE("ax"), -1, 0),
		POP_FAULT("pop_r16", "popw %%ax", 0, 0),
		POP_FAULT("pop_sp", "pop " NATIVE("sp"), 0, 0),
		POP_FAULT("pop_m", NATIVE_MEMORY("pop", AT("di")), 0, 0),
		POP_FAULT("pop_fs", "pop %%fs", 0, 0),
		POP_FAULT("popf", "popf", 0, 0),
		POP_FAULT("ret", "ret", 0, 0),
		POP_FAULT("ret_imm16", "ret $8", 0, 0),
		POP_FAULT("leave", "leave", -64, 0), /* BP is the boundary */
	};
	u8 *stack = pages_alloc(2, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		check_fault(&table[i], stack);
}

TEST(pop_memory_fault, "a POP whose destination faults leaves SP as it was",
     SPEC("SDM vol. 2B, POP; vol. 3A, 6.5, Faults"))
{
	u8 *stack = page_alloc(), *absent = page_alloc();
	struct registers r = { .bx = (ulong)stack + START, .di = (ulong)absent, .flags = FLAG_1 };
	struct fault fault;

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	fault = execute_in(USER, CODE_ON_STACK(NATIVE_MEMORY("pop", AT("di"))), &r);
	EXPECT_FAULT(PF(PF_U | PF_W, absent), fault);
	EXPECT_EQ(trap_last_frame()->sp, (ulong)stack + START);
	EXPECT_EQ(r.bx, (ulong)stack + START);

	fault = execute_in(USER, CODE_ON_STACK(NATIVE_MEMORY("push", AT("di"))), &r);
	EXPECT_FAULT(PF(PF_U, absent), fault);
	EXPECT_EQ(r.bx, (ulong)stack + START);
}
