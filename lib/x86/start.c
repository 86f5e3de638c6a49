/* SPDX-License-Identifier: MIT */
/* The PC's start-up, from the entry in boot.S to the image's own main(). */
#include <dev/acpi.h>
#include <dev/uart16550.h>
#include <harness/run.h>
#include <harness/state.h>
#include <mm/page.h>
#include <mm/space.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/boot.h>
#include <x86/cpuid.h>
#include <x86/paging.h>
#include <x86/pit.h>
#include <x86/smp.h>

/* About 2 ms of the PIT's clock: two reads of the counter around each end bound the rate to 0.1%. */
#define CALIBRATION_COUNT  2400
#define CALIBRATION_ROUNDS 50

void x86_start(u32 magic, u32 info) __noreturn;
#ifdef __i386__
void double_fault_task(void);
#endif

/*
 * The counter when the PIT was done, from both sides. What was read after a look at the PIT that said
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
 * The tightest bounds of some rounds: on a loaded host any of them may have been interrupted. Stops as
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

/* The reset state is xAPIC mode, whatever mode the firmware has left. */
static void add_other_cpu(u64 apic_id)
{
	if (apic_id == cpu_by_number(0)->hardware_id)
		return;
	if (apic_id <= APIC_XAPIC_ID_MAX)
		cpu_add(apic_id);
	else
		cpu_leave_out();
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

/* What is left of the start after boot.S: on CPU 0, with the first 4 GiB mapped. */
static u32 loader_magic, loader_info;

static void init(void)
{
	cpuid_init();
#ifdef __i386__
	paging_init();
#endif
	apic_init();
	smp_init();
	boot_info_read(loader_magic, loader_info, page_add_region);
	uart16550_init(boot_info.console_port);
	acpi_init(boot_info.rsdp);
	init_cpus();
	desc_init();
	init_kernel_space();
	space_keep_kernel();
	state_reset();
	calibrate();
}

void x86_start(u32 magic, u32 info)
{
	struct cpu *cpu = &cpus[0];

	loader_magic = magic;
	loader_info = info;
	cpu->arch.stack_top = boot_stack_top;
#ifdef __i386__
	desc_set_double_fault_task(double_fault_task);
#endif
	desc_init_cpu(cpu);
	run_main(init);
}
