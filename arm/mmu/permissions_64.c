/* SPDX-License-Identifier: MIT */
/*
 * The permissions of stage 1 against a model: AP, PXN, UXN of pages, APTable, PXNTable and UXNTable of tables,
 * WXN, PAN and UAO, for each kind of access. D8.4.
 */
#include <test.h>

#include <mm/page.h>

#include "stage1.h"

SUITE("Stage 1 permissions");

/* What decides; ap is AP[2:1]. */
struct rights {
	u32 ap, ap_table;
	bool uxn, pxn, uxn_table, pxn_table, wxn;
};

static bool el0_reads(const struct rights *p)
{
	return (p->ap & 1) && !(p->ap_table & 1);
}

static bool is_read_only(const struct rights *p)
{
	return (p->ap & 2) || (p->ap_table & 2);
}

/* D8.4.1.2: direct permissions; D8.4.3: hierarchical ones; D8.4.1.2.7: PAN. */
static bool allows(const struct rights *p, enum arm_el el, enum stage1_access access, u64 pstate)
{
	bool el0 = el == ARM_EL0, write;

	if (access == STAGE1_FETCH) {
		bool el0_writes = el0_reads(p) && !is_read_only(p);

		if (el0)
			return !p->uxn && !p->uxn_table && !(p->wxn && el0_writes);
		return !p->pxn && !p->pxn_table && !el0_writes && !(p->wxn && !is_read_only(p));
	}
	write = access == STAGE1_WRITE || access == STAGE1_WRITE_UNPRIVILEGED;
	/* At EL1 with UAO clear, the unprivileged ones are as at EL0, and PAN is not about them. */
	if (!el0 && access >= STAGE1_READ_UNPRIVILEGED && !(pstate & PSTATE_UAO))
		el0 = true;
	if (el0)
		return el0_reads(p) && !(write && is_read_only(p));
	if ((pstate & PSTATE_PAN) && el0_reads(p))
		return false;
	return !(write && is_read_only(p));
}

static const struct {
	enum arm_el el;
	enum stage1_access access;
	u64 pstate;
} accesses[] = {
	{ ARM_EL0, STAGE1_READ, 0 },
	{ ARM_EL0, STAGE1_WRITE, 0 },
	{ ARM_EL0, STAGE1_FETCH, 0 },
	{ ARM_EL0, STAGE1_READ_UNPRIVILEGED, 0 },
	{ ARM_EL0, STAGE1_WRITE_UNPRIVILEGED, 0 },
	{ ARM_EL1, STAGE1_READ, 0 },
	{ ARM_EL1, STAGE1_WRITE, 0 },
	{ ARM_EL1, STAGE1_FETCH, 0 },
	{ ARM_EL1, STAGE1_READ_UNPRIVILEGED, 0 },
	{ ARM_EL1, STAGE1_WRITE_UNPRIVILEGED, 0 },
	{ ARM_EL1, STAGE1_READ, PSTATE_PAN },
	{ ARM_EL1, STAGE1_WRITE, PSTATE_PAN },
	{ ARM_EL1, STAGE1_FETCH, PSTATE_PAN },
	{ ARM_EL1, STAGE1_READ_UNPRIVILEGED, PSTATE_PAN },
	{ ARM_EL1, STAGE1_WRITE_UNPRIVILEGED, PSTATE_PAN },
	{ ARM_EL1, STAGE1_READ_UNPRIVILEGED, PSTATE_UAO },
	{ ARM_EL1, STAGE1_WRITE_UNPRIVILEGED, PSTATE_UAO },
	{ ARM_EL1, STAGE1_READ_UNPRIVILEGED, PSTATE_UAO | PSTATE_PAN },
	{ ARM_EL1, STAGE1_WRITE_UNPRIVILEGED, PSTATE_UAO | PSTATE_PAN },
};

static void check(const struct rights *p, ulong va)
{
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		enum arm_el el = accesses[i].el;
		enum stage1_access access = accesses[i].access;
		u64 pstate = accesses[i].pstate;

		if (((pstate & PSTATE_PAN) && !has_pan()) || ((pstate & PSTATE_UAO) && !has_uao()))
			continue;
		EXPECT_FAULT(
			allows(p, el, access, pstate)
				? NO_FAULT
				: stage1_abort(el, access, va, FSC_PERMISSION(3)),
			stage1_access(el, access, va, pstate),
			"EL%u, access %u, PSTATE %#llx, AP %u, APTable %u, UXN %u, PXN %u, UXNTable %u, PXNTable %u",
			el, access, pstate, p->ap, p->ap_table, p->uxn, p->pxn, p->uxn_table,
			p->pxn_table);
	}
}

static void sweep(bool wxn)
{
	u32 *page = stage1_page();
	pte_t *leaf, *table, plain;

	space_map(space_kernel(), STAGE1_VA, (ulong)page, PAGE_SIZE, PROT_ALL);
	leaf = space_entry(space_kernel(), STAGE1_VA, NULL);
	table = space_entry_at(space_kernel(), STAGE1_VA, 1);
	plain = *leaf & ~(PTE_USER | PTE_RO | PTE_UXN | PTE_PXN);
	/* What accesses need is there before anything changes. */
	stage1_registers();
	if (wxn) {
		write_sys(SCTLR, read_sys(SCTLR) | SCTLR_WXN);
		isb();
		arch_tlb_flush_all();
	}
	for (u32 ap_table = 0; ap_table < 4; ap_table++)
		for (u32 xn_table = 0; xn_table < 4; xn_table++) {
			SUBTEST("ap-table-%u-uxn-table-%u-pxn-table-%u", ap_table, xn_table >> 1,
				xn_table & 1);
			*table = (*table & ~TABLE_CONTROL) | (u64)ap_table << 61 |
				 (u64)xn_table << 59;
			for (u32 i = 0; i < 16; i++) {
				struct rights p = { i & 3,	  ap_table,	i & 8, i & 4,
						    xn_table & 2, xn_table & 1, wxn };

				*leaf = plain | (u64)(i & 3) << 6 | (u64)(i >> 2) << 53;
				arch_tlb_flush_page(STAGE1_VA);
				check(&p, STAGE1_VA);
			}
		}
	*table &= ~TABLE_CONTROL;
	if (wxn) {
		write_sys(SCTLR, read_sys(SCTLR) & ~SCTLR_WXN);
		isb();
		arch_tlb_flush_all();
	}
}

TEST(permissions,
     "AP, UXN, PXN, those of tables, PAN and UAO decide on each access as the model says",
     SPEC("DDI 0487, D8.4.1, D8.4.3, D8.4.1.2.7; D24.2.45, ISS of a Data Abort"))
{
	sweep(false);
}

/* A control of each kind in a table of level 1, of level 2, or one in each. */
static const u64 table_controls[] = { 0, TABLE_NO_EL0, TABLE_RO, TABLE_UXN, TABLE_PXN };

TEST(permissions_of_all_tables,
     "what a table takes away no table or page below it gives back, and all that they take away is gone",
     SPEC("DDI 0487, D8.4.3, hierarchical control of permissions"))
{
	u32 *page = stage1_page();
	pte_t *leaf, *upper, *lower, plain;

	space_map(space_kernel(), STAGE1_VA, (ulong)page, PAGE_SIZE, PROT_ALL);
	leaf = space_entry(space_kernel(), STAGE1_VA, NULL);
	lower = space_entry_at(space_kernel(), STAGE1_VA, 1);
	upper = space_entry_at(space_kernel(), STAGE1_VA, 2);
	plain = *leaf & ~(PTE_USER | PTE_RO | PTE_UXN | PTE_PXN);
	stage1_registers();
	for (u32 u = 0; u < ARRAY_SIZE(table_controls); u++)
		for (u32 l = 0; l < ARRAY_SIZE(table_controls); l++) {
			u64 both = table_controls[u] | table_controls[l];

			SUBTEST("upper-%u-lower-%u", u, l);
			*upper = (*upper & ~TABLE_CONTROL) | table_controls[u];
			*lower = (*lower & ~TABLE_CONTROL) | table_controls[l];
			for (u32 ap = 0; ap < 4; ap++) {
				struct rights p = { ap,	   (u32)(both >> 61 & 3), false,
						    false, both & TABLE_UXN,	  both & TABLE_PXN,
						    false };

				*leaf = plain | (u64)ap << 6;
				arch_tlb_flush_all();
				check(&p, STAGE1_VA);
			}
		}
	*upper &= ~TABLE_CONTROL;
	*lower &= ~TABLE_CONTROL;
}

TEST(permissions_wxn, "the same with SCTLR_EL1.WXN: nothing that is writable is executable",
     SPEC("DDI 0487, D8.4.1.2.4; D24.2, SCTLR_EL1.WXN"))
{
	sweep(true);
}

/* Instructions that are neither a load nor a store, or both; on a page that is read-only, or absent. */
static const struct {
	const char *name;
	u32 code;
	u32 read_only, absent; /* ISS beside the status code; NONE: no fault */
	bool lse;
} operations[] = {
#define NONE 0xffffu
	{ "ldr", 0xf9400001, NONE, 0, false },
	{ "str", 0xf9000001, ABORT_WRITE, ABORT_WRITE, false },
	{ "ldp", 0xa9400801, NONE, 0, false },
	{ "stp", 0xa9000801, ABORT_WRITE, ABORT_WRITE, false },
	{ "ldr-q", 0x3dc00000, NONE, 0, false },
	{ "str-q", 0x3d800000, ABORT_WRITE, ABORT_WRITE, false },
	{ "ldxr", 0xc85f7c01, NONE, 0, false },
	{ "ldar", 0xc8dffc01, NONE, 0, false },
	{ "stlr", 0xc89ffc01, ABORT_WRITE, ABORT_WRITE, false },
	{ "prfm", 0xf9800000, NONE, NONE, false },
	{ "dc-zva", 0xd50b7420, ABORT_WRITE, ABORT_WRITE, false },
	{ "ldadd", 0xf8210002, ABORT_WRITE, 0, true },
	{ "swp", 0xf8218002, ABORT_WRITE, 0, true },
	{ "cas", 0xc8a17c02, ABORT_WRITE, 0, true },
	{ "ldr-post", 0xf8408401, NONE, 0, false },
	{ "str-pre", 0xf8000c01, ABORT_WRITE, ABORT_WRITE, false },
	{ "ldp-post", 0xa8c10801, NONE, 0, false },
	{ "ld1", 0x4cdf7000, NONE, 0, false },
};

TEST(abort_syndromes,
     "the abort of each kind of instruction says whether a write failed, and leaves the registers",
     SPEC("DDI 0487, D24.2.45, ISS of a Data Abort: WnR, CM, ISV; D1.4.5"))
{
	u32 *page = stage1_page();

	space_map(space_kernel(), STAGE1_VA, (ulong)page, PAGE_SIZE, PROT_USER);
	for (u32 i = 0; i < ARRAY_SIZE(operations); i++) {
		SUBTEST("%s", operations[i].name);
		if (operations[i].lse && (read_sys(ID_AA64ISAR0) >> 20 & 0xf) < 2) {
			SKIP_ROW("no FEAT_LSE");
			continue;
		}
		for (u32 absent = 0; absent < 2; absent++) {
			ulong address = STAGE1_VA + 64 + absent * PAGE_SIZE;
			u32 expected = absent ? operations[i].absent : operations[i].read_only;
			u32 status = absent ? FSC_TRANSLATION(3) : FSC_PERMISSION(3);

			for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
				struct arm_registers r = { .x = { address, 11, 22 } };
				struct fault fault = arm_execute((enum arm_el)el,
								 &operations[i].code, 1, &r);

				if (expected == NONE) {
					EXPECT_NO_FAULT(fault, "EL%u", el);
					continue;
				}
				EXPECT_FAULT(el ? DATA_ABORT(expected | status, address)
						: DATA_ABORT_LOWER(expected | status, address),
					     fault, "EL%u", el);
				EXPECT_EQ(r.x[0], address, "EL%u", el);
				EXPECT_EQ(r.x[1], 11, "EL%u", el);
				EXPECT_EQ(r.x[2], 22, "EL%u", el);
			}
		}
	}
}
