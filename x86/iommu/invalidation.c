/* SPDX-License-Identifier: MIT */
/*
 * What has to be forgotten is: VT-d 5.10, 6.5. Nothing is said of what may be kept. Each way of asking has
 * its rows: the registers (6.5.1) and the queue (6.5.2).
 */
#include "remap.h"

#include <string.h>

SUITE("DMA remapping: invalidation", REQUIRES(HAS_REMAPPING));

enum way {
	REGISTERS,
	QUEUE,
	WAYS,
};

static const char *const way_names[] = { "registers", "queue" };

enum scope {
	GLOBAL,
	DOMAIN,
	SELECTIVE, /* pages, or a device */
	SCOPES,
};

static const char *const scope_names[] = { "global", "domain", "selective" };

static bool has_way(enum way way)
{
	return way == REGISTERS || (vtd_read(VTD_ECAP) & VTD_ECAP_QI);
}

static void begin(enum way way)
{
	remap_begin(0);
	if (way == QUEUE)
		ASSERT(vtd_queue_start(page_alloc()));
}

/* Of the pages from this address on, as many as 2 to the power of `mask`. */
static void forget_pages(enum way way, enum scope scope, u64 address, u32 mask)
{
	static const u64 commands[] = { VTD_IOTLB_GLOBAL, VTD_IOTLB_DOMAIN, VTD_IOTLB_PAGE };
	static const u64 descriptors[] = { VTD_DESC_GLOBAL, VTD_DESC_DOMAIN, VTD_DESC_SELECTIVE };
	u64 domain = scope == GLOBAL ? 0 : OUR_DOMAIN,
	    pages = scope == SELECTIVE ? address | mask : 0;

	if (way == QUEUE) {
		vtd_queue_add(VTD_DESC_IOTLB | descriptors[scope] | VTD_DESC_DID(domain), pages);
		EXPECT(vtd_queue_wait());
	} else {
		u32 done = vtd_invalidate_iotlb(commands[scope] | VTD_IOTLB_DID(domain), pages);

		/* What was asked for, or more than that. */
		EXPECT_GE(done, 1u);
		EXPECT_LE(done, scope + 1);
	}
}

static void forget_context(enum way way, enum scope scope, u32 source, u32 functions)
{
	static const u64 commands[] = { VTD_CCMD_GLOBAL, VTD_CCMD_DOMAIN, VTD_CCMD_DEVICE };
	static const u64 descriptors[] = { VTD_DESC_GLOBAL, VTD_DESC_DOMAIN, VTD_DESC_SELECTIVE };
	u64 domain = scope == GLOBAL ? 0 : OUR_DOMAIN;
	u32 done = scope + 1;

	if (scope != SELECTIVE)
		source = functions = 0;
	if (way == QUEUE)
		vtd_queue_add(VTD_DESC_CONTEXT | descriptors[scope] | VTD_DESC_DID(domain) |
				      VTD_DESC_SID(source) | VTD_DESC_MASK(functions),
			      0);
	else
		done = vtd_invalidate_context(commands[scope] | VTD_CCMD_DID(domain) |
					      VTD_CCMD_SID(source) | VTD_CCMD_MASK(functions));
	EXPECT_GE(done, 1u);
	EXPECT_LE(done, scope + 1);
	forget_pages(way, DOMAIN, 0, 0);
}

/* The page of responses is another one, and the old one is not written. */
static void move_responses(void)
{
	*remap_entry(RESPONSES_AT, 1) = 0;
	remap.responses = page_alloc();
	*remap_entry(RESPONSES_AT, 1) = (ulong)remap.responses | RW;
}

static void expect_moved(const void *old)
{
	remap_transfer(DMA_NODES);
	EXPECT_TRANSFERRED(DMA_NODES);
	EXPECT(!dma_has(old, DMA_NODES), "where it was before");
}

TEST(pages_forgotten,
     "after an IOTLB invalidation of each scope, entries that were changed are used",
     SPEC("VT-d 5.10, 6.5.1.2, 6.5.2.3; 11.4.6.3, 11.4.6.4"))
{
	for (enum way way = 0; way < WAYS; way++)
		for (enum scope scope = 0; has_way(way) && scope < SCOPES; scope++) {
			void *old;

			if (scope == SELECTIVE && !(vtd_read(VTD_CAP) & VTD_CAP_PSI))
				continue;
			SUBTEST("%s-%s-moved", way_names[way], scope_names[scope]);
			begin(way);
			remap_transfer(DMA_IDS);
			EXPECT_TRANSFERRED(DMA_IDS);
			old = remap.responses;
			move_responses();
			forget_pages(way, scope, RESPONSES_AT, 0);
			expect_moved(old);
			SUBTEST("%s-%s-absent", way_names[way], scope_names[scope]);
			*remap_entry(RESPONSES_AT, 1) = 0;
			forget_pages(way, scope, RESPONSES_AT, 0);
			remap_transfer(DMA_IDS);
			EXPECT(dma_untouched(remap.responses));
			remap_expect_fault(VTD_FR_WRITE, false, RESPONSES_AT);
		}
}

TEST(pages_forgotten_by_mask, "a page-selective invalidation covers all pages of its address mask",
     SPEC("VT-d 5.10, 6.5.1.2, 6.5.2.3; 11.4.6.4, AM"), REQUIRES(vtd_read(VTD_CAP) & VTD_CAP_PSI))
{
	u32 most = MIN(VTD_CAP_MAMV(vtd_read(VTD_CAP)), 18u);

	for (enum way way = 0; way < WAYS; way++)
		for (u32 mask = 0; has_way(way) && mask <= most; mask += mask < 5 ? 1 : 4) {
			u64 first = RESPONSES_AT & ~((PAGE_SIZE << mask) - 1ull);
			void *old;

			SUBTEST("%s-%u", way_names[way], mask);
			begin(way);
			remap_transfer(DMA_IDS);
			old = remap.responses;
			move_responses();
			forget_pages(way, SELECTIVE, first, mask);
			expect_moved(old);
		}
}

/* The last page of the range, which is found by the mask alone. */
TEST(last_page_forgotten, "the last page that an address mask covers is forgotten, too",
     SPEC("VT-d 5.10, 6.5.1.2, 6.5.2.3; 11.4.6.4, AM"), REQUIRES(vtd_read(VTD_CAP) & VTD_CAP_PSI))
{
	u32 most = MIN(VTD_CAP_MAMV(vtd_read(VTD_CAP)), 18u);

	for (enum way way = 0; way < WAYS; way++)
		for (u32 mask = 1; has_way(way) && mask <= most; mask++) {
			u64 first = 0x80000000, last = first + (PAGE_SIZE << mask) - PAGE_SIZE;
			u8 *page, *other;

			SUBTEST("%s-%u", way_names[way], mask);
			begin(way);
			page = page_alloc();
			other = page_alloc();
			*remap_entry(last, 1) = (ulong)page | RW;
			dma_prepare(remap.commands, DMA_IDS);
			ASSERT(dma_transfer(COMMANDS_AT, last));
			EXPECT(dma_has(page, DMA_IDS));
			*remap_entry(last, 1) = (ulong)other | RW;
			forget_pages(way, SELECTIVE, first, mask);
			dma_prepare(remap.commands, DMA_NODES);
			ASSERT(dma_transfer(COMMANDS_AT, last));
			EXPECT(dma_has(other, DMA_NODES));
			EXPECT(dma_has(page, DMA_IDS), "where it was before");
			EXPECT_EQ(remap_fault().reason, 0u);
		}
}

TEST(large_page_forgotten, "an invalidation with address mask 9 or 18 forgets a large page",
     SPEC("VT-d 5.10, 6.5.3.2"), REQUIRES(vtd_read(VTD_CAP) & VTD_CAP_PSI))
{
	for (u32 level = 2; level <= 3; level++) {
		u32 mask = (level - 1) * 9;
		u64 at = 0x180000000;
		ulong base;

		if (!(vtd_read(VTD_CAP) & (level == 2 ? VTD_CAP_2M : VTD_CAP_1G)) ||
		    VTD_CAP_MAMV(vtd_read(VTD_CAP)) < mask)
			continue;
		SUBTEST("%s", level == 2 ? "2M" : "1G");
		begin(REGISTERS);
		base = (ulong)remap.responses & ~(((ulong)PAGE_SIZE << mask) - 1);
		at += (ulong)remap.responses - base;
		*remap_entry(at, level) = base | VTD_LARGE | RW;
		dma_prepare(remap.commands, DMA_IDS);
		ASSERT(dma_transfer(COMMANDS_AT, at));
		EXPECT_TRANSFERRED(DMA_IDS);
		*remap_entry(at, level) = 0;
		forget_pages(REGISTERS, SELECTIVE, at & ~((PAGE_SIZE << mask) - 1ull), mask);
		memset(remap.responses, 0, PAGE_SIZE);
		ASSERT(dma_transfer(COMMANDS_AT, at));
		EXPECT(dma_untouched(remap.responses));
		remap_expect_fault(VTD_FR_WRITE, false, at);
	}
}

TEST(absent_not_kept, "without caching mode an entry that becomes present needs no invalidation",
     SPEC("VT-d 5.10, 6.1, CM; 6.5.3.3, note"), REQUIRES(!(vtd_read(VTD_CAP) & VTD_CAP_CM)))
{
	SUBTEST("page");
	remap_begin(0);
	*remap_entry(RESPONSES_AT, 1) = 0;
	remap_transfer(DMA_IDS);
	remap_expect_fault(VTD_FR_WRITE, false, RESPONSES_AT);
	*remap_entry(RESPONSES_AT, 1) = (ulong)remap.responses | RW;
	remap_transfer(DMA_IDS);
	EXPECT_TRANSFERRED(DMA_IDS);
	SUBTEST("context");
	remap_begin(0);
	remap_context_entry()[0] &= ~VTD_PRESENT;
	remap_transfer(DMA_IDS);
	remap_expect_fault(VTD_FR_CONTEXT_ABSENT, true, COMMANDS_AT);
	remap_context_entry()[0] |= VTD_PRESENT;
	remap_transfer(DMA_IDS);
	EXPECT_TRANSFERRED(DMA_IDS);
	SUBTEST("root");
	remap_begin(0);
	remap_root_entry()[0] &= ~VTD_PRESENT;
	remap_transfer(DMA_IDS);
	remap_expect_fault(VTD_FR_ROOT_ABSENT, true, COMMANDS_AT);
	remap_root_entry()[0] |= VTD_PRESENT;
	remap_transfer(DMA_IDS);
	EXPECT_TRANSFERRED(DMA_IDS);
}

/* Other tables for the device: their page of responses is another one. */
static void change_tables(void)
{
	remap.top = page_alloc();
	remap.responses = page_alloc();
	*remap_entry(COMMANDS_AT, 1) = (ulong)remap.commands | RW;
	*remap_entry(RESPONSES_AT, 1) = (ulong)remap.responses | RW;
	remap_context_entry()[0] = (ulong)remap.top | VTD_PRESENT;
}

TEST(context_forgotten,
     "after invalidations of context and IOTLB, a context entry that was changed is used",
     SPEC("VT-d 5.10, 6.5.1.1, 6.5.2.1; 6.5.3.3, table 28; 11.4.6.1"))
{
	for (enum way way = 0; way < WAYS; way++)
		for (enum scope scope = 0; has_way(way) && scope < SCOPES; scope++) {
			void *old;

			SUBTEST("%s-%s", way_names[way], scope_names[scope]);
			begin(way);
			remap_transfer(DMA_IDS);
			old = remap.responses;
			change_tables();
			forget_context(way, scope, dma_source(), 0);
			expect_moved(old);
			SUBTEST("%s-%s-absent", way_names[way], scope_names[scope]);
			remap_context_entry()[0] &= ~VTD_PRESENT;
			forget_context(way, scope, dma_source(), 0);
			remap_transfer(DMA_IDS);
			remap_expect_fault(VTD_FR_CONTEXT_ABSENT, true, COMMANDS_AT);
		}
}

TEST(context_function_mask,
     "a function mask leaves bits 2, 2-1 or 2-0 of the source ID out of account",
     SPEC("VT-d 5.10, 6.5.2.1; 11.4.6.1, FM"))
{
	static const u32 masked[] = { 0, 4, 6, 7 };

	for (enum way way = 0; way < WAYS; way++)
		for (u32 functions = 1; has_way(way) && functions < 4; functions++) {
			void *old;

			SUBTEST("%s-%u", way_names[way], functions);
			begin(way);
			remap_transfer(DMA_IDS);
			old = remap.responses;
			change_tables();
			forget_context(way, SELECTIVE, dma_source() ^ masked[functions], functions);
			expect_moved(old);
		}
}

TEST(root_table_changed, "a new root table is used after Set Root Table Pointer and invalidations",
     SPEC("VT-d 5.10, 6.6; 11.4.4.1, SRTP"))
{
	u64 *root, *context;

	begin(REGISTERS);
	remap_transfer(DMA_IDS);
	EXPECT_TRANSFERRED(DMA_IDS);
	EXPECT(vtd_command(VTD_TE, false));
	root = page_alloc();
	context = page_alloc();
	memcpy(context, remap.context, PAGE_SIZE);
	remap.root = root;
	remap.context = context;
	remap_root_entry()[0] = (ulong)context | VTD_PRESENT;
	change_tables();
	EXPECT(vtd_set_root(root));
	EXPECT(vtd_command(VTD_TE, true));
	remap_transfer(DMA_NODES);
	EXPECT_TRANSFERRED(DMA_NODES);
}
