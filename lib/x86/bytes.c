/* SPDX-License-Identifier: MIT */
#include <x86/bytes.h>

static const void *code;

struct fault bytes_try(u32 cpl, const u8 *bytes, size_t size, struct registers *registers)
{
	struct registers after = *registers;
	struct fault fault;

	code = code_bytes(bytes, (u32)size);
	fault = cpl ? execute_user_try(code, &after) : execute_try(code, &after);
	if (!fault.kind)
		*registers = after;
	return fault;
}

ulong bytes_address(void)
{
	return (ulong)code;
}
