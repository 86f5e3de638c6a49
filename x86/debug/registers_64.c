/* SPDX-License-Identifier: MIT */
/* Debug registers of 64 bits. SDM vol. 3B, 17.2.6. */
#include <x86/debug.h>

SUITE("Debug registers in 64-bit mode");

TEST(upper_half_of_dr6_dr7, "a 1 in bits 63-32 written to DR6 or DR7 is #GP(0) and changes nothing",
     SPEC("SDM vol. 3B, 17.2.6"))
{
	for (u32 n = 6; n <= 7; n++) {
		const ulong reset = n == 6 ? DR6_RESET : DR7_RESET;

		SUBTEST("dr%u", n);
		for (u32 bit = 32; bit < 64; bit++) {
			ulong value = 0;

			EXPECT_FAULT(GP(0), write_dr_try(n, reset | 3 | BIT(bit)), "bit %u", bit);
			EXPECT_NO_FAULT(read_dr_try(n, &value));
			EXPECT_EQ(value, reset, "bit %u", bit);
		}
	}
}

TEST(operand_is_64_bits, "MOV of a debug register is of 64 bits without REX.W, and with 66h",
     SPEC("SDM vol. 2B, MOV to/from debug registers; vol. 3B, 17.2.6"))
{
	static const struct {
		const char *name;
		u8 size, code[4];
	} rows[] = {
		{ "plain", 3, { 0x0f, 0x21, 0xc0 } },
		{ "rex-w", 4, { 0x48, 0x0f, 0x21, 0xc0 } },
		{ "operand-16", 4, { 0x66, 0x0f, 0x21, 0xc0 } },
		/* The mod field is ignored: always a register. */
		{ "mod-0", 3, { 0x0f, 0x21, 0x00 } },
		{ "mod-1", 3, { 0x0f, 0x21, 0x40 } },
	};

	write_dr0(0x8877665544332211);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct debug_registers r = { .ax = ~0ul };

		SUBTEST("%s", rows[i].name);
		debug_set_code(rows[i].code, rows[i].size);
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		EXPECT_EQ(r.ax, 0x8877665544332211ul);
	}
	write_dr0(0);
}

TEST(no_dr8_to_dr15, "MOV from or to DR8-DR15 is #UD",
     SPEC("SDM vol. 2B, MOV to/from debug registers"))
{
	for (u32 n = 8; n < 16; n++)
		for (u8 write = 0; write <= 1; write++) {
			const u8 code[] = { 0x44, 0x0f, 0x21 | write << 1,
					    (u8)(0xc0 | (n - 8) << 3) };

			SUBTEST("%s-dr%u", write ? "write" : "read", n);
			debug_set_code(code, sizeof(code));
			EXPECT_FAULT(UD, fault_of(debug_run_code, NULL));
		}
}
