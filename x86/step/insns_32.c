/* SPDX-License-Identifier: MIT */
#include "step.h"

const struct step_insn step_insns_64[1];
const u32 step_insn_count_64 = 0;
