/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_ARM_SMP_PSCI_H
#define ASSAY_ARM_SMP_PSCI_H

#include <arm/psci_start.h>

/* Names of the registers of smccc_keep(), to NULL. */
extern const char *const kept_names[KEPT_REGISTERS + 1];

#endif
