/* SPDX-License-Identifier: MIT */
/* Encodings that are #UD on every processor: the undefined instructions, and prefixes and
 * operands that an instruction does not take. */
#include <test.h>

#include <string.h>
#include <x86/cr.h>

SUITE("Undefined encodings");

struct encoding {
	const char *name;
	u8 size, code[10];
};

/* A register operand of ModRM is EAX; a memory operand is [EAX], which holds `operand`. */
static u8 code[16];
static u64 operand[4];

/* An emulator that executes the encoding instead finds operands that do no harm. */
static void run_code(void *arg)
{
	ulong ax = (ulong)operand, cx = 1, dx = 0, si = (ulong)operand, di = (ulong)operand;

	(void)arg;
	__asm__ volatile("call *%5"
			 : "+a"(ax), "+c"(cx), "+d"(dx), "+S"(si), "+D"(di)
			 : "b"(code)
			 : "memory", "cc");
}

static void expect_ud(const struct encoding *e, size_t count, bool at_user)
{
	for (size_t i = 0; i < count; i++) {
		SUBTEST("%s", e[i].name);
		memset(code, 0xc3, sizeof(code)); /* RET */
		memcpy(code, e[i].code, e[i].size);
		EXPECT_FAULT(UD, fault_of(run_code, NULL));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
		if (at_user) {
			EXPECT_FAULT(UD, run_user(run_code, NULL));
			EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
		}
	}
}

TEST(undefined_instructions, "UD0, UD1 and UD2 are #UD", SPEC("SDM vol. 2B, UD"))
{
	static const struct encoding encodings[] = {
		{ "ud0-register", 3, { 0x0f, 0xff, 0xc0 } },
		{ "ud0-memory", 3, { 0x0f, 0xff, 0x00 } },
		{ "ud1-register", 3, { 0x0f, 0xb9, 0xc0 } },
		{ "ud1-memory", 3, { 0x0f, 0xb9, 0x00 } },
		{ "ud2", 2, { 0x0f, 0x0b } },
	};

	expect_ud(encodings, ARRAY_SIZE(encodings), true);
}

/* BTS, BTR, BTC and CMPXCHG with a register abort QEMU 7.2 itself, so they are not here. */
TEST(lock_on_register, "LOCK with a register destination is #UD", SPEC("SDM vol. 2A, LOCK"))
{
	static const struct encoding encodings[] = {
		{ "add", 3, { 0xf0, 0x01, 0xc0 } },  { "or", 3, { 0xf0, 0x09, 0xc0 } },
		{ "adc", 3, { 0xf0, 0x11, 0xc0 } },  { "sbb", 3, { 0xf0, 0x19, 0xc0 } },
		{ "and", 3, { 0xf0, 0x21, 0xc0 } },  { "sub", 3, { 0xf0, 0x29, 0xc0 } },
		{ "xor", 3, { 0xf0, 0x31, 0xc0 } },  { "add-imm", 4, { 0xf0, 0x83, 0xc0, 1 } },
		{ "inc", 3, { 0xf0, 0xff, 0xc0 } },  { "dec", 3, { 0xf0, 0xff, 0xc8 } },
		{ "not", 3, { 0xf0, 0xf7, 0xd0 } },  { "neg", 3, { 0xf0, 0xf7, 0xd8 } },
		{ "xchg", 3, { 0xf0, 0x87, 0xc0 } }, { "xadd", 4, { 0xf0, 0x0f, 0xc1, 0xc0 } },
	};

	expect_ud(encodings, ARRAY_SIZE(encodings), true);
}

TEST(lock_on_other_instruction, "LOCK with an instruction that does not take it is #UD",
     SPEC("SDM vol. 2A, LOCK"))
{
	static const struct encoding encodings[] = {
		{ "nop", 2, { 0xf0, 0x90 } },
		{ "mov-store", 3, { 0xf0, 0x89, 0x00 } },
		{ "mov-load", 3, { 0xf0, 0x8b, 0x00 } },
		{ "add-to-register", 3, { 0xf0, 0x03, 0x00 } },
		{ "cmp", 3, { 0xf0, 0x39, 0x00 } },
		{ "cmp-imm", 4, { 0xf0, 0x83, 0x38, 0 } },
		{ "test", 3, { 0xf0, 0x85, 0x00 } },
		{ "bt", 4, { 0xf0, 0x0f, 0xa3, 0x00 } },
		{ "bt-imm", 5, { 0xf0, 0x0f, 0xba, 0x20, 0 } },
		{ "lea", 3, { 0xf0, 0x8d, 0x00 } },
		{ "shl", 3, { 0xf0, 0xd1, 0x20 } },
		{ "mul", 3, { 0xf0, 0xf7, 0x20 } },
		{ "movs", 2, { 0xf0, 0xa4 } },
		{ "int3", 2, { 0xf0, 0xcc } },
		{ "ud2", 3, { 0xf0, 0x0f, 0x0b } },
		{ "cpuid", 3, { 0xf0, 0x0f, 0xa2 } },
	};

	expect_ud(encodings, ARRAY_SIZE(encodings), true);
}

TEST(undefined_operands, "operand forms that an instruction does not have are #UD",
     SPEC("SDM vol. 2, LEA, MOV, CMPXCHG8B, LDS, LIDT; vol. 2D, A.4"))
{
	static const struct encoding encodings[] = {
		{ "lea-register", 2, { 0x8d, 0xc0 } },
		{ "mov-to-cs", 2, { 0x8e, 0xc8 } },
		{ "mov-to-segment-6", 2, { 0x8e, 0xf0 } },
		{ "mov-to-segment-7", 2, { 0x8e, 0xf8 } },
		{ "mov-from-segment-6", 2, { 0x8c, 0xf0 } },
		{ "mov-from-segment-7", 2, { 0x8c, 0xf8 } },
		{ "group5-7", 2, { 0xff, 0xf8 } },
		{ "far-call-register", 2, { 0xff, 0xd8 } },
		{ "far-jmp-register", 2, { 0xff, 0xe8 } },
		{ "group4-2", 2, { 0xfe, 0xd0 } },
		{ "group8-0", 4, { 0x0f, 0xba, 0xc0, 0 } },
		{ "group8-3", 4, { 0x0f, 0xba, 0xd8, 0 } },
		{ "group6-6", 3, { 0x0f, 0x00, 0xf0 } },
		{ "group6-7", 3, { 0x0f, 0x00, 0xf8 } },
		{ "lss-register", 3, { 0x0f, 0xb2, 0xc0 } },
		{ "lfs-register", 3, { 0x0f, 0xb4, 0xc0 } },
	};

	expect_ud(encodings, ARRAY_SIZE(encodings), true);
}

/* At CPL 3, #GP(0) may come first. */
TEST(undefined_control_registers, "MOV from and to control registers that do not exist is #UD",
     SPEC("SDM vol. 2B, MOV to/from control registers"))
{
	static const struct encoding encodings[] = {
		{ "from-cr1", 3, { 0x0f, 0x20, 0xc8 } }, { "from-cr5", 3, { 0x0f, 0x20, 0xe8 } },
		{ "from-cr6", 3, { 0x0f, 0x20, 0xf0 } }, { "from-cr7", 3, { 0x0f, 0x20, 0xf8 } },
		{ "to-cr1", 3, { 0x0f, 0x22, 0xc8 } },	 { "to-cr5", 3, { 0x0f, 0x22, 0xe8 } },
		{ "to-cr6", 3, { 0x0f, 0x22, 0xf0 } },	 { "to-cr7", 3, { 0x0f, 0x22, 0xf8 } },
	};

	expect_ud(encodings, ARRAY_SIZE(encodings), false);
}
