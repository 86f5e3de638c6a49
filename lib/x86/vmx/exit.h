/* SPDX-License-Identifier: MIT */
/* How a VM entry ended: SDM vol. 3C, appendix C; 30.2, 30.4. */
#ifndef ASSAY_X86_VMX_EXIT_H
#define ASSAY_X86_VMX_EXIT_H

#include <types.h>

/* X(name, number): basic exit reasons, table C-1. */
#define VMX_EXITS(X)                \
	X(EXCEPTION_NMI, 0)         \
	X(EXTERNAL_INTERRUPT, 1)    \
	X(TRIPLE_FAULT, 2)          \
	X(INIT, 3)                  \
	X(SIPI, 4)                  \
	X(IO_SMI, 5)                \
	X(OTHER_SMI, 6)             \
	X(INTERRUPT_WINDOW, 7)      \
	X(NMI_WINDOW, 8)            \
	X(TASK_SWITCH, 9)           \
	X(CPUID, 10)                \
	X(GETSEC, 11)               \
	X(HLT, 12)                  \
	X(INVD, 13)                 \
	X(INVLPG, 14)               \
	X(RDPMC, 15)                \
	X(RDTSC, 16)                \
	X(RSM, 17)                  \
	X(VMCALL, 18)               \
	X(VMCLEAR, 19)              \
	X(VMLAUNCH, 20)             \
	X(VMPTRLD, 21)              \
	X(VMPTRST, 22)              \
	X(VMREAD, 23)               \
	X(VMRESUME, 24)             \
	X(VMWRITE, 25)              \
	X(VMXOFF, 26)               \
	X(VMXON, 27)                \
	X(CR_ACCESS, 28)            \
	X(MOV_DR, 29)               \
	X(IO, 30)                   \
	X(RDMSR, 31)                \
	X(WRMSR, 32)                \
	X(INVALID_GUEST_STATE, 33)  \
	X(MSR_LOADING, 34)          \
	X(MWAIT, 36)                \
	X(MTF, 37)                  \
	X(MONITOR, 39)              \
	X(PAUSE, 40)                \
	X(MACHINE_CHECK, 41)        \
	X(TPR_BELOW_THRESHOLD, 43)  \
	X(APIC_ACCESS, 44)          \
	X(VIRTUALIZED_EOI, 45)      \
	X(GDTR_IDTR, 46)            \
	X(LDTR_TR, 47)              \
	X(EPT_VIOLATION, 48)        \
	X(EPT_MISCONFIGURATION, 49) \
	X(INVEPT, 50)               \
	X(RDTSCP, 51)               \
	X(PREEMPTION_TIMER, 52)     \
	X(INVVPID, 53)              \
	X(WBINVD, 54)               \
	X(XSETBV, 55)               \
	X(APIC_WRITE, 56)           \
	X(RDRAND, 57)               \
	X(INVPCID, 58)              \
	X(VMFUNC, 59)               \
	X(ENCLS, 60)                \
	X(RDSEED, 61)               \
	X(PML_FULL, 62)             \
	X(XSAVES, 63)               \
	X(XRSTORS, 64)              \
	X(SPP, 66)

enum vmx_exit_reason {
#define VMX_EXIT_(name, number) VMX_EXIT_##name = (number),
	VMX_EXITS(VMX_EXIT_)
#undef VMX_EXIT_
};

/* Bit 31 of the exit reason: 26.7. */
#define VMX_ENTRY_FAILURE BIT(31)

/*
 * What comes instead of an exit, as values that no exit reason has: the instruction failed, 30.2. The error
 * number of VMfailValid is 30.4's.
 */
#define VMX_SUCCEED	      BIT(32)
#define VMX_FAIL_INVALID      BIT(33)
#define VMX_FAIL_VALID(error) (BIT(34) | (u64)(error))
/* Flags that are none of these. */
#define VMX_NO_RESULT	      BIT(35)

#define VMX_ERROR_VMCALL_IN_ROOT	 1
#define VMX_ERROR_VMCLEAR_ADDRESS	 2
#define VMX_ERROR_VMCLEAR_VMXON_POINTER	 3
#define VMX_ERROR_VMLAUNCH_NOT_CLEAR	 4
#define VMX_ERROR_VMRESUME_NOT_LAUNCHED	 5
#define VMX_ERROR_CONTROLS		 7
#define VMX_ERROR_HOST_STATE		 8
#define VMX_ERROR_VMPTRLD_ADDRESS	 9
#define VMX_ERROR_VMPTRLD_VMXON_POINTER	 10
#define VMX_ERROR_VMPTRLD_REVISION	 11
#define VMX_ERROR_UNSUPPORTED_FIELD	 12
#define VMX_ERROR_READ_ONLY_FIELD	 13
#define VMX_ERROR_VMXON_IN_ROOT		 15
#define VMX_ERROR_MOV_SS		 26
#define VMX_ERROR_INVEPT_INVVPID_OPERAND 28

/* Of an exit reason or one of these values; two names may be in use at once. */
const char *vmx_exit_name(u64 value);

#endif
