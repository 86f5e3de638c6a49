/* SPDX-License-Identifier: MIT */
/* Single accesses to storage whose fault is a value: instructions of 4 and 6 bytes. */
#ifndef ASSAY_S390X_ACCESS_H
#define ASSAY_S390X_ACCESS_H

#include <arch/fault.h>
#include <types.h>

/* INSERT CHARACTER, 4 bytes. */
static inline struct fault load_byte_try(ulong address, u8 *value)
{
	ulong result = *value;

	fault_clear();
	__asm__ volatile(GUARDED("ic %0,0(%1)") : "+d"(result) : "a"(address) : "memory");
	*value = (u8)result;
	return fault_taken();
}

/* STORE CHARACTER, 4 bytes. */
static inline struct fault store_byte_try(ulong address, u8 value)
{
	fault_clear();
	__asm__ volatile(GUARDED("stc %0,0(%1)") : : "d"((ulong)value), "a"(address) : "memory");
	return fault_taken();
}

/* LOAD (64), 6 bytes. */
static inline struct fault load_doubleword_try(ulong address, u64 *value)
{
	fault_clear();
	__asm__ volatile(GUARDED("lg %0,0(%1)") : "+d"(*value) : "a"(address) : "memory");
	return fault_taken();
}

/* Branches to `address`, where BR %r14 should be; a fault there is reported. BRANCH AND SAVE, 2 bytes. */
struct fault call_try(ulong address);

/* LOAD PSW EXTENDED from any address: 4 bytes. */
static inline struct fault lpswe_try(const void *psw)
{
	fault_clear();
	__asm__ volatile(GUARDED("lpswe 0(%0)") : : "a"(psw) : "cc", "memory");
	return fault_taken();
}

/* SUPERVISOR CALL with a constant number: 2 bytes. */
#define svc_try(number)                                                               \
	({                                                                            \
		fault_clear();                                                        \
		__asm__ volatile(GUARDED("svc %0") : : "i"(number) : "cc", "memory"); \
		fault_taken();                                                        \
	})

#endif
