/* SPDX-License-Identifier: MIT */
/*
 * The three granules: what a walk finds at each level of pages and blocks, and the level that its faults
 * have. Cases walk a space of their own, which also maps what the kernel runs on.
 */
#include <test.h>

#include <arm/access.h>
#include <arm/granule.h>
#include <harness/variables.h>
#include <mm/page.h>
#include <sys/cpu.h>

SUITE("Granules");

/* Nothing is there in the kernel's space, and no walk to it has index 0 or the last one anywhere. */
#define FREE_ADDRESS 0xa5a5a5a5a000ul

static const struct granule {
	const char *name, *missing;
	u32 shift;
} granules[] = {
	{ "4k", "ID_AA64MMFR0_EL1.TGran4: no 4 KiB granule", GRANULE_4K },
	{ "16k", "ID_AA64MMFR0_EL1.TGran16: no 16 KiB granule", GRANULE_16K },
	{ "64k", "ID_AA64MMFR0_EL1.TGran64: no 64 KiB granule", GRANULE_64K },
};

/* A space with this granule, or NULL and a row that says that there is none. */
static struct space *create(const struct granule *granule)
{
	if (has_granule(granule->shift))
		return space_create_granule(granule->shift);
	SUBTEST("%s", granule->name);
	SKIP_ROW("%s", granule->missing);
	return NULL;
}

/* Calls check() for each granule and each level from `first` to what last() says, in that space. */
static void for_each_level(u32 first, u32 (*last)(const struct space *space),
			   void (*check)(struct space *space, u32 level))
{
	for (u32 i = 0; i < ARRAY_SIZE(granules); i++) {
		struct space *space = create(&granules[i]);

		for (u32 level = first; space && level <= last(space); level++) {
			SUBTEST("%s-level-%u", granules[i].name, 3 - level);
			space_switch(space);
			check(space, level);
			space_switch(space_kernel());
		}
	}
}

static u32 pages(const struct space *space)
{
	return space->format->max_page_level();
}

static u32 tables(const struct space *space)
{
	return space->format->top_level;
}

/* Larger ones are not filled with memory, whatever the machine has. */
#define LARGEST_PIECE (32 * MiB)

/* Memory that a page of this size has in it: all of it if the machine has that much, else a part. */
struct piece {
	u8 *memory;
	size_t length;
};

static struct piece alloc_piece(u64 size)
{
	void *memory = size <= LARGEST_PIECE ? pages_try_alloc(size / PAGE_SIZE, size) : NULL;

	return memory ? (struct piece){ memory, size } : (struct piece){ page_alloc(), PAGE_SIZE };
}

/* Maps a page with that memory at FREE_ADDRESS or below, and returns where the memory is there. */
static ulong map_piece(struct space *space, u32 level, struct piece piece, u32 prot)
{
	u64 size = space_size_at(space, level);
	phys_t phys = ALIGN_DOWN((ulong)piece.memory, size);

	space_map_page(space, ALIGN_DOWN(FREE_ADDRESS, size), phys, level, prot);
	return ALIGN_DOWN(FREE_ADDRESS, size) + ((ulong)piece.memory - phys);
}

TEST(granule_in_use, "code, stack, data, exceptions and EL0 work in a space with any granule",
     SPEC("DDI 0487, D8.2, Translation process; D17, TCR_EL1.TG0"))
{
	for (u32 i = 0; i < ARRAY_SIZE(granules); i++) {
		struct space *space = create(&granules[i]);
		u32 *page = page_alloc();

		if (!space)
			continue;
		SUBTEST("%s", granules[i].name);
		space_switch(space);
		EXPECT_EQ(read_sys(TCR) & TCR_TG0, granule_tg0(granules[i].shift));
		WRITE_ONCE(*page, 0x12345678);
		EXPECT_NO_FAULT(fault_of(access_read, page));
		EXPECT_NO_FAULT(run_user(access_read, page));
		EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(3 - tables(space)), FREE_ADDRESS),
			     fault_of(access_read, (void *)FREE_ADDRESS));
		space_switch(space_kernel());
		EXPECT_EQ(read_sys(TCR) & TCR_TG0, granule_tg0(GRANULE_4K));
		EXPECT_EQ(*page, 0x12345678);
	}
}

/* The first, a middle and the last word, there and back, and the fault after the page. */
static void check_translation(struct space *space, u32 level)
{
	u64 size = space_size_at(space, level);
	struct piece piece = alloc_piece(size);
	ulong at = map_piece(space, level, piece, PROT_WRITE | PROT_USER);
	ulong behind = ALIGN_DOWN(FREE_ADDRESS, size) + size;
	const size_t offsets[] = { 0, piece.length / 2 + 4, piece.length - 4 };
	phys_t phys;

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 *word = (u32 *)(piece.memory + offsets[i]), *alias = (u32 *)(at + offsets[i]);

		WRITE_ONCE(*word, 0x1000 + i);
		EXPECT_EQ(READ_ONCE(*alias), 0x1000 + i, "offset %#zx", offsets[i]);
		EXPECT_NO_FAULT(run_user(access_write, alias));
		EXPECT_EQ(READ_ONCE(*word), 0, "offset %#zx", offsets[i]);
		EXPECT(space_translate(space, (ulong)alias, &phys));
		EXPECT_EQ(phys, (ulong)word);
	}
	EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(3 - level), behind),
		     fault_of(access_read, (void *)behind));
	space_unmap(space, ALIGN_DOWN(at, size), size);
	EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(3 - level), at), fault_of(access_read, (void *)at));
	page_free(piece.memory);
}

TEST(granule_translation, "a page or block of any size leads to its memory, from end to end",
     SPEC("DDI 0487, D8.3, Translation table descriptor formats"))
{
	for_each_level(0, pages, check_translation);
}

static void check_invalid(struct space *space, u32 level)
{
	/* All that a valid page has, but for the bit that says so. */
	*space_entry_at(space, FREE_ADDRESS, level) = arch_pte_page(0, level, PROT_ALL) &
						      ~PTE_VALID;
	arch_tlb_flush_all();
	access_expect_aborts(FSC_TRANSLATION(3 - level), FREE_ADDRESS);
}

TEST(granule_translation_fault, "an invalid descriptor is a translation fault of its level",
     SPEC("DDI 0487, D8.3, Invalid descriptor; D17, ESR_EL1, ISS encoding for a Data Abort"))
{
	for_each_level(0, tables, check_invalid);
}

TEST(granule_reserved_page, "a valid descriptor of level 3 whose bit 1 is clear is reserved",
     SPEC("DDI 0487, D8.3, Page descriptor; Reserved descriptors are invalid"))
{
	for (u32 i = 0; i < ARRAY_SIZE(granules); i++) {
		struct space *space = create(&granules[i]);
		phys_t phys = (ulong)page_alloc();

		if (!space)
			continue;
		SUBTEST("%s", granules[i].name);
		space_switch(space);
		phys = ALIGN_DOWN(phys, space_size_at(space, 0));
		*space_entry_at(space, FREE_ADDRESS, 0) = arch_pte_page(phys, 0, PROT_ALL) &
							  ~PTE_TABLE;
		arch_tlb_flush_all();
		access_expect_aborts(FSC_TRANSLATION(3), FREE_ADDRESS);
		space_switch(space_kernel());
	}
}

/* TCR_EL1.DS is clear; with 64 KiB, blocks of 4 TiB came with 52 bits of physical address (FEAT_LPA). */
static const struct {
	const char *name;
	u32 granule, level, pa_range;
} no_blocks[] = {
	{ "4k-level-0", 0, 3, 15 },
	{ "16k-level-1", 1, 2, 15 },
	{ "16k-level-0", 1, 3, 15 },
	{ "64k-level-1", 2, 2, 5 },
};

TEST(granule_no_block, "a block descriptor at a level that has no blocks is a translation fault",
     SPEC("DDI 0487, D8.3, Block descriptor: levels by granule and TCR_ELx.DS"))
{
	for (u32 i = 0; i < ARRAY_SIZE(no_blocks); i++) {
		u32 level = no_blocks[i].level;
		struct space *space;

		SUBTEST("%s", no_blocks[i].name);
		if ((read_sys(ID_AA64MMFR0) & 0xf) > no_blocks[i].pa_range) {
			SKIP_ROW("FEAT_LPA has blocks there");
			continue;
		}
		if (!has_granule(granules[no_blocks[i].granule].shift)) {
			SKIP_ROW("%s", granules[no_blocks[i].granule].missing);
			continue;
		}
		space = space_create_granule(granules[no_blocks[i].granule].shift);
		space_switch(space);
		*space_entry_at(space, FREE_ADDRESS, level) = arch_pte_page(0, level, PROT_ALL);
		arch_tlb_flush_all();
		EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(3 - level), FREE_ADDRESS),
			     fault_of(access_read, (void *)FREE_ADDRESS));
		space_switch(space_kernel());
	}
}

static void check_access_flag(struct space *space, u32 level)
{
	struct piece piece = { page_alloc(), PAGE_SIZE };
	ulong at = map_piece(space, level, piece, PROT_ALL);

	*space_entry_at(space, at, level) &= ~PTE_AF;
	arch_tlb_flush_page(at);
	access_expect_aborts(FSC_ACCESS_FLAG(3 - level), at);
}

TEST(granule_access_flag, "a page or block of any size without AF is an access flag fault there",
     SPEC("DDI 0487, D8.4, The Access flag"))
{
	for_each_level(0, pages, check_access_flag);
}

static void check_permissions(struct space *space, u32 level)
{
	struct piece piece = { page_alloc(), PAGE_SIZE };
	u64 size = space_size_at(space, level);
	u32 status = FSC_PERMISSION(3 - level);
	ulong at = map_piece(space, level, piece, PROT_WRITE | PROT_USER);
	void *to = (void *)(at + 0xffc);

	access_put_return(piece.memory + 0xffc);
	at += 0xffc;
	for (u32 prot = 0; prot <= PROT_ALL; prot++) {
		bool write = prot & PROT_WRITE, user = prot & PROT_USER, exec = prot & PROT_EXEC;

		space_protect(space, ALIGN_DOWN(at, size), size, prot);
		EXPECT_NO_FAULT(fault_of(access_read, to), "prot %u", prot);
		EXPECT_FAULT(user ? NO_FAULT : DATA_ABORT_LOWER(status, at),
			     run_user(access_read, to), "prot %u", prot);
		EXPECT_FAULT(exec && !(user && write) ? NO_FAULT : INSTRUCTION_ABORT(status, at),
			     fault_of(access_execute, to), "prot %u", prot);
		EXPECT_FAULT(exec && user ? NO_FAULT : INSTRUCTION_ABORT_LOWER(status, at),
			     run_user(access_execute, to), "prot %u", prot);
		EXPECT_FAULT(write ? NO_FAULT : DATA_ABORT(ABORT_WRITE | status, at),
			     fault_of(access_write, to), "prot %u", prot);
		EXPECT_FAULT(write && user ? NO_FAULT : DATA_ABORT_LOWER(ABORT_WRITE | status, at),
			     run_user(access_write, to), "prot %u", prot);
		access_put_return(piece.memory + 0xffc);
	}
}

TEST(granule_permissions, "AP, PXN and UXN of a page or block of any size hold, with its level",
     SPEC("DDI 0487, D8.4, Memory access control; D17, ESR_EL1, ISS encoding for a Data Abort"))
{
	for_each_level(0, pages, check_permissions);
}

static void check_split(struct space *space, u32 level)
{
	u64 part = space_size_at(space, level - 1);
	struct piece piece = { page_alloc(), PAGE_SIZE };
	ulong at = map_piece(space, level, piece, PROT_WRITE | PROT_USER);

	space_protect(space, ALIGN_DOWN(at, part), part, PROT_USER);
	EXPECT_NO_FAULT(fault_of(access_read, (void *)at));
	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | FSC_PERMISSION(4 - level), at),
		     fault_of(access_write, (void *)at));
	space_unmap(space, ALIGN_DOWN(at, part), part);
	EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(4 - level), at), fault_of(access_read, (void *)at));
	/* The block again, in place of the table. */
	map_piece(space, level, piece, 0);
	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | FSC_PERMISSION(3 - level), at),
		     fault_of(access_write, (void *)at));
}

TEST(granule_split, "after break-before-make, a block is a table of smaller ones, and one again",
     SPEC("DDI 0487, D8, Using break-before-make when updating translation table entries"))
{
	for_each_level(1, pages, check_split);
}

static bool left FOR_NEXT_CASE;

static void leave_in_use(void *space)
{
	space_switch(space);
	EXPECT_EQ(read_sys(TCR) & TCR_TG0, granule_tg0(GRANULE_64K));
}

TEST(granule_left_in_use, "a case may leave a space of another granule in use, on all CPUs",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(has_granule(GRANULE_64K)))
{
	run_on_all_cpus(leave_in_use, space_create_granule(GRANULE_64K));
	left = true;
}

static void expect_kernel_space(void *page)
{
	EXPECT_EQ(read_sys(TCR) & TCR_TG0, granule_tg0(GRANULE_4K));
	EXPECT_EQ(read_sys(TTBR0), (ulong)kernel_root);
	EXPECT_NO_FAULT(fault_of(access_write, page));
	EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(0), FREE_ADDRESS),
		     fault_of(access_read, (void *)FREE_ADDRESS));
}

TEST(granule_restored, "the next case finds the kernel's space in use on all CPUs",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(has_granule(GRANULE_64K)))
{
	if (!left)
		SKIP("the case before this one, granule_left_in_use, did not run");
	run_on_all_cpus(expect_kernel_space, page_alloc());
}
