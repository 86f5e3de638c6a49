/* SPDX-License-Identifier: MIT */
/* What operands are and where they are. */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

const u64 edge_operands[] = {
	0,
	1,
	0x7f,
	0x8000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0xffffffff80000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x80000000ffffffff,
	0xffffffffffffffff,
};
const u32 edge_operand_count = ARRAY_SIZE(edge_operands);

u64 random_operand(void)
{
	u64 value = random_u64() >> random_below(64);

	return random_below(2) ? value : ~value;
}

void fill_registers(struct execution *e)
{
	for (u32 n = 0; n < 16; n++)
		e->gpr[n] = 0xa1b2c3d4e5f60718 + n * 0x0101010101010101;
}

bool same_state(const struct execution *a, const struct execution *b)
{
	return !memcmp(a->gpr, b->gpr, sizeof(a->gpr)) && a->cc == b->cc && a->pm == b->pm;
}

bool expect_state(const struct execution *actual, const struct execution *expected,
		  const char *where)
{
	bool held = true;

	for (u32 n = 0; n < 16; n++)
		held &= EXPECT_EQ(actual->gpr[n], expected->gpr[n], "r%u: %s", n, where);
	held &= EXPECT_EQ(actual->cc, expected->cc, "condition code: %s", where);
	return held & EXPECT_EQ(actual->pm, expected->pm, "program mask: %s", where);
}

/* The third page is taken away by the first case that wants these; space_kernel() is reset between cases. */
static u8 pages[3 * PAGE_SIZE] __aligned(PAGE_SIZE);

u8 *operand_pages(void)
{
	return pages;
}

u8 *operand_end(void)
{
	space_unmap(space_kernel(), (ulong)pages + 2 * PAGE_SIZE, PAGE_SIZE);
	return pages + 2 * PAGE_SIZE;
}

u8 pattern_byte(const u8 *at)
{
	return (u8)((ulong)at * 13 + 0x5a);
}

void fill_operand_pages(void)
{
	for (u32 i = 0; i < 2 * PAGE_SIZE; i++)
		pages[i] = pattern_byte(pages + i);
}

#define AROUND 40

bool expect_pattern(const u8 *start, u32 size, const char *where)
{
	const u8 *from = start - MIN((size_t)(start - pages), (size_t)AROUND);
	const u8 *to = start + size + AROUND;

	for (const u8 *at = from; at < to && at < pages + 2 * PAGE_SIZE; at++) {
		if (at >= start && at < start + size)
			continue;
		if (!EXPECT_EQ(*at, pattern_byte(at), "byte %d of storage: %s", (s32)(at - start),
			       where))
			return false;
	}
	return true;
}
