/* SPDX-License-Identifier: MIT */
/*
 * What works on the stack, on a stack of its own whose every byte is compared with a model's: PUSH and
 * POP of every kind and width, ENTER and LEAVE, at CPL 0 and 3. Those that fault are in frame_fault.c.
 */
#include "insn.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>

SUITE("Stack frames");

#define STACK_SIZE PAGE_SIZE
/* Where SP is before: with room to both sides. */
#define START	   2048
/* Where BP points to, for LEAVE and ENTER; higher than all that ENTER pushes. */
#define FRAME	   3072

#define SLOT sizeof(ulong)

/* The model's machine: registers, SP, and the memory of the stack from `base` on. */
struct machine {
	struct registers r;
	ulong sp;
	ulong base;
	u8 memory[STACK_SIZE];
};

static u8 *at(struct machine *m, ulong address)
{
	return m->memory + (address - m->base) % STACK_SIZE;
}

static void push(struct machine *m, u64 value, u32 bytes)
{
	m->sp -= bytes;
	memcpy(at(m, m->sp), &value, bytes);
}

static u64 pop(struct machine *m, u32 bytes)
{
	u64 value = 0;

	memcpy(&value, at(m, m->sp), bytes);
	m->sp += bytes;
	return value;
}

/* A register of 2 bytes keeps what is above. */
static void write(ulong *r, u64 value, u32 bytes)
{
	*r = bytes == 2 ? (*r & ~0xfffful) | (ulong)(value & 0xffff) : (ulong)value;
}

struct stack_row {
	const char *name;
	const void *code;
	void (*model)(struct machine *m, u32 bytes, u32 a, u32 b);
	u32 bytes;
	u32 a, b;
};

static void push_register(struct machine *m, u32 bytes, u32 number, u32 b)
{
	(void)b;
	push(m, m->r.general[number], bytes);
}

static void push_constant(struct machine *m, u32 bytes, u32 value, u32 b)
{
	(void)b;
	push(m, (u64)(s64)(s32)value, bytes);
}

static void push_sp(struct machine *m, u32 bytes, u32 a, u32 b)
{
	(void)a;
	(void)b;
	push(m, m->sp, bytes);
}

static void pop_register(struct machine *m, u32 bytes, u32 number, u32 b)
{
	(void)b;
	write(&m->r.general[number], pop(m, bytes), bytes);
}

/* The value popped is SP, whatever the increment was: SDM vol. 2B, POP. */
static void pop_sp(struct machine *m, u32 bytes, u32 a, u32 b)
{
	ulong value = (ulong)pop(m, bytes);

	(void)a;
	(void)b;
	write(&m->sp, value, bytes);
}

/* [SP + offset] before the decrement. */
static void push_by_sp(struct machine *m, u32 bytes, u32 offset, u32 b)
{
	u64 value = 0;

	(void)b;
	memcpy(&value, at(m, m->sp + offset), bytes);
	push(m, value, bytes);
}

/* [SP + offset] after the increment. */
static void pop_by_sp(struct machine *m, u32 bytes, u32 offset, u32 b)
{
	u64 value = pop(m, bytes);

	(void)b;
	memcpy(at(m, m->sp + offset), &value, bytes);
}

/* [BP + offset], BP being a pointer into the stack. */
static void push_by_bp(struct machine *m, u32 bytes, u32 offset, u32 b)
{
	u64 value = 0;

	(void)b;
	memcpy(&value, at(m, m->r.bp + offset), bytes);
	push(m, value, bytes);
}

static void pop_by_bp(struct machine *m, u32 bytes, u32 offset, u32 b)
{
	u64 value = pop(m, bytes);

	(void)b;
	memcpy(at(m, m->r.bp + offset), &value, bytes);
}

/* SDM vol. 2A, ENTER, "Operation". */
static void enter(struct machine *m, u32 bytes, u32 size, u32 level)
{
	ulong frame, link = m->r.bp;

	level %= 32;
	push(m, m->r.bp, bytes);
	frame = m->sp;
	for (u32 i = 1; i < level; i++) {
		u64 value = 0;

		link -= bytes;
		memcpy(&value, at(m, link), bytes);
		push(m, value, bytes);
	}
	if (level)
		push(m, frame, bytes);
	write(&m->r.bp, frame, bytes);
	m->sp -= size;
}

/* SDM vol. 2A, LEAVE: SP is BP in full, as the stack's size says, before the operand size counts. */
static void leave(struct machine *m, u32 bytes, u32 a, u32 b)
{
	(void)a;
	(void)b;
	m->sp = m->r.bp;
	write(&m->r.bp, pop(m, bytes), bytes);
}

#define R_AX 0
#define R_CX 1
#define R_BP 4
#define R_SI 5

#define PUSHES                                                                                    \
	{ "push_r", CODE_ON_STACK("push " NATIVE("ax")), push_register, SLOT, R_AX, 0 },          \
		{ "push_r16", CODE_ON_STACK("pushw %%cx"), push_register, 2, R_CX, 0 },           \
		{ "push_bp", CODE_ON_STACK("push " NATIVE("bp")), push_register, SLOT, R_BP, 0 }, \
		{ "push_sp", CODE_ON_STACK("push " NATIVE("sp")), push_sp, SLOT, 0, 0 },          \
		{ "push_sp_16", CODE_ON_STACK("pushw %%sp"), push_sp, 2, 0, 0 },                  \
		{ "push_r_long_form",                                                             \
		  CODE_ON_STACK(".byte 0xff, 0xf0"),                                              \
		  push_register,                                                                  \
		  SLOT,                                                                           \
		  R_AX,                                                                           \
		  0 },                                                                            \
		{ "push_imm8", CODE_ON_STACK(".byte 0x6a, 0x7f"), push_constant, SLOT, 0x7f, 0 }, \
		{ "push_imm8_negative", CODE_ON_STACK(".byte 0x6a, 0x80"),                        \
		  push_constant,	SLOT,                                                     \
		  0xffffff80,		0 },                                                      \
		{ "push_imm8_16", CODE_ON_STACK(".byte 0x66, 0x6a, 0x80"),                        \
		  push_constant,  2,                                                              \
		  0xff80,	  0 },                                                            \
		{ "push_imm32",	 CODE_ON_STACK(".byte 0x68; .long 0x12345678"),                   \
		  push_constant, SLOT,                                                            \
		  0x12345678,	 0 },                                                             \
		{ "push_imm32_negative",                                                          \
		  CODE_ON_STACK(".byte 0x68; .long 0x89abcdef"),                                  \
		  push_constant,                                                                  \
		  SLOT,                                                                           \
		  0x89abcdef,                                                                     \
		  0 },                                                                            \
	{                                                                                         \
		"push_imm16", CODE_ON_STACK(".byte 0x66, 0x68; .short 0x89ab"), push_constant, 2, \
			0x89ab, 0                                                                 \
	}

#define POPS                                                                                           \
	{ "pop_r", CODE_ON_STACK("pop " NATIVE("ax")), pop_register, SLOT, R_AX, 0 },                  \
		{ "pop_r16", CODE_ON_STACK("popw %%cx"), pop_register, 2, R_CX, 0 },                   \
		{ "pop_bp", CODE_ON_STACK("pop " NATIVE("bp")), pop_register, SLOT, R_BP, 0 },         \
		{ "pop_r_long_form", CODE_ON_STACK(".byte 0x8f, 0xc6"), pop_register, SLOT, R_SI, 0 }, \
		{ "pop_sp", CODE_ON_STACK("pop " NATIVE("sp")), pop_sp, SLOT, 0, 0 },                  \
	{                                                                                              \
		"pop_sp_16", CODE_ON_STACK("popw %%sp"), pop_sp, 2, 0, 0                               \
	}

#define NATIVE_MEMORY(op, text) op ONLY_64("q") ONLY_32("l") " " text
#define BY_MEMORY                                                                                     \
	{ "push_m_by_sp",                                                                             \
	  CODE_ON_STACK(NATIVE_MEMORY("push", "16(" NATIVE("sp") ")")),                               \
	  push_by_sp,                                                                                 \
	  SLOT,                                                                                       \
	  16,                                                                                         \
	  0 },                                                                                        \
		{ "push_m16_by_sp",                                                                   \
		  CODE_ON_STACK("pushw 16(" NATIVE("sp") ")"),                                        \
		  push_by_sp,                                                                         \
		  2,                                                                                  \
		  16,                                                                                 \
		  0 },                                                                                \
		{ "pop_m_by_sp",                                                                      \
		  CODE_ON_STACK(NATIVE_MEMORY("pop", "16(" NATIVE("sp") ")")),                        \
		  pop_by_sp,                                                                          \
		  SLOT,                                                                               \
		  16,                                                                                 \
		  0 },                                                                                \
		{ "pop_m_at_sp",                                                                      \
		  CODE_ON_STACK(NATIVE_MEMORY("pop", "(" NATIVE("sp") ")")),                          \
		  pop_by_sp,                                                                          \
		  SLOT,                                                                               \
		  0,                                                                                  \
		  0 },                                                                                \
		{ "pop_m16_by_sp", CODE_ON_STACK("popw 16(" NATIVE("sp") ")"), pop_by_sp, 2, 16, 0 }, \
		{ "push_m_by_bp",                                                                     \
		  CODE_ON_STACK(NATIVE_MEMORY("push", "8(" NATIVE("bp") ")")),                        \
		  push_by_bp,                                                                         \
		  SLOT,                                                                               \
		  8,                                                                                  \
		  0 },                                                                                \
	{                                                                                             \
		"pop_m_by_bp", CODE_ON_STACK(NATIVE_MEMORY("pop", "8(" NATIVE("bp") ")")),            \
			pop_by_bp, SLOT, 8, 0                                                         \
	}

#define ENTER(size, level)                                                                     \
	{                                                                                      \
		"enter_" #size "_" #level, CODE_ON_STACK("enter $" #size ", $" #level), enter, \
			SLOT, size, level                                                      \
	}
#define ENTER_16(size, level)                                                                    \
	{                                                                                        \
		"enter_16_" #size "_" #level,                                                    \
			CODE_ON_STACK(".byte 0x66; enter $" #size ", $" #level), enter, 2, size, \
			level                                                                    \
	}

#define STACK_SPEC "SDM vol. 2, PUSH, POP; vol. 1, 6.2"

/* A machine with random registers and stack; BX is SP, as CODE_ON_STACK() wants it, BP points into it. */
static void prepare(struct machine *m, u8 *stack)
{
	for (u32 i = 0; i < STACK_SIZE; i++)
		m->memory[i] = (u8)random_u64();
	for (u32 i = 0; i < ARRAY_SIZE(m->r.general); i++)
		m->r.general[i] = (ulong)random_u64();
	m->base = (ulong)stack;
	m->sp = m->r.bx = (ulong)stack + START;
	m->r.bp = (ulong)stack + FRAME;
	m->r.flags = FLAG_1 | ALU_STATUS;
	memcpy(stack, m->memory, STACK_SIZE);
}

static void compare(struct machine *expected, const struct registers *r, const u8 *stack)
{
	expected->r.bx = expected->sp;
	for (u32 i = 0; i < ARRAY_SIZE(r->general); i++)
		EXPECT_EQ(r->general[i], expected->r.general[i], "register %u", i);
	EXPECT_EQ(r->flags, expected->r.flags);
	EXPECT_MEM_EQ(stack, expected->memory, STACK_SIZE);
}

static void check(const struct stack_row *row)
{
	static struct machine m;
	u8 *stack = page_alloc();
	struct registers r;

	SUBTEST("%s", row->name);
	for_each_place(place, KERNEL | USER)
	{
		for (u32 i = 0; i < 4; i++) {
			prepare(&m, stack);
			r = m.r;
			EXPECT_NO_FAULT(execute_in(place, row->code, &r));
			row->model(&m, row->bytes, row->a, row->b);
			compare(&m, &r, stack);
		}
	}
	page_free(stack);
}

static void check_table(const struct stack_row *table, u32 count)
{
	for (u32 i = 0; i < count; i++)
		check(&table[i]);
}

TEST(push_forms, "PUSH of registers, SP and immediates, sign-extended, at both widths",
     SPEC(STACK_SPEC))
{
	const struct stack_row table[] = { PUSHES };

	check_table(table, ARRAY_SIZE(table));
}

TEST(pop_forms, "POP into registers and SP, at both widths", SPEC(STACK_SPEC))
{
	const struct stack_row table[] = { POPS };

	check_table(table, ARRAY_SIZE(table));
}

TEST(push_pop_memory_forms,
     "an address by SP is computed before a PUSH and after the increment of a POP",
     SPEC(STACK_SPEC))
{
	const struct stack_row table[] = { BY_MEMORY };

	check_table(table, ARRAY_SIZE(table));
}

TEST(enter_every_level, "ENTER copies level - 1 frame pointers, of the levels modulo 32",
     SPEC("SDM vol. 2A, ENTER"), BUG("KVM 2026: ENTER split between MMIO and RAM"))
{
	const struct stack_row table[] = {
		ENTER(0, 0),   ENTER(24, 1),	ENTER(0, 2),  ENTER(8, 3),    ENTER(16, 4),
		ENTER(0, 5),   ENTER(0, 8),	ENTER(0, 15), ENTER(256, 16), ENTER(0, 30),
		ENTER(0, 31),  ENTER(8, 32),	ENTER(0, 33), ENTER(0, 34),   ENTER(0, 63),
		ENTER(0, 255), ENTER(0x3ff, 1),
	};

	check_table(table, ARRAY_SIZE(table));
}

TEST(enter_16_every_level, "16-bit ENTER pushes words and changes the lower half of BP",
     SPEC("SDM vol. 2A, ENTER"))
{
	const struct stack_row table[] = {
		ENTER_16(0, 0),	 ENTER_16(24, 1), ENTER_16(0, 2),  ENTER_16(8, 3),
		ENTER_16(0, 31), ENTER_16(8, 32), ENTER_16(0, 33),
	};

	check_table(table, ARRAY_SIZE(table));
}

TEST(leave_forms, "LEAVE takes SP from BP, then pops BP", SPEC("SDM vol. 2A, LEAVE"))
{
	const struct stack_row table[] = {
		{ "leave", CODE_ON_STACK("leave"), leave, SLOT, 0, 0 },
		{ "leave_16", CODE_ON_STACK(".byte 0x66; leave"), leave, 2, 0, 0 },
	};

	check_table(table, ARRAY_SIZE(table));
}
