/* SPDX-License-Identifier: MIT */
/* ARPL, which 64-bit mode has given away. */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>

SUITE("ARPL");

TEST(arpl, "ARPL raises the RPL of its destination to that of its source and sets ZF, or clears ZF",
     SPEC("SDM vol. 2A, ARPL"))
{
	for (u32 cpl = 0; cpl <= 3; cpl++)
		for (u32 rpls = 0; rpls < 16; rpls++) {
			u32 to = rpls & 3, from = rpls >> 2;
			bool raised = to < from;
			ulong flags = FLAG_1 | (raised ? STATUS_FLAGS & ~FLAG_ZF : FLAG_ZF);
			u16 memory[3] = { 0x5a5a, (u16)(0xa5c8 | to), 0x5a5a };
			struct registers r = { .ax = 0x1234a5c8 | to,
					       .cx = 0x56789ab4 | from,
					       .di = (ulong)&memory[1],
					       .flags = flags };

			SUBTEST("cpl%u-%u-%u", cpl, to, from);
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), CODE("arpl %%cx, %%ax"), &r));
			EXPECT_EQ(r.ax, 0x1234a5c8ul | MAX(to, from));
			EXPECT_EQ(r.cx, 0x56789ab4ul | from);
			EXPECT_EQ(r.flags, flags ^ FLAG_ZF);
			r.flags = flags;
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), CODE("arpl %%cx, (%%edi)"), &r));
			EXPECT_EQ(memory[1], 0xa5c8 | MAX(to, from));
			EXPECT_EQ(memory[0], 0x5a5a);
			EXPECT_EQ(memory[2], 0x5a5a);
			EXPECT_EQ(r.flags, flags ^ FLAG_ZF);
		}
}

TEST(arpl_fault, "ARPL whose operand cannot be written is #PF and changes neither flags nor memory",
     SPEC("SDM vol. 2A, ARPL"))
{
	u16 *page = page_alloc();
	struct registers r = { .cx = 3, .di = (ulong)page, .flags = FLAG_1 };

	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_USER);
	EXPECT_FAULT(PF(PF_P | PF_W, page), execute_try(CODE("arpl %%cx, (%%edi)"), &r));
	EXPECT_EQ(r.flags, FLAG_1);
	EXPECT_EQ(*page, 0);
	EXPECT_FAULT(PF(PF_P | PF_W | PF_U, page),
		     execute_in(USER, CODE("arpl %%cx, (%%edi)"), &r));
	EXPECT_EQ(*page, 0);
}
