/* SPDX-License-Identifier: MIT */
/*
 * The CET state of a VMCS: SDM vol. 3C of later editions, 24.4.1, 24.5, 26.2.2, 26.3.1.1, 26.3.1.4, 26.3.2.1, 27.3.1,
 * 27.5.1. Nothing is enabled by it: CR4.CET stays clear but in the checks of CR4.
 */
#include "checks.h"

static bool can_cet(void)
{
	return vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_CET) &&
	       vmx_can(VMCS_EXIT_CONTROLS, EXIT_LOAD_CET);
}

SUITE("VMX: CET state", REQUIRES(vmx_available() && can_cet()));

/* IA32_S_CET */
#define S_CET_WRITE    BIT(1)
#define S_CET_SUPPRESS BIT(10)
#define S_CET_TRACKER  BIT(11)
#define S_CET_RESERVED BITS(9, 6)
#define S_CET_BASE(n)  ((u64)(n) << 12)

#define GUEST SET(ENTRY_CONTROLS, ENTRY_LOAD_CET)
#define HOST  SET(EXIT_CONTROLS, EXIT_LOAD_CET)

TEST(cet_guest_s_cet,
     "the guest's IA32_S_CET has no reserved bit, and not both of SUPPRESS and TRACKER",
     SPEC("SDM vol. 3C of later editions, 26.3.1.1"))
{
	const struct change with[] = { GUEST };
	const struct check rows[] = {
		{ "0", false, { GUEST } },
		{ "enables",
		  false,
		  { GUEST, PUT(GUEST_IA32_S_CET, S_CET_WRITE | S_CET_BASE(0x12345)) } },
		{ "suppress", false, { GUEST, PUT(GUEST_IA32_S_CET, S_CET_SUPPRESS) } },
		{ "tracker", false, { GUEST, PUT(GUEST_IA32_S_CET, S_CET_TRACKER) } },
		{ "suppress-and-tracker",
		  true,
		  { GUEST, PUT(GUEST_IA32_S_CET, S_CET_SUPPRESS | S_CET_TRACKER) } },
		{ "not-loaded",
		  false,
		  { PUT(GUEST_IA32_S_CET, S_CET_RESERVED | S_CET_SUPPRESS | S_CET_TRACKER) } },
	};

	check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows));
	check_bits_with(CHECK_GUEST, with, ARRAY_SIZE(with), VMCS_GUEST_IA32_S_CET, "reserved",
			S_CET_RESERVED, true);
}

TEST(cet_host_s_cet,
     "the host's IA32_S_CET has no reserved bit, and not both of SUPPRESS and TRACKER",
     SPEC("SDM vol. 3C of later editions, 26.2.2"))
{
	const struct change with[] = { HOST };
	const struct check rows[] = {
		{ "0", false, { HOST } },
		{ "suppress-and-tracker",
		  true,
		  { HOST, PUT(HOST_IA32_S_CET, S_CET_SUPPRESS | S_CET_TRACKER) } },
		{ "not-loaded",
		  false,
		  { PUT(HOST_IA32_S_CET, S_CET_RESERVED | S_CET_SUPPRESS | S_CET_TRACKER) } },
	};

	check_rows(CHECK_HOST, rows, ARRAY_SIZE(rows));
	check_bits_with(CHECK_HOST, with, ARRAY_SIZE(with), VMCS_HOST_IA32_S_CET, "reserved",
			S_CET_RESERVED, true);
}

TEST(cet_ssp, "bits 1:0 of the guest's and the host's SSP are 0",
     SPEC("SDM vol. 3C of later editions, 26.2.2; 26.3.1.4"))
{
	const struct check guests[] = {
		{ "guest-0", false, { GUEST, PUT(GUEST_SSP, 0) } },
		{ "guest-4", false, { GUEST, PUT(GUEST_SSP, 0x1004) } },
		{ "guest-bit-0", true, { GUEST, PUT(GUEST_SSP, 0x1001) } },
		{ "guest-bit-1", true, { GUEST, PUT(GUEST_SSP, 0x1002) } },
		{ "guest-not-loaded", false, { PUT(GUEST_SSP, 0x1003) } },
	};
	const struct check hosts[] = {
		{ "host-4", false, { HOST, PUT(HOST_SSP, 0x1004) } },
		{ "host-bit-0", true, { HOST, PUT(HOST_SSP, 0x1001) } },
		{ "host-bit-1", true, { HOST, PUT(HOST_SSP, 0x1002) } },
		{ "host-not-loaded", false, { PUT(HOST_SSP, 0x1003) } },
	};

	check_rows(CHECK_GUEST, guests, ARRAY_SIZE(guests));
	check_rows(CHECK_HOST, hosts, ARRAY_SIZE(hosts));
}

#ifdef __x86_64__
TEST(cet_canonical, "IA32_S_CET, SSP and the interrupt-SSP table's address are canonical",
     SPEC("SDM vol. 3C of later editions, 26.2.2; 26.3.1.1; 26.3.1.4"))
{
	const struct check guests[] = {
		{ "guest-s-cet", true, { GUEST, PUT(GUEST_IA32_S_CET, HOLE) } },
		{ "guest-s-cet-high", false, { GUEST, PUT(GUEST_IA32_S_CET, 0xffff800000000000) } },
		{ "guest-table", true, { GUEST, PUT(GUEST_SSP_TABLE, HOLE) } },
		{ "guest-table-last", true, { GUEST, PUT(GUEST_SSP_TABLE, HOLE_LAST) } },
		{ "guest-table-high", false, { GUEST, PUT(GUEST_SSP_TABLE, 0xffff800000000000) } },
		{ "guest-ssp", true, { GUEST, PUT(GUEST_SSP, HOLE) } },
		{ "guest-not-loaded",
		  false,
		  { PUT(GUEST_IA32_S_CET, HOLE), PUT(GUEST_SSP_TABLE, HOLE),
		    PUT(GUEST_SSP, HOLE) } },
	};
	const struct check hosts[] = {
		{ "host-s-cet", true, { HOST, PUT(HOST_IA32_S_CET, HOLE) } },
		{ "host-table", true, { HOST, PUT(HOST_SSP_TABLE, HOLE) } },
		{ "host-table-last", true, { HOST, PUT(HOST_SSP_TABLE, HOLE_LAST) } },
		{ "host-ssp", true, { HOST, PUT(HOST_SSP, HOLE) } },
		{ "host-not-loaded",
		  false,
		  { PUT(HOST_IA32_S_CET, HOLE), PUT(HOST_SSP_TABLE, HOLE), PUT(HOST_SSP, HOLE) } },
	};

	check_rows(CHECK_GUEST, guests, ARRAY_SIZE(guests));
	check_rows(CHECK_HOST, hosts, ARRAY_SIZE(hosts));
}
#endif

TEST(cet_write_protect, "CR4.CET needs CR0.WP, in the guest and in the host, whatever is loaded",
     SPEC("SDM vol. 3C of later editions, 26.2.2; 26.3.1.1"))
{
	const struct check guests[] = {
		{ "guest-wp", false, { SET(GUEST_CR4, CR4_CET), SET(GUEST_CR0, CR0_WP) } },
		{ "guest-no-wp", true, { SET(GUEST_CR4, CR4_CET), CLEAR(GUEST_CR0, CR0_WP) } },
		{ "guest-no-wp-loaded",
		  true,
		  { GUEST, SET(GUEST_CR4, CR4_CET), CLEAR(GUEST_CR0, CR0_WP) } },
		{ "guest-neither", false, { CLEAR(GUEST_CR4, CR4_CET), CLEAR(GUEST_CR0, CR0_WP) } },
	};
	const struct check hosts[] = {
		{ "host-no-wp", true, { SET(HOST_CR4, CR4_CET), CLEAR(HOST_CR0, CR0_WP) } },
		{ "host-no-wp-loaded",
		  true,
		  { HOST, SET(HOST_CR4, CR4_CET), CLEAR(HOST_CR0, CR0_WP) } },
		{ "host-wp", false, { SET(HOST_CR4, CR4_CET), SET(HOST_CR0, CR0_WP) } },
	};
	const ulong cr0 = read_cr0(), cr4 = read_cr4();

	check_rows(CHECK_GUEST, guests, ARRAY_SIZE(guests));
	for (u32 i = 0; i < ARRAY_SIZE(hosts); i++) {
		check_rows(CHECK_HOST, &hosts[i], 1);
		write_cr4((read_cr4() & ~CR4_CET) | (cr4 & CR4_CET));
		write_cr0(cr0);
	}
}

/* What a guest finds, and what it leaves. */
struct seen {
	u64 s_cet, table;
};

#define GUEST_S_CET (S_CET_WRITE | S_CET_BASE(0x111))
#define OTHER_S_CET S_CET_BASE(0x222)
#define HOST_S_CET  S_CET_BASE(0x333)
#define GUEST_TABLE 0x4440
#define OTHER_TABLE 0x5550
#define HOST_TABLE  0x6660

static void look(void *arg)
{
	struct seen *seen = arg;

	seen->s_cet = rdmsr(MSR_IA32_S_CET);
	seen->table = rdmsr(MSR_IA32_SSP_TABLE);
	wrmsr(MSR_IA32_S_CET, OTHER_S_CET);
	wrmsr(MSR_IA32_SSP_TABLE, OTHER_TABLE);
}

TEST(cet_state,
     "CET state is loaded by its control at VM entry, always saved, and loaded by its control at VM exit",
     SPEC("SDM vol. 3C of later editions, 26.3.2.1; 27.3.1; 27.5.1"),
	  REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 bits = 0; bits < 4; bits++) {
		const bool entry = bits & 1, exit = bits & 2;
		struct seen seen = { 0, 0 };

		SUBTEST("entry-%s-exit-%s", entry ? "loads" : "keeps", exit ? "loads" : "keeps");
		vmx_reset(g);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
		vmcs_set(VMCS_ENTRY_CONTROLS, entry ? ENTRY_LOAD_CET : 0);
		vmcs_set(VMCS_EXIT_CONTROLS, exit ? EXIT_LOAD_CET : 0);
		vmcs_write(VMCS_GUEST_IA32_S_CET, GUEST_S_CET);
		vmcs_write(VMCS_GUEST_SSP_TABLE, GUEST_TABLE);
		vmcs_write(VMCS_HOST_IA32_S_CET, HOST_S_CET);
		vmcs_write(VMCS_HOST_SSP_TABLE, HOST_TABLE);
		wrmsr(MSR_IA32_S_CET, 0);
		wrmsr(MSR_IA32_SSP_TABLE, 0);
		vmx_call(g, look, &seen);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(seen.s_cet, entry ? GUEST_S_CET : 0ull);
		EXPECT_EQ(seen.table, entry ? GUEST_TABLE : 0ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_IA32_S_CET), OTHER_S_CET);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_SSP_TABLE), (u64)OTHER_TABLE);
		EXPECT_EQ(rdmsr(MSR_IA32_S_CET), exit ? HOST_S_CET : OTHER_S_CET);
		EXPECT_EQ(rdmsr(MSR_IA32_SSP_TABLE), exit ? (u64)HOST_TABLE : OTHER_TABLE);
		wrmsr(MSR_IA32_S_CET, 0);
		wrmsr(MSR_IA32_SSP_TABLE, 0);
	}
}

TEST(cet_ssp_state,
     "SSP is loaded and saved as the rest of CET state, and stays where nothing loads it",
     SPEC("SDM vol. 3C of later editions, 26.3.2.1; 26.3.2.3; 27.3.3; 27.5.3"))
{
	static const struct {
		const char *name;
		bool entry, exit;
		u64 saved;
	} steps[] = {
		{ "loaded", true, true, 0x1230 },
		{ "of-the-host", false, false, 0x4560 },
		{ "loaded-again", true, false, 0x1230 },
		{ "of-the-guest", false, true, 0x1230 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		SUBTEST("%s", steps[i].name);
		vmx_reset(g);
		vmx_code(g, "", 0);
		vmcs_set(VMCS_ENTRY_CONTROLS, steps[i].entry ? ENTRY_LOAD_CET : 0);
		vmcs_set(VMCS_EXIT_CONTROLS, steps[i].exit ? EXIT_LOAD_CET : 0);
		vmcs_write(VMCS_GUEST_SSP, 0x1230);
		vmcs_write(VMCS_HOST_SSP, 0x4560);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_SSP), steps[i].saved);
	}
}
