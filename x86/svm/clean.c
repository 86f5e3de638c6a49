/* SPDX-License-Identifier: MIT */
/* What VMRUN may have kept of the VMCB: the clean bits. APM vol. 2, 15.15. */
#include "intercept.h"

#include <mm/page.h>
#include <string.h>

SUITE("SVM: clean bits", REQUIRES(svm_available()));

#define VECTOR_1 0x47

static const struct {
	const char *name;
	u32 bit;
} groups[] = {
	{ "intercepts", 0 }, { "iopm-msrpm", 1 }, { "asid", 2 }, { "tpr", 3 },
	{ "np", 4 },	     { "crx", 5 },	  { "drx", 6 },	 { "dt", 7 },
	{ "seg", 8 },	     { "cr2", 9 },	  { "lbr", 10 }, { "avic", 11 },
};

/* Changes something of the group, and says what the guest then does otherwise. */
static void change_group(struct svm_guest *g, u32 bit)
{
	switch (bit) {
	case 0:
		svm_intercept(g, SVM_EXIT_CPUID, true);
		break;
	case 3:
		g->control->vintr = V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(VECTOR_1);
		g->save->rflags |= FLAG_IF;
		break;
	case 5:
		g->save->cr0 |= CR0_TS;
		break;
	case 6:
		g->save->dr7 |= BIT(8);
		break;
	case 7:
		g->save->gdtr.limit = 0x1237;
		break;
	case 8:
		g->save->ds.selector = 0x28;
		break;
	case 9:
		g->save->cr2 = 0x123000;
		break;
	}
}

static void expect_changed(struct svm_guest *g, u32 bit)
{
	switch (bit) {
	case 0:
		EXPECT_EXIT(g, SVM_EXIT_CPUID);
		return;
	case 3:
		EXPECT_DELIVERED(g, VECTOR_1);
		return;
	case 5:
		EXPECT_EQ(g->save->cr0 & CR0_TS, CR0_TS);
		break;
	case 6:
		EXPECT_EQ(g->save->dr7 & BIT(8), BIT(8));
		break;
	case 7:
		EXPECT_EQ(g->save->gdtr.limit, 0x1237u);
		break;
	case 8:
		EXPECT_EQ(g->save->ds.selector, 0x28);
		break;
	case 9:
		EXPECT_EQ(g->save->cr2, 0x123000ull);
		break;
	}
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
}

TEST(clean_clear_honoured,
     "a clean bit that is clear makes VMRUN load its group, whatever the others are",
     SPEC("APM vol. 2, 15.15.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_touch(g, SVM_NATIVE);
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++) {
		SUBTEST("%s", groups[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "\x0f\xa2", 2);
		svm_run(g);
		EXPECT_DONE(g);
		g->save->rip = svm_start(g);
		g->control->clean = ~(u32)BIT(groups[i].bit);
		change_group(g, groups[i].bit);
		svm_run(g);
		expect_changed(g, groups[i].bit);
	}
}

TEST(clean_uncached, "what no clean bit stands for is loaded with all of them set",
     SPEC("APM vol. 2, 15.15.3"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_code_bytes(g, "\x90", 1);
	svm_run(g);
	EXPECT_DONE(g);
	SUBTEST("rip-rsp-rax-rflags");
	g->control->clean = ~0u;
	g->save->rip = svm_start(g);
	g->save->rsp -= 0x40;
	g->save->rax = 0x4321;
	g->save->rflags |= FLAG_CF | FLAG_AC;
	intercept_patterns(g);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->save->rsp, (u64)((ulong)g->stack_top - 0x40));
	EXPECT_EQ(g->save->rflags & (FLAG_CF | FLAG_AC), FLAG_CF | FLAG_AC);
	SUBTEST("eventinj");
	g->control->clean = ~0u;
	g->save->rip = svm_start(g);
	g->control->eventinj = EVENT_V | EVENT_TYPE_INTR | 0x77;
	svm_run(g);
	EXPECT_DELIVERED(g, 0x77);
}

static void clean_unchanged(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_reset(g, mode);
	svm_code_bytes(g, "\x90\x90", 2);
	for (u32 round = 0; round < 3; round++) {
		g->save->rip = svm_start(g);
		svm_run(g);
		EXPECT_DONE(g);
		g->control->clean = ~0u;
	}
}

TEST_IN_MODES(clean_unchanged,
	      "with all clean bits set and nothing changed, the guest runs as before",
	      SPEC("APM vol. 2, 15.15.1"))

/* ------------------------------------------------------------------------ field by field */

/* What a guest that does nothing keeps, so that it is seen after the exit. */
static const struct kept {
	const char *name;
	u32 clean_bit;
	u32 offset, size;
	u64 change;
} kept[] = {
#define KEPT(field, bit, change)                                         \
	{                                                                \
#field, bit, offsetof(struct vmcb, save.field),          \
			sizeof(((struct vmcb *)0)->save.field), (change) \
	}
	KEPT(cr0, 5, CR0_TS),	     KEPT(cr3, 5, 0x8),		  KEPT(cr4, 5, CR4_DE),
	KEPT(efer, 5, EFER_SCE),     KEPT(dr6, 6, BIT(2)),	  KEPT(dr7, 6, BIT(8)),
	KEPT(gdtr.base, 7, 0x1000),  KEPT(gdtr.limit, 7, 0x1111), KEPT(idtr.base, 7, 0x2000),
	KEPT(idtr.limit, 7, 0x2222), KEPT(es.selector, 8, 0x300), KEPT(es.base, 8, 0x3000),
	KEPT(ds.selector, 8, 0x400), KEPT(ds.limit, 8, 0x10000),  KEPT(ss.selector, 8, 0x500),
	KEPT(cs.selector, 8, 0x600), KEPT(cr2, 9, 0x123000),
#undef KEPT
};

static void change(struct vmcb *vmcb, const struct kept *field)
{
	u64 value = 0;

	memcpy(&value, (u8 *)vmcb + field->offset, field->size);
	value ^= field->change;
	memcpy((u8 *)vmcb + field->offset, &value, field->size);
}

static void expect_kept(const struct vmcb *before, const struct vmcb *after,
			const struct kept *field)
{
	EXPECT_MEM_EQ((const u8 *)after + field->offset, (const u8 *)before + field->offset,
		      field->size, "%s", field->name);
}

TEST(clean_clear_fields, "a clean bit that is clear makes VMRUN load each field of its group",
     SPEC("APM vol. 2, 15.15.1; 15.15.3, figure 15-4"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct vmcb *before = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(kept); i++) {
		SUBTEST("%s", kept[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "", 0);
		svm_run(g);
		EXPECT_DONE(g);
		g->control->clean = ~(u32)BIT(kept[i].clean_bit);
		change(g->vmcb, &kept[i]);
		*before = *g->vmcb;
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
		expect_kept(before, g->vmcb, &kept[i]);
	}
}

/* A page that is no other case's VMCB, so that no CPU has cached anything of it. */
static struct vmcb never_run __aligned(PAGE_SIZE);

TEST(clean_other_vmcb, "VMRUN of a VMCB that is not cached treats the clean bits as zero",
     SPEC("APM vol. 2, 15.15.2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct svm_guest other = *g;
	struct vmcb *before = page_alloc();

	svm_code_bytes(g, "", 0);
	svm_run(g);
	EXPECT_DONE(g);
	never_run = *g->vmcb;
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++)
		change(&never_run, &kept[i]);
	other.vmcb = &never_run;
	other.control = &never_run.control;
	other.save = &never_run.save;
	other.code_size = 0;
	never_run.control.clean = ~0u;
	never_run.control.guest_asid = 2;
	*before = never_run;
	svm_run(&other);
	EXPECT_EXIT(&other, SVM_EXIT_VMMCALL);
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++) {
		SUBTEST("%s", kept[i].name);
		expect_kept(before, &never_run, &kept[i]);
	}
}
