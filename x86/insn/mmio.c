/* SPDX-License-Identifier: MIT */
/*
 * What finds its operands in emulated memory in other ways than by [DI]: the stack, indirect branches,
 * table look-up, port strings. Also half in RAM and half there, where a VMM has two accesses to make.
 */
#include "insn.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/io.h>
#include <x86/mmio_window.h>

SUITE("Operands in emulated memory", REQUIRES(mmio_window()));

#define SLOT sizeof(ulong)

/* Places of a word: in it, across its two pages, from RAM into it, from it into RAM. */
static const struct {
	const char *name;
	s32 offset; /* from the window on */
} places[] = {
	{ "inside", 64 },
	{ "unaligned", 67 },
	{ "across_pages", PAGE_SIZE - 2 },
	{ "from_ram", -2 },
	{ "to_ram", 2 * PAGE_SIZE - 2 },
	{ "end_of_ram", -(s32)SLOT },
};

static u8 *place(u32 i)
{
	return mmio_window() + places[i].offset;
}

static void store(u8 *at, ulong value)
{
	for (u32 i = 0; i < SLOT; i++)
		WRITE_ONCE(at[i], (u8)(value >> 8 * i));
}

static ulong load(const u8 *at)
{
	ulong value = 0;

	for (u32 i = 0; i < SLOT; i++)
		value |= (ulong)READ_ONCE(at[i]) << 8 * i;
	return value;
}

#define VALUE ((ulong)0x1122334455667788)

TEST(mmio_push_pop, "PUSH from and POP to emulated memory", SPEC("SDM vol. 2B, PUSH, POP"))
{
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		struct registers r = { .di = (ulong)place(i), .flags = FLAG_1 };

		SUBTEST("%s", places[i].name);
		store(place(i), VALUE);
		EXPECT_NO_FAULT(execute_try(CODE("push " AT("di") "; pop " NATIVE("ax")), &r));
		EXPECT_EQ(r.ax, VALUE);
		r.ax = ~VALUE;
		EXPECT_NO_FAULT(execute_try(CODE("push " NATIVE("ax") "; pop " AT("di")), &r));
		EXPECT_EQ(load(place(i)), ~VALUE);
	}
}

TEST(mmio_branches, "CALL and JMP whose target is in emulated memory",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		struct registers r = { .di = (ulong)place(i), .flags = FLAG_1 };

		SUBTEST("%s", places[i].name);
		execute(CODE("mov $1f, %%eax; jmp 2f; 1: mov $0x1234, %%ecx; ret; 2:"), &r);
		store(place(i), r.ax);
		EXPECT_NO_FAULT(execute_try(CODE("call *" AT("di")), &r));
		EXPECT_EQ(r.cx, 0x1234u);

		/* The target of the jump returns to who called it. */
		r.cx = 0;
		EXPECT_NO_FAULT(execute_try(CODE("call 1f; jmp 2f; 1: jmp *" AT("di") "; 2:"), &r));
		EXPECT_EQ(r.cx, 0x1234u);
	}
}

/* SP is at the end of a word there; BX is SP afterwards. */
TEST(mmio_stack, "a stack in emulated memory: PUSH, POP, CALL, RET, ENTER and LEAVE",
     SPEC("SDM vol. 1, 6.2"), BUG("KVM 2026: ENTER whose pushes split MMIO/RAM"))
{
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		ulong sp = (ulong)place(i) + SLOT;
		struct registers r = { .ax = VALUE, .bx = sp, .flags = FLAG_1 };

		SUBTEST("%s", places[i].name);
		EXPECT_NO_FAULT(execute_try(CODE_ON_STACK("push " NATIVE("ax")), &r));
		EXPECT_EQ(r.bx, sp - SLOT);
		EXPECT_EQ(load(place(i)), VALUE);
		EXPECT_NO_FAULT(execute_try(CODE_ON_STACK("pop " NATIVE("cx")), &r));
		EXPECT_EQ(r.cx, VALUE);
		EXPECT_EQ(r.bx, sp);

		EXPECT_NO_FAULT(execute_try(CODE_ON_STACK("call 1f; jmp 2f; 1: ret; 2:"), &r));
		EXPECT_EQ(r.bx, sp);

		r.bp = ~VALUE;
		EXPECT_NO_FAULT(execute_try(CODE_ON_STACK("enter $0, $0"), &r));
		EXPECT_EQ(r.bp, sp - SLOT);
		EXPECT_EQ(r.bx, sp - SLOT);
		EXPECT_EQ(load(place(i)), ~VALUE);
		EXPECT_NO_FAULT(execute_try(CODE_ON_STACK("leave"), &r));
		EXPECT_EQ(r.bp, ~VALUE);
		EXPECT_EQ(r.bx, sp);

		EXPECT_NO_FAULT(execute_try(CODE_ON_STACK("pushf; pop " NATIVE("dx")), &r));
		EXPECT_EQ(r.dx, FLAG_1);
	}
}

TEST(mmio_enter_levels, "ENTER whose frame begins in RAM and goes on in emulated memory",
     SPEC("SDM vol. 2A, ENTER"), BUG("KVM 2026: ENTER whose pushes split MMIO/RAM"))
{
	u8 *edge = mmio_window() + MMIO_WINDOW_PAGES * PAGE_SIZE;
	ulong display[4] = { 0x444, 0x333, 0x222, 0x111 };
	struct registers r = { .bx = (ulong)edge + 2 * SLOT,
			       .bp = (ulong)&display[3] + SLOT,
			       .flags = FLAG_1 };

	for_each_place(place, KERNEL | USER)
	{
		struct registers now = r;

		EXPECT_NO_FAULT(execute_in(place, CODE_ON_STACK("enter $16, $5"), &now));
		EXPECT_EQ(now.bp, (ulong)edge + SLOT);
		EXPECT_EQ(now.bx, (ulong)edge + 2 * SLOT - 6 * SLOT - 16);
		EXPECT_EQ(load(edge + SLOT), r.bp);
		EXPECT_EQ(load(edge), 0x111u);
		EXPECT_EQ(load(edge - SLOT), 0x222u);
		EXPECT_EQ(load(edge - 2 * SLOT), 0x333u);
		EXPECT_EQ(load(edge - 3 * SLOT), 0x444u);
		EXPECT_EQ(load(edge - 4 * SLOT), now.bp);
	}
}

TEST(mmio_xlat, "XLAT with its table in emulated memory", SPEC("SDM vol. 2D, XLAT/XLATB"))
{
	u8 *table = mmio_window() + PAGE_SIZE - 128;

	for (u32 i = 0; i < 256; i++)
		WRITE_ONCE(table[i], (u8)(i * 13 + 7));
	for (u32 i = 0; i < 256; i++) {
		struct registers r = { .ax = 0x11223300 | i, .bx = (ulong)table, .flags = FLAG_1 };

		execute(CODE("xlat"), &r);
		EXPECT_EQ(r.ax, 0x11223300u | (u8)(i * 13 + 7));
	}
}

#define PIC_MASK 0x21

TEST(mmio_string_io, "INS stores to emulated memory, OUTS reads it, across its pages",
     SPEC("SDM vol. 2, INS, OUTS"))
{
	u8 *at = mmio_window() + PAGE_SIZE - 2;
	struct registers r = { .dx = PIC_MASK, .cx = 5, .di = (ulong)at, .flags = FLAG_1 };

	outb(PIC_MASK, 0xa7);
	for (u32 i = 0; i < 6; i++)
		WRITE_ONCE(at[i], 0x5a);
	EXPECT_NO_FAULT(execute_try(CODE("rep insb"), &r));
	EXPECT_EQ(r.di, (ulong)at + 5);
	EXPECT_EQ(r.cx, 0u);
	for (u32 i = 0; i < 6; i++)
		EXPECT_EQ(READ_ONCE(at[i]), i < 5 ? 0xa7 : 0x5a, "byte %u", i);

	for (u32 i = 0; i < 3; i++)
		WRITE_ONCE(at[i], (u8)(0xe1 + i));
	r = (struct registers){ .dx = PIC_MASK, .cx = 3, .si = (ulong)at, .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(CODE("rep outsb"), &r));
	EXPECT_EQ(r.si, (ulong)at + 3);
	EXPECT_EQ(inb(PIC_MASK), 0xe3);
	outb(PIC_MASK, 0xff);
}

/* One page is absent: nothing is written to the other one, also where the VMM would write. */
TEST(mmio_half_absent,
     "a store that begins in emulated memory and ends in an absent page does nothing",
     SPEC("SDM vol. 3A, 6.5, Faults; 4.7"))
{
	struct {
		const char *name;
		const void *code;
		u32 size;
		bool reads; /* first, so that the fault may be one of reading */
	} table[] = { { "mov_m16", CODE("movw %%ax, " AT("di")), 2, false },
		      { "mov_m32", CODE("movl %%eax, " AT("di")), 4, false },
		      { "add_m32", CODE("addl %%eax, " AT("di")), 4, true },
		      { "xchg_m32", CODE("xchg %%ecx, " AT("di")), 4, true },
		      { "stos", CODE("stosl"), 4, false },
		      ONLY_64({ "mov_m64", CODE("movq %%rax, (%%rdi)"), 8, false }, ) };

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		u8 *second = mmio_window() + PAGE_SIZE;
		struct fault expected = PF(PF_W, second);

		if (table[i].reads)
			expected.fields = FAULT_ADDRESS | FAULT_ANY_CODE;
		SUBTEST("%s", table[i].name);
		space_unmap(space_kernel(), (ulong)second, PAGE_SIZE);
		for (u32 before = 1; before < table[i].size; before++) {
			struct registers r = { .ax = VALUE,
					       .cx = VALUE,
					       .di = (ulong)second - before,
					       .flags = FLAG_1 };
			struct registers start = r;

			for (u32 j = 1; j <= 8; j++)
				WRITE_ONCE(second[-(s32)j], 0x5a);
			EXPECT_FAULT(expected, execute_try(table[i].code, &r), "%u bytes", before);
			EXPECT_MEM_EQ(&r, &start, sizeof(r));
			for (u32 j = 1; j <= 8; j++)
				EXPECT_EQ(READ_ONCE(second[-(s32)j]), 0x5a, "%u bytes", before);
		}
	}
}
