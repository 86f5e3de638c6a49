/* SPDX-License-Identifier: MIT */
/* The instructions on selectors that only 32-bit code has; those that only 64-bit code has are #UD. */
#include "seg.h"

#include <mm/page.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("Segment instructions of 32-bit mode");

#define ON_STACK(insn)                                                                       \
	CODE_AROUND("mov %%esp, %%esi; mov %%edi, %%esp", insn,                              \
		    "mov %%esp, %%eax; mov %%esi, %%esp; mov %%ds, %%ebx; mov %%es, %%ecx; " \
		    "mov %%ss, %%edx; push %%edx; pop %%ds; push %%edx; pop %%es")

static void *new_stack(void)
{
	return (u8 *)page_alloc() + PAGE_SIZE / 2;
}

TEST(push_segment_32, "PUSH of CS, DS, ES and SS: 4 or 2 bytes, the selector in the low 16 bits",
     SPEC("SDM vol. 2B, PUSH"))
{
	const struct {
		const char *name;
		const void *code;
		u16 selector;
		u32 size;
	} rows[] = {
		{ "cs", ON_STACK("push %%cs"), SEL_KERNEL_CODE, 4 },
		{ "ds", ON_STACK("push %%ds"), SEL_KERNEL_DATA, 4 },
		{ "es", ON_STACK("push %%es"), SEL_KERNEL_DATA, 4 },
		{ "ss", ON_STACK("push %%ss"), SEL_KERNEL_DATA, 4 },
		{ "cs-16", ON_STACK("pushw %%cs"), SEL_KERNEL_CODE, 2 },
		{ "ds-16", ON_STACK("pushw %%ds"), SEL_KERNEL_DATA, 2 },
		{ "es-16", ON_STACK("pushw %%es"), SEL_KERNEL_DATA, 2 },
		{ "ss-16", ON_STACK("pushw %%ss"), SEL_KERNEL_DATA, 2 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 *stack = new_stack();
		struct registers r = { .di = (ulong)stack, .flags = FLAG_1 | STATUS_FLAGS };

		SUBTEST("%s", rows[i].name);
		memset(stack - 4, 0x5a, 16);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.ax, r.di - rows[i].size);
		EXPECT_EQ(stack[-(int)rows[i].size / 2], rows[i].selector);
		EXPECT_EQ(stack[0], 0x5a5a);
		EXPECT_EQ(stack[-(int)rows[i].size / 2 - 1], 0x5a5a);
		EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
	}
}

TEST(pop_segment_32, "POP of DS, ES and SS: 4 or 2 bytes; a fault leaves ESP and the register",
     SPEC("SDM vol. 2B, POP"))
{
	enum { IN_DS, IN_ES, IN_SS };
	const struct {
		const char *name;
		const void *code;
		u32 where;
		u32 size;
	} rows[] = {
		{ "ds", ON_STACK("pop %%ds"), IN_DS, 4 },
		{ "ds-16", ON_STACK("popw %%ds"), IN_DS, 2 },
		{ "es", ON_STACK("pop %%es"), IN_ES, 4 },
		{ "es-16", ON_STACK("popw %%es"), IN_ES, 2 },
		{ "ss", ON_STACK("pop %%ss"), IN_SS, 4 },
		{ "ss-16", ON_STACK("popw %%ss"), IN_SS, 2 },
	};
	u16 selector = gdt_set_spare(0, DATA_SEG), absent = gdt_set_spare(1, DATA_SEG & ~DESC_P);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 *stack = new_stack();
		struct registers r = { .di = (ulong)stack, .flags = FLAG_1 };
		const ulong *seen = rows[i].where == IN_DS   ? &r.bx
				    : rows[i].where == IN_ES ? &r.cx
							     : &r.dx;

		SUBTEST("%s", rows[i].name);
		stack[0] = 0xabcd0000 | selector;
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.ax, r.di + rows[i].size);
		EXPECT_EQ(*seen, (ulong)selector);
		load_ss_try(SEL_KERNEL_DATA, &(u16){ 0 });
		SUBTEST("%s-refused", rows[i].name);
		stack[0] = absent;
		/* What execute() leaves in SS is what DS and ES become again. */
		__asm__ volatile("mov %0, %%ss" : : "r"(SEL_KERNEL_DATA) : "memory");
		EXPECT_FAULT(rows[i].where == IN_SS ? SS(absent) : NP(absent),
			     execute_try(rows[i].code, &r));
		EXPECT_EQ(r.ax, r.di);
		EXPECT_EQ(*seen, (ulong)SEL_KERNEL_DATA);
		stack[0] = 0xfff8;
		EXPECT_FAULT(GP(0xfff8), execute_try(rows[i].code, &r));
		EXPECT_EQ(r.ax, r.di);
		stack[0] = 0;
		if (rows[i].where == IN_SS)
			EXPECT_FAULT(GP(0), execute_try(rows[i].code, &r));
		else
			EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
	}
}

TEST(lds_les, "LDS and LES load 16:32 and 16:16 pointers; a fault changes neither register",
     SPEC("SDM vol. 2A, LDS/LES/LFS/LGS/LSS"))
{
#define LOAD(insn, seg, operand)                                       \
	CODE_AROUND("mov %%" seg ", %%eax", insn " (%%edi), " operand, \
		    "mov %%" seg ", %%ebx; mov %%eax, %%" seg)
	const struct {
		const char *name;
		const void *code, *code16;
	} rows[] = {
		{ "lds", LOAD("ldsl", "ds", "%%edx"), LOAD("ldsw", "ds", "%%dx") },
		{ "les", LOAD("lesl", "es", "%%edx"), LOAD("lesw", "es", "%%dx") },
	};
	u16 selector = gdt_set_spare(0, DATA_SEG), absent = gdt_set_spare(1, DATA_SEG & ~DESC_P);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct far_pointer pointer = { 0x89abcdef, selector };
		u16 pointer16[2] = { 0x89ab, selector };
		struct registers r = { .dx = ~0ul, .di = (ulong)&pointer, .flags = FLAG_1 };

		SUBTEST("%s-32", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(r.dx, 0x89abcdeful);
		EXPECT_EQ(r.bx, (ulong)selector);
		SUBTEST("%s-16", rows[i].name);
		r.dx = ~0ul;
		r.di = (ulong)pointer16;
		EXPECT_NO_FAULT(execute_try(rows[i].code16, &r));
		EXPECT_EQ(r.dx, 0xffff89abul);
		EXPECT_EQ(r.bx, (ulong)selector);
		SUBTEST("%s-refused", rows[i].name);
		pointer.selector = absent;
		r.dx = ~0ul;
		r.di = (ulong)&pointer;
		EXPECT_FAULT(NP(absent), execute_try(rows[i].code, &r));
		EXPECT_EQ(r.dx, ~0ul);
		EXPECT_EQ(r.bx, (ulong)SEL_KERNEL_DATA);
		pointer.selector = 0xfff8;
		EXPECT_FAULT(GP(0xfff8), execute_try(rows[i].code, &r));
		EXPECT_EQ(r.dx, ~0ul);
	}
}

TEST(direct_far_branches, "far JMP and CALL with the pointer in the instruction, 16:32 bits",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	struct registers r = { .flags = FLAG_1 };

	gdt_set_spare(0, CODE_SEG);
	SUBTEST("jmp");
	EXPECT_NO_FAULT(execute_try(CODE("ljmp %1, $1f; 1: mov %%cs, %%ebx; ljmp %2, $2f; 2:\n",
					 "i"(SEL_SPARE), "i"(SEL_KERNEL_CODE)),
				    &r));
	EXPECT_EQ(r.bx, (ulong)SEL_SPARE);
	SUBTEST("call");
	r = (struct registers){ .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(
		CODE("mov %%esp, %%esi; lcall %1, $1f; 2: jmp 3f; 1: mov %%cs, %%ebx; "
		     "mov %%esp, %%edi; pop %%eax; pop %%ecx; push %%ecx; push %%eax; lret; 3: "
		     "mov $2b, %%edx\n",
		     "i"(SEL_SPARE)),
		&r));
	EXPECT_EQ(r.bx, (ulong)SEL_SPARE);
	EXPECT_EQ(r.di, r.si - 8);
	EXPECT_EQ(r.ax, r.dx);
	EXPECT_EQ((u16)r.cx, SEL_KERNEL_CODE);
	SUBTEST("refused");
	EXPECT_FAULT(GP(SEL_KERNEL_DATA),
		     execute_try(CODE("ljmp %1, $1f; 1:\n", "i"(SEL_KERNEL_DATA)), &r));
	EXPECT_FAULT(GP(SEL_KERNEL_DATA),
		     execute_try(CODE("lcall %1, $1f; 1:\n", "i"(SEL_KERNEL_DATA)), &r));
}

/* Older editions have byte 6 filled with 0, which no processor since the 386 has done. */
TEST(sgdt_sidt_16, "SGDT and SIDT with 16-bit operands store six bytes, the base whole",
     SPEC("SDM vol. 2B, SGDT, SIDT"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "sgdt", CODE_AROUND("lgdt (%%edi)", ".byte 0x66; sgdt (%%ebx)", "lgdt (%%esi)") },
		{ "sidt", CODE_AROUND("lidt (%%edi)", ".byte 0x66; sidt (%%ebx)", "lidt (%%esi)") },
	};
	const struct desc_table_register good[] = { sgdt(), sidt() };
	const struct desc_table_register odd = { 0x89ab, 0xfedcba98 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 memory[8] = { [6] = 0x5a, 0x5a }, expected[8] = { [6] = 0x5a, 0x5a };
		struct registers r = { .di = (ulong)&odd,
				       .si = (ulong)&good[i],
				       .bx = (ulong)memory,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		memcpy(expected, &odd, 6);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_MEM_EQ(memory, expected, sizeof(memory));
	}
}

TEST(lgdt_lidt_16, "LGDT and LIDT with 16-bit operands load a base of 24 bits",
     SPEC("SDM vol. 2A, LGDT/LIDT"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "lgdt",
		  CODE_AROUND("", ".byte 0x66; lgdt (%%edi)", "sgdt (%%ebx); lgdt (%%esi)") },
		{ "lidt",
		  CODE_AROUND("", ".byte 0x66; lidt (%%edi)", "sidt (%%ebx); lidt (%%esi)") },
	};
	const struct desc_table_register good[] = { sgdt(), sidt() };
	const struct desc_table_register odd = { 0x89ab, 0xfedcba98 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct desc_table_register after = { 0, 0 };
		struct registers r = { .di = (ulong)&odd,
				       .si = (ulong)&good[i],
				       .bx = (ulong)&after,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(after.limit, odd.limit);
		EXPECT_EQ(after.base, 0x00dcba98ul);
	}
}

TEST(undefined_in_32_bit_mode, "SWAPGS and the RDFSBASE family are #UD outside 64-bit mode",
     SPEC("SDM vol. 2B, SWAPGS, RDFSBASE/RDGSBASE; vol. 2D, WRFSBASE/WRGSBASE"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "swapgs", CODE(".byte 0x0f, 0x01, 0xf8") },
		{ "rdfsbase", CODE(".byte 0xf3, 0x0f, 0xae, 0xc0") },
		{ "rdgsbase", CODE(".byte 0xf3, 0x0f, 0xae, 0xc8") },
		{ "wrfsbase", CODE(".byte 0xf3, 0x0f, 0xae, 0xd0") },
		{ "wrgsbase", CODE(".byte 0xf3, 0x0f, 0xae, 0xd8") },
	};
	ulong cr4 = read_cr4();

	if (cpu_has(X86_FEATURE_FSGSBASE))
		write_cr4(cr4 | CR4_FSGSBASE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct registers r = { .ax = 0x1000, .flags = FLAG_1 };

			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			EXPECT_FAULT(UD, execute_in(at_cpl(cpl), rows[i].code, &r));
			EXPECT_EQ(r.ax, 0x1000ul);
		}
	write_cr4(cr4);
}
