/* SPDX-License-Identifier: MIT */
#include <x86/vmx/nest.h>

#include <arch/machine.h>
#include <harness/ktap.h>
#include <mm/page.h>
#include <setjmp.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/debug.h>
#include <x86/insn.h>
#include <x86/msr.h>
#include <x86/nest_host.h>
#include <x86/segment.h>
#include <x86/vmx/vmx.h>

#define STACK_PAGES 2
#define EPT_PAGES   16 /* the root, its tables, and directories where there are no pages of 1 GiB */
#define GIB	    BIT(30)

#define PENDING_BS BIT(14) /* of the pending debug exceptions: 24.4.2, table 24-4 */
#define SHADOW	   3ull	   /* blocking by STI and by MOV SS: table 24-3 */

/* A CPU's hypervisor. Its memory is from before the first case, when other CPUs have not been started. */
struct nest {
	u32 *vmcs, *vmxon_region;
	struct registers registers;
	u8 *stack_top;
	u64 *ept;
	u32 ept_used;
	jmp_buf guest;
};

static struct nest *nests[MAX_CPUS];
static u8 *msr_bitmap;

/* -------------------------------------------------------------------------------------- the exits */

/* A fault: RF is set in what is pushed (vol. 3B, 17.3.1.1). Real mode has no error codes. */
static void inject(u32 vector, bool has_error)
{
	has_error &= vmcs_read(VMCS_GUEST_CR0) & CR0_PE;
	vmcs_write(VMCS_ENTRY_EXCEPTION_ERROR_CODE, 0);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_HARDWARE_EXCEPTION | vector |
							 (has_error ? INTR_ERROR_CODE : 0));
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_RF);
}

/* What an instruction that has been done for the guest leaves, as one that the CPU has done. */
static void finish_insn(void)
{
	u64 next = vmcs_read(VMCS_GUEST_RIP) + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	bool is_64 = vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E &&
		     (vmcs_read(VMCS_GUEST_CS_ACCESS_RIGHTS) << 40) & DESC_L;

	vmcs_write(VMCS_GUEST_RIP, is_64 ? next : (u32)next);
	vmcs_clear(VMCS_GUEST_INTERRUPTIBILITY, SHADOW);
	vmcs_clear(VMCS_GUEST_RFLAGS, FLAG_RF);
	if (vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_TF)
		vmcs_set(VMCS_GUEST_PENDING_DEBUG, PENDING_BS);
}

static void do_cpuid(struct nest *n)
{
	u32 leaf = (u32)n->registers.ax;
	struct cpuid r = nest_cpuid(leaf, (u32)n->registers.cx, vmcs_read(VMCS_GUEST_CR4));

	if (leaf == 1)
		r.ecx &= ~(u32)(BIT(X86_FEATURE_VMX % 32) | BIT(X86_FEATURE_SMX % 32));
	n->registers.ax = r.eax;
	n->registers.bx = r.ebx;
	n->registers.cx = r.ecx;
	n->registers.dx = r.edx;
	finish_insn();
}

static u64 edx_eax(const struct nest *n)
{
	return (u64)(u32)n->registers.dx << 32 | (u32)n->registers.ax;
}

static bool is_hidden_msr(u32 index)
{
	return index == MSR_IA32_FEATURE_CONTROL ||
	       (index >= MSR_IA32_VMX_BASIC && index <= MSR_IA32_VMX_VMFUNC);
}

/* Those that are not hidden have no bit in the bitmap, and are the CPU's. */
static struct fault access_msr(struct nest *n, bool write)
{
	u32 index = (u32)n->registers.cx;
	struct fault fault;
	u64 value = 0;

	if (is_hidden_msr(index))
		return GP(0);
	if (write)
		return wrmsr_try(index, edx_eax(n));
	fault = rdmsr_try(index, &value);
	if (!fault.kind) {
		n->registers.ax = (u32)value;
		n->registers.dx = (u32)(value >> 32);
	}
	return fault;
}

static struct fault do_xsetbv(struct nest *n)
{
	/* CPL is DPL of SS. */
	if (vmcs_read(VMCS_GUEST_SS_ACCESS_RIGHTS) >> 5 & 3)
		return GP(0);
	return xsetbv_try((u32)n->registers.cx, edx_eax(n));
}

static void finish_or_gp(struct fault fault)
{
	if (fault.kind)
		inject(VEC_GP, true);
	else
		finish_insn();
}

static ulong source_register(const struct nest *n, u32 number)
{
	if (number == 4)
		return (ulong)vmcs_read(VMCS_GUEST_RSP);
	return n->registers.general[number - (number > 4)];
}

/*
 * MOV to CR0 with another NE than the guest's: the shadow gets it, and the instruction, done again, exits no more. Of
 * CR4 it is VMXE or SMXE, which the guest's CPU does not have.
 */
static void write_cr(struct nest *n, u64 qualification)
{
	ulong value = source_register(n, qualification >> 8 & 15);

	if ((qualification & 15) == 4)
		inject(VEC_GP, true);
	else
		vmcs_write(VMCS_CR0_READ_SHADOW, value & CR0_NE);
}

/* MMIO is not to be cached, and no MTRR says so here: 28.2.6. The GiB below 4 GiB has some on all machines. */
static u64 memory_type(u64 address)
{
	bool memory = address < page_memory_end() && address / GIB != 3;

	return EPT_MEMORY_TYPE(memory ? EPT_WB : EPT_UC);
}

static u64 *new_table(struct nest *n)
{
	return n->ept_used == EPT_PAGES ? NULL : n->ept + n->ept_used++ * 512;
}

/* Maps the GiB around the address one to one, if there are pages left for it. */
static bool map_more(struct nest *n, u64 address)
{
	const bool huge = vmx_ept_vpid_cap() & BIT(17);
	u64 *slot = &n->ept[address >> 39 & 511], *entry, *table;
	u64 flags = memory_type(address) | EPT_RWX | EPT_PS, base = address & ~(GIB - 1);

	if (!*slot) {
		table = new_table(n);
		if (!table)
			return false;
		*slot = (ulong)table | EPT_RWX;
	}
	entry = (u64 *)(ulong)(*slot & ~(u64)EPT_RWX) + (address >> 30 & 511);
	if (*entry)
		return false;
	if (huge) {
		*entry = base | flags;
		return true;
	}
	table = new_table(n);
	if (!table)
		return false;
	for (u64 i = 0; i < 512; i++)
		table[i] = base | i << 21 | flags;
	*entry = (ulong)table | EPT_RWX;
	return true;
}

/* The event whose delivery exited is delivered again: 27.2.4. */
static void repeat_event(void)
{
	u64 info = vmcs_read(VMCS_IDT_VECTORING_INFO);

	if (!(info & INTR_VALID))
		return;
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, info & ~BIT(12));
	vmcs_write(VMCS_ENTRY_EXCEPTION_ERROR_CODE, vmcs_read(VMCS_IDT_VECTORING_ERROR_CODE));
	vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
}

/*
 * The exit has taken the INIT. Outside VMX operation the CPU takes one of its own, and whoever starts it again makes it a
 * guest again. INIT keeps the MSRs, of which the CPU has the host's.
 */
static void __noreturn take_init(void)
{
	wrmsr(MSR_IA32_SYSENTER_CS, vmcs_read(VMCS_GUEST_IA32_SYSENTER_CS));
	wrmsr(MSR_IA32_SYSENTER_ESP, vmcs_read(VMCS_GUEST_IA32_SYSENTER_ESP));
	wrmsr(MSR_IA32_SYSENTER_EIP, vmcs_read(VMCS_GUEST_IA32_SYSENTER_EIP));
	vmx_must_succeed(vmxoff_try());
	write_cr4(read_cr4() & ~CR4_VMXE);
	apic_send(ICR_INIT | ICR_ASSERT | ICR_LEVEL, (u32)this_cpu()->hardware_id);
	for (;;)
		__asm__ volatile("hlt");
}

static bool handle_exit(struct nest *n)
{
	switch (vmcs_read(VMCS_EXIT_REASON)) {
	case VMX_EXIT_CPUID:
		do_cpuid(n);
		return true;
	case VMX_EXIT_RDMSR:
		finish_or_gp(access_msr(n, false));
		return true;
	case VMX_EXIT_WRMSR:
		finish_or_gp(access_msr(n, true));
		return true;
	case VMX_EXIT_XSETBV:
		finish_or_gp(do_xsetbv(n));
		return true;
	case VMX_EXIT_CR_ACCESS:
		write_cr(n, vmcs_read(VMCS_EXIT_QUALIFICATION));
		return true;
	case VMX_EXIT_INVD:
		__asm__ volatile("wbinvd" : : : "memory");
		finish_insn();
		return true;
	case VMX_EXIT_VMCALL:
	case VMX_EXIT_VMCLEAR:
	case VMX_EXIT_VMLAUNCH:
	case VMX_EXIT_VMPTRLD:
	case VMX_EXIT_VMPTRST:
	case VMX_EXIT_VMREAD:
	case VMX_EXIT_VMRESUME:
	case VMX_EXIT_VMWRITE:
	case VMX_EXIT_VMXOFF:
	case VMX_EXIT_VMXON:
	case VMX_EXIT_INVEPT:
	case VMX_EXIT_INVVPID:
		inject(VEC_UD, false);
		return true;
	case VMX_EXIT_EPT_VIOLATION:
		repeat_event();
		return map_more(n, vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS));
	case VMX_EXIT_INIT:
		take_init();
	case VMX_EXIT_TRIPLE_FAULT:
		nest_shut_down();
	default:
		return false;
	}
}

/* On its own stack, with IF clear. An NMI that comes here is taken here, by the handlers that the guest has set. */
static void __noreturn run_guest(void *nest)
{
	struct nest *n = nest;
	bool launched = false;

	while (vmx_run_asm(&n->registers, launched) && handle_exit(n))
		launched = true;
	ktap_bail_out(
		"the image as a guest of its own: exit %s (%#llx, error %llu), qualification %#llx, rip %#llx",
		vmx_exit_name(vmcs_read(VMCS_EXIT_REASON)), vmcs_read(VMCS_EXIT_REASON),
		vmcs_read(VMCS_VM_INSTRUCTION_ERROR), vmcs_read(VMCS_EXIT_QUALIFICATION),
		vmcs_read(VMCS_GUEST_RIP));
	machine_exit(false);
}

/* ---------------------------------------------------------------------------------- the beginning */

/* The guest's first instructions: back to vmx_nest_enter(), whose frame is on the stack that the guest has. */
static void __noreturn enter_guest(struct nest *n)
{
	longjmp(n->guest, 1);
}

static void init_controls(void)
{
	const u32 instructions = CPU2_RDTSCP | CPU2_INVPCID | CPU2_XSAVES | CPU2_USER_WAIT;
	const u64 is_64 = sizeof(ulong) == 8;

	vmcs_write(VMCS_PIN_CONTROLS, vmx_allowed(VMCS_PIN_CONTROLS).must);
	vmcs_write(VMCS_PRIMARY_CONTROLS,
		   vmx_allowed(VMCS_PRIMARY_CONTROLS).must | CPU_SECONDARY | CPU_MSR_BITMAPS);
	vmcs_write(VMCS_SECONDARY_CONTROLS,
		   CPU2_EPT | CPU2_UNRESTRICTED |
			   (vmx_allowed(VMCS_SECONDARY_CONTROLS).may & instructions));
	vmcs_write(VMCS_EXIT_CONTROLS, vmx_allowed(VMCS_EXIT_CONTROLS).must | EXIT_SAVE_DEBUG |
					       EXIT_SAVE_EFER | EXIT_LOAD_EFER |
					       (is_64 ? EXIT_HOST_64 : 0));
	vmcs_write(VMCS_ENTRY_CONTROLS, vmx_allowed(VMCS_ENTRY_CONTROLS).must | ENTRY_LOAD_DEBUG |
						ENTRY_LOAD_EFER | (is_64 ? ENTRY_IA32E : 0));
	vmcs_write(VMCS_MSR_BITMAP, (ulong)msr_bitmap);
	vmcs_write(VMCS_CR0_MASK, CR0_NE);
	vmcs_write(VMCS_CR0_READ_SHADOW, read_cr0() & CR0_NE);
	vmcs_write(VMCS_CR4_MASK, CR4_VMXE | CR4_SMXE);
	vmcs_write(VMCS_VMCS_LINK_POINTER, ~0ull);
}

static void init_segments(void)
{
	const u64 *gdt = gdt_entries();
	struct desc_table_register gdtr = sgdt(), idtr = sidt();

	vmx_load_segment(gdt, VMX_ES, SELECTOR(es));
	vmx_load_segment(gdt, VMX_CS, SELECTOR(cs));
	vmx_load_segment(gdt, VMX_SS, SELECTOR(ss));
	vmx_load_segment(gdt, VMX_DS, SELECTOR(ds));
	vmx_load_segment(gdt, VMX_FS, SELECTOR(fs));
	vmx_load_segment(gdt, VMX_GS, SELECTOR(gs));
	vmx_load_segment(gdt, VMX_LDTR, sldt());
	vmx_load_segment(gdt, VMX_TR, str());
	vmcs_write(VMCS_GUEST_GDTR_BASE, gdtr.base);
	vmcs_write(VMCS_GUEST_GDTR_LIMIT, gdtr.limit);
	vmcs_write(VMCS_GUEST_IDTR_BASE, idtr.base);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, idtr.limit);
}

/* As this CPU is now. */
static void init_guest(struct nest *n)
{
	ulong sp = (ulong)(n->stack_top - STACK_PAGES / 2 * PAGE_SIZE);

	init_segments();
	vmcs_write(VMCS_GUEST_CR0, read_cr0() | CR0_NE);
	vmcs_write(VMCS_GUEST_CR3, read_cr3());
	vmcs_write(VMCS_GUEST_CR4, read_cr4());
	vmcs_write(VMCS_GUEST_IA32_EFER, rdmsr(MSR_EFER));
	vmcs_write(VMCS_GUEST_DR7, read_dr7());
	vmcs_write(VMCS_GUEST_IA32_SYSENTER_CS, rdmsr(MSR_IA32_SYSENTER_CS));
	vmcs_write(VMCS_GUEST_IA32_SYSENTER_ESP, rdmsr(MSR_IA32_SYSENTER_ESP));
	vmcs_write(VMCS_GUEST_IA32_SYSENTER_EIP, rdmsr(MSR_IA32_SYSENTER_EIP));
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
	vmcs_write(VMCS_GUEST_RIP, (ulong)enter_guest);
	/* Its argument, as a CALL passes it. */
	vmcs_write(VMCS_GUEST_RSP, sp - 8);
#ifdef __x86_64__
	n->registers.di = (ulong)n;
#else
	((ulong *)sp)[-1] = (ulong)n;
#endif
	vmx_use_eptp((ulong)n->ept | EPTP_WB | EPTP_WALK_4);
}

static void init_host(void)
{
	vmx_init_host();
	vmcs_write(VMCS_HOST_IA32_EFER, rdmsr(MSR_EFER));
	/* XSETBV is done for the guest, whatever it has in CR4. */
	if (cpu_has(X86_FEATURE_XSAVE))
		vmcs_set(VMCS_HOST_CR4, CR4_OSXSAVE);
}

static void alloc_nests(void)
{
	msr_bitmap = page_alloc();
	for (u32 index = 0; index < 0x2000; index++)
		if (is_hidden_msr(index)) {
			msr_bitmap[index / 8] |= 1 << index % 8;	/* reads */
			msr_bitmap[2048 + index / 8] |= 1 << index % 8; /* writes: 24.6.9 */
		}
	for (u32 number = 0; number < cpu_count(); number++) {
		struct nest *n = pages_alloc(ALIGN_UP(sizeof(*n), PAGE_SIZE) / PAGE_SIZE,
					     PAGE_SIZE);

		n->vmcs = vmx_region();
		n->vmxon_region = vmx_region();
		n->stack_top = (u8 *)pages_alloc(STACK_PAGES, PAGE_SIZE) + STACK_PAGES * PAGE_SIZE;
		n->ept = pages_alloc(EPT_PAGES, PAGE_SIZE);
		n->ept_used = 1;
		nests[number] = n;
	}
}

const char *vmx_nest_init(void)
{
	if (!vmx_available())
		return "VMX";
	if (!vmx_has_ept() || !vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_UNRESTRICTED))
		return "VMX with EPT and unrestricted guest";
	if (!vmx_can(VMCS_EXIT_CONTROLS, EXIT_LOAD_EFER | EXIT_SAVE_EFER) ||
	    !vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_EFER))
		return "VMX that loads and saves IA32_EFER";
	if (!vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS) ||
	    (vmx_allowed(VMCS_PRIMARY_CONTROLS).must & (CPU_CR3_LOAD | CPU_CR3_STORE)))
		return "VMX with MSR bitmaps, and with CR3 the guest's";
	alloc_nests();
	return NULL;
}

void vmx_nest_enter(void)
{
	struct nest *n = nests[this_cpu()->number];

	if (setjmp(n->guest))
		return;
	vmx_enable_with(n->vmxon_region);
	vmx_must_succeed(vmclear_try((ulong)n->vmcs));
	vmx_must_succeed(vmptrld_try((ulong)n->vmcs));
	vmx_clear_fields();
	init_controls();
	init_host();
	init_guest(n);
	nest_run_on(n->stack_top, run_guest, n);
}
