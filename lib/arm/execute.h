/* SPDX-License-Identifier: MIT */
/*
 * Runs a few instructions of A64 at EL1 or EL0 (on arm of A32 or T32 in System or User mode) with every register given, and says what every register is
 * afterwards, and which exception ended them:
 *
 *	const u32 code[] = { 0x8b020020 };	(add x0, x1, x2)
 *	struct arm_registers r = { .x = { [1] = 1, [2] = 2 } };
 *
 *	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 1, &r));
 *	EXPECT_EQ(r.x[0], 3);
 *
 * They enter by ERET and are left by an exception that vectors of their own take, so that they may use all
 * registers, SP included, and need neither a stack nor anything of the harness's.
 */
#ifndef ASSAY_ARM_EXECUTE_H
#define ASSAY_ARM_EXECUTE_H

/* Offsets in struct arm_registers, for execute_64.S. */
#define REGISTERS_SP	 248
#define REGISTERS_PC	 256
#define REGISTERS_ESR	 272
#define REGISTERS_VECTOR 288
#define REGISTERS_HAS_FP 296
#define REGISTERS_FPCR	 304
#define REGISTERS_V	 320
#define REGISTERS_KERNEL 832
#define REGISTERS_PAN	 968

/* The SVC that ends the code. */
#define EXECUTE_END_IMM 0xe0d

#ifndef __ASSEMBLER__
#include <arch/fault.h>
#include <types.h>

/* The code's end: SVC #EXECUTE_END_IMM. */
#define EXECUTE_END (0xd4000001u | EXECUTE_END_IMM << 5)

/* The code's end in A32, and in T32, whose SVC has a number of eight bits. */
#define EXECUTE_END_A32	    (0xef000000u | EXECUTE_END_IMM)
#define EXECUTE_END_IMM_T32 0x5d
#define EXECUTE_END_T32	    (0xdf00u | EXECUTE_END_IMM_T32)

/* ARM_EL0_A32 is EL0 in AArch32: x[0] to x[14] are R0 to R14, pstate is CPSR. ARM_EL2 and, as Supervisor mode, ARM_EL1_A32 are for el2_run() only.
 * On arm, ARM_EL1_A32 is System mode. */
#ifdef __aarch64__
enum arm_el { ARM_EL0, ARM_EL1, ARM_EL0_A32, ARM_EL2, ARM_EL1_A32 };
#else
enum arm_el { ARM_EL0_A32, ARM_EL1_A32 };
#endif

struct arm_registers {
	u64 x[31];
	u64 sp; /* SP_EL0, at EL1 too */
	u64 pc; /* at the exception; of the code's end, the address of its SVC */
	u64 pstate; /* in: N, Z, C, V and what else is not the level or a mask; all of SPSR_EL1 afterwards */
	u64 esr, far;
	u64 vector; /* VECTOR_FROM_... + what for */
	u64 has_fp; /* V0 to V31, FPCR, FPSR are loaded and stored */
	u64 fpcr, fpsr;
	u64 v[32][2];
	u64 kernel[16]; /* what the caller has to get back */
	u64 unmasked;	/* in: which of D, A, I and F are clear, PSTATE_D... */
	u64 has_pan; /* in: PSTATE.PAN may be set; then EL0 must have no access to this structure */
} __aligned(16);

/* Code memory: read-only and executable at both levels. */
#define CODE_PAGES_MAX 4
#define CODE_WORDS_MAX (CODE_PAGES_MAX * 1024)

/*
 * Where code for arm_run() is, which lasts until the case ends or the next call: `count` words of `code`,
 * then EXECUTE_END to the end of the pages. The page before and the ones after them are absent.
 */
ulong arm_code(const u32 *code, u32 count);

/*
 * Runs what is at `address` with D, A, I and F masked but for registers->unmasked, until an exception. NO_FAULT if that was EXECUTE_END,
 * else the fault; registers->esr, far, vector have all of it.
 */
struct fault arm_run(enum arm_el el, ulong address, struct arm_registers *registers);

/* Both: code of `count` instructions, and its end. */
struct fault arm_execute(enum arm_el el, const u32 *code, u32 count,
			 struct arm_registers *registers);

#endif
#endif
