/* SPDX-License-Identifier: MIT */
#include <arm/execute.h>

#include <arm/trap.h>
#include <mm/page.h>
#include <mm/space.h>

_Static_assert(__builtin_offsetof(struct arm_registers, kernel) == REGISTERS_KERNEL,
	       "execute_64.S knows the layout");
_Static_assert(__builtin_offsetof(struct arm_registers, has_pan) == REGISTERS_PAN,
	       "execute_64.S knows the layout");

/* Nothing else is within the reach of a direct branch from here. */
#define CODE_ALIAS 0x2bc000000000ul

#define INSN_SIZE 4

void execute_enter(struct arm_registers *registers, u64 spsr);

ulong arm_code(const u32 *code, u32 count)
{
	static u32 *pages;
	phys_t phys;

	/* Pages are a case's: after its end, the alias is gone with them. */
	if (!space_translate(space_kernel(), CODE_ALIAS, &phys)) {
		pages = pages_alloc(CODE_PAGES_MAX, PAGE_SIZE);
		space_map(space_kernel(), CODE_ALIAS, (ulong)pages, CODE_PAGES_MAX * PAGE_SIZE,
			  PROT_USER | PROT_EXEC);
	}
	for (u32 i = 0; i < ALIGN_UP(count + 1, 1024u) && i < CODE_WORDS_MAX; i++)
		pages[i] = i < count ? code[i] : EXECUTE_END;
	sync_code(pages, ALIGN_UP(count + 1, 1024u) * INSN_SIZE);
	sync_code((void *)CODE_ALIAS, ALIGN_UP(count + 1, 1024u) * INSN_SIZE);
	return CODE_ALIAS;
}

struct fault arm_run(enum arm_el el, ulong address, struct arm_registers *r)
{
	struct trap_frame frame;
	u64 spsr;

	r->pc = address;
	if (el == ARM_EL0_A32)
		spsr = (r->pstate & ~(PSTATE_MODE | PSTATE_DAIF)) |
		       ((PSTATE_DAIF & ~PSTATE_D) & ~r->unmasked) | PSTATE_AARCH32;
	else
		spsr = (r->pstate & ~(PSTATE_MODE | PSTATE_DAIF)) | (PSTATE_DAIF & ~r->unmasked) |
		       (el == ARM_EL1 ? PSTATE_EL1T : PSTATE_EL0);
	execute_enter(r, spsr);
	frame = (struct trap_frame){ .esr = r->esr, .far = r->far, .vector = r->vector };
	if ((r->vector & 3) == VECTOR_SYNC && r->esr >> 26 == EC_SVC_A32 &&
	    (r->pstate & PSTATE_T) && (r->esr & 0xffff) == EXECUTE_END_IMM_T32) {
		r->pc -= 2;
		return NO_FAULT;
	}
	if ((r->vector & 3) == VECTOR_SYNC &&
	    (r->esr >> 26 == EC_SVC || r->esr >> 26 == EC_SVC_A32) &&
	    (r->esr & 0xffff) == EXECUTE_END_IMM) {
		r->pc -= INSN_SIZE;
		return NO_FAULT;
	}
	return trap_fault(&frame);
}

struct fault arm_execute(enum arm_el el, const u32 *code, u32 count, struct arm_registers *r)
{
	return arm_run(el, arm_code(code, count), r);
}
