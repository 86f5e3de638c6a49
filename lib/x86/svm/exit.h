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

enum svm_exit {
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_SMI = 0x62,
	SVM_EXIT_INIT = 0x63,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_CR0_SEL_WRITE = 0x65,
	SVM_EXIT_IDTR_READ = 0x66,
	SVM_EXIT_GDTR_READ = 0x67,
	SVM_EXIT_LDTR_READ = 0x68,
	SVM_EXIT_TR_READ = 0x69,
	SVM_EXIT_IDTR_WRITE = 0x6a,
	SVM_EXIT_GDTR_WRITE = 0x6b,
	SVM_EXIT_LDTR_WRITE = 0x6c,
	SVM_EXIT_TR_WRITE = 0x6d,
	SVM_EXIT_RDTSC = 0x6e,
	SVM_EXIT_RDPMC = 0x6f,
	SVM_EXIT_PUSHF = 0x70,
	SVM_EXIT_POPF = 0x71,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_RSM = 0x73,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_SWINT = 0x75,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_PAUSE = 0x77,
	SVM_EXIT_HLT = 0x78,
	SVM_EXIT_INVLPG = 0x79,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_IOIO = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_TASK_SWITCH = 0x7d,
	SVM_EXIT_FERR_FREEZE = 0x7e,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_VMLOAD = 0x82,
	SVM_EXIT_VMSAVE = 0x83,
	SVM_EXIT_STGI = 0x84,
	SVM_EXIT_CLGI = 0x85,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_RDTSCP = 0x87,
	SVM_EXIT_ICEBP = 0x88,
	SVM_EXIT_WBINVD = 0x89,
	SVM_EXIT_MONITOR = 0x8a,
	SVM_EXIT_MWAIT = 0x8b,
	SVM_EXIT_MWAIT_CONDITIONAL = 0x8c,
	SVM_EXIT_XSETBV = 0x8d,
	SVM_EXIT_RDPRU = 0x8e,
	SVM_EXIT_EFER_WRITE_TRAP = 0x8f,
	SVM_EXIT_INVLPGB = 0xa0,
	SVM_EXIT_INVLPGB_ILLEGAL = 0xa1,
	SVM_EXIT_INVPCID = 0xa2,
	SVM_EXIT_MCOMMIT = 0xa3,
	SVM_EXIT_TLBSYNC = 0xa4,
	SVM_EXIT_BUSLOCK = 0xa5,
	SVM_EXIT_IDLE_HLT = 0xa6,
	SVM_EXIT_NPF = 0x400,
	SVM_EXIT_AVIC_INCOMPLETE_IPI = 0x401,
	SVM_EXIT_AVIC_NOACCEL = 0x402,
	SVM_EXIT_VMGEXIT = 0x403,
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
