/* SPDX-License-Identifier: MIT */
/* What of spaces knows the kernel's own: the way back to it, and what user code needs of it. */
#include <mm/space.h>
#include <sys/cpu.h>
#include <x86/cr.h>
#include <x86/paging.h>

/* What keeps the kernel from its own user pages, and what keeps CR3's low bits from being zeros, first. */
void paging_reset(void)
{
	const ulong cr4 = read_cr4();

	if (cr4 & CR4_PCIDE)
		write_cr3(read_cr3() & ~0xffful);
	write_cr4(cr4 & ~(CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_PKS));
	space_switch(space_kernel());
}

void arch_space_grant_user(struct space *space)
{
	space_grant_user(space, (ulong)user_text_start, (u64)(user_text_end - user_text_start));
	for (u32 number = 0; number < cpu_count(); number++)
		space_grant_user(
			space, (ulong)cpu_by_number(number)->arch.user_stack_top - USER_STACK_SIZE,
			USER_STACK_SIZE);
}
