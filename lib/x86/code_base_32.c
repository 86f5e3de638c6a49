/* SPDX-License-Identifier: MIT */
#include <arch/fault.h>

#include <sys/cpu.h>
#include <x86/cr.h>

ulong trap_code_base(const struct trap_frame *frame)
{
	u64 descriptor;

	/* The library makes no LDT, and virtual-8086 mode has no descriptors. */
	if ((frame->flags & FLAG_VM) || (frame->cs & 4) || (frame->cs & 0xfff8) / 8 >= GDT_ENTRIES)
		return 0;
	descriptor = this_cpu()->arch.gdt[(frame->cs & 0xfff8) / 8];
	return (ulong)(((descriptor >> 16) & 0xffffff) | (descriptor >> 32 & 0xff000000));
}
