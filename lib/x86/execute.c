/* SPDX-License-Identifier: MIT */
#include <x86/execute.h>

#include <mm/page.h>
#include <string.h>

#define NOP	 0x90
#define JMP_NEAR 0xe9

/* Two pages of NOPs, guarded, and a RET after them. Self-modifying code has no pages but these. */
static u8 *area(void)
{
	const void *code = CODE(".balign 4096, 0x90; .skip 8192, 0x90");

	return (u8 *)ALIGN_UP((ulong)code, (ulong)PAGE_SIZE);
}

static const void *last_code;

const void *code_bytes(const u8 *bytes, u32 size)
{
	u8 *end = area() + 2 * PAGE_SIZE;

	memcpy(end - size, bytes, size);
	last_code = end - size;
	return last_code;
}

const void *code_bytes_last(void)
{
	return last_code;
}

const void *code_bytes_across(const u8 *bytes, u32 size, u32 before, u8 **page)
{
	u8 *at = area() + PAGE_SIZE - before;
	u8 *behind = at + size;
	u32 distance = (u32)(area() + 2 * PAGE_SIZE - behind - 5);

	memcpy(at, bytes, size);
	behind[0] = JMP_NEAR;
	memcpy(behind + 1, &distance, sizeof(distance));
	*page = area() + PAGE_SIZE;
	return at;
}
