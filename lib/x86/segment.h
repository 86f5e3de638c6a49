/* SPDX-License-Identifier: MIT */
/*
 * The registers that say where segments are, by their instructions: SDM vol. 3A, 2.4; vol. 2, LGDT,
 * SGDT, SIDT, SLDT, STR. Loads of selectors are insn.h's.
 */
#ifndef ASSAY_X86_SEGMENT_H
#define ASSAY_X86_SEGMENT_H

#include <arch/fault.h>
#include <types.h>
#include <x86/desc.h>

/* The register as an instruction stores it: sgdt(), sidt(). */
#define DEFINE_STORE_TABLE_(name)                                         \
	static inline struct desc_table_register name(void)               \
	{                                                                 \
		struct desc_table_register table;                         \
                                                                          \
		__asm__ volatile(#name " %0" : "=m"(table) : : "memory"); \
		return table;                                             \
	}

DEFINE_STORE_TABLE_(sgdt)
DEFINE_STORE_TABLE_(sidt)

/* LGDT and LIDT of anything, at any address. */
static inline struct fault lgdt_try(const void *gdtr)
{
	fault_clear();
	__asm__ volatile(GUARDED("lgdt (%0)") : : "r"(gdtr) : "memory");
	return fault_taken();
}

static inline struct fault lidt_try(const void *idtr)
{
	fault_clear();
	__asm__ volatile(GUARDED("lidt (%0)") : : "r"(idtr) : "memory");
	return fault_taken();
}

/* The selector in one of the six segment registers: SELECTOR(cs). */
#define SELECTOR(segment)                                             \
	({                                                            \
		u16 selector_;                                        \
		__asm__("mov %%" #segment ", %w0" : "=r"(selector_)); \
		selector_;                                            \
	})

/* The selectors in LDTR and TR. */
static inline u16 sldt(void)
{
	u16 selector;

	__asm__ volatile("sldt %w0" : "=r"(selector) : : "memory");
	return selector;
}

static inline u16 str(void)
{
	u16 selector;

	__asm__ volatile("str %w0" : "=r"(selector) : : "memory");
	return selector;
}

#endif
