/* SPDX-License-Identifier: MIT */
#include <arm/dt_device.h>

#include <arm/gic.h>
#include <dev/devicetree.h>
#include <mm/space.h>

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
	u32 cells[4];

	return node && dt_interrupt(node, 0, cells) >= 3 ? gic_intid_of(cells) : 0;
}
