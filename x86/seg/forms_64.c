/* SPDX-License-Identifier: MIT */
/* What 64-bit mode does not have of the instructions that load segments. */
#include "seg.h"

SUITE("Segment instructions of 64-bit mode");

TEST(undefined_in_64_bit_mode,
     "PUSH and POP of CS, DS, ES, SS, direct far CALL and JMP, LDS and LES are #UD in 64-bit mode",
     SPEC("SDM vol. 2B, PUSH, POP; vol. 2A, CALL, JMP, LDS/LES/LFS/LGS/LSS"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "push-es", CODE(".byte 0x06") },
		{ "pop-es", CODE(".byte 0x07") },
		{ "push-cs", CODE(".byte 0x0e") },
		{ "push-ss", CODE(".byte 0x16") },
		{ "pop-ss", CODE(".byte 0x17") },
		{ "push-ds", CODE(".byte 0x1e") },
		{ "pop-ds", CODE(".byte 0x1f") },
		{ "call-far", CODE(".byte 0x9a, 0, 0, 0, 0, 0x08, 0") },
		{ "jmp-far", CODE(".byte 0xea, 0, 0, 0, 0, 0x08, 0") },
		/* C4h and C5h are VEX prefixes, which need CR4.OSXSAVE. */
		{ "les", CODE(".byte 0xc4, 0x07, 0x90, 0x90") },
		{ "lds", CODE(".byte 0xc5, 0x07, 0x90, 0x90") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			u64 memory[2] = { 0, SEL_USER_DATA };
			struct registers r = { .di = (ulong)memory, .flags = FLAG_1 };

			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			EXPECT_FAULT(UD, execute_at_cpl_try(cpl, rows[i].code, &r));
		}
}
