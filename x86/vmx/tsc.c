/* SPDX-License-Identifier: MIT */
/* The TSC of a guest: offset and scaling: SDM vol. 3C, 24.6.5, 25.3. */
#include "checks.h"

SUITE("VMX: the guest's TSC", REQUIRES(vmx_available()));

#define HAS_BITMAPS vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)

static const struct way {
	const char *name, *bytes;
	u32 size;
	bool rdtscp, msr;
} ways[] = {
	{ "rdtsc", "\x0f\x31", 2, false, false },
	{ "rdtscp", "\x0f\x01\xf9", 3, true, false },
	{ "rdmsr", "\x0f\x32", 2, false, true },
};

static const char *missing(const struct way *way)
{
	if (way->rdtscp &&
	    (!cpu_has(X86_FEATURE_RDTSCP) || !vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_RDTSCP)))
		return "no RDTSCP for guests";
	return way->msr && !HAS_BITMAPS ? "no MSR bitmaps" : NULL;
}

static void set_up(struct vmx_guest *g, const struct way *way)
{
	vmx_reset(g);
	vmx_code(g, way->bytes, way->size);
	if (HAS_BITMAPS)
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
	if (way->rdtscp) {
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_RDTSCP);
	}
	if (way->msr)
		g->registers.cx = MSR_IA32_TSC;
}

/* Runs the guest; what it has read, and the TSC around it. */
static u64 run(struct vmx_guest *g, u64 *before, u64 *after)
{
	*before = rdmsr(MSR_IA32_TSC);
	vmx_run(g);
	*after = rdmsr(MSR_IA32_TSC);
	EXPECT_VMX_DONE(g);
	return (u64)(u32)g->registers.dx << 32 | (u32)g->registers.ax;
}

static const u64 offsets[] = { 0, 1, BIT(40), BIT(63), ~0ull, ~BIT(40) + 1, 0x123456789abcdef0ull };

TEST(tsc_offset, "with offsetting, RDTSC, RDTSCP and RDMSR give the sum of TSC and offset",
     SPEC("SDM vol. 3C, 25.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++)
		for (u32 j = 0; j < ARRAY_SIZE(offsets); j++) {
			const char *why = missing(&ways[i]);
			u64 before, after, seen;

			SUBTEST("%s-offset-%#llx", ways[i].name, offsets[j]);
			if (why) {
				SKIP_ROW("%s", why);
				continue;
			}
			set_up(g, &ways[i]);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_TSC_OFFSETTING);
			vmcs_write(VMCS_TSC_OFFSET, offsets[j]);
			seen = run(g, &before, &after) - offsets[j];
			EXPECT_GE(seen, before);
			EXPECT_LE(seen, after);
		}
}

TEST(tsc_no_offset, "without offsetting, the offset does not count", SPEC("SDM vol. 3C, 25.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		const char *why = missing(&ways[i]);
		u64 before, after, seen;

		SUBTEST("%s", ways[i].name);
		if (why) {
			SKIP_ROW("%s", why);
			continue;
		}
		set_up(g, &ways[i]);
		vmcs_write(VMCS_TSC_OFFSET, BIT(50));
		seen = run(g, &before, &after);
		EXPECT_GE(seen, before);
		EXPECT_LE(seen, after);
	}
}

TEST(tsc_host, "the host's TSC has no offset after an exit", SPEC("SDM vol. 3C, 25.3"))
{
	struct vmx_guest *g = vmx_new();
	u64 before, after;

	set_up(g, &ways[0]);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_TSC_OFFSETTING);
	vmcs_write(VMCS_TSC_OFFSET, BIT(50));
	run(g, &before, &after);
	EXPECT_GE(after, before);
	EXPECT_LT(after - before, BIT(49));
}

TEST(tsc_scaling, "with scaling, the TSC is multiplied, shifted right by 48, and the offset added",
     SPEC("SDM vol. 3C, 25.3"), REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_TSC_SCALING)))
{
	static const u64 multipliers[] = { BIT(48), BIT(47), BIT(49), 3 * BIT(48),
					   BIT(48) + BIT(46) };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++)
		for (u32 j = 0; j < ARRAY_SIZE(multipliers); j++) {
			const char *why = missing(&ways[i]);
			u64 before, after, seen;
			/* In quarters, which all of them are. */
			u64 quarters = multipliers[j] >> 46;

			SUBTEST("%s-multiplier-%#llx", ways[i].name, multipliers[j]);
			if (why) {
				SKIP_ROW("%s", why);
				continue;
			}
			set_up(g, &ways[i]);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_TSC_OFFSETTING | CPU_SECONDARY);
			vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_TSC_SCALING);
			vmcs_write(VMCS_TSC_OFFSET, BIT(55));
			vmcs_write(VMCS_TSC_MULTIPLIER, multipliers[j]);
			seen = run(g, &before, &after) - BIT(55);
			EXPECT_GE(seen, before * quarters / 4);
			EXPECT_LE(seen, after * quarters / 4);
		}
}

TEST(tsc_scaling_alone, "without offsetting, scaling does nothing",
     SPEC("SDM vol. 3C, 25.3"), REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_TSC_SCALING)))
{
	struct vmx_guest *g = vmx_new();
	u64 before, after, seen;

	set_up(g, &ways[0]);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_TSC_SCALING);
	vmcs_write(VMCS_TSC_MULTIPLIER, BIT(50));
	seen = run(g, &before, &after);
	EXPECT_GE(seen, before);
	EXPECT_LE(seen, after);
}

TEST(tsc_scaling_zero, "a multiplier of 0 is refused",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_TSC_SCALING)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 zero = 0; zero < 2; zero++) {
		SUBTEST("%s", zero ? "0" : "1");
		check_set_up(g);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_TSC_SCALING);
		vmcs_write(VMCS_TSC_MULTIPLIER, zero ? 0 : 1);
		check_expect(g, CHECK_CONTROLS, zero);
	}
}

TEST(tsc_exiting_first, "RDTSC exiting comes before the offset", SPEC("SDM vol. 3C, 25.3"))
{
	struct vmx_guest *g = vmx_new();

	set_up(g, &ways[0]);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_TSC_OFFSETTING | CPU_RDTSC);
	g->registers.ax = 0x77;
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_RDTSC);
	EXPECT_EQ(g->registers.ax, 0x77ul);
}

TEST(tsc_disabled, "CR4.TSD makes RDTSC #GP(0) at CPL 3, before the exit",
     SPEC("SDM vol. 3C, 25.1.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < 2; i++)
		for (u32 cpl = 0; cpl < 4; cpl += 3) {
			const char *why = missing(&ways[i]);

			SUBTEST("%s-cpl%u", ways[i].name, cpl);
			if (why) {
				SKIP_ROW("%s", why);
				continue;
			}
			set_up(g, &ways[i]);
			if (cpl)
				vmx_set_user(g);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_RDTSC);
			vmcs_set(VMCS_GUEST_CR4, CR4_TSD);
			vmx_run(g);
			if (cpl)
				EXPECT_VMX_EXCEPTION(g, VEC_GP);
			else
				EXPECT_VMX_EXIT(g, i ? VMX_EXIT_RDTSCP : VMX_EXIT_RDTSC);
		}
}
