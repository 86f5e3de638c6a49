/* SPDX-License-Identifier: MIT */
/* The stack: PUSH, POP, PUSHF, POPF, ENTER, LEAVE, CALL, RET. */
#include "insn.h"

#include <test.h>
#include <x86/cr.h>

SUITE("Stack");

/* What a push of the native width moves SP by. */
#define SLOT ((ulong)sizeof(ulong))

/* Text: SP into this register. */
#define SP_TO(register) "mov " NATIVE("sp") ", " NATIVE(register) "; "

TEST(push_pop_registers, "PUSH stores below SP and lowers it by the operand's size, POP undoes it",
     SPEC("SDM vol. 2B, PUSH, POP"))
{
	const ulong value = (ulong)0x1122334455667788;
	struct registers r = { .ax = value, .flags = FLAG_1 | ALU_STATUS };

	SUBTEST("native");
	EXPECT_NO_FAULT(
		execute_try(CODE(SP_TO("si") "push " NATIVE("ax") "; " SP_TO("di") "mov (" NATIVE(
				    "sp") "), " NATIVE("cx") "; "
							     "pop " NATIVE("bx") "; " SP_TO("dx")),
			    &r));
	EXPECT_EQ(r.di, r.si - SLOT);
	EXPECT_EQ(r.dx, r.si);
	EXPECT_EQ(r.cx, value);
	EXPECT_EQ(r.bx, value);
	EXPECT_EQ(r.flags, FLAG_1 | ALU_STATUS);

	SUBTEST("16_bits");
	r = (struct registers){ .ax = value, .bx = ~0ul, .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(
		CODE(SP_TO("si") "pushw %%ax; " SP_TO("di") "popw %%bx; " SP_TO("dx")), &r));
	EXPECT_EQ(r.di, r.si - 2);
	EXPECT_EQ(r.dx, r.si);
	EXPECT_EQ(r.bx, (~0ul & ~0xfffful) | 0x7788);
}

TEST(push_sp, "PUSH of SP stores the value before the push, POP of SP loads what was stored",
     SPEC("SDM vol. 2B, PUSH, POP"))
{
	struct registers r = { .flags = FLAG_1 };

	execute(CODE(SP_TO("ax") "push " NATIVE("sp") "; pop " NATIVE("cx")), &r);
	EXPECT_EQ(r.cx, r.ax);

	r = (struct registers){ .flags = FLAG_1 };
	execute(CODE(SP_TO("bx") "lea -64(" NATIVE("sp") "), " NATIVE("ax") "; push " NATIVE(
			"ax") "; pop " NATIVE("sp") "; " SP_TO("cx") "mov " NATIVE("bx") ", " NATIVE("sp")),
		&r);
	EXPECT_EQ(r.cx, r.ax);
}

TEST(push_memory, "PUSH and POP of memory; POP to an SP-based address uses SP after the increment",
     SPEC("SDM vol. 2B, PUSH, POP"))
{
	ulong memory[3] = { 1, (ulong)0x8877665544332211, 3 };
	struct registers r = { .di = (ulong)&memory[1], .ax = 0x1234, .flags = FLAG_1 };

	SUBTEST("push_m");
	execute(CODE("push " AT("di") "; pop " NATIVE("cx")), &r);
	EXPECT_EQ(r.cx, memory[1]);

	SUBTEST("pop_m");
	execute(CODE("push " NATIVE("ax") "; pop " AT("di")), &r);
	EXPECT_EQ(memory[0], 1u);
	EXPECT_EQ(memory[1], 0x1234u);
	EXPECT_EQ(memory[2], 3u);

	SUBTEST("pop_m_by_sp");
	r.ax = 0x5678;
	execute(CODE("push $0; push " NATIVE("ax") "; pop (" NATIVE("sp") "); pop " NATIVE("cx")),
		&r);
	EXPECT_EQ(r.cx, 0x5678u);
}

TEST(push_immediate, "PUSH sign-extends an immediate to the operand's size",
     SPEC("SDM vol. 2B, PUSH"))
{
	struct registers r = { .bx = 0, .flags = FLAG_1 };

	execute(CODE("push $-2; pop " NATIVE("ax")), &r);
	EXPECT_EQ(r.ax, (ulong)-2);
	execute(CODE("push $0x7f; pop " NATIVE("ax")), &r);
	EXPECT_EQ(r.ax, 0x7fu);
	execute(CODE("push $-0x12345678; pop " NATIVE("ax")), &r);
	EXPECT_EQ(r.ax, (ulong)-0x12345678l);
	execute(CODE(SP_TO("si") "pushw $-3; " SP_TO("di") "popw %%bx"), &r);
	EXPECT_EQ(r.di, r.si - 2);
	EXPECT_EQ(r.bx, 0xfffdu);
}

/* What POPF at CPL 0 can change and no case suffers from: status flags, DF, IOPL, NT, AC, ID. */
#define POPF_WRITABLE (ALU_STATUS | FLAG_DF | FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_ID)

TEST(popf,
     "POPF at CPL 0 sets what it is given, bit 1 stays set, reserved bits, RF and VM stay clear",
     SPEC("SDM vol. 2B, POPF/POPFD/POPFQ, PUSHF/PUSHFD/PUSHFQ; vol. 1, 3.4.3"))
{
	const ulong kept_clear = BIT(3) | BIT(5) | BIT(15) | FLAG_RF | FLAG_VM | BITS(31, 22);
	const void *code =
		CODE("push " NATIVE("ax") "; popf; pushf; pop " NATIVE("cx") "; push $2; popf");

	for_each_set_bit(bit, POPF_WRITABLE) {
		struct registers r = { .ax = (ulong)BIT(bit), .flags = FLAG_1 };

		execute(code, &r);
		EXPECT_EQ(r.cx, (ulong)BIT(bit) | FLAG_1, "bit %llu", bit);
	}
	for_each_set_bit(bit, kept_clear) {
		struct registers r = { .ax = (ulong)BIT(bit), .flags = FLAG_1 };

		execute(code, &r);
		EXPECT_EQ(r.cx, FLAG_1, "bit %llu", bit);
	}
}

TEST(popf_16, "16-bit POPF changes the lower half of the flags only",
     SPEC("SDM vol. 2B, POPF/POPFD/POPFQ"))
{
	struct registers r = { .ax = 0, .flags = FLAG_1 | FLAG_AC | FLAG_ID | ALU_STATUS };

	EXPECT_NO_FAULT(execute_try(CODE(SP_TO("si") "pushw %%ax; popfw; " SP_TO("di")), &r));
	EXPECT_EQ(r.flags, FLAG_1 | FLAG_AC | FLAG_ID);
	EXPECT_EQ(r.di, r.si);

	r = (struct registers){ .ax = ALU_STATUS, .flags = FLAG_1 };
	execute(CODE("pushw %%ax; popfw"), &r);
	EXPECT_EQ(r.flags, FLAG_1 | ALU_STATUS);
}

TEST(pushf_16, "16-bit PUSHF stores the lower half of the flags and lowers SP by 2",
     SPEC("SDM vol. 2B, PUSHF/PUSHFD/PUSHFQ"))
{
	struct registers r = { .ax = ~0ul, .flags = FLAG_1 | FLAG_ID | ALU_STATUS };

	EXPECT_NO_FAULT(execute_try(CODE(SP_TO("si") "pushfw; " SP_TO("di") "popw %%ax"), &r));
	EXPECT_EQ(r.di, r.si - 2);
	EXPECT_EQ(r.ax, (~0ul & ~0xfffful) | FLAG_1 | ALU_STATUS);
}

TEST(pushf_rf, "PUSHF stores RF and VM as 0", SPEC("SDM vol. 2B, PUSHF/PUSHFD/PUSHFQ"))
{
	struct registers r = { .flags = FLAG_1 };

	execute(CODE("pushf; pop " NATIVE("ax")), &r);
	EXPECT_EQ(r.ax & (FLAG_RF | FLAG_VM), 0u);
}

/* After ENTER: SI the SP before, AX the new BP, CX the new SP, DX what is at the new BP. */
#define ENTER(size, level)                                                                        \
	CODE(SP_TO("si") "enter $" #size ", $" #level                                             \
			 "; mov " NATIVE("bp") ", " NATIVE("ax") "; " SP_TO("cx") "mov (" NATIVE( \
				 "bp") "), " NATIVE("dx") "; leave; " SP_TO("di"))

TEST(enter_leave, "ENTER pushes BP, points it there and makes room; LEAVE undoes all of it",
     SPEC("SDM vol. 2A, ENTER, LEAVE"))
{
	const struct {
		const char *name;
		const void *code;
		ulong size;
	} table[] = {
		{ "enter_0_0", ENTER(0, 0), 0 },
		{ "enter_8_0", ENTER(8, 0), 8 },
		{ "enter_1024_0", ENTER(1024, 0), 1024 },
		{ "enter_32_32", ENTER(32, 32), 32 }, /* the level is taken modulo 32 */
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct registers r = { .bp = 0x1234567, .flags = FLAG_1 | ALU_STATUS };

		SUBTEST("%s", table[i].name);
		EXPECT_NO_FAULT(execute_try(table[i].code, &r));
		EXPECT_EQ(r.ax, r.si - SLOT);
		EXPECT_EQ(r.cx, r.si - SLOT - table[i].size);
		EXPECT_EQ(r.dx, 0x1234567u);
		EXPECT_EQ(r.bp, 0x1234567u);
		EXPECT_EQ(r.di, r.si);
		EXPECT_EQ(r.flags, FLAG_1 | ALU_STATUS);
	}
}

/* Text: what is at BP plus an offset into this register. */
#define FROM_FRAME(offset, register) "mov " offset "(" NATIVE("bp") "), " NATIVE(register) "; "

TEST(enter_levels,
     "ENTER with a level copies the frame pointers of the outer frames and adds its own",
     SPEC("SDM vol. 2A, ENTER"))
{
	/* Outer display: level 3 copies the two slots below the one BP points to. */
	ulong display[4] = { 0, 0x333, 0x222, 0x111 };
	struct registers r = { .bp = (ulong)&display[3], .flags = FLAG_1 };

	EXPECT_NO_FAULT(execute_try(
		CODE(SP_TO("si") "enter $16, $3; mov " NATIVE("bp") ", " NATIVE("ax") "; " SP_TO(
			     "cx") FROM_FRAME("0", "dx") FROM_FRAME("-%c1",
								    "bx") FROM_FRAME("-2*%c1", "di")
			     FROM_FRAME("-3*%c1", "bp") "push " NATIVE("bp") "; pop " NATIVE(
				     "bp") "; mov " NATIVE("si") ", " NATIVE("sp"),
		     "i"(sizeof(ulong))),
		&r));
	EXPECT_EQ(r.ax, r.si - SLOT);
	EXPECT_EQ(r.cx, r.si - 4 * SLOT - 16);
	EXPECT_EQ(r.dx, (ulong)&display[3]);
	EXPECT_EQ(r.bx, 0x222u);
	EXPECT_EQ(r.di, 0x333u);
	EXPECT_EQ(r.bp, r.ax);
}

TEST(call_ret, "CALL pushes the address after it; RET n drops n bytes more",
     SPEC("SDM vol. 2, CALL, RET"))
{
	struct registers r = { .flags = FLAG_1 | ALU_STATUS };

	SUBTEST("near");
	EXPECT_NO_FAULT(
		execute_try(CODE(SP_TO("si") "call 2f; 1: " SP_TO("di") "jmp 3f; 2: mov (" NATIVE(
				    "sp") "), " NATIVE("ax") "; " SP_TO("cx") "ret; 3: "
									      "mov $1b, %%ebx"),
			    &r));
	EXPECT_EQ(r.ax, r.bx);
	EXPECT_EQ(r.cx, r.si - SLOT);
	EXPECT_EQ(r.di, r.si);
	EXPECT_EQ(r.flags, FLAG_1 | ALU_STATUS);

	SUBTEST("indirect");
	r = (struct registers){ .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(
		CODE(SP_TO("si") "mov $2f, %%eax; call *" NATIVE("ax") "; 1: " SP_TO(
			"di") "jmp 3f; 2: pop " NATIVE("cx") "; push " NATIVE("cx") "; ret; 3: mov $1b, %%ebx"),
		&r));
	EXPECT_EQ(r.cx, r.bx);
	EXPECT_EQ(r.di, r.si);

	SUBTEST("ret_imm16");
	r = (struct registers){ .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(CODE(SP_TO("si") "push $1; push $2; call 2f; " SP_TO(
						 "di") "jmp 3f; 2: ret $%c1; 3:",
					 "i"(2 * sizeof(ulong))),
				    &r));
	EXPECT_EQ(r.di, r.si);
}
