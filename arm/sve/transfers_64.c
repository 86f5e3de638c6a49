/* SPDX-License-Identifier: MIT */
/* SVE: contiguous, broadcasting, structure and non-temporal loads and stores. */
#include <test.h>

#include <arm/sysreg.h>

#include "sve.h"
#include "transfer.h"

SUITE("SVE loads and stores", REQUIRES(has_sve()));

/* dtype of loads: bytes in memory, bytes of an element, sign. */
static const struct {
	const char *name;
	u8 memory, element;
	bool is_signed;
} dtypes[16] = {
	{ "b-8", 1, 1, false },	 { "b-16", 1, 2, false }, { "b-32", 1, 4, false },
	{ "b-64", 1, 8, false }, { "sw-64", 4, 8, true }, { "h-16", 2, 2, false },
	{ "h-32", 2, 4, false }, { "h-64", 2, 8, false }, { "sh-64", 2, 8, true },
	{ "sh-32", 2, 4, true }, { "w-32", 4, 4, false }, { "w-64", 4, 8, false },
	{ "sb-64", 1, 8, true }, { "sb-32", 1, 4, true }, { "sb-16", 1, 2, true },
	{ "d-64", 8, 8, false },
};

static struct sve_transfer load(u32 dtype, u32 code, enum sve_addressing addressing)
{
	return (struct sve_transfer){
		.code = code,
		.memory = dtypes[dtype].memory,
		.element = dtypes[dtype].element,
		.is_signed = dtypes[dtype].is_signed,
		.registers = 1,
		.addressing = addressing,
	};
}

#define X1	    (1u << 16)
#define IMM4(value) (((u32)(value)&15) << 16)

/* An immediate for each row, of both signs. */
static s32 immediate(u32 row)
{
	return (s32)(row * 5 % 16) - 8;
}

TEST(sve_contiguous_loads,
     "LD1 of each type loads the active elements, by index and immediate; absent memory of inactive ones is no fault",
     SPEC("DDI 0487, C8.2, LD1B, LD1SW (scalar plus scalar, scalar plus immediate) and others"))
{
	sve_transfer_begin();
	for (u32 i = 0; i < 16; i++) {
		s32 imm = immediate(i);
		struct sve_transfer t = load(i, 0xa4004000 | i << 21 | X1, SVE_INDEX);

		SUBTEST("ld1%s-index", dtypes[i].name);
		sve_transfer_check(&t);
		SUBTEST("ld1%s-immediate", dtypes[i].name);
		t = load(i, 0xa400a000 | i << 21 | IMM4(imm), SVE_IMMEDIATE);
		t.imm = imm;
		sve_transfer_check(&t);
	}
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_broadcasts,
     "LD1R loads one element for all active ones; LD1RQ 16 bytes for each 16 of the vector",
     SPEC("DDI 0487, C8.2, LD1RB, LD1RSW, LD1RQB and others"))
{
	sve_transfer_begin();
	for (u32 i = 0; i < 16; i++) {
		u32 imm6 = i * 11 % 64;
		struct sve_transfer t = load(
			i, 0x84408000 | (i >> 2) << 23 | (i & 3) << 13 | imm6 << 16, SVE_BROADCAST);

		t.imm = (s32)(imm6 * t.memory);
		SUBTEST("ld1r%s", dtypes[i].name);
		sve_transfer_check(&t);
	}
	for (u32 msz = 0; msz < 4; msz++) {
		u32 dtype = msz * 5;
		s32 imm = immediate(msz);
		struct sve_transfer t = load(dtype, 0xa4000000 | msz << 23 | X1, SVE_QUAD_INDEX);

		SUBTEST("ld1rq%s-index", dtypes[dtype].name);
		sve_transfer_check(&t);
		SUBTEST("ld1rq%s-immediate", dtypes[dtype].name);
		t = load(dtype, 0xa4002000 | msz << 23 | IMM4(imm), SVE_QUAD_IMMEDIATE);
		t.imm = imm * 16;
		sve_transfer_check(&t);
	}
	write_sys(CPACR, CPACR_FPEN);
}

static void check_faulting_loads(enum sve_first first)
{
	sve_transfer_begin();
	for (u32 i = 0; i < 16; i++) {
		s32 imm = immediate(i);
		struct sve_transfer t;

		if (first == SVE_FIRST_SPLIT && dtypes[i].memory == 1)
			continue;
		t = load(i, 0xa4006000 | i << 21 | X1, SVE_INDEX);
		t.first = first;
		t.faulting = SVE_FIRST_FAULTS;
		SUBTEST("ldff1%s", dtypes[i].name);
		sve_transfer_check(&t);
		t = load(i, 0xa410a000 | i << 21 | IMM4(imm), SVE_IMMEDIATE);
		t.imm = imm;
		t.first = first;
		t.faulting = SVE_NO_FAULTS;
		SUBTEST("ldnf1%s", dtypes[i].name);
		sve_transfer_check(&t);
	}
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_faulting_loads,
     "LDFF1 faults for its first active element alone, LDNF1 for none; FFR ends at the element that is not loaded",
     SPEC("DDI 0487, C8.2, LDFF1B, LDFF1SW (scalar plus scalar), LDNF1B, RDFFR, WRFFR and others"))
{
	check_faulting_loads(SVE_FIRST_0);
}

TEST(sve_faulting_loads_split,
     "the same where the first active element crosses a page's end: LDFF1 loads it or faults, LDNF1 never faults",
     SPEC("DDI 0487, C8.2, LDFF1B, LDFF1SW (scalar plus scalar), LDNF1B, RDFFR, WRFFR and others"))
{
	check_faulting_loads(SVE_FIRST_SPLIT);
}

TEST(sve_faulting_loads_late,
     "the same where the first elements are inactive, and may be in another page than the first active one",
     SPEC("DDI 0487, C8.2, LDFF1B, LDFF1SW (scalar plus scalar), LDNF1B, RDFFR, WRFFR and others"))
{
	check_faulting_loads(SVE_FIRST_LATE);
}

TEST(sve_contiguous_stores,
     "ST1 and STNT1 store the low bytes of the active elements alone, by index and immediate",
     SPEC("DDI 0487, C8.2, ST1B, STNT1B (scalar plus scalar, scalar plus immediate) and others"))
{
	sve_transfer_begin();
	for (u32 msz = 0; msz < 4; msz++)
		for (u32 size = msz; size < 4; size++) {
			s32 imm = immediate(4 * msz + size);
			struct sve_transfer t = {
				.code = 0xe4004000 | msz << 23 | size << 21 | X1,
				.memory = 1u << msz,
				.element = 1u << size,
				.store = true,
				.registers = 1,
				.addressing = SVE_INDEX,
			};

			SUBTEST("st1-%u-of-%u-index", 8 << msz, 8 << size);
			sve_transfer_check(&t);
			SUBTEST("st1-%u-of-%u-immediate", 8 << msz, 8 << size);
			t.code = 0xe400e000 | msz << 23 | size << 21 | IMM4(imm);
			t.addressing = SVE_IMMEDIATE;
			t.imm = imm;
			sve_transfer_check(&t);
		}
	write_sys(CPACR, CPACR_FPEN);
}

/* Of 1 to 4 registers: with one, non-temporal. The number is in bits 22-21. */
static const struct {
	const char *name;
	u32 code;
	u32 registers;
	bool store;
	enum sve_addressing addressing;
} structures[] = {
	{ "ldnt1", 0xa400c000, 1, false, SVE_INDEX },
	{ "ldnt1", 0xa400e000, 1, false, SVE_IMMEDIATE },
	{ "ld2", 0xa420c000, 2, false, SVE_INDEX },
	{ "ld2", 0xa420e000, 2, false, SVE_IMMEDIATE },
	{ "ld3", 0xa440c000, 3, false, SVE_INDEX },
	{ "ld3", 0xa440e000, 3, false, SVE_IMMEDIATE },
	{ "ld4", 0xa460c000, 4, false, SVE_INDEX },
	{ "ld4", 0xa460e000, 4, false, SVE_IMMEDIATE },
	{ "stnt1", 0xe4006000, 1, true, SVE_INDEX },
	{ "stnt1", 0xe410e000, 1, true, SVE_IMMEDIATE },
	{ "st2", 0xe4206000, 2, true, SVE_INDEX },
	{ "st2", 0xe430e000, 2, true, SVE_IMMEDIATE },
	{ "st3", 0xe4406000, 3, true, SVE_INDEX },
	{ "st3", 0xe450e000, 3, true, SVE_IMMEDIATE },
	{ "st4", 0xe4606000, 4, true, SVE_INDEX },
	{ "st4", 0xe470e000, 4, true, SVE_IMMEDIATE },
};

TEST(sve_structures,
     "LD2 to LD4 and ST2 to ST4 take structures apart and make them; LDNT1 and STNT1 are as LD1 and ST1",
     SPEC("DDI 0487, C8.2, LDNT1B, LD2B, LD3B, LD4B, STNT1B, ST2B, ST3B, ST4B and others"))
{
	sve_transfer_begin();
	for (u32 i = 0; i < ARRAY_SIZE(structures); i++)
		for (u32 msz = 0; msz < 4; msz++) {
			bool index = structures[i].addressing == SVE_INDEX;
			s32 imm = index ? 0 : immediate(i + msz);
			struct sve_transfer t = {
				.code = structures[i].code | msz << 23 | (index ? X1 : IMM4(imm)),
				.memory = 1u << msz,
				.element = 1u << msz,
				.store = structures[i].store,
				.registers = structures[i].registers,
				.addressing = structures[i].addressing,
				.imm = imm * (s32)structures[i].registers,
			};

			SUBTEST("%s-%u-%s", structures[i].name, 8 << msz,
				index ? "index" : "immediate");
			sve_transfer_check(&t);
		}
	write_sys(CPACR, CPACR_FPEN);
}
