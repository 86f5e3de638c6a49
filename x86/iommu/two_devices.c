/* SPDX-License-Identifier: MIT */
/* Two devices, each with tables of its own: VT-d 5.10, 3.4, 6.2.1, 7.2.1. */
#include "remap.h"

#include <string.h>

SUITE("DMA remapping: two devices", REQUIRES(HAS_REMAPPING &&dma_second_is_there()));

#define OTHER_DOMAIN 0x26u

/* The second device's tables, and its pages, which it sees where the first one sees its own. */
static struct remap other;

static u64 *other_entry(u64 address)
{
	struct remap ours = remap;
	u64 *entry;

	remap = other;
	entry = remap_entry(address, 1);
	remap = ours;
	return entry;
}

static u64 *other_context(void)
{
	u64 *entry;

	dma_select(1);
	entry = remap_context_entry();
	dma_select(0);
	return entry;
}

static void begin(void)
{
	dma_select(0);
	remap_begin(0);
	other = remap;
	other.top = page_alloc();
	other.commands = page_alloc();
	other.responses = page_alloc();
	*other_entry(COMMANDS_AT) = (ulong)other.commands | RW;
	*other_entry(RESPONSES_AT) = (ulong)other.responses | RW;
	other_context()[0] = (ulong)other.top | VTD_PRESENT;
	other_context()[1] = VTD_CONTEXT_AW(remap.levels) | VTD_CONTEXT_DID(OTHER_DOMAIN);
	remap_forget();
	/* What the controller does in reset is of addresses that it is not to have. */
	EXPECT(vtd_command(VTD_TE, false));
	dma_select(1);
	dma_begin();
	dma_select(0);
	EXPECT(vtd_command(VTD_TE, true));
	vtd_faults_clear();
}

/* One transfer of this device; where its response has to be, it is, and the other one's pages are left alone. */
static void transfer(u32 device, enum dma_command command)
{
	const struct remap *own = device ? &other : &remap, *not_own = device ? &remap : &other;

	dma_prepare(own->commands, command);
	dma_prepare(not_own->commands, command == DMA_IDS ? DMA_NODES : DMA_IDS);
	memset(own->responses, 0, PAGE_SIZE);
	memset(not_own->responses, 0, PAGE_SIZE);
	dma_select(device);
	ASSERT(dma_transfer(COMMANDS_AT, RESPONSES_AT), "the device stands still");
	EXPECT(dma_has(own->responses, command), "device %u", device);
	EXPECT(dma_untouched(not_own->responses), "device %u", device);
	dma_select(0);
}

TEST(devices_apart, "each device is translated by its own tables, whichever was there before it",
     SPEC("VT-d 5.10, 3.4.3, 6.2.1, table 17"))
{
	begin();
	for (u32 round = 0; round < 4; round++) {
		transfer(0, round & 1 ? DMA_IDS : DMA_NODES);
		transfer(1, round & 1 ? DMA_IDS : DMA_NODES);
	}
	EXPECT_EQ(remap_fault().reason, 0u);
}

TEST(devices_share, "two devices of one domain see the same pages",
     SPEC("VT-d 5.10, 3.4.1, 9.3, DID"))
{
	begin();
	other_context()[0] = (ulong)remap.top | VTD_PRESENT;
	other_context()[1] = VTD_CONTEXT_AW(remap.levels) | VTD_CONTEXT_DID(OUR_DOMAIN);
	remap_forget();
	for (u32 device = 0; device < 2; device++) {
		dma_select(device);
		remap_transfer(device ? DMA_IDS : DMA_NODES);
		EXPECT_TRANSFERRED(device ? DMA_IDS : DMA_NODES, "device %u", device);
	}
	dma_select(0);
	/* An invalidation of the domain is for both. */
	SUBTEST("forgotten-for-both");
	*remap_entry(RESPONSES_AT, 1) = 0;
	EXPECT(vtd_invalidate_iotlb(VTD_IOTLB_DOMAIN | VTD_IOTLB_DID(OUR_DOMAIN), 0));
	for (u32 device = 0; device < 2; device++) {
		dma_select(device);
		remap_transfer(DMA_IDS);
		EXPECT(dma_untouched(remap.responses));
		remap_expect_fault(VTD_FR_WRITE, false, RESPONSES_AT);
	}
	dma_select(0);
}

TEST(fault_of_second_device, "a fault has the source ID of the device that made it",
     SPEC("VT-d 5.10, 7.2.1; 11.4.7.6, SID"))
{
	begin();
	other_context()[0] &= ~VTD_PRESENT;
	remap_forget();
	dma_select(1);
	remap_transfer(DMA_IDS);
	remap_expect_fault(VTD_FR_CONTEXT_ABSENT, true, COMMANDS_AT);
	dma_select(0);
	SUBTEST("first-device-works");
	remap_transfer(DMA_NODES);
	EXPECT_TRANSFERRED(DMA_NODES);
}

TEST(fault_overflow,
     "a fault for which there is no recording register sets PFO, and is not recorded",
     SPEC("VT-d 5.10, 7.2.1; 11.4.7.1, PFO"), REQUIRES(VTD_CAP_NFR(vtd_read(VTD_CAP)) == 1))
{
	begin();
	dma_select(0);
	ASSERT(dma_transfer(0x12345000, RESPONSES_AT));
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, VTD_FSTS_PPF);
	dma_select(1);
	ASSERT(dma_transfer(0x23456000, RESPONSES_AT));
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, VTD_FSTS_PPF | VTD_FSTS_PFO);
	EXPECT_EQ(vtd_fault_address(0), 0x12345000ull);
	SUBTEST("not-recorded-until-cleared");
	vtd_fault_clear(0);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, VTD_FSTS_PFO);
	ASSERT(dma_transfer(0x34567000, RESPONSES_AT));
	EXPECT_EQ(vtd_fault(0) & VTD_FRCD_F, 0ull);
	SUBTEST("cleared");
	vtd_write32(VTD_FSTS, VTD_FSTS_PFO);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, 0u);
	ASSERT(dma_transfer(0x34567000, RESPONSES_AT));
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, VTD_FSTS_PPF);
	EXPECT_EQ(vtd_fault_address(0), 0x34567000ull);
	dma_select(0);
}

TEST(one_context_forgotten,
     "a device-selective invalidation is enough for the device whose entry was changed",
     SPEC("VT-d 5.10, 6.5.1.1; 11.4.6.1, SID"))
{
	void *old;

	begin();
	transfer(0, DMA_IDS);
	transfer(1, DMA_IDS);
	old = other.responses;
	other.top = page_alloc();
	other.responses = page_alloc();
	*other_entry(COMMANDS_AT) = (ulong)other.commands | RW;
	*other_entry(RESPONSES_AT) = (ulong)other.responses | RW;
	other_context()[0] = (ulong)other.top | VTD_PRESENT;
	memset(old, 0, PAGE_SIZE);
	dma_select(1);
	EXPECT(vtd_invalidate_context(VTD_CCMD_DEVICE | VTD_CCMD_DID(OTHER_DOMAIN) |
				      VTD_CCMD_SID(dma_source())));
	EXPECT(vtd_invalidate_iotlb(VTD_IOTLB_DOMAIN | VTD_IOTLB_DID(OTHER_DOMAIN), 0));
	transfer(1, DMA_NODES);
	EXPECT(dma_untouched(old));
	transfer(0, DMA_NODES);
	EXPECT_EQ(remap_fault().reason, 0u);
}
