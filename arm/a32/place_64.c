/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <arm/sysreg.h>
#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

bool has_a32(void)
{
	return (read_sys(ID_AA64PFR0) & 15) == 2;
}

/* Read-only for EL0, and below 4 GiB. */
#define CODE_VA 0x20000000ul

ulong a32_code(const void *code, u32 bytes)
{
	static u8 page[A32_CODE_BYTES] __aligned(4096);
	phys_t phys;

	memcpy(page, code, bytes);
	if (!space_translate(space_kernel(), CODE_VA, &phys) || phys != (ulong)page)
		space_map(space_kernel(), CODE_VA, (ulong)page, PAGE_SIZE, PROT_USER | PROT_EXEC);
	sync_code(page, bytes);
	sync_code((void *)CODE_VA, bytes);
	return CODE_VA;
}

u32 a32_places(void)
{
	return 1;
}

enum arm_el a32_place(u32 i)
{
	(void)i;
	return ARM_EL0_A32;
}

const char *a32_place_name(u32 i)
{
	(void)i;
	return "user";
}
