/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <mm/page.h>
#include <string.h>

#define IS_64 (sizeof(ulong) == 8)

u64 gate_low(u32 type, u32 dpl, u16 selector, ulong offset, u32 count)
{
	return (offset & 0xffff) | (u64)selector << 16 | (u64)count << 32 | DESC_TYPE(type) |
	       DESC_DPL(dpl) | DESC_P | ((u64)offset & 0xffff0000) << 32;
}

void gate_set_raw(u64 low, u64 high)
{
	gdt_set_spare(GATE, low);
	if (IS_64)
		gdt_set_spare(GATE + 1, high);
}

void gate_set_code(u32 dpl, u64 flip)
{
	gdt_set_spare(GATE_CODE, (CODE_SEG | DESC_DPL(dpl)) ^ flip);
}

u16 gate_stack_selector(u32 cpl)
{
	if (IS_64)
		return (u16)cpl;
	return (u16)((SEL_SPARE + 8 * (GATE_STACK + cpl)) | cpl);
}

/* What is pushed, from the lowest address on: the return address, and after it the old stack. */
static bool expect_pushed(const struct transfer *t, u32 new_cpl, ulong sp)
{
	const ulong *words = (const ulong *)sp;
	bool ok;

	ok = EXPECT_EQ(words[0], raise_next_ip);
	ok &= EXPECT_EQ((u16)words[1], ring_code_selector(t->cpl));
	if (new_cpl == t->cpl) {
		ok &= EXPECT_EQ(sp, t->sp - 2 * sizeof(ulong));
		return ok;
	}
	ok &= EXPECT_EQ(words[2], t->sp);
	ok &= EXPECT_EQ((u16)words[3], ring_data_selector(t->cpl));
	return ok;
}

bool check_gate_privilege(bool is_call, u32 cpl, u32 dpl, bool conforming, u32 gate_dpl, u16 rpl)
{
	struct far_pointer pointer = { 0x12345678, SEL_GATE | rpl };
	u8 *stacks[4];
	struct transfer t = { .cpl = cpl,
			      .insn = is_call ? transfer_call : transfer_jmp,
			      .pointer = &pointer };
	struct fault expected = NO_FAULT;
	u32 new_cpl = conforming ? cpl : dpl;
	struct state s;
	bool ok;

	for (u32 i = 0; i < 4; i++)
		stacks[i] = transfer_stack();
	for (u32 i = 0; i < 3; i++)
		gate_set_stack(i, (ulong)stacks[i]);
	t.sp = (ulong)stacks[3];
	t.stack0 = (ulong)stacks[0];
	gate_set_code(dpl, conforming ? DESC_C : 0);
	gate_set_raw(
		gate_low(DESC_CALL_GATE, gate_dpl, SEL_GATE_CODE | 3, (ulong)transfer_target, 0),
		(u64)(ulong)transfer_target >> 32);

	if (gate_dpl < cpl || gate_dpl < rpl)
		expected = GP(SEL_GATE);
	else if (is_call || conforming ? dpl > cpl : dpl != cpl)
		expected = GP(SEL_GATE_CODE);

	if (expected.kind) {
		ok = expect_refused(&t, expected);
	} else {
		s = transfer_run(&t);
		ok = EXPECT_EQ(s.vector, (u32)VEC_UD);
		ok &= EXPECT_EQ(s.ip, (ulong)transfer_target);
		ok &= EXPECT_EQ(s.cs, (ulong)(SEL_GATE_CODE | new_cpl));
		ok &= EXPECT_EQ(s.flags, raise_flags);
		if (new_cpl != cpl) {
			ok &= EXPECT_EQ(s.ss, (ulong)gate_stack_selector(new_cpl));
			ok &= EXPECT_EQ(s.sp, (ulong)stacks[new_cpl] - 4 * sizeof(ulong));
		} else {
			ok &= EXPECT_EQ(s.ss, (ulong)ring_data_selector(cpl));
		}
		if (is_call)
			ok &= ok && expect_pushed(&t, new_cpl, s.sp);
		else
			ok &= EXPECT_EQ(s.sp, t.sp);
	}
	for (u32 i = 0; i < 4; i++)
		page_free(stacks[i] - PAGE_SIZE / 2);
	return ok;
}
