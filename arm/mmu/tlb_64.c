/* SPDX-License-Identifier: MIT */
/* TLB invalidation in every form, and ASIDs. */
#include <test.h>

#include <arm/access.h>
#include <arm/granule.h>
#include <mm/page.h>
#include <sys/cpu.h>

#include "raw.h"
#include "stage1.h"

SUITE("TLB maintenance and ASIDs");

#define DSB 0xd5033f9fu
#define ISB 0xd5033fdfu

enum tlb_operand { NOTHING, BY_VA, BY_ASID, BY_RANGE };

#define TLB_OS	  1
#define TLB_RANGE 2

static const struct form {
	const char *name;
	u32 crm, op2;
	enum tlb_operand operand;
	u32 needs; /* of ID_AA64ISAR0_EL1.TLB */
	bool broadcast;
} forms[] = {
	{ "vmalle1", 7, 0, NOTHING, 0, false },
	{ "vae1", 7, 1, BY_VA, 0, false },
	{ "aside1", 7, 2, BY_ASID, 0, false },
	{ "vaae1", 7, 3, BY_VA, 0, false },
	{ "vale1", 7, 5, BY_VA, 0, false },
	{ "vaale1", 7, 7, BY_VA, 0, false },
	{ "vmalle1is", 3, 0, NOTHING, 0, true },
	{ "vae1is", 3, 1, BY_VA, 0, true },
	{ "aside1is", 3, 2, BY_ASID, 0, true },
	{ "vaae1is", 3, 3, BY_VA, 0, true },
	{ "vale1is", 3, 5, BY_VA, 0, true },
	{ "vaale1is", 3, 7, BY_VA, 0, true },
	{ "vmalle1os", 1, 0, NOTHING, TLB_OS, true },
	{ "vae1os", 1, 1, BY_VA, TLB_OS, true },
	{ "aside1os", 1, 2, BY_ASID, TLB_OS, true },
	{ "vaae1os", 1, 3, BY_VA, TLB_OS, true },
	{ "vale1os", 1, 5, BY_VA, TLB_OS, true },
	{ "vaale1os", 1, 7, BY_VA, TLB_OS, true },
	{ "rvae1", 6, 1, BY_RANGE, TLB_RANGE, false },
	{ "rvaae1", 6, 3, BY_RANGE, TLB_RANGE, false },
	{ "rvale1", 6, 5, BY_RANGE, TLB_RANGE, false },
	{ "rvaale1", 6, 7, BY_RANGE, TLB_RANGE, false },
	{ "rvae1is", 2, 1, BY_RANGE, TLB_RANGE, true },
	{ "rvaae1is", 2, 3, BY_RANGE, TLB_RANGE, true },
	{ "rvale1is", 2, 5, BY_RANGE, TLB_RANGE, true },
	{ "rvaale1is", 2, 7, BY_RANGE, TLB_RANGE, true },
	{ "rvae1os", 5, 1, BY_RANGE, TLB_RANGE, true },
	{ "rvaae1os", 5, 3, BY_RANGE, TLB_RANGE, true },
	{ "rvale1os", 5, 5, BY_RANGE, TLB_RANGE, true },
	{ "rvaale1os", 5, 7, BY_RANGE, TLB_RANGE, true },
};

static bool has(const struct form *form)
{
	return (read_sys(ID_AA64ISAR0) >> 56 & 0xf) >= form->needs;
}

/* Pages of a range: (NUM + 1) * 2 ^ (5 * SCALE + 1). */
static u64 operand(const struct form *form, ulong va, u64 asid, u32 scale, u32 num)
{
	switch (form->operand) {
	case BY_VA:
		return asid << 48 | (va >> 12 & BITS(43, 0));
	case BY_ASID:
		return asid << 48;
	case BY_RANGE:
		return asid << 48 | 1ull << 46 | (u64)scale << 44 | (u64)num << 39 |
		       (va >> 12 & BITS(36, 0));
	default:
		return 0;
	}
}

static void invalidate(const struct form *form, u64 value)
{
	const u32 code[] = { DSB, 0xd5088001u | form->crm << 8 | form->op2 << 5, DSB, ISB };
	struct arm_registers r = { .x = { 0, value } };

	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, ARRAY_SIZE(code), &r));
}

#define ASID 0x42ull

static u64 kernel_ttbr0;

static void use_asid(u64 asid)
{
	write_sys(TTBR0, kernel_ttbr0 | asid << 48);
	isb();
}

TEST(tlbi_forms, "after each form of TLBI, and DSB, what was removed from the tables is gone",
     SPEC("DDI 0487, D8.17, TLB maintenance; C5.5, TLBI VAE1 and others"))
{
	/* Pages in a row, for ranges. */
	const u32 count = 4;
	u32 *pages = pages_alloc(count, PAGE_SIZE);
	pte_t *entries[4], values[4];

	kernel_ttbr0 = read_sys(TTBR0);
	space_map(space_kernel(), STAGE1_VA, (ulong)pages, count * PAGE_SIZE,
		  PROT_USER | PROT_WRITE);
	for (u32 p = 0; p < count; p++) {
		entries[p] = space_entry_at(space_kernel(), STAGE1_VA + p * PAGE_SIZE, 0);
		*entries[p] |= PTE_NG;
		values[p] = *entries[p];
	}
	stage1_registers();
	use_asid(ASID);
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		u32 pages_of_form = form->operand == BY_VA ? 1 : count;

		SUBTEST("%s", form->name);
		if (!has(form)) {
			struct arm_registers r = { 0 };
			const u32 code[] = { 0xd5088001u | form->crm << 8 | form->op2 << 5 };

			EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL1, code, 1, &r));
			continue;
		}
		for (u32 p = 0; p < count; p++) {
			*entries[p] = values[p];
			dsb();
			EXPECT_NO_FAULT(
				stage1_access(ARM_EL0, STAGE1_READ, STAGE1_VA + p * PAGE_SIZE, 0));
			EXPECT_NO_FAULT(
				stage1_access(ARM_EL1, STAGE1_WRITE, STAGE1_VA + p * PAGE_SIZE, 0));
		}
		for (u32 p = 0; p < pages_of_form; p++)
			*entries[p] = 0;
		/* NUM = 1, SCALE = 0: four pages. */
		invalidate(form, operand(form, STAGE1_VA, ASID, 0, 1));
		for (u32 p = 0; p < pages_of_form; p++)
			for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
				ulong va = STAGE1_VA + p * PAGE_SIZE;

				EXPECT_FAULT(stage1_abort((enum arm_el)el, STAGE1_READ, va,
							  FSC_TRANSLATION(3)),
					     stage1_access((enum arm_el)el, STAGE1_READ, va, 0),
					     "EL%u page %u", el, p);
			}
		arch_tlb_flush_all();
	}
	use_asid(0);
}

TEST(tlbi_ranges, "a range covers (NUM + 1) * 2 ^ (5 * SCALE + 1) pages",
     SPEC("DDI 0487, C5.5, TLBI RVAE1; D8.17"),
	  REQUIRES((read_sys(ID_AA64ISAR0) >> 56 & 0xf) >= TLB_RANGE))
{
	const struct form *form = &forms[18];
	ulong first = STAGE1_VA;

	stage1_registers();
	for (u32 scale = 0; scale < 4; scale++)
		for (u32 num = 0; num < 32; num += num < 2 ? 1 : 15) {
			u64 pages = (num + 1ull) << (5 * scale + 1);
			ulong last = first + (pages - 1) * PAGE_SIZE;
			void *page = page_alloc();

			SUBTEST("scale-%u-num-%u", scale, num);
			space_map(space_kernel(), first, (ulong)page, PAGE_SIZE, PROT_USER);
			space_map(space_kernel(), last, (ulong)page, PAGE_SIZE, PROT_USER);
			EXPECT_NO_FAULT(stage1_access(ARM_EL0, STAGE1_READ, first, 0));
			EXPECT_NO_FAULT(stage1_access(ARM_EL0, STAGE1_READ, last, 0));
			*space_entry_at(space_kernel(), first, 0) = 0;
			*space_entry_at(space_kernel(), last, 0) = 0;
			invalidate(form, operand(form, first, 0, scale, num));
			EXPECT_FAULT(stage1_abort(ARM_EL0, STAGE1_READ, first, FSC_TRANSLATION(3)),
				     stage1_access(ARM_EL0, STAGE1_READ, first, 0));
			EXPECT_FAULT(stage1_abort(ARM_EL0, STAGE1_READ, last, FSC_TRANSLATION(3)),
				     stage1_access(ARM_EL0, STAGE1_READ, last, 0));
			arch_tlb_flush_all();
		}
}

static struct fault other_fault;

static void read_there(void *address)
{
	other_fault = fault_of(access_read, address);
}

TEST(tlbi_broadcast, "the forms that are broadcast reach other CPUs",
     SPEC("DDI 0487, D8.17, scope of TLB maintenance; C5.5, TLBI VAE1IS and others"),
	  REQUIRES(cpu_count() > 1))
{
	u32 *page = page_alloc();
	pte_t *entry, value;
	u32 other = this_cpu()->number ? 0 : 1;

	space_map(space_kernel(), STAGE1_VA, (ulong)page, PAGE_SIZE, PROT_USER | PROT_WRITE);
	entry = space_entry_at(space_kernel(), STAGE1_VA, 0);
	/* Not global: so that a form by ASID is about it, which is 0 on both CPUs. */
	*entry |= PTE_NG;
	value = *entry;
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];

		if (!form->broadcast || !has(form))
			continue;
		SUBTEST("%s", form->name);
		*entry = value;
		arch_tlb_flush_all();
		run_on_cpu(other, read_there, (void *)STAGE1_VA);
		EXPECT_NO_FAULT(other_fault);
		*entry = 0;
		invalidate(form, operand(form, STAGE1_VA, 0, 0, 0));
		run_on_cpu(other, read_there, (void *)STAGE1_VA);
		EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(3), STAGE1_VA), other_fault);
	}
}

TEST(asid_switch,
     "with another ASID and other tables, without TLBI, pages that are not global are those of the new tables",
     SPEC("DDI 0487, D8.16, ASIDs; D24.2, TTBR0_EL1.ASID, TCR_EL1.A1, AS"))
{
	struct space *spaces[3];
	u32 *pages[3];

	for (u32 i = 0; i < 3; i++) {
		pages[i] = page_alloc();
		pages[i][0] = 100 + i;
		spaces[i] = space_create();
		space_map(spaces[i], STAGE1_VA, (ulong)pages[i], PAGE_SIZE, PROT_USER | PROT_WRITE);
		*space_entry(spaces[i], STAGE1_VA, NULL) |= PTE_NG;
	}
	dsb();
	for (u32 a1 = 0; a1 < 2; a1++) {
		SUBTEST("a1-%u", a1);
		translation_set(read_sys(TTBR0), (read_sys(TCR) & ~BIT(22)) | (u64)a1 << 22);
		for (u32 round = 0; round < 12; round++) {
			u32 i = (round * 5 + round / 3) % 3;
			u64 asid = (u64)(i + 1) << (48 + 2 * i);

			/* With A1, the ASID is TTBR1_EL1's. */
			write_sys(TTBR0, (ulong)spaces[i]->root | (a1 ? 0 : asid));
			if (a1)
				write_sys(TTBR1, asid);
			isb();
			EXPECT_EQ(READ_ONCE(*(u32 *)STAGE1_VA), 100 + i, "round %u", round);
			EXPECT_EQ((a1 ? read_sys(TTBR1) : read_sys(TTBR0)) >> 48, asid >> 48);
		}
	}
	write_sys(TTBR1, 0);
	translation_set((ulong)kernel_root, read_sys(TCR) & ~BIT(22));
	arch_tlb_flush_all();
}
