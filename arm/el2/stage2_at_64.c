/* SPDX-License-Identifier: MIT */
/* AT of both stages, and stage 1 off. */
#include <test.h>

#include <mm/page.h>

#include "stage2.h"
#include "trap.h"

SUITE("Stage 2 and AT", REQUIRES(el2_is_there()));

#define LDR_X1 0xf9400001u
#define ISB    0xd5033fdfu

#define VA  0xc0000000ul
#define IPA 0x1234567000ull

#define PAR_F	BIT(0)
#define PAR_PTW BIT(8)
#define PAR_S	BIT(9)
#define PAR_PA	BITS(47, 12)

/* AT S12E1R, S12E1W, S12E0R, S12E0W of x0, at EL2. */
#define AT_S12(op2)	(0xd50c7800u | (op2) << 5)
#define AT_S1(crm, op2) (0xd5087800u | ((crm)-8) << 8 | (op2) << 5)
#define MRS_PAR		0xd5387401u /* x1 */

static u64 par_of(const struct space *space, enum arm_el el, u32 at, struct fault *fault,
		  struct el2_exit *exit, struct arm_registers *r)
{
	struct el2_setting settings[3];
	const u32 code[] = { at, ISB, MRS_PAR };

	*r = (struct arm_registers){ .x = { VA } };
	*exit = (struct el2_exit){ 0 };
	stage2_settings(settings, space, 1, 0);
	*fault = el2_execute(settings, 3, el, code, 3, r, exit);
	return r->x[1];
}

static const struct {
	const char *name;
	bool write, user;
} at_kinds[] = {
	{ "e1r", false, false },
	{ "e1w", true, false },
	{ "e0r", false, true },
	{ "e0w", true, true },
};

TEST(at_s12, "AT S12E1R and its kin translate by both stages",
     SPEC("DDI 0487, C5.4, AT S12E1R, S12E1W, S12E0R, S12E0W; D24.2, PAR_EL1"))
{
	for (u32 i = 0; i < 4; i++) {
		struct space *space = stage2_create();
		struct arm_registers r;
		struct el2_exit exit;
		struct fault fault;
		ulong page = (ulong)page_alloc();
		u64 par;

		SUBTEST("%s", at_kinds[i].name);
		space_map_page(space, IPA, page, 0, PROT_WRITE);
		stage2_map_va(VA, IPA, PROT_WRITE | PROT_USER);
		par = par_of(space, ARM_EL2, AT_S12(4 + i), &fault, &exit, &r);
		EXPECT_NO_FAULT(fault);
		EXPECT_EQ(par & PAR_F, 0);
		EXPECT_EQ(par & PAR_PA, page);
	}
}

TEST(at_s12_faults, "AT S12E1R and its kin say in PAR_EL1 which stage refuses",
     SPEC("DDI 0487, D24.2, PAR_EL1.S, FST"))
{
	static const struct {
		const char *name;
		u32 s1_prot, s2_prot;
		bool s1_absent, s2_absent;
	} rows[] = {
		{ "s1-absent", 0, PROT_WRITE, true, false },
		{ "s2-absent", PROT_WRITE | PROT_USER, 0, false, true },
		{ "s1-read-only", PROT_USER, PROT_WRITE, false, false },
		{ "s1-no-user", PROT_WRITE, PROT_WRITE, false, false },
		{ "s2-read-only", PROT_WRITE | PROT_USER, 0, false, false },
		{ "both-read-only", PROT_USER, 0, false, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 k = 0; k < 4; k++) {
			struct space *space = stage2_create();
			struct arm_registers r;
			struct el2_exit exit;
			struct fault fault;
			u64 par, status = 0;
			bool stage2 = false;

			SUBTEST("%s-%s", rows[i].name, at_kinds[k].name);
			space_map_page(space, IPA, (ulong)page_alloc(), 0, rows[i].s2_prot);
			if (rows[i].s2_absent)
				*space_entry_at(space, IPA, 0) = 0;
			stage2_map_va(VA, IPA, rows[i].s1_prot);
			if (rows[i].s1_absent)
				space_unmap(space_kernel(), VA, PAGE_SIZE);
			stage2_flush();
			if (rows[i].s1_absent) {
				status = FSC_TRANSLATION(3);
			} else if ((at_kinds[k].user && !(rows[i].s1_prot & PROT_USER)) ||
				   (at_kinds[k].write && !(rows[i].s1_prot & PROT_WRITE))) {
				status = FSC_PERMISSION(3);
			} else if (rows[i].s2_absent) {
				status = FSC_TRANSLATION(3);
				stage2 = true;
			} else if (at_kinds[k].write && !(rows[i].s2_prot & PROT_WRITE)) {
				status = FSC_PERMISSION(3);
				stage2 = true;
			}
			par = par_of(space, ARM_EL2, AT_S12(4 + k), &fault, &exit, &r);
			EXPECT_NO_FAULT(fault);
			if (!status) {
				EXPECT_EQ(par & PAR_F, 0);
				continue;
			}
			EXPECT_EQ(par & PAR_F, 1);
			EXPECT_EQ(par >> 1 & 0x3f, status);
			EXPECT_EQ(par & (PAR_S | PAR_PTW), stage2 ? PAR_S : 0);
		}
}

TEST(at_s1_under_s2,
     "AT S1E1R of EL1 yields the intermediate address; stage 2 is no matter but for the walk",
     SPEC("DDI 0487, C5.4, AT S1E1R; D8.15, stage 2 faults on AT"))
{
	struct space *space = stage2_create();
	struct arm_registers r;
	struct el2_exit exit;
	struct fault fault;
	u64 par, table;

	*space_entry_at(space, IPA, 0) = 0;
	stage2_map_va(VA, IPA, PROT_WRITE | PROT_USER);
	SUBTEST("intermediate");
	par = par_of(space, ARM_EL1, AT_S1(8u, 0u), &fault, &exit, &r);
	EXPECT_NO_FAULT(fault);
	EXPECT_EQ(par & PAR_F, 0);
	EXPECT_EQ(par & PAR_PA, IPA);
	SUBTEST("walk");
	table = *space_entry_at(space_kernel(), VA, 1) & PTE_ADDRESS;
	*space_entry_at(space, table, 0) = 0;
	stage2_flush();
	par_of(space, ARM_EL1, AT_S1(8u, 0u), &fault, &exit, &r);
	fault.code &= ABORT_BITS;
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(fault.kind, EC_DABT_LOWER + 1u);
	EXPECT_EQ(fault.code & ~ABORT_WRITE, FSC_TRANSLATION(3) | ABORT_S1PTW | ABORT_CM);
	EXPECT_EQ(r.far, VA);
	EXPECT_EQ(exit.hpfar, hpfar_of(table));
}

/* ------------------------------------------------------------------------------- stage 1 off */

TEST(s1_off, "with SCTLR_EL1.M clear, addresses of EL1 are those of stage 2's input",
     SPEC("DDI 0487, D8.2, the effects of disabling an address translation stage"))
{
	for (u32 dc = 0; dc < 2; dc++) {
		struct space *space = stage2_create();
		struct el2_setting settings[4];
		const u32 code[] = { LDR_X1, 0xb9400802 /* LDR w2, [x0, #8] */ };
		struct arm_registers r = { .x = { IPA } };
		struct el2_exit exit = { 0 };
		u64 *page = page_alloc();
		ulong at = arm_code(code, 2);

		SUBTEST("dc-%u", dc);
		page[0] = 0x4444;
		page[1] = 0x5555;
		flush_data(page, 16);
		space_map_page(space, IPA, (ulong)page, 0, PROT_WRITE);
		stage2_flush();
		settings[0] = (struct el2_setting){ EL2_SCTLR1, read_sys(SCTLR) & ~SCTLR_M };
		stage2_settings(settings + 1, space, 1, dc ? HCR_DC : 0);
		/* The vectors are where they are: the image is mapped one to one. */
		EXPECT_NO_FAULT(el2_run(settings, 4, ARM_EL1, el2_code(at), &r, &exit));
		EXPECT_EQ(r.x[1], 0x4444);
		EXPECT_EQ(r.x[2], 0x5555);
		stage2_flush();
	}
}

TEST(s1_off_dc, "HCR_EL2.DC switches stage 1 off, whatever SCTLR_EL1.M is",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.DC"))
{
	struct space *space = stage2_create();
	struct el2_setting settings[3];
	const u32 code[] = { LDR_X1 };
	u64 *page = page_alloc();
	ulong at = arm_code(code, 1);

	page[0] = 0x6666;
	space_map_page(space, VA, (ulong)page, 0, PROT_WRITE);
	/* Stage 1 would lead elsewhere. */
	stage2_map_va(VA, IPA, PROT_WRITE);
	for (u32 dc = 0; dc < 2; dc++) {
		struct arm_registers r = { .x = { VA } };
		struct el2_exit exit = { 0 };

		SUBTEST("dc-%u", dc);
		stage2_flush();
		stage2_settings(settings, space, 1, dc ? HCR_DC : 0);
		el2_run(settings, 3, ARM_EL1, dc ? el2_code(at) : at, &r, &exit);
		if (dc) {
			EXPECT_EQ(r.x[1], 0x6666);
		} else {
			/* Device memory or nothing: it is not this page. */
			EXPECT_NE(r.x[1], 0x6666);
		}
		stage2_flush();
	}
}
