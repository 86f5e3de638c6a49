/* SPDX-License-Identifier: MIT */
/*
 * Segments in real mode: the base is the selector times 16, the limit 64 KiB and checked (SDM vol. 3B,
 * 20.1.1), unless protected mode has left another one behind.
 */
#include <test.h>

#include <string.h>
#include <x86/cr.h>
#include <x86/mode.h>

SUITE("Real-mode segments");

TEST(real_segment_base, "the base of a segment is its selector times 16, for each segment register",
     SPEC("SDM vol. 3B, 20.1.1, figure 20-1"))
{
	const struct {
		const char *name;
		struct mode_code code;
	} rows[] = {
		{ "ds", CODE16("movw %%dx, %%ds; movl (%%si), %%eax; movw %%ds, %%bx") },
		{ "es", CODE16("movw %%dx, %%es; movl %%es:(%%si), %%eax; movw %%es, %%bx") },
		{ "fs", CODE16("movw %%dx, %%fs; movl %%fs:(%%si), %%eax; movw %%fs, %%bx") },
		{ "gs", CODE16("movw %%dx, %%gs; movl %%gs:(%%si), %%eax; movw %%gs, %%bx") },
		{ "ss", CODE16("movw %%dx, %%ss; movl %%ss:(%%si), %%eax; movw %%ss, %%bx; "
			       "movw $0x6000, %%cx; movw %%cx, %%ss") },
		{ "pop-ds", CODE16("pushw %%dx; popw %%ds; movl (%%si), %%eax; movw %%ds, %%bx") },
		{ "pop-fs",
		  CODE16("pushw %%dx; popw %%fs; movl %%fs:(%%si), %%eax; movw %%fs, %%bx") },
		{ "les",
		  CODE16("movw %%dx, 2; lesw (0), %%di; movl %%es:(%%si), %%eax; movw %%es, %%bx") },
		{ "lgs",
		  CODE16("movw %%dx, 2; lgsw (0), %%di; movl %%gs:(%%si), %%eax; movw %%gs, %%bx") },
	};
	static const u16 selectors[] = { 0x4000, 0x4001, 0x4321, 0x7fff, 0xf000 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 s = 0; s < ARRAY_SIZE(selectors); s++) {
			u32 linear = (selectors[s] << 4) + 0x124;
			struct mode m;

			mode_init(&m, MODE_REAL);
			m.esi = 0x124;
			m.edx = selectors[s];
			if (selectors[s] < 0x8000)
				*low32(linear) = 0x12340000 + s;
			EXPECT_NO_FAULT(mode_run(&m, rows[i].code));
			EXPECT_EQ(m.ebx, selectors[s]);
			EXPECT_EQ(m.eax, *low32(linear), "selector %#x", selectors[s]);
		}
	}
}

TEST(real_a20, "with A20 on, a segment reaches beyond 1 MiB: FFFFH:0010H is 100000H",
     SPEC("SDM vol. 3B, 20.1.1: up to 10FFEFH"))
{
	struct mode m;

	mode_init(&m, MODE_REAL);
	m.ds = 0xffff;
	m.esi = 0x10;
	EXPECT_NO_FAULT(mode_run(&m, CODE16("movl (%%si), %%eax")));
	EXPECT_EQ(m.eax, *low32(0x100000));
}

TEST(real_limit,
     "an access that is not wholly within 64 KiB is #GP, through SS #SS, without an error code",
     SPEC("SDM vol. 3B, 20.1.1; vol. 3A, 5.3"))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 vector; /* 0: none */
	} rows[] = {
		{ "byte-ffff", CODE16("movb 0xffff, %%al"), 0 },
		{ "word-fffe", CODE16("movw 0xfffe, %%ax"), 0 },
		{ "dword-fffc", CODE16("movl 0xfffc, %%eax"), 0 },
		{ "word-ffff", CODE16("movw 0xffff, %%ax"), VEC_GP },
		{ "word-ffff-write", CODE16("movw %%ax, 0xffff"), VEC_GP },
		{ "dword-fffd", CODE16("movl 0xfffd, %%eax"), VEC_GP },
		{ "dword-ffff-es", CODE16("movl %%es:0xffff, %%eax"), VEC_GP },
		{ "word-ffff-ss", CODE16("movw %%ss:0xffff, %%ax"), VEC_SS },
		{ "word-ffff-bp", CODE16("movw $0xffff, %%bp; movw (%%bp), %%ax"), VEC_SS },
		{ "byte-10000-67", CODE16("movl $0x10000, %%ebx; movb (%%ebx), %%al"), VEC_GP },
		{ "byte-10000-67-write", CODE16("movl $0x10000, %%ebx; movb %%al, (%%ebx)"),
		  VEC_GP },
		{ "byte-10000-67-ss", CODE16("movl $0x10000, %%ebp; movb (%%ebp), %%al"), VEC_SS },
		{ "lodsw-ffff", CODE16("movw $0xffff, %%si; lodsw"), VEC_GP },
		{ "stosw-ffff", CODE16("movw $0xffff, %%di; stosw"), VEC_GP },
		{ "popl-fffe", CODE16("movw %%sp, %%cx; movw $0xfffe, %%sp; popl %%eax"), VEC_SS },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s", rows[i].name);
		mode_init(&m, MODE_REAL);
		EXPECT_FAULT(rows[i].vector ? VECTOR(rows[i].vector) : NO_FAULT,
			     mode_run(&m, rows[i].code));
	}
}

TEST(real_unreal,
     "a limit of 4 GiB that protected mode has loaded stays when real mode loads the segment",
     SPEC("SDM vol. 3A, 9.9.2, step 4; APM vol. 2, 4.5.1 and 14.5"))
{
	const struct {
		const char *name;
		struct mode_code code;
	} rows[] = {
		{ "kept", CODE16("movl (%%esi), %%eax") },
		{ "reloaded", CODE16("xorw %%dx, %%dx; movw %%dx, %%ds; movl (%%esi), %%eax") },
		{ "es", CODE16("movl %%es:(%%esi), %%eax") },
		{ "fs", CODE16("xorw %%dx, %%dx; movw %%dx, %%fs; movl %%fs:(%%esi), %%eax") },
		{ "gs", CODE16("movl %%gs:(%%esi), %%eax") },
		{ "lods", CODE16(".byte 0x67; lodsl") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		static u32 high = 0x5ca1ab1e;
		struct mode m;

		SUBTEST("%s", rows[i].name);
		mode_init(&m, MODE_REAL);
		m.segments = MODE_SEL_DATA;
		m.ds = m.es = m.fs = m.gs = 0;
		m.esi = (u32)(ulong)&high;
		EXPECT_NO_FAULT(mode_run(&m, rows[i].code));
		EXPECT_EQ(m.eax, 0x5ca1ab1e);
	}
}

TEST(real_code_write, "code can be written and data executed in real mode: CS is writable",
     SPEC("SDM vol. 3A, 9.9.2; vol. 3B, 20.1.1"))
{
	struct mode m;

	mode_init(&m, MODE_REAL);
	EXPECT_NO_FAULT(mode_run(&m, CODE16("movw $0x1234, %%cs:0x100; movw %%cs:0x100, %%ax")));
	EXPECT_EQ(m.eax, 0x1234);
}

TEST(real_far_transfers,
     "a far jump or call loads any CS, times 16, and runs there; RETF comes back",
     SPEC("SDM vol. 2A, CALL, JMP: real-address mode; vol. 2B, RET"))
{
	/* What it finds in its frame; other events use the same stack later. */
	const struct mode_code callee_16 = CODE16(
		"movw %%cs, %%ax; movw %%sp, %%bp; movw (%%bp), %%cx; "
		"movw 2(%%bp), %%dx; lretw");
	const struct mode_code callee_32 = CODE16(
		"movw %%cs, %%ax; movw %%sp, %%bp; movl (%%bp), %%ecx; "
		"movl 4(%%bp), %%edx; lretl");
	const struct {
		const char *name;
		struct mode_code code, callee;
		u32 stack; /* bytes that the call takes */
	} rows[] = {
		{ "lcallw", CODE16("lcallw *(%%bx)"), callee_16, 4 },
		{ "lcalll", CODE16("lcalll *8(%%bx)"), callee_32, 8 },
		{ "lcallw-immediate", CODE16(".byte 0x9a; .word 0x305, 0x2004"), callee_16, 4 },
		{ "lcalll-immediate", CODE16(".byte 0x66, 0x9a; .word 0x305, 0, 0x2004"), callee_32,
		  8 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s", rows[i].name);
		mode_init(&m, MODE_REAL);
		memcpy(low8(MODE_CODE + 0x345), rows[i].callee.start, rows[i].callee.size);
		low16(MODE_DS)[0] = 0x305;
		low16(MODE_DS)[1] = (MODE_CODE >> 4) + 4;
		low32(MODE_DS + 8)[0] = 0x305;
		low16(MODE_DS + 8)[2] = (MODE_CODE >> 4) + 4;
		EXPECT_NO_FAULT(mode_run(&m, rows[i].code));
		EXPECT_EQ(m.eax, (MODE_CODE >> 4) + 4);
		EXPECT_EQ(m.ebp, MODE_SP - rows[i].stack);
		EXPECT_EQ(m.ecx, m.code_end);
		EXPECT_EQ(m.edx & 0xffff, MODE_CODE >> 4);
		EXPECT_EQ(m.esp, MODE_SP);
	}
}

TEST(real_descriptor_tables,
     "LGDT and LIDT load and SGDT and SIDT store 6 bytes; a 16-bit LGDT takes 24 bits of base, a "
     "16-bit SGDT stores 32",
     SPEC("SDM vol. 2A, LGDT/LIDT; vol. 2B, SGDT, SIDT"))
{
	struct mode m;

	mode_init(&m, MODE_REAL);
	EXPECT_NO_FAULT(mode_run(&m, CODE16("sgdtl (%%si); sidtl 8(%%si)")));
	EXPECT_EQ(low16(MODE_DS)[0], m.gdt_limit);
	EXPECT_EQ(*low32(MODE_DS + 2), MODE_GDT);
	EXPECT_EQ(low16(MODE_DS + 8)[0], 256 * 4 - 1);
	EXPECT_EQ(*low32(MODE_DS + 10), MODE_IVT);

	mode_init(&m, MODE_REAL);
	low16(MODE_DS)[0] = 0x1234;
	*low32(MODE_DS + 2) = 0xab000000 | MODE_GDT;
	EXPECT_NO_FAULT(
		mode_run(&m, CODE16("lgdtw (%%si); sgdtl 8(%%si); lgdtl (%%si); sgdtl 16(%%si)")));
	EXPECT_EQ(low16(MODE_DS + 8)[0], 0x1234);
	EXPECT_EQ(*low32(MODE_DS + 10), MODE_GDT);
	EXPECT_EQ(*low32(MODE_DS + 18), 0xab000000 | MODE_GDT);

	/* The IDT is in use again before the code ends. */
	mode_init(&m, MODE_REAL);
	low16(MODE_DS)[0] = 0x1234;
	*low32(MODE_DS + 2) = 0xab000000 | MODE_GDT;
	memset(low8(MODE_DS + 8), 0x5a, 24);
	EXPECT_NO_FAULT(mode_run(&m, CODE16("lgdtl (%%si); sgdtw 8(%%si); sidtl 24(%%si); "
					    "lidtl (%%si); sidtw 16(%%si); lidtl 24(%%si)")));
	for (u32 at = 8; at <= 16; at += 8) {
		SUBTEST("%s-16", at == 8 ? "sgdt" : "sidt");
		EXPECT_EQ(*low16(MODE_DS + at), 0x1234);
		EXPECT_EQ(*low32(MODE_DS + at + 2), 0xab000000 | MODE_GDT);
		EXPECT_EQ(*low16(MODE_DS + at + 6), 0x5a5a);
	}
}
