/* SPDX-License-Identifier: MIT */
/* Event injection, IDT vectoring, windows and timers: SDM vol. 3C, 25.5.1, 26.5, 26.6, 27.2.3. */
#include "nmi.h"

SUITE("VMX: events", REQUIRES(vmx_available()));

static const struct event {
	const char *name;
	u32 info, length; /* the length counts for software events */
	bool error;
} events[] = {
	{ "interrupt-0x20", INTR_EXTERNAL | 0x20, 0, false },
	{ "interrupt-0xff", INTR_EXTERNAL | 0xff, 0, false },
	{ "nmi", INTR_NMI | 2, 0, false },
	{ "de", INTR_HARDWARE_EXCEPTION | VEC_DE, 0, false },
	{ "db", INTR_HARDWARE_EXCEPTION | VEC_DB, 0, false },
	{ "ud", INTR_HARDWARE_EXCEPTION | VEC_UD, 0, false },
	{ "df", INTR_HARDWARE_EXCEPTION | VEC_DF, 0, true },
	{ "gp", INTR_HARDWARE_EXCEPTION | VEC_GP, 0, true },
	{ "pf", INTR_HARDWARE_EXCEPTION | VEC_PF, 0, true },
	{ "int-0x80", INTR_SOFTWARE_INTERRUPT | 0x80, 2, false },
	{ "int-3", INTR_SOFTWARE_INTERRUPT | 3, 2, false },
	{ "bp", INTR_SOFTWARE_EXCEPTION | VEC_BP, 1, false },
	{ "of", INTR_SOFTWARE_EXCEPTION | VEC_OF, 1, false },
	{ "icebp", INTR_PRIVILEGED_SOFTWARE | VEC_DB, 1, false },
	{ "bp-length-15", INTR_SOFTWARE_EXCEPTION | VEC_BP, 15, false },
};

static void set_up(struct vmx_guest *g, const struct event *event)
{
	vmx_reset(g);
	vmx_code(g, "\x90", 1);
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1 | FLAG_IF | FLAG_CF);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO,
		   INTR_VALID | event->info | (event->error ? INTR_ERROR_CODE : 0));
	vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, event->length);
	vmcs_write(VMCS_ENTRY_EXCEPTION_ERROR_CODE, event->error ? 0x1234 : 0);
}

TEST(inject,
     "an event that is injected goes through the guest's IDT, with its error code and return address",
     SPEC("SDM vol. 3C, 26.5.1; 26.5.1.1; 24.8.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(events); i++)
		for (u32 bitmap = 0; bitmap < 2; bitmap++) {
			const ulong *stack;

			/* "An event being injected never causes a VM exit directly": 26.5.1.2. */
			SUBTEST("%s-bitmap-%u", events[i].name, bitmap);
			set_up(g, &events[i]);
			vmcs_write(VMCS_EXCEPTION_BITMAP, bitmap ? 0xffffffff : 0);
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
			EXPECT_EQ(vmx_delivered(g), (s32)(events[i].info & 0xff));
			stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
			if (events[i].error)
				EXPECT_EQ((u64)*stack++, 0x1234ull);
			EXPECT_EQ((u64)stack[0], vmx_start(g) + events[i].length);
			EXPECT_EQ((u64)stack[1], (u64)SEL_KERNEL_CODE);
			EXPECT_EQ((u64)stack[2], FLAG_1 | FLAG_IF | FLAG_CF);
			EXPECT_EQ(vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO) & INTR_VALID, 0ull);
			EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
		}
}

TEST(inject_error_code, "all of an injected error code's 16 bits are pushed",
     SPEC("SDM vol. 3C, 26.5.1.1; 24.8.3"))
{
	static const u32 codes[] = { 0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff };
	static const struct event gp = { "gp", INTR_HARDWARE_EXCEPTION | VEC_GP, 0, true };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		SUBTEST("%#x", codes[i]);
		set_up(g, &gp);
		vmx_deliver(g);
		vmcs_write(VMCS_ENTRY_EXCEPTION_ERROR_CODE, codes[i]);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
		EXPECT_EQ(vmx_delivered(g), VEC_GP);
		EXPECT_EQ(*(const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP), (ulong)codes[i]);
	}
}

TEST(inject_nested,
     "an exception during the delivery of an injected event exits with the event as IDT vectoring",
     SPEC("SDM vol. 3C, 26.5.1.2; 27.2.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		u32 vector = events[i].info & 0xff;
		bool software = (events[i].info & 0x700) == INTR_SOFTWARE_INTERRUPT ||
				(events[i].info & 0x700) == INTR_SOFTWARE_EXCEPTION;

		SUBTEST("%s", events[i].name);
		set_up(g, &events[i]);
		/* No gate is within the limit: #GP(vector * 8 + IDT + EXT). */
		vmcs_write(VMCS_GUEST_IDTR_LIMIT, 0);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
		/* #DF, and contributory exceptions and #PF, which make it one, come to other ends. */
		if (vector == VEC_DF && events[i].error)
			continue;
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO),
			  INTR_VALID | events[i].info | (events[i].error ? INTR_ERROR_CODE : 0));
		if (events[i].error)
			EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_ERROR_CODE), 0x1234ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO),
			  INTR_VALID | INTR_HARDWARE_EXCEPTION | INTR_ERROR_CODE | VEC_GP);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
			  (u64)(vector * 8 | ERR_IDT | (software ? 0 : ERR_EXT)));
	}
}

TEST(triple_fault, "an exception that cannot be delivered at all exits as triple fault",
     SPEC("SDM vol. 3C, 25.2"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x0f\x0b", 2);
	vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, 0);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_TRIPLE_FAULT);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
}

TEST(interrupt_window,
     "the interrupt window exits as soon as the guest has IF and nothing blocks, before an instruction",
     SPEC("SDM vol. 3C, 25.2; 26.6.5"))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("open");
	vmx_code(g, "\x90", 1);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_INTERRUPT_WINDOW);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	SUBTEST("closed");
	vmx_reset(g);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	SUBTEST("after-sti");
	vmx_reset(g);
	vmx_code(g, "\xfb\x90\x90", 3);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_INTERRUPT_WINDOW);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 2);
	SUBTEST("blocked-by-mov-ss");
	vmx_reset(g);
	vmx_code(g, "\x90\x90", 2);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BIT(1));
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_INTERRUPT_WINDOW);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 1);
}

TEST(nmi_window,
     "the NMI window exits where there is no virtual-NMI blocking, also at IRET's end of it",
     SPEC("SDM vol. 3C, 25.2; 26.6.6"),
	  REQUIRES(vmx_can(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS) &&
		   vmx_can(VMCS_PRIMARY_CONTROLS, CPU_NMI_WINDOW)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 blocked = 0; blocked < 2; blocked++) {
		SUBTEST("%s", blocked ? "blocked" : "open");
		/* Whatever another case's guest left. */
		nmi_end_virtual(g);
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_NMI_WINDOW);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocked ? BIT(3) : 0);
		vmx_run(g);
		if (blocked) {
			EXPECT_VMX_DONE(g);
		} else {
			EXPECT_VMX_EXIT(g, VMX_EXIT_NMI_WINDOW);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		}
	}
	nmi_end_virtual(g);
}

TEST(preemption_timer_zero, "a preemption timer of 0 exits before the guest's first instruction",
     SPEC("SDM vol. 3C, 25.5.1; 26.6.4"),
	  REQUIRES(vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER)))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x90", 1);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
}

TEST(preemption_timer_ends_loop, "the preemption timer ends a guest that loops",
     SPEC("SDM vol. 3C, 25.5.1"), REQUIRES(vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER)))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\xeb\xfe", 2);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 1000);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
}

TEST(monitor_trap_flag, "the monitor trap flag exits after one instruction",
     SPEC("SDM vol. 3C, 25.5.2"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MTF)))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x90\x90", 2);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MTF);
	for (u32 i = 1; i < 3; i++) {
		SUBTEST("instruction-%u", i);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + i);
	}
}

static void add(void *arg)
{
	EXPECT_EQ(*(u32 *)arg, 41u);
	++*(u32 *)arg;
}

TEST(guest_function, "a guest runs a C function on its own stack",
     SPEC("SDM vol. 3C, 26.3.2.3; 27.3"))
{
	struct vmx_guest *g = vmx_new();
	u32 value = 41;

	vmx_call(g, add, &value);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(value, 42u);
}
