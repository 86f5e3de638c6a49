/* SPDX-License-Identifier: MIT */
/*
 * The places in which each instruction is run. That one is absent here is one skipped row of the case
 * `places`, not a skip in each table.
 */
#include "insn.h"

#include <mm/page.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>

SUITE("Places where an instruction runs");

static u8 memory[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

void insn_subtest(const char *name, enum place place)
{
	if (place == KERNEL)
		SUBTEST("%s", name);
	else
		SUBTEST("%s.%s", name, place_name(place));
}

static bool has_memory_operand(const struct insn *insn)
{
	return insn->shape->dst == IN_MEMORY || insn->shape->src == IN_MEMORY ||
	       insn->shape->third == IN_MEMORY;
}

bool insn_applies(enum place place, const struct insn *insn)
{
	if (place == EMULATED && !has_memory_operand(insn))
		return false;
	if (place == CODE_16 && insn->shape->spelt_out)
		return false;
	return !place_missing(place);
}

u8 *insn_window(enum place place, const struct insn *insn, u32 turn, u32 guard)
{
	static const u32 ram_offsets[] = { 64, 64 + 3, PAGE_SIZE - 1, PAGE_SIZE - 4 };
	/* Also from RAM into it and from it into RAM, from whose page a byte or more is used. */
	static const s32 mmio_offsets[] = { 64, 64 + 3, PAGE_SIZE - 1,	   PAGE_SIZE - 4,
					    -1, -2,	2 * PAGE_SIZE - 1, 2 * PAGE_SIZE - 3 };

	if (place == EMULATED)
		return mmio_window() - guard +
		       (insn->shape->aligned ? mmio_offsets[0]
					     : mmio_offsets[turn % ARRAY_SIZE(mmio_offsets)]);
	return memory - guard +
	       (insn->shape->aligned ? ram_offsets[0]
				     : ram_offsets[turn % ARRAY_SIZE(ram_offsets)]);
}

TEST(places, "an instruction runs in every place; what is skipped here is in no other case",
     SPEC("SDM vol. 1, 3.1; vol. 3A, 5.5"))
{
	const struct insn table[] = { INSN("add", 32, model_add, "add %%ecx, " AT("di"), IN_MEMORY,
					   IN_CX) };
	struct alu_in in = { .dst = 0x12345678, .src = 0x89abcdef };

	for_each_place(place, INSN_PLACES)
	{
		SUBTEST("%s", place_name(place));
		if (place_missing(place))
			SKIP_ROW("%s", place_missing(place));
		else
			EXPECT(insn_check_in(place, table, &in));
	}
}
