/* SPDX-License-Identifier: MIT */
/* SDM vol. 3C, 26.3.1.2: the guest's segment registers. */
#include "checks.h"

SUITE("VMX: VM entry's checks on guest segments", REQUIRES(vmx_available()));

#define CHECK(rows) check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows))
#define ONLY_64BIT  REQUIRES(sizeof(ulong) == 8)

enum { ES, CS, SS, DS, FS, GS, LDTR, TR };

#define AR_TYPE(type) ((u64)(type))
#define AR_S	      BIT(4)
#define AR_DPL(dpl)   ((u64)(dpl) << 5)
#define AR_P	      BIT(7)
#define AR_L	      BIT(13)
#define AR_DB	      BIT(14)
#define AR_G	      BIT(15)

static const char *const names[] = { "es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr" };

/* An LDTR that can be used. */
static void make_ldtr(void)
{
	vmcs_write(VMCS_GUEST_LDTR_ACCESS_RIGHTS, AR_P | AR_TYPE(2));
	vmcs_write(VMCS_GUEST_LDTR_LIMIT, 0xff);
}

/* The segment's access rights with the bits of `clear` cleared and those of `set` set. */
static void rights(struct vmx_guest *g, u32 segment, u64 clear, u64 set, bool refused)
{
	check_set_up(g);
	make_ldtr();
	vmcs_clear(VMCS_ACCESS_RIGHTS(segment), clear);
	vmcs_set(VMCS_ACCESS_RIGHTS(segment), set);
	check_expect(g, CHECK_GUEST, refused);
}

TEST(segment_selector_bits, "TR and a usable LDTR are in the GDT; the RPL of SS is that of CS",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	static const struct check rows[] = {
		{ "tr-ti", true, { SET(GUEST_TR_SELECTOR, 4) } },
		{ "ldtr-unusable-ti", false, { SET(GUEST_LDTR_SELECTOR, 4) } },
		{ "ldtr-ti",
		  true,
		  { SET(GUEST_LDTR_SELECTOR, 4), PUT(GUEST_LDTR_ACCESS_RIGHTS, 0x82) } },
		{ "ldtr-ti-rpl",
		  true,
		  { SET(GUEST_LDTR_SELECTOR, 7), PUT(GUEST_LDTR_ACCESS_RIGHTS, 0x82) } },
		{ "ldtr-rpl",
		  false,
		  { SET(GUEST_LDTR_SELECTOR, 3), PUT(GUEST_LDTR_ACCESS_RIGHTS, 0x82) } },
		{ "tr-ti-rpl", true, { SET(GUEST_TR_SELECTOR, 7) } },
		{ "ldtr", false, { PUT(GUEST_LDTR_ACCESS_RIGHTS, 0x82) } },
		{ "ss-rpl-1", true, { SET(GUEST_SS_SELECTOR, 1) } },
		{ "ss-rpl-3", true, { SET(GUEST_SS_SELECTOR, 3) } },
		{ "cs-rpl-3", true, { SET(GUEST_CS_SELECTOR, 3) } },
		{ "ss-ti", false, { SET(GUEST_SS_SELECTOR, 4) } },
		{ "tr-null", false, { PUT(GUEST_TR_SELECTOR, 0) } },
	};

	CHECK(rows);
}

TEST(segment_base, "bases of CS and of usable SS, DS and ES have 32 bits",
     SPEC("SDM vol. 3C, 26.3.1.2"), ONLY_64BIT)
{
	static const struct change unusable[] = { SET(GUEST_DS_ACCESS_RIGHTS, ACCESS_UNUSABLE) };

	check_bits(CHECK_GUEST, VMCS_GUEST_CS_BASE, "cs", BITS(63, 32), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_SS_BASE, "ss", BITS(63, 32), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_DS_BASE, "ds", BITS(63, 32), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_ES_BASE, "es", BITS(63, 32), true);
	check_bits(CHECK_GUEST, VMCS_GUEST_ES_BASE, "es", BITS(31, 28), false);
	check_bits_with(CHECK_GUEST, unusable, 1, VMCS_GUEST_DS_BASE, "unusable-ds", BITS(63, 32),
			false);
}

TEST(segment_ldtr_base, "the base of a usable LDTR is canonical",
     SPEC("SDM vol. 3C, 26.3.1.2"), ONLY_64BIT)
{
	static const struct check rows[] = {
		{ "usable-lowest",
		  true,
		  { PUT(GUEST_LDTR_ACCESS_RIGHTS, 0x82), PUT(GUEST_LDTR_BASE, HOLE) } },
		{ "usable-bit-63",
		  true,
		  { PUT(GUEST_LDTR_ACCESS_RIGHTS, 0x82), PUT(GUEST_LDTR_BASE, BIT(63)) } },
		{ "usable-below-the-hole",
		  false,
		  { PUT(GUEST_LDTR_ACCESS_RIGHTS, 0x82), PUT(GUEST_LDTR_BASE, HOLE - 1) } },
		{ "unusable", false, { PUT(GUEST_LDTR_BASE, HOLE) } },
	};

	CHECK(rows);
}

TEST(segment_cs_type, "CS is an accessed code segment whose DPL suits that of SS",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 type = 0; type < 16; type++) {
		SUBTEST("type-%u", type);
		rights(g, CS, 15, AR_TYPE(type), (type & 9) != 9);
	}
	for (u32 dpl = 1; dpl < 4; dpl++)
		for (u32 type = 9; type < 16; type += 2) {
			SUBTEST("type-%u-dpl-%u", type, dpl);
			rights(g, CS, 15 | AR_DPL(3), AR_TYPE(type) | AR_DPL(dpl), true);
		}
	/* What is checked of CS does not depend on whether it can be used. */
	SUBTEST("unusable-type-3");
	rights(g, CS, 15, AR_TYPE(3) | ACCESS_UNUSABLE, true);
	SUBTEST("unusable-s");
	rights(g, CS, AR_S, ACCESS_UNUSABLE, true);
	SUBTEST("unusable-p");
	rights(g, CS, AR_P, ACCESS_UNUSABLE, true);
	SUBTEST("unusable-dpl");
	rights(g, CS, 0, AR_DPL(3) | ACCESS_UNUSABLE, true);
}

TEST(segment_ss_type, "a usable SS is a writable, accessed data segment whose DPL is its RPL",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 type = 0; type < 16; type++) {
		SUBTEST("type-%u", type);
		/* Expand-down, the limit's complement is what can be used: 64-bit mode does not look. */
		if (type == 7 && sizeof(ulong) == 4)
			SKIP_ROW("the guest needs its stack");
		else
			rights(g, SS, 15, AR_TYPE(type), type != 3 && type != 7);
	}
	for (u32 dpl = 1; dpl < 4; dpl++) {
		SUBTEST("dpl-%u", dpl);
		rights(g, SS, 0, AR_DPL(dpl), true);
	}
}

TEST(segment_data_type, "usable DS, ES, FS and GS are accessed, and readable if they are code",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	static const u32 segments[] = { DS, ES, FS, GS };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(segments); i++) {
		for (u32 type = 0; type < 16; type++) {
			SUBTEST("%s-type-%u", names[segments[i]], type);
			rights(g, segments[i], 15, AR_TYPE(type),
			       !(type & 1) || ((type & 8) && !(type & 2)));
		}
		SUBTEST("%s-unusable", names[segments[i]]);
		rights(g, segments[i], ~0ull, ACCESS_UNUSABLE, false);
	}
}

/* Data, and code that is readable and not conforming or conforming. */
static const struct {
	const char *prefix;
	u32 type;
	bool dpl_counts;
} data_types[] = { { "", 3, true }, { "code-", 11, true }, { "conforming-", 15, false } };

TEST(segment_data_dpl,
     "the DPL of usable DS, ES, FS and GS is not less than their RPL, unless conforming",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	static const u32 segments[] = { DS, ES, FS, GS };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(segments); i++)
		for (u32 dpl = 0; dpl < 4; dpl++)
			for (u32 rpl = 0; rpl < 4; rpl++)
				for (u32 j = 0; j < ARRAY_SIZE(data_types); j++) {
					SUBTEST("%s-%sdpl-%u-rpl-%u", names[segments[i]],
						data_types[j].prefix, dpl, rpl);
					check_set_up(g);
					vmcs_set(VMCS_ACCESS_RIGHTS(segments[i]),
						 AR_DPL(dpl) | AR_TYPE(data_types[j].type));
					vmcs_set(VMCS_SELECTOR(segments[i]), rpl);
					check_expect(g, CHECK_GUEST,
						     data_types[j].dpl_counts && dpl < rpl);
				}
}

TEST(segment_rights_bits, "S and P of usable segments are set, and their reserved bits clear",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 segment = ES; segment <= TR; segment++) {
		SUBTEST("%s-s", names[segment]);
		if (segment < LDTR)
			rights(g, segment, AR_S, 0, true);
		else
			rights(g, segment, 0, AR_S, true);
		SUBTEST("%s-p", names[segment]);
		rights(g, segment, AR_P, 0, true);
		for_each_set_bit(bit, BITS(11, 8) | BITS(31, 17)) {
			SUBTEST("%s-bit-%llu", names[segment], bit);
			rights(g, segment, 0, BIT(bit), true);
		}
		SUBTEST("%s-avl", names[segment]);
		rights(g, segment, 0, BIT(12), false);
	}
}

TEST(segment_granularity, "G agrees with the limit", SPEC("SDM vol. 3C, 26.3.1.2"))
{
	static const struct {
		const char *name;
		u32 limit;
		bool g, refused;
	} rows[] = {
		{ "small-g0", 0xfffff, false, false }, { "small-g1", 0xfffff, true, false },
		{ "large-g0", 0x100fff, false, true }, { "large-g1", 0x100fff, true, false },
		{ "odd-g1", 0xffffe, true, true },     { "odd-g0", 0xffffe, false, false },
		{ "bit-11-g1", 0xff7ff, true, true },  { "top-g0", 0x80000fff, false, true },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 segment = ES; segment <= TR; segment++)
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			/* A 32-bit guest cannot do with less of these. */
			if (sizeof(ulong) == 4 && (segment == CS || segment == SS) &&
			    !rows[i].refused)
				continue;
			SUBTEST("%s-%s", names[segment], rows[i].name);
			check_set_up(g);
			make_ldtr();
			vmcs_write(VMCS_LIMIT(segment), rows[i].limit);
			vmcs_clear(VMCS_ACCESS_RIGHTS(segment), AR_G);
			vmcs_set(VMCS_ACCESS_RIGHTS(segment), rows[i].g ? AR_G : 0);
			check_expect(g, CHECK_GUEST, rows[i].refused);
		}
}

TEST(segment_cs_l_and_d, "CS of an IA-32e mode guest has not both L and D",
     SPEC("SDM vol. 3C, 26.3.1.2"), ONLY_64BIT)
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("l-d");
	rights(g, CS, 0, AR_L | AR_DB, true);
	SUBTEST("l");
	rights(g, CS, AR_DB, AR_L, false);
}

TEST(segment_tr, "TR is usable, and a busy TSS of a type that the mode has",
     SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 type = 0; type < 16; type++) {
		SUBTEST("type-%u", type);
		rights(g, TR, 15, AR_TYPE(type), type != 11 && (type != 3 || sizeof(ulong) == 8));
	}
	SUBTEST("unusable");
	rights(g, TR, 0, ACCESS_UNUSABLE, true);
}

TEST(segment_ldtr, "a usable LDTR is an LDT", SPEC("SDM vol. 3C, 26.3.1.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 type = 0; type < 16; type++) {
		SUBTEST("type-%u", type);
		rights(g, LDTR, 15, AR_TYPE(type), type != 2);
		SUBTEST("unusable-type-%u", type);
		rights(g, LDTR, 15, AR_TYPE(type) | ACCESS_UNUSABLE, false);
	}
}
