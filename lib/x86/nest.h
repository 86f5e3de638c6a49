/* SPDX-License-Identifier: MIT */
/* Which hypervisor in the image its CPUs are guests of: machine_become_guest() of <arch/machine.h>. */
#ifndef ASSAY_X86_NEST_H
#define ASSAY_X86_NEST_H

#include <types.h>

/* Makes a CPU that has just been started a guest, if the one that runs the cases is. */
void nest_join(void);

/* True where the CPUs are guests; what is hidden from them (EFER.SVME, for one) is set all the same. */
bool nest_is_guest(void);

#endif
