/* SPDX-License-Identifier: MIT */
#include "stage1.h"

#include <mm/page.h>

/* LDR w1, [x0]; STR w1, [x0]; LDTR w1, [x0]; STTR w1, [x0] */
static const u32 accesses[] = {
	[STAGE1_READ] = 0xb9400001,
	[STAGE1_WRITE] = 0xb9000001,
	[STAGE1_READ_UNPRIVILEGED] = 0xb8400801,
	[STAGE1_WRITE_UNPRIVILEGED] = 0xb8000801,
};

#define REGISTERS_VA (STAGE1_VA - PAGE_SIZE)
#define CODE_VA	     (STAGE1_VA - 2 * PAGE_SIZE)

struct arm_registers *stage1_registers(void)
{
	phys_t phys;
	u32 *code;

	/* What the last case had is gone. */
	if (space_translate(space_kernel(), REGISTERS_VA, &phys))
		return (struct arm_registers *)REGISTERS_VA;
	space_map(space_kernel(), REGISTERS_VA, (ulong)page_alloc(), PAGE_SIZE, PROT_WRITE);
	code = page_alloc();
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		code[2 * i] = accesses[i];
		code[2 * i + 1] = EXECUTE_END;
	}
	sync_code(code, PAGE_SIZE);
	space_map(space_kernel(), CODE_VA, (ulong)code, PAGE_SIZE, PROT_USER | PROT_EXEC);
	return (struct arm_registers *)REGISTERS_VA;
}

struct fault stage1_access(enum arm_el el, enum stage1_access access, ulong address, u64 pstate)
{
	struct arm_registers *r = stage1_registers();

	r->x[0] = address;
	r->x[1] = EXECUTE_END;
	r->pstate = pstate;
	r->has_pan = has_pan();
	return arm_run(el, access == STAGE1_FETCH ? address : CODE_VA + 8 * access, r);
}

struct fault stage1_abort(enum arm_el el, enum stage1_access access, ulong address, u32 status)
{
	if (access == STAGE1_FETCH)
		return el == ARM_EL1 ? INSTRUCTION_ABORT(status, address)
				     : INSTRUCTION_ABORT_LOWER(status, address);
	if (access == STAGE1_WRITE || access == STAGE1_WRITE_UNPRIVILEGED)
		status |= ABORT_WRITE;
	return el == ARM_EL1 ? DATA_ABORT(status, address) : DATA_ABORT_LOWER(status, address);
}

u32 *stage1_page(void)
{
	u32 *page = page_alloc();

	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		page[i] = EXECUTE_END;
	sync_code(page, PAGE_SIZE);
	return page;
}
