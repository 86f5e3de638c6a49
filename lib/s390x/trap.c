/* SPDX-License-Identifier: MIT */
/* Interruptions, from trap.S to whoever wants them. */
#include <arch/fault.h>

#include <string.h>
#include <sys/cpu.h>

static void (*handlers[TRAP_CLASSES])(struct trap_frame *frame);
static struct trap_frame last_frames[MAX_CPUS];

extern u8 wait_resume[], user_returned[];
void trap_handle(struct trap_frame *frame);

_Static_assert(offsetof(struct trap_frame, psw) == 128, "trap.S");
_Static_assert(offsetof(struct trap_frame, info) == 144, "trap.S");
_Static_assert(offsetof(struct trap_frame, class) == 280, "trap.S");
_Static_assert(sizeof(struct trap_frame) <= 312, "trap.S");

void trap_set_handler(u32 class, void (*handler)(struct trap_frame *frame))
{
	handlers[class] = handler;
}

void trap_clear_handlers(void)
{
	memset(handlers, 0, sizeof(handlers));
}

const struct trap_frame *trap_last_frame(void)
{
	return &last_frames[this_cpu()->number];
}

/*
 * Whether the instruction was nullified: then the old PSW points at it and not after it. PoP, chapter 6,
 * figure "Interruption Action": the translation exceptions, and those of the same kind.
 */
static bool is_nullifying(u32 code)
{
	return code == 0x10 || code == 0x11 ||
	       (code >= 0x20 && code <= 0x3b && code != 0x28 && code != 0x32 && code != 0x33) ||
	       code == 0x16 || code == 0x18;
}

/* Whether locations 168-175 identify an address: PoP, chapter 3, "Translation-Exception Identification". */
static bool has_teid_address(u32 code)
{
	return code == 0x04 || code == 0x10 || code == 0x11 || (code >= 0x38 && code <= 0x3b);
}

static ulong interrupted_ip(const struct trap_frame *frame)
{
	u32 code = frame->info.pgm_code & 0x7f;

	if (frame->class == TRAP_SVC)
		return frame->psw.addr - frame->info.svc_ilc;
	if (frame->class != TRAP_PROGRAM || is_nullifying(code))
		return frame->psw.addr;
	return frame->psw.addr - frame->info.pgm_ilc;
}

static struct fault fault_of_frame(const struct trap_frame *frame)
{
	struct fault fault = { .kind = ((u32)frame->class + 1) * 0x10000 };
	u32 code = frame->info.pgm_code;

	if (frame->class == TRAP_EXTERNAL) {
		fault.kind += frame->info.ext_code;
	} else if (frame->class == TRAP_SVC) {
		fault.kind += frame->info.svc_code;
	} else if (frame->class == TRAP_PROGRAM) {
		fault.kind = code + 1;
		fault.fields = FAULT_CODE;
		fault.code = frame->info.pgm_ilc;
		if (has_teid_address(code & 0x7f)) {
			fault.fields |= FAULT_ADDRESS;
			fault.address = frame->info.teid & TEID_ADDRESS;
		}
	}
	return fault;
}

void trap_handle(struct trap_frame *frame)
{
	frame->ip = interrupted_ip(frame);
	if (frame->class == TRAP_EXTERNAL && frame->psw.addr == (ulong)wait_resume) {
		/* arch_wait_for_kick() */
		frame->psw.mask &= ~(PSW_WAIT | PSW_EXT);
		return;
	}
	if (frame->class == TRAP_SVC && frame->psw.addr == (ulong)user_returned &&
	    (frame->psw.mask & PSW_PROBLEM))
		fault_user_returned();
	if (handlers[frame->class]) {
		handlers[frame->class](frame);
		return;
	}
	last_frames[this_cpu()->number] = *frame;
	fault_dispatch(frame, fault_of_frame(frame));
}
