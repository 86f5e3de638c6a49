/* SPDX-License-Identifier: MIT */
#include "step.h"

const struct step_insn step_insns_64[] = {
	{ .name = "mov-to-cr8", .code = { 0x44, 0x0f, 0x22, 0xc0 }, .size = 4 },
	{ .name = "mov-from-cr8", .code = { 0x44, 0x0f, 0x20, 0xc0 }, .size = 4 },
	{ .name = "swapgs", .code = { 0x0f, 0x01, 0xf8 }, .size = 3 },
};
const u32 step_insn_count_64 = ARRAY_SIZE(step_insns_64);
