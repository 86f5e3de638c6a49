/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <mm/space.h>
#include <string.h>

bool has_a32(void)
{
	return true;
}

ulong a32_code(const void *code, u32 bytes)
{
	static u8 page[A32_CODE_BYTES] __aligned(4096);

	memcpy(page, code, bytes);
	sync_code(page, bytes);
	return (ulong)page;
}

u32 a32_places(void)
{
	return 2;
}

enum arm_el a32_place(u32 i)
{
	return i ? ARM_EL1_A32 : ARM_EL0_A32;
}

const char *a32_place_name(u32 i)
{
	return i ? "system" : "user";
}
