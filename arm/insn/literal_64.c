/* SPDX-License-Identifier: MIT */
/* Loads from PC-relative addresses, of code itself and up to 1 MiB away on both sides. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

#include <arm/a64_check.h>

SUITE("A64 literal loads");

#define AT_WORD 512

static const struct {
	const char *name;
	u32 code;
	bool fp;
} literals[] = {
	{ "ldr-32", 0x18000000, false }, { "ldr-64", 0x58000000, false },
	{ "ldrsw", 0x98000000, false },	 { "prfm", 0xd8000000, false },
	{ "ldr-s", 0x1c000000, true },	 { "ldr-d", 0x5c000000, true },
	{ "ldr-q", 0x9c000000, true },
};

/* In words; the ends of the range, and each sign. */
static const s32 offsets[] = {
	2,	 3,	  -2,	    -4,	     100,      -100,	0x1800,	  -0x1800, 0x1001,
	-0x1001, 0x15554, -0x2aaab, 0x3fffc, -0x40000, 0x20000, -0x20000, 0x1fffe, -0x1fffe,
};

static void check_literal(u32 insn, bool fp, s32 words)
{
	static u32 code[1024];
	static struct arm_registers in, expected, actual;
	ulong base, target;
	u64 *data = pages_alloc(2, PAGE_SIZE);

	for (u32 i = 0; i < 1024; i++)
		code[i] = i < AT_WORD + 16 && i >= AT_WORD - 16 ? (u32)random_u64() : EXECUTE_END;
	code[AT_WORD] = insn | ((u32)words & 0x7ffff) << 5;
	code[AT_WORD + 1] = EXECUTE_END;
	base = arm_code(code, ARRAY_SIZE(code));
	in.pc = base + AT_WORD * 4;
	target = in.pc + (ulong)(long)words * 4;
	a64_memory.start = base;
	a64_memory.size = sizeof(code);
	a64_memory.bytes = (u8 *)code;
	if (target - base >= CODE_PAGES_MAX * PAGE_SIZE) {
		for (u32 i = 0; i < 2 * PAGE_SIZE / 8; i++)
			data[i] = random_u64();
		a64_memory.start = ALIGN_DOWN(target, PAGE_SIZE);
		a64_memory.size = 2 * PAGE_SIZE;
		a64_memory.bytes = (u8 *)data;
		space_map(space_kernel(), a64_memory.start, (ulong)data, 2 * PAGE_SIZE,
			  PROT_USER | PROT_WRITE);
	}
	in.has_fp = fp;
	for (u32 i = 0; i < 31; i++)
		in.x[i] = in.v[i][0] = in.v[i][1] = random_u64();
	expected = actual = in;
	EXPECT_EQ(a64_step(a64_load_literal, code[AT_WORD], &expected), A64_DONE);
	EXPECT_NO_FAULT(arm_run(words & 1 ? ARM_EL0 : ARM_EL1, in.pc, &actual), "%d words", words);
	EXPECT_EQ(actual.pc, expected.pc, "%d words", words);
	EXPECT_MEM_EQ(actual.x, expected.x, sizeof(actual.x), "%d words", words);
	EXPECT_MEM_EQ(actual.v, expected.v, sizeof(actual.v), "%d words", words);
	if (a64_memory.bytes == (u8 *)data)
		space_unmap(space_kernel(), a64_memory.start, 2 * PAGE_SIZE);
	page_free(data);
}

TEST(a64_literals, "LDR (literal), LDRSW (literal) and PRFM (literal) forward and backward",
     SPEC("DDI 0487, C4.1.94.6; C6.2, LDR (literal), LDRSW (literal); C7.2, LDR (literal, SIMD&FP)"))
{
	for (u32 i = 0; i < ARRAY_SIZE(literals); i++) {
		SUBTEST("%s", literals[i].name);
		for (u32 o = 0; o < ARRAY_SIZE(offsets); o++)
			for (u32 t = 0; t < 32; t += 31)
				check_literal(literals[i].code | t, literals[i].fp, offsets[o]);
	}
}
