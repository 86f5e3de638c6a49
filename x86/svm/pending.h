/* SPDX-License-Identifier: MIT */
/* Interrupts and NMIs that this CPU would take as soon as it may. */
#ifndef SVM_PENDING_H
#define SVM_PENDING_H

#include "intercept.h"

#include <sys/time.h>
#include <x86/apic.h>
#include <x86/irq.h>

#define VECTOR_1 0x51

/* NMIs that have come in the host since pending_record_nmis(). */
extern u32 pending_nmis;
void pending_record_nmis(void);
void pending_send_nmi(void);

/* An interrupt of VECTOR_1, which irq_taken() counts. */
void pending_make(void);

#endif
