/* SPDX-License-Identifier: MIT */
/*
 * Writes that are to be refused, tried on another CPU where there is one: a VMM that takes them amiss
 * may lose that CPU for good, but not the case.
 */
#ifndef ASSAY_SYS_OTHER_H
#define ASSAY_SYS_OTHER_H

#include <test.h>

/*
 * Writes the control register, CR3 or CR4, with what it holds on that CPU with the bits of `set` set and
 * those of `clear` cleared. Expects #GP(0), and that it then reads as before. A CPU that is lost ends
 * the case.
 */
void expect_cr3_refused(ulong set);
void expect_cr4_refused(ulong set, ulong clear);

#endif
