/* SPDX-License-Identifier: MIT */
/* IRET from CPL 0 with a frame of one's choice, and what came of it. */
#ifndef ASSAY_EXC_IRET_H
#define ASSAY_EXC_IRET_H

#include "event.h"

struct iret_frame {
	ulong ip, cs, flags;
	ulong sp, ss;
};

/* UD2: where a frame leads to, so that the gate of #UD shows the state after IRET. */
extern u8 iret_target[];
/* The IRET itself. */
extern u8 iret_instruction[];

/* A frame that leads to iret_target at this CPL, with flags FLAG_1 and a stack of its own. */
struct iret_frame iret_frame(u32 cpl);

/* How the instruction is run. */
struct iret_try {
	struct iret_frame frame;
	ulong flags; /* before it */
	ulong sp; /* after iret_run(): the stack pointer before it, which is where the frame was */
	ulong data; /* DS and ES before it; 0: the kernel's */
};

/*
 * Runs IRET (IRETQ or IRETD); raw gates take #UD of the target and whatever IRET raises, as
 * raw_gate_catch(KERNEL, ) reports them.
 */
struct fault iret_run(struct iret_try *try, struct raw_entry *entry);

/* For the assembly: pushes try->frame, notes try->sp, loads try->flags, executes IRET. */
void iret_asm(void *try);

/* At any privilege: IRET to its caller with these flags. At CPL 3: IRET to CPL 0, which is
 * refused. */
void iret_same_asm(ulong flags);
void iret_to_kernel_asm(void *unused);

/* IRET with operands of 32 and 16 bits, the stack pointer at `frame`. */
void iretl_at_asm(void *frame);
void iretw_at_asm(void *frame);

/* A page of UD2 instructions below 64 KiB, and a stack pointer there. */
#define LOW_CODE  0x7000ul
#define LOW_STACK 0x7800ul
void map_low_page(void);

#endif
