/* SPDX-License-Identifier: MIT */
/*
 * The walk through region, segment and page tables: from each kind of table, what is found, and which
 * exception an entry causes at each level.
 */
#include "tables.h"

#include <arch/space.h>
#include <mm/page.h>
#include <s390x/cr.h>
#include <s390x/facility.h>

SUITE("Table walks");

#define ROW(t, text, ...) SUBTEST("%s table, " text, level_name((t).top), ##__VA_ARGS__)

/* Loads, stores and LRA at the address of the tables give this fault; the TEID names the secondary space. */
static void expect_both(const struct tables *t, ulong address, struct fault fault)
{
	u8 byte;

	purge_tlb();
	(void)t;
	EXPECT_FAULT(WITH_ILC(fault, 4), load_secondary(address, &byte));
	if (fault.fields & FAULT_ADDRESS)
		EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC, 2u);
	EXPECT_FAULT(WITH_ILC(fault, 4), store_secondary(address, 1));
	if (fault.fields & FAULT_ADDRESS)
		EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC, 2u);
}

static void expect_mapped(const struct tables *t, ulong address, const u8 *at)
{
	u8 byte = 0;

	purge_tlb();
	(void)t;
	EXPECT_NO_FAULT(load_secondary(address, &byte));
	EXPECT_EQ(byte, *at);
	EXPECT_NO_FAULT(store_secondary(address, (u8)(byte + 1)));
	EXPECT_EQ(*at, (u8)(byte + 1));
}

#define FOR_EACH_TOP(t)                       \
	for (u32 top_ = 1; top_ <= 4; top_++) \
		for (struct tables t = make_tables(top_); t.page; t.page = NULL)

TEST(walk, "an address is translated from whichever table the ASCE designates",
     SPEC("PoP SA22-7832-13, chapter 3, Translation Process"))
{
	FOR_EACH_TOP(t)
	{
		ROW(t, "mapped");
		use_tables(&t);
		expect_mapped(&t, t.address, t.page + 0x123);
		expect_mapped(&t, t.address & ~0xffful, t.page);
		expect_mapped(&t, t.address | 0xfff, t.page + 0xfff);
	}
}

TEST(walk_invalid, "an invalid entry is the exception of its level, whatever else is in it",
     SPEC("PoP SA22-7832-13, chapter 3, Lookup in a Table; chapter 6, Translation Exceptions"))
{
	FOR_EACH_TOP(t)
	{
		use_tables(&t);
		for (u32 level = 0; level <= t.top; level++) {
			u64 *entry = entry_of(&t, level), valid = *entry;

			ROW(t, "%s entry", level_name(level));
			*entry = valid | (level ? XTE_INVALID : PTE_INVALID);
			expect_both(&t, t.address, invalid_fault(level, t.address));
			*entry = level ? ~0ull : ~PTE_BIT_52;
			expect_both(&t, t.address, invalid_fault(level, t.address));
			*entry = valid;
			expect_mapped(&t, t.address, t.page + 0x123);
		}
	}
}

TEST(walk_neighbours, "the entries beside the one that is meant do not count",
     SPEC("PoP SA22-7832-13, chapter 3, Lookup in a Table"))
{
	FOR_EACH_TOP(t)
	{
		use_tables(&t);
		for (u32 level = 0; level <= t.top; level++) {
			u32 index = index_of(t.address, level);

			ROW(t, "%s index", level_name(level));
			expect_both(&t, with_index(t.address, level, index + 1),
				    invalid_fault(level, with_index(t.address, level, index + 1)));
			expect_both(&t, with_index(t.address, level, index - 1),
				    invalid_fault(level, with_index(t.address, level, index - 1)));
			for (u32 bit = 0; bit < (level ? 11u : 8u); bit++) {
				ulong other = with_index(t.address, level, index ^ 1u << bit);

				expect_both(&t, other, invalid_fault(level, other));
			}
		}
	}
}

TEST(walk_type,
     "an entry whose table type is not that of its level is a translation-specification exception",
     SPEC("PoP SA22-7832-13, chapter 6, Translation-Specification Exception"))
{
	FOR_EACH_TOP(t)
	{
		use_tables(&t);
		for (u32 level = 1; level <= t.top; level++) {
			u64 *entry = entry_of(&t, level), valid = *entry;

			for (u32 type = 1; type <= 4; type++) {
				if (type == level)
					continue;
				ROW(t, "%s entry of type %u", level_name(level), type - 1);
				*entry = (valid & ~XTE_TYPE) | XTE_TYPE_OF(type);
				expect_both(&t, t.address, PGM_TRANSLATION_SPECIFICATION);
			}
			*entry = valid;
		}
	}
}

TEST(walk_length, "an index outside of what the entry above says is the exception of the level",
     SPEC("PoP SA22-7832-13, chapter 3, Table Offset (TF), Table Length (TL)"))
{
	FOR_EACH_TOP(t)
	{
		use_tables(&t);
		for (u32 level = 1; level < t.top; level++) {
			u64 *above = entry_of(&t, level + 1), valid = *above;

			for (u32 quarter = 0; quarter < 4; quarter++) {
				u32 index = quarter << 9 | 0x55;
				ulong address = with_index(t.address, level, index);

				t.table[level][index] = *entry_of(&t, level);
				for (u32 tl = 0; tl < 4; tl++) {
					for (u32 tf = 0; tf <= tl; tf++) {
						ROW(t, "%s, quarter %u of %u to %u",
						    level_name(level), quarter, tf, tl);
						*above = (valid & ~0xc3ull) | tf << 6 | tl;
						if (quarter >= tf && quarter <= tl)
							expect_mapped(&t, address, t.page + 0x123);
						else
							expect_both(&t, address,
								    invalid_fault(level, address));
					}
				}
			}
			*above = valid;
		}
	}
}

TEST(walk_asce_length, "an index beyond the ASCE's table length is the exception of its table",
     SPEC("PoP SA22-7832-13, chapter 3, Address-Space-Control Element: Table Length"))
{
	FOR_EACH_TOP(t)
	{
		u64 asce = t.asce;

		for (u32 quarter = 0; quarter < 4; quarter++) {
			u32 index = quarter << 9 | 0x66;
			ulong address = with_index(t.address, t.top, index);

			t.table[t.top][index] = *entry_of(&t, t.top);
			for (u32 length = 0; length < 4; length++) {
				ROW(t, "quarter %u of length %u", quarter, length);
				t.asce = (asce & ~ASCE_LENGTH) | length;
				use_tables(&t);
				if (quarter <= length)
					expect_mapped(&t, address, t.page + 0x123);
				else
					expect_both(&t, address, invalid_fault(t.top, address));
			}
		}
	}
}

TEST(walk_asce_type, "an address beyond what the ASCE's type can reach is an ASCE-type exception",
     SPEC("PoP SA22-7832-13, chapter 6, ASCE-Type Exception"))
{
	FOR_EACH_TOP(t)
	{
		use_tables(&t);
		for (u32 level = t.top + 1; level <= 4; level++) {
			for (u32 bit = 0; bit < 11; bit += 5) {
				ulong address = with_index(t.address, level, 1u << bit);

				ROW(t, "bit %u of the %s index", bit, level_name(level));
				expect_both(&t, address, PGM_ASCE_TYPE(address));
			}
		}
		if (t.top == 4) {
			ROW(t, "every address");
			EXPECT(true); /* reaches all there are */
		}
	}
}

TEST(walk_beyond, "a table outside of the configuration is an addressing exception",
     SPEC("PoP SA22-7832-13, chapter 6, Addressing Exception"))
{
	phys_t beyond = ALIGN_UP(page_memory_end(), GiB) + GiB;

	FOR_EACH_TOP(t)
	{
		for (u32 level = 1; level <= t.top; level++) {
			u64 *entry = entry_of(&t, level), valid = *entry;

			ROW(t, "%s entry", level_name(level));
			use_tables(&t);
			*entry = beyond | XTE_TYPE_OF(level) | (level > 1 ? RTE_LENGTH : 0);
			expect_both(&t, t.address, PGM_ADDRESSING);
			*entry = valid;
		}
		ROW(t, "ASCE");
		t.asce = beyond | XTE_TYPE_OF(t.top) | ASCE_LENGTH;
		use_tables(&t);
		expect_both(&t, t.address, PGM_ADDRESSING);
	}
}

/* Stores are refused, loads are not; the TEID says why. */
static void expect_protected(ulong address)
{
	u8 byte;

	purge_tlb();
	EXPECT_NO_FAULT(load_secondary(address, &byte));
	EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(address), 4), store_secondary(address, 1));
	EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC, 2u);
	EXPECT_EQ(trap_last_frame()->info.teid & (TEID_BIT_56 | TEID_BIT_61), TEID_BIT_61);
}

TEST(walk_protect, "a protection bit at any level protects the page; those of regions need EDAT",
     SPEC("PoP SA22-7832-13, chapter 3, DAT Protection; Region-Table Entries: P"),
	  REQUIRES(has_facility(FACILITY_EDAT_1)))
{
	FOR_EACH_TOP(t)
	{
		for (u32 level = 0; level <= t.top; level++) {
			u64 *entry = entry_of(&t, level);

			*entry |= XTE_PROTECT;
			ROW(t, "%s entry", level_name(level));
			use_tables(&t);
			expect_protected(t.address);
			ROW(t, "%s entry, without EDAT", level_name(level));
			write_cr(0, read_cr(0) & ~CR0_EDAT);
			if (level <= 1)
				expect_protected(t.address);
			else
				expect_mapped(&t, t.address, t.page + 0x123);
			write_cr(0, read_cr(0) | CR0_EDAT);
			*entry &= ~XTE_PROTECT;
		}
	}
}

TEST(walk_common_private,
     "a common segment in a private space is a translation-specification exception",
     SPEC("PoP SA22-7832-13, chapter 3, Segment-Table Entries: Common Segment; ASCE: Private Space"))
{
	FOR_EACH_TOP(t)
	{
		*entry_of(&t, 1) |= XTE_COMMON;
		ROW(t, "common segment");
		use_tables(&t);
		expect_mapped(&t, t.address, t.page + 0x123);
		ROW(t, "private space and common segment");
		t.asce |= ASCE_PRIVATE;
		use_tables(&t);
		expect_both(&t, t.address, PGM_TRANSLATION_SPECIFICATION);
		ROW(t, "private space");
		*entry_of(&t, 1) &= ~XTE_COMMON;
		expect_mapped(&t, t.address, t.page + 0x123);
	}
}

TEST(real_space, "a real-space ASCE has addresses that are real ones",
     SPEC("PoP SA22-7832-13, chapter 3, Real-Space Designation"))
{
	struct tables t = make_tables(1);

	t.asce = ASCE_REAL | 0xabc000;
	use_tables(&t);
	expect_mapped(&t, (ulong)t.page + 5, t.page + 5);
	t.asce = ASCE_REAL | ASCE_TYPE | ASCE_LENGTH;
	use_tables(&t);
	expect_mapped(&t, (ulong)t.page + 5, t.page + 5);
}

/* ------------------------------------------------------------------------------------- large pages */

/* A segment, or a region of 2 GiB, that is a page. */
static void check_large(struct tables *t, u32 level)
{
	u64 *entry = entry_of(t, level), pointer = *entry;
	u64 size = level == 1 ? MiB : 2 * GiB;
	ulong base = level == 1 ? ALIGN_DOWN((ulong)t->page, MiB) : 0;
	ulong address = (t->address & ~(size - 1)) | ((ulong)t->page & (size - 1));

	/* What is right of the frame's address is no part of it. */
	*entry = base | XTE_FORMAT | XTE_TYPE_OF(level);
	ROW(*t, "mapped");
	use_tables(t);
	expect_mapped(t, address + 7, t->page + 7);
	ROW(*t, "protected");
	*entry |= XTE_PROTECT;
	expect_protected(address);
	ROW(*t, "invalid");
	*entry |= XTE_INVALID;
	expect_both(t, address, invalid_fault(level, address));
	*entry = pointer;
}

TEST(large_segment, "with EDAT a segment can be a page of 1 MiB",
     SPEC("PoP SA22-7832-13, chapter 3, Segment-Table Entries: Format Control"),
	  REQUIRES(has_facility(FACILITY_EDAT_1)))
{
	FOR_EACH_TOP(t)
	check_large(&t, 1);
}

TEST(large_region, "with EDAT 2 a region-third-table entry can be a page of 2 GiB",
     SPEC("PoP SA22-7832-13, chapter 3, Region-Third-Table Entries: Format Control"),
	  REQUIRES(has_facility(FACILITY_EDAT_2)))
{
	FOR_EACH_TOP(t)
	{
		if (t.top >= 2)
			check_large(&t, 2);
	}
}

TEST(format_without_edat, "without the control for EDAT, the format bit of a segment is ignored",
     SPEC("PoP SA22-7832-13, chapter 4, CR0 bit 40; chapter 3, Segment-Table Entries"),
	  REQUIRES(has_facility(FACILITY_EDAT_1)))
{
	FOR_EACH_TOP(t)
	{
		ROW(t, "format bit");
		*entry_of(&t, 1) |= XTE_FORMAT;
		use_tables(&t);
		write_cr(0, read_cr(0) & ~CR0_EDAT);
		expect_mapped(&t, t.address, t.page + 0x123);
		write_cr(0, read_cr(0) | CR0_EDAT);
	}
}
