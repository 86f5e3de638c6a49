/* SPDX-License-Identifier: MIT */
/* TLB maintenance by a host at EL2: the instructions for EL1 are about the EL2&0 translation regime. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>

#include "trap.h"
#include "vhe.h"

SUITE("TLB maintenance by a host", REQUIRES(el2_is_there()), REQUIRES(has_vhe()));

#define VA 0x345000000000ul

/* TLBI of x4. */
static const struct {
	const char *name;
	u32 insn;
} forms[] = {
	{ "vmalle1", 0xd508871f },  { "vmalle1is", 0xd508831f }, { "vae1", 0xd5088724 },
	{ "vae1is", 0xd5088324 },   { "vaae1", 0xd5088764 },	 { "vaae1is", 0xd5088364 },
	{ "vale1", 0xd50887a4 },    { "vale1is", 0xd50883a4 },	 { "vaale1", 0xd50887e4 },
	{ "vaale1is", 0xd50883e4 }, { "vae2", 0xd50c8724 },	 { "vae2is", 0xd50c8324 },
	{ "alle2", 0xd50c871f },    { "alle2is", 0xd50c831f },
};

TEST(host_tlbi,
     "with E2H and TGE, TLBI VAE1IS and the like of EL2 forget what EL2's tables no longer have",
     SPEC("DDI 0487, C5.5, TLBI VAE1IS and others: EL2&0 translation regime; D8.13.1"))
{
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const u32 code[] = {
			0xf9400001,			       /* ldr x1, [x0] */
			0xf900005f,			       /* str xzr, [x2] */
			0xd5033b9f,			       /* dsb ish */
			forms[i].insn, 0xd5033b9f, 0xd5033fdf, /* isb */
			0xf9000043,			       /* str x3, [x2] */
			0xd5033b9f,    0xd5033fdf, 0xf9400005, /* ldr x5, [x0] */
		};
		u64 *pages[2] = { page_alloc(), page_alloc() };
		struct arm_registers r = { 0 };
		struct el2_exit exit;
		pte_t *entry;

		SUBTEST("%s", forms[i].name);
		pages[0][0] = 0x1111;
		pages[1][0] = 0x2222;
		space_map(space_kernel(), VA, (ulong)pages[0], PAGE_SIZE, PROT_WRITE);
		entry = space_entry(space_kernel(), VA, NULL);
		r.x[0] = VA;
		r.x[2] = (ulong)entry;
		r.x[3] = (*entry & ~PTE_ADDRESS) | (ulong)pages[1];
		r.x[4] = VA >> 12 | (read_sys(TTBR0) & BITS(63, 48));
		EXPECT_NO_FAULT(run_vhe(HCR_TGE, ARM_EL2, code, ARRAY_SIZE(code), &r, &exit));
		EXPECT_EQ(r.x[1], 0x1111);
		EXPECT_EQ(r.x[5], 0x2222);
		space_unmap(space_kernel(), VA, PAGE_SIZE);
	}
}
