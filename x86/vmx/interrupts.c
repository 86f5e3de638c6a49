/* SPDX-License-Identifier: MIT */
/* External interrupts: SDM vol. 3C, 25.2; 25.4.1; 27.1; 27.2.2; 26.6. */
#include "checks.h"

#include <string.h>
#include <x86/apic.h>

SUITE("VMX: external interrupts", REQUIRES(vmx_available()));

#define INTERRUPT  0x52
#define INTERRUPT2 0x63

/* Pending in the local APIC; the host's IF is clear. */
static void pend(u32 vector)
{
	apic_send(ICR_SELF | ICR_ASSERT | vector, 0);
	ASSERT(apic_vector_bit(APIC_IRR, vector));
}

/* A guest that does nothing for some time and then comes to its end. */
static struct vmx_guest *set_up(struct vmx_guest *g, bool exiting, u64 rflags)
{
	vmx_reset(g);
	memset(g->code, 0x90, 64);
	vmx_code(g, g->code, 64);
	if (exiting)
		vmcs_set(VMCS_PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT);
	vmcs_set(VMCS_GUEST_RFLAGS, rflags);
	vmx_deliver(g);
	return g;
}

static void guard(void)
{
	/* A guest that sleeps must not do so for ever. */
	if (vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER))
		vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x100000);
}

TEST(interrupt_exits, "an external interrupt exits by its control, and stays pending",
     SPEC("SDM vol. 3C, 25.2; 27.1; 27.2.2"))
{
	struct vmx_guest *g = set_up(vmx_new(), true, FLAG_IF);

	pend(INTERRUPT);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXTERNAL_INTERRUPT);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	EXPECT(apic_vector_bit(APIC_IRR, INTERRUPT));
	EXPECT(!apic_vector_bit(APIC_ISR, INTERRUPT));
	apic_drain();
}

TEST(interrupt_exits_if_clear, "with the control, RFLAGS.IF does not block an external interrupt",
     SPEC("SDM vol. 3C, 25.4.1"))
{
	struct vmx_guest *g = set_up(vmx_new(), true, 0);

	pend(INTERRUPT);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXTERNAL_INTERRUPT);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	apic_drain();
}

TEST(interrupt_exits_after_cli,
     "with the control, an interrupt exits after the guest has cleared IF, too",
     SPEC("SDM vol. 3C, 25.4.1"))
{
	struct vmx_guest *g = set_up(vmx_new(), true, FLAG_IF);

	/* CLI; MOV [BX], EAX sends the interrupt to its own CPU; NOPs follow. */
	g->code[0] = 0xfa;
	g->code[1] = 0x89;
	g->code[2] = 0x03;
	g->registers.bx = APIC_DEFAULT_BASE + APIC_ICR;
	g->registers.ax = ICR_SELF | ICR_ASSERT | INTERRUPT;
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXTERNAL_INTERRUPT);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_IF, 0ull);
	apic_drain();
}

TEST(interrupt_acknowledge,
     "with acknowledge on exit, the interrupt is in service and its vector is told",
     SPEC("SDM vol. 3C, 27.1; 27.2.2"), REQUIRES(vmx_can(VMCS_EXIT_CONTROLS, EXIT_ACK_INTERRUPT)))
{
	struct vmx_guest *g = vmx_new();
	static const u8 vectors[] = { 0x20, 0x52, 0x7f, 0x80, 0xef };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("vector-%#x", vectors[i]);
		set_up(g, true, FLAG_IF);
		vmcs_set(VMCS_EXIT_CONTROLS, EXIT_ACK_INTERRUPT);
		pend(vectors[i]);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EXTERNAL_INTERRUPT);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO),
			  INTR_VALID | INTR_EXTERNAL | vectors[i]);
		EXPECT(!apic_vector_bit(APIC_IRR, vectors[i]));
		EXPECT(apic_vector_bit(APIC_ISR, vectors[i]));
		apic_drain();
	}
}

TEST(interrupt_acknowledge_highest,
     "the interrupt that is acknowledged is that of the highest priority",
     SPEC("SDM vol. 3C, 27.1; vol. 3A, 10.8.3"),
	  REQUIRES(vmx_can(VMCS_EXIT_CONTROLS, EXIT_ACK_INTERRUPT)))
{
	struct vmx_guest *g = set_up(vmx_new(), true, FLAG_IF);

	vmcs_set(VMCS_EXIT_CONTROLS, EXIT_ACK_INTERRUPT);
	pend(INTERRUPT);
	pend(INTERRUPT2);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXTERNAL_INTERRUPT);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO),
		  INTR_VALID | INTR_EXTERNAL | (u64)INTERRUPT2);
	EXPECT(apic_vector_bit(APIC_IRR, INTERRUPT));
	apic_drain();
}

TEST(interrupt_delivered,
     "without the control, an external interrupt goes through the guest's IDT if IF is set",
     SPEC("SDM vol. 3C, 25.2"), BUG("Fix loss of pending event before entering L2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 on = 0; on < 2; on++) {
		SUBTEST("if-%u", on);
		set_up(g, false, on ? FLAG_IF : 0);
		pend(INTERRUPT);
		vmx_run(g);
		if (on) {
			EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
			EXPECT_EQ(vmx_delivered(g), INTERRUPT);
			EXPECT_EQ((u64) * (ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP), vmx_start(g));
			EXPECT(apic_vector_bit(APIC_ISR, INTERRUPT));
		} else {
			EXPECT_VMX_DONE(g);
			EXPECT(apic_vector_bit(APIC_IRR, INTERRUPT));
		}
		apic_drain();
	}
}

TEST(interrupt_shadow,
     "blocking by STI and by MOV SS of VM entry holds an interrupt for one instruction",
     SPEC("SDM vol. 3C, 26.6.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 bit = 0; bit < 3; bit++) {
		SUBTEST("%s", bit == 0 ? "none" : bit == 1 ? "sti" : "mov-ss");
		set_up(g, false, FLAG_IF);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, bit);
		pend(INTERRUPT);
		vmx_run(g);
		EXPECT_EQ(vmx_delivered(g), INTERRUPT);
		EXPECT_EQ((u64) * (ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP),
			  vmx_start(g) + (bit ? 1 : 0));
		apic_drain();
	}
}

TEST(interrupt_shadow_saved, "an exit saves blocking by STI and by MOV SS",
     SPEC("SDM vol. 3C, 27.3.4; 24.4.2, table 24-3"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 rflags;
		u64 interruptibility;
		u32 reason;
	} rows[] = {
		{ "sti", "\xfb\x0f\xa2", 3, 0, 1, VMX_EXIT_CPUID },
		{ "sti-if-set", "\xfb\x0f\xa2", 3, FLAG_IF, 0, VMX_EXIT_CPUID },
		{ "sti-nop", "\xfb\x90\x0f\xa2", 4, 0, 0, VMX_EXIT_CPUID },
		{ "mov-ss", "\x8e\xd0\x0f\xa2", 4, 0, 2, VMX_EXIT_CPUID },
		{ "mov-ss-nop", "\x8e\xd0\x90\x0f\xa2", 5, 0, 0, VMX_EXIT_CPUID },
		{ "sti-vmcall", "\xfb\x0f\x01\xc1", 4, 0, 1, VMX_EXIT_VMCALL },
		{ "mov-ss-vmcall", "\x8e\xd0\x0f\x01\xc1", 5, 0, 2, VMX_EXIT_VMCALL },
		{ "sti-ud", "\xfb\x0f\x0b", 3, 0, 1, VMX_EXIT_EXCEPTION_NMI },
		{ "mov-ss-ud", "\x8e\xd0\x0f\x0b", 4, 0, 2, VMX_EXIT_EXCEPTION_NMI },
		{ "none", "\x0f\xa2", 2, 0, 0, VMX_EXIT_CPUID },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		vmcs_set(VMCS_GUEST_RFLAGS, rows[i].rflags);
		g->registers.ax = SEL_KERNEL_DATA;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), rows[i].interruptibility);
	}
}

TEST(interrupt_shadow_not_in_host, "after an exit there is no blocking by STI or by MOV SS",
     SPEC("SDM vol. 3C, 27.5.5"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "mov-ss" : "sti");
		vmx_reset(g);
		vmx_code(g, "\x8e\xd0\x0f\xa2", 4);
		if (!i)
			vmx_code(g, "\xfb\x0f\xa2", 3);
		g->registers.ax = SEL_KERNEL_DATA;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
		/* VMRESUME in such a shadow would fail with error 26. */
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
		vmcs_write(VMCS_GUEST_RIP, vmx_end(g));
		vmx_run(g);
		EXPECT_VMX_DONE(g);
	}
}

TEST(interrupt_tpr, "an interrupt that the APIC's TPR masks neither exits nor is delivered",
     SPEC("SDM vol. 3C, 25.2; vol. 3A, 10.8.3.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 exiting = 0; exiting < 2; exiting++) {
		SUBTEST("%s", exiting ? "exiting" : "not-exiting");
		set_up(g, exiting, FLAG_IF);
		apic_write(APIC_TPR, 0x60);
		pend(INTERRUPT);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		apic_write(APIC_TPR, 0);
		apic_drain();
	}
}

TEST(interrupt_hlt, "an external interrupt ends HLT, with the exit or in the guest",
     SPEC("SDM vol. 3C, 27.1; 27.3.4"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 exiting = 0; exiting < 2; exiting++)
		for (u32 state = 0; state < 2; state++) {
			SUBTEST("%s-%s", exiting ? "exiting" : "not-exiting",
				state ? "activity-state" : "instruction");
			if (state && !(rdmsr(MSR_IA32_VMX_MISC) & BIT(6))) {
				SKIP_ROW("no HLT activity state");
				continue;
			}
			set_up(g, exiting, 0);
			vmx_code(g, "\xfb\xf4", 2);
			guard();
			if (state) {
				vmcs_write(VMCS_GUEST_ACTIVITY, 1);
				vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
			} else if (exiting) {
				/* Else it would exit before STI. */
				vmx_code(g, "\x90\x90", 2);
			}
			pend(INTERRUPT);
			vmx_run(g);
			if (exiting) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_EXTERNAL_INTERRUPT);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
				EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), (u64)state);
			} else {
				EXPECT_EQ(vmx_delivered(g), INTERRUPT);
				EXPECT_EQ((u64) * (ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP),
					  vmx_start(g) + (state ? 0 : 2));
				EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 0ull);
			}
			apic_drain();
		}
}

TEST(interrupt_shutdown, "in the shutdown state, an external interrupt does nothing",
     SPEC("SDM vol. 3C, 26.6.2"), REQUIRES(vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER) &&
					   (rdmsr(MSR_IA32_VMX_MISC) & BIT(7))))
{
	struct vmx_guest *g = vmx_new();

	for (u32 exiting = 0; exiting < 2; exiting++) {
		SUBTEST("%s", exiting ? "exiting" : "not-exiting");
		set_up(g, exiting, FLAG_IF);
		guard();
		vmcs_write(VMCS_GUEST_ACTIVITY, 2);
		pend(INTERRUPT);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 2ull);
		EXPECT(apic_vector_bit(APIC_IRR, INTERRUPT));
		apic_drain();
	}
}

TEST(interrupt_in_delivery,
     "an exception while an interrupt is delivered exits with it as IDT vectoring",
     SPEC("SDM vol. 3C, 27.1; 27.2.3"))
{
	struct vmx_guest *g = set_up(vmx_new(), false, FLAG_IF);

	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_NP));
	g->idt[INTERRUPT * sizeof(struct idt_gate) + 5] &= 0x7f;
	pend(INTERRUPT);
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_NP);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
		  (u64)(INTERRUPT * 8 | ERR_IDT | ERR_EXT));
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
		  INTR_VALID | INTR_EXTERNAL | (u64)INTERRUPT);
	/* An event that causes an exit indirectly has been acknowledged. */
	EXPECT(apic_vector_bit(APIC_ISR, INTERRUPT));
	EXPECT(!apic_vector_bit(APIC_IRR, INTERRUPT));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	apic_drain();
}

TEST(interrupt_priority,
     "of what is due after VM entry, the event of the higher priority comes first",
     SPEC("SDM vol. 3C, 25.2; 26.6.3 to 26.6.6"))
{
	static const struct {
		const char *name;
		bool interrupt, window, timer, nmi_window, debug;
		u32 reason;
		u32 vector; /* of an exception */
	} rows[] = {
		{ "window-before-interrupt", true, true, false, false, false,
		  VMX_EXIT_INTERRUPT_WINDOW, 0 },
		{ "timer-before-interrupt", true, false, true, false, false,
		  VMX_EXIT_PREEMPTION_TIMER, 0 },
		{ "timer-before-window", false, true, true, false, false, VMX_EXIT_PREEMPTION_TIMER,
		  0 },
		{ "timer-before-nmi-window", false, false, true, true, false,
		  VMX_EXIT_PREEMPTION_TIMER, 0 },
		{ "nmi-window-before-window", false, true, false, true, false, VMX_EXIT_NMI_WINDOW,
		  0 },
		{ "nmi-window-before-interrupt", true, false, false, true, false,
		  VMX_EXIT_NMI_WINDOW, 0 },
		{ "debug-before-timer", false, false, true, false, true, VMX_EXIT_EXCEPTION_NMI,
		  VEC_DB },
		{ "debug-before-window", false, true, false, false, true, VMX_EXIT_EXCEPTION_NMI,
		  VEC_DB },
		{ "debug-before-nmi-window", false, false, false, true, true,
		  VMX_EXIT_EXCEPTION_NMI, VEC_DB },
		{ "debug-before-interrupt", true, false, false, false, true, VMX_EXIT_EXCEPTION_NMI,
		  VEC_DB },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		if ((rows[i].timer && !vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER)) ||
		    (rows[i].nmi_window && !vmx_can(VMCS_PIN_CONTROLS, PIN_VIRTUAL_NMIS))) {
			SKIP_ROW("the capability MSR does not allow the control");
			continue;
		}
		set_up(g, true, FLAG_IF);
		vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_DB));
		if (rows[i].window)
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
		if (rows[i].timer)
			vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
		if (rows[i].nmi_window) {
			vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_NMI_WINDOW);
		}
		if (rows[i].debug) {
			vmcs_set(VMCS_GUEST_RFLAGS, FLAG_TF);
			vmcs_write(VMCS_GUEST_PENDING_DEBUG, BIT(14));
		}
		if (rows[i].interrupt)
			pend(INTERRUPT);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		if (rows[i].vector)
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & 0xff,
				  (u64)rows[i].vector);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		apic_drain();
	}
}

/* -------------------------------------------------------------------------- interrupt window */

TEST(interrupt_window_places, "the interrupt window opens as interrupts would be let in",
     SPEC("SDM vol. 3C, 25.2"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 rflags;
		u32 interruptibility, activity;
		s32 at; /* or -1: it stays closed */
	} rows[] = {
		{ "sti", "\xfb\x90\x90", 3, 0, 0, 0, 2 },
		{ "sti-cli", "\xfb\xfa\x90", 3, 0, 0, 0, -1 },
		{ "sti-hlt", "\xfb\xf4\x90", 3, 0, 0, 0, 2 },
		{ "popf", "\x9d\x90\x90", 3, 0, 0, 0, 1 },
		{ "blocked-by-sti", "\x90\x90\x90", 3, FLAG_IF, 1, 0, 1 },
		{ "blocked-by-mov-ss", "\x90\x90\x90", 3, FLAG_IF, 2, 0, 1 },
		{ "blocked-by-sti-cli", "\xfa\x90\x90", 3, FLAG_IF, 1, 0, -1 },
		{ "nmi-blocked", "\x90\x90\x90", 3, FLAG_IF, 8, 0, 0 },
		{ "hlt-state", "\x90\x90\x90", 3, FLAG_IF, 0, 1, 0 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		ulong *stack = (ulong *)g->stack_top - 1;

		SUBTEST("%s", rows[i].name);
		if (rows[i].activity && !(rdmsr(MSR_IA32_VMX_MISC) & BIT(6))) {
			SKIP_ROW("no HLT activity state");
			continue;
		}
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
		vmcs_set(VMCS_GUEST_RFLAGS, rows[i].rflags);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, rows[i].interruptibility);
		vmcs_write(VMCS_GUEST_ACTIVITY, rows[i].activity);
		guard();
		*stack = FLAG_1 | FLAG_IF;
		if (rows[i].bytes[0] == '\x9d')
			vmcs_write(VMCS_GUEST_RSP, (ulong)stack);
		vmx_run(g);
		if (rows[i].at < 0) {
			EXPECT_VMX_DONE(g);
			continue;
		}
		EXPECT_VMX_EXIT(g, VMX_EXIT_INTERRUPT_WINDOW);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + (u32)rows[i].at);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
	}
}

TEST(interrupt_window_after_injection, "the interrupt window is looked at after an injected event",
     SPEC("SDM vol. 3C, 26.6.5"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 trap = 0; trap < 2; trap++) {
		SUBTEST("%s-gate", trap ? "trap" : "interrupt");
		set_up(g, false, FLAG_IF);
		vmx_set_gate(g, 0x40, SEL_KERNEL_CODE, (ulong)g->stubs + 0x40 * VMX_STUB_SIZE,
			     trap ? DESC_TRAP_GATE : DESC_INTERRUPT_GATE, 3);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_EXTERNAL | 0x40);
		vmx_run(g);
		/* An interrupt gate clears IF. */
		if (trap) {
			EXPECT_VMX_EXIT(g, VMX_EXIT_INTERRUPT_WINDOW);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
				  (u64)(ulong)g->stubs + 0x40 * VMX_STUB_SIZE);
		} else {
			EXPECT_EQ(vmx_delivered(g), 0x40);
		}
	}
}
