/* SPDX-License-Identifier: MIT */
/*
 * One instruction, or a few, given as bytes, with all registers as a value before and after it: in
 * supervisor or problem state, with DAT on or off, in any addressing and address-space mode. All of this
 * CPU's state that an instruction can see is loaded before and stored after it, so that it does not matter
 * which registers the instruction names.
 */
#ifndef ASSAY_S390X_EXECUTE_H
#define ASSAY_S390X_EXECUTE_H

#include <arch/fault.h>
#include <types.h>

/* Of struct execute_area, which is in the prefix area: entry code and C agree on it. */
#define EXECUTE_AREA 0x1a00

struct vector {
	u64 high, low;
} __aligned(16);

/* What is loaded besides the general registers; more of it takes more time. */
#define EXECUTE_FP	1 /* floating-point registers and FPC, with the AFP-register control */
#define EXECUTE_VECTOR	2 /* vector registers, of which the FPRs are the left halves, and FPC */
#define EXECUTE_AR	4 /* access registers */
#define EXECUTE_CONTROL 8 /* CR0 as it is: the two above do not add the controls that they need */

struct execution {
	u64 gpr[16];
	u32 cc;
	u32 pm;	   /* program mask, 4 bits */
	u64 psw;   /* mask of the PSW that the instruction runs with; 0 is PSW_KERNEL */
	u32 flags; /* EXECUTE_... */
	u32 fpc;
	u32 ar[16];
	u64 fpr[16];
	struct vector vr[32];
};

/*
 * Executes the instructions in `bytes`, at most EXECUTE_MAX of them, with this state, and leaves there what
 * it is afterwards. A fault, which is the result, ends them; the state is then that of the fault, and
 * trap_last_frame() has its old PSW. What comes after them must be reached by falling through. The address
 * that an instruction at offset 0 has is execute_address(size); it is below 16 MiB.
 */
#define EXECUTE_MAX 60
struct fault execute(const void *bytes, u32 size, struct execution *e);
ulong execute_address(u32 size);

/*
 * The same by way of EXECUTE or EXECUTE RELATIVE LONG: the instruction is the target, `or` is what bits
 * 56-63 of R1 supply to bits 8-15 of it; 0 is for R1 = 0. EX takes its operand's address from
 * register 14, whose value in `e` is not used, and R1 is 15.
 */
ulong execute_target_address(void);
enum execute_by { EXECUTE_BY_EX, EXECUTE_BY_EXRL };
struct fault execute_target(enum execute_by by, const void *bytes, u32 size, u8 or,
			    struct execution *e);

#endif
