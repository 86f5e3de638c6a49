/* SPDX-License-Identifier: MIT */
/* A call gate, the code that it leads to and the stacks of the TSS, in spare entries of the GDT. */
#ifndef ASSAY_SEG_GATE_H
#define ASSAY_SEG_GATE_H

#include "transfer.h"

/* Spare entries: the gate (two in IA-32e mode), its code, the stacks of DPL 0 to 2, then free ones. */
#define GATE	   0
#define GATE_CODE  2
#define GATE_STACK 3
#define GATE_FREE  6

#define SEL_GATE      (SEL_SPARE + 8 * GATE)
#define SEL_GATE_CODE (SEL_SPARE + 8 * GATE_CODE)

/* Flat and present, of any kind, DPL 0. */
#define DESC_FLAT_AS(kind) (DESC_LIMIT(0xfffff) | DESC_G | DESC_P | DESC_KIND(kind))

/* The first eight bytes of a gate, present; of a 64-bit gate the other eight are the upper offset. */
u64 gate_low(u32 type, u32 dpl, u16 selector, ulong offset, u32 count);

/* The gate, as it is. `high` is not used in 32-bit mode. */
void gate_set_raw(u64 low, u64 high);

/* Code of the kernel's size at SEL_GATE_CODE. `flip` are bits to invert. */
void gate_set_code(u32 dpl, u64 flip);

/* What the TSS has for CPL 0 to 2: the stack pointer and, in 32-bit mode, SS: RPL and DPL match. */
void gate_set_stack(u32 cpl, ulong sp);

/* The SS of this CPL that a gate is to load: null in 64-bit mode. */
u16 gate_stack_selector(u32 cpl);

/*
 * A transfer through a gate of DPL gate_dpl to code of DPL dpl, against the model: a fault, or the
 * target with the right CS, stack, words pushed, and flags. False if anything was wrong.
 */
bool check_gate_privilege(bool is_call, u32 cpl, u32 dpl, bool conforming, u32 gate_dpl, u16 rpl);

#endif
