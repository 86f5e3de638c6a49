/* SPDX-License-Identifier: MIT */
/*
 * A model of the x87 instructions that calculate: SDM vol. 1, chapter 8; vol. 2, F instructions. All
 * exceptions are masked. It is made of float.h's arithmetic, and like it never executes what it
 * describes.
 */
#ifndef ASSAY_X86_MODEL_X87_H
#define ASSAY_X86_MODEL_X87_H

#include <x86/model/float.h>

/* The status word: SDM vol. 1, 8.1.3. Bits 5:0 are the exceptions of float.h. */
#define X87_SF	       BIT(6) /* IE is about the stack */
#define X87_ES	       BIT(7)
#define X87_C0	       BIT(8)
#define X87_C1	       BIT(9)
#define X87_C2	       BIT(10)
#define X87_TOP_SHIFT  11
#define X87_C3	       BIT(14)
#define X87_B	       BIT(15)
#define X87_CONDITIONS (X87_C0 | X87_C1 | X87_C2 | X87_C3)
#define X87_EXCEPTIONS 0x3fu

/* The control word: SDM vol. 1, 8.1.5. */
#define X87_CW_MASKS	0x3fu
#define X87_CW_PC_SHIFT 8
#define X87_CW_RC_SHIFT 10
#define X87_CW_INIT	0x037fu /* after FNINIT */

struct x87_in {
	struct real st0, st1; /* or the operand in memory as st1 */
	u16 control;
};

struct x87_out {
	struct real result;
	u16 status; /* exceptions and condition codes that it sets */
	u16 open;   /* bits of the status word that the manual leaves open */
};

typedef void x87_model(const struct x87_in *in, struct x87_out *out);

/* st0 op st1, rounded to the precision that the control word says. */
x87_model x87_add, x87_sub, x87_subr, x87_mul, x87_div, x87_divr;
/* Of st0. */
x87_model x87_sqrt, x87_rndint, x87_abs, x87_chs, x87_xam;
/* st0 by st1: C0, C3, C1 are the low bits of the quotient. Only exponents that differ by less than 64. */
x87_model x87_prem, x87_prem1;
x87_model x87_scale;
/* Comparisons: C3, C2, C0. FUCOM is not invalid for QNaNs; FTST compares with zero. */
x87_model x87_com, x87_ucom, x87_tst;

/* The operation's context: precision and rounding of a control word. */
struct float_context x87_context(u16 control);

/* A NaN or an unsupported format among the operands: true, and the result and exceptions for it. */
bool x87_invalid_operand(struct float_context *context, struct real a, struct real b,
			 struct real *result);

#endif
