/* SPDX-License-Identifier: MIT */
/* Vector registers are each CPU's own, whatever other CPUs do with theirs meanwhile. */
#include <test.h>

#include <arm/features.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Vector registers of each CPU", REQUIRES(has_fp()), REQUIRES(cpu_count() >= 2));

#define ROUNDS 4
#define BYTES  512

/* LDP and STP of Q<n> and Q<n+1> with post-index, x0. */
#define LOAD(n)	 ".inst 0xacc10400 + " #n " * 0x401\n"
#define STORE(n) ".inst 0xac810400 + " #n " * 0x401\n"
#define ALL(X) \
	X(0) X(2) X(4) X(6) X(8) X(10) X(12) X(14) X(16) X(18) X(20) X(22) X(24) X(26) X(28) X(30)

static void load_all(const u8 *from)
{
	register const u8 *at __asm__("x0") = from;

	__asm__ volatile(ALL(LOAD) : "+r"(at) : : "memory");
}

static void store_all(u8 *to)
{
	register u8 *at __asm__("x0") = to;

	__asm__ volatile(ALL(STORE) : "+r"(at) : : "memory");
}

static u8 wanted[MAX_CPUS][BYTES] __aligned(16), got[MAX_CPUS][BYTES] __aligned(16);
static u32 wrong[MAX_CPUS], flags[MAX_CPUS];
static struct cpu_barrier barrier;

static void keep(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	write_sys(CPACR, CPACR_FPEN);
	isb();
	wrong[number] = flags[number] = 0;
	for (u32 round = 0; round < ROUNDS; round++) {
		u64 fpcr = (u64)((number + round) & 3) << 22;

		for (u32 i = 0; i < BYTES; i++)
			wanted[number][i] = (u8)(i * 7 + number * 31 + round);
		load_all(wanted[number]);
		write_sys(FPCR, fpcr);
		write_sys(FPSR, (number + round) & 0x1f);
		cpu_barrier_wait(&barrier, cpu_count());
		cpu_barrier_wait(&barrier, cpu_count());
		store_all(got[number]);
		wrong[number] += memcmp(got[number], wanted[number], BYTES) != 0;
		flags[number] += read_sys(FPCR) != fpcr ||
				 read_sys(FPSR) != ((number + round) & 0x1f);
		cpu_barrier_wait(&barrier, cpu_count());
	}
	write_sys(FPCR, 0);
	write_sys(FPSR, 0);
}

TEST(vectors_are_own,
     "V0 to V31, FPCR and FPSR keep what their CPU wrote while all others write theirs",
     SPEC("DDI 0487, B1.2.2, SIMD and floating-point registers of a PE"))
{
	barrier = (struct cpu_barrier){ 0 };
	run_on_all_cpus(keep, NULL);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		EXPECT_EQ(wrong[cpu], 0, "CPU %u", cpu);
		EXPECT_EQ(flags[cpu], 0, "CPU %u", cpu);
	}
}
