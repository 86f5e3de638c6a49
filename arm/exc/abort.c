/* SPDX-License-Identifier: MIT */
/*
 * Aborts of the MMU: what kind of fault, at which level of the walk, of which access, at which address.
 * The levels are the manual's: 3 is that of 4 KiB pages, the library's level 0.
 */
#include <test.h>

#include <arm/access.h>
#include <mm/page.h>
#include <mm/space.h>

SUITE("Aborts of the MMU");

/* In a GiB where the machines that this runs on have neither memory nor what the library uses. */
#define FREE_ADDRESS 0xc0345678ul

TEST(translation_fault, "an access without a valid descriptor is a translation fault of its level",
     SPEC("DDI 0487, D8.2 and D17.2.37, ISS encoding for an exception from a Data Abort"))
{
	for (u32 level = 0; level < 3; level++) {
		SUBTEST("level-%u", 3 - level);
		*space_entry_at(space_kernel(), FREE_ADDRESS, level) = 0;
		arch_tlb_flush_all();
		access_expect_aborts(FSC_TRANSLATION(3 - level), FREE_ADDRESS);
	}
}

TEST(access_flag_fault, "an access through a descriptor without AF is an access flag fault",
     SPEC("DDI 0487, D8.4.6, The Access flag"))
{
	u8 *page = page_alloc();

	for (u32 level = 0; level <= space_max_page_level(); level++) {
		ulong address = ALIGN_DOWN(FREE_ADDRESS, (ulong)space_page_size(level)) + 0x10;

		SUBTEST("level-%u", 3 - level);
		*space_entry_at(space_kernel(), address, level) =
			arch_pte_page(ALIGN_DOWN((ulong)page, space_page_size(level)), level,
				      PROT_ALL) &
			~PTE_AF;
		arch_tlb_flush_all();
		access_expect_aborts(FSC_ACCESS_FLAG(3 - level), address);
	}
}

static const struct permission {
	const char *name;
	u32 prot;
	bool user, write;
} permissions[] = {
	{ "AP-00", PROT_WRITE, false, true },
	{ "AP-01", PROT_WRITE | PROT_USER, true, true },
	{ "AP-10", 0, false, false },
	{ "AP-11", PROT_USER, true, false },
};

/* What AP[2:1] = 00, 01, 10, 11 permit: reads at EL1 always. */
static void check_permissions(ulong address, u32 level)
{
	void *at = (void *)address;

	for (u32 i = 0; i < ARRAY_SIZE(permissions); i++) {
		const struct permission *p = &permissions[i];
		struct fault read = DATA_ABORT_LOWER(FSC_PERMISSION(3 - level), address);
		struct fault write = DATA_ABORT_LOWER(ABORT_WRITE | FSC_PERMISSION(3 - level),
						      address);
		struct fault write_el1 = DATA_ABORT(ABORT_WRITE | FSC_PERMISSION(3 - level),
						    address);

		SUBTEST("%s-level-%u", p->name, 3 - level);
		space_protect(space_kernel(), ALIGN_DOWN(address, (ulong)space_page_size(level)),
			      space_page_size(level), p->prot);
		EXPECT_NO_FAULT(fault_of(access_read, at));
		EXPECT_FAULT(p->write ? NO_FAULT : write_el1, fault_of(access_write, at));
		EXPECT_FAULT(p->user ? NO_FAULT : read, run_user(access_read, at));
		EXPECT_FAULT(p->user && p->write ? NO_FAULT : write, run_user(access_write, at));
	}
}

TEST(permission_fault,
     "AP[2:1] decides who may read and write; what it does not permit is reported",
     SPEC("DDI 0487, D8.4.1.1, table of data access permissions"))
{
	u64 large = space_page_size(1);
	ulong address = ALIGN_DOWN(FREE_ADDRESS, (ulong)large);

	space_map_page(space_kernel(), address, (ulong)pages_alloc(large / PAGE_SIZE, large), 1,
		       PROT_ALL);
	check_permissions(address + 0x123458, 1);
	space_map_page(space_kernel(), address, (ulong)page_alloc(), 0, PROT_ALL);
	check_permissions(address + 0xff8, 0);
}

TEST(read_only_keeps_memory, "a store that is not permitted changes nothing",
     SPEC("DDI 0487, D8.4.1.1"))
{
	u32 *page = page_alloc();
	ulong address = ALIGN_DOWN(FREE_ADDRESS, (ulong)PAGE_SIZE);

	page[4] = 0x12345678;
	space_map_page(space_kernel(), address, (ulong)page, 0, PROT_USER);
	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | FSC_PERMISSION(3), address + 16),
		     fault_of(access_write, (void *)(address + 16)));
	EXPECT_EQ(page[4], 0x12345678);
}

TEST(abort_return_address, "the preferred return address of an abort is the access itself",
     SPEC("DDI 0487, D1.3.1, preferred exception return address"))
{
	ulong address = ALIGN_DOWN(FREE_ADDRESS, (ulong)PAGE_SIZE);

	space_unmap(space_kernel(), address, PAGE_SIZE);
	EXPECT_FAULT(INSTRUCTION_ABORT(FSC_TRANSLATION(3), address + 0x20),
		     fault_of(access_execute, (void *)(address + 0x20)));
	EXPECT_EQ(trap_last_frame()->pc, address + 0x20);
	EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(3), address),
		     fault_of(access_read, (void *)address));
	EXPECT_GE(trap_last_frame()->pc, (ulong)access_read);
	EXPECT_LT(trap_last_frame()->pc, (ulong)access_read + 32);
}
