/* SPDX-License-Identifier: MIT */
/* What CPUs have for themselves while they run at the same time: exceptions, CR2, MSRs, debug registers. */
#include <test.h>

#include <string.h>
#include <sys/cpu.h>
#include <sys/lock.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>

SUITE("State of its own on every CPU", REQUIRES(cpu_count() > 1));

#define ROUNDS 25

static struct cpu_barrier meeting;
static u32 errors[MAX_CPUS];

static void begin(void)
{
	memset(&meeting, 0, sizeof(meeting));
	memset(errors, 0, sizeof(errors));
}

static void expect_no_errors(void)
{
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT_EQ(errors[cpu], 0, "CPU %u", cpu);
}

static void divide_by_zero(void *arg)
{
	(void)arg;
	__asm__ volatile("xorl %%edx, %%edx\n"
			 "xorl %%ecx, %%ecx\n"
			 "divl %%ecx"
			 :
			 :
			 : "eax", "ecx", "edx", "cc");
}

static void undefined(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

static void breakpoint(void *arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

static void fault_of_own_kind(void *arg)
{
	u32 self = this_cpu()->number;

	(void)arg;
	cpu_barrier_wait(&meeting, cpu_count());
	for (u32 round = 0; round < ROUNDS; round++) {
		struct fault fault, expected;

		switch (self % 3) {
		case 0:
			fault = fault_of(divide_by_zero, NULL);
			expected = DE;
			break;
		case 1:
			fault = fault_of(undefined, NULL);
			expected = UD;
			break;
		default:
			fault = fault_of(breakpoint, NULL);
			expected = BP;
		}
		errors[self] += !fault_matches(expected, fault);
	}
}

TEST(exceptions_are_own, "exceptions at the same time are delivered to the CPU that caused them",
     SPEC("SDM vol. 3A, 6.4"))
{
	begin();
	run_on_all_cpus(fault_of_own_kind, NULL);
	expect_no_errors();
}

static void keep_own_registers(void *arg)
{
	u32 self = this_cpu()->number;

	(void)arg;
	write_dr0(0x1000 + self);
	write_dr3(0x3000 + self);
	write_cr2(0x100000 + self);
	if (self % 2)
		write_cr4(read_cr4() | CR4_TSD | CR4_DE);
	if (cpu_has(X86_FEATURE_SEP)) {
		wrmsr(MSR_IA32_SYSENTER_ESP, 0x5000 + self);
		wrmsr(MSR_IA32_SYSENTER_EIP, 0x6000 + self);
	}
	if (cpu_has(X86_FEATURE_RDTSCP))
		wrmsr(MSR_TSC_AUX, 0x7000 + self);
	cpu_barrier_wait(&meeting, cpu_count());
	errors[self] += read_dr0() != 0x1000 + self;
	errors[self] += read_dr3() != 0x3000 + self;
	errors[self] += read_cr2() != 0x100000 + self;
	errors[self] += !!(read_cr4() & (CR4_TSD | CR4_DE)) != self % 2;
	if (cpu_has(X86_FEATURE_SEP)) {
		errors[self] += rdmsr(MSR_IA32_SYSENTER_ESP) != 0x5000 + self;
		errors[self] += rdmsr(MSR_IA32_SYSENTER_EIP) != 0x6000 + self;
	}
	if (cpu_has(X86_FEATURE_RDTSCP)) {
		u32 aux;

		__asm__ volatile("rdtscp" : "=c"(aux) : : "eax", "edx");
		errors[self] += aux != 0x7000 + self;
	}
	cpu_barrier_wait(&meeting, cpu_count());
	write_cr4(read_cr4() & ~(CR4_TSD | CR4_DE));
}

TEST(registers_are_own, "control and debug registers and MSRs of one CPU are not those of another",
     SPEC("SDM vol. 3A, 8.7.1, 8.7.2"))
{
	begin();
	run_on_all_cpus(keep_own_registers, NULL);
	expect_no_errors();
}
