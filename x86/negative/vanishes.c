/* SPDX-License-Identifier: MIT */
/* How an x86 machine goes away in the middle of a case, and how a case breaks the CPU under
 * itself. */
#include <test.h>

#include <dev/acpi.h>
#include <mm/page.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/io.h>

SUITE("x86: cases that crash, fault and leak");

#define VEC_TEST 0x60

static void triple_fault(void *unused)
{
	struct desc_table_register none = { 0, 0 };

	(void)unused;
	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}

TEST(triple_faults, "a triple fault is a CRASH, and the cases after it run")
{
	EXPECT(true);
	triple_fault(NULL);
}

TEST(triple_faults_on_other_cpu, "a triple fault of another CPU is a CRASH of the running case",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, triple_fault, NULL);
}

TEST(resets, "a reset of the machine in the middle of a case is a CRASH")
{
	EXPECT(true);
	outb(0xcf9, 0x02);
	outb(0xcf9, 0x06);
	delay_us(1000000);
	FAIL("the reset control register at 0xcf9 does nothing here");
}

TEST(powers_off, "power off in the middle of a case is a CRASH", REQUIRES(acpi_pm1a_control_port()))
{
	u8 soft_off;

	EXPECT(acpi_soft_off_type(&soft_off));
	outw(acpi_pm1a_control_port(), ACPI_PM1_SLEEP(soft_off));
	delay_us(1000000);
	FAIL("still on");
}

TEST(halts, "a CPU that halts with interrupts off is a TIMEOUT")
{
	EXPECT(true);
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void halt_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		__asm__ volatile("cli; hlt");
}

TEST(halts_on_other_cpu, "another CPU that halts while the case waits for it is a TIMEOUT",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, halt_for_ever, NULL);
}

/* ----------------------------------------------------------------- exceptions that nobody
 * expected */

static void raise_ud(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

TEST(faults_in_kernel,
     "#UD in the kernel that nobody expected is a FAIL with registers and a backtrace")
{
	EXPECT(true);
	raise_ud(NULL);
}

/* A fault at user privilege is run_user()'s value; that it is not looked at does not make it
 * pass. */
TEST(faults_at_user, "a fault at user privilege that was not expected there is a FAIL")
{
	EXPECT_NO_FAULT(run_user(raise_ud, NULL));
}

static void fault_in_handler(struct trap_frame *frame)
{
	(void)frame;
	raise_ud(NULL);
}

TEST(faults_in_exception_handler, "an unexpected exception in an exception's handler is a FAIL")
{
	EXPECT(true);
	trap_set_handler(VEC_BP, fault_in_handler);
	__asm__ volatile("int3");
	FAIL("came back");
}

TEST(faults_in_interrupt_handler, "an unexpected exception in an interrupt's handler is a FAIL",
     REQUIRES(cpu_has(X86_FEATURE_APIC)))
{
	EXPECT(true);
	trap_set_handler(VEC_TEST, fault_in_handler);
	apic_send_vector(0, VEC_TEST);
	__asm__ volatile("sti" : : : "memory");
	delay_us(100000);
	FAIL("came back");
}

TEST(unexpected_interrupt, "an interrupt without a handler is a FAIL",
     REQUIRES(cpu_has(X86_FEATURE_APIC)))
{
	EXPECT(true);
	apic_send_vector(0, VEC_TEST);
	__asm__ volatile("sti" : : : "memory");
	delay_us(100000);
	FAIL("no interrupt came");
}

static void do_nothing(void *unused)
{
	(void)unused;
}

TEST(interrupts_idle_cpu, "an interrupt without a handler at a CPU that waits for work is a FAIL",
     REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_count() > 1))
{
	run_on_cpu(1, do_nothing, NULL);
	EXPECT(true);
	apic_send_vector(1, VEC_TEST);
	delay_us(100000);
	run_on_cpu(1, do_nothing, NULL);
}

static void break_stack(void *unused)
{
	(void)unused;
	__asm__ volatile("mov %0, %%esp; ud2" : : "r"(0x800) : "memory");
}

TEST(breaks_stack, "a stack pointer into nothing is a FAIL by a double fault, not a CRASH")
{
	EXPECT(true);
	break_stack(NULL);
}

TEST(breaks_stack_of_other_cpu, "a broken stack pointer of another CPU is a FAIL",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, break_stack, NULL);
}

/* ------------------------------------------------------------------------------------- leaks
 */

TEST(leaks_cr4, "a case that leaves CR4 changed is a PASS, and the leak is reported")
{
	EXPECT(true);
	write_cr4(read_cr4() | CR4_TSD);
}

TEST(leaks_flags, "a case that leaves flags changed is a PASS, and the leak is reported")
{
	EXPECT(true);
	write_flags(read_flags() | FLAG_AC | FLAG_IOPL);
}
