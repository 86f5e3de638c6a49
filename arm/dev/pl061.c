/* SPDX-License-Identifier: MIT */
/* The PL061 general-purpose input and output: DDI 0190. */
#include <test.h>

#include <arm/dt_device.h>
#include <arm/io.h>

#include "primecell.h"

#define NAME "arm,pl061"

SUITE("PL061 GPIO", REQUIRES(device_base(NAME) != 0));

#define GPIODIR	  0x400
#define GPIOIS	  0x404
#define GPIOIBE	  0x408
#define GPIOIEV	  0x40c
#define GPIOIE	  0x410
#define GPIORIS	  0x414
#define GPIOMIS	  0x418
#define GPIOIC	  0x41c
#define GPIOAFSEL 0x420

TEST(gpio_identification, "the identification registers are a PL061's",
     SPEC("DDI 0190, 3.3.11 to 3.3.18"))
{
	expect_primecell(device_base(NAME), 0x061);
}

TEST(gpio_registers,
     "direction, interrupt sense, edges, enable and alternate function keep the eight bits written",
     SPEC("DDI 0190, 3.3.2 to 3.3.6, 3.3.10"))
{
	static const u32 offsets[] = { GPIODIR, GPIOIS, GPIOIBE, GPIOIEV, GPIOAFSEL };
	ulong base = device_base(NAME);

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 old = read32(base + offsets[i]);

		SUBTEST("offset-%#x", offsets[i]);
		for (u32 bit = 0; bit < 8; bit++) {
			write32(base + offsets[i], 1u << bit);
			EXPECT_EQ(read32(base + offsets[i]), 1u << bit);
		}
		write32(base + offsets[i], 0xffffff00);
		EXPECT_EQ(read32(base + offsets[i]), 0);
		write32(base + offsets[i], old);
	}
}

TEST(gpio_masked_data,
     "bits 9-2 of the address say which of the data a write changes and a read returns",
     SPEC("DDI 0190, 3.3.1, GPIODATA"))
{
	ulong base = device_base(NAME);
	u32 old = read32(base + GPIODIR);

	write32(base + GPIODIR, 0xff);
	for (u32 mask = 0; mask < 256; mask += mask < 8 ? 1 : 13) {
		write32(base + 0x3fc, 0xa5);
		write32(base + (mask << 2), 0x5a);
		EXPECT_EQ(read32(base + 0x3fc), (0xa5 & ~mask) | (0x5a & mask), "mask %#x", mask);
		EXPECT_EQ(read32(base + (mask << 2)), 0x5a & mask, "mask %#x", mask);
	}
	write32(base + 0x3fc, 0);
	write32(base + GPIODIR, old);
}
