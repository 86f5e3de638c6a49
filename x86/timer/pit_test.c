/* SPDX-License-Identifier: MIT */
#include "pit_test.h"

#include <arch/cpu.h>
#include <sys/time.h>

void pit_program(u32 mode, u16 count)
{
	pit_set_gate(true);
	pit_control(CHANNEL, PIT_ACCESS_BOTH | PIT_MODE(mode));
	pit_write(CHANNEL, count);
}

bool pit_disturbed(u64 start, u64 ns)
{
	return arch_ticks() - start > clock_ticks_at_most(ns);
}
