/* SPDX-License-Identifier: MIT */
#include <arch/user.h>

#include <sys/cpu.h>

void enter_user_asm(void (*fn)(void *arg), void *arg, void *stack) __noreturn;

void arch_enter_user(void (*fn)(void *arg), void *arg)
{
	enter_user_asm(fn, arg, this_cpu()->arch.user_stack_top);
}
