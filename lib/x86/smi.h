/* SPDX-License-Identifier: MIT */
/*
 * SMIs of a machine whose SMBASE is that of reset, with memory there that is not only for SMM: SDM vol. 3C, 34.3 to 34.5.
 * The handler counts, notes CR4, and goes back.
 */
#ifndef ASSAY_X86_SMI_H
#define ASSAY_X86_SMI_H

#include <types.h>

/* True if an SMI that this CPU sends itself comes to that handler: for REQUIRES(). */
bool smi_works(void);

/* Puts the handler where the CPU enters SMM; nothing counted yet. */
void smi_prepare(void);

/* To this CPU, by its local APIC. */
void smi_send(void);

/* SMIs since smi_prepare(), and CR4 in SMM at the last one. */
u32 smi_count(void);
u32 smi_cr4(void);

/* In ICR. */
#define ICR_SMI (2u << 8)

#endif
