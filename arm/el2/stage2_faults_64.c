/* SPDX-License-Identifier: MIT */
/* Stage 2: what is translated, what is refused, and what EL2 is told of it. */
#include <test.h>

#include <arm/access.h>
#include <mm/page.h>

#include "stage2.h"
#include "trap.h"

SUITE("Stage 2", REQUIRES(el2_is_there()));

#define LDR_X1 0xf9400001u
#define STR_X1 0xf9000001u
#define BR_X0  0xd61f0000u
#define RET    0xd65f03c0u

#define VA  0xc0000000ul
#define IPA 0x1234567000ull /* 72 GiB and more: no memory there, and below 2^39 */

static const struct access_kind {
	const char *name;
	u32 insn;
	bool write, fetch;
} accesses[] = {
	{ "read", LDR_X1, false, false },
	{ "write", STR_X1, true, false },
	{ "fetch", BR_X0, false, true },
};

/* The abort of this access, from a lower level to EL2. */
static struct fault abort_of(const struct access_kind *a, u32 status, ulong address)
{
	status |= a->write ? ABORT_WRITE : 0;
	return a->fetch ? INSTRUCTION_ABORT_LOWER(status, address)
			: DATA_ABORT_LOWER(status, address);
}

/* Runs the access and compares what all aborts have. */
static void expect_abort(const struct space *space, enum arm_el el, const struct access_kind *a,
			 u32 status, ulong address, u64 ipa)
{
	struct arm_registers r = { .x = { 0, 0x1111 } };
	struct el2_exit exit;
	struct fault fault = stage2_run(space, el, a->insn, address, &r, &exit);

	fault.code &= ABORT_BITS;
	EXPECT_FAULT(abort_of(a, status, address), fault, "%s at EL%u", a->name, el);
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(r.vector, VECTOR_FROM_EL0 + VECTOR_SYNC);
	EXPECT_EQ(r.x[1], 0x1111);
	if (ipa != ~0ull)
		EXPECT_EQ(exit.hpfar, hpfar_of(ipa), "%s at EL%u", a->name, el);
	if (a->fetch)
		EXPECT_EQ(r.pc, address);
}

TEST(s2_translates,
     "stage 2 takes the address of stage 1 to that of a page or block, at each level",
     SPEC("DDI 0487, D8.2, stage 2 translation; D8.3"))
{
	struct space *space = stage2_create();
	/* A page at the same offset in its 2 MiB and 1 GiB as the IPA cannot be had: the IPA follows the page. */
	u64 *page = page_alloc();

	for (u32 level = 0; level < 3; level++)
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			u64 size = space_size_at(space, level), ipa = 72 * GiB + (ulong)page % GiB;
			struct arm_registers r = { 0 };
			struct el2_exit exit;

			SUBTEST("level-%u-el%u", 3 - level, el);
			page[1] = 0x1122334455667788 + level;
			space_map_page(space, ALIGN_DOWN(ipa, size), ALIGN_DOWN((ulong)page, size),
				       level, PROT_WRITE);
			stage2_map_va(VA, ipa, PROT_WRITE | PROT_USER);
			EXPECT_NO_FAULT(
				stage2_run(space, (enum arm_el)el, LDR_X1, VA + 8, &r, &exit));
			EXPECT_EQ(r.x[1], page[1]);
			r.x[1] = 0xabcdef;
			EXPECT_NO_FAULT(
				stage2_run(space, (enum arm_el)el, STR_X1, VA + 16, &r, &exit));
			EXPECT_EQ(READ_ONCE(page[2]), 0xabcdef);
		}
}

TEST(s2_translation_fault,
     "an address that stage 2 does not map is a translation fault of its level, with HPFAR_EL2",
     SPEC("DDI 0487, D8.15, MMU faults; D24.2, HPFAR_EL2, ESR_EL2"))
{
	for (u32 level = 0; level < 3; level++)
		for (u32 i = 0; i < 2 * ARRAY_SIZE(accesses); i++) {
			const struct access_kind *a = &accesses[i / 2];
			struct space *space = stage2_create();

			SUBTEST("level-%u-%s-el%u", 3 - level, a->name, i & 1);
			*space_entry_at(space, IPA, level) = 0;
			stage2_map_va(VA, IPA, (a->fetch ? PROT_EXEC : PROT_WRITE) | PROT_USER);
			expect_abort(space, (enum arm_el)(i & 1), a, FSC_TRANSLATION(3 - level),
				     VA + 0x340, IPA);
		}
}

TEST(s2_beyond_size, "an address beyond what VTCR_EL2.T0SZ has is a translation fault of level 0",
     SPEC("DDI 0487, D8.2, input address size of stage 2; D8.15"))
{
	struct space *space = stage2_create();

	if ((read_sys(ID_AA64MMFR0) & 15) < 2)
		SKIP("PARange has no more than 36 bits");
	for (u32 i = 0; i < 2 * ARRAY_SIZE(accesses); i++) {
		const struct access_kind *a = &accesses[i / 2];

		SUBTEST("%s-el%u", a->name, i & 1);
		stage2_map_va(VA, 1ull << 39, (a->fetch ? PROT_EXEC : PROT_WRITE) | PROT_USER);
		expect_abort(space, (enum arm_el)(i & 1), a, FSC_TRANSLATION(0), VA, 1ull << 39);
	}
}

TEST(s2_address_size, "an output address beyond VTCR_EL2.PS is an address size fault of its level",
     SPEC("DDI 0487, D8.15, Address size fault; D24.2, VTCR_EL2.PS"))
{
	for (u32 level = 0; level < 3; level++) {
		struct space *space = stage2_create();
		struct el2_setting settings[3];
		struct arm_registers r = { .x = { VA } };
		struct el2_exit exit = { 0 };
		const u32 code[] = { LDR_X1 };
		struct fault fault;

		SUBTEST("level-%u", 3 - level);
		*space_entry_at(space, IPA, level) =
			page_alloc() ? stage2_format.page(1ull << 40, level, PROT_WRITE) : 0;
		stage2_map_va(VA, IPA, PROT_WRITE | PROT_USER);
		stage2_settings(settings, space, 1, 0);
		/* 40 bits. */
		settings[0].value = (settings[0].value & ~BITS(18, 16)) | 2ull << 16;
		fault = el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit);
		fault.code &= ABORT_BITS;
		EXPECT_FAULT(DATA_ABORT_LOWER(FSC_ADDRESS_SIZE(3 - level), VA), fault);
		EXPECT_EQ(exit.level, 2);
	}
}

TEST(s2_access_flag,
     "a descriptor of stage 2 without AF is an access flag fault of its level, with HPFAR_EL2",
     SPEC("DDI 0487, D8.5, the Access flag; D24.2, HPFAR_EL2"))
{
	for (u32 level = 0; level < 3; level++)
		for (u32 i = 0; i < 2 * ARRAY_SIZE(accesses); i++) {
			const struct access_kind *a = &accesses[i / 2];
			struct space *space = stage2_create();

			SUBTEST("level-%u-%s-el%u", 3 - level, a->name, i & 1);
			*space_entry_at(space, IPA, level) &= ~PTE_AF;
			stage2_map_va(VA, IPA, (a->fetch ? PROT_EXEC : PROT_WRITE) | PROT_USER);
			expect_abort(space, (enum arm_el)(i & 1), a, FSC_ACCESS_FLAG(3 - level), VA,
				     IPA);
		}
}

TEST(s2_permissions, "S2AP says what may be read and written, at EL0 and EL1 alike",
     SPEC("DDI 0487, D8.4.2, stage 2 data access permissions"))
{
	for (u32 ap = 0; ap < 4; ap++)
		for (u32 i = 0; i < 4; i++) {
			const struct access_kind *a = &accesses[i / 2];
			struct space *space = stage2_create();
			struct arm_registers r = { 0 };
			struct el2_exit exit;
			u64 *page = page_alloc();
			bool allowed = ap & (a->write ? 2 : 1);
			pte_t *entry = space_entry_at(space, (ulong)page, 0);

			SUBTEST("ap-%u-%s-el%u", ap, a->name, i & 1);
			*entry = (*entry & ~S2_AP(3)) | S2_AP(ap);
			stage2_flush();
			if (allowed)
				EXPECT_NO_FAULT(stage2_run(space, (enum arm_el)(i & 1), a->insn,
							   (ulong)page, &r, &exit));
			else
				expect_abort(space, (enum arm_el)(i & 1), a, FSC_PERMISSION(3),
					     (ulong)page, ~0ull);
		}
}

TEST(s2_permission_levels, "a permission fault of stage 2 has the level of the block",
     SPEC("DDI 0487, D8.15, Permission fault"))
{
	for (u32 level = 0; level < 3; level++) {
		struct space *space = stage2_create();

		SUBTEST("level-%u", 3 - level);
		*space_entry_at(space, IPA, level) &= ~S2_AP(2);
		stage2_map_va(VA, IPA, PROT_WRITE | PROT_USER);
		expect_abort(space, ARM_EL1, &accesses[1], FSC_PERMISSION(3 - level), VA, ~0ull);
	}
}

static bool has_xnx(void)
{
	return read_sys(ID_AA64MMFR1) >> 28 & 0xf;
}

TEST(s2_execute_never, "XN of stage 2 forbids execution, with FEAT_XNX of EL0 or EL1 alone",
     SPEC("DDI 0487, D8.4.2, stage 2 instruction execution permissions"))
{
	for (u32 xn = 0; xn < 4; xn++)
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			static const u8 with_xnx[4] = { 3, 1, 0, 2 }; /* bit 0: EL0, bit 1: EL1 */
			struct space *space = stage2_create();
			u32 *page = page_alloc();
			bool allowed = (has_xnx() ? with_xnx[xn] : xn & 2 ? 0 : 3) & (el ? 2 : 1);
			pte_t *entry = space_entry_at(space, (ulong)page, 0);
			struct arm_registers r = { 0 };
			struct el2_exit exit;

			SUBTEST("xn-%u-el%u", xn, el);
			if ((xn & 1) && !has_xnx()) {
				SKIP_ROW("no FEAT_XNX");
				continue;
			}
			page[0] = EXECUTE_END;
			sync_code(page, 4);
			*entry = (*entry & ~S2_XN(3)) | S2_XN(xn);
			stage2_map_va(VA, (ulong)page, PROT_EXEC | PROT_USER);
			if (allowed)
				EXPECT_NO_FAULT(
					stage2_run(space, (enum arm_el)el, BR_X0, VA, &r, &exit));
			else
				expect_abort(space, (enum arm_el)el, &accesses[2],
					     FSC_PERMISSION(3), VA, ~0ull);
		}
}

TEST(s2_after_s1, "what stage 1 refuses goes to EL1, whatever stage 2 would say",
     SPEC("DDI 0487, D8.15, priority of aborts from the two stages"))
{
	static const struct {
		const char *name;
		u32 prot;
		bool absent;
		u32 access, status;
	} rows[] = {
		{ "absent-read", 0, true, 0, FSC_TRANSLATION(3) },
		{ "absent-write", 0, true, 1, FSC_TRANSLATION(3) },
		{ "read-only-write", PROT_USER, false, 1, FSC_PERMISSION(3) },
		{ "no-execute-fetch", PROT_USER, false, 2, FSC_PERMISSION(3) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct space *space = stage2_create();
		const struct access_kind *a = &accesses[rows[i].access];
		struct arm_registers r = { 0 };
		struct el2_exit exit;
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		*space_entry_at(space, IPA, 0) = 0;
		stage2_map_va(VA, IPA, rows[i].prot);
		if (rows[i].absent)
			space_unmap(space_kernel(), VA, PAGE_SIZE);
		stage2_flush();
		fault = stage2_run(space, ARM_EL0, a->insn, VA, &r, &exit);
		fault.code &= ABORT_BITS;
		EXPECT_FAULT(abort_of(a, rows[i].status, VA), fault);
		EXPECT_EQ(exit.level, 1);
	}
}

/* The table of stage 1 of this library's level that translates `va`. */
static u64 table_of(ulong va, u32 level)
{
	u64 entry = *(pte_t *)space_entry_at(space_kernel(), va, level);

	return entry & PTE_ADDRESS;
}

TEST(s2_walks_of_s1,
     "a table of stage 1 that stage 2 does not map is a fault of the walk: S1PTW, and the table in HPFAR_EL2",
     SPEC("DDI 0487, D8.15, stage 2 fault on a stage 1 translation table walk; ESR_EL2, S1PTW"))
{
	for (u32 level = 0; level < 3; level++)
		for (u32 i = 0; i < 2 * ARRAY_SIZE(accesses); i++) {
			const struct access_kind *a = &accesses[i / 2];
			struct space *space = stage2_create();
			struct arm_registers r = { 0 };
			struct el2_exit exit;
			/* Of its own at each level: nothing else lies below. */
			const ulong va = 0x123400000000ul + 0x5000;
			struct fault fault;
			u64 table;

			SUBTEST("level-%u-%s-el%u", 3 - level, a->name, i & 1);
			stage2_map_va(va, IPA, (a->fetch ? PROT_EXEC : PROT_WRITE) | PROT_USER);
			/* The entry of the level above leads to the table of this one. */
			table = table_of(va, level + 1);
			*space_entry_at(space, table, 0) = 0;
			stage2_flush();
			fault = stage2_run(space, (enum arm_el)(i & 1), a->insn, va, &r, &exit);
			fault.code &= ABORT_BITS & ~ABORT_WRITE;
			EXPECT_FAULT(
				a->fetch ? INSTRUCTION_ABORT_LOWER(FSC_TRANSLATION(3) | ABORT_S1PTW,
								   va)
					 : DATA_ABORT_LOWER(FSC_TRANSLATION(3) | ABORT_S1PTW, va),
				fault);
			EXPECT_EQ(exit.level, 2);
			EXPECT_EQ(exit.hpfar, hpfar_of(table));
			EXPECT_EQ(r.esr & BIT(24), 0, "ISV");
		}
}

TEST(s2_ptw_device,
     "with HCR_EL2.PTW, a walk of stage 1 in what stage 2 has as Device is a permission fault",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.PTW"))
{
	for (u32 ptw = 0; ptw < 2; ptw++) {
		struct space *space = stage2_create();
		const ulong va = 0x123400000000ul + 0x5000;
		struct el2_setting settings[3];
		struct arm_registers r = { .x = { va } };
		struct el2_exit exit = { 0 };
		const u32 code[] = { LDR_X1 };
		u64 *page = page_alloc(), table;
		struct fault fault;

		SUBTEST("ptw-%u", ptw);
		page[0] = 0x7777;
		stage2_map_va(va, (ulong)page, PROT_WRITE | PROT_USER);
		table = table_of(va, 1);
		*space_entry_at(space, table, 0) &= ~S2_NORMAL;
		stage2_flush();
		stage2_settings(settings, space, 1, ptw ? HCR_PTW : 0);
		fault = el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit);
		fault.code &= ABORT_BITS;
		if (ptw) {
			EXPECT_FAULT(DATA_ABORT_LOWER(FSC_PERMISSION(3) | ABORT_S1PTW, va), fault);
			EXPECT_EQ(exit.hpfar, hpfar_of(table));
		} else {
			EXPECT_NO_FAULT(fault);
			EXPECT_EQ(r.x[1], 0x7777);
		}
	}
}

TEST(s2_crossing, "an access over two pages of which stage 2 lacks one has the address of that one",
     SPEC("DDI 0487, D24.2, FAR_EL2, HPFAR_EL2"))
{
	static const struct {
		const char *name;
		u32 missing;
		u32 insn;
	} rows[] = {
		{ "first-read", 0, LDR_X1 },
		{ "second-read", 1, LDR_X1 },
		{ "first-write", 0, STR_X1 },
		{ "second-write", 1, STR_X1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct space *space = stage2_create();
		ulong pages = (ulong)pages_alloc(2, PAGE_SIZE), at = pages + PAGE_SIZE - 4;
		struct arm_registers r = { 0 };
		struct el2_exit exit;

		SUBTEST("%s", rows[i].name);
		*space_entry_at(space, pages + rows[i].missing * PAGE_SIZE, 0) = 0;
		stage2_flush();
		stage2_run(space, ARM_EL1, rows[i].insn, at, &r, &exit);
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(exit.hpfar, hpfar_of(pages + rows[i].missing * PAGE_SIZE));
		EXPECT_EQ(r.far, rows[i].missing ? pages + PAGE_SIZE : at);
	}
}
