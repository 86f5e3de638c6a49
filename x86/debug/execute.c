/* SPDX-License-Identifier: MIT */
/* Instruction breakpoints: a fault before the instruction, and RF. SDM vol. 3B, 17.3.1.1. */
#include <x86/debug.h>

#include <string.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/desc.h>
#include <x86/place.h>

SUITE("Instruction breakpoints");

/* NOP; a prefix and MOV EAX, [DI]; INC ECX in two bytes; NOP. */
static const u8 code[] = { 0x90, 0x3e, 0x8b, 0x07, 0xff, 0xc1, 0x90 };

static ulong memory;

static void run(u32 cpl)
{
	struct debug_registers r = { .di = (ulong)&memory };

	debug_set_code(code, sizeof(code));
	EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_run_code, &r));
	debug_end();
	EXPECT_EQ(r.cx, 1ul);
}

TEST(first_byte_only,
     "an instruction breakpoint hits at the first byte of an instruction, prefixes "
     "included, and at no other",
     SPEC("SDM vol. 3B, 17.2.5, 17.3.1.1"))
{
	const u32 starts = BIT(0) | BIT(1) | BIT(4) | BIT(6);

	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 offset = 0; offset < sizeof(code); offset++) {
			SUBTEST("byte%u-cpl%u", offset, cpl);
			debug_break(0, (ulong)debug_code + offset, BREAK_EXECUTE, 1);
			run(cpl);
			if (!EXPECT_EQ(debug_count, (u32) !!(starts & BIT(offset))) || !debug_count)
				continue;
			EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + offset);
			EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(0));
			EXPECT_EQ(debug_hits[0].cs & 3, (ulong)cpl);
			EXPECT_EQ(debug_hits[0].flags & (FLAG_TF | FLAG_RF), 0ul);
		}
}

TEST(each_register,
     "each of the four can be an instruction breakpoint, by L or G; all can hit at once",
     SPEC("SDM vol. 3B, 17.2.3-17.2.4"))
{
	for (u32 n = 0; n < 4; n++)
		for (u32 bits = 0; bits < 4; bits++) {
			SUBTEST("dr%u-l%u-g%u", n, bits & 1, bits >> 1);
			debug_record();
			for (u32 other = 0; other < 4; other++)
				write_dr_try(other, other == n ? (ulong)debug_code + 1 : 0);
			write_dr7(DR7_RESET | (bits & 1 ? DR7_L(n) : 0) |
				  (bits & 2 ? DR7_G(n) : 0));
			run(0);
			if (!EXPECT_EQ(debug_count, (u32) !!bits) || !bits)
				continue;
			EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(n));
		}
	SUBTEST("all");
	debug_record();
	for (u32 n = 0; n < 4; n++)
		write_dr_try(n, (ulong)debug_code + 1);
	write_dr7(DR7_RESET | 0x55);
	run(0);
	EXPECT_EQ(debug_count, 1u);
	EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | 0xful);
}

TEST(one_after_the_other, "breakpoints at instructions that follow each other hit one by one",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	static const u8 offsets[] = { 0, 1, 4, 6 };

	debug_record();
	for (u32 n = 0; n < 4; n++)
		write_dr_try(n, (ulong)debug_code + offsets[n]);
	write_dr7(DR7_RESET | 0x55);
	run(0);
	ASSERT_EQ(debug_count, 4u);
	for (u32 n = 0; n < 4; n++) {
		EXPECT_EQ(debug_hits[n].ip, (ulong)debug_code + offsets[n]);
		EXPECT_EQ(debug_hits[n].dr6, DR6_RESET | DR6_B(n));
	}
}

TEST(data_access_is_no_execution,
     "a read or write of what an instruction breakpoint watches does not "
     "hit it",
     SPEC("SDM vol. 3B, 17.2.4"))
{
	debug_break(0, (ulong)&memory, BREAK_EXECUTE, 1);
	WRITE_ONCE(memory, 1);
	READ_ONCE(memory);
	debug_end();
	EXPECT_EQ(debug_count, 0u);
}

/* ------------------------------------------------------------------------------------- RF */

static void stop_after_10(struct trap_frame *frame)
{
	if (++debug_count >= 10)
		write_dr7(DR7_RESET);
	(void)frame;
}

TEST(without_rf_again, "a handler that returns without RF in the image meets the breakpoint again",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	debug_break(0, (ulong)debug_code + 1, BREAK_EXECUTE, 1);
	trap_set_handler(VEC_DB, stop_after_10);
	run(0);
	EXPECT_EQ(debug_count, 10u);
}

/* INC ECX; JNZ back to it, from -3. */
static const u8 loop[] = { 0xff, 0xc1, 0x75, 0xfc };

TEST(rf_is_for_one_instruction,
     "RF is gone after the instruction that it was for: in a loop, each "
     "round hits",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	for (u32 offset = 0; offset <= 2; offset += 2) {
		struct debug_registers r = { .cx = (ulong)-3 };

		SUBTEST("byte%u", offset);
		debug_set_code(loop, sizeof(loop));
		debug_break(0, (ulong)debug_code + offset, BREAK_EXECUTE, 1);
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		debug_end();
		EXPECT_EQ(debug_count, 3u);
	}
}

static ulong flags_at_int3, flags_at_ud2;

static void note_flags_int3(struct trap_frame *frame)
{
	flags_at_int3 = frame->flags;
}

/* Skips UD2. */
static void note_flags_ud2(struct trap_frame *frame)
{
	flags_at_ud2 = frame->flags;
	frame->ip += 2;
}

TEST(rf_clear_at_next, "an INT3 after an instruction resumed with RF pushes RF clear",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	static const u8 nop_int3[] = { 0x90, 0xcc, 0x90 };

	flags_at_int3 = FLAG_RF;
	trap_set_handler(VEC_BP, note_flags_int3);
	debug_set_code(nop_int3, sizeof(nop_int3));
	debug_break(0, (ulong)debug_code, BREAK_EXECUTE, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, NULL));
	debug_end();
	EXPECT_EQ(debug_count, 1u);
	EXPECT_EQ(flags_at_int3, FLAG_1);
}

TEST(rf_stays_over_fault,
     "a fault of the instruction resumed with RF pushes RF set, and its handler's "
     "return does not hit again",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	static const u8 ud2_nop[] = { 0x0f, 0x0b, 0x90 };

	flags_at_ud2 = 0;
	trap_set_handler(VEC_UD, note_flags_ud2);
	debug_set_code(ud2_nop, sizeof(ud2_nop));
	debug_break(0, (ulong)debug_code, BREAK_EXECUTE, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, NULL));
	debug_end();
	EXPECT_EQ(debug_count, 1u);
	EXPECT_EQ(flags_at_ud2, FLAG_1 | FLAG_RF);
}

TEST(rf_clear_in_handler,
     "delivery clears RF: a breakpoint at the handler's first instruction hits, although "
     "the instruction that faulted was resumed with RF",
     SPEC("SDM vol. 3B, 17.3.1.1; vol. 3A, 6.12.1"))
{
	static const u8 ud2_nop[] = { 0x0f, 0x0b, 0x90 };
	const ulong handler = (ulong)idt[VEC_UD].offset_mid << 16 | idt[VEC_UD].offset_low;

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		trap_set_handler(VEC_UD, note_flags_ud2);
		debug_set_code(ud2_nop, sizeof(ud2_nop));
		debug_record();
		write_dr0((ulong)debug_code);
		write_dr1(handler);
		write_dr7(DR7_RESET | DR7_L(0) | DR7_L(1));
		EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_run_code, NULL));
		debug_end();
		if (!EXPECT_EQ(debug_count, 2u))
			continue;
		EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code);
		EXPECT_EQ(debug_hits[1].ip, handler);
		EXPECT_EQ(debug_hits[1].cs, (ulong)SEL_KERNEL_CODE);
		EXPECT_EQ(debug_hits[1].dr6, DR6_RESET | DR6_B(1));
	}
}

#define VECTOR_PENDING 0x41

static struct {
	ulong ip, flags;
	u32 count, hits_before;
} interrupt;

static void note_interrupt(struct trap_frame *frame)
{
	interrupt.ip = frame->ip;
	interrupt.flags = frame->flags;
	interrupt.hits_before = debug_count;
	interrupt.count++;
	apic_eoi();
}

/* The interrupt has priority; its IRET must not resume with RF. */
TEST(hits_after_interrupt,
     "an interrupt taken before the instruction with the breakpoint pushes RF clear, and the breakpoint hits "
     "when it returns",
     SPEC("SDM vol. 3B, 17.3.1.1; vol. 3A, 6.9, table 6-2"), REQUIRES(cpu_has(X86_FEATURE_APIC)))
{
	/* STI; NOP; NOP; CLI */
	static const u8 sti[] = { 0xfb, 0x90, 0x90, 0xfa };
	const ulong address = (ulong)debug_code + 2;

	memset(&interrupt, 0, sizeof(interrupt));
	trap_set_handler(VECTOR_PENDING, note_interrupt);
	debug_set_code(sti, sizeof(sti));
	apic_send_vector(0, VECTOR_PENDING);
	while (!apic_vector_bit(APIC_IRR, VECTOR_PENDING))
		barrier();
	debug_break(0, address, BREAK_EXECUTE, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, NULL));
	debug_end();
	ASSERT_EQ(interrupt.count, 1u);
	EXPECT_EQ(interrupt.ip, address);
	EXPECT_EQ(interrupt.hits_before, 0u, "the #DB came first");
	EXPECT_EQ(interrupt.flags, FLAG_1 | FLAG_IF);
	ASSERT_EQ(debug_count, 1u);
	EXPECT_EQ(debug_hits[0].ip, address);
	EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(0));
}

TEST(popf_does_not_load_rf, "POPF does not set RF: the next instruction's breakpoint hits",
     SPEC("SDM vol. 2B, POPF/POPFD/POPFQ"))
{
	/* PUSH 0x10002; POPF; NOP */
	static const u8 popf[] = { 0x68, 0x02, 0x00, 0x01, 0x00, 0x9d, 0x90 };

	debug_set_code(popf, sizeof(popf));
	debug_break(0, (ulong)debug_code + 6, BREAK_EXECUTE, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, NULL));
	debug_end();
	EXPECT_EQ(debug_count, 1u);
}

TEST(pushf_shows_no_rf, "PUSHF stores RF and VM as 0, also right after an IRET that set RF",
     SPEC("SDM vol. 2B, PUSHF/PUSHFD/PUSHFQ"))
{
	/* PUSHF; POP */
	static const u8 pushf[] = { 0x9c, 0x58 };
	struct debug_registers r = { 0 };

	debug_set_code(pushf, sizeof(pushf));
	debug_break(0, (ulong)debug_code, BREAK_EXECUTE, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
	debug_end();
	EXPECT_EQ(debug_count, 1u);
	EXPECT_EQ(r.ax, FLAG_1);
}

TEST(rep_hits_once,
     "a breakpoint at a repeated string instruction, resumed with RF, hits once for all "
     "its iterations",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	static const u8 rep_stosb[] = { 0xf3, 0xaa };
	static u8 target[8];
	struct debug_registers r = { .cx = 5, .di = (ulong)target, .ax = 7 };

	debug_set_code(rep_stosb, sizeof(rep_stosb));
	debug_break(0, (ulong)debug_code, BREAK_EXECUTE, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
	debug_end();
	EXPECT_EQ(debug_count, 1u);
	EXPECT_EQ(r.cx, 0ul);
	EXPECT_EQ(target[4], 7);
	EXPECT_EQ(target[5], 0);
}
