/* SPDX-License-Identifier: MIT */
/* Watchpoints: by byte, by direction, by size of the access, by range, and by level. */
#include <test.h>

#include <mm/page.h>

#include "debug.h"

SUITE("Watchpoints");

#define ENABLED (MDSCR_MDE | MDSCR_KDE)

/* WnR and the status code; the other bits came with later features. */
#define ISS_MASK (BIT(6) | BIT(8) | BITS(5, 0))

/* One load or store of x1 at [x0]. */
static const struct access {
	const char *name;
	u32 code, bytes;
	bool load, store;
} accesses[] = {
	{ "ldrb", 0x39400001, 1, true, false },	  { "strb", 0x39000001, 1, false, true },
	{ "ldrh", 0x79400001, 2, true, false },	  { "strh", 0x79000001, 2, false, true },
	{ "ldr-32", 0xb9400001, 4, true, false }, { "str-32", 0xb9000001, 4, false, true },
	{ "ldr-64", 0xf9400001, 8, true, false }, { "str-64", 0xf9000001, 8, false, true },
	{ "ldrsw", 0xb9800001, 4, true, false },  { "ldp", 0xa9400801, 16, true, false },
	{ "stp", 0xa9000801, 16, false, true },
};

static u64 *memory(void)
{
	static u64 *page;

	page = page_alloc();
	return page;
}

/* Runs the access at `address`; whether it must hit, and with what. */
static void check(enum arm_el el, ulong at, const struct access *access, ulong address, bool hit)
{
	struct arm_registers r = { .x = { address, 0x55 } };
	struct fault fault = debug_run(el, at, &r, ENABLED);

	if (!hit) {
		EXPECT_NO_FAULT(fault, "EL%u, address %#lx", el, address);
		return;
	}
	EXPECT_EQ(fault.kind, class_of(el, EC_WATCHPT) + 1u, "EL%u, address %#lx", el, address);
	EXPECT_EQ(fault.code & ISS_MASK, 0x22u | (access->store ? BIT(6) : 0), "EL%u, address %#lx",
		  el, address);
	EXPECT_GE(r.far, ALIGN_DOWN(address, 8ul));
	EXPECT_LT(r.far, address + access->bytes);
	EXPECT_EQ(r.pc, at, "the access is not complete");
	EXPECT_EQ(r.x[1], 0x55);
}

TEST(watchpoint_bytes,
     "a watchpoint is hit by each access that touches one of the bytes that BAS selects, and by no other",
     SPEC("DDI 0487, D2.9, Watchpoint exceptions; D24.3.11, DBGWCR<n>_EL1.BAS, LSC"))
{
	u64 *at_memory = memory() + 8;

	debug_off();
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		const struct access *access = &accesses[i];

		SUBTEST("%s", access->name);
		for (u32 first = 0; first < 8; first++)
			for (u32 count = 1; first + count <= 8; count += count < 3 ? 1 : 2) {
				ulong at;

				set_watchpoint(0, (ulong)at_memory,
					       DBGCR_E | DBGCR_EL0 | DBGWCR_LOAD | DBGWCR_STORE |
						       DBGWCR_BAS(BITS(count - 1, 0) << first));
				at = arm_code(&access->code, 1);
				for (s32 offset = -16; offset < 16;
				     offset += (s32)MIN(access->bytes, 8u))
					check(ARM_EL0, at, access,
					      (ulong)at_memory + (ulong)(long)offset,
					      offset + (s32)access->bytes > (s32)first &&
						      offset < (s32)(first + count));
			}
	}
	debug_off();
}

TEST(watchpoint_direction, "LSC selects loads, stores or both; PAC the levels; each number works",
     SPEC("DDI 0487, D2.9.2; D24.3.11, DBGWCR<n>_EL1.LSC, PAC"))
{
	u64 *at_memory = memory();

	debug_off();
	for (u32 n = 0; n < watchpoints(); n++) {
		SUBTEST("number-%u", n);
		for (u32 lsc = 0; lsc < 4; lsc++)
			for (u32 pac = 0; pac < 4; pac++)
				for (u32 i = 6; i < 8; i++) {
					const struct access *access = &accesses[i];
					bool direction = access->load ? lsc & 1 : lsc & 2;
					ulong at;

					set_watchpoint(n, (ulong)at_memory,
						       DBGCR_E | pac << 1 | lsc << 3 |
							       DBGWCR_BAS(0xff));
					at = arm_code(&access->code, 1);
					/* LSC = 0 is reserved. PAC = 0 is for EL2 and EL3, or for nobody. */
					if (!lsc || !pac)
						continue;
					check(ARM_EL0, at, access, (ulong)at_memory,
					      direction && (pac & 2));
					check(ARM_EL1, at, access, (ulong)at_memory,
					      direction && (pac & 1));
				}
		set_watchpoint(n, 0, 0);
	}
	debug_off();
}

TEST(watchpoint_disabled,
     "a watchpoint is not hit without E, MDE, the OS lock clear, and, at EL1, KDE and D clear",
     SPEC("DDI 0487, D2.2, D2.3, enable controls; D2.9"))
{
	const u64 control = DBGCR_E | DBGCR_EL1 | DBGCR_EL0 | DBGWCR_LOAD | DBGWCR_STORE |
			    DBGWCR_BAS(0xff);
	static const struct {
		const char *name;
		u64 mdscr, off;
		bool locked, masked, hit[2];
	} rows[] = {
		{ "enabled", ENABLED, 0, false, false, { true, true } },
		{ "mde-0", MDSCR_KDE, 0, false, false, { false, false } },
		{ "kde-0", MDSCR_MDE, 0, false, false, { true, false } },
		{ "d-1", ENABLED, 0, false, true, { true, false } },
		{ "os-lock", ENABLED, 0, true, false, { false, false } },
		{ "e-0", ENABLED, DBGCR_E, false, false, { false, false } },
		{ "stores-alone", ENABLED, DBGWCR_LOAD, false, false, { false, false } },
	};
	const struct access *load = &accesses[6];
	u64 *at_memory = memory();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		ulong at;

		SUBTEST("%s", rows[i].name);
		debug_off();
		set_watchpoint(0, (ulong)at_memory, control & ~rows[i].off);
		at = arm_code(&load->code, 1);
		write_sys(OSLAR, rows[i].locked);
		isb();
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			struct arm_registers r = { .x = { (ulong)at_memory, 0x55 } };
			struct fault fault = (rows[i].masked ? debug_run_masked : debug_run)(
				(enum arm_el)el, at, &r, rows[i].mdscr);

			EXPECT_EQ(fault.kind,
				  rows[i].hit[el] ? class_of((enum arm_el)el, EC_WATCHPT) + 1u : 0,
				  "EL%u", el);
		}
		write_sys(OSLAR, 0);
	}
	debug_off();
}

TEST(watchpoint_range, "MASK makes a watchpoint cover 8 bytes to 2 GiB, aligned",
     SPEC("DDI 0487, D2.9.3, D24.3.11, DBGWCR<n>_EL1.MASK"))
{
	u8 *pages = pages_alloc(2, 2 * PAGE_SIZE);

	debug_off();
	for (u32 mask = 3; mask <= 31; mask++) {
		const struct access *access = &accesses[1];
		u64 size = BIT(mask);
		ulong start = ALIGN_DOWN((ulong)pages + PAGE_SIZE, size), at;

		SUBTEST("mask-%u", mask);
		set_watchpoint(0, start,
			       DBGCR_E | DBGCR_EL0 | DBGWCR_STORE | DBGWCR_BAS(0xff) |
				       DBGWCR_MASK(mask));
		at = arm_code(&access->code, 1);
		check(ARM_EL0, at, access, mask > 12 ? (ulong)pages + PAGE_SIZE : start, true);
		if (mask <= 12) {
			check(ARM_EL0, at, access, start + size - 1, true);
			check(ARM_EL0, at, access, start - 1, false);
			if (mask < 12)
				check(ARM_EL0, at, access, start + size, false);
		}
	}
	debug_off();
}

TEST(watchpoint_special,
     "watchpoints see exclusives, atomics, unprivileged accesses, DC ZVA, and no prefetch",
     SPEC("DDI 0487, D2.9.2, D2.9.4"))
{
	static const struct {
		const char *name;
		u32 code;
		bool hit, write, as_el0, lse;
	} specials[] = {
		{ "ldxr", 0xc85f7c01, true, false, false, false },
		{ "ldaxr", 0xc85ffc01, true, false, false, false },
		{ "ldar", 0xc8dffc01, true, false, false, false },
		{ "stlr", 0xc89ffc01, true, true, false, false },
		{ "ldtr", 0xf8400801, true, false, true, false },
		{ "sttr", 0xf8000801, true, true, true, false },
		{ "prfm", 0xf9800000, false, false, false, false },
		{ "dc-zva", 0xd50b7420, true, true, false, false },
		{ "ldr-q", 0x3dc00000, true, false, false, false },
		{ "str-q", 0x3d800000, true, true, false, false },
		{ "ld1", 0x4c407000, true, false, false, false },
		{ "ldadd", 0xf8210002, true, false, false, true },
		{ "cas", 0xc8a17c02, true, false, false, true },
		{ "swp", 0xf8218002, true, false, false, true },
	};
	u64 *at_memory = memory();

	debug_off();
	for (u32 i = 0; i < ARRAY_SIZE(specials); i++) {
		struct arm_registers r = { .x = { (ulong)at_memory, 0x55 } };
		struct fault fault;
		ulong at;

		SUBTEST("%s", specials[i].name);
		if (specials[i].lse && (read_sys(ID_AA64ISAR0) >> 20 & 0xf) < 2) {
			SKIP_ROW("no FEAT_LSE");
			continue;
		}
		/* The unprivileged ones, at EL1, count as EL0's. */
		set_watchpoint(0, (ulong)at_memory,
			       DBGCR_E | DBGWCR_LOAD | DBGWCR_STORE | DBGWCR_BAS(0xff) |
				       (specials[i].as_el0 ? DBGCR_EL0 : DBGCR_EL1));
		at = arm_code(&specials[i].code, 1);
		if (specials[i].code == 0xd50b7420)
			r.x[0] = (ulong)at_memory;
		fault = debug_run(ARM_EL1, at, &r, ENABLED);
		if (!specials[i].hit) {
			EXPECT_NO_FAULT(fault);
			continue;
		}
		EXPECT_EQ(fault.kind, EC_WATCHPT + 1u);
		/* An atomic one that would have been hit by its read need not say that it writes. */
		if (!specials[i].lse)
			EXPECT_EQ(fault.code >> 6 & 1, specials[i].write);
		EXPECT_EQ(r.pc, at);
	}
	debug_off();
}
