/* SPDX-License-Identifier: MIT */
#include "remap.h"

#include <string.h>

#define BITS_OF_LEVEL 9
#define ADDRESS	      BITS(51, 12)

struct remap remap;

u32 remap_levels(void)
{
	/* Bit 1 of SAGAW is 3 levels. */
	return VTD_CAP_SAGAW(vtd_read(VTD_CAP)) << 2 & (BIT(3) | BIT(4));
}

u64 *remap_root_entry(void)
{
	return &remap.root[2 * (dma_source() >> 8)];
}

u64 *remap_context_entry(void)
{
	return &remap.context[2 * (dma_source() & 0xff)];
}

u64 *remap_entry(u64 address, u32 level)
{
	u64 *table = remap.top;

	for (u32 at = remap.levels;; at--) {
		u64 *entry = &table[address >> (12 + BITS_OF_LEVEL * (at - 1)) & 0x1ff];

		if (at == level)
			return entry;
		if (!(*entry & RW))
			*entry = (ulong)page_alloc() | RW;
		table = (u64 *)(ulong)(*entry & ADDRESS);
	}
}

void remap_forget(void)
{
	EXPECT(vtd_invalidate_context(VTD_CCMD_GLOBAL));
	EXPECT(vtd_invalidate_iotlb(VTD_IOTLB_GLOBAL, 0));
}

void remap_begin(u32 levels)
{
	vtd_reset();
	dma_begin();
	remap.levels = levels ? levels : remap_levels() & BIT(4) ? 4 : 3;
	remap.root = page_alloc();
	remap.context = page_alloc();
	remap.top = page_alloc();
	remap.commands = page_alloc();
	remap.responses = page_alloc();
	remap_root_entry()[0] = (ulong)remap.context | VTD_PRESENT;
	remap_context_entry()[0] = (ulong)remap.top | VTD_PRESENT;
	remap_context_entry()[1] = VTD_CONTEXT_AW(remap.levels) | VTD_CONTEXT_DID(OUR_DOMAIN);
	*remap_entry(COMMANDS_AT, 1) = (ulong)remap.commands | RW;
	*remap_entry(RESPONSES_AT, 1) = (ulong)remap.responses | RW;
	ASSERT(vtd_set_root(remap.root));
	ASSERT(vtd_command(VTD_TE, true));
	vtd_faults_clear();
}

void remap_transfer(enum dma_command command)
{
	dma_prepare(remap.commands, command);
	memset(remap.responses, 0, PAGE_SIZE);
	ASSERT(dma_transfer(COMMANDS_AT, RESPONSES_AT), "the device stands still");
}

struct remap_fault remap_fault(void)
{
	u32 status = vtd_read32(VTD_FSTS), n = VTD_FSTS_FRI(status);
	struct remap_fault fault = { 0 };
	u64 recorded;

	if (status & VTD_FSTS_PPF) {
		recorded = vtd_fault(n);
		fault = (struct remap_fault){ .reason = VTD_FRCD_FR(recorded),
					      .source = VTD_FRCD_SID(recorded),
					      .read = recorded & VTD_FRCD_READ,
					      .address = vtd_fault_address(n) };
		EXPECT(recorded & VTD_FRCD_F);
	}
	vtd_faults_clear();
	return fault;
}

void remap_expect_fault(u32 reason, bool read, u64 address)
{
	struct remap_fault fault = remap_fault();

	EXPECT_EQ(fault.reason, reason);
	if (fault.reason) {
		EXPECT_EQ(fault.source, dma_source());
		EXPECT_EQ(fault.read, read);
		EXPECT_EQ(fault.address, address & ~0xfffull);
	}
	EXPECT(!dma_has(remap.responses, DMA_IDS));
	EXPECT(!dma_has(remap.responses, DMA_NODES));
}
