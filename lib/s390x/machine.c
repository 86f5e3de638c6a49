/* SPDX-License-Identifier: MIT */
/* What the machine is, and the end of the run. */
#include <arch/machine.h>

#include <mm/page.h>
#include <s390x/boot.h>
#include <s390x/facility.h>
#include <s390x/machine.h>
#include <s390x/sclp.h>
#include <s390x/sigp.h>
#include <stdio.h>
#include <string.h>
#include <sys/cpu.h>

/* Where a disabled wait is a shutdown, for QEMU and for Linux; and an address that is none. */
#define WAIT_PASSED 0xfff
#define WAIT_FAILED 0xbad

extern const char image_name[];

static char *command_line;

void machine_set_command_line(char *line)
{
	command_line = line;
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
	/* What fills it has been cut, if anything. */
	return strlen(command_line) < COMMAND_LINE_SIZE - 1 ? command_line : NULL;
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

const char *machine_become_guest(const char *kind)
{
	(void)kind;
	return "a hypervisor in the image";
}
