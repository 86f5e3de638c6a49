/* SPDX-License-Identifier: MIT */
/*
 * The four privilege levels: SDM vol. 3A, 5.5. Levels 1 and 2 have descriptors of their own, in the last spare
 * entries of the GDT.
 */
#ifndef ASSAY_X86_RING_H
#define ASSAY_X86_RING_H

#include <arch/fault.h>
#include <types.h>

/* The spare entries that a test can fill itself while it uses levels 1 and 2. */
#define RING_SPARES (GDT_SPARES - 4)

/* Flat code of the kernel's size, and flat writable data, of this DPL; RPL = DPL. */
u16 ring_code_selector(u32 cpl);
u16 ring_data_selector(u32 cpl);

/* Runs fn(arg) at CPL 1 or 2, as run_user() does at 3; run_in() is for all places. i386: DS and ES are of DPL 3. */
struct fault ring_run(u32 cpl, void (*fn)(void *arg), void *arg);

#endif
