/* SPDX-License-Identifier: MIT */
/*
 * Far transfers of which one cannot know where they end: they are made at any privilege, on a stack of
 * the test's, and raw gates show the state that they lead to. The target is a UD2.
 */
#ifndef ASSAY_SEG_TRANSFER_H
#define ASSAY_SEG_TRANSFER_H

#include "seg.h"

#include <x86/raw_gate.h>

/* Where targets are: UD2, the same in all code sizes. */
extern u8 transfer_target[];

struct transfer {
	u32 cpl;
	ulong sp;		 /* before the instruction; the stack below it is used */
	void (*insn)(void *arg); /* at this CPL: has one RAISE(), on the stack `sp` */
	ulong stack0;		 /* of the TSS, for the levels that the instruction goes to */
	const void *pointer;	 /* far pointer of those that have one */
	ulong data[4];		 /* RET and IRET: DS, ES, FS and GS before them */
};

/* What there was when the gate was entered, in the terms of the interrupted code. */
struct state {
	u32 vector; /* VEC_UD: the target was reached */
	ulong error;
	ulong ip, cs, flags, sp, ss;
	u16 ds, es, fs, gs;
};

/* Makes the transfer; segment registers are as every case has them afterwards. */
struct state transfer_run(const struct transfer *t);

/*
 * For .insn: far CALL and JMP by t->pointer, with 32-bit operands; far RET and IRET of the native size,
 * far RET that drops 20h bytes, of 32 and of 16 bits.
 */
void transfer_call(void *t);
void transfer_jmp(void *t);
void transfer_ret(void *t);
void transfer_ret_n(void *t);
void transfer_iret(void *t);
void transfer_ret_32(void *t);
void transfer_ret_16(void *t);

/*
 * The fault is `expected`, and everything is as it was before the instruction. Only for transfers
 * that raw gates end.
 */
bool expect_refused(const struct transfer *t, struct fault expected);

/*
 * The same whichever exception it is, with this selector as its error code: a row of its own, so that
 * what is wrong with the vector does not hide that nothing was refused.
 */
bool expect_refused_with(const struct transfer *t, u16 selector);

/* A stack that fills a page, and its top, in the middle: what is above can be looked at, too. */
u8 *transfer_stack(void);

#endif
