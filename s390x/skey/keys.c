/* SPDX-License-Identifier: MIT */
/*
 * Storage keys as such: a key of seven bits for each block of 4 KiB, and the recording of references and
 * changes. A reference may be recorded where none was, so the absence of one is not tested.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/access.h>
#include <s390x/skey.h>
#include <string.h>
#include <sys/cpu.h>

SUITE("Storage keys");

TEST(keys_kept, "every key that is set is inserted again; its eighth bit is zero",
     SPEC("PoP SA22-7832-13, chapter 10, SET STORAGE KEY EXTENDED, INSERT STORAGE KEY EXTENDED"))
{
	ulong page = (ulong)page_alloc();

	for (u32 key = 0; key <= 0xff; key++) {
		u64 value = 0x1122334455667788;

		EXPECT_NO_FAULT(sske_try(page, key));
		EXPECT_NO_FAULT(iske_try(page, &value));
		EXPECT_EQ(value & 0xff, key & 0xfeu);
		EXPECT_EQ(value & ~0xffull, 0x1122334455667700u, "key %#x", key);
	}
	EXPECT_NO_FAULT(sske_try(page, 0xffffffffffffff00));
	EXPECT_EQ(storage_key(page), 0u);
}

TEST(key_of_block, "a key is that of one block of 4 KiB, by whichever of its addresses",
     SPEC("PoP SA22-7832-13, chapter 3, Storage Key; chapter 10"))
{
	static const u32 offsets[] = { 0, 1, 8, 0x7ff, 0x800, 0xfff };
	u8 *pages = pages_alloc(3, PAGE_SIZE);
	ulong page = (ulong)pages + PAGE_SIZE;

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 cc;

		SUBTEST("offset %#x", offsets[i]);
		set_storage_key(page - PAGE_SIZE, 0x10);
		set_storage_key(page, 0x20);
		set_storage_key(page + PAGE_SIZE, 0x30);
		EXPECT_NO_FAULT(sske_try(page + offsets[i], 0xa6));
		EXPECT_EQ(storage_key(page + offsets[i]), 0xa6u);
		EXPECT_EQ(storage_key(page), 0xa6u);
		EXPECT_EQ(storage_key(page - 1), 0x10u);
		EXPECT_EQ(storage_key(page + PAGE_SIZE), 0x30u);
		EXPECT_NO_FAULT(rrbe_try(page + offsets[i], &cc));
		EXPECT_EQ(storage_key(page), 0xa2u);
	}
}

TEST(key_and_contents, "setting a key changes nothing else in storage",
     SPEC("PoP SA22-7832-13, chapter 10, SET STORAGE KEY EXTENDED"))
{
	u64 *page = page_alloc();

	for (u32 i = 0; i < PAGE_SIZE / 8; i++)
		page[i] = i * 0x9e3779b97f4a7c15;
	set_storage_key((ulong)page, 0xf8);
	for (u32 i = 0; i < PAGE_SIZE / 8; i++)
		EXPECT_EQ(page[i], i * 0x9e3779b97f4a7c15);
	set_storage_key((ulong)page, 0);
}

TEST(reset_reference,
     "RRBE resets the reference bit alone; its condition code is both bits as they were",
     SPEC("PoP SA22-7832-13, chapter 10, RESET REFERENCE BIT EXTENDED"))
{
	ulong page = (ulong)page_alloc();

	for (u32 key = 0; key <= 0xfe; key += 2) {
		u32 cc = 9;

		set_storage_key(page, (u8)key);
		EXPECT_NO_FAULT(rrbe_try(page, &cc));
		EXPECT_EQ(cc, (key & (SKEY_REFERENCE | SKEY_CHANGE)) >> 1, "key %#x", key);
		EXPECT_EQ(storage_key(page), key & ~SKEY_REFERENCE & 0xff, "key %#x", key);
	}
}

/* R and C after these bits were reset and the access made. */
static u8 recorded_by(struct fault (*access)(ulong page), ulong page)
{
	set_storage_key(page, 0x50);
	EXPECT_NO_FAULT(access(page));
	return storage_key(page);
}

static struct fault do_load(ulong page)
{
	u8 byte = 0;

	return load_byte_try(page + 0x123, &byte);
}

static struct fault do_store(ulong page)
{
	return store_byte_try(page + 0xfff, 1);
}

static struct fault do_fetch(ulong page)
{
	return call_try(page + 0x10);
}

static struct fault do_move(ulong page)
{
	memcpy((void *)page, (void *)(page + 0x800), 0x100);
	return NO_FAULT;
}

TEST(reference_recorded, "a load, a store and an instruction fetch set the reference bit",
     SPEC("PoP SA22-7832-13, chapter 3, Reference Recording"))
{
	u16 *page = page_alloc();

	page[8] = 0x07fe; /* BR %r14 */
	SUBTEST("load");
	EXPECT_EQ(recorded_by(do_load, (ulong)page), 0x50u | SKEY_REFERENCE);
	SUBTEST("store");
	EXPECT_EQ(recorded_by(do_store, (ulong)page) & ~SKEY_CHANGE, 0x50u | SKEY_REFERENCE);
	SUBTEST("instruction fetch");
	EXPECT_EQ(recorded_by(do_fetch, (ulong)page), 0x50u | SKEY_REFERENCE);
}

TEST(change_recorded, "a store sets the change bit, also where loads have been before",
     SPEC("PoP SA22-7832-13, chapter 3, Change Recording"))
{
	ulong page = (ulong)page_alloc();

	SUBTEST("load");
	EXPECT_EQ(recorded_by(do_load, page) & SKEY_CHANGE, 0u);
	SUBTEST("store after load");
	EXPECT_NO_FAULT(do_store(page));
	EXPECT_EQ(storage_key(page), 0x50u | SKEY_REFERENCE | SKEY_CHANGE);
	SUBTEST("store");
	EXPECT_EQ(recorded_by(do_store, page), 0x50u | SKEY_REFERENCE | SKEY_CHANGE);
	SUBTEST("store again, after the bits were reset");
	EXPECT_EQ(recorded_by(do_store, page), 0x50u | SKEY_REFERENCE | SKEY_CHANGE);
	SUBTEST("move");
	EXPECT_EQ(recorded_by(do_move, page), 0x50u | SKEY_REFERENCE | SKEY_CHANGE);
	SUBTEST("store after RRBE");
	{
		u32 cc;

		EXPECT_NO_FAULT(rrbe_try(page, &cc));
		EXPECT_EQ(cc, 3u);
		EXPECT_NO_FAULT(do_store(page));
		EXPECT_EQ(storage_key(page), 0x50u | SKEY_REFERENCE | SKEY_CHANGE);
	}
}

TEST(key_instructions_beyond, "the key of storage that is not there is an addressing exception",
     SPEC("PoP SA22-7832-13, chapter 10, INSERT STORAGE KEY EXTENDED"))
{
	ulong beyond = (ulong)(ALIGN_UP(page_memory_end(), GiB) + GiB);
	u64 key = 0x77;
	u32 cc;

	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4), iske_try(beyond, &key));
	EXPECT_EQ(key, 0x77u);
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4), sske_try(beyond, 0));
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4), rrbe_try(beyond, &cc));
}

TEST(key_of_real_address, "the key's block is that of a real address, whatever DAT maps there",
     SPEC("PoP SA22-7832-13, chapter 10, SET STORAGE KEY EXTENDED"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	ulong first = (ulong)pages, second = first + PAGE_SIZE;

	set_storage_key(first, 0x10);
	set_storage_key(second, 0x20);
	space_map_page(space_kernel(), first, second, 0, PROT_ALL);
	EXPECT_EQ(storage_key(first), 0x10u);
	set_storage_key(first, 0x30);
	EXPECT_EQ(storage_key(first), 0x30u);
	EXPECT_EQ(storage_key(second), 0x20u);
	/* References go by what is referred to. */
	EXPECT_NO_FAULT(store_byte_try(first, 1));
	EXPECT_EQ(storage_key(first), 0x30u);
	EXPECT_EQ(storage_key(second), 0x20u | SKEY_REFERENCE | SKEY_CHANGE);
}

static ulong shared_page;
static u8 seen;

static void look_and_set(void *arg)
{
	(void)arg;
	seen = storage_key(shared_page);
	set_storage_key(shared_page, 0xd0);
}

static void change(void *arg)
{
	(void)arg;
	seen = !store_byte_try(shared_page, 1).kind;
}

TEST(keys_of_all_cpus, "a key that one CPU sets is what another inserts; so is what it records",
     SPEC("PoP SA22-7832-13, chapter 3, Storage Key"), REQUIRES(cpu_count() > 1))
{
	shared_page = (ulong)page_alloc();
	set_storage_key(shared_page, 0xe2);
	run_on_cpu(1, look_and_set, NULL);
	EXPECT_EQ(seen, 0xe2u);
	EXPECT_EQ(storage_key(shared_page), 0xd0u);
	for (u32 i = 0; i < 20; i++) {
		set_storage_key(shared_page, 0x40);
		run_on_cpu(1, change, NULL);
		EXPECT_EQ(seen, 1u);
		EXPECT_EQ(storage_key(shared_page), 0x40u | SKEY_REFERENCE | SKEY_CHANGE);
	}
}
