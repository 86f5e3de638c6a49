/* SPDX-License-Identifier: MIT */
/*
 * What is left of segments in 64-bit mode: neither limit, type nor null matter, the bases of CS, DS, ES
 * and SS are 0, and the segment of an address decides between #SS and #GP. SDM vol. 3A, 3.4.4.
 */
#include "seg.h"

#include <mm/page.h>
#include <x86/msr.h>

SUITE("Segments in 64-bit mode");

static const struct {
	const char *name;
	u64 descriptor;
} odd[] = {
	{ "base", DATA_SEG | DESC_BASE(0x12345678) },
	{ "limit-0", DESC_P | DESC_S | DESC_W | DESC_A },
	{ "read-only", DATA_SEG & ~DESC_W },
	{ "expand-down", DATA_SEG | DESC_C },
	{ "code", DATA_SEG | DESC_CODE },
	{ "16-bit", (DATA_SEG & ~(DESC_DB | DESC_G)) | DESC_BASE(0xff000000) },
	{ "null", 0 },
};

TEST(ds_es_ignored,
     "DS and ES of any base, limit and type, or null, can be read and written through",
     SPEC("SDM vol. 3A, 3.4.4, 5.3.1"))
{
	for (u32 i = 0; i < ARRAY_SIZE(odd); i++)
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			u64 data[2] = { 0x1111, 0x2222 }, descriptor = odd[i].descriptor;
			struct registers r = { .di = (ulong)&data[0],
					       .si = (ulong)&data[1],
					       .dx = 0x3333,
					       .flags = FLAG_1 };

			SUBTEST("%s-cpl%u", odd[i].name, cpl);
			r.ax = descriptor ? gdt_set_spare(0, descriptor | DESC_DPL(3)) : 0;
			EXPECT_NO_FAULT(execute_in(
				at_cpl(cpl),
				CODE("mov %%eax, %%ds; mov %%eax, %%es; mov (%%rdi), %%rbx; "
				     "mov %%rdx, (%%rdi); mov (%%rdi), %%rcx; movsq"),
				&r));
			EXPECT_EQ(r.bx, 0x1111ul);
			EXPECT_EQ(r.cx, 0x3333ul);
			EXPECT_EQ(data[0], 0x2222ull);
		}
}

TEST(ss_ignored, "SS of any base and limit, or null, is as good a stack as any",
     SPEC("SDM vol. 3A, 3.4.4"))
{
	for (u32 i = 0; i < ARRAY_SIZE(odd); i++) {
		struct registers r = { .dx = 0x3333, .flags = FLAG_1 };
		u64 descriptor = odd[i].descriptor;

		/* What SS cannot be loaded with. */
		if (descriptor && !kind_is_writable(desc_kind(descriptor)))
			continue;
		SUBTEST("%s", odd[i].name);
		r.ax = descriptor ? gdt_set_spare(0, descriptor) : 0;
		EXPECT_NO_FAULT(execute_try(
			CODE_AROUND("mov %%ss, %%esi; mov %%rsp, %%rbp",
				    "mov %%eax, %%ss; push %%rdx; mov (%%rsp), %%rbx; pop %%rcx; "
				    "mov %%rsp, %%rdi",
				    "mov %%esi, %%ss"),
			&r));
		EXPECT_EQ(r.bx, 0x3333ul);
		EXPECT_EQ(r.cx, 0x3333ul);
		EXPECT_EQ(r.di, r.bp);
	}
}

TEST(fs_gs_attributes_ignored, "limit and type of FS and GS do not matter, only their bases do",
     SPEC("SDM vol. 3A, 3.4.4"))
{
	u32 *data = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(odd); i++) {
		struct registers r = { .di = 8, .dx = 0x3333, .flags = FLAG_1 };
		u64 descriptor = odd[i].descriptor & ~DESC_BASE(0xffffffffull);

		SUBTEST("%s", odd[i].name);
		data[2] = 0x1111;
		r.ax = descriptor ? gdt_set_spare(0, descriptor | DESC_BASE((ulong)data)) : 0;
		EXPECT_NO_FAULT(execute_try(CODE("mov %%eax, %%fs; mov %%eax, %%gs"), &r));
		wrmsr(MSR_FS_BASE, (u64)(ulong)data);
		wrmsr(MSR_GS_BASE, (u64)(ulong)data);
		EXPECT_NO_FAULT(execute_try(
			CODE("movl %%fs:(%%rdi), %%ebx; movl %%edx, %%gs:(%%rdi)"), &r));
		EXPECT_EQ(r.bx, 0x1111ul);
		EXPECT_EQ(data[2], 0x3333u);
	}
}

TEST(overrides_ignored, "CS, DS, ES and SS overrides change nothing, writes through CS included",
     SPEC("SDM vol. 3A, 3.4.4; vol. 2A, 2.1.1"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "cs", CODE(".byte 0x2e; mov (%%rdi), %%rbx; .byte 0x2e; mov %%rdx, (%%rdi)") },
		{ "ds", CODE(".byte 0x3e; mov (%%rdi), %%rbx; .byte 0x3e; mov %%rdx, (%%rdi)") },
		{ "es", CODE(".byte 0x26; mov (%%rdi), %%rbx; .byte 0x26; mov %%rdx, (%%rdi)") },
		{ "ss", CODE(".byte 0x36; mov (%%rdi), %%rbx; .byte 0x36; mov %%rdx, (%%rdi)") },
	};
	u64 data;

	wrmsr(MSR_FS_BASE, (u64)(ulong)&data);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .di = (ulong)&data, .dx = 0x3333, .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		data = 0x1111;
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.bx, 0x1111ul);
		EXPECT_EQ(data, 0x3333ull);
	}
	wrmsr(MSR_FS_BASE, 0);
}

TEST(override_has_no_base, "a DS, ES or SS override does not bring back the base of that segment",
     SPEC("SDM vol. 3A, 3.4.4"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "ds",
		  CODE_AROUND("mov %%ds, %%esi", "mov %%eax, %%ds; .byte 0x3e; mov (%%rdi), %%rbx",
			      "mov %%esi, %%ds") },
		{ "es",
		  CODE_AROUND("mov %%es, %%esi", "mov %%eax, %%es; .byte 0x26; mov (%%rdi), %%rbx",
			      "mov %%esi, %%es") },
		{ "ss",
		  CODE_AROUND("mov %%ss, %%esi", "mov %%eax, %%ss; .byte 0x36; mov (%%rdi), %%rbx",
			      "mov %%esi, %%ss") },
	};
	u64 data[2] = { 0x1111, 0x2222 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .ax = gdt_set_spare(0, DATA_SEG | DESC_BASE(8)),
				       .di = (ulong)data,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.bx, 0x1111ul);
	}
}

TEST(cs_limit_ignored, "64-bit code is executed beyond the limit of its segment, and its base is 0",
     SPEC("SDM vol. 3A, 3.4.4, 5.3.1"))
{
	struct far_pointer to = { 0, SEL_SPARE }, back = { 0, SEL_KERNEL_CODE };
	struct registers r = { .di = (ulong)&to, .si = (ulong)&back, .flags = FLAG_1 };

	gdt_set_spare(0, DESC_P | DESC_S | DESC_CODE | DESC_A | DESC_L | DESC_BASE(0x12345678));
	EXPECT_NO_FAULT(execute_try(
		CODE_AROUND("movl $1f, (%%rdi); movl $2f, (%%rsi)",
			    "ljmpl *(%%rdi); 1: mov %%cs, %%ebx; ljmpl *(%%rsi); 2:\n", ""),
		&r));
	EXPECT_EQ(r.bx, (ulong)SEL_SPARE);
}

/* ---------------------------------------------------------------------------- #SS or #GP */

#define NON_CANONICAL 0x0000800000000000ul

TEST(ss_or_gp,
     "an address that is not canonical is #SS(0) if its base is rSP or rBP or if it is a push; #GP(0) else",
     SPEC("SDM vol. 3A, 6.15, Interrupts 12 and 13; vol. 1, 3.7.4"))
{
	/* rBP, rAX, R12, R13 and rSI hold such an address, rBX and rCX hold 0. */
	const struct {
		const char *name;
		const void *code;
		bool is_ss;
	} rows[] = {
		{ "rax", CODE("mov (%%rax), %%dl"), false },
		{ "rax-write", CODE("mov %%dl, (%%rax)"), false },
		{ "rax-update", CODE("incb (%%rax)"), false },
		{ "rsi", CODE("mov (%%rsi), %%dl"), false },
		{ "rbp", CODE("mov (%%rbp), %%dl"), true },
		{ "rbp-write", CODE("mov %%dl, (%%rbp)"), true },
		{ "rbp-update", CODE("incb (%%rbp)"), true },
		{ "rbp-disp32", CODE("mov 0x1000(%%rbp), %%dl"), true },
		{ "rbp-base-rcx-index", CODE("mov (%%rbp,%%rcx), %%dl"), true },
		{ "rcx-base-rbp-index", CODE("mov (%%rcx,%%rbp), %%dl"), false },
		{ "rbp-index-only", CODE("mov 0(,%%rbp,1), %%dl"), false },
		{ "r12", CODE("mov (%%r12), %%dl"), false },
		{ "r13", CODE("mov (%%r13), %%dl"), false },
		{ "rsp", CODE_AROUND("mov %%rsp, %%rdi", "mov (%%rsp,%%rax), %%dl", ""), true },
		{ "rbp-fs", CODE("mov %%fs:(%%rbp), %%dl"), false },
		{ "rbp-gs", CODE("mov %%gs:(%%rbp), %%dl"), false },
		{ "rbp-ds", CODE(".byte 0x3e; mov (%%rbp), %%dl"), true },
		{ "rax-ss", CODE(".byte 0x36; mov (%%rax), %%dl"), false },
		{ "lods", CODE("lodsb"), false },
		{ "movs-source", CODE("movsb"), false },
		{ "push",
		  CODE_AROUND("mov %%rsp, %%rdi; mov %%rax, %%rsp; add $8, %%rsp", "push %%rcx",
			      "mov %%rdi, %%rsp"),
		  true },
		{ "pop",
		  CODE_AROUND("mov %%rsp, %%rdi; mov %%rax, %%rsp", "pop %%rcx",
			      "mov %%rdi, %%rsp"),
		  true },
		{ "pushf",
		  CODE_AROUND("mov %%rsp, %%rdi; mov %%rax, %%rsp; add $8, %%rsp", "pushf",
			      "mov %%rdi, %%rsp"),
		  true },
		{ "ret",
		  CODE_AROUND("mov %%rsp, %%rdi; mov %%rax, %%rsp", "ret", "mov %%rdi, %%rsp"),
		  true },
		{ "leave", CODE_AROUND("mov %%rsp, %%rdi", "leave", "mov %%rdi, %%rsp"), true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			u8 byte;
			struct registers r = { .ax = NON_CANONICAL,
					       .bp = NON_CANONICAL,
					       .si = NON_CANONICAL,
					       .di = (ulong)&byte,
					       .r12 = NON_CANONICAL,
					       .r13 = NON_CANONICAL,
					       .flags = FLAG_1 };
			struct fault fault;

			/* At CPL 0 the exception needs the stack, whose pointer is bad. */
			if (cpl == 0 && i >= ARRAY_SIZE(rows) - 5)
				continue;
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			fault = execute_in(at_cpl(cpl), rows[i].code, &r);
			EXPECT_FAULT(rows[i].is_ss ? SS(0) : GP(0), fault);
			EXPECT_EQ(r.bp, NON_CANONICAL);
			EXPECT_EQ(r.si, NON_CANONICAL);
		}
}

TEST(canonical_edges,
     "the last and first canonical addresses are no #GP but #PF, and next to them #GP",
     SPEC("SDM vol. 1, 3.3.7.1"))
{
	static const struct {
		const char *name;
		ulong address;
		bool canonical;
	} rows[] = {
		{ "low-last", 0x00007fffffffffff, true },
		{ "low-next", 0x0000800000000000, false },
		{ "high-before", 0xffff7fffffffffff, false },
		{ "high-first", 0xffff800000000000, true },
		{ "bit-63", 0x8000000000000000, false },
		{ "bit-62-clear", 0xbfffffffffffffff, false },
		{ "bit-48", 0x0001000000000000, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .di = rows[i].address, .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(rows[i].canonical ? PF(0, rows[i].address) : GP(0),
			     execute_try(CODE("mov (%%rdi), %%al"), &r));
		EXPECT_FAULT(rows[i].canonical ? PF(PF_W, rows[i].address) : GP(0),
			     execute_try(CODE("mov %%al, (%%rdi)"), &r));
	}
}
