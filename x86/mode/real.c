/* SPDX-License-Identifier: MIT */
#include <test.h>

#include <x86/cr.h>
#include <x86/mode.h>

SUITE("Real mode");

TEST(real_runs, "real mode works", SPEC("SDM vol. 3B, 20.1"))
{
	struct mode m;

	mode_init(&m, MODE_REAL);
	m.eax = 0x12345678;
	EXPECT_NO_FAULT(mode_run(&m, CODE16("addl %%eax, %%eax\n smsw %%bx\n")));
	EXPECT_EQ(m.eax, 0x2468acf0);
	EXPECT_EQ(m.esp, 0x8000);
	EXPECT_EQ(m.ebx, 0x30);
	mode_init(&m, MODE_VM86);
	m.eax = 0x12345678;
	EXPECT_NO_FAULT(mode_run(&m, CODE16("addl %%eax, %%eax\n")));
	EXPECT_EQ(m.eax, 0x2468acf0);
	EXPECT_EQ(m.esp, 0x8000);
	mode_init(&m, MODE_16);
	m.eax = 0x12345678;
	EXPECT_NO_FAULT(mode_run(&m, CODE16("addl %%eax, %%eax\n")));
	EXPECT_EQ(m.eax, 0x2468acf0);
	mode_init(&m, MODE_32);
	m.eax = 0x12345678;
	EXPECT_NO_FAULT(mode_run(&m, CODE32("addl %%eax, %%eax\n")));
	EXPECT_EQ(m.eax, 0x2468acf0);
	mode_init(&m, MODE_32_USER);
	m.eax = 0x12345678;
	EXPECT_NO_FAULT(mode_run(&m, CODE32("addl %%eax, %%eax\n")));
	EXPECT_EQ(m.eax, 0x2468acf0);
}
