/* SPDX-License-Identifier: MIT */
#include "spaces.h"

#include <arch/space.h>
#include <mm/page.h>
#include <mm/space.h>

/* The tables are made once for a case. */
static struct spaces made;

static void make_space(u32 which)
{
	struct space *space = which == PRIMARY ? space_kernel() : space_create();

	made.pages[which] = pages_alloc(2, PAGE_SIZE);
	space_map(space, (ulong)WINDOW, (ulong)made.pages[which], 2 * PAGE_SIZE, PROT_ALL);
	made.asce[which] = ASCE_OF(space->root);
}

struct spaces make_spaces(void)
{
	for (u32 which = 0; which < SPACES; which++) {
		if (!made.pages[which])
			make_space(which);
		for (u32 n = 0; n < 2 * PAGE_SIZE; n++)
			made.pages[which][n] = (u8)(n * 7 + n / 256 * 13 + which * 0x41 + 1);
	}
	return made;
}

struct fault execute_in_spaces(const struct spaces *s, u64 controls, const u8 *bytes, u32 size,
			       struct execution *e)
{
	u64 cr0 = read_cr(0), cr1 = read_cr(1);
	struct fault fault;

	write_cr(0, cr0 | controls);
	write_cr(1, s->asce[PRIMARY]);
	write_cr(7, s->asce[SECONDARY]);
	write_cr(13, s->asce[HOME]);
	purge_tlb();
	fault = execute(bytes, size, e);
	write_cr(0, cr0);
	write_cr(1, cr1);
	write_cr(7, cr1);
	write_cr(13, cr1);
	purge_tlb();
	return fault;
}
