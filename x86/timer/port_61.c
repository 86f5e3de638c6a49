/* SPDX-License-Identifier: MIT */
/* System control port B: the PC AT's port 61H (82801FB data sheet, NMI_SC). */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/io.h>
#include <x86/pit.h>

SUITE("System control port B");

#define PORT		  0x61
#define GATE_2		  BIT(0)
#define SPEAKER		  BIT(1)
#define SERR_NMI_DISABLE  BIT(2)
#define IOCHK_NMI_DISABLE BIT(3)
#define OUT_2		  BIT(5)

TEST(port_61_bits, "bits 0 to 3 read as written, in every combination",
     SPEC("82801FB (ICH6) data sheet, NMI_SC"))
{
	u8 before = inb(PORT) & 0xf;

	for (u32 value = 0; value < 16; value++) {
		SUBTEST("%#x", value);
		/* Both NMI sources stay disabled unless it is their turn: nobody raises them. */
		outb(PORT, (u8)value);
		EXPECT_EQ(inb(PORT) & 0xf, value);
	}
	outb(PORT, before);
}

TEST(port_61_read_only_bits,
     "the channel's output and the NMI status bits do not take what is written",
     SPEC("82801FB (ICH6) data sheet, NMI_SC"))
{
	pit_set_gate(true);
	pit_control(2, PIT_ACCESS_BOTH | PIT_MODE(0));
	pit_write(2, 10);
	for (u64 begun = clock_ns(); !pit_out();)
		ASSERT_LT(clock_ns() - begun, 1000000000ull);
	outb(PORT, GATE_2);
	EXPECT_EQ(inb(PORT) & (OUT_2 | BIT(6) | BIT(7)), OUT_2);
	outb(PORT, (u8)(GATE_2 | OUT_2));
	EXPECT_EQ(inb(PORT) & OUT_2, OUT_2);
	pit_set_gate(false);
}

TEST(speaker_bit_is_no_gate, "the speaker bit changes neither the counter's gate nor its output",
     SPEC("82801FB (ICH6) data sheet, NMI_SC; 8254 data sheet, Mode 0"))
{
	u8 low_nibble;

	pit_set_gate(true);
	pit_control(2, PIT_ACCESS_BOTH | PIT_MODE(0));
	pit_write(2, 3000);
	low_nibble = inb(PORT) & 0xd;
	for (u64 begun = clock_ns(); !pit_out();) {
		ASSERT_LT(clock_ns() - begun, 3000000000ull, "the counter does not go on");
		outb(PORT, (u8)(low_nibble | SPEAKER));
		outb(PORT, low_nibble);
	}
	outb(PORT, (u8)(low_nibble | SPEAKER));
	EXPECT(pit_out());
	outb(PORT, low_nibble);
	EXPECT(pit_out());
	pit_set_gate(false);
}
