/* SPDX-License-Identifier: MIT */
/*
 * Instructions about the processor itself, as far as registers, flags and faults go: CPUID, RDTSC and
 * its relatives, cache control, fences, MONITOR.
 */
#include "encoding.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("Instructions about the processor");

#define FILLED ((ulong)0x1122334455667788)
#define STATUS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static struct registers filled(void)
{
	struct registers r;

	for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
		r.general[i] = FILLED + i;
	r.flags = FLAG_1 | STATUS | FLAG_DF;
	return r;
}

static u64 upper(ulong value)
{
	return (u64)value >> 32;
}

TEST(cpuid_registers,
     "CPUID writes four registers, their upper halves 0, and no flag, at CPL 0 and 3",
     SPEC("SDM vol. 2A, CPUID; vol. 1, 3.4.1.1"))
{
	static const u32 leaves[] = { 0,   1,	       2,	   4,	       7,	  0xb,
				      0xd, 0x40000000, 0x80000000, 0x80000001, 0x80000008 };

	for (u32 i = 0; i < ARRAY_SIZE(leaves); i++) {
		SUBTEST("leaf_%x", leaves[i]);
		for_each_place(place, KERNEL | USER)
		{
			struct registers before = filled(), r;

			/* Only the lower halves of EAX and ECX count. */
			before.ax = leaves[i] | (FILLED & ~(ulong)0xffffffff);
			before.cx = FILLED & ~(ulong)0xffffffff;
			r = before;
			EXPECT_NO_FAULT(execute_in(place, CODE("cpuid"), &r));
			EXPECT_EQ(upper(r.ax) | upper(r.bx) | upper(r.cx) | upper(r.dx), 0u);
			EXPECT_EQ(r.ax, cpuid(leaves[i], 0).eax);
			before.ax = r.ax;
			before.bx = r.bx;
			before.cx = r.cx;
			before.dx = r.dx;
			EXPECT_MEM_EQ(&r, &before, sizeof(r));
		}
	}
}

/* EDX:EAX, upper halves 0; ECX where the instruction writes it; everything else as it was. */
static void check_tsc(const void *code, bool writes_cx, u32 cx, enum place place)
{
	struct registers before = filled(), r = before;

	EXPECT_NO_FAULT(execute_in(place, code, &r));
	EXPECT_EQ(upper(r.ax) | upper(r.dx), 0u);
	before.ax = r.ax;
	before.dx = r.dx;
	if (writes_cx)
		before.cx = cx;
	EXPECT_MEM_EQ(&r, &before, sizeof(r));
}

TEST(rdtsc_registers,
     "RDTSC writes EDX:EAX, their upper halves 0, and nothing else, at CPL 0 and 3",
     SPEC("SDM vol. 2B, RDTSC"), REQUIRES(cpu_has(X86_FEATURE_TSC)))
{
	check_tsc(CODE("rdtsc"), false, 0, KERNEL);
	check_tsc(CODE("rdtsc"), false, 0, USER);
}

TEST(rdtscp_registers,
     "RDTSCP writes EDX:EAX and ECX, their upper halves 0, and nothing else, at CPL 0 and 3",
     SPEC("SDM vol. 2B, RDTSCP"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	wrmsr(MSR_TSC_AUX, 0x89abcdef);
	check_tsc(CODE("rdtscp"), true, 0x89abcdef, KERNEL);
	check_tsc(CODE("rdtscp"), true, 0x89abcdef, USER);
	wrmsr(MSR_TSC_AUX, 0);
}

/* F3 0F C7 F8: EAX, or RAX without REX.W, which is not needed. */
static const u8 rdpid_ax[] = { 0xf3, 0x0f, 0xc7, 0xf8 };

TEST(rdpid_registers,
     "RDPID writes all of its register, zero-extended, and nothing else, at CPL 0 and 3",
     SPEC("SDM vol. 2B, RDPID"), REQUIRES(cpu_has(X86_FEATURE_RDPID)))
{
	for_each_place(place, KERNEL | USER)
	{
		struct registers before = filled(), r = before;
		const void *code = code_bytes(rdpid_ax, sizeof(rdpid_ax));

		wrmsr(MSR_TSC_AUX, 0x89abcdef);
		EXPECT_NO_FAULT(execute_in(place, code, &r));
		before.ax = 0x89abcdef;
		EXPECT_MEM_EQ(&r, &before, sizeof(r));
	}
	wrmsr(MSR_TSC_AUX, 0);
}

#define CLFLUSH                  \
	{                        \
		0x0f, 0xae, 0x3e \
	} /* [SI] */
#define CLFLUSHOPT                     \
	{                              \
		0x66, 0x0f, 0xae, 0x3e \
	}
#define CLWB                           \
	{                              \
		0x66, 0x0f, 0xae, 0x36 \
	}

/* The operand is a byte that is read, as far as faults go: SDM vol. 2A, CLFLUSH. */
static void check_flush(const struct encoding *e)
{
	u8 *page = page_alloc();
	const void *code;
	struct registers r;

	encodings_do_nothing(e, 1, true);
	SUBTEST("%s_faults", e->name);
	for_each_place(place, KERNEL | USER)
	{
		u64 us = place == USER ? PF_U : 0;

		code = code_bytes(e->code, e->size);
		r = encoding_registers();
		r.si = (ulong)page + 123;
		/* Reading is enough. */
		space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_USER);
		EXPECT_NO_FAULT(execute_in(place, code, &r));
		space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
		EXPECT_FAULT(PF(us, page + 123), execute_in(place, code, &r));
		space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_WRITE);
		EXPECT_FAULT(place == USER ? PF(PF_U | PF_P, page + 123) : NO_FAULT,
			     execute_in(place, code, &r));
		space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
	}
}

TEST(clflush, "CLFLUSH changes nothing and faults as a load of a byte does",
     SPEC("SDM vol. 2A, CLFLUSH"), REQUIRES(cpu_has(X86_FEATURE_CLFSH)))
{
	static const struct encoding e = { "clflush_m8", 3, CLFLUSH };

	check_flush(&e);
}

TEST(clflushopt, "CLFLUSHOPT changes nothing and faults as a load of a byte does",
     SPEC("SDM vol. 2A, CLFLUSHOPT"), REQUIRES(cpu_has(X86_FEATURE_CLFLUSHOPT)))
{
	static const struct encoding e = { "clflushopt_m8", 4, CLFLUSHOPT };

	check_flush(&e);
}

TEST(clwb, "CLWB changes nothing and faults as a load of a byte does",
     SPEC("SDM vol. 2A, CLWB"), REQUIRES(cpu_has(X86_FEATURE_CLWB)))
{
	static const struct encoding e = { "clwb_m8", 4, CLWB };

	check_flush(&e);
}

TEST(fences, "LFENCE, MFENCE and SFENCE change no register, whatever R/M says",
     SPEC("SDM vol. 2, LFENCE, MFENCE, SFENCE"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	static const struct encoding table[] = {
		{ "lfence", 3, { 0x0f, 0xae, 0xe8 } },
		{ "mfence", 3, { 0x0f, 0xae, 0xf0 } },
		{ "sfence", 3, { 0x0f, 0xae, 0xf8 } },
	};

	encodings_do_nothing(table, ARRAY_SIZE(table), true);
}

TEST(wbinvd, "WBINVD changes no register at CPL 0; WBINVD and INVD raise #GP(0) at CPL 3",
     SPEC("SDM vol. 2D, WBINVD; vol. 2A, INVD"))
{
	static const struct encoding wbinvd = { "wbinvd_kernel", 2, { 0x0f, 0x09 } };
	struct registers before = encoding_registers(), r = before;

	encodings_do_nothing(&wbinvd, 1, false);
	SUBTEST("wbinvd_user");
	EXPECT_FAULT(GP(0), execute_in(USER, CODE("wbinvd"), &r));
	SUBTEST("invd_user");
	EXPECT_FAULT(GP(0), execute_in(USER, CODE("invd"), &r));
	EXPECT_MEM_EQ(&r, &before, sizeof(r));
}

TEST(monitor,
     "MONITOR takes no extensions in ECX, reads its operand, and is #UD at CPL 3, as MWAIT",
     SPEC("SDM vol. 2B, MONITOR, MWAIT"), REQUIRES(cpu_has(X86_FEATURE_MONITOR)))
{
	u8 *page = page_alloc();
	struct registers r = { .ax = (ulong)page, .flags = FLAG_1 };

	SUBTEST("works");
	EXPECT_NO_FAULT(execute_try(CODE("monitor"), &r));
	EXPECT_EQ(r.ax, (ulong)page);

	SUBTEST("ecx");
	for (u32 bit = 0; bit < 32; bit++) {
		r.cx = (ulong)1 << bit;
		EXPECT_FAULT(GP(0), execute_try(CODE("monitor"), &r), "bit %u", bit);
	}

	SUBTEST("absent_page");
	r.cx = 0;
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	EXPECT_FAULT(PF(0, page), execute_try(CODE("monitor"), &r));
	space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);

	SUBTEST("mwait_ecx");
	for (u32 bit = 1; bit < 32; bit++) {
		r = (struct registers){ .cx = (ulong)1 << bit, .flags = FLAG_1 };
		EXPECT_FAULT(GP(0), execute_try(CODE("mwait"), &r), "bit %u", bit);
	}

	SUBTEST("user");
	r = (struct registers){ .ax = (ulong)page, .flags = FLAG_1 };
	EXPECT_FAULT(UD, execute_in(USER, CODE("monitor"), &r));
	EXPECT_FAULT(UD, execute_in(USER, CODE("mwait"), &r));
}

TEST(serialize, "SERIALIZE changes no register and no flag, at CPL 0 and 3",
     SPEC("SDM vol. 2B, SERIALIZE"), REQUIRES(cpu_has(X86_FEATURE_SERIALIZE)))
{
	static const struct encoding e = { "serialize", 3, { 0x0f, 0x01, 0xe8 } };

	encodings_do_nothing(&e, 1, true);
}
