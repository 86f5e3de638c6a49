/* SPDX-License-Identifier: MIT */
/* Storage keys: PoP SA22-7832-13, chapter 3, "Storage Key"; instructions in chapter 10. */
#ifndef ASSAY_S390X_SKEY_H
#define ASSAY_S390X_SKEY_H

#include <arch/fault.h>
#include <types.h>

#define SKEY_ACC	 0xf0 /* access-control bits */
#define SKEY_FETCH	 0x08 /* fetch protection */
#define SKEY_REFERENCE	 0x04
#define SKEY_CHANGE	 0x02
#define SKEY_ACC_OF(key) ((u8)((key) << 4))

/*
 * INSERT STORAGE KEY EXTENDED of the 4 KiB block at a real address: only the last byte of *key is
 * replaced.
 */
static inline struct fault iske_try(ulong real, u64 *key)
{
	fault_clear();
	__asm__ volatile(GUARDED("iske %0,%1") : "+d"(*key) : "a"(real) : "memory");
	return fault_taken();
}

/* SET STORAGE KEY EXTENDED, unconditionally. */
static inline struct fault sske_try(ulong real, u64 key)
{
	fault_clear();
	__asm__ volatile(GUARDED("sske %0,%1") : : "d"(key), "a"(real) : "memory");
	return fault_taken();
}

/* RESET REFERENCE BIT EXTENDED; *cc is 2 * reference + change, as they were. */
static inline struct fault rrbe_try(ulong real, u32 *cc)
{
	fault_clear();
	__asm__ volatile(GUARDED("rrbe %%r0,%1") "ipm %0\n"
						 "srl %0,28"
			 : "=d"(*cc)
			 : "a"(real)
			 : "0", "cc", "memory");
	return fault_taken();
}

/* TEST PROTECTION of a logical address with access key 0-15: 0 fetch and store, 1 fetch, 2 none, 3 absent. */
static inline struct fault tprot_try(ulong address, u32 key, u32 *cc)
{
	fault_clear();
	__asm__ volatile(GUARDED("tprot 0(%1),0(%2)") "ipm %0\n"
						      "srl %0,28"
			 : "=d"(*cc)
			 : "a"(address), "a"((ulong)key << 4)
			 : "cc", "memory");
	return fault_taken();
}

/* The key of a block that is there. */
static inline u8 storage_key(ulong real)
{
	u64 key = 0;

	iske_try(real, &key);
	return (u8)key;
}

static inline void set_storage_key(ulong real, u8 key)
{
	sske_try(real, key);
}

/* A byte loaded or stored with this PSW key, 0-15; the rest runs with key 0. */
static inline struct fault load_byte_with_key_try(ulong address, u32 key, u8 *value)
{
	ulong result = 0;

	fault_clear();
	__asm__ volatile("spka 0(%2)\n" GUARDED("ic %0,0(%1)") "spka 0"
			 : "+d"(result)
			 : "a"(address), "a"((ulong)key << 4)
			 : "memory");
	*value = (u8)result;
	return fault_taken();
}

static inline struct fault store_byte_with_key_try(ulong address, u32 key, u8 value)
{
	fault_clear();
	__asm__ volatile("spka 0(%2)\n" GUARDED("stc %0,0(%1)") "spka 0"
			 :
			 : "d"((ulong)value), "a"(address), "a"((ulong)key << 4)
			 : "memory");
	return fault_taken();
}

#endif
