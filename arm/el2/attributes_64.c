/* SPDX-License-Identifier: MIT */
/* Memory types and shareability of both stages, as AT S12E1R has them in PAR_EL1: D8.6, Memory region attributes. */
#include <test.h>

#include <mm/page.h>

#include "stage2.h"
#include "trap.h"

SUITE("Attributes of both stages", REQUIRES(el2_is_there()));

#define VA  0xc0000000ul
#define IPA 0x1234567000ull

#define AT_S12E1R 0xd50c7880u /* of x0 */
#define ISB	  0xd5033fdfu
#define MRS_PAR	  0xd5387401u /* x1 */

#define PAR_F	    BIT(0)
#define PAR_S	    BIT(9)
#define PAR_PTW	    BIT(8)
#define PAR_SH(par) ((par) >> 7 & 3)
#define OUTER	    2
#define SH(n)	    ((u64)(n) << 8) /* of descriptors */
#define ATTRINDX(n) ((u64)(n) << 2)

enum type { NGNRNE, NGNRE, NGRE, GRE, NC, WT, WB };

static const char *const names[] = { "ngnrne", "ngnre", "ngre", "gre", "nc", "wt", "wb" };

/* By type: the index in MAIR_EL1 as the cases set it, MemAttr of stage 2. */
static const u8 indexes[] = { 1, 3, 4, 5, 2, 6, 0 };
static const u8 mem_attrs[] = { 0, 1, 2, 3, 5, 10, 15 };
#define MAIR_ALL 0x00bb0c08044400ffull

static enum type type_of(u64 par)
{
	u32 outer = (u32)(par >> 60);

	if (!outer)
		return (enum type)(par >> 58 & 3);
	return outer == 4 ? NC : outer < 12 ? WT : WB;
}

static u64 par_of(const struct space *space, u64 hcr)
{
	struct el2_setting settings[3];
	const u32 code[] = { AT_S12E1R, ISB, MRS_PAR };
	struct arm_registers r = { .x = { VA } };
	struct el2_exit exit = { 0 };

	stage2_settings(settings, space, 1, hcr);
	EXPECT_NO_FAULT(el2_execute(settings, 3, ARM_EL2, code, 3, &r, &exit));
	return r.x[1];
}

static pte_t *stage1, *stage2;
static u64 mair;

static struct space *start(void)
{
	struct space *space = stage2_create();

	space_map_page(space, IPA, (ulong)page_alloc(), 0, PROT_WRITE);
	stage2_map_va(VA, IPA, PROT_WRITE | PROT_USER);
	stage1 = space_entry_at(space_kernel(), VA, 0);
	stage2 = space_entry_at(space, IPA, 0);
	mair = read_sys(MAIR);
	write_sys(MAIR, MAIR_ALL);
	isb();
	return space;
}

static void finish(void)
{
	write_sys(MAIR, mair);
	isb();
}

/* Stage 1 of that type and shareability, stage 2 with MemAttr and shareability. */
static void set(enum type s1, u32 sh1, u32 mem_attr, u32 sh2)
{
	*stage1 = (*stage1 & ~(ATTRINDX(7) | SH(3))) | ATTRINDX(indexes[s1]) | SH(sh1);
	*stage2 = (*stage2 & ~(S2_MEMATTR(15) | SH(3))) | S2_MEMATTR(mem_attr) | SH(sh2);
	stage2_flush();
}

TEST(both_types,
     "of the memory types of both stages the stricter one holds: Device before Normal, uncached before cached",
     SPEC("DDI 0487, D8.6, combining stage 1 and stage 2 memory type attributes; D24.2, PAR_EL1.ATTR"))
{
	struct space *space = start();

	for (u32 s1 = NGNRNE; s1 <= WB; s1++)
		for (u32 s2 = NGNRNE; s2 <= WB; s2++) {
			enum type expected = (enum type)MIN(s1, s2);
			u64 par;

			SUBTEST("s1-%s-s2-%s", names[s1], names[s2]);
			set((enum type)s1, 3, mem_attrs[s2], 3);
			par = par_of(space, 0);
			EXPECT_EQ(par & PAR_F, 0);
			/* Of Device types, a stricter one may be what the CPU makes of it. */
			if (expected <= GRE)
				EXPECT_LE(type_of(par), expected);
			else
				EXPECT_EQ(type_of(par), expected);
			EXPECT_EQ(PAR_SH(par), expected <= NC ? OUTER : 3);
		}
	finish();
}

TEST(both_shareabilities, "of the shareabilities of both stages the wider one holds",
     SPEC("DDI 0487, D8.6, combining stage 1 and stage 2 shareability attributes; D24.2, PAR_EL1.SH"))
{
	static const u8 domains[] = { 0, 3, 2 }; /* none, inner, outer */
	struct space *space = start();

	for (u32 s1 = 0; s1 < 3; s1++)
		for (u32 s2 = 0; s2 < 3; s2++) {
			SUBTEST("s1-%u-s2-%u", s1, s2);
			set(WB, domains[s1], 15, domains[s2]);
			EXPECT_EQ(PAR_SH(par_of(space, 0)), domains[MAX(s1, s2)]);
		}
	finish();
}

static bool has_fwb(void)
{
	return read_sys(ID_AA64MMFR2) >> 40 & 0xf;
}

TEST(forced_types,
     "with HCR_EL2.FWB, MemAttr forces Write-Back, Non-cacheable or a Device type, or leaves stage 1's",
     SPEC("DDI 0487, D8.6, stage 2 memory type and Cacheability attributes when FEAT_S2FWB is enabled"),
	  REQUIRES(has_fwb()))
{
	/* Of MemAttr[2:0]; what it makes of Normal memory and of Device-nGnRE. */
	static const struct {
		const char *name;
		u32 mem_attr;
		enum type wb, nc, device;
	} rows[] = {
		{ "ngnrne", 0, NGNRNE, NGNRNE, NGNRNE },
		{ "ngnre", 1, NGNRE, NGNRE, NGNRE },
		{ "ngre", 2, NGRE, NGRE, NGNRE },
		{ "gre", 3, GRE, GRE, NGNRE },
		{ "nc", 5, NC, NC, NGNRE },
		{ "wb", 6, WB, WB, WB },
		{ "stage-1", 7, WB, NC, NGNRE },
	};
	struct space *space = start();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set(WB, 3, rows[i].mem_attr, 3);
		EXPECT_EQ(type_of(par_of(space, HCR_FWB)), rows[i].wb);
		set(NC, 3, rows[i].mem_attr, 3);
		EXPECT_EQ(type_of(par_of(space, HCR_FWB)), rows[i].nc);
		/* What is Device in both is left to another case: which of the two types holds. */
		if (rows[i].mem_attr < 4 && rows[i].device == NGNRE && rows[i].mem_attr != 1)
			continue;
		set(NGNRE, 3, rows[i].mem_attr, 3);
		EXPECT_EQ(type_of(par_of(space, HCR_FWB)), rows[i].device);
	}
	finish();
}

TEST(walk_fault_in_par,
     "AT S12E1R whose walk stage 2 refuses says so: S and PTW, and the status of stage 2",
     SPEC("DDI 0487, D24.2, PAR_EL1.PTW, S, FST"))
{
	for (u32 level = 0; level < 2; level++) {
		struct space *space = start();
		u64 table = *space_entry_at(space_kernel(), VA, level + 1) & PTE_ADDRESS, par;

		SUBTEST("table-of-level-%u", 3 - level);
		*space_entry_at(space, table, 0) = 0;
		stage2_flush();
		par = par_of(space, 0);
		EXPECT_EQ(par & PAR_F, PAR_F);
		EXPECT_EQ(par & (PAR_S | PAR_PTW), PAR_S | PAR_PTW);
		EXPECT_EQ(par >> 1 & 0x3f, FSC_TRANSLATION(3));
		finish();
	}
}
