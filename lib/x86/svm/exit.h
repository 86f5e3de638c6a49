/* SPDX-License-Identifier: MIT */
/*
 * Exit codes: APM vol. 2, appendix C. Those below SVM_INTERCEPT_BITS are also the positions of the
 * intercepts' bits in the VMCB.
 */
#ifndef ASSAY_X86_SVM_EXIT_H
#define ASSAY_X86_SVM_EXIT_H

#include <types.h>

#define SVM_EXIT_CR_READ(n)  (0x00u + (n))
#define SVM_EXIT_CR_WRITE(n) (0x10u + (n))
#define SVM_EXIT_DR_READ(n)  (0x20u + (n))
#define SVM_EXIT_DR_WRITE(n) (0x30u + (n))
#define SVM_EXIT_EXCP(n)     (0x40u + (n))

/* EXIT(code, NAME) for each of the others. */
#define SVM_EXITS(EXIT)                  \
	EXIT(0x60, INTR)                 \
	EXIT(0x61, NMI)                  \
	EXIT(0x62, SMI)                  \
	EXIT(0x63, INIT)                 \
	EXIT(0x64, VINTR)                \
	EXIT(0x65, CR0_SEL_WRITE)        \
	EXIT(0x66, IDTR_READ)            \
	EXIT(0x67, GDTR_READ)            \
	EXIT(0x68, LDTR_READ)            \
	EXIT(0x69, TR_READ)              \
	EXIT(0x6a, IDTR_WRITE)           \
	EXIT(0x6b, GDTR_WRITE)           \
	EXIT(0x6c, LDTR_WRITE)           \
	EXIT(0x6d, TR_WRITE)             \
	EXIT(0x6e, RDTSC)                \
	EXIT(0x6f, RDPMC)                \
	EXIT(0x70, PUSHF)                \
	EXIT(0x71, POPF)                 \
	EXIT(0x72, CPUID)                \
	EXIT(0x73, RSM)                  \
	EXIT(0x74, IRET)                 \
	EXIT(0x75, SWINT)                \
	EXIT(0x76, INVD)                 \
	EXIT(0x77, PAUSE)                \
	EXIT(0x78, HLT)                  \
	EXIT(0x79, INVLPG)               \
	EXIT(0x7a, INVLPGA)              \
	EXIT(0x7b, IOIO)                 \
	EXIT(0x7c, MSR)                  \
	EXIT(0x7d, TASK_SWITCH)          \
	EXIT(0x7e, FERR_FREEZE)          \
	EXIT(0x7f, SHUTDOWN)             \
	EXIT(0x80, VMRUN)                \
	EXIT(0x81, VMMCALL)              \
	EXIT(0x82, VMLOAD)               \
	EXIT(0x83, VMSAVE)               \
	EXIT(0x84, STGI)                 \
	EXIT(0x85, CLGI)                 \
	EXIT(0x86, SKINIT)               \
	EXIT(0x87, RDTSCP)               \
	EXIT(0x88, ICEBP)                \
	EXIT(0x89, WBINVD)               \
	EXIT(0x8a, MONITOR)              \
	EXIT(0x8b, MWAIT)                \
	EXIT(0x8c, MWAIT_CONDITIONAL)    \
	EXIT(0x8d, XSETBV)               \
	EXIT(0x8e, RDPRU)                \
	EXIT(0x8f, EFER_WRITE_TRAP)      \
	EXIT(0xa0, INVLPGB)              \
	EXIT(0xa1, INVLPGB_ILLEGAL)      \
	EXIT(0xa2, INVPCID)              \
	EXIT(0xa3, MCOMMIT)              \
	EXIT(0xa4, TLBSYNC)              \
	EXIT(0xa5, BUSLOCK)              \
	EXIT(0xa6, IDLE_HLT)             \
	EXIT(0x400, NPF)                 \
	EXIT(0x401, AVIC_INCOMPLETE_IPI) \
	EXIT(0x402, AVIC_NOACCEL)        \
	EXIT(0x403, VMGEXIT)

enum svm_exit {
#define SVM_EXIT_VALUE_(code, name) SVM_EXIT_##name = (code),
	SVM_EXITS(SVM_EXIT_VALUE_)
#undef SVM_EXIT_VALUE_
};

#define SVM_EXIT_INVALID   (~0ull)
#define SVM_INTERCEPT_BITS (6 * 32)

/* "CR3 write", "#GP", "CPUID", or "unknown". */
const char *svm_exit_name(u64 code);

/* EXITINFO1 of an IOIO intercept: figure 15-2. */
#define IOIO_IN	     BIT(0)
#define IOIO_STR     BIT(2)
#define IOIO_REP     BIT(3)
#define IOIO_SIZE(n) ((u64)(n) << 4) /* n bytes: 1, 2 or 4 */
#define IOIO_A16     BIT(7)
#define IOIO_A32     BIT(8)
#define IOIO_A64     BIT(9)
#define IOIO_SEG(n)  ((u64)(n) << 10) /* 0 to 5: ES, CS, SS, DS, FS, GS */
#define IOIO_PORT(n) ((u64)(n) << 16)

/* EXITINFO1 of a nested page fault, beside the bits of a #PF's error code: 15.25.6. */
#define NPF_FINAL BIT(32) /* while translating the final guest-physical address */
#define NPF_TABLE BIT(33) /* while translating the guest's page tables */

/* EXITINFO2 of a task switch: 15.14.1. */
#define TASK_SWITCH_IRET      BIT(36)
#define TASK_SWITCH_JMP	      BIT(38)
#define TASK_SWITCH_HAS_ERROR BIT(44)
#define TASK_SWITCH_RF	      BIT(48)

#endif
