/* SPDX-License-Identifier: MIT */
/* What VMRUN loads and #VMEXIT saves: every field with a value of its own. APM vol. 2, 15.5.1, 15.6. */
#include "state.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/insn.h>
#include <x86/io.h>
#include <x86/xsave.h>

SUITE("SVM: state transfer", REQUIRES(svm_available()));

/* Fields of the save area that both VMRUN loads and #VMEXIT saves. */
#define FIELD(name)                                                                            \
	{                                                                                      \
#name, offsetof(struct vmcb_save, name), sizeof(((struct vmcb_save *)0)->name) \
	}

static const struct field {
	const char *name;
	u32 offset, size;
} fields[] = {
	FIELD(es.selector), FIELD(es.limit),	FIELD(es.base),	    FIELD(cs.selector),
	FIELD(cs.limit),    FIELD(cs.base),	FIELD(ss.selector), FIELD(ss.limit),
	FIELD(ss.base),	    FIELD(ds.selector), FIELD(ds.limit),    FIELD(ds.base),
	FIELD(gdtr.limit),  FIELD(gdtr.base),	FIELD(idtr.limit),  FIELD(idtr.base),
	FIELD(cpl),	    FIELD(efer),	FIELD(cr4),	    FIELD(cr3),
	FIELD(cr0),	    FIELD(dr7),		FIELD(dr6),	    FIELD(rflags),
	FIELD(rip),	    FIELD(rsp),		FIELD(rax),
};

static u64 value(const struct vmcb_save *save, const struct field *field)
{
	u64 v = 0;

	memcpy(&v, (const u8 *)save + field->offset, field->size);
	return v;
}

/* The attributes that count, 15.5.1: of the data segments P, E, W and code or data; the others may read as anything. */
#define ATTRIB_DATA (VMCB_ATTRIB_P | BITS(3, 1))
#define ATTRIB_CS   (VMCB_ATTRIB_P | BIT(1) | VMCB_ATTRIB_L | VMCB_ATTRIB_D)

static void expect_saved(const struct svm_guest *g, const struct vmcb_save *expected)
{
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		EXPECT_EQ(value(g->save, &fields[i]), value(expected, &fields[i]), "%s",
			  fields[i].name);
	EXPECT_EQ(g->save->es.attrib & ATTRIB_DATA, expected->es.attrib & ATTRIB_DATA);
	EXPECT_EQ(g->save->cs.attrib & ATTRIB_CS, expected->cs.attrib & ATTRIB_CS);
	EXPECT_EQ(g->save->ss.attrib & (ATTRIB_DATA | VMCB_ATTRIB_D),
		  expected->ss.attrib & (ATTRIB_DATA | VMCB_ATTRIB_D));
	EXPECT_EQ(g->save->ds.attrib & ATTRIB_DATA, expected->ds.attrib & ATTRIB_DATA);
}

static void guest_state_kept(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	struct vmcb_save expected;
	struct svm_registers registers;

	svm_reset(g, mode);
	svm_code_bytes(g, "", 0);
	state_fill(g);
	intercept_patterns(g);
	g->save->rax &= mode == SVM_LONG ? ~0ull : 0xffffffff;
	expected = *g->save;
	registers = g->registers;
	svm_run(g);
	if (!EXPECT_EXIT(g, SVM_EXIT_VMMCALL))
		return;
	expect_saved(g, &expected);
	EXPECT_MEM_EQ(&g->registers, &registers, offsetof(struct svm_registers, host_flags));
}

TEST_IN_MODES(guest_state_kept,
	      "what VMRUN loads and the guest does not change is what #VMEXIT saves",
	      SPEC("APM vol. 2, 15.5.1, 15.6"))

static void host_state_restored(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	const struct desc_table_register gdtr = { GDT_ENTRIES * 8 - 1 - 8, (ulong)gdt_entries() };
	const struct desc_table_register idtr = { 0x7f7, (ulong)idt };
	const ulong flags = FLAG_1 | FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF |
			    FLAG_DF | FLAG_IF | FLAG_AC | FLAG_ID;
	const u64 sce = cpu_has(X86_FEATURE_SYSCALL) ? EFER_SCE : 0;

	ulong cr0 = read_cr0() | CR0_TS | CR0_AM, cr3 = read_cr3() | 0x18;
	ulong cr4 = read_cr4() | CR4_TSD | CR4_DE;
	u64 efer = rdmsr(MSR_EFER) | sce;
	struct desc_table_register now;
	u16 ds, es, ss, cs;

	svm_reset(g, mode);
	svm_code_bytes(g, "", 0);
	state_fill(g);
	g->registers.host_flags = flags;
	write_cr0(cr0);
	write_cr3(cr3);
	write_cr4(cr4);
	wrmsr(MSR_EFER, efer);
	lgdt(&gdtr);
	lidt(&idtr);
	__asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(SEL_USER_DATA) : "memory");
	svm_run(g);
	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%ss, %2; mov %%cs, %3"
			 : "=r"(ds), "=r"(es), "=r"(ss), "=r"(cs));
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
	EXPECT_EQ(read_cr0(), cr0);
	EXPECT_EQ(read_cr3(), cr3);
	EXPECT_EQ(read_cr4(), cr4);
	EXPECT_EQ(rdmsr(MSR_EFER), efer);
	EXPECT_EQ(ds, SEL_USER_DATA);
	EXPECT_EQ(es, SEL_USER_DATA);
	EXPECT_EQ(ss, SEL_KERNEL_DATA);
	EXPECT_EQ(cs, SEL_KERNEL_CODE);
	__asm__ volatile("sgdt %0" : "=m"(now));
	EXPECT_EQ(now.base, gdtr.base);
	EXPECT_EQ(now.limit, gdtr.limit);
	__asm__ volatile("sidt %0" : "=m"(now));
	EXPECT_EQ(now.base, idtr.base);
	EXPECT_EQ(now.limit, idtr.limit);
	EXPECT_EQ(g->registers.host_flags, flags);
	EXPECT_EQ(read_dr7(), (ulong)DR7_RESET);
	write_cr0(cr0 & ~(CR0_TS | CR0_AM));
	write_cr3(cr3 & ~0x18ul);
	write_cr4(cr4 & ~(CR4_TSD | CR4_DE));
	wrmsr(MSR_EFER, efer & ~sce);
	desc_init();
}

TEST_IN_MODES(host_state_restored,
	      "after #VMEXIT the host's registers are what they were before VMRUN",
	      SPEC("APM vol. 2, 15.5.1, Saving Host State; 15.6"))

TEST(host_breakpoints_off, "#VMEXIT disables all breakpoints in the host's DR7",
     SPEC("APM vol. 2, 15.6"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_code_bytes(g, "", 0);
	write_dr7(DR7_RESET | BITS(7, 0));
	svm_run(g);
	EXPECT_EQ(read_dr7() & BITS(7, 0), 0ull);
	write_dr7(DR7_RESET);
}

static void write_to(void *address)
{
	WRITE_ONCE(*(u8 *)address, 1);
}

TEST(host_not_intercepted,
     "#VMEXIT clears all intercepts: the host's own exceptions and instructions are as ever",
     SPEC("APM vol. 2, 15.6"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	u8 *absent = space_absent_page();
	struct vmcb_control exited;

	svm_code_bytes(g, "", 0);
	memset(g->control->intercepts, 0xff, sizeof(g->control->intercepts));
	memset(g->iopm, 0xff, SVM_IOPM_PAGES * PAGE_SIZE);
	memset(g->msrpm, 0xff, SVM_MSRPM_PAGES * PAGE_SIZE);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
	exited = *g->control;
	write_cr2(0);
	EXPECT_FAULT(PF(PF_W, absent + 0x123), fault_of(write_to, absent + 0x123));
	EXPECT_EQ(read_cr2(), (ulong)absent + 0x123);
	EXPECT_NE(cpuid(0, 0).eax, 0u);
	EXPECT_EQ(rdmsr(MSR_VM_HSAVE_PA) & 0xfff, 0ull);
	inb(0x80);
	write_cr3(read_cr3());
	EXPECT_MEM_EQ(g->control, &exited, sizeof(exited));
}

TEST(vmcb_untouched, "VMRUN and #VMEXIT change nothing in the control area but what they report",
     SPEC("APM vol. 2, 15.5.1, 15.6, 15.16.1; appendix B, table B-1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct vmcb_control before;
	struct vmcb_control *c = g->control;

	svm_code_bytes(g, "", 0);
	c->tsc_offset = 0x123456789;
	c->guest_asid = 1;
	c->pause_filter_count = 0x1234;
	c->vintr = V_TPR(5) | V_INTR_PRIO(3) | V_INTR_VECTOR(0x45);
	memset(c->host, 0x5a, sizeof(c->host));
	before = *c;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
	EXPECT_MEM_EQ(c, &before, offsetof(struct vmcb_control, exitcode));
	EXPECT_EQ(c->np_control, before.np_control);
	EXPECT_EQ(c->n_cr3, before.n_cr3);
	EXPECT_EQ(c->virt_ext, before.virt_ext);
	EXPECT_EQ(c->eventinj, before.eventinj);
	EXPECT_EQ(c->clean, before.clean);
	EXPECT_MEM_EQ(c->reserved_100, before.reserved_100,
		      sizeof(*c) - offsetof(struct vmcb_control, reserved_100));
}

/* CLTS, with the VMCB's CPL 0 to 3: executed at CPL 0 alone. */
static void check_cpl(enum svm_mode mode, u8 given, u8 forced)
{
	struct svm_guest *g = svm_new(mode);
	static const u8 clts_code[] = { 0x0f, 0x06 };

	SUBTEST("cpl%u", given);
	if (mode == SVM_NATIVE)
		svm_set_cpl(g, given);
	svm_code_bytes(g, clts_code, sizeof(clts_code));
	g->save->cpl = given;
	svm_run(g);
	EXPECT_EXIT(g, forced ? SVM_EXIT_EXCP(VEC_GP) : SVM_EXIT_VMMCALL);
	EXPECT_EQ(g->save->cpl, forced);
}

TEST(cpl_of_vmcb, "in protected mode CPL is the VMCB's",
     SPEC("APM vol. 2, 15.5.1; appendix B, table B-2"))
{
	check_cpl(SVM_NATIVE, 0, 0);
	check_cpl(SVM_NATIVE, 3, 3);
}

TEST(cpl_forced_real, "CPL is 0 in real mode, whatever the VMCB says",
     SPEC("APM vol. 2, 15.5.1; appendix B, table B-2"))
{
	check_cpl(SVM_REAL, 0, 0);
	check_cpl(SVM_REAL, 3, 0);
}

TEST(cpl_forced_vm86, "CPL is 3 in virtual-8086 mode, whatever the VMCB says",
     SPEC("APM vol. 2, 15.5.1; appendix B, table B-2"))
{
	check_cpl(SVM_VM86, 0, 3);
	check_cpl(SVM_VM86, 3, 3);
}

static void guest_cr2(enum svm_mode mode)
{
	static const u8 read_cr2[] = { 0x0f, 0x20, 0xd3 }; /* MOV EBX, CR2 */
	struct svm_guest *g = svm_new(mode);

	SUBTEST("kept");
	svm_code_bytes(g, "", 0);
	g->save->cr2 = 0x5678000;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
	EXPECT_EQ(g->save->cr2, 0x5678000ull);
	SUBTEST("seen");
	svm_reset(g, mode);
	svm_code_bytes(g, read_cr2, sizeof(read_cr2));
	g->save->cr2 = 0x6789000;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->registers.bx, 0x6789000ul);
	SUBTEST("exception-exit");
	svm_reset(g, mode);
	svm_code_bytes(g, "\x0f\x0b", 2);
	g->save->cr2 = 0x789a000;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_UD));
	EXPECT_EQ(g->save->cr2, 0x789a000ull);
}

TEST_IN_MODES_BUT_VM86(guest_cr2, "VMRUN loads CR2, #VMEXIT saves it",
		       SPEC("APM vol. 2, 15.5.1, 15.6"))

TEST(rip_beyond,
     "a RIP outside the code segment or not canonical is no illegal state: the guest gets #GP(0)",
     SPEC("APM vol. 2, 15.5.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const struct {
		const char *name;
		enum svm_mode mode;
		u64 rip;
	} rows[] = {
		{ "not-canonical", SVM_LONG, 0x0000800000000000 },
		{ "not-canonical-high", SVM_LONG, 0xffff7fffffffffff },
		{ "bit-63", SVM_LONG, 0x8000000000000000 },
		{ "protected", SVM_PROTECTED, 0x20000 },
		{ "protected16", SVM_PROTECTED16, 0x10000 },
		{ "pae", SVM_PAE, 0x20000 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!svm_mode_possible(rows[i].mode))
			continue;
		SUBTEST("%s", rows[i].name);
		svm_reset(g, rows[i].mode);
		if (rows[i].mode != SVM_LONG)
			g->save->cs.limit = 0xffff;
		g->save->rip = rows[i].rip;
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
		EXPECT_EQ(g->control->exitinfo1, 0ull);
		EXPECT_EQ(g->save->rip, rows[i].rip);
	}
}
