/* SPDX-License-Identifier: MIT */
/*
 * Every way to run an instruction: what each of them needs, and how it is done. That a way is absent
 * here is one skipped row of the case `ways`, not a skip in each table.
 */
#include "insn.h"

#include <mm/page.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>

SUITE("Ways to run an instruction");

static u8 memory[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

const char *way_name(enum way way)
{
	static const char *const names[WAYS] = {
		[NATIVE_WAY] = "native", [USER_WAY] = "user",	  [MMIO_WAY] = "mmio",
		[FORCED_WAY] = "forced", [CODE16_WAY] = "code16",
	};

	return names[way];
}

static bool has_forced_emulation(void)
{
	static enum { UNKNOWN, ABSENT, PRESENT } state;
	struct registers r = { .flags = FLAG_1 };

	if (state == UNKNOWN)
		state = execute_try(CODE(FORCED_EMULATION "nop"), &r).kind ? ABSENT : PRESENT;
	return state == PRESENT;
}

const char *way_missing(enum way way)
{
	switch (way) {
	case MMIO_WAY:
		return mmio_window() ? NULL : "no VGA, whose memory would be emulated";
	case FORCED_WAY:
		return has_forced_emulation()
			       ? NULL
			       : "no forced emulation (KVM's parameter force_emulation_prefix)";
	case CODE16_WAY:
		return sizeof(ulong) == 4 ? NULL : "16-bit code is run by the i386 image";
	default:
		return NULL;
	}
}

static bool has_memory_operand(const struct insn *insn)
{
	return insn->shape->dst == IN_MEMORY || insn->shape->src == IN_MEMORY ||
	       insn->shape->third == IN_MEMORY;
}

bool way_applies(enum way way, const struct insn *insn)
{
	if (way == MMIO_WAY && !has_memory_operand(insn))
		return false;
	if (way == CODE16_WAY && insn->shape->spelt_out)
		return false;
	return !way_missing(way);
}

struct fault way_execute(enum way way, const struct insn *insn, struct registers *registers)
{
	switch (way) {
	case USER_WAY:
		return execute_user_try(insn->code, registers);
	case FORCED_WAY:
		return execute_try(insn->forced, registers);
	case CODE16_WAY:
		return execute_try(execute16_enter(insn->code16), registers);
	default:
		return execute_try(insn->code, registers);
	}
}

u8 *way_window(enum way way, const struct insn *insn, u32 turn, u32 guard)
{
	static const u32 ram_offsets[] = { 64, 64 + 3, PAGE_SIZE - 1, PAGE_SIZE - 4 };
	/* Also from RAM into it and from it into RAM, from whose page a byte or more is used. */
	static const s32 mmio_offsets[] = { 64, 64 + 3, PAGE_SIZE - 1,	   PAGE_SIZE - 4,
					    -1, -2,	2 * PAGE_SIZE - 1, 2 * PAGE_SIZE - 3 };

	if (way == MMIO_WAY)
		return mmio_window() - guard +
		       (insn->shape->aligned ? mmio_offsets[0]
					     : mmio_offsets[turn % ARRAY_SIZE(mmio_offsets)]);
	return memory - guard +
	       (insn->shape->aligned ? ram_offsets[0]
				     : ram_offsets[turn % ARRAY_SIZE(ram_offsets)]);
}

TEST(ways, "every way to run an instruction is there; what is skipped here is in no other case",
     SPEC("SDM vol. 1, 3.1; vol. 3A, 5.5"))
{
	const struct insn table[] = { INSN("add", 32, model_add, "add %%ecx, " AT("di"), IN_MEMORY,
					   IN_CX) };
	struct alu_in in = { .dst = 0x12345678, .src = 0x89abcdef };

	for (enum way way = NATIVE_WAY; way < WAYS; way++) {
		SUBTEST("%s", way_name(way));
		if (way_missing(way))
			SKIP_ROW("%s", way_missing(way));
		else
			EXPECT(insn_check_way(table, way, &in));
	}
}
