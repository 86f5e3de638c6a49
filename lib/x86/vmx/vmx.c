/* SPDX-License-Identifier: MIT */
/* The guest. */
#include <x86/vmx/vmx.h>

#include <mm/heap.h>
#include <mm/page.h>
#include <string.h>
#include <sys/landing.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/msr.h>

#define TSS_PAGES   3
#define STACK_PAGES 2

extern const u8 vmx_exit_point[];

struct vmx_guest *vmx_new(void)
{
	struct vmx_guest *g = malloc(sizeof(*g));

	vmx_enable();
	g->vmcs = vmx_region();
	g->high_code = g->code = pages_alloc(2, PAGE_SIZE);
	g->stack_top = (u8 *)pages_alloc(STACK_PAGES, PAGE_SIZE) + STACK_PAGES * PAGE_SIZE;
	g->data = page_alloc();
	g->high_stubs = page_alloc();
	g->idt = page_alloc();
	g->tss = pages_alloc(TSS_PAGES, PAGE_SIZE);
	g->tables = pages_alloc(5, PAGE_SIZE);
	g->gdt = page_alloc();
	g->io_bitmaps = pages_alloc(2, PAGE_SIZE);
	g->msr_bitmap = page_alloc();
	g->ept = pages_alloc(6, PAGE_SIZE);
	vmx_code(g, "", 0);
	vmx_reset(g);
	return g;
}

void vmx_code(struct vmx_guest *g, const void *bytes, size_t size)
{
	static const u8 vmcall[] = { 0x0f, 0x01, 0xc1 };

	memcpy(g->code, bytes, size);
	memcpy(g->code + size, vmcall, sizeof(vmcall));
	g->code_size = (u32)size;
}

static void init_guest(struct vmx_guest *g)
{
	vmx_set_mode(g, VMX_NATIVE);
	vmcs_write(VMCS_VMCS_LINK_POINTER, ~0ull);
}

static ulong sgdt_base(void)
{
	struct desc_table_register table;

	__asm__ volatile("sgdt %0" : "=m"(table));
	return table.base;
}

void vmx_init_host(void)
{
	vmcs_write(VMCS_HOST_CR0, read_cr0());
	vmcs_write(VMCS_HOST_CR3, read_cr3());
	vmcs_write(VMCS_HOST_CR4, read_cr4());
	vmcs_write(VMCS_HOST_CS_SELECTOR, SEL_KERNEL_CODE);
	for (u32 field = VMCS_HOST_SS_SELECTOR; field <= VMCS_HOST_DS_SELECTOR; field += 2)
		vmcs_write(field, SEL_KERNEL_DATA);
	vmcs_write(VMCS_HOST_ES_SELECTOR, SEL_KERNEL_DATA);
	vmcs_write(VMCS_HOST_TR_SELECTOR, SEL_TSS);
	vmcs_write(VMCS_HOST_TR_BASE, (ulong)tss_of_this_cpu());
	vmcs_write(VMCS_HOST_GDTR_BASE, sgdt_base());
	vmcs_write(VMCS_HOST_IDTR_BASE, (ulong)idt);
	vmcs_write(VMCS_HOST_IA32_SYSENTER_CS, rdmsr(MSR_IA32_SYSENTER_CS));
	vmcs_write(VMCS_HOST_IA32_SYSENTER_ESP, rdmsr(MSR_IA32_SYSENTER_ESP));
	vmcs_write(VMCS_HOST_IA32_SYSENTER_EIP, rdmsr(MSR_IA32_SYSENTER_EIP));
	vmcs_write(VMCS_HOST_RIP, (ulong)vmx_exit_point);
}

static void init_controls(struct vmx_guest *g)
{
	const bool is_64 = sizeof(ulong) == 8;

	vmcs_write(VMCS_PIN_CONTROLS, vmx_allowed(VMCS_PIN_CONTROLS).must);
	vmcs_write(VMCS_PRIMARY_CONTROLS, vmx_allowed(VMCS_PRIMARY_CONTROLS).must);
	if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY))
		vmcs_write(VMCS_SECONDARY_CONTROLS, 0);
	vmcs_write(VMCS_EXIT_CONTROLS, vmx_allowed(VMCS_EXIT_CONTROLS).must | EXIT_SAVE_DEBUG |
					       (is_64 ? EXIT_HOST_64 : 0));
	vmcs_write(VMCS_ENTRY_CONTROLS, vmx_allowed(VMCS_ENTRY_CONTROLS).must | ENTRY_LOAD_DEBUG |
						(is_64 ? ENTRY_IA32E : 0));
	vmcs_write(VMCS_EXCEPTION_BITMAP, 0xffffffff);
	vmcs_write(VMCS_IO_BITMAP_A, (ulong)g->io_bitmaps);
	vmcs_write(VMCS_IO_BITMAP_B, (ulong)g->io_bitmaps + PAGE_SIZE);
	if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS))
		vmcs_write(VMCS_MSR_BITMAP, (ulong)g->msr_bitmap);
}

/* Fields that nobody sets have to be zero, not what the memory had: 24.11.3. */
void vmx_clear_fields(void)
{
	static const enum vmcs_field fields[] = {
#define FIELD(name, encoding) encoding,
		VMCS_FIELDS(FIELD)
#undef FIELD
	};

	/* Those that do not exist and those that are read-only (type 1) are refused. */
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		if ((fields[i] >> 10 & 3) != 1) {
			vmwrite_try(fields[i], 0);
			if (sizeof(ulong) == 4 && VMCS_WIDTH(fields[i]) == VMCS_WIDTH_64)
				vmwrite_try(fields[i] + 1, 0);
		}
}

void vmx_reset(struct vmx_guest *g)
{
	vmx_must_succeed(vmclear_try((ulong)g->vmcs));
	vmx_must_succeed(vmptrld_try((ulong)g->vmcs));
	g->launched = false;
	memset(&g->registers, 0, sizeof(g->registers));
	vmx_clear_fields();
	init_controls(g);
	vmx_init_host();
	init_guest(g);
}

void vmx_deliver(struct vmx_guest *g)
{
	(void)g;
	vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
}

s32 vmx_delivered(const struct vmx_guest *g)
{
	/* Real mode's stubs are at the start of a segment of their own. */
	ulong stubs = g->mode == VMX_REAL ? 0 : (ulong)g->stubs;
	u64 offset = vmcs_read(VMCS_GUEST_RIP) - 1 - stubs;

	if (g->result != VMX_EXIT_VMCALL || offset >= 256 * VMX_STUB_SIZE || offset % VMX_STUB_SIZE)
		return -1;
	if (g->mode == VMX_REAL && vmcs_read(VMCS_GUEST_CS_BASE) != (ulong)g->stubs)
		return -1;
	return (s32)(offset / VMX_STUB_SIZE);
}

/* ---------------------------------------------------------------------------------------- running */

struct guest_landing {
	struct landing landing;
	bool left;
};

/* Runs in the guest, whose VMCALL brings the CPU back to vmx_run(). */
static void leave_guest(struct landing *landing)
{
	((struct guest_landing *)landing)->left = true;
	__asm__ volatile("vmcall" : : : "memory");
	__builtin_unreachable();
}

void vmx_run(struct vmx_guest *g)
{
	struct guest_landing here = { .landing = { .kind = LANDING_END, .leave = leave_guest } };
	struct desc_table_register gdtr, idtr;
	bool exited;

	__asm__ volatile("sgdt %0; sidt %1" : "=m"(gdtr), "=m"(idtr));
	landing_push(&here.landing);
	exited = vmx_run_asm(&g->registers, g->launched);
	__asm__ volatile("sgdt %0; sidt %1" : "=m"(g->exit_gdtr), "=m"(g->exit_idtr));
	/* An exit leaves limits of 0xffff: 27.5.2. */
	lgdt(&gdtr);
	lidt(&idtr);
	if (here.left)
		landing_end();
	landing_clear(&here.landing);
	if (exited) {
		g->result = vmcs_read(VMCS_EXIT_REASON);
		g->launched |= !(g->result & VMX_ENTRY_FAILURE);
	} else {
		g->result = vmx_value((struct vmx_result){ NO_FAULT, g->registers.flags });
	}
}

void vmx_call(struct vmx_guest *g, void (*fn)(void *arg), void *arg)
{
	ulong *sp = (ulong *)g->stack_top;

	vmx_code(g, "", 0);
	sp -= 2;
#ifdef __x86_64__
	g->registers.di = (ulong)arg;
#else
	*sp = (ulong)arg;
#endif
	*--sp = (ulong)g->code;
	vmcs_write(VMCS_GUEST_RSP, (ulong)sp);
	vmcs_write(VMCS_GUEST_RIP, (ulong)fn);
}
