/* SPDX-License-Identifier: MIT */
/* Instructions that raise exceptions or load segments, each as a value: SDM vol. 2. */
#ifndef ASSAY_X86_INSN_H
#define ASSAY_X86_INSN_H

#include <arch/fault.h>
#include <types.h>
#include <x86/desc.h>

/* name_try(): one instruction without operands. */
#define DEFINE_PLAIN_(name, insn)                                     \
	static inline struct fault name##_try(void)                   \
	{                                                             \
		fault_clear();                                        \
		__asm__ volatile(GUARDED(insn) : : : "memory", "cc"); \
		return fault_taken();                                 \
	}

DEFINE_PLAIN_(int3, "int3")
DEFINE_PLAIN_(icebp, ".byte 0xf1") /* INT1 */
DEFINE_PLAIN_(ud2, "ud2")
DEFINE_PLAIN_(fnop, "fnop")
DEFINE_PLAIN_(fwait, "fwait")
DEFINE_PLAIN_(clts, "clts")
#ifdef __i386__
DEFINE_PLAIN_(into, "into")
#endif

/*
 * What `taken`, the fault of a VMCALL or VMMCALL of the image itself, should be: #UD; or none, where CPUID says that there
 * is a hypervisor, which may take the instruction for a call to it (SDM vol. 3C, VMCALL; APM vol. 2, 15.18).
 */
struct fault hypercall_fault(struct fault taken);

/* INT n; the number is part of the instruction. */
#define int_n_try(n)                                                       \
	({                                                                 \
		fault_clear();                                             \
		__asm__ volatile(GUARDED("int %0") : : "i"(n) : "memory"); \
		fault_taken();                                             \
	})

#ifdef __i386__
struct bounds {
	s32 lower, upper;
};

/* In bytes: the assemblers disagree on the order of its operands. EAX, [ECX]. */
#define BOUND_EAX_AT_ECX ".byte 0x62, 0x01"

static inline struct fault bound_try(s32 index, const struct bounds *bounds)
{
	fault_clear();
	__asm__ volatile(GUARDED(BOUND_EAX_AT_ECX) : : "a"(index), "c"(bounds) : "memory");
	return fault_taken();
}
#endif

/*
 * load_ds_try(selector, &loaded) and so on: MOV to the segment register. `loaded`, if there was
 * no fault, is what the register then read as; afterwards it is again what it was before.
 */
#define DEFINE_LOAD_SEGMENT_(seg)                                                             \
	static inline struct fault load_##seg##_try(u16 selector, u16 *loaded)                \
	{                                                                                     \
		ulong before, after;                                                          \
                                                                                              \
		fault_clear();                                                                \
		__asm__ volatile("mov %%" #seg                                                \
				 ", %0\n" GUARDED("movw %w2, %%" #seg) "mov %%" #seg ", %1\n" \
								       "movw %w0, %%" #seg    \
				 : "=&r"(before), "=&r"(after)                                \
				 : "r"(selector)                                              \
				 : "memory");                                                 \
		*loaded = (u16)after;                                                         \
		return fault_taken();                                                         \
	}

DEFINE_LOAD_SEGMENT_(ds)
DEFINE_LOAD_SEGMENT_(es)
DEFINE_LOAD_SEGMENT_(fs)
DEFINE_LOAD_SEGMENT_(gs)
DEFINE_LOAD_SEGMENT_(ss)

/* Loads CS by a far jump to the next instruction. A selector that is accepted stays in CS. */
static inline struct fault load_cs_try(u16 selector)
{
	struct far_pointer target = { 0, selector };

	fault_clear();
	__asm__ volatile("movl $1f, %0\n" GUARDED("ljmpl *%0") "1:\n" : "+m"(target) : : "memory");
	return fault_taken();
}

static inline struct fault lldt_try(u16 selector)
{
	fault_clear();
	__asm__ volatile(GUARDED("lldt %0") : : "r"(selector) : "memory");
	return fault_taken();
}

static inline struct fault ltr_try(u16 selector)
{
	fault_clear();
	__asm__ volatile(GUARDED("ltr %0") : : "r"(selector) : "memory");
	return fault_taken();
}

/* SDM vol. 2A, INVLPG; the second is a form that does not exist: 0F 01 /7 with mod = 11, RM = 7. */
static inline struct fault invlpg_try(ulong address)
{
	fault_clear();
	__asm__ volatile(GUARDED("invlpg (%0)") : : "r"(address) : "memory");
	return fault_taken();
}

static inline struct fault invlpg_register_try(void)
{
	fault_clear();
	__asm__ volatile(GUARDED(".byte 0x0f, 0x01, 0xff") : : : "memory");
	return fault_taken();
}

/* SDM vol. 2B, MONITOR, without extensions and hints. */
static inline void monitor_memory(const void *memory)
{
	__asm__ volatile("monitor" : : "a"(memory), "c"(0), "d"(0) : "memory");
}

static inline void lidt(const struct desc_table_register *idtr)
{
	__asm__ volatile("lidt %0" : : "m"(*idtr) : "memory");
}

static inline void lgdt(const struct desc_table_register *gdtr)
{
	__asm__ volatile("lgdt %0" : : "m"(*gdtr) : "memory");
}

#endif
