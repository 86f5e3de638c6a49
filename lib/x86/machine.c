/* SPDX-License-Identifier: MIT */
/* The PC: what it is, and the end of the run. */
#include <arch/machine.h>

#include <dev/acpi.h>
#include <mm/page.h>
#include <stdio.h>
#include <sys/cpu.h>
#include <x86/boot.h>
#include <x86/cpuid.h>
#include <x86/io.h>

/* QEMU's isa-debug-exit where the runner puts it: the VMM's exit status is value * 2 + 1. */
#define DEBUG_EXIT_PORT	  0xf4
#define DEBUG_EXIT_PASSED 0x10
#define DEBUG_EXIT_FAILED 0x11

#define PM1_SLP_EN BIT(13)

extern const char image_name[];

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
