/* SPDX-License-Identifier: MIT */
#include <arm/access.h>

#include <arch/fault.h>
#include <arch/space.h>
#include <arm/io.h>
#include <harness/expect.h>

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

void access_expect_aborts(u32 status, ulong address)
{
	void *at = (void *)address;

	EXPECT_FAULT(DATA_ABORT(status, address), fault_of(access_read, at));
	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | status, address), fault_of(access_write, at));
	EXPECT_FAULT(INSTRUCTION_ABORT(status, address), fault_of(access_execute, at));
	EXPECT_FAULT(DATA_ABORT_LOWER(status, address), run_user(access_read, at));
	EXPECT_FAULT(DATA_ABORT_LOWER(ABORT_WRITE | status, address), run_user(access_write, at));
	EXPECT_FAULT(INSTRUCTION_ABORT_LOWER(status, address), run_user(access_execute, at));
}
