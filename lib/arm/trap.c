/* SPDX-License-Identifier: MIT */
/* Exceptions, from the vectors of entry_*.S to whoever wants them. */
#include <arm/trap.h>

#include <arm/gic.h>
#include <string.h>
#include <sys/cpu.h>

_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "entry_*.S knows the frame's size");

static void (*handlers[VECTORS])(struct trap_frame *frame);
static struct trap_frame last_frames[MAX_CPUS];

void trap_handle(struct trap_frame *frame);

void trap_set_handler(u32 vector, void (*handler)(struct trap_frame *frame))
{
	handlers[vector] = handler;
}

void trap_clear_handlers(void)
{
	memset(handlers, 0, sizeof(handlers));
}

const struct trap_frame *trap_last_frame(void)
{
	return &last_frames[this_cpu()->number];
}

void trap_handle(struct trap_frame *frame)
{
	enum trap_type type = trap_type(frame);
	struct fault fault = trap_fault(frame);
	u32 intid;

	if (handlers[frame->vector]) {
		handlers[frame->vector](frame);
		return;
	}
	if (type == TRAP_IRQ || type == TRAP_FIQ) {
		if (type == TRAP_IRQ ? gic_handle_irq(&intid) : gic_handle_fiq(&intid))
			return;
		fault.fields = FAULT_CODE;
		fault.code = intid;
	}
	if (trap_is_user_return(frame)) {
		arch_leave_exception();
		fault_user_returned();
	}
	last_frames[this_cpu()->number] = *frame;
	fault_dispatch(frame, fault);
}
