/* SPDX-License-Identifier: MIT */
/* The register stack: TOP, tags, overflow and underflow, exchanges and conditional moves. */
#include "x87.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("x87 register stack", REQUIRES(cpu_has(X86_FEATURE_FPU)));

static const struct f80 one = { 0x8000000000000000, 0x3fff };
static const struct f80 two = { 0x8000000000000000, 0x4000 };
static const struct f80 indefinite = { 0xc000000000000000, 0xffff };

TEST(initial, "FNINIT: control 37Fh, status 0, all tags empty", SPEC("SDM vol. 2A, FINIT/FNINIT"))
{
	struct x87_environment environment;

	fld_f80(&one);
	fldcw(0);
	fninit();
	EXPECT_EQ(fnstcw(), X87_CW_INIT);
	EXPECT_EQ(fnstsw(), 0);
	fnstenv(&environment);
	EXPECT_EQ(environment.control, X87_CW_INIT);
	EXPECT_EQ(environment.status, 0);
	EXPECT_EQ(environment.tag, 0xffff);
	EXPECT_EQ(environment.ip, 0u);
	EXPECT_EQ(environment.dp, 0u);
	EXPECT_EQ(environment.opcode & 0x7ff, 0);
}

struct tagged {
	const char *name;
	struct f80 value;
	u32 tag;
};

TEST(tags, "FNSTENV stores what each register holds: valid, zero, special or empty",
     SPEC("SDM vol. 1, 8.1.7"))
{
	static const struct tagged table[] = {
		{ "one", { 0x8000000000000000, 0x3fff }, X87_TAG_VALID },
		{ "zero", { 0, 0x8000 }, X87_TAG_ZERO },
		{ "denormal", { 1, 0 }, X87_TAG_SPECIAL },
		{ "infinity", { 0x8000000000000000, 0x7fff }, X87_TAG_SPECIAL },
		{ "qnan", { 0xc000000000000000, 0x7fff }, X87_TAG_SPECIAL },
		{ "snan", { 0x8000000000000001, 0x7fff }, X87_TAG_SPECIAL },
		{ "unnormal", { 0x4000000000000000, 0x3fff }, X87_TAG_SPECIAL },
	};
	struct x87_environment environment;

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		fninit();
		fld_f80(&one);
		fld_f80(&table[i].value);
		fnstenv(&environment);
		EXPECT_EQ(x87_tag(&environment, 7), X87_TAG_VALID);
		EXPECT_EQ(x87_tag(&environment, 6), table[i].tag);
		for (u32 number = 0; number < 6; number++)
			EXPECT_EQ(x87_tag(&environment, number), X87_TAG_EMPTY, "R%u", number);
	}
}

TEST(top, "loads decrement TOP, pops increment it, both wrap", SPEC("SDM vol. 1, 8.1.2"))
{
	fninit();
	for (u32 i = 1; i <= 8; i++) {
		fld_f80(&one);
		EXPECT_EQ(x87_top(fnstsw()), (8 - i) % 8);
	}
	EXPECT_EQ(fnstsw() & (X87_EXCEPTIONS | X87_SF), 0);
	for (u32 i = 1; i <= 8; i++) {
		__asm__ volatile("fstp %st(0)");
		EXPECT_EQ(x87_top(fnstsw()), i % 8);
	}
	EXPECT_EQ(fnstsw() & (X87_EXCEPTIONS | X87_SF), 0);
	__asm__ volatile("fdecstp");
	EXPECT_EQ(x87_top(fnstsw()), 7);
	__asm__ volatile("fincstp");
	__asm__ volatile("fincstp");
	EXPECT_EQ(x87_top(fnstsw()), 1);
}

struct stack_fault {
	const char *name;
	const void *code;
	u32 loaded; /* registers that are not empty before */
	bool overflow;
	u32 top;     /* afterwards */
	bool result; /* the indefinite QNaN is in ST(0) */
};

TEST(faults,
     "a full or empty register where none should be: IE and SF, C1 for overflow, the indefinite",
     SPEC("SDM vol. 1, 8.5.1.1"))
{
	const struct stack_fault table[] = {
		{ "fld1_full", CODE("fld1"), 8, true, 7, true },
		{ "fldz_full", CODE("fldz"), 8, true, 7, true },
		{ "fld_st_full", CODE("fld %%st(0)"), 8, true, 7, true },
		{ "fld_empty", CODE("fld %%st(0)"), 0, false, 7, true },
		{ "fadd_empty", CODE("fadd %%st(1), %%st"), 1, false, 7, true },
		{ "fsqrt_empty", CODE("fsqrt"), 0, false, 0, true },
		{ "fchs_empty", CODE("fchs"), 0, false, 0, true },
		{ "fabs_empty", CODE("fabs"), 0, false, 0, true },
		{ "frndint_empty", CODE("frndint"), 0, false, 0, true },
		{ "fstp_empty", CODE("fstp %%st(1)"), 0, false, 1, false },
		{ "fcom_empty", CODE("fcom %%st(1)"), 1, false, 7, false },
		{ "fxch_empty", CODE("fxch %%st(1)"), 1, false, 7, true },
		{ "ftst_empty", CODE("ftst"), 0, false, 0, false },
		{ "fscale_empty", CODE("fscale"), 1, false, 7, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		const struct stack_fault *row = &table[i];
		struct registers r = { .flags = FLAG_1 };
		struct x87_state after;
		u16 status;

		SUBTEST("%s", row->name);
		fninit();
		for (u32 j = 0; j < row->loaded; j++)
			fld_f80(&one);
		EXPECT_NO_FAULT(execute_try(row->code, &r));
		fnsave(&after);
		status = after.environment.status;
		EXPECT_EQ(status & (FLOAT_IE | X87_SF), FLOAT_IE | X87_SF);
		EXPECT_EQ(status & X87_C1, row->overflow ? X87_C1 : 0);
		EXPECT_EQ(x87_top(status), row->top);
		if (row->result)
			EXPECT_MEM_EQ(&after.st[0], &indefinite, sizeof(indefinite));
	}
}

TEST(comparison_of_empty, "a comparison with an empty register is unordered",
     SPEC("SDM vol. 2A, FCOM; vol. 1, 8.5.1.1"))
{
	struct x87_state after;

	x87_run(CODE("fcom %%st(3)"), &one, NULL, X87_CW_INIT, NULL, &after);
	EXPECT_EQ(after.environment.status & (X87_C0 | X87_C2 | X87_C3), X87_C0 | X87_C2 | X87_C3);
}

TEST(free, "FFREE empties a register and leaves TOP", SPEC("SDM vol. 2A, FFREE"))
{
	struct x87_state after;

	x87_run(CODE("ffree %%st(1)"), &one, &two, X87_CW_INIT, NULL, &after);
	EXPECT_EQ(x87_tag(&after.environment, 6), X87_TAG_VALID);
	EXPECT_EQ(x87_tag(&after.environment, 7), X87_TAG_EMPTY);
	EXPECT_EQ(x87_top(after.environment.status), 6);
}

TEST(xam_of_empty, "FXAM of an empty register: C3 and C0, the sign of what was there in C1",
     SPEC("SDM vol. 2A, FXAM, table 3-32"), BUG("qemu 93c3593ad04f"))
{
	struct x87_state after;

	SUBTEST("after_fninit");
	x87_run(CODE("fxam"), NULL, NULL, X87_CW_INIT, NULL, &after);
	EXPECT_EQ(after.environment.status & (X87_C0 | X87_C2 | X87_C3), X87_C0 | X87_C3);
	SUBTEST("after_fdecstp");
	x87_run(CODE("fdecstp\nfxam"), &one, NULL, X87_CW_INIT, NULL, &after);
	EXPECT_EQ(after.environment.status & (X87_C0 | X87_C2 | X87_C3), X87_C0 | X87_C3);
	SUBTEST("after_ffree");
	x87_run(CODE("ffree %%st(0)\nfxam"), &one, NULL, X87_CW_INIT, NULL, &after);
	EXPECT_EQ(after.environment.status & (X87_C0 | X87_C2 | X87_C3), X87_C0 | X87_C3);
}

TEST(exchange, "FXCH exchanges two registers, whatever they hold", SPEC("SDM vol. 2A, FXCH"))
{
	for (u32 i = 0; i + 1 < x87_value_count; i++) {
		struct x87_state after;

		x87_run(CODE("fxch %%st(1)"), &x87_values[i], &x87_values[i + 1], X87_CW_INIT, NULL,
			&after);
		EXPECT_MEM_EQ(&after.st[0], &x87_values[i + 1], sizeof(struct f80));
		EXPECT_MEM_EQ(&after.st[1], &x87_values[i], sizeof(struct f80));
		EXPECT_EQ(after.environment.status & (X87_EXCEPTIONS | X87_C1), 0);
	}
}

struct conditional {
	const char *name;
	const void *code;
	ulong moves; /* any of these flags set: it moves */
	bool inverted;
};

TEST(conditional_move, "FCMOVcc moves if CF, ZF or PF say so, and else leaves ST(0)",
     SPEC("SDM vol. 2A, FCMOVcc"), REQUIRES(cpu_has(X86_FEATURE_CMOV)))
{
	const struct conditional table[] = {
		{ "b", CODE("fcmovb %%st(1), %%st"), FLAG_CF, false },
		{ "e", CODE("fcmove %%st(1), %%st"), FLAG_ZF, false },
		{ "be", CODE("fcmovbe %%st(1), %%st"), FLAG_CF | FLAG_ZF, false },
		{ "u", CODE("fcmovu %%st(1), %%st"), FLAG_PF, false },
		{ "nb", CODE("fcmovnb %%st(1), %%st"), FLAG_CF, true },
		{ "ne", CODE("fcmovne %%st(1), %%st"), FLAG_ZF, true },
		{ "nbe", CODE("fcmovnbe %%st(1), %%st"), FLAG_CF | FLAG_ZF, true },
		{ "nu", CODE("fcmovnu %%st(1), %%st"), FLAG_PF, true },
	};
	static const ulong flags[] = { FLAG_CF, FLAG_PF, FLAG_ZF };

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for (u32 set = 0; set < 8; set++) {
			struct registers r = { .flags = FLAG_1 };
			struct x87_state after;
			bool moves;

			for (u32 j = 0; j < ARRAY_SIZE(flags); j++)
				r.flags |= set >> j & 1 ? flags[j] : 0;
			moves = !!(r.flags & table[i].moves) != table[i].inverted;
			fninit();
			fld_f80(&two);
			fld_f80(&one);
			execute(table[i].code, &r);
			fnsave(&after);
			EXPECT_MEM_EQ(&after.st[0], moves ? &two : &one, sizeof(one), "flags %#lx",
				      r.flags);
		}
	}
}

struct to_flags {
	const char *name;
	const void *code;
	x87_model *model;
	u32 popped;
};

TEST(compare_clears_flags, "FCOMI and FUCOMI clear OF, SF and AF",
     SPEC("SDM vol. 2A, FCOMI/FCOMIP/FUCOMI/FUCOMIP; APM vol. 5, FCOMI"),
	  REQUIRES(cpu_has(X86_FEATURE_CMOV)))
{
	const void *codes[] = { CODE("fcomi %%st(1), %%st"), CODE("fucomi %%st(1), %%st") };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		struct registers r = { .flags = FLAG_1 | FLAG_OF | FLAG_SF | FLAG_AF };
		struct x87_state after;

		SUBTEST("%s", i ? "fucomi" : "fcomi");
		fninit();
		fld_f80(&two);
		fld_f80(&one);
		execute(codes[i], &r);
		fnsave(&after);
		EXPECT_EQ(r.flags, FLAG_1 | FLAG_CF);
	}
}

TEST(compare_to_flags, "FCOMI and FUCOMI give ZF, PF and CF",
     SPEC("SDM vol. 2A, FCOMI/FCOMIP/FUCOMI/FUCOMIP"), REQUIRES(cpu_has(X86_FEATURE_CMOV)))
{
	const struct to_flags table[] = {
		{ "fcomi", CODE("fcomi %%st(1), %%st"), x87_com, 0 },
		{ "fcomip", CODE("fcomip %%st(1), %%st"), x87_com, 1 },
		{ "fucomi", CODE("fucomi %%st(1), %%st"), x87_ucom, 0 },
		{ "fucomip", CODE("fucomip %%st(1), %%st"), x87_ucom, 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table) * x87_value_count * x87_value_count; i++) {
		u32 number = i % (x87_value_count * x87_value_count);
		const struct to_flags *row = &table[i / (x87_value_count * x87_value_count)];
		const struct f80 *a = &x87_values[number / x87_value_count];
		const struct f80 *b = &x87_values[number % x87_value_count];
		struct x87_in in = { .st0 = x87_unpack(a), .st1 = x87_unpack(b) };
		struct registers r = { .flags = FLAG_1 };
		struct x87_out out;
		struct x87_state after;
		ulong expected = FLAG_1;

		if (!number)
			SUBTEST("%s", row->name);
		row->model(&in, &out);
		expected |= (out.status & X87_C3 ? FLAG_ZF : 0) |
			    (out.status & X87_C2 ? FLAG_PF : 0) |
			    (out.status & X87_C0 ? FLAG_CF : 0);
		fninit();
		fld_f80(b);
		fld_f80(a);
		execute(row->code, &r);
		fnsave(&after);
		EXPECT_EQ(r.flags, expected, "%#x:%#llx, %#x:%#llx", a->sign_and_exponent,
			  a->significand, b->sign_and_exponent, b->significand);
		EXPECT_EQ(after.environment.status & (X87_EXCEPTIONS & ~FLOAT_DE),
			  out.status & (X87_EXCEPTIONS & ~FLOAT_DE), "%#x:%#llx, %#x:%#llx",
			  a->sign_and_exponent, a->significand, b->sign_and_exponent,
			  b->significand);
		EXPECT_EQ(x87_top(after.environment.status), 6 + row->popped);
	}
}
