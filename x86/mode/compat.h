/* SPDX-License-Identifier: MIT */
/* Code segments of 32 and 16 bits under IA-32e mode: SDM vol. 3A, 2.2; vol. 1, 3.2.1. */
#ifndef ASSAY_MODE_COMPAT_H
#define ASSAY_MODE_COMPAT_H

#include <arch/fault.h>
#include <types.h>
#include <x86/mode.h>
#include <x86/raw_gate.h>

/* The registers before, and at the handler of the event that ended it; compat_64.S knows the layout. */
struct compat {
	u64 general[16]; /* in the order of their numbers: RAX, RCX, RDX, RBX, RSP... */
	u64 rip, cs, rflags, ss;
	struct raw_entry entry;
};

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R15 = 15 };

/* The segments of the code: 32 and 16 bits, with base MODE_CODE, limit 64 KiB, for the latter. */
void compat_init(struct compat *c, bool wide);

/* Runs the code at MODE_CODE; an UD2 follows, and reaching it is NO_FAULT. */
struct fault compat_run(struct compat *c, struct mode_code code);

#endif
