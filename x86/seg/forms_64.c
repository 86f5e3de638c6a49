/* SPDX-License-Identifier: MIT */
/* What 64-bit mode does not have of the instructions on segments, and what REX does to the others. */
#include "seg.h"

#include <x86/cpuid.h>

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
			EXPECT_FAULT(UD, execute_in(at_cpl(cpl), rows[i].code, &r));
		}
}

TEST(rex_and_segments,
     "REX.B extends the general register of MOV; REX.R does not extend the segment register",
     SPEC("SDM vol. 2A, 2.2.1.2; vol. 2B, MOV"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "to-fs-from-r9", CODE("mov %%r9d, %%fs; mov %%fs, %%ecx") },
		{ "to-fs-rex-r", CODE(".byte 0x44, 0x8e, 0xe0; mov %%fs, %%ecx") },
		{ "from-fs-to-r11", CODE("mov %%eax, %%fs; mov %%fs, %%r11d; mov %%r11, %%rcx") },
		{ "from-fs-rex-r", CODE("mov %%eax, %%fs; .byte 0x44, 0x8c, 0xe1") },
		{ "from-fs-rex-w", CODE("mov %%eax, %%fs; mov %%fs, %%r12; mov %%r12, %%rcx") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .ax = gdt_set_spare(0, DATA_SEG),
				       .cx = ~0ul,
				       .r9 = SEL_SPARE,
				       .r11 = ~0ul,
				       .r12 = ~0ul,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.cx, (ulong)SEL_SPARE);
	}
}

TEST(rex_and_queries,
     "REX.R and REX.B extend the registers of LAR, LSL, SLDT, STR and the FSGSBASE family",
     SPEC("SDM vol. 2A, 2.2.1.2"), REQUIRES(cpu_has(X86_FEATURE_FSGSBASE)))
{
	const struct {
		const char *name;
		const void *code; /* the result in R10 */
		ulong expected;
	} rows[] = {
		{ "lar", CODE("lar %%r9d, %%r10d; and $~0xf0000, %%r10"), 0x00c0f300 },
		{ "lsl", CODE("lsl %%r9d, %%r10d"), 0xffffffff },
		{ "str", CODE("str %%r10d"), SEL_TSS },
		{ "sldt", CODE("sldt %%r10d"), 0 },
		{ "wrfsbase", CODE("wrfsbase %%r9; rdfsbase %%r10"), SEL_USER_DATA },
		{ "wrgsbase", CODE("wrgsbase %%r9d; rdgsbase %%r10d"), SEL_USER_DATA },
	};

	write_cr4(read_cr4() | CR4_FSGSBASE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = {
			.cx = 1, .dx = 2, .r9 = SEL_USER_DATA, .r10 = ~0ul, .flags = FLAG_1
		};

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.r10, rows[i].expected);
		EXPECT_EQ(r.cx, 1ul);
		EXPECT_EQ(r.dx, 2ul);
	}
	write_cr4(read_cr4() & ~CR4_FSGSBASE);
}
