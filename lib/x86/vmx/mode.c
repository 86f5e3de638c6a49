/* SPDX-License-Identifier: MIT */
/* What a guest of each mode begins with: segments, tables, control registers. */
#include <x86/vmx/vmx.h>

#include <arch/space.h>
#include <mm/page.h>
#include <string.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/mode.h>

#define TSS_IO_MAP 0x88
#define TSS_SIZE   (TSS_IO_MAP + 0x2000 + 1)

#define LOW_STUBS MODE_LOW

/* 32-bit code: the image's own, if it is such. */
#define CODE32_SELECTOR (sizeof(ulong) == 8 ? SEL_KERNEL_CS32 : SEL_KERNEL_CODE)

#define SEGMENT_16(base, type) \
	(DESC_BASE(base) | DESC_LIMIT(0xffff) | DESC_P | DESC_S | DESC_A | DESC_W | (type))

static const struct {
	const char *name;
	bool ia32e, paging, unrestricted;
	u16 cs, ss; /* selectors; not of real and virtual-8086 mode */
} modes[VMX_MODES] = {
	[VMX_LONG] = { "long", true, true, false, SEL_KERNEL_CODE, SEL_KERNEL_DATA },
	[VMX_COMPAT] = { "compat", true, true, false, CODE32_SELECTOR, SEL_KERNEL_DATA },
	[VMX_PAE] = { "pae", false, true, false, CODE32_SELECTOR, SEL_KERNEL_DATA },
	[VMX_PAGED] = { "paged", false, true, false, CODE32_SELECTOR, SEL_KERNEL_DATA },
	[VMX_PROTECTED16] = { "protected16", false, true, false, VMX_SEL_CODE16, VMX_SEL_DATA16 },
	[VMX_VM86] = { "vm86", false, true, false, MODE_CODE >> 4, MODE_SS >> 4 },
	[VMX_PROTECTED] = { "protected", false, false, true, CODE32_SELECTOR, SEL_KERNEL_DATA },
	[VMX_REAL] = { "real", false, false, true, MODE_CODE >> 4, MODE_SS >> 4 },
};

const char *vmx_mode_name(enum vmx_mode mode)
{
	return modes[mode].name;
}

bool vmx_mode_possible(enum vmx_mode mode)
{
	if (modes[mode].ia32e && sizeof(ulong) == 4)
		return false;
	return !modes[mode].unrestricted ||
	       (vmx_has_ept() && vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_UNRESTRICTED));
}

bool vmx_mode_is_16(enum vmx_mode mode)
{
	return mode == VMX_PROTECTED16 || mode == VMX_REAL || mode == VMX_VM86;
}

/* -------------------------------------------------------------------------------------- tables */

void vmx_set_gate(struct vmx_guest *g, u32 vector, u16 selector, ulong offset, u32 type, u32 dpl)
{
	u64 low = (offset & 0xffff) | (u64)selector << 16 | DESC_TYPE(type) | DESC_DPL(dpl) |
		  DESC_P | (u64)(offset >> 16 & 0xffff) << 48;

	if (modes[g->mode].ia32e) {
		((u64 *)g->idt)[vector * 2] = low;
		((u64 *)g->idt)[vector * 2 + 1] = (u64)offset >> 32;
	} else {
		((u64 *)g->idt)[vector] = low;
	}
}

static void fill_idt(struct vmx_guest *g)
{
	static const u8 stub[VMX_STUB_SIZE] = { 0x90, 0x0f, 0x01, 0xc1 };
	const bool real = g->mode == VMX_REAL, ia32e = modes[g->mode].ia32e;
	const u16 selector = ia32e ? SEL_KERNEL_CODE : CODE32_SELECTOR;

	g->stubs = real ? (u8 *)LOW_STUBS : g->high_stubs;
	memset(g->idt, 0, PAGE_SIZE);
	for (u32 vector = 0; vector < 256; vector++) {
		ulong address = (ulong)g->stubs + vector * VMX_STUB_SIZE;

		memcpy((void *)address, stub, VMX_STUB_SIZE);
		if (real)
			((u32 *)g->idt)[vector] = (LOW_STUBS >> 4) << 16 | vector * VMX_STUB_SIZE;
		else
			vmx_set_gate(g, vector, selector, address, DESC_INTERRUPT_GATE, 3);
	}
	vmcs_write(VMCS_GUEST_IDTR_BASE, (ulong)g->idt);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, 256 * (ia32e ? 16 : real ? 4 : 8) - 1);
}

static void fill_gdt(struct vmx_guest *g)
{
	memcpy(g->gdt, gdt_entries(), GDT_ENTRIES * 8);
	g->gdt[SEL_TSS / 8] = DESC_BASE((ulong)g->tss) | DESC_LIMIT(TSS_SIZE - 1) | DESC_P |
			      DESC_TYPE(DESC_TSS_BUSY);
	g->gdt[SEL_TSS / 8 + 1] = 0;
	g->gdt[VMX_SEL_CODE16 / 8] = SEGMENT_16(MODE_CODE, DESC_CODE);
	g->gdt[VMX_SEL_DATA16 / 8] = SEGMENT_16(MODE_SS, 0);
	vmcs_write(VMCS_GUEST_GDTR_BASE, (ulong)g->gdt);
	vmcs_write(VMCS_GUEST_GDTR_LIMIT, GDT_ENTRIES * 8 - 1);
}

static void fill_tss(struct vmx_guest *g)
{
	const ulong stack = (ulong)g->stack_top - PAGE_SIZE;

	memset(g->tss, 0, TSS_SIZE - 1);
	g->tss[TSS_SIZE - 1] = 0xff;
	*(u16 *)(g->tss + 0x66) = TSS_IO_MAP;
	if (modes[g->mode].ia32e) {
		*(u64 *)(g->tss + 4) = stack;
	} else {
		*(u32 *)(g->tss + 4) = (u32)stack;
		*(u32 *)(g->tss + 8) = SEL_KERNEL_DATA;
	}
	vmx_set_segment(g, VMX_TR, SEL_TSS);
}

/* 4 GiB, one to one, with the largest pages, at user privilege. */
static void fill_page_tables(struct vmx_guest *g)
{
	const u32 flags = PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_PS;

	if (g->mode == VMX_PAGED) {
		for (u32 i = 0; i < 1024; i++)
			((u32 *)g->tables)[i] = i << 22 | flags;
		return;
	}
	for (u32 i = 0; i < 4; i++)
		g->tables[i] = (ulong)(g->tables + 512 + i * 512) | PTE_P;
	for (u32 i = 0; i < 4 * 512; i++)
		g->tables[512 + i] = (u64)i << 21 | flags;
}

/* ------------------------------------------------------------------------------------ segments */

void vmx_load_segment(const u64 *gdt, u32 segment, u16 selector)
{
	u64 d = gdt[selector / 8];
	u32 limit = (u32)((d & 0xffff) | (d >> 32 & 0xf0000));

	vmcs_write(VMCS_SELECTOR(segment), selector);
	vmcs_write(VMCS_LIMIT(segment), d & DESC_G ? limit << 12 | 0xfff : limit);
	vmcs_write(VMCS_ACCESS_RIGHTS(segment), selector ? d >> 40 & 0xf0ff : ACCESS_UNUSABLE);
	vmcs_write(VMCS_BASE(segment), (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000));
}

void vmx_set_segment(struct vmx_guest *g, u32 segment, u16 selector)
{
	vmx_load_segment(g->gdt, segment, selector);
}

static void set_real_segment(struct vmx_guest *g, u32 segment, u32 base)
{
	vmcs_write(VMCS_SELECTOR(segment), base >> 4);
	vmcs_write(VMCS_LIMIT(segment), 0xffff);
	vmcs_write(VMCS_ACCESS_RIGHTS(segment), g->mode == VMX_VM86 ? 0xf3 : 0x93);
	vmcs_write(VMCS_BASE(segment), base);
}

static void init_segments(struct vmx_guest *g)
{
	static const u32 low[] = { MODE_ES, MODE_CODE, MODE_SS, MODE_DS, MODE_FS, MODE_GS };
	const bool real = g->mode == VMX_REAL || g->mode == VMX_VM86;

	for (u32 segment = 0; segment < 6; segment++)
		if (real)
			set_real_segment(g, segment, low[segment]);
		else
			vmx_set_segment(g, segment,
					segment == VMX_CS ? modes[g->mode].cs : modes[g->mode].ss);
	vmx_set_segment(g, VMX_LDTR, 0);
}

void vmx_set_user(struct vmx_guest *g)
{
	vmx_set_segment(g, VMX_CS, g->mode == VMX_LONG ? SEL_USER_CS64 : SEL_USER_CS32);
	for (u32 segment = 0; segment < 6; segment++)
		if (segment != VMX_CS)
			vmx_set_segment(g, segment, SEL_USER_DATA);
}

void vmx_set_mode(struct vmx_guest *g, enum vmx_mode mode)
{
	const bool is_16 = vmx_mode_is_16(mode), ia32e = modes[mode].ia32e;
	ulong cr0 = read_cr0(), cr4 = read_cr4();

	g->mode = mode;
	g->code = is_16 ? (u8 *)MODE_CODE : g->high_code;
	fill_gdt(g);
	fill_idt(g);
	fill_tss(g);
	init_segments(g);
	if (mode == VMX_PAGED)
		cr4 = (cr4 & ~CR4_PAE) | CR4_PSE;
	if (!modes[mode].paging)
		cr0 &= ~CR0_PG;
	if (mode == VMX_REAL)
		cr0 &= ~CR0_PE;
	if (sizeof(ulong) == 8)
		vmcs_write(VMCS_ENTRY_CONTROLS,
			   (vmcs_read(VMCS_ENTRY_CONTROLS) & ~(u64)ENTRY_IA32E) |
				   (ia32e ? ENTRY_IA32E : 0));
	vmcs_write(VMCS_GUEST_CR0, cr0);
	vmcs_write(VMCS_GUEST_CR3, ia32e || mode == VMX_NATIVE ? read_cr3() : (ulong)g->tables);
	vmcs_write(VMCS_GUEST_CR4, cr4);
	if (modes[mode].paging && !ia32e && mode != VMX_NATIVE)
		fill_page_tables(g);
	vmcs_write(VMCS_GUEST_DR7, DR7_RESET);
	vmcs_write(VMCS_GUEST_RSP, is_16 ? MODE_SP : (ulong)g->stack_top);
	vmcs_write(VMCS_GUEST_RIP, vmx_start(g));
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1 | (mode == VMX_VM86 ? FLAG_VM | FLAG_IOPL : 0));
	if (modes[mode].unrestricted) {
		vmx_use_ept(g);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_UNRESTRICTED);
	}
}
