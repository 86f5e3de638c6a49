/* SPDX-License-Identifier: MIT */
/* The access-register mode, as far as no access list is needed. */
#include <test.h>

#include <arch/space.h>
#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <s390x/execute.h>

SUITE("Access-register mode");

/* INSERT CHARACTER r2,0(r9) */
static const u8 load[4] = { 0x43, 0x20, 0x90, 0x00 };

static struct execution in_access_register_mode(u32 alet, ulong address)
{
	struct execution e = { .psw = PSW_KERNEL | PSW_ASC_ACCREG, .flags = EXECUTE_AR };

	e.gpr[9] = address;
	e.ar[9] = alet;
	return e;
}

TEST(alet_0, "ALET 0 is the primary space",
     SPEC("PoP SA22-7832-13, chapter 5, Access-Register Translation"))
{
	u8 *page = page_alloc();
	struct execution e = in_access_register_mode(0, (ulong)page);

	page[0] = 0x5a;
	EXPECT_NO_FAULT(execute(load, sizeof(load), &e));
	EXPECT_EQ(e.gpr[2], 0x5au);
}

TEST(alet_1, "ALET 1 is the secondary space",
     SPEC("PoP SA22-7832-13, chapter 5, Access-Register Translation"))
{
	u8 *page = page_alloc();
	struct execution e = in_access_register_mode(1, (ulong)page);

	page[0] = 0xa5;
	write_cr(0, read_cr(0) | CR0_SECONDARY);
	EXPECT_NO_FAULT(execute(load, sizeof(load), &e));
	write_cr(0, read_cr(0) & ~CR0_SECONDARY);
	EXPECT_EQ(e.gpr[2], 0xa5u);
}

TEST(alets_of_operands, "each storage operand is in the space of its own base register's ALET",
     SPEC("PoP SA22-7832-13, chapter 5, Access Registers"))
{
	/* MVC 0(8,r9),0(r10), and r0 as a base, which has no address and the primary space. */
	static const u8 move[] = { 0xd2, 0x07, 0x90, 0x00, 0xa0, 0x00 };
	struct space *other = space_create();
	u8 *page = page_alloc(), *secondary = page_alloc();
	struct execution e = in_access_register_mode(1, (ulong)page);

	space_map_page(other, (ulong)page, (ulong)secondary, 0, PROT_ALL);
	for (u32 n = 0; n < 16; n++) {
		page[n] = (u8)n;
		secondary[n] = 0xee;
	}
	e.gpr[10] = (ulong)page;
	e.ar[10] = 0;
	write_cr(0, read_cr(0) | CR0_SECONDARY);
	write_cr(7, ASCE_OF(other->root));
	purge_tlb();
	EXPECT_NO_FAULT(execute(move, sizeof(move), &e));
	write_cr(7, read_cr(1));
	write_cr(0, read_cr(0) & ~CR0_SECONDARY);
	purge_tlb();
	for (u32 n = 0; n < 8; n++)
		EXPECT_EQ(secondary[n], n);
	EXPECT_EQ(secondary[8], 0xee);
	EXPECT_EQ(page[7], 7);
}

TEST(alet_specification,
     "an ALET with ones where there must be zeros is an ALET-specification exception",
     SPEC("PoP SA22-7832-13, chapter 6, ALET-Specification Exception"))
{
	struct execution e = in_access_register_mode(0x80000000, 0x10000);

	EXPECT_FAULT(PGM_ALET_SPECIFICATION, execute(load, sizeof(load), &e));
}
