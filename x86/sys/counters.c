/* SPDX-License-Identifier: MIT */
/*
 * RDTSC, RDTSCP, RDPID and RDPMC: who may use them, and TSC_AUX. Without their features they are in absent.c; the
 * registers that they write are in insn/processor.c. SDM vol. 2B.
 */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("RDTSC, RDTSCP, RDPID and RDPMC");

static const u8 rdtsc_code[] = { 0x0f, 0x31 };
static const u8 rdtscp_code[] = { 0x0f, 0x01, 0xf9 };
static const u8 rdpmc_code[] = { 0x0f, 0x33 };
/* RDPID AX */
static const u8 rdpid_code[] = { 0xf3, 0x0f, 0xc7, 0xf8 };

TEST(tsd, "with CR4.TSD RDTSC and RDTSCP are #GP(0) at CPL 3; else, and at CPL 0, they work",
     SPEC("SDM vol. 2B, RDTSC, RDTSCP; vol. 3A, 2.5"))
{
	static const struct {
		const char *name;
		const u8 *code;
		u32 size;
		enum x86_feature feature;
	} rows[] = {
		{ "rdtsc", rdtsc_code, 2, X86_FEATURE_TSC },
		{ "rdtscp", rdtscp_code, 3, X86_FEATURE_RDTSCP },
	};
	ulong cr4 = read_cr4() & ~CR4_TSD;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3)
			for (u32 set = 0; set <= 1; set++) {
				struct registers r = { .ax = 1, .dx = 2, .flags = FLAG_1 };

				SUBTEST("%s-cpl%u-tsd%u", rows[i].name, cpl, set);
				if (!cpu_has(rows[i].feature)) {
					SKIP_ROW("not in CPUID");
					continue;
				}
				write_cr4(set ? cr4 | CR4_TSD : cr4);
				EXPECT_FAULT(set && cpl ? GP(0) : NO_FAULT,
					     execute_in(at_cpl(cpl),
							code_bytes(rows[i].code, rows[i].size),
							&r));
				if (set && cpl) {
					EXPECT_EQ(trap_last_frame()->ax, 1ul);
					EXPECT_EQ(trap_last_frame()->dx, 2ul);
				}
			}
}

TEST(tsd_leaves_rdmsr_alone, "CR4.TSD does not keep RDMSR from reading the TSC",
     SPEC("SDM vol. 3A, 2.5"), REQUIRES(cpu_has(X86_FEATURE_TSC)))
{
	u64 value = 0;

	write_cr4(read_cr4() | CR4_TSD);
	EXPECT_NO_FAULT(rdmsr_try(MSR_IA32_TSC, &value));
}

TEST(rdtscp_aux, "RDTSCP gives TSC_AUX in ECX, at CPL 0 and 3",
     SPEC("SDM vol. 2B, RDTSCP"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		static const u32 values[] = { 0, 1, 0x80000000, 0xfedcba98, 0xffffffff };
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("cpl%u", cpl);
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			wrmsr(MSR_TSC_AUX, values[i]);
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), code_bytes(rdtscp_code, 3), &r));
			EXPECT_EQ(r.cx, (ulong)values[i]);
			EXPECT_EQ(r.flags, FLAG_1);
		}
	}
}

TEST(tsc_aux_reserved_bits, "WRMSR of TSC_AUX with a bit above 31 is #GP(0) on Intel",
     SPEC("SDM vol. 4, table 2-2, IA32_TSC_AUX"),
	  REQUIRES(cpu_has(X86_FEATURE_RDTSCP) && cpu_is_intel()))
{
	wrmsr(MSR_TSC_AUX, 7);
	for (u32 bit = 32; bit < 64; bit++) {
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_TSC_AUX, BIT(bit)), "bit %u", bit);
		EXPECT_EQ(rdmsr(MSR_TSC_AUX), 7ull, "bit %u", bit);
	}
}

/* TSD is not about it. */
TEST(rdpid_aux, "RDPID gives TSC_AUX, at CPL 0 and 3, with CR4.TSD too",
     SPEC("SDM vol. 2B, RDPID"), REQUIRES(cpu_has(X86_FEATURE_RDPID)))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct registers r = { .ax = ~0ul, .cx = 5, .dx = 6, .flags = FLAG_1 };

		SUBTEST("cpl%u", cpl);
		write_cr4(read_cr4() | CR4_TSD);
		wrmsr(MSR_TSC_AUX, 0xfedcba98);
		EXPECT_NO_FAULT(execute_in(at_cpl(cpl), code_bytes(rdpid_code, 4), &r));
		EXPECT_EQ(r.ax, 0xfedcba98ul);
		EXPECT_EQ(r.cx, 5ul);
		EXPECT_EQ(r.dx, 6ul);
	}
}

TEST(pce, "without CR4.PCE RDPMC is #GP(0) at CPL 3, of any counter",
     SPEC("SDM vol. 2B, RDPMC; vol. 3A, 2.5"))
{
	static const u32 counters[] = { 0, 1, 0x40000000, 0xffffffff };

	write_cr4(read_cr4() & ~CR4_PCE);
	for (u32 i = 0; i < ARRAY_SIZE(counters); i++) {
		struct registers r = { .ax = 1, .cx = counters[i], .dx = 2, .flags = FLAG_1 };

		SUBTEST("%#x", counters[i]);
		EXPECT_FAULT(GP(0), execute_in(USER, code_bytes(rdpmc_code, 2), &r));
		EXPECT_EQ(trap_last_frame()->ax, 1ul);
		EXPECT_EQ(trap_last_frame()->dx, 2ul);
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
	}
}

/* No CPU has that many. */
TEST(rdpmc_index,
     "RDPMC of a counter that there is not is #GP(0) at CPL 0, and at CPL 3 with CR4.PCE",
     SPEC("SDM vol. 2B, RDPMC"))
{
	write_cr4(read_cr4() | CR4_PCE);
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct registers r = { .cx = 0x3fff, .flags = FLAG_1 };

		SUBTEST("cpl%u", cpl);
		EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl), code_bytes(rdpmc_code, 2), &r));
	}
}

TEST(counter_lock_prefix, "LOCK with RDTSC and RDTSCP is #UD", SPEC("SDM vol. 2B, RDTSC, RDTSCP"))
{
	static const u8 codes[][4] = { { 0xf0, 0x0f, 0x31, 0xc3 }, { 0xf0, 0x0f, 0x01, 0xf9 } };

	for (u32 i = 0; i < 2; i++) {
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("%s", i ? "rdtscp" : "rdtsc");
		EXPECT_FAULT(UD, execute_in(KERNEL, code_bytes(codes[i], 4), &r));
	}
}
