/* SPDX-License-Identifier: MIT */
/* Guests that are interrupted all the time: nothing is lost at the borders. */
#include "checks.h"

#include <x86/storm.h>

SUITE("VMX: guests under interrupts", REQUIRES(vmx_available()));

static void start(void *guest)
{
	struct vmx_guest *g = guest;
	const enum vmx_mode mode = g->mode;

	vmx_reset(g);
	vmx_set_mode(g, mode);
	vmx_code(g, storm_code, STORM_CODE_SIZE);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT);
}

static bool step(void *guest)
{
	const struct vmx_guest *g = guest;

	vmx_run(guest);
	return g->result == VMX_EXIT_EXTERNAL_INTERRUPT;
}

static void storm(enum vmx_mode mode, void (*start_it)(void *guest), bool (*step_it)(void *guest))
{
	struct vmx_guest *g = vmx_new();
	const struct storm s = { &g->registers.bx, &g->registers.cx, start_it, step_it, g };
	const char *why;

	vmx_set_mode(g, mode);
	why = storm_run(&s);
	if (why)
		SKIP("%s", why);
	EXPECT_VMX_DONE(g);
}

#define STORM_EXITS(suffix, mode)                                                         \
	TEST(storm_exits_##suffix,                                                        \
	     "a guest that interrupts end again and again computes what it does without", \
	     SPEC("SDM vol. 3C, 25.2; 26.3.2; 27.3"), REQUIRES(vmx_mode_possible(mode)))  \
	{                                                                                 \
		storm(mode, start, step);                                                 \
	}

STORM_EXITS(long, VMX_LONG)
STORM_EXITS(compat, VMX_COMPAT)
STORM_EXITS(pae, VMX_PAE)
STORM_EXITS(paged, VMX_PAGED)
STORM_EXITS(protected, VMX_PROTECTED)

static void start_with_handlers(void *guest)
{
	/* IRET. */
	static const u8 iret_code[] = { VMX_NATIVE == VMX_LONG ? 0x48 : 0x90, 0xcf };
	struct vmx_guest *g = guest;

	start(g);
	for (u32 vector = 0x60; vector < 0x62; vector++) {
		g->stubs[vector * VMX_STUB_SIZE] = iret_code[0];
		g->stubs[vector * VMX_STUB_SIZE + 1] = iret_code[1];
	}
}

/* What was being delivered has to be delivered again; else an injection and an interrupt window, in turn. */
static bool step_with_events(void *guest)
{
	static u32 exits;
	const struct vmx_guest *g = guest;
	u64 vectoring;

	vmx_run(guest);
	if (g->result != VMX_EXIT_EXTERNAL_INTERRUPT && g->result != VMX_EXIT_INTERRUPT_WINDOW)
		return false;
	vmcs_clear(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	vectoring = vmcs_read(VMCS_IDT_VECTORING_INFO);
	if (vectoring & INTR_VALID)
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, vectoring);
	else if (g->result == VMX_EXIT_INTERRUPT_WINDOW)
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_EXTERNAL | 0x61);
	else if (!(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_IF) || exits++ % 2)
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	else
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_EXTERNAL | 0x60);
	return true;
}

TEST(storm_events,
     "a guest that is resumed with injections, and that interrupt windows end, computes what it does without",
     SPEC("SDM vol. 3C, 25.2; 26.5.1; 27.2.3"))
{
	storm(VMX_NATIVE, start_with_handlers, step_with_events);
}
