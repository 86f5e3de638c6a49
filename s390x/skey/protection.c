/* SPDX-License-Identifier: MIT */
/*
 * Key-controlled protection. With access key 0 everything is allowed; another key may store where it is
 * the block's, and fetch there or where the block is not fetch-protected.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <s390x/skey.h>

SUITE("Key-controlled protection");

#define AREA ((ulong)(64 * GiB))

/* PoP, chapter 3, figure "Summary of Protection Action". */
static bool may_store(u32 access, u8 key)
{
	return access == 0 || access == key >> 4;
}

static bool may_fetch(u32 access, u8 key)
{
	return may_store(access, key) || !(key & SKEY_FETCH);
}

static const u32 access_keys[] = { 0, 1, 3, 8, 9, 15 };
static const u8 keys[] = { 0x00, 0x08, 0x10, 0x18, 0x30, 0x38, 0x80, 0x88, 0xf0, 0xf8 };

static u8 *page_with_key(u8 key)
{
	u8 *page = page_alloc();

	page[5] = 0x55;
	set_storage_key((ulong)page, key);
	return page;
}

TEST(allowed, "an access that the key allows is made",
     SPEC("PoP SA22-7832-13, chapter 3, Key-Controlled Protection"))
{
	for (u32 i = 0; i < ARRAY_SIZE(access_keys); i++) {
		for (u32 j = 0; j < ARRAY_SIZE(keys); j++) {
			u32 access = access_keys[i];
			u8 *page = page_with_key(keys[j]), value = 0;

			if (may_fetch(access, keys[j])) {
				EXPECT_NO_FAULT(
					load_byte_with_key_try((ulong)page + 5, access, &value),
					"access key %u, key %#x", access, keys[j]);
				EXPECT_EQ(value, 0x55u);
			}
			if (may_store(access, keys[j])) {
				EXPECT_NO_FAULT(
					store_byte_with_key_try((ulong)page + 5, access, 0x66),
					"access key %u, key %#x", access, keys[j]);
				EXPECT_EQ(page[5], 0x66u);
			}
			set_storage_key((ulong)page, 0);
		}
	}
}

TEST(store_refused, "a store with another key than the block's is a protection exception",
     SPEC("PoP SA22-7832-13, chapter 3, Key-Controlled Protection"))
{
	for (u32 i = 0; i < ARRAY_SIZE(access_keys); i++) {
		for (u32 j = 0; j < ARRAY_SIZE(keys); j++) {
			u32 access = access_keys[i];
			u8 *page = page_with_key(keys[j]);

			if (!may_store(access, keys[j])) {
				EXPECT_FAULT(WITH_ILC(PGM_ANY_PROTECTION, 4),
					     store_byte_with_key_try((ulong)page + 5, access, 0x66),
					     "access key %u, key %#x", access, keys[j]);
				EXPECT_EQ(page[5], 0x55u);
			}
			set_storage_key((ulong)page, 0);
		}
	}
}

TEST(fetch_refused,
     "a fetch with another key from a fetch-protected block is a protection exception",
     SPEC("PoP SA22-7832-13, chapter 3, Key-Controlled Protection"))
{
	for (u32 i = 0; i < ARRAY_SIZE(access_keys); i++) {
		for (u32 j = 0; j < ARRAY_SIZE(keys); j++) {
			u32 access = access_keys[i];
			u8 *page = page_with_key(keys[j]), value = 0;

			if (!may_fetch(access, keys[j])) {
				EXPECT_FAULT(
					WITH_ILC(PGM_ANY_PROTECTION, 4),
					load_byte_with_key_try((ulong)page + 5, access, &value),
					"access key %u, key %#x", access, keys[j]);
				EXPECT_EQ(value, 0u);
			}
			set_storage_key((ulong)page, 0);
		}
	}
}

TEST(store_override, "with storage-protection override, any key may store where the block's is 9",
     SPEC("PoP SA22-7832-13, chapter 3, Storage-Protection-Override Control"))
{
	u8 *page = page_with_key(0x90);

	EXPECT_FAULT(PGM_ANY_PROTECTION, store_byte_with_key_try((ulong)page, 3, 1));
	write_cr(0, read_cr(0) | CR0_STORE_OVERRIDE);
	EXPECT_NO_FAULT(store_byte_with_key_try((ulong)page, 3, 1));
	set_storage_key((ulong)page, 0xa0);
	EXPECT_FAULT(PGM_ANY_PROTECTION, store_byte_with_key_try((ulong)page, 3, 1));
	write_cr(0, read_cr(0) & ~CR0_STORE_OVERRIDE);
	set_storage_key((ulong)page, 0);
}

/* ------------------------------------------------------------------------------ TEST PROTECTION */

static u32 tested(ulong address, u32 key)
{
	u32 cc = 9;

	EXPECT_NO_FAULT(tprot_try(address, key, &cc));
	return cc;
}

TEST(tprot_keys, "TEST PROTECTION says what an access with the key would come to",
     SPEC("PoP SA22-7832-13, chapter 10, TEST PROTECTION"))
{
	for (u32 i = 0; i < ARRAY_SIZE(access_keys); i++) {
		for (u32 j = 0; j < ARRAY_SIZE(keys); j++) {
			u32 access = access_keys[i];
			u8 *page = page_with_key(keys[j]);
			u32 cc = may_store(access, keys[j])   ? 0
				 : may_fetch(access, keys[j]) ? 1
							      : 2;

			EXPECT_EQ(tested((ulong)page, access), cc, "access key %u, key %#x", access,
				  keys[j]);
			set_storage_key((ulong)page, 0);
		}
	}
}

TEST(tprot_dat, "TEST PROTECTION regards DAT protection, and says where nothing is mapped",
     SPEC("PoP SA22-7832-13, chapter 10, TEST PROTECTION"))
{
	u8 *page = page_with_key(0);

	SUBTEST("mapped");
	space_map_page(space_kernel(), AREA, (ulong)page, 0, PROT_ALL);
	EXPECT_EQ(tested(AREA, 0), 0u);
	SUBTEST("DAT protection");
	space_protect(space_kernel(), AREA, PAGE_SIZE, PROT_EXEC | PROT_USER);
	EXPECT_EQ(tested(AREA, 0), 1u);
	SUBTEST("page invalid");
	space_unmap(space_kernel(), AREA, PAGE_SIZE);
	EXPECT_EQ(tested(AREA, 0), 3u);
	SUBTEST("segment invalid");
	*space_entry_at(space_kernel(), AREA, 1) = arch_pte_absent(1);
	purge_tlb();
	EXPECT_EQ(tested(AREA, 0), 3u);
	SUBTEST("region invalid");
	*space_entry_at(space_kernel(), AREA, 2) = arch_pte_absent(2);
	purge_tlb();
	EXPECT_EQ(tested(AREA, 0), 3u);
}

TEST(tprot_low, "TEST PROTECTION regards low-address protection",
     SPEC("PoP SA22-7832-13, chapter 10, TEST PROTECTION; chapter 3, Low-Address Protection"))
{
	EXPECT_EQ(tested(4096, 0), 0u);
	write_cr(0, read_cr(0) | CR0_LOW_PROTECTION);
	EXPECT_EQ(tested(4096, 0), 1u);
	EXPECT_EQ(tested(4607, 0), 1u);
	EXPECT_EQ(tested(4608, 0), 0u);
	write_cr(0, read_cr(0) & ~CR0_LOW_PROTECTION);
}

TEST(tprot_faults,
     "TEST PROTECTION still faults on tables that are wrong or storage that is not there",
     SPEC("PoP SA22-7832-13, chapter 10, TEST PROTECTION"))
{
	phys_t beyond = ALIGN_UP(page_memory_end(), GiB) + GiB;
	u32 cc;

	SUBTEST("translation specification");
	*space_entry_at(space_kernel(), AREA, 0) = arch_pte_page(0x10000, 0, PROT_ALL) | PTE_BIT_52;
	purge_tlb();
	EXPECT_FAULT(WITH_ILC(PGM_TRANSLATION_SPECIFICATION, 6), tprot_try(AREA, 0, &cc));
	SUBTEST("addressing");
	space_map_page(space_kernel(), AREA, beyond, 0, PROT_ALL);
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 6), tprot_try(AREA, 0, &cc));
}
