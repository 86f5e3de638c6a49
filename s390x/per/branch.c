/* SPDX-License-Identifier: MIT */
/* Successful branching: every instruction that branches, whether it does, and where to. */
#include "per.h"

#include <s390x/facility.h>

SUITE("PER: successful branching");

/*
 * Register 9 has the address of the last two bytes, which are a BCR 0,0. Whatever branches is at the
 * beginning and goes there.
 */
struct branch {
	const char *name;
	u8 code[6];
	u8 length;
	u16 facility;
};

static const struct branch taken[] = {
	{ "BALR", { 0x05, 0x89 }, 2, 0 },
	{ "BASR", { 0x0d, 0x89 }, 2, 0 },
	{ "BCR", { 0x07, 0xf9 }, 2, 0 },
	{ "BCTR", { 0x06, 0x29 }, 2, 0 },
	{ "BCTGR", { 0xb9, 0x46, 0x00, 0x29 }, 4, 0 },
	{ "BAL", { 0x45, 0x80, 0x90, 0x00 }, 4, 0 },
	{ "BAS", { 0x4d, 0x80, 0x90, 0x00 }, 4, 0 },
	{ "BC", { 0x47, 0xf0, 0x90, 0x00 }, 4, 0 },
	{ "BCT", { 0x46, 0x20, 0x90, 0x00 }, 4, 0 },
	{ "BCTG", { 0xe3, 0x20, 0x90, 0x00, 0x00, 0x46 }, 6, 0 },
	{ "BXH", { 0x86, 0x24, 0x90, 0x00 }, 4, 0 },
	{ "BXLE", { 0x87, 0x46, 0x90, 0x00 }, 4, 0 },
	{ "BXHG", { 0xeb, 0x24, 0x90, 0x00, 0x00, 0x44 }, 6, 0 },
	{ "BXLEG", { 0xeb, 0x46, 0x90, 0x00, 0x00, 0x45 }, 6, 0 },
	{ "BRC", { 0xa7, 0xf4, 0x00, 0x04 }, 4, 0 },
	{ "BRAS", { 0xa7, 0x85, 0x00, 0x04 }, 4, 0 },
	{ "BRCT", { 0xa7, 0x26, 0x00, 0x04 }, 4, 0 },
	{ "BRCTG", { 0xa7, 0x27, 0x00, 0x04 }, 4, 0 },
	{ "BRCL", { 0xc0, 0xf4, 0x00, 0x00, 0x00, 0x04 }, 6, 0 },
	{ "BRASL", { 0xc0, 0x85, 0x00, 0x00, 0x00, 0x04 }, 6, 0 },
	{ "BRXH", { 0x84, 0x24, 0x00, 0x04 }, 4, 0 },
	{ "BRXLE", { 0x85, 0x46, 0x00, 0x04 }, 4, 0 },
	{ "BRXHG", { 0xec, 0x24, 0x00, 0x04, 0x00, 0x44 }, 6, 0 },
	{ "BRXLG", { 0xec, 0x46, 0x00, 0x04, 0x00, 0x45 }, 6, 0 },
	{ "CRJ", { 0xec, 0x22, 0x00, 0x04, 0x80, 0x76 }, 6, FACILITY_GIEF },
	{ "CGRJ", { 0xec, 0x22, 0x00, 0x04, 0x80, 0x64 }, 6, FACILITY_GIEF },
	{ "CLIJ", { 0xec, 0x28, 0x00, 0x04, 0x02, 0x7f }, 6, FACILITY_GIEF },
	{ "CRB", { 0xec, 0x22, 0x90, 0x00, 0x80, 0xf6 }, 6, FACILITY_GIEF },
	{ "CLGIB", { 0xec, 0x68, 0x90, 0x00, 0x02, 0xfd }, 6, FACILITY_GIEF },
	{ "BRCTH", { 0xcc, 0x26, 0x00, 0x00, 0x00, 0x04 }, 6, FACILITY_DISTINCT_OPERANDS },
};

/* The same, not taken; register 3 is 1. */
static const struct branch not_taken[] = {
	{ "BCR of mask 0", { 0x07, 0x09 }, 2, 0 },
	{ "BCR of register 0", { 0x07, 0xf0 }, 2, 0 },
	{ "BCTR to zero", { 0x06, 0x39 }, 2, 0 },
	{ "BCTR of register 0", { 0x06, 0x20 }, 2, 0 },
	{ "BASR of register 0", { 0x0d, 0x80 }, 2, 0 },
	{ "BC", { 0x47, 0x70, 0x90, 0x00 }, 4, 0 },
	{ "BCT to zero", { 0x46, 0x30, 0x90, 0x00 }, 4, 0 },
	{ "BXLE", { 0x87, 0x24, 0x90, 0x00 }, 4, 0 },
	{ "BRC", { 0xa7, 0x74, 0x00, 0x04 }, 4, 0 },
	{ "BRCT to zero", { 0xa7, 0x36, 0x00, 0x04 }, 4, 0 },
	{ "BRCL", { 0xc0, 0x74, 0x00, 0x00, 0x00, 0x04 }, 6, 0 },
	{ "BRXH", { 0x84, 0x46, 0x00, 0x04 }, 4, 0 },
	{ "CRJ", { 0xec, 0x22, 0x00, 0x04, 0x60, 0x76 }, 6, FACILITY_GIEF },
	{ "CLIB", { 0xec, 0x26, 0x90, 0x00, 0x02, 0xff }, 6, FACILITY_GIEF },
};

#define SIZE \
	12 /* of the slot: the branch, no-operations up to the target at 8, another no-operation */

static struct execution prepare(const struct branch *b, u8 *code)
{
	struct execution e = { .cc = 0 };

	for (u32 n = 0; n < SIZE; n += 2) {
		code[n] = 0x07;
		code[n + 1] = 0x00;
	}
	for (u32 n = 0; n < b->length; n++)
		code[n] = b->code[n];
	e.gpr[9] = execute_address(SIZE) + 8;
	/* For BXH and BXLE: 2 + 1 against 1, and 1 + 2 against 2 with 3 in register 5, 9 in 7. */
	e.gpr[2] = 0x0000000200000002;
	e.gpr[3] = 1;
	e.gpr[4] = 1;
	e.gpr[5] = 1;
	e.gpr[6] = 2;
	e.gpr[7] = 9;
	return e;
}

TEST(per_branch, "an instruction that branches is an event, whose old PSW has the target's address",
     SPEC("PoP SA22-7832-13, chapter 4, Successful Branching"))
{
	for (u32 n = 0; n < ARRAY_SIZE(taken); n++) {
		u8 code[SIZE];
		struct execution e = prepare(&taken[n], code);
		ulong here = execute_address(SIZE);

		SUBTEST("%s", taken[n].name);
		if (taken[n].facility && !has_facility(taken[n].facility)) {
			SKIP_ROW("facility %u is not there", taken[n].facility);
			continue;
		}
		/* Where the area is does not matter. */
		per_execute(PER_BRANCH, 0x10, 0x20, code, SIZE, &e);
		EXPECT_EQ(per_event_count, 1u);
		expect_event(0, PER_CODE_BRANCH, here, taken[n].length, here + 8);
	}
}

TEST(per_branch_not_taken, "a branch that is not taken is no event",
     SPEC("PoP SA22-7832-13, chapter 4, Successful Branching"))
{
	for (u32 n = 0; n < ARRAY_SIZE(not_taken); n++) {
		u8 code[SIZE];
		struct execution e = prepare(&not_taken[n], code);

		SUBTEST("%s", not_taken[n].name);
		if (not_taken[n].facility && !has_facility(not_taken[n].facility)) {
			SKIP_ROW("facility %u is not there", not_taken[n].facility);
			continue;
		}
		per_execute(PER_BRANCH, PER_EVERYWHERE, code, SIZE, &e);
		EXPECT_EQ(per_event_count, 0u);
	}
}

TEST(per_branch_area,
     "with the branch-address control, the target is in the area of CR10 and CR11, which may wrap around",
     SPEC("PoP SA22-7832-13, chapter 4, Successful Branching; Designation of PER Storage Area"))
{
	static const struct {
		const char *name;
		s64 start, end; /* with reference to the target */
		bool inside;
	} rows[] = {
		{ "the target alone", 0, 0, true },
		{ "from the target on", 0, 100, true },
		{ "up to the target", -100, 0, true },
		{ "after the target", 1, 100, false },
		{ "before the target", -100, -1, false },
		{ "around, from the target on", 0, -100, true },
		{ "around, up to the target", 100, 0, true },
		{ "around, but for the target", 1, -1, false },
	};
	static const struct branch *const branches[] = { &taken[2], &taken[14], &taken[18] };

	for (u32 b = 0; b < ARRAY_SIZE(branches); b++) {
		for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
			u8 code[SIZE];
			struct execution e = prepare(branches[b], code);
			ulong target = execute_address(SIZE) + 8;

			SUBTEST("%s, %s", branches[b]->name, rows[n].name);
			per_execute(PER_BRANCH | PER_BRANCH_AREA, target + (ulong)rows[n].start,
				    target + (ulong)rows[n].end, code, SIZE, &e);
			EXPECT_EQ(per_event_count, rows[n].inside ? 1u : 0u);
			if (rows[n].inside)
				expect_event(0, PER_CODE_BRANCH, execute_address(SIZE),
					     branches[b]->length, target);
		}
	}
}

TEST(per_branch_executed, "a branch that EXECUTE has as its target is an event of EXECUTE",
     SPEC("PoP SA22-7832-13, chapter 4, Successful Branching; PER Address"))
{
	/* EX 0,8(9) of BCR 15,8 to the end. */
	static const u8 code[12] = { 0x44, 0x00, 0x90, 0x00, 0x07, 0x00,
				     0x07, 0x00, 0x07, 0xf8, 0x07, 0x00 };
	struct execution e = { .cc = 0 };
	ulong here = execute_address(sizeof(code));

	e.gpr[9] = here + 8;
	e.gpr[8] = here + 10;
	per_execute(PER_BRANCH, PER_EVERYWHERE, code, sizeof(code), &e);
	EXPECT_EQ(per_event_count, 1u);
	expect_event(0, PER_CODE_BRANCH, here, 4, here + 10);
}
