/* SPDX-License-Identifier: MIT */
/* The guest's time-stamp counter: APM vol. 2, 15.5.1 (TSC_OFFSET), 15.30.5. */
#include "intercept.h"

#include <sys/cpu.h>

SUITE("SVM: the guest's TSC", REQUIRES(svm_available() && cpu_has(X86_FEATURE_TSC)));

static const u8 rdtsc_code[] = { 0x0f, 0xae, 0xe8, 0x0f, 0x31 };	/* LFENCE; RDTSC */
static const u8 rdtscp_code[] = { 0x0f, 0x01, 0xf9, 0x0f, 0xae, 0xe8 }; /* RDTSCP; LFENCE */

/* LFENCE; MOV ECX, 10H; RDMSR */
static const u8 rdmsr_code[] = { 0x0f, 0xae, 0xe8, 0xb9, 0x10, 0, 0, 0, 0x0f, 0x32 };

static const u64 offsets[] = {
	0,     1,	    0x100000000,	0x7fffffffffffffff, 0x8000000000000000,
	~0ull, -1000000ull, 0x123456789abcdef0, 0x0000010000000000, 0xffffffff00000000,
};

/* What the guest reads lies between what the host reads before and after, plus the offset. */
static void check_offset(struct svm_guest *g, const u8 *code, size_t size, u64 offset)
{
	u64 before, after, seen;

	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, code, size);
	g->control->tsc_offset = offset;
	before = arch_ticks();
	svm_run(g);
	after = arch_ticks();
	EXPECT_DONE(g);
	seen = (u32)g->save->rax | (u64)g->registers.dx << 32;
	EXPECT_GE(seen - offset, before);
	EXPECT_LE(seen - offset, after);
	EXPECT_EQ(g->control->tsc_offset, offset);
}

TEST(tsc_offset,
     "RDTSC in the guest returns the counter plus TSC_OFFSET, and the host's counter goes on",
     SPEC("APM vol. 2, 15.5.1, Control Bits; 15.6"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		SUBTEST("offset-%#llx", offsets[i]);
		check_offset(g, rdtsc_code, sizeof(rdtsc_code), offsets[i]);
	}
}

TEST(tsc_offset_rdtscp, "RDTSCP in the guest returns the counter plus TSC_OFFSET",
     SPEC("APM vol. 2, appendix B, table B-1"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		SUBTEST("offset-%#llx", offsets[i]);
		check_offset(g, rdtscp_code, sizeof(rdtscp_code), offsets[i]);
	}
}

TEST(tsc_offset_rdmsr, "RDMSR of the TSC in the guest returns the counter plus TSC_OFFSET",
     SPEC("APM vol. 2, 15.5.1, Control Bits; 15.30.5"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		SUBTEST("offset-%#llx", offsets[i]);
		check_offset(g, rdmsr_code, sizeof(rdmsr_code), offsets[i]);
	}
}

TEST(tsc_tsd, "with CR4.TSD, RDTSC and RDTSCP at CPL 3 are #GP(0) before their intercepts",
     SPEC("APM vol. 2, 15.9, table 15-7"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2; i++) {
		if (i && !cpu_has(X86_FEATURE_RDTSCP))
			continue;
		SUBTEST("%s", i ? "rdtscp" : "rdtsc");
		svm_reset(g, SVM_NATIVE);
		svm_set_cpl(g, 3);
		svm_code_bytes(g, i ? rdtscp_code : rdtsc_code + 3, i ? 3 : 2);
		g->save->cr4 |= CR4_TSD;
		svm_intercept(g, SVM_EXIT_RDTSC, true);
		svm_intercept(g, SVM_EXIT_RDTSCP, true);
		intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_GP));
	}
}

TEST(tsc_ratio, "the guest's counter is the host's times TSC_RATIO, plus TSC_OFFSET",
     SPEC("APM vol. 2, 15.30.5"), REQUIRES(cpu_has(X86_FEATURE_TSC_RATE_MSR)))
{
	static const struct {
		const char *name;
		u64 ratio;
	} rows[] = {
		{ "half", TSC_RATIO_ONE / 2 },	   { "one", TSC_RATIO_ONE },
		{ "two", TSC_RATIO_ONE * 2 },	   { "eighth", TSC_RATIO_ONE / 8 },
		{ "sixteen", TSC_RATIO_ONE * 16 },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 before, after, seen;

		SUBTEST("%s", rows[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, rdtsc_code, sizeof(rdtsc_code));
		g->control->tsc_offset = 0x1000000000;
		wrmsr(MSR_TSC_RATIO, rows[i].ratio);
		before = arch_ticks();
		svm_run(g);
		after = arch_ticks();
		wrmsr(MSR_TSC_RATIO, TSC_RATIO_ONE);
		EXPECT_DONE(g);
		seen = ((u32)g->save->rax | (u64)g->registers.dx << 32) - 0x1000000000;
		/* One tick for what rounding cuts off. */
		EXPECT_GE(seen + 1, (before >> 8) * rows[i].ratio >> 24);
		EXPECT_LE(seen, ((after >> 8) + 1) * rows[i].ratio >> 24);
	}
}
