/* SPDX-License-Identifier: MIT */
/* Segments that the guest or the host has loaded, as #VMEXIT and VMSAVE save them. APM vol. 2, 15.5.1. */
#include "intercept.h"

#include <mm/page.h>
#include <x86/insn.h>

SUITE("SVM: segment attributes", REQUIRES(svm_available()));

/* Data segments as descriptors: with all that VMCBs have of them. */
static const struct row {
	const char *name;
	u64 descriptor;
	u32 limit;
} rows[] = {
	{ "flat", DESC_FLAT | DESC_DB, 0xffffffff },
	{ "16-bit", DESC_FLAT, 0xffffffff },
	{ "read-only", (DESC_FLAT | DESC_DB) & ~DESC_W, 0xffffffff },
	{ "dpl3", DESC_FLAT | DESC_DB | DESC_DPL(3), 0xffffffff },
	{ "available-bit", DESC_FLAT | DESC_DB | DESC_AVL, 0xffffffff },
	{ "bytes", DESC_LIMIT(0x12345) | DESC_P | DESC_S | DESC_A | DESC_W | DESC_DB, 0x12345 },
	{ "pages", DESC_LIMIT(0x00123) | DESC_G | DESC_P | DESC_S | DESC_A | DESC_W, 0x123fff },
	{ "base", DESC_FLAT | DESC_DB | DESC_BASE(0x12345678), 0xffffffff },
	{ "expand-down", DESC_FLAT | DESC_DB | DESC_C, 0xffffffff },
	{ "code", DESC_FLAT | DESC_DB | DESC_CODE, 0xffffffff },
};

static u32 base_of(u64 descriptor)
{
	return (u32)((descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000));
}

static void expect_segment(const struct vmcb_segment *s, const struct row *row, u16 selector)
{
	EXPECT_EQ(s->selector, selector);
	EXPECT_EQ(s->attrib, VMCB_ATTRIB(row->descriptor));
	EXPECT_EQ(s->limit, row->limit);
	EXPECT_EQ(s->base, (u64)base_of(row->descriptor));
}

static void attributes_saved(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(mode);
	static const struct {
		const char *name;
		u8 modrm;
		u32 offset;
	} registers[] = {
		{ "es", 0xc0, offsetof(struct vmcb_save, es) },
		{ "ds", 0xd8, offsetof(struct vmcb_save, ds) },
		{ "fs", 0xe0, offsetof(struct vmcb_save, fs) },
		{ "gs", 0xe8, offsetof(struct vmcb_save, gs) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows) * ARRAY_SIZE(registers); i++) {
		const struct row *row = &rows[i / ARRAY_SIZE(registers)];
		const u32 r = i % ARRAY_SIZE(registers);
		const u8 code[] = { 0x8e, registers[r].modrm };

		SUBTEST("%s-%s", row->name, registers[r].name);
		svm_reset(g, mode);
		svm_code_bytes(g, code, sizeof(code));
		g->gdt[SVM_SEL_SPARE / 8] = row->descriptor;
		g->save->rax = SVM_SEL_SPARE;
		svm_run(g);
		EXPECT_DONE(g);
		expect_segment((const struct vmcb_segment *)((u8 *)g->save + registers[r].offset),
			       row, SVM_SEL_SPARE);
	}
}

TEST_IN_FLAT_MODES(
	attributes_saved,
	"what the guest loads into a segment register is saved with all attributes, the limit in bytes",
	SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB; 15.6"))

TEST(attributes_vmsaved, "VMSAVE stores FS and GS with all attributes, the limit in bytes",
     SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB; 15.5.2"))
{
	struct vmcb *vmcb = page_alloc();

	svm_enable();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 selector = gdt_set_spare(0, rows[i].descriptor);

		SUBTEST("%s", rows[i].name);
		__asm__ volatile("mov %0, %%fs; mov %0, %%gs" : : "r"(selector) : "memory");
		EXPECT_NO_FAULT(vmsave_try((ulong)vmcb));
		__asm__ volatile("mov %0, %%fs; mov %0, %%gs" : : "r"(0) : "memory");
		expect_segment(&vmcb->save.fs, &rows[i], selector);
		expect_segment(&vmcb->save.gs, &rows[i], selector);
	}
}

TEST(cpl_not_dpl, "the guest's CPL is the VMCB's field, not the DPL of SS",
     SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB"))
{
	static const u8 clts_code[] = { 0x0f, 0x06 };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		svm_reset(g, SVM_NATIVE);
		svm_set_cpl(g, cpl);
		svm_code_bytes(g, clts_code, sizeof(clts_code));
		g->save->ss.attrib ^= 3 << 5; /* the other one */
		svm_run(g);
		EXPECT_EXIT(g, cpl ? SVM_EXIT_EXCP(VEC_GP) : SVM_EXIT_VMMCALL);
		EXPECT_EQ(g->save->cpl, cpl);
	}
}

TEST(hsave_page_only, "VMRUN writes the host's state to the page of VM_HSAVE_PA and not beside it",
     SPEC("APM vol. 2, 15.30.4"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	u8 *pages = pages_alloc(3, PAGE_SIZE);

	for (u32 i = 0; i < PAGE_SIZE; i++)
		pages[i] = pages[2 * PAGE_SIZE + i] = 0x5a;
	wrmsr(MSR_VM_HSAVE_PA, (ulong)pages + PAGE_SIZE);
	svm_code_bytes(g, "\x90", 1);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(rdmsr(MSR_VM_HSAVE_PA), (u64)((ulong)pages + PAGE_SIZE));
	for (u32 i = 0; i < PAGE_SIZE; i++)
		if (pages[i] != 0x5a || pages[2 * PAGE_SIZE + i] != 0x5a) {
			FAIL("byte %#x of a page beside it was written", i);
			break;
		}
}

TEST(avic_absent,
     "where CPUID has no AVIC its enable bit is ignored, and virtual interrupts work as ever",
     SPEC("APM vol. 2, appendix B, table B-1, 060h bit 31; 15.29"),
	  BUG("CVE-2021-3653"), REQUIRES(!cpu_has(X86_FEATURE_AVIC)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_touch(g, SVM_NATIVE);
	/* By STI, so that it does not depend on what VMRUN itself looks at. */
	svm_code_bytes(g, "\xfb\x90\x90", 3);
	g->control->vintr = BIT(31) | V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(0x45);
	svm_run(g);
	EXPECT_DELIVERED(g, 0x45);
	EXPECT_EQ(svm_stack_word(g, 0), svm_start(g) + 2);
}

TEST(efer_in_guest, "the guest reads the VMCB's EFER, SVME and all, and what it writes is saved",
     SPEC("APM vol. 2, 15.5.1, Loading Guest State; 15.6"), REQUIRES(cpu_has(X86_FEATURE_NX)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("read");
	svm_code_bytes(g, "\x0f\x32", 2);
	g->registers.cx = MSR_EFER;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ((u32)g->save->rax, (u32)g->save->efer);
	EXPECT_EQ((u32)g->save->rax & EFER_SVME, EFER_SVME);
	SUBTEST("write");
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "\x0f\x30", 2);
	g->registers.cx = MSR_EFER;
	g->save->rax = g->save->efer | EFER_NXE;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->save->efer & EFER_NXE, EFER_NXE);
	SUBTEST("host");
	EXPECT_EQ(rdmsr(MSR_EFER) & EFER_NXE, EFER_NXE);
}
