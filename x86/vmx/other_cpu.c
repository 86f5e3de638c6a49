/* SPDX-License-Identifier: MIT */
/* What another CPU sends while the guest runs: INIT, SIPI, NMI, interrupts. SDM vol. 3C, 25.2; 26.6.2; 27.2.1. */
#include "checks.h"

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/smp.h>

SUITE("VMX: events from another CPU", REQUIRES(vmx_available() && cpu_count() > 1));

#define INTERRUPT   0x52
#define PATIENCE_NS 2000000000ull
#define SETTLE_US   3000

/* INC dword [BX]; JMP */
static const u8 count_loop[] = { 0xff, 0x03, 0xeb, 0xfc };

/* What CPU 1 is to run, and what its guest left. Its VMCS is CPU 1's alone. */
static struct work {
	struct vmx_guest *g;
	u64 pin, activity;

	volatile bool entering;
	volatile u32 exits;
	u64 result, qualification, info, saved_activity, rip;
} work;

static void run_guest(void *arg)
{
	struct work *w = arg;
	struct vmx_guest *g = w->g;

	vmx_enable();
	vmx_reset(g);
	vmx_code(g, count_loop, sizeof(count_loop));
	g->registers.bx = (ulong)g->data;
	vmcs_set(VMCS_PIN_CONTROLS, w->pin);
	vmcs_write(VMCS_GUEST_ACTIVITY, w->activity);
	w->entering = true;
	vmx_run(g);
	w->result = g->result;
	w->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
	w->info = vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);
	w->saved_activity = vmcs_read(VMCS_GUEST_ACTIVITY);
	w->rip = vmcs_read(VMCS_GUEST_RIP);
	EXPECT_VMX(vmclear_try((ulong)g->vmcs), VMX_SUCCEED);
	/* INIT, by which the CPU is given back, is blocked in VMX root operation. */
	EXPECT_VMX(vmxoff_try(), VMX_SUCCEED);
	write_cr4(read_cr4() & ~CR4_VMXE);
	WRITE_ONCE(w->exits, 1);
}

static u32 count_of(void)
{
	return READ_ONCE(*(u32 *)work.g->data);
}

/* Starts the guest on CPU 1 and waits until it runs. */
static void start(u64 pin, u64 activity)
{
	u64 end = clock_ns() + PATIENCE_NS;

	work = (struct work){ .g = vmx_new(), .pin = pin, .activity = activity };
	/* Active and current on one CPU only: 24.11.1. */
	EXPECT_VMX(vmclear_try((ulong)work.g->vmcs), VMX_SUCCEED);
	*(u32 *)work.g->data = 0;
	cpu_start_work(1, run_guest, &work);
	if (activity) {
		while (!READ_ONCE(work.entering) && clock_ns() < end)
			arch_relax();
		delay_us(SETTLE_US);
		return;
	}
	while (count_of() < 100 && clock_ns() < end)
		arch_relax();
	ASSERT_GE(count_of(), 100u);
}

/* True if there is an exit before patience ends. */
static bool wait_for_exit(void)
{
	u64 end = clock_ns() + PATIENCE_NS;

	while (!READ_ONCE(work.exits) && clock_ns() < end)
		arch_relax();
	return READ_ONCE(work.exits);
}

static void send(u32 low)
{
	apic_send(low | ICR_ASSERT, (u32)cpu_by_number(1)->hardware_id);
}

static void expect_exit(u32 reason)
{
	EXPECT(wait_for_exit());
	EXPECT_EQ_NAMED(vmx_exit_name, work.result, (u64)reason, "qualification %#llx",
			work.qualification);
}

TEST(init_exits, "an INIT that arrives in VMX non-root operation exits, and does nothing else",
     SPEC("SDM vol. 3C, 25.2"), BUG("4b9852f4f389"))
{
	start(0, 0);
	cpu_take_over(1);
	send(ICR_INIT);
	expect_exit(VMX_EXIT_INIT);
	EXPECT_EQ(work.qualification, 0ull);
	EXPECT_EQ(work.info & INTR_VALID, 0ull);
	EXPECT_GE(work.rip, (u64)(ulong)work.g->code);
	EXPECT_LE(work.rip, (u64)(ulong)work.g->code + sizeof(count_loop));
	EXPECT_EQ(work.saved_activity, 0ull);
}

TEST(init_hlt, "an INIT ends the HLT state with the exit, which saves that state",
     SPEC("SDM vol. 3C, 25.2; 27.1; 27.3.4"), REQUIRES(rdmsr(MSR_IA32_VMX_MISC) & BIT(6)))
{
	start(0, 1);
	cpu_take_over(1);
	send(ICR_INIT);
	SUBTEST("exit");
	expect_exit(VMX_EXIT_INIT);
	EXPECT_EQ(count_of(), 0u);
	SUBTEST("activity");
	EXPECT_EQ(work.saved_activity, 1ull);
}

TEST(init_shutdown, "an INIT ends the shutdown state with the exit, which saves that state",
     SPEC("SDM vol. 3C, 25.2; 27.1; 27.3.4"), REQUIRES(rdmsr(MSR_IA32_VMX_MISC) & BIT(7)))
{
	start(0, 2);
	cpu_take_over(1);
	send(ICR_INIT);
	SUBTEST("exit");
	expect_exit(VMX_EXIT_INIT);
	SUBTEST("activity");
	EXPECT_EQ(work.saved_activity, 2ull);
}

TEST(sipi_exits, "a SIPI in the wait-for-SIPI state exits, with its vector",
     SPEC("SDM vol. 3C, 25.2; 27.2.1"), BUG("SIPI only exits in WAIT_SIPI activity state"),
					    REQUIRES(rdmsr(MSR_IA32_VMX_MISC) & BIT(8)))
{
	static const u8 vectors[] = { 0x10, 0x9f, 0xff };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("vector-%#x", vectors[i]);
		start(0, 3);
		send(ICR_STARTUP | vectors[i]);
		expect_exit(VMX_EXIT_SIPI);
		EXPECT_EQ(work.qualification, (u64)vectors[i]);
		EXPECT_EQ(count_of(), 0u);
		if (READ_ONCE(work.exits))
			cpu_wait(1);
	}
}

TEST(sipi_saved_activity, "the exit of a SIPI saves the wait-for-SIPI state",
     SPEC("SDM vol. 3C, 27.1; 27.3.4"), REQUIRES(rdmsr(MSR_IA32_VMX_MISC) & BIT(8)))
{
	start(0, 3);
	send(ICR_STARTUP | 0x10);
	expect_exit(VMX_EXIT_SIPI);
	EXPECT_EQ(work.saved_activity, 3ull);
}

TEST(sipi_active, "a SIPI in another state is discarded",
     SPEC("SDM vol. 3C, 25.2; 26.6.2"), BUG("SIPI only exits in WAIT_SIPI activity state"))
{
	start(PIN_NMI, 0);
	send(ICR_STARTUP | 0x10);
	delay_us(SETTLE_US);
	EXPECT(!READ_ONCE(work.exits));
	/* An end for the guest. */
	send(ICR_NMI);
	expect_exit(VMX_EXIT_EXCEPTION_NMI);
}

TEST(sipi_blocks, "the wait-for-SIPI state blocks INIT, NMI and external interrupts",
     SPEC("SDM vol. 3C, 26.6.2"), REQUIRES(rdmsr(MSR_IA32_VMX_MISC) & BIT(8)))
{
	static const struct {
		const char *name;
		u32 icr;
	} rows[] = { { "nmi", ICR_NMI }, { "interrupt", ICR_FIXED | INTERRUPT } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		start(PIN_NMI | PIN_EXTERNAL_INTERRUPT, 3);
		send(rows[i].icr);
		delay_us(SETTLE_US);
		EXPECT(!READ_ONCE(work.exits));
		send(ICR_STARTUP | 0x44);
		expect_exit(VMX_EXIT_SIPI);
		EXPECT_EQ(work.qualification, 0x44ull);
		if (!READ_ONCE(work.exits))
			return;
		/* What was blocked is pending on CPU 1, which the end of its work resets. */
		cpu_take_over(1);
		cpu_give_back(1);
	}
}

TEST(nmi_from_other, "an NMI that another CPU sends exits by its control",
     SPEC("SDM vol. 3C, 25.2"))
{
	start(PIN_NMI, 0);
	send(ICR_NMI);
	expect_exit(VMX_EXIT_EXCEPTION_NMI);
	EXPECT_EQ(work.info & ~0x1000ull, INTR_VALID | INTR_NMI | 2ull);
}

TEST(interrupt_from_other, "an interrupt that another CPU sends exits by its control",
     SPEC("SDM vol. 3C, 25.2"))
{
	start(PIN_EXTERNAL_INTERRUPT, 0);
	send(ICR_FIXED | INTERRUPT);
	expect_exit(VMX_EXIT_EXTERNAL_INTERRUPT);
	EXPECT_EQ(work.info & INTR_VALID, 0ull);
}

/* In VMX root operation CPU 1 counts, and ends with VMXOFF when it is told to. */
static struct root {
	struct vmx_guest *g;
	bool after_exit;
	volatile u32 count;
	volatile bool leave;
} root;

static void count_in_root(void *arg)
{
	struct root *r = arg;

	vmx_enable();
	if (r->after_exit) {
		vmx_reset(r->g);
		vmx_code(r->g, "", 0);
		vmx_run(r->g);
		EXPECT_VMX(vmclear_try((ulong)r->g->vmcs), VMX_SUCCEED);
	}
	while (!r->leave)
		r->count++;
	vmxoff_try();
	for (;;)
		r->count++;
}

static bool counts(void)
{
	u32 before = root.count;

	delay_us(SETTLE_US);
	return root.count != before;
}

static void start_root(bool after_exit)
{
	u64 end = clock_ns() + PATIENCE_NS;

	root = (struct root){ .g = vmx_new(), .after_exit = after_exit };
	EXPECT_VMX(vmclear_try((ulong)root.g->vmcs), VMX_SUCCEED);
	cpu_start_work(1, count_in_root, &root);
	while (root.count < 100 && clock_ns() < end)
		arch_relax();
	ASSERT_GE(root.count, 100u);
	cpu_take_over(1);
	send(ICR_INIT);
}

/* Blocked or dropped, an INIT after VMXOFF stops it. */
static void end_root(void)
{
	root.leave = true;
	delay_us(SETTLE_US);
	send(ICR_INIT);
	cpu_give_back(1);
}

TEST(init_blocked_in_root, "in VMX root operation an INIT is blocked",
     SPEC("SDM vol. 3C, 23.8"), BUG("4b9852f4f389"))
{
	for (u32 after_exit = 0; after_exit < 2; after_exit++) {
		SUBTEST("%s", after_exit ? "after-exit" : "after-vmxon");
		start_root(after_exit);
		EXPECT(counts());
		EXPECT(counts());
		end_root();
	}
}

TEST(init_after_vmxoff, "an INIT that came in VMX root operation takes effect after VMXOFF",
     SPEC("SDM vol. 3C, 23.8; 30.3, VMXOFF"))
{
	for (u32 after_exit = 0; after_exit < 2; after_exit++) {
		SUBTEST("%s", after_exit ? "after-exit" : "after-vmxon");
		start_root(after_exit);
		root.leave = true;
		delay_us(SETTLE_US);
		EXPECT(!counts());
		end_root();
	}
}
