/* SPDX-License-Identifier: MIT */
#include <x86/execute.h>

#include <mm/page.h>
#include <string.h>

/* What run_user() passes on; the guard's fault is taken at CPL 3, too, as all memory is open to it. */
struct user_run {
	const void *code;
	struct registers *registers;
	struct fault fault;
};

static void run_at_user(void *arg)
{
	struct user_run *run = arg;

	run->fault = execute_try(run->code, run->registers);
}

struct fault execute_user_try(const void *code, struct registers *registers)
{
	struct user_run run = { code, registers, NO_FAULT };
	struct fault outside = run_user(run_at_user, &run);

	return outside.kind ? outside : run.fault;
}

#define NOP	 0x90
#define JMP_NEAR 0xe9

/* Two pages of NOPs, guarded, and a RET after them. Self-modifying code has no pages but these. */
static u8 *area(void)
{
	const void *code = CODE(".balign 4096, 0x90; .skip 8192, 0x90");

	return (u8 *)ALIGN_UP((ulong)code, (ulong)PAGE_SIZE);
}

const void *code_bytes(const u8 *bytes, u32 size)
{
	u8 *end = area() + 2 * PAGE_SIZE;

	memcpy(end - size, bytes, size);
	return end - size;
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
