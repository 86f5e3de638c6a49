/* SPDX-License-Identifier: MIT */
#include "primecell.h"

#include <arm/io.h>
#include <test.h>

void expect_primecell(ulong base, u32 part)
{
	static const u8 cell[] = { 0x0d, 0xf0, 0x05, 0xb1 };

	EXPECT_EQ(read32(base + 0xfe0) & 0xff, part & 0xff);
	/* The low bits are the part's, the high ones the designer's: 0x41, Arm. */
	EXPECT_EQ(read32(base + 0xfe4) & 0xff, 0x10 | part >> 8);
	EXPECT_EQ(read32(base + 0xfe8) & 0x0f, 4);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(read32(base + 0xff0 + 4 * i) & 0xff, cell[i]);
}
