/* SPDX-License-Identifier: MIT */
/* What a guest of each mode begins with: segments, tables, control registers. */
#include <x86/svm/svm.h>

#include <arch/space.h>
#include <mm/page.h>
#include <string.h>
#include <sys/cpu.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/msr.h>

#define TSS_PAGES  3
#define TSS_IO_MAP 0x88
#define TSS_SIZE   (TSS_IO_MAP + 0x2000 + 1)

#define STACK_PAGES 2
#define LOW_STUBS   MODE_LOW

#define SEGMENT_16(base, type) \
	(DESC_BASE(base) | DESC_LIMIT(0xffff) | DESC_P | DESC_S | DESC_A | DESC_W | (type))

static const struct {
	const char *name;
	bool only_64;
	u32 cr0, cr4;
	u64 efer;
	u16 cs, ss; /* selectors; not of real and virtual-8086 mode */
} modes[SVM_MODES] = {
	[SVM_LONG] = { "long", true, CR0_PE | CR0_PG, CR4_PAE, EFER_LME | EFER_LMA, SEL_KERNEL_CODE,
		       SEL_KERNEL_DATA },
	[SVM_COMPAT] = { "compat", true, CR0_PE | CR0_PG, CR4_PAE, EFER_LME | EFER_LMA,
			 SEL_KERNEL_CS32, SEL_KERNEL_DATA },
	[SVM_PAE] = { "pae", false, CR0_PE | CR0_PG, CR4_PAE, 0, SEL_KERNEL_CS32, SEL_KERNEL_DATA },
	[SVM_PAGED] = { "paged", false, CR0_PE | CR0_PG, CR4_PSE, 0, SEL_KERNEL_CS32,
			SEL_KERNEL_DATA },
	[SVM_PROTECTED] = { "protected", false, CR0_PE, 0, 0, SEL_KERNEL_CS32, SEL_KERNEL_DATA },
	[SVM_PROTECTED16] = { "protected16", false, CR0_PE, 0, 0, SVM_SEL_CODE16, SVM_SEL_DATA16 },
	[SVM_REAL] = { "real", false, 0, 0, 0, MODE_CODE >> 4, MODE_SS >> 4 },
	[SVM_VM86] = { "vm86", false, CR0_PE, 0, 0, MODE_CODE >> 4, MODE_SS >> 4 },
};

const char *svm_mode_name(enum svm_mode mode)
{
	return modes[mode].name;
}

bool svm_mode_possible(enum svm_mode mode)
{
	return sizeof(ulong) == 8 || !modes[mode].only_64;
}

static bool is_long(enum svm_mode mode)
{
	return mode == SVM_LONG || mode == SVM_COMPAT;
}

static bool is_16(enum svm_mode mode)
{
	return mode == SVM_PROTECTED16 || mode == SVM_REAL || mode == SVM_VM86;
}

void svm_mode_alloc(struct svm_guest *g)
{
	g->high_code = pages_alloc(2, PAGE_SIZE);
	g->stack_top = (u8 *)pages_alloc(STACK_PAGES, PAGE_SIZE) + STACK_PAGES * PAGE_SIZE;
	g->data = page_alloc();
	g->gdt = page_alloc();
	g->idt = page_alloc();
	g->tss = pages_alloc(TSS_PAGES, PAGE_SIZE);
	g->high_stubs = page_alloc();
	g->tables = pages_alloc(5, PAGE_SIZE);
}

/* -------------------------------------------------------------------------------------- tables */

static void fill_stubs(struct svm_guest *g)
{
	static const u8 stub[SVM_STUB_SIZE] = { 0x90, 0x0f, 0x01, 0xd9 };

	g->stubs = g->mode == SVM_REAL ? (u8 *)LOW_STUBS : g->high_stubs;
	for (u32 vector = 0; vector < 256; vector++)
		memcpy(g->stubs + vector * SVM_STUB_SIZE, stub, SVM_STUB_SIZE);
}

void svm_set_gate(struct svm_guest *g, u32 vector, u16 selector, ulong offset, u32 type, u32 dpl)
{
	u64 low = (offset & 0xffff) | (u64)selector << 16 | DESC_TYPE(type) | DESC_DPL(dpl) |
		  DESC_P | (u64)(offset >> 16 & 0xffff) << 48;

	if (is_long(g->mode)) {
		((u64 *)g->idt)[vector * 2] = low;
		((u64 *)g->idt)[vector * 2 + 1] = (u64)offset >> 32;
	} else {
		((u64 *)g->idt)[vector] = low;
	}
}

static void fill_idt(struct svm_guest *g)
{
	u16 selector = is_long(g->mode) ? SEL_KERNEL_CODE : SEL_KERNEL_CS32;

	for (u32 vector = 0; vector < 256; vector++) {
		ulong stub = (ulong)g->stubs + vector * SVM_STUB_SIZE;

		if (g->mode == SVM_REAL)
			((u32 *)g->idt)[vector] = (LOW_STUBS >> 4) << 16 | vector * SVM_STUB_SIZE;
		else
			svm_set_gate(g, vector, selector, stub, DESC_INTERRUPT_GATE, 3);
	}
	g->save->idtr.base = (ulong)g->idt;
	g->save->idtr.limit = 256 * (is_long(g->mode) ? 16 : g->mode == SVM_REAL ? 4 : 8) - 1;
}

static void fill_gdt(struct svm_guest *g)
{
	ulong tss = (ulong)g->tss;

	memcpy(g->gdt, gdt_entries(), GDT_ENTRIES * 8);
	g->gdt[SEL_TSS / 8] = DESC_BASE(tss) | DESC_LIMIT(TSS_SIZE - 1) | DESC_P |
			      DESC_TYPE(DESC_TSS_BUSY);
	g->gdt[SEL_TSS / 8 + 1] = 0;
	g->gdt[SVM_SEL_CODE16 / 8] = SEGMENT_16(MODE_CODE, DESC_CODE);
	g->gdt[SVM_SEL_DATA16 / 8] = SEGMENT_16(MODE_SS, 0);
	g->save->gdtr.base = (ulong)g->gdt;
	g->save->gdtr.limit = GDT_ENTRIES * 8 - 1;
}

static void fill_tss(struct svm_guest *g)
{
	ulong stack = (ulong)g->stack_top - PAGE_SIZE;

	memset(g->tss, 0, TSS_SIZE - 1);
	g->tss[TSS_SIZE - 1] = 0xff;
	*(u16 *)(g->tss + 0x66) = TSS_IO_MAP;
	if (is_long(g->mode)) {
		*(u64 *)(g->tss + 4) = stack;
	} else {
		*(u32 *)(g->tss + 4) = (u32)stack;
		*(u32 *)(g->tss + 8) = SEL_KERNEL_DATA;
	}
	/* Of the type, 16 or 32 bits is all that counts (15.5.1): tr_busy runs with the other. */
	g->save->tr = (struct vmcb_segment){ SEL_TSS, VMCB_ATTRIB_P | DESC_TSS_AVAILABLE,
					     TSS_SIZE - 1, (ulong)g->tss };
}

/* 4 GiB, one to one, with the largest pages, at user privilege. */
static void fill_page_tables(struct svm_guest *g)
{
	const u32 flags = PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_PS;

	if (g->mode == SVM_PAGED) {
		for (u32 i = 0; i < 1024; i++)
			((u32 *)g->tables)[i] = i << 22 | flags;
	} else {
		u64 *pdpt = g->tables, *directory = pdpt + 512;

		for (u32 i = 0; i < 4; i++)
			pdpt[i] = (ulong)(directory + i * 512) | PTE_P;
		for (u32 i = 0; i < 4 * 512; i++)
			directory[i] = (u64)i << 21 | flags;
	}
}

/* ------------------------------------------------------------------------------------ segments */

struct vmcb_segment svm_segment_of(u64 d, u16 selector)
{
	u32 limit = (u32)((d & 0xffff) | (d >> 32 & 0xf0000));

	return (struct vmcb_segment){
		.selector = selector,
		.attrib = VMCB_ATTRIB(d),
		.limit = d & DESC_G ? limit << 12 | 0xfff : limit,
		.base = (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000),
	};
}

struct vmcb_segment svm_segment(const struct svm_guest *g, u16 selector)
{
	return svm_segment_of(g->gdt[selector / 8], selector);
}

static struct vmcb_segment real_segment(u32 base, bool code)
{
	/* In virtual-8086 mode, too: 15.5.1 has the attributes of real mode's segments checked by none. */
	return (struct vmcb_segment){ (u16)(base >> 4), code ? 0x9b : 0x93, 0xffff, base };
}

static void init_segments(struct svm_guest *g)
{
	struct vmcb_save *save = g->save;

	if (g->mode == SVM_REAL || g->mode == SVM_VM86) {
		save->cs = real_segment(MODE_CODE, true);
		save->ds = real_segment(MODE_DS, false);
		save->es = real_segment(MODE_ES, false);
		save->ss = real_segment(MODE_SS, false);
		save->fs = real_segment(MODE_FS, false);
		save->gs = real_segment(MODE_GS, false);
	} else {
		save->cs = svm_segment(g, modes[g->mode].cs);
		save->ss = svm_segment(g, modes[g->mode].ss);
		save->ds = save->es = save->fs = save->gs = save->ss;
	}
	if (g->mode == SVM_VM86) {
		save->cs.attrib |= 3 << 5;
		save->ss.attrib |= 3 << 5;
		save->ds.attrib = save->es.attrib = save->fs.attrib = save->gs.attrib =
			save->ss.attrib;
	}
}

void svm_set_cpl(struct svm_guest *g, u32 cpl)
{
	u16 code = g->mode == SVM_LONG ? SEL_USER_CS64 : SEL_USER_CS32;

	g->save->cs = svm_segment(g, cpl ? code : modes[g->mode].cs);
	g->save->ss = svm_segment(g, cpl ? SEL_USER_DATA : modes[g->mode].ss);
	g->save->ds = g->save->es = g->save->fs = g->save->gs = g->save->ss;
	g->save->cpl = (u8)cpl;
}

void svm_mode_init(struct svm_guest *g, enum svm_mode mode)
{
	struct vmcb_save *save = g->save;

	g->mode = mode;
	g->code = is_16(mode) ? (u8 *)MODE_CODE : g->high_code;
	fill_stubs(g);
	fill_gdt(g);
	fill_idt(g);
	fill_tss(g);
	init_segments(g);
	save->cr0 = modes[mode].cr0 | CR0_ET | CR0_NE;
	save->cr4 = modes[mode].cr4;
	save->efer = modes[mode].efer | EFER_SVME;
	save->cr3 = is_long(mode) ? read_cr3() : (ulong)g->tables;
	if (save->cr0 & CR0_PG && !is_long(mode))
		fill_page_tables(g);
	save->dr6 = DR6_RESET;
	save->dr7 = DR7_RESET;
	save->g_pat = 0x0007040600070406; /* as after RESET: 7.8.1 */
	save->rflags = FLAG_1 | (mode == SVM_VM86 ? FLAG_VM | FLAG_IOPL : 0);
	save->cpl = mode == SVM_VM86 ? 3 : 0;
	save->rip = svm_start(g);
	save->rsp = is_16(mode) ? MODE_SP : (ulong)g->stack_top;
}
