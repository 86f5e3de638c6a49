/* SPDX-License-Identifier: MIT */
/* What the cases of VMRUN's checks share. */
#ifndef SVM_CONSISTENCY_H
#define SVM_CONSISTENCY_H

#include "intercept.h"

/* A guest of this mode that changes BX, and then VMMCALL. */
void consistency_set_up(struct svm_guest *g, enum svm_mode mode);

/* Runs it: VMEXIT_INVALID with nothing executed, or everything executed. */
bool consistency_expect(struct svm_guest *g, bool refused);

/* Bits of CR4 that may be set, and bits of EFER that must not, with what CPUID has. */
u64 consistency_cr4_bits(void);
u64 consistency_efer_mbz(void);

#endif
