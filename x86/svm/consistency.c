/* SPDX-License-Identifier: MIT */
/*
 * What VMRUN refuses: APM vol. 2, 15.5.1, Canonicalization and Consistency Checks. Each rule has values
 * that are refused and, beside them, values that have to be accepted. A guest that was refused has not
 * executed anything.
 */
#include "consistency.h"

SUITE("SVM: VMRUN's consistency checks", REQUIRES(svm_available()));

#define SAVE(field)    offsetof(struct vmcb, save.field)
#define CONTROL(field) offsetof(struct vmcb, control.field)

/* The guest's own values with the bits of `clear` cleared and those of `set` set. */
struct row {
	const char *name;
	enum svm_mode mode;
	struct {
		u32 offset;
		u64 clear, set;
	} change[3];
	bool refused;
};

static void check(const struct row *rows, u32 count)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < count; i++) {
		if (!svm_mode_possible(rows[i].mode))
			continue;
		SUBTEST("%s", rows[i].name);
		consistency_set_up(g, rows[i].mode);
		for (u32 j = 0; j < ARRAY_SIZE(rows[i].change); j++) {
			u64 *field = (u64 *)((u8 *)g->vmcb + rows[i].change[j].offset);

			if (rows[i].change[j].offset)
				*field = (*field & ~rows[i].change[j].clear) |
					 rows[i].change[j].set;
		}
		consistency_expect(g, rows[i].refused);
	}
}

/* Bits that must be zero, and bits that may be set, one by one. */
static void check_bits(u32 offset, const char *name, enum svm_mode mode, u64 bits, bool refused)
{
	struct svm_guest *g;

	if (!svm_mode_possible(mode))
		return;
	g = svm_new(mode);
	for_each_set_bit(bit, bits) {
		SUBTEST("%s-%sbit-%llu", name, bit < 32 ? "" : "high-", bit);
		consistency_set_up(g, mode);
		*(u64 *)((u8 *)g->vmcb + offset) |= BIT(bit);
		consistency_expect(g, refused);
	}
}

TEST(vmrun_exitcode_is_64_bits, "the exit code of VMEXIT_INVALID is -1 in all 64 bits",
     SPEC("APM vol. 2, appendix B, table B-1; appendix C, table C-1"), BUG("f402ecd7a8b6"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	g->control->guest_asid = 0;
	svm_run(g);
	EXPECT_EQ(g->control->exitcode, SVM_EXIT_INVALID);
}

TEST(vmrun_invalid_state_kept, "a guest that is refused is written back as it was",
     SPEC("APM vol. 2, 15.5.1; 15.6"))
{
	static const struct {
		const char *name;
		u32 offset;
		u64 clear, set;
	} rows[] = {
		{ "asid", CONTROL(guest_asid), 0xff, 0 },
		{ "intercept", CONTROL(intercepts[4]), BIT(0), 0 },
		{ "cr0", SAVE(cr0), 0, BIT(40) },
		{ "cr4", SAVE(cr4), 0, BIT(40) },
		{ "dr6", SAVE(dr6), 0, BIT(40) },
		{ "efer", SAVE(efer), EFER_SVME, 0 },
		{ "eventinj", CONTROL(eventinj), 0, EVENT_V | EVENT_TYPE(1) },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 *field = (u64 *)((u8 *)g->vmcb + rows[i].offset);
		struct vmcb_save before;

		SUBTEST("%s", rows[i].name);
		consistency_set_up(g, SVM_NATIVE);
		g->save->rsp = 0x12345678;
		g->save->cr2 = 0x3456000;
		*field = (*field & ~rows[i].clear) | rows[i].set;
		before = *g->save;
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_INVALID);
		EXPECT_EQ(g->save->rip, before.rip);
		EXPECT_EQ(g->save->rsp, before.rsp);
		EXPECT_EQ(g->save->rax, before.rax);
		EXPECT_EQ(g->save->rflags, before.rflags);
		EXPECT_EQ(g->save->cr2, before.cr2);
		EXPECT_EQ(g->save->cr3, before.cr3);
		EXPECT_EQ(g->save->cs.selector, before.cs.selector);
		EXPECT_EQ(g->save->gdtr.base, before.gdtr.base);
	}
}

TEST(vmrun_efer_svme, "EFER.SVME is zero: refused", SPEC("APM vol. 2, 15.5.1"))
{
	static const struct row rows[] = {
		{ "long-clear", SVM_LONG, { { SAVE(efer), EFER_SVME, 0 } }, true },
		{ "pae-clear", SVM_PAE, { { SAVE(efer), EFER_SVME, 0 } }, true },
		{ "real-clear", SVM_REAL, { { SAVE(efer), EFER_SVME, 0 } }, true },
		{ "long-set", SVM_LONG, { { SAVE(efer), 0, EFER_SVME } }, false },
		{ "real-set", SVM_REAL, { { SAVE(efer), 0, EFER_SVME } }, false },
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(vmrun_cr0_cd_nw, "CR0.CD is zero and CR0.NW is set: refused", SPEC("APM vol. 2, 15.5.1"))
{
	static const struct row rows[] = {
		{ "cd0-nw0", SVM_NATIVE, { { SAVE(cr0), CR0_CD | CR0_NW, 0 } }, false },
		{ "cd0-nw1", SVM_NATIVE, { { SAVE(cr0), CR0_CD, CR0_NW } }, true },
		{ "cd1-nw0", SVM_NATIVE, { { SAVE(cr0), CR0_NW, CR0_CD } }, false },
		{ "cd1-nw1", SVM_NATIVE, { { SAVE(cr0), 0, CR0_CD | CR0_NW } }, false },
		{ "real-cd0-nw1", SVM_REAL, { { SAVE(cr0), CR0_CD, CR0_NW } }, true },
		{ "real-cd1-nw1", SVM_REAL, { { SAVE(cr0), 0, CR0_CD | CR0_NW } }, false },
	};

	check(rows, ARRAY_SIZE(rows));
}

static void vmrun_cr0_high(enum svm_mode mode)
{
	check_bits(SAVE(cr0), "cr0", mode, BITS(63, 32), true);
}

TEST_IN_MODES(vmrun_cr0_high, "CR0[63:32] are not zero: refused", SPEC("APM vol. 2, 15.5.1"))

static void vmrun_cr0_accepted(enum svm_mode mode)
{
	const u64 bits = CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_CD;

	check_bits(SAVE(cr0), "cr0", mode, bits, false);
}

TEST_IN_MODES(vmrun_cr0_accepted, "CR0's defined bits are accepted",
	      SPEC("APM vol. 2, 15.5.1; 3.1.1"))

TEST(vmrun_cr3_mbz,
     "a bit of CR3 that must be zero is set: refused, in long mode all above the physical address",
     SPEC("APM vol. 2, 15.5.1; 5.3.2"), REQUIRES(sizeof(ulong) == 8))
{
	check_bits(SAVE(cr3), "long-cr3", SVM_LONG, BITS(63, cpu_physical_bits()), true);
	check_bits(SAVE(cr3), "compat-cr3", SVM_COMPAT, BITS(63, cpu_physical_bits()), true);
}

TEST(vmrun_cr3_accepted, "CR3.PWT and CR3.PCD are accepted", SPEC("APM vol. 2, 15.5.1; 5.3.2"))
{
	check_bits(SAVE(cr3), "long-cr3", SVM_LONG, BITS(4, 3), false);
	check_bits(SAVE(cr3), "pae-cr3", SVM_PAE, BITS(4, 3), false);
}

static void vmrun_cr4_mbz(enum svm_mode mode)
{
	check_bits(SAVE(cr4), "cr4", mode, ~consistency_cr4_bits(), true);
}

TEST_IN_MODES(vmrun_cr4_mbz, "a bit of CR4 that must be zero is set: refused",
	      SPEC("APM vol. 2, 15.5.1; 3.1.3"))

/* PAE, PSE and LA57 are the paging mode's; CET needs CR0.WP; PCIDE is in long mode only. */
TEST(vmrun_cr4_accepted, "CR4's bits of features that CPUID has are accepted",
     SPEC("APM vol. 2, 15.5.1; 3.1.3"))
{
	const u64 others = CR4_PAE | CR4_PSE | CR4_LA57 | CR4_CET | CR4_PCIDE | CR4_SMEP | CR4_SMAP;

	check_bits(SAVE(cr4), "long-cr4", SVM_LONG, consistency_cr4_bits() & ~others, false);
	check_bits(SAVE(cr4), "protected-cr4", SVM_PROTECTED, consistency_cr4_bits() & ~others,
		   false);
	check_bits(SAVE(cr4), "real-cr4", SVM_REAL, consistency_cr4_bits() & ~others, false);
}

static void vmrun_dr6_high(enum svm_mode mode)
{
	check_bits(SAVE(dr6), "dr6", mode, BITS(63, 32), true);
}

TEST_IN_MODES(vmrun_dr6_high, "DR6[63:32] are not zero: refused", SPEC("APM vol. 2, 15.5.1"))

static void vmrun_dr7_high(enum svm_mode mode)
{
	check_bits(SAVE(dr7), "dr7", mode, BITS(63, 32), true);
}

TEST_IN_MODES(vmrun_dr7_high, "DR7[63:32] are not zero: refused", SPEC("APM vol. 2, 15.5.1"))

TEST(vmrun_dr_accepted, "the status bits of DR6 and the enable bits of DR7 are accepted",
     SPEC("APM vol. 2, 15.5.1; 13.1.1.3, 13.1.1.4"))
{
	check_bits(SAVE(dr6), "dr6", SVM_NATIVE, BITS(3, 0) | BITS(15, 13), false);
	/* DR0 to DR3 are zero, and so is page 0 absent: no breakpoint is met. */
	check_bits(SAVE(dr7), "dr7", SVM_NATIVE, BITS(9, 0), false);
}

static void vmrun_efer_mbz(enum svm_mode mode)
{
	check_bits(SAVE(efer), "efer", mode, consistency_efer_mbz(), true);
}

TEST_IN_MODES(vmrun_efer_mbz, "a bit of EFER that must be zero is set: refused",
	      SPEC("APM vol. 2, 15.5.1; 3.1.7"))

static void vmrun_efer_accepted(enum svm_mode mode)
{
	u64 bits = cpu_has(X86_FEATURE_SYSCALL) ? EFER_SCE : 0;

	if (cpu_has(X86_FEATURE_NX))
		bits |= EFER_NXE;
	if (cpu_has(X86_FEATURE_FFXSR))
		bits |= EFER_FFXSR;

	check_bits(SAVE(efer), "efer", mode, bits, false);
}

TEST_IN_MODES(vmrun_efer_accepted, "EFER's bits of features that CPUID has are accepted",
	      SPEC("APM vol. 2, 15.5.1; 3.1.7"))

TEST(vmrun_long_mode_states,
     "long mode needs PAE and PE, and code that is not both of 64 and of 32 bits: others are refused",
     SPEC("APM vol. 2, 15.5.1"), REQUIRES(sizeof(ulong) == 8))
{
	static const u64 attrib_l = (u64)VMCB_ATTRIB_L << 16, attrib_d = (u64)VMCB_ATTRIB_D << 16;
	const struct row rows[] = {
		{ "lme-pg-no-pae", SVM_LONG, { { SAVE(cr4), CR4_PAE, 0 } }, true },
		{ "compat-lme-pg-no-pae", SVM_COMPAT, { { SAVE(cr4), CR4_PAE, 0 } }, true },
		{ "cs-l-and-d", SVM_LONG, { { SAVE(cs), 0, attrib_l | attrib_d } }, true },
		{ "cs-l", SVM_LONG, { { SAVE(cs), attrib_d, attrib_l } }, false },
		{ "cs-d", SVM_COMPAT, { { SAVE(cs), attrib_l, attrib_d } }, false },
		/* Without LME, L means nothing. */
		{ "legacy-cs-l-and-d", SVM_PAE, { { SAVE(cs), 0, attrib_l | attrib_d } }, false },
		/* LME alone is long mode that is not active. */
		{ "lme-no-pg", SVM_PROTECTED, { { SAVE(efer), 0, EFER_LME } }, false },
		{ "lme-no-pg-pae",
		  SVM_PROTECTED,
		  { { SAVE(efer), 0, EFER_LME }, { SAVE(cr4), 0, CR4_PAE } },
		  false },
		{ "real-lme", SVM_REAL, { { SAVE(efer), 0, EFER_LME } }, false },
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(vmrun_long_mode_without_pe, "EFER.LME and CR0.PG are set and CR0.PE is zero: refused",
     SPEC("APM vol. 2, 15.5.1"), REQUIRES(sizeof(ulong) == 8))
{
	static const struct row rows[] = {
		{ "lme-pg-no-pe", SVM_LONG, { { SAVE(cr0), CR0_PE, 0 } }, true },
		{ "compat-lme-pg-no-pe", SVM_COMPAT, { { SAVE(cr0), CR0_PE, 0 } }, true },
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(vmrun_intercept_vmrun, "the VMRUN intercept bit is clear: refused", SPEC("APM vol. 2, 15.5.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("clear");
	consistency_set_up(g, SVM_NATIVE);
	svm_intercept(g, SVM_EXIT_VMRUN, false);
	consistency_expect(g, true);
	SUBTEST("all-but-vmrun");
	consistency_set_up(g, SVM_NATIVE);
	for (u32 i = 3; i < 5; i++)
		g->control->intercepts[i] = 0xffff;
	svm_intercept(g, SVM_EXIT_VMRUN, false);
	consistency_expect(g, true);
	SUBTEST("set");
	consistency_set_up(g, SVM_NATIVE);
	consistency_expect(g, false);
}

TEST(vmrun_asid, "ASID is equal to zero: refused; the others that CPUID counts are accepted",
     SPEC("APM vol. 2, 15.5.1; 15.25.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	const u32 count = cpuid(0x8000000a, 0).ebx;
	const struct {
		const char *name;
		u32 asid;
		bool refused;
	} rows[] = {
		{ "0", 0, true },
		{ "1", 1, false },
		{ "2", 2, false },
		{ "last", count - 1, false },
	};

	ASSERT_GT(count, 1u);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		consistency_set_up(g, SVM_NATIVE);
		g->control->guest_asid = rows[i].asid;
		consistency_expect(g, rows[i].refused);
	}
}

TEST(vmrun_permission_maps,
     "the MSR or IOIO intercept tables extend to a physical address beyond the maximum: refused",
     SPEC("APM vol. 2, 15.5.1; 15.10.1; 15.11"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	const u64 end = BIT(cpu_physical_bits());
	const struct {
		const char *name;
		u32 offset;
		u64 address;
		bool refused;
	} rows[] = {
		{ "msrpm-ends-at-maximum", CONTROL(msrpm_base_pa), end - 0x2000, false },
		{ "msrpm-low-bits-ignored", CONTROL(msrpm_base_pa), end - 0x2000 + 0xfff, false },
		{ "msrpm-second-page-beyond", CONTROL(msrpm_base_pa), end - 0x1000, true },
		{ "msrpm-beyond", CONTROL(msrpm_base_pa), end, true },
		{ "msrpm-bit-63", CONTROL(msrpm_base_pa), BIT(63), true },
		{ "iopm-ends-at-maximum", CONTROL(iopm_base_pa), end - 0x3000, false },
		{ "iopm-low-bits-ignored", CONTROL(iopm_base_pa), end - 0x3000 + 0xfff, false },
		{ "iopm-third-page-beyond", CONTROL(iopm_base_pa), end - 0x2000, true },
		{ "iopm-second-page-beyond", CONTROL(iopm_base_pa), end - 0x1000, true },
		{ "iopm-beyond", CONTROL(iopm_base_pa), end, true },
		{ "iopm-bit-63", CONTROL(iopm_base_pa), BIT(63), true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		consistency_set_up(g, SVM_NATIVE);
		*(u64 *)((u8 *)g->vmcb + rows[i].offset) = rows[i].address;
		consistency_expect(g, rows[i].refused);
	}
	for (u64 bit = cpu_physical_bits(); bit < 64; bit++) {
		SUBTEST("msrpm-address-bit-%llu", bit);
		consistency_set_up(g, SVM_NATIVE);
		g->control->msrpm_base_pa |= BIT(bit);
		consistency_expect(g, true);
		SUBTEST("iopm-address-bit-%llu", bit);
		consistency_set_up(g, SVM_NATIVE);
		g->control->iopm_base_pa |= BIT(bit);
		consistency_expect(g, true);
	}
}

TEST(vmrun_pae_pdpe,
     "a reserved bit of a PDPE is set and the guest has PAE paging without nested paging: refused",
     SPEC("APM vol. 2, 15.5.1; 5.2.3"))
{
	struct svm_guest *g = svm_new(SVM_PAE);
	const u64 reserved = BITS(2, 1) | BITS(8, 5) | BITS(63, cpu_physical_bits());

	for (u32 entry = 0; entry < 4; entry++) {
		for_each_set_bit(bit, reserved) {
			SUBTEST("pdpe%u-bit-%llu", entry, bit);
			consistency_set_up(g, SVM_PAE);
			((u64 *)g->tables)[entry] |= BIT(bit);
			consistency_expect(g, true);
		}
		SUBTEST("pdpe%u-available", entry);
		consistency_set_up(g, SVM_PAE);
		((u64 *)g->tables)[entry] |= BITS(11, 9) | BITS(4, 3);
		consistency_expect(g, false);
	}
	SUBTEST("pdpe3-absent");
	consistency_set_up(g, SVM_PAE);
	((u64 *)g->tables)[3] = 0;
	consistency_expect(g, false);
}

TEST(vmrun_vnmi, "NMI virtualization without the NMI intercept: refused",
     SPEC("APM vol. 2, 15.21.10"), REQUIRES(cpu_has(X86_FEATURE_VNMI)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 intercept = 0; intercept < 2; intercept++) {
		SUBTEST("intercept-%u", intercept);
		consistency_set_up(g, SVM_NATIVE);
		g->control->vintr |= V_NMI_ENABLE;
		svm_intercept(g, SVM_EXIT_NMI, intercept);
		consistency_expect(g, !intercept);
	}
}

TEST(vmrun_long_mode_absent,
     "EFER.LMA or EFER.LME is set and the processor has no long mode: refused",
     SPEC("APM vol. 2, 15.5.1"), REQUIRES(!cpu_has(X86_FEATURE_LM)))
{
	static const struct row rows[] = {
		{ "lme", SVM_PROTECTED, { { SAVE(efer), 0, EFER_LME } }, true },
		{ "lma", SVM_PROTECTED, { { SAVE(efer), 0, EFER_LMA } }, true },
		{ "neither", SVM_PROTECTED, { { SAVE(efer), EFER_LME | EFER_LMA, 0 } }, false },
	};

	check(rows, ARRAY_SIZE(rows));
}
