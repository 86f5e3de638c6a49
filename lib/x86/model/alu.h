/* SPDX-License-Identifier: MIT */
/*
 * A model of the general-purpose x86 instructions in portable C: what the manuals say that an
 * instruction leaves in its destination and in the flags. It is the oracle that real executions
 * are compared with, so it never executes the instruction that it describes: no inline
 * assembly, no compiler builtins, shifts and divisions bit by bit where that is the clearest
 * statement.
 *
 * References: Intel SDM vol. 2 (A-L 2A, M-U 2B, V 2C, W-Z 2D) and AMD APM vol. 3. What either of them
 * calls undefined, the model reports as undefined.
 */
#ifndef ASSAY_X86_MODEL_ALU_H
#define ASSAY_X86_MODEL_ALU_H

#include <types.h>

/* The status flags, at their places in EFLAGS (SDM vol. 1, 3.4.3.1). */
#define ALU_CF	   (1u << 0)
#define ALU_PF	   (1u << 2)
#define ALU_AF	   (1u << 4)
#define ALU_ZF	   (1u << 6)
#define ALU_SF	   (1u << 7)
#define ALU_OF	   (1u << 11)
#define ALU_STATUS (ALU_CF | ALU_PF | ALU_AF | ALU_ZF | ALU_SF | ALU_OF)

/*
 * Operands, of which the low `width` bits count. An instruction with a destination that it
 * reads has that in dst and the other operand in src; the comments below say where this is not
 * enough. The bits of flags outside ALU_STATUS pass through unchanged.
 */
struct alu_in {
	u64 dst, src, third;
	u32 flags;
	unsigned width; /* 8, 16, 32 or 64 */
};

/* Results are zero above `width`. */
struct alu_out {
	u64 result;	       /* what the destination holds afterwards */
	u64 high;	       /* the second result, of instructions that have two */
	u32 flags;	       /* all of EFLAGS, as far as it came in */
	u32 undefined;	       /* status flags that may have any value afterwards */
	bool result_undefined; /* result (and high) may have any value */
	bool divide_error;     /* #DE is raised; nothing else in here counts */
};

typedef void alu_model(const struct alu_in *in, struct alu_out *out);

/* Addition, subtraction, logic: arith.c. */
alu_model model_add, model_adc, model_sub, model_sbb, model_cmp;
alu_model model_and, model_or, model_xor, model_test;
alu_model model_inc, model_dec, model_neg, model_not;
alu_model model_adcx, model_adox;
alu_model model_xchg;	 /* high: the new src */
alu_model model_xadd;	 /* high: the new src */
alu_model model_cmpxchg; /* third: the accumulator; high: the new accumulator */

/* The count is src, all eight bits of CL or the immediate: shift.c. */
alu_model model_shl, model_shr, model_sar, model_rol, model_ror, model_rcl, model_rcr;
/* src: the register that bits come from; third: the count. */
alu_model model_shld, model_shrd;
/* src: the value; third: the count. No flags. */
alu_model model_rorx, model_sarx, model_shlx, model_shrx;

/* muldiv.c. */
alu_model model_mul, model_imul; /* dst: the accumulator; high: the upper half of the product */
alu_model model_imul_truncated;	 /* the two- and three-operand forms: dst * src */
alu_model model_mulx;		 /* dst: rDX; result, high: the halves of the product */
/* third:dst: the dividend; src: the divisor; result: the quotient; high: the remainder. */
alu_model model_div, model_idiv;

/* bits.c. */
alu_model model_bsf, model_bsr, model_tzcnt, model_lzcnt, model_popcnt;
alu_model model_bt, model_bts, model_btr, model_btc; /* src: the bit offset, modulo width */
alu_model model_blsi, model_blsmsk, model_blsr;
alu_model model_andn;		  /* ~src & third */
alu_model model_bextr;		  /* src: the value; third: start in 7:0, length in 15:8 */
alu_model model_bzhi;		  /* src: the value; third: the index in 7:0 */
alu_model model_pdep, model_pext; /* src: the value; third: the mask */
alu_model model_crc32;		  /* src: the bytes; third: their width */

/* Moves and conversions, from src: move.c. */
alu_model model_bswap, model_movbe;
alu_model model_movzx, model_movsx; /* third: the source's width; also MOVSXD */
alu_model model_cbw;		    /* also CWDE, CDQE: the lower half of dst into all of it */
alu_model model_cwd;		    /* also CDQ, CQO: dst's sign in every bit of high */
alu_model model_setcc;		    /* third: the condition */
alu_model model_cmov;		    /* third: the condition */
alu_model model_lahf, model_sahf;   /* dst: AX */
alu_model model_clc, model_stc, model_cmc;

/* Binary-coded decimals, on AX in dst: bcd.c. src: the immediate of AAM and AAD. */
alu_model model_aaa, model_aas, model_aam, model_aad, model_daa, model_das;

/* Whether condition code `cc`, the low four bits of the opcode, holds: move.c. */
bool model_condition(unsigned cc, u32 flags);

/*
 * CMPXCHG8B (width 32) and CMPXCHG16B (width 64), on pairs of registers, the low one first:
 * memory and expected (rDX:rAX) are updated, ZF in *flags is.
 */
void model_cmpxchg_pair(unsigned width, u64 memory[2], u64 expected[2], const u64 replacement[2],
			u32 *flags);

#endif
