/* SPDX-License-Identifier: MIT */
/* LOCK: the instructions that take it, which do with memory only. SDM vol. 2A, LOCK has the list. */
#include "encoding.h"

#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>

SUITE("The LOCK prefix");

#define LOCK	  0xf0
#define MEMORY(r) ((r) << 3 | 6)	/* [SI] */
#define DIRECT(r) (0xc0 | (r) << 3 | 7) /* DI */

struct lockable {
	const char *name;
	u8 size, opcode[3];
	u8 reg;	      /* of ModRM: a register, or part of the opcode */
	u8 immediate; /* bytes */
	bool kills;   /* with a register, QEMU 7.2 itself */
};

static const struct lockable lockable[] = {
	{ "add8", 1, { 0x00 }, 1, 0, 0 },
	{ "add", 1, { 0x01 }, 1, 0, 0 },
	{ "or8", 1, { 0x08 }, 1, 0, 0 },
	{ "or", 1, { 0x09 }, 1, 0, 0 },
	{ "adc8", 1, { 0x10 }, 1, 0, 0 },
	{ "adc", 1, { 0x11 }, 1, 0, 0 },
	{ "sbb8", 1, { 0x18 }, 1, 0, 0 },
	{ "sbb", 1, { 0x19 }, 1, 0, 0 },
	{ "and8", 1, { 0x20 }, 1, 0, 0 },
	{ "and", 1, { 0x21 }, 1, 0, 0 },
	{ "sub8", 1, { 0x28 }, 1, 0, 0 },
	{ "sub", 1, { 0x29 }, 1, 0, 0 },
	{ "xor8", 1, { 0x30 }, 1, 0, 0 },
	{ "xor", 1, { 0x31 }, 1, 0, 0 },
	{ "add8_imm", 1, { 0x80 }, 0, 1, 0 },
	{ "or8_imm", 1, { 0x80 }, 1, 1, 0 },
	{ "adc8_imm", 1, { 0x80 }, 2, 1, 0 },
	{ "sbb8_imm", 1, { 0x80 }, 3, 1, 0 },
	{ "and8_imm", 1, { 0x80 }, 4, 1, 0 },
	{ "sub8_imm", 1, { 0x80 }, 5, 1, 0 },
	{ "xor8_imm", 1, { 0x80 }, 6, 1, 0 },
	{ "add_imm32", 1, { 0x81 }, 0, 4, 0 },
	{ "or_imm32", 1, { 0x81 }, 1, 4, 0 },
	{ "adc_imm32", 1, { 0x81 }, 2, 4, 0 },
	{ "sbb_imm32", 1, { 0x81 }, 3, 4, 0 },
	{ "and_imm32", 1, { 0x81 }, 4, 4, 0 },
	{ "sub_imm32", 1, { 0x81 }, 5, 4, 0 },
	{ "xor_imm32", 1, { 0x81 }, 6, 4, 0 },
	{ "add_imm8", 1, { 0x83 }, 0, 1, 0 },
	{ "or_imm8", 1, { 0x83 }, 1, 1, 0 },
	{ "adc_imm8", 1, { 0x83 }, 2, 1, 0 },
	{ "sbb_imm8", 1, { 0x83 }, 3, 1, 0 },
	{ "and_imm8", 1, { 0x83 }, 4, 1, 0 },
	{ "sub_imm8", 1, { 0x83 }, 5, 1, 0 },
	{ "xor_imm8", 1, { 0x83 }, 6, 1, 0 },
	{ "inc8", 1, { 0xfe }, 0, 0, 0 },
	{ "dec8", 1, { 0xfe }, 1, 0, 0 },
	{ "inc", 1, { 0xff }, 0, 0, 0 },
	{ "dec", 1, { 0xff }, 1, 0, 0 },
	{ "not8", 1, { 0xf6 }, 2, 0, 0 },
	{ "neg8", 1, { 0xf6 }, 3, 0, 0 },
	{ "not", 1, { 0xf7 }, 2, 0, 0 },
	{ "neg", 1, { 0xf7 }, 3, 0, 0 },
	{ "xchg8", 1, { 0x86 }, 1, 0, 0 },
	{ "xchg", 1, { 0x87 }, 1, 0, 0 },
	{ "xadd8", 2, { 0x0f, 0xc0 }, 1, 0, 0 },
	{ "xadd", 2, { 0x0f, 0xc1 }, 1, 0, 0 },
	{ "cmpxchg8", 2, { 0x0f, 0xb0 }, 1, 0, 1 },
	{ "cmpxchg", 2, { 0x0f, 0xb1 }, 1, 0, 1 },
	{ "bts", 2, { 0x0f, 0xab }, 1, 0, 1 },
	{ "btr", 2, { 0x0f, 0xb3 }, 1, 0, 1 },
	{ "btc", 2, { 0x0f, 0xbb }, 1, 0, 1 },
	{ "bts_imm8", 2, { 0x0f, 0xba }, 5, 1, 1 },
	{ "btr_imm8", 2, { 0x0f, 0xba }, 6, 1, 1 },
	{ "btc_imm8", 2, { 0x0f, 0xba }, 7, 1, 1 },
	{ "cmpxchg8b", 2, { 0x0f, 0xc7 }, 1, 0, 0 },
};

/* LOCK, the opcode, this ModRM, and an immediate of zeros. */
static struct encoding encode(const struct lockable *l, u8 modrm)
{
	struct encoding e = { .name = l->name, .size = 1, .code = { LOCK } };

	for (u32 i = 0; i < l->size; i++)
		e.code[e.size++] = l->opcode[i];
	e.code[e.size++] = modrm;
	e.size += l->immediate;
	return e;
}

TEST(lock_memory, "every instruction that takes LOCK takes it with memory, at CPL 0 and 3",
     SPEC("SDM vol. 2A, LOCK"), REQUIRES(cpu_has(X86_FEATURE_CX8)))
{
	for (u32 i = 0; i < ARRAY_SIZE(lockable); i++) {
		struct encoding e = encode(&lockable[i], MEMORY(lockable[i].reg));
		struct registers r;

		SUBTEST("%s", e.name);
		r = encoding_registers();
		EXPECT_NO_FAULT(execute_try(code_bytes(e.code, e.size), &r));
		r = encoding_registers();
		EXPECT_NO_FAULT(execute_in(USER, code_bytes(e.code, e.size), &r));
		if (place_missing(FORCED))
			continue;
		SUBTEST("%s.forced", e.name);
		r = encoding_registers();
		EXPECT_NO_FAULT(execute_in(FORCED, encoding_code(&e, FORCED), &r));
	}
}

static void register_forms(bool kills)
{
	for (u32 i = 0; i < ARRAY_SIZE(lockable); i++) {
		struct encoding e = encode(&lockable[i], DIRECT(lockable[i].reg));

		if (lockable[i].kills == kills)
			encodings_fault(&e, 1, UD, true);
	}
}

TEST(lock_register_forms,
     "LOCK with a register as the destination is #UD, whatever the instruction",
     SPEC("SDM vol. 2A, LOCK"))
{
	register_forms(false);
}

TEST(lock_register_forms_of_bits, "LOCK BTS, BTR, BTC and CMPXCHG with a register are #UD",
     SPEC("SDM vol. 2A, LOCK"))
{
	register_forms(true);
}

TEST(lock_load_forms,
     "LOCK of arithmetic with a register as destination and a source in memory is #UD",
     SPEC("SDM vol. 2A, LOCK"))
{
	static const struct encoding table[] = {
		{ "add", 3, { LOCK, 0x03, MEMORY(1) } },
		{ "add8", 3, { LOCK, 0x02, MEMORY(1) } },
		{ "or", 3, { LOCK, 0x0b, MEMORY(1) } },
		{ "or8", 3, { LOCK, 0x0a, MEMORY(1) } },
		{ "adc", 3, { LOCK, 0x13, MEMORY(1) } },
		{ "adc8", 3, { LOCK, 0x12, MEMORY(1) } },
		{ "sbb", 3, { LOCK, 0x1b, MEMORY(1) } },
		{ "sbb8", 3, { LOCK, 0x1a, MEMORY(1) } },
		{ "and", 3, { LOCK, 0x23, MEMORY(1) } },
		{ "and8", 3, { LOCK, 0x22, MEMORY(1) } },
		{ "sub", 3, { LOCK, 0x2b, MEMORY(1) } },
		{ "sub8", 3, { LOCK, 0x2a, MEMORY(1) } },
		{ "xor", 3, { LOCK, 0x33, MEMORY(1) } },
		{ "xor8", 3, { LOCK, 0x32, MEMORY(1) } },
		{ "add_al_imm8", 3, { LOCK, 0x04, 0x01 } },
		{ "add_eax_imm32", 6, { LOCK, 0x05, 1, 0, 0, 0 } },
		{ "sub_al_imm8", 3, { LOCK, 0x2c, 0x01 } },
		{ "xor_eax_imm32", 6, { LOCK, 0x35, 1, 0, 0, 0 } },
		{ "cmp_store", 3, { LOCK, 0x39, MEMORY(1) } },
		{ "cmp_load", 3, { LOCK, 0x3b, MEMORY(1) } },
		{ "cmp_imm8", 4, { LOCK, 0x80, MEMORY(7), 0 } },
	};

	encodings_fault(table, ARRAY_SIZE(table), UD, true);
}

TEST(lock_other_forms, "LOCK with an instruction that never takes it is #UD",
     SPEC("SDM vol. 2A, LOCK"))
{
	static const struct encoding table[] = {
		{ "mov_imm", 4, { LOCK, 0xc6, MEMORY(0), 0 } },
		{ "mov_r_imm", 6, { LOCK, 0xb8, 0, 0, 0, 0 } },
		{ "movzx", 4, { LOCK, 0x0f, 0xb6, MEMORY(1) } },
		{ "test_imm", 4, { LOCK, 0xf6, MEMORY(0), 0 } },
		{ "imul", 4, { LOCK, 0x0f, 0xaf, MEMORY(1) } },
		{ "rol", 3, { LOCK, 0xd0, MEMORY(0) } },
		{ "shld", 5, { LOCK, 0x0f, 0xa4, MEMORY(1), 1 } },
		{ "bsf", 4, { LOCK, 0x0f, 0xbc, MEMORY(1) } },
		{ "bt_r", 4, { LOCK, 0x0f, 0xa3, MEMORY(1) } },
		{ "bt_imm8", 5, { LOCK, 0x0f, 0xba, MEMORY(4), 0 } },
		{ "setcc", 4, { LOCK, 0x0f, 0x94, MEMORY(0) } },
		{ "cmovcc", 4, { LOCK, 0x0f, 0x44, MEMORY(1) } },
		{ "bswap", 3, { LOCK, 0x0f, 0xc8 } },
		{ "cbw", 2, { LOCK, 0x98 } },
		{ "lahf", 2, { LOCK, 0x9f } },
		{ "stc", 2, { LOCK, 0xf9 } },
		{ "lods", 2, { LOCK, 0xac } },
		{ "cmps", 2, { LOCK, 0xa6 } },
		{ "xchg_accumulator", 2, { LOCK, 0x91 } },
		{ "nop", 2, { LOCK, 0x90 } },
		{ "nop_long", 4, { LOCK, 0x0f, 0x1f, MEMORY(0) } },
		{ "jmp", 3, { LOCK, 0xeb, 0 } },
	};

	encodings_fault(table, ARRAY_SIZE(table), UD, true);
}
