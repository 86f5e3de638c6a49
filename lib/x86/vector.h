/* SPDX-License-Identifier: MIT */
/*
 * The MMX, XMM and YMM registers and MXCSR, all at once: SDM vol. 1, chapters 9, 10 and 14. The library
 * is compiled without them, so that what is loaded stays until a test's instruction changes it.
 */
#ifndef ASSAY_X86_VECTOR_H
#define ASSAY_X86_VECTOR_H

#include <types.h>
#include <x86/model/simd.h>

#ifdef __x86_64__
#define VECTOR_REGISTERS 16
#else
#define VECTOR_REGISTERS 8
#endif
#define MMX_REGISTERS 8

struct vector_registers {
	union vec v
		[VECTOR_REGISTERS]; /* without AVX the upper halves are neither loaded nor stored */
	u64 mm[MMX_REGISTERS];
	u32 mxcsr;
};

/*
 * Lets this CPU use all the vector registers that it has until the case ends: XCR0 = 7 where there is
 * AVX. Returns whether the upper halves can be used.
 */
bool vector_enable(void);

/* Loads MXCSR and every register; the x87 stack is full afterwards (MMX mode). */
void vector_load(const struct vector_registers *registers);

/* Stores all of them, and empties the x87 stack (FNINIT, whose control word is the reset state's). */
void vector_store(struct vector_registers *registers);

#endif
