/* SPDX-License-Identifier: MIT */
/*
 * Far transfers to the last byte of a 32-bit code segment, and to the one after it. HLT is there: at CPL 3 it is #GP(0),
 * and whose CS and IP that has says whether the transfer was made.
 */
#include "transfer.h"

#include <mm/page.h>

SUITE("Far transfers to the last byte of a segment");

#define LAST 0x7fu

static const struct {
	const char *name;
	void (*insn)(void *t);
	bool returns; /* by a frame of doublewords, not by a pointer */
} transfers[] = {
	{ "jmp", transfer_jmp, false },
	{ "call", transfer_call, false },
	{ "ret", transfer_ret_32, true },
};

TEST(last_byte,
     "a far JMP, CALL or RET goes to the last byte of 32-bit code; one beyond it is #GP(0)",
     SPEC("SDM vol. 2A, CALL, JMP; vol. 2B, RET; vol. 3A, 5.3"))
{
	u8 *page = page_alloc();

	page[LAST] = page[LAST + 1] = 0xf4;
	for (u32 i = 0; i < ARRAY_SIZE(transfers); i++)
		for (u32 beyond = 0; beyond < 2; beyond++) {
			u8 *stack = transfer_stack();
			struct transfer t = { .cpl = 3,
					      .sp = (ulong)stack,
					      .insn = transfers[i].insn,
					      .stack0 = (ulong)transfer_stack() };
			struct far_pointer to = { LAST + beyond, 0 };

			SUBTEST("%s-%s", transfers[i].name, beyond ? "beyond" : "last");
			to.selector = gdt_set_spare(0, DESC_P | DESC_S | DESC_A | DESC_CODE |
							       DESC_W | DESC_DB | DESC_DPL(3) |
							       DESC_BASE((u64)(ulong)page) |
							       DESC_LIMIT(LAST)) |
				      3;
			t.pointer = &to;
			for (u32 j = 0; j < ARRAY_SIZE(t.data); j++)
				t.data[j] = SEL_USER_DATA;
			if (transfers[i].returns) {
				((u32 *)stack)[0] = to.offset;
				((u32 *)stack)[1] = to.selector;
			}
			if (beyond) {
				expect_refused(&t, GP(0));
			} else {
				struct state s = transfer_run(&t);

				EXPECT_EQ(s.vector, (u32)VEC_GP);
				EXPECT_EQ(s.error, 0ul);
				EXPECT_EQ(s.cs, (ulong)to.selector);
				EXPECT_EQ(s.ip, (ulong)LAST);
			}
		}
}
