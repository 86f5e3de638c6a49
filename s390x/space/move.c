/* SPDX-License-Identifier: MIT */
/*
 * MOVE TO PRIMARY and MOVE TO SECONDARY: up to 256 bytes between the two spaces, whichever of them the PSW
 * has, with an access key for the secondary one.
 */
#include "spaces.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("Moves between primary and secondary space");

static const struct move {
	const char *name;
	u8 opcode;
	enum which_space to, from;
} moves[] = {
	{ "MVCP", 0xda, PRIMARY, SECONDARY },
	{ "MVCS", 0xdb, SECONDARY, PRIMARY },
};

/* Base registers 9 and 10, length in register 4, key in register 6. */
static void encode(const struct move *m, u8 *code)
{
	code[0] = m->opcode;
	code[1] = 0x46;
	code[2] = 0x90;
	code[3] = 0x00;
	code[4] = 0xa0;
	code[5] = 0x00;
}

static struct execution registers(u64 psw, u32 to, u32 from, u64 length, u32 key)
{
	struct execution e = { .cc = 2, .psw = psw };

	for (u32 r = 0; r < 16; r++)
		e.gpr[r] = 0x0101010101010101ull * (r + 1);
	e.gpr[9] = (ulong)WINDOW + to;
	e.gpr[10] = (ulong)WINDOW + from;
	e.gpr[4] = length;
	/* Bits 56-59 alone are the key. */
	e.gpr[6] = 0xabcdef0123456700 | key << 4 | 0xf;
	return e;
}

static void check(const struct move *m, u64 psw, u32 to, u32 from, u64 length, u32 moved)
{
	struct spaces s = make_spaces();
	struct execution e = registers(psw, to, from, length, 0), before = e;
	u8 *expected = pages_alloc(2, PAGE_SIZE), code[6];

	encode(m, code);
	memcpy(expected, s.pages[m->to], 2 * PAGE_SIZE);
	memcpy(expected + to, s.pages[m->from] + from, moved);
	EXPECT_NO_FAULT(execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
	EXPECT_EQ(e.cc, length > 256 ? 3u : 0u);
	EXPECT_MEM_EQ(s.pages[m->to], expected, 2 * PAGE_SIZE);
	EXPECT_MEM_EQ(e.gpr, before.gpr, sizeof(e.gpr));
}

TEST(move_lengths, "up to 256 bytes are moved, and condition code 3 says that there are more",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE TO PRIMARY, MOVE TO SECONDARY"))
{
	static const u64 lengths[] = { 0,   1,	 2,    3,	   8,		100,  255,
				       256, 257, 4096, 0x80000000, 0x100000000, ~0ull };

	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
			SUBTEST("%s of %#llx", moves[m].name, lengths[n]);
			check(&moves[m], PSW_KERNEL, 0x123, 0x456, lengths[n],
			      (u32)MIN(lengths[n], 256ull));
		}
	}
}

TEST(move_across_pages, "operands may cross into another page at any byte",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE TO PRIMARY, MOVE TO SECONDARY"))
{
	static const u32 before[] = { 1, 2, 8, 128, 255 };

	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		for (u32 n = 0; n < ARRAY_SIZE(before); n++) {
			SUBTEST("%s to %u bytes before the end", moves[m].name, before[n]);
			check(&moves[m], PSW_KERNEL, PAGE_SIZE - before[n], 0x100, 256, 256);
			SUBTEST("%s from %u bytes before the end", moves[m].name, before[n]);
			check(&moves[m], PSW_KERNEL, 0x100, PAGE_SIZE - before[n], 256, 256);
		}
	}
}

TEST(move_in_secondary, "in the secondary-space mode they move between the same spaces",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE TO PRIMARY, MOVE TO SECONDARY"))
{
	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		SUBTEST("%s", moves[m].name);
		check(&moves[m], PSW_KERNEL | PSW_ASC_SECONDARY, 0x10, 0x20, 200, 200);
	}
}

TEST(move_length_by_mode, "with 31-bit addresses, the length is bits 32-63 of the register",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE TO PRIMARY, MOVE TO SECONDARY"))
{
	u64 psw31 = PSW_KERNEL & ~PSW_EA;

	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		/* The window cannot be reached: what counts is whether anything is accessed there. */
		struct spaces s = make_spaces();
		struct execution e = registers(psw31, 0, 0, 0xffffffff00000000, 0);
		u8 code[6];

		SUBTEST("%s of 0, with ones on the left", moves[m].name);
		encode(&moves[m], code);
		e.gpr[9] = e.gpr[10] = 0;
		EXPECT_NO_FAULT(execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
		EXPECT_EQ(e.cc, 0u);
		SUBTEST("%s of 1", moves[m].name);
		e.gpr[4] = 0xffffffff00000001;
		EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(0), 6),
			     execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
	}
}

TEST(move_special,
     "they need DAT, the secondary-space control, and the primary or secondary-space mode",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE TO PRIMARY, MOVE TO SECONDARY"))
{
	static const struct {
		const char *name;
		u64 psw, control;
		bool allowed;
	} rows[] = {
		{ "primary space", PSW_KERNEL, CR0_SECONDARY, true },
		{ "no secondary-space control", PSW_KERNEL, 0, false },
		{ "DAT off", PSW_64, CR0_SECONDARY, false },
		{ "home space", PSW_KERNEL | PSW_ASC_HOME, CR0_SECONDARY, false },
	};

	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
			struct spaces s = make_spaces();
			struct execution e = registers(rows[n].psw, 0, 0, 16, 0);
			struct fault fault;
			u8 code[6];

			SUBTEST("%s, %s", moves[m].name, rows[n].name);
			encode(&moves[m], code);
			fault = execute_in_spaces(&s, rows[n].control, code, 6, &e);
			if (rows[n].allowed)
				EXPECT_NO_FAULT(fault);
			else
				EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 6), fault);
		}
	}
}

TEST(move_key_mask,
     "in problem state the key of the secondary operand must be one of the PSW-key mask",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE TO PRIMARY, MOVE TO SECONDARY"))
{
	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		for (u32 key = 0; key < 16; key++) {
			struct spaces s = make_spaces();
			u64 user = PSW_KERNEL | PSW_PROBLEM;
			struct execution e = registers(user, 0, 0, 16, key);
			u8 code[6];

			SUBTEST("%s, key %u", moves[m].name, key);
			encode(&moves[m], code);
			/* Storage has key 0 and no fetch protection: other keys may read it. */
			write_cr(3, BITS(31, 16) & ~BIT(31 - key));
			EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 6),
				     execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
			write_cr(3, BIT(31 - key));
			if (moves[m].to == PRIMARY || key == 0) {
				e = registers(user, 0, 0, 16, key);
				EXPECT_NO_FAULT(execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
				EXPECT_EQ(e.cc, 0u);
			}
			/* In supervisor state the mask does not count. */
			write_cr(3, 0);
			e = registers(PSW_KERNEL, 0, 0, 0, key);
			EXPECT_NO_FAULT(execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
		}
	}
}

TEST(move_absent,
     "an operand that is not there is the exception of its space, and nothing has been moved",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE TO PRIMARY; chapter 3, Translation-Exception Identification"))
{
	for (u32 m = 0; m < ARRAY_SIZE(moves); m++) {
		for (u32 n = 0; n < 4; n++) {
			bool target = n & 1, whole = n & 2;
			enum which_space space = target ? moves[m].to : moves[m].from;
			struct spaces s = make_spaces();
			u32 at = whole ? 2 * PAGE_SIZE : 2 * PAGE_SIZE - 100;
			struct execution e = registers(PSW_KERNEL, target ? at : 0x80,
						       target ? 0x80 : at, 200, 0);
			u8 code[6], *expected = pages_alloc(2, PAGE_SIZE);

			SUBTEST("%s, %s of the %s operand", moves[m].name,
				whole ? "beginning" : "end", target ? "first" : "second");
			encode(&moves[m], code);
			memcpy(expected, s.pages[moves[m].to], 2 * PAGE_SIZE);
			EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(WINDOW_END), 6),
				     execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
			EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC,
				  space == SECONDARY ? 2u : 0u);
			EXPECT_EQ(trap_last_frame()->psw.addr, trap_last_frame()->ip);
			EXPECT_MEM_EQ(s.pages[moves[m].to], expected, 2 * PAGE_SIZE);
			EXPECT_EQ(e.cc, 2u);
		}
	}
}
