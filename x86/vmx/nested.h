/* SPDX-License-Identifier: MIT */
/* What the cases of EPT share: SDM vol. 3C, 28.2. */
#ifndef VMX_NESTED_H
#define VMX_NESTED_H

#include "checks.h"

#include <mm/space.h>

/*
 * A guest under EPT that maps all memory one to one, with a page of its own: guest-physical `address`, which
 * is also its linear address.
 */
struct nested {
	struct vmx_guest *g;
	struct space *ept;   /* guest-physical to physical */
	struct space *guest; /* linear to guest-physical */
	u8 *page;	     /* where `address` is, physically */
	ulong address;
	bool accessed_dirty; /* for the next nested_reset() */
};

struct nested nested_new(void);

/* A guest of the image's mode again, with the entry of the page as it was at first. */
void nested_reset(struct nested *n);

/* The accesses of one instruction to n->address + offset; the page has VMCALLs. */
void nested_code(struct nested *n, enum access access, u32 offset);

/* Runs it. The instruction has done it; or has not, and this is the exit for an access to the page. */
bool nested_expect_access(struct nested *n, enum access access, u32 offset);
bool nested_expect_violation(struct nested *n, u64 qualification, enum access access, u32 offset);
bool nested_expect_misconfiguration(struct nested *n, u32 offset);

/* The entry for the page at a level of the EPT. */
pte_t *nested_entry(struct nested *n, u32 level);

/* The EPT entry of 4 KiB that maps the memory at this address, which is one to one. */
pte_t *nested_entry_of(struct nested *n, const void *at);

void nested_flush(void);

bool nested_has_accessed_dirty(void);
/* True if the entry of the root of the EPT is the page's own, too. */
bool nested_has_own_root_entry(void);

extern const char *const nested_access_names[3];

#define NESTED_OFFSET 0x234

/* Exit qualification: table 27-7. */
#define VIOLATION_READ	      BIT(0)
#define VIOLATION_WRITE	      BIT(1)
#define VIOLATION_FETCH	      BIT(2)
#define VIOLATION_ENTRY(rwx)  ((u64)(rwx) << 3)
#define VIOLATION_LINEAR      BIT(7)
#define VIOLATION_TRANSLATION BIT(8)

/* The bits of the table that this edition has; later ones use some that are reserved here. */
#define VIOLATION_MASK (BITS(5, 0) | BITS(8, 7))

#define HAS_VE vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_VE)

/* True if VMFUNC can switch the EPTP; VM functions and a list of EPTPs for the current VMCS. */
bool nested_has_switching(void);
void nested_enable_functions(u64 functions, const u64 *list);

#endif
