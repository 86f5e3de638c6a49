/* SPDX-License-Identifier: MIT */
/*
 * Access exceptions: translation exceptions nullify and say which page in locations 168-175, DAT and
 * low-address protection suppress, and addresses outside the configuration are addressing exceptions.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/access.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <s390x/facility.h>

SUITE("Access exceptions");

#define FACILITY_FETCH_STORE 75	 /* access-exception fetch/store indication */
#define FACILITY_ESOP_2	     131 /* enhanced suppression on protection 2 */

/* Somewhere that no memory is mapped at. */
#define AREA ((ulong)(64 * GiB))

/* Locations 168-175 after a load or a store; bits 52-53 where there is the facility. */
static void expect_teid(ulong address, u64 access)
{
	u64 teid = trap_last_frame()->info.teid;

	EXPECT_EQ(teid & TEID_ADDRESS, address & TEID_ADDRESS);
	EXPECT_EQ(teid & TEID_ASC, 0u); /* primary */
	if (has_facility(FACILITY_FETCH_STORE))
		EXPECT_EQ(teid & TEID_FSI, access);
}

/* Expects this fault of a load, a store and a branch at AREA + 0x123, nullified or not. */
static void expect_everywhere(struct fault expected, bool nullified, bool has_address)
{
	ulong address = AREA + 0x124;
	u64 doubleword = 0;
	u8 byte = 0;

	EXPECT_FAULT(WITH_ILC(expected, 4), load_byte_try(address, &byte));
	EXPECT_EQ(trap_last_frame()->psw.addr, trap_last_frame()->ip + (nullified ? 0 : 4));
	if (has_address)
		expect_teid(address, TEID_FETCH);
	EXPECT_FAULT(WITH_ILC(expected, 6), load_doubleword_try(address, &doubleword));
	EXPECT_EQ(trap_last_frame()->psw.addr, trap_last_frame()->ip + (nullified ? 0 : 6));
	EXPECT_FAULT(WITH_ILC(expected, 4), store_byte_try(address, 1));
	if (has_address)
		expect_teid(address, TEID_STORE);
	EXPECT_FAULT(expected, call_try(address));
	if (nullified)
		EXPECT_EQ(trap_last_frame()->psw.addr, address);
	if (has_address)
		expect_teid(address, TEID_FETCH);
}

TEST(page_translation, "an invalid page-table entry is a page-translation exception",
     SPEC("PoP SA22-7832-13, chapter 6, Page-Translation Exception; chapter 3, Page-Table Entries"))
{
	*space_entry_at(space_kernel(), AREA, 0) = PTE_INVALID;
	purge_tlb();
	expect_everywhere(PGM_PAGE_TRANSLATION(AREA), true, true);
	/* The rest of an invalid entry is the program's. */
	*space_entry_at(space_kernel(), AREA, 0) = ~PTE_BIT_52;
	purge_tlb();
	expect_everywhere(PGM_PAGE_TRANSLATION(AREA), true, true);
}

TEST(segment_translation, "an invalid segment-table entry is a segment-translation exception",
     SPEC("PoP SA22-7832-13, chapter 6, Segment-Translation Exception"))
{
	*space_entry_at(space_kernel(), AREA, 1) = arch_pte_absent(1);
	purge_tlb();
	expect_everywhere(PGM_SEGMENT_TRANSLATION(AREA), true, true);
}

TEST(region_third_translation,
     "an invalid region-third-table entry is a region-third-translation exception",
     SPEC("PoP SA22-7832-13, chapter 6, Region-Third-Translation Exception"))
{
	*space_entry_at(space_kernel(), AREA, 2) = arch_pte_absent(2);
	purge_tlb();
	expect_everywhere(PGM_REGION_THIRD_TRANSLATION(AREA), true, true);
}

TEST(table_length, "an index beyond the table's length is the exception of that table",
     SPEC("PoP SA22-7832-13, chapter 3, Region-Third-Table Lookup; chapter 3, Segment-Table Lookup"))
{
	u8 byte = 0;
	ulong beyond = (ulong)(1024 * GiB);
	ulong segment = AREA + (ulong)(512 * MiB);

	SUBTEST("ASCE");
	EXPECT_FAULT(PGM_REGION_THIRD_TRANSLATION(beyond), load_byte_try(beyond, &byte));
	SUBTEST("region-third-table entry, length");
	space_map_page(space_kernel(), segment, 0x10000, 0, PROT_ALL);
	EXPECT_NO_FAULT(load_byte_try(segment, &byte));
	*space_entry_at(space_kernel(), segment, 2) &= ~RTE_LENGTH;
	purge_tlb();
	EXPECT_FAULT(PGM_SEGMENT_TRANSLATION(segment), load_byte_try(segment, &byte));
	SUBTEST("region-third-table entry, offset");
	space_map_page(space_kernel(), AREA, 0x10000, 0, PROT_ALL);
	EXPECT_NO_FAULT(load_byte_try(AREA, &byte));
	*space_entry_at(space_kernel(), AREA, 2) |= RTE_LENGTH | 1 << 6;
	purge_tlb();
	EXPECT_FAULT(PGM_SEGMENT_TRANSLATION(AREA), load_byte_try(AREA, &byte));
}

TEST(asce_type, "an address beyond what the ASCE's type reaches is an ASCE-type exception",
     SPEC("PoP SA22-7832-13, chapter 6, ASCE-Type Exception"))
{
	static const u32 bits[] = { 42, 43, 52, 53, 62, 63 };
	u8 byte = 0;

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		SUBTEST("address bit %u", 63 - bits[i]);
		EXPECT_FAULT(WITH_ILC(PGM_ASCE_TYPE(BIT(bits[i])), 4),
			     load_byte_try((ulong)BIT(bits[i]) + 8, &byte));
		expect_teid((ulong)BIT(bits[i]), TEID_FETCH);
	}
}

TEST(translation_specification,
     "a table entry of the wrong kind is a translation-specification exception",
     SPEC("PoP SA22-7832-13, chapter 6, Translation-Specification Exception"))
{
	pte_t *entry;

	SUBTEST("page-table entry with bit 52");
	*space_entry_at(space_kernel(), AREA, 0) = arch_pte_page(0x10000, 0, PROT_ALL) | PTE_BIT_52;
	purge_tlb();
	expect_everywhere(PGM_TRANSLATION_SPECIFICATION, false, false);
	SUBTEST("segment-table entry of another type");
	entry = space_entry_at(space_kernel(), AREA, 1);
	*entry |= XTE_TYPE_OF(2);
	purge_tlb();
	expect_everywhere(PGM_TRANSLATION_SPECIFICATION, false, false);
	SUBTEST("region-third-table entry of another type");
	entry = space_entry_at(space_kernel(), AREA, 2);
	*entry &= ~XTE_TYPE;
	purge_tlb();
	expect_everywhere(PGM_TRANSLATION_SPECIFICATION, false, false);
}

TEST(dat_protection, "a store to a page that DAT protects is a protection exception, a load is not",
     SPEC("PoP SA22-7832-13, chapter 3, DAT Protection; Suppression on Protection"))
{
	u64 *page = page_alloc();
	u64 value = 0;

	page[1] = 0x1122334455667788;
	for (u32 level = 0; level <= 1; level++) {
		SUBTEST("%s table", level ? "segment" : "page");
		space_map_page(space_kernel(), AREA, (ulong)page, 0, PROT_ALL);
		EXPECT_NO_FAULT(store_byte_try(AREA, 1));
		*space_entry_at(space_kernel(), AREA, level) |= PTE_PROTECT;
		purge_tlb();
		EXPECT_NO_FAULT(load_doubleword_try(AREA + 8, &value));
		EXPECT_EQ(value, 0x1122334455667788u);
		EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(AREA), 4), store_byte_try(AREA + 8, 0));
		expect_teid(AREA, TEID_STORE);
		EXPECT_EQ(trap_last_frame()->info.teid & TEID_BIT_61, TEID_BIT_61);
		EXPECT_EQ(trap_last_frame()->info.teid & TEID_BIT_56, 0u);
		EXPECT_EQ(trap_last_frame()->psw.addr, trap_last_frame()->ip + 4);
		EXPECT_EQ(page[1], 0x1122334455667788u);
	}
}

TEST(execute_protection,
     "an instruction in a page that must not be executed is a protection exception",
     SPEC("PoP SA22-7832-13, chapter 3, Instruction-Execution Protection"),
	  REQUIRES(has_facility(FACILITY_IEP)))
{
	u16 *page = page_alloc();
	u8 byte = 0;

	page[0x92] = 0x07fe; /* BR %r14 */
	space_map_page(space_kernel(), AREA, (ulong)page, 0, PROT_ALL);
	EXPECT_NO_FAULT(call_try(AREA + 0x124));
	space_protect(space_kernel(), AREA, PAGE_SIZE, PROT_WRITE | PROT_USER);
	EXPECT_FAULT(PGM_PROTECTION(AREA), call_try(AREA + 0x124));
	EXPECT_EQ(trap_last_frame()->info.teid & (TEID_BIT_56 | TEID_BIT_61),
		  TEID_BIT_56 | TEID_BIT_61);
	EXPECT_NO_FAULT(load_byte_try(AREA, &byte));
	EXPECT_NO_FAULT(store_byte_try(AREA, 1));
	write_cr(0, read_cr(0) & ~CR0_IEP);
	purge_tlb();
	EXPECT_NO_FAULT(call_try(AREA + 0x124));
	write_cr(0, read_cr(0) | CR0_IEP);
}

TEST(addressing, "storage that the configuration has not got is an addressing exception",
     SPEC("PoP SA22-7832-13, chapter 6, Addressing Exception"))
{
	phys_t beyond = ALIGN_UP(page_memory_end(), GiB) + GiB;

	space_map_page(space_kernel(), AREA, beyond, 0, PROT_ALL);
	expect_everywhere(PGM_ADDRESSING, false, false);
}

TEST(addressing_of_table, "a table that the configuration has not got is an addressing exception",
     SPEC("PoP SA22-7832-13, chapter 6, Addressing Exception"))
{
	phys_t beyond = ALIGN_UP(page_memory_end(), GiB) + GiB;

	for (u32 level = 1; level <= 2; level++) {
		SUBTEST("%s", level == 1 ? "page table" : "segment table");
		*space_entry_at(space_kernel(), AREA, level) = arch_pte_table(beyond, level);
		purge_tlb();
		expect_everywhere(PGM_ADDRESSING, false, false);
	}
}

/* ------------------------------------------------------------------------ low-address protection */

/* Stores what is there already, with DAT on or off. */
static struct fault store_again(ulong address, bool dat)
{
	struct fault fault;
	u8 byte = 0;

	psw_load_mask(dat ? PSW_KERNEL : PSW_64);
	load_byte_try(address, &byte);
	fault = store_byte_try(address, byte);
	psw_load_mask(PSW_KERNEL);
	return fault;
}

TEST(low_address_protection, "stores at 0-511 and 4096-4607 are refused if CR0 says so, others not",
     SPEC("PoP SA22-7832-13, chapter 3, Low-Address Protection"))
{
	static const struct {
		ulong address;
		bool protected;
	} rows[] = {
		{ 0, true },	{ 0x88, true }, { 511, true },	 { 512, false },  { 4095, false },
		{ 4096, true }, { 4607, true }, { 4608, false }, { 8191, false }, { 8192, false },
	};

	space_map(space_kernel(), 0, 0, PAGE_SIZE, PROT_ALL);
	for (u32 dat = 0; dat <= 1; dat++) {
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			ulong address = rows[i].address;

			SUBTEST("%lu, DAT %s", address, dat ? "on" : "off");
			EXPECT_NO_FAULT(store_again(address, dat));
			write_cr(0, read_cr(0) | CR0_LOW_PROTECTION);
			if (rows[i].protected) {
				EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(address), 4),
					     store_again(address, dat));
				EXPECT_EQ(trap_last_frame()->info.teid & TEID_BIT_61, 0u);
				if (has_facility(FACILITY_ESOP_2))
					EXPECT_EQ(trap_last_frame()->info.teid & TEID_BIT_56,
						  TEID_BIT_56);
				expect_teid(address, TEID_STORE);
			} else {
				EXPECT_NO_FAULT(store_again(address, dat));
			}
			write_cr(0, read_cr(0) & ~CR0_LOW_PROTECTION);
		}
	}
}

TEST(low_protection_private, "low-address protection does not apply in a private space",
     SPEC("PoP SA22-7832-13, chapter 3, Low-Address Protection"))
{
	space_map(space_kernel(), 0, 0, PAGE_SIZE, PROT_ALL);
	write_cr(0, read_cr(0) | CR0_LOW_PROTECTION);
	EXPECT_FAULT(PGM_PROTECTION(0), store_again(0x88, true));
	write_cr(1, read_cr(1) | ASCE_PRIVATE);
	purge_tlb();
	EXPECT_NO_FAULT(store_again(0x88, true));
	write_cr(1, read_cr(1) & ~ASCE_PRIVATE);
	write_cr(0, read_cr(0) & ~CR0_LOW_PROTECTION);
}

/* Stores what is there already at 0x88, in this address-space mode. */
static struct fault store_in_mode(u64 asc)
{
	static const u8 stc[4] = { 0x42, 0x20, 0x50, 0x00 };
	struct execution e = { .psw = PSW_KERNEL | asc };

	e.gpr[2] = *((u8 *)LOWCORE + 0x88);
	e.gpr[5] = 0x88;
	return execute(stc, 4, &e);
}

TEST(low_protection_of_space, "whether a space is private is asked of the space that is accessed",
     SPEC("PoP SA22-7832-13, chapter 3, Low-Address Protection; Private-Space Control"))
{
	u64 cr0 = read_cr(0), asce = read_cr(1);

	space_map(space_kernel(), 0, 0, PAGE_SIZE, PROT_ALL);
	write_cr(0, cr0 | CR0_LOW_PROTECTION | CR0_SECONDARY);
	SUBTEST("secondary");
	EXPECT_FAULT(PGM_PROTECTION(0), store_in_mode(PSW_ASC_SECONDARY));
	EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC, 2u);
	SUBTEST("secondary, private");
	write_cr(7, asce | ASCE_PRIVATE);
	EXPECT_NO_FAULT(store_in_mode(PSW_ASC_SECONDARY));
	SUBTEST("primary, beside a private secondary one");
	EXPECT_FAULT(PGM_PROTECTION(0), store_in_mode(PSW_ASC_PRIMARY));
	write_cr(7, asce);
	SUBTEST("home");
	EXPECT_FAULT(PGM_PROTECTION(0), store_in_mode(PSW_ASC_HOME));
	EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC, 3u);
	SUBTEST("home, private");
	write_cr(13, asce | ASCE_PRIVATE);
	EXPECT_NO_FAULT(store_in_mode(PSW_ASC_HOME));
	SUBTEST("primary, beside a private home one");
	EXPECT_FAULT(PGM_PROTECTION(0), store_in_mode(PSW_ASC_PRIMARY));
	write_cr(13, asce);
	write_cr(0, cr0);
}

TEST(addressing_keeps_teid, "an addressing exception does not store at 168-175",
     SPEC("PoP SA22-7832-13, chapter 3, Assigned Storage Locations: Translation-Exception Identification"))
{
	phys_t beyond = ALIGN_UP(page_memory_end(), GiB) + GiB;

	space_map_page(space_kernel(), AREA, beyond, 0, PROT_ALL);
	LOWCORE->info.teid = 0x1122334455667788;
	EXPECT_FAULT(PGM_ADDRESSING, store_byte_try(AREA, 1));
	EXPECT_EQ(trap_last_frame()->info.teid, 0x1122334455667788u);
}
