/* SPDX-License-Identifier: MIT */
/* Operands at which integer arithmetic changes its mind, and random ones. */
#ifndef ASSAY_ARM_MODEL_OPERANDS_H
#define ASSAY_ARM_MODEL_OPERANDS_H

#include <harness/random.h>
#include <types.h>

static const u64 model_operands[] = {
	0,
	1,
	2,
	0x7f,
	0x80,
	0xffff,
	0x7fffffff,
	0x80000000,
	0xfffffffe,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x8000000000000001,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};

#define MODEL_PAIRS (ARRAY_SIZE(model_operands) * ARRAY_SIZE(model_operands) + 64)

/* Pair `i` of MODEL_PAIRS: all of the above with all, then random ones. */
static inline void model_pair(u32 i, u64 *a, u64 *b)
{
	u32 count = ARRAY_SIZE(model_operands);

	if (i < count * count) {
		*a = model_operands[i / count];
		*b = model_operands[i % count];
	} else {
		*a = random_u64();
		*b = random_u64();
	}
}

#endif
