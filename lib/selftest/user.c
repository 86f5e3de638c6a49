/* SPDX-License-Identifier: MIT */
/* Calls at user privilege: the argument, the stack, what comes back. */
#include <test.h>

#include <arch/space.h>
#include <mm/page.h>
#include <string.h>
#include <sys/cpu.h>

#include "memory.h"

SUITE("Calls at user privilege");

static void *passed;

static void keep_argument(void *arg)
{
	passed = arg;
}

TEST(user_argument, "the argument arrives whole", SPEC("lib/harness/fault.h, run_user()"))
{
	static const ulong arguments[] = { 0, 1, 0x80000000ul, ~0ul, ~0ul << 4, (ulong)&passed };

	for (u32 i = 0; i < ARRAY_SIZE(arguments); i++) {
		passed = (void *)~arguments[i];
		EXPECT_NO_FAULT(run_user(keep_argument, (void *)arguments[i]));
		EXPECT_EQ((ulong)passed, arguments[i]);
	}
}

static void store_frame(void *frame)
{
	*(ulong *)frame = (ulong)__builtin_frame_address(0);
}

static void store_own_frame(void *frames)
{
	run_user(store_frame, (ulong *)frames + this_cpu()->number);
}

TEST(user_stack, "the user stack is none of the kernel's, and every CPU has its own",
     SPEC("lib/harness/fault.h, run_user()"))
{
	static ulong frames[MAX_CPUS];
	ulong kernel = (ulong)__builtin_frame_address(0), again = 0;

	memset(frames, 0, sizeof(frames));
	run_on_all_cpus(store_own_frame, frames);
	for (u32 i = 0; i < cpu_count(); i++) {
		ulong apart = frames[i] > kernel ? frames[i] - kernel : kernel - frames[i];

		EXPECT_NE(frames[i], 0u);
		EXPECT_GE(apart, (ulong)PAGE_SIZE, "CPU %u", i);
		for (u32 j = 0; j < i; j++) {
			apart = frames[i] > frames[j] ? frames[i] - frames[j]
						      : frames[j] - frames[i];
			EXPECT_GE(apart, (ulong)USER_STACK_SIZE, "CPUs %u and %u", i, j);
		}
	}
	EXPECT_NO_FAULT(run_user(store_frame, &again));
	EXPECT_EQ(again, frames[0], "from the same place each time");
}

#define STACK_WORDS (3 * KiB / sizeof(u32))

static void use_stack(void *sum)
{
	volatile u32 words[STACK_WORDS];
	u32 total = 0;

	for (u32 i = 0; i < STACK_WORDS; i++)
		words[i] = i * 3;
	for (u32 i = 0; i < STACK_WORDS; i++)
		total += words[i];
	*(u32 *)sum = total;
}

TEST(user_stack_room, "a user function has kilobytes of stack, and its values are kept",
     SPEC("lib/harness/fault.h, run_user()"))
{
	u32 sum = 0;

	EXPECT_NO_FAULT(run_user(use_stack, &sum));
	EXPECT_EQ(sum, (u32)(3 * STACK_WORDS * (STACK_WORDS - 1) / 2));
}

/* A function pointer's call, not a jump: more calls, floating depth, strings of the library. */
static void copy_text(void *text)
{
	char local[64];

	strlcpy(local, text, sizeof(local));
	memmove((char *)text + 1, local, strlen(local) + 1);
}

TEST(user_calls_library, "a user function may call what does not need privilege",
     SPEC("lib/harness/fault.h, run_user()"))
{
	char text[64] = "user privilege";

	EXPECT_NO_FAULT(run_user(copy_text, text));
	EXPECT_STR_EQ(text, "uuser privilege");
}

/* Each call is entered by the outer one's kernel side, after the inner one's end. */
static void call_user(void *count)
{
	for (u32 i = 0; i < 5; i++) {
		ulong frame;

		if (!run_user(store_frame, &frame).kind)
			++*(u32 *)count;
	}
	read_byte((void *)16);
}

TEST(user_within_fault_of, "user calls within fault_of() return there, and its fault is its own",
     SPEC("lib/harness/fault.h, fault_of(), run_user()"))
{
	u32 count = 0;

	EXPECT(is_access_fault(fault_of(call_user, &count), (void *)16));
	EXPECT_EQ(count, 5u);
}

/* Masking interrupts would not do: User mode of 32-bit arm ignores the attempt. */
static void flush_translations(void *unused)
{
	(void)unused;
	arch_tlb_flush_all();
}

TEST(user_is_unprivileged, "a privileged operation faults there, and is allowed in the kernel",
     SPEC("lib/harness/fault.h, run_user()"))
{
	EXPECT_NE(run_user(flush_translations, NULL).kind, 0u);
	EXPECT_NO_FAULT(fault_of(flush_translations, NULL));
}
