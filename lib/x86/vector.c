/* SPDX-License-Identifier: MIT */
#include <x86/vector.h>

#include <x86/cpuid.h>
#include <x86/cr.h>

#define XCR0_X87 BIT(0)
#define XCR0_SSE BIT(1)
#define XCR0_AVX BIT(2)

/* Only the instructions that the CPU has are executed: MOVQ with MMX, MOVUPS with SSE, VMOVUPS with AVX. */
static bool upper_halves_enabled(void)
{
	return cpu_has(X86_FEATURE_AVX) && (read_cr4() & CR4_OSXSAVE) && (xgetbv(0) & XCR0_AVX);
}

bool vector_enable(void)
{
	if (!cpu_has(X86_FEATURE_AVX))
		return false;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	xsetbv_try(0, XCR0_X87 | XCR0_SSE | XCR0_AVX);
	return upper_halves_enabled();
}

#define LOAD_MM(n)   __asm__ volatile("movq %0, %%mm" #n : : "m"(registers->mm[n]))
#define STORE_MM(n)  __asm__ volatile("movq %%mm" #n ", %0" : "=m"(registers->mm[n]))
#define LOAD_XMM(n)  __asm__ volatile("movups %0, %%xmm" #n : : "m"(registers->v[n]))
#define STORE_XMM(n) __asm__ volatile("movups %%xmm" #n ", %0" : "+m"(registers->v[n]))
#define LOAD_YMM(n)  __asm__ volatile("vmovups %0, %%ymm" #n : : "m"(registers->v[n]))
#define STORE_YMM(n) __asm__ volatile("vmovups %%ymm" #n ", %0" : "=m"(registers->v[n]))

#define FIRST_8(each)    \
	do {             \
		each(0); \
		each(1); \
		each(2); \
		each(3); \
		each(4); \
		each(5); \
		each(6); \
		each(7); \
	} while (0)
#ifdef __x86_64__
#define EVERY(each)            \
	do {                   \
		FIRST_8(each); \
		each(8);       \
		each(9);       \
		each(10);      \
		each(11);      \
		each(12);      \
		each(13);      \
		each(14);      \
		each(15);      \
	} while (0)
#else
#define EVERY(each) FIRST_8(each)
#endif

void vector_load(const struct vector_registers *registers)
{
	if (cpu_has(X86_FEATURE_MMX))
		FIRST_8(LOAD_MM);
	if (upper_halves_enabled())
		EVERY(LOAD_YMM);
	else if (cpu_has(X86_FEATURE_SSE))
		EVERY(LOAD_XMM);
	if (cpu_has(X86_FEATURE_SSE))
		__asm__ volatile("ldmxcsr %0" : : "m"(registers->mxcsr));
}

void vector_store(struct vector_registers *registers)
{
	if (cpu_has(X86_FEATURE_SSE))
		__asm__ volatile("stmxcsr %0" : "=m"(registers->mxcsr));
	if (upper_halves_enabled())
		EVERY(STORE_YMM);
	else if (cpu_has(X86_FEATURE_SSE))
		EVERY(STORE_XMM);
	if (cpu_has(X86_FEATURE_MMX))
		FIRST_8(STORE_MM);
	__asm__ volatile("fninit");
}
