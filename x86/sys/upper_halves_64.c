/* SPDX-License-Identifier: MIT */
/*
 * Instructions with operands in ECX, EAX and EDX: bits 63-32 of these are ignored, and cleared where
 * they are results.
 */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/execute.h>
#include <x86/msr.h>
#include <x86/xsave.h>

SUITE("Upper halves of RAX, RBX, RCX and RDX");

#define HIGH 0xdeadbeef00000000ul

TEST(xgetbv_upper_halves, "XGETBV ignores RCX bits 63-32 and clears those of RAX and RDX",
     SPEC("SDM vol. 2D, XGETBV"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	struct registers r = { .ax = ~0ul, .cx = HIGH, .dx = ~0ul, .flags = FLAG_1 };

	write_cr4(read_cr4() | CR4_OSXSAVE);
	EXPECT_NO_FAULT(execute_try(CODE("xgetbv"), &r));
	EXPECT_EQ(r.ax, XSTATE_X87);
	EXPECT_EQ(r.dx, 0ul);
	EXPECT_EQ(r.cx, HIGH);
}

TEST(xsetbv_upper_halves, "XSETBV ignores bits 63-32 of RCX, RAX and RDX",
     SPEC("SDM vol. 2D, XSETBV"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	struct registers r = { .ax = HIGH | 3, .cx = HIGH, .dx = HIGH, .flags = FLAG_1 };

	write_cr4(read_cr4() | CR4_OSXSAVE);
	EXPECT_NO_FAULT(execute_try(CODE("xsetbv"), &r));
	EXPECT_EQ(xgetbv(0), XSTATE_X87 | XSTATE_SSE);
	EXPECT_EQ(r.ax, HIGH | 3);
}

TEST(xsave_upper_halves, "XSAVE ignores bits 63-32 of RAX and RDX",
     SPEC("SDM vol. 2D, XSAVE"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	static struct xsave_area area;
	struct registers r = { .ax = HIGH, .cx = (ulong)&area, .dx = HIGH, .flags = FLAG_1 };

	write_cr4(read_cr4() | CR4_OSXSAVE);
	*(u64 *)(area.bytes + XSAVE_XSTATE_BV) = 0;
	EXPECT_NO_FAULT(execute_try(CODE("xsave (%%rcx)"), &r));
	EXPECT_EQ(*(u64 *)(area.bytes + XSAVE_XSTATE_BV), 0ull);
	EXPECT_EQ(*(u16 *)area.bytes, 0);
	r.ax = HIGH | XSTATE_X87;
	EXPECT_NO_FAULT(execute_try(CODE("xsave (%%rcx)"), &r));
	EXPECT_EQ(*(u16 *)area.bytes, 0x037f);
}

TEST(rdmsr_upper_halves, "RDMSR ignores RCX bits 63-32 and clears those of RAX and RDX",
     SPEC("SDM vol. 2B, RDMSR"))
{
	struct registers r = { .ax = ~0ul, .cx = HIGH | MSR_LSTAR, .dx = ~0ul, .flags = FLAG_1 };

	wrmsr(MSR_LSTAR, 0x00001234ffff8000);
	EXPECT_NO_FAULT(execute_try(CODE("rdmsr"), &r));
	EXPECT_EQ(r.ax, 0xffff8000ul);
	EXPECT_EQ(r.dx, 0x1234ul);
	EXPECT_EQ(r.cx, HIGH | MSR_LSTAR);
}

TEST(wrmsr_upper_halves, "WRMSR ignores bits 63-32 of RCX, RAX and RDX", SPEC("SDM vol. 2D, WRMSR"))
{
	struct registers r = { .ax = HIGH | 0x9abcdef0,
			       .cx = HIGH | MSR_LSTAR,
			       .dx = HIGH | 0x1234,
			       .flags = FLAG_1 };

	EXPECT_NO_FAULT(execute_try(CODE("wrmsr"), &r));
	EXPECT_EQ(rdmsr(MSR_LSTAR), 0x000012349abcdef0ull);
	EXPECT_EQ(r.ax, HIGH | 0x9abcdef0);
	EXPECT_EQ(r.dx, HIGH | 0x1234);
}

TEST(rdpkru_upper_halves,
     "RDPKRU and WRPKRU ignore RCX bits 63-32; RDPKRU clears those of RAX and RDX",
     SPEC("SDM vol. 2B, RDPKRU; 2D, WRPKRU"), REQUIRES(cpu_has(X86_FEATURE_PKU)))
{
	struct registers r = { .ax = HIGH | 0xfedcba98, .cx = HIGH, .dx = HIGH, .flags = FLAG_1 };

	write_cr4(read_cr4() | CR4_PKE);
	SUBTEST("wrpkru");
	EXPECT_NO_FAULT(execute_try(CODE("wrpkru"), &r));
	EXPECT_EQ(rdpkru(), 0xfedcba98u);
	SUBTEST("rdpkru");
	r.ax = r.dx = ~0ul;
	EXPECT_NO_FAULT(execute_try(CODE("rdpkru"), &r));
	EXPECT_EQ(r.ax, 0xfedcba98ul);
	EXPECT_EQ(r.dx, 0ul);
	wrpkru(0);
}
