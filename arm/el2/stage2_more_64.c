/* SPDX-License-Identifier: MIT */
/* Stage 2: VMIDs and maintenance, sizes, the Access flag and dirty state in hardware. */
#include <test.h>

#include <mm/page.h>

#include "stage2.h"
#include "trap.h"

SUITE("Stage 2, more", REQUIRES(el2_is_there()));

#define LDR_X1 0xf9400001u
#define STR_X1 0xf9000001u

#define VA  0xc0000000ul
#define IPA 0x1234567000ull

static u64 load_by(const struct space *space, u16 vmid, ulong va)
{
	struct el2_setting settings[3];
	struct arm_registers r = { .x = { va } };
	struct el2_exit exit = { 0 };
	const u32 code[] = { LDR_X1 };

	stage2_settings(settings, space, vmid, 0);
	EXPECT_NO_FAULT(el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit));
	return r.x[1];
}

static bool has_vmid16(void)
{
	return (read_sys(ID_AA64MMFR1) >> 4 & 0xf) == 2;
}

TEST(vmid_tags, "what is cached for one VMID is nothing to another",
     SPEC("DDI 0487, D8.17, VMID; D24.2, VTTBR_EL2.VMID"))
{
	static const struct {
		const char *name;
		u16 one, two;
		bool wide;
	} rows[] = {
		{ "low-bit", 1, 0, false },	{ "bit-7", 0x80, 0, false },
		{ "all-8", 0xff, 0x7f, false }, { "bit-8", 0x100, 0, true },
		{ "bit-15", 0x8001, 1, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct space *spaces[2] = { stage2_create(), stage2_create() };
		u64 *pages[2] = { page_alloc(), page_alloc() };
		struct el2_setting settings[3];

		SUBTEST("%s", rows[i].name);
		if (rows[i].wide && !has_vmid16()) {
			SKIP_ROW("VMIDs of 8 bits");
			continue;
		}
		for (u32 n = 0; n < 2; n++) {
			pages[n][0] = 0x1000 + n;
			space_map_page(spaces[n], IPA, (ulong)pages[n], 0, PROT_WRITE);
		}
		stage2_map_va(VA, IPA, PROT_WRITE);
		for (u32 round = 0; round < 8; round++) {
			struct arm_registers r = { .x = { VA } };
			struct el2_exit exit = { 0 };
			const u32 code[] = { LDR_X1 };
			u32 n = round & 1;

			stage2_settings(settings, spaces[n], n ? rows[i].two : rows[i].one, 0);
			settings[0].value |= rows[i].wide ? BIT(19) : 0;
			EXPECT_NO_FAULT(el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit));
			EXPECT_EQ(r.x[1], 0x1000 + n, "round %u", round);
		}
	}
}

/* What EL2 does about a change: each a function at EL2 with VTTBR_EL2 as it was for the guest. */
struct flush {
	u64 vttbr, old;
	void (*flush)(void);
};

static void ipas2e1is(void)
{
	__asm__ volatile("tlbi ipas2e1is, %0\n\tdsb ish\n\ttlbi vmalle1is"
			 :
			 : "r"(IPA >> 12)
			 : "memory");
}

static void ipas2le1is(void)
{
	__asm__ volatile("tlbi ipas2le1is, %0\n\tdsb ish\n\ttlbi vmalle1is"
			 :
			 : "r"(IPA >> 12)
			 : "memory");
}

static void ipas2e1(void)
{
	__asm__ volatile("tlbi ipas2e1, %0\n\tdsb ish\n\ttlbi vmalle1"
			 :
			 : "r"(IPA >> 12)
			 : "memory");
}

static void vmalls12e1(void)
{
	__asm__ volatile("tlbi vmalls12e1" ::: "memory");
}

static void vmalls12e1is(void)
{
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
}

static void alle1(void)
{
	__asm__ volatile("tlbi alle1" ::: "memory");
}

static u64 flush_at_el2(void *arg)
{
	struct flush *f = arg;
	u64 old;

	__asm__ volatile("mrs %0, vttbr_el2" : "=r"(old));
	__asm__ volatile("msr vttbr_el2, %0\n\tisb\n\tdsb sy" : : "r"(f->vttbr) : "memory");
	f->flush();
	__asm__ volatile("dsb sy\n\tmsr vttbr_el2, %0\n\tisb" : : "r"(old) : "memory");
	return 0;
}

TEST(s2_maintenance, "after each TLBI for stage 2, the new mapping is used",
     SPEC("DDI 0487, D8.17, TLB maintenance; C5.5, TLBI IPAS2E1IS and others"))
{
	static const struct {
		const char *name;
		void (*flush)(void);
	} rows[] = {
		{ "ipas2e1is", ipas2e1is },	  { "ipas2le1is", ipas2le1is },
		{ "ipas2e1", ipas2e1 },		  { "vmalls12e1", vmalls12e1 },
		{ "vmalls12e1is", vmalls12e1is }, { "alle1", alle1 },
	};
	struct space *space = stage2_create();

	stage2_map_va(VA, IPA, PROT_WRITE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flush f = { .vttbr = (ulong)space->root | 7ull << 48,
				   .flush = rows[i].flush };

		SUBTEST("%s", rows[i].name);
		for (u32 round = 0; round < 3; round++) {
			u64 *page = page_alloc();
			struct fault fault;

			page[0] = 0x2000 + round;
			/* Break before make. */
			*space_entry_at(space, IPA, 0) = 0;
			el2_call(flush_at_el2, &f, &fault);
			*space_entry_at(space, IPA, 0) = stage2_format.page((ulong)page, 0,
									    PROT_WRITE);
			dsb();
			EXPECT_EQ(load_by(space, 7, VA), 0x2000 + round);
		}
	}
}

/* ------------------------------------------------------------------------------- sizes */

static u32 no_gigabytes(void)
{
	return 1;
}

static const struct space_format *format_with(u32 top, u32 tables)
{
	static struct space_format format;

	format = stage2_format;
	format.top_level = top;
	if (top == 1)
		format.max_page_level = no_gigabytes;
	for (u32 i = 0; i <= top; i++) {
		format.entries[i] = i == top ? 512 * tables : 512;
		format.shift[i] = 12 + 9 * i;
	}
	return &format;
}

TEST(s2_start_levels, "T0SZ and SL0 say where the walk starts, with up to 16 tables side by side",
     SPEC("DDI 0487, D8.2, concatenated translation tables for stage 2; VTCR_EL2.SL0, T0SZ"))
{
	static const struct {
		const char *name;
		u32 bits, sl0, top, tables;
	} rows[] = {
		{ "33-bits-level-2", 33, 0, 1, 8 },  { "34-bits-level-2", 34, 0, 1, 16 },
		{ "32-bits-level-2", 32, 0, 1, 4 },  { "35-bits-level-1", 35, 1, 2, 1 },
		{ "39-bits-level-1", 39, 1, 2, 1 },  { "40-bits-level-1", 40, 1, 2, 2 },
		{ "43-bits-level-1", 43, 1, 2, 16 }, { "44-bits-level-0", 44, 2, 3, 1 },
		{ "48-bits-level-0", 48, 2, 3, 1 },
	};
	static const u32 pa_bits[] = { 32, 36, 40, 42, 44, 48, 52 };
	u32 most = pa_bits[MIN(read_sys(ID_AA64MMFR0) & 15, 6ull)];

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct space *space;
		struct el2_setting settings[3];
		u64 end = 1ull << rows[i].bits, *page = page_alloc(), last;
		struct arm_registers r = { .x = { VA } };
		struct el2_exit exit = { 0 };
		const u32 code[] = { LDR_X1 };
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		/* Level 0 needs more than 42 bits of physical address, level 1 with 43 bits as many. */
		if (rows[i].bits > most || (rows[i].sl0 == 2 && most < 44)) {
			SKIP_ROW("%u bits of physical address", most);
			continue;
		}
		space = space_create_format(format_with(rows[i].top, rows[i].tables));
		space_map(space, 0, 0, MIN(end, 4 * GiB), PROT_WRITE | PROT_EXEC);
		last = end - PAGE_SIZE;
		space_map_page(space, last, (ulong)page, 0, PROT_WRITE);
		stage2_map_va(VA, last, PROT_WRITE);
		stage2_settings(settings, space, 1, 0);
		settings[0].value = (settings[0].value & ~BITS(7, 0)) |
				    VTCR_T0SZ(64 - rows[i].bits) | VTCR_SL0(rows[i].sl0);
		page[0] = 0x3333;
		EXPECT_NO_FAULT(el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit));
		EXPECT_EQ(r.x[1], 0x3333);
		if (rows[i].bits >= MIN(most, 48u))
			continue;
		stage2_map_va(VA, end, PROT_WRITE);
		r.x[0] = VA;
		fault = el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit);
		fault.code &= ABORT_BITS;
		EXPECT_FAULT(DATA_ABORT_LOWER(FSC_TRANSLATION(0), VA), fault);
		EXPECT_EQ(exit.level, 2);
	}
}

TEST(s2_start_levels_refused,
     "T0SZ and SL0 that do not go together are a translation fault of level 0",
     SPEC("DDI 0487, D8.2, stage 2 initial lookup level; VTCR_EL2.SL0, T0SZ"))
{
	static const struct {
		const char *name;
		u32 bits, sl0;
	} rows[] = {
		{ "35-bits-level-2", 35, 0 },
		{ "39-bits-level-2", 39, 0 },
		{ "30-bits-level-1", 30, 1 },
		{ "39-bits-level-0", 39, 2 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct space *space = stage2_create();
		struct el2_setting settings[3];
		struct arm_registers r = { .x = { VA } };
		struct el2_exit exit = { 0 };
		const u32 code[] = { LDR_X1 };
		struct fault fault;
		ulong at = arm_code(code, 1);

		SUBTEST("%s", rows[i].name);
		/* Without stage 1, whose walk would be the first to fail. */
		stage2_settings(settings, space, 1, HCR_DC);
		settings[0].value = (settings[0].value & ~BITS(7, 0)) |
				    VTCR_T0SZ(64 - rows[i].bits) | VTCR_SL0(rows[i].sl0);
		fault = el2_run(settings, 3, ARM_EL1, el2_code(at), &r, &exit);
		/* Nothing is translated, the instruction neither. */
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(fault.kind, EC_IABT_LOWER + 1u);
		EXPECT_EQ(fault.code & 0x3f, FSC_TRANSLATION(0));
	}
}

/* ------------------------------------------------------------------------------- AF and dirty state */

static u32 hafdbs(void)
{
	return read_sys(ID_AA64MMFR1) & 0xf;
}

TEST(s2_hardware_access_flag, "with VTCR_EL2.HA, AF is set by the access and not a fault",
     SPEC("DDI 0487, D8.5, hardware management of the Access flag; VTCR_EL2.HA"),
	  REQUIRES(hafdbs() >= 1))
{
	for (u32 ha = 0; ha < 2; ha++)
		for (u32 write = 0; write < 2; write++) {
			struct space *space = stage2_create();
			struct el2_setting settings[3];
			struct arm_registers r = { .x = { VA } };
			struct el2_exit exit = { 0 };
			const u32 code[] = { write ? STR_X1 : LDR_X1 };
			pte_t *entry;
			struct fault fault;

			SUBTEST("ha-%u-%s", ha, write ? "write" : "read");
			space_map_page(space, IPA, (ulong)page_alloc(), 0, PROT_WRITE);
			entry = space_entry_at(space, IPA, 0);
			*entry &= ~PTE_AF;
			stage2_map_va(VA, IPA, PROT_WRITE);
			stage2_settings(settings, space, 1, 0);
			settings[0].value |= ha ? VTCR_HA : 0;
			fault = el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit);
			fault.code &= ABORT_BITS;
			if (ha)
				EXPECT_NO_FAULT(fault);
			else
				EXPECT_FAULT(DATA_ABORT_LOWER(FSC_ACCESS_FLAG(3) |
								      (write ? ABORT_WRITE : 0),
							      VA),
					     fault);
			EXPECT_EQ(READ_ONCE(*entry) & PTE_AF, ha ? PTE_AF : 0);
		}
}

TEST(s2_hardware_dirty,
     "with VTCR_EL2.HD and DBM, a write makes the descriptor writable and is no fault",
     SPEC("DDI 0487, D8.5, hardware management of dirty state; VTCR_EL2.HD"),
	  REQUIRES(hafdbs() >= 2))
{
	for (u32 i = 0; i < 8; i++) {
		bool hd = i & 1, dbm = i & 2, write = i & 4;
		struct space *space = stage2_create();
		struct el2_setting settings[3];
		struct arm_registers r = { .x = { VA } };
		struct el2_exit exit = { 0 };
		const u32 code[] = { write ? STR_X1 : LDR_X1 };
		pte_t *entry;
		struct fault fault;

		SUBTEST("hd-%u-dbm-%u-%s", hd, dbm, write ? "write" : "read");
		space_map_page(space, IPA, (ulong)page_alloc(), 0, 0);
		entry = space_entry_at(space, IPA, 0);
		*entry |= dbm ? S2_DBM : 0;
		stage2_map_va(VA, IPA, PROT_WRITE);
		stage2_settings(settings, space, 1, 0);
		settings[0].value |= VTCR_HA | (hd ? VTCR_HD : 0);
		fault = el2_execute(settings, 3, ARM_EL1, code, 1, &r, &exit);
		fault.code &= ABORT_BITS;
		if (write && !(hd && dbm))
			EXPECT_FAULT(DATA_ABORT_LOWER(FSC_PERMISSION(3) | ABORT_WRITE, VA), fault);
		else
			EXPECT_NO_FAULT(fault);
		EXPECT_EQ(READ_ONCE(*entry) & S2_AP(2), write && hd && dbm ? S2_AP(2) : 0);
	}
}
