/* SPDX-License-Identifier: MIT */
/* What the cases of nested paging share: APM vol. 2, 15.25. */
#ifndef SVM_NESTED_H
#define SVM_NESTED_H

#include "intercept.h"

#include <mm/page.h>
#include <mm/space.h>

/*
 * A guest under nested page tables of the host's format that map all memory one to one, with a page of
 * its own: guest-physical `address`, which is also its linear address where the guest has paging.
 */
struct nested {
	struct svm_guest *g;
	struct space *npt;   /* guest-physical to physical */
	struct space *guest; /* linear to guest-physical, of a SVM_NATIVE guest */
	u8 *page;	     /* where `address` is, physically */
	ulong address;
};

struct nested nested_new(void);

/* A guest of SVM_NATIVE mode again, with the tables as they were at first. */
void nested_reset(struct nested *n);

/* The accesses of one instruction to n->address + offset; the page has VMMCALLs. */
void nested_code(struct nested *n, enum access access, u32 offset);

/* The instruction has done it. */
bool nested_expect_access(struct nested *n, enum access access, u32 offset);

/* A nested page fault at this guest-physical address. */
bool nested_expect_fault(struct nested *n, u64 info, u64 address);

/* The bits of EXITINFO1 that an access has. */
u64 nested_info(enum access access);

extern const char *const nested_access_names[3];

#define NESTED_OFFSET 0x234

#endif
