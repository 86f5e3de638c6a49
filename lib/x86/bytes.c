/* SPDX-License-Identifier: MIT */
#include <x86/bytes.h>

#include <string.h>

#define OPCODE_RET 0xc3

static u8 code[BYTES_MAX + 1];

struct run {
	const void *code;
	struct registers *registers;
};

static void run_code(void *arg)
{
	struct run *run = arg;

	execute(run->code, run->registers);
}

struct fault bytes_try(u32 cpl, const u8 *bytes, size_t size, struct registers *registers)
{
	struct run run = { code, registers };

	memset(code, OPCODE_RET, sizeof(code));
	memcpy(code, bytes, size);
	return cpl ? run_user(run_code, &run) : fault_of(run_code, &run);
}

ulong bytes_address(void)
{
	return (ulong)code;
}
