/* SPDX-License-Identifier: MIT */
/* XSETBV, XGETBV and what XCR0 may hold: SDM vol. 1, 13.3; vol. 2D, XSETBV, XGETBV. */
#include "xstate.h"

#include <x86/execute.h>
#include <x86/place.h>

SUITE("XCR0", REQUIRES(cpu_has(X86_FEATURE_XSAVE)));

static u64 supported(void)
{
	struct cpuid d = cpuid(0xd, 0);

	return (u64)d.edx << 32 | d.eax;
}

/* SDM vol. 1, 13.3: what goes only together. */
static bool is_valid(u64 value)
{
	if (!(value & XSTATE_X87) || (value & ~supported()))
		return false;
	if ((value & XSTATE_AVX) && !(value & XSTATE_SSE))
		return false;
	if (!(value & XSTATE_BNDREGS) != !(value & XSTATE_BNDCSR))
		return false;
	if ((value & XSTATE_AVX512) &&
	    ((value & XSTATE_AVX512) != XSTATE_AVX512 || !(value & XSTATE_AVX)))
		return false;
	return !(value & XSTATE_TILES) || (value & XSTATE_TILES) == XSTATE_TILES;
}

static void enable(void)
{
	write_cr4(read_cr4() | CR4_OSXSAVE);
}

static void expect_xsetbv(u64 value)
{
	u64 before = xgetbv(0);

	if (is_valid(value)) {
		EXPECT_NO_FAULT(xsetbv_try(0, value), "XCR0 = %#llx", value);
		EXPECT_EQ(xgetbv(0), value);
	} else {
		EXPECT_FAULT(GP(0), xsetbv_try(0, value), "XCR0 = %#llx", value);
		EXPECT_EQ(xgetbv(0), before, "XCR0 = %#llx", value);
	}
	xsetbv_try(0, XSTATE_X87);
}

TEST(xcr0_combinations,
     "XSETBV accepts what CPUID has in legal combinations, and refuses the rest: #GP(0)",
     SPEC("SDM vol. 1, 13.3; vol. 2D, XSETBV"), BUG("linux d7876f1be40a"))
{
	enable();
	for (u64 value = 0; value < BIT(10); value++)
		expect_xsetbv(value);
}

TEST(xcr0_each_bit, "each bit of XCR0 alone and with x87, SSE and AVX follows CPUID leaf 0DH",
     SPEC("SDM vol. 1, 13.3; vol. 2D, XSETBV"))
{
	enable();
	for (u32 bit = 0; bit < 64; bit++) {
		SUBTEST("bit-%u", bit);
		expect_xsetbv(BIT(bit));
		expect_xsetbv(BIT(bit) | XSTATE_X87);
		expect_xsetbv(BIT(bit) | XSTATE_X87 | XSTATE_SSE);
		expect_xsetbv(BIT(bit) | XSTATE_X87 | XSTATE_SSE | XSTATE_AVX);
		expect_xsetbv((supported() & XSTATE_AVX512) | XSTATE_X87 | BIT(bit));
	}
}

TEST(xcr0_keeps, "a refused XSETBV leaves XCR0 as it was", SPEC("SDM vol. 2D, XSETBV"))
{
	enable();
	ASSERT_NO_FAULT(xsetbv_try(0, xstate_known()));
	EXPECT_FAULT(GP(0), xsetbv_try(0, 0));
	EXPECT_EQ(xgetbv(0), xstate_known());
	EXPECT_FAULT(GP(0), xsetbv_try(0, xstate_known() | BIT(63)));
	EXPECT_EQ(xgetbv(0), xstate_known());
	EXPECT_FAULT(GP(0), xsetbv_try(0, xstate_known() | BIT(62)));
	EXPECT_EQ(xgetbv(0), xstate_known());
}

static const u32 indexes[] = { 1, 2, 0x80, 0x100, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff };

TEST(xsetbv_index, "XSETBV of a register other than XCR0 is #GP(0)", SPEC("SDM vol. 2D, XSETBV"))
{
	enable();
	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++) {
		SUBTEST("%#x", indexes[i]);
		EXPECT_FAULT(GP(0), xsetbv_try(indexes[i], XSTATE_X87));
		EXPECT_EQ(xgetbv(0), XSTATE_X87);
	}
}

TEST(xgetbv_index, "XGETBV of what is neither XCR0 nor, where CPUID has it, 1 is #GP(0)",
     SPEC("SDM vol. 2D, XGETBV"))
{
	enable();
	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++) {
		u64 value = 0x1122334455667788;

		SUBTEST("%#x", indexes[i]);
		if (indexes[i] == 1 && cpu_has(X86_FEATURE_XGETBV_ECX1)) {
			EXPECT_NO_FAULT(xgetbv_try(1, &value));
			continue;
		}
		EXPECT_FAULT(GP(0), xgetbv_try(indexes[i], &value));
		EXPECT_EQ(value, 0x1122334455667788ull);
	}
}

/* XINUSE: a bit is 0 only if its component is in the initial configuration. */
TEST(xgetbv_in_use, "XGETBV with ECX = 1 has the components of XCR0 that are in use",
     SPEC("SDM vol. 2D, XGETBV; vol. 1, 13.6"), REQUIRES(cpu_has(X86_FEATURE_XGETBV_ECX1)))
{
	struct xstate state;
	u64 in_use = 0;

	xstate_enable();
	xstate_random(&state);
	xstate_write(&state, xstate_known());
	SUBTEST("all-in-use");
	EXPECT_NO_FAULT(xgetbv_try(1, &in_use));
	EXPECT_EQ(in_use, xstate_known());
	SUBTEST("x87-and-sse");
	ASSERT_NO_FAULT(xsetbv_try(0, XSTATE_X87 | XSTATE_SSE));
	EXPECT_NO_FAULT(xgetbv_try(1, &in_use));
	EXPECT_EQ(in_use, XSTATE_X87 | XSTATE_SSE);
}

static const u8 xgetbv_code[] = { 0x0f, 0x01, 0xd0 };
static const u8 xsetbv_code[] = { 0x0f, 0x01, 0xd1 };

TEST(xgetbv_at_cpl3, "XGETBV works at CPL 3; XSETBV is #GP(0) there and changes nothing",
     SPEC("SDM vol. 2D, XGETBV, XSETBV"))
{
	struct registers r = { .flags = FLAG_1 };

	xstate_enable();
	SUBTEST("xgetbv");
	EXPECT_NO_FAULT(execute_in(USER, code_bytes(xgetbv_code, sizeof(xgetbv_code)), &r));
	EXPECT_EQ(r.ax, (ulong)xstate_known());
	EXPECT_EQ(r.dx, 0ul);
	SUBTEST("xsetbv");
	r = (struct registers){ .ax = XSTATE_X87, .flags = FLAG_1 };
	EXPECT_FAULT(GP(0), execute_in(USER, code_bytes(xsetbv_code, sizeof(xsetbv_code)), &r));
	EXPECT_EQ(xgetbv(0), xstate_known());
}

TEST(xgetbv_needs_osxsave, "without CR4.OSXSAVE XGETBV and XSETBV are #UD",
     SPEC("SDM vol. 2D, XGETBV, XSETBV"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct registers r = { .ax = 1, .flags = FLAG_1 };

		write_cr4(read_cr4() & ~CR4_OSXSAVE);
		SUBTEST("xgetbv-cpl%u", cpl);
		EXPECT_FAULT(UD, execute_in(at_cpl(cpl),
					    code_bytes(xgetbv_code, sizeof(xgetbv_code)), &r));
		if (cpl)
			continue;
		SUBTEST("xsetbv-cpl%u", cpl);
		EXPECT_FAULT(UD, execute_in(at_cpl(cpl),
					    code_bytes(xsetbv_code, sizeof(xsetbv_code)), &r));
	}
}

TEST(xgetbv_prefixes, "LOCK, 66H, F2H and F3H with XGETBV and XSETBV are #UD",
     SPEC("SDM vol. 2D, XGETBV, XSETBV; vol. 2, table A-6"))
{
	static const u8 prefixes[] = { 0xf0, 0x66, 0xf2, 0xf3 };

	enable();
	for (u32 i = 0; i < 2; i++)
		for (u32 j = 0; j < ARRAY_SIZE(prefixes); j++) {
			const u8 code[] = { prefixes[j], 0x0f, 0x01, i ? 0xd1 : 0xd0 };
			struct registers r = { .ax = 1, .flags = FLAG_1 };

			SUBTEST("%s-%#x", i ? "xsetbv" : "xgetbv", prefixes[j]);
			EXPECT_FAULT(UD, execute_in(KERNEL, code_bytes(code, sizeof(code)), &r));
		}
}

/* CR0.TS is about registers, not about XCR0. */
TEST(xcr0_with_ts, "XGETBV and XSETBV work with CR0.TS and CR0.EM set",
     SPEC("SDM vol. 2D, XGETBV, XSETBV"))
{
	ulong cr0 = read_cr0();
	u64 value = 0;

	enable();
	write_cr0(cr0 | CR0_TS | CR0_EM);
	EXPECT_NO_FAULT(xsetbv_try(0, XSTATE_X87 | XSTATE_SSE));
	EXPECT_NO_FAULT(xgetbv_try(0, &value));
	EXPECT_EQ(value, XSTATE_X87 | XSTATE_SSE);
	write_cr0(cr0);
}

/* XCR0 does not go away with OSXSAVE. */
TEST(xcr0_survives_osxsave, "XCR0 keeps its value while CR4.OSXSAVE is clear",
     SPEC("SDM vol. 1, 13.3"))
{
	xstate_enable();
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	write_cr4(read_cr4() | CR4_OSXSAVE);
	EXPECT_EQ(xgetbv(0), xstate_known());
}
