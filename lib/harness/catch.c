/* SPDX-License-Identifier: MIT */
/* Code whose fault is a value: one guarded instruction, or a function with a landing around it. */
#include <harness/fault.h>

#include <arch/fault.h>
#include <arch/user.h>
#include <harness/ktap.h>
#include <harness/verdict.h>
#include <sys/cpu.h>
#include <sys/landing.h>

/* An instruction (or a few) whose fault is a value; emitted by the GUARDED() of <arch/fault.h>. */
struct guarded_code {
	s32 start; /* relative to the address of this field */
	s32 end;
};

extern const struct guarded_code guarded_code_start[], guarded_code_end[];

/*
 * Where to go on after a fault at `ip` inside guarded code, or 0 if it was not guarded. A trap is
 * reported with the address after its instruction, which is the end of the guarded code.
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

struct fault fault_of(void (*fn)(void *arg), void *arg)
{
	struct landing landing = { .kind = LANDING_FAULT };

	if (landing_set(&landing))
		fn(arg);
	return landing_clear(&landing);
}

struct fault run_user(void (*fn)(void *arg), void *arg)
{
	struct landing landing = { .kind = LANDING_FAULT };

	if (landing_set(&landing))
		arch_enter_user(fn, arg);
	return landing_clear(&landing);
}

void fault_user_returned(void)
{
	landing_fault(NO_FAULT);
}

void fault_unexpected(const struct trap_frame *frame, struct fault fault)
{
	char text[96];

	case_failed();
	fault_describe(fault, text, sizeof(text));
	ktap_note("unexpected exception: %s", text);
	trap_frame_print(frame);
	arch_leave_exception();
	landing_end();
}

void fault_dispatch(struct trap_frame *frame, struct fault fault)
{
	ulong resume = guarded_code_resume(trap_frame_ip(frame));

	if (resume) {
		this_cpu()->fault = fault;
		trap_frame_set_ip(frame, resume);
		return;
	}
	if (landing_takes_faults()) {
		arch_leave_exception();
		landing_fault(fault);
	}
	fault_unexpected(frame, fault);
}
