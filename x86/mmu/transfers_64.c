/* SPDX-License-Identifier: MIT */
/* A far CALL in 64-bit mode, whose stack has addresses of 64 bits whatever the operand's size. */
#include "operands.h"

#include <string.h>
#include <x86/desc.h>

SUITE("Far CALL in 64-bit mode");

OPERAND_CODE(lcall_64, "lcalll *(%rsi)");

static void fill_pointer(u8 *memory)
{
	const u32 end = (u32)(ulong)operand_end;
	const u16 selector = SEL_USER_CS64;

	memcpy(memory, &end, sizeof(end));
	memcpy(memory + 4, &selector, sizeof(selector));
}

static const struct accessor pushes[] = {
	{ "lcall", operand_lcall_64, OPERAND_WRITE, 8, 1,
	  OPERAND_PUSH | OPERAND_SCRATCH | OPERAND_CPL_3 | OPERAND_LOOSE, 0, fill_pointer },
};

TEST(far_pushes_high, "a far CALL of 32 bits pushes to where all 64 bits of RSP say",
     SPEC("SDM vol. 1, 7.3.1.5: in 64-bit mode the stack pointer size is 64 bits and cannot be overridden"))
{
	check_operands(pushes, ARRAY_SIZE(pushes));
}
