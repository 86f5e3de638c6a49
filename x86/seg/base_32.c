/* SPDX-License-Identifier: MIT */
/*
 * Which segment an address is in, and that its base is added: default segments of every addressing
 * form, overrides, string instructions. SDM vol. 1, 3.7.4; vol. 2A, 2.1.1, tables 2-1 to 2-3.
 */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("Default segments and bases");

/*
 * One offset leads to two pages: PLAIN by flat segments, SHIFTED by a segment whose base is the distance
 * of the two. The offset fits 16 bits.
 */
#define OFFSET 0x7100u

#define PLAIN	0x55
#define SHIFTED 0xd5

static u8 *plain, *shifted; /* what is at OFFSET in either */

/* Returns the selector of the shifted segment, DPL 3. FS and GS are flat. */
static u16 map_pages(void)
{
	u8 *first = page_alloc(), *second = page_alloc();
	u32 page = ALIGN_DOWN(OFFSET, PAGE_SIZE);
	struct registers r = { .ax = SEL_USER_DATA, .flags = FLAG_1 };

	space_map(space_kernel(), page, (ulong)first, PAGE_SIZE, PROT_ALL);
	memset(first, PLAIN, PAGE_SIZE);
	memset(second, SHIFTED, PAGE_SIZE);
	plain = first + (OFFSET - page);
	shifted = second + (OFFSET - page);
	execute(CODE("mov %%eax, %%fs; mov %%eax, %%gs"), &r);
	return gdt_set_spare(0, DATA_SEG | DESC_DPL(3) | DESC_BASE((u64)((ulong)second - page)));
}

/* With DS shifted while `insn` runs; the selector is in EDX. */
#define WITH_DS(insn) CODE_AROUND("mov %%edx, %%ds", insn, "push %%ss; pop %%ds")

TEST(default_segments,
     "addresses are in SS if their base is BP, EBP or ESP, else in DS; an override says otherwise",
     SPEC("SDM vol. 1, 3.7.4; vol. 2A, tables 2-1 to 2-3"))
{
	/* EAX, EBX, ESI, EDI and EBP are OFFSET; ECX gets the byte. 67h forms add two halves. */
	const struct {
		const char *name;
		const void *code;
		bool is_ds;
	} rows[] = {
		{ "eax", WITH_DS("movb (%%eax), %%cl"), true },
		{ "ebx", WITH_DS("movb (%%ebx), %%cl"), true },
		{ "esi", WITH_DS("movb (%%esi), %%cl"), true },
		{ "edi", WITH_DS("movb (%%edi), %%cl"), true },
		{ "ebp", WITH_DS("movb (%%ebp), %%cl"), false },
		{ "ebp-disp8", WITH_DS("movb 1(%%ebp), %%cl"), false },
		{ "ebp-disp32", WITH_DS("movb 0x200(%%ebp), %%cl"), false },
		{ "eax-disp32", WITH_DS("movb 0x200(%%eax), %%cl"), true },
		{ "ebp-ecx", WITH_DS("xor %%ecx, %%ecx; movb (%%ebp,%%ecx), %%cl"), false },
		{ "ecx-ebp", WITH_DS("xor %%ecx, %%ecx; movb (%%ecx,%%ebp), %%cl"), true },
		{ "ebp-index", WITH_DS("movb 0(,%%ebp,1), %%cl"), true },
		{ "esp", WITH_DS("sub %%esp, %%eax; movb (%%esp,%%eax), %%cl"), false },
		{ "eax-ebp", WITH_DS("xor %%eax, %%eax; movb (%%eax,%%ebp), %%cl"), true },
		{ "disp32", WITH_DS("movb 0x7100, %%cl"), true },
		{ "moffs", WITH_DS("movb 0x7100, %%al; movb %%al, %%cl"), true },
		{ "ebp-ds", WITH_DS("movb %%ds:(%%ebp), %%cl"), true },
		{ "eax-ss", WITH_DS("movb %%ss:(%%eax), %%cl"), false },
		{ "eax-es", WITH_DS("movb %%es:(%%eax), %%cl"), false },
		{ "eax-fs", WITH_DS("movb %%fs:(%%eax), %%cl"), false },
		{ "eax-gs", WITH_DS("movb %%gs:(%%eax), %%cl"), false },
		{ "eax-cs", WITH_DS("movb %%cs:(%%eax), %%cl"), false },
		{ "moffs-es", WITH_DS("movb %%es:0x7100, %%al; movb %%al, %%cl"), false },
		{ "bx", WITH_DS("movb (%%bx), %%cl"), true },
		{ "si", WITH_DS("movb (%%si), %%cl"), true },
		{ "di", WITH_DS("movb (%%di), %%cl"), true },
		{ "bp-disp8", WITH_DS("movb 1(%%bp), %%cl"), false },
		{ "bp-disp16", WITH_DS("movb 0x200(%%bp), %%cl"), false },
		{ "bx-si", WITH_DS("xor %%esi, %%esi; movb (%%bx,%%si), %%cl"), true },
		{ "bx-di", WITH_DS("xor %%edi, %%edi; movb (%%bx,%%di), %%cl"), true },
		{ "bp-si", WITH_DS("xor %%esi, %%esi; movb (%%bp,%%si), %%cl"), false },
		{ "bp-di", WITH_DS("xor %%edi, %%edi; movb (%%bp,%%di), %%cl"), false },
		{ "disp16", WITH_DS(".byte 0x67, 0x8a, 0x0e, 0x00, 0x71"), true },
		{ "bp-si-ds", WITH_DS("xor %%esi, %%esi; movb %%ds:(%%bp,%%si), %%cl"), true },
		{ "lods", WITH_DS("lodsb; movb %%al, %%cl"), true },
		{ "lods-es", WITH_DS("lodsb %%es:(%%esi), %%al; movb %%al, %%cl"), false },
		{ "lods-ss", WITH_DS("lodsb %%ss:(%%esi), %%al; movb %%al, %%cl"), false },
		{ "scas", WITH_DS("movb $0x55, %%al; scasb; setne %%cl; addb $0x55, %%cl"), false },
		{ "xlat", WITH_DS("movb $0, %%al; xlat; movb %%al, %%cl"), true },
		{ "xlat-ss", WITH_DS("movb $0, %%al; .byte 0x36; xlat; movb %%al, %%cl"), false },
		{ "push-memory", WITH_DS("push (%%eax); pop %%ecx"), true },
		{ "push-memory-ebp", WITH_DS("push (%%ebp); pop %%ecx"), false },
	};
	u16 selector = map_pages();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct registers r = { .ax = OFFSET,
					       .bx = OFFSET,
					       .si = OFFSET,
					       .di = OFFSET,
					       .bp = OFFSET,
					       .dx = selector,
					       .flags = FLAG_1 };

			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), rows[i].code, &r));
			EXPECT_EQ((u8)r.cx, rows[i].is_ds ? SHIFTED : PLAIN);
		}
}

TEST(string_destination,
     "strings are stored in ES, which no override replaces; their source is in DS",
     SPEC("SDM vol. 1, 7.3.9; vol. 2, MOVS, STOS"))
{
	const struct {
		const char *name;
		const void *code; /* AL is 11h */
		u8 plain, shifted;
	} rows[] = {
		{ "stos", WITH_DS("stosb"), 0x11, SHIFTED },
		{ "stos-fs", WITH_DS(".byte 0x64; stosb"), 0x11, SHIFTED },
		{ "movs", WITH_DS("movsb"), SHIFTED, SHIFTED },
		{ "movs-ss", WITH_DS(".byte 0x36; movsb"), PLAIN, SHIFTED },
		{ "mov", WITH_DS("movb %%al, (%%edi)"), PLAIN, 0x11 },
		{ "mov-es", WITH_DS("movb %%al, %%es:(%%edi)"), 0x11, SHIFTED },
		{ "mov-ebp", WITH_DS("movb %%al, (%%ebp)"), 0x11, SHIFTED },
		{ "add", WITH_DS("addb %%al, (%%edi)"), PLAIN, SHIFTED + 0x11 },
		{ "add-ebp", WITH_DS("addb %%al, (%%ebp)"), PLAIN + 0x11, SHIFTED },
		{ "pop-memory", WITH_DS("pushl $0x11111111; popl (%%edi)"), PLAIN, 0x11 },
		{ "pop-memory-ss", WITH_DS("pushl $0x11111111; popl %%ss:(%%edi)"), 0x11, SHIFTED },
	};
	u16 selector = map_pages();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .ax = 0x11,
				       .si = OFFSET,
				       .di = OFFSET,
				       .bp = OFFSET,
				       .dx = selector,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		memset(plain, PLAIN, 4);
		memset(shifted, SHIFTED, 4);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(*plain, rows[i].plain);
		EXPECT_EQ(*shifted, rows[i].shifted);
	}
}

/* The byte at EDI in each segment register, loaded with EDX, as the only one that is shifted. */
#define WITH(seg)                                                                         \
	{                                                                                 \
		seg,                                                                      \
			CODE_AROUND("mov %%" seg ", %%esi; mov %%edx, %%" seg,            \
				    "movb %%" seg ":(%%edi), %%cl", "mov %%esi, %%" seg), \
			CODE_AROUND("mov %%" seg ", %%esi; mov %%edx, %%" seg,            \
				    "movb $0x11, %%" seg ":(%%edi)", "mov %%esi, %%" seg) \
	}

TEST(bases_of_each, "the base of DS, ES, FS, GS and SS is added to offsets, modulo 2^32",
     SPEC("SDM vol. 3A, 3.4"))
{
	const struct {
		const char *name;
		const void *read, *write;
	} rows[] = { WITH("ds"), WITH("es"), WITH("fs"), WITH("gs"), WITH("ss") };
	static const u32 offsets[] = { 0, 0x1000, 0x7fffffff, 0x80000000, 0xfffffff0 };

	map_pages();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 j = 0; j < ARRAY_SIZE(offsets); j++) {
			u64 base = (u32)((ulong)shifted - offsets[j]);
			struct registers r = { .dx = gdt_set_spare(0, DATA_SEG | DESC_BASE(base)),
					       .di = offsets[j],
					       .flags = FLAG_1 };

			SUBTEST("%s-%#x", rows[i].name, offsets[j]);
			*shifted = SHIFTED;
			EXPECT_NO_FAULT(execute_try(rows[i].read, &r));
			EXPECT_EQ((u8)r.cx, SHIFTED);
			EXPECT_NO_FAULT(execute_try(rows[i].write, &r));
			EXPECT_EQ(*shifted, 0x11);
		}
}

TEST(base_is_cached, "a segment register keeps base and limit when its descriptor changes",
     SPEC("SDM vol. 3A, 3.4.3"))
{
	struct registers r = { .dx = map_pages(), .di = OFFSET, .flags = FLAG_1 };

	EXPECT_NO_FAULT(execute_try(CODE("mov %%edx, %%fs"), &r));
	gdt_set_spare(0, 0);
	EXPECT_NO_FAULT(execute_try(CODE("movb %%fs:(%%edi), %%cl"), &r));
	EXPECT_EQ((u8)r.cx, SHIFTED);
	gdt_set_spare(0, DATA_SEG);
	EXPECT_NO_FAULT(execute_try(CODE("movb %%fs:(%%edi), %%cl"), &r));
	EXPECT_EQ((u8)r.cx, SHIFTED);
	EXPECT_NO_FAULT(execute_try(CODE("mov %%edx, %%fs; movb %%fs:(%%edi), %%cl"), &r));
	EXPECT_EQ((u8)r.cx, PLAIN);
}

TEST(stack_has_base, "PUSH, POP, CALL, RET, ENTER and LEAVE use the base of SS",
     SPEC("SDM vol. 3A, 3.4; vol. 1, 6.2"))
{
	const struct {
		const char *name;
		const void *code; /* pushes 12345678h below ESP = EDI, and takes it back */
	} rows[] = {
		{ "push-pop", CODE_AROUND("mov %%esp, %%esi; mov %%edx, %%ss; mov %%edi, %%esp",
					  "push %%eax; pop %%ecx",
					  "mov %%ds, %%ebx; mov %%ebx, %%ss; mov %%esi, %%esp") },
		{ "pushf", CODE_AROUND("mov %%esp, %%esi; mov %%edx, %%ss; mov %%edi, %%esp",
				       "pushf; movl %%eax, (%%esp); pop %%ecx",
				       "mov %%ds, %%ebx; mov %%ebx, %%ss; mov %%esi, %%esp") },
		{ "call-ret",
		  CODE_AROUND("mov %%esp, %%esi; mov %%edx, %%ss; mov %%edi, %%esp",
			      "call 1f; jmp 2f; 1: xchgl %%eax, (%%esp); movl (%%esp), %%ecx; "
			      "xchgl %%eax, (%%esp); ret; 2: push %%eax; pop %%ecx",
			      "mov %%ds, %%ebx; mov %%ebx, %%ss; mov %%esi, %%esp") },
		{ "enter-leave",
		  CODE_AROUND("mov %%esp, %%esi; mov %%edx, %%ss; mov %%edi, %%esp",
			      "mov %%eax, %%ebp; enter $8, $0; leave; mov %%ebp, %%ecx",
			      "mov %%ds, %%ebx; mov %%ebx, %%ss; mov %%esi, %%esp") },
	};
	u16 selector = map_pages();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = {
			.ax = 0x12345678, .di = OFFSET, .dx = selector, .flags = FLAG_1
		};
		u32 seen;

		SUBTEST("%s", rows[i].name);
		memset(shifted - 16, 0, 16);
		memset(plain - 16, 0, 16);
		r.dx = gdt_set_spare(1, gdt_entries()[selector / 8] & ~DESC_DPL(3));
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.cx, 0x12345678ul);
		memcpy(&seen, shifted - 4, 4);
		EXPECT_EQ(seen, 0x12345678u);
		memcpy(&seen, plain - 4, 4);
		EXPECT_EQ(seen, 0u);
	}
}

/* ---------------------------------------------------------------------------- 16-bit stacks */

/* SS without B at EDX; ESP from EDI, and back in EBX. The base is such that SP leads to the page. */
#define ON_SMALL_STACK(insn)                                                     \
	CODE_AROUND("mov %%esp, %%esi; mov %%edx, %%ss; mov %%edi, %%esp", insn, \
		    "mov %%esp, %%ebx; mov %%ds, %%edx; mov %%edx, %%ss; mov %%esi, %%esp")

TEST(stack_of_16_bits,
     "with B clear in SS, pushes and pops use SP, which wraps; ESP's upper half stays",
     SPEC("SDM vol. 1, 6.2.3; vol. 3A, 3.4.5, D/B"))
{
	const struct {
		const char *name;
		const void *code;
		u16 sp, sp_after;
		u16 at; /* where in the segment the value is */
	} rows[] = {
		{ "push", ON_SMALL_STACK("push %%eax"), 0x7110, 0x710c, 0x710c },
		{ "push-16", ON_SMALL_STACK("pushw %%ax; pushw %%ax"), 0x7110, 0x710c, 0x710e },
		{ "push-wraps", ON_SMALL_STACK("push %%eax"), 0, 0xfffc, 0xfffc },
		{ "pop", ON_SMALL_STACK("pop %%ecx"), 0x7110, 0x7114, 0x7110 },
		{ "pop-wraps", ON_SMALL_STACK("pop %%ecx"), 0xfffc, 0, 0xfffc },
		{ "call", ON_SMALL_STACK("call 1f; 1: nop; movl %%eax, %%ss:0xfffc"), 0, 0xfffc,
		  0xfffc },
		{ "leave", ON_SMALL_STACK("mov $0x5a5a7200, %%ebp; leave"), 0x7110, 0x7204,
		  0x7200 },
	};
	u8 *segment = pages_alloc(16, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 small = (DATA_SEG & ~(DESC_DB | DESC_G | DESC_LIMIT(0xfffff))) |
			    DESC_LIMIT(0xffff) | DESC_BASE((ulong)segment);
		struct registers r = { .ax = 0x12345678,
				       .di = 0x5a5a0000 | rows[i].sp,
				       .dx = gdt_set_spare(0, small),
				       .flags = FLAG_1 };
		u16 word;

		SUBTEST("%s", rows[i].name);
		memset(segment, 0x77, 16 * PAGE_SIZE);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.bx, 0x5a5a0000ul | rows[i].sp_after);
		memcpy(&word, segment + rows[i].at, 2);
		if (rows[i].sp_after == (u16)(rows[i].sp - 4))
			EXPECT_EQ(word, 0x5678);
		else
			EXPECT_EQ(strcmp(rows[i].name, "leave") ? r.cx : r.bp, 0x77777777ul);
	}
}
