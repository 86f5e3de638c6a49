/* SPDX-License-Identifier: MIT */
/*
 * What INIT makes of a CPU, as its first instructions after the start-up IPI see it: SDM vol. 3A,
 * table 9-1 (registers) and 10.4.7.3 (local APIC). What the CPU has in its registers before is chosen
 * to differ from what INIT leaves.
 */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/msr.h>
#include <x86/smp.h>
#include <x86/tsc.h>
#include <x86/xsave.h>

#include "probe.h"

SUITE("State of a CPU after INIT and SIPI", REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_count() > 1));

#define VECTOR_PENDING	0x51
#define VECTOR_SERVED	0x61
#define TSC_AUX_BEFORE	0x12345678u
#define PAT_BEFORE	0x0007010600070106ull
#define SYSENTER_BEFORE 0x1234u
#define SOME_ADDRESS	0x00345678u

/* What the CPU had before INIT. */
static struct {
	u32 ready;
	u64 tsc;
	u32 apic_id, apic_base;
} before;

static void say_ready_and_stay(struct trap_frame *frame)
{
	(void)frame;
	before.tsc = rdtsc();
	atomic_store(&before.ready, 1);
	for (;;)
		arch_relax();
}

/* Ends in the handler of an interrupt, with another one pending, the timer running, all of it changed. */
static void change_everything(void *arg)
{
	(void)arg;
	before.apic_id = apic_read(APIC_ID);
	before.apic_base = (u32)rdmsr(MSR_IA32_APIC_BASE);
	write_cr2(SOME_ADDRESS);
	write_dr0(SOME_ADDRESS);
	write_dr1(SOME_ADDRESS + 1);
	write_dr2(SOME_ADDRESS + 2);
	write_dr3(SOME_ADDRESS + 3);
	write_dr6(DR6_RESET | 0xf);
	write_dr7(DR7_RESET | BIT(8) | BIT(9));
	if (cpu_has(X86_FEATURE_SEP))
		wrmsr(MSR_IA32_SYSENTER_CS, SYSENTER_BEFORE);
	if (cpu_has(X86_FEATURE_PAT))
		wrmsr(MSR_IA32_PAT, PAT_BEFORE);
	if (cpu_has(X86_FEATURE_RDTSCP))
		wrmsr(MSR_TSC_AUX, TSC_AUX_BEFORE);
	__asm__ volatile("fldcw %0" : : "m"((u16){ 0x0c7f }));
	if (cpu_has(X86_FEATURE_SSE))
		ldmxcsr(0x7f80);

	apic_write(APIC_DFR, APIC_DFR_CLUSTER);
	apic_write(APIC_LDR, 0x21000000);
	apic_write(APIC_SVR, APIC_SVR_ENABLE | 0xef);
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED | 0x71);
	apic_write(APIC_LVT_LINT1, APIC_LVT_MASKED | 0x72);
	apic_write(APIC_LVT_ERROR, 0x73);
	apic_timer_start(APIC_TIMER_PERIODIC | APIC_LVT_MASKED | 0x74, 3, 0x7fffffff);
	apic_send_vector(this_cpu()->number, VECTOR_PENDING);
	apic_send_vector(this_cpu()->number, VECTOR_SERVED);
	__asm__ volatile("sti; nop; nop" ::: "memory");
	for (;;)
		arch_relax();
}

static volatile struct probe_state *state;

/* Starts the case: CPU 1 with everything changed, and then at the probe. */
static void reset_changed_cpu(void)
{
	u64 begin = clock_ns();

	before.ready = 0;
	trap_set_handler(VECTOR_SERVED, say_ready_and_stay);
	cpu_start_work(1, change_everything, NULL);
	while (!atomic_load(&before.ready) && clock_ns() - begin < 3000000000ull)
		arch_relax();
	ASSERT(before.ready, "CPU 1 never got as far as the INIT");
	state = probe_prepare(PROBE_PAGE);
	ASSERT(probe_start(1), "CPU 1 did not start after INIT and SIPI");
}

TEST(init_resets_registers,
     "INIT brings registers to the values of table 9-1, as a SIPI leaves them",
     SPEC("SDM vol. 3A, table 9-1; 8.4.3"))
{
	reset_changed_cpu();
	SUBTEST("CR0");
	EXPECT_EQ(state->cr0 & ~(CR0_CD | CR0_NW), CR0_ET);
	SUBTEST("CR2");
	EXPECT_EQ(state->cr2, 0);
	SUBTEST("CR3");
	EXPECT_EQ(state->cr3, 0);
	SUBTEST("CR4");
	EXPECT_EQ(state->cr4, 0);
	SUBTEST("EFLAGS");
	EXPECT_EQ(state->flags, FLAG_1);
	SUBTEST("EDX");
	EXPECT_EQ(state->edx & 0xf00, cpuid(1, 0).eax & 0xf00, "the family in bits 11-8");
	SUBTEST("EAX-EBX-ECX-ESI-EDI-EBP-ESP");
	EXPECT_EQ(state->eax | state->ebx | state->ecx | state->esi | state->edi | state->ebp |
			  state->esp,
		  0);
	SUBTEST("DS-ES-SS-FS-GS");
	EXPECT_EQ(state->ds | state->es | state->ss | state->fs | state->gs, 0);
	SUBTEST("GDTR");
	EXPECT_EQ(state->gdtr_base, 0);
	EXPECT_EQ(state->gdtr_limit, 0xffff);
	SUBTEST("IDTR");
	EXPECT_EQ(state->idtr_base, 0);
	EXPECT_EQ(state->idtr_limit, 0xffff);
	SUBTEST("DR0-DR3");
	EXPECT_EQ(state->dr[0] | state->dr[1] | state->dr[2] | state->dr[3], 0);
	SUBTEST("DR6");
	EXPECT_EQ(state->dr6, DR6_RESET);
	SUBTEST("DR7");
	EXPECT_EQ(state->dr7, DR7_RESET);
	SUBTEST("EFER");
	if (state->wants & PROBE_WANT_EFER)
		EXPECT_EQ(state->efer, 0);
	else
		SKIP_ROW("no EFER");
}

TEST(init_keeps_registers, "INIT leaves alone what table 9-1 says is unchanged",
     SPEC("SDM vol. 3A, table 9-1"))
{
	reset_changed_cpu();
	SUBTEST("CR0.CD-CR0.NW");
	EXPECT_EQ(state->cr0 & (CR0_CD | CR0_NW), 0, "both were clear before");
	SUBTEST("TSC");
	EXPECT_GT(state->tsc, before.tsc);
	SUBTEST("x87-control-word");
	EXPECT_EQ(state->x87_control & 0xffff, 0x0c7f);
	SUBTEST("MXCSR");
	if (state->wants & PROBE_WANT_SSE)
		EXPECT_EQ(state->mxcsr, 0x7f80);
	else
		SKIP_ROW("no SSE");
	SUBTEST("IA32_SYSENTER_CS");
	if (cpu_has(X86_FEATURE_SEP))
		EXPECT_EQ(state->sysenter_cs & 0xffff, SYSENTER_BEFORE);
	else
		SKIP_ROW("no SYSENTER");
	SUBTEST("IA32_PAT");
	if (cpu_has(X86_FEATURE_PAT))
		EXPECT_EQ(state->pat, PAT_BEFORE);
	else
		SKIP_ROW("no PAT");
	SUBTEST("IA32_TSC_AUX");
	if (state->wants & PROBE_WANT_AUX)
		EXPECT_EQ(state->aux, TSC_AUX_BEFORE);
	else
		SKIP_ROW("no RDTSCP");
	SUBTEST("IA32_APIC_BASE");
	EXPECT_EQ(state->apic_base, before.apic_base);
	SUBTEST("APIC-ID");
	EXPECT_EQ(probe_apic(PROBE_PAGE, APIC_ID), before.apic_id);
}

TEST(init_resets_local_apic,
     "INIT resets the local APIC, all but its ID, to its state after power-up",
     SPEC("SDM vol. 3A, 10.4.7.1, 10.4.7.3"))
{
	static const struct {
		const char *name;
		u32 reg, expected;
	} rows[] = {
		{ "TPR", APIC_TPR, 0 },
		{ "PPR", APIC_PPR, 0 },
		{ "LDR", APIC_LDR, 0 },
		{ "DFR", APIC_DFR, 0xffffffff },
		{ "SVR", APIC_SVR, 0xff },
		{ "ESR", APIC_ESR, 0 },
		{ "LVT-timer", APIC_LVT_TIMER, APIC_LVT_MASKED },
		{ "LVT-LINT0", APIC_LVT_LINT0, APIC_LVT_MASKED },
		{ "LVT-LINT1", APIC_LVT_LINT1, APIC_LVT_MASKED },
		{ "LVT-error", APIC_LVT_ERROR, APIC_LVT_MASKED },
		{ "ICR-high", APIC_ICR_HIGH, 0 },
		{ "timer-initial-count", APIC_TIMER_INITIAL, 0 },
		{ "timer-current-count", APIC_TIMER_CURRENT, 0 },
		{ "timer-divide-configuration", APIC_TIMER_DIVIDE, 0 },
		{ "ISR", APIC_ISR + VECTOR_SERVED / 32 * 0x10, 0 },
		{ "IRR", APIC_IRR + VECTOR_PENDING / 32 * 0x10, 0 },
		{ "TMR", APIC_TMR + VECTOR_SERVED / 32 * 0x10, 0 },
	};

	reset_changed_cpu();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(probe_apic(PROBE_PAGE, rows[i].reg), rows[i].expected);
	}
}

static void raise_tpr(void *arg)
{
	(void)arg;
	apic_write(APIC_TPR, 0x90);
	atomic_store(&before.ready, 1);
	for (;;)
		arch_relax();
}

TEST(init_resets_task_priority, "INIT lowers a task priority that software had raised to 0",
     SPEC("SDM vol. 3A, 10.8.3.1; 10.4.7.3"))
{
	before.ready = 0;
	probe_prepare(PROBE_PAGE);
	cpu_start_work(1, raise_tpr, NULL);
	for (u64 begin = clock_ns(); !atomic_load(&before.ready);) {
		ASSERT_LT(clock_ns() - begin, 3000000000ull, "CPU 1 does not run");
		arch_relax();
	}
	ASSERT(probe_start(1));
	EXPECT_EQ(probe_apic(PROBE_PAGE, APIC_TPR), 0);
	EXPECT_EQ(probe_apic(PROBE_PAGE, APIC_PPR), 0);
}
