/* SPDX-License-Identifier: MIT */
/* Translations of guests: ASIDs, TLB_CONTROL, INVLPGA, and what the guest flushes. APM vol. 2, 15.16. */
#include "nested.h"

#include <arch/space.h>

SUITE("SVM: TLB and ASIDs", REQUIRES(svm_available()));

/* What makes the address of INVLPGA one of 32 bits. */
#ifdef __x86_64__
#define INVLPGA_32 "0x67"
#else
#define INVLPGA_32 "0x3e" /* which means nothing */
#endif

/* A linear address that the kernel does not use, and two pages that it can be. */
struct pages {
	struct svm_guest *g;
	struct space *space;
	ulong address;
	u32 *pages[2];
	pte_t *entry, values[2];
};

static struct pages pages_new(void)
{
	struct pages p = {
		.g = svm_new(SVM_NATIVE),
		.space = space_create(),
		.address = sizeof(ulong) == 8 ? (ulong)BIT(39) : 0xc0000000ul,
		.pages = { page_alloc(), page_alloc() },
	};

	for (u32 i = 2; i-- > 0;) {
		space_map(p.space, p.address, (ulong)p.pages[i], PAGE_SIZE, PROT_ALL);
		p.entry = space_entry_at(p.space, p.address, 0);
		p.values[i] = *p.entry;
		p.pages[i][0] = 0x10000000 + i;
	}
	return p;
}

static void set_up(struct pages *p)
{
	svm_reset(p->g, SVM_NATIVE);
	svm_code_bytes(p->g, "\x8b\x03", 2); /* MOV EAX, [BX] */
	p->g->save->cr3 = (ulong)p->space->root;
	p->g->registers.bx = p->address;
}

static void expect_read(struct pages *p, u32 page)
{
	svm_run(p->g);
	EXPECT_DONE(p->g);
	EXPECT_EQ((u32)p->g->save->rax, 0x10000000u + page);
}

TEST(tlb_control, "TLB_CONTROL makes VMRUN forget what the guest's tables said before",
     SPEC("APM vol. 2, 15.16.1, table 15-9"))
{
	static const u8 controls[] = { TLB_FLUSH_ALL, TLB_FLUSH_ASID, TLB_FLUSH_NONGLOBAL };
	struct pages p = pages_new();

	for (u32 i = 0; i < ARRAY_SIZE(controls); i++) {
		SUBTEST("%u", controls[i]);
		if (controls[i] != TLB_FLUSH_ALL && !cpu_has(X86_FEATURE_FLUSH_BY_ASID)) {
			SKIP_ROW("CPUID has it not");
			continue;
		}
		for (u32 page = 0; page < 4; page++) {
			*p.entry = p.values[page % 2];
			set_up(&p);
			p.g->control->tlb_control = controls[i];
			expect_read(&p, page % 2);
			EXPECT_EQ(p.g->control->tlb_control, controls[i]);
		}
	}
}

TEST(tlb_control_global, "flushing the entire TLB or a guest's entries takes global pages, too",
     SPEC("APM vol. 2, 15.16.1, table 15-9"))
{
	static const u8 controls[] = { TLB_FLUSH_ALL, TLB_FLUSH_ASID };
	struct pages p = pages_new();

	for (u32 i = 0; i < ARRAY_SIZE(controls); i++) {
		SUBTEST("%u", controls[i]);
		if (controls[i] != TLB_FLUSH_ALL && !cpu_has(X86_FEATURE_FLUSH_BY_ASID)) {
			SKIP_ROW("CPUID has it not");
			continue;
		}
		for (u32 page = 0; page < 4; page++) {
			*p.entry = p.values[page % 2] | PTE_G;
			set_up(&p);
			p.g->save->cr4 |= CR4_PGE;
			p.g->control->tlb_control = controls[i];
			expect_read(&p, page % 2);
		}
	}
}

TEST(asids_apart, "guests with different ASIDs have their own translations, and so has the host",
     SPEC("APM vol. 2, 15.16; 15.25.1"))
{
	struct pages p = pages_new(), q = pages_new();

	*p.entry = p.values[0];
	*q.entry = q.values[1];
	space_map(space_kernel(), p.address, (ulong)p.pages[1], PAGE_SIZE, PROT_ALL);
	p.pages[1][0] = 0x20000002;
	for (u32 round = 0; round < 8; round++) {
		const u8 control = round ? TLB_FLUSH_NOTHING : TLB_FLUSH_ALL;

		SUBTEST("round-%u", round);
		set_up(&p);
		p.g->control->tlb_control = control;
		expect_read(&p, 0);
		set_up(&q);
		q.g->control->guest_asid = 2;
		q.g->control->tlb_control = TLB_FLUSH_NOTHING;
		expect_read(&q, 1);
		EXPECT_EQ(READ_ONCE(*(u32 *)p.address), 0x20000002u);
	}
}

TEST(asid_global_apart, "a global page is global within its ASID",
     SPEC("APM vol. 2, 15.16; 15.25.7"))
{
	struct pages p = pages_new(), q = pages_new();

	*p.entry = p.values[0] | PTE_G;
	*q.entry = q.values[1] | PTE_G;
	for (u32 round = 0; round < 4; round++) {
		SUBTEST("round-%u", round);
		set_up(&p);
		p.g->save->cr4 |= CR4_PGE;
		p.g->control->tlb_control = round ? TLB_FLUSH_NOTHING : TLB_FLUSH_ALL;
		expect_read(&p, 0);
		set_up(&q);
		q.g->save->cr4 |= CR4_PGE;
		q.g->control->guest_asid = 2;
		q.g->control->tlb_control = TLB_FLUSH_NOTHING;
		expect_read(&q, 1);
	}
}

TEST(invlpga, "INVLPGA makes the CPU forget a guest's page by its linear address and ASID",
     SPEC("APM vol. 2, 15.16.2"))
{
	struct pages p = pages_new();

	for (u32 page = 0; page < 4; page++) {
		SUBTEST("round-%u", page);
		*p.entry = p.values[page % 2];
		set_up(&p);
		p.g->control->tlb_control = page ? TLB_FLUSH_NOTHING : TLB_FLUSH_ALL;
		__asm__ volatile("invlpga" : : "a"(p.address), "c"(1) : "memory");
		expect_read(&p, page % 2);
	}
}

TEST(invlpga_asid_0, "INVLPGA with ASID 0 makes the CPU forget a page of the host",
     SPEC("APM vol. 2, 15.16.1, 15.16.2; vol. 3, INVLPGA"))
{
	struct space *kernel = space_kernel();
	u8 *pages[2] = { page_alloc(), page_alloc() };
	pte_t *entry, values[2];
	ulong address = (ulong)page_alloc();

	svm_enable();
	for (u32 i = 2; i-- > 0;) {
		space_map(kernel, address, (ulong)pages[i], PAGE_SIZE, PROT_ALL);
		entry = space_entry_at(kernel, address, 0);
		values[i] = *entry;
		*(u32 *)pages[i] = 0x30000000 + i;
	}
	for (u32 round = 0; round < 8; round++) {
		const ulong high = sizeof(ulong) == 8 && round >= 4 ? (ulong)0x1234567800000000ull
								    : 0;

		SUBTEST("%s-round-%u", round < 4 ? "address" : "address-32", round % 4);
		*entry = values[round % 2];
		if (round < 4)
			__asm__ volatile("invlpga" : : "a"(address), "c"(0) : "memory");
		else /* with the prefix that makes the address one of 32 bits */
			__asm__ volatile(".byte " INVLPGA_32 ", 0x0f, 0x01, 0xdf"
					 :
					 : "a"(high | address), "c"(0)
					 : "memory");
		EXPECT_EQ(READ_ONCE(*(u32 *)address), 0x30000000u + round % 2);
	}
	space_map(kernel, address, address, PAGE_SIZE, PROT_ALL);
}

/*
 * The guest reads the page, changes its entry, flushes and reads again. BX: the page; SI: the entry; DI
 * and BP: the new value's address, and what CR3 or CR4 is to be.
 */
#ifdef __x86_64__
#define CHANGE "mov (%%rdi), %%rdx; mov %%rdx, (%%rsi)\n"
#define FIRST  "mov (%%rbx), %%ecx\n"
#define SECOND "mov (%%rbx), %%eax\n"
#else
#define CHANGE "mov (%%edi), %%edx; mov %%edx, (%%esi)\n"
#define FIRST  "mov (%%ebx), %%ecx\n"
#define SECOND "mov (%%ebx), %%eax\n"
#endif

static void check_flush(struct pages *p, struct mode_code code, u64 global)
{
	*p->entry = p->values[0] | global;
	p->values[1] |= global;
	set_up(p);
	svm_code(p->g, code);
	if (global)
		p->g->save->cr4 |= CR4_PGE;
	p->g->registers.si = (ulong)p->entry;
	p->g->registers.di = (ulong)&p->values[1];
	svm_run(p->g);
	EXPECT_DONE(p->g);
	EXPECT_EQ((u32)p->g->registers.cx, 0x10000000u);
	EXPECT_EQ((u32)p->g->save->rax, 0x10000001u);
	p->values[1] &= ~global;
}

TEST(guest_flushes, "INVLPG, MOV CR3 and changes of CR4 and CR0 flush the guest's own translations",
     SPEC("APM vol. 2, 15.16.1; 5.5.2"))
{
	struct pages p = pages_new();
	const struct {
		const char *name;
		struct mode_code code;
		u64 global;
	} rows[] = {
#ifdef __x86_64__
		{ "invlpg", CODE_NATIVE(FIRST CHANGE "invlpg (%%rbx)\n" SECOND), 0 },
		{ "invlpg-global", CODE_NATIVE(FIRST CHANGE "invlpg (%%rbx)\n" SECOND), PTE_G },
		{ "mov-cr3",
		  CODE_NATIVE(FIRST CHANGE "mov %%cr3, %%rdx; mov %%rdx, %%cr3\n" SECOND), 0 },
		{ "cr4-pge",
		  CODE_NATIVE(FIRST CHANGE
			      "mov %%cr4, %%rdx; xor $0x80, %%rdx; mov %%rdx, %%cr4\n" SECOND),
		  PTE_G },
#else
		{ "invlpg", CODE_NATIVE(FIRST CHANGE "invlpg (%%ebx)\n" SECOND), 0 },
		{ "invlpg-global", CODE_NATIVE(FIRST CHANGE "invlpg (%%ebx)\n" SECOND), PTE_G },
		{ "mov-cr3",
		  CODE_NATIVE(FIRST CHANGE "mov %%cr3, %%edx; mov %%edx, %%cr3\n" SECOND), 0 },
		{ "cr4-pge",
		  CODE_NATIVE(FIRST CHANGE
			      "mov %%cr4, %%edx; xor $0x80, %%edx; mov %%edx, %%cr4\n" SECOND),
		  PTE_G },
#endif
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		check_flush(&p, rows[i].code, rows[i].global);
	}
}

TEST(intercepted_flush, "a write of CR3 that is intercepted has not changed CR3 yet",
     SPEC("APM vol. 2, 15.9, table 15-7; 15.16.1"))
{
	struct pages p = pages_new();
	static const u8 mov_cr3_bx[] = { 0x0f, 0x22, 0xdb };
	u64 cr3;

	set_up(&p);
	svm_code_bytes(p.g, mov_cr3_bx, sizeof(mov_cr3_bx));
	cr3 = p.g->save->cr3;
	p.g->registers.bx = (ulong)cr3 | 0x18;
	svm_intercept(p.g, SVM_EXIT_CR_WRITE(3), true);
	intercept_run_and_expect(p.g, SVM_EXIT_CR_WRITE(3));
	EXPECT_EQ(p.g->save->cr3, cr3);
}

TEST(unpaged_guest, "a guest without paging does not use the host's translations",
     SPEC("APM vol. 2, 15.16; 15.5.1"))
{
	struct pages p = pages_new();
	u32 *data = (u32 *)p.g->data, *other = page_alloc();

	for (u32 mode = SVM_PROTECTED; mode <= SVM_PROTECTED; mode++) {
		SUBTEST("%s", svm_mode_name(mode));
		data[0] = 0x11223344;
		other[0] = 0x55667788;
		space_map(space_kernel(), (ulong)data, (ulong)other, PAGE_SIZE, PROT_ALL);
		EXPECT_EQ(READ_ONCE(data[0]), 0x55667788u);
		svm_reset(p.g, mode);
		svm_code_bytes(p.g, "\x8b\x03", 2);
		p.g->registers.bx = (ulong)data;
		svm_run(p.g);
		EXPECT_DONE(p.g);
		EXPECT_EQ((u32)p.g->save->rax, 0x11223344u);
		EXPECT_EQ(READ_ONCE(data[0]), 0x55667788u);
		space_map(space_kernel(), (ulong)data, (ulong)data, PAGE_SIZE, PROT_ALL);
	}
}

TEST(npt_flushed, "TLB_CONTROL makes VMRUN forget what the nested tables said before",
     SPEC("APM vol. 2, 15.16.1; 15.25"), REQUIRES(cpu_has(X86_FEATURE_NPT)))
{
	struct nested n = nested_new();
	u8 *pages[2] = { n.page, page_alloc() };

	for (u32 i = 0; i < 4; i++) {
		SUBTEST("round-%u", i);
		n.page = pages[i % 2];
		nested_reset(&n);
		*(u32 *)n.page = 0x600 + i;
		nested_code(&n, ACCESS_READ, 0);
		svm_run(n.g);
		EXPECT_DONE(n.g);
		EXPECT_EQ((u32)n.g->save->rax, 0x600 + i);
	}
}
