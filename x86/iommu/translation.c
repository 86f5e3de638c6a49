/* SPDX-License-Identifier: MIT */
/* Second-stage translation of a device's reads and writes: VT-d 5.10, 3.4, 3.7, 7.1.3. */
#include "remap.h"

#include <string.h>

SUITE("DMA remapping: translation", REQUIRES(HAS_REMAPPING));

#define LARGE_2M 0x200000ull
#define LARGE_1G 0x40000000ull

TEST(dma_not_remapped, "with translation disabled the device's addresses are those of memory",
     SPEC("VT-d 5.10, 3.4; 11.4.4.1, TE"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);

	remap_begin(0);
	EXPECT(vtd_command(VTD_TE, false));
	dma_prepare(pages, DMA_IDS);
	ASSERT(dma_transfer((ulong)pages, (ulong)pages + PAGE_SIZE));
	EXPECT(dma_has(pages + PAGE_SIZE, DMA_IDS));
	EXPECT_EQ(remap_fault().reason, 0u);
	SUBTEST("on-again");
	EXPECT(vtd_command(VTD_TE, true));
	remap_transfer(DMA_NODES);
	EXPECT_TRANSFERRED(DMA_NODES);
}

TEST(dma_translated, "a page is found through each level, by 9 bits of the address each",
     SPEC("VT-d 5.10, 3.7, figures 3-5 to 3-7"))
{
	/* Addresses that differ in the index of one level each. */
	static const u64 addresses[] = { 0x0000000000001000, 0x00000000001ff000, 0x0000000000200000,
					 0x000000003fe00000, 0x0000000040000000, 0x0000007fc0000000,
					 0x0000007ffffff000, 0x0000008000000000, 0x0000ff8000000000,
					 0x0000fffffffff000 };

	for_each_set_bit(levels, remap_levels()) {
		remap_begin((u32)levels);
		for (u32 i = 0; i < ARRAY_SIZE(addresses); i++) {
			u8 *page = page_alloc();

			if (addresses[i] >> (12 + 9 * levels) ||
			    addresses[i] >> VTD_CAP_MGAW(vtd_read(VTD_CAP)))
				continue;
			SUBTEST("%llu-levels-%#llx", levels, addresses[i]);
			*remap_entry(addresses[i], 1) = (ulong)page | RW;
			dma_prepare(page, DMA_IDS);
			memset(remap.responses, 0, PAGE_SIZE);
			ASSERT(dma_transfer(addresses[i], RESPONSES_AT));
			EXPECT_TRANSFERRED(DMA_IDS, "read");
			dma_prepare(remap.commands, DMA_NODES);
			ASSERT(dma_transfer(COMMANDS_AT, addresses[i]));
			EXPECT(dma_has(page, DMA_NODES), "written");
			EXPECT_EQ(remap_fault().reason, 0u);
		}
	}
}

TEST(dma_offset, "the low 12 bits of an address are not translated",
     SPEC("VT-d 5.10, 3.7, figure 3-5"))
{
	remap_begin(0);
	for (u32 offset = 0; offset < PAGE_SIZE; offset += 0x380) {
		u8 *from = (u8 *)remap.commands + offset;
		u8 *to = (u8 *)remap.responses + (PAGE_SIZE - 0x80 - offset);

		memset(remap.commands, 0, PAGE_SIZE);
		memset(remap.responses, 0, PAGE_SIZE);
		dma_prepare(from, DMA_IDS);
		ASSERT(dma_transfer(COMMANDS_AT + offset,
				    RESPONSES_AT + (PAGE_SIZE - 0x80) - offset));
		EXPECT(dma_has(to, DMA_IDS), "offset %#x", offset);
	}
	EXPECT_EQ(remap_fault().reason, 0u);
}

static bool has_size(u32 level)
{
	return vtd_read(VTD_CAP) & (level == 2 ? VTD_CAP_2M : VTD_CAP_1G);
}

/* The large page that is at address 0 is mapped, with our two pages in it where memory is. */
TEST(dma_large_pages, "a page of 2 MBytes or 1 GByte keeps the low bits of the address",
     SPEC("VT-d 5.10, 3.7, figures 3-6 and 3-7; 9.8, tables 43 and 45"))
{
	static const u64 at[] = { [2] = 0x7ba00000, [3] = 0x1c0000000 };
	static const u64 sizes[] = { [2] = LARGE_2M, [3] = LARGE_1G };

	for (u32 level = 2; level <= 3; level++) {
		ulong page, base;

		if (!has_size(level))
			continue;
		SUBTEST("%s", level == 2 ? "2M" : "1G");
		remap_begin(0);
		page = (ulong)remap.commands;
		base = page & ~(ulong)(sizes[level] - 1);
		*remap_entry(at[level], level) = base | VTD_LARGE | RW;
		dma_prepare(remap.commands, DMA_IDS);
		ASSERT(dma_transfer(at[level] + (page - base), RESPONSES_AT));
		EXPECT_TRANSFERRED(DMA_IDS, "read");
		/* Another command, and the response to the same page. */
		dma_prepare(remap.commands, DMA_NODES);
		ASSERT(dma_transfer(COMMANDS_AT, at[level] + (page - base)));
		EXPECT(dma_has(remap.commands, DMA_NODES), "written");
		EXPECT_EQ(remap_fault().reason, 0u);
		if (((ulong)remap.responses ^ page) >= sizes[level])
			continue;
		/* Another address in the page that is known already. */
		dma_prepare(remap.commands, DMA_IDS);
		ASSERT(dma_transfer(COMMANDS_AT, at[level] + ((ulong)remap.responses - base)));
		EXPECT(dma_has(remap.responses, DMA_IDS), "elsewhere in it");
		EXPECT_EQ(remap_fault().reason, 0u);
	}
}

/* ---------------------------------------------------------------------------------------- rights */

static const struct {
	const char *name;
	u64 bits;
	bool read, write;
} rights[] = {
	{ "none", 0, false, false },
	{ "read", VTD_READ, true, false },
	{ "write", VTD_WRITE, false, true },
	{ "both", RW, true, true },
};

/* A page with these rights at one level, and all above and below it; shares no entry with our own. */
static u8 *page_with(u32 levels, u32 level, u64 bits, u64 *address)
{
	u8 *page;
	u64 *entry;

	remap_begin(levels);
	page = page_alloc();
	*address = levels == 4 ? 0x12040601000 : 0x2040601000;
	*remap_entry(*address, 1) = (ulong)page | RW;
	entry = remap_entry(*address, level);
	*entry = (*entry & ~RW) | bits;
	return page;
}

static void read_by(u32 levels, u32 level, u32 i)
{
	u64 address;
	u8 *page = page_with(levels, level, rights[i].bits, &address);

	dma_prepare(page, DMA_IDS);
	ASSERT(dma_transfer(address, RESPONSES_AT));
	if (rights[i].read)
		EXPECT_TRANSFERRED(DMA_IDS);
	else
		remap_expect_fault(VTD_FR_READ, true, address);
}

static void write_by(u32 levels, u32 level, u32 i)
{
	u64 address;
	u8 *page = page_with(levels, level, rights[i].bits, &address);

	dma_prepare(remap.commands, DMA_NODES);
	ASSERT(dma_transfer(COMMANDS_AT, address));
	if (rights[i].write) {
		EXPECT(dma_has(page, DMA_NODES));
		EXPECT_EQ(remap_fault().reason, 0u);
	} else {
		EXPECT(dma_untouched(page));
		remap_expect_fault(VTD_FR_WRITE, false, address);
	}
}

TEST(dma_rights, "R and W of every level together permit reads and writes",
     SPEC("VT-d 5.10, 3.7.1; 7.1.3, LGN.2 and LGN.3; 9.8"))
{
	for_each_set_bit(levels, remap_levels())
		for (u32 level = 1; level <= levels; level++)
			for (u32 i = 0; i < ARRAY_SIZE(rights); i++) {
				SUBTEST("%llu-levels-level-%u-%s-read", levels, level,
					rights[i].name);
				read_by((u32)levels, level, i);
				SUBTEST("%llu-levels-level-%u-%s-write", levels, level,
					rights[i].name);
				write_by((u32)levels, level, i);
			}
}

/* A read leaves no right to write in the caches, nor the reverse. */
TEST(dma_rights_kept,
     "a translation that was used for reads does not let writes in, nor the reverse",
     SPEC("VT-d 5.10, 3.7.1; 6.2.4; 7.1.3, LGN.2 and LGN.3"))
{
	remap_begin(0);
	*remap_entry(COMMANDS_AT, 1) = (ulong)remap.commands | VTD_READ;
	*remap_entry(RESPONSES_AT, 1) = (ulong)remap.responses | VTD_WRITE;
	remap_forget();
	remap_transfer(DMA_IDS);
	EXPECT_TRANSFERRED(DMA_IDS);
	SUBTEST("no-write");
	dma_prepare(remap.commands, DMA_IDS);
	ASSERT(dma_transfer(COMMANDS_AT, COMMANDS_AT));
	EXPECT(dma_untouched(remap.commands));
	SUBTEST("write-recorded");
	memset(remap.responses, 0, PAGE_SIZE);
	remap_expect_fault(VTD_FR_WRITE, false, COMMANDS_AT);
	SUBTEST("no-read");
	dma_prepare(remap.responses, DMA_IDS);
	ASSERT(dma_transfer(RESPONSES_AT, RESPONSES_AT));
	EXPECT(!dma_has(remap.responses, DMA_IDS));
	SUBTEST("read-recorded");
	remap_expect_fault(VTD_FR_READ, true, RESPONSES_AT);
}

/* ---------------------------------------------------------------------------------- other addresses */

TEST(dma_address_width,
     "an address that the levels, or the unit, do not have is refused with reason 4",
     SPEC("VT-d 5.10, 7.1.3, LGN.1.1; 9.3, AW"))
{
	for_each_set_bit(levels, remap_levels()) {
		u32 width = MIN((u32)(12 + 9 * levels), VTD_CAP_MGAW(vtd_read(VTD_CAP)));

		remap_begin((u32)levels);
		for (u32 bit = width; bit < 64; bit += bit == width ? 1 : 5) {
			SUBTEST("%llu-levels-bit-%u", levels, bit);
			dma_prepare(remap.commands, DMA_IDS);
			memset(remap.responses, 0, PAGE_SIZE);
			ASSERT(dma_transfer(COMMANDS_AT | BIT(bit), RESPONSES_AT));
			remap_expect_fault(VTD_FR_ADDRESS, true, COMMANDS_AT | BIT(bit));
			memset(remap.responses, 0, PAGE_SIZE);
			ASSERT(dma_transfer(COMMANDS_AT, RESPONSES_AT | BIT(bit)));
			remap_expect_fault(VTD_FR_ADDRESS, false, RESPONSES_AT | BIT(bit));
		}
	}
}

TEST(dma_interrupt_range,
     "a page that would be in the range of interrupts is refused with reason 14",
     SPEC("VT-d 5.10, 3.14; 7.1.3, LGN.4"))
{
	static const struct {
		const char *name;
		u64 page;
	} rows[] = {
		{ "first", 0xfee00000 },
		{ "middle", 0xfee80000 },
		{ "last", 0xfeeff000 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		remap_begin(0);
		*remap_entry(RESPONSES_AT, 1) = rows[i].page | RW;
		remap_transfer(DMA_IDS);
		remap_expect_fault(VTD_FR_INTERRUPT_RANGE, false, RESPONSES_AT);
	}
}

TEST(dma_pass_through,
     "with translation type 10b addresses are those of memory, and the tables not used",
     SPEC("VT-d 5.10, 3.9; 9.3, TT"), REQUIRES(vtd_read(VTD_ECAP) & VTD_ECAP_PT))
{
	remap_begin(0);
	remap_context_entry()[0] = VTD_CONTEXT_THROUGH | VTD_PRESENT;
	remap_context_entry()[1] = VTD_CONTEXT_AW(remap_levels() & BIT(4) ? 4 : 3) |
				   VTD_CONTEXT_DID(OUR_DOMAIN);
	remap_forget();
	dma_prepare(remap.commands, DMA_IDS);
	ASSERT(dma_transfer((ulong)remap.commands, (ulong)remap.responses));
	EXPECT_TRANSFERRED(DMA_IDS);
	SUBTEST("translated-again");
	remap_context_entry()[0] = (ulong)remap.top | VTD_PRESENT;
	remap_context_entry()[1] = VTD_CONTEXT_AW(remap.levels) | VTD_CONTEXT_DID(OUR_DOMAIN);
	remap_forget();
	remap_transfer(DMA_NODES);
	EXPECT_TRANSFERRED(DMA_NODES);
}
