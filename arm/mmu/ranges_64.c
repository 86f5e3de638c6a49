/* SPDX-License-Identifier: MIT */
/* The two halves of the address space: their sizes, granules, tags, and what switches them off. */
#include <test.h>

#include <arm/granule.h>
#include <mm/page.h>

#include "raw.h"
#include "stage1.h"

SUITE("Address ranges");

#define LEAF(page) ((ulong)(page) | PTE_VALID | PTE_TABLE | PTE_AF | PTE_USER | PTE_SH_INNER)

#define TCR_EPD1  BIT(23)
#define TCR_TBI0  BIT(37)
#define TCR_TBI1  BIT(38)
#define TCR_HPD1  BIT(42)
#define TCR_E0PD1 BIT(56)

static const struct {
	const char *name;
	u32 granule;
} granules[] = { { "4k", GRANULE_4K }, { "16k", GRANULE_16K }, { "64k", GRANULE_64K } };

/* A granule's worth of memory that ends code run in it, with its number in the first word. */
static u32 *granule_page(u32 granule, u32 number)
{
	u32 *page = pages_alloc(BIT(granule) / PAGE_SIZE, BIT(granule));

	for (u32 i = 0; i < BIT(granule) / 4; i++)
		page[i] = EXECUTE_END;
	page[1] = number;
	sync_code(page, BIT(granule));
	return page;
}

static void expect_access(ulong va, u32 status)
{
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++)
		for (u32 access = STAGE1_READ; access <= STAGE1_WRITE; access++)
			EXPECT_FAULT(status == ~0u
					     ? NO_FAULT
					     : stage1_abort((enum arm_el)el, access, va, status),
				     stage1_access((enum arm_el)el, access, va, 0),
				     "EL%u, access %u, %#lx", el, access, va);
}

static void check_size(struct raw_shape shape)
{
	pte_t *root = raw_table(shape);
	u64 size = BIT(shape.bits), granule = BIT(shape.granule);
	ulong first = -(ulong)size, last = -(ulong)granule, middle = first + (ulong)size / 2;
	u32 *pages[] = { granule_page(shape.granule, 1), granule_page(shape.granule, 2),
			 granule_page(shape.granule, 3) };

	*raw_entry(root, shape, first, 3) = LEAF(pages[0]);
	*raw_entry(root, shape, middle, 3) = LEAF(pages[1]);
	*raw_entry(root, shape, last, 3) = LEAF(pages[2]);
	stage1_registers();
	raw_begin(root, raw_tcr(shape));
	EXPECT_EQ(((u32 *)first)[1], 1);
	EXPECT_EQ(((u32 *)middle)[1], 2);
	EXPECT_EQ(((u32 *)last)[1], 3);
	expect_access(first, ~0u);
	expect_access(last + granule - 4, ~0u);
	expect_access(first + granule, FSC_TRANSLATION(3));
	expect_access(last - 8, FSC_TRANSLATION(3));
	/* Outside, in the hole between the halves. */
	expect_access(first - 4, FSC_TRANSLATION(0));
	expect_access(BIT(63), FSC_TRANSLATION(0));
	expect_access(BIT(55) | (first & BITS(54, 0)), FSC_TRANSLATION(0));
	raw_end();
}

TEST(upper_sizes,
     "TTBR1_EL1 has 2 to the power of 64 - T1SZ bytes, up to the top, and translations begin at the level for that",
     SPEC("DDI 0487, D8.2.4 to D8.2.8, sizes and initial lookup levels; D24.2, TCR_EL1.T1SZ, TG1"))
{
	for (u32 g = 0; g < ARRAY_SIZE(granules); g++) {
		if (!has_granule(granules[g].granule))
			continue;
		for (u32 t1sz = 16; t1sz <= 39; t1sz++) {
			SUBTEST("%s-t1sz-%u", granules[g].name, t1sz);
			check_size((struct raw_shape){ granules[g].granule, 64 - t1sz });
		}
	}
}

TEST(upper_disabled, "with EPD1, and with E0PD1 at EL0, nothing in the upper half is translated",
     SPEC("DDI 0487, D24.2, TCR_EL1.EPD1, E0PD1; D8.2"))
{
	const struct raw_shape shape = { GRANULE_4K, 48 };
	pte_t *root = raw_table(shape);
	ulong va = -(ulong)PAGE_SIZE;

	*raw_entry(root, shape, va, 3) = LEAF(granule_page(GRANULE_4K, 1));
	stage1_registers();
	SUBTEST("epd1");
	raw_begin(root, raw_tcr(shape) | TCR_EPD1);
	expect_access(va, FSC_TRANSLATION(0));
	raw_end();
	SUBTEST("e0pd1");
	if (!(read_sys(ID_AA64MMFR2) >> 60)) {
		SKIP_ROW("no FEAT_E0PD");
		return;
	}
	raw_begin(root, raw_tcr(shape) | TCR_E0PD1);
	EXPECT_NO_FAULT(stage1_access(ARM_EL1, STAGE1_READ, va, 0));
	EXPECT_FAULT(stage1_abort(ARM_EL0, STAGE1_READ, va, FSC_TRANSLATION(0)),
		     stage1_access(ARM_EL0, STAGE1_READ, va, 0));
	EXPECT_FAULT(stage1_abort(ARM_EL0, STAGE1_FETCH, va, FSC_TRANSLATION(0)),
		     stage1_access(ARM_EL0, STAGE1_FETCH, va, 0));
	raw_end();
}

TEST(top_byte,
     "with TBI, bits 63-56 of an address are ignored, and of a branch's target too; without, they have to be right",
     SPEC("DDI 0487, D8.8, Address tagging; D24.2, TCR_EL1.TBI0, TBI1"))
{
	const struct raw_shape shape = { GRANULE_4K, 48 };
	pte_t *root = raw_table(shape);
	ulong upper = -(ulong)PAGE_SIZE, lower = STAGE1_VA;
	const u32 blr[] = { 0xd61f0000 }; /* BR x0 */

	*raw_entry(root, shape, upper, 3) = LEAF(granule_page(GRANULE_4K, 1));
	space_map(space_kernel(), lower, (ulong)stage1_page(), PAGE_SIZE, PROT_ALL);
	stage1_registers();
	for (u32 tbi = 0; tbi < 4; tbi++) {
		SUBTEST("tbi0-%u-tbi1-%u", tbi & 1, tbi >> 1);
		raw_begin(root,
			  raw_tcr(shape) | (tbi & 1 ? TCR_TBI0 : 0) | (tbi & 2 ? TCR_TBI1 : 0));
		for (u64 tag = 1; tag < 256; tag <<= 1) {
			ulong low = lower | tag << 56, high = upper ^ tag << 56;

			expect_access(low, tbi & 1 ? ~0u : FSC_TRANSLATION(0));
			expect_access(high, tbi & 2 ? ~0u : FSC_TRANSLATION(0));
		}
		expect_access(lower, ~0u);
		expect_access(upper, ~0u);
		raw_end();
	}
	SUBTEST("branch");
	raw_begin(root, raw_tcr(shape) | TCR_TBI0);
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		/* EL1 may not execute what EL0 may write. */
		struct arm_registers r = { .x = { lower | 0xa5ull << 56 } };
		struct fault fault = arm_execute((enum arm_el)el, blr, 1, &r);

		EXPECT_FAULT(el ? INSTRUCTION_ABORT(FSC_PERMISSION(3), lower) : NO_FAULT, fault);
		EXPECT_EQ(r.pc, lower, "EL%u", el);
	}
	raw_end();
	SUBTEST("exception-return");
	for (u32 tbi = 0; tbi < 2; tbi++) {
		const u32 adr[] = { 0x10000001 /* ADR x1, . */ };
		ulong at = arm_code(adr, 1), tagged = at | 0xa5ull << 56;
		struct arm_registers r = { 0 };
		struct fault fault;

		raw_begin(root, raw_tcr(shape) | (tbi ? TCR_TBI0 : 0));
		fault = arm_run(ARM_EL0, tagged, &r);
		raw_end();
		EXPECT_FAULT(tbi ? NO_FAULT : INSTRUCTION_ABORT_LOWER(FSC_TRANSLATION(0), tagged),
			     fault);
		EXPECT_EQ(r.x[1], tbi ? at : 0);
	}
}

TEST(hierarchy_disabled, "with HPD1, APTable, UXNTable and PXNTable are ignored",
     SPEC("DDI 0487, D8.4.3; D24.2, TCR_EL1.HPD1"),
	  REQUIRES((read_sys(ID_AA64MMFR1) >> 12 & 0xf) != 0))
{
	const struct raw_shape shape = { GRANULE_4K, 48 };
	pte_t *root = raw_table(shape);
	ulong va = -(ulong)PAGE_SIZE;

	*raw_entry(root, shape, va, 3) = LEAF(granule_page(GRANULE_4K, 1));
	*raw_entry(root, shape, va, 2) |= TABLE_NO_EL0 | TABLE_RO | TABLE_UXN | TABLE_PXN;
	stage1_registers();
	raw_begin(root, raw_tcr(shape));
	EXPECT_FAULT(stage1_abort(ARM_EL0, STAGE1_READ, va, FSC_PERMISSION(3)),
		     stage1_access(ARM_EL0, STAGE1_READ, va, 0));
	EXPECT_FAULT(stage1_abort(ARM_EL0, STAGE1_FETCH, va, FSC_PERMISSION(3)),
		     stage1_access(ARM_EL0, STAGE1_FETCH, va, 0));
	raw_end();
	raw_begin(root, raw_tcr(shape) | TCR_HPD1);
	expect_access(va, ~0u);
	EXPECT_NO_FAULT(stage1_access(ARM_EL0, STAGE1_FETCH, va, 0));
	raw_end();
}

/* TCR_EL1.IPS: bits of physical address by its value. */
static const u8 ips_bits[] = { 32, 36, 40, 42, 44, 48 };

TEST(address_size,
     "an output address beyond TCR_EL1.IPS is an address size fault of the level that has it",
     SPEC("DDI 0487, D8.1.7, D8.15, Address size fault; D24.2, TCR_EL1.IPS"))
{
	const struct raw_shape shape = { GRANULE_4K, 48 };
	u64 range = read_sys(ID_AA64MMFR0) & 15;
	ulong va = -(ulong)PAGE_SIZE;

	stage1_registers();
	for (u32 ips = 0; ips < ARRAY_SIZE(ips_bits) && ips <= range; ips++)
		for (u32 level = 0; level <= 3; level++) {
			pte_t *root = raw_table(shape), *entry;
			u64 tcr = (raw_tcr(shape) & ~BITS(34, 32)) | (u64)ips << 32;

			if (ips_bits[ips] == 48)
				continue;
			SUBTEST("ips-%u-level-%u", ips, level);
			*raw_entry(root, shape, va, 3) = LEAF(granule_page(GRANULE_4K, 1));
			entry = raw_entry(root, shape, va, level);
			raw_begin(root, tcr);
			expect_access(va, ~0u);
			*entry |= BIT(ips_bits[ips]);
			arch_tlb_flush_all();
			expect_access(va, FSC_ADDRESS_SIZE(level));
			*entry = (*entry & ~BIT(ips_bits[ips])) | BIT(47);
			arch_tlb_flush_all();
			expect_access(va, FSC_ADDRESS_SIZE(level));
			raw_end();
		}
	SUBTEST("ttbr1");
	raw_begin(raw_table(shape), raw_tcr(shape) & ~BITS(34, 32));
	write_sys(TTBR1, BIT(40));
	isb();
	arch_tlb_flush_all();
	expect_access(va, FSC_ADDRESS_SIZE(0));
	raw_end();
}

#define TCR_HA BIT(39)
#define TCR_HD BIT(40)

TEST(hardware_flags,
     "with HA, an access sets AF; with HD and DBM, a write makes a read-only page writable; nothing else changes an entry",
     SPEC("DDI 0487, D8.5, Hardware updates of the translation tables"),
	  REQUIRES((read_sys(ID_AA64MMFR1) & 0xf) >= 1))
{
	const struct raw_shape shape = { GRANULE_4K, 48 };
	bool has_dirty = (read_sys(ID_AA64MMFR1) & 0xf) >= 2;
	ulong va = -(ulong)PAGE_SIZE;
	pte_t *root = raw_table(shape), *entry = raw_entry(root, shape, va, 3), start;
	u32 *page = granule_page(GRANULE_4K, 1);

	stage1_registers();
	for (u32 i = 0; i < 64; i++) {
		bool ha = i & 1, hd = i & 2, dbm = i & 4, af = i & 8, read_only = i & 16,
		     write = i & 32;
		bool set = !af && ha, allowed = (af || ha);
		bool cleaned = allowed && ha && hd && dbm && read_only && write;
		u32 status = !allowed			      ? FSC_ACCESS_FLAG(3)
			     : write && read_only && !cleaned ? FSC_PERMISSION(3)
							      : ~0u;
		enum stage1_access access = write ? STAGE1_WRITE : STAGE1_READ;

		if (hd && (!has_dirty || !ha))
			continue;
		SUBTEST("ha-%u-hd-%u-dbm-%u-af-%u-ro-%u-write-%u", ha, hd, dbm, af, read_only,
			write);
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			start = (LEAF(page) & ~PTE_AF) | (af ? PTE_AF : 0) | (dbm ? PTE_DBM : 0) |
				(read_only ? PTE_RO : 0);
			*entry = start;
			raw_begin(root, raw_tcr(shape) | (ha ? TCR_HA : 0) | (hd ? TCR_HD : 0));
			EXPECT_FAULT(status == ~0u
					     ? NO_FAULT
					     : stage1_abort((enum arm_el)el, access, va, status),
				     stage1_access((enum arm_el)el, access, va, 0), "EL%u", el);
			raw_end();
			/* AF may be set by an access that then fails. */
			if (status == FSC_PERMISSION(3))
				EXPECT_EQ(*entry | PTE_AF, start | PTE_AF, "EL%u", el);
			else
				EXPECT_EQ(*entry,
					  (start | (set ? PTE_AF : 0)) & ~(cleaned ? PTE_RO : 0),
					  "EL%u", el);
		}
	}
}
