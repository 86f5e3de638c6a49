/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_S390X_ARCH_USER_H
#define ASSAY_S390X_ARCH_USER_H

#include <types.h>

/*
 * Calls fn(arg) in problem state, key 0, on a stack of its own. Does not return: fn's return leads to
 * fault_user_returned(), an interruption to fault_dispatch().
 */
void arch_enter_user(void (*fn)(void *arg), void *arg) __noreturn;

#endif
