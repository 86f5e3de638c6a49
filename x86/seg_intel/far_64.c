/* SPDX-License-Identifier: MIT */
/* Far pointers of 64 bits, which REX.W has on Intel's processors and not on AMD's. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/execute.h>
#include <x86/place.h>
#include <x86/ring.h>

SUITE("Far pointers of 64 bits", REQUIRES(cpu_is_intel()));

#define CODE_SEG (DESC_FLAT | DESC_CODE | DESC_L)
#define DATA_SEG (DESC_FLAT | DESC_DB)

struct far_pointer_64 {
	u64 offset;
	u16 selector;
} __packed;

TEST(far_pointer_loads_64, "LSS, LFS and LGS with REX.W load pointers of 16:64 bits",
     SPEC("SDM vol. 2A, LDS/LES/LFS/LGS/LSS"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "lss", CODE_AROUND("mov %%ss, %%eax", ".byte 0x48, 0x0f, 0xb2, 0x17",
				     "mov %%ss, %%ebx; mov %%eax, %%ss") },
		{ "lfs", CODE_AROUND("mov %%fs, %%eax", ".byte 0x48, 0x0f, 0xb4, 0x17",
				     "mov %%fs, %%ebx; mov %%eax, %%fs") },
		{ "lgs", CODE_AROUND("mov %%gs, %%eax", ".byte 0x48, 0x0f, 0xb5, 0x17",
				     "mov %%gs, %%ebx; mov %%eax, %%gs") },
	};
	u16 selector = gdt_set_spare(0, DATA_SEG);
	const struct far_pointer_64 pointer = { 0x123456789abcdef0, selector };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .di = (ulong)&pointer, .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.dx, 0x123456789abcdef0ul);
		EXPECT_EQ((u16)r.bx, selector);
	}
}

TEST(far_branch_64, "far JMP and CALL with REX.W take 16:64 pointers; CALL pushes two quadwords",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	for (u32 cpl = 0; cpl <= 3; cpl++) {
		/* The RPL in the pointer is not the one that CS gets. */
		struct far_pointer_64 to = { 0, SEL_SPARE }, back = { 0, ring_code_selector(cpl) };
		struct registers r = { .di = (ulong)&to, .si = (ulong)&back, .flags = FLAG_1 };

		gdt_set_spare(0, CODE_SEG | DESC_DPL(cpl));
		SUBTEST("jmp-cpl%u", cpl);
		EXPECT_NO_FAULT(
			execute_in(at_cpl(cpl),
				   CODE_AROUND("movq $1f, (%%rdi); movq $2f, (%%rsi)",
					       ".byte 0x48; ljmpl *(%%rdi); 1: mov %%cs, %%ebx; "
					       ".byte 0x48; ljmpl *(%%rsi); 2:\n",
					       ""),
				   &r));
		EXPECT_EQ(r.bx, (ulong)(SEL_SPARE | cpl));
		SUBTEST("call-cpl%u", cpl);
		r = (struct registers){ .di = (ulong)&to, .flags = FLAG_1 };
		EXPECT_NO_FAULT(execute_in(
			at_cpl(cpl),
			CODE_AROUND("movq $1f, (%%rdi); mov %%rsp, %%rsi",
				    ".byte 0x48; lcalll *(%%rdi); 2: jmp 3f; 1: mov %%cs, %%ebx; "
				    "mov %%rsp, %%rcx; mov (%%rsp), %%rdx; mov 8(%%rsp), %%rax; "
				    "lretq; 3:\n",
				    "mov %%rsp, %%rbp; mov %%rsi, %%rsp; movq $2b, %%r8"),
			&r));
		EXPECT_EQ(r.bx, (ulong)(SEL_SPARE | cpl));
		EXPECT_EQ(r.cx, r.si - 16);
		EXPECT_EQ(r.dx, r.r8);
		EXPECT_EQ((u16)r.ax, ring_code_selector(cpl));
		EXPECT_EQ(r.bp, r.si);
	}
}

TEST(far_jmp_64_non_canonical, "a far JMP or CALL to an offset that is not canonical is #GP(0)",
     SPEC("SDM vol. 2A, CALL, JMP, 64-Bit Mode Exceptions"), BUG("CVE-2014-3647"))
{
	struct far_pointer_64 to = { 0x0100000000000000, SEL_KERNEL_CODE };
	struct registers r = { .di = (ulong)&to, .flags = FLAG_1 };

	SUBTEST("jmp");
	EXPECT_FAULT(GP(0), execute_try(CODE(".byte 0x48; ljmpl *(%%rdi)"), &r));
	SUBTEST("call");
	EXPECT_FAULT(GP(0), execute_try(CODE(".byte 0x48; lcalll *(%%rdi)"), &r));
}
