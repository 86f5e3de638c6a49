/* SPDX-License-Identifier: MIT */
/*
 * The monitor trap flag, pending debug exceptions, and activity states of VM entry: SDM vol. 3C, 25.5.2, 26.5.2,
 * 26.6.2, 26.6.3, 26.6.8, 27.3.4.
 */
#include "checks.h"

#include <string.h>

SUITE("VMX: the monitor trap flag, debug traps", REQUIRES(vmx_available()));

#define HAS_MTF	  vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MTF)
#define HAS_TIMER vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER)
#define BYTES(b)  b, sizeof(b) - 1

static void guard(void)
{
	if (HAS_TIMER)
		vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
	vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x100000);
}

#define STUB(g, vector) ((u64)(ulong)(g)->stubs + (vector)*VMX_STUB_SIZE)

/* --------------------------------------------------------------------------- monitor trap flag */

static const struct mtf {
	const char *name, *bytes;
	u32 size;
	u32 cx;
	s32 vector; /* the exit is at its handler; -1: at `at` */
	u32 at;
	u32 left; /* of CX, after an iteration */
} mtfs[] = {
	{ "nop", BYTES("\x90\x90"), 7, -1, 1, 7 },
	{ "jmp", BYTES("\xeb\x02\x90\x90\x90"), 7, -1, 4, 7 },
	{ "mov-ss", BYTES("\x8e\xd0\x90"), 7, -1, 2, 7 },
	{ "sti", BYTES("\xfb\x90"), 7, -1, 1, 7 },
	{ "rep-stosb", BYTES("\xf3\xaa\x90"), 7, -1, 0, 6 },
	{ "rep-stosb-last", BYTES("\xf3\xaa\x90"), 1, -1, 2, 0 },
	{ "rep-stosb-none", BYTES("\xf3\xaa\x90"), 0, -1, 2, 0 },
	{ "stosb", BYTES("\xaa\x90"), 7, -1, 1, 7 },
	{ "int3", BYTES("\xcc"), 7, VEC_BP, 0, 7 },
	{ "int-n", BYTES("\xcd\x40"), 7, 0x40, 0, 7 },
	{ "ud2", BYTES("\x0f\x0b"), 7, VEC_UD, 0, 7 },
	{ "gp", BYTES("\x8e\xd9"), 0xff8, VEC_GP, 0, 0xff8 },
	{ "rep-stosb-fault", BYTES("\xf3\xaa\x90"), 9, VEC_PF, 0, 9 },
};

TEST(mtf_instructions,
     "the monitor trap flag exits on the boundary after one instruction, iteration or event",
     SPEC("SDM vol. 3C, 25.5.2"), REQUIRES(HAS_MTF))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(mtfs); i++) {
		const struct mtf *row = &mtfs[i];

		SUBTEST("%s", row->name);
		vmx_reset(g);
		vmx_code(g, row->bytes, row->size);
		vmx_deliver(g);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MTF);
		g->registers.cx = row->cx;
		g->registers.ax = SEL_KERNEL_DATA;
		/* The fault's first byte is in page 0. */
		g->registers.di = row->vector == VEC_PF ? 0x10 : (ulong)g->data;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
			  row->vector < 0 ? vmx_start(g) + row->at : STUB(g, (u32)row->vector));
		EXPECT_EQ(g->registers.cx, (ulong)row->left);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	}
}

TEST(mtf_other_exit,
     "an exit of the instruction itself comes instead of that of the monitor trap flag",
     SPEC("SDM vol. 3C, 25.5.2"), REQUIRES(HAS_MTF))
{
	static const struct {
		const char *name, *bytes;
		u32 size, reason;
	} rows[] = {
		{ "cpuid", BYTES("\x0f\xa2"), VMX_EXIT_CPUID },
		{ "vmcall", BYTES("\x0f\x01\xc1"), VMX_EXIT_VMCALL },
		{ "exception", BYTES("\x0f\x0b"), VMX_EXIT_EXCEPTION_NMI },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MTF);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	}
}

TEST(mtf_injection,
     "with an event injected, the monitor trap flag exits before the handler's first instruction",
     SPEC("SDM vol. 3C, 25.5.2; 26.5.1"), REQUIRES(HAS_MTF))
{
	static const struct {
		const char *name;
		u32 info, vector;
	} rows[] = {
		{ "interrupt", INTR_EXTERNAL | 0x40, 0x40 },
		{ "nmi", INTR_NMI | 2, 2 },
		{ "exception", INTR_HARDWARE_EXCEPTION | VEC_UD, VEC_UD },
		{ "int-n", INTR_SOFTWARE_INTERRUPT | 0x41, 0x41 },
		{ "int3", INTR_SOFTWARE_EXCEPTION | VEC_BP, VEC_BP },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		vmx_deliver(g);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MTF);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 1);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), STUB(g, rows[i].vector));
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	}
}

TEST(mtf_pending,
     "an MTF exit that is injected comes before the first instruction, in the HLT state, too",
     SPEC("SDM vol. 3C, 26.5.2; 26.6.8; 27.1"), REQUIRES(HAS_MTF))
{
	struct vmx_guest *g = vmx_new();

	for (u32 control = 0; control < 2; control++)
		for (u32 state = 0; state < 2; state++) {
			SUBTEST("control-%u-%s", control, state ? "hlt" : "active");
			if (state && !(rdmsr(MSR_IA32_VMX_MISC) & BIT(6))) {
				SKIP_ROW("no HLT activity state");
				continue;
			}
			vmx_reset(g);
			vmx_code(g, "\x90", 1);
			vmcs_set(VMCS_PRIMARY_CONTROLS, control ? CPU_MTF : 0);
			vmcs_write(VMCS_GUEST_ACTIVITY, state);
			vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_OTHER);
			guard();
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
			EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), (u64)state);
		}
}

TEST(mtf_hlt, "after HLT, the monitor trap flag exits from the HLT state",
     SPEC("SDM vol. 3C, 25.5.2; 27.1; 27.3.4"), REQUIRES(HAS_MTF))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\xf4\x90", 2);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MTF);
	guard();
	vmx_run(g);
	SUBTEST("exit");
	EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 1);
	SUBTEST("activity");
	EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 1ull);
}

TEST(mtf_before_debug, "the monitor trap flag comes before a debug trap, which is saved as pending",
     SPEC("SDM vol. 3C, 25.5.2; 27.3.4"), REQUIRES(HAS_MTF))
{
	struct vmx_guest *g = vmx_new();

	for (u32 tf = 0; tf < 2; tf++) {
		SUBTEST("tf-%u", tf);
		vmx_reset(g);
		vmx_code(g, "\x90\x90", 2);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MTF);
		vmcs_set(VMCS_GUEST_RFLAGS, tf ? FLAG_TF : 0);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 1);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_PENDING_DEBUG) & BIT(14), tf ? BIT(14) : 0ull);
	}
}

TEST(mtf_cr0, "the monitor trap flag exits after MOV to CR0, CR3 and CR4, too",
     SPEC("SDM vol. 3C, 25.5.2"), BUG("MTF on MOV-to-CR0 enabling PAE"), REQUIRES(HAS_MTF))
{
	static const struct {
		const char *name, *bytes;
		enum vmcs_field field;
	} rows[] = {
		{ "cr0", "\x0f\x22\xc0", VMCS_GUEST_CR0 },
		{ "cr3", "\x0f\x22\xd8", VMCS_GUEST_CR3 },
		{ "cr4", "\x0f\x22\xe0", VMCS_GUEST_CR4 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, 3);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MTF);
		g->registers.ax = (ulong)vmcs_read(rows[i].field);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_MTF);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 3);
	}
}

/* --------------------------------------------------------------------- pending debug exceptions */

static const struct pending {
	const char *name;
	u64 pending, rflags;
	u32 dr7;
	bool comes; /* before the first instruction */
	u64 qualification;
} pendings[] = {
	{ "none", 0, 0, DR7_RESET, false, 0 },
	{ "single-step", BIT(14), FLAG_TF, DR7_RESET, true, BIT(14) },
	{ "breakpoint-0", BIT(12) | BIT(0), 0, DR7_RESET | 0x10001, true, BIT(0) },
	{ "breakpoint-3", BIT(12) | BIT(3), 0, DR7_RESET | 0x10000040, true, BIT(3) },
	{ "breakpoint-not-enabled", BIT(0), 0, DR7_RESET, false, 0 },
	{ "both", BIT(14) | BIT(12) | BIT(1), FLAG_TF, DR7_RESET | 0x100004, true,
	  BIT(14) | BIT(1) },
};

TEST(pending_debug_exits,
     "a debug exception that is pending at VM entry comes before the first instruction",
     SPEC("SDM vol. 3C, 26.6.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(pendings); i++)
		for (u32 exits = 0; exits < 2; exits++) {
			const struct pending *p = &pendings[i];

			SUBTEST("%s-%s", p->name, exits ? "exits" : "delivered");
			vmx_reset(g);
			vmx_code(g, "\x90", 1);
			vmcs_write(VMCS_GUEST_PENDING_DEBUG, p->pending);
			vmcs_set(VMCS_GUEST_RFLAGS, p->rflags);
			vmcs_write(VMCS_GUEST_DR7, p->dr7);
			vmcs_write(VMCS_EXCEPTION_BITMAP, exits ? BIT(VEC_DB) : 0);
			write_dr6(DR6_RESET);
			vmx_run(g);
			if (!p->comes) {
				EXPECT_VMX_DONE(g);
			} else if (exits) {
				EXPECT_VMX_EXCEPTION(g, VEC_DB);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), p->qualification);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
				EXPECT_EQ(vmcs_read(VMCS_GUEST_PENDING_DEBUG), 0ull);
				EXPECT_EQ((u64)read_dr6(), (u64)DR6_RESET);
			} else {
				EXPECT_EQ(vmx_delivered(g), VEC_DB);
				EXPECT_EQ((u64) * (ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP),
					  vmx_start(g));
				EXPECT_EQ(read_dr6() & (BIT(14) | 0xf), p->qualification);
			}
		}
}

TEST(pending_debug_blocked,
     "blocking by MOV SS, not that by STI, holds pending debug exceptions for one instruction",
     SPEC("SDM vol. 3C, 26.6.3; 24.4.2"))
{
	static const struct {
		const char *name;
		u64 blocking;
		u32 at;
	} rows[] = {
		{ "none", 0, 0 },
		{ "sti", BIT(0), 0 },
		{ "mov-ss", BIT(1), 1 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 step = 0; step < 2; step++) {
			SUBTEST("%s-%s", rows[i].name, step ? "single-step" : "breakpoint");
			vmx_reset(g);
			vmx_code(g, "\x90\x90", 2);
			vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_DB));
			vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, rows[i].blocking);
			vmcs_write(VMCS_GUEST_PENDING_DEBUG, step ? BIT(14) : BIT(12) | BIT(2));
			vmcs_write(VMCS_GUEST_DR7, DR7_RESET | 0x1000010);
			vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF | (step ? FLAG_TF : 0));
			vmx_run(g);
			EXPECT_VMX_EXCEPTION(g, VEC_DB);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + rows[i].at);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), step ? BIT(14) : BIT(2));
		}
}

TEST(pending_debug_injection, "an event that is injected drops the pending debug exceptions",
     SPEC("SDM vol. 3C, 26.6.3"))
{
	static const struct {
		const char *name;
		u32 info, vector;
	} rows[] = {
		{ "interrupt", INTR_EXTERNAL | 0x40, 0x40 },
		{ "nmi", INTR_NMI | 2, 2 },
		{ "exception", INTR_HARDWARE_EXCEPTION | VEC_UD, VEC_UD },
		{ "int-n", INTR_SOFTWARE_INTERRUPT | 0x41, 0x41 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_DB));
		vmcs_write(VMCS_GUEST_PENDING_DEBUG, BIT(12) | BIT(0));
		vmcs_write(VMCS_GUEST_DR7, DR7_RESET | 0x10001);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 2);
		vmx_run(g);
		EXPECT_EQ(vmx_delivered(g), (s32)rows[i].vector);
	}
}

TEST(pending_debug_saved, "an exit that is none of those listed saves no pending debug exceptions",
     SPEC("SDM vol. 3C, 27.3.4"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x90\x0f\xa2", 3);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 1);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_PENDING_DEBUG), 0ull);
}

TEST(pending_debug_not_in_host, "after an exit, no debug exception is pending in the host",
     SPEC("SDM vol. 3C, 27.5.5"))
{
	struct vmx_guest *g = vmx_new();

	/* A data breakpoint whose trap MOV SS holds back, and then an exit. */
	vmx_code(g, "\x8e\x13\x0f\xa2", 4);
	*(u16 *)g->data = SEL_KERNEL_DATA;
	g->registers.bx = (ulong)g->data;
	write_dr0((ulong)g->data);
	vmcs_write(VMCS_GUEST_DR7, DR7_RESET | 0x30001 | 0x40000);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), BIT(1));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_PENDING_DEBUG) & (BIT(12) | 1), BIT(12) | 1);
}

/* ------------------------------------------------------------------------------ activity states */

TEST(activity_injection_wakes, "an event that is injected makes the guest active",
     SPEC("SDM vol. 3C, 26.6.2"))
{
	static const struct {
		const char *name;
		u32 state, info, vector;
	} rows[] = {
		{ "hlt-interrupt", 1, INTR_EXTERNAL | 0x40, 0x40 },
		{ "hlt-nmi", 1, INTR_NMI | 2, 2 },
		{ "hlt-db", 1, INTR_HARDWARE_EXCEPTION | VEC_DB, VEC_DB },
		{ "hlt-mc", 1, INTR_HARDWARE_EXCEPTION | VEC_MC, VEC_MC },
		{ "shutdown-nmi", 2, INTR_NMI | 2, 2 },
		{ "shutdown-mc", 2, INTR_HARDWARE_EXCEPTION | VEC_MC, VEC_MC },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		if (!(rdmsr(MSR_IA32_VMX_MISC) & BIT(5 + rows[i].state))) {
			SKIP_ROW("IA32_VMX_MISC has not the state");
			continue;
		}
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		vmx_deliver(g);
		guard();
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmcs_write(VMCS_GUEST_ACTIVITY, rows[i].state);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
		vmx_run(g);
		EXPECT_EQ(vmx_delivered(g), (s32)rows[i].vector);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 0ull);
	}
}

TEST(activity_pending_debug,
     "a pending debug exception wakes the HLT state, and is dropped in shutdown",
     SPEC("SDM vol. 3C, 26.6.3"), REQUIRES(HAS_TIMER))
{
	struct vmx_guest *g = vmx_new();

	for (u32 state = 1; state < 3; state++) {
		SUBTEST("%s", state == 1 ? "hlt" : "shutdown");
		if (!(rdmsr(MSR_IA32_VMX_MISC) & BIT(5 + state))) {
			SKIP_ROW("IA32_VMX_MISC has not the state");
			continue;
		}
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		guard();
		vmcs_write(VMCS_GUEST_DR7, DR7_RESET | 0x10001);
		vmcs_write(VMCS_GUEST_PENDING_DEBUG, BIT(12) | 1);
		vmcs_write(VMCS_GUEST_ACTIVITY, state);
		vmx_run(g);
		if (state == 1)
			EXPECT_VMX_EXCEPTION(g, VEC_DB);
		else
			EXPECT_VMX_EXIT(g, VMX_EXIT_PREEMPTION_TIMER);
	}
}
