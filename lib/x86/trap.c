/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts, from the stubs of trap_*.S to whoever wants them. */
#include <x86/trap.h>

#include <string.h>
#include <sys/cpu.h>
#include <x86/cr.h>

static void (*handlers[256])(struct trap_frame *frame);
static trap_taker *defaults[256];
static trap_taker *filters[MAX_CPUS];
static struct trap_frame last_frames[MAX_CPUS];

void trap_handle(struct trap_frame *frame);

void trap_set_handler(u32 vector, trap_handler *handler)
{
	handlers[vector] = handler;
}

void trap_clear_handlers(void)
{
	memset(handlers, 0, sizeof(handlers));
}

void trap_set_default(u32 vector, trap_taker *taker)
{
	defaults[vector] = taker;
}

void trap_set_filter(trap_taker *filter)
{
	filters[this_cpu()->number] = filter;
}

void trap_note(const struct trap_frame *frame)
{
	last_frames[this_cpu()->number] = *frame;
}

const struct trap_frame *trap_last_frame(void)
{
	return &last_frames[this_cpu()->number];
}

/* True for the exceptions that push an error code: SDM vol. 3A, table 6-1. */
static bool has_error_code(u32 vector)
{
	switch (vector) {
	case VEC_DF:
	case VEC_TS:
	case VEC_NP:
	case VEC_SS:
	case VEC_GP:
	case VEC_PF:
	case VEC_AC:
	case VEC_CP:
		return true;
	default:
		return false;
	}
}

struct fault trap_fault(const struct trap_frame *frame)
{
	u32 vector = (u32)frame->vector;
	struct fault fault = { .kind = vector + 1 };

	if (has_error_code(vector)) {
		fault.fields |= FAULT_CODE;
		fault.code = frame->error;
	}
	if (vector == VEC_PF) {
		fault.fields |= FAULT_ADDRESS;
		fault.address = read_cr2();
	}
	return fault;
}

static bool taken_by(trap_taker *taker, struct trap_frame *frame)
{
	return taker && taker(frame);
}

void trap_handle(struct trap_frame *frame)
{
	u32 cpu = this_cpu()->number, vector = (u32)frame->vector;
	struct fault fault = trap_fault(frame);

	if (taken_by(filters[cpu], frame))
		return;
	if (handlers[vector]) {
		handlers[vector](frame);
		return;
	}
	if (taken_by(defaults[vector], frame))
		return;
	if (vector == VEC_USER_RETURN && (frame->cs & 3) == 3)
		fault_user_returned();
	trap_note(frame);
	last_frames[cpu].sp = trap_frame_sp(frame);
	last_frames[cpu].ss = trap_frame_ss(frame);
	fault_dispatch(frame, fault);
}
