/* SPDX-License-Identifier: MIT */
/* Control instructions in supervisor state: what they load, store and test, at which addresses. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <s390x/lowcore.h>
#include <s390x/skey.h>
#include <string.h>

SUITE("Control instructions");

static u8 storage[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

static void put(u8 *at, u64 value, u32 size)
{
	for (u32 n = 0; n < size; n++)
		at[n] = (u8)(value >> 8 * (size - 1 - n));
}

static u64 get(const u8 *at, u32 size)
{
	u64 value = 0;

	for (u32 n = 0; n < size; n++)
		value = value << 8 | at[n];
	return value;
}

TEST(lctl_halves,
     "LCTL loads right halves of control registers and leaves the left ones, STCTL stores them",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD CONTROL, STORE CONTROL"))
{
	static const u8 lctl[4] = { 0xb7, 0xab, 0x90, 0x00 }, stctl[4] = { 0xb6, 0xab, 0x90, 0x00 };
	struct execution e = { .cc = 1 };

	/* Registers 10 and 11 are addresses for PER, which is off. */
	write_cr(10, 0x1122334455667788);
	write_cr(11, 0x99aabbccddeeff00);
	e.gpr[9] = (ulong)storage;
	put(storage, 0x0a0b0c0d01020304, 8);
	EXPECT_NO_FAULT(execute(lctl, 4, &e));
	EXPECT_EQ(read_cr(10), 0x112233440a0b0c0dull);
	EXPECT_EQ(read_cr(11), 0x99aabbcc01020304ull);
	memset(storage, 0xee, 32);
	EXPECT_NO_FAULT(execute(stctl, 4, &e));
	EXPECT_EQ(get(storage, 8), 0x0a0b0c0d01020304ull);
	EXPECT_EQ(storage[8], 0xee);
	write_cr(10, 0);
	write_cr(11, 0);
}

TEST(lctlg_wraps, "LCTLG and STCTG go from register 15 to 0",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD CONTROL, STORE CONTROL"))
{
	static const u8 stctg[6] = { 0xeb, 0xe1, 0x90, 0x00, 0x00, 0x25 };
	struct execution e = { .cc = 1 };

	memset(storage, 0xee, 64);
	e.gpr[9] = (ulong)storage;
	EXPECT_NO_FAULT(execute(stctg, 6, &e));
	EXPECT_EQ(get(storage, 8), read_cr(14));
	EXPECT_EQ(get(storage + 8, 8), read_cr(15));
	EXPECT_EQ(get(storage + 16, 8), read_cr(0));
	EXPECT_EQ(get(storage + 24, 8), read_cr(1));
	EXPECT_EQ(storage[32], 0xee);
}

TEST(real_addresses, "LURA, LURAG, STURA and STURG use real addresses, whatever DAT maps there",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD USING REAL ADDRESS, STORE USING REAL ADDRESS"))
{
	static const u8 lura[4] = { 0xb2, 0x4b, 0, 0x24 }, lurag[4] = { 0xb9, 0x05, 0, 0x24 };
	static const u8 stura[4] = { 0xb2, 0x46, 0, 0x24 }, sturg[4] = { 0xb9, 0x25, 0, 0x24 };
	u8 *page = page_alloc();
	struct execution e = { .cc = 2 };

	put(page, 0x1122334455667788, 8);
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	e.gpr[2] = 0xfedcba9876543210;
	e.gpr[4] = (ulong)page;
	EXPECT_NO_FAULT(execute(lura, 4, &e));
	EXPECT_EQ(e.gpr[2], 0xfedcba9811223344ull);
	EXPECT_NO_FAULT(execute(lurag, 4, &e));
	EXPECT_EQ(e.gpr[2], 0x1122334455667788ull);
	e.gpr[2] = 0xa1a2a3a4b1b2b3b4;
	EXPECT_NO_FAULT(execute(stura, 4, &e));
	EXPECT_EQ(load_real((ulong)page), 0xb1b2b3b455667788ull);
	EXPECT_NO_FAULT(execute(sturg, 4, &e));
	EXPECT_EQ(load_real((ulong)page), 0xa1a2a3a4b1b2b3b4ull);
	for (u32 off = 1; off < 8; off++) {
		SUBTEST("off by %u", off);
		e.gpr[4] = (ulong)page + off;
		if (off & 3) {
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(lura, 4, &e));
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(stura, 4, &e));
		}
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(lurag, 4, &e));
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(sturg, 4, &e));
	}
}

TEST(test_block, "TEST BLOCK of usable storage clears it, with condition code 0",
     SPEC("PoP SA22-7832-13, chapter 10, TEST BLOCK"))
{
	static const u8 code[4] = { 0xb2, 0x2c, 0, 0x04 };
	u8 *page = page_alloc();
	struct execution e = { .cc = 2 };

	for (u32 n = 0; n < PAGE_SIZE; n++)
		page[n] = storage[n] = 0x5a;
	e.gpr[0] = 0;
	e.gpr[4] = (ulong)page + 0x123;
	EXPECT_NO_FAULT(execute(code, 4, &e));
	EXPECT_EQ(e.cc, 0u);
	EXPECT_EQ(e.gpr[0], 0u);
	memset(storage, 0, PAGE_SIZE);
	EXPECT_MEM_EQ(page, storage, PAGE_SIZE);
	SUBTEST("storage that is not there");
	e.gpr[4] = 0x7ffff000;
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4), execute(code, 4, &e));
}

TEST(tprot_dat, "TEST PROTECTION says what DAT allows: 0 all, 1 no store, 3 no translation",
     SPEC("PoP SA22-7832-13, chapter 10, TEST PROTECTION"))
{
	u8 *page = page_alloc();
	u32 cc = 9;

	SUBTEST("mapped");
	EXPECT_NO_FAULT(tprot_try((ulong)page, 0, &cc));
	EXPECT_EQ(cc, 0u);
	SUBTEST("protected");
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_EXEC | PROT_USER);
	EXPECT_NO_FAULT(tprot_try((ulong)page, 0, &cc));
	EXPECT_EQ(cc, 1u);
	SUBTEST("absent");
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	EXPECT_NO_FAULT(tprot_try((ulong)page, 0, &cc));
	EXPECT_EQ(cc, 3u);
	SUBTEST("beyond storage");
	space_map_page(space_kernel(), (ulong)page, ALIGN_UP(page_memory_end(), GiB) + GiB, 0,
		       PROT_ALL);
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 6), tprot_try((ulong)page, 0, &cc));
	SUBTEST("low addresses");
	write_cr(0, read_cr(0) | CR0_LOW_PROTECTION);
	EXPECT_NO_FAULT(tprot_try(0x1010, 0, &cc));
	write_cr(0, read_cr(0) & ~CR0_LOW_PROTECTION);
	EXPECT_EQ(cc, 1u);
}

TEST(system_mask, "STNSM and STOSM store the system mask, then AND and OR it; SSM sets it",
     SPEC("PoP SA22-7832-13, chapter 10, STORE THEN AND SYSTEM MASK, STORE THEN OR, SET SYSTEM MASK"))
{
	static const u8 stnsm[4] = { 0xac, 0xfc, 0x90, 0x00 },
			stosm[4] = { 0xad, 0x40, 0x90, 0x01 };
	struct execution e = { .cc = 2 };

	memset(storage, 0xee, 8);
	e.gpr[9] = (ulong)storage;
	EXPECT_NO_FAULT(execute(stnsm, 4, &e));
	EXPECT_EQ(storage[0], (u8)(PSW_KERNEL >> 56));
	/* PER with nothing to look for. */
	EXPECT_NO_FAULT(execute(stosm, 4, &e));
	EXPECT_EQ(storage[1], (u8)(PSW_KERNEL >> 56));
	EXPECT_EQ(storage[2], 0xee);
	EXPECT_EQ(e.cc, 2u);
}

TEST(psw_key, "SPKA sets the key from bits 56-59 of its address, which EPSW and IPK have",
     SPEC("PoP SA22-7832-13, chapter 10, SET PSW KEY FROM ADDRESS"))
{
	for (u32 key = 0; key < 16; key++) {
		u32 high = 0, low;

		SUBTEST("key %u", key);
		__asm__ volatile("spka 0(%2)\n"
				 "epsw %0,%1\n"
				 "spka 0"
				 : "=&d"(high), "=&a"(low)
				 : "a"(0xfedcba9876543200 | key << 4 | 0xf)
				 : "cc");
		EXPECT_EQ(high >> 20 & 0xf, key);
		EXPECT_EQ(low, (u32)PSW_KERNEL);
	}
}

TEST(timers_stored, "SCKC, STCKC, SPT and STPT have doublewords on a doubleword",
     SPEC("PoP SA22-7832-13, chapter 10, SET CLOCK COMPARATOR, STORE CPU TIMER"))
{
	static const u8 codes[] = { 0x06, 0x07, 0x08, 0x09 };

	for (u32 n = 0; n < ARRAY_SIZE(codes); n++) {
		for (u32 off = 1; off < 8; off++) {
			struct execution e = { .cc = 1 };
			u8 code[4] = { 0xb2, codes[n], 0x90, 0x00 };

			SUBTEST("%#x off by %u", codes[n], off);
			e.gpr[9] = (ulong)storage + off;
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
		}
	}
}

static const struct {
	const char *name;
	u8 bytes[6];
	u8 size, boundary;
} boundaries[] = {
	{ "LCTL", { 0xb7, 0xcc, 0x50, 0x00 }, 4, 4 },
	{ "STCTL", { 0xb6, 0xcc, 0x50, 0x00 }, 4, 4 },
	{ "LCTLG", { 0xeb, 0xcc, 0x50, 0x00, 0x00, 0x2f }, 6, 8 },
	{ "STCTG", { 0xeb, 0xcc, 0x50, 0x00, 0x00, 0x25 }, 6, 8 },
	{ "LAM", { 0x9a, 0xcc, 0x50, 0x00 }, 4, 4 },
	{ "STAM", { 0x9b, 0xcc, 0x50, 0x00 }, 4, 4 },
	{ "LAMY", { 0xeb, 0xcc, 0x50, 0x00, 0x00, 0x9a }, 6, 4 },
	{ "STAMY", { 0xeb, 0xcc, 0x50, 0x00, 0x00, 0x9b }, 6, 4 },
	{ "STPX", { 0xb2, 0x11, 0x50, 0x00 }, 4, 4 },
	{ "STAP", { 0xb2, 0x12, 0x50, 0x00 }, 4, 2 },
	{ "STIDP", { 0xb2, 0x02, 0x50, 0x00 }, 4, 8 },
	{ "SCK", { 0xb2, 0x04, 0x50, 0x00 }, 4, 8 },
	{ "SCKC", { 0xb2, 0x06, 0x50, 0x00 }, 4, 8 },
	{ "STCKC", { 0xb2, 0x07, 0x50, 0x00 }, 4, 8 },
	{ "SPT", { 0xb2, 0x08, 0x50, 0x00 }, 4, 8 },
	{ "STPT", { 0xb2, 0x09, 0x50, 0x00 }, 4, 8 },
	{ "LPSW", { 0x82, 0x00, 0x50, 0x00 }, 4, 8 },
	{ "LPSWE", { 0xb2, 0xb2, 0x50, 0x00 }, 4, 8 },
};

TEST(control_boundary,
     "an operand of a control instruction that is not on its boundary is refused, and left",
     SPEC("PoP SA22-7832-13, chapter 10 and chapter 7, Program Exceptions: Specification"))
{
	static u8 area[32] __aligned(16);

	for (u32 n = 0; n < ARRAY_SIZE(boundaries); n++) {
		for (u32 off = 1; off < boundaries[n].boundary; off++) {
			struct execution e = { .cc = 3 };

			SUBTEST("%s, off by %u", boundaries[n].name, off);
			memset(area, 0xee, sizeof(area));
			e.gpr[5] = (ulong)area + off;
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, boundaries[n].size),
				     execute(boundaries[n].bytes, boundaries[n].size, &e));
			for (u32 i = 0; i < sizeof(area); i++)
				EXPECT_EQ(area[i], 0xee);
			EXPECT_EQ(e.cc, 3u);
			EXPECT_EQ(read_cr(12), 0u);
		}
	}
}

TEST(clock_programmable_reserved, "SET CLOCK PROGRAMMABLE FIELD refuses bits left of the field",
     SPEC("PoP SA22-7832-13, chapter 10, SET CLOCK PROGRAMMABLE FIELD, Specification"))
{
	static const u8 sckpf[2] = { 0x01, 0x07 };

	for (u32 bit = 32; bit < 48; bit++) {
		struct execution e = { .cc = 1 };

		SUBTEST("bit %u", bit);
		e.gpr[0] = BIT(63 - bit) | 0x1234;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 2), execute(sckpf, 2, &e));
	}
	SUBTEST("the left half");
	{
		struct execution e = { .cc = 1 };

		e.gpr[0] = 0xffffffff00000000;
		EXPECT_NO_FAULT(execute(sckpf, 2, &e));
	}
}
