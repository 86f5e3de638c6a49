/* SPDX-License-Identifier: MIT */
#include <x86/mode.h>

#include <arch/space.h>
#include <mm/page.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>

#define DESC_16(base, type) \
	(DESC_BASE(base) | DESC_LIMIT(0xffff) | DESC_P | DESC_S | DESC_A | DESC_W | (type))
#define REAL_STUB_SIZE	    8
#define PROTECTED_STUB_SIZE 16
#define LDT_ENTRIES	    32
#define LOW_CODE	    (MODE_LOW + PAGE_SIZE) /* what is before it is data: mode_low.S */

extern const u8 mode_low_start[], mode_low_end[];
extern const u8 mode_low_enter[], mode_low_return[], mode_low_has_efer[];
extern const u8 mode_low_real_stubs[], mode_low_stubs[];
extern const u8 mode_switch_return[];
extern u32 mode_has_efer, mode_switch_target;
void mode_switch(void);

static const u64 gdt[MODE_GDT_ENTRIES] = {
	[MODE_SEL_CODE / 8] = DESC_FLAT | DESC_CODE | DESC_DB,
	[MODE_SEL_DATA / 8] = DESC_FLAT | DESC_DB,
	[MODE_SEL_LOW16 / 8] = DESC_16(MODE_LOW, DESC_CODE),
	[MODE_SEL_REAL / 8] = DESC_16(0, 0),
	[MODE_SEL_TSS / 8] = DESC_BASE(MODE_TSS) | DESC_LIMIT(MODE_TSS_SIZE - 1) | DESC_P |
			     DESC_TYPE(DESC_TSS_AVAILABLE),
	[MODE_SEL_LDT / 8] = DESC_BASE(MODE_LDT) | DESC_LIMIT(LDT_ENTRIES * 8 - 1) | DESC_P |
			     DESC_TYPE(DESC_LDT),
	[MODE_SEL_CODE16 / 8] = DESC_16(MODE_CODE, DESC_CODE),
	[MODE_SEL_DS16 / 8] = DESC_16(MODE_DS, 0),
	[MODE_SEL_ES16 / 8] = DESC_16(MODE_ES, 0),
	[MODE_SEL_SS16 / 8] = DESC_16(MODE_SS, 0),
	[MODE_SEL_CODE32_3 / 8] = DESC_FLAT | DESC_CODE | DESC_DB | DESC_DPL(3),
	[MODE_SEL_DATA32_3 / 8] = DESC_FLAT | DESC_DB | DESC_DPL(3),
};

static u32 low_address(const void *symbol)
{
	return MODE_LOW + (u32)((const u8 *)symbol - mode_low_start);
}

u16 mode_real_stub(u32 vector)
{
	return (u16)(low_address(mode_low_real_stubs) - MODE_LOW + vector * REAL_STUB_SIZE);
}

u32 mode_protected_stub(u32 vector)
{
	return low_address(mode_low_stubs) + vector * PROTECTED_STUB_SIZE;
}

void mode_set_ivt(u32 vector, u16 segment, u16 offset)
{
	*low32(MODE_IVT + vector * 4) = (u32)segment << 16 | offset;
}

void mode_set_gate(u32 vector, u16 selector, u32 offset, u32 type, u32 dpl)
{
	*low32(MODE_IDT + vector * 8) = (u32)selector << 16 | (offset & 0xffff);
	*low32(MODE_IDT + vector * 8 + 4) = (offset & 0xffff0000) | 0x8000 | dpl << 13 | type << 8;
}

/* The 32-bit TSS: ESP0, SS0, the bitmaps. SDM vol. 3A, figure 7-2. */
static void fill_tss(void)
{
	memset(low8(MODE_TSS), 0, MODE_TSS_REDIRECTION);
	memset(low8(MODE_TSS + MODE_TSS_REDIRECTION), 0xff, MODE_TSS_SIZE - MODE_TSS_REDIRECTION);
	*low32(MODE_TSS + 4) = MODE_STACK;
	*low32(MODE_TSS + 8) = MODE_SEL_DATA;
	*low16(MODE_TSS + 0x66) = MODE_TSS_IO_MAP;
}

static void fill_tables(void)
{
	memcpy(low8(MODE_GDT), gdt, sizeof(gdt));
	memset(low8(MODE_LDT), 0, LDT_ENTRIES * 8);
	fill_tss();
	for (u32 vector = 0; vector < 256; vector++) {
		mode_set_ivt(vector, MODE_LOW >> 4, mode_real_stub(vector));
		mode_set_gate(vector, MODE_SEL_CODE, mode_protected_stub(vector),
			      DESC_INTERRUPT_GATE, vector < 32 ? 0 : 3);
	}
}

static void init_segments(struct mode *mode)
{
	switch (mode->kind) {
	case MODE_REAL:
	case MODE_VM86:
		mode->cs = MODE_CODE >> 4;
		mode->ds = MODE_DS >> 4;
		mode->es = MODE_ES >> 4;
		mode->ss = MODE_SS >> 4;
		mode->fs = MODE_FS >> 4;
		mode->gs = MODE_GS >> 4;
		break;
	case MODE_16:
		mode->cs = MODE_SEL_CODE16;
		mode->ds = MODE_SEL_DS16;
		mode->es = MODE_SEL_ES16;
		mode->ss = MODE_SEL_SS16;
		break;
	case MODE_32:
		mode->cs = MODE_SEL_CODE;
		mode->ds = mode->es = mode->ss = MODE_SEL_DATA;
		break;
	case MODE_32_USER:
		mode->cs = MODE_SEL_CODE32_3;
		mode->ds = mode->es = mode->ss = MODE_SEL_DATA32_3;
		break;
	}
}

static bool is_flat(const struct mode *mode)
{
	return mode->kind == MODE_32 || mode->kind == MODE_32_USER;
}

void mode_init(struct mode *mode, enum mode_kind kind)
{
	fill_tables();
	*mode = (struct mode){
		.kind = kind,
		.eflags = FLAG_1,
		.esp = MODE_SP,
		.cr0 = CR0_ET | CR0_NE,
		.gdt_base = MODE_GDT,
		.gdt_limit = sizeof(gdt) - 1,
		.segments = MODE_SEL_REAL,
	};
	init_segments(mode);
	if (kind == MODE_REAL) {
		mode->idt_base = MODE_IVT;
		mode->idt_limit = 256 * 4 - 1;
	} else {
		mode->cr0 |= CR0_PE;
		mode->idt_base = MODE_IDT;
		mode->idt_limit = 256 * 8 - 1;
		mode->tr = MODE_SEL_TSS;
	}
	if (kind == MODE_VM86)
		mode->eflags |= FLAG_VM | FLAG_IOPL;
	if (is_flat(mode)) {
		mode->eip = MODE_CODE;
		mode->esp += MODE_SS;
	}
}

/* Where the handler's stack is in memory. */
static u32 handler_stack(const struct mode *mode)
{
	if (mode->kind == MODE_REAL)
		return (mode->handler_ss << 4) + (mode->handler_esp & 0xffff);
	if (mode->handler_ss == MODE_SEL_SS16)
		return MODE_SS + (mode->handler_esp & 0xffff);
	return mode->handler_esp;
}

/* SDM vol. 3A, table 6-1. */
static bool has_error_code(u32 vector)
{
	return vector == VEC_DF || (vector >= VEC_TS && vector <= VEC_PF) || vector == VEC_AC ||
	       vector == VEC_CP;
}

/* What the interrupted code had, from the frame: SDM vol. 3A, 6.12.1; vol. 3B, 20.1.4, 20.3.1. */
static void take_frame(struct mode *mode)
{
	u32 stack = handler_stack(mode);
	const u32 *words = low32(stack);

	memcpy(mode->frame, low8(stack), sizeof(mode->frame));
	mode->error = 0;
	if (mode->kind == MODE_REAL) {
		mode->eip = mode->frame[0];
		mode->cs = mode->frame[1];
		mode->eflags = mode->frame[2];
		mode->esp = (mode->handler_esp & 0xffff0000) | ((mode->handler_esp + 6) & 0xffff);
		mode->ss = mode->handler_ss;
		mode->es = mode->handler_es;
		mode->ds = mode->handler_ds;
		mode->fs = mode->handler_fs;
		mode->gs = mode->handler_gs;
		return;
	}
	if (has_error_code(mode->vector))
		mode->error = *words++;
	mode->eip = words[0];
	mode->cs = words[1] & 0xffff;
	mode->eflags = words[2];
	if (mode->eflags & FLAG_VM || mode->cs & 3) {
		mode->esp = words[3];
		mode->ss = words[4] & 0xffff;
	} else {
		mode->esp = mode->handler_esp + (has_error_code(mode->vector) ? 16 : 12);
		if (mode->handler_ss == MODE_SEL_SS16)
			mode->esp = (mode->handler_esp & 0xffff0000) | (mode->esp & 0xffff);
		mode->ss = mode->handler_ss;
	}
	mode->es = mode->eflags & FLAG_VM ? words[5] & 0xffff : mode->handler_es;
	mode->ds = mode->eflags & FLAG_VM ? words[6] & 0xffff : mode->handler_ds;
	mode->fs = mode->eflags & FLAG_VM ? words[7] & 0xffff : mode->handler_fs;
	mode->gs = mode->eflags & FLAG_VM ? words[8] & 0xffff : mode->handler_gs;
}

struct fault mode_run_at(struct mode *mode)
{
	const size_t code_size = (size_t)(mode_low_end - mode_low_start) - (LOW_CODE - MODE_LOW);
	struct fault fault;

	mode_has_efer = cpu_has(X86_FEATURE_NX) || cpu_has(X86_FEATURE_LM);
	if (memcmp(low8(LOW_CODE), mode_low_start + (LOW_CODE - MODE_LOW), code_size))
		memcpy(low8(LOW_CODE), mode_low_start + (LOW_CODE - MODE_LOW), code_size);
	*low32(low_address(mode_low_return)) = (u32)(ulong)mode_switch_return;
	*low32(low_address(mode_low_has_efer)) = mode_has_efer;
	mode_switch_target = low_address(mode_low_enter);
	memcpy(low8(MODE_LOW), mode, offsetof(struct mode, kind));
	mode_switch();
	memcpy(mode, low8(MODE_LOW), offsetof(struct mode, kind));
	desc_init();
	take_frame(mode);

	fault = VECTOR(mode->vector);
	if (mode->kind != MODE_REAL && has_error_code(mode->vector)) {
		fault.fields = FAULT_CODE;
		fault.code = mode->error;
	}
	if (mode->kind != MODE_REAL && mode->vector == VEC_PF) {
		fault.fields |= FAULT_ADDRESS;
		fault.address = mode->cr2;
	}
	if (mode->vector == VEC_UD && mode->code_end && mode->eip == mode->code_end)
		return NO_FAULT;
	return fault;
}

struct fault mode_run(struct mode *mode, struct mode_code code)
{
	static const u8 ud2[] = { 0x0f, 0x0b };

	memcpy(low8(MODE_CODE), code.start, code.size);
	memcpy(low8(MODE_CODE) + code.size, ud2, sizeof(ud2));
	mode->code_end = (u32)code.size + (is_flat(mode) ? MODE_CODE : 0);
	return mode_run_at(mode);
}

u32 *mode_use_paging(struct mode *mode)
{
	u32 *directory = page_alloc(), *table = page_alloc();

	for (u32 i = 0; i < 1024; i++) {
		directory[i] = i << 22 | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_PS;
		table[i] = i << 12 | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D;
	}
	directory[0] = (u32)(ulong)table | PTE_P | PTE_W | PTE_U | PTE_A;
	mode->cr3 = (u32)(ulong)directory;
	mode->cr4 |= CR4_PSE;
	mode->cr0 |= CR0_PG;
	return table;
}

u64 *mode_use_pae(struct mode *mode)
{
	u64 *pdpt = page_alloc(), *directories = pages_alloc(4, PAGE_SIZE);

	for (u64 i = 0; i < 4 * 512; i++)
		directories[i] = i << 21 | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_PS;
	for (u32 i = 0; i < 4; i++)
		pdpt[i] = (ulong)(directories + i * 512) | PTE_P;
	mode->cr3 = (u32)(ulong)pdpt;
	mode->cr4 |= CR4_PAE;
	mode->cr0 |= CR0_PG;
	return pdpt;
}
