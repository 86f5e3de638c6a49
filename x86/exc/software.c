/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that a program asks for: INT3, INTO, INT n. They are traps: the address pushed is that of
 * the next instruction, and they check the gate's DPL, which exceptions that the CPU raises do not.
 */
#include <test.h>

#include <x86/cr.h>
#include <x86/desc.h>

SUITE("Software interrupts");

static struct fault int3(void)
{
	fault_clear();
	__asm__ volatile(GUARDED("int3") : : : "memory");
	return fault_taken();
}

static void int3_at_user(void *arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

TEST(int3_pushes_next_ip, "INT3 is a trap: the instruction pointer pushed is behind it",
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
     SPEC("SDM vol. 3A, 6.12.1.2"), BUG("XSA-106"))
{
	idt[VEC_BP].type &= (u8)~0x60;
	EXPECT_FAULT(GP(VEC_BP << 3 | ERR_IDT), run_user(int3_at_user, NULL));
	EXPECT_FAULT(BP, int3());
}
