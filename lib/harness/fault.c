/* SPDX-License-Identifier: MIT */
#include <harness/fault.h>

#include <arch/fault.h>
#include <arch/user.h>
#include <harness/run.h>
#include <setjmp.h>
#include <sys/cpu.h>

struct guard {
	jmp_buf resume;
	struct guard *outer;
	struct fault fault;
	ulong irq_state;
};

/* An instruction (or a few) whose fault is a value; emitted by the GUARDED() of <arch/fault.h>. */
struct guarded_code {
	s32 start; /* relative to the address of this field */
	s32 end;
};

extern const struct guarded_code guarded_code_start[], guarded_code_end[];

bool fault_matches(struct fault expected, struct fault actual)
{
	if (expected.kind != actual.kind)
		return false;
	if (expected.fields & ~actual.fields)
		return false;
	if ((expected.fields & FAULT_CODE) && expected.code != actual.code)
		return false;
	return !(expected.fields & FAULT_ADDRESS) || expected.address == actual.address;
}

void fault_clear(void)
{
	this_cpu()->fault = NO_FAULT;
}

struct fault fault_taken(void)
{
	return this_cpu()->fault;
}

/*
 * Where to go on after a fault at `ip` inside guarded code, or 0 if it was not guarded. A trap is
 * reported with the address behind its instruction, which is the end of the guarded code.
 */
static ulong guarded_code_resume(ulong ip)
{
	for (const struct guarded_code *code = guarded_code_start; code < guarded_code_end;
	     code++) {
		ulong start = (ulong)&code->start + (ulong)(long)code->start;
		ulong end = (ulong)&code->end + (ulong)(long)code->end;

		if (ip >= start && ip <= end)
			return end;
	}
	return 0;
}

static void guard_push(struct guard *guard)
{
	struct cpu *cpu = this_cpu();

	guard->fault = NO_FAULT;
	guard->irq_state = arch_irq_save();
	arch_irq_restore(guard->irq_state);
	guard->outer = cpu->guard;
	cpu->guard = guard;
}

static struct fault guard_pop(struct guard *guard)
{
	this_cpu()->guard = guard->outer;
	arch_irq_restore(guard->irq_state);
	return guard->fault;
}

struct fault fault_of(void (*fn)(void *arg), void *arg)
{
	struct guard guard;

	guard_push(&guard);
	if (setjmp(guard.resume) == 0)
		fn(arg);
	return guard_pop(&guard);
}

struct fault run_user(void (*fn)(void *arg), void *arg)
{
	struct guard guard;

	guard_push(&guard);
	if (setjmp(guard.resume) == 0)
		arch_enter_user(fn, arg);
	return guard_pop(&guard);
}

void fault_user_returned(void)
{
	longjmp(this_cpu()->guard->resume, 1);
}

void fault_reset(void)
{
	this_cpu()->guard = NULL;
	this_cpu()->fault = NO_FAULT;
}

void fault_dispatch(struct trap_frame *frame, struct fault fault)
{
	struct cpu *cpu = this_cpu();
	ulong resume = guarded_code_resume(trap_frame_ip(frame));

	if (resume) {
		cpu->fault = fault;
		trap_frame_set_ip(frame, resume);
		return;
	}
	if (cpu->guard) {
		cpu->guard->fault = fault;
		arch_leave_exception();
		longjmp(cpu->guard->resume, 1);
	}
	run_unexpected_fault(frame, fault);
}
