/* SPDX-License-Identifier: MIT */
/* What vector instructions refuse: alignment, state that is not enabled, encodings, absent pages. */
#include "simd.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/model/simd_float.h>

SUITE("Faults of vector instructions", REQUIRES(cpu_has(X86_FEATURE_SSE2)));

static u8 buffer[64] __aligned(64);

/* Runs the code with DI at `address`. */
static struct fault try_at(const void *code, const void *address)
{
	struct registers r = { .di = (ulong)address, .flags = FLAG_1 };

	return execute_try(code, &r);
}

struct named_code {
	const char *name;
	const void *code;
};

#define AT_DI(op) { op, CODE(op " " AT("di") ", %%xmm1") },
#define TO_DI(op) { op "_store", CODE(op " %%xmm1, " AT("di")) },

TEST(alignment, "a legacy instruction's operand of 16 bytes has to be aligned to 16, else #GP(0)",
     SPEC("SDM vol. 2A, 2.4.4 and table 2-19; vol. 1, 4.1.1"))
{
	/* clang-format off */
	const struct named_code table[] = {
		AT_DI("movaps")
		AT_DI("movapd")
		AT_DI("movdqa")
		TO_DI("movaps")
		TO_DI("movapd")
		TO_DI("movdqa")
		TO_DI("movntps")
		TO_DI("movntpd")
		TO_DI("movntdq")
		AT_DI("paddb")
		AT_DI("andps")
		AT_DI("addps")
		AT_DI("mulpd")
		AT_DI("punpcklbw")
		AT_DI("psllw")
		AT_DI("unpckhpd")
		{ "pshufd", CODE("pshufd $0, " AT("di") ", %%xmm1") },
		{ "shufps", CODE("shufps $0, " AT("di") ", %%xmm1") }
	};
	/* clang-format on */

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		EXPECT_NO_FAULT(try_at(table[i].code, buffer + 16));
		for (u32 offset = 1; offset < 16; offset++)
			EXPECT_FAULT(GP(0), try_at(table[i].code, buffer + 16 + offset),
				     "offset %u", offset);
	}
}

TEST(no_alignment, "unaligned moves, and operands that are shorter, may be anywhere",
     SPEC("SDM vol. 2A, table 2-19 to 2-22"))
{
	/* clang-format off */
	const struct named_code table[] = {
		AT_DI("movups")
		AT_DI("movupd")
		AT_DI("movdqu")
		TO_DI("movups")
		TO_DI("movupd")
		TO_DI("movdqu")
		AT_DI("movss")
		AT_DI("movsd")
		AT_DI("addss")
		AT_DI("addsd")
		AT_DI("movq")
		AT_DI("movd")
		AT_DI("cvtps2pd")
		AT_DI("movlps")
		AT_DI("movhps")
		TO_DI("movhps")
	};
	/* clang-format on */

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		memset(buffer, 0, sizeof(buffer));
		for (u32 offset = 0; offset < 16; offset++)
			EXPECT_NO_FAULT(try_at(table[i].code, buffer + offset), "offset %u",
					offset);
	}
}

TEST(avx_no_alignment, "with VEX only the aligned moves want alignment, by their width",
     SPEC("SDM vol. 1, 14.9; vol. 2A, 2.4.1"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	ulong cr4 = read_cr4();

	ASSERT(vector_enable());
	SUBTEST("vpaddb");
	EXPECT_NO_FAULT(try_at(CODE("vpaddb 1" AT("di") ", %%xmm2, %%xmm1"), buffer));
	SUBTEST("vaddps_256");
	EXPECT_NO_FAULT(try_at(CODE("vandps 1" AT("di") ", %%ymm2, %%ymm1"), buffer));
	SUBTEST("vmovaps_128");
	EXPECT_NO_FAULT(try_at(CODE("vmovaps " AT("di") ", %%xmm1"), buffer + 16));
	EXPECT_FAULT(GP(0), try_at(CODE("vmovaps " AT("di") ", %%xmm1"), buffer + 8));
	SUBTEST("vmovaps_256");
	EXPECT_NO_FAULT(try_at(CODE("vmovaps " AT("di") ", %%ymm1"), buffer + 32));
	EXPECT_FAULT(GP(0), try_at(CODE("vmovaps " AT("di") ", %%ymm1"), buffer + 16));
	SUBTEST("vmovdqa_256_store");
	EXPECT_NO_FAULT(try_at(CODE("vmovdqa %%ymm1, " AT("di")), buffer + 32));
	EXPECT_FAULT(GP(0), try_at(CODE("vmovdqa %%ymm1, " AT("di")), buffer + 16));
	write_cr4(cr4);
}

/* --------------------------------------------------------------------------------------- enabling */

TEST(avx_disabled, "AVX needs CR4.OSXSAVE and XCR0[2:1] = 3, else #UD",
     SPEC("SDM vol. 1, 14.5; vol. 2A, table 2-18"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	const void *code = CODE("vpxor %%xmm1, %%xmm1, %%xmm1");
	struct registers r = { .flags = FLAG_1 };
	ulong cr4 = read_cr4();

	SUBTEST("osxsave_clear");
	EXPECT_FAULT(UD, execute_try(code, &r));
	write_cr4(cr4 | CR4_OSXSAVE);
	SUBTEST("xcr0_x87");
	EXPECT_NO_FAULT(xsetbv_try(0, 1));
	EXPECT_FAULT(UD, execute_try(code, &r));
	SUBTEST("xcr0_sse");
	EXPECT_NO_FAULT(xsetbv_try(0, 3));
	EXPECT_FAULT(UD, execute_try(code, &r));
	SUBTEST("xcr0_avx");
	EXPECT_NO_FAULT(xsetbv_try(0, 7));
	EXPECT_NO_FAULT(execute_try(code, &r));
	SUBTEST("cr0_ts");
	write_cr0(read_cr0() | CR0_TS);
	EXPECT_FAULT(NM, execute_try(code, &r));
	write_cr0(read_cr0() & ~CR0_TS);
	/* SSE's switch is not AVX's. */
	SUBTEST("osfxsr_clear");
	write_cr4(read_cr4() & ~CR4_OSFXSR);
	EXPECT_NO_FAULT(execute_try(code, &r));
	write_cr4(cr4);
}

/* ------------------------------------------------------------------------------------- encodings */

#define OPCODE(name, bytes) { name, CODE(".byte " bytes) },

TEST(vex_prefixes, "66, F2, F3, LOCK or REX in front of a VEX prefix is #UD",
     SPEC("SDM vol. 2A, 2.3.2 to 2.3.4"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	/* VPADDB XMM0, XMM1, XMM2, or one byte and then that. */
	/* clang-format off */
	const struct named_code table[] = {
		OPCODE("66", "0x66, 0xc5, 0xf1, 0xfc, 0xc2")
		OPCODE("f2", "0xf2, 0xc5, 0xf1, 0xfc, 0xc2")
		OPCODE("f3", "0xf3, 0xc5, 0xf1, 0xfc, 0xc2")
		OPCODE("lock", "0xf0, 0xc5, 0xf1, 0xfc, 0xc2")
		OPCODE("66_vex3", "0x66, 0xc4, 0xe1, 0x71, 0xfc, 0xc2")
		ONLY_64(OPCODE("rex", "0x40, 0xc5, 0xf1, 0xfc, 0xc2") OPCODE("rex_w", "0x48, 0xc4, 0xe1, 0x71, 0xfc, 0xc2"))
	};
	/* clang-format on */
	struct registers r = { .flags = FLAG_1 };
	ulong cr4 = read_cr4();

	ASSERT(vector_enable());
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0xc5, 0xf1, 0xfc, 0xc2"), &r));
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		EXPECT_FAULT(UD, execute_try(table[i].code, &r));
	}
	write_cr4(cr4);
}

TEST(vex_fields,
     "VEX.vvvv that names no operand has to be 1111b; VEX.L has to suit the instruction",
     SPEC("SDM vol. 2A, 2.3.6.1, 2.3.6.2, tables 2-18 to 2-25"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	/* clang-format off */
	const struct named_code good[] = {
		OPCODE("vmovups", "0xc5, 0xf8, 0x10, 0xc1")
		OPCODE("vpshufd", "0xc5, 0xf9, 0x70, 0xc1, 0")
		OPCODE("vmovd", "0xc5, 0xf9, 0x6e, 0xc0")
		OPCODE("vptest", "0xc4, 0xe2, 0x79, 0x17, 0xc1")
		OPCODE("vpextrw", "0xc5, 0xf9, 0xc5, 0xc1, 0")
		OPCODE("vzeroupper", "0xc5, 0xf8, 0x77")
		OPCODE("vmovmskps", "0xc5, 0xf8, 0x50, 0xc1")
	};
	/* clang-format on */
	/* clang-format off */
	const struct named_code bad[] = {
		OPCODE("vmovups_vvvv", "0xc5, 0xf0, 0x10, 0xc1")
		OPCODE("vpshufd_vvvv", "0xc5, 0xf1, 0x70, 0xc1, 0")
		OPCODE("vmovd_vvvv", "0xc5, 0xf1, 0x6e, 0xc0")
		OPCODE("vmovd_l", "0xc5, 0xfd, 0x6e, 0xc0")
		OPCODE("vptest_vvvv", "0xc4, 0xe2, 0x71, 0x17, 0xc1")
		OPCODE("vpextrw_vvvv", "0xc5, 0xf1, 0xc5, 0xc1, 0")
		OPCODE("vpextrw_l", "0xc5, 0xfd, 0xc5, 0xc1, 0")
		OPCODE("vpinsrw_l", "0xc5, 0xf5, 0xc4, 0xc0, 0")
		OPCODE("vmovhlps_l", "0xc5, 0xf4, 0x12, 0xc2")
		OPCODE("vmovmskps_vvvv", "0xc5, 0xf0, 0x50, 0xc1")
		OPCODE("vphminposuw_l", "0xc4, 0xe2, 0x7d, 0x41, 0xc1")
		OPCODE("vpcmpistri_l", "0xc4, 0xe3, 0x7d, 0x63, 0xc1, 0")
		OPCODE("map_0", "0xc4, 0xe0, 0x79, 0x10, 0xc1")
		OPCODE("map_4", "0xc4, 0xe4, 0x79, 0x10, 0xc1")
	};
	/* clang-format on */
	struct registers r = { .flags = FLAG_1 };
	ulong cr4 = read_cr4();

	ASSERT(vector_enable());
	for (u32 i = 0; i < ARRAY_SIZE(good); i++) {
		SUBTEST("%s", good[i].name);
		EXPECT_NO_FAULT(execute_try(good[i].code, &r));
	}
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		SUBTEST("%s", bad[i].name);
		EXPECT_FAULT(UD, execute_try(bad[i].code, &r));
	}
	write_cr4(cr4);
}

TEST(lock, "LOCK in front of a vector instruction is #UD", SPEC("SDM vol. 2A, LOCK; table 2-18"))
{
	/* clang-format off */
	const struct named_code table[] = {
		OPCODE("paddb", "0xf0, 0x66, 0x0f, 0xfc, 0x07")
		OPCODE("movups_store", "0xf0, 0x0f, 0x11, 0x07")
		OPCODE("paddb_mmx", "0xf0, 0x0f, 0xfc, 0x07")
		OPCODE("addps", "0xf0, 0x0f, 0x58, 0x07")
		OPCODE("ldmxcsr", "0xf0, 0x0f, 0xae, 0x17")
	};
	/* clang-format on */

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		EXPECT_FAULT(UD, try_at(table[i].code, buffer));
	}
}

/* ------------------------------------------------------------------------------------ absent pages */

/* Two pages, the second absent. */
static u8 *two_pages(void)
{
	u8 *pages = pages_alloc(2, 2 * PAGE_SIZE);

	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	return pages + PAGE_SIZE;
}

TEST(load_across_absent_page, "a load that ends in an absent page changes no register",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14; vol. 1, 4.1.1"))
{
	static struct vector_registers before, after;
	u8 *absent = two_pages();

	before.mxcsr = MXCSR_ALL_MASKED;
	for (u32 i = 0; i < sizeof(before.v); i++)
		before.v[i / 32].b[i % 32] = (u8)(i * 3);
	vector_load(&before);
	EXPECT_FAULT(PF(0, absent), try_at(CODE("movups " AT("di") ", %%xmm1"), absent - 9));
	vector_store(&after);
	for (u32 i = 0; i < VECTOR_REGISTERS; i++)
		EXPECT_MEM_EQ(&after.v[i], &before.v[i], 16, "XMM%u", i);
}

TEST(store_across_absent_page, "a store that ends in an absent page faults with the page's address",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14"))
{
	u8 *absent = two_pages();

	EXPECT_FAULT(PF(PF_W, absent), try_at(CODE("movups %%xmm1, " AT("di")), absent - 1));
	EXPECT_FAULT(PF(PF_W, absent), try_at(CODE("movups %%xmm1, " AT("di")), absent));
	EXPECT_NO_FAULT(try_at(CODE("movups %%xmm1, " AT("di")), absent - 16));
	EXPECT_NO_FAULT(try_at(CODE("movq %%xmm1, " AT("di")), absent - 8));
	EXPECT_NO_FAULT(try_at(CODE("movss %%xmm1, " AT("di")), absent - 4));
}

TEST(avx_masked_fault, "VMASKMOV does not fault for elements that are masked off",
     SPEC("SDM vol. 2C, VMASKMOV"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	static const struct vector_registers masks = {
		.v[3] = { .d = { 0x80000000, 0x80000000 } },
		.mxcsr = MXCSR_ALL_MASKED,
	};
	u8 *absent = two_pages();
	ulong cr4 = read_cr4();

	ASSERT(vector_enable());
	vector_load(&masks);
	SUBTEST("load_masked");
	EXPECT_NO_FAULT(try_at(CODE("vmaskmovps " AT("di") ", %%ymm3, %%ymm1"), absent - 8));
	SUBTEST("load");
	EXPECT_FAULT(PF(0, absent),
		     try_at(CODE("vmaskmovps " AT("di") ", %%ymm3, %%ymm1"), absent - 4));
	SUBTEST("store_masked");
	EXPECT_NO_FAULT(try_at(CODE("vmaskmovps %%ymm1, %%ymm3, " AT("di")), absent - 8));
	SUBTEST("store");
	EXPECT_FAULT(PF(PF_W, absent),
		     try_at(CODE("vmaskmovps %%ymm1, %%ymm3, " AT("di")), absent - 4));
	write_cr4(cr4);
}

TEST(masked_load_of_nothing, "VMASKMOV with an empty mask does not fault on an absent page",
     SPEC("SDM vol. 2C, VMASKMOV"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	static const struct vector_registers masks = { .mxcsr = MXCSR_ALL_MASKED };
	u8 *absent = two_pages();
	ulong cr4 = read_cr4();

	ASSERT(vector_enable());
	vector_load(&masks);
	EXPECT_NO_FAULT(try_at(CODE("vmaskmovps " AT("di") ", %%ymm3, %%ymm1"), absent));
	EXPECT_NO_FAULT(try_at(CODE("vmaskmovps %%ymm1, %%ymm3, " AT("di")), absent));
	write_cr4(cr4);
}
