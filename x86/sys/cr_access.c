/* SPDX-License-Identifier: MIT */
/* MOV to and from control registers: forms, privilege, registers that there are not. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>

SUITE("MOV to and from control registers");

#define TO_CR	0x22
#define FROM_CR 0x20

#define REX_R 0x44

/* MOV between CRn and register 0 (AX), with the bits that `mod` has in place of 11b. */
static struct fault mov_cr(u32 cpl, u8 opcode, u32 number, u8 mod, struct registers *r)
{
	const u8 code[4] = { REX_R, 0x0f, opcode, (u8)(mod << 6 | (number & 7) << 3) };

	r->flags = FLAG_1;
	if (number >= 8)
		return execute_in(at_cpl(cpl), code_bytes(code, 4), r);
	return execute_in(at_cpl(cpl), code_bytes(code + 1, 3), r);
}

static bool exists(u32 number)
{
	return number == 0 || (number >= 2 && number <= 4) || number == 8;
}

static u32 registers(void)
{
	return sizeof(ulong) == 8 ? 16 : 8;
}

TEST(cr_absent, "CR1, CR5 to CR7 and CR9 to CR15 do not exist: #UD at CPL 0",
     SPEC("SDM vol. 2B, MOV to and from control registers"))
{
	for (u32 number = 0; number < registers(); number++) {
		struct registers r = { .ax = 1 };

		if (exists(number))
			continue;
		SUBTEST("cr%u-read", number);
		EXPECT_FAULT(UD, mov_cr(0, FROM_CR, number, 3, &r));
		EXPECT_EQ(trap_last_frame()->ax, 1ul);
		SUBTEST("cr%u-write", number);
		EXPECT_FAULT(UD, mov_cr(0, TO_CR, number, 3, &r));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
	}
}

static ulong read_cr(u32 number)
{
	struct registers r = { .ax = 0 };

	mov_cr(0, FROM_CR, number, 3, &r);
	return r.ax;
}

TEST(cr_at_cpl3, "MOV to or from a control register at CPL 3 is #GP(0), and changes nothing",
     SPEC("SDM vol. 2B, MOV to and from control registers"), BUG("CVE-2018-10853"))
{
	for (u32 number = 0; number < registers(); number++) {
		struct registers r = { .ax = 0x12345678 };
		ulong before;

		if (!exists(number))
			continue;
		before = read_cr(number);
		SUBTEST("cr%u-read", number);
		EXPECT_FAULT(GP(0), mov_cr(3, FROM_CR, number, 3, &r));
		EXPECT_EQ(trap_last_frame()->ax, 0x12345678ul);
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
		SUBTEST("cr%u-write", number);
		r.ax = before ^ 8;
		EXPECT_FAULT(GP(0), mov_cr(3, TO_CR, number, 3, &r));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
		EXPECT_EQ(read_cr(number), before);
	}
}

TEST(cr_mod_is_ignored, "the mod field does not matter: the operand is always a register",
     SPEC("SDM vol. 2B, MOV to and from control registers: the 2 bits in the mod field are ignored"))
{
	static const u8 numbers[] = { 0, 2, 3, 4 };

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		for (u8 mod = 0; mod <= 3; mod++) {
			struct registers r = { .ax = 0x1000 };
			ulong value;

			SUBTEST("cr%u-mod%u", numbers[i], mod);
			write_cr2(0x5a5a0008);
			value = read_cr(numbers[i]);
			EXPECT_NO_FAULT(mov_cr(0, FROM_CR, numbers[i], mod, &r));
			EXPECT_EQ(r.ax, value);
			/* Back, changed where that is easy to see. */
			r.ax = numbers[i] == 2 ? 0x12345678 : value;
			value = r.ax;
			EXPECT_NO_FAULT(mov_cr(0, TO_CR, numbers[i], mod, &r));
			EXPECT_EQ(read_cr(numbers[i]), value);
		}
}

TEST(cr_operand_size, "an operand-size prefix changes nothing, and 64-bit mode needs no REX.W",
     SPEC("SDM vol. 2B, MOV to and from control registers"))
{
	static const u8 prefixed[] = { 0x66, 0x0f, TO_CR, 0xd0, 0x66, 0x0f, FROM_CR, 0xd1 };
	struct registers r = { .ax = (ulong)0x123456789abcdef0ull, .cx = ~0ul, .flags = FLAG_1 };

	/* MOV CR2, AX and MOV CX, CR2, both with 66H. */
	EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(prefixed, sizeof(prefixed)), &r));
	EXPECT_EQ(read_cr2(), r.ax);
	EXPECT_EQ(r.cx, r.ax);
}

TEST(cr_registers, "each general register can be the operand", SPEC("SDM vol. 2B, MOV"))
{
	for (u8 reg = 0; reg < (sizeof(ulong) == 8 ? 16 : 8); reg++) {
		const u8 code[4] = { (u8)(0x40 | reg >> 3), 0x0f, TO_CR, (u8)(0xd0 | (reg & 7)) };
		/* `general` has no SP: it follows BX as number 4. */
		u32 index = reg < 4 ? reg : reg - 1u;
		struct registers r = { .flags = FLAG_1 };

		if (reg == 4)
			continue;
		SUBTEST("register-%u", reg);
		for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
			r.general[i] = 0x1000 + i;
		write_cr2(0);
		EXPECT_NO_FAULT(execute_in(
			KERNEL, code_bytes(reg < 8 ? code + 1 : code, reg < 8 ? 3 : 4), &r));
		EXPECT_EQ(read_cr2(), 0x1000ul + index);
	}
}

static const u8 lock_from_cr0[] = { 0xf0, 0x0f, FROM_CR, 0xc0 };
static const u8 lock_to_cr0[] = { 0xf0, 0x0f, TO_CR, 0xc0 };
static const u8 lock_from_cr2[] = { 0xf0, 0x0f, FROM_CR, 0xd0 };

TEST(cr8_by_lock, "LOCK MOV CR0 is MOV CR8 where CPUID has AltMovCr8, and #UD where not",
     SPEC("APM vol. 3, MOV CRn; SDM vol. 2A, LOCK"))
{
	struct registers r = { .ax = 9, .flags = FLAG_1 };
	ulong cr0 = read_cr0();

	if (!cpu_has(X86_FEATURE_ALTMOVCR8)) {
		EXPECT_FAULT(UD, execute_in(KERNEL,
					    code_bytes(lock_from_cr0, sizeof(lock_from_cr0)), &r));
		EXPECT_FAULT(UD,
			     execute_in(KERNEL, code_bytes(lock_to_cr0, sizeof(lock_to_cr0)), &r));
		EXPECT_EQ(read_cr0(), cr0);
		return;
	}
	EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(lock_to_cr0, sizeof(lock_to_cr0)), &r));
	EXPECT_EQ(read_cr0(), cr0);
	r.ax = 0;
	EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(lock_from_cr0, sizeof(lock_from_cr0)), &r));
	EXPECT_EQ(r.ax, 9ul);
	r.ax = 0;
	EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(lock_to_cr0, sizeof(lock_to_cr0)), &r));
	EXPECT_EQ(read_cr0(), cr0);
}

TEST(cr_lock_prefix, "LOCK with another control register is #UD", SPEC("SDM vol. 2A, LOCK"))
{
	struct registers r = { .flags = FLAG_1 };

	EXPECT_FAULT(UD, execute_in(KERNEL, code_bytes(lock_from_cr2, sizeof(lock_from_cr2)), &r));
}
