/* SPDX-License-Identifier: MIT */
#include <arch/fault.h>

/* Exception entry sets A, I and F; the state of I is the caller's business. */
void arch_leave_exception(void)
{
	__asm__ volatile("cpsie af" ::: "memory");
}
