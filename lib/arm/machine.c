/* SPDX-License-Identifier: MIT */
/* A machine that a device tree describes: what it is, and the end of the run. */
#include <arch/machine.h>

#include <arm/boot.h>
#ifdef __aarch64__
#include <arm/el2.h>
#endif
#include <arm/gic.h>
#include <arm/psci.h>
#include <arm/semihosting.h>
#include <dev/devicetree.h>
#include <harness/command_line.h>
#include <mm/page.h>
#include <stdio.h>
#include <string.h>
#include <sys/cpu.h>

/* What the runner takes for all passed and for a failure; on x86 isa-debug-exit yields the same. */
#define STATUS_PASSED 33
#define STATUS_FAILED 35

extern const char image_name[];

void machine_exit(bool passed)
{
	semihosting_exit(passed ? STATUS_PASSED : STATUS_FAILED);
	psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

char *machine_command_line(void)
{
	static char command_line[COMMAND_LINE_SIZE];
	const char *arguments = dt_string(dt_find("/chosen"), "bootargs", 0);

	if (!arguments)
		return command_line;
	return strlcpy(command_line, arguments, COMMAND_LINE_SIZE) < COMMAND_LINE_SIZE
		       ? command_line
		       : NULL;
}

const char *machine_image_name(void)
{
	return image_name;
}

static void describe_cpu(char *text, size_t size)
{
	u32 midr = (u32)read_sys(MIDR);

	snprintf(text, size, "%02x/%03x.r%up%u", midr >> 24, midr >> 4 & 0xfff, midr >> 20 & 15,
		 midr & 15);
}

/* KVM's, by its UID (Linux, include/linux/arm-smccc.h); others are not known to have one. */
static const char *hypervisor(void)
{
	struct smccc uid;

	if (psci_conduit() != PSCI_HVC)
		return "none";
	uid = smccc_call(SMCCC_VENDOR_UID, 0, 0, 0);
	if ((s32)uid.r[0] == PSCI_NOT_SUPPORTED)
		return "unknown";
	return (u32)uid.r[0] == 0xb66fb428 ? "KVM" : "other";
}

void machine_describe(char *text, size_t size)
{
	const char *machine = dt_string(dt_root(), "compatible", 0);
	char cpu[24];

	describe_cpu(cpu, sizeof(cpu));
	snprintf(text, size,
		 "arch=%s cpu=%s hypervisor=%s cpus=%u memory=%lluM machine=%s gic=%u el=%u",
		 sizeof(ulong) == 8 ? "arm64" : "arm", cpu, hypervisor(), cpu_count(),
		 ALIGN_UP(page_memory_size(), MiB) / MiB, machine ? machine : "unknown",
		 gic_version(), boot_el);
}

const char *machine_become_guest(const char *kind)
{
	if (strcmp(kind, "el2"))
		return "a hypervisor of this name";
#ifdef __aarch64__
	if (el2_is_there()) {
		el2_nest();
		return NULL;
	}
#endif
	return "a start at EL2";
}
