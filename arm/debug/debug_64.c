/* SPDX-License-Identifier: MIT */
#include "debug.h"

#include <arm/sysreg.h>

/* MSR S2_0_C0_C<n>_<op2>, x0 */
static void set(u32 n, u32 op2, u64 value)
{
	const u32 code[] = { 0xd5100000u | n << 8 | op2 << 5, 0xd5033fdf /* ISB */ };
	struct arm_registers r = { .x = { value } };

	arm_execute(ARM_EL1, code, 2, &r);
}

u32 breakpoints(void)
{
	return (u32)(read_sys(ID_AA64DFR0) >> 12 & 15) + 1;
}

u32 watchpoints(void)
{
	return (u32)(read_sys(ID_AA64DFR0) >> 20 & 15) + 1;
}

void set_breakpoint(u32 n, u64 address, u64 control)
{
	set(n, 5, 0);
	set(n, 4, address);
	set(n, 5, control);
}

void set_watchpoint(u32 n, u64 address, u64 control)
{
	set(n, 7, 0);
	set(n, 6, address);
	set(n, 7, control);
}

void debug_off(void)
{
	write_sys(MDSCR, 0);
	write_sys(OSLAR, 0);
	isb();
	for (u32 n = 0; n < breakpoints(); n++)
		set_breakpoint(n, 0, 0);
	for (u32 n = 0; n < watchpoints(); n++)
		set_watchpoint(n, 0, 0);
}

struct fault debug_run_masked(enum arm_el el, ulong address, struct arm_registers *r, u64 mdscr)
{
	struct fault fault;
	u64 daif = read_sys(DAIF);

	/* Here, D masks what is meant for the code. */
	write_sys(DAIF, daif | PSTATE_D);
	write_sys(MDSCR, mdscr);
	isb();
	fault = arm_run(el, address, r);
	write_sys(MDSCR, 0);
	isb();
	write_sys(DAIF, daif);
	return fault;
}

struct fault debug_run(enum arm_el el, ulong address, struct arm_registers *r, u64 mdscr)
{
	r->unmasked |= PSTATE_D;
	return debug_run_masked(el, address, r, mdscr);
}
