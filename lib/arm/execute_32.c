/* SPDX-License-Identifier: MIT */
#include <arm/execute.h>

#include <arm/trap.h>
#include <mm/page.h>
#include <mm/space.h>

_Static_assert(__builtin_offsetof(struct arm_registers, kernel) == REGISTERS_KERNEL,
	       "execute_32.S knows the layout");

void execute_enter(struct arm_registers *registers, u32 cpsr);

ulong arm_code(const u32 *code, u32 count)
{
	u32 *pages = pages_alloc(CODE_PAGES_MAX, PAGE_SIZE);

	for (u32 i = 0; i < CODE_WORDS_MAX; i++)
		pages[i] = i < count ? code[i] : EXECUTE_END_A32;
	sync_code(pages, CODE_PAGES_MAX * PAGE_SIZE);
	return (ulong)pages;
}

/* LR of SVC and of an undefined instruction is after it. */
static u32 return_offset(const struct arm_registers *r)
{
	if (r->vector == VECTOR_UNDEFINED)
		return r->pstate & PSTATE_T ? 2 : 4;
	return 0;
}

struct fault arm_run(enum arm_el el, ulong address, struct arm_registers *r)
{
	struct trap_frame frame = { 0 };
	bool t32;
	u32 cpsr = ((u32)r->pstate & ~(u32)(PSTATE_MODE | PSTATE_AIF)) |
		   ((u32)PSTATE_AIF & ~(u32)r->unmasked) |
		   (el == ARM_EL0_A32 ? MODE_USR : MODE_SYS);

	r->pc = address;
	execute_enter(r, cpsr);
	r->pc -= return_offset(r);
	frame.vector = (ulong)r->vector;
	frame.fsr = (ulong)r->esr;
	frame.far = (ulong)r->far;
	frame.pc = (ulong)r->pc;
	frame.pstate = (ulong)r->pstate;
	if (r->vector == VECTOR_SVC) {
		struct fault fault = trap_fault(&frame);

		t32 = r->pstate & PSTATE_T;
		if (fault.code == (t32 ? EXECUTE_END_IMM_T32 : EXECUTE_END_IMM)) {
			r->pc -= t32 ? 2 : 4;
			return NO_FAULT;
		}
		return fault;
	}
	return trap_fault(&frame);
}

struct fault arm_execute(enum arm_el el, const u32 *code, u32 count, struct arm_registers *r)
{
	return arm_run(el, arm_code(code, count), r);
}
