/* SPDX-License-Identifier: MIT */
/* SDM vol. 3C, 26.2.2 to 26.2.4: what a VM entry refuses of the host-state area, with error 8. */
#include "checks.h"

SUITE("VMX: VM entry's checks on host state", REQUIRES(vmx_available()));

#define CHECK(rows) check_rows(CHECK_HOST, rows, ARRAY_SIZE(rows))
#define ONLY_64BIT  REQUIRES(sizeof(ulong) == 8)

TEST(host_cr0, "bits of CR0 that VMX operation fixes cannot be otherwise in the host's field",
     SPEC("SDM vol. 3C, 26.2.2; 23.8"))
{
	const u64 fixed0 = rdmsr(MSR_IA32_VMX_CR0_FIXED0), fixed1 = rdmsr(MSR_IA32_VMX_CR0_FIXED1);
	const u64 cache = CR0_NW | CR0_CD;

	check_bits(CHECK_HOST, VMCS_HOST_CR0, "fixed-1", fixed0 & ~cache, true);
	check_bits(CHECK_HOST, VMCS_HOST_CR0, "fixed-0", ~fixed1 & ~cache, true);
	check_bits(CHECK_HOST, VMCS_HOST_CR0, "free", CR0_TS | CR0_MP | CR0_WP | CR0_AM, false);
}

TEST(host_cr4, "bits of CR4 that VMX operation fixes cannot be otherwise in the host's field",
     SPEC("SDM vol. 3C, 26.2.2; 23.8"))
{
	const u64 fixed0 = rdmsr(MSR_IA32_VMX_CR4_FIXED0), fixed1 = rdmsr(MSR_IA32_VMX_CR4_FIXED1);

	check_bits(CHECK_HOST, VMCS_HOST_CR4, "fixed-1", fixed0, true);
	check_bits(CHECK_HOST, VMCS_HOST_CR4, "fixed-0", ~fixed1, true);
	check_bits(CHECK_HOST, VMCS_HOST_CR4, "free", CR4_TSD | CR4_DE | CR4_PCE, false);
}

TEST(host_cr3, "no bit of the host's CR3 field is set beyond the physical width",
     SPEC("SDM vol. 3C, 26.2.2"), ONLY_64BIT)
{
	check_bits(CHECK_HOST, VMCS_HOST_CR3, "cr3", BITS(63, cpu_physical_bits()), true);
	check_bits(CHECK_HOST, VMCS_HOST_CR3, "cr3", BITS(4, 3), false);
}

TEST(host_canonical, "addresses of the host are canonical: SYSENTER, bases and RIP",
     SPEC("SDM vol. 3C, 26.2.2, 26.2.3, 26.2.4"), ONLY_64BIT)
{
	static const enum vmcs_field fields[] = {
		VMCS_HOST_IA32_SYSENTER_ESP, VMCS_HOST_IA32_SYSENTER_EIP,
		VMCS_HOST_FS_BASE,	     VMCS_HOST_GS_BASE,
		VMCS_HOST_TR_BASE,	     VMCS_HOST_GDTR_BASE,
		VMCS_HOST_IDTR_BASE,	     VMCS_HOST_RIP,
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		const u64 values[] = { HOLE, HOLE_LAST, BIT(63), ~BIT(63) };
		const char *const names[] = { "lowest", "highest", "bit-63", "all-but-bit-63" };

		for (u32 j = 0; j < ARRAY_SIZE(values); j++) {
			SUBTEST("%s-%s", vmcs_field_name(fields[i]), names[j]);
			check_set_up(g);
			vmcs_write(fields[i], values[j]);
			check_expect(g,
				     fields[i] == VMCS_HOST_RIP ? CHECK_ADDRESS_SPACE : CHECK_HOST,
				     true);
		}
		/* Where the host uses none of it, the limits of what is canonical are accepted. */
		if (fields[i] > VMCS_HOST_GS_BASE && fields[i] < VMCS_HOST_IA32_SYSENTER_ESP)
			continue;
		if (fields[i] == VMCS_HOST_RIP)
			continue;
		SUBTEST("%s-below-the-hole", vmcs_field_name(fields[i]));
		check_set_up(g);
		vmcs_write(fields[i], HOLE - 1);
		check_expect(g, CHECK_HOST, false);
		SUBTEST("%s-above-the-hole", vmcs_field_name(fields[i]));
		check_set_up(g);
		vmcs_write(fields[i], HOLE_LAST + 1);
		check_expect(g, CHECK_HOST, false);
	}
}

TEST(host_selectors, "selectors of the host have RPL 0 and TI 0; CS and TR are not null",
     SPEC("SDM vol. 3C, 26.2.3"))
{
	static const struct check rows[] = {
		{ "cs-null", true, { PUT(HOST_CS_SELECTOR, 0) } },
		{ "tr-null", true, { PUT(HOST_TR_SELECTOR, 0) } },
		{ "ds-null", false, { PUT(HOST_DS_SELECTOR, 0) } },
		{ "es-null", false, { PUT(HOST_ES_SELECTOR, 0) } },
		{ "fs-null", false, { PUT(HOST_FS_SELECTOR, 0) } },
		{ "gs-null", false, { PUT(HOST_GS_SELECTOR, 0) } },
	};

	for (u32 field = VMCS_HOST_ES_SELECTOR; field <= VMCS_HOST_TR_SELECTOR; field += 2)
		check_bits(CHECK_HOST, field, vmcs_field_name(field), BITS(2, 0), true);
	if (sizeof(ulong) == 8) {
		check_rows(CHECK_HOST, rows, ARRAY_SIZE(rows));
	} else {
		/* The image uses its data segments. */
		check_rows(CHECK_HOST, rows, 2);
	}
}

TEST(host_ss_null, "the host's SS is null only with a 64-bit host", SPEC("SDM vol. 3C, 26.2.3"))
{
	const struct check rows[] = {
		{ "null", sizeof(ulong) == 4, { PUT(HOST_SS_SELECTOR, 0) } },
	};

	CHECK(rows);
}

TEST(host_pat, "each byte of the host's IA32_PAT is a memory type",
     SPEC("SDM vol. 3C, 26.2.2"), REQUIRES(vmx_can(VMCS_EXIT_CONTROLS, EXIT_LOAD_PAT)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 byte = 0; byte < 8; byte++)
		for (u32 type = 0; type < 10; type++) {
			SUBTEST("byte-%u-type-%u", byte, type);
			check_set_up(g);
			vmcs_set(VMCS_EXIT_CONTROLS, EXIT_LOAD_PAT);
			vmcs_write(VMCS_HOST_IA32_PAT, 0x0606060606060606ull);
			vmcs_clear(VMCS_HOST_IA32_PAT, 0xffull << byte * 8);
			vmcs_set(VMCS_HOST_IA32_PAT, (u64)type << byte * 8);
			check_expect(g, CHECK_HOST, type == 2 || type == 3 || type > 7);
		}
	SUBTEST("not-loaded");
	check_set_up(g);
	vmcs_write(VMCS_HOST_IA32_PAT, ~0ull);
	check_expect(g, CHECK_HOST, false);
}

TEST(host_efer,
     "the host's IA32_EFER has no reserved bit, and LMA and LME are the address-space size",
     SPEC("SDM vol. 3C, 26.2.2"), REQUIRES(vmx_can(VMCS_EXIT_CONTROLS, EXIT_LOAD_EFER)))
{
	const struct change with[] = { SET(EXIT_CONTROLS, EXIT_LOAD_EFER),
				       PUT(HOST_IA32_EFER, rdmsr(MSR_EFER)) };
	const struct check rows[] = {
		{ "both-other",
		  true,
		  { with[0], PUT(HOST_IA32_EFER, rdmsr(MSR_EFER) ^ (EFER_LME | EFER_LMA)) } },
	};

	check_bits_with(CHECK_HOST, with, 2, VMCS_HOST_IA32_EFER, "reserved",
			BITS(7, 1) | BIT(9) | BITS(63, 16), true);
	check_bits_with(CHECK_HOST, with, 2, VMCS_HOST_IA32_EFER, "other", EFER_LME, true);
	check_bits_with(CHECK_HOST, with, 2, VMCS_HOST_IA32_EFER, "other", EFER_LMA, true);
	check_bits_with(CHECK_HOST, with, 2, VMCS_HOST_IA32_EFER, "free", EFER_SCE, false);
	CHECK(rows);
	check_bits(CHECK_HOST, VMCS_HOST_IA32_EFER, "not-loaded", EFER_LME | BIT(63), false);
}

TEST(host_perf_global_ctrl, "the host's IA32_PERF_GLOBAL_CTRL has no reserved bit",
     SPEC("SDM vol. 3C, 26.2.2"), REQUIRES(vmx_can(VMCS_EXIT_CONTROLS, EXIT_LOAD_PERF_GLOBAL_CTRL)))
{
	const struct change with[] = { SET(EXIT_CONTROLS, EXIT_LOAD_PERF_GLOBAL_CTRL) };

	check_bits_with(CHECK_HOST, with, 1, VMCS_HOST_IA32_PERF_GLOBAL_CTRL, "reserved",
			BITS(63, 49), true);
}

TEST(host_address_space_64, "an entry from IA-32e mode has a 64-bit host with CR4.PAE",
     SPEC("SDM vol. 3C, 26.2.4"), ONLY_64BIT)
{
	const struct check rows[] = {
		{ "size-0", true, { CLEAR(EXIT_CONTROLS, EXIT_HOST_64) } },
		{ "size-0-guest-32",
		  true,
		  { CLEAR(EXIT_CONTROLS, EXIT_HOST_64), CLEAR(ENTRY_CONTROLS, ENTRY_IA32E) } },
		{ "no-pae", true, { CLEAR(HOST_CR4, CR4_PAE) } },
		{ "good", false, { SET(EXIT_CONTROLS, EXIT_HOST_64) } },
	};

	check_rows(CHECK_ADDRESS_SPACE, rows, ARRAY_SIZE(rows));
}

TEST(host_address_space_32,
     "an entry from outside IA-32e mode has neither a 64-bit host nor an IA-32e guest",
     SPEC("SDM vol. 3C, 26.2.4"), REQUIRES(sizeof(ulong) == 4 && cpu_has(X86_FEATURE_LM)))
{
	const struct check rows[] = {
		{ "host-64", true, { SET(EXIT_CONTROLS, EXIT_HOST_64) } },
		{ "guest-ia32e", true, { SET(ENTRY_CONTROLS, ENTRY_IA32E) } },
		{ "both",
		  true,
		  { SET(EXIT_CONTROLS, EXIT_HOST_64), SET(ENTRY_CONTROLS, ENTRY_IA32E) } },
		{ "pcide", true, { SET(HOST_CR4, CR4_PCIDE) } },
		{ "good", false, { CLEAR(ENTRY_CONTROLS, ENTRY_IA32E) } },
	};

	check_rows(CHECK_ADDRESS_SPACE, rows, ARRAY_SIZE(rows));
}
