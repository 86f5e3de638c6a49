/* SPDX-License-Identifier: MIT */
/* Cases that do not come to an end, or take the machine with them. */
#include <test.h>

#include <arch/machine.h>
#include <sys/cpu.h>

SUITE("Cases that do not end");

static void loop(void *unused)
{
	(void)unused;
	arch_irq_save();
	for (;;)
		arch_relax();
}

static void loop_at_user(void *unused)
{
	(void)unused;
	for (;;)
		arch_relax();
}

TEST(hangs, "a case that never returns is a TIMEOUT, and the cases after it run")
{
	EXPECT(true);
	loop(NULL);
}

TEST(hangs_in_row, "a case that hangs in a row is a TIMEOUT; rows before it keep their results")
{
	SUBTEST("first");
	EXPECT(true);
	SUBTEST("second");
	loop(NULL);
}

TEST(hangs_on_other_cpu, "a case that waits for a CPU that never returns is a TIMEOUT",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, loop, NULL);
}

TEST(hangs_at_user, "a case whose user code never returns is a TIMEOUT")
{
	EXPECT(true);
	run_user(loop_at_user, NULL);
}

TEST(leaves_cpus_hanging,
     "a case that passes while other CPUs hang is a PASS, and the next one is not disturbed",
     REQUIRES(cpu_count() > 1))
{
	for (u32 number = 1; number < cpu_count(); number++)
		cpu_start_work(number, loop, NULL);
	EXPECT(true);
}

TEST(exits_as_passed, "a machine that says success in the middle of a case is a CRASH of that case")
{
	EXPECT(true);
	machine_exit(true);
}

TEST(exits_as_failed, "a machine that says failure in the middle of a case is a CRASH of that case")
{
	EXPECT(true);
	machine_exit(false);
}
