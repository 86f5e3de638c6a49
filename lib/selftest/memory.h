/* SPDX-License-Identifier: MIT */
/* Single accesses to memory as functions for fault_of() and run_user(), and what they come to.
 */
#ifndef ASSAY_SELFTEST_MEMORY_H
#define ASSAY_SELFTEST_MEMORY_H

#include <arch/fault.h>
#include <harness/fault.h>
#include <mm/page.h>
#include <mm/space.h>
#include <types.h>

/* <arch/fault.h> may say that faults do not tell addresses within so many bytes apart. */
#ifndef FAULT_ADDRESS_UNIT
#define FAULT_ADDRESS_UNIT 1ul
#endif

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
	return fault.kind && (fault.fields & FAULT_ADDRESS) &&
	       fault.address == ALIGN_DOWN((ulong)address, FAULT_ADDRESS_UNIT);
}

/* A virtual address that area_map() maps one to one in the kernel's space, with what is around it, if it
 * is not yet; aligned to every kind of page. */
#define AREA ((ulong)(2 * GiB))

static inline void area_map(void)
{
	const u64 behind = MAX(8 * MiB, 2 * space_page_size(space_max_page_level()));
	phys_t phys;

	if (!space_translate(space_kernel(), AREA, &phys))
		space_map(space_kernel(), AREA - 8 * MiB, AREA - 8 * MiB, 8 * MiB + behind,
			  PROT_ALL);
}

#endif
