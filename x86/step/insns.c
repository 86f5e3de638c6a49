/* SPDX-License-Identifier: MIT */
#include "step.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/insn.h>
#include <x86/mmio_window.h>
#include <x86/msr.h>
#include <x86/place.h>
#include <x86/xsave.h>

static u8 memory[64] __aligned(64);
static struct desc_table_register table_register;
static u8 *scratch;

/* ------------------------------------------------------------------------------- what they need */

static bool in_memory(struct debug_registers *r)
{
	memset(memory, 0x11, sizeof(memory));
	r->si = (ulong)memory;
	r->di = (ulong)memory + 32;
	return true;
}

/* Emulated memory, both of it; 64 bytes apart. */
static bool in_mmio(struct debug_registers *r)
{
	u8 *window = mmio_window();

	if (!window)
		return false;
	r->si = (ulong)window;
	r->di = (ulong)window + 64;
	return true;
}

static bool from_mmio(struct debug_registers *r)
{
	return in_memory(r) && in_mmio(&(struct debug_registers){ 0 }) &&
	       (r->si = (ulong)mmio_window());
}

static bool to_mmio(struct debug_registers *r)
{
	return in_memory(r) && in_mmio(&(struct debug_registers){ 0 }) &&
	       (r->di = (ulong)mmio_window());
}

static bool in_apic(struct debug_registers *r)
{
	if (!cpu_has(X86_FEATURE_APIC))
		return false;
	r->ax = 0;
	r->di = APIC_DEFAULT_BASE + APIC_TPR;
	return true;
}

/* The low half of the entry that maps a page in use, and its value. */
static bool in_page_table(struct debug_registers *r)
{
	pte_t *entry;

	scratch = page_alloc();
	entry = space_entry_at(space_kernel(), (ulong)scratch, 0);
	WRITE_ONCE(*scratch, 1);
	r->di = (ulong)entry;
	r->ax = *(u32 *)entry;
	return true;
}

static bool with_cr0(struct debug_registers *r)
{
	r->ax = read_cr0();
	return true;
}

static bool with_cr3(struct debug_registers *r)
{
	r->ax = read_cr3();
	return true;
}

static bool with_cr4(struct debug_registers *r)
{
	r->ax = read_cr4();
	return true;
}

static bool with_sysenter_cs(struct debug_registers *r)
{
	r->cx = MSR_IA32_SYSENTER_CS;
	r->ax = r->dx = 0;
	return cpu_has(X86_FEATURE_MSR) && cpu_has(X86_FEATURE_SEP);
}

static bool with_apic_base(struct debug_registers *r)
{
	u64 base;

	if (!cpu_has(X86_FEATURE_MSR) || !cpu_has(X86_FEATURE_APIC))
		return false;
	base = rdmsr(MSR_IA32_APIC_BASE);
	r->cx = MSR_IA32_APIC_BASE;
	r->ax = (u32)base;
	r->dx = (u32)(base >> 32);
	return true;
}

static bool with_osxsave(struct debug_registers *r)
{
	if (!cpu_has(X86_FEATURE_XSAVE))
		return false;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	r->ax = 1;
	r->cx = r->dx = 0;
	return true;
}

static bool with_tsc(struct debug_registers *r)
{
	(void)r;
	return cpu_has(X86_FEATURE_TSC);
}

static bool with_rdtscp(struct debug_registers *r)
{
	(void)r;
	return cpu_has(X86_FEATURE_RDTSCP);
}

static bool with_rdrand(struct debug_registers *r)
{
	(void)r;
	return cpu_has(X86_FEATURE_RDRAND);
}

static bool with_monitored(struct debug_registers *r)
{
	in_memory(r);
	r->ax = (ulong)memory;
	r->cx = r->dx = 0;
	return cpu_has(X86_FEATURE_MONITOR);
}

static bool with_clflush(struct debug_registers *r)
{
	return in_memory(r) && cpu_has(X86_FEATURE_CLFSH);
}

static bool with_gdtr(struct debug_registers *r)
{
	__asm__ volatile("sgdt %0" : "=m"(table_register));
	r->di = (ulong)&table_register;
	return true;
}

static bool with_idtr(struct debug_registers *r)
{
	__asm__ volatile("sidt %0" : "=m"(table_register));
	r->di = (ulong)&table_register;
	return true;
}

static bool at_port_80(struct debug_registers *r)
{
	in_memory(r);
	r->dx = 0x80;
	return true;
}

/* A hypercall whose instruction this CPU, or its hypervisor, has. Where there is none, it is #UD. */
static bool hypercall(struct debug_registers *r, const u8 *code)
{
	struct registers all = { .ax = ~0ul, .flags = FLAG_1 };

	r->ax = ~0ul;
	return !execute_in(KERNEL, code_bytes(code, 3), &all).kind;
}

static bool with_vmcall(struct debug_registers *r)
{
	return hypercall(r, (const u8[]){ 0x0f, 0x01, 0xc1 });
}

static bool with_vmmcall(struct debug_registers *r)
{
	return hypercall(r, (const u8[]){ 0x0f, 0x01, 0xd9 });
}

void step_end(void)
{
	write_flags(FLAG_1);
	write_dr7(DR7_RESET);
	if (cpu_has(X86_FEATURE_XSAVE))
		write_cr4(read_cr4() & ~(ulong)CR4_OSXSAVE);
}

/* ------------------------------------------------------------------------------------ the table */

#define INSN(name_, code_, ...)                                            \
	{                                                                  \
		.name = name_, .code = { LIST_ code_ },                    \
		.size = sizeof((const u8[]){ LIST_ code_ }), ##__VA_ARGS__ \
	}
#define LIST_(...) __VA_ARGS__

const struct step_insn step_insns[] = {
	INSN("pause", (0xf3, 0x90), .at_cpl3 = true),
	INSN("fwait", (0x9b), .at_cpl3 = true),
	INSN("cpuid", (0x0f, 0xa2), .at_cpl3 = true),
	INSN("rdtsc", (0x0f, 0x31), .prepare = with_tsc, .at_cpl3 = true),
	INSN("rdtscp", (0x0f, 0x01, 0xf9), .prepare = with_rdtscp, .at_cpl3 = true),
	INSN("rdrand", (0x0f, 0xc7, 0xf0), .prepare = with_rdrand, .at_cpl3 = true),
	INSN("rdmsr", (0x0f, 0x32), .prepare = with_sysenter_cs),
	INSN("wrmsr", (0x0f, 0x30), .prepare = with_sysenter_cs),
	INSN("wrmsr-apic-base", (0x0f, 0x30), .prepare = with_apic_base),
	INSN("mov-from-cr0", (0x0f, 0x20, 0xc0)),
	INSN("mov-to-cr0", (0x0f, 0x22, 0xc0), .prepare = with_cr0),
	INSN("mov-from-cr3", (0x0f, 0x20, 0xd8)),
	INSN("mov-to-cr3", (0x0f, 0x22, 0xd8), .prepare = with_cr3),
	INSN("mov-from-cr4", (0x0f, 0x20, 0xe0)),
	INSN("mov-to-cr4", (0x0f, 0x22, 0xe0), .prepare = with_cr4),
	INSN("mov-to-cr2", (0x0f, 0x22, 0xd0)),
	INSN("lmsw", (0x0f, 0x01, 0xf0), .prepare = with_cr0),
	INSN("smsw", (0x0f, 0x01, 0xe0)),
	INSN("clts", (0x0f, 0x06)),
	INSN("mov-from-dr6", (0x0f, 0x21, 0xf0)),
	INSN("mov-to-dr3", (0x0f, 0x23, 0xd8)),
	INSN("xgetbv", (0x0f, 0x01, 0xd0), .prepare = with_osxsave, .at_cpl3 = true),
	INSN("xsetbv", (0x0f, 0x01, 0xd1), .prepare = with_osxsave),
	INSN("invlpg", (0x0f, 0x01, 0x3f), .prepare = in_memory),
	INSN("wbinvd", (0x0f, 0x09)),
	INSN("clflush", (0x0f, 0xae, 0x3f), .prepare = with_clflush, .at_cpl3 = true),
	INSN("monitor", (0x0f, 0x01, 0xc8), .prepare = with_monitored),
	INSN("sgdt", (0x0f, 0x01, 0x07), .prepare = in_memory),
	INSN("sidt", (0x0f, 0x01, 0x0f), .prepare = in_memory),
	INSN("lgdt", (0x0f, 0x01, 0x17), .prepare = with_gdtr),
	INSN("lidt", (0x0f, 0x01, 0x1f), .prepare = with_idtr),
	INSN("sldt", (0x0f, 0x00, 0xc0)),
	INSN("lldt", (0x0f, 0x00, 0xd0)),
	INSN("str", (0x0f, 0x00, 0xc8)),
	INSN("vmcall", (0x0f, 0x01, 0xc1), .prepare = with_vmcall),
	INSN("vmmcall", (0x0f, 0x01, 0xd9), .prepare = with_vmmcall),
	INSN("in-imm", (0xe4, 0x80)),
	INSN("out-imm", (0xe6, 0x80)),
	INSN("in-dx", (0xec), .prepare = at_port_80),
	INSN("out-dx", (0xee), .prepare = at_port_80),
	INSN("in-dx-32", (0xed), .prepare = at_port_80),
	INSN("insb", (0x6c), .prepare = at_port_80, .operand = 1),
	INSN("outsb", (0x6e), .prepare = at_port_80, .operand = 1, .at_si = true,
	     .reads_only = true),
	INSN("rep-insb-3", (0xf3, 0x6c), .prepare = at_port_80, .registers = { .cx = 3 },
	     .iterations = 3),
	INSN("rep-outsb-3", (0xf3, 0x6e), .prepare = at_port_80, .registers = { .cx = 3 },
	     .iterations = 3),
	INSN("rep-outsb-1", (0xf3, 0x6e), .prepare = at_port_80, .registers = { .cx = 1 }),
	INSN("rep-outsb-0", (0xf3, 0x6e), .prepare = at_port_80),
	INSN("load", (0x8b, 0x07), .prepare = in_memory, .operand = 4, .reads_only = true,
	     .at_cpl3 = true),
	INSN("store", (0x89, 0x07), .prepare = in_memory, .operand = 4, .at_cpl3 = true),
	INSN("load-mmio", (0x8b, 0x07), .prepare = in_mmio, .operand = 4, .reads_only = true,
	     .at_cpl3 = true),
	INSN("store-mmio", (0x89, 0x07), .prepare = in_mmio, .operand = 4, .at_cpl3 = true),
	INSN("or-mmio", (0x83, 0x0f, 0x01), .prepare = in_mmio, .operand = 4, .at_cpl3 = true),
	INSN("xchg-mmio", (0x87, 0x07), .prepare = in_mmio, .operand = 4, .at_cpl3 = true),
	INSN("cmp-mmio", (0x39, 0x07), .prepare = in_mmio, .operand = 4, .reads_only = true,
	     .at_cpl3 = true),
	INSN("movs-from-mmio", (0xa5), .prepare = from_mmio, .operand = 4, .at_cpl3 = true),
	INSN("movs-to-mmio", (0xa5), .prepare = to_mmio, .operand = 4, .at_cpl3 = true),
	INSN("stos-mmio", (0xab), .prepare = in_mmio, .operand = 4, .at_cpl3 = true),
	INSN("lods-mmio", (0xad), .prepare = in_mmio, .operand = 4, .at_si = true,
	     .reads_only = true, .at_cpl3 = true),
	INSN("rep-movs-from-mmio", (0xf3, 0xa5), .prepare = from_mmio, .registers = { .cx = 3 },
	     .iterations = 3, .at_cpl3 = true),
	INSN("rep-movs-to-mmio", (0xf3, 0xa5), .prepare = to_mmio, .registers = { .cx = 3 },
	     .iterations = 3, .at_cpl3 = true),
	INSN("load-apic", (0x8b, 0x07), .prepare = in_apic, .operand = 4, .reads_only = true),
	INSN("store-apic", (0x89, 0x07), .prepare = in_apic, .operand = 4),
	INSN("xchg-apic", (0x87, 0x07), .prepare = in_apic, .operand = 4),
	INSN("store-page-table", (0x89, 0x07), .prepare = in_page_table, .operand = 4),
	INSN("xchg-page-table", (0x87, 0x07), .prepare = in_page_table, .operand = 4),
	INSN("lock-or-page-table", (0xf0, 0x83, 0x0f, 0x20), .prepare = in_page_table,
	     .operand = 4),
};
const u32 step_insn_count = ARRAY_SIZE(step_insns);

u32 step_count(void)
{
	return step_insn_count + step_insn_count_64;
}

const struct step_insn *step_insn(u32 index)
{
	return index < step_insn_count ? &step_insns[index]
				       : &step_insns_64[index - step_insn_count];
}

bool step_begin(const struct step_insn *insn, const char *suffix, struct debug_registers *registers)
{
	if (suffix)
		SUBTEST("%s-%s", insn->name, suffix);
	else
		SUBTEST("%s", insn->name);
	*registers = insn->registers;
	if (insn->prepare && !insn->prepare(registers)) {
		SKIP_ROW("this machine does not have it");
		return false;
	}
	return true;
}
