/* SPDX-License-Identifier: MIT */
/* Far CALL and RET use the stack of their own level with the rights of that level. */
#include "gate.h"

#include <mm/page.h>
#include <mm/space.h>

SUITE("Rights of stack accesses");

TEST(far_call_pushes_as_user,
     "a far CALL at CPL 3 whose stack is on a supervisor page is #PF with U and W, and pushes nothing",
     SPEC("SDM vol. 3A, 4.6, 4.7; vol. 2A, CALL"))
{
	const struct far_pointer direct = { (u32)(ulong)transfer_target,
					    sizeof(ulong) == 8 ? SEL_USER_CS64 : SEL_USER_CS32 };
	const struct far_pointer gate = { 0, SEL_GATE | 3 };

	for (u32 is_gate = 0; is_gate < 2; is_gate++) {
		u8 *page = page_alloc();
		struct transfer t = { .cpl = 3,
				      .sp = (ulong)page + PAGE_SIZE,
				      .insn = transfer_call,
				      .stack0 = (ulong)transfer_stack(),
				      .pointer = is_gate ? &gate : &direct };

		SUBTEST("%s", is_gate ? "gate" : "direct");
		gate_set_code(3, 0);
		gate_set_raw(gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE, (ulong)transfer_target, 0),
			     0);
		space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_WRITE | PROT_EXEC);
		expect_refused(&t, FAULT_CODED_(VEC_PF, PF_P | PF_W | PF_U));
		EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), (ulong)page);
	}
}

TEST(far_ret_pops_as_user, "a far RET at CPL 3 whose stack is on a supervisor page is #PF with U",
     SPEC("SDM vol. 3A, 4.6, 4.7; vol. 2B, RET"))
{
	struct transfer t = { .cpl = 3, .insn = transfer_ret, .stack0 = (ulong)transfer_stack() };
	ulong *frame = page_alloc();

	for (u32 i = 0; i < 4; i++)
		t.data[i] = SEL_USER_DATA;
	frame[0] = (ulong)transfer_target;
	frame[1] = ring_code_selector(3);
	t.sp = (ulong)frame;
	space_protect(space_kernel(), (ulong)frame, PAGE_SIZE, PROT_WRITE | PROT_EXEC);
	expect_refused(&t, FAULT_CODED_(VEC_PF, PF_P | PF_U));
	EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), (ulong)frame);
}
