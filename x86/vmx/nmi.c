/* SPDX-License-Identifier: MIT */
/* Non-maskable interrupts, virtual NMIs and their window: SDM vol. 3C, 25.2; 25.3, IRET; 26.6.1; 26.6.6; 27.2.2. */
#include "nmi.h"

#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/trap.h>

SUITE("VMX: NMIs", REQUIRES(vmx_available() && vmx_can(VMCS_PIN_CONTROLS, PIN_NMI)));

/* The guest's first instruction, MOV [BX], EAX, sends an NMI to its own CPU; NOPs follow. */
static void set_up(struct vmx_guest *g, u64 pin)
{
	u8 *code = g->code;

	vmx_reset(g);
	memset(code, 0x90, 64);
	code[0] = 0x89;
	code[1] = 0x03;
	vmx_code(g, code, 64);
	vmcs_set(VMCS_PIN_CONTROLS, pin);
	vmx_deliver(g);
	g->registers.bx = APIC_DEFAULT_BASE + APIC_ICR;
	g->registers.ax = ICR_NMI | ICR_ASSERT;
	apic_write(APIC_ICR_HIGH, apic_id() << 24);
}

static u32 nmis;

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	nmis++;
}

static bool arrived_late(struct vmx_guest *g)
{
	u64 rip = vmcs_read(VMCS_GUEST_RIP);

	return rip > vmx_start(g) && rip <= vmx_end(g);
}

TEST(nmi_exits, "an NMI exits by its control, with its vector and type",
     SPEC("SDM vol. 3C, 25.2; 27.2.2"))
{
	struct vmx_guest *g = vmx_new();

	set_up(g, PIN_NMI);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & ~0x1000ull,
		  INTR_VALID | INTR_NMI | 2ull);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	EXPECT(arrived_late(g));
	nmi_unblock_host();
}

TEST(nmi_exit_not_blocked,
     "an exit by an NMI saves the blocking of before: NMIs are blocked only after it",
     SPEC("SDM vol. 3C, 27.1; 27.3.4"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 virtual_nmis = 0; virtual_nmis < 2; virtual_nmis++) {
		SUBTEST("%s", virtual_nmis ? "virtual-nmis" : "nmi-exiting");
		if (virtual_nmis && !HAS_VIRTUAL) {
			SKIP_ROW("no virtual NMIs");
			continue;
		}
		set_up(g, PIN_NMI | (virtual_nmis ? PIN_VIRTUAL_NMIS : 0));
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKED_NMI, 0ull);
		nmi_unblock_host();
	}
}

TEST(nmi_exit_bitmap, "the exception bitmap does not count for NMIs", SPEC("SDM vol. 3C, 25.2"))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("bit-2-clear-exiting");
	set_up(g, PIN_NMI);
	vmcs_write(VMCS_EXCEPTION_BITMAP, (u32)~BIT(2));
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
	nmi_unblock_host();
	SUBTEST("bit-2-set-not-exiting");
	set_up(g, 0);
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(2));
	vmx_run(g);
	EXPECT_EQ(vmx_delivered(g), VEC_NMI);
}

TEST(nmi_delivered,
     "without the control, an NMI goes through the guest's IDT, and further ones are blocked",
     SPEC("SDM vol. 3C, 25.2; 27.3.4"))
{
	struct vmx_guest *g = vmx_new();

	set_up(g, 0);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmx_delivered(g), VEC_NMI);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKED_NMI, BLOCKED_NMI);
	/* Blocking is not the exit's: it is still there. */
	nmi_unblock_host();
}

TEST(nmi_blocked_in_host, "after an exit by an NMI, NMIs are blocked until IRET",
     SPEC("SDM vol. 3C, 27.1; 27.5.5"))
{
	struct vmx_guest *g = vmx_new();

	trap_set_handler(VEC_NMI, count_nmi);
	set_up(g, PIN_NMI);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
	apic_send(ICR_NMI | ICR_ASSERT, apic_id());
	for (u32 i = 0; i < 1000; i++)
		arch_relax();
	EXPECT_EQ(READ_ONCE(nmis), 0u);
	nmi_unblock_host();
	for (u32 i = 0; i < 1000000 && !READ_ONCE(nmis); i++)
		arch_relax();
	EXPECT_EQ(READ_ONCE(nmis), 1u);
}

TEST(nmi_blocked_by_entry,
     "bit 3 of the interruptibility state blocks NMIs where there are no virtual NMIs",
     SPEC("SDM vol. 3C, 26.6.1"))
{
	struct vmx_guest *g = vmx_new();

	/* One that is lost comes to the host, when that unblocks. */
	trap_set_handler(VEC_NMI, count_nmi);
	for (u32 exiting = 0; exiting < 2; exiting++) {
		SUBTEST("%s", exiting ? "exiting" : "not-exiting");
		set_up(g, exiting ? PIN_NMI : 0);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_NMI);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKED_NMI, BLOCKED_NMI);
		/* It is pending: taken by the next guest that does not block it. */
		set_up(g, PIN_NMI);
		vmx_code(g, g->code + 2, 62);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
		nmi_unblock_host();
	}
}

TEST(nmi_iret_unblocks, "IRET unblocks NMIs where NMIs do not exit, and does not where they do",
     SPEC("SDM vol. 3C, 25.3, IRET; 26.6.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 exiting = 0; exiting < 2; exiting++) {
		u8 *stack = g->stack_top - 0x100;
		u32 size;

		SUBTEST("%s", exiting ? "exiting" : "not-exiting");
		vmx_reset(g);
		size = nmi_put_iret(g->code, stack);
		vmx_code(g, g->code, size);
		vmcs_set(VMCS_PIN_CONTROLS, exiting ? PIN_NMI : 0);
		vmcs_write(VMCS_GUEST_RSP, (ulong)stack);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_NMI);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), exiting ? BLOCKED_NMI : 0ull);
		nmi_unblock_host();
	}
}

TEST(virtual_nmi_blocking,
     "with virtual NMIs, bit 3 is virtual-NMI blocking: it blocks no NMI, and IRET ends it",
     SPEC("SDM vol. 3C, 25.3, IRET; 26.6.1; 27.3.4"), REQUIRES(HAS_VIRTUAL))
{
	struct vmx_guest *g = vmx_new();
	u8 *stack;
	u32 size;

	SUBTEST("nmi-exits");
	set_up(g, PIN_NMI | PIN_VIRTUAL_NMIS);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_NMI);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKED_NMI, BLOCKED_NMI);
	nmi_unblock_host();
	SUBTEST("kept");
	vmx_reset(g);
	vmx_code(g, "\x90", 1);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_NMI);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), BLOCKED_NMI);
	SUBTEST("not-the-host's");
	/* Virtual-NMI blocking is none of the host's. */
	nmis = 0;
	trap_set_handler(VEC_NMI, count_nmi);
	apic_send(ICR_NMI | ICR_ASSERT, apic_id());
	for (u32 i = 0; i < 1000000 && !READ_ONCE(nmis); i++)
		arch_relax();
	EXPECT_EQ(READ_ONCE(nmis), 1u);
	SUBTEST("iret");
	vmx_reset(g);
	stack = g->stack_top - 0x100;
	size = nmi_put_iret(g->code, stack);
	vmx_code(g, g->code, size);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
	vmcs_write(VMCS_GUEST_RSP, (ulong)stack);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_NMI);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), 0ull);
}

TEST(virtual_nmi_entry,
     "VM entry with bit 3 clear has no virtual-NMI blocking, whatever there was before",
     SPEC("SDM vol. 3C, 26.6.1"), REQUIRES(HAS_VIRTUAL))
{
	struct vmx_guest *g = vmx_new();

	for (u32 blocked = 0; blocked < 2; blocked++) {
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocked ? 0 : BLOCKED_NMI);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), blocked ? 0ull : BLOCKED_NMI);
	}
	nmi_end_virtual(g);
}

TEST(virtual_nmi_injection,
     "an NMI that is injected sets virtual-NMI blocking, another event does not",
     SPEC("SDM vol. 3C, 26.5.1.1"), REQUIRES(HAS_VIRTUAL))
{
	static const struct {
		const char *name;
		u32 info;
		bool blocks;
	} rows[] = {
		{ "nmi", INTR_NMI | 2, true },
		{ "interrupt-2", INTR_EXTERNAL | 2, false },
		{ "int-2", INTR_SOFTWARE_INTERRUPT | 2, false },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		nmi_end_virtual(g);
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 2);
		vmx_run(g);
		EXPECT_EQ(vmx_delivered(g), 2);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKED_NMI,
			  rows[i].blocks ? BLOCKED_NMI : 0ull);
		nmi_end_virtual(g);
	}
}

TEST(nmi_injection_blocks, "without virtual NMIs, an NMI that is injected blocks NMIs",
     SPEC("SDM vol. 3C, 26.5.1; 26.6.1"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x90", 1);
	vmx_deliver(g);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_NMI | 2);
	vmx_run(g);
	EXPECT_EQ(vmx_delivered(g), 2);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKED_NMI, BLOCKED_NMI);
	nmi_unblock_host();
}

TEST(nmi_window_places,
     "the NMI window opens where virtual-NMI blocking ends and MOV SS does not block",
     SPEC("SDM vol. 3C, 25.2; 26.6.6"), REQUIRES(HAS_VIRTUAL))
{
	static const struct {
		const char *name;
		u64 rflags;
		u32 interruptibility, activity;
		bool iret;
		s32 at;
	} rows[] = {
		{ "open", 0, 0, 0, false, 0 },
		{ "open-if", FLAG_IF, 0, 0, false, 0 },
		{ "blocked", 0, BLOCKED_NMI, 0, false, -1 },
		{ "mov-ss", 0, BIT(1), 0, false, 1 },
		{ "iret", 0, BLOCKED_NMI, 0, true, 2 },
		{ "hlt-state", 0, 0, 1, false, 0 },
		{ "shutdown-state", 0, 0, 2, false, 0 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 iret_size = sizeof(ulong) == 8 ? 2 : 1;

		SUBTEST("%s", rows[i].name);
		if (rows[i].activity && !(rdmsr(MSR_IA32_VMX_MISC) & BIT(5 + rows[i].activity))) {
			SKIP_ROW("IA32_VMX_MISC has not the state");
			continue;
		}
		nmi_end_virtual(g);
		vmx_reset(g);
		memset(g->code, 0x90, 8);
		if (rows[i].iret) {
			nmi_put_iret(g->code, g->stack_top - 0x100);
			vmcs_write(VMCS_GUEST_RSP, (ulong)g->stack_top - 0x100);
		}
		vmx_code(g, g->code, 8);
		vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_NMI_WINDOW);
		vmcs_set(VMCS_GUEST_RFLAGS, rows[i].rflags);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, rows[i].interruptibility);
		vmcs_write(VMCS_GUEST_ACTIVITY, rows[i].activity);
		if (vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER))
			vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
		vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x100000);
		vmx_run(g);
		if (rows[i].at < 0) {
			EXPECT_VMX_DONE(g);
		} else {
			EXPECT_VMX_EXIT(g, VMX_EXIT_NMI_WINDOW);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
				  vmx_start(g) + (rows[i].iret ? iret_size : (u32)rows[i].at));
		}
		nmi_end_virtual(g);
	}
}

TEST(nmi_states, "an NMI ends the HLT and the shutdown state, with the exit or in the guest",
     SPEC("SDM vol. 3C, 25.2; 26.6.2"))
{
	struct vmx_guest *g = vmx_new();

	trap_set_handler(VEC_NMI, count_nmi);
	for (u32 state = 1; state < 3; state++)
		for (u32 exiting = 0; exiting < 2; exiting++) {
			SUBTEST("%s-%s", state == 1 ? "hlt" : "shutdown",
				exiting ? "exiting" : "not-exiting");
			if (!(rdmsr(MSR_IA32_VMX_MISC) & BIT(5 + state))) {
				SKIP_ROW("IA32_VMX_MISC has not the state");
				continue;
			}
			/* A guest that blocks it leaves one pending. */
			set_up(g, PIN_NMI);
			vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_NMI);
			vmx_run(g);
			EXPECT_VMX_DONE(g);
			set_up(g, exiting ? PIN_NMI : 0);
			vmx_code(g, "\x90", 1);
			vmcs_write(VMCS_GUEST_ACTIVITY, state);
			if (vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER))
				vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
			vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x100000);
			vmx_run(g);
			if (exiting) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), (u64)state);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
			} else {
				EXPECT_EQ(vmx_delivered(g), VEC_NMI);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 0ull);
			}
			nmi_unblock_host();
		}
}

/* Pending when the guest is entered: the host has NMIs blocked since an exit by one. */
static void pend_nmi(struct vmx_guest *g, u64 pin)
{
	set_up(g, PIN_NMI);
	vmx_run(g);
	ASSERT(g->result == VMX_EXIT_EXCEPTION_NMI);
	apic_send(ICR_NMI | ICR_ASSERT, apic_id());
	vmx_reset(g);
	vmx_code(g, "\x90", 1);
	vmx_deliver(g);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | pin);
}

/* Nothing blocks the NMI after the exit: the host takes it. */
static void run_into_nmi(struct vmx_guest *g)
{
	nmis = 0;
	trap_set_handler(VEC_NMI, count_nmi);
	vmx_run(g);
	EXPECT_EQ(READ_ONCE(nmis), 1u);
}

TEST(nmi_priority,
     "the preemption timer and then the NMI window come before an NMI, which stays pending",
     SPEC("SDM vol. 3C, 25.5.1; 26.6.4; 26.6.6"), REQUIRES(HAS_VIRTUAL))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("nmi");
	pend_nmi(g, PIN_VIRTUAL_NMIS);
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_NMI);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	nmi_unblock_host();
	SUBTEST("window");
	pend_nmi(g, PIN_VIRTUAL_NMIS);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_NMI_WINDOW);
	run_into_nmi(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_NMI_WINDOW);
	SUBTEST("timer");
	if (!vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER)) {
		SKIP_ROW("no preemption timer");
		return;
	}
	pend_nmi(g, PIN_VIRTUAL_NMIS | PIN_PREEMPTION_TIMER);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_NMI_WINDOW);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0);
	run_into_nmi(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
}
