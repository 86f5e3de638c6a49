/* SPDX-License-Identifier: MIT */
/*
 * SDM vol. 3C, 26.3.1.1, 26.3.1.3, 26.3.1.4: control registers, MSRs, descriptor tables, RIP and RFLAGS of
 * the guest. What is refused is exit reason 33 with bit 31.
 */
#include "checks.h"

SUITE("VMX: VM entry's checks on guest registers", REQUIRES(vmx_available()));

#define CHECK(rows) check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows))
#define ONLY_64BIT  REQUIRES(sizeof(ulong) == 8)

TEST(guest_cr0, "bits of CR0 that VMX operation fixes cannot be otherwise in the guest's field",
     SPEC("SDM vol. 3C, 26.3.1.1; 23.8"))
{
	const u64 fixed0 = rdmsr(MSR_IA32_VMX_CR0_FIXED0), fixed1 = rdmsr(MSR_IA32_VMX_CR0_FIXED1);
	const u64 cache = CR0_NW | CR0_CD;
	const struct check rows[] = {
		{ "pg-without-pe", true, { CLEAR(GUEST_CR0, CR0_PE) } },
		{ "cache-bits", false, { SET(GUEST_CR0, CR0_NW | CR0_CD) } },
		{ "nw-alone", false, { SET(GUEST_CR0, CR0_NW) } },
	};

	check_bits(CHECK_GUEST, VMCS_GUEST_CR0, "fixed-1", fixed0 & ~cache, true);
	check_bits(CHECK_GUEST, VMCS_GUEST_CR0, "fixed-0", ~fixed1 & ~cache, true);
	check_bits(CHECK_GUEST, VMCS_GUEST_CR0, "free", CR0_TS | CR0_MP | CR0_WP | CR0_AM, false);
	CHECK(rows);
}

TEST(guest_cr4, "bits of CR4 that VMX operation fixes cannot be otherwise in the guest's field",
     SPEC("SDM vol. 3C, 26.3.1.1; 23.8"))
{
	const u64 fixed0 = rdmsr(MSR_IA32_VMX_CR4_FIXED0), fixed1 = rdmsr(MSR_IA32_VMX_CR4_FIXED1);

	check_bits(CHECK_GUEST, VMCS_GUEST_CR4, "fixed-1", fixed0, true);
	check_bits(CHECK_GUEST, VMCS_GUEST_CR4, "fixed-0", ~fixed1, true);
	check_bits(CHECK_GUEST, VMCS_GUEST_CR4, "free", CR4_TSD | CR4_DE | CR4_PCE, false);
}

TEST(guest_cr3, "no bit of the guest's CR3 field is set beyond the physical width",
     SPEC("SDM vol. 3C, 26.3.1.1"), ONLY_64BIT)
{
	check_bits(CHECK_GUEST, VMCS_GUEST_CR3, "cr3", BITS(63, cpu_physical_bits()), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_CR3, "cr3", BITS(4, 3), false);
}

TEST(guest_ia32e, "an IA-32e mode guest has CR0.PG and CR4.PAE; others have no CR4.PCIDE",
     SPEC("SDM vol. 3C, 26.3.1.1"), ONLY_64BIT)
{
	const struct check rows[] = {
		{ "no-pae", true, { CLEAR(GUEST_CR4, CR4_PAE) } },
		{ "no-pg", true, { CLEAR(GUEST_CR0, CR0_PG) } },
		{ "pcide-ia32e", false, { SET(GUEST_CR4, CR4_PCIDE) } },
		{ "pcide-legacy",
		  true,
		  { SET(GUEST_CR4, CR4_PCIDE), CLEAR(ENTRY_CONTROLS, ENTRY_IA32E),
		    CLEAR(GUEST_CS_ACCESS_RIGHTS, BIT(13)) } },
	};

	CHECK(rows);
}

TEST(guest_debug, "with debug controls loaded, DR7 has no high half", SPEC("SDM vol. 3C, 26.3.1.1"))
{
	if (sizeof(ulong) == 8)
		check_bits(CHECK_GUEST, VMCS_GUEST_DR7, "dr7", BITS(63, 32), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_DR7, "dr7", BITS(9, 8), false);
}

TEST(guest_debugctl, "with debug controls loaded, IA32_DEBUGCTL has no reserved bit",
     SPEC("SDM vol. 3C, 26.3.1.1; vol. 3B, 17.4.1"))
{
	/* Bit 2, reserved in older editions, is bus-lock detection. */
	check_bits(CHECK_GUEST, VMCS_GUEST_IA32_DEBUGCTL, "reserved", BITS(5, 3) | BITS(63, 16),
		   true);
}

TEST(guest_debug_not_loaded, "with debug controls not loaded, DR7 is not checked",
     SPEC("SDM vol. 3C, 26.3.1.1"), ONLY_64BIT)
{
	const struct change with[] = { CLEAR(ENTRY_CONTROLS, ENTRY_LOAD_DEBUG) };

	check_bits_with(CHECK_GUEST, with, 1, VMCS_GUEST_DR7, "dr7", BITS(63, 32), false);
}

TEST(guest_canonical, "SYSENTER's addresses and the bases of GDTR and IDTR are canonical",
     SPEC("SDM vol. 3C, 26.3.1.1, 26.3.1.3"), ONLY_64BIT)
{
	static const enum vmcs_field fields[] = {
		VMCS_GUEST_IA32_SYSENTER_ESP, VMCS_GUEST_IA32_SYSENTER_EIP, VMCS_GUEST_GDTR_BASE,
		VMCS_GUEST_IDTR_BASE,	      VMCS_GUEST_FS_BASE,	    VMCS_GUEST_GS_BASE,
		VMCS_GUEST_TR_BASE,
	};
	const struct {
		const char *name;
		u64 value;
		bool refused;
	} values[] = {
		{ "below-the-hole", HOLE - 1, false },
		{ "above-the-hole", HOLE_LAST + 1, false },
		{ "lowest", HOLE, true },
		{ "highest", HOLE_LAST, true },
		{ "bit-63", BIT(63), true },
		{ "all-but-bit-63", ~BIT(63), true },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		for (u32 j = 0; j < ARRAY_SIZE(values); j++) {
			SUBTEST("%s-%s", vmcs_field_name(fields[i]), values[j].name);
			check_set_up(g);
			vmcs_write(fields[i], values[j].value);
			check_expect(g, CHECK_GUEST, values[j].refused);
		}
}

TEST(guest_pat, "each byte of the guest's IA32_PAT is a memory type",
     SPEC("SDM vol. 3C, 26.3.1.1"), REQUIRES(vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_PAT)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 byte = 0; byte < 8; byte++)
		for (u32 type = 0; type < 10; type++) {
			SUBTEST("byte-%u-type-%u", byte, type);
			check_set_up(g);
			vmcs_set(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_PAT);
			vmcs_write(VMCS_GUEST_IA32_PAT, 0x0606060606060606ull);
			vmcs_clear(VMCS_GUEST_IA32_PAT, 0xffull << byte * 8);
			vmcs_set(VMCS_GUEST_IA32_PAT, (u64)type << byte * 8);
			check_expect(g, CHECK_GUEST, type == 2 || type == 3 || type > 7);
		}
	SUBTEST("not-loaded");
	check_set_up(g);
	vmcs_write(VMCS_GUEST_IA32_PAT, ~0ull);
	check_expect(g, CHECK_GUEST, false);
}

TEST(guest_efer,
     "the guest's IA32_EFER has no reserved bit, and LMA and LME are as the entry control says",
     SPEC("SDM vol. 3C, 26.3.1.1"), REQUIRES(vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_EFER)))
{
	const struct change with[] = { SET(ENTRY_CONTROLS, ENTRY_LOAD_EFER),
				       PUT(GUEST_IA32_EFER, rdmsr(MSR_EFER)) };
	const struct check rows[] = {
		{ "both-other",
		  true,
		  { with[0], PUT(GUEST_IA32_EFER, rdmsr(MSR_EFER) ^ (EFER_LME | EFER_LMA)) } },
	};

	check_bits_with(CHECK_GUEST, with, 2, VMCS_GUEST_IA32_EFER, "reserved",
			BITS(7, 1) | BIT(9) | BITS(63, 16), true);
	check_bits_with(CHECK_GUEST, with, 2, VMCS_GUEST_IA32_EFER, "lma", EFER_LMA, true);
	check_bits_with(CHECK_GUEST, with, 2, VMCS_GUEST_IA32_EFER, "lme", EFER_LME, true);
	check_bits_with(CHECK_GUEST, with, 2, VMCS_GUEST_IA32_EFER, "free", EFER_SCE, false);
	CHECK(rows);
	check_bits(CHECK_GUEST, VMCS_GUEST_IA32_EFER, "not-loaded", EFER_LMA | BIT(63), false);
}

TEST(guest_perf_global_ctrl, "the guest's IA32_PERF_GLOBAL_CTRL has no reserved bit",
     SPEC("SDM vol. 3C, 26.3.1.1"),
	  REQUIRES(vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_PERF_GLOBAL_CTRL)))
{
	const struct change with[] = { SET(ENTRY_CONTROLS, ENTRY_LOAD_PERF_GLOBAL_CTRL) };

	check_bits_with(CHECK_GUEST, with, 1, VMCS_GUEST_IA32_PERF_GLOBAL_CTRL, "reserved",
			BITS(63, 49), true);
}

TEST(guest_table_limits, "bits 31:16 of the limits of GDTR and IDTR are 0",
     SPEC("SDM vol. 3C, 26.3.1.3"))
{
	check_bits(CHECK_GUEST, VMCS_GUEST_GDTR_LIMIT, "gdtr", BITS(31, 16), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_IDTR_LIMIT, "idtr", BITS(31, 16), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_GDTR_LIMIT, "gdtr", BITS(15, 12), false);
	check_bits(CHECK_GUEST, VMCS_GUEST_IDTR_LIMIT, "idtr", BITS(15, 12), false);
}

TEST(guest_rip, "the bits of RIP beyond linear addresses are the same in 64-bit mode",
     SPEC("SDM vol. 3C, 26.3.1.4"), ONLY_64BIT)
{
	const struct check rows[] = {
		{ "bit-63", true, { SET(GUEST_RIP, BIT(63)) } },
		{ "bit-62", true, { SET(GUEST_RIP, BIT(62)) } },
		{ "lowest-upper-bit",
		  true,
		  { SET(GUEST_RIP, BIT(cpuid(0x80000008, 0).eax >> 8 & 0xff)) } },
		{ "all-but-bit-63", true, { SET(GUEST_RIP, BITS(62, 47)) } },
	};

	CHECK(rows);
}

TEST(guest_rip_compatibility, "outside 64-bit mode, RIP has no high half",
     SPEC("SDM vol. 3C, 26.3.1.4"), ONLY_64BIT)
{
	const struct change compat[] = { CLEAR(GUEST_CS_ACCESS_RIGHTS, BIT(13)) };

	check_bits_with(CHECK_GUEST, compat, 1, VMCS_GUEST_RIP, "compatibility", BITS(63, 32),
			true);
}

TEST(guest_rflags, "reserved bits of RFLAGS are as they always are", SPEC("SDM vol. 3C, 26.3.1.4"))
{
	check_bits(CHECK_GUEST, VMCS_GUEST_RFLAGS, "reserved",
		   BITS(63, 22) | BIT(15) | BIT(5) | BIT(3) | BIT(1), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_RFLAGS, "free",
		   FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_IF | FLAG_DF | FLAG_OF |
			   FLAG_IOPL | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_VIF | FLAG_ID,
		   false);
	if (sizeof(ulong) == 8)
		check_bits(CHECK_GUEST, VMCS_GUEST_RFLAGS, "ia32e", FLAG_VM, true);
}
