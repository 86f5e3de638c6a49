/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_ARM_ARCH_USER_H
#define ASSAY_ARM_ARCH_USER_H

#include <types.h>

/*
 * Calls fn(arg) at EL0 (AArch32: User mode) on a stack of its own, with the exceptions masked that are
 * masked now. Does not return: fn's return leads to fault_user_returned(), an exception to
 * fault_dispatch().
 */
void arch_enter_user(void (*fn)(void *arg), void *arg) __noreturn;

#endif
