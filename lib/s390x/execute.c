/* SPDX-License-Identifier: MIT */
#include <s390x/execute.h>

#include <s390x/cr.h>
#include <s390x/execute_area.h>
#include <string.h>

/* Virtual and real page 1 are the same, so that this is what execute.S sees. */
#define AREA ((struct execute_area *)X_GPR)

extern u8 execute_slot[X_SLOT_SIZE], execute_slot_end[], execute_target_slot[8];
void execute_asm(void);

ulong execute_address(u32 size)
{
	return (ulong)execute_slot_end - size;
}

/* The bytes at the end of the slot, and a branch to them at its beginning. */
static void place(const u8 *bytes, u32 size)
{
	u32 distance = X_SLOT_SIZE - size;
	u8 branch[4] = { 0xa7, 0xf4, 0, (u8)(distance / 2) };
	u8 *at = execute_slot_end - size;

	/* What is there already need not be translated again. */
	if (memcmp(at, bytes, size))
		memcpy(at, bytes, size);
	if (memcmp(execute_slot, branch, sizeof(branch)))
		memcpy(execute_slot, branch, sizeof(branch));
}

static void load(const struct execution *e)
{
	u64 mask = e->psw ? e->psw : PSW_KERNEL;

	memcpy(AREA->gpr, e->gpr, sizeof(e->gpr));
	AREA->cc = e->cc << 28 | e->pm << 24;
	AREA->flags = e->flags;
	AREA->problem = !!(mask & PSW_PROBLEM);
	AREA->entry.mask = mask;
	AREA->exit.mask = PSW_KERNEL;
	if (e->flags & EXECUTE_AR)
		memcpy(AREA->ar, e->ar, sizeof(e->ar));
	if (e->flags & (EXECUTE_FP | EXECUTE_VECTOR))
		AREA->fpc = e->fpc;
	if (e->flags & EXECUTE_VECTOR)
		memcpy(AREA->vr, e->vr, sizeof(e->vr));
	else if (e->flags & EXECUTE_FP)
		memcpy(AREA->fpr, e->fpr, sizeof(e->fpr));
}

static void store(struct execution *e)
{
	memcpy(e->gpr, AREA->gpr, sizeof(e->gpr));
	e->cc = AREA->cc >> 28;
	e->pm = AREA->cc >> 24 & 0xf;
	if (e->flags & EXECUTE_AR)
		memcpy(e->ar, AREA->ar, sizeof(e->ar));
	if (e->flags & (EXECUTE_FP | EXECUTE_VECTOR))
		e->fpc = AREA->fpc;
	if (e->flags & EXECUTE_VECTOR)
		memcpy(e->vr, AREA->vr, sizeof(e->vr));
	else if (e->flags & EXECUTE_FP)
		memcpy(e->fpr, AREA->fpr, sizeof(e->fpr));
}

static u64 controls_for(u32 flags)
{
	if (flags & EXECUTE_CONTROL)
		return 0;
	if (flags & EXECUTE_VECTOR)
		return CR0_AFP | CR0_VECTOR;
	return flags & EXECUTE_FP ? CR0_AFP : 0;
}

static void execute_in_problem_state(void *arg)
{
	(void)arg;
	execute_asm();
}

struct fault execute(const void *bytes, u32 size, struct execution *e)
{
	u64 controls = controls_for(e->flags), cr0 = 0;

	place(bytes, size);
	load(e);
	if (controls) {
		cr0 = read_cr(0);
		write_cr(0, cr0 | controls);
	}
	fault_clear();
	if (AREA->problem)
		run_user(execute_in_problem_state, NULL);
	else
		execute_asm();
	if (controls)
		write_cr(0, cr0);
	store(e);
	return fault_taken();
}

ulong execute_target_address(void)
{
	return (ulong)execute_target_slot;
}

struct fault execute_target(enum execute_by by, const void *bytes, u32 size, u8 or,
			    struct execution *e)
{
	u8 r1 = or ? 15 : 0;
	u8 code[6] = { 0x44, (u8)(r1 << 4), 0xe0, 0 };
	u32 length = 4, distance;

	if (memcmp(execute_target_slot, bytes, size))
		memcpy(execute_target_slot, bytes, size);
	if (by == EXECUTE_BY_EX) {
		e->gpr[14] = (ulong)execute_target_slot;
	} else {
		length = 6;
		distance = (u32)(((ulong)execute_target_slot - execute_address(6)) / 2);
		code[0] = 0xc6;
		code[1] = (u8)(r1 << 4);
		memcpy(code + 2, &distance, sizeof(distance));
	}
	/* Only the last byte counts. */
	if (or)
		e->gpr[15] = 0x0123456789abcd00 | or ;
	return execute(code, length, e);
}
