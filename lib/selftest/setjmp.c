/* SPDX-License-Identifier: MIT */
/* setjmp() and longjmp(): values, nesting, and the registers that calls preserve. */
#include <test.h>

#include <setjmp.h>

SUITE("setjmp and longjmp");

static jmp_buf place;

TEST(setjmp_values, "setjmp() gives 0, and then what longjmp() was called with, 1 for 0",
     SPEC("C11, 7.13.2.1"))
{
	static const int values[] = { 1, 2, -1, 0x7fffffff, 0 };
	volatile u32 next = 0;
	int value = setjmp(place);

	if (next == 0)
		EXPECT_EQ(value, 0);
	else
		EXPECT_EQ(value, values[next - 1] ? values[next - 1] : 1);
	if (next < ARRAY_SIZE(values))
		longjmp(place, values[next++]);
}

static __noinline void jump_from(u32 depth)
{
	volatile u8 frame[64];

	frame[depth % 64] = 1;
	if (depth)
		jump_from(depth - 1);
	/* Always so, but the compiler need not know that the recursion has no way back. */
	if (frame[depth % 64])
		longjmp(place, 3);
}

static __noinline u64 mix(u64 value)
{
	return value * 6364136223846793005ull + 1;
}

/* More values than a CPU has registers that calls preserve; none of them changes after
 * setjmp(). */
TEST(setjmp_keeps_registers, "locals that have not changed since keep their values",
     SPEC("C11, 7.13.2.1"))
{
	u64 a = mix(1), b = mix(a), c = mix(b), d = mix(c), e = mix(d), f = mix(e), g = mix(f);
	u64 sum = a ^ b ^ c ^ d ^ e ^ f ^ g;
	ulong frame = (ulong)__builtin_frame_address(0);

	for (volatile u32 depth = 0; depth < 20; depth++) {
		if (setjmp(place) == 0)
			jump_from(depth);
		EXPECT_EQ(a, mix(1));
		EXPECT_EQ(b, mix(a));
		EXPECT_EQ(c, mix(b));
		EXPECT_EQ(d, mix(c));
		EXPECT_EQ(e, mix(d));
		EXPECT_EQ(f, mix(e));
		EXPECT_EQ(g, mix(f));
		EXPECT_EQ(a ^ b ^ c ^ d ^ e ^ f ^ g, sum);
		EXPECT_EQ((ulong)__builtin_frame_address(0), frame);
	}
}

TEST(setjmp_nested, "an inner place does not disturb an outer one", SPEC("C11, 7.13"))
{
	jmp_buf outer, inner;
	volatile u32 steps = 0;

	switch (setjmp(outer)) {
	case 0:
		if (setjmp(inner) == 0) {
			steps = 1;
			longjmp(inner, 5);
		}
		EXPECT_EQ(steps, 1u);
		steps = 2;
		longjmp(outer, 9);
	case 9:
		EXPECT_EQ(steps, 2u);
		steps = 3;
		break;
	default:
		FAIL("neither of the values");
	}
	EXPECT_EQ(steps, 3u);
}
