/* SPDX-License-Identifier: MIT */
/* The PL011 UART that is the console, as far as that lets itself be touched: DDI 0183. */
#include <test.h>

#include <arm/dt_device.h>
#include <arm/gic.h>
#include <arm/io.h>
#include <sys/time.h>

#include "primecell.h"

#define NAME "arm,pl011"

SUITE("PL011 UART", REQUIRES(device_base(NAME) != 0));

#define UARTFR	  0x18
#define UARTILPR  0x20
#define UARTIBRD  0x24
#define UARTFBRD  0x28
#define UARTLCR_H 0x2c
#define UARTIFLS  0x34
#define UARTIMSC  0x38
#define UARTRIS	  0x3c
#define UARTMIS	  0x40
#define UARTICR	  0x44

#define LCR_H_FEN BIT(4)
#define INT_TX	  BIT(5)

#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)

TEST(uart_identification, "the identification registers are a PL011's",
     SPEC("DDI 0183, 3.3.16 to 3.3.23"))
{
	expect_primecell(device_base(NAME), 0x011);
}

TEST(uart_flags, "with nothing received and all sent, the flags say so",
     SPEC("DDI 0183, 3.3.3, UARTFR"))
{
	ulong base = device_base(NAME);

	EXPECT(wait_until(read32(base + UARTFR) & FR_TXFE));
	EXPECT_EQ(read32(base + UARTFR) & (FR_RXFE | FR_RXFF | FR_TXFF | FR_TXFE),
		  FR_RXFE | FR_TXFE);
}

TEST(uart_registers, "the divisors, the low-power counter and the FIFO levels keep what is written",
     SPEC("DDI 0183, 3.3.4 to 3.3.6, 3.3.9"))
{
	static const struct {
		const char *name;
		u32 offset, bits;
	} registers[] = {
		{ "ilpr", UARTILPR, 0xff },
		{ "ibrd", UARTIBRD, 0xffff },
		{ "fbrd", UARTFBRD, 0x3f },
		{ "ifls", UARTIFLS, 0x3f },
	};
	ulong base = device_base(NAME);

	for (u32 i = 0; i < ARRAY_SIZE(registers); i++) {
		u32 old = read32(base + registers[i].offset);

		SUBTEST("%s", registers[i].name);
		for_each_set_bit(bit, registers[i].bits) {
			write32(base + registers[i].offset, (u32)BIT(bit));
			EXPECT_EQ(read32(base + registers[i].offset) & registers[i].bits, BIT(bit));
		}
		write32(base + registers[i].offset, old);
	}
}

TEST(uart_interrupts,
     "UARTMIS is UARTRIS as UARTIMSC lets it through, and so is the interrupt; UARTICR clears",
     SPEC("DDI 0183, 3.3.10 to 3.3.13"))
{
	ulong base = device_base(NAME);
	u32 intid = device_intid(NAME), old = read32(base + UARTIMSC);

	for (u32 bit = 0; bit < 11; bit++) {
		u32 raw;

		SUBTEST("bit-%u", bit);
		write32(base + UARTIMSC, 1u << bit);
		EXPECT_EQ(read32(base + UARTIMSC), 1u << bit);
		raw = read32(base + UARTRIS);
		EXPECT_EQ(read32(base + UARTMIS), raw & 1u << bit);
		EXPECT_EQ(gic_is_pending(intid), raw >> bit & 1);
		write32(base + UARTICR, 1u << bit);
		EXPECT_EQ(read32(base + UARTRIS), raw & ~(1u << bit));
		EXPECT(!gic_is_pending(intid));
		write32(base + UARTIMSC, 0);
	}
	write32(base + UARTIMSC, old);
}

TEST(uart_transmit_interrupt,
     "without FIFOs, a character that has been sent raises the transmit interrupt, which UARTICR clears",
     SPEC("DDI 0183, 2.8.4, UARTTXINTR; 3.3.7, UARTLCR_H.FEN; 3.3.13, UARTICR"))
{
	ulong base = device_base(NAME);
	u32 control = read32(base + UARTLCR_H);

	write32(base + UARTLCR_H, control & ~(u32)LCR_H_FEN);
	write32(base + UARTICR, INT_TX);
	EXPECT_EQ(read32(base + UARTRIS) & INT_TX, 0);
	ktap_note("a line that is sent without FIFOs");
	EXPECT(wait_until(read32(base + UARTFR) & FR_TXFE));
	EXPECT(wait_until(read32(base + UARTRIS) & INT_TX));
	write32(base + UARTICR, INT_TX);
	EXPECT_EQ(read32(base + UARTRIS) & INT_TX, 0);
	write32(base + UARTLCR_H, control);
}
