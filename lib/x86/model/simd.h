/* SPDX-License-Identifier: MIT */
/*
 * A model of the MMX, SSE and AVX instructions in portable C, the oracle of the vector cases: what the
 * manuals say that an instruction makes of its operands, element by element. It uses no vector type, no
 * inline assembly and no compiler builtin, so that it never executes what it describes.
 *
 * References: Intel SDM vol. 2, each instruction by its name; AMD APM vol. 4 and 5.
 */
#ifndef ASSAY_X86_MODEL_SIMD_H
#define ASSAY_X86_MODEL_SIMD_H

#include <types.h>

/* A vector register by its elements, the lowest first. */
union vec {
	u8 b[32];
	u16 w[16];
	u32 d[8];
	u64 q[4];
	s8 sb[32];
	s16 sw[16];
	s32 sd[8];
	s64 sq[4];
};

/*
 * Operands. `a` is the first source: the destination of a legacy instruction, the VEX.vvvv operand of
 * one with three. `b` is the second source, the one that may be in memory.
 */
struct simd_in {
	union vec a, b;
	union vec c; /* BLENDV: XMM0 or the /is4 operand */
	u64 ax, dx;  /* general registers that PINSR, PCMPESTR and the like read */
	u32 bytes;   /* of the vector: 8, 16 or 32 */
	u8 immediate;
	u32 flags;     /* EFLAGS */
	u32 mxcsr;     /* all exceptions masked */
	bool two_nans; /* else the result of two NaNs is left open: which of them it is has a case */
};

/* Before a model is called, everything is as in the operands: result = a, the others unchanged. */
struct simd_out {
	union vec result;
	u32 unchecked; /* a bit for each byte of the result that the manuals leave open */
	u64 ax, cx;    /* general registers that PMOVMSKB, PCMPxSTRI and the like write */
	u32 flags;
	u32 mxcsr;
};

typedef void simd_model(const struct simd_in *in, struct simd_out *out);

/* simd_arith.c: modular and saturating arithmetic, comparisons, multiplications, absolute values. */
simd_model simd_paddb, simd_paddw, simd_paddd, simd_paddq;
simd_model simd_psubb, simd_psubw, simd_psubd, simd_psubq;
simd_model simd_paddsb, simd_paddsw, simd_paddusb, simd_paddusw;
simd_model simd_psubsb, simd_psubsw, simd_psubusb, simd_psubusw;
simd_model simd_pcmpeqb, simd_pcmpeqw, simd_pcmpeqd, simd_pcmpeqq;
simd_model simd_pcmpgtb, simd_pcmpgtw, simd_pcmpgtd, simd_pcmpgtq;
simd_model simd_pmaxub, simd_pmaxuw, simd_pmaxud, simd_pmaxsb, simd_pmaxsw, simd_pmaxsd;
simd_model simd_pminub, simd_pminuw, simd_pminud, simd_pminsb, simd_pminsw, simd_pminsd;
simd_model simd_pavgb, simd_pavgw, simd_psadbw, simd_mpsadbw, simd_phminposuw;
simd_model simd_pmullw, simd_pmulld, simd_pmulhw, simd_pmulhuw, simd_pmulhrsw;
simd_model simd_pmuludq, simd_pmuldq, simd_pmaddwd, simd_pmaddubsw;
simd_model simd_pabsb, simd_pabsw, simd_pabsd, simd_psignb, simd_psignw, simd_psignd;
simd_model simd_phaddw, simd_phaddd, simd_phaddsw, simd_phsubw, simd_phsubd, simd_phsubsw;

/* simd_logic.c: logic, shifts (by a vector's low quadword, by an immediate, by elements), tests. */
simd_model simd_pand, simd_pandn, simd_por, simd_pxor;
simd_model simd_psllw, simd_pslld, simd_psllq, simd_psrlw, simd_psrld, simd_psrlq, simd_psraw,
	simd_psrad;
simd_model simd_psllw_i, simd_pslld_i, simd_psllq_i, simd_psrlw_i, simd_psrld_i, simd_psrlq_i,
	simd_psraw_i, simd_psrad_i, simd_pslldq, simd_psrldq;
simd_model simd_vpsllvd, simd_vpsllvq, simd_vpsrlvd, simd_vpsrlvq, simd_vpsravd;
simd_model simd_ptest, simd_vtestps, simd_vtestpd;	/* flags */
simd_model simd_pmovmskb, simd_movmskps, simd_movmskpd; /* ax */

/* simd_shuffle.c: what moves elements about. */
simd_model simd_packsswb, simd_packssdw, simd_packuswb, simd_packusdw;
simd_model simd_punpcklbw, simd_punpcklwd, simd_punpckldq, simd_punpcklqdq;
simd_model simd_punpckhbw, simd_punpckhwd, simd_punpckhdq, simd_punpckhqdq;
simd_model simd_pshufb, simd_pshufd, simd_pshuflw, simd_pshufhw, simd_pshufw, simd_palignr;
simd_model simd_shufps, simd_shufpd;
simd_model simd_blendps, simd_blendpd, simd_pblendw, simd_vpblendd;
simd_model simd_pblendvb, simd_blendvps, simd_blendvpd; /* by c's sign bits */
simd_model simd_pmovsxbw, simd_pmovsxbd, simd_pmovsxbq, simd_pmovsxwd, simd_pmovsxwq, simd_pmovsxdq;
simd_model simd_pmovzxbw, simd_pmovzxbd, simd_pmovzxbq, simd_pmovzxwd, simd_pmovzxwq, simd_pmovzxdq;
simd_model simd_pinsrb, simd_pinsrw, simd_pinsrd, simd_pinsrq; /* from ax */
simd_model simd_pextrb, simd_pextrw, simd_pextrd, simd_pextrq; /* to ax */
simd_model simd_insertps, simd_insertps_memory;
simd_model simd_movddup, simd_movshdup, simd_movsldup;
simd_model simd_vbroadcastb, simd_vbroadcastw, simd_vbroadcastd, simd_vbroadcastq,
	simd_vbroadcast128;
simd_model simd_vextract128, simd_vinsert128, simd_vperm2x128;
simd_model simd_vpermd, simd_vpermq, simd_vpermilps, simd_vpermilps_i, simd_vpermilpd,
	simd_vpermilpd_i;

/* simd_move.c: moves of a whole or of a part, from b. */
simd_model simd_mov, simd_movd, simd_movq; /* the rest of the 128 bits is zero */
simd_model simd_movss, simd_movsd;	   /* the rest is a's */
simd_model simd_movlps, simd_movhps, simd_movhlps, simd_movlhps;

/* simd_crypto.c */
simd_model simd_aesenc, simd_aesenclast, simd_aesdec, simd_aesdeclast, simd_aesimc,
	simd_aeskeygenassist;
simd_model simd_pclmulqdq;

/*
 * simd_float.c: of singles (ps), doubles (pd) and the lowest element alone (ss, sd), the rest of which is
 * a's. MXCSR's rounding, DAZ and FTZ count, and its exception flags are set.
 */
#define SIMD_FLOAT_(op) simd_##op##ps, simd_##op##pd, simd_##op##ss, simd_##op##sd
simd_model SIMD_FLOAT_(add), SIMD_FLOAT_(sub), SIMD_FLOAT_(mul), SIMD_FLOAT_(div);
simd_model SIMD_FLOAT_(min), SIMD_FLOAT_(max), SIMD_FLOAT_(sqrt);
simd_model SIMD_FLOAT_(cmp); /* by the immediate, all 32 predicates */
simd_model simd_comiss, simd_comisd, simd_ucomiss, simd_ucomisd; /* flags */
simd_model SIMD_FLOAT_(round);					 /* by the immediate */
simd_model simd_addsubps, simd_addsubpd, simd_haddps, simd_haddpd, simd_hsubps, simd_hsubpd;
simd_model simd_dpps, simd_dppd;
/* +-a * b +- c, with a, b and c as here, whatever operand of the instruction they are. */
simd_model SIMD_FLOAT_(fmadd), SIMD_FLOAT_(fmsub), SIMD_FLOAT_(fnmadd), SIMD_FLOAT_(fnmsub);
simd_model simd_fmaddsubps, simd_fmaddsubpd, simd_fmsubaddps, simd_fmsubaddpd;

/* simd_convert.c: conversions of b. The integers of cvtsi2 are ax, those of 2si become ax. */
simd_model simd_cvtdq2ps, simd_cvtps2dq, simd_cvttps2dq;
simd_model simd_cvtdq2pd, simd_cvtpd2dq, simd_cvttpd2dq;
simd_model simd_cvtps2pd, simd_cvtpd2ps, simd_cvtss2sd, simd_cvtsd2ss;
simd_model simd_cvtpi2ps, simd_cvtps2pi, simd_cvttps2pi; /* MMX */
simd_model simd_cvtpi2pd, simd_cvtpd2pi, simd_cvttpd2pi;
simd_model simd_cvtsi2ss, simd_cvtsi2sd, simd_cvtsi2ss_64, simd_cvtsi2sd_64;
simd_model simd_cvtss2si, simd_cvttss2si, simd_cvtsd2si, simd_cvttsd2si;
simd_model simd_cvtss2si_64, simd_cvttss2si_64, simd_cvtsd2si_64, simd_cvttsd2si_64;
simd_model simd_cvtph2ps, simd_cvtps2ph; /* F16C */

/* simd_string.c: PCMPESTRI and so on; the implicit lengths end at a zero element. */
simd_model simd_pcmpestri, simd_pcmpestrm, simd_pcmpistri, simd_pcmpistrm;

#endif
