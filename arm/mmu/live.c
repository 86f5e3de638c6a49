/* SPDX-License-Identifier: MIT */
/*
 * Tables that change while the CPU runs on what they map: code, stack and the tables themselves lie in
 * the block that is invalid for a moment.
 */
#include <test.h>

#include <arm/access.h>
#include <mm/page.h>
#include <mm/space.h>

SUITE("Changes of tables in use");

#define PAGE_OF(address) ALIGN_DOWN((ulong)(address), (ulong)PAGE_SIZE)

/* Maps the image, and memory with this address, by blocks that EL1 may do all with. */
static void map_blocks(struct space *space, const void *memory, u32 attributes)
{
	const ulong size = (ulong)space_page_size(1);
	ulong low = ALIGN_DOWN(MIN((ulong)image_start, (ulong)memory), size);

	for (ulong at = low; at < MAX((ulong)image_end, (ulong)memory); at += size)
		space_map_page(space, at, at, 1, PROT_WRITE | PROT_EXEC | attributes);
}

static u32 level_of(struct space *space, const void *address)
{
	u32 level;

	space_entry(space, (ulong)address, &level);
	return level;
}

TEST(split_in_use, "a block with the code, stack and tables in use is split, and joined again",
     SPEC("DDI 0487, D8, Using break-before-make when updating translation table entries"))
{
	const void *stack = __builtin_frame_address(0), *text = (const void *)(ulong)access_write;
	u8 *page = pages_alloc(2, PAGE_SIZE), *other = page + PAGE_SIZE;
	struct space *space = space_create();

	access_put_return(page);
	map_blocks(space, other, 0);
	space_switch(space);
	SUBTEST("split");
	EXPECT_EQ(level_of(space, stack), 1);
	space_protect(space, (ulong)page, PAGE_SIZE, PROT_WRITE);
	space_protect(space, PAGE_OF(stack), PAGE_SIZE, PROT_WRITE);
	space_protect(space, PAGE_OF(text), PAGE_SIZE, PROT_EXEC);
	EXPECT_EQ(level_of(space, page), 0);
	EXPECT_EQ(level_of(space, stack), 0);
	EXPECT_EQ(level_of(space, text), 0);
	EXPECT_NO_FAULT(fault_of(access_write, other));
	EXPECT_FAULT(INSTRUCTION_ABORT(FSC_PERMISSION(3), page), fault_of(access_execute, page));
	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | FSC_PERMISSION(3), PAGE_OF(text)),
		     fault_of(access_write, (void *)PAGE_OF(text)));
	SUBTEST("join");
	map_blocks(space, other, 0);
	EXPECT_EQ(level_of(space, page), 1);
	EXPECT_EQ(level_of(space, stack), 1);
	EXPECT_EQ(level_of(space, text), 1);
	EXPECT_NO_FAULT(fault_of(access_execute, page));
	SUBTEST("attributes");
	map_blocks(space, other, PROT_UNCACHED);
	map_blocks(space, other, 0);
	EXPECT_NO_FAULT(fault_of(access_execute, page));
	space_switch(space_kernel());
}
