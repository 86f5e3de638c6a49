/* SPDX-License-Identifier: MIT */
/* FXSAVE, the XSAVE family and what they save: SDM vol. 1, chapters 10 and 13. */
#ifndef ASSAY_X86_XSAVE_H
#define ASSAY_X86_XSAVE_H

#include <arch/fault.h>
#include <types.h>

/* State components: bits of XCR0, XSTATE_BV and of the requested-feature bitmap. SDM vol. 1, 13.1. */
#define XSTATE_X87     BIT(0)
#define XSTATE_SSE     BIT(1)
#define XSTATE_AVX     BIT(2)
#define XSTATE_BNDREGS BIT(3)
#define XSTATE_BNDCSR  BIT(4)
#define XSTATE_AVX512  BITS(7, 5)
#define XSTATE_PKRU    BIT(9)
#define XSTATE_TILES   BITS(18, 17)

/* Offsets in the legacy region and the header: SDM vol. 1, 10.5.1, 13.4. */
#define XSAVE_FCW	 0
#define XSAVE_FSW	 2
#define XSAVE_FTW	 4
#define XSAVE_MXCSR	 24
#define XSAVE_MXCSR_MASK 28
#define XSAVE_ST	 32
#define XSAVE_XMM	 160
#define XSAVE_UNUSED	 464
#define XSAVE_XSTATE_BV	 512
#define XSAVE_XCOMP_BV	 520
#define XSAVE_COMPACTED	 BIT(63) /* of XCOMP_BV */
#define XSAVE_EXTENDED	 576

/* More than any area of the components above; 64-byte aligned. */
struct xsave_area {
	u8 bytes[4096];
} __aligned(64);

/* 8 bytes at this offset of an area. */
u64 area_u64(const struct xsave_area *area, u32 offset);
void area_set_u64(struct xsave_area *area, u32 offset, u64 value);

/* name_try(area): an instruction with an area in memory. */
#define DEFINE_FXSAVE_(name, insn)                                                \
	static inline struct fault name##_try(void *area)                         \
	{                                                                         \
		fault_clear();                                                    \
		__asm__ volatile(GUARDED(insn " (%0)") : : "r"(area) : "memory"); \
		return fault_taken();                                             \
	}

/* name_try(area, rfbm): and with the requested-feature bitmap in EDX:EAX. */
#define DEFINE_XSAVE_(name, insn)                                                    \
	static inline struct fault name##_try(void *area, u64 rfbm)                  \
	{                                                                            \
		fault_clear();                                                       \
		__asm__ volatile(GUARDED(insn " (%0)")                               \
				 :                                                   \
				 : "r"(area), "a"((u32)rfbm), "d"((u32)(rfbm >> 32)) \
				 : "memory");                                        \
		return fault_taken();                                                \
	}

DEFINE_FXSAVE_(fxsave, "fxsave")
DEFINE_FXSAVE_(fxrstor, "fxrstor")
DEFINE_XSAVE_(xsave, "xsave")
DEFINE_XSAVE_(xsaveopt, "xsaveopt")
DEFINE_XSAVE_(xsavec, "xsavec")
DEFINE_XSAVE_(xsaves, "xsaves")
DEFINE_XSAVE_(xrstor, "xrstor")
DEFINE_XSAVE_(xrstors, "xrstors")
#ifdef __x86_64__
DEFINE_FXSAVE_(fxsave64, "fxsave64")
DEFINE_FXSAVE_(fxrstor64, "fxrstor64")
DEFINE_XSAVE_(xsave64, "xsave64")
DEFINE_XSAVE_(xrstor64, "xrstor64")
#endif

static inline struct fault xgetbv_try(u32 index, u64 *value)
{
	u32 low = (u32)*value, high = (u32)(*value >> 32);

	fault_clear();
	__asm__ volatile(GUARDED("xgetbv") : "+a"(low), "+d"(high) : "c"(index) : "memory");
	*value = (u64)high << 32 | low;
	return fault_taken();
}

static inline void ldmxcsr(u32 mxcsr)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

static inline u32 stmxcsr(void)
{
	u32 mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr;
}

/* PKRU; needs CR4.PKE. SDM vol. 2B, RDPKRU; 2D, WRPKRU. */
static inline u32 rdpkru(void)
{
	u32 value, high;

	__asm__ volatile("rdpkru" : "=a"(value), "=d"(high) : "c"(0) : "memory");
	return value;
}

static inline void wrpkru(u32 value)
{
	__asm__ volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory");
}

#ifdef __x86_64__
#define XSTATE_REGISTERS 16u
#else
#define XSTATE_REGISTERS 8u
#endif

/* What the registers hold, read and written without any instruction of this family. */
struct xstate {
	u16 fcw, fsw;
	u8 ftw; /* abridged: bit n is set if physical register n is not empty */
	u8 st[8][10];
	u32 mxcsr;
	u8 xmm[XSTATE_REGISTERS][16];
	u8 ymm_high[XSTATE_REGISTERS][16]; /* with `avx` */
	u32 pkru;			   /* with CR4.PKE */
};

/* `components`: of x87, SSE, AVX and PKRU, what the CPU has and what is enabled. */
void xstate_read(struct xstate *state, u64 components);
void xstate_write(const struct xstate *state, u64 components);

/* Values that are not the initial ones, different with each call; PKRU keeps key 0 accessible. */
void xstate_random(struct xstate *state);
/* The initial configuration of the components: SDM vol. 1, 13.6. */
void xstate_initialise(struct xstate *state, u64 components);

/* CPUID leaf 0DH: the component's place in an area of the standard format, and its size. */
u32 xstate_offset(u32 component);
u32 xstate_size(u32 component);

/* Puts the components into the area (standard format, or FXSAVE's), with what goes along with them. */
void xstate_to_area(const struct xstate *state, u64 components, struct xsave_area *area);

#endif
