/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_X86_ARCH_USER_H
#define ASSAY_X86_ARCH_USER_H

#include <types.h>

/*
 * Calls fn(arg) at CPL 3 on a stack of its own. Does not return: fn's return leads to
 * fault_user_returned(), an exception to fault_dispatch().
 */
void arch_enter_user(void (*fn)(void *arg), void *arg) __noreturn;

#endif
