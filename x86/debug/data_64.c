/* SPDX-License-Identifier: MIT */
/* Breakpoints compare all 64 bits of the address. SDM vol. 3B, 17.2.6. */
#include <x86/debug.h>

SUITE("Breakpoints in 64-bit mode");

static u32 watched;

static void store(void *arg)
{
	(void)arg;
	WRITE_ONCE(watched, 1);
}

TEST(all_address_bits, "a breakpoint at an address that differs in one high bit alone does not hit",
     SPEC("SDM vol. 3B, 17.2.6"))
{
	static const u8 nops[] = { 0x90, 0x90 };

	debug_set_code(nops, sizeof(nops));
	for (u32 bit = 28; bit < 64; bit++) {
		SUBTEST("data-bit%u", bit);
		debug_break(0, (ulong)&watched ^ BIT(bit), BREAK_ACCESS, 4);
		EXPECT_NO_FAULT(fault_of(store, NULL));
		debug_end();
		EXPECT_EQ(debug_count, 0u);
		SUBTEST("execute-bit%u", bit);
		debug_break(0, (ulong)debug_code ^ BIT(bit), BREAK_EXECUTE, 1);
		EXPECT_NO_FAULT(fault_of(debug_run_code, NULL));
		debug_end();
		EXPECT_EQ(debug_count, 0u);
	}
}
