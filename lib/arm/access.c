/* SPDX-License-Identifier: MIT */
#include <arm/access.h>

#include <arch/space.h>
#include <arm/io.h>

void access_read(void *address)
{
	read32((ulong)address);
}

void access_write(void *address)
{
	write32((ulong)address, 0);
}

void access_execute(void *address)
{
	((void (*)(void))address)();
}

void access_put_return(void *address)
{
#ifdef __aarch64__
	write32((ulong)address, 0xd65f03c0); /* RET */
#else
	write32((ulong)address, 0xe12fff1e); /* BX lr */
#endif
	sync_code(address, 4);
}
