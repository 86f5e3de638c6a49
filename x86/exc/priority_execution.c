/* SPDX-License-Identifier: MIT */
/*
 * Which of several faults of one instruction is raised: undefined encodings first, then
 * device-not-available, privilege, selectors and alignment, the page fault of an operand last.
 * SDM vol. 3A, 6.9, table 6-2; APM vol. 2, 8.5, table 8-8; the Operation sections of vol. 2.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>

SUITE("Priorities of faults of one instruction");

struct conflict {
	const char *name;
	u8 size, code[8];
};

static u8 code[16];
static void *absent;

/* All of SI, DI and AX point to the page that is absent; CX is 0. */
static void run_code(void *arg)
{
	ulong ax = (ulong)arg, cx = 0, dx = 0, si = (ulong)arg, di = (ulong)arg;

	__asm__ volatile("call *%5"
			 : "+a"(ax), "+c"(cx), "+d"(dx), "+S"(si), "+D"(di)
			 : "b"(code)
			 : "memory", "cc");
}

static void set_code(const struct conflict *c)
{
	memset(code, 0xc3, sizeof(code)); /* RET */
	memcpy(code, c->code, c->size);
}

static void expect_at(u32 cpl, struct fault expected, ulong operand)
{
	struct fault fault;

	write_cr2(0x1111);
	fault = run_in(at_cpl(cpl), run_code, (void *)operand);
	EXPECT_FAULT(expected, fault);
	EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
	if (expected.kind != VEC_PF + 1)
		EXPECT_EQ(read_cr2(), 0x1111ul);
}

static void expect_all(const struct conflict *conflicts, size_t count, u32 cpls,
		       struct fault expected)
{
	absent = space_absent_page();
	for (size_t i = 0; i < count; i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			if (!(cpls & BIT(cpl)))
				continue;
			SUBTEST("%s-cpl%u", conflicts[i].name, cpl);
			set_code(&conflicts[i]);
			expect_at(cpl, expected, (ulong)absent);
		}
}

TEST(ud_before_operand, "an undefined encoding is #UD, whether its operand is there or not",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	static const struct conflict conflicts[] = {
		{ "mov-to-cs", 2, { 0x8e, 0x08 } },
		{ "group5-7", 2, { 0xff, 0x38 } },
		{ "group8-0", 4, { 0x0f, 0xba, 0x00, 0 } },
		{ "ud1", 3, { 0x0f, 0xb9, 0x00 } },
		{ "lock-cmp", 3, { 0xf0, 0x39, 0x00 } },
		{ "lock-add-to-register", 3, { 0xf0, 0x03, 0x00 } },
	};

	expect_all(conflicts, ARRAY_SIZE(conflicts), BIT(0) | BIT(3), UD);
}

TEST(ud_before_privilege, "an undefined encoding is #UD at CPL 3 too, not #GP",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	static const struct conflict conflicts[] = {
		{ "lock-cli", 2, { 0xf0, 0xfa } },
		{ "lock-hlt", 2, { 0xf0, 0xf4 } },
		{ "lock-rdmsr", 3, { 0xf0, 0x0f, 0x32 } },
	};

	expect_all(conflicts, ARRAY_SIZE(conflicts), BIT(3), UD);
}

TEST(privilege_before_operand,
     "a privileged instruction at CPL 3 is #GP(0), whether its operand is there "
     "or not",
     SPEC("SDM vol. 3A, 6.9, table 6-2; vol. 2A, LGDT/LIDT; vol. 2A, LMSW"))
{
	static const struct conflict conflicts[] = {
		{ "lgdt", 3, { 0x0f, 0x01, 0x10 } },
		{ "lidt", 3, { 0x0f, 0x01, 0x18 } },
		{ "lmsw", 3, { 0x0f, 0x01, 0x30 } },
		{ "invlpg", 3, { 0x0f, 0x01, 0x38 } },
		{ "lldt", 3, { 0x0f, 0x00, 0x10 } },
		{ "ltr", 3, { 0x0f, 0x00, 0x18 } },
		{ "wrmsr", 2, { 0x0f, 0x30 } },
		{ "mov-cr0", 3, { 0x0f, 0x22, 0xc0 } },
		{ "wbinvd", 2, { 0x0f, 0x09 } },
		{ "clts", 2, { 0x0f, 0x06 } },
		{ "hlt", 1, { 0xf4 } },
	};

	expect_all(conflicts, ARRAY_SIZE(conflicts), BIT(3), GP(0));
}

TEST(io_before_operand,
     "INS and OUTS of a port that is not allowed are #GP(0), whether memory is there or "
     "not",
     SPEC("SDM vol. 2A, INS; vol. 2B, OUTS"))
{
	static const struct conflict conflicts[] = {
		{ "insb", 1, { 0x6c } },
		{ "insd", 1, { 0x6d } },
		{ "outsb", 1, { 0x6e } },
		{ "outsd", 1, { 0x6f } },
	};

	expect_all(conflicts, ARRAY_SIZE(conflicts), BIT(3), GP(0));
}

TEST(nm_before_operand,
     "with CR0.TS, x87 and SSE instructions are #NM, whether their operand is there or not",
     SPEC("SDM vol. 3A, 6.9, table 6-2"), REQUIRES(cpu_has(X86_FEATURE_SSE)))
{
	static const struct conflict conflicts[] = {
		{ "fld", 2, { 0xd9, 0x00 } },
		{ "fstp", 2, { 0xdd, 0x18 } },
		{ "fnsave", 2, { 0xdd, 0x30 } },
		{ "movups", 3, { 0x0f, 0x10, 0x00 } },
		{ "movq-mmx", 3, { 0x0f, 0x6f, 0x00 } },
	};

	write_cr0(read_cr0() | CR0_TS);
	expect_all(conflicts, ARRAY_SIZE(conflicts), BIT(0) | BIT(3), NM);
	write_cr0(read_cr0() & ~CR0_TS);
}

TEST(ud_before_nm, "with CR0.EM and TS, SSE and MMX instructions are #UD, not #NM",
     SPEC("SDM vol. 3A, 2.5, EM; 12.1, table 12-1"), REQUIRES(cpu_has(X86_FEATURE_SSE)))
{
	static const struct conflict conflicts[] = {
		{ "movups", 3, { 0x0f, 0x10, 0x00 } },
		{ "movq-mmx", 3, { 0x0f, 0x6f, 0x00 } },
		{ "emms", 2, { 0x0f, 0x77 } },
	};
	const ulong cr0 = read_cr0();

	write_cr0((cr0 | CR0_EM | CR0_TS) & ~CR0_MP);
	expect_all(conflicts, ARRAY_SIZE(conflicts), BIT(0) | BIT(3), UD);
	write_cr0(cr0);
}

TEST(lock_before_nm, "LOCK with an x87 instruction is #UD, with CR0.TS too",
     SPEC("SDM vol. 3A, 6.9, table 6-2; vol. 2A, LOCK"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	static const struct conflict conflicts[] = { { "fld", 3, { 0xf0, 0xd9, 0x00 } } };

	write_cr0(read_cr0() | CR0_TS);
	expect_all(conflicts, ARRAY_SIZE(conflicts), BIT(0) | BIT(3), UD);
	write_cr0(read_cr0() & ~CR0_TS);
}

/* DIV by memory: no division takes place before its operand is read. CX and DX are 0. */
TEST(operand_before_division,
     "DIV, and a shift or MOV of a selector, by an operand that is absent is #PF",
     SPEC("SDM vol. 2A, DIV; vol. 3A, 6.9, table 6-2"))
{
	static const struct conflict conflicts[] = {
		{ "div", 2, { 0xf7, 0x30 } },
		{ "idiv", 2, { 0xf7, 0x38 } },
		{ "mov-ss", 2, { 0x8e, 0x10 } },
		{ "mov-ds", 2, { 0x8e, 0x18 } },
	};

	absent = space_absent_page();
	for (u32 i = 0; i < ARRAY_SIZE(conflicts); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", conflicts[i].name, cpl);
			set_code(&conflicts[i]);
			expect_at(cpl, PF(cpl ? PF_U : 0, absent), (ulong)absent);
		}
}

TEST(alignment_before_page_fault,
     "a misaligned 16-byte operand is #GP(0), whether its page is there or not",
     SPEC("SDM vol. 3A, 6.9, table 6-2; vol. 2B, MOVAPS"), REQUIRES(cpu_has(X86_FEATURE_SSE)))
{
	static const struct conflict conflicts[] = {
		{ "movaps-load", 3, { 0x0f, 0x28, 0x00 } },
		{ "movaps-store", 3, { 0x0f, 0x29, 0x00 } },
	};

	absent = space_absent_page();
	for (u32 i = 0; i < ARRAY_SIZE(conflicts); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", conflicts[i].name, cpl);
			set_code(&conflicts[i]);
			expect_at(cpl, GP(0), (ulong)absent + 8);
		}
}

/* ------------------------------------------------------------------------------- lengths */

TEST(length_before_decode,
     "an instruction of more than 15 bytes is #GP(0), also one that is undefined",
     SPEC("SDM vol. 2A, 2.3.11; vol. 3A, 6.9, table 6-2"))
{
	static u8 long_code[32];
	static const struct {
		const char *name;
		u8 prefixes;
		bool undefined;
		bool gp;
	} rows[] = {
		{ "nop-15", 14, false, false },
		{ "nop-16", 15, false, true },
		{ "ud2-15", 13, true, false },
		{ "ud2-16", 14, true, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		memset(long_code, 0xc3, sizeof(long_code));
		memset(long_code, 0x3e, rows[i].prefixes);
		long_code[rows[i].prefixes] = rows[i].undefined ? 0x0f : 0x90;
		if (rows[i].undefined)
			long_code[rows[i].prefixes + 1] = 0x0b;
		fault = fault_of((void (*)(void *))long_code, NULL);
		if (rows[i].gp)
			EXPECT_FAULT(GP(0), fault);
		else if (rows[i].undefined)
			EXPECT_FAULT(UD, fault);
		else
			EXPECT_NO_FAULT(fault);
	}
}

TEST(length_before_fetch_fault,
     "14 prefixes before an absent page: #PF, as the 15th byte is needed",
     SPEC("SDM vol. 2A, 2.3.11"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	const u64 fetch = cpu_has(X86_FEATURE_NX) ? PF_I : 0;
	u8 *end = pages + PAGE_SIZE;

	memset(pages, 0x3e, PAGE_SIZE);
	space_unmap(space_kernel(), (ulong)end, PAGE_SIZE);
	/* 14 prefixes: the opcode is missing, and would be the 15th byte. */
	EXPECT_FAULT(PF(fetch, end), fault_of((void (*)(void *))(end - 14), NULL));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)end - 14);
}
