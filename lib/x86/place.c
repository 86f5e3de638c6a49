/* SPDX-License-Identifier: MIT */
#include <x86/place.h>

#include <harness/verdict.h>
#include <sys/landing.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>
#include <x86/ring.h>
#include <x86/svm/svm.h>

static struct svm_guest *guest;

void place_reset(void)
{
	guest = NULL;
}

u32 place_cpl(enum place place)
{
	switch (place) {
	case RING_1:
		return 1;
	case RING_2:
		return 2;
	case USER:
		return 3;
	default:
		return 0;
	}
}

const char *place_name(enum place place)
{
	switch (place) {
	case RING_1:
		return "ring1";
	case RING_2:
		return "ring2";
	case USER:
		return "user";
	case GUEST:
		return "guest";
	case FORCED:
		return "forced";
	case CODE_16:
		return "code16";
	case EMULATED:
		return "mmio";
	default:
		return "kernel";
	}
}

static bool has_forced_emulation(void)
{
	static enum { UNKNOWN, ABSENT, PRESENT } state;
	struct registers r = { .flags = FLAG_1 };

	if (state == UNKNOWN)
		state = execute_try(CODE(FORCED_EMULATION "nop"), &r).kind ? ABSENT : PRESENT;
	return state == PRESENT;
}

const char *place_missing(enum place place)
{
	switch (place) {
	case GUEST:
		return svm_available() ? NULL : "no SVM";
	case FORCED:
		return has_forced_emulation()
			       ? NULL
			       : "no forced emulation (KVM's parameter force_emulation_prefix)";
	case CODE_16:
		return sizeof(ulong) == 4 ? NULL : "16-bit code is run by the i386 image";
	case EMULATED:
		return mmio_window() ? NULL : "no VGA, whose memory would be emulated";
	default:
		return NULL;
	}
}

/* ---------------------------------------------------------------------------------- C functions */

struct call {
	void (*fn)(void *arg);
	void *arg;
	struct fault fault;
};

static void call_here(void *arg)
{
	struct call *call = arg;

	call->fault = fault_of(call->fn, call->arg);
}

/* The guest takes its own exceptions, by this CPU's IDT, so that a fault is a value there as it is here. */
static struct fault run_in_guest(void (*fn)(void *arg), void *arg)
{
	struct call call = { fn, arg, NO_FAULT };

	if (!guest)
		guest = svm_new(SVM_NATIVE);
	svm_reset_like_host(guest);
	svm_call(guest, call_here, &call);
	svm_run(guest);
	if (svm_exit(guest) != SVM_EXIT_VMMCALL) {
		case_error(
			"a guest that nothing is intercepted of ended by %s, exitinfo1 %#llx, exitinfo2 %#llx, rip %#llx",
			svm_exit_name(svm_exit(guest)), guest->control->exitinfo1,
			guest->control->exitinfo2, guest->save->rip);
		landing_end();
	}
	return call.fault;
}

struct fault run_in(enum place place, void (*fn)(void *arg), void *arg)
{
	switch (place) {
	case RING_1:
	case RING_2:
		return ring_run(place_cpl(place), fn, arg);
	case USER:
		return run_user(fn, arg);
	case GUEST:
		return run_in_guest(fn, arg);
	default:
		return fault_of(fn, arg);
	}
}

/* --------------------------------------------------------------------------------- instructions */

const void *code_in(enum place place, const struct code *code)
{
	switch (place) {
	case FORCED:
		return code->forced;
	case CODE_16:
		return execute16_enter(code->code16);
	default:
		return code->native;
	}
}

struct execution {
	const void *code;
	struct registers *registers;
	struct fault fault;
};

/* The guard's fault is taken there, too: all memory is open to CPL 3, and the guest has this CPU's IDT. */
static void execute_there(void *arg)
{
	struct execution *e = arg;

	e->fault = execute_try(e->code, e->registers);
}

struct fault execute_in(enum place place, const void *code, struct registers *registers)
{
	struct execution e = { code, registers, NO_FAULT };
	struct fault outside;

	if (place_cpl(place) == 0 && place != GUEST)
		return execute_try(code, registers);
	outside = run_in(place, execute_there, &e);
	return outside.kind ? outside : e.fault;
}
