/* SPDX-License-Identifier: MIT */
/* The PC: what it is, and the end of the run. */
#include <arch/machine.h>

#include <dev/acpi.h>
#include <dev/uart16550.h>
#include <mm/page.h>
#include <stdio.h>
#include <sys/cpu.h>
#include <x86/boot.h>
#include <x86/cpuid.h>
#include <x86/io.h>

/* QEMU's isa-debug-exit: the VMM's exit status is value * 2 + 1. */
#define DEBUG_EXIT_PASSED 0x10
#define DEBUG_EXIT_FAILED 0x11

extern const char image_name[];

void machine_exit(bool passed)
{
	u16 pm1a = acpi_pm1a_control_port();
	u8 soft_off;

	uart16550_drain();
	if (boot_info.debug_exit_port)
		outl(boot_info.debug_exit_port, passed ? DEBUG_EXIT_PASSED : DEBUG_EXIT_FAILED);
	if (pm1a && acpi_soft_off_type(&soft_off))
		outw(pm1a, ACPI_PM1_SLEEP(soft_off));
	for (;;)
		__asm__ volatile("cli; hlt");
}

char *machine_command_line(void)
{
	return boot_info.is_cut ? NULL : boot_info.command_line;
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
