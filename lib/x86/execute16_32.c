/* SPDX-License-Identifier: MIT */
#include <x86/execute.h>

#include <x86/desc.h>

#define SPARE (GDT_SPARES - 1)

const void *execute16_enter(const void *code16)
{
	gdt_set_spare(SPARE, DESC_BASE((ulong)code16) | DESC_LIMIT(0xffff) | DESC_P | DESC_S |
				     DESC_CODE | DESC_W | DESC_A);
	return CODE("lcall %1, $0", "i"(SEL_SPARE + SPARE * 8));
}
