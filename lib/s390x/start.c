/* SPDX-License-Identifier: MIT */
/* Start-up, from boot.S to the image's own main(). */
#include <harness/run.h>
#include <harness/state.h>
#include <mm/page.h>
#include <mm/space.h>
#include <s390x/boot.h>
#include <s390x/clock.h>
#include <s390x/cr.h>
#include <s390x/facility.h>
#include <s390x/machine.h>
#include <s390x/sclp.h>
#include <sys/cpu.h>
#include <sys/time.h>

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

/* CPU 0's prefix area is at absolute 0, where for the compiler nothing is. */
static void init_lowcore(void)
{
	struct lowcore *absolute_0 = NULL;

	__asm__("" : "+r"(absolute_0));
	lowcore_init(absolute_0, cpu_by_number(0));
}

static void init(void)
{
	facility_init();
	sclp_console_init();
	sclp_read_machine(page_add_region, add_other_cpu);
	init_kernel_space();
	for (u32 number = 0; number < cpu_count(); number++)
		init_cpu(cpu_by_number(number));
	init_lowcore();
	space_keep_kernel();
	/* The frequency is the architecture's. */
	clock_set_frequency(TOD_HZ, TOD_HZ);
	state_reset();
}

void s390x_start(char *command_line)
{
	machine_set_command_line(command_line);
	cpu_add(store_cpu_address());
	/* this_cpu() reads it; the stacks come later. */
	init_lowcore();
	run_main(init);
}
