/* SPDX-License-Identifier: MIT */
/* Control registers, PSW system mask, prefix: PoP SA22-7832-13, chapter 4, "Control Registers". */
#ifndef ASSAY_S390X_CR_H
#define ASSAY_S390X_CR_H

#include <arch/fault.h>
#include <types.h>

/* Control register 0; the number is the architecture's bit, counted from the left. */
#define CR0_SSM_SUPPRESSION  BIT(63 - 33)
#define CR0_TOD_SYNC	     BIT(63 - 34)
#define CR0_LOW_PROTECTION   BIT(63 - 35) /* low-address-protection control */
#define CR0_EXTRACTION	     BIT(63 - 36) /* extraction-authority control */
#define CR0_SECONDARY	     BIT(63 - 37) /* secondary-space control */
#define CR0_FETCH_OVERRIDE   BIT(63 - 38) /* fetch-protection-override control */
#define CR0_STORE_OVERRIDE   BIT(63 - 39) /* storage-protection-override control */
#define CR0_EDAT	     BIT(63 - 40)
#define CR0_IEP		     BIT(63 - 43) /* instruction-execution-protection enablement */
#define CR0_AFP		     BIT(63 - 45) /* additional floating-point registers */
#define CR0_VECTOR	     BIT(63 - 46)
/* External subclass masks. */
#define CR0_MALFUNCTION	     BIT(63 - 48)
#define CR0_EMERGENCY	     BIT(63 - 49)
#define CR0_EXTERNAL_CALL    BIT(63 - 50)
#define CR0_CLOCK_COMPARATOR BIT(63 - 52)
#define CR0_CPU_TIMER	     BIT(63 - 53)
#define CR0_SERVICE	     BIT(63 - 54)
#define CR0_INTERRUPT_KEY    BIT(63 - 57)
#define CR0_ETR		     BIT(63 - 59)
#define CR0_SUBCLASSES                                                                \
	(CR0_MALFUNCTION | CR0_EMERGENCY | CR0_EXTERNAL_CALL | CR0_CLOCK_COMPARATOR | \
	 CR0_CPU_TIMER | CR0_SERVICE | CR0_INTERRUPT_KEY | CR0_ETR | BIT(63 - 58))

/* Control register 14 after initial CPU reset: PoP, chapter 4, figure on control-register fields. */
#define CR14_INITIAL 0xc2000000ull

/* read_cr(n), write_cr(n, value): control register n, a constant. STCTG, LCTLG. */
#define read_cr(n)                                                            \
	({                                                                    \
		u64 cr_value_;                                                \
		__asm__ volatile("stctg " #n "," #n ",%0" : "=Q"(cr_value_)); \
		cr_value_;                                                    \
	})
#define write_cr(n, value)                                                              \
	({                                                                              \
		u64 cr_new_ = (value);                                                  \
		__asm__ volatile("lctlg " #n "," #n ",%0" : : "Q"(cr_new_) : "memory"); \
	})

/* SET, STORE PREFIX: 31 bits, of which the hardware takes 8 KiB units. */
static inline void set_prefix(u32 prefix)
{
	__asm__ volatile("spx %0" : : "Q"(prefix) : "memory");
}

static inline u32 store_prefix(void)
{
	u32 prefix;

	__asm__ volatile("stpx %0" : "=Q"(prefix));
	return prefix;
}

/* The address of this CPU. STORE CPU ADDRESS. */
static inline u16 store_cpu_address(void)
{
	u16 address;

	__asm__ volatile("stap %0" : "=Q"(address));
	return address;
}

/* PURGE TLB: forgets all translations of this CPU. */
static inline void purge_tlb(void)
{
	__asm__ volatile("ptlb" : : : "memory");
}

/*
 * With CR0 = `cr0`, takes one external interruption if one is pending, without calling a handler. True
 * if there was one: its code is in the lowcore. Interruptions must be off and stay off.
 */
bool external_window(u64 cr0);

/* Takes all pending external interruptions of the subclasses, CR0_... bits, and forgets them. */
void external_discard(u64 subclasses);

#endif
