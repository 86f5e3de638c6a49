/* SPDX-License-Identifier: MIT */
#include "trap.h"

#include <harness/case.h>
#include <harness/expect.h>
#include <mm/page.h>
#include <string.h>

#define MAX_OTHERS 8

struct context {
	struct el2_setting settings[MAX_OTHERS + 1];
	struct arm_registers in;
	enum arm_el el;
	ulong at;
	u32 count;
};

/* What x1 is to have: for MSR the register's value, so that the write changes nothing. */
static u64 operand(const struct el2_trap *trap)
{
	const struct sysreg *reg = trap->key == NO_KEY ? NULL : sysreg_find(trap->key);
	struct arm_registers r = { 0 };

	if (trap->address)
		return (ulong)page_alloc();
	if (trap->key == KEY(3, 0, 12, 0, 0))
		return (ulong)el2_guest_vectors;
	if (reg && (reg->access & READS)) {
		const u32 code[] = { MRS_OF(trap->key, 1u) };

		EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 1, &r));
	}
	return r.x[1];
}

static bool is_there(const struct el2_trap *trap)
{
	return (!trap->present || trap->present()) &&
	       (trap->key == NO_KEY || sysreg_find(trap->key) || sysreg_is_id(trap->key));
}

static void expect_trapped(const struct el2_trap *trap, struct context *c, u64 bit)
{
	struct arm_registers r = c->in;
	struct el2_exit exit = { 0 };
	struct fault fault = el2_run(c->settings, c->count, c->el, c->at, &r, &exit);

	EXPECT_FAULT(FAULT_CODED_((trap->class ?: EC_SYSREG), trap->iss), fault, "bit %#llx", bit);
	EXPECT_EQ(exit.level, 2, "bit %#llx", bit);
	EXPECT_EQ(r.pc, c->at, "bit %#llx", bit);
	EXPECT_EQ(r.x[1], c->in.x[1], "bit %#llx", bit);
	EXPECT_EQ(r.vector, VECTOR_FROM_EL0 + VECTOR_SYNC);
	EXPECT_EQ(r.esr & BIT(25), BIT(25), "IL");
}

void el2_check_traps(const struct el2_trap *traps, u32 count, enum el2_register reg, u64 all,
		     bool inverted, enum arm_el el, const struct el2_setting *others,
		     u32 other_count)
{
	u64 base = el2_read(reg);

	ASSERT_LE(other_count, MAX_OTHERS);
	for (u32 i = 0; i < count; i++) {
		const struct el2_trap *trap = &traps[i];
		struct context c = { .el = el, .count = other_count + 1 };
		struct el2_exit exit = { 0 };
		struct arm_registers r;
		struct fault fault;
		u64 *value = &c.settings[other_count].value;

		SUBTEST("%s", trap->name);
		if (!is_there(trap)) {
			SKIP_ROW("this CPU does not have it");
			continue;
		}
		memcpy(c.settings, others, other_count * sizeof(*others));
		c.settings[other_count].reg = reg;
		c.in.x[1] = operand(trap);
		c.at = arm_code(&trap->insn, 1);
		for_each_set_bit(bit, trap->traps) {
			*value = inverted ? base & ~BIT(bit) : base | BIT(bit);
			expect_trapped(trap, &c, BIT(bit));
		}
		*value = inverted ? base & ~(all & ~trap->traps) : base | (all & ~trap->traps);
		r = c.in;
		fault = el2_run(c.settings, c.count, el, c.at, &r, &exit);
		/* With FEAT_FPAC what is authenticated here fails. */
		if (fault.kind != EC_PAC_FAIL + 1)
			EXPECT_NO_FAULT(fault, "without %#llx", trap->traps);
		EXPECT_EQ(exit.level, 1, "without %#llx", trap->traps);
	}
}
