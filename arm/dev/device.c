/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <arm/gic.h>
#include <arm/io.h>
#include <mm/space.h>
#include <test.h>

ulong device_base(const char *compatible)
{
	dt_node node = dt_find_compatible(NULL, compatible);
	phys_t address;
	u64 size;

	if (!node || !dt_reg(node, 0, &address, &size))
		return 0;
	return (ulong)space_map_device(address, MIN(size, 1 * MiB));
}

u32 device_intid(const char *compatible)
{
	dt_node node = dt_find_compatible(NULL, compatible);
	u32 cells[3];

	if (!node || dt_cell(node, "interrupts", 0, ~0u) == ~0u)
		return 0;
	for (u32 i = 0; i < 3; i++)
		cells[i] = dt_cell(node, "interrupts", i, 0);
	return gic_intid_of(cells);
}

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
