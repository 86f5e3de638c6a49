/* SPDX-License-Identifier: MIT */
/* The capability MSRs, by themselves and against what the processor does: SDM vol. 3C, appendix A. */
#include "checks.h"

SUITE("VMX: capability MSRs", REQUIRES(vmx_available()));

static const struct {
	const char *name;
	enum vmcs_field field;
	u32 old, with_true; /* MSRs; with_true 0 where there is none */
	u32 default1;	    /* A.2, A.3 to A.5: bits that are 1 by default */
} vectors[] = {
	{ "pin", VMCS_PIN_CONTROLS, 0x481, 0x48d, 0x16 },
	{ "primary", VMCS_PRIMARY_CONTROLS, 0x482, 0x48e, 0x0401e172 },
	{ "exit", VMCS_EXIT_CONTROLS, 0x483, 0x48f, 0x36dff },
	{ "entry", VMCS_ENTRY_CONTROLS, 0x484, 0x490, 0x11ff },
};

static bool has_true(void)
{
	return rdmsr(MSR_IA32_VMX_BASIC) & BIT(55);
}

TEST(caps_basic, "IA32_VMX_BASIC has a revision identifier, a size of regions, a memory type",
     SPEC("SDM vol. 3D, A.1"))
{
	const u64 basic = rdmsr(MSR_IA32_VMX_BASIC);

	SUBTEST("bit-31");
	EXPECT_EQ(basic & BIT(31), 0ull);
	SUBTEST("size");
	EXPECT_GT(basic >> 32 & 0x1fff, 0ull);
	EXPECT_LE(basic >> 32 & 0x1fff, 4096ull);
	SUBTEST("bits-47-45");
	EXPECT_EQ(basic & BITS(47, 45), 0ull);
	SUBTEST("width");
	/* "always 0 on processors that support Intel 64 architecture". */
	if (cpu_has(X86_FEATURE_LM))
		EXPECT_EQ(basic & BIT(48), 0ull);
	else
		EXPECT_EQ(basic & BIT(48), BIT(48));
	SUBTEST("memory-type");
	EXPECT((basic >> 50 & 15) == 0 || (basic >> 50 & 15) == 6);
}

TEST(caps_controls, "a control that must be 1 may be 1, and those of the default1 class are",
     SPEC("SDM vol. 3D, A.2 to A.5"))
{
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		const u64 old = rdmsr(vectors[i].old);
		const u32 must = (u32)old, may = (u32)(old >> 32);

		SUBTEST("%s-must-and-may", vectors[i].name);
		EXPECT_EQ(must & ~may, 0u);
		SUBTEST("%s-default1", vectors[i].name);
		EXPECT_EQ(must & vectors[i].default1, vectors[i].default1);
		EXPECT_EQ(may & vectors[i].default1, vectors[i].default1);
		SUBTEST("%s-default0", vectors[i].name);
		EXPECT_EQ(must & ~vectors[i].default1, 0u);
	}
}

TEST(caps_true_controls, "the TRUE MSRs allow what the others do, and leave default1 bits to be 0",
     SPEC("SDM vol. 3D, A.2 to A.5"), REQUIRES(has_true()))
{
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		const u64 old = rdmsr(vectors[i].old), with_true = rdmsr(vectors[i].with_true);

		SUBTEST("%s-may", vectors[i].name);
		EXPECT_EQ(with_true >> 32, old >> 32);
		SUBTEST("%s-must", vectors[i].name);
		EXPECT_EQ((u32)with_true & ~(u32)old, 0u);
		EXPECT_EQ((u32)with_true & ~(with_true >> 32), 0ull);
	}
}

TEST(caps_secondary, "no secondary control must be 1",
     SPEC("SDM vol. 3D, A.3.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY)))
{
	EXPECT_EQ((u32)rdmsr(MSR_IA32_VMX_PROCBASED_CTLS2), 0u);
}

TEST(caps_fixed,
     "the fixed bits of CR0 and CR4 do not contradict themselves, and are as CR0 and CR4 are",
     SPEC("SDM vol. 3D, A.7, A.8; vol. 3C, 23.8"))
{
	static const struct {
		const char *name;
		u32 fixed0, fixed1;
		bool cr4;
		u64 must;
	} rows[] = {
		{ "cr0", MSR_IA32_VMX_CR0_FIXED0, MSR_IA32_VMX_CR0_FIXED1, false,
		  CR0_PE | CR0_NE | CR0_PG },
		{ "cr4", MSR_IA32_VMX_CR4_FIXED0, MSR_IA32_VMX_CR4_FIXED1, true, CR4_VMXE },
	};

	vmx_enable();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const u64 fixed0 = rdmsr(rows[i].fixed0), fixed1 = rdmsr(rows[i].fixed1);
		const u64 now = rows[i].cr4 ? read_cr4() : read_cr0();

		SUBTEST("%s-consistent", rows[i].name);
		EXPECT_EQ(fixed0 & ~fixed1, 0ull);
		SUBTEST("%s-must", rows[i].name);
		EXPECT_EQ(fixed0 & rows[i].must, rows[i].must);
		SUBTEST("%s-now", rows[i].name);
		EXPECT_EQ(now & fixed0, fixed0);
		EXPECT_EQ(now & ~fixed1, 0ull);
	}
}

TEST(caps_cr4_cpuid, "what CPUID has, CR4 may have in VMX operation",
     SPEC("SDM vol. 3C, 23.8; vol. 3D, A.8"))
{
	static const struct {
		const char *name;
		enum x86_feature feature;
		u64 bit;
	} rows[] = {
		{ "vme", X86_FEATURE_VME, CR4_VME },
		{ "pvi", X86_FEATURE_VME, CR4_PVI },
		{ "tsd", X86_FEATURE_TSC, CR4_TSD },
		{ "de", X86_FEATURE_DE, CR4_DE },
		{ "pse", X86_FEATURE_PSE, CR4_PSE },
		{ "pae", X86_FEATURE_PAE, CR4_PAE },
		{ "mce", X86_FEATURE_MCE, CR4_MCE },
		{ "pge", X86_FEATURE_PGE, CR4_PGE },
		{ "osfxsr", X86_FEATURE_FXSR, CR4_OSFXSR },
		{ "umip", X86_FEATURE_UMIP, CR4_UMIP },
		{ "smxe", X86_FEATURE_SMX, CR4_SMXE },
		{ "fsgsbase", X86_FEATURE_FSGSBASE, CR4_FSGSBASE },
		{ "pcide", X86_FEATURE_PCID, CR4_PCIDE },
		{ "osxsave", X86_FEATURE_XSAVE, CR4_OSXSAVE },
		{ "smep", X86_FEATURE_SMEP, CR4_SMEP },
		{ "smap", X86_FEATURE_SMAP, CR4_SMAP },
		{ "pke", X86_FEATURE_PKU, CR4_PKE },
	};
	const u64 fixed1 = rdmsr(MSR_IA32_VMX_CR4_FIXED1);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(!!(fixed1 & rows[i].bit), cpu_has(rows[i].feature));
	}
}

TEST(caps_vmcs_enum, "IA32_VMX_VMCS_ENUM has the highest index of a field that exists",
     SPEC("SDM vol. 3D, A.9"))
{
	const u32 highest = rdmsr(MSR_IA32_VMX_VMCS_ENUM) >> 1 & 0x1ff;
	ulong value = 0;

	vmx_new();
	/* Every width and type; no field with a higher index exists. */
	for (u32 type = 0; type < 4; type++)
		for (u32 width = 0; width < 4; width++) {
			SUBTEST("type-%u-width-%u", type, width);
			for (u32 index = highest + 1; index < 0x200; index++) {
				u32 field = width << 13 | type << 10 | index << 1;

				EXPECT_NE(vmx_value(vmread_try(field, &value)), VMX_SUCCEED,
					  "field %#x", field);
			}
		}
}

TEST(caps_ept_vpid, "IA32_VMX_EPT_VPID_CAP has what EPT and VPIDs cannot do without",
     SPEC("SDM vol. 3D, A.10"), REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_EPT)))
{
	const u64 cap = vmx_ept_vpid_cap();

	SUBTEST("walk-length");
	EXPECT_EQ(cap & BIT(6), BIT(6));
	SUBTEST("memory-type");
	EXPECT((cap & (BIT(8) | BIT(14))) != 0);
	SUBTEST("invept");
	EXPECT_EQ(cap & BIT(20), BIT(20));
	EXPECT((cap & (BIT(25) | BIT(26))) != 0);
	SUBTEST("reserved");
	EXPECT_EQ(cap &
			  (BITS(63, 44) | BITS(39, 33) | BITS(31, 27) | BITS(19, 18) | BITS(13, 9) |
			   BITS(5, 1)) &
			  ~BITS(53, 48),
		  0ull);
}

TEST(caps_misc, "IA32_VMX_MISC: states, unrestricted guest, CR3 targets", SPEC("SDM vol. 3D, A.6"))
{
	const u64 misc = rdmsr(MSR_IA32_VMX_MISC);

	SUBTEST("timer");
	if (vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER))
		EXPECT_LE(misc & 31, 31ull);
	SUBTEST("cr3-targets");
	EXPECT_LE(misc >> 16 & 0x1ff, 256ull);
	SUBTEST("lma-saved");
	/* Bit 5 is 1 wherever there are unrestricted guests. */
	if (vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_UNRESTRICTED))
		EXPECT_EQ(misc & BIT(5), BIT(5));
	SUBTEST("bits-13-9");
	EXPECT_EQ(misc & BITS(13, 10), 0ull);
}

TEST(caps_read_only, "the capability MSRs cannot be written",
     SPEC("SDM vol. 3D, appendix A; vol. 3C, table 35-2"))
{
	for (u32 msr = MSR_IA32_VMX_BASIC; msr <= MSR_IA32_VMX_VMFUNC; msr++) {
		u64 value = 0;

		SUBTEST("msr-%#x", msr);
		if (rdmsr_try(msr, &value).kind) {
			SKIP_ROW("the MSR does not exist");
			continue;
		}
		EXPECT_FAULT(GP(0), wrmsr_try(msr, value));
	}
}

TEST(caps_feature_control,
     "IA32_FEATURE_CONTROL that is locked cannot be written, and VMXON needs it",
     SPEC("SDM vol. 3C, 23.7"))
{
	u64 control;

	vmx_enable();
	control = rdmsr(MSR_IA32_FEATURE_CONTROL);
	SUBTEST("locked");
	EXPECT_EQ(control & (FEATURE_CONTROL_LOCK | FEATURE_CONTROL_OUTSIDE_SMX),
		  FEATURE_CONTROL_LOCK | FEATURE_CONTROL_OUTSIDE_SMX);
	SUBTEST("write");
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_IA32_FEATURE_CONTROL, control));
	SUBTEST("write-unlock");
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_IA32_FEATURE_CONTROL, 0));
	EXPECT_EQ(rdmsr(MSR_IA32_FEATURE_CONTROL), control);
}

TEST(caps_entry_ia32e, "an exit stores whether the guest was in IA-32e mode into the entry control",
     SPEC("SDM vol. 3C, 27.2; A.6"), REQUIRES(rdmsr(MSR_IA32_VMX_MISC) & BIT(5)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 mode = 0; mode < VMX_MODES; mode++) {
		SUBTEST("%s", vmx_mode_name(mode));
		if (!vmx_mode_possible(mode)) {
			SKIP_ROW("no guest of this mode");
			continue;
		}
		vmx_reset(g);
		vmx_set_mode(g, mode);
		vmx_code(g, "\x90", 1);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E,
			  mode <= VMX_COMPAT ? ENTRY_IA32E : 0ull);
	}
}
