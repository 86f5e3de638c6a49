/* SPDX-License-Identifier: MIT */
/* The VMX-preemption timer: SDM vol. 3C, 25.5.1, 26.6.4, 27.3.4. */
#include "checks.h"

#include <string.h>
#include <x86/tsc.h>

SUITE("VMX: the preemption timer",
      REQUIRES(vmx_available() && vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER)));

static u32 timer_shift(void)
{
	return (u32)rdmsr(MSR_IA32_VMX_MISC) & 31;
}

TEST(timer_saved, "the preemption timer's value is saved by its control, and else stays",
     SPEC("SDM vol. 3C, 27.3.4; 25.5.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 save = 0; save < 2; save++) {
		SUBTEST("%s", save ? "saved" : "not-saved");
		if (save && !vmx_can(VMCS_EXIT_CONTROLS, EXIT_SAVE_TIMER)) {
			SKIP_ROW("the capability MSR does not allow the control");
			continue;
		}
		vmx_reset(g);
		/* DEC ECX; JNZ */
		vmx_code(g, "\xff\xc9\x75\xfc", 4);
		g->registers.cx = 20000;
		vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
		vmcs_set(VMCS_EXIT_CONTROLS, save ? EXIT_SAVE_TIMER : 0);
		vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x70000000);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		if (save) {
			EXPECT_LT(vmcs_read(VMCS_PREEMPTION_TIMER_VALUE), 0x70000000ull);
			EXPECT_GT(vmcs_read(VMCS_PREEMPTION_TIMER_VALUE), 0x10000000ull);
		} else {
			EXPECT_EQ(vmcs_read(VMCS_PREEMPTION_TIMER_VALUE), 0x70000000ull);
		}
	}
	SUBTEST("expired");
	vmx_reset(g);
	vmx_code(g, "\xeb\xfe", 2);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_set(VMCS_EXIT_CONTROLS,
		 vmx_can(VMCS_EXIT_CONTROLS, EXIT_SAVE_TIMER) ? EXIT_SAVE_TIMER : 0);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 100);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
	EXPECT_EQ(vmcs_read(VMCS_PREEMPTION_TIMER_VALUE),
		  vmx_can(VMCS_EXIT_CONTROLS, EXIT_SAVE_TIMER) ? 0ull : 100ull);
}

TEST(timer_saved_ticks, "the value that is saved has lost no more ticks than the TSC has passed",
     SPEC("SDM vol. 3C, 25.5.1; 27.3.4; A.6"),
	  REQUIRES(vmx_can(VMCS_EXIT_CONTROLS, EXIT_SAVE_TIMER)))
{
	const u64 value = 0xf0000000;
	struct vmx_guest *g = vmx_new();
	u64 start, ticks;

	vmx_code(g, "\xff\xc9\x75\xfc", 4);
	g->registers.cx = 20000;
	vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_set(VMCS_EXIT_CONTROLS, EXIT_SAVE_TIMER);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, value);
	start = rdmsr(MSR_IA32_TSC);
	vmx_run(g);
	ticks = ((rdmsr(MSR_IA32_TSC) - start) >> timer_shift()) + 1;
	EXPECT_VMX_DONE(g);
	EXPECT_LE(vmcs_read(VMCS_PREEMPTION_TIMER_VALUE), value);
	EXPECT_GE(vmcs_read(VMCS_PREEMPTION_TIMER_VALUE), ticks < value ? value - ticks : 0);
}

TEST(timer_never_early, "the preemption timer does not end before the TSC has passed its ticks",
     SPEC("SDM vol. 3C, 25.5.1; A.6"))
{
	static const u32 values[] = { 1, 2, 10, 100, 1000, 10000 };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		u64 start, end;

		SUBTEST("value-%u", values[i]);
		vmx_reset(g);
		vmx_code(g, "\xeb\xfe", 2);
		vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
		vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, values[i]);
		start = rdmsr(MSR_IA32_TSC);
		vmx_run(g);
		end = rdmsr(MSR_IA32_TSC);
		EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
		/* The first tick may come at once. */
		EXPECT_GE(end - start, (u64)(values[i] - 1) << timer_shift());
	}
}

TEST(timer_off, "without its control, the preemption timer does not run",
     SPEC("SDM vol. 3C, 25.5.1"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\xff\xc9\x75\xfc", 4);
	g->registers.cx = 20000;
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
}

TEST(timer_save_needs_timer, "saving the preemption timer's value needs the timer",
     SPEC("SDM vol. 3C, 26.2.1.2"), BUG("VirtualBox#313"),
					REQUIRES(vmx_can(VMCS_EXIT_CONTROLS, EXIT_SAVE_TIMER)))
{
	const struct check rows[] = {
		{ "without", true, { SET(EXIT_CONTROLS, EXIT_SAVE_TIMER) } },
		{ "with",
		  false,
		  { SET(EXIT_CONTROLS, EXIT_SAVE_TIMER), SET(PIN_CONTROLS, PIN_PREEMPTION_TIMER),
		    PUT(PREEMPTION_TIMER_VALUE, 0xffffffff) } },
	};

	check_rows(CHECK_CONTROLS, rows, ARRAY_SIZE(rows));
}

TEST(timer_states, "the preemption timer ends the HLT and the shutdown state",
     SPEC("SDM vol. 3C, 25.2; 25.5.1; 26.6.4"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 state = 1; state < 3; state++)
		for (u32 value = 0; value < 2; value++) {
			SUBTEST("%s-value-%s", state == 1 ? "hlt" : "shutdown",
				value ? "1000" : "0");
			if (!(rdmsr(MSR_IA32_VMX_MISC) & BIT(5 + state))) {
				SKIP_ROW("IA32_VMX_MISC has not the state");
				continue;
			}
			vmx_reset(g);
			vmx_code(g, "\x90", 1);
			vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
			vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, value ? 1000 : 0);
			vmcs_write(VMCS_GUEST_ACTIVITY, state);
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		}
	SUBTEST("hlt-instruction");
	vmx_reset(g);
	vmx_code(g, "\xf4\x90", 2);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 1000);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 1);
}

TEST(timer_after_injection, "a preemption timer of 0 exits after an injected event",
     SPEC("SDM vol. 3C, 26.6.4"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x90", 1);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_HARDWARE_EXCEPTION | VEC_UD);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), (u64)(ulong)g->stubs + VEC_UD * VMX_STUB_SIZE);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
}
