/* SPDX-License-Identifier: MIT */
/* Single accesses to memory as functions for fault_of() and run_user(), and what they come to.
 */
#ifndef ASSAY_SELFTEST_MEMORY_H
#define ASSAY_SELFTEST_MEMORY_H

#include <harness/fault.h>
#include <types.h>

static inline void read_byte(void *address)
{
	(void)*(volatile u8 *)address;
}

static inline void write_byte(void *address)
{
	*(volatile u8 *)address = 0x5a;
}

/* The architecture's fault of an access to `address`, whichever number and code it has there.
 */
static inline bool is_access_fault(struct fault fault, const void *address)
{
	return fault.kind && (fault.fields & FAULT_ADDRESS) && fault.address == (ulong)address;
}

#endif
