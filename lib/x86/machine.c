/* SPDX-License-Identifier: MIT */
/* The PC: start-up, the state that every case starts from, the end of the run. */
#include <arch/machine.h>

#include <dev/acpi.h>
#include <dev/uart16550.h>
#include <harness/run.h>
#include <mm/page.h>
#include <mm/space.h>
#include <stdio.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/boot.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/io.h>
#include <x86/msr.h>
#include <x86/paging.h>
#include <x86/pit.h>
#include <x86/xsave.h>

#define PIC_1_MASK 0x21
#define PIC_2_MASK 0xa1

/* QEMU's isa-debug-exit where the runner puts it: the VMM's exit status is value * 2 + 1. */
#define DEBUG_EXIT_PORT	  0xf4
#define DEBUG_EXIT_PASSED 0x10
#define DEBUG_EXIT_FAILED 0x11

#define PM1_SLP_EN BIT(13)

#define MXCSR_RESET 0x1f80u

/* About 2 ms of the PIT's clock: two reads of the counter around each end bound the rate to 0.1%. */
#define CALIBRATION_COUNT  2400
#define CALIBRATION_ROUNDS 5

extern const char image_name[];

void x86_start(u32 magic, u32 info) __noreturn;

/* ------------------------------------------------------------------------------ the reset state */

static ulong reset_cr0(void)
{
	return CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
}

static ulong reset_cr4(void)
{
	ulong cr4 = CR4_PAE;

	if (cpu_has(X86_FEATURE_FXSR))
		cr4 |= CR4_OSFXSR;
	if (cpu_has(X86_FEATURE_SSE))
		cr4 |= CR4_OSXMMEXCPT;
	return cr4;
}

static bool has_efer(void)
{
	return cpu_has(X86_FEATURE_NX) || cpu_has(X86_FEATURE_SYSCALL) || cpu_has(X86_FEATURE_LM);
}

static u64 reset_efer(void)
{
	u64 efer = cpu_has(X86_FEATURE_NX) ? EFER_NXE : 0;

#ifdef __x86_64__
	efer |= EFER_LME | EFER_LMA;
#endif
	return efer;
}

static void reset_fpu(void)
{
	if (cpu_has(X86_FEATURE_XSAVE)) {
		/* XCR0 is out of reach without OSXSAVE; x87 alone is what it is after RESET. */
		write_cr4(read_cr4() | CR4_OSXSAVE);
		if (xgetbv(0) != 1)
			xsetbv_try(0, 1);
		write_cr4(reset_cr4());
	}
	if (cpu_has(X86_FEATURE_FPU))
		__asm__ volatile("fninit");
	if (cpu_has(X86_FEATURE_SSE))
		ldmxcsr(MXCSR_RESET);
}

void arch_reset_state(void)
{
	arch_leave_exception();
	write_flags(FLAG_1);
	write_dr7(DR7_RESET);
	paging_reset();
	write_cr0(reset_cr0());
	write_cr4(reset_cr4());
	if (has_efer())
		wrmsr(MSR_EFER, reset_efer());
	write_dr0(0);
	write_dr1(0);
	write_dr2(0);
	write_dr3(0);
	write_dr6(DR6_RESET);
	desc_init();
#ifdef __x86_64__
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_GS_BASE, 0);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
#endif
	reset_fpu();
	if (this_cpu()->number == 0) {
		trap_clear_handlers();
		outb(PIC_1_MASK, 0xff);
		outb(PIC_2_MASK, 0xff);
	}
	apic_reset();
}

/* Appends "NAME actual (expected)" where the two differ. */
static size_t describe_leak(char *text, size_t size, size_t used, const char *name, u64 actual,
			    u64 expected)
{
	if (actual == expected || used >= size)
		return used;
	return used + (size_t)snprintf(text + used, size - used, "%s%s %#llx (was %#llx)",
				       used ? ", " : "", name, actual, expected);
}

void arch_describe_leaks(char *text, size_t size)
{
	const ulong flags = FLAG_IF | FLAG_DF | FLAG_TF | FLAG_NT | FLAG_AC | FLAG_IOPL;
	const char *what = desc_changed();
	size_t used = 0;

	used = describe_leak(text, size, used, "flags", read_flags() & flags, 0);
	used = describe_leak(text, size, used, "CR0", read_cr0(), reset_cr0());
	used = describe_leak(text, size, used, "CR3", read_cr3(), (ulong)BOOT_ROOT_TABLE);
	used = describe_leak(text, size, used, "CR4", read_cr4(), reset_cr4());
	if (has_efer())
		used = describe_leak(text, size, used, "EFER", rdmsr(MSR_EFER), reset_efer());
	used = describe_leak(text, size, used, "DR7", read_dr7(), DR7_RESET);
	if (used < size && what)
		snprintf(text + used, size - used, "%s%s", used ? ", " : "", what);
}

/* ------------------------------------------------------------------------------------- start-up */

/*
 * The counter when the PIT was done, from both sides. What was read behind a look at the PIT that said
 * no may be far behind the end, if this CPU was held up in between: only what was read before counts.
 */
static void measure(u64 *min, u64 *max)
{
	u64 before_start = arch_ticks(), after_start, before_no, before_look;

	pit_start(CALIBRATION_COUNT);
	after_start = arch_ticks();
	before_look = after_start;
	do {
		before_no = before_look;
		before_look = arch_ticks();
	} while (!pit_done());
	*min = before_no - after_start;
	*max = arch_ticks() - before_start;
}

/*
 * The tightest bounds of a few rounds: on a loaded host any of them may have been interrupted. Stops as
 * soon as one is good to 0.2%.
 */
static void calibrate(void)
{
	u64 best_min = 0, best_max = ~0ull;

	for (u32 round = 0; round < CALIBRATION_ROUNDS; round++) {
		u64 min, max;

		measure(&min, &max);
		best_min = MAX(best_min, min);
		best_max = MIN(best_max, max);
		if (best_max - best_min < best_max / 512)
			break;
	}
	clock_set_frequency(best_min * PIT_HZ / (CALIBRATION_COUNT + 1),
			    best_max * PIT_HZ / CALIBRATION_COUNT + 1);
}

static u8 *alloc_stack(size_t size)
{
	u8 *guard = pages_alloc(1 + size / PAGE_SIZE, PAGE_SIZE);

	space_unmap(space_kernel(), (ulong)guard, PAGE_SIZE);
	return guard + PAGE_SIZE + size;
}

static void init_stacks(struct cpu *cpu)
{
	cpu->arch.user_stack_top = alloc_stack(USER_STACK_SIZE);
	if (cpu->number)
		cpu->arch.stack_top = alloc_stack(CPU_STACK_SIZE);
	for (u32 i = 0; i < IST_COUNT; i++)
		cpu->arch.ist_top[i] = (u8 *)pages_alloc(IST_STACK_SIZE / PAGE_SIZE, PAGE_SIZE) +
				       IST_STACK_SIZE;
}

static void add_other_cpu(u64 apic_id)
{
	if (apic_id != cpu_by_number(0)->hardware_id)
		cpu_add(apic_id);
}

static void init_cpus(void)
{
	cpu_add(cpuid(1, 0).ebx >> 24);
	acpi_for_each_local_apic(add_other_cpu);
	for (u32 number = 0; number < cpu_count(); number++)
		init_stacks(cpu_by_number(number));
}

/* Memory above what boot.S has mapped, and the pages that are to be absent. */
static void init_kernel_space(void)
{
	phys_t end = MIN(page_memory_end(), (phys_t)ARCH_MAX_MEMORY);

	if (end > 4 * GiB)
		space_map(space_kernel(), (ulong)(4 * GiB), 4 * GiB,
			  ALIGN_UP(end, 2 * MiB) - 4 * GiB, PROT_ALL);
	space_unmap(space_kernel(), 0, PAGE_SIZE);
	space_unmap(space_kernel(), (ulong)boot_stack_guard, PAGE_SIZE);
}

void x86_start(u32 magic, u32 info)
{
	struct cpu *cpu = &cpus[0];

	uart16550_init();
	cpuid_init();
	cpu->arch.stack_top = boot_stack_top;
	desc_init_cpu(cpu);
	boot_info_read(magic, info);
	acpi_init(boot_info.rsdp);
	init_cpus();
	desc_init();
	if (has_efer())
		wrmsr(MSR_EFER, reset_efer());
	init_kernel_space();
	space_keep_kernel();
	calibrate();
	run_all();
}

/* ----------------------------------------------------------------------- console, end, description */

void machine_console_write(const char *text, size_t size)
{
	uart16550_write(text, size);
}

void machine_exit(bool passed)
{
	u16 pm1a = acpi_pm1a_control_port();

	outl(DEBUG_EXIT_PORT, passed ? DEBUG_EXIT_PASSED : DEBUG_EXIT_FAILED);
	/* Booted by hand without that device: S5, whose SLP_TYP is 0 on QEMU's machines. */
	if (pm1a)
		outw(pm1a, PM1_SLP_EN);
	for (;;)
		__asm__ volatile("cli; hlt");
}

char *machine_command_line(void)
{
	return boot_info.command_line;
}

const char *machine_image_name(void)
{
	return image_name;
}

void machine_describe(char *text, size_t size)
{
	const char *hypervisor = cpu_hypervisor();
	char cpu[48];

	cpu_describe(cpu, sizeof(cpu));
	snprintf(text, size, "arch=%s cpu=%s hypervisor=%s cpus=%u memory=%lluM",
		 sizeof(ulong) == 8 ? "x86_64" : "i386", cpu, *hypervisor ? hypervisor : "none",
		 cpu_count(), ALIGN_UP(page_memory_size(), MiB) / MiB);
}
