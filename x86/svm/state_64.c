/* SPDX-License-Identifier: MIT */
/* What a 64-bit guest finds in its registers, and what it leaves there. */
#include "state.h"

#include <x86/insn.h>

SUITE("SVM: state transfer", REQUIRES(svm_available()));

/* Where the guest leaves what it reads. */
struct seen {
	u64 ax, bx, cx, dx, si, di, bp, sp, r8, r9, r10, r11, r12, r13, r14, r15;
	u64 flags, cr0, cr2, cr3, cr4, dr6, dr7;
	u64 es, cs, ss, ds;
	struct desc_table_register gdtr __aligned(16), idtr __aligned(16);
};

TEST(guest_state_seen, "the guest finds in its registers what the VMCB has",
     SPEC("APM vol. 2, 15.5.1, Loading Guest State"))
{
	struct svm_guest *g = svm_new(SVM_LONG);
	struct seen *seen = (struct seen *)g->data;
	const struct svm_registers *r = &g->registers;
	struct svm_registers given;
	struct vmcb_save save;

	svm_code(g, CODE64("mov %%rax, (%%rdi); mov %%rbx, 8(%%rdi); mov %%rcx, 16(%%rdi)\n"
			   "mov %%rdx, 24(%%rdi); mov %%rsi, 32(%%rdi); mov %%rdi, 40(%%rdi)\n"
			   "mov %%rbp, 48(%%rdi); mov %%rsp, 56(%%rdi); mov %%r8, 64(%%rdi)\n"
			   "mov %%r9, 72(%%rdi); mov %%r10, 80(%%rdi); mov %%r11, 88(%%rdi)\n"
			   "mov %%r12, 96(%%rdi); mov %%r13, 104(%%rdi); mov %%r14, 112(%%rdi)\n"
			   "mov %%r15, 120(%%rdi); pushf; pop 128(%%rdi)\n"
			   "mov %%cr0, %%rax; mov %%rax, 136(%%rdi)\n"
			   "mov %%cr2, %%rax; mov %%rax, 144(%%rdi)\n"
			   "mov %%cr3, %%rax; mov %%rax, 152(%%rdi)\n"
			   "mov %%cr4, %%rax; mov %%rax, 160(%%rdi)\n"
			   "mov %%dr6, %%rax; mov %%rax, 168(%%rdi)\n"
			   "mov %%dr7, %%rax; mov %%rax, 176(%%rdi)\n"
			   "mov %%es, 184(%%rdi); mov %%cs, 192(%%rdi); mov %%ss, 200(%%rdi)\n"
			   "mov %%ds, 208(%%rdi); sgdt 224(%%rdi); sidt 240(%%rdi)"));
	state_fill(g);
	g->save->rsp = (ulong)g->stack_top - 0x100;
	intercept_patterns(g);
	g->registers.di = (ulong)seen;
	save = *g->save;
	given = *r;
	svm_run(g);
	if (!EXPECT_DONE(g))
		return;
	EXPECT_EQ(seen->ax, save.rax);
	EXPECT_EQ(seen->bx, given.bx);
	EXPECT_EQ(seen->cx, given.cx);
	EXPECT_EQ(seen->dx, given.dx);
	EXPECT_EQ(seen->si, given.si);
	EXPECT_EQ(seen->di, given.di);
	EXPECT_EQ(seen->bp, given.bp);
	EXPECT_EQ(seen->sp, save.rsp);
	EXPECT_MEM_EQ(&seen->r8, &given.r8, 8 * 8);
	EXPECT_EQ(seen->flags, save.rflags);
	EXPECT_EQ(seen->cr0, save.cr0);
	EXPECT_EQ(seen->cr3, save.cr3);
	EXPECT_EQ(seen->cr4, save.cr4);
	EXPECT_EQ(seen->dr6, save.dr6);
	EXPECT_EQ(seen->dr7, save.dr7);
	EXPECT_EQ(seen->es, (u64)save.es.selector);
	EXPECT_EQ(seen->cs, (u64)save.cs.selector);
	EXPECT_EQ(seen->ss, (u64)save.ss.selector);
	EXPECT_EQ(seen->ds, (u64)save.ds.selector);
	EXPECT_EQ(seen->gdtr.base, save.gdtr.base);
	EXPECT_EQ((u32)seen->gdtr.limit, save.gdtr.limit);
	EXPECT_EQ(seen->idtr.base, save.idtr.base);
	EXPECT_EQ((u32)seen->idtr.limit, save.idtr.limit);
}

TEST(guest_state_changed, "what the guest changes is what #VMEXIT saves", SPEC("APM vol. 2, 15.6"))
{
	struct svm_guest *g = svm_new(SVM_LONG);
	struct desc_table_register *tables = (struct desc_table_register *)g->data;

	svm_code(g, CODE64("mov %%cr0, %%rax; xor $0x0a, %%rax; mov %%rax, %%cr0\n"
			   "mov $0x123456789000, %%rax; mov %%rax, %%cr2\n"
			   "mov %%cr4, %%rax; or $0x10c, %%rax; mov %%rax, %%cr4\n"
			   "mov %%cr3, %%rax; or $0x18, %%rax; mov %%rax, %%cr3\n"
			   "mov $0xffff4ff5, %%eax; mov %%rax, %%dr6\n"
			   "mov $0x700, %%eax; mov %%rax, %%dr7\n"
			   "mov $0x2b, %%eax; mov %%eax, %%ds; mov $0x28, %%eax; mov %%eax, %%es\n"
			   "lgdt (%%rbx); lidt 16(%%rbx)\n"
			   "push $0x40ad7; popf\n"
			   "mov $0x5555, %%esp\n"
			   "mov $0xfedcba9876543210, %%rax"));
	tables[0] = (struct desc_table_register){ 0x777, 0x123450000 };
	*(struct desc_table_register *)(g->data + 16) = (struct desc_table_register){ 0x888,
										      0x234560000 };
	g->registers.bx = (ulong)g->data;
	svm_run(g);
	if (!EXPECT_DONE(g))
		return;
	EXPECT_EQ(g->save->cr0, (u64)(CR0_PE | CR0_PG | CR0_ET | CR0_NE | CR0_MP | CR0_TS));
	EXPECT_EQ(g->save->cr2, 0x123456789000ull);
	EXPECT_EQ(g->save->cr3, (u64)read_cr3() | 0x18);
	EXPECT_EQ(g->save->cr4, (u64)(CR4_PAE | CR4_TSD | CR4_DE | CR4_PCE));
	EXPECT_EQ(g->save->dr6, 0xffff4ff5ull);
	EXPECT_EQ(g->save->dr7, 0x700ull);
	EXPECT_EQ(g->save->gdtr.base, 0x123450000ull);
	EXPECT_EQ(g->save->gdtr.limit, 0x777u);
	EXPECT_EQ(g->save->idtr.base, 0x234560000ull);
	EXPECT_EQ(g->save->idtr.limit, 0x888u);
	EXPECT_EQ(g->save->ds.selector, 0x2b);
	EXPECT_EQ(g->save->es.selector, 0x28);
	EXPECT_EQ(g->save->rsp, 0x5555ull);
	EXPECT_EQ(g->save->rflags, 0x40ad7ull);
	EXPECT_EQ(g->save->rax, 0xfedcba9876543210ull);
}
