/* SPDX-License-Identifier: MIT */
/* Three spaces that differ in one page, and instructions that move between them. */
#ifndef ASSAY_S390X_SPACE_SPACES_H
#define ASSAY_S390X_SPACE_SPACES_H

#include <s390x/cr.h>
#include <s390x/execute.h>
#include <test.h>

/* In each space, these two pages are others; the page after them is in none. */
#define WINDOW	   ((u8 *)(64 * GiB))
#define WINDOW_END (WINDOW + 2 * PAGE_SIZE)

enum which_space { PRIMARY, SECONDARY, HOME, SPACES };

/* Of each space: the ASCE, and its two pages as the primary space has them. */
struct spaces {
	u64 asce[SPACES];
	u8 *pages[SPACES];
};

/* Bytes that differ from page to page are in all of them, each time. */
struct spaces make_spaces(void);

/*
 * Executes an instruction with these spaces in CR1, CR7 and CR13 and with `controls` in CR0 besides what is
 * there, and then has the kernel's again.
 */
struct fault execute_in_spaces(const struct spaces *s, u64 controls, const u8 *bytes, u32 size,
			       struct execution *e);

#endif
