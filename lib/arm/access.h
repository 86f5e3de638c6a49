/* SPDX-License-Identifier: MIT */
/*
 * One access each, for fault_of() and run_user(): EXPECT_FAULT(..., run_user(access_read, page)). The
 * argument is the address.
 */
#ifndef ASSAY_ARM_ACCESS_H
#define ASSAY_ARM_ACCESS_H

#include <types.h>

/* Loads, stores (zero) 32 bits. */
void access_read(void *address);
void access_write(void *address);

/* Calls the code at `address`. */
void access_execute(void *address);

/* Writes code that returns at once to `address`, which is mapped as writable. */
void access_put_return(void *address);

/* Expects that each of the three, at both privileges, is an abort with this fault status code there. */
void access_expect_aborts(u32 status, ulong address);

#endif
