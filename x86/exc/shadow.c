/* SPDX-License-Identifier: MIT */
/*
 * The instruction behind STI and behind a load of SS: interrupts and debug traps wait until it
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

static void make_pending(void)
{
	apic_send_vector(0, VECTOR_USED);
	while (!apic_vector_bit(APIC_IRR, VECTOR_USED))
		barrier();
}

static void sti_nops(void *arg)
{
	(void)arg;
	make_pending();
	__asm__ volatile(RAISE("sti") "nop\nnop\nnop\nnop\ncli" : : : "memory");
}

static void sti_cli(void *arg)
{
	(void)arg;
	make_pending();
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("sti\ncli" : : : "memory");
}

static ulong pushed_ip(const struct raw_entry *entry)
{
	return entry->words[0];
}

TEST(sti_shadow, "STI lets a pending interrupt in behind the instruction that follows it",
     SPEC("SDM vol. 2B, STI"))
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(sti_nops, NULL, &entry));
	apic_eoi();
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + 1);
	EXPECT_EQ(entry.words[2] & FLAG_IF, FLAG_IF);
	EXPECT_EQ(entry.flags & FLAG_IF, 0ul);
}

TEST(sti_cli, "STI followed by CLI lets no interrupt in", SPEC("SDM vol. 2B, STI"))
{
	struct raw_entry entry;

	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	EXPECT_NO_FAULT(raw_gate_catch(sti_cli, NULL, &entry));
	EXPECT(apic_vector_bit(APIC_IRR, VECTOR_USED));
	ASSERT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(sti_nops, NULL, &entry));
	apic_eoi();
}

/* ------------------------------------------------------------------------------------- SS
 * loads */

/* Blocks of MOV to SS and NOP, which a self IPI interrupts somewhere. */
static void mov_ss_blocks(void *arg)
{
	volatile u32 *icr = (volatile u32 *)(ulong)(APIC_DEFAULT_BASE + APIC_ICR);

	(void)arg;
	write_flags(read_flags() | FLAG_IF);
	/* 8E D0: MOV to SS from AX. */
	__asm__ volatile(RAISE("movl %2, %0") ".rept 4000\n"
					      ".byte 0x8e, 0xd0\n"
					      "nop\n"
					      ".endr\n"
					      "cli"
			 : "=m"(*icr)
			 : "a"(SEL_KERNEL_DATA), "c"((u32)(ICR_SELF | ICR_ASSERT | VECTOR_USED))
			 : "memory");
}

TEST(mov_ss_blocks_interrupts, "no interrupt comes between MOV to SS and the next instruction",
     SPEC("SDM vol. 3A, 6.8.3"))
{
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	for (u32 i = 0; i < ROUNDS; i++) {
		struct raw_entry entry;

		if (!EXPECT_FAULT(VECTOR(VECTOR_USED), raw_gate_catch(mov_ss_blocks, NULL, &entry)))
			break;
		apic_eoi();
		ASSERT_GE(pushed_ip(&entry), raise_next_ip);
		EXPECT_EQ((pushed_ip(&entry) - raise_next_ip) % 3, 0ul);
	}
}

/* TF set by POPF: the first trap would be behind MOV to SS. */
static void mov_ss_with_tf(void *arg)
{
	__asm__ volatile("push %0\n" RAISE("popf") ".byte 0x8e, 0xd0\n"
						   "nop\nnop\nnop"
			 :
			 : "c"((ulong)arg), "a"(SEL_KERNEL_DATA)
			 : "memory", "cc");
}

TEST(mov_ss_blocks_single_step,
     "single-step traps wait until the instruction behind MOV to SS is done",
     SPEC("SDM vol. 3A, 6.8.3"), BUG("CVE-2018-8897"))
{
	struct raw_entry entry;

	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_DB),
		     raw_gate_catch(mov_ss_with_tf, (void *)(ulong)(FLAG_1 | FLAG_TF), &entry));
	EXPECT_EQ(pushed_ip(&entry), raise_next_ip + 3);
}
