/* SPDX-License-Identifier: MIT */
#include <x86/svm/nest.h>

#include <arch/machine.h>
#include <arch/space.h>
#include <harness/ktap.h>
#include <mm/page.h>
#include <setjmp.h>
#include <string.h>
#include <sys/cpu.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/debug.h>
#include <x86/desc.h>
#include <x86/msr.h>
#include <x86/nest_host.h>
#include <x86/segment.h>
#include <x86/svm/svm.h>

#define STACK_PAGES   2
#define NPT_PAGES     16 /* each has 512 GiB, but for the first, which is the root */
#define NPT_FLAGS     (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define INSN_SIZE     2 /* of CPUID, RDMSR and WRMSR without prefixes */
#define INSN_SIZE_MAX 15

/* A CPU's hypervisor. Its memory is from before the first case, when other CPUs have not been started. */
struct nest {
	struct vmcb *vmcb, *host_vmcb;
	struct svm_registers registers;
	u8 *stack_top;
	u64 *npt;
	u32 npt_used;
	jmp_buf guest;
	u8 host_save[PAGE_SIZE] __aligned(PAGE_SIZE);
};

static struct nest *nests[MAX_CPUS];
static u64 efer_mask; /* the bits that WRMSR accepts, all the others being #GP */

/* -------------------------------------------------------------------------------------- the exits */

static void inject(struct nest *n, u32 vector, bool has_error)
{
	n->vmcb->control.eventinj = EVENT_V | EVENT_TYPE_EXCEPTION | EVENT_VECTOR(vector) |
				    (has_error ? EVENT_EV : 0);
}

static bool is_prefix(u8 byte, bool is_64)
{
	return byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 ||
	       (byte & 0xe7) == 0x26 || (byte & 0xfe) == 0x64 || (is_64 && (byte & 0xf0) == 0x40);
}

static bool is_64_bit(const struct vmcb_save *save)
{
	return save->efer & EFER_LMA && save->cs.attrib & VMCB_ATTRIB_L;
}

static ulong linear(const struct vmcb_save *save, u64 rip)
{
	return is_64_bit(save) ? (ulong)rip : (u32)(save->cs.base + rip);
}

/* The instruction that exited, from its bytes where the CPU does not say where it ends: 15.7.1. */
static u64 next_rip(const struct vmcb *vmcb)
{
	const struct vmcb_save *save = &vmcb->save;
	const u8 *insn = (const u8 *)linear(save, save->rip);
	u32 prefixes = 0;

	if (cpu_has(X86_FEATURE_NRIPS))
		return vmcb->control.nrip;
	while (prefixes < INSN_SIZE_MAX - INSN_SIZE && is_prefix(insn[prefixes], is_64_bit(save)))
		prefixes++;
	return save->rip + prefixes + INSN_SIZE;
}

/* The instruction breakpoints at RIP, as bits of DR6: a trap there reports them, too. DR0 to DR3 are the guest's. */
static u64 breakpoints_at_rip(const struct vmcb_save *save)
{
	u64 hit = 0;

	for (u32 n = 0; n < 4; n++) {
		ulong address;

		if (!(save->dr7 & (DR7_L(n) | DR7_G(n))) ||
		    (save->dr7 & dr7_kind(n, BREAK_ACCESS, 1)) != dr7_kind(n, BREAK_EXECUTE, 1))
			continue;
		if (!read_dr_try(n, &address).kind && address == linear(save, save->rip))
			hit |= DR6_B(n);
	}
	return hit;
}

/* What an instruction that has been done for the guest leaves, as one that the CPU has done. */
static void finish_insn(struct nest *n)
{
	struct vmcb_save *save = &n->vmcb->save;

	save->rip = next_rip(n->vmcb);
	n->vmcb->control.interrupt_shadow &= ~INTERRUPT_SHADOW;
	save->rflags &= ~(u64)FLAG_RF;
	if (save->rflags & FLAG_TF) {
		save->dr6 |= DR6_BS | breakpoints_at_rip(save);
		inject(n, VEC_DB, false);
	}
}

static void do_cpuid(struct nest *n)
{
	struct vmcb_save *save = &n->vmcb->save;
	u32 leaf = (u32)save->rax, subleaf = (u32)n->registers.cx;
	struct cpuid r = nest_cpuid(leaf, subleaf, save->cr4);

	if (leaf == 0x80000001)
		r.ecx &= ~(u32)BIT(2);
	else if (leaf == 0x8000000a)
		r = (struct cpuid){ 0 };
	save->rax = r.eax;
	n->registers.bx = r.ebx;
	n->registers.cx = r.ecx;
	n->registers.dx = r.edx;
	finish_insn(n);
}

/* SVME is set, as a guest's has to be, and seen by nobody: 15.5.1. */
static bool write_efer(struct nest *n, u64 value)
{
	struct vmcb_save *save = &n->vmcb->save;

	if (value & ~efer_mask || (save->cr0 & CR0_PG && (value ^ save->efer) & EFER_LME))
		return false;
	save->efer = (value & ~(u64)EFER_LMA) | (save->efer & EFER_LMA) | EFER_SVME;
	return true;
}

static void do_msr(struct nest *n)
{
	struct vmcb_save *save = &n->vmcb->save;
	u64 value = (u64)(u32)n->registers.dx << 32 | (u32)save->rax;

	if ((u32)n->registers.cx != MSR_EFER) {
		inject(n, VEC_GP, true);
	} else if (n->vmcb->control.exitinfo1) {
		if (write_efer(n, value))
			finish_insn(n);
		else
			inject(n, VEC_GP, true);
	} else {
		save->rax = (u32)save->efer & ~(u32)EFER_SVME;
		n->registers.dx = (u32)(save->efer >> 32);
		finish_insn(n);
	}
}

/* Maps the 512 GiB around the address, if there is a page left for them. */
static bool map_more(struct nest *n, u64 address)
{
	u64 slot = address >> 39 & 511, *table;

	if (!n->npt || n->npt[slot] || n->npt_used == NPT_PAGES)
		return false;
	table = n->npt + n->npt_used * 512;
	for (u64 i = 0; i < 512; i++)
		table[i] = slot << 39 | i << 30 | NPT_FLAGS | PTE_PS;
	n->npt[slot] = (ulong)table | NPT_FLAGS;
	n->npt_used++;
	return true;
}

static bool handle_exit(struct nest *n)
{
	u64 code = n->vmcb->control.exitcode;

	n->vmcb->control.eventinj = 0;
	switch (code) {
	case SVM_EXIT_CPUID:
		do_cpuid(n);
		return true;
	case SVM_EXIT_MSR:
		do_msr(n);
		return true;
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMLOAD:
	case SVM_EXIT_VMSAVE:
	case SVM_EXIT_STGI:
	case SVM_EXIT_CLGI:
	case SVM_EXIT_SKINIT:
	case SVM_EXIT_INVLPGA:
		inject(n, VEC_UD, false);
		return true;
	case SVM_EXIT_NPF:
		return map_more(n, n->vmcb->control.exitinfo2);
	case SVM_EXIT_SHUTDOWN:
		nest_shut_down();
	default:
		return false;
	}
}

/* On its own stack, GIF clear between the guest's turns: what is pending is the guest's. */
static void __noreturn run_guest(void *nest)
{
	struct nest *n = nest;

	do {
		svm_run_asm(n->vmcb, &n->registers, n->host_vmcb);
		n->vmcb->control.tlb_control = TLB_FLUSH_NOTHING;
	} while (handle_exit(n));
	ktap_bail_out(
		"the image as a guest of its own: exit %s (%#llx), exitinfo1 %#llx, exitinfo2 %#llx, rip %#llx",
		svm_exit_name(n->vmcb->control.exitcode), n->vmcb->control.exitcode,
		n->vmcb->control.exitinfo1, n->vmcb->control.exitinfo2, n->vmcb->save.rip);
	machine_exit(false);
}

/* ---------------------------------------------------------------------------------- the beginning */

/* The guest's first instructions: back to svm_nest_enter(), whose frame is on the stack that the guest has. */
static void __noreturn enter_guest(struct nest *n)
{
	longjmp(n->guest, 1);
}

/* Those that CPUID speaks of; of the others nobody can say whether the CPU has them: APM vol. 2, 3.1.7. LMA is ignored. */
static u64 find_efer_mask(void)
{
	static const struct {
		u64 bit;
		enum x86_feature feature;
	} bits[] = {
		{ EFER_SCE, X86_FEATURE_SYSCALL },     { EFER_LME, X86_FEATURE_LM },
		{ EFER_LMA, X86_FEATURE_LM },	       { EFER_NXE, X86_FEATURE_NX },
		{ EFER_FFXSR, X86_FEATURE_FFXSR },     { EFER_TCE, X86_FEATURE_TCE },
		{ EFER_MCOMMIT, X86_FEATURE_MCOMMIT }, { EFER_INTWB, X86_FEATURE_INTWB },
	};
	u64 mask = 0;

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++)
		if (cpu_has(bits[i].feature))
			mask |= bits[i].bit;
	return mask;
}

static void init_control(struct vmcb_control *control, u8 *iopm, u8 *msrpm)
{
	static const u32 exits[] = { SVM_EXIT_CPUID,  SVM_EXIT_MSR,    SVM_EXIT_VMRUN,
				     SVM_EXIT_VMLOAD, SVM_EXIT_VMSAVE, SVM_EXIT_STGI,
				     SVM_EXIT_CLGI,   SVM_EXIT_SKINIT, SVM_EXIT_INVLPGA };

	for (u32 i = 0; i < ARRAY_SIZE(exits); i++)
		svm_control_intercept(control, exits[i], true);
	control->msrpm_base_pa = (ulong)msrpm;
	control->iopm_base_pa = (ulong)iopm;
	control->guest_asid = 1;
}

static void init_npt(struct nest *n)
{
	n->npt = pages_alloc(NPT_PAGES, PAGE_SIZE);
	n->npt_used = 1;
	map_more(n, 0);
	n->vmcb->control.np_control = NP_ENABLE;
	n->vmcb->control.n_cr3 = (ulong)n->npt;
}

/* As this CPU is now, but on another stack. */
static void init_save(struct nest *n)
{
	struct vmcb_save *save = &n->vmcb->save;
	ulong sp = (ulong)(n->stack_top - STACK_PAGES / 2 * PAGE_SIZE);

	svm_save_host(n->vmcb);
	n->vmcb->control.tlb_control = TLB_FLUSH_ALL;
	n->vmcb->control.interrupt_shadow = 0;
	n->vmcb->control.eventinj = 0;
	save->rip = (ulong)enter_guest;
	/* Its argument, as a CALL passes it. */
	save->rsp = sp - 8;
#ifdef __x86_64__
	n->registers.di = (ulong)n;
#else
	((ulong *)sp)[-1] = (ulong)n;
#endif
	n->registers.host_flags = FLAG_1;
}

static void alloc_nests(bool nested_paging)
{
	static const u32 msrs[] = { MSR_EFER, MSR_VM_CR, MSR_VM_HSAVE_PA, MSR_SVM_KEY };
	u8 *iopm = pages_alloc(SVM_IOPM_PAGES, PAGE_SIZE),
	   *msrpm = pages_alloc(SVM_MSRPM_PAGES, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		svm_msrpm_set(msrpm, msrs[i], true, true);
	for (u32 number = 0; number < cpu_count(); number++) {
		struct nest *n = pages_alloc(ALIGN_UP(sizeof(*n), PAGE_SIZE) / PAGE_SIZE,
					     PAGE_SIZE);

		n->vmcb = page_alloc();
		n->host_vmcb = page_alloc();
		n->stack_top = (u8 *)pages_alloc(STACK_PAGES, PAGE_SIZE) + STACK_PAGES * PAGE_SIZE;
		init_control(&n->vmcb->control, iopm, msrpm);
		if (nested_paging)
			init_npt(n);
		nests[number] = n;
	}
	efer_mask = find_efer_mask();
}

const char *svm_nest_init(bool nested_paging)
{
	if (!svm_available())
		return "SVM";
	if (nested_paging &&
	    (sizeof(ulong) == 4 || !cpu_has(X86_FEATURE_NPT) || !cpu_has(X86_FEATURE_PDPE1GB)))
		return "nested paging, with pages of 1 GiB";
	alloc_nests(nested_paging);
	return NULL;
}

void svm_nest_enter(void)
{
	struct nest *n = nests[this_cpu()->number];

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, (ulong)n->host_save);
	if (!setjmp(n->guest)) {
		init_save(n);
		nest_run_on(n->stack_top, run_guest, n);
	}
}
