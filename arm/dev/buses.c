/* SPDX-License-Identifier: MIT */
/* Where devices are looked for: virtio-mmio and PCI configuration space. */
#include <test.h>

#include <arm/io.h>
#include <dev/devicetree.h>
#include <mm/space.h>

SUITE("virtio-mmio and PCI");

#define VIRTIO_MAGIC 0x74726976

TEST(virtio_mmio,
     "each virtio-mmio device has the magic value and a known version; one without a device reads as zero beyond",
     SPEC("virtio 1.2, 4.2.2, MMIO Device Register Layout"),
	  REQUIRES(dt_find_compatible(NULL, "virtio,mmio") != NULL))
{
	u32 number = 0;

	for (dt_node node = NULL; (node = dt_find_compatible(node, "virtio,mmio"));) {
		phys_t address;
		u64 size;
		ulong base;

		SUBTEST("number-%u", number++);
		ASSERT(dt_reg(node, 0, &address, &size));
		base = (ulong)space_map_device(address, size);
		EXPECT_EQ(read32(base), VIRTIO_MAGIC);
		EXPECT(read32(base + 4) == 1 || read32(base + 4) == 2);
		if (read32(base + 8))
			continue;
		for (u32 offset = 0x10; offset < 0x100; offset += 4)
			EXPECT_EQ(read32(base + offset), 0, "offset %#x", offset);
	}
}

static ulong ecam(void)
{
	dt_node node = dt_find_compatible(NULL, "pci-host-ecam-generic");
	phys_t address;
	u64 size;

	/* What lies beyond 4 GiB is not mapped. */
	if (!node || !dt_reg(node, 0, &address, &size) || address + size > 4 * GiB)
		return 0;
	return (ulong)space_map_device(address, 1 * MiB);
}

TEST(pci_absent,
     "a PCI function that is not there reads as all ones in every width, and writes to it do nothing",
     SPEC("PCI Express Base Specification, 2.3.1, 7.2.2, ECAM"), REQUIRES(ecam() != 0))
{
	ulong base = ecam();
	u32 found = 0;

	for (u32 function = 0; function < 256; function++) {
		ulong at = base + function * 4096ul;

		if (read32(at) != 0xffffffff) {
			found++;
			continue;
		}
		EXPECT_EQ(read16(at), 0xffff, "function %#x", function);
		EXPECT_EQ(read16(at + 2), 0xffff, "function %#x", function);
		EXPECT_EQ(read8(at + 0xe), 0xff, "function %#x", function);
		EXPECT_EQ(read32(at + 0x100), 0xffffffff, "function %#x", function);
		write32(at + 4, 0);
		EXPECT_EQ(read32(at + 4), 0xffffffff, "function %#x", function);
	}
	/* The host bridge. */
	EXPECT_GE(found, 1);
}

TEST(pci_host_bridge,
     "function 0 is a host bridge, whose identification is read-only, and which halves and bytes of show the same",
     SPEC("PCI Express Base Specification, 7.5.1, Type 0 configuration space header"),
	  REQUIRES(ecam() != 0))
{
	ulong base = ecam();
	u32 id = read32(base), class = read32(base + 8);

	EXPECT_EQ(class >> 16, 0x0600);
	EXPECT_EQ(read16(base), id & 0xffff);
	EXPECT_EQ(read16(base + 2), id >> 16);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(read8(base + i), id >> 8 * i & 0xff);
	write32(base, ~id);
	EXPECT_EQ(read32(base), id);
	write32(base + 8, ~class);
	EXPECT_EQ(read32(base + 8), class);
}
