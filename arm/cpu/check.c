/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <model/operands.h>
#include <test.h>

void check_insn(const struct insn *insn, ulong a, ulong b, ulong flags)
{
	struct alu_result expected = insn->model(a, b, flags), actual = insn->run(a, b, flags);

	EXPECT_EQ(actual.value, expected.value, "%s a=%#lx b=%#lx flags=%#lx", insn->name, a, b,
		  flags);
	EXPECT_EQ(actual.flags, expected.flags, "%s a=%#lx b=%#lx flags=%#lx", insn->name, a, b,
		  flags);
}

void check_insns(const struct insn *insns, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", insns[i].name);
		for (u32 pair = 0; pair < MODEL_PAIRS; pair++) {
			u64 a, b;

			model_pair(pair, &a, &b);
			check_insn(&insns[i], (ulong)a, (ulong)b, (ulong)(pair % 16) << 28);
		}
	}
}
