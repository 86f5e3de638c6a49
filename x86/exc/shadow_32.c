/* SPDX-License-Identifier: MIT */
/* POP SS, which 64-bit mode does not have: the shadow after it. SDM vol. 3A, 6.8.3. */
#include <test.h>

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/raw_gate.h>

SUITE("Interrupt shadow of POP SS");

static void pop_ss_with_tf(void *arg)
{
	__asm__ volatile("pushl %%ss\n"
			 "pushl %0\n" RAISE("popfl") "popl %%ss\n"
						     "nop\nnop\nnop"
			 :
			 : "c"((ulong)arg)
			 : "memory", "cc");
}

TEST(pop_ss_blocks_single_step, "single-step traps wait until the instruction after POP SS is done",
     SPEC("SDM vol. 3A, 6.8.3"), BUG("CVE-2018-8897"))
{
	struct raw_entry entry;

	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_DB), raw_gate_catch(KERNEL, pop_ss_with_tf,
						    (void *)(ulong)(FLAG_1 | FLAG_TF), &entry));
	/* POP SS and NOP are one byte each. */
	EXPECT_EQ(entry.words[0], raise_next_ip + 2);
}
