/* SPDX-License-Identifier: MIT */
/*
 * What an instruction that a VMM completes owes its end: the trap of TF, the breakpoints, an interrupt that
 * waits. SDM vol. 3B, 17.3.1; vol. 3A, 6.8, 6.9. The image `debug` has what the CPU completes itself.
 */
#include "step.h"

#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/irq.h>
#include <x86/place.h>

SUITE("Instructions that a VMM completes");

#define PENDING_VECTOR 0x50u

static u32 iterations(const struct step_insn *insn)
{
	return insn->iterations ? insn->iterations : 1;
}

/* The instruction, and a NOP after it. */
static void set_code(const struct step_insn *insn)
{
	u8 code[16];

	for (u32 i = 0; i < insn->size; i++)
		code[i] = insn->code[i];
	code[insn->size] = 0x90;
	debug_set_code(code, insn->size + 1);
}

static void expect_hit(u32 i, ulong offset, ulong bits)
{
	EXPECT_EQ(debug_hits[i].ip, (ulong)debug_code + offset, "IP of #DB %u", i);
	EXPECT_EQ(debug_hits[i].dr6, DR6_RESET | bits, "DR6 of #DB %u", i);
}

TEST(single_step, "with TF set #DB with BS is right after the instruction, and after the next one",
     SPEC("SDM vol. 3B, 17.3.1.4"), BUG("linux 5cc244a20b86"), BUG("xen 1d60efc57485"))
{
	for (u32 n = 0; n < step_count(); n++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			const struct step_insn *insn = step_insn(n);
			u32 steps = iterations(insn);
			struct debug_registers r;

			if (cpl && !insn->at_cpl3)
				continue;
			if (!step_begin(insn, cpl ? "cpl3" : "cpl0", &r))
				continue;
			set_code(insn);
			debug_record();
			EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_step_code, &r));
			step_end();
			/* Each iteration, the NOP, and the POPF that clears TF. */
			if (!EXPECT_EQ(debug_count, steps + 2, "debug exceptions"))
				continue;
			for (u32 i = 0; i + 1 < steps; i++)
				expect_hit(i, 0, DR6_BS);
			expect_hit(steps - 1, insn->size, DR6_BS);
			expect_hit(steps, insn->size + 1, DR6_BS);
			expect_hit(steps + 1, insn->size + 2, DR6_BS);
		}
}

TEST(breakpoint_at,
     "a breakpoint at the instruction is taken once before it, and RF lets it complete",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	for (u32 n = 0; n < step_count(); n++) {
		const struct step_insn *insn = step_insn(n);
		struct debug_registers r;

		if (!step_begin(insn, NULL, &r))
			continue;
		set_code(insn);
		debug_break(0, (ulong)debug_code, BREAK_EXECUTE, 1);
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		step_end();
		if (EXPECT_EQ(debug_count, 1u, "debug exceptions"))
			expect_hit(0, 0, DR6_B(0));
	}
}

TEST(breakpoint_behind,
     "a breakpoint at the next instruction is taken once, when this one is complete",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	for (u32 n = 0; n < step_count(); n++) {
		const struct step_insn *insn = step_insn(n);
		struct debug_registers r;

		if (!step_begin(insn, NULL, &r))
			continue;
		set_code(insn);
		debug_break(0, (ulong)debug_code + insn->size, BREAK_EXECUTE, 1);
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		step_end();
		if (EXPECT_EQ(debug_count, 1u, "debug exceptions"))
			expect_hit(0, insn->size, DR6_B(0));
	}
}

TEST(step_and_breakpoint,
     "with TF and a breakpoint at the next instruction both bits of DR6 are set",
     SPEC("SDM vol. 3B, 17.2.3, 17.3.1"))
{
	for (u32 n = 0; n < step_count(); n++) {
		const struct step_insn *insn = step_insn(n);
		struct debug_registers r;

		if (insn->iterations || !step_begin(insn, NULL, &r))
			continue;
		set_code(insn);
		debug_break(0, (ulong)debug_code + insn->size, BREAK_EXECUTE, 1);
		EXPECT_NO_FAULT(fault_of(debug_step_code, &r));
		step_end();
		/* One #DB with both, or the trap first and the fault of the next instruction after it. */
		if (!EXPECT(debug_count == 3 || debug_count == 4, "%u debug exceptions",
			    debug_count))
			continue;
		EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + insn->size);
		if (debug_count == 3)
			EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_BS | DR6_B(0));
		else
			EXPECT_EQ(debug_hits[0].dr6 | debug_hits[1].dr6,
				  DR6_RESET | DR6_BS | DR6_B(0));
	}
}

/* ------------------------------------------------------------------------------- data breakpoints */

TEST(data_breakpoint, "a data breakpoint on the operand traps right after the instruction, once",
     SPEC("SDM vol. 3B, 17.3.1.2"), BUG("xen 1d60efc57485"))
{
	for (u32 n = 0; n < step_count(); n++) {
		const struct step_insn *insn = step_insn(n);
		struct debug_registers r;

		if (!insn->operand || !step_begin(insn, NULL, &r))
			continue;
		set_code(insn);
		debug_break(1, insn->at_si ? r.si : r.di,
			    insn->reads_only ? BREAK_ACCESS : BREAK_WRITE, insn->operand);
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		step_end();
		if (EXPECT_EQ(debug_count, 1u, "debug exceptions"))
			expect_hit(0, insn->size, DR6_B(1));
	}
}

TEST(data_breakpoint_elsewhere,
     "a data breakpoint beside the operand, or on writes if it reads, is not hit",
     SPEC("SDM vol. 3B, 17.2.5, 17.3.1.2"))
{
	for (u32 n = 0; n < step_count(); n++) {
		const struct step_insn *insn = step_insn(n);
		struct debug_registers r;

		if (!insn->operand || !step_begin(insn, NULL, &r))
			continue;
		set_code(insn);
		if (insn->reads_only)
			debug_break(1, insn->at_si ? r.si : r.di, BREAK_WRITE, insn->operand);
		else
			debug_break(1, r.di + 8, BREAK_ACCESS, 4);
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		step_end();
		EXPECT_EQ(debug_count, 0u, "debug exceptions");
	}
}

/* -------------------------------------------------------------------------------------- interrupts */

static struct {
	u32 count;
	ulong ip;
	ulong flags;
} taken;

static void take(struct trap_frame *frame)
{
	taken.count++;
	taken.ip = frame->ip;
	taken.flags = frame->flags;
	apic_eoi();
}

/*
 * STI, the instruction, NOP: a pending interrupt waits for the end of the instruction after STI, and for
 * nothing more. One that repeats may be interrupted between its iterations.
 */
TEST(pending_interrupt,
     "an interrupt that waits is taken right after the instruction that follows STI",
     SPEC("SDM vol. 2B, STI; vol. 3A, 6.8.1"), REQUIRES(cpu_has(X86_FEATURE_APIC)))
{
	for (u32 n = 0; n < step_count(); n++) {
		const struct step_insn *insn = step_insn(n);
		struct debug_registers r;
		u8 code[16] = { 0xfb };

		if (insn->iterations || !step_begin(insn, NULL, &r))
			continue;
		for (u32 i = 0; i < insn->size; i++)
			code[1 + i] = insn->code[i];
		code[1 + insn->size] = 0x90;
		code[2 + insn->size] = 0x90;
		debug_set_code(code, insn->size + 3);
		taken = (__typeof__(taken)){ 0 };
		trap_set_handler(PENDING_VECTOR, take);
		apic_send_vector(0, PENDING_VECTOR);
		while (!apic_vector_bit(APIC_IRR, PENDING_VECTOR))
			barrier();
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		step_end();
		if (!EXPECT_EQ(taken.count, 1u, "interrupts"))
			continue;
		EXPECT_EQ(taken.ip, (ulong)debug_code + 1 + insn->size);
		EXPECT_EQ(taken.flags & FLAG_IF, FLAG_IF);
	}
}

/* -------------------------------------------------------------------------------------------- MWAIT */

static void wake(struct trap_frame *frame)
{
	(void)frame;
	taken.count++;
	apic_eoi();
}

/* STI, MWAIT, NOP. If it waits, an interrupt ends it after some milliseconds, and is noticed. */
static void run_mwait(void (*run)(void *registers))
{
	static const u8 code[] = { 0xfb, 0x0f, 0x01, 0xc9, 0x90 };

	debug_set_code(code, sizeof(code));
	debug_record();
	taken = (__typeof__(taken)){ 0 };
	trap_set_handler(PENDING_VECTOR, wake);
	apic_timer_start(APIC_TIMER_ONESHOT | PENDING_VECTOR, 7, 400000);
	EXPECT_NO_FAULT(fault_of(run, NULL));
	apic_timer_stop();
	apic_drain();
}

TEST(mwait_not_armed,
     "MWAIT with no monitor armed does not wait, and a step over it ends right after it",
     SPEC("SDM vol. 2B, MWAIT; vol. 3B, 17.3.1.4"),
	  REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_has(X86_FEATURE_MONITOR)))
{
	bool waited = true;

	SUBTEST("alone");
	/* A host that pauses for as long as the timer runs looks like a wait, but not every time. */
	for (u32 tries = 0; waited && tries < 4; tries++) {
		run_mwait(debug_run_code);
		waited = taken.count;
	}
	EXPECT(!waited);
	SUBTEST("step");
	run_mwait(debug_step_code);
	if (EXPECT_EQ(debug_count, 4u, "debug exceptions"))
		expect_hit(1, 4, DR6_BS);
}
