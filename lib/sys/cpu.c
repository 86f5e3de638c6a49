/* SPDX-License-Identifier: MIT */
#include <sys/cpu.h>

struct cpu cpus[MAX_CPUS];
static u32 count, left_out;

u32 cpu_count(void)
{
	return count;
}

struct cpu *cpu_by_number(u32 number)
{
	return &cpus[number];
}

void cpu_add(u64 hardware_id)
{
	if (count == MAX_CPUS) {
		cpu_leave_out();
		return;
	}
	cpus[count].number = count;
	cpus[count].hardware_id = hardware_id;
	count++;
}

void cpu_leave_out(void)
{
	left_out++;
}

u32 cpus_left_out(void)
{
	return left_out;
}

u32 cpu_number_of(u64 hardware_id)
{
	for (u32 number = 0; number < count; number++) {
		if (cpus[number].hardware_id == hardware_id)
			return number;
	}
	return 0;
}
