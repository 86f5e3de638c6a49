/* SPDX-License-Identifier: MIT */
#include <arch/user.h>

#include <sys/cpu.h>

void enter_user_asm(void (*fn)(void *arg), void *arg, void *stack, ulong *tss_sp0) __noreturn;

void arch_enter_user(void (*fn)(void *arg), void *arg)
{
	struct cpu *cpu = this_cpu();
#ifdef __x86_64__
	void *sp0 = (u8 *)&cpu->arch.tss + offsetof(struct tss, rsp);
#else
	void *sp0 = (u8 *)&cpu->arch.tss + offsetof(struct tss, ring);
#endif

	enter_user_asm(fn, arg, cpu->arch.user_stack_top, sp0);
}
