/* SPDX-License-Identifier: MIT */
/* Hints, barriers, DC ZVA, random numbers. */
#include <test.h>

#include <arm/execute.h>
#include <arm/sysreg.h>
#include <mm/page.h>
#include <string.h>

SUITE("A64 hints, barriers and others");

static void random_registers(struct arm_registers *r)
{
	memset(r, 0, sizeof(*r));
	for (u32 i = 0; i < 31; i++)
		r->x[i] = random_u64();
	r->sp = random_u64() & ~15ull;
	r->pstate = random_u64() & PSTATE_NZCV;
}

/* It does nothing that can be seen, at either level. */
static void expect_nothing(u32 insn)
{
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		static struct arm_registers before, after;

		random_registers(&before);
		after = before;
		EXPECT_NO_FAULT(arm_execute((enum arm_el)el, &insn, 1, &after), "%08x", insn);
		EXPECT_MEM_EQ(after.x, before.x, sizeof(before.x), "%08x", insn);
		EXPECT_EQ(after.sp, before.sp, "%08x", insn);
		EXPECT_EQ(after.pstate & PSTATE_NZCV, before.pstate, "%08x", insn);
	}
}

TEST(a64_hints, "hints that are not allocated, or that only advise, do nothing",
     SPEC("DDI 0487, C4.1.93, Hints; C6.2, HINT"))
{
	for (u32 hint = 0; hint < 128; hint++) {
		/* WFE and WFI wait; those of pointer authentication change registers if they are enabled. */
		if (hint == 2 || hint == 3)
			continue;
		SUBTEST("hint-%u", hint);
		expect_nothing(0xd503201f | hint << 5);
	}
}

TEST(a64_barriers,
     "DMB, DSB, ISB and, where it is there, SB change no register, whatever their option",
     SPEC("DDI 0487, C4.1.93, Barriers; C6.2, DMB, DSB, ISB, SB"))
{
	for (u32 option = 0; option < 16; option++) {
		SUBTEST("option-%u", option);
		expect_nothing(0xd50330bf | option << 8); /* DMB */
		/* Options 0 and 4 of DSB are SSBB and PSSBB. */
		expect_nothing(0xd503309f | option << 8);
		expect_nothing(0xd50330df | option << 8);
	}
	SUBTEST("sb");
	if (read_sys(ID_AA64ISAR1) >> 36 & 0xf)
		expect_nothing(0xd50330ff);
	else
		SKIP_ROW("no FEAT_SB");
}

TEST(a64_dc_zva,
     "DC ZVA zeroes the aligned block of DCZID_EL0's size that has the address, and nothing beside",
     SPEC("DDI 0487, C5.3, DC ZVA; D24.2, DCZID_EL0"), REQUIRES((read_sys(DCZID) & BIT(4)) == 0))
{
	const u32 dc_zva[] = { 0xd50b7420 }; /* x0 */
	u32 size = 4u << (read_sys(DCZID) & 15);
	u8 *memory = pages_alloc(3, PAGE_SIZE), *block = memory + PAGE_SIZE + size;

	for (u32 el = ARM_EL0; el <= ARM_EL1; el++)
		for (u32 offset = 0; offset < size; offset += offset < 4 ? 1 : size / 5) {
			struct arm_registers r = { .x = { (ulong)block + offset } };

			memset(memory, 0xa5, 3 * PAGE_SIZE);
			EXPECT_NO_FAULT(arm_execute((enum arm_el)el, dc_zva, 1, &r));
			for (u8 *at = block - size; at < block + 2 * size; at++)
				if (!EXPECT_EQ(*at, at >= block && at < block + size ? 0 : 0xa5,
					       "EL%u, at %+ld from the block", el,
					       (long)(at - block)))
					break;
		}
}

static bool has_rng(void)
{
	return read_sys(ID_AA64ISAR0) >> 60;
}

TEST(a64_random,
     "RNDR and RNDRRS give a number and NZCV = 0, or zero and Z; numbers are not always the same",
     SPEC("DDI 0487, D24.2, RNDR, RNDRRS"), REQUIRES(has_rng()))
{
	for (u32 i = 0; i < 2; i++) {
		const u32 code[] = { 0xd53b2401 | i << 5 };
		u64 first = 0;
		bool differs = false;

		SUBTEST("%s", i ? "rndrrs" : "rndr");
		for (u32 n = 0; n < 16; n++) {
			struct arm_registers r = { .pstate = PSTATE_NZCV };

			EXPECT_NO_FAULT(arm_execute(n & 1 ? ARM_EL0 : ARM_EL1, code, 1, &r));
			if (r.pstate & PSTATE_Z)
				EXPECT_EQ(r.x[1], 0);
			EXPECT_EQ(r.pstate & PSTATE_NZCV & ~PSTATE_Z, 0);
			if (n == 0)
				first = r.x[1];
			differs |= r.x[1] != first;
		}
		EXPECT(differs);
	}
}

TEST(a64_undefined, "UDF and encodings that are reserved are UNDEFINED at both levels",
     SPEC("DDI 0487, C4.1, Reserved; C6.2, UDF"))
{
	static const u32 encodings[] = { 0x00000000, 0x0000ffff, 0x00010000, 0x02000000,
					 0x06000000, 0xd4000000, 0xd4200001, 0xd4600000,
					 0xd503501f, 0xd6000000, 0xd61f0001, 0xd61f03e1 };

	for (u32 i = 0; i < ARRAY_SIZE(encodings); i++) {
		SUBTEST("%#010x", encodings[i]);
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			struct arm_registers r = { 0 };

			EXPECT_FAULT(UNDEFINED, arm_execute((enum arm_el)el, &encodings[i], 1, &r));
		}
	}
}
