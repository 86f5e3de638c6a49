/* SPDX-License-Identifier: MIT */
/*
 * The image as its own guest, as lib/x86/svm/nest.h has it, under VMX with EPT and unrestricted guest.
 *
 * What exits: CPUID, so that VMX is hidden; the MSRs of VMX, and those that no bitmap has; VMX's instructions, which are
 * #UD; writes of the CR0 and CR4 bits that VMX operation fixes; INVD, XSETBV and INIT, which always exit: SDM vol. 3C, 25.1.
 * All else is the CPU's own, interrupts too. Task switches are not done.
 */
#ifndef ASSAY_X86_VMX_NEST_H
#define ASSAY_X86_VMX_NEST_H

/* Once, on CPU 0 and before the first case: a hypervisor for each CPU. Returns NULL, or what the CPU lacks. */
const char *vmx_nest_init(void);

/* After its return this CPU is in the guest, until an INIT. */
void vmx_nest_enter(void);

#endif
