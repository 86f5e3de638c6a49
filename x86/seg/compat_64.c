/* SPDX-License-Identifier: MIT */
/*
 * Compatibility mode: segments are what they are in 32-bit mode, with addresses of 32 bits. SDM vol. 3A,
 * 3.2.4, 3.4.4.
 */
#include "seg.h"

#include <mm/page.h>
#include <x86/insn.h>
#include <x86/msr.h>

SUITE("Segments in compatibility mode");

/*
 * `insn` in 32-bit code; DI and SI are the pointers there and back. The way back is the same in both
 * modes, so that it does not matter where a fault has left the processor.
 */
#define COMPAT(insn)                                                                           \
	CODE_AROUND("movl $1f, (%%rdi); movl $2f, (%%rsi); ljmpl *(%%rdi); .code32; 1:", insn, \
		    ".code64; .byte 0x36; ljmpl *(%%rsi); 2:")

static struct far_pointer there = { 0, SEL_KERNEL_CS32 }, back = { 0, SEL_KERNEL_CODE };

static struct fault run(const void *code, struct registers *r)
{
	r->di = (ulong)&there;
	r->si = (ulong)&back;
	r->flags = FLAG_1;
	return execute_try(code, r);
}

TEST(compat_bases, "the bases of DS, ES, FS and GS are added in compatibility mode, modulo 2^32",
     SPEC("SDM vol. 3A, 3.4.4"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "ds",
		  COMPAT("mov %%edx, %%ds; movl (%%ebx), %%ecx; mov %%ss, %%eax; mov %%eax, %%ds") },
		{ "es", COMPAT("mov %%edx, %%es; movl %%es:(%%ebx), %%ecx") },
		{ "fs", COMPAT("mov %%edx, %%fs; movl %%fs:(%%ebx), %%ecx") },
		{ "gs", COMPAT("mov %%edx, %%gs; movl %%gs:(%%ebx), %%ecx") },
	};
	static const u32 offsets[] = { 0, 8, 0x7fffffff, 0x80000000, 0xfffffff0 };
	u32 *data = page_alloc();

	data[2] = 0x12345678;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(offsets); j++) {
			u32 base = (u32)(ulong)&data[2] - offsets[j];
			struct registers r = { .bx = offsets[j] };

			r.dx = gdt_set_spare(0, DATA_SEG | DESC_BASE((u64)base));
			EXPECT_NO_FAULT(run(rows[i].code, &r));
			EXPECT_EQ(r.cx, 0x12345678ul, "offset %#x", offsets[j]);
		}
	}
}

TEST(compat_fs_base_is_32_bits, "compatibility mode uses the low 32 bits of the base of FS",
     SPEC("SDM vol. 3A, 3.4.4; vol. 1, 3.3.7"))
{
	u32 *data = page_alloc();
	struct registers r = { .ax = gdt_set_spare(0, DATA_SEG), .bx = 8, .flags = FLAG_1 };

	data[2] = 0x12345678;
	/* Null would be refused in compatibility mode. */
	execute(CODE("mov %%eax, %%fs"), &r);
	wrmsr(MSR_FS_BASE, (u64)(ulong)data | 0x123400000000);
	EXPECT_NO_FAULT(run(COMPAT("movl %%fs:(%%ebx), %%ecx"), &r));
	EXPECT_EQ(r.cx, 0x12345678ul);
	wrmsr(MSR_FS_BASE, 0);
}

TEST(compat_undefined, "SWAPGS and the RDFSBASE family are #UD in compatibility mode",
     SPEC("SDM vol. 2B, SWAPGS, RDFSBASE/RDGSBASE; vol. 2D, WRFSBASE/WRGSBASE"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "swapgs", COMPAT(".byte 0x0f, 0x01, 0xf8") },
		{ "rdfsbase", COMPAT(".byte 0xf3, 0x0f, 0xae, 0xc0") },
		{ "rdgsbase", COMPAT(".byte 0xf3, 0x0f, 0xae, 0xc8") },
		{ "wrfsbase", COMPAT(".byte 0xf3, 0x0f, 0xae, 0xd0") },
		{ "wrgsbase", COMPAT(".byte 0xf3, 0x0f, 0xae, 0xd8") },
	};

	write_cr4_try(read_cr4() | CR4_FSGSBASE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .ax = 0x1000 };

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(UD, run(rows[i].code, &r));
	}
	write_cr4(read_cr4() & ~CR4_FSGSBASE);
}

TEST(compat_null_ss, "a null SS cannot be loaded in compatibility mode",
     SPEC("SDM vol. 2B, MOV, Compatibility Mode Exceptions"))
{
	for (u32 rpl = 0; rpl <= 3; rpl++) {
		struct registers r = { .ax = rpl };

		EXPECT_FAULT(GP(0), run(COMPAT("mov %%eax, %%ss"), &r), "rpl %u", rpl);
	}
}

TEST(compat_arpl_and_others,
     "ARPL, PUSH DS and far JMP by an immediate pointer work in compatibility mode",
     SPEC("SDM vol. 2A, ARPL, JMP; vol. 2B, PUSH"))
{
	struct registers r = { .ax = 0x1234a5c8, .cx = 3 };

	SUBTEST("arpl");
	EXPECT_NO_FAULT(run(COMPAT("arpl %%cx, %%ax"), &r));
	EXPECT_EQ(r.ax, 0x1234a5cbul);
	SUBTEST("push-ds");
	EXPECT_NO_FAULT(
		run(COMPAT("mov %%esp, %%ebp; push %%ds; mov %%esp, %%eax; pop %%ecx"), &r));
	EXPECT_EQ((u16)r.cx, SEL_KERNEL_DATA);
	EXPECT_EQ(r.ax, r.bp - 4);
	SUBTEST("jmp-far");
	EXPECT_NO_FAULT(
		run(COMPAT(".byte 0xea; .long 1f; .word 0x18; ud2; 1: mov %%cs, %%ecx"), &r));
	EXPECT_EQ(r.cx, (ulong)SEL_KERNEL_CS32);
}

TEST(compat_null_use, "an access through a null ES is #GP(0) in compatibility mode",
     SPEC("SDM vol. 3A, 3.4.2, 5.4.1.1"), BUG("XSA-191"))
{
	u32 data = 0;
	struct registers r = { .bx = (ulong)&data };

	EXPECT_FAULT(GP(0),
		     run(COMPAT("mov $0, %%eax; mov %%eax, %%es; movl %%es:(%%ebx), %%ecx"), &r));
}

TEST(compat_limit, "a limit is checked in compatibility mode: #GP(0) beyond",
     SPEC("SDM vol. 3A, 5.3"))
{
	u8 *data = page_alloc();
	struct registers r = { .bx = 0xffc };

	r.dx = gdt_set_spare(0, DESC_P | DESC_S | DESC_W | DESC_A | DESC_DB | DESC_LIMIT(0xfff) |
					DESC_BASE((u64)(ulong)data));
	SUBTEST("within");
	EXPECT_NO_FAULT(run(COMPAT("mov %%edx, %%es; movl %%es:(%%ebx), %%ecx"), &r));
	SUBTEST("beyond");
	r.bx++;
	EXPECT_FAULT(GP(0), run(COMPAT("mov %%edx, %%es; movl %%es:(%%ebx), %%ecx"), &r));
}
