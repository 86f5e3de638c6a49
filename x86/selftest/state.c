/* SPDX-License-Identifier: MIT */
/* What the reset of x86 has to do without: tables that a case has broken. */
#include <test.h>

#include <harness/state.h>
#include <sys/cpu.h>
#include <sys/landing.h>
#include <x86/desc.h>

SUITE("The state that a case starts from, x86");

static u32 number_there;

static void lose_gdt(void *arg)
{
	static u64 short_table[3];
	struct desc_table_register gdtr = { sizeof(short_table) - 1, (ulong)short_table };

	(void)arg;
	__asm__ volatile("lgdt %0" : : "m"(gdtr) : "memory");
	number_there = this_cpu()->number;
	landing_end();
}

static void lose_gdt_and_end(void *arg)
{
	struct landing landing = { .kind = LANDING_END };

	if (landing_set(&landing))
		lose_gdt(arg);
	landing_clear(&landing);
	state_reset();
}

TEST(state_after_short_gdt, "a case that ends with a GDT of three null entries ends on its own CPU",
     SPEC("lib/x86/arch/cpu.h, arch_this_cpu_number()"))
{
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		number_there = ~0u;
		run_on_cpu(cpu, lose_gdt_and_end, NULL);
		EXPECT_EQ(number_there, cpu);
	}
	EXPECT_EQ(desc_changed(), NULL);
}
