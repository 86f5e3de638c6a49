/* SPDX-License-Identifier: MIT */
#include <x86/svm/svm.h>

#include <mm/heap.h>
#include <mm/page.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/landing.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>

/* MSRPM: table 15-8. Two bits for each MSR of three ranges of 8192. */
#define MSRPM_RANGE	  0x2000u
#define MSRPM_RANGE_BYTES 0x800u

/* Per CPU, from the page allocator, forgotten with the case: the save area, and svm_run()'s VMCB. */
static struct vmcb *host_vmcbs[MAX_CPUS];

bool svm_available(void)
{
	u64 vm_cr = 0;

	/* Without VM_CR there is nothing that disables it. */
	return cpu_has(X86_FEATURE_SVM) &&
	       (rdmsr_try(MSR_VM_CR, &vm_cr).kind || !(vm_cr & VM_CR_SVMDIS));
}

void svm_enable(void)
{
	if (rdmsr(MSR_EFER) & EFER_SVME)
		return;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, (ulong)page_alloc());
	host_vmcbs[this_cpu()->number] = page_alloc();
}

struct svm_guest *svm_new(enum svm_mode mode)
{
	struct svm_guest *g = malloc(sizeof(*g));

	svm_enable();
	g->vmcb = page_alloc();
	g->control = &g->vmcb->control;
	g->save = &g->vmcb->save;
	g->iopm = pages_alloc(SVM_IOPM_PAGES, PAGE_SIZE);
	g->msrpm = pages_alloc(SVM_MSRPM_PAGES, PAGE_SIZE);
	svm_mode_alloc(g);
	svm_reset(g, mode);
	return g;
}

static void init_control(struct svm_guest *g)
{
	struct vmcb_control *control = g->control;

	control->intercepts[SVM_EXIT_EXCP(0) / 32] = ~(u32)(BIT(2) | BIT(9));
	svm_intercept(g, SVM_EXIT_SHUTDOWN, true);
	svm_intercept(g, SVM_EXIT_VMRUN, true);
	svm_intercept(g, SVM_EXIT_VMMCALL, true);
	control->iopm_base_pa = (ulong)g->iopm;
	control->msrpm_base_pa = (ulong)g->msrpm;
	control->guest_asid = 1;
	/* Guests of different cases and modes share ASID 1 (15.16, software rule). */
	control->tlb_control = TLB_FLUSH_ALL;
}

void svm_reset(struct svm_guest *g, enum svm_mode mode)
{
	memset(g->vmcb, 0, sizeof(*g->vmcb));
	memset(&g->registers, 0, sizeof(g->registers));
	g->registers.host_flags = FLAG_1;
	init_control(g);
	svm_mode_init(g, mode);
}

void svm_touch(struct svm_guest *g, enum svm_mode mode)
{
	svm_reset(g, mode);
	svm_code_bytes(g, "", 0);
	svm_deliver(g);
	g->control->eventinj = EVENT_V | EVENT_TYPE_INTR | 0x20;
	svm_run(g);
	svm_reset(g, mode);
}

void svm_code_bytes(struct svm_guest *g, const void *bytes, size_t size)
{
	static const u8 vmmcall[] = { 0x0f, 0x01, 0xd9 };

	memcpy(g->code, bytes, size);
	memcpy(g->code + size, vmmcall, sizeof(vmmcall));
	g->code_size = (u32)size;
}

void svm_code(struct svm_guest *g, struct mode_code code)
{
	svm_code_bytes(g, code.start, code.size);
}

void svm_control_intercept(struct vmcb_control *control, u32 code, bool on)
{
	u32 *word = &control->intercepts[code / 32];

	*word = on ? *word | (u32)BIT(code % 32) : *word & ~(u32)BIT(code % 32);
}

void svm_intercept(struct svm_guest *g, u32 code, bool on)
{
	svm_control_intercept(g->control, code, on);
}

bool svm_intercepts(const struct svm_guest *g, u32 code)
{
	return g->control->intercepts[code / 32] & BIT(code % 32);
}

static void set_bit(u8 *map, u32 bit, bool on)
{
	map[bit / 8] = (u8)(on ? map[bit / 8] | BIT(bit % 8) : map[bit / 8] & ~BIT(bit % 8));
}

void svm_intercept_port(struct svm_guest *g, u32 port, bool on)
{
	set_bit(g->iopm, port, on);
}

void svm_msrpm_set(u8 *msrpm, u32 msr, bool read, bool write)
{
	static const u32 bases[] = { 0, 0xc0000000, 0xc0010000 };

	for (u32 i = 0; i < ARRAY_SIZE(bases); i++)
		if (msr - bases[i] < MSRPM_RANGE) {
			u8 *map = msrpm + i * MSRPM_RANGE_BYTES;

			set_bit(map, (msr - bases[i]) * 2, read);
			set_bit(map, (msr - bases[i]) * 2 + 1, write);
		}
}

void svm_intercept_msr(struct svm_guest *g, u32 msr, bool read, bool write)
{
	svm_msrpm_set(g->msrpm, msr, read, write);
}

void svm_deliver(struct svm_guest *g)
{
	g->control->intercepts[SVM_EXIT_EXCP(0) / 32] = 0;
}

struct guest_landing {
	struct landing landing;
	bool left;
};

/* Runs in the guest, whose VMMCALL brings the CPU back to the end of svm_run_asm(). */
static void leave_guest(struct landing *landing)
{
	((struct guest_landing *)landing)->left = true;
	__asm__ volatile("vmmcall" : : : "memory");
	__builtin_unreachable();
}

void svm_run(struct svm_guest *g)
{
	struct guest_landing here = { .landing = { .kind = LANDING_END, .leave = leave_guest } };

	landing_push(&here.landing);
	svm_run_asm(g->vmcb, &g->registers, host_vmcbs[this_cpu()->number]);
	stgi();
	/* What ended the guest's function has taken the landing away, and ends what this function is part of. */
	if (here.left)
		landing_end();
	landing_clear(&here.landing);
}

void svm_call(struct svm_guest *g, void (*fn)(void *arg), void *arg)
{
	ulong *sp = (ulong *)g->stack_top;

	svm_code_bytes(g, "", 0);
#ifdef __x86_64__
	g->registers.di = (ulong)arg;
	/* Aligned as after a CALL. */
	sp -= 2;
#else
	*--sp = (ulong)arg;
#endif
	*--sp = (ulong)g->code;
	g->save->rsp = (ulong)sp;
	g->save->rip = (ulong)fn;
}

u64 svm_exit(const struct svm_guest *g)
{
	u64 code = g->control->exitcode;

	return (u32)code == (u32)SVM_EXIT_INVALID ? SVM_EXIT_INVALID : code;
}

s32 svm_delivered(const struct svm_guest *g)
{
	u64 offset = g->save->cs.base + g->save->rip - 1 - (ulong)g->stubs;

	if (svm_exit(g) != SVM_EXIT_VMMCALL || offset >= 256 * SVM_STUB_SIZE ||
	    offset % SVM_STUB_SIZE)
		return -1;
	return (s32)(offset / SVM_STUB_SIZE);
}

u64 svm_stack_word(const struct svm_guest *g, u32 index)
{
	const struct vmcb_save *save = g->save;
	u64 address = save->ss.base + (g->mode == SVM_REAL ? save->rsp & 0xffff : save->rsp);

	switch (g->mode) {
	case SVM_LONG:
	case SVM_COMPAT:
		return ((const u64 *)(ulong)save->rsp)[index];
	case SVM_REAL:
		return ((const u16 *)(ulong)address)[index];
	default:
		return ((const u32 *)(ulong)address)[index];
	}
}
