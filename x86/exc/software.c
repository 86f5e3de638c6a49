/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that a program asks for: INT3, INTO, INT n. They are traps: the address pushed is
 * that of the next instruction, and they check the gate's DPL, which exceptions that the CPU
 * raises do not.
 */
#include "event.h"

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("Software interrupts");

static void int3_at_user(void *arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

static void ud2_at_user(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

/* CD 03, which the assembler would turn into INT3. */
static void int_3_two_bytes(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE(".byte 0xcd, 3") : : : "memory");
}

static void execute_icebp(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE(".byte 0xf1") : : : "memory");
}

static void icebp_with_tf(void *arg)
{
	(void)arg;
	__asm__ volatile("push %0\n" RAISE("popf") ".byte 0xf1\nnop"
			 :
			 : "r"((ulong)(FLAG_1 | FLAG_TF))
			 : "memory", "cc");
}

/* INT n for any n: the code is made in memory. Noted here what RAISE() would have noted. */
static u8 int_code[4];

static void prepare_int(u32 vector)
{
	int_code[0] = 0xcd;
	int_code[1] = (u8)vector;
	int_code[2] = 0xc3;
}

static void execute_int(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("call *%0") : : "r"(int_code) : "memory");
}

TEST(int3_pushes_next_ip, "INT3 is a trap: the instruction pointer pushed is after it",
     SPEC("SDM vol. 3A, 6.15, Interrupt 3"))
{
	u8 *code = (u8 *)int3_at_user;

	ASSERT_FAULT(BP, fault_of(int3_at_user, NULL));
	EXPECT_EQ(((const u8 *)trap_last_frame()->ip)[-1], 0xcc);
	EXPECT_GT(trap_last_frame()->ip, (ulong)code);
	EXPECT_LT(trap_last_frame()->ip, (ulong)code + 16);
}

TEST(int3_checks_gate_dpl,
     "INT3 at CPL 3 through a gate of DPL 0 is #GP with the vector and IDT bits",
     SPEC("SDM vol. 3A, 6.12.1.1"), BUG("XSA-106"))
{
	idt[VEC_BP].type &= (u8)~0x60;
	EXPECT_FAULT(GP(VEC_BP << 3 | ERR_IDT), run_user(int3_at_user, NULL));
	EXPECT_FAULT(BP, int3_try());
}

TEST(int_3_is_int3, "INT 3 in two bytes goes where INT3 goes, and pushes the address after both",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	expect_event((struct event){ int_3_two_bytes, .vector = VEC_BP, .kind = EVENT_SOFTWARE },
		     AT_CPL0 | AT_CPL3);
}

TEST(icebp_is_trap, "INT1 (ICEBP) raises #DB as a trap and does not check the gate's DPL",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"), BUG("XSA-106"))
{
	/* EVENT_TRAP makes a gate of DPL 0. */
	expect_event((struct event){ execute_icebp, .vector = VEC_DB, .kind = EVENT_TRAP },
		     AT_CPL0 | AT_CPL3);
}

TEST(icebp_keeps_dr6, "INT1 (ICEBP) reports no debug condition in DR6",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1; vol. 3B, 17.2.3"))
{
	EXPECT_FAULT(DB, fault_of(execute_icebp, NULL));
	EXPECT_EQ(read_dr6(), (ulong)DR6_RESET);
}

TEST(icebp_with_tf, "INT1 (ICEBP) with TF set is one #DB, without BS; TF is in the flags pushed",
     SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1; vol. 3B, 17.2.3"), BUG("XSA-308"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		write_dr6(DR6_RESET);
		raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
		if (!EXPECT_FAULT(VECTOR(VEC_DB),
				  raw_gate_catch(at_cpl(cpl), icebp_with_tf, NULL, &entry)))
			continue;
		EXPECT_EQ(pushed_frame(&entry, false)->ip, raise_next_ip + 1);
		EXPECT_EQ(pushed_frame(&entry, false)->flags, FLAG_1 | FLAG_TF);
		EXPECT_EQ(entry.flags & FLAG_TF, 0ul);
		EXPECT_EQ(read_dr6(), (ulong)DR6_RESET);
	}
}

TEST(int_n_every_vector,
     "INT n delivers vector n without error code, also those of exceptions with one",
     SPEC("SDM vol. 3A, 6.3.3, 6.4.2"))
{
	for (u32 vector = 0; vector < 256; vector++) {
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			const u32 words = cpl ? RAW_FRAME_WORDS_USER : RAW_FRAME_WORDS;
			struct raw_entry entry;
			ulong stack;

			prepare_int(vector);
			raw_gate_set(vector, DESC_INTERRUPT_GATE, cpl, 0);
			if (!EXPECT_FAULT(VECTOR(vector),
					  raw_gate_catch(at_cpl(cpl), execute_int, NULL, &entry),
					  "INT %#x at CPL %u", vector, cpl))
				continue;
			/* The call has pushed a word before the event. */
			stack = cpl ? stack_of_handler(cpl) : raise_sp - sizeof(ulong);
			EXPECT_EQ(raw_words_below(&entry, stack), (ulong)words, "INT %#x at CPL %u",
				  vector, cpl);
			EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)int_code + 2,
				  "INT %#x at CPL %u", vector, cpl);
			EXPECT_EQ(pushed_frame(&entry, false)->cs, (ulong)code_selector(cpl),
				  "INT %#x at CPL %u", vector, cpl);
		}
	}
}

TEST(int_n_checks_gate_dpl,
     "INT n at CPL 3 needs a gate of DPL 3, else it is #GP with the vector; a fault",
     SPEC("SDM vol. 3A, 6.12.1.1"), BUG("XSA-106"))
{
	static const u8 vectors[] = { VEC_DE, VEC_DB, VEC_NMI, VEC_UD, VEC_DF, VEC_GP,
				      VEC_PF, VEC_MC, 0x20,    0x40,   0x80,   0xef };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		u32 vector = vectors[i];

		prepare_int(vector);
		for (u32 dpl = 0; dpl <= 3; dpl++) {
			struct raw_entry entry;

			SUBTEST("vector%u-dpl%u", vector, dpl);
			raw_gate_set(vector, DESC_INTERRUPT_GATE, dpl, 0);
			if (dpl == 3) {
				EXPECT_FAULT(VECTOR(vector),
					     raw_gate_catch(USER, execute_int, NULL, &entry));
				continue;
			}
			raw_gate_set(VEC_GP, DESC_INTERRUPT_GATE, vector == VEC_GP ? dpl : 0, 0);
			EXPECT_FAULT(VECTOR(VEC_GP),
				     raw_gate_catch(USER, execute_int, NULL, &entry));
			EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)int_code);
		}
	}
}

TEST(int_n_gate_dpl_error_code,
     "#GP for a gate's DPL has 8 times the vector as its error code, and IDT",
     SPEC("SDM vol. 3A, 6.13, figure 6-7"), BUG("XSA-106"))
{
	for (u32 vector = 0x20; vector < 0xf0; vector++) {
		prepare_int(vector);
		EXPECT_FAULT(GP(vector << 3 | ERR_IDT), run_user(execute_int, NULL), "INT %#x",
			     vector);
	}
}

TEST(cpu_raised_ignores_gate_dpl,
     "an exception that the CPU raises at CPL 3 does not check the gate's DPL",
     SPEC("SDM vol. 3A, 6.12.1.1"))
{
	for (u32 dpl = 0; dpl <= 3; dpl++) {
		struct raw_entry entry;

		SUBTEST("dpl%u", dpl);
		raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, dpl, 0);
		EXPECT_FAULT(VECTOR(VEC_UD), raw_gate_catch(USER, ud2_at_user, NULL, &entry));
	}
}

TEST(mc_gate_reachable, "INT 18 at CPL 0 reaches the machine-check handler, without error code",
     SPEC("SDM vol. 3A, 6.3.3, 6.4.2"))
{
	struct raw_entry entry;
	const u32 ist = sizeof(ulong) == 8 ? 3 : 0;

	prepare_int(VEC_MC);
	raw_gate_set(VEC_MC, DESC_INTERRUPT_GATE, 0, ist);
	ASSERT_FAULT(VECTOR(VEC_MC), raw_gate_catch(KERNEL, execute_int, NULL, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)int_code + 2);
}
