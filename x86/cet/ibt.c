/* SPDX-License-Identifier: MIT */
/* Indirect-branch tracking, at CPL 0 and 3: SDM vol. 1 of later editions, 17.3. */
#include <test.h>

#include "cet.h"

#include <mm/page.h>
#include <mm/space.h>
#include <stdio.h>
#include <string.h>
#include <x86/desc.h>
#include <x86/ring.h>

SUITE("Indirect-branch tracking",
      REQUIRES(cpu_has(X86_FEATURE_CET_IBT) && cpu_has(X86_FEATURE_CET_SS)));

/* BX is the target, where each branch goes with an indirect one. */
#define TO_TARGET "movl $2f, %%ebx; "

#define JMP_REG	 "jmp *" NATIVE("bx") "; nop; "
#define CALL_REG "call *" NATIVE("bx") "; nop; "
#define JMP_MEM	 "mov " NATIVE("bx") ", " AT("si") "; jmp *" AT("si") "; nop; "
#define CALL_MEM "mov " NATIVE("bx") ", " AT("si") "; call *" AT("si") "; nop; "
#define JMP_FAR	 "movl %%ebx, " AT("di") "; ljmpl *" AT("di") "; nop; "
#define CALL_FAR "movl %%ebx, " AT("di") "; lcalll *" AT("di") "; nop; "

#define NOTRACK ".byte 0x3e; "

static void check(const char *name, const struct cet_code *code, u64 bits, bool good)
{
	for_each_place(place, KERNEL | USER)
	{
		struct shadow_stack stack = shadow_stack(place);
		ulong pointer = 0;
		struct far_pointer far = { 0, ring_code_selector(place_cpl(place)) };
		struct registers r = { .si = (ulong)&pointer, .di = (ulong)&far, .flags = FLAG_1 };

		SUBTEST("%s-%s", place_name(place), name);
		EXPECT_FAULT(good ? NO_FAULT : CP(CP_ENDBRANCH),
			     cet_run(place, bits, &stack, code, &r));
		if (!good)
			EXPECT_EQ(trap_last_frame()->ip, r.bx);
	}
}

struct way {
	const char *name;
	struct cet_code code;
};

static void check_ways(const struct way *ways, u32 count, u64 bits, bool good)
{
	for (u32 i = 0; i < count; i++)
		check(ways[i].name, &ways[i].code, bits, good);
}

#define WAYS(at_target)                                                              \
	{                                                                            \
		{ "jmp-register", CET_CODE(TO_TARGET JMP_REG at_target) },           \
			{ "call-register", CET_CODE(TO_TARGET CALL_REG at_target) }, \
			{ "jmp-memory", CET_CODE(TO_TARGET JMP_MEM at_target) },     \
			{ "call-memory", CET_CODE(TO_TARGET CALL_MEM at_target) },   \
			{ "jmp-far", CET_CODE(TO_TARGET JMP_FAR at_target) },        \
			{ "call-far", CET_CODE(TO_TARGET CALL_FAR at_target) },      \
	}

TEST(ibt_endbranch, "an indirect JMP or CALL to ENDBRANCH of the mode goes on",
     SPEC("SDM vol. 1 of later editions, 17.3; vol. 2A, CALL, JMP"))
{
	const struct way ways[] = WAYS("2: " ENDBR "; nop");

	check_ways(ways, ARRAY_SIZE(ways), CET_ENDBR_EN, true);
}

TEST(ibt_no_endbranch, "an indirect JMP or CALL to another instruction is #CP(3) there",
     SPEC("SDM vol. 1 of later editions, 17.3; vol. 3A of later editions, 6.15, #CP"))
{
	const struct way ways[] = WAYS("2: nop");

	check_ways(ways, ARRAY_SIZE(ways), CET_ENDBR_EN, false);
}

TEST(ibt_other_endbranch, "ENDBR32 in 64-bit mode, and ENDBR64 elsewhere, is no target: #CP(3)",
     SPEC("SDM vol. 2A of later editions, ENDBR32, ENDBR64; vol. 1 of later editions, 17.3"))
{
	const struct way ways[] = WAYS("2: " ENDBR_OTHER "; nop");

	check_ways(ways, ARRAY_SIZE(ways), CET_ENDBR_EN, false);
}

TEST(ibt_off, "without ENDBR_EN, or with SUPPRESS, an indirect branch goes anywhere",
     SPEC("SDM vol. 1 of later editions, 17.1.2, 17.3"))
{
	const struct cet_code jmp = CET_CODE(TO_TARGET JMP_REG "2: nop");
	const struct cet_code call = CET_CODE(TO_TARGET CALL_REG "2: nop");

	check("jmp-off", &jmp, 0, true);
	check("call-off", &call, 0, true);
	check("jmp-suppress", &jmp, CET_ENDBR_EN | CET_SUPPRESS, true);
	check("call-suppress", &call, CET_ENDBR_EN | CET_SUPPRESS, true);
	check("jmp-others", &jmp, CET_NO_TRACK_EN | CET_SUPPRESS_DIS, true);
}

TEST(ibt_not_tracked, "direct branches and RET are not tracked",
     SPEC("SDM vol. 1 of later editions, 17.3"))
{
	const struct way ways[] = {
		{ "jmp", CET_CODE("jmp 2f; nop; 2: nop") },
		{ "call", CET_CODE("call 2f; nop; 2: nop") },
		{ "jcc", CET_CODE("testl %%eax, %%eax; jz 2f; jnz 2f; nop; 2: nop") },
		{ "ret", CET_CODE(TO_TARGET "push " NATIVE("bx") "; ret; 2: nop") },
	};

	check_ways(ways, ARRAY_SIZE(ways), CET_ENDBR_EN, true);
}

TEST(ibt_notrack, "the prefix 3EH makes a near indirect branch untracked with NO_TRACK_EN only",
     SPEC("SDM vol. 1 of later editions, 17.1.2, 17.3"))
{
	const struct way ways[] = {
		{ "jmp-register", CET_CODE(TO_TARGET NOTRACK JMP_REG "2: nop") },
		{ "call-register", CET_CODE(TO_TARGET NOTRACK CALL_REG "2: nop") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s-on", ways[i].name);
		check(name, &ways[i].code, CET_ENDBR_EN | CET_NO_TRACK_EN, true);
		snprintf(name, sizeof(name), "%s-off", ways[i].name);
		check(name, &ways[i].code, CET_ENDBR_EN, false);
	}
}

TEST(ibt_notrack_far, "far indirect branches are tracked also with the prefix 3EH and NO_TRACK_EN",
     SPEC("SDM vol. 1 of later editions, 17.3.1"))
{
	const struct way ways[] = {
		{ "jmp", CET_CODE(TO_TARGET "movl %%ebx, " AT("di") "; " NOTRACK "ljmpl *" AT(
				 "di") "; 2: nop") },
		{ "call", CET_CODE(TO_TARGET "movl %%ebx, " AT("di") "; " NOTRACK "lcalll *" AT(
				  "di") "; 2: nop") },
	};

	check_ways(ways, ARRAY_SIZE(ways), CET_ENDBR_EN | CET_NO_TRACK_EN, false);
}

TEST(ibt_before_ud, "a target without ENDBRANCH that would fault itself is #CP(3)",
     SPEC("SDM vol. 1 of later editions, 17.3, 17.3.7.2"))
{
	const struct cet_code ud = CET_CODE(TO_TARGET JMP_REG "2: ud2");
	const struct cet_code call = CET_CODE(TO_TARGET CALL_REG "2: ud2");
	const struct cet_code load = CET_CODE(TO_TARGET JMP_REG "2: mov 0, %%al");

	check("jmp-ud2", &ud, CET_ENDBR_EN, false);
	check("call-ud2", &call, CET_ENDBR_EN, false);
	check("jmp-load", &load, CET_ENDBR_EN, false);
}

TEST(ibt_suppress_ends, "ENDBRANCH and far indirect branches end SUPPRESS",
     SPEC("SDM vol. 1 of later editions, 17.3.4, table 17-1"))
{
	const struct cet_code endbranch = CET_CODE(TO_TARGET ENDBR "; " JMP_REG "2: nop");
	const struct cet_code other = CET_CODE(TO_TARGET ENDBR_OTHER "; " JMP_REG "2: nop");
	const struct cet_code far = CET_CODE(TO_TARGET JMP_FAR "2: nop");

	check("endbranch", &endbranch, CET_ENDBR_EN | CET_SUPPRESS, false);
	check("other-endbranch", &other, CET_ENDBR_EN | CET_SUPPRESS, true);
	check("jmp-far", &far, CET_ENDBR_EN | CET_SUPPRESS, false);
}

TEST(ibt_first_instruction, "with TRACKER set, the next instruction has to be ENDBRANCH",
     SPEC("SDM vol. 1 of later editions, 17.1.2, 17.3"))
{
	const struct cet_code nop = CET_CODE("movl $2f, %%ebx; 2: nop");
	const struct cet_code branch = CET_CODE(ENDBR "; nop");
	struct shadow_stack stack = shadow_stack(USER);
	struct registers r = { .flags = FLAG_1 };

	SUBTEST("other");
	EXPECT_FAULT(CP(CP_ENDBRANCH), cet_run(USER, CET_ENDBR_EN | CET_TRACKER, &stack, &nop, &r));
	SUBTEST("endbranch");
	EXPECT_NO_FAULT(cet_run(USER, CET_ENDBR_EN | CET_TRACKER, &stack, &branch, &r));
	EXPECT_EQ(cet_found(USER), CET_ENDBR_EN);
}

TEST(ibt_tracker_kept, "an exception between the branch and its target leaves TRACKER of CPL 3 set",
     SPEC("SDM vol. 1 of later editions, 17.3"))
{
	const struct way ways[] = {
		{ "jmp", CET_CODE("jmp *" NATIVE("bx")) },
		{ "call", CET_CODE("call *" NATIVE("bx")) },
	};
	void *absent = space_absent_page();

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		struct shadow_stack stack = shadow_stack(USER);
		struct registers r = { .bx = (ulong)absent, .flags = FLAG_1 };

		SUBTEST("%s", ways[i].name);
		/* The fault's IP is not in the code: the fault is seen, and the code is not gone on with. */
		EXPECT_FAULT(ANY_CODE(VEC_PF),
			     cet_run(USER, CET_ENDBR_EN, &stack, &ways[i].code, &r));
		EXPECT_EQ(cet_found(USER), CET_ENDBR_EN | CET_TRACKER);
	}
}

TEST(ibt_interrupt,
     "the handler of an interrupt at CPL 0 has to begin with ENDBRANCH, also with SUPPRESS before",
     SPEC("SDM vol. 2A, INT n; vol. 1 of later editions, 17.3"))
{
	const struct {
		const char *name;
		struct cet_code code;
		u64 bits;
		bool good;
	} rows[] = {
		{ "endbranch", CET_CODE(TO_TARGET "jecxz 3f; int $0x42; 2: " ENDBR "; nop; 3: nop"),
		  CET_ENDBR_EN, true },
		{ "other", CET_CODE(TO_TARGET "jecxz 3f; int $0x42; 2: nop; 3: nop"), CET_ENDBR_EN,
		  false },
		{ "other-suppress", CET_CODE(TO_TARGET "jecxz 3f; int $0x42; 2: nop; 3: nop"),
		  CET_ENDBR_EN | CET_SUPPRESS, false },
		{ "other-off", CET_CODE(TO_TARGET "jecxz 3f; int $0x42; 2: nop; 3: nop"), 0, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct shadow_stack stack = shadow_stack(KERNEL);
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		/* Once for the address of the handler, which is in the code. */
		EXPECT_NO_FAULT(cet_run(KERNEL, 0, &stack, &rows[i].code, &r));
		idt_set_gate(0x42, (const void *)r.bx, 0, 0);
		r.cx = 1;
		EXPECT_FAULT(rows[i].good ? NO_FAULT : CP(CP_ENDBRANCH),
			     cet_run(KERNEL, rows[i].bits, &stack, &rows[i].code, &r));
		if (!rows[i].good)
			EXPECT_EQ(trap_last_frame()->ip, r.bx);
	}
}

TEST(ibt_legacy_bitmap,
     "with LEG_IW_EN, a target without ENDBRANCH is allowed on pages of the bitmap, and sets SUPPRESS",
     SPEC("SDM vol. 1 of later editions, 17.1.2, 17.3"))
{
	static const struct {
		const char *name;
		u64 bits;
		bool in_bitmap, good;
	} rows[] = {
		{ "in", CET_LEG_IW_EN, true, true },
		{ "in-no-suppress", CET_LEG_IW_EN | CET_SUPPRESS_DIS, true, true },
		{ "out", CET_LEG_IW_EN, false, false },
		{ "off", 0, true, false },
	};
	const struct cet_code code = CET_CODE(TO_TARGET JMP_REG "2: nop");

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		/* A bit for each page of 4 KiB, the first 128 MiB in a page. */
		u8 *bitmap = page_alloc();
		struct shadow_stack stack = shadow_stack(USER);
		struct registers r = { .flags = FLAG_1 };
		u64 bits = CET_ENDBR_EN | rows[i].bits;
		u32 page;

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(cet_run(USER, 0, &stack, &code, &r));
		page = (u32)(r.bx / PAGE_SIZE);
		ASSERT_LT(page, PAGE_SIZE * 8u);
		memset(bitmap, rows[i].in_bitmap ? 0 : 0xff, PAGE_SIZE);
		bitmap[page / 8] ^= BIT(page % 8);
		EXPECT_FAULT(rows[i].good ? NO_FAULT : CP(CP_ENDBRANCH),
			     cet_run(USER, bits | (ulong)bitmap, &stack, &code, &r));
		if (rows[i].good)
			EXPECT_EQ(cet_found(USER),
				  bits | (ulong)bitmap |
					  (bits & CET_SUPPRESS_DIS ? 0 : CET_SUPPRESS));
	}
}
