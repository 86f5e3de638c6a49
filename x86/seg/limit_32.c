/* SPDX-License-Identifier: MIT */
/*
 * Limits and types of segments when they are used: reads and writes around the limit, byte by byte, up
 * and down, #SS(0) for SS and #GP(0) for the others; pushes; what may be written; null segments.
 */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/insn.h>

SUITE("Limits and types of segments in use");

enum { DS, ES, FS, GS, SS_, REGISTERS };

static const char *const names[REGISTERS] = { "ds", "es", "fs", "gs", "ss" };

#define SIZES 4 /* 1, 2, 4 and 8 bytes */

/* [EDI] in this segment, which EDX selects; ESI keeps the old selector. */
#define WITH(seg, insn) \
	CODE_AROUND("mov %%" seg ", %%esi; mov %%edx, %%" seg, insn, "mov %%esi, %%" seg)
/* The same with SS. Back from a fault to a stack of 16 bits, upper half of ESP is the kernel's (vol. 2A, IRET). */
#define WITH_SS(seg, insn)                                                      \
	CODE_AROUND("mov %%ss, %%esi; mov %%esp, %%ebp; mov %%edx, %%ss", insn, \
		    "mov %%esi, %%ss; mov %%ebp, %%esp")
#define READS(WITH, seg)                                               \
	{                                                              \
		WITH(seg, "movb %%" seg ":(%%edi), %%cl"),             \
			WITH(seg, "movw %%" seg ":(%%edi), %%cx"),     \
			WITH(seg, "movl %%" seg ":(%%edi), %%ecx"),    \
			WITH(seg, "fldl %%" seg ":(%%edi); fstp %%st") \
	}
#define WRITES(WITH, seg)                                                                         \
	{                                                                                         \
		WITH(seg, "movb $0, %%" seg ":(%%edi)"), WITH(seg, "movw $0, %%" seg ":(%%edi)"), \
			WITH(seg, "movl $0, %%" seg ":(%%edi)"),                                  \
			WITH(seg, "fldz; fstpl %%" seg ":(%%edi)")                                \
	}

static const void *access_code(u32 reg, bool write, u32 size)
{
	const void *const reads[REGISTERS][SIZES] = { READS(WITH, "ds"), READS(WITH, "es"),
						      READS(WITH, "fs"), READS(WITH, "gs"),
						      READS(WITH_SS, "ss") };
	const void *const writes[REGISTERS][SIZES] = { WRITES(WITH, "ds"), WRITES(WITH, "es"),
						       WRITES(WITH, "fs"), WRITES(WITH, "gs"),
						       WRITES(WITH_SS, "ss") };

	return write ? writes[reg][size] : reads[reg][size];
}

/* The whole of a segment's offsets is [first, last]. */
struct extent {
	const char *name;
	u64 descriptor; /* DPL 3, base 0 */
	u32 first, last;
};

#define UP   (DESC_P | DESC_S | DESC_A | DESC_W | DESC_DPL(3))
#define DOWN (UP | DESC_C)

static const struct extent extents[] = {
	{ "limit-0", UP | DESC_DB, 0, 0 },
	{ "limit-0-g", UP | DESC_DB | DESC_G, 0, 0xfff },
	{ "limit-5fff", UP | DESC_DB | DESC_LIMIT(0x5fff), 0, 0x5fff },
	{ "limit-5ffe-16-bit", UP | DESC_LIMIT(0x5ffe), 0, 0x5ffe },
	{ "limit-12345", UP | DESC_DB | DESC_LIMIT(0x12345), 0, 0x12345 },
	{ "limit-7-g", UP | DESC_DB | DESC_G | DESC_LIMIT(7), 0, 0x7fff },
	{ "down-5fff", DOWN | DESC_DB | DESC_LIMIT(0x5fff), 0x6000, 0xffffffff },
	{ "down-0", DOWN | DESC_DB, 1, 0xffffffff },
	{ "down-3-g", DOWN | DESC_DB | DESC_G | DESC_LIMIT(3), 0x4000, 0xffffffff },
	{ "down-5fff-16-bit", DOWN | DESC_LIMIT(0x5fff), 0x6000, 0xffff },
};

/*
 * The base of each is such that offset 0 is at the beginning of 32 pages, so that an access that should
 * have faulted finds memory. SS is used at CPL 3, because its faults need a stack.
 */
static struct fault access(u32 reg, u64 descriptor, u8 *pages, u32 offset, bool write, u32 size)
{
	u16 selector = gdt_set_spare(0, descriptor | DESC_BASE((u64)(ulong)pages)) | 3;
	struct registers r = { .di = offset, .dx = selector, .flags = FLAG_1 };

	return execute_in(USER, access_code(reg, write, size), &r);
}

static void check_offset(const struct extent *e, u32 reg, u8 *pages, u64 offset, bool within)
{
	for (u32 size = 0; size < SIZES; size++)
		for (u32 write = 0; write < 2; write++) {
			u64 last = offset + (1u << size) - 1;
			bool good = offset >= e->first && last <= e->last;
			struct fault expected = good ? NO_FAULT : reg == SS_ ? SS(0) : GP(0);

			/* What wraps at 4 GiB is the processor's choice. */
			if (good != within || last > 0xffffffff)
				continue;
			EXPECT_FAULT(expected,
				     access(reg, e->descriptor, pages, (u32)offset, write, size),
				     "%s of %u bytes at %#llx", write ? "write" : "read",
				     1u << size, offset);
		}
}

static void check_extents(bool within)
{
	u8 *pages = pages_alloc(32, PAGE_SIZE);

	__asm__ volatile("fninit");
	for (u32 i = 0; i < ARRAY_SIZE(extents); i++)
		for (u32 reg = 0; reg < REGISTERS; reg++) {
			const struct extent *e = &extents[i];

			SUBTEST("%s-%s", names[reg], e->name);
			for (s64 offset = (s64)e->first - 9; offset <= (s64)e->first + 1; offset++)
				if (offset >= 0)
					check_offset(e, reg, pages, (u64)offset, within);
			if (e->last == 0xffffffff)
				continue;
			for (s64 offset = (s64)e->last - 9; offset <= (s64)e->last + 2; offset++)
				if (offset >= 0)
					check_offset(e, reg, pages, (u64)offset, within);
		}
}

TEST(within_limit,
     "every byte up to the limit, for expand-down every byte above it, can be accessed",
     SPEC("SDM vol. 3A, 3.4.5, 5.3"))
{
	check_extents(true);
}

TEST(beyond_limit,
     "an access of which any byte is outside the segment is #GP(0), through SS #SS(0)",
     SPEC("SDM vol. 3A, 3.4.5, 5.3; 6.15, Interrupts 12 and 13"))
{
	check_extents(false);
}

TEST(beyond_limit_changes_nothing,
     "a write that is refused writes no byte, inside the limit or outside",
     SPEC("SDM vol. 3A, 5.3, 6.5"))
{
	u8 *pages = pages_alloc(32, PAGE_SIZE), zero[16] = { 0 };
	struct registers r = { .di = 0xffe, .ax = ~0ul, .flags = FLAG_1 | STATUS_FLAGS };

	r.dx = gdt_set_spare(0, UP | DESC_DB | DESC_LIMIT(0xfff) | DESC_BASE((u64)(ulong)pages)) |
	       3;
	EXPECT_FAULT(GP(0), execute_try(WITH("fs", "movl %%eax, %%fs:(%%edi)"), &r));
	EXPECT_MEM_EQ(pages + 0xff8, zero, 16);
	EXPECT_FAULT(GP(0), execute_try(WITH("fs", "addl %%eax, %%fs:(%%edi)"), &r));
	EXPECT_MEM_EQ(pages + 0xff8, zero, 16);
	EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
}

/* ----------------------------------------------------------------------------- stack accesses */

/* At CPL 3 with ESP from EDI in the segment of EDX; EBX is ESP afterwards. */
#define ON_STACK(insn)                                                                            \
	CODE_AROUND("mov %%ss, %%esi; mov %%esp, %%ebp; mov %%edx, %%ss; mov %%edi, %%esp", insn, \
		    "mov %%esp, %%ebx; mov %%esi, %%ss; mov %%ebp, %%esp")

TEST(stack_limit, "a push or pop outside SS is #SS(0) and leaves ESP; at the edge it is done",
     SPEC("SDM vol. 3A, 5.3; 6.15, Interrupt 12; vol. 2B, PUSH, POP"))
{
	/* The segment is 0 to 1FFFh, or 1000h to 0FFFFh downwards. */
	const struct {
		const char *name;
		const void *code;
		u64 descriptor;
		u32 good, bad; /* ESP with which it is done and refused */
	} rows[] = {
		{ "push", ON_STACK("push %%eax"), UP | DESC_LIMIT(0x1fff), 0x2000, 0x2001 },
		{ "push-16", ON_STACK("pushw %%ax"), UP | DESC_LIMIT(0x1fff), 0x2000, 0x2001 },
		{ "push-down", ON_STACK("push %%eax"), DOWN | DESC_LIMIT(0xfff), 0x1004, 0x1003 },
		{ "push-low", ON_STACK("push %%eax"), DOWN | DESC_LIMIT(0xfff), 0x1010, 0x1002 },
		{ "pop", ON_STACK("pop %%ecx"), UP | DESC_LIMIT(0x1fff), 0x1ffc, 0x1ffd },
		{ "pop-16", ON_STACK("popw %%cx"), UP | DESC_LIMIT(0x1fff), 0x1ffe, 0x1fff },
		{ "pop-down", ON_STACK("pop %%ecx"), DOWN | DESC_LIMIT(0xfff), 0x1000, 0xfff },
		{ "pushf", ON_STACK("pushf"), UP | DESC_LIMIT(0x1fff), 0x2000, 0x2003 },
		{ "pusha", ON_STACK("pusha"), DOWN | DESC_LIMIT(0xfff), 0x1020, 0x101f },
		{ "call", ON_STACK("call 1f; 1:\n"), DOWN | DESC_LIMIT(0xfff), 0x1004, 0x1003 },
	};
	u8 *pages = pages_alloc(32, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 descriptor = rows[i].descriptor | DESC_BASE((u64)(ulong)pages) | DESC_DB;
		struct registers r = { .dx = gdt_set_spare(0, descriptor) | 3, .flags = FLAG_1 };

		SUBTEST("%s-within", rows[i].name);
		r.di = rows[i].good;
		EXPECT_NO_FAULT(execute_in(USER, rows[i].code, &r));
		SUBTEST("%s-beyond", rows[i].name);
		r.di = rows[i].bad;
		r.cx = 0x12345678;
		EXPECT_FAULT(SS(0), execute_in(USER, rows[i].code, &r));
		EXPECT_EQ(r.bx, (ulong)rows[i].bad);
		EXPECT_EQ(r.cx, 0x12345678ul);
	}
}

/* ---------------------------------------------------------------------- types and null segments */

TEST(write_protected, "a write to read-only data or to code is #GP(0); reading goes",
     SPEC("SDM vol. 3A, 5.4.1, 3.4.5.1"))
{
	static const struct {
		const char *name;
		u32 kind;
	} rows[] = {
		{ "read-only", 17 },
		{ "read-only-down", 21 },
		{ "code", 27 },
		{ "conforming", 31 },
	};
	u8 *pages = pages_alloc(2, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 reg = 0; reg < SS_; reg++) {
			u64 descriptor =
				DESC_KIND(rows[i].kind) | DESC_P | DESC_DB | DESC_DPL(3) |
				DESC_LIMIT(rows[i].kind & 4 && rows[i].kind < 24 ? 0xff : 0xfffff);

			SUBTEST("%s-%s-read", rows[i].name, names[reg]);
			EXPECT_NO_FAULT(access(reg, descriptor, pages, 0x100, false, 2));
			SUBTEST("%s-%s-write", rows[i].name, names[reg]);
			EXPECT_FAULT(GP(0), access(reg, descriptor, pages, 0x100, true, 2));
		}
}

TEST(null_segment_use, "an access through a null DS, ES, FS or GS is #GP(0), read or write",
     SPEC("SDM vol. 3A, 3.4.2, 5.4.1.1"), BUG("XSA-191"))
{
	for (u32 reg = 0; reg < SS_; reg++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3)
			for (u32 write = 0; write < 2; write++) {
				u32 data = 0;
				struct registers r = { .di = (ulong)&data,
						       .dx = cpl,
						       .flags = FLAG_1 };

				SUBTEST("%s-cpl%u-%s", names[reg], cpl, write ? "write" : "read");
				EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl),
							       access_code(reg, write, 2), &r));
			}
}

TEST(code_is_not_written, "CS can be read if it is readable, never written",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	u32 data = 0x1234;
	struct registers r = { .di = (ulong)&data, .flags = FLAG_1 };

	SUBTEST("read");
	EXPECT_NO_FAULT(execute_try(CODE("movl %%cs:(%%edi), %%ecx"), &r));
	EXPECT_EQ(r.cx, 0x1234ul);
	SUBTEST("write");
	EXPECT_FAULT(GP(0), execute_try(CODE("movl $1, %%cs:(%%edi)"), &r));
	EXPECT_EQ(data, 0x1234u);
}

TEST(execute_only, "CS that is execute-only executes, but reading through it is #GP(0)",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	struct far_pointer to = { 0, SEL_SPARE }, back = { 0, SEL_KERNEL_CODE };
	struct registers r = { .di = (ulong)&to, .si = (ulong)&back, .flags = FLAG_1 };

	gdt_set_spare(0, (DATA_SEG | DESC_CODE) & ~DESC_W);
	EXPECT_FAULT(GP(0),
		     execute_try(CODE_AROUND("movl $1f, (%%edi); movl $2f, (%%esi); "
					     "ljmpl *(%%edi); 1: mov %%cs, %%ebx",
					     "movl %%cs:(%%edi), %%ecx", "ljmpl *(%%esi); 2:"),
				 &r));
	EXPECT_EQ(r.bx, (ulong)SEL_SPARE);
	EXPECT_EQ(r.cx, 0ul);
}
