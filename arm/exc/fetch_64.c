/* SPDX-License-Identifier: MIT */
/* Who may execute what: PXN, UXN, and memory that EL0 may write. */
#include <test.h>

#include <arm/access.h>
#include <mm/page.h>
#include <mm/space.h>

SUITE("Execution permissions");

#define ADDRESS 0xc0000000ul

static void *map_code(u32 prot, pte_t set, pte_t clear)
{
	void *page = page_alloc();

	access_put_return(page);
	space_map_page(space_kernel(), ADDRESS, (ulong)page, 0, prot);
	*space_entry_at(space_kernel(), ADDRESS, 0) |= set;
	*space_entry_at(space_kernel(), ADDRESS, 0) &= ~clear;
	arch_tlb_flush_page(ADDRESS);
	return (void *)ADDRESS;
}

/* Execution at EL1 and at EL0, each either permitted or a permission fault. */
static void expect_execution(bool el1, bool el0)
{
	void *code = (void *)ADDRESS;

	EXPECT_FAULT(el1 ? NO_FAULT : INSTRUCTION_ABORT(FSC_PERMISSION(3), ADDRESS),
		     fault_of(access_execute, code));
	EXPECT_FAULT(el0 ? NO_FAULT : INSTRUCTION_ABORT_LOWER(FSC_PERMISSION(3), ADDRESS),
		     run_user(access_execute, code));
}

static const struct {
	const char *name;
	u32 prot;
	bool user_writable;
} accesses[] = {
	{ "AP-00", PROT_WRITE, false },
	{ "AP-01", PROT_WRITE | PROT_USER, true },
	{ "AP-10", 0, false },
	{ "AP-11", PROT_USER, false },
};

TEST(execute_never,
     "PXN forbids execution at EL1, UXN at EL0; what EL0 may write EL1 never executes",
     SPEC("DDI 0487, D8.4.1.2, table of instruction execution permissions"))
{
	for (u32 i = 0; i < ARRAY_SIZE(accesses) * 4; i++) {
		bool pxn = i & 1, uxn = i & 2;

		SUBTEST("%s-pxn-%u-uxn-%u", accesses[i / 4].name, pxn, uxn);
		map_code(accesses[i / 4].prot, (pxn ? PTE_PXN : 0) | (uxn ? PTE_UXN : 0),
			 (pxn ? 0 : PTE_PXN) | (uxn ? 0 : PTE_UXN));
		expect_execution(!pxn && !accesses[i / 4].user_writable, !uxn);
	}
}

TEST(write_implies_xn,
     "with SCTLR_EL1.WXN, nothing writable is executed at the privilege that may write",
     SPEC("DDI 0487, D8.4.1.2.2, SCTLR_ELx.WXN"))
{
	/* The kernel's text is read-only, and so still executes. */
	write_sys(SCTLR, read_sys(SCTLR) | SCTLR_WXN);
	isb();
	arch_tlb_flush_all();
	SUBTEST("AP-00");
	map_code(PROT_WRITE, 0, PTE_PXN | PTE_UXN);
	expect_execution(false, true);
	SUBTEST("AP-01");
	map_code(PROT_WRITE | PROT_USER, 0, PTE_PXN | PTE_UXN);
	expect_execution(false, false);
	SUBTEST("AP-11");
	map_code(PROT_USER, 0, PTE_PXN | PTE_UXN);
	expect_execution(true, true);
	write_sys(SCTLR, read_sys(SCTLR) & ~SCTLR_WXN);
	isb();
	arch_tlb_flush_all();
}
