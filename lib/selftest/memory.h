/* SPDX-License-Identifier: MIT */
/* Single accesses to memory as functions for fault_of() and run_user(), and what they come to.
 */
#ifndef ASSAY_SELFTEST_MEMORY_H
#define ASSAY_SELFTEST_MEMORY_H

#include <harness/fault.h>
#include <types.h>

/* The compiler is not to know the address, as it may be one at which there can be no object. */
static inline volatile u8 *byte_at(void *address)
{
	__asm__("" : "+r"(address));
	return address;
}

static inline void read_byte(void *address)
{
	(void)*byte_at(address);
}

static inline void write_byte(void *address)
{
	*byte_at(address) = 0x5a;
}

/* The architecture's fault of an access to `address`, whichever number and code it has there.
 */
static inline bool is_access_fault(struct fault fault, const void *address)
{
	return fault.kind && (fault.fields & FAULT_ADDRESS) && fault.address == (ulong)address;
}

#endif
