/* SPDX-License-Identifier: MIT */
/*
 * Moves with a key of their own: MOVE WITH KEY, MOVE WITH SOURCE KEY, MOVE WITH DESTINATION KEY. The page
 * that the key is for has a storage key with fetch protection.
 */
#include "spaces.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/skey.h>
#include <string.h>

SUITE("Moves with a key");

static const struct key_move {
	const char *name;
	u8 code[6];
	bool source; /* the key is the second operand's */
	bool length; /* length in register 4 and condition code; else length minus 1 in register 0 */
} moves[] = {
	{ "MVCK", { 0xd9, 0x46, 0x90, 0x00, 0xa0, 0x00 }, true, true },
	{ "MVCSK", { 0xe5, 0x0e, 0x90, 0x00, 0xa0, 0x00 }, true, false },
	{ "MVCDK", { 0xe5, 0x0f, 0x90, 0x00, 0xa0, 0x00 }, false, false },
};

#define KEY 5

/* Moves `length` bytes, 1 to 256, or any number for MVCK, with this key; the page has key KEY. */
static struct fault move(const struct key_move *m, u64 psw, u64 length, u32 key, u32 *cc, u8 *to,
			 u8 *from)
{
	struct execution e = { .cc = 2, .psw = psw };
	u8 *page = m->source ? from : to;
	struct fault fault;

	e.gpr[9] = (ulong)to;
	e.gpr[10] = (ulong)from;
	e.gpr[4] = length;
	e.gpr[6] = 0xffffff00 | key << 4;
	if (!m->length) {
		e.gpr[0] = 0xffffff00 | (length - 1);
		e.gpr[1] = 0xffffff00 | key << 4;
	}
	set_storage_key((ulong)page & ~0xffful, SKEY_ACC_OF(KEY) | SKEY_FETCH);
	fault = execute(m->code, 6, &e);
	set_storage_key((ulong)page & ~0xffful, 0);
	*cc = e.cc;
	return fault;
}

TEST(key_moves, "with the key that the page has, or 0, everything is moved",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH KEY, MOVE WITH SOURCE KEY, MOVE WITH DESTINATION KEY"))
{
	static const u32 lengths[] = { 1, 2, 100, 255, 256 };
	u8 *to = page_alloc(), *from = page_alloc(), *expected = page_alloc();

	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
			u32 cc;

			SUBTEST("%s of %u bytes", moves[m].name, lengths[n]);
			for (u32 i = 0; i < PAGE_SIZE; i++) {
				to[i] = expected[i] = 0xaa;
				from[i] = (u8)(i + 3 * n);
			}
			memcpy(expected + 0x20, from + 0x41, lengths[n]);
			EXPECT_NO_FAULT(move(&moves[m], PSW_KERNEL, lengths[n], n & 1 ? 0 : KEY,
					     &cc, to + 0x20, from + 0x41));
			EXPECT_EQ(cc, moves[m].length ? 0u : 2u);
			EXPECT_MEM_EQ(to, expected, PAGE_SIZE);
		}
	}
}

TEST(key_move_length,
     "MVCK moves nothing for length 0, and 256 bytes with condition code 3 for more",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH KEY"))
{
	static const u64 lengths[] = { 0, 257, 0x100000000, ~0ull };
	u8 *to = page_alloc(), *from = page_alloc(), *expected = page_alloc();

	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		u32 cc;

		SUBTEST("%#llx", lengths[n]);
		memset(to, 0xaa, PAGE_SIZE);
		memset(expected, 0xaa, PAGE_SIZE);
		memset(from, 0x33, PAGE_SIZE);
		memset(expected, 0x33, MIN(lengths[n], 256ull));
		EXPECT_NO_FAULT(move(&moves[0], PSW_KERNEL, lengths[n], KEY, &cc, to, from));
		EXPECT_EQ(cc, lengths[n] ? 3u : 0u);
		EXPECT_MEM_EQ(to, expected, PAGE_SIZE);
	}
}

TEST(key_move_protected, "with another key the move is a protection exception",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH KEY; chapter 3, Key-Controlled Protection"))
{
	u8 *to = page_alloc(), *from = page_alloc(), *expected = page_alloc();

	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		for (u32 key = 1; key < 16; key++) {
			u32 cc;

			if (key == KEY)
				continue;
			SUBTEST("%s, key %u", moves[m].name, key);
			EXPECT_FAULT(PGM_ANY_PROTECTION,
				     move(&moves[m], PSW_KERNEL, 16, key, &cc, to, from));
			EXPECT_MEM_EQ(to, expected, PAGE_SIZE);
		}
	}
}

TEST(key_move_mask, "in problem state the key must be one of the PSW-key mask",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH KEY, MOVE WITH SOURCE KEY, MOVE WITH DESTINATION KEY"))
{
	u8 *to = page_alloc(), *from = page_alloc();

	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		u32 cc;

		SUBTEST("%s, key in the mask", moves[m].name);
		write_cr(3, BIT(31 - KEY));
		EXPECT_NO_FAULT(move(&moves[m], PSW_KERNEL | PSW_PROBLEM, 16, KEY, &cc, to, from));
		SUBTEST("%s, key not in the mask", moves[m].name);
		write_cr(3, BITS(31, 16) & ~BIT(31 - KEY));
		EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 6),
			     move(&moves[m], PSW_KERNEL | PSW_PROBLEM, 16, KEY, &cc, to, from));
		write_cr(3, 0);
	}
}
