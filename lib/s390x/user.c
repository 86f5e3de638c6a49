/* SPDX-License-Identifier: MIT */
#include <arch/user.h>

#include <s390x/lowcore.h>
#include <s390x/psw.h>
#include <sys/cpu.h>

void enter_user_asm(void (*fn)(void *arg), void *arg, void *stack,
		    const struct psw *psw) __noreturn;

void arch_enter_user(void (*fn)(void *arg), void *arg)
{
	struct psw psw = { PSW_KERNEL | PSW_PROBLEM, (ulong)fn };

	/* Handlers of what happens there go on below this frame, if this is a handler itself. */
	store_real(LC_USER_ENTRY_STACK, (ulong)__builtin_frame_address(0) - 1024);
	enter_user_asm(fn, arg, this_cpu()->arch.user_stack_top, &psw);
}
