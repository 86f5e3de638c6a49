/* SPDX-License-Identifier: MIT */
/* Far transfers: what IRET and RET pop and CALL pushes, which at CPL 3 are user-mode accesses. */
#include "operands.h"

#include <string.h>
#include <x86/desc.h>

SUITE("Accesses of far transfers");

OPERAND_CODE(iret, ONLY_64("iretq") ONLY_32("iretl"));
OPERAND_CODE(lret, ONLY_64("lretq") ONLY_32("lretl"));
OPERAND_CODE(lret_pops, ONLY_64("lretq $8") ONLY_32("lretl $8"));
OPERAND_CODE(ljmp, "ljmpl *" OPERAND_DI);
OPERAND_CODE(lcall, "lcalll *" OPERAND_AT);
OPERAND_CODE(lcall_from, "lcalll *" OPERAND_DI);

#define USER_CS (sizeof(ulong) == 8 ? SEL_USER_CS64 : SEL_USER_CS32)

/* What IRET takes: to the same privilege, of which 64-bit mode alone pops SP and SS. */
static void fill_iret(u8 *memory)
{
	const ulong frame[] = { (ulong)operand_end, USER_CS, FLAG_1, 0, SEL_USER_DATA };

	memcpy(memory, frame, (sizeof(ulong) == 8 ? 5 : 3) * sizeof(ulong));
}

static void fill_lret(u8 *memory)
{
	const ulong frame[] = { (ulong)operand_end, USER_CS };

	memcpy(memory, frame, sizeof(frame));
}

static void fill_pointer(u8 *memory)
{
	const u32 end = (u32)(ulong)operand_end;
	const u16 selector = USER_CS;

	memcpy(memory, &end, sizeof(end));
	memcpy(memory + 4, &selector, sizeof(selector));
}

#define FRAME_SIZE ((sizeof(ulong) == 8 ? 5 : 3) * sizeof(ulong))
#define AT_CPL_3   (OPERAND_CPL_3 | OPERAND_LOOSE)

static const struct accessor pops[] = {
	{ "iret", operand_iret, OPERAND_READ, FRAME_SIZE, 1, OPERAND_POP | AT_CPL_3, 0, fill_iret },
	{ "lret", operand_lret, OPERAND_READ, 2 * WORD_SIZE, 1, OPERAND_POP | AT_CPL_3, 0,
	  fill_lret },
	{ "lret-8", operand_lret_pops, OPERAND_READ, 2 * WORD_SIZE, 1, OPERAND_POP | AT_CPL_3, 0,
	  fill_lret },
};

TEST(far_pops, "what IRET and far RET pop at CPL 3 is read as the user",
     SPEC("SDM vol. 3A, 4.6: accesses made while CPL = 3 are user-mode accesses"))
{
	check_operands(pops, ARRAY_SIZE(pops));
}

static const struct accessor pointers[] = {
	{ "ljmp", operand_ljmp, OPERAND_READ, 6, 1, AT_CPL_3, 0, fill_pointer },
	{ "lcall", operand_lcall_from, OPERAND_READ, 6, 1, AT_CPL_3, 0, fill_pointer },
};

TEST(far_pointers, "the pointer in memory of a far JMP or CALL is read at the CPL",
     SPEC("SDM vol. 3A, 4.6"))
{
	check_operands(pointers, ARRAY_SIZE(pointers));
}

/* The pointer is in the other memory, which run() fills. */
static const struct accessor pushes[] = {
	{ "lcall", operand_lcall, OPERAND_WRITE, 8, 1,
	  OPERAND_PUSH | OPERAND_SCRATCH | OPERAND_LOW | AT_CPL_3, 0, fill_pointer },
};

TEST(far_pushes, "what a far CALL pushes at CPL 3 is written as the user", SPEC("SDM vol. 3A, 4.6"))
{
	check_operands(pushes, ARRAY_SIZE(pushes));
}
