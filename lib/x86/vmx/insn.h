/* SPDX-License-Identifier: MIT */
/* VMX's instructions, each as a value: SDM vol. 3C, chapter 30. */
#ifndef ASSAY_X86_VMX_INSN_H
#define ASSAY_X86_VMX_INSN_H

#include <arch/fault.h>
#include <types.h>
#include <x86/cr.h>

/* The fault, and the flags that the instruction left. All arithmetic flags are set before it. */
struct vmx_result {
	struct fault fault;
	ulong flags;
};

#define VMX_FLAGS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

#define VMX_INSN_(insn) "push %1; popf\n" GUARDED(insn) "pushf; pop %0\n"

/* The physical address of a region, in memory. */
#define DEFINE_VMX_POINTER_(name, insn)                                           \
	static inline struct vmx_result name##_try(u64 address)                   \
	{                                                                         \
		struct vmx_result result;                                         \
                                                                                  \
		fault_clear();                                                    \
		__asm__ volatile(VMX_INSN_(insn " %2")                            \
				 : "=&r"(result.flags)                            \
				 : "r"((ulong)(VMX_FLAGS | FLAG_1)), "m"(address) \
				 : "memory", "cc");                               \
		result.fault = fault_taken();                                     \
		return result;                                                    \
	}

DEFINE_VMX_POINTER_(vmxon, "vmxon")
DEFINE_VMX_POINTER_(vmclear, "vmclear")
DEFINE_VMX_POINTER_(vmptrld, "vmptrld")

#define DEFINE_VMX_PLAIN_(name, insn)                               \
	static inline struct vmx_result name##_try(void)            \
	{                                                           \
		struct vmx_result result;                           \
                                                                    \
		fault_clear();                                      \
		__asm__ volatile(VMX_INSN_(insn)                    \
				 : "=&r"(result.flags)              \
				 : "r"((ulong)(VMX_FLAGS | FLAG_1)) \
				 : "memory", "cc");                 \
		result.fault = fault_taken();                       \
		return result;                                      \
	}

/* vmlaunch_try() and vmresume_try() are for refusals: an exit does not come back to them. */
DEFINE_VMX_PLAIN_(vmlaunch, "vmlaunch")
DEFINE_VMX_PLAIN_(vmresume, "vmresume")
DEFINE_VMX_PLAIN_(vmxoff, "vmxoff")
DEFINE_VMX_PLAIN_(vmcall, "vmcall")

static inline struct vmx_result vmptrst_try(u64 *address)
{
	struct vmx_result result;

	fault_clear();
	__asm__ volatile("push %2; popf\n" GUARDED("vmptrst %1") "pushf; pop %0\n"
			 : "=&r"(result.flags), "+m"(*address)
			 : "r"((ulong)(VMX_FLAGS | FLAG_1))
			 : "memory", "cc");
	result.fault = fault_taken();
	return result;
}

/* One access of the native width: on i386, half of a field of 64 bits. */
static inline struct vmx_result vmread_try(ulong field, ulong *value)
{
	struct vmx_result result;

	fault_clear();
	__asm__ volatile("push %3; popf\n" GUARDED("vmread %2, %1") "pushf; pop %0\n"
			 : "=&r"(result.flags), "+&r"(*value)
			 : "r"(field), "r"((ulong)(VMX_FLAGS | FLAG_1))
			 : "memory", "cc");
	result.fault = fault_taken();
	return result;
}

static inline struct vmx_result vmwrite_try(ulong field, ulong value)
{
	struct vmx_result result;

	fault_clear();
	__asm__ volatile("push %1; popf\n" GUARDED("vmwrite %3, %2") "pushf; pop %0\n"
			 : "=&r"(result.flags)
			 : "r"((ulong)(VMX_FLAGS | FLAG_1)), "r"(field), "r"(value)
			 : "memory", "cc");
	result.fault = fault_taken();
	return result;
}

/* INVEPT and INVVPID: a type and a descriptor. */
struct vmx_descriptor {
	u64 low, high;
};

#define DEFINE_VMX_INV_(name, insn)                                                     \
	static inline struct vmx_result name##_try(ulong type, struct vmx_descriptor d) \
	{                                                                               \
		struct vmx_result result;                                               \
                                                                                        \
		fault_clear();                                                          \
		__asm__ volatile(VMX_INSN_(insn " %2, %3")                              \
				 : "=&r"(result.flags)                                  \
				 : "r"((ulong)(VMX_FLAGS | FLAG_1)), "m"(d), "r"(type)  \
				 : "memory", "cc");                                     \
		result.fault = fault_taken();                                           \
		return result;                                                          \
	}

DEFINE_VMX_INV_(invept, "invept")
DEFINE_VMX_INV_(invvpid, "invvpid")

#endif
