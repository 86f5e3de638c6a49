/* SPDX-License-Identifier: MIT */
/* What a 64-bit guest finds in its registers, and what it leaves there. */
#include "state.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/execute.h>
#include <x86/insn.h>
#include <x86/segment.h>

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

/* Where a space has the host's memory once more; the lower half of such an address is that of nothing. */
#define HIGH 0xffff900000000000ull

struct high {
	ulong vmcb, own_sp, given_sp, seen_sp, seen_ip;
	struct desc_table_register own_gdtr __aligned(16), own_idtr __aligned(16);
	struct desc_table_register given_gdtr __aligned(16), given_idtr __aligned(16);
	struct desc_table_register seen_gdtr __aligned(16), seen_idtr __aligned(16);
};

static ulong map_high(struct space *space, ulong address)
{
	const ulong page = ALIGN_DOWN(address, (ulong)PAGE_SIZE);

	space_map(space, HIGH + page, page, 2 * PAGE_SIZE, PROT_ALL);
	return HIGH + address;
}

TEST(host_state_high, "#VMEXIT restores all 64 bits of the host's RIP, RSP, GDTR and IDTR",
     SPEC("APM vol. 2, 15.5.1, Saving Host State; 15.6"))
{
	struct svm_guest *g = svm_new(SVM_LONG);
	struct space *space = space_create();
	struct high h = { .vmcb = (ulong)g->vmcb, .own_gdtr = sgdt(), .own_idtr = sidt() };
	struct registers r = { .si = (ulong)&h, .flags = FLAG_1 };
	const void *code =
		CODE("mov %%rsp, %c1(%%rsi); lgdt %c3(%%rsi); lidt %c4(%%rsi)\n"
		     "mov %c2(%%rsi), %%rsp; mov (%%rsi), %%rax; clgi; vmrun\n"
		     "771: lea 771b(%%rip), %%rcx; mov %%rcx, %c5(%%rsi)\n"
		     "mov %%rsp, %c6(%%rsi); sgdt %c7(%%rsi); sidt %c8(%%rsi)\n"
		     "lgdt %c9(%%rsi); lidt %c10(%%rsi); mov %c1(%%rsi), %%rsp; stgi\n",
		     "i"(offsetof(struct high, own_sp)), "i"(offsetof(struct high, given_sp)),
		     "i"(offsetof(struct high, given_gdtr)), "i"(offsetof(struct high, given_idtr)),
		     "i"(offsetof(struct high, seen_ip)), "i"(offsetof(struct high, seen_sp)),
		     "i"(offsetof(struct high, seen_gdtr)), "i"(offsetof(struct high, seen_idtr)),
		     "i"(offsetof(struct high, own_gdtr)), "i"(offsetof(struct high, own_idtr)));

	svm_code_bytes(g, "", 0);
	h.given_gdtr = h.own_gdtr;
	h.given_idtr = h.own_idtr;
	h.given_gdtr.base = map_high(space, h.own_gdtr.base);
	h.given_idtr.base = map_high(space, h.own_idtr.base);
	h.given_sp = map_high(space, (ulong)page_alloc() + PAGE_SIZE - 0x100);
	space_switch(space);
	execute((const void *)map_high(space, (ulong)code), &r);
	EXPECT_DONE(g);
	EXPECT_EQ(h.seen_ip & BITS(63, 32), HIGH);
	EXPECT_EQ(h.seen_sp, h.given_sp);
	EXPECT_EQ(h.seen_gdtr.base, h.given_gdtr.base);
	EXPECT_EQ(h.seen_gdtr.limit, h.given_gdtr.limit);
	EXPECT_EQ(h.seen_idtr.base, h.given_idtr.base);
	EXPECT_EQ(h.seen_idtr.limit, h.given_idtr.limit);
}
