/* SPDX-License-Identifier: MIT */
/* Address translation instructions and PAR_EL1. */
#include <test.h>

#include <mm/page.h>

#include "raw.h"
#include "stage1.h"

SUITE("Address translation instructions");

#define PAR_F	      BIT(0)
#define PAR_FST(par)  ((u32)((par) >> 1) & 0x3f)
#define PAR_PA	      BITS(47, 12)
#define PAR_SH(par)   ((par) >> 7 & 3)
#define PAR_ATTR(par) ((par) >> 56)

/* AT with the address in x1: S1E1R, S1E1W, S1E0R, S1E0W, S1E1RP, S1E1WP. */
static const struct {
	const char *name;
	u32 code;
	bool el0, write, pan;
} instructions[] = {
	{ "s1e1r", 0xd5087801, false, false, false }, { "s1e1w", 0xd5087821, false, true, false },
	{ "s1e0r", 0xd5087841, true, false, false },  { "s1e0w", 0xd5087861, true, true, false },
	{ "s1e1rp", 0xd5087901, false, false, true }, { "s1e1wp", 0xd5087921, false, true, true },
};

static bool has_at_pan(void)
{
	return (read_sys(ID_AA64MMFR1) >> 20 & 0xf) >= 2;
}

/* PAR_EL1 after that instruction; PAN as given. */
static u64 translate(u32 i, ulong va, bool pan)
{
	const u32 code[] = { instructions[i].code, 0xd5033fdf, 0xd5387402 /* MRS x2, PAR_EL1 */ };
	ulong at = arm_code(code, ARRAY_SIZE(code));
	struct arm_registers *r = stage1_registers();

	r->x[1] = va;
	r->pstate = pan ? PSTATE_PAN : 0;
	r->has_pan = has_pan();
	EXPECT_NO_FAULT(arm_run(ARM_EL1, at, r));
	return r->x[2];
}

TEST(at_permissions,
     "AT finds the address, or says which fault an access would have: permissions, PAN for the ones with P",
     SPEC("DDI 0487, D8.18, Address translation instructions; D24.2, PAR_EL1; C5.4, AT S1E0R and others"))
{
	u32 *page = stage1_page();
	pte_t *leaf, plain;

	space_map(space_kernel(), STAGE1_VA, (ulong)page, PAGE_SIZE, PROT_ALL);
	leaf = space_entry(space_kernel(), STAGE1_VA, NULL);
	plain = *leaf & ~(PTE_USER | PTE_RO);
	for (u32 i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (instructions[i].pan && !has_at_pan())
			continue;
		for (u32 ap = 0; ap < 4; ap++)
			for (u32 pan = 0; pan <= has_pan(); pan++) {
				bool allowed = instructions[i].el0 ? ap & 1 : true;
				u64 par;

				SUBTEST("%s-ap-%u-pan-%u", instructions[i].name, ap, pan);
				if (instructions[i].write && (ap & 2))
					allowed = false;
				if (instructions[i].pan && pan && (ap & 1))
					allowed = false;
				*leaf = plain | (u64)ap << 6;
				arch_tlb_flush_page(STAGE1_VA);
				par = translate(i, STAGE1_VA + 0x234, pan);
				if (allowed) {
					EXPECT_EQ(par & PAR_F, 0);
					EXPECT_EQ(par & PAR_PA, (ulong)page);
					EXPECT_EQ(PAR_SH(par), 3);
					EXPECT_EQ(PAR_ATTR(par), 0xff);
				} else {
					EXPECT_EQ(par & PAR_F, PAR_F);
					EXPECT_EQ(PAR_FST(par), FSC_PERMISSION(3));
				}
			}
	}
}

TEST(at_faults,
     "AT of what has no translation reports status and level in PAR_EL1, and raises nothing",
     SPEC("DDI 0487, D8.18; D24.2, PAR_EL1, FST"))
{
	const struct raw_shape shape = { 12, 48 };
	ulong va = -(ulong)PAGE_SIZE;
	pte_t leaf = (ulong)stage1_page() | PTE_VALID | PTE_TABLE | PTE_AF | PTE_USER |
		     PTE_SH_INNER;

	for (u32 level = 0; level <= 3; level++) {
		pte_t *root = raw_table(shape);

		*raw_entry(root, shape, va, 3) = leaf;
		raw_begin(root, raw_tcr(shape));
		for (u32 i = 0; i < 4; i++) {
			SUBTEST("%s-level-%u", instructions[i].name, level);
			EXPECT_EQ(translate(i, va, false) & (PAR_F | PAR_PA), leaf & PAR_PA);
		}
		*raw_entry(root, shape, va, level) = 0;
		arch_tlb_flush_all();
		for (u32 i = 0; i < 4; i++) {
			u64 par = translate(i, va, false);

			EXPECT_EQ(par & PAR_F, PAR_F, "%s", instructions[i].name);
			EXPECT_EQ(PAR_FST(par), FSC_TRANSLATION(level), "%s", instructions[i].name);
		}
		raw_end();
	}
	SUBTEST("access-flag");
	{
		pte_t *root = raw_table(shape);

		*raw_entry(root, shape, va, 3) = leaf & ~PTE_AF;
		raw_begin(root, raw_tcr(shape));
		EXPECT_EQ(PAR_FST(translate(0, va, false)), FSC_ACCESS_FLAG(3));
		raw_end();
	}
}

/* MAIR_EL1 attributes and shareability come through. */
TEST(at_attributes,
     "PAR_EL1 has the memory type and the shareability of the page, Outer Shareable for what has no caches",
     SPEC("DDI 0487, D24.2, PAR_EL1, ATTR, SH"))
{
	static const struct {
		const char *name;
		u32 prot;
		u8 attr, sh;
	} types[] = {
		{ "normal", 0, 0xff, 3 },
		{ "uncached", PROT_UNCACHED, 0x44, 2 },
		{ "device", PROT_DEVICE, 0x00, 2 },
	};
	u32 *page = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		u64 par;

		SUBTEST("%s", types[i].name);
		space_map(space_kernel(), STAGE1_VA, (ulong)page, PAGE_SIZE,
			  types[i].prot | PROT_USER | PROT_WRITE);
		par = translate(0, STAGE1_VA, false);
		EXPECT_EQ(par & (PAR_F | PAR_PA), (ulong)page);
		EXPECT_EQ(PAR_ATTR(par), types[i].attr);
		EXPECT_EQ(PAR_SH(par), types[i].sh);
		space_unmap(space_kernel(), STAGE1_VA, PAGE_SIZE);
	}
}
