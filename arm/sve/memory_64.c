/* SPDX-License-Identifier: MIT */
/* SVE: vector lengths, counts, predicates, loads and stores. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <arm/sysreg.h>
#include <model/a64.h>
#include <string.h>

#include "sve.h"

SUITE("SVE lengths, predicates, memory", REQUIRES(has_sve()));

#define LDR_P0 0x85800280u /* LDR p0, [x20] */
#define STR_P0 0xe58002a0u /* STR p0, [x21] */

static u64 run1(u32 insn, struct arm_registers *r)
{
	EXPECT_NO_FAULT(arm_execute(ARM_EL0, &insn, 1, r));
	return r->x[0];
}

TEST(sve_lengths,
     "ZCR_EL1.LEN limits the vector length, which RDVL, ADDVL, CNTB and its brothers, INCB and PTRUE agree on",
     SPEC("DDI 0487, D24.2, ZCR_EL1; C8.2, RDVL, ADDVL, CNTB, INCB"))
{
	u64 longest;
	struct arm_registers r = { 0 };

	sve_enable(true);
	longest = run1(0x04bf5020, &r); /* RDVL x0, #1 */
	EXPECT_GE(longest, 16);
	for (u32 len = 0; len < 16; len++) {
		u64 bytes;

		SUBTEST("len-%u", len);
		write_sys(ZCR, len);
		isb();
		r = (struct arm_registers){ 0 };
		bytes = run1(0x04bf5020, &r);
		EXPECT_LE(bytes, 16 * (len + 1ull));
		EXPECT_LE(bytes, longest);
		EXPECT(bytes % 16 == 0 && bytes);
		EXPECT_EQ(run1(0x04bf57e0, &r), -bytes); /* RDVL x0, #-1 */
		EXPECT_EQ(run1(0x0420e3e0, &r), bytes);
		EXPECT_EQ(run1(0x0460e3e0, &r), bytes / 2);
		EXPECT_EQ(run1(0x04a0e3e0, &r), bytes / 4);
		EXPECT_EQ(run1(0x04e0e3e0, &r), bytes / 8);
		r.x[0] = 1000;
		EXPECT_EQ(run1(0x0430e3e0, &r), 1000 + bytes); /* INCB x0 */
		r.x[1] = 1000;
		EXPECT_EQ(run1(0x04215060, &r), 1000 + 3 * bytes);     /* ADDVL x0, x1, #3 */
		EXPECT_EQ(run1(0x04615060, &r), 1000 + 3 * bytes / 8); /* ADDPL x0, x1, #3 */
	}
	write_sys(CPACR, CPACR_FPEN);
}

/* WHILELO p0.<T>, x1, x2 and WHILELT, unsigned and signed. */
TEST(sve_while,
     "WHILELO, WHILELS, WHILELT, WHILELE make predicates of as many elements as the condition holds for",
     SPEC("DDI 0487, C8.2, WHILELO, WHILELE and others"))
{
	static const struct {
		const char *name;
		u32 code;
		bool is_signed, equal;
	} whiles[] = {
		{ "lo", 0x25221c20, false, false },
		{ "ls", 0x25221c30, false, true },
		{ "lt", 0x25221420, true, false },
		{ "le", 0x25221430, true, true },
	};
	static u16 stored[8];

	sve_enable(false);
	for (u32 i = 0; i < ARRAY_SIZE(whiles); i++)
		for (u32 size = 0; size < 4; size++) {
			const u32 code[] = { whiles[i].code | size << 22, STR_P0 };

			SUBTEST("%s-%u", whiles[i].name, 8 << size);
			for (s64 start = -3; start < 3; start++)
				for (s64 distance = -2; distance <= 18; distance++) {
					struct arm_registers r = {
						.x = { 0, (u64)start, (u64)(start + distance) }
					};
					u32 expected = 0, elements = 16u >> size;
					bool holds = true;

					for (u32 e = 0; e < elements; e++) {
						u64 a = (u64)start + e, b = (u64)(start + distance);

						if (whiles[i].is_signed)
							holds &= whiles[i].equal ? (s64)a <= (s64)b
										 : (s64)a < (s64)b;
						else
							holds &= whiles[i].equal ? a <= b : a < b;
						expected |= (u32)holds << (e << size);
					}
					r.x[21] = (ulong)stored;
					EXPECT_NO_FAULT(arm_execute(ARM_EL0, code, 2, &r));
					EXPECT_EQ(stored[0], expected, "from %lld to %lld", start,
						  start + distance);
				}
		}
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_ptrue, "PTRUE makes as many elements active as its pattern says",
     SPEC("DDI 0487, C8.2, PTRUE; J1.3, DecodePredCount"))
{
	static u16 stored[8];

	sve_enable(false);
	for (u32 pattern = 0; pattern < 32; pattern++) {
		SUBTEST("pattern-%u", pattern);
		for (u32 size = 0; size < 4; size++) {
			const u32 code[] = { 0x2518e000 | size << 22 | pattern << 5, STR_P0 };
			u32 elements = 16u >> size, count = 0, expected = 0;
			struct arm_registers r = { 0 };

			if (pattern == 0)
				count = elements; /* a power of two */
			else if (pattern <= 8)
				count = pattern;
			else if (pattern <= 13)
				count = 16u << (pattern - 9);
			else if (pattern == 29)
				count = elements / 4 * 4;
			else if (pattern == 30)
				count = elements / 3 * 3;
			else if (pattern == 31)
				count = elements;
			if (count > elements)
				count = 0;
			for (u32 e = 0; e < count; e++)
				expected |= 1u << (e << size);
			r.x[21] = (ulong)stored;
			EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 2, &r));
			EXPECT_EQ(stored[0], expected, "size %u", size);
		}
	}
	write_sys(CPACR, CPACR_FPEN);
}

/* dtype of LD1: bytes in memory, bytes of an element, sign. */
static const struct {
	u8 memory, element;
	bool is_signed;
} dtypes[16] = {
	{ 1, 1, false }, { 1, 2, false }, { 1, 4, false }, { 1, 8, false },
	{ 4, 8, true },	 { 2, 2, false }, { 2, 4, false }, { 2, 8, false },
	{ 2, 8, true },	 { 2, 4, true },  { 4, 4, false }, { 4, 8, false },
	{ 1, 8, true },	 { 1, 4, true },  { 1, 2, true },  { 8, 8, false },
};

TEST(sve_loads,
     "LD1 loads and extends the active elements, makes the others zero, and does not touch their memory",
     SPEC("DDI 0487, C8.2, LD1B, LD1SW (scalar plus immediate) and others"))
{
	static u16 predicate[8];
	u8 *page = page_alloc();
	const ulong va = 0x2c3000000000;

	sve_enable(false);
	space_map(space_kernel(), va, (ulong)page, PAGE_SIZE, PROT_USER | PROT_WRITE);
	for (u32 i = 0; i < PAGE_SIZE; i++)
		page[i] = (u8)random_u64();
	for (u32 dtype = 0; dtype < 16; dtype++) {
		u32 element = dtypes[dtype].element, memory = dtypes[dtype].memory,
		    count = 16 / element;

		SUBTEST("dtype-%u", dtype);
		for (u32 i = 0; i < 40; i++) {
			s32 imm = (s32)(i % 16) - 8;
			/* LD1 {z0}, p0/z, [x0, #imm, MUL VL] */
			const u32 code[] = { LDR_P0,
					     0xa400a000 | dtype << 21 | ((u32)imm & 15) << 16 };
			struct arm_registers r = { .has_fp = true };
			u64 expected[2] = { 0, 0 };
			u32 at = 1024 + i;

			predicate[0] = (u16)random_u64();
			/* The last ones lie in an absent page: inactive. */
			if (i >= 32) {
				u32 present = i % count + 1;

				at = PAGE_SIZE - present * memory;
				predicate[0] &= (u16)((1u << present * element) - 1);
			}
			r.x[0] = va + at - (ulong)(long)(imm * (s32)count * (s32)memory);
			r.x[20] = (ulong)predicate;
			r.v[0][0] = r.v[0][1] = ~0ull;
			for (u32 e = 0; e < count; e++) {
				u64 value = 0;

				if (!(predicate[0] >> e * element & 1))
					continue;
				memcpy(&value, page + at + e * memory, memory);
				if (dtypes[dtype].is_signed)
					value = (u64)a64_signed(value, memory * 8);
				if (element < 8)
					value &= BITS(element * 8 - 1, 0);
				expected[e * element / 8] |= value << e * element % 8 * 8;
			}
			EXPECT_NO_FAULT(arm_execute(ARM_EL0, code, 2, &r), "p0 %#x", predicate[0]);
			EXPECT_MEM_EQ(r.v[0], expected, 16, "p0 %#x, imm %d", predicate[0], imm);
		}
	}
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_stores, "ST1 stores the low bytes of the active elements alone",
     SPEC("DDI 0487, C8.2, ST1B, ST1D (scalar plus immediate) and others"))
{
	static u16 predicate[8];
	static u8 memory[256], expected[256];

	sve_enable(false);
	for (u32 msz = 0; msz < 4; msz++)
		for (u32 size = msz; size < 4; size++) {
			/* ST1 {z0}, p0, [x0] */
			const u32 code[] = { LDR_P0, 0xe400e000 | msz << 23 | size << 21 };
			u32 count = 16u >> size;

			SUBTEST("%u-of-%u", 8 << msz, 8 << size);
			for (u32 i = 0; i < 32; i++) {
				struct arm_registers r = { .has_fp = true };

				predicate[0] = (u16)random_u64();
				for (u32 b = 0; b < 256; b++)
					memory[b] = expected[b] = (u8)random_u64();
				r.v[0][0] = random_u64();
				r.v[0][1] = random_u64();
				r.x[0] = (ulong)memory + 64 + i;
				r.x[20] = (ulong)predicate;
				for (u32 e = 0; e < count; e++) {
					u64 value = sve_element(r.v[0], 1u << size, e);

					if (predicate[0] >> (e << size) & 1)
						memcpy(expected + 64 + i + (e << msz), &value,
						       1u << msz);
				}
				EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 2, &r));
				EXPECT_MEM_EQ(memory, expected, 256, "p0 %#x", predicate[0]);
			}
		}
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_load_fault,
     "a load of an active element in an absent page is an abort there, and leaves the register",
     SPEC("DDI 0487, C8.2, LD1D (scalar plus immediate)"))
{
	static u16 predicate[8];
	const ulong va = 0x2c3000000000;
	const u32 code[] = { LDR_P0, 0xa5e0a000 };
	struct arm_registers r = { .has_fp = true };

	sve_enable(false);
	space_map(space_kernel(), va, (ulong)page_alloc(), PAGE_SIZE, PROT_USER | PROT_WRITE);
	predicate[0] = 0x0101;
	r.x[0] = va + PAGE_SIZE - 8;
	r.x[20] = (ulong)predicate;
	r.v[0][0] = r.v[0][1] = 0x55;
	EXPECT_FAULT(DATA_ABORT_LOWER(FSC_TRANSLATION(3), va + PAGE_SIZE),
		     arm_execute(ARM_EL0, code, 2, &r));
	EXPECT_EQ(r.v[0][0], 0x55);
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_upper_bits,
     "a write of a V register clears what is above it; SVE's state is as long as the vectors",
     SPEC("DDI 0487, B1.2.2, Z registers; C7.2"))
{
	static u64 memory[32];
	/* PTRUE p0.b; DUP z0.b, #-1; FMOV d0, x1; STR z0, [x0] */
	const u32 code[] = { 0x2518e3e0, 0x2538dfe0, 0x9e670020, 0xe5804000 };
	struct arm_registers r = { .x = { (ulong)memory, 0x1234 } };

	sve_enable(true);
	memset(memory, 0xff, sizeof(memory));
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 4, &r));
	EXPECT_EQ(memory[0], 0x1234);
	EXPECT_EQ(memory[1], 0);
	{
		struct arm_registers length = { 0 };
		u64 bytes = run1(0x04bf5020, &length);

		for (u32 i = 1; i < bytes / 8; i++)
			EXPECT_EQ(memory[i], 0, "doubleword %u", i);
	}
	write_sys(CPACR, CPACR_FPEN);
}
