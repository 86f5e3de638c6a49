/* SPDX-License-Identifier: MIT */
/* Far RET of 32-bit mode: the limit of the code that it goes to. */
#include "transfer.h"

#include <mm/page.h>

SUITE("Far returns of 32-bit mode");

TEST(ret_beyond_limit,
     "RET to an offset beyond the limit of its code is #GP(0) of the RET, to any level",
     SPEC("SDM vol. 2B, RET"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 rpl = cpl; rpl <= 3; rpl += 3) {
			struct transfer t = { .cpl = cpl,
					      .sp = (ulong)transfer_stack(),
					      .insn = transfer_ret,
					      .data = { SEL_USER_DATA, SEL_USER_DATA, SEL_USER_DATA,
							SEL_USER_DATA } };
			ulong *frame = (ulong *)t.sp;

			SUBTEST("cpl%u-to-cpl%u", cpl, rpl);
			t.stack0 = cpl ? (ulong)transfer_stack() : t.sp;
			frame[0] = (ulong)transfer_target;
			frame[1] = gdt_set_spare(0, DESC_P | DESC_S | DESC_CODE | DESC_W | DESC_A |
							    DESC_DB | DESC_LIMIT(0xffff) |
							    DESC_DPL(rpl)) |
				   rpl;
			frame[2] = (ulong)transfer_stack();
			frame[3] = ring_data_selector(rpl);
			expect_refused(&t, GP(0));
		}
}
