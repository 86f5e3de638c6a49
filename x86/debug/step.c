/* SPDX-License-Identifier: MIT */
/*
 * Single steps: with TF set when an instruction starts, #DB is after it, with BS. What is
 * special about some instructions is where that is. SDM vol. 3B, 17.3.1.4; APM vol. 2,
 * 13.1.4.
 */
#include "step.h"

#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("Single steps");

static u32 count_stops(const struct step_row *row)
{
	u32 count = 0;

	while (row->stops[count] != row->size)
		count++;
	return count + 1;
}

void expect_steps(const struct step_row *row, u32 cpl)
{
	struct debug_registers r = row->registers;
	const u32 stops = count_stops(row);

	debug_set_code(row->code, row->size);
	debug_record();
	EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_step_code, &r));
	write_flags(FLAG_1);
	if (!EXPECT_EQ(debug_count, stops + 1))
		return;
	for (u32 i = 0; i <= stops; i++) {
		const bool is_last = i == stops; /* the POPF that clears TF */
		const ulong offset = is_last ? row->size + 1ul : row->stops[i];

		EXPECT_EQ(debug_hits[i].ip, (ulong)debug_code + offset, "stop %u", i);
		EXPECT_EQ(debug_hits[i].dr6, DR6_RESET | DR6_BS, "stop %u", i);
		EXPECT_EQ(debug_hits[i].flags & FLAG_TF, is_last ? 0 : FLAG_TF, "stop %u", i);
		EXPECT_EQ(debug_hits[i].cs & 3, (ulong)cpl, "stop %u", i);
	}
}

static u8 memory[16];

static const struct step_row rows[] = {
	ROW("nop", (0x90), (1)),
	ROW("three-nops", (0x90, 0x90, 0x90), (1, 2, 3)),
	/* 66 and 3E before NOP, NOP */
	ROW("prefixes", (0x66, 0x3e, 0x90, 0x90), (3, 4)),
	/* JMP over a HLT, NOP */
	ROW("jmp", (0xeb, 0x01, 0xf4, 0x90), (3, 4)),
	/* CALL to the RET at 7; where it returns to, JMP over the RET */
	ROW("call-ret", (0xe8, 2, 0, 0, 0, 0xeb, 0x01, 0xc3), (7, 5, 8)),
	/* LOOP to itself */
	ROW("loop", (0xe2, 0xfe), (0, 0, 2), .registers = { .cx = 3 }),
	/* PUSH AX, POP AX */
	ROW("push-pop", (0x50, 0x58), (1, 2)),
	/* PUSHF, POPF, NOP */
	ROW("pushf-popf", (0x9c, 0x9d, 0x90), (1, 2, 3)),
	/* MOV AL, [DI]; MOV [DI], AL */
	ROW("load-store", (0x8a, 0x07, 0x88, 0x07), (2, 4), .registers = { .di = (ulong)memory }),
	/* STOSB, MOVSB */
	ROW("string", (0xaa, 0xa4), (1, 2),
	    .registers = { .si = (ulong)memory, .di = (ulong)memory }),
	/* REP STOSB, NOP */
	ROW("rep-0", (0xf3, 0xaa, 0x90), (2, 3), .registers = { .di = (ulong)memory }),
	ROW("rep-1", (0xf3, 0xaa, 0x90), (2, 3), .registers = { .cx = 1, .di = (ulong)memory }),
	ROW("rep-3", (0xf3, 0xaa, 0x90), (0, 0, 2, 3),
	    .registers = { .cx = 3, .di = (ulong)memory }),
	/* REPNE SCASB, NOP */
	ROW("repne-ends", (0xf2, 0xae, 0x90), (2, 3),
	    .registers = { .ax = 0, .cx = 4, .di = (ulong)memory + 8 }),
	ROW("cpuid", (0x0f, 0xa2, 0x90), (2, 3)),
	ROW("rdtsc", (0x0f, 0x31, 0x90), (2, 3)),
	/* MOV SS, AX; NOP; NOP */
	ROW("mov-ss", (0x8e, 0xd0, 0x90, 0x90), (3, 4), .registers = { .ax = SEL_KERNEL_DATA },
	    .only_cpl0 = true),
	/* MOV DS, AX; NOP; NOP */
	ROW("mov-ds", (0x8e, 0xd8, 0x90, 0x90), (2, 3, 4), .registers = { .ax = SEL_KERNEL_DATA },
	    .only_cpl0 = true),
	/* MOV SS, AX; CPUID */
	ROW("mov-ss-cpuid", (0x8e, 0xd0, 0x0f, 0xa2), (4), .registers = { .ax = SEL_KERNEL_DATA },
	    .only_cpl0 = true),
	ROW("sti", (0xfb, 0x90, 0x90), (1, 2, 3), .only_cpl0 = true),
	ROW("cli", (0xfa, 0x90), (1, 2), .only_cpl0 = true),
	/* IN AL, 80H; NOP */
	ROW("in", (0xe4, 0x80, 0x90), (2, 3), .only_cpl0 = true),
	/* OUT 80H, AL; NOP */
	ROW("out", (0xe6, 0x80, 0x90), (2, 3), .only_cpl0 = true),
	/* MOV AX, CR0; NOP */
	ROW("mov-from-cr0", (0x0f, 0x20, 0xc0, 0x90), (3, 4), .only_cpl0 = true),
	/* MOV AX, CR3; MOV CR3, AX */
	ROW("mov-cr3", (0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8), (3, 6), .only_cpl0 = true),
	/* MOV AX, DR0; NOP */
	ROW("mov-from-dr0", (0x0f, 0x21, 0xc0, 0x90), (3, 4), .only_cpl0 = true),
	ROW("rdmsr", (0x0f, 0x32, 0x90), (2, 3), .registers = { .cx = MSR_IA32_TSC },
	    .only_cpl0 = true),
	/* INVLPG [DI]; NOP */
	ROW("invlpg", (0x0f, 0x01, 0x3f, 0x90), (3, 4), .registers = { .di = (ulong)memory },
	    .only_cpl0 = true),
	ROW("wbinvd", (0x0f, 0x09, 0x90), (2, 3), .only_cpl0 = true),
	ROW("clts", (0x0f, 0x06, 0x90), (2, 3), .only_cpl0 = true),
};

TEST(steps,
     "with TF set, #DB with BS alone is after each instruction, the one that clears TF included",
     SPEC("SDM vol. 3B, 17.3.1.4; APM vol. 2, 13.1.4"), BUG("CVE-2018-8897"), BUG("XSA-308"))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			if (rows[i].only_cpl0 && cpl)
				continue;
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			expect_steps(&rows[i], cpl);
		}
}

/* ----------------------------------------------------------- interrupts, exceptions, IRET */

static ulong flags_seen;
static u32 calls;

static void note_flags(struct trap_frame *frame)
{
	flags_seen = frame->flags;
	calls++;
}

static const struct {
	struct step_row row;
	u32 vector;
} software[] = {
	{ ROW("int-n", (0xcd, 0x40, 0x90, 0x90), (3, 4)), 0x40 },
	{ ROW("int3", (0xcc, 0x90, 0x90), (2, 3)), VEC_BP },
};

TEST(software_interrupts,
     "INT n and INT3 clear TF for the handler: the next step is the instruction "
     "after the one that IRET returns to",
     SPEC("SDM vol. 3B, 17.3.1.4; vol. 2A, INT n/INTO/INT3/INT1"))
{
	for (u32 i = 0; i < ARRAY_SIZE(software); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", software[i].row.name, cpl);
			idt[software[i].vector].type |= 0x60;
			trap_set_handler(software[i].vector, note_flags);
			flags_seen = 0;
			calls = 0;
			expect_steps(&software[i].row, cpl);
			EXPECT_EQ(calls, 1u);
			EXPECT_EQ(flags_seen, FLAG_1 | FLAG_TF);
		}
}

static void skip_ud2(struct trap_frame *frame)
{
	note_flags(frame);
	frame->ip += 2;
}

TEST(faults,
     "an instruction that faults is no step; TF is in the flags pushed and clear in the handler",
     SPEC("SDM vol. 3B, 17.3.1.4"))
{
	static const struct step_row row = ROW("ud2", (0x0f, 0x0b, 0x90, 0x90), (3, 4));

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		calls = 0;
		trap_set_handler(VEC_UD, skip_ud2);
		expect_steps(&row, cpl);
		EXPECT_EQ(calls, 1u);
		EXPECT_EQ(flags_seen & ~FLAG_RF, FLAG_1 | FLAG_TF);
	}
}

static void set_tf(struct trap_frame *frame)
{
	frame->flags |= FLAG_TF;
}

TEST(iret_sets_tf,
     "an IRET that sets TF: the first #DB is after the first instruction it returns to",
     SPEC("SDM vol. 3B, 17.3.1.4"))
{
	static const u8 int3_nop[] = { 0xcc, 0x90, 0x90 };

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		trap_set_handler(VEC_BP, set_tf);
		debug_set_code(int3_nop, sizeof(int3_nop));
		debug_record();
		EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_run_code, NULL));
		if (!EXPECT_EQ(debug_count, 3u))
			continue;
		EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + 2);
		EXPECT_EQ(debug_hits[1].ip, (ulong)debug_code + 3);
		EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_BS);
	}
}

TEST(popf_sets_tf, "a POPF that sets TF is no step itself", SPEC("SDM vol. 3B, 17.3.1.4"))
{
	/* PUSH 0x102; POPF; NOP */
	static const u8 popf[] = { 0x68, 0x02, 0x01, 0, 0, 0x9d, 0x90 };

	debug_set_code(popf, sizeof(popf));
	debug_record();
	EXPECT_NO_FAULT(fault_of(debug_run_code, NULL));
	ASSERT_EQ(debug_count, 2u);
	EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + 7);
	EXPECT_EQ(debug_hits[1].ip, (ulong)debug_code + 8);
}

TEST(rf_of_steps,
     "a step pushes RF clear, but set between the iterations of a repeated instruction",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	static const struct {
		const char *name;
		u8 size, code[2];
		u32 stops;
		u32 with_rf;
	} cases[] = {
		{ "nop", 1, { 0x90 }, 2, 0 },
		{ "rep-last", 2, { 0xf3, 0xaa }, 2, 0 },
		{ "rep-iterations", 2, { 0xf3, 0xaa }, 4, 2 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct debug_registers r = { .cx = cases[i].stops - 1, .di = (ulong)memory };

		SUBTEST("%s", cases[i].name);
		debug_set_code(cases[i].code, cases[i].size);
		debug_record();
		EXPECT_NO_FAULT(fault_of(debug_step_code, &r));
		if (!EXPECT_EQ(debug_count, cases[i].stops))
			continue;
		for (u32 n = 0; n < debug_count; n++)
			EXPECT_EQ(debug_hits[n].flags & FLAG_RF, n < cases[i].with_rf ? FLAG_RF : 0,
				  "stop %u", n);
	}
}

/* ------------------------------------------------------------------------- with breakpoints */

TEST(step_at_breakpoint,
     "a step that ends where an instruction breakpoint is: BS first or together "
     "with its B bit, and never B without a stop there",
     SPEC("SDM vol. 3A, 6.9, table 6-2; vol. 3B, 17.2.3"))
{
	static const u8 nops[] = { 0x90, 0x90, 0x90 };
	u32 steps = 0, breaks = 0;

	debug_set_code(nops, sizeof(nops));
	debug_break(1, (ulong)debug_code + 1, BREAK_EXECUTE, 1);
	EXPECT_NO_FAULT(fault_of(debug_step_code, NULL));
	debug_end();
	for (u32 i = 0; i < debug_count; i++) {
		steps += !!(debug_hits[i].dr6 & DR6_BS);
		if (debug_hits[i].dr6 & DR6_B(1)) {
			breaks++;
			EXPECT_EQ(debug_hits[i].ip, (ulong)debug_code + 1);
		}
	}
	EXPECT_EQ(steps, 4u);
	EXPECT_EQ(breaks, 1u);
	EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + 1);
	EXPECT(debug_hits[0].dr6 & DR6_BS);
}

TEST(step_over_io_breakpoint,
     "a step over an access that an I/O breakpoint watches is one #DB with BS "
     "and its B bit",
     SPEC("SDM vol. 3B, 17.2.3"), REQUIRES(cpu_has(X86_FEATURE_DE)))
{
	static const u8 in_nop[] = { 0xe4, 0x80, 0x90 };

	write_cr4(read_cr4() | CR4_DE);
	debug_set_code(in_nop, sizeof(in_nop));
	debug_break(3, 0x80, BREAK_IO, 1);
	EXPECT_NO_FAULT(fault_of(debug_step_code, NULL));
	debug_end();
	write_cr4(read_cr4() & ~CR4_DE);
	ASSERT_EQ(debug_count, 3u);
	EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + 2);
	EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_BS | DR6_B(3));
	EXPECT_EQ(debug_hits[1].dr6, DR6_RESET | DR6_BS);
}

static void leave_dr6(struct trap_frame *frame)
{
	debug_count++;
	(void)frame;
}

TEST(bs_stays, "software's BD and BT in DR6 stay when a step sets BS", SPEC("SDM vol. 3B, 17.2.3"))
{
	static const u8 nop[] = { 0x90 };

	debug_set_code(nop, sizeof(nop));
	debug_record();
	trap_set_handler(VEC_DB, leave_dr6);
	write_dr6(DR6_RESET | DR6_BD | DR6_BT);
	EXPECT_NO_FAULT(fault_of(debug_step_code, NULL));
	EXPECT_EQ(debug_count, 2u);
	EXPECT_EQ(read_dr6(), DR6_RESET | DR6_BS | DR6_BD | DR6_BT);
	write_dr6(DR6_RESET);
}

/* ------------------------------------------------------------------------------------- HLT */

#define VEC_WAKE 0x50

static u32 woken_at_hit;
static bool woken;

static void wake(struct trap_frame *frame)
{
	(void)frame;
	woken = true;
	apic_eoi();
}

static void note_halted(struct trap_frame *frame)
{
	/* The first is after STI. */
	if (++debug_count == 2) {
		woken_at_hit = woken;
		debug_hits[0].ip = frame->ip;
		debug_hits[0].dr6 = read_dr6();
	}
	write_dr6(DR6_RESET);
}

/* If the step does not end the HLT, the timer does. */
TEST(hlt, "a step over HLT ends it at once, with BS, without an interrupt",
     SPEC("SDM vol. 2A, HLT; vol. 3B, 17.3.1.4"), REQUIRES(cpu_has(X86_FEATURE_APIC)))
{
	static const u8 sti_hlt[] = { 0xfb, 0xf4, 0x90 };

	debug_set_code(sti_hlt, sizeof(sti_hlt));
	debug_record();
	woken = false;
	woken_at_hit = 2;
	trap_set_handler(VEC_DB, note_halted);
	trap_set_handler(VEC_WAKE, wake);
	apic_timer_start(APIC_TIMER_ONESHOT | VEC_WAKE, 7, 4000000);
	EXPECT_NO_FAULT(fault_of(debug_step_code, NULL));
	apic_timer_stop();
	EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + 2);
	EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_BS);
	EXPECT_EQ(woken_at_hit, 0u);
	EXPECT_EQ(debug_count, 4u);
}
