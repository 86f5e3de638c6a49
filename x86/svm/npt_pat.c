/* SPDX-License-Identifier: MIT */
/* Nested paging: what VMRUN checks, and the guest's PAT. APM vol. 2, 15.25.4, 15.25.8. */
#include "nested.h"

#include "consistency.h"

SUITE("SVM: G_PAT and nCR3", REQUIRES(svm_available() && cpu_has(X86_FEATURE_NPT)));

#define PAT_RESET 0x0007040600070406ull

static void set_up(struct nested *n)
{
	nested_reset(n);
	svm_code_bytes(n->g, "\xff\xc3", 2); /* INC EBX */
	n->g->registers.bx = 0x1000;
}

/* Legacy mode's CR3 has 32 bits; what the upper half of nCR3 is to it no section says. */
TEST(npt_ncr3_mbz, "a bit of nCR3 above the physical address is set in long mode: refused",
     SPEC("APM vol. 2, 15.25.4; 5.3.2"), REQUIRES(sizeof(ulong) == 8))
{
	struct nested n = nested_new();

	for (u32 bit = cpu_physical_bits(); bit < 64; bit++) {
		SUBTEST("bit-%u", bit);
		set_up(&n);
		n.g->control->n_cr3 |= BIT(bit);
		consistency_expect(n.g, true);
	}
}

TEST(npt_ncr3_accepted, "PWT and PCD of nCR3 are accepted", SPEC("APM vol. 2, 15.25.4, 15.25.8"))
{
	struct nested n = nested_new();

	for (u32 bit = 3; bit < 5; bit++) {
		SUBTEST("bit-%u", bit);
		set_up(&n);
		n.g->control->n_cr3 |= BIT(bit);
		consistency_expect(n.g, false);
	}
}

static bool is_memory_type(u32 type)
{
	return type == 0 || type == 1 || (type >= 4 && type <= 7);
}

TEST(npt_g_pat,
     "an unsupported type or a reserved bit in G_PAT is refused, the others are accepted",
     SPEC("APM vol. 2, 15.25.4; 7.8.1"), BUG("svm_nested_pat_test"))
{
	struct nested n = nested_new();

	for (u32 field = 0; field < 8; field++)
		for (u32 type = 0; type < 16; type++) {
			const u32 value = type < 8 ? type : (u32)BIT(type - 8);

			if (type >= 8 && type < 11)
				continue;
			SUBTEST("pa%u-%#x", field, value);
			set_up(&n);
			n.g->save->g_pat = (PAT_RESET & ~(0xffull << (field * 8))) |
					   (u64)value << (field * 8);
			consistency_expect(n.g, !is_memory_type(value));
		}
}

TEST(npt_g_pat_ignored, "without nested paging G_PAT is ignored",
     SPEC("APM vol. 2, 15.25.8; appendix B, table B-2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 3; i++) {
		static const u64 values[] = { 0, 0x0202020202020202, ~0ull };

		SUBTEST("%#llx", values[i]);
		consistency_set_up(g, SVM_NATIVE);
		g->save->g_pat = values[i];
		consistency_expect(g, false);
	}
}

static void access_pat(struct svm_guest *g, bool write, u64 value)
{
	svm_code_bytes(g, write ? "\x0f\x30" : "\x0f\x32", 2);
	g->registers.cx = MSR_IA32_PAT;
	g->save->rax = (u32)value;
	g->registers.dx = (ulong)(value >> 32);
	svm_run(g);
	EXPECT_DONE(g);
}

TEST(npt_guest_pat, "under nested paging the guest's PAT is G_PAT, and the host's is untouched",
     SPEC("APM vol. 2, 15.25.2, 15.25.4"))
{
	struct nested n = nested_new();
	const u64 host = rdmsr(MSR_IA32_PAT);
	static const u64 values[] = { 0x0706050401000706, 0x0000000000000000, 0x0606060606060606 };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("read-%#llx", values[i]);
		nested_reset(&n);
		n.g->save->g_pat = values[i];
		access_pat(n.g, false, 0);
		EXPECT_EQ((u32)n.g->save->rax | (u64)n.g->registers.dx << 32, values[i]);
		EXPECT_EQ(n.g->save->g_pat, values[i]);
		EXPECT_EQ(rdmsr(MSR_IA32_PAT), host);
		SUBTEST("write-%#llx", values[i]);
		nested_reset(&n);
		n.g->save->g_pat = PAT_RESET;
		access_pat(n.g, true, values[i]);
		EXPECT_EQ(n.g->save->g_pat, values[i]);
		EXPECT_EQ(rdmsr(MSR_IA32_PAT), host);
	}
	wrmsr(MSR_IA32_PAT, host);
}

TEST(no_npt_guest_pat, "without nested paging the guest's writes of PAT are the host's",
     SPEC("APM vol. 2, 15.25.8"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	const u64 host = rdmsr(MSR_IA32_PAT), value = 0x0706050401000706;

	access_pat(g, true, value);
	EXPECT_EQ(rdmsr(MSR_IA32_PAT), value);
	wrmsr(MSR_IA32_PAT, host);
}
