/* SPDX-License-Identifier: MIT */
/*
 * The instruction after STI and after a load of SS: interrupts and debug traps wait until it
 * is done. SDM vol. 3A, 6.8.3; vol. 2B, MOV, STI.
 */
#include <test.h>

#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/raw_gate.h>

SUITE("Interrupt shadows");

#define VECTOR_USED 0x40
#define ROUNDS	    64

static void sti_nops(void *arg)
{
	(void)arg;
	apic_make_pending(VECTOR_USED);
	__asm__ volatile(RAISE("sti") "nop\nnop\nnop\nnop\ncli" : : : "memory");
}

static void sti_cli(void *arg)
{
	(void)arg;
	apic_make_pending(VECTOR_USED);
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("sti\ncli" : : : "memory");
}

static void sti_pause_cli(void *arg)
{
	(void)arg;
	apic_make_pending(VECTOR_USED);
	__asm__ volatile(RAISE("sti") "pause\ncli" : : : "memory");
}

static ulong pushed_ip(const struct raw_entry *entry)
{
	return entry->words[0];
}

TEST(sti_shadow, "STI lets a pending interrupt in after the instruction that follows it",
     SPEC("SDM vol. 2B, STI"))
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, sti_nops, NULL, &entry));
	apic_eoi();
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + 1);
	EXPECT_EQ(entry.words[2] & FLAG_IF, FLAG_IF);
	EXPECT_EQ(entry.flags & FLAG_IF, 0ul);
}

TEST(sti_cli, "STI followed by CLI lets no interrupt in", SPEC("SDM vol. 2B, STI"))
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	EXPECT_NO_FAULT(raw_gate_catch(KERNEL, sti_cli, NULL, &entry));
	EXPECT(apic_vector_bit(APIC_IRR, VECTOR_USED));
	ASSERT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, sti_nops, NULL, &entry));
	apic_eoi();
}

/* PAUSE is an instruction as any other, and two bytes. */
TEST(sti_pause, "the shadow of STI ends with PAUSE: a pending interrupt comes before CLI",
     SPEC("SDM vol. 2B, STI"))
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, sti_pause_cli, NULL, &entry));
	apic_eoi();
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + 2);
}

/* ------------------------------------------------------------------------------------- SS loads */

#define BLOCKS	   100
#define BLOCK_SIZE 3 /* MOV to SS, 2 bytes, and NOP */

/*
 * Blocks of MOV to SS and NOP, again and again, until the APIC's timer interrupts them somewhere: ECX, the
 * number of times, is far more than that takes.
 */
static void mov_ss_blocks(void *arg)
{
	volatile u32 *initial_count =
		(volatile u32 *)(ulong)(APIC_DEFAULT_BASE + APIC_TIMER_INITIAL);
	u32 times = 1000000;

	write_flags(read_flags() | FLAG_IF);
	__asm__ volatile(RAISE("movl %3, %0") ".rept %c4\n"
					      ".byte 0x8e, 0xd0\n" /* MOV to SS from AX */
					      "nop\n"
					      ".endr\n"
					      "decl %1\n"
					      "jnz 882b\n"
					      "cli"
			 : "=m"(*initial_count), "+c"(times)
			 : "a"(SEL_KERNEL_DATA), "d"((u32)(ulong)arg), "i"(BLOCKS)
			 : "memory", "cc");
}

TEST(mov_ss_blocks_interrupts, "no interrupt comes between MOV to SS and the next instruction",
     SPEC("SDM vol. 3A, 6.8.3"))
{
	u32 among_blocks = 0;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | VECTOR_USED);
	for (u32 round = 0; round < ROUNDS; round++) {
		const ulong count = 1000 + 997 * round;
		struct raw_entry entry;
		ulong offset;

		if (!EXPECT_FAULT(VECTOR(VECTOR_USED),
				  raw_gate_catch(KERNEL, mov_ss_blocks, (void *)count, &entry)))
			break;
		apic_eoi();
		offset = pushed_ip(&entry) - raise_next_ip;
		/* Elsewhere, it has come before the first block or at the loop's end. */
		if (offset == 0 || offset >= BLOCKS * BLOCK_SIZE)
			continue;
		among_blocks++;
		EXPECT_EQ(offset % BLOCK_SIZE, 0ul);
	}
	if (!among_blocks && !case_failures())
		SKIP("no interrupt came among the blocks");
}

/* TF set by POPF: the first trap would be after MOV to SS. */
static void mov_ss_with_tf(void *arg)
{
	__asm__ volatile("push %0\n" RAISE("popf") ".byte 0x8e, 0xd0\n"
						   "nop\nnop\nnop"
			 :
			 : "c"((ulong)arg), "a"(SEL_KERNEL_DATA)
			 : "memory", "cc");
}

TEST(mov_ss_blocks_single_step,
     "single-step traps wait until the instruction after MOV to SS is done",
     SPEC("SDM vol. 3A, 6.8.3"), BUG("CVE-2018-8897"))
{
	struct raw_entry entry;

	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_DB), raw_gate_catch(KERNEL, mov_ss_with_tf,
						    (void *)(ulong)(FLAG_1 | FLAG_TF), &entry));
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + 3);
}

/* --------------------------------------------------------------- what ends a shadow, or has none */

static void sti_sti(void *arg)
{
	(void)arg;
	apic_make_pending(VECTOR_USED);
	__asm__ volatile(RAISE("sti") "sti\nnop\nnop\ncli" : : : "memory");
}

static void popf_nops(void *arg)
{
	apic_make_pending(VECTOR_USED);
	__asm__ volatile("push %0\n" RAISE("popf") "nop\nnop\nnop\ncli"
			 :
			 : "r"((ulong)arg)
			 : "memory", "cc");
}

static void sti_hlt(void *arg)
{
	(void)arg;
	apic_make_pending(VECTOR_USED);
	__asm__ volatile(RAISE("sti") "hlt\nnop\ncli" : : : "memory");
}

static void sti_ud2(void *arg)
{
	(void)arg;
	apic_make_pending(VECTOR_USED);
	__asm__ volatile(RAISE("sti") "ud2\ncli" : : : "memory", "cc");
}

static void sti_int(void *arg)
{
	(void)arg;
	apic_make_pending(VECTOR_USED);
	__asm__ volatile(RAISE("sti") "int $0x41\ncli" : : : "memory");
}

static ulong gate_offset(u32 vector)
{
	return (ulong)idt[vector].offset_mid << 16 | idt[vector].offset_low;
}

/* The pending interrupt is taken, and the address pushed. */
static void expect_interrupt_at(void (*run)(void *arg), ulong arg, ulong behind_raise, ulong flags)
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, run, (void *)arg, &entry));
	apic_eoi();
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + behind_raise);
	EXPECT_EQ(entry.words[2] & (FLAG_IF | FLAG_TF), flags);
	EXPECT_EQ(entry.flags & (FLAG_IF | FLAG_TF), 0ul);
}

TEST(sti_sti, "the second of two STI has no shadow: a pending interrupt comes right after it",
     SPEC("SDM vol. 2B, STI"))
{
	expect_interrupt_at(sti_sti, 0, 1, FLAG_IF);
}

TEST(popf_has_no_shadow, "POPF that sets IF lets a pending interrupt in at once",
     SPEC("SDM vol. 3A, 6.8.1"))
{
	expect_interrupt_at(popf_nops, FLAG_1 | FLAG_IF, 0, FLAG_IF);
}

TEST(interrupt_with_tf,
     "an interrupt after a POPF that sets IF and TF pushes TF; its handler is not stepped",
     SPEC("SDM vol. 3A, 6.9, table 6-2; vol. 3B, 17.3.1.4"))
{
	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	expect_interrupt_at(popf_nops, FLAG_1 | FLAG_IF | FLAG_TF, 0, FLAG_IF | FLAG_TF);
}

TEST(sti_hlt, "an interrupt pending at STI and HLT ends the HLT: it is not lost in the shadow",
     SPEC("SDM vol. 2B, STI; vol. 2A, HLT"))
{
	expect_interrupt_at(sti_hlt, 0, 1, FLAG_IF);
}

TEST(fault_in_sti_shadow,
     "a fault of the instruction after STI comes before the pending interrupt, and "
     "pushes IF set",
     SPEC("SDM vol. 2B, STI; vol. 3A, 6.9"))
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, sti_ud2, NULL, &entry));
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip);
	EXPECT_EQ(entry.words[2] & FLAG_IF, FLAG_IF);
	EXPECT_EQ(entry.flags & FLAG_IF, 0ul);
	EXPECT(apic_vector_bit(APIC_IRR, VECTOR_USED));
	ASSERT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, sti_nops, NULL, &entry));
	apic_eoi();
}

TEST(int_in_sti_shadow,
     "INT n after STI is done, and ends the shadow: through a trap gate, the interrupt "
     "comes at the handler's first instruction",
     SPEC("SDM vol. 2B, STI; vol. 3A, 6.12.1.2"))
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	SUBTEST("interrupt-gate");
	raw_gate_set(0x41, DESC_INTERRUPT_GATE, 0, 0);
	EXPECT_FAULT(VECTOR(0x41), raw_gate_catch(KERNEL, sti_int, NULL, &entry));
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + 2);
	EXPECT_EQ(entry.words[2] & FLAG_IF, FLAG_IF);
	EXPECT(apic_vector_bit(APIC_IRR, VECTOR_USED));

	SUBTEST("trap-gate");
	raw_gate_set(0x41, DESC_TRAP_GATE, 0, 0);
	EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(KERNEL, sti_int, NULL, &entry));
	apic_eoi();
	EXPECT_EQ(pushed_ip(&entry) & 0xffffffff, gate_offset(0x41));
}

/* ------------------------------------------------------- data breakpoints at the load of SS */

#define DR7_L0	     BIT(0)
#define DR7_ACCESS_2 (3u << 16 | 1u << 18)

static u16 watched_selector __aligned(4) = SEL_KERNEL_DATA;

static void mov_ss_nop(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movw %0, %%ss") "nop\nnop" : : "m"(watched_selector) : "memory");
}

static void mov_ss_int(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movw %0, %%ss") "int $0x41\nnop"
			 :
			 : "m"(watched_selector)
			 : "memory");
}

static struct fault run_watched(void (*run)(void *arg), struct raw_entry *entry)
{
	struct fault fault;

	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	raw_gate_set(0x41, DESC_INTERRUPT_GATE, 0, 0);
	write_dr6(DR6_RESET);
	write_dr0((ulong)&watched_selector);
	write_dr7(DR7_RESET | DR7_L0 | DR7_ACCESS_2);
	fault = raw_gate_catch(KERNEL, run, NULL, entry);
	write_dr7(DR7_RESET);
	return fault;
}

TEST(mov_ss_delays_breakpoint,
     "a data breakpoint at the operand of MOV to SS waits until the next "
     "instruction is done",
     SPEC("SDM vol. 3A, 6.8.3"), BUG("CVE-2018-8897"))
{
	struct raw_entry entry;

	ASSERT_FAULT(VECTOR(VEC_DB), run_watched(mov_ss_nop, &entry));
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + 1);
	EXPECT_EQ(read_dr6() & 0xf, 1ul);
	write_dr6(DR6_RESET);
}

TEST(mov_ss_breakpoint_then_int,
     "and if that is INT n, #DB comes at the first instruction of its handler",
     SPEC("SDM vol. 3A, 6.8.3"), BUG("CVE-2018-8897"), BUG("CVE-2018-1087"))
{
	struct raw_entry entry;

	ASSERT_FAULT(VECTOR(VEC_DB), run_watched(mov_ss_int, &entry));
	EXPECT_EQ(pushed_ip(&entry) & 0xffffffff, gate_offset(0x41));
	EXPECT_EQ(entry.words[1], (ulong)SEL_KERNEL_CODE);
	EXPECT_EQ(read_dr6() & 0xf, 1ul);
	write_dr6(DR6_RESET);
}
