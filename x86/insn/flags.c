/* SPDX-License-Identifier: MIT */
/*
 * PUSHF and POPF, STI and CLI, by CPL and IOPL: which bits each may change. User code gets its IOPL
 * and IF from a handler that it calls by INT3, as nothing that it could do itself would give it them.
 */
#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/execute.h>

SUITE("The flags register");

#define STATUS	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)
/* What POPF of 32 and 64 bits may change at any privilege; TF has its cases elsewhere. */
#define ANYTIME (STATUS | FLAG_DF | FLAG_NT | FLAG_AC | FLAG_ID)
/* What 16-bit POPF reaches. */
#define WORD	0xffff

#define IOPL(n) ((ulong)(n) << 12)

/* AX is what is popped, CX what is then pushed; SP at both ends in SI and DI. */
static const void *popf_native(void)
{
	return CODE("mov " NATIVE("sp") ", " NATIVE("si") "; push " NATIVE(
		"ax") "; popf; pushf; pop " NATIVE("cx") "; mov " NATIVE("sp") ", " NATIVE("di"));
}

static const void *popf_16(void)
{
	return CODE("mov " NATIVE("sp") ", " NATIVE("si") "; pushw %%ax; popfw; pushf; pop " NATIVE(
		"cx") "; mov " NATIVE("sp") ", " NATIVE("di"));
}

static ulong given_flags;

/* Of INT3 in user code: goes on with other flags. */
static void give_flags(struct trap_frame *frame)
{
	frame->flags = given_flags;
}

struct user_popf {
	const void *code;
	struct registers r;
	ulong flags_before;
};

static void user_popf(void *arg)
{
	struct user_popf *p = arg;
	struct registers own = { .flags = FLAG_1 };

	/* execute() would load its own flags: so it is this code that takes them. */
	__asm__ volatile("int3" : : : "memory", "cc");
	own.ax = p->r.ax;
	own.flags = p->flags_before;
	execute(p->code, &own);
	p->r = own;
}

/* What POPF leaves of `before` when it is given `image`, at this CPL and IOPL. */
static ulong popf_model(ulong before, ulong image, u32 cpl, bool word)
{
	u32 iopl = before >> 12 & 3;
	ulong writable = ANYTIME;

	if (cpl == 0)
		writable |= FLAG_IOPL;
	if (cpl <= iopl)
		writable |= FLAG_IF;
	if (word)
		writable &= WORD;
	return (before & ~writable) | (image & writable);
}

/* All bits but TF, which would trap, and those that the model does not have: RF and VM are pushed as 0. */
#define IMAGE_BITS                                                                          \
	(ANYTIME | FLAG_IOPL | FLAG_IF | FLAG_RF | FLAG_VM | FLAG_VIF | FLAG_VIP | BIT(3) | \
	 BIT(5) | BIT(15) | BITS(31, 22))

static void check_user(const void *code, u32 iopl, bool interrupts, ulong image, bool word)
{
	ulong before = FLAG_1 | IOPL(iopl) | (interrupts ? FLAG_IF : 0);
	struct user_popf p = { .code = code, .r = { .ax = image }, .flags_before = before };

	given_flags = before;
	EXPECT_NO_FAULT(run_user(user_popf, &p));
	EXPECT_EQ(p.r.cx, popf_model(before, image, 3, word), "image %#llx, IF %u", (u64)image,
		  interrupts);
	EXPECT_EQ(p.r.di, p.r.si);
}

static void check_images(const void *code, u32 iopl, bool word)
{
	for (u32 interrupts = 0; interrupts < 2; interrupts++) {
		for_each_set_bit(bit, IMAGE_BITS) {
			check_user(code, iopl, interrupts, (ulong)BIT(bit), word);
			check_user(code, iopl, interrupts, (ulong)(IMAGE_BITS & ~BIT(bit)), word);
		}
		check_user(code, iopl, interrupts, 0, word);
		check_user(code, iopl, interrupts, IMAGE_BITS, word);
	}
}

TEST(popf_user, "POPF at CPL 3 never changes IOPL, and IF only where IOPL is 3",
     SPEC("SDM vol. 2B, POPF/POPFD/POPFQ, table 4-16"))
{
	trap_set_handler(VEC_BP, give_flags);
	for (u32 iopl = 0; iopl < 4; iopl++) {
		SUBTEST("iopl_%u", iopl);
		check_images(popf_native(), iopl, false);
		SUBTEST("iopl_%u_16", iopl);
		check_images(popf_16(), iopl, true);
	}
}

static void check_kernel(const void *code, ulong before, ulong image, bool word)
{
	struct registers r = { .ax = image, .flags = before };

	/* IF is not left set: execute() pushes the flags that the text leaves. */
	execute(code, &r);
	__asm__ volatile("cli" : : : "memory");
	EXPECT_EQ(r.cx, popf_model(before, image, 0, word), "image %#llx, flags before %#llx",
		  (u64)image, (u64)before);
	EXPECT_EQ(r.di, r.si);
}

TEST(popf_kernel, "POPF at CPL 0 changes IF and IOPL, too, whatever IOPL is",
     SPEC("SDM vol. 2B, POPF/POPFD/POPFQ, table 4-16"))
{
	for (u32 iopl = 0; iopl < 4; iopl++) {
		SUBTEST("iopl_%u", iopl);
		for_each_set_bit(bit, IMAGE_BITS) {
			ulong without = (ulong)(IMAGE_BITS & ~BIT(bit));

			check_kernel(popf_native(), FLAG_1 | IOPL(iopl), (ulong)BIT(bit), false);
			check_kernel(popf_native(), FLAG_1 | IOPL(iopl) | ANYTIME, without, false);
			check_kernel(popf_16(), FLAG_1 | IOPL(iopl), (ulong)BIT(bit), true);
			check_kernel(popf_16(), FLAG_1 | IOPL(iopl) | ANYTIME, without, true);
		}
	}
}

struct user_insn {
	const void *code;
	struct registers r;
	struct fault fault;
};

/* Executes with the flags that INT3 gives, pushed by the code itself into CX. */
static void user_insn(void *arg)
{
	struct user_insn *p = arg;
	struct registers own = { .flags = given_flags };

	__asm__ volatile("int3" : : : "memory", "cc");
	p->fault = execute_try(p->code, &own);
	p->r = own;
}

TEST(sti_cli_user, "CLI and STI at CPL 3 need IOPL 3 and raise #GP(0) otherwise, IF as it was",
     SPEC("SDM vol. 2, CLI, STI"))
{
	const void *cli = CODE("cli; pushf; pop " NATIVE("cx"));
	const void *sti = CODE("sti; pushf; pop " NATIVE("cx"));

	trap_set_handler(VEC_BP, give_flags);
	for (u32 iopl = 0; iopl < 4; iopl++) {
		SUBTEST("iopl_%u", iopl);
		for (u32 interrupts = 0; interrupts < 2; interrupts++) {
			ulong flag = interrupts ? FLAG_IF : 0;
			struct user_insn p = { .code = cli };

			given_flags = FLAG_1 | IOPL(iopl) | flag;
			EXPECT_NO_FAULT(run_user(user_insn, &p));
			EXPECT_FAULT(iopl == 3 ? NO_FAULT : GP(0), p.fault, "CLI, IF %u",
				     interrupts);
			EXPECT_EQ(p.r.flags & FLAG_IF, iopl == 3 ? 0 : flag);

			p.code = sti;
			EXPECT_NO_FAULT(run_user(user_insn, &p));
			EXPECT_FAULT(iopl == 3 ? NO_FAULT : GP(0), p.fault, "STI, IF %u",
				     interrupts);
			EXPECT_EQ(p.r.flags & FLAG_IF, iopl == 3 ? FLAG_IF : flag);
		}
	}
}

TEST(pushf_user, "PUSHF at CPL 3 stores IF and IOPL as they are, RF and VM as 0",
     SPEC("SDM vol. 2B, PUSHF/PUSHFD/PUSHFQ"))
{
	trap_set_handler(VEC_BP, give_flags);
	for (u32 iopl = 0; iopl < 4; iopl++) {
		for (u32 i = 0; i < 2; i++) {
			struct user_insn p = {
				.code = CODE("pushf; pop " NATIVE(
					"cx") "; xor %%edx, %%edx; pushfw; popw %%dx")
			};

			given_flags = FLAG_1 | IOPL(iopl) | (i ? FLAG_IF | FLAG_AC : FLAG_ID);
			EXPECT_NO_FAULT(run_user(user_insn, &p));
			EXPECT_NO_FAULT(p.fault);
			EXPECT_EQ(p.r.cx, given_flags, "IOPL %u", iopl);
			EXPECT_EQ(p.r.dx, (given_flags & WORD) | FLAG_ZF | FLAG_PF, "IOPL %u",
				  iopl);
		}
	}
}

TEST(flag_instructions, "CLD and STD change DF alone, CLI and STI at CPL 0 IF alone",
     SPEC("SDM vol. 2, CLD, STD, CLI, STI"))
{
	const struct {
		const char *name;
		const void *code;
		ulong cleared, set;
	} table[] = {
		{ "cld", CODE("cld"), FLAG_DF, 0 },
		{ "std", CODE("std"), 0, FLAG_DF },
		{ "cli", CODE("cli"), FLAG_IF, 0 },
		{ "sti", CODE("sti; pushf; cli; pop " NATIVE("ax")), FLAG_IF, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for (u32 j = 0; j < 2; j++) {
			ulong flags = j ? ANYTIME | FLAG_IOPL | FLAG_1 : FLAG_1;
			struct registers r = { .flags = flags };

			execute(table[i].code, &r);
			EXPECT_EQ(r.flags, (flags & ~table[i].cleared) | table[i].set);
			if (i == 3)
				EXPECT_EQ(r.ax, flags | FLAG_IF);
		}
	}
}
