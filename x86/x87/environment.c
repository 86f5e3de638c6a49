/* SPDX-License-Identifier: MIT */
/* The x87 environment and state with 16-bit operands: 14 bytes before the registers. SDM vol. 1, figure 8-11. */
#include "x87.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("The x87 environment in 16-bit format", REQUIRES(cpu_has(X86_FEATURE_FPU)));

struct x87_environment_16 {
	u16 control, status, tag, ip, cs, dp, ds;
} __packed;

struct x87_state_16 {
	struct x87_environment_16 environment;
	struct f80 st[8]; /* ST(0) first */
} __packed;

#define GUARD	   0x5a
#define GUARD_SIZE 16

/* What an instruction may write, and bytes that it may not. */
union buffer {
	struct x87_environment_16 environment;
	struct x87_state_16 state;
	u8 bytes[sizeof(struct x87_state) + GUARD_SIZE];
};

static union buffer buffer;

static void run_on(const void *code, void *memory)
{
	struct registers r = { .di = (ulong)memory, .flags = FLAG_1 };

	EXPECT_NO_FAULT(execute_try(code, &r));
}

static void expect_untouched(u32 from)
{
	for (u32 i = from; i < sizeof(buffer); i++)
		if (!EXPECT_EQ(buffer.bytes[i], GUARD, "byte %u", i))
			break;
}

/* All masked; TOP 3, of whose registers five are in use; no exception. */
static void fill(struct x87_state_16 *s)
{
	memset(s, 0, sizeof(*s));
	s->environment.control = 0x0b7f;
	s->environment.status = X87_C0 | X87_C3 | 3 << X87_TOP_SHIFT | FLOAT_PE;
	s->environment.tag = 0x003f;
	for (u32 i = 0; i < 8; i++) {
		s->st[i].significand = BIT(63) | (0x0102030405060708 * (i + 1));
		s->st[i].sign_and_exponent = (u16)(0x3ff0 + i);
	}
}

TEST(save_and_restore_16, "FRSTOR with 66H loads what FNSAVE with 66H stores, in 94 bytes",
     SPEC("SDM vol. 2A, FRSTOR, FSAVE/FNSAVE; vol. 1, 8.1.10, figure 8-11"))
{
	struct x87_state_16 state;

	fill(&state);
	run_on(CODE("data16 frstor " AT("di")), &state);
	memset(&buffer, GUARD, sizeof(buffer));
	run_on(CODE("data16 fnsave " AT("di")), &buffer);
	EXPECT_EQ(buffer.state.environment.control, state.environment.control);
	EXPECT_EQ(buffer.state.environment.status, state.environment.status);
	EXPECT_EQ(buffer.state.environment.tag, state.environment.tag);
	for (u32 i = 0; i < 8; i++)
		EXPECT_MEM_EQ(&buffer.state.st[i], &state.st[i], sizeof(struct f80), "ST(%u)", i);
	expect_untouched(sizeof(state));
	EXPECT_EQ(fnstcw(), X87_CW_INIT);
	EXPECT_EQ(fnstsw(), 0);
}

TEST(environment_16, "FLDENV and FNSTENV with 66H load and store 14 bytes",
     SPEC("SDM vol. 2A, FLDENV, FSTENV/FNSTENV; vol. 1, 8.1.10, figure 8-11"))
{
	struct x87_environment_16 environment = {
		.control = 0x0340 | FLOAT_IE, /* the others unmasked */
		.status = X87_C2 | 5 << X87_TOP_SHIFT,
		.tag = 0x0ff0,
	};
	struct x87_state_16 state;

	fill(&state);
	run_on(CODE("data16 frstor " AT("di")), &state);
	run_on(CODE("data16 fldenv " AT("di")), &environment);
	memset(&buffer, GUARD, sizeof(buffer));
	run_on(CODE("data16 fnstenv " AT("di")), &buffer);
	EXPECT_EQ(buffer.environment.control, environment.control);
	EXPECT_EQ(buffer.environment.status, environment.status);
	/* Those in use are valid: what they hold is not what FLDENV said of them. */
	for (u32 i = 0; i < 8; i++)
		EXPECT_EQ((buffer.environment.tag >> 2 * i & 3) == X87_TAG_EMPTY,
			  (environment.tag >> 2 * i & 3) == X87_TAG_EMPTY, "register %u", i);
	expect_untouched(sizeof(environment));
	fninit();
}

TEST(environment_sizes,
     "what FNSTENV stores with one operand size FLDENV loads with the other, but for its layout",
     SPEC("SDM vol. 2A, FLDENV, FSTENV/FNSTENV; vol. 1, figures 8-9, 8-11"))
{
	struct x87_environment after;
	struct x87_state_16 state;

	fill(&state);
	run_on(CODE("data16 frstor " AT("di")), &state);
	fnstenv(&after);
	EXPECT_EQ(after.control, state.environment.control);
	EXPECT_EQ(after.status, state.environment.status);
	EXPECT_EQ(after.tag, state.environment.tag);

	fninit();
	fldenv(&after);
	memset(&buffer, GUARD, sizeof(buffer));
	run_on(CODE("data16 fnstenv " AT("di")), &buffer);
	EXPECT_EQ(buffer.environment.control, state.environment.control);
	EXPECT_EQ(buffer.environment.status, state.environment.status);
	EXPECT_EQ(buffer.environment.tag, state.environment.tag);
	expect_untouched(sizeof(buffer.environment));
	fninit();
}
