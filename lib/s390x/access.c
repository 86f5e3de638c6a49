/* SPDX-License-Identifier: MIT */
#include <s390x/access.h>

static void call(void *address)
{
	__asm__ volatile("basr %%r14,%0" : : "a"(address) : "r14", "cc", "memory");
}

struct fault call_try(ulong address)
{
	return fault_of(call, (void *)address);
}
