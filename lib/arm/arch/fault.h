/* SPDX-License-Identifier: MIT */
/*
 * The faults of arm64 and arm as values, and the registers at an exception. DDI 0487, D17.2.37 (ESR_EL1),
 * G8.2.50 (DFSR), G8.2.81 (IFSR).
 *
 * arm64: the kind is ESR_EL1.EC plus 1, the code is ESR_EL1.ISS, the address FAR_EL1.
 * arm: the kind is the number of the vector plus 1, the code is DFSR or IFSR for aborts, and for SVC the
 * immediate in the instruction, the address DFAR or IFAR.
 *
 * Names that stand for the same subject are the same on both:
 *
 *	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | FSC_PERMISSION(3), page), fault_of(write_word, page));
 */
#ifndef ASSAY_ARM_ARCH_FAULT_H
#define ASSAY_ARM_ARCH_FAULT_H

#include <arm/sysreg.h>
#include <harness/fault.h>
#include <types.h>

#define FAULT_PLAIN_(number) ((struct fault){ .kind = (number) + 1, .fields = FAULT_ANY_CODE })
#define FAULT_CODED_(number, code_) \
	((struct fault){ .kind = (number) + 1, .fields = FAULT_CODE, .code = (code_) })
#define FAULT_AT_(number, code_, address_)                     \
	((struct fault){ .kind = (number) + 1,                 \
			 .fields = FAULT_CODE | FAULT_ADDRESS, \
			 .code = (code_),                      \
			 .address = (ulong)(address_) })

/*
 * Fault status code, bits 5-0 of ISS and of DFSR, IFSR with long descriptors: DDI 0487, D17, ESR_EL1, "DFSC". The
 * level is the manual's: 3 is that of 4 KiB pages.
 */
#define FSC_ADDRESS_SIZE(level) (0x00u + (level))
#define FSC_TRANSLATION(level)	(0x04u + (level))
#define FSC_ACCESS_FLAG(level)	(0x08u + (level))
#define FSC_PERMISSION(level)	(0x0cu + (level))
#define FSC_EXTERNAL		0x10u
#define FSC_ALIGNMENT		0x21u
#define FSC_DEBUG		0x22u /* AArch32 only */
#define FSC_TLB_CONFLICT	0x30u

#ifdef __aarch64__

/* Exception classes: DDI 0487, D17, ESR_EL1, EC. */
#define EC_UNKNOWN	 0x00
#define EC_WFX		 0x01
#define EC_FP_ACCESS	 0x07
#define EC_BTI		 0x0d
#define EC_ILLEGAL	 0x0e
#define EC_SVC_A32	 0x11
#define EC_SVC		 0x15
#define EC_HVC		 0x16
#define EC_SMC		 0x17
#define EC_SYSREG	 0x18
#define EC_SVE_ACCESS	 0x19
#define EC_PAC_FAIL	 0x1c
#define EC_IABT_LOWER	 0x20
#define EC_IABT		 0x21
#define EC_PC_ALIGNMENT	 0x22
#define EC_DABT_LOWER	 0x24
#define EC_DABT		 0x25
#define EC_SP_ALIGNMENT	 0x26
#define EC_FP_EXCEPTION	 0x2c
#define EC_SERROR	 0x2f
#define EC_BREAKPT_LOWER 0x30
#define EC_BREAKPT	 0x31
#define EC_SSTEP_LOWER	 0x32
#define EC_SSTEP	 0x33
#define EC_WATCHPT_LOWER 0x34
#define EC_WATCHPT	 0x35
#define EC_BRK		 0x3c

/* What has no class: the interrupts. */
#define NUMBER_IRQ 0x40
#define NUMBER_FIQ 0x41

#define UNDEFINED	      FAULT_CODED_(EC_UNKNOWN, 0)
#define ILLEGAL_STATE	      FAULT_CODED_(EC_ILLEGAL, 0)
#define SVC(imm16)	      FAULT_CODED_(EC_SVC, imm16)
#define HVC(imm16)	      FAULT_CODED_(EC_HVC, imm16)
#define SMC(imm16)	      FAULT_CODED_(EC_SMC, imm16)
#define BRK(imm16)	      FAULT_CODED_(EC_BRK, imm16)
#define WFX_TRAP(iss)	      FAULT_CODED_(EC_WFX, iss)
#define FP_TRAP		      FAULT_PLAIN_(EC_FP_ACCESS) /* the condition in ISS may be anything */
#define SYSREG_TRAP(iss)      FAULT_CODED_(EC_SYSREG, iss)
#define PC_ALIGNMENT(address) FAULT_AT_(EC_PC_ALIGNMENT, 0, address)
#define SP_ALIGNMENT	      FAULT_CODED_(EC_SP_ALIGNMENT, 0)

/* Aborts taken from EL1, and _LOWER from EL0. */
#define DATA_ABORT(iss, address)	      FAULT_AT_(EC_DABT, iss, address)
#define DATA_ABORT_LOWER(iss, address)	      FAULT_AT_(EC_DABT_LOWER, iss, address)
#define INSTRUCTION_ABORT(iss, address)	      FAULT_AT_(EC_IABT, iss, address)
#define INSTRUCTION_ABORT_LOWER(iss, address) FAULT_AT_(EC_IABT_LOWER, iss, address)

/* ISS of aborts beyond the fault status code. */
#define ABORT_WRITE    BIT(6) /* WnR */
#define ABORT_S1PTW    BIT(7)
#define ABORT_CM       BIT(8)  /* cache maintenance */
#define ABORT_EXTERNAL BIT(9)  /* EA */
#define ABORT_FNV      BIT(10) /* FAR is not valid */

/* ISS of SYSREG_TRAP: D17.2.37, "ISS encoding for an exception from MSR, MRS, or System instruction". */
#define SYSREG_ISS(op0, op1, crn, crm, op2, rt, read)                                            \
	((u64)(op0) << 20 | (u64)(op2) << 17 | (u64)(op1) << 14 | (u64)(crn) << 10 | (rt) << 5 | \
	 (crm) << 1 | (read))

/* The registers at an exception. */
struct trap_frame {
	ulong x[31];
	ulong sp, pc, pstate; /* of the interrupted code: SP, ELR_EL1, SPSR_EL1 */
	ulong esr, far;
	ulong vector; /* offset in the vector table / 0x80 */
	ulong padding;
};

/* Vectors: where from, times 4, plus what for. D1.3.1, table D1-? */
#define VECTOR_FROM_EL1T   0
#define VECTOR_FROM_EL1H   4
#define VECTOR_FROM_EL0	   8
#define VECTOR_FROM_EL0_32 12
#define VECTOR_SYNC	   0
#define VECTOR_IRQ	   1
#define VECTOR_FIQ	   2
#define VECTOR_SERROR	   3
#define VECTORS		   16

#else

/* Vectors, by their offset / 4: DDI 0487, table G1-?; DDI 0406, B1.8.1. */
#define VECTOR_UNDEFINED      1
#define VECTOR_SVC	      2
#define VECTOR_PREFETCH_ABORT 3
#define VECTOR_DATA_ABORT     4
#define VECTOR_HYP	      5
#define VECTOR_IRQ	      6
#define VECTOR_FIQ	      7
#define VECTORS		      8

#define NUMBER_IRQ     VECTOR_IRQ
#define NUMBER_FIQ     VECTOR_FIQ

/* DFSR, IFSR beyond the fault status. DFSR_LPAE is set in both with long descriptors. */
#define DFSR_LPAE      BIT(9)
#define ABORT_WRITE    BIT(11) /* WnR, DFSR only */
#define ABORT_EXTERNAL BIT(12) /* ExT */
#define ABORT_CM       BIT(13)
#define ABORT_S1PTW    0 /* only reported to Hyp mode */

#define UNDEFINED		  FAULT_PLAIN_(VECTOR_UNDEFINED)
#define SVC(imm24)		  FAULT_CODED_(VECTOR_SVC, imm24)
#define DATA_ABORT(dfsr, address) FAULT_AT_(VECTOR_DATA_ABORT, DFSR_LPAE | (dfsr), address)
#define INSTRUCTION_ABORT(ifsr, address) \
	FAULT_AT_(VECTOR_PREFETCH_ABORT, DFSR_LPAE | (ifsr), address)
/* BKPT; IFAR is UNKNOWN (G8.2.80). */
#define BREAKPOINT		FAULT_CODED_(VECTOR_PREFETCH_ABORT, DFSR_LPAE | FSC_DEBUG)
/* One has no way to tell who was aborted, but by the mode in SPSR. */
#define DATA_ABORT_LOWER	DATA_ABORT
#define INSTRUCTION_ABORT_LOWER INSTRUCTION_ABORT

/* The registers at an exception. sp and lr are User mode's, which the kernel, in System mode, shares. */
struct trap_frame {
	ulong r[13];
	ulong sp, lr;
	ulong handler_lr; /* LR_svc */
	ulong vector;
	ulong fsr, far; /* DFSR, DFAR or IFSR, IFAR */
	ulong padding;
	ulong pc, pstate; /* the preferred return address, and SPSR */
};

#endif

/* What a system register raises that EL0 may not use because a control says so. */
#ifdef __aarch64__
#define TRAPPED_SYSTEM_REGISTER FAULT_PLAIN_(EC_SYSREG)
#else
#define TRAPPED_SYSTEM_REGISTER UNDEFINED
#endif

/* Any exception that says nothing but its number: IRQ and FIQ. */
#define IRQ FAULT_PLAIN_(NUMBER_IRQ)
#define FIQ FAULT_PLAIN_(NUMBER_FIQ)

static inline ulong trap_frame_ip(const struct trap_frame *frame)
{
	return frame->pc;
}

static inline void trap_frame_set_ip(struct trap_frame *frame, ulong ip)
{
	frame->pc = ip;
}

/* Writes "data abort (write, permission fault, level 3) at 0x1000" or "no fault" to `text`. */
void fault_describe(struct fault fault, char *text, size_t size);

/* Registers and backtrace, as diagnostic lines. */
void trap_frame_print(const struct trap_frame *frame);

/* Unmasks what exception entry masked beyond IRQs, for a handler that is left by longjmp(). */
void arch_leave_exception(void);

/* ------------------------------------------------------------------ beyond the common contract */

/*
 * An instruction whose fault is a value, for inline assembly: GUARDED("mrs %0, pmccntr_el0"). A fault
 * goes on after it, with all registers as they were at the fault. Between fault_clear() and
 * fault_taken().
 */
#define GUARDED(insn)                          \
	"771: " insn "\n"                      \
	"772:\n"                               \
	".pushsection .assay.guarded, \"a\"\n" \
	".balign 4\n"                          \
	".long 771b - .\n"                     \
	".long 772b - .\n"                     \
	".popsection\n"

/*
 * Calls handler(frame) for this vector (VECTOR_...) instead of what the harness does, on every CPU,
 * until the case ends. It may change the frame. It runs with all exceptions masked; for interrupts,
 * irq_set_handler() of <arm/gic.h> is more convenient. NULL removes it.
 */
void trap_set_handler(u32 vector, void (*handler)(struct trap_frame *frame));
void trap_clear_handlers(void);

/* The registers at the last exception of this CPU that the harness has seen. */
const struct trap_frame *trap_last_frame(void);

#endif
