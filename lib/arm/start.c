/* SPDX-License-Identifier: MIT */
/* The start-up of a machine that a device tree describes, from boot_*.S to the image's own main(). */
#include <arm/boot.h>
#include <arm/gic.h>
#include <arm/psci.h>
#include <arm/timer.h>
#include <dev/devicetree.h>
#include <dev/pl011.h>
#include <harness/run.h>
#include <mm/page.h>
#include <mm/space.h>
#include <sys/cpu.h>
#include <sys/time.h>

void arm_start(const void *tree) __noreturn;

static void find_console(void)
{
	dt_node node = dt_stdout();
	phys_t address;
	u64 size;

	if (!dt_is_compatible(node, "arm,pl011") && !dt_is_compatible(node, "arm,sbsa-uart"))
		node = dt_find_compatible(NULL, "arm,pl011");
	if (node && dt_reg(node, 0, &address, &size))
		pl011_init((ulong)space_map_device(address, size));
}

/* /reserved-memory: DTSpec 3.5. */
static void reserve_memory(void)
{
	dt_node node = dt_first_child(dt_find("/reserved-memory"));
	phys_t address;
	u64 size;

	dt_for_each_reservation(page_reserve);
	page_reserve(dt_address(), dt_address() + dt_size());
	for (; node; node = dt_next_sibling(node)) {
		for (u32 i = 0; dt_reg(node, i, &address, &size); i++)
			page_reserve(address, address + size);
	}
}

/* Calls found() for every range of memory that the tree has: DTSpec 3.4. */
static void for_each_memory(void (*found)(phys_t start, phys_t end))
{
	phys_t address;
	u64 size;

	for (dt_node node = NULL; (node = dt_find_type(node, "memory"));) {
		for (u32 i = 0; dt_is_okay(node) && dt_reg(node, i, &address, &size); i++)
			found(address, address + size);
	}
}

static bool boot_memory;

/* The memory with the image is what boot_*.S has mapped some of: it must come first. */
static void add_memory(phys_t start, phys_t end)
{
	bool has_image = ARCH_IMAGE_START >= start && ARCH_IMAGE_START < end;

	if (has_image == boot_memory)
		page_add_region(start, end);
}

static void map_memory(phys_t start, phys_t end)
{
	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(MIN(end, (phys_t)ARCH_MAX_MEMORY), PAGE_SIZE);
	if (start < end)
		space_map(space_kernel(), (ulong)start, start, end - start, PROT_ALL);
}

/*
 * All of the first 4 GiB that is not memory is for devices, then comes the memory, then the parts of
 * the image: what user code may write is never executable at EL1, so the text must be read-only.
 */
static void init_kernel_space(void)
{
	struct space *space = space_kernel();

	space_map(space, 0, 0, 4 * GiB, PROT_DEVICE | PROT_WRITE | PROT_USER);
	for_each_memory(map_memory);
	space_protect(space, (ulong)image_start, (ulong)(text_end - image_start),
		      PROT_EXEC | PROT_USER);
	space_unmap(space, 0, PAGE_SIZE);
	space_unmap(space, (ulong)boot_stack_guard, PAGE_SIZE);
	space_unmap(space, (ulong)exception_stack_top - EXCEPTION_STACK_SIZE - PAGE_SIZE,
		    PAGE_SIZE);
	space_switch(space);
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
	if (cpu->number) {
		cpu->arch.stack_top = alloc_stack(CPU_STACK_SIZE);
		cpu->arch.exception_stack_top = alloc_stack(EXCEPTION_STACK_SIZE);
	}
}

/* The CPU that runs this, then the others: DTSpec 3.8; without PSCI they cannot be started. */
static void init_cpus(void)
{
	u64 self = read_sys(MPIDR) & MPIDR_AFFINITY, affinity;
	dt_node node = NULL;

	cpu_add(self);
	while (psci_conduit() != PSCI_NONE && (node = dt_find_type(node, "cpu"))) {
		if (dt_is_okay(node) && dt_reg_number(node, 0, &affinity) &&
		    (affinity & MPIDR_AFFINITY) != self)
			cpu_add(affinity & MPIDR_AFFINITY);
	}
	for (u32 number = 0; number < cpu_count(); number++)
		init_stacks(cpu_by_number(number));
}

/* QEMU leaves the tree at the start of memory for an ELF file, and has no way to say so. */
static const void *find_tree(const void *tree)
{
	if (dt_init(tree))
		return tree;
	return (const void *)ALIGN_DOWN((ulong)image_start, GiB);
}

static void init(void)
{
	reserve_memory();
	boot_memory = true;
	for_each_memory(add_memory);
	init_kernel_space();
	boot_memory = false;
	for_each_memory(add_memory);
	find_console();
	psci_init();
	gic_init();
	timer_init();
	init_cpus();
	clock_set_frequency(read_sys(CNTFRQ), read_sys(CNTFRQ));
	space_keep_kernel();
}

void arm_start(const void *tree)
{
	struct cpu *cpu = &cpus[0];

	if (!dt_init(find_tree(tree))) {
		for (;;)
			__asm__ volatile("wfi");
	}
	cpu->arch.stack_top = boot_stack_top;
	cpu->arch.exception_stack_top = exception_stack_top;
	run_main(init);
}
