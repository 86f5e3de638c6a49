/* SPDX-License-Identifier: MIT */
/* The devices' part of what every case starts from: <harness/state.h>. */
#include <arm/state.h>

#include <arch/fault.h>
#ifdef __aarch64__
#include <arm/el2.h>
#endif
#include <arm/gic.h>
#include <arm/timer.h>

const struct state_hook state_hooks[] = {
	{ .stage = STATE_TABLES,
	  .name = "translation, vectors, masks",
	  .words = "the kernel's space, vectors and memory types; IRQs masked, D, A and F not",
	  .reset = state_reset_tables },
	{ .stage = STATE_CPU,
	  .name = "the rest of the CPU",
	  .words = "exclusives monitor clear; OS lock off",
	  .reset = state_reset_rest },
#ifdef __aarch64__
	{ .stage = STATE_GUEST,
	  .name = "EL2",
	  .words = "nothing is trapped, its timers are off",
	  .reset = el2_reset,
	  .cpu_0_only = true },
#endif
	{ .stage = STATE_DEVICES,
	  .name = "timers",
	  .words = "disabled, compare values all ones",
	  .reset = timer_reset },
	{ .stage = STATE_DEVICES,
	  .name = "handlers",
	  .words = "none of a test's",
	  .reset = trap_clear_handlers,
	  .cpu_0_only = true },
	{ .stage = STATE_DEVICES,
	  .name = "GIC, the CPU's part",
	  .words = "as lib/arm/gic.h says",
	  .reset = gic_reset_cpu },
	{ .stage = STATE_DEVICES,
	  .name = "GIC, the distributor",
	  .words = "as lib/arm/gic.h says",
	  .reset = gic_reset_distributor,
	  .cpu_0_only = true },
};
const u32 state_hook_count = ARRAY_SIZE(state_hooks);
