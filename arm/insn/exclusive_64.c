/* SPDX-License-Identifier: MIT */
/* Store-exclusives of A64 that find their monitor, and what clears it. */
#include <test.h>

#include <arm/execute.h>

SUITE("A64 exclusive monitors");

#define CLREX  0xd503305f
#define NOP    0xd503201f
#define VALUE  0x8877665544332211ull
#define STORED 0x0102030405060708ull

static u64 memory[5] __aligned(32);

/* LDXR x1, [x0]; STXR w2, x3, [x0]; of `size`, with acquire and release or without. */
static const struct {
	const char *name;
	u32 load, store, bytes;
	bool pair;
} forms[] = {
	{ "8", 0x085f7c01, 0x08027c03, 1, false },
	{ "16", 0x485f7c01, 0x48027c03, 2, false },
	{ "32", 0x885f7c01, 0x88027c03, 4, false },
	{ "64", 0xc85f7c01, 0xc8027c03, 8, false },
	{ "8-ordered", 0x085ffc01, 0x0802fc03, 1, false },
	{ "16-ordered", 0x485ffc01, 0x4802fc03, 2, false },
	{ "32-ordered", 0x885ffc01, 0x8802fc03, 4, false },
	{ "64-ordered", 0xc85ffc01, 0xc802fc03, 8, false },
	{ "pair-32", 0x887f1401, 0x88221003, 4, true },
	{ "pair-64", 0xc87f1401, 0xc8221003, 8, true },
	{ "pair-32-ordered", 0x887f9401, 0x88229003, 4, true },
	{ "pair-64-ordered", 0xc87f9401, 0xc8229003, 8, true },
};

static void check(u32 i, u32 between, bool succeeds)
{
	u32 bytes = forms[i].bytes * (forms[i].pair ? 2 : 1);
	const u32 code[] = { forms[i].load, between, forms[i].store, NOP };

	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		struct arm_registers r = { .x = { (ulong)&memory[2], 0, 99, STORED, ~STORED } };
		u64 expected[2];

		for (u32 w = 0; w < 5; w++)
			memory[w] = VALUE + w;
		expected[0] = memory[2];
		expected[1] = memory[3];
		for (u32 b = 0; succeeds && b < bytes; b++) {
			u32 at = b % forms[i].bytes;
			u64 from = b < forms[i].bytes ? STORED : ~STORED;

			((u8 *)expected)[b] = (u8)(from >> 8 * at);
		}
		EXPECT_NO_FAULT(arm_execute((enum arm_el)el, code, ARRAY_SIZE(code), &r));
		EXPECT_EQ(r.x[2], !succeeds, "EL%u", el);
		EXPECT_MEM_EQ(&memory[2], expected, 16, "EL%u", el);
		EXPECT_EQ(memory[1], VALUE + 1);
		EXPECT_EQ(memory[4], VALUE + 4);
	}
}

TEST(a64_exclusive_pairs,
     "a store-exclusive after a load-exclusive of the same address stores, and says 0",
     SPEC("DDI 0487, B2.12.2; C6.2, STXR, STLXP and others"))
{
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		SUBTEST("%s", forms[i].name);
		check(i, NOP, true);
	}
}

TEST(a64_clrex, "CLREX clears the monitor: the store-exclusive does not store, and says 1",
     SPEC("DDI 0487, B2.12.2; C6.2, CLREX"))
{
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		SUBTEST("%s", forms[i].name);
		check(i, CLREX, false);
	}
}

TEST(a64_exclusive_used_up,
     "a store-exclusive that stores clears the monitor, so that the next one fails",
     SPEC("DDI 0487, B2.12.2, figure B2-5; C6.2, STXR"))
{
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		/* MOV w6, w2; MOV x3, xzr; MOV x4, xzr */
		const u32 code[] = { forms[i].load, forms[i].store, 0x2a0203e6,
				     0xaa1f03e3,    0xaa1f03e4,	    forms[i].store };
		struct arm_registers r = { .x = { (ulong)&memory[2], 0, 99, ~0ull, ~0ull } };

		SUBTEST("%s", forms[i].name);
		memory[2] = memory[3] = 0;
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, code, ARRAY_SIZE(code), &r));
		EXPECT_EQ(r.x[6], 0);
		EXPECT_EQ(r.x[2], 1);
		EXPECT_EQ(((u8 *)&memory[2])[forms[i].bytes - 1], 0xff);
	}
}
