/* SPDX-License-Identifier: MIT */
/* Places, <x86/place.h>: the level that code has there, what it returns, and how it leaves. */
#include <test.h>

#include <mm/space.h>
#include <sys/landing.h>
#include <x86/cr.h>
#include <x86/place.h>

SUITE("Places where code runs");

#define PLACES (ANY_CPL | GUEST)

/* Begins the place's row; false if there is no such place here. */
static bool row(enum place place)
{
	SUBTEST("%s", place_name(place));
	if (!place_missing(place))
		return true;
	SKIP_ROW("%s", place_missing(place));
	return false;
}

TEST(place_level, "code in a place has its CPL, the registers given, and its faults as values",
     SPEC("lib/x86/place.h"))
{
	const u8 *absent = space_absent_page();

	for_each_place(place, PLACES)
	{
		struct registers r = {
			.ax = 0x1234, .cx = 1, .si = (ulong)absent, .flags = FLAG_1
		};
		const u64 us = place_cpl(place) == 3 ? PF_U : 0;

		if (!row(place))
			continue;
		EXPECT_NO_FAULT(execute_in(place, CODE("add %%eax, %%ecx; mov %%cs, %%eax"), &r));
		EXPECT_EQ(r.ax & 3, place_cpl(place));
		EXPECT_EQ(r.cx, 0x1235u);
		EXPECT_EQ(r.si, (ulong)absent);
		EXPECT_FAULT(place_cpl(place) ? GP(0) : NO_FAULT,
			     execute_in(place, CODE("clts"), &r));
		EXPECT_FAULT(PF(us, absent),
			     execute_in(place, CODE("movb " AT("si") ", %%al"), &r));
		EXPECT_EQ(r.si, (ulong)absent);
	}
}

static void read_cs(void *arg)
{
	__asm__ volatile("mov %%cs, %0" : "=r"(*(ulong *)arg));
}

static void undefined(void *arg)
{
	*(u32 *)arg += 1;
	__asm__ volatile("ud2");
}

TEST(place_function,
     "a C function runs in a place, and a fault of it leaves its frames and the place",
     SPEC("lib/x86/place.h"))
{
	for_each_place(place, PLACES)
	{
		ulong cs = ~0ul;
		u32 calls = 0;

		if (!row(place))
			continue;
		EXPECT_NO_FAULT(run_in(place, read_cs, &cs));
		EXPECT_EQ(cs & 3, place_cpl(place));
		EXPECT_FAULT(UD, run_in(place, undefined, &calls));
		EXPECT_FAULT(UD, run_in(place, undefined, &calls));
		EXPECT_EQ(calls, 2u);
		EXPECT_NO_FAULT(run_in(KERNEL, read_cs, &cs));
		EXPECT_EQ(cs & 3, 0u);
	}
}

static void end_the_case(void *arg)
{
	*(u32 *)arg += 1;
	landing_end();
}

/* Runs fn(arg) there; true if it returned. */
static bool run_to_end(enum place place, void (*fn)(void *arg), void *arg)
{
	struct landing landing = { .kind = LANDING_END };
	volatile bool returned = false;

	if (landing_set(&landing)) {
		run_in(place, fn, arg);
		returned = true;
	}
	landing_clear(&landing);
	return returned;
}

/* A function at user privilege, which must not use EXPECT_*, does not end the case. */
TEST(place_ended, "the end of a case in a place leaves the place", SPEC("lib/x86/place.h"))
{
	for_each_place(place, KERNEL | GUEST)
	{
		u32 calls = 0;

		if (!row(place))
			continue;
		EXPECT(!run_to_end(place, end_the_case, &calls));
		EXPECT_EQ(calls, 1u);
		/* The place is as before. */
		EXPECT_FAULT(UD, run_in(place, undefined, &calls));
	}
}
