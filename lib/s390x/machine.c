/* SPDX-License-Identifier: MIT */
/* Start-up, the state that every case starts from, the end of the run. */
#include <arch/machine.h>

#include <harness/run.h>
#include <mm/page.h>
#include <mm/space.h>
#include <s390x/boot.h>
#include <s390x/clock.h>
#include <s390x/cr.h>
#include <s390x/facility.h>
#include <s390x/machine.h>
#include <s390x/sclp.h>
#include <s390x/sigp.h>
#include <stdio.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/time.h>

/* Where a disabled wait is a shutdown, for QEMU and for Linux; and an address that is none. */
#define WAIT_PASSED 0xfff
#define WAIT_FAILED 0xbad

extern const char image_name[];
extern u8 trap_entry_restart[], trap_entry_external[], trap_entry_svc[], trap_entry_program[],
	trap_entry_mcheck[], trap_entry_io[];

/* ------------------------------------------------------------------------------ the reset state */

u64 reset_cr0(void)
{
	/* Emergency signals end arch_wait_for_kick(). */
	u64 cr0 = CR0_EMERGENCY;

	if (has_facility(FACILITY_EDAT_1))
		cr0 |= CR0_EDAT;
	if (has_facility(FACILITY_IEP))
		cr0 |= CR0_IEP;
	return cr0;
}

static u64 reset_asce(void)
{
	return ASCE_OF(arch_kernel_root());
}

struct psw reset_new_psw(u32 class)
{
	static u8 *const entries[TRAP_CLASSES] = {
		[TRAP_RESTART] = trap_entry_restart, [TRAP_EXTERNAL] = trap_entry_external,
		[TRAP_SVC] = trap_entry_svc,	     [TRAP_PROGRAM] = trap_entry_program,
		[TRAP_MCHECK] = trap_entry_mcheck,   [TRAP_IO] = trap_entry_io,
	};

	return (struct psw){ PSW_64, (ulong)entries[class] };
}

void lowcore_init(struct lowcore *area, const struct cpu *cpu)
{
	u8 *base = (u8 *)area;

	for (u32 class = 0; class < TRAP_CLASSES; class ++)
		area->new_psw[class] = reset_new_psw(class);
	*(ulong *)(base + LC_TRAP_STACK) = (ulong)cpu->arch.trap_stack_top;
	*(ulong *)(base + LC_STACK) = (ulong)cpu->arch.stack_top;
	*(u32 *)(base + LC_CPU_NUMBER) = cpu->number;
}

/* Through real addresses, because a test may have taken the alias away. */
static void reset_lowcore(void)
{
	for (u32 class = 0; class < TRAP_CLASSES; class ++) {
		struct psw psw = reset_new_psw(class);

		store_real(LC_NEW_PSW(class), psw.mask);
		store_real(LC_NEW_PSW(class) + 8, psw.addr);
	}
}

static void reset_control_registers(void)
{
	write_cr(0, reset_cr0());
	write_cr(1, reset_asce());
	write_cr(7, reset_asce());
	write_cr(13, reset_asce());
	purge_tlb();
	write_cr(2, 0);
	write_cr(3, 0);
	write_cr(4, 0);
	write_cr(5, 0);
	write_cr(6, 0);
	write_cr(8, 0);
	write_cr(9, 0);
	write_cr(10, 0);
	write_cr(11, 0);
	write_cr(12, 0);
	write_cr(14, CR14_INITIAL);
	write_cr(15, 0);
}

static void reset_registers(void)
{
	static const u32 zeroes[16];

	__asm__ volatile("lam 0,15,%0" : : "Q"(zeroes));
	/* The floating-point-control register can be written only with the AFP registers. */
	write_cr(0, reset_cr0() | CR0_AFP);
	__asm__ volatile("sfpc %0" : : "d"(0));
	write_cr(0, reset_cr0());
}

void arch_reset_state(void)
{
	const struct cpu *cpu = this_cpu();

	set_prefix((u32)cpu->arch.prefix);
	reset_control_registers();
	psw_load_mask(PSW_KERNEL);
	reset_lowcore();
	reset_registers();
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
	set_cpu_timer(CPU_TIMER_NEVER);
	if (cpu->number == 0) {
		trap_clear_handlers();
		external_discard(CR0_SERVICE | CR0_INTERRUPT_KEY);
	}
	external_discard(CR0_EMERGENCY | CR0_EXTERNAL_CALL | CR0_MALFUNCTION);
}

/* Appends "NAME actual (was expected)" where the two differ. */
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
	const u64 mask = ~(PSW_CC | PSW_PM);
	size_t used = 0;

	used = describe_leak(text, size, used, "PSW", psw_mask() & mask, PSW_KERNEL);
	used = describe_leak(text, size, used, "prefix", store_prefix(), this_cpu()->arch.prefix);
	used = describe_leak(text, size, used, "CR0", read_cr(0), reset_cr0());
	used = describe_leak(text, size, used, "CR1", read_cr(1), reset_asce());
	used = describe_leak(text, size, used, "CR6", read_cr(6), 0);
	used = describe_leak(text, size, used, "CR7", read_cr(7), reset_asce());
	used = describe_leak(text, size, used, "CR9", read_cr(9), 0);
	used = describe_leak(text, size, used, "CR13", read_cr(13), reset_asce());
	used = describe_leak(text, size, used, "CR14", read_cr(14), CR14_INITIAL);
	used = describe_leak(text, size, used, "clock comparator", store_clock_comparator(),
			     CLOCK_COMPARATOR_NEVER);
	for (u32 class = 0; class < TRAP_CLASSES; class ++) {
		struct psw psw = reset_new_psw(class);

		used = describe_leak(text, size, used, "new PSW", load_real(LC_NEW_PSW(class) + 8),
				     psw.addr);
	}
}

/* ------------------------------------------------------------------------------------- start-up */

static u8 *alloc_stack(size_t size)
{
	u8 *guard = pages_alloc(1 + size / PAGE_SIZE, PAGE_SIZE);

	space_unmap(space_kernel(), (ulong)guard, PAGE_SIZE);
	return guard + PAGE_SIZE + size;
}

static void init_cpu(struct cpu *cpu)
{
	cpu->arch.user_stack_top = alloc_stack(USER_STACK_SIZE);
	cpu->arch.trap_stack_top = alloc_stack(TRAP_STACK_SIZE);
	if (cpu->number == 0) {
		cpu->arch.stack_top = boot_stack_top;
		return;
	}
	cpu->arch.stack_top = alloc_stack(CPU_STACK_SIZE);
	cpu->arch.prefix = (ulong)pages_alloc(LOWCORE_SIZE / PAGE_SIZE, LOWCORE_SIZE);
}

static void add_other_cpu(u64 address)
{
	if (address != cpu_by_number(0)->hardware_id)
		cpu_add(address);
}

/* Level 1 of the kernel's space for [start, end), multiples of 1 MiB. */
static void map_segments(phys_t start, phys_t end)
{
	for (phys_t at = start; at < end; at += MiB) {
		pte_t *entry = space_entry_at(space_kernel(), at, 1), *table;

		if (arch_max_page_level() >= 1) {
			*entry = arch_pte_page(at, 1, PROT_ALL);
			continue;
		}
		/* Whole tables at once: a page of memory for each, of which it takes half. */
		table = page_alloc();
		for (u32 i = 0; i < arch_kernel_format.entries[0]; i++)
			table[i] = arch_pte_page(at + i * PAGE_SIZE, 0, PROT_ALL);
		*entry = arch_pte_table((ulong)table, 1);
	}
}

/* All memory one to one, except that the prefix area's first page is found elsewhere. */
static void init_kernel_space(void)
{
	phys_t end = MIN(ALIGN_UP(page_memory_end(), MiB), (phys_t)ARCH_MAX_MEMORY);
	phys_t at = 0;

	for (; arch_max_page_level() >= 2 && at + 2 * GiB <= end; at += 2 * GiB)
		*space_entry_at(space_kernel(), at, 2) = arch_pte_page(at, 2, PROT_ALL);
	map_segments(at, end);
	space_map(space_kernel(), LOWCORE_ALIAS, 0, LOWCORE_SIZE, PROT_ALL);
	space_unmap(space_kernel(), 0, PAGE_SIZE);
	space_unmap(space_kernel(), (ulong)boot_stack_guard, PAGE_SIZE);
}

void s390x_start(void)
{
	struct lowcore *absolute_0 = NULL;

	/* For the compiler, nothing is there. */
	__asm__("" : "+r"(absolute_0));
	cpu_add(store_cpu_address());
	facility_init();
	sclp_console_init();
	sclp_read_machine(add_other_cpu);
	init_kernel_space();
	for (u32 number = 0; number < cpu_count(); number++)
		init_cpu(cpu_by_number(number));
	lowcore_init(absolute_0, cpu_by_number(0));
	space_keep_kernel();
	/* The frequency is the architecture's. */
	clock_set_frequency(TOD_HZ, TOD_HZ);
	arch_reset_state();
	run_all();
}

/* ----------------------------------------------------------------------- console, end, description */

void machine_console_write(const char *text, size_t size)
{
	sclp_console_write(text, size);
}

void machine_exit(bool passed)
{
	static struct psw wait = { PSW_64 | PSW_WAIT, WAIT_FAILED };

	arch_irq_save();
	/* A hypervisor ends when no CPU is left that could go on. */
	for (u32 number = 0; number < cpu_count(); number++) {
		if (number != this_cpu()->number)
			sigp_wait(SIGP_STOP, (u16)cpu_by_number(number)->hardware_id, 0, NULL);
	}
	sclp_console_end();
	if (passed)
		wait.addr = WAIT_PASSED;
	for (;;)
		psw_load(&wait);
}

char *machine_command_line(void)
{
	return boot_command_line;
}

const char *machine_image_name(void)
{
	return image_name;
}

void machine_describe(char *text, size_t size)
{
	char cpu[32], hypervisor[32];

	cpu_describe(cpu, sizeof(cpu));
	hypervisor_describe(hypervisor, sizeof(hypervisor));
	snprintf(text, size, "arch=s390x cpu=%s hypervisor=%s cpus=%u memory=%lluM", cpu,
		 *hypervisor ? hypervisor : "none", cpu_count(),
		 ALIGN_UP(page_memory_size(), MiB) / MiB);
}
