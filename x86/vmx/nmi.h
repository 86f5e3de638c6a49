/* SPDX-License-Identifier: MIT */
/* What the cases of NMIs share. */
#ifndef VMX_NMI_H
#define VMX_NMI_H

#include "checks.h"

#define HAS_VIRTUAL vmx_can(VMCS_PIN_CONTROLS, PIN_VIRTUAL_NMIS)
#define BLOCKED_NMI BIT(3)

/* IRET to the next instruction, which takes away the blocking. Word size and frame are those of the image. */
u32 nmi_put_iret(u8 *code, u8 *stack);
/* The host's own blocking, after an exit by an NMI. */
void nmi_unblock_host(void);
/* Virtual-NMI blocking ends with the guest that has it; here it is ended by the guest's IRET as well. */
void nmi_end_virtual(struct vmx_guest *g);

#endif
