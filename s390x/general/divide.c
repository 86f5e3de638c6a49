/* SPDX-License-Identifier: MIT */
#include "check.h"

SUITE("Division");

TEST(divide_least, "the least number of 64 bits divided by -1 is a fixed-point-divide exception",
     SPEC("PoP SA22-7832-13, chapter 7, DIVIDE; chapter 6, Fixed-Point-Divide Exception"))
{
	struct insn_fields f = { .r1 = 2, .r2 = 7 };
	struct execution e = { .cc = 1 }, before;
	u8 code[6];

	fill_registers(&e);
	e.gpr[2] = 0x80000000;
	e.gpr[3] = 0;
	e.gpr[7] = 0xffffffff;
	before = e;
	insn_encode(INSN_RR, 0x1d00, &f, code);
	EXPECT_FAULT(WITH_ILC(PGM_FIXED_POINT_DIVIDE, 2), execute(code, 2, &e));
	expect_state(&e, &before, "suppressed");
}
