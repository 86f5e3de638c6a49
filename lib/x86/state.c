/* SPDX-License-Identifier: MIT */
/* What every case starts from: <harness/state.h>. */
#include <harness/state.h>

#include <arch/space.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/hpet.h>
#include <x86/ioapic.h>
#include <x86/irq_line.h>
#include <x86/msr.h>
#include <x86/paging.h>
#include <x86/pic.h>
#include <x86/place.h>
#include <x86/rtc.h>
#include <x86/vtd.h>
#include <x86/xsave.h>

#define MXCSR_RESET 0x1f80u

/* ------------------------------------------------------------------------------------- the values */

static u64 reset_cr0(void)
{
	return CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
}

static u64 reset_cr3(void)
{
	return (ulong)BOOT_ROOT_TABLE;
}

static u64 reset_cr4(void)
{
	u64 cr4 = PAGING_CR4_KERNEL;

	if (cpu_has(X86_FEATURE_SSE))
		cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	return cr4;
}

static u64 reset_efer(void)
{
	u64 efer = cpu_has(X86_FEATURE_NX) ? EFER_NXE : 0;

#ifdef __x86_64__
	efer |= EFER_LME | EFER_LMA;
#endif
	return efer;
}

static u64 reset_dr6(void)
{
	return DR6_RESET;
}

static u64 reset_dr7(void)
{
	return DR7_RESET;
}

static u64 zero(void)
{
	return 0;
}

/* --------------------------------------------------------------------------- registers by number */

static u64 read_control(u32 number)
{
	switch (number) {
	case 0:
		return read_cr0();
	case 2:
		return read_cr2();
	case 3:
		return read_cr3();
	default:
		return read_cr4();
	}
}

static void write_control(u32 number, u64 value)
{
	switch (number) {
	case 0:
		write_cr0((ulong)value);
		break;
	case 2:
		write_cr2((ulong)value);
		break;
	case 3:
		write_cr3((ulong)value);
		break;
	default:
		write_cr4((ulong)value);
	}
}

static u64 read_debug(u32 number)
{
	switch (number) {
	case 0:
		return read_dr0();
	case 1:
		return read_dr1();
	case 2:
		return read_dr2();
	case 3:
		return read_dr3();
	case 6:
		return read_dr6();
	default:
		return read_dr7();
	}
}

static void write_debug(u32 number, u64 value)
{
	switch (number) {
	case 0:
		write_dr0((ulong)value);
		break;
	case 1:
		write_dr1((ulong)value);
		break;
	case 2:
		write_dr2((ulong)value);
		break;
	case 3:
		write_dr3((ulong)value);
		break;
	case 6:
		write_dr6((ulong)value);
		break;
	default:
		write_dr7((ulong)value);
	}
}

static u64 read_flags_row(u32 id)
{
	(void)id;
	return read_flags();
}

static void write_flags_row(u32 id, u64 value)
{
	(void)id;
	write_flags((ulong)value);
}

static u64 flags_value(void)
{
	return FLAG_1;
}

/* Arithmetic flags are whatever the compiler's code made them; ID has no effect. */
#define FLAGS_IGNORED (~0ull & ~(FLAG_IF | FLAG_DF | FLAG_TF | FLAG_NT | FLAG_AC | FLAG_IOPL))

static u64 read_msr(u32 id)
{
	return rdmsr(id);
}

static void write_msr(u32 id, u64 value)
{
	wrmsr_try(id, value);
}

/* PKRU can be reached with CR4.PKE only. SDM vol. 2B, RDPKRU. */
static u64 read_pkru(u32 id)
{
	ulong cr4 = read_cr4();
	u32 value, high;

	(void)id;
	write_cr4(cr4 | CR4_PKE);
	__asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(value), "=d"(high) : "c"(0));
	write_cr4(cr4);
	return value;
}

static void write_pkru(u32 id, u64 value)
{
	ulong cr4 = read_cr4();

	(void)id;
	write_cr4(cr4 | CR4_PKE);
	__asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"((u32)value), "c"(0), "d"(0));
	write_cr4(cr4);
}

/* ------------------------------------------------------------------------------------ what there is */

static bool has_efer(u32 id)
{
	(void)id;
	return cpu_has(X86_FEATURE_NX) || cpu_has(X86_FEATURE_SYSCALL) || cpu_has(X86_FEATURE_LM);
}

static bool has_syscall(u32 id)
{
	(void)id;
	return cpu_has(X86_FEATURE_SYSCALL) || cpu_has(X86_FEATURE_LM);
}

static bool has_long_mode(u32 id)
{
	(void)id;
	return cpu_has(X86_FEATURE_LM);
}

static bool has_sep(u32 id)
{
	(void)id;
	return cpu_has(X86_FEATURE_SEP) && cpu_has(X86_FEATURE_MSR);
}

static bool has_tsc_aux(u32 id)
{
	(void)id;
	return cpu_has(X86_FEATURE_RDTSCP) || cpu_has(X86_FEATURE_RDPID);
}

static bool has_pku(u32 id)
{
	(void)id;
	return cpu_has(X86_FEATURE_PKU);
}

/* What no feature bit says: whether it can be read. */
static bool answers(u32 id)
{
	static struct {
		u32 id;
		bool there;
	} known[64];
	static u32 count;
	u64 value = 0;
	u32 i;

	if (!cpu_has(X86_FEATURE_MSR))
		return false;
	for (i = 0; i < READ_ONCE(count); i++) {
		if (known[i].id == id)
			return known[i].there;
	}
	if (this_cpu()->number || count == ARRAY_SIZE(known))
		return !rdmsr_try(id, &value).kind;
	known[i].id = id;
	known[i].there = !rdmsr_try(id, &value).kind;
	WRITE_ONCE(count, i + 1);
	return known[i].there;
}

static bool has_cet_ss(u32 id)
{
	return cpu_has(X86_FEATURE_CET_SS) && answers(id);
}

static bool has_ssp_table(u32 id)
{
	return has_cet_ss(id) && cpu_has(X86_FEATURE_LM);
}

/* Also where SVM is hidden from now on. */
static bool has_svm(u32 id)
{
	return cpu_has(X86_FEATURE_SVM) && answers(id);
}

static bool has_mtrr(u32 id)
{
	return cpu_has(X86_FEATURE_MTRR) && answers(id);
}

/* ------------------------------------------------------------------------------------------ the rows */

#define CONTROL(n, words_, value_, ...)                                          \
	{                                                                        \
		.name = "CR" #n, .words = words_, .id = n, .read = read_control, \
		.write = write_control, .value = value_, __VA_ARGS__             \
	}
#define DEBUG(n, words_, value_, ...)                                          \
	{                                                                      \
		.name = "DR" #n, .words = words_, .id = n, .read = read_debug, \
		.write = write_debug, .value = value_, __VA_ARGS__             \
	}
/* An MSR; without a value of its own, it is brought back to what it was at boot. */
#define MSR_(name_, words_, index, exists_, value_, ...)                                           \
	{                                                                                          \
		.name = name_, .words = words_, .id = index, .read = read_msr, .write = write_msr, \
		.exists = exists_, .value = value_, __VA_ARGS__                                    \
	}
/* An MSR that is brought back to what it was at boot. */
#define MSR(name, index, exists, ...) MSR_(name, "as at boot", index, exists, NULL, __VA_ARGS__)
#define MTRR_PAIR(n)                                                           \
	MSR("MTRR_PHYSBASE" #n, MSR_MTRR_PHYSBASE(n), has_mtrr, .flips = MiB), \
		MSR("MTRR_PHYSMASK" #n, MSR_MTRR_PHYSMASK(n), has_mtrr, .flips = 2 * MiB)

const struct state_row state_rows[] = {
	{ .name = "FLAGS",
	  .words = "2: interrupts off, IOPL 0",
	  .read = read_flags_row,
	  .write = write_flags_row,
	  .value = flags_value,
	  .ignored = FLAGS_IGNORED,
	  .flips = FLAG_NT | FLAG_AC | FLAG_IOPL },
	CONTROL(0, "PE MP ET NE WP PG", reset_cr0, .flips = CR0_TS | CR0_EM | CR0_WP | CR0_AM),
	CONTROL(2, "0", zero, .silent = true, .flips = 0x12345000),
	CONTROL(3, "the kernel's space", reset_cr3, .flips = 0),
	CONTROL(4, "PAE (PSE without PAE), and OSFXSR and OSXMMEXCPT where there is SSE", reset_cr4,
		.ignored = CR4_VMXE,
		.flips = CR4_TSD | CR4_DE | (sizeof(ulong) == 8 ? CR4_OSFXSR : 0)),
	MSR_("EFER", "LME and LMA (64 bits), NXE where there is NX", MSR_EFER, has_efer, reset_efer,
	     .ignored = EFER_SVME, .flips = EFER_SCE),
	DEBUG(0, "0", zero, .flips = 0x1000),
	DEBUG(1, "0", zero, .flips = 0x2000),
	DEBUG(2, "0", zero, .flips = 0x3000),
	DEBUG(3, "0", zero, .flips = 0x4000),
	DEBUG(6, "0xffff0ff0", reset_dr6, .silent = true, .flips = BIT(0) | BIT(14)),
	DEBUG(7, "0x400", reset_dr7, .flips = BIT(1) | BIT(9)),
#ifdef __x86_64__
	MSR_("FS_BASE", "0", MSR_FS_BASE, NULL, zero, .flips = 0x5000),
	MSR_("GS_BASE", "0", MSR_GS_BASE, NULL, zero, .flips = 0x6000),
	MSR_("KERNEL_GS_BASE", "0", MSR_KERNEL_GS_BASE, NULL, zero, .flips = 0x7000),
#endif
	MSR("STAR", MSR_STAR, has_syscall, .flips = BITS(63, 32)),
	MSR("LSTAR", MSR_LSTAR, has_long_mode, .flips = 0x8000),
	MSR("CSTAR", MSR_CSTAR, has_long_mode, .flips = 0x9000),
	MSR("SFMASK", MSR_SFMASK, has_long_mode, .flips = FLAG_IF | FLAG_TF),
	MSR("IA32_SYSENTER_CS", MSR_IA32_SYSENTER_CS, has_sep, .flips = 0x18),
	MSR("IA32_SYSENTER_ESP", MSR_IA32_SYSENTER_ESP, has_sep, .flips = 0xa000),
	MSR("IA32_SYSENTER_EIP", MSR_IA32_SYSENTER_EIP, has_sep, .flips = 0xb000),
	MSR("TSC_AUX", MSR_TSC_AUX, has_tsc_aux, .flips = 0x12345678),
	MSR("IA32_PAT", MSR_IA32_PAT, answers, .flips = BIT(26)),
	MSR("IA32_DEBUGCTL", MSR_IA32_DEBUGCTL, answers, .flips = BIT(1)),
	MSR("IA32_MISC_ENABLE", MSR_IA32_MISC_ENABLE, answers, .flips = 0),
	MSR("IA32_TSC_ADJUST", MSR_IA32_TSC_ADJUST, answers, .flips = 0x100),
	MSR("IA32_XSS", MSR_IA32_XSS, answers, .flips = 0),
	MSR("IA32_U_CET", MSR_IA32_U_CET, answers, .flips = 0),
	MSR("IA32_S_CET", MSR_IA32_S_CET, answers, .flips = 0),
	MSR("IA32_PL0_SSP", MSR_IA32_PL0_SSP, has_cet_ss, .flips = 0, .silent = true),
	MSR("IA32_PL1_SSP", MSR_IA32_PL1_SSP, has_cet_ss, .flips = 0, .silent = true),
	MSR("IA32_PL2_SSP", MSR_IA32_PL2_SSP, has_cet_ss, .flips = 0, .silent = true),
	MSR("IA32_PL3_SSP", MSR_IA32_PL3_SSP, has_cet_ss, .flips = 0, .silent = true),
	MSR("IA32_INTERRUPT_SSP_TABLE_ADDR", MSR_IA32_SSP_TABLE, has_ssp_table, .flips = 0,
	    .silent = true),
	MSR("IA32_PKRS", MSR_IA32_PKRS, answers, .flips = 0xc),
	{ .name = "PKRU",
	  .words = "as at boot",
	  .read = read_pkru,
	  .write = write_pkru,
	  .exists = has_pku,
	  .flips = 0xc },
	MSR("VM_HSAVE_PA", MSR_VM_HSAVE_PA, has_svm, .flips = 0, .silent = true),
	MSR("MTRR_DEF_TYPE", MSR_MTRR_DEF_TYPE, has_mtrr, .flips = 2),
	MTRR_PAIR(0),
	MTRR_PAIR(1),
	MTRR_PAIR(2),
	MTRR_PAIR(3),
	MTRR_PAIR(4),
	MTRR_PAIR(5),
	MTRR_PAIR(6),
	MTRR_PAIR(7),
};
const u32 state_row_count = ARRAY_SIZE(state_rows);

/* ----------------------------------------------------------------------------------------- the hooks */

/*
 * The tables and the kernel's space, so that an exception can be taken. In an order in which no step
 * needs the next: the kernel's pages are user pages, which SMEP, SMAP and protection keys can refuse; a
 * change of the format of page tables takes far jumps; VMX operation keeps CR4.VMXE.
 */
static void reset_tables(void)
{
	write_flags(FLAG_1);
	write_dr7(DR7_RESET);
	write_cr4(read_cr4() & ~(ulong)(CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_PKS | CR4_CET));
	desc_init();
	paging_reset();
	write_cr0((ulong)reset_cr0());
	write_cr4((ulong)(reset_cr4() | (read_cr4() & CR4_VMXE)));
	/* NMIs are blocked in a handler that was left without IRET. */
	arch_leave_exception();
}

/* SDM vol. 3C, VMXOFF; APM vol. 2, 15.17. */
static void leave_guest_modes(void)
{
	if (read_cr4() & CR4_VMXE) {
		fault_clear();
		__asm__ volatile(GUARDED("vmxoff") : : : "cc", "memory");
		write_cr4(read_cr4() & ~(ulong)CR4_VMXE);
	}
	if (cpu_has(X86_FEATURE_SVM) && (rdmsr(MSR_EFER) & EFER_SVME)) {
		fault_clear();
		__asm__ volatile(GUARDED("stgi") : : : "memory");
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SVME);
	}
	place_reset();
}

static void reset_fpu(void)
{
	if (cpu_has(X86_FEATURE_XSAVE)) {
		/* XCR0 is out of reach without OSXSAVE; x87 alone is what it is after RESET. */
		write_cr4(read_cr4() | CR4_OSXSAVE);
		if (xgetbv(0) != 1)
			xsetbv_try(0, 1);
		write_cr4((ulong)reset_cr4());
	}
	if (cpu_has(X86_FEATURE_FPU))
		__asm__ volatile("fninit");
	if (cpu_has(X86_FEATURE_SSE))
		ldmxcsr(MXCSR_RESET);
}

/* Those that a case has used: to reset all of them would take longer than most cases do. */
static void restore_devices(void)
{
	lines_restore();
	hpet_restore();
	rtc_restore();
	ioapic_restore();
	vtd_restore();
}

const struct state_hook state_hooks[] = {
	{ .stage = STATE_TABLES,
	  .name = "GDT, IDT, TSS, LDT, segments",
	  .words = "as lib/x86/desc.h says; LDT, FS and GS null; NMIs not blocked",
	  .reset = reset_tables,
	  .changed = desc_changed },
	{ .stage = STATE_GUEST,
	  .name = "virtualisation",
	  .words = "no VMX operation; GIF 1, EFER.SVME 0",
	  .reset = leave_guest_modes },
	{ .stage = STATE_CPU,
	  .name = "x87, SSE, XCR0",
	  .words = "as after FNINIT; MXCSR 0x1f80; XCR0 1",
	  .reset = reset_fpu },
	{ .stage = STATE_DEVICES,
	  .name = "handlers",
	  .words = "none of a test's",
	  .reset = trap_clear_handlers,
	  .cpu_0_only = true },
	{ .stage = STATE_DEVICES,
	  .name = "8259",
	  .words = "both masked, edge-triggered, no automatic EOI",
	  .reset = pic_restore,
	  .cpu_0_only = true },
	{ .stage = STATE_DEVICES,
	  .name = "I/O APIC, HPET, RTC, serial ports, keyboard controller, VT-d",
	  .words = "every pin masked; no interrupt enabled; nothing remapped",
	  .reset = restore_devices,
	  .cpu_0_only = true },
	{ .stage = STATE_DEVICES,
	  .name = "local APIC",
	  .words =
		  "xAPIC mode, enabled, flat, TPR 0, every LVT masked, timer stopped, nothing pending",
	  .reset = apic_reset },
};
const u32 state_hook_count = ARRAY_SIZE(state_hooks);
