/* SPDX-License-Identifier: MIT */
/* VMLOAD and VMSAVE: every field of them, and nothing else. APM vol. 2, 15.5.2. */
#include "nested.h"

#include <mm/page.h>
#include <string.h>

SUITE("SVM: VMLOAD and VMSAVE", REQUIRES(svm_available()));

#define FIELD(name, value, msr, only_64)                                     \
	{                                                                    \
#name, offsetof(struct vmcb_save, name), value, msr, only_64 \
	}

/* The MSR that shows the field, and a value that it can have. */
static const struct field {
	const char *name;
	u32 offset;
	u64 value;
	u32 msr;
	bool only_64;
} fields[] = {
	FIELD(fs.base, 0x0000123456789abc, MSR_FS_BASE, true),
	FIELD(gs.base, 0x0000234567891abc, MSR_GS_BASE, true),
	FIELD(kernel_gs_base, 0x0000345678912abc, MSR_KERNEL_GS_BASE, true),
	FIELD(star, 0x0023000812345678, MSR_STAR, true),
	FIELD(lstar, 0x00004567891234bc, MSR_LSTAR, true),
	FIELD(cstar, 0x00005678912345bc, MSR_CSTAR, true),
	FIELD(sfmask, 0x0000000067891234, MSR_SFMASK, true),
	FIELD(sysenter_cs, 0x0000000000007890, MSR_IA32_SYSENTER_CS, false),
	FIELD(sysenter_esp, 0x0000000078912345, MSR_IA32_SYSENTER_ESP, false),
	FIELD(sysenter_eip, 0x0000000009123456, MSR_IA32_SYSENTER_EIP, false),
};

static u64 *at(struct vmcb *vmcb, const struct field *field)
{
	return (u64 *)((u8 *)&vmcb->save + field->offset);
}

/* What this CPU has now, to be loaded again before anything else happens. */
static struct vmcb *save_own(void)
{
	struct vmcb *own = page_alloc();

	svm_enable();
	ASSERT_NO_FAULT(vmsave_try((ulong)own));
	return own;
}

TEST(vmload_fields, "VMLOAD loads each of its registers from its field",
     SPEC("APM vol. 2, 15.5.2; appendix B, table B-2"))
{
	struct vmcb *own = save_own(), *other = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		u64 value;

		if (fields[i].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s", fields[i].name);
		*other = *own;
		*at(other, &fields[i]) = fields[i].value;
		EXPECT_NO_FAULT(vmload_try((ulong)other));
		value = rdmsr(fields[i].msr);
		EXPECT_NO_FAULT(vmload_try((ulong)own));
		EXPECT_EQ(value, fields[i].value);
		EXPECT_EQ(rdmsr(fields[i].msr), *at(own, &fields[i]));
	}
}

TEST(vmsave_fields, "VMSAVE stores each of its registers to its field",
     SPEC("APM vol. 2, 15.5.2; appendix B, table B-2"))
{
	struct vmcb *own = save_own(), *other = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s", fields[i].name);
		wrmsr(fields[i].msr, fields[i].value);
		EXPECT_NO_FAULT(vmsave_try((ulong)other));
		EXPECT_NO_FAULT(vmload_try((ulong)own));
		for (u32 j = 0; j < ARRAY_SIZE(fields); j++) {
			if (fields[j].only_64 && sizeof(ulong) == 4)
				continue;
			EXPECT_EQ(*at(other, &fields[j]),
				  j == i ? fields[i].value : *at(own, &fields[j]), "%s",
				  fields[j].name);
		}
	}
}

TEST(vmload_separate, "VMLOAD gives each register its own field's value",
     SPEC("APM vol. 2, 15.5.2"))
{
	struct vmcb *own = save_own(), *other = page_alloc();
	u64 values[ARRAY_SIZE(fields)];

	*other = *own;
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		*at(other, &fields[i]) = fields[i].value;
	EXPECT_NO_FAULT(vmload_try((ulong)other));
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		values[i] = fields[i].only_64 && sizeof(ulong) == 4 ? fields[i].value
								    : rdmsr(fields[i].msr);
	EXPECT_NO_FAULT(vmload_try((ulong)own));
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		EXPECT_EQ(values[i], fields[i].value, "%s", fields[i].name);
}

TEST(vmsave_what_was_loaded,
     "VMSAVE stores what VMLOAD has loaded, hidden parts of segments included",
     SPEC("APM vol. 2, 15.5.2"))
{
	static const struct {
		const char *name;
		u32 offset;
		struct vmcb_segment segment;
	} segments[] = {
		{ "fs", offsetof(struct vmcb_save, fs), { 0x1238, 0xc93, 0x12345fff, 0x11112000 } },
		{ "gs", offsetof(struct vmcb_save, gs), { 0x2348, 0xc93, 0x23456fff, 0x22223000 } },
		{ "ldtr", offsetof(struct vmcb_save, ldtr), { 0x3458, 0x082, 0x0fff, 0x33334000 } },
		{ "tr", offsetof(struct vmcb_save, tr), { 0x4568, 0x08b, 0x1fff, 0x44445000 } },
	};
	struct vmcb *own = save_own(), *other = page_alloc(), *stored = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(segments); i++) {
		const struct vmcb_segment *s =
			(const struct vmcb_segment *)((u8 *)&stored->save + segments[i].offset);

		SUBTEST("%s", segments[i].name);
		*other = *own;
		*(struct vmcb_segment *)((u8 *)&other->save + segments[i].offset) =
			segments[i].segment;
		EXPECT_NO_FAULT(vmload_try((ulong)other));
		EXPECT_NO_FAULT(vmsave_try((ulong)stored));
		EXPECT_NO_FAULT(vmload_try((ulong)own));
		EXPECT_EQ(s->selector, segments[i].segment.selector);
		EXPECT_EQ(s->limit, segments[i].segment.limit);
		EXPECT_EQ(s->base, segments[i].segment.base);
		EXPECT_EQ(s->attrib & 0x9f, segments[i].segment.attrib & 0x9f);
	}
}

TEST(vmload_selectors, "VMLOAD loads FS, GS, LDTR and TR, as the instructions that read them show",
     SPEC("APM vol. 2, 15.5.2"))
{
	struct vmcb *own = save_own(), *other = page_alloc();
	u16 fs, gs, ldtr, tr;

	*other = *own;
	other->save.fs = (struct vmcb_segment){ 0x1238, 0xc93, 0xfffff, 0 };
	other->save.gs = (struct vmcb_segment){ 0x2348, 0xc93, 0xfffff, 0 };
	other->save.ldtr = (struct vmcb_segment){ 0x3458, 0x082, 0xfff, 0 };
	other->save.tr.selector = 0x4568;
	EXPECT_NO_FAULT(vmload_try((ulong)other));
	__asm__ volatile("mov %%fs, %0; mov %%gs, %1; sldt %2; str %3"
			 : "=r"(fs), "=r"(gs), "=r"(ldtr), "=r"(tr));
	EXPECT_NO_FAULT(vmload_try((ulong)own));
	EXPECT_EQ(fs, 0x1238);
	EXPECT_EQ(gs, 0x2348);
	EXPECT_EQ(ldtr, 0x3458);
	EXPECT_EQ(tr, 0x4568);
}

TEST(vmload_base_used, "what VMLOAD loads as the base of FS is added to addresses",
     SPEC("APM vol. 2, 15.5.2"))
{
	struct vmcb *own = save_own(), *other = page_alloc();
	u32 *data = page_alloc(), value;

	data[4] = 0x12345678;
	*other = *own;
	other->save.fs = (struct vmcb_segment){ SEL_KERNEL_DATA, 0xc93, ~0u, (ulong)data };
	EXPECT_NO_FAULT(vmload_try((ulong)other));
	__asm__ volatile("movl %%fs:16, %0" : "=r"(value) : : "memory");
	EXPECT_NO_FAULT(vmload_try((ulong)own));
	EXPECT_EQ(value, 0x12345678u);
}

TEST(vmload_canonical, "VMLOAD sign-extends the bases of segments",
     SPEC("APM vol. 2, 15.5.1, Canonicalization and Consistency Checks"),
	  REQUIRES(sizeof(ulong) == 8))
{
	static const u64 values[] = { 0x0000800000000000, 0x0000ffffffff0000, 0x1234000000001000,
				      0x7fff800000000000, 0xffff000000001000, 0x0100000000000000 };
	struct vmcb *own = save_own(), *other = page_alloc();
	const u32 unused = 64 - (cpuid(0x80000008, 0).eax >> 8 & 0xff);

	for (u32 i = 0; i < ARRAY_SIZE(values); i++)
		for (u32 j = 0; j < 2; j++) {
			const u64 expected = (u64)((s64)(values[i] << unused) >> unused);
			u64 value;

			SUBTEST("%s-%#llx", fields[j].name, values[i]);
			*other = *own;
			*at(other, &fields[j]) = values[i];
			EXPECT_NO_FAULT(vmload_try((ulong)other));
			value = rdmsr(fields[j].msr);
			EXPECT_NO_FAULT(vmload_try((ulong)own));
			EXPECT_EQ(value, expected);
		}
}

/* The ranges of the page that VMSAVE writes, in the save area. */
static bool is_vmsaves(u32 offset)
{
	offset -= offsetof(struct vmcb, save);
	return (offset >= offsetof(struct vmcb_save, fs) &&
		offset < offsetof(struct vmcb_save, gdtr)) ||
	       (offset >= offsetof(struct vmcb_save, ldtr) &&
		offset < offsetof(struct vmcb_save, idtr)) ||
	       (offset >= offsetof(struct vmcb_save, tr) &&
		offset < offsetof(struct vmcb_save, reserved_0a0)) ||
	       (offset >= offsetof(struct vmcb_save, star) &&
		offset < offsetof(struct vmcb_save, cr2));
}

TEST(vmsave_nothing_else, "VMSAVE writes its fields and no other byte of the page",
     SPEC("APM vol. 2, 15.5.2"))
{
	u8 *page = page_alloc();

	svm_enable();
	memset(page, 0xa5, PAGE_SIZE);
	EXPECT_NO_FAULT(vmsave_try((ulong)page));
	for (u32 i = 0; i < PAGE_SIZE; i++)
		if (!is_vmsaves(i) && page[i] != 0xa5) {
			FAIL("byte %#x is %#x", i, page[i]);
			break;
		}
	EXPECT_EQ(((struct vmcb *)page)->save.tr.selector, SEL_TSS);
}

TEST(vmload_nothing_else, "VMLOAD changes none of the registers that VMRUN loads",
     SPEC("APM vol. 2, 15.5.2"))
{
	struct vmcb *own = save_own(), *other = page_alloc();
	ulong cr0 = read_cr0(), cr2 = read_cr2(), cr3 = read_cr3(), cr4 = read_cr4();
	u64 efer = rdmsr(MSR_EFER);

	*other = *own;
	memset((u8 *)other, 0xff, offsetof(struct vmcb, save));
	other->save.cr0 = other->save.cr2 = other->save.cr3 = other->save.cr4 = 0x5a5a;
	other->save.efer = other->save.rip = other->save.rsp = other->save.rax = 0x5a5a;
	other->save.dr6 = other->save.dr7 = other->save.rflags = 0x5a5a;
	EXPECT_NO_FAULT(vmload_try((ulong)other));
	EXPECT_EQ(read_cr0(), cr0);
	EXPECT_EQ(read_cr2(), cr2);
	EXPECT_EQ(read_cr3(), cr3);
	EXPECT_EQ(read_cr4(), cr4);
	EXPECT_EQ(rdmsr(MSR_EFER), efer);
	EXPECT_EQ(read_dr7(), (ulong)DR7_RESET);
	EXPECT_NO_FAULT(vmload_try((ulong)own));
}

TEST(vmrun_does_not_vmload, "VMRUN and #VMEXIT leave to VMLOAD and VMSAVE what is theirs",
     SPEC("APM vol. 2, 15.5.1, 15.5.2"), REQUIRES(sizeof(ulong) == 8))
{
	struct svm_guest *g = svm_new(SVM_LONG);

	/* svm_run() has loaded the guest's values before VMRUN and stores them after #VMEXIT. */
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		u64 host = rdmsr(fields[i].msr);

		SUBTEST("%s", fields[i].name);
		svm_reset(g, SVM_LONG);
		svm_code_bytes(g, "\x0f\x32", 2);
		g->registers.cx = fields[i].msr;
		*at(g->vmcb, &fields[i]) = fields[i].value;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ((u32)g->save->rax | (u64)g->registers.dx << 32, fields[i].value);
		EXPECT_EQ(*at(g->vmcb, &fields[i]), fields[i].value);
		EXPECT_EQ(rdmsr(fields[i].msr), host);
	}
}

TEST(guest_writes_vmsaved, "what the guest writes to the MSRs of VMSAVE is stored by VMSAVE",
     SPEC("APM vol. 2, 15.5.2"), REQUIRES(sizeof(ulong) == 8))
{
	struct svm_guest *g = svm_new(SVM_LONG);

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		SUBTEST("%s", fields[i].name);
		svm_reset(g, SVM_LONG);
		svm_code_bytes(g, "\x0f\x30", 2);
		g->registers.cx = fields[i].msr;
		g->save->rax = (u32)fields[i].value;
		g->registers.dx = (ulong)(fields[i].value >> 32);
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(*at(g->vmcb, &fields[i]), fields[i].value);
	}
}

static void run_in_guest(struct svm_guest *g, u8 opcode, const struct vmcb *vmcb)
{
	const u8 code[] = { 0x0f, 0x01, opcode };

	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, code, sizeof(code));
	g->save->rax = (ulong)vmcb;
}

TEST(vmload_in_guest, "VMLOAD and VMSAVE that are not intercepted work in the guest as in the host",
     SPEC("APM vol. 2, 15.5.2; 15.9, table 15-7"), BUG("CVE-2021-3656"),
						       REQUIRES(!cpu_has(X86_FEATURE_VMLOAD_VIRT)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct vmcb *other = page_alloc();

	SUBTEST("vmsave");
	run_in_guest(g, 0xdb, other);
	g->save->sysenter_eip = 0x9123456;
	svm_run(g);
	if (EXPECT_DONE(g))
		EXPECT_EQ(other->save.sysenter_eip, 0x9123456ull);
	SUBTEST("vmload");
	run_in_guest(g, 0xda, other);
	other->save = *g->save;
	other->save.sysenter_eip = 0x4567891;
	svm_run(g);
	if (EXPECT_DONE(g))
		EXPECT_EQ(g->save->sysenter_eip, 0x4567891ull);
}

static struct nested nested_vm_insn(u8 opcode, const struct vmcb *vmcb)
{
	struct nested n = nested_new();
	const u8 code[] = { 0x0f, 0x01, opcode };

	svm_code_bytes(n.g, code, sizeof(code));
	n.g->save->rax = (ulong)vmcb;
	return n;
}

TEST(vmload_in_nested_guest,
     "under nested paging VMLOAD and VMSAVE exit where they are intercepted; else their address is a physical one",
     SPEC("APM vol. 2, 15.5.2; 15.9, table 15-7"),
	  REQUIRES(cpu_has(X86_FEATURE_NPT) && !cpu_has(X86_FEATURE_VMLOAD_VIRT)))
{
	struct vmcb *other = page_alloc();

	for (u32 i = 0; i < 4; i++) {
		const bool save = i & 1, intercept = i & 2;
		struct nested n;

		SUBTEST("%s-%s", save ? "vmsave" : "vmload",
			intercept ? "intercept" : "no-intercept");
		n = nested_vm_insn(save ? 0xdb : 0xda, other);
		/* No guest-physical address is that of the page. */
		space_unmap(n.npt, (ulong)other, PAGE_SIZE);
		svm_intercept(n.g, save ? SVM_EXIT_VMSAVE : SVM_EXIT_VMLOAD, intercept);
		n.g->save->sysenter_eip = 0x9123456;
		other->save = n.g->save[0];
		other->save.sysenter_eip = 0x4567891;
		svm_run(n.g);
		if (intercept) {
			EXPECT_EXIT(n.g, save ? SVM_EXIT_VMSAVE : SVM_EXIT_VMLOAD);
			EXPECT_EQ(n.g->save->rip, svm_start(n.g));
			EXPECT_EQ(other->save.sysenter_eip, 0x4567891ull);
		} else if (EXPECT_DONE(n.g)) {
			EXPECT_EQ(save ? other->save.sysenter_eip : n.g->save->sysenter_eip,
				  save ? 0x9123456ull : 0x4567891ull);
		}
	}
}
