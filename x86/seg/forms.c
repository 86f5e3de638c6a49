/* SPDX-License-Identifier: MIT */
/*
 * The instructions that move selectors: operand sizes of MOV, PUSH and POP, far pointers, and what a
 * refused one leaves. The checks of descriptors themselves are load.c's.
 */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("MOV, PUSH and POP of segment registers, far pointers");

/* FS and GS hold these selectors of the spare entries 0 and 1 in the cases below. */
#define FS_SELECTOR SEL_SPARE
#define GS_SELECTOR (SEL_SPARE + 8)

static void load_fs_gs(void)
{
	struct registers r = { .ax = gdt_set_spare(0, DATA_SEG),
			       .cx = gdt_set_spare(1, DATA_SEG),
			       .flags = FLAG_1 };

	ASSERT_NO_FAULT(execute_try(CODE("mov %%eax, %%fs; mov %%ecx, %%gs"), &r));
}

struct sreg_codes {
	const char *name;
	const void *code16, *code32, *native, *memory;
	u16 selector;
};

#define SREG_CODES(seg, selector_)                                                               \
	{                                                                                        \
		seg, CODE("movw %%" seg ", %%ax"), CODE("movl %%" seg ", %%eax"),                \
			CODE("mov %%" seg ", " NATIVE("ax")), CODE("movw %%" seg ", " AT("di")), \
			selector_                                                                \
	}

TEST(mov_from_segment,
     "MOV from a segment register: 16 bits keep the rest of the register, 32 and 64 clear it",
     SPEC("SDM vol. 2B, MOV"))
{
	const struct sreg_codes rows[] = {
		SREG_CODES("cs", SEL_KERNEL_CODE), SREG_CODES("ds", SEL_KERNEL_DATA),
		SREG_CODES("es", SEL_KERNEL_DATA), SREG_CODES("ss", SEL_KERNEL_DATA),
		SREG_CODES("fs", FS_SELECTOR),	   SREG_CODES("gs", GS_SELECTOR),
	};

	load_fs_gs();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 memory[3] = { 0x5a5a, 0x5a5a, 0x5a5a };
		struct registers r = { .ax = ~0ul, .flags = FLAG_1 | STATUS_FLAGS };

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code16, &r));
		EXPECT_EQ(r.ax, (~0ul & ~0xfffful) | rows[i].selector);
		r.ax = ~0ul;
		EXPECT_NO_FAULT(execute_try(rows[i].code32, &r));
		EXPECT_EQ(r.ax, (ulong)rows[i].selector);
		r.ax = ~0ul;
		EXPECT_NO_FAULT(execute_try(rows[i].native, &r));
		EXPECT_EQ(r.ax, (ulong)rows[i].selector);
		r.di = (ulong)&memory[1];
		EXPECT_NO_FAULT(execute_try(rows[i].memory, &r));
		EXPECT_EQ(memory[0], 0x5a5a);
		EXPECT_EQ(memory[1], rows[i].selector);
		EXPECT_EQ(memory[2], 0x5a5a);
		EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
	}
}

/* 8Ch /4 is MOV from FS, 8Eh /4 MOV to FS; ModRM 27h is FS and memory at rDI. */
TEST(mov_memory_is_16_bits,
     "MOV between FS and memory accesses two bytes, whatever the operand size; the rest may be absent",
     SPEC("SDM vol. 2B, MOV"))
{
	const struct {
		const char *name;
		const void *store, *load;
	} rows[] = { { "plain", CODE(".byte 0x8c, 0x27"), CODE(".byte 0x8e, 0x27") },
		     { "66", CODE(".byte 0x66, 0x8c, 0x27"), CODE(".byte 0x66, 0x8e, 0x27") },
		     ONLY_64({ "rex-w", CODE(".byte 0x48, 0x8c, 0x27"),
			       CODE(".byte 0x48, 0x8e, 0x27") }) };
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	u16 *last = (u16 *)(pages + PAGE_SIZE) - 1;

	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .di = (ulong)last, .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		load_fs_gs();
		last[-1] = last[0] = 0;
		EXPECT_NO_FAULT(execute_try(rows[i].store, &r));
		EXPECT_EQ(last[0], FS_SELECTOR);
		EXPECT_EQ(last[-1], 0);
		last[0] = GS_SELECTOR;
		EXPECT_NO_FAULT(execute_try(rows[i].load, &r));
		EXPECT_NO_FAULT(execute_try(CODE("mov %%fs, %%eax"), &r));
		EXPECT_EQ(r.ax, (ulong)GS_SELECTOR);
		r.di++;
		EXPECT_FAULT(PF(0, pages + PAGE_SIZE), execute_try(rows[i].load, &r));
		EXPECT_FAULT(PF(PF_W, pages + PAGE_SIZE), execute_try(rows[i].store, &r));
	}
}

TEST(mov_ignores_upper_bits, "MOV to a segment register takes the low 16 bits of a register",
     SPEC("SDM vol. 2B, MOV"))
{
	struct registers r = { .ax = (~0ul & ~0xfffful) | GS_SELECTOR, .flags = FLAG_1 };

	load_fs_gs();
	EXPECT_NO_FAULT(execute_try(CODE("mov %%eax, %%fs; mov %%fs, %%ecx"), &r));
	EXPECT_EQ(r.cx, (ulong)GS_SELECTOR);
	r.ax = ~0xfffful;
	EXPECT_NO_FAULT(execute_try(CODE("mov " NATIVE("ax") ", %%fs; mov %%fs, %%ecx"), &r));
	EXPECT_EQ(r.cx, 0ul);
}

/* ------------------------------------------------------------------------------- PUSH and POP */

/*
 * On a stack of the test's: DI is the stack pointer before, AX what it is after the PUSH or POP, SI
 * keeps the real one.
 */
#define ON_STACK(insn)                                                                             \
	CODE_AROUND("mov " NATIVE("sp") ", " NATIVE("si") "; mov " NATIVE("di") ", " NATIVE("sp"), \
		    insn,                                                                          \
		    "mov " NATIVE("sp") ", " NATIVE("ax") "; mov " NATIVE("si") ", " NATIVE("sp"))

#define STACK_WORDS 16

/* In the middle of a page: an exception at CPL 0 is pushed below. */
static void *new_stack(void)
{
	return (u8 *)page_alloc() + PAGE_SIZE / 2;
}

TEST(push_segment,
     "PUSH of FS and GS moves SP by the operand size and stores the selector in the low 16 bits",
     SPEC("SDM vol. 2B, PUSH"))
{
	const struct {
		const char *name;
		const void *code;
		u16 selector;
		u32 size;
	} rows[] = {
		{ "fs", ON_STACK("push %%fs"), FS_SELECTOR, sizeof(ulong) },
		{ "gs", ON_STACK("push %%gs"), GS_SELECTOR, sizeof(ulong) },
		{ "fs-16", ON_STACK("pushw %%fs"), FS_SELECTOR, 2 },
		{ "gs-16", ON_STACK("pushw %%gs"), GS_SELECTOR, 2 },
	};

	load_fs_gs();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 *stack = new_stack();
		u32 words = rows[i].size / 2, slot = STACK_WORDS / 2 - words;
		struct registers r = { .di = (ulong)&stack[STACK_WORDS / 2],
				       .flags = FLAG_1 | STATUS_FLAGS };

		SUBTEST("%s", rows[i].name);
		memset(stack, 0x5a, STACK_WORDS * 2);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.ax, r.di - rows[i].size);
		EXPECT_EQ(stack[slot], rows[i].selector);
		for (u32 j = 0; j < STACK_WORDS; j++)
			if (j < slot || j >= slot + words)
				EXPECT_EQ(stack[j], 0x5a5a, "word %u", j);
		/* Processors write zeros into the rest of the slot or leave it alone. */
		for (u32 j = slot + 1; j < slot + words; j++)
			EXPECT(stack[j] == 0 || stack[j] == 0x5a5a, "word %u", j);
		EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
	}
}

struct pop_row {
	const char *name;
	const void *code, *read;
	u32 size;
};

/* Not static: CODE() is no constant. */
#define POP_ROWS                                                                                \
	{                                                                                       \
		{ "fs", ON_STACK("pop %%fs"), CODE("mov %%fs, %%ecx"), sizeof(ulong) },         \
			{ "gs", ON_STACK("pop %%gs"), CODE("mov %%gs, %%ecx"), sizeof(ulong) }, \
			{ "fs-16", ON_STACK("popw %%fs"), CODE("mov %%fs, %%ecx"), 2 },         \
			{ "gs-16", ON_STACK("popw %%gs"), CODE("mov %%gs, %%ecx"), 2 },         \
	}

TEST(pop_segment, "POP of FS and GS moves SP by the operand size and takes the low 16 bits",
     SPEC("SDM vol. 2B, POP"))
{
	const struct pop_row rows[] = POP_ROWS;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		ulong *stack = new_stack();
		struct registers r = { .di = (ulong)stack, .flags = FLAG_1 | STATUS_FLAGS };

		SUBTEST("%s", rows[i].name);
		stack[0] = (~0ul & ~0xfffful) | SEL_USER_DATA;
		load_fs_gs();
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.ax, r.di + rows[i].size);
		EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
		EXPECT_NO_FAULT(execute_try(rows[i].read, &r));
		EXPECT_EQ(r.cx, (ulong)SEL_USER_DATA);
	}
}

TEST(pop_segment_refused, "a POP that faults leaves SP and the segment register as they were",
     SPEC("SDM vol. 2B, POP; vol. 3A, 6.5"))
{
	const struct pop_row rows[] = POP_ROWS;
	const struct {
		u16 selector;
		struct fault fault;
	} refused[] = {
		{ GDT_ENTRIES * 8, GP(GDT_ENTRIES * 8) },
		{ SEL_KERNEL_DATA | 3, GP(SEL_KERNEL_DATA) },
		{ SEL_TSS, GP(SEL_TSS) },
		{ 0x20 | ERR_TI, GP(0x20 | ERR_TI) },
		{ SEL_SPARE + 16, NP(SEL_SPARE + 16) },
	};

	gdt_set_spare(2, DATA_SEG & ~DESC_P);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		load_fs_gs();
		for (u32 j = 0; j < ARRAY_SIZE(refused); j++) {
			ulong *stack = new_stack();
			struct registers r = { .di = (ulong)stack, .flags = FLAG_1 };

			stack[0] = refused[j].selector;
			EXPECT_FAULT(refused[j].fault, execute_try(rows[i].code, &r));
			EXPECT_EQ(r.ax, r.di);
			EXPECT_NO_FAULT(execute_try(rows[i].read, &r));
			EXPECT_EQ(r.cx, (ulong)(FS_SELECTOR + 8 * (i % 2)));
		}
	}
}

/* ------------------------------------------------------------------------------- far pointers */

struct far_row {
	const char *name;
	const void
		*code; /* the pointer at rDI; the offset goes to rDX, EBX is the selector loaded */
	bool is_ss;
};

/* Afterwards the segment register is what it was: EAX has kept it. */
#define FAR_LOAD(insn, seg, operand)                                        \
	CODE_AROUND("mov %%" seg ", %%eax", insn " " AT("di") ", " operand, \
		    "mov %%" seg ", %%ebx; mov %%eax, %%" seg)

#define FAR_ROWS                                                           \
	{                                                                  \
		{ "lss", FAR_LOAD("lssl", "ss", "%%edx"), true },          \
			{ "lfs", FAR_LOAD("lfsl", "fs", "%%edx"), false }, \
			{ "lgs", FAR_LOAD("lgsl", "gs", "%%edx"), false }, \
	}

#define FAR_ROWS_16                                                       \
	{                                                                 \
		{ "lss", FAR_LOAD("lssw", "ss", "%%dx"), true },          \
			{ "lfs", FAR_LOAD("lfsw", "fs", "%%dx"), false }, \
			{ "lgs", FAR_LOAD("lgsw", "gs", "%%dx"), false }, \
	}

struct far_pointer_16 {
	u16 offset;
	u16 selector;
} __packed;

TEST(far_pointer_loads, "LSS, LFS and LGS load 16:32 and 16:16 pointers into a pair of registers",
     SPEC("SDM vol. 2A, LDS/LES/LFS/LGS/LSS"))
{
	const struct far_row rows[] = FAR_ROWS, rows16[] = FAR_ROWS_16;
	u16 selector = gdt_set_spare(0, DATA_SEG & ~DESC_A);
	const struct far_pointer pointer = { 0x89abcdef, selector };
	const struct far_pointer_16 pointer16 = { 0x89ab, selector };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .dx = ~0ul,
				       .di = (ulong)&pointer,
				       .flags = FLAG_1 | STATUS_FLAGS };

		SUBTEST("%s-32", rows[i].name);
		gdt_set_spare(0, DATA_SEG & ~DESC_A);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.dx, 0x89abcdeful);
		EXPECT_EQ((u16)r.bx, selector);
		EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
		EXPECT_EQ(gdt_entries()[selector / 8], DATA_SEG);

		SUBTEST("%s-16", rows[i].name);
		r = (struct registers){ .dx = ~0ul, .di = (ulong)&pointer16, .flags = FLAG_1 };
		EXPECT_NO_FAULT(execute_try(rows16[i].code, &r));
		EXPECT_EQ(r.dx, (~0ul & ~0xfffful) | 0x89ab);
		EXPECT_EQ((u16)r.bx, selector);
	}
}

TEST(far_pointer_refused, "a far pointer load that faults changes neither of the two registers",
     SPEC("SDM vol. 2A, LDS/LES/LFS/LGS/LSS; vol. 3A, 6.5"))
{
	const struct far_row rows[] = FAR_ROWS;
	const struct {
		u16 selector;
		struct fault fault, of_ss;
	} refused[] = {
		{ GDT_ENTRIES * 8, GP(GDT_ENTRIES * 8), GP(GDT_ENTRIES * 8) },
		{ SEL_KERNEL_DATA | 3, GP(SEL_KERNEL_DATA), GP(SEL_KERNEL_DATA) },
		{ SEL_TSS, GP(SEL_TSS), GP(SEL_TSS) },
		{ SEL_SPARE, NP(SEL_SPARE), SS(SEL_SPARE) },
		{ SEL_SPARE + 8, GP(SEL_SPARE + 8), GP(SEL_SPARE + 8) },
	};

	gdt_set_spare(0, DATA_SEG & ~DESC_P);
	gdt_set_spare(1, (DATA_SEG | DESC_CODE) & ~DESC_W);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(refused); j++) {
			struct far_pointer pointer = { 0x12345678, refused[j].selector };
			struct registers r = { .dx = ~0ul, .di = (ulong)&pointer, .flags = FLAG_1 };

			EXPECT_FAULT(rows[i].is_ss ? refused[j].of_ss : refused[j].fault,
				     execute_try(rows[i].code, &r));
			EXPECT_EQ(r.dx, ~0ul, "selector %#x", refused[j].selector);
			EXPECT_EQ((u16)r.bx, (u16)r.ax, "selector %#x", refused[j].selector);
		}
	}
}

TEST(far_pointer_across_pages,
     "a far pointer is read as a whole before anything is loaded: #PF changes neither register",
     SPEC("SDM vol. 2A, LDS/LES/LFS/LGS/LSS"))
{
	const struct far_row rows[] = FAR_ROWS;
	u8 *pages = pages_alloc(2, PAGE_SIZE);

	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 inside = 1; inside <= 6; inside++) {
			u8 *at = pages + PAGE_SIZE - inside;
			struct far_pointer pointer = { 0x12345678, SEL_KERNEL_DATA };
			struct registers r = { .dx = ~0ul, .di = (ulong)at, .flags = FLAG_1 };

			memcpy(at, &pointer, inside);
			if (inside == 6) {
				EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
				EXPECT_EQ(r.dx, 0x12345678ul);
			} else {
				struct fault fault = execute_try(rows[i].code, &r);

				/* Offset or selector first: the processor's choice. */
				EXPECT_FAULT(FAULT_CODED_(VEC_PF, 0), fault);
				EXPECT_EQ(ALIGN_DOWN(fault.address, PAGE_SIZE),
					  (ulong)pages + PAGE_SIZE);
				EXPECT_EQ(r.dx, ~0ul);
				EXPECT_EQ((u16)r.bx, (u16)r.ax);
			}
		}
	}
}

/* ---------------------------------------------------------------------------------- encodings */

TEST(undefined_encodings,
     "MOV to CS, MOV of segment registers 6 and 7, far pointers in registers are #UD",
     SPEC("SDM vol. 2B, MOV; vol. 2A, LDS/LES/LFS/LGS/LSS, CALL, JMP"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		/* 8Eh is MOV to, 8Ch MOV from the register in bits 5-3 of ModRM; AX or memory at rDI. */
		{ "to-cs", CODE(".byte 0x8e, 0xc8") },
		{ "to-cs-memory", CODE(".byte 0x8e, 0x0f") },
		{ "to-6", CODE(".byte 0x8e, 0xf0") },
		{ "to-6-memory", CODE(".byte 0x8e, 0x37") },
		{ "to-7", CODE(".byte 0x8e, 0xf8") },
		{ "to-7-memory", CODE(".byte 0x8e, 0x3f") },
		{ "from-6", CODE(".byte 0x8c, 0xf0") },
		{ "from-6-memory", CODE(".byte 0x8c, 0x37") },
		{ "from-7", CODE(".byte 0x8c, 0xf8") },
		{ "from-7-memory", CODE(".byte 0x8c, 0x3f") },
		{ "lss-register", CODE(".byte 0x0f, 0xb2, 0xc0") },
		{ "lfs-register", CODE(".byte 0x0f, 0xb4, 0xc0") },
		{ "lgs-register", CODE(".byte 0x0f, 0xb5, 0xc0") },
		{ "far-call-register", CODE(".byte 0xff, 0xd8") },
		{ "far-jmp-register", CODE(".byte 0xff, 0xe8") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 memory[4] = { SEL_KERNEL_CODE, 0x5a5a, 0x5a5a, 0x5a5a };
		struct registers r = { .ax = SEL_KERNEL_DATA,
				       .di = (ulong)memory,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		for (u32 cpl = 0; cpl <= 3; cpl += 3)
			EXPECT_FAULT(UD, execute_in(at_cpl(cpl), rows[i].code, &r), "cpl %u", cpl);
		EXPECT_EQ(memory[0], SEL_KERNEL_CODE);
		EXPECT_EQ(r.ax, (ulong)SEL_KERNEL_DATA);
	}
}
