/* SPDX-License-Identifier: MIT */
/* What 64-bit mode does not have: decimal adjustments, PUSHA and POPA, one-byte INC and DEC, BOUND, INTO. */
#include "insn.h"

#include <mm/page.h>
#include <mm/space.h>
#include <test.h>
#include <x86/cr.h>

SUITE("Instructions outside 64-bit mode");

#define ADJUST(op) INSN(#op, 16, model_##op, #op, IN_AX, NOWHERE)

TEST(decimal_adjust, "AAA, AAS, DAA and DAS of every AX that matters, with every CF and AF",
     SPEC("SDM vol. 2A, AAA, AAS, DAA, DAS"))
{
	static const u8 high[] = { 0, 1, 9, 0x7f, 0xff };
	const struct insn table[] = { ADJUST(aaa) ADJUST(aas) ADJUST(daa) ADJUST(das) };

	for_each_insn(insn, table) {
		SUBTEST("%s", insn->shape->name);
		fault_clear();
		for (u32 ax = 0; ax < 0x100 * ARRAY_SIZE(high); ax++) {
			for (u32 i = 0; i < 64; i++) {
				struct alu_in in = { .dst = high[ax >> 8] << 8 | (ax & 0xff),
						     .flags = insn_flags(i) };

				insn_check(insn, &in);
			}
		}
		EXPECT_NO_FAULT(fault_taken());
		insn_check_other_places(insn);
	}
}

#define RADIX(op, radix)                                                        \
	INSN(#op "_" #radix, 16, model_##op, #op " $" #radix, IN_AX, IMMEDIATE, \
	     .immediate = (radix))

TEST(decimal_multiply_divide, "AAM and AAD with any base; AAM 0 raises #DE",
     SPEC("SDM vol. 2A, AAM, AAD"))
{
	const struct insn table[] = { RADIX(aam, 10) RADIX(aam, 1) RADIX(aam, 16) RADIX(aam, 255)
					      RADIX(aam, 0) RADIX(aad, 10) RADIX(aad, 0)
						      RADIX(aad, 16) RADIX(aad, 255) };

	for_each_insn(insn, table) {
		SUBTEST("%s", insn->shape->name);
		fault_clear();
		for (u32 ax = 0; ax < 0x10000; ax += insn->shape->immediate ? 13 : 1021) {
			struct alu_in in = { .dst = ax, .flags = insn_flags(ax % 64) };

			insn_check(insn, &in);
		}
		EXPECT_NO_FAULT(fault_taken());
		insn_check_other_places(insn);
	}
}

#define SHORT_FORM(op, size, width, prefix, byte)                                             \
	INSN(#op "_r" size "_short", width, model_##op, prefix ".byte " byte, IN_CX, NOWHERE, \
	     .spelt_out = true)

TEST(short_inc_dec, "the one-byte forms of INC and DEC", SPEC("SDM vol. 2, INC, DEC"))
{
	const struct insn table[] = { SHORT_FORM(inc, "16", 16, ".byte 0x66;", "0x41") SHORT_FORM(
		inc, "32", 32, "", "0x41") SHORT_FORM(dec, "16", 16, ".byte 0x66;", "0x49")
					      SHORT_FORM(dec, "32", 32, "", "0x49") };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

/* Written by the code of the case by name, as all registers are taken. */
static u32 pushed[8] __used, sp_before __used;
static u16 pushed_words[8] __used;

TEST(pusha_popa, "PUSHA stores all registers and SP as it was before; POPA loads all but SP",
     SPEC("SDM vol. 2B, PUSHA/PUSHAD, POPA/POPAD"))
{
	const struct registers before = { .ax = 0x11111111,
					  .cx = 0x22222222,
					  .dx = 0x33333333,
					  .bx = 0x44444444,
					  .bp = 0x55555555,
					  .si = 0x66666666,
					  .di = 0x77777777,
					  .flags = FLAG_1 | ALU_STATUS };
	struct registers r = before;

	SUBTEST("32_bits");
	execute(CODE("mov %%esp, sp_before; pusha; mov %%esp, %%esi; mov $pushed, %%edi;"
		     "mov $8, %%ecx; rep movsl; popa"),
		&r);
	for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
		EXPECT_EQ(r.general[i], before.general[i], "register %u", i);
	EXPECT_EQ(r.flags, before.flags);
	EXPECT_MEM_EQ(pushed,
		      ((u32[]){ before.di, before.si, before.bp, sp_before, before.bx, before.dx,
				before.cx, before.ax }),
		      sizeof(pushed));

	SUBTEST("16_bits");
	execute(CODE("mov %%esp, sp_before; pushaw; mov %%esp, %%esi; mov $pushed_words, %%edi;"
		     "mov $8, %%ecx; rep movsw; mov %%esp, %%edx;"
		     "popaw"),
		&r);
	EXPECT_MEM_EQ(pushed_words,
		      ((u16[]){ before.di, before.si, before.bp, sp_before, before.bx, before.dx,
				before.cx, before.ax }),
		      sizeof(pushed_words));
	/* The upper halves of those that the copying changed are what it made of them. */
	EXPECT_EQ(r.dx, ((sp_before - 16) & 0xffff0000) | 0x3333);
	EXPECT_EQ(r.ax, before.ax);
	EXPECT_EQ(r.cx, 0x00002222u);
}

/*
 * At CPL 3, on a stack of two pages, SP near their boundary and one of them absent. In which order the
 * eight words are accessed is not laid down, so that any address there will do.
 */
static void check_stack_fault(const void *code, s32 sp, bool upper, u64 error)
{
	u8 *stack = pages_alloc(2, PAGE_SIZE), *boundary = stack + PAGE_SIZE;
	u8 *absent = upper ? boundary : stack;
	struct registers r, before = { .ax = 1,
				       .cx = 2,
				       .dx = 3,
				       .bp = 5,
				       .si = 6,
				       .di = 7,
				       .bx = (ulong)boundary + sp,
				       .flags = FLAG_1 | ALU_STATUS };
	struct fault fault, expected = PF(PF_U | error, 0);

	expected.fields = FAULT_CODE;
	r = before;
	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	fault = execute_in(USER, code, &r);
	EXPECT_FAULT(expected, fault);
	EXPECT_EQ(ALIGN_DOWN(fault.address, PAGE_SIZE), (ulong)absent);
	EXPECT_EQ(trap_last_frame()->sp, before.bx);
	EXPECT_MEM_EQ(&r, &before, sizeof(r));
	space_map(space_kernel(), (ulong)absent, (ulong)absent, PAGE_SIZE, PROT_ALL);
}

TEST(pusha_popa_fault, "PUSHA and POPA that fault leave SP and all registers as they were",
     SPEC("SDM vol. 2B, PUSHA/PUSHAD, POPA/POPAD; vol. 3A, 6.5, Faults"))
{
	SUBTEST("pusha_first");
	check_stack_fault(CODE_ON_STACK("pusha"), 0, false, PF_W);
	SUBTEST("pusha_last");
	check_stack_fault(CODE_ON_STACK("pusha"), 28, false, PF_W);
	SUBTEST("pusha_16");
	check_stack_fault(CODE_ON_STACK("pushaw"), 8, false, PF_W);
	SUBTEST("popa_first");
	check_stack_fault(CODE_ON_STACK("popa"), 0, true, 0);
	SUBTEST("popa_last");
	check_stack_fault(CODE_ON_STACK("popa"), -28, true, 0);
	SUBTEST("popa_16_last");
	check_stack_fault(CODE_ON_STACK("popaw"), -14, true, 0);
}

TEST(loop_16_bit_address, "LOOP and JCXZ with 67h count and look at CX alone",
     SPEC("SDM vol. 2A, LOOP/LOOPcc, Jcc"))
{
	struct registers r = { .cx = 0x12340001, .flags = FLAG_1 };

	execute(CODE(".byte 0x67; loop 1f; mov $1, %%eax; 1:"), &r);
	EXPECT_EQ(r.ax, 1u);
	EXPECT_EQ(r.cx, 0x12340000u);
	r = (struct registers){ .cx = 0x12340000, .flags = FLAG_1 };
	execute(CODE(".byte 0x67; loop 1f; mov $1, %%eax; 1:"), &r);
	EXPECT_EQ(r.ax, 0u);
	EXPECT_EQ(r.cx, 0x1234ffffu);
	r = (struct registers){ .cx = 0x12340000, .flags = FLAG_1 };
	execute(CODE("jcxz 1f; mov $1, %%eax; 1:"), &r);
	EXPECT_EQ(r.ax, 0u);
	r = (struct registers){ .cx = 0x8000, .flags = FLAG_1 };
	execute(CODE("jcxz 1f; mov $1, %%eax; 1:"), &r);
	EXPECT_EQ(r.ax, 1u);
}

static struct fault bound(s32 index, const s32 limits[2])
{
	struct registers r = { .ax = (u32)index, .di = (ulong)limits, .flags = FLAG_1 };

	return execute_try(CODE("bound %%eax, (%%edi)"), &r);
}

TEST(bound, "BOUND raises #BR below the lower and above the upper of two signed limits",
     SPEC("SDM vol. 2A, BOUND"))
{
	static const s32 limits[2] = { -5, 7 };

	EXPECT_NO_FAULT(bound(-5, limits));
	EXPECT_NO_FAULT(bound(0, limits));
	EXPECT_NO_FAULT(bound(7, limits));
	EXPECT_FAULT(BR, bound(-6, limits));
	EXPECT_FAULT(BR, bound(8, limits));
	EXPECT_FAULT(BR, bound(INT32_MIN, limits));
}

TEST(into, "INTO traps if OF is set and does nothing otherwise",
     SPEC("SDM vol. 2A, INT n/INTO/INT3"))
{
	for (u32 i = 0; i < 64; i++) {
		struct registers r = { .flags = FLAG_1 | insn_flags(i) };

		EXPECT_FAULT(insn_flags(i) & ALU_OF ? OF : NO_FAULT, execute_try(CODE("into"), &r));
		EXPECT_EQ(r.flags, FLAG_1 | insn_flags(i));
	}
}
