/* SPDX-License-Identifier: MIT */
#include <sys/landing.h>

#include <sys/cpu.h>

static bool ending;

void landing_push(struct landing *landing)
{
	struct cpu *cpu = this_cpu();

	landing->fault = NO_FAULT;
	landing->irq_state = arch_irq_save();
	arch_irq_restore(landing->irq_state);
	landing->outer = cpu->landing;
	cpu->landing = landing;
}

struct fault landing_clear(struct landing *landing)
{
	this_cpu()->landing = landing->outer;
	arch_irq_restore(landing->irq_state);
	return landing->fault;
}

/* Takes the innermost landing off the stack and leaves its place. */
static struct landing *leave_innermost(void)
{
	struct cpu *cpu = this_cpu();
	struct landing *landing = cpu->landing;

	cpu->landing = landing->outer;
	if (landing->leave)
		landing->leave(landing);
	return landing;
}

void landing_end(void)
{
	struct landing *landing;

	do
		landing = leave_innermost();
	while (landing->kind != LANDING_END);
	longjmp(landing->resume, 1);
}

bool landing_takes_faults(void)
{
	const struct landing *landing = this_cpu()->landing;

	return landing && landing->kind == LANDING_FAULT;
}

void landing_go(struct landing *landing, struct fault fault)
{
	while (leave_innermost() != landing)
		;
	landing->fault = fault;
	longjmp(landing->resume, 1);
}

void landing_fault(struct fault fault)
{
	landing_go(this_cpu()->landing, fault);
}

void landing_request_end(void)
{
	WRITE_ONCE(ending, true);
}

void landing_withdraw_request(void)
{
	WRITE_ONCE(ending, false);
}

bool landing_is_ending(void)
{
	return READ_ONCE(ending);
}

void landing_reset(struct landing *outermost)
{
	this_cpu()->landing = outermost;
}
