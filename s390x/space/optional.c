/* SPDX-License-Identifier: MIT */
/* MOVE WITH OPTIONAL SPECIFICATIONS: a space and a key for each operand, from register 0. */
#include "spaces.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("MOVE WITH OPTIONAL SPECIFICATIONS", REQUIRES(has_facility(FACILITY_MVCOS)));

/* An operand-access control, 16 bits of register 0. */
#define OAC_KEY(key)  ((u32)(key) << 12)
#define OAC_KEY_VALID 0x0002u
#define OAC_AS(as)    ((u32)(as) << 6)
#define OAC_AS_VALID  0x0001u

/* As the PSW has them. */
#define AS_PRIMARY   0
#define AS_SECONDARY 2
#define AS_HOME	     3

/* MVCOS 0(r9),0(r10),r4 */
static const u8 code[6] = { 0xc8, 0x40, 0x90, 0x00, 0xa0, 0x00 };

static const struct {
	const char *name;
	u32 as;
	enum which_space space;
	u64 psw;
} kinds[] = {
	{ "primary", AS_PRIMARY, PRIMARY, PSW_ASC_PRIMARY },
	{ "secondary", AS_SECONDARY, SECONDARY, PSW_ASC_SECONDARY },
	{ "home", AS_HOME, HOME, PSW_ASC_HOME },
};

static struct execution registers(u64 psw, u32 oac1, u32 oac2, u32 to, u32 from, u64 length)
{
	struct execution e = { .cc = 1, .psw = psw };

	/* The left half does not count. */
	e.gpr[0] = 0xffffffff00000000 | oac1 << 16 | oac2;
	e.gpr[4] = length;
	e.gpr[9] = (ulong)WINDOW + to;
	e.gpr[10] = (ulong)WINDOW + from;
	return e;
}

/* Moves and compares the pages of the space that it should have gone to. */
static void check(struct execution *e, enum which_space to, enum which_space from, u32 to_offset,
		  u32 from_offset, u32 moved)
{
	struct spaces s = make_spaces();
	u8 *expected = pages_alloc(2, PAGE_SIZE);
	u64 length = e->gpr[4];

	memcpy(expected, s.pages[to], 2 * PAGE_SIZE);
	memcpy(expected + to_offset, s.pages[from] + from_offset, moved);
	EXPECT_NO_FAULT(execute_in_spaces(&s, CR0_SECONDARY, code, 6, e));
	EXPECT_EQ(e->cc, length > 4096 ? 3u : 0u);
	EXPECT_MEM_EQ(s.pages[to], expected, 2 * PAGE_SIZE);
}

TEST(mvcos_spaces, "each operand is in the space that its control says",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH OPTIONAL SPECIFICATIONS"))
{
	for (u32 to = 0; to < ARRAY_SIZE(kinds); to++) {
		for (u32 from = 0; from < ARRAY_SIZE(kinds); from++) {
			struct execution e =
				registers(PSW_KERNEL, OAC_AS(kinds[to].as) | OAC_AS_VALID,
					  OAC_AS(kinds[from].as) | OAC_AS_VALID, 0x100, 0x800, 300);

			SUBTEST("from %s to %s", kinds[from].name, kinds[to].name);
			check(&e, kinds[to].space, kinds[from].space, 0x100, 0x800, 300);
		}
	}
}

TEST(mvcos_psw_space, "where the control's space is not valid, it is the PSW's",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH OPTIONAL SPECIFICATIONS"))
{
	for (u32 psw = 0; psw < ARRAY_SIZE(kinds); psw++) {
		/* What is in the fields does not count then. */
		struct execution e = registers(PSW_KERNEL | kinds[psw].psw, OAC_AS(1), OAC_AS(1),
					       0x10, 0x20, 77);

		SUBTEST("both, %s", kinds[psw].name);
		check(&e, kinds[psw].space, kinds[psw].space, 0x10, 0x20, 77);
		SUBTEST("second operand, %s", kinds[psw].name);
		e = registers(PSW_KERNEL | kinds[psw].psw, OAC_AS(AS_SECONDARY) | OAC_AS_VALID, 0,
			      0x10, 0x20, 77);
		check(&e, SECONDARY, kinds[psw].space, 0x10, 0x20, 77);
		SUBTEST("first operand, %s", kinds[psw].name);
		e = registers(PSW_KERNEL | kinds[psw].psw, 0, OAC_AS(AS_PRIMARY) | OAC_AS_VALID,
			      0x10, 0x20, 77);
		check(&e, kinds[psw].space, PRIMARY, 0x10, 0x20, 77);
	}
}

TEST(mvcos_lengths, "up to 4096 bytes are moved, and condition code 3 says that there are more",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH OPTIONAL SPECIFICATIONS"))
{
	static const u64 lengths[] = { 0, 1, 255, 256, 257, 4095, 4096, 4097, 0x100000000, ~0ull };

	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		struct execution e = registers(PSW_KERNEL, OAC_AS(AS_PRIMARY) | OAC_AS_VALID,
					       OAC_AS(AS_SECONDARY) | OAC_AS_VALID, 0xf01, 0x803,
					       lengths[n]);

		SUBTEST("%#llx bytes", lengths[n]);
		check(&e, PRIMARY, SECONDARY, 0xf01, 0x803, (u32)MIN(lengths[n], 4096ull));
	}
}

TEST(mvcos_special,
     "DAT must be on; the secondary space needs its control; the home space is no target in problem state",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH OPTIONAL SPECIFICATIONS"))
{
	static const struct {
		const char *name;
		u64 psw, control;
		u32 oac1, oac2;
		bool allowed;
	} rows[] = {
		{ "DAT off", PSW_64, CR0_SECONDARY, 0, 0, false },
		{ "to secondary, no control", PSW_KERNEL, 0, OAC_AS(AS_SECONDARY) | OAC_AS_VALID,
		  OAC_AS_VALID, false },
		{ "from secondary, no control", PSW_KERNEL, 0, OAC_AS_VALID,
		  OAC_AS(AS_SECONDARY) | OAC_AS_VALID, false },
		{ "to secondary, not valid, no control", PSW_KERNEL, 0, OAC_AS(AS_SECONDARY), 0,
		  true },
		{ "to home, no control", PSW_KERNEL, 0, OAC_AS(AS_HOME) | OAC_AS_VALID,
		  OAC_AS_VALID, true },
		{ "to home, problem state", PSW_KERNEL | PSW_PROBLEM, CR0_SECONDARY,
		  OAC_AS(AS_HOME) | OAC_AS_VALID, OAC_AS_VALID, false },
		{ "from home, problem state", PSW_KERNEL | PSW_PROBLEM, CR0_SECONDARY, OAC_AS_VALID,
		  OAC_AS(AS_HOME) | OAC_AS_VALID, true },
		{ "to secondary, problem state", PSW_KERNEL | PSW_PROBLEM, CR0_SECONDARY,
		  OAC_AS(AS_SECONDARY) | OAC_AS_VALID, OAC_AS_VALID, true },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct spaces s = make_spaces();
		struct execution e = registers(rows[n].psw, rows[n].oac1, rows[n].oac2, 0x10, 0x20,
					       8);
		struct fault fault;

		SUBTEST("%s", rows[n].name);
		/* Key 0 is the PSW's. */
		write_cr(3, BIT(31));
		fault = execute_in_spaces(&s, rows[n].control, code, 6, &e);
		write_cr(3, 0);
		if (rows[n].allowed)
			EXPECT_NO_FAULT(fault);
		else
			EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 6), fault);
	}
}

TEST(mvcos_key_mask,
     "in problem state both keys, the PSW's or the control's, must be of the PSW-key mask",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH OPTIONAL SPECIFICATIONS"))
{
	static const struct {
		const char *name;
		u32 oac1, oac2;
		u64 mask; /* bits 32-47 of CR3 */
		bool allowed;
	} rows[] = {
		{ "PSW's key, in the mask", 0, 0, 0x8000, true },
		{ "PSW's key, not in the mask", 0, 0, 0x7fff, false },
		{ "key not valid, PSW's key in the mask", OAC_KEY(5), OAC_KEY(6), 0x8000, true },
		{ "second operand's key in the mask", 0, OAC_KEY(5) | OAC_KEY_VALID, 0x8400, true },
		{ "second operand's key not in the mask", 0, OAC_KEY(5) | OAC_KEY_VALID, 0xfbff,
		  false },
		{ "first operand's key not in the mask", OAC_KEY(15) | OAC_KEY_VALID, 0, 0xfffe,
		  false },
		{ "both keys, PSW's not in the mask", OAC_KEY(0) | OAC_KEY_VALID,
		  OAC_KEY(9) | OAC_KEY_VALID, 0x8040, true },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct spaces s = make_spaces();
		struct execution e = registers(PSW_KERNEL | PSW_PROBLEM, rows[n].oac1, rows[n].oac2,
					       0x10, 0x20, 8);
		struct fault fault;

		SUBTEST("%s", rows[n].name);
		write_cr(3, rows[n].mask << 16);
		fault = execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e);
		write_cr(3, 0);
		if (rows[n].allowed)
			EXPECT_NO_FAULT(fault);
		else
			EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 6), fault);
	}
}

TEST(mvcos_absent, "an operand that is not there is the exception of its space",
     SPEC("PoP SA22-7832-13, chapter 10, MOVE WITH OPTIONAL SPECIFICATIONS; chapter 3, "
	  "Translation-Exception Identification"))
{
	static const u32 teid[SPACES] = { 0, 2, 3 };

	for (u32 n = 0; n < 2 * ARRAY_SIZE(kinds); n++) {
		u32 kind = n / 2, oac = OAC_AS(kinds[kind].as) | OAC_AS_VALID;
		bool target = n & 1;
		struct spaces s = make_spaces();
		struct execution e =
			target ? registers(PSW_KERNEL, oac, OAC_AS_VALID, 2 * PAGE_SIZE, 0x20, 8)
			       : registers(PSW_KERNEL, OAC_AS_VALID, oac, 0x10, 2 * PAGE_SIZE, 8);

		SUBTEST("%s operand, %s", target ? "first" : "second", kinds[kind].name);
		EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(WINDOW_END), 6),
			     execute_in_spaces(&s, CR0_SECONDARY, code, 6, &e));
		EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC, teid[kinds[kind].space]);
	}
}
