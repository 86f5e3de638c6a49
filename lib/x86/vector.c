/* SPDX-License-Identifier: MIT */
#include <x86/vector.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/x87.h>
#include <x86/xsave.h>

/* Only the instructions that the CPU has are executed: MOVQ with MMX, MOVUPS with SSE, VMOVUPS with AVX. */
static bool upper_halves_enabled(void)
{
	return cpu_has(X86_FEATURE_AVX) && (read_cr4() & CR4_OSXSAVE) && (xgetbv(0) & XSTATE_AVX);
}

bool vector_enable(void)
{
	if (!cpu_has(X86_FEATURE_AVX))
		return false;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	xsetbv_try(0, XSTATE_X87 | XSTATE_SSE | XSTATE_AVX);
	return upper_halves_enabled();
}

#define LOAD_MM(n)   "movq 8*" #n "(%0), %%mm" #n "\n"
#define STORE_MM(n)  "movq %%mm" #n ", 8*" #n "(%0)\n"
#define LOAD_XMM(n)  "movups 32*" #n "(%0), %%xmm" #n "\n"
#define STORE_XMM(n) "movups %%xmm" #n ", 32*" #n "(%0)\n"
#define LOAD_YMM(n)  "vmovups 32*" #n "(%0), %%ymm" #n "\n"
#define STORE_YMM(n) "vmovups %%ymm" #n ", 32*" #n "(%0)\n"

void vector_load(const struct vector_registers *registers)
{
	if (cpu_has(X86_FEATURE_MMX))
		__asm__ volatile(VECTOR_FOR_EIGHT(LOAD_MM) : : "r"(registers->mm) : "memory");
	if (upper_halves_enabled())
		__asm__ volatile(VECTOR_FOR_ALL(LOAD_YMM) : : "r"(registers->v) : "memory");
	else if (cpu_has(X86_FEATURE_SSE))
		__asm__ volatile(VECTOR_FOR_ALL(LOAD_XMM) : : "r"(registers->v) : "memory");
	if (cpu_has(X86_FEATURE_SSE))
		ldmxcsr(registers->mxcsr);
}

void vector_store(struct vector_registers *registers)
{
	if (cpu_has(X86_FEATURE_SSE))
		registers->mxcsr = stmxcsr();
	if (upper_halves_enabled())
		__asm__ volatile(VECTOR_FOR_ALL(STORE_YMM) : : "r"(registers->v) : "memory");
	else if (cpu_has(X86_FEATURE_SSE))
		__asm__ volatile(VECTOR_FOR_ALL(STORE_XMM) : : "r"(registers->v) : "memory");
	if (cpu_has(X86_FEATURE_MMX))
		__asm__ volatile(VECTOR_FOR_EIGHT(STORE_MM) : : "r"(registers->mm) : "memory");
	fninit();
}
