/* SPDX-License-Identifier: MIT */
/*
 * Instructions that a VMM may complete for the CPU, as data. Each is looked at in the same ways: single
 * steps, breakpoints at it and after it, data breakpoints on its operand, interrupts that wait for it.
 */
#ifndef ASSAY_STEP_STEP_H
#define ASSAY_STEP_STEP_H

#include <test.h>

#include <x86/cpuid.h>
#include <x86/debug.h>

struct step_insn {
	const char *name;
	u8 code[12];
	u32 size;
	struct debug_registers registers;
	/* Before each run: fills in what is known at run time only; false if this machine cannot do it. */
	bool (*prepare)(struct debug_registers *registers);
	u32 iterations; /* of a repeated string instruction: a step for each; 0 stands for 1 */
	u8 operand; /* bytes at DI, or at SI, that it accesses; 0: no memory operand to be watched */
	bool at_si; /* the watched operand is at SI */
	bool reads_only;
	bool at_cpl3; /* can be executed at CPL 3, too */
};

extern const struct step_insn step_insns[];
extern const u32 step_insn_count;
/* Those that exist in 64-bit mode only; none on i386. */
extern const struct step_insn step_insns_64[];
extern const u32 step_insn_count_64;

/* Of both tables. */
u32 step_count(void);
const struct step_insn *step_insn(u32 index);

/*
 * Opens a row of this name for the instruction, "-SUFFIX" after it unless that is NULL, and prepares its
 * registers. False, with the row skipped, if the CPU cannot execute it.
 */
bool step_begin(const struct step_insn *insn, const char *suffix,
		struct debug_registers *registers);

/* Brings back what the instruction needed and a row may have changed (CR4.OSXSAVE, page tables). */
void step_end(void);

#endif
