/* SPDX-License-Identifier: MIT */
/* PAT and MTRRs: types and reserved bits. SDM vol. 3A, 11.11, 11.12; APM vol. 2, 7.7, 7.8. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/msr.h>

SUITE("Memory types");

#define MSR_MTRRCAP 0x0fe

#define MTRRCAP_VCNT 0xffu
#define MTRRCAP_FIX  BIT(8)
#define MTRRCAP_WC   BIT(10)

static const u32 fixed_msrs[] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
				  0x26b, 0x26c, 0x26d, 0x26e, 0x26f };

/* UC, WC, WT, WP, WB; PAT has UC- too. */
static bool is_type(u32 type)
{
	return type == 0 || type == 1 || (type >= 4 && type <= 6);
}

static bool is_pat_type(u32 type)
{
	return is_type(type) || type == 7;
}

TEST(pat_types, "each field of PAT takes the types 0, 1 and 4 to 7",
     SPEC("SDM vol. 3A, 11.12.2"), REQUIRES(cpu_has(X86_FEATURE_PAT)))
{
	u64 before = rdmsr(MSR_IA32_PAT);

	for (u32 field = 0; field < 8; field++)
		for (u32 type = 0; type < 8; type++) {
			u64 value = (before & ~(0xffull << 8 * field)) | (u64)type << 8 * field;

			if (!is_pat_type(type))
				continue;
			SUBTEST("field-%u-type-%u", field, type);
			EXPECT_NO_FAULT(wrmsr_try(MSR_IA32_PAT, value));
			EXPECT_EQ(rdmsr(MSR_IA32_PAT), value);
		}
	wrmsr(MSR_IA32_PAT, before);
}

TEST(pat_reserved_types, "other types, and bits 7-3 of a field, are #GP(0); PAT stays",
     SPEC("SDM vol. 3A, 11.12.2, 11.12.4"), REQUIRES(cpu_has(X86_FEATURE_PAT)))
{
	u64 before = rdmsr(MSR_IA32_PAT);

	for (u32 field = 0; field < 8; field++) {
		SUBTEST("field-%u", field);
		for (u32 type = 0; type < 256; type++) {
			u64 value = (before & ~(0xffull << 8 * field)) | (u64)type << 8 * field;

			if (is_pat_type(type))
				continue;
			EXPECT_FAULT(GP(0), wrmsr_try(MSR_IA32_PAT, value), "type %#x", type);
			EXPECT_EQ(rdmsr(MSR_IA32_PAT), before);
			wrmsr(MSR_IA32_PAT, before);
		}
	}
}

/* ------------------------------------------------------------------------------------------ MTRRs */

static bool has_mtrr(void)
{
	return cpu_has(X86_FEATURE_MTRR);
}

static u32 variable_ranges(void)
{
	return (u32)rdmsr(MSR_MTRRCAP) & MTRRCAP_VCNT;
}

TEST(mtrr_cap, "MTRRcap cannot be written, and has no reserved bit set",
     SPEC("SDM vol. 3A, 11.11.1"), REQUIRES(has_mtrr()))
{
	u64 before = rdmsr(MSR_MTRRCAP);

	SUBTEST("write");
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_MTRRCAP, before));
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_MTRRCAP, 0));
	SUBTEST("value");
	EXPECT_EQ(rdmsr(MSR_MTRRCAP), before);
	EXPECT_EQ(before & ~(BITS(12, 10) | BIT(8) | 0xff), 0ull);
}

TEST(mtrr_fixed, "each field of each fixed-range MTRR takes the types UC, WC, WT, WP and WB",
     SPEC("SDM vol. 3A, 11.11.2.2"), REQUIRES(has_mtrr() && (rdmsr(MSR_MTRRCAP) & MTRRCAP_FIX)))
{
	for (u32 i = 0; i < ARRAY_SIZE(fixed_msrs); i++) {
		u64 before = rdmsr(fixed_msrs[i]);

		SUBTEST("%#x", fixed_msrs[i]);
		for (u32 field = 0; field < 8; field++)
			for (u32 type = 0; type < 7; type++) {
				u64 value = 0x0606060606060606 & ~(0xffull << 8 * field);

				if (!is_type(type))
					continue;
				value |= (u64)type << 8 * field;
				EXPECT_NO_FAULT(wrmsr_try(fixed_msrs[i], value));
				EXPECT_EQ(rdmsr(fixed_msrs[i]), value);
			}
		wrmsr(fixed_msrs[i], before);
	}
}

/* Without AMD's SYSCFG.MtrrFixDramModEn its RdMem and WrMem bits are reserved as on Intel. */
TEST(mtrr_fixed_reserved, "another type in a fixed-range MTRR is #GP(0), and it stays",
     SPEC("SDM vol. 3A, 11.11.2.2; APM vol. 2, 7.7.2"),
	  REQUIRES(has_mtrr() && (rdmsr(MSR_MTRRCAP) & MTRRCAP_FIX)))
{
	static const u8 types[] = { 2, 3, 7, 8, 0x20, 0x40, 0x80, 0xff };

	for (u32 i = 0; i < ARRAY_SIZE(fixed_msrs); i++) {
		u64 before = rdmsr(fixed_msrs[i]);

		SUBTEST("%#x", fixed_msrs[i]);
		for (u32 field = 0; field < 8; field++)
			for (u32 j = 0; j < ARRAY_SIZE(types); j++) {
				u64 value = (before & ~(0xffull << 8 * field)) |
					    (u64)types[j] << 8 * field;

				EXPECT_FAULT(GP(0), wrmsr_try(fixed_msrs[i], value));
				EXPECT_EQ(rdmsr(fixed_msrs[i]), before);
				wrmsr(fixed_msrs[i], before);
			}
	}
}

TEST(mtrr_variable, "the variable-range MTRRs keep type, base, mask and the valid bit",
     SPEC("SDM vol. 3A, 11.11.2.3"), REQUIRES(has_mtrr()))
{
	const u64 address = BITS(cpu_physical_bits() - 1, 12);

	for (u32 i = 0; i < variable_ranges(); i++) {
		u64 base = rdmsr(MSR_MTRR_PHYSBASE(i)), mask = rdmsr(MSR_MTRR_PHYSMASK(i));

		SUBTEST("range-%u", i);
		wrmsr(MSR_MTRR_PHYSMASK(i), 0);
		for_each_set_bit(bit, address) {
			EXPECT_NO_FAULT(wrmsr_try(MSR_MTRR_PHYSBASE(i), BIT(bit) | 6));
			EXPECT_EQ(rdmsr(MSR_MTRR_PHYSBASE(i)), BIT(bit) | 6);
			EXPECT_NO_FAULT(wrmsr_try(MSR_MTRR_PHYSMASK(i), BIT(bit)));
			EXPECT_EQ(rdmsr(MSR_MTRR_PHYSMASK(i)), BIT(bit));
		}
		for (u32 type = 0; type < 7; type++) {
			if (!is_type(type))
				continue;
			EXPECT_NO_FAULT(wrmsr_try(MSR_MTRR_PHYSBASE(i), type));
			EXPECT_EQ(rdmsr(MSR_MTRR_PHYSBASE(i)), (u64)type);
		}
		/* A range above all memory. */
		EXPECT_NO_FAULT(wrmsr_try(MSR_MTRR_PHYSBASE(i), BIT(cpu_physical_bits() - 1) | 6));
		EXPECT_NO_FAULT(wrmsr_try(MSR_MTRR_PHYSMASK(i), address | BIT(11)));
		EXPECT_EQ(rdmsr(MSR_MTRR_PHYSMASK(i)), address | BIT(11));
		wrmsr(MSR_MTRR_PHYSMASK(i), 0);
		wrmsr(MSR_MTRR_PHYSBASE(i), base);
		wrmsr(MSR_MTRR_PHYSMASK(i), mask);
	}
}

TEST(mtrr_variable_reserved,
     "reserved types and bits of variable-range MTRRs are #GP(0); they stay",
     SPEC("SDM vol. 3A, 11.11.2.3; APM vol. 2, 7.7.2"), REQUIRES(has_mtrr()))
{
	const u64 beyond = BITS(63, cpu_physical_bits());

	for (u32 i = 0; i < variable_ranges(); i++)
		for (u32 is_mask = 0; is_mask <= 1; is_mask++) {
			u32 index = is_mask ? MSR_MTRR_PHYSMASK(i) : MSR_MTRR_PHYSBASE(i);
			u64 before = rdmsr(index);
			u64 reserved = beyond | (is_mask ? BITS(10, 0) : BITS(11, 8));

			for_each_set_bit(bit, reserved) {
				SUBTEST("%s-%u-bit-%llu", is_mask ? "mask" : "base", i, bit);
				EXPECT_FAULT(GP(0), wrmsr_try(index, before | BIT(bit)));
				EXPECT_EQ(rdmsr(index), before);
				wrmsr(index, before);
			}
			if (is_mask)
				continue;
			for (u32 type = 0; type < 256; type++) {
				if (is_type(type))
					continue;
				SUBTEST("base-%u-type-%u", i, type);
				EXPECT_FAULT(GP(0), wrmsr_try(index, (before & ~0xffull) | type));
				EXPECT_EQ(rdmsr(index), before);
				wrmsr(index, before);
				if (type >= 8)
					type += 31;
			}
		}
}

TEST(mtrr_beyond_count, "variable-range MTRRs beyond MTRRcap's count do not exist: #GP(0)",
     SPEC("SDM vol. 3A, 11.11.1, 11.11.2.3"), REQUIRES(has_mtrr()))
{
	u64 value = 0;
	u32 index = MSR_MTRR_PHYSBASE(variable_ranges());

	if (index >= fixed_msrs[0])
		SKIP("no room for another");
	EXPECT_FAULT(GP(0), rdmsr_try(index, &value));
	EXPECT_FAULT(GP(0), wrmsr_try(index, 0));
}

TEST(mtrr_default_type, "MTRRdefType keeps its type, E and FE",
     SPEC("SDM vol. 3A, 11.11.2.1"), REQUIRES(has_mtrr()))
{
	u64 before = rdmsr(MSR_MTRR_DEF_TYPE);

	for (u32 type = 0; type < 7; type++)
		for (u64 enables = 0; enables <= 3; enables++) {
			if (!is_type(type))
				continue;
			SUBTEST("type-%u-enables-%llu", type, enables);
			EXPECT_NO_FAULT(wrmsr_try(MSR_MTRR_DEF_TYPE, type | enables << 10));
			EXPECT_EQ(rdmsr(MSR_MTRR_DEF_TYPE), type | enables << 10);
		}
	wrmsr(MSR_MTRR_DEF_TYPE, before);
}

TEST(mtrr_default_type_reserved, "reserved types and bits of MTRRdefType are #GP(0), and it stays",
     SPEC("SDM vol. 3A, 11.11.2.1; APM vol. 2, 7.7.2"), REQUIRES(has_mtrr()))
{
	u64 before = rdmsr(MSR_MTRR_DEF_TYPE);

	for_each_set_bit(bit, BITS(63, 12) | BITS(9, 8)) {
		SUBTEST("bit-%llu", bit);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_MTRR_DEF_TYPE, before | BIT(bit)));
		EXPECT_EQ(rdmsr(MSR_MTRR_DEF_TYPE), before);
		wrmsr(MSR_MTRR_DEF_TYPE, before);
	}
	for (u32 type = 2; type < 256; type = type < 8 ? type + 1 : type * 2) {
		if (is_type(type))
			continue;
		SUBTEST("type-%u", type);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_MTRR_DEF_TYPE, (before & ~0xffull) | type));
		EXPECT_EQ(rdmsr(MSR_MTRR_DEF_TYPE), before);
		wrmsr(MSR_MTRR_DEF_TYPE, before);
	}
}

TEST(mtrr_separate, "each MTRR is a register of its own",
     SPEC("SDM vol. 3A, 11.11.2"), REQUIRES(has_mtrr()))
{
	static const u64 types[] = { 0, 1, 4, 5, 6 };
	u64 fixed[ARRAY_SIZE(fixed_msrs)], base[16], mask[16];
	u32 ranges = MIN(variable_ranges(), 16u);

	for (u32 i = 0; i < ARRAY_SIZE(fixed_msrs); i++) {
		fixed[i] = rdmsr(fixed_msrs[i]);
		wrmsr(fixed_msrs[i], types[i % 5] << 8 | types[i / 5] << 24);
	}
	for (u32 i = 0; i < ranges; i++) {
		base[i] = rdmsr(MSR_MTRR_PHYSBASE(i));
		mask[i] = rdmsr(MSR_MTRR_PHYSMASK(i));
		wrmsr(MSR_MTRR_PHYSMASK(i), 0x100000ull * (i + 1));
		wrmsr(MSR_MTRR_PHYSBASE(i), 0x10000000ull * (i + 1) | 6);
	}
	for (u32 i = 0; i < ARRAY_SIZE(fixed_msrs); i++) {
		SUBTEST("fixed-%#x", fixed_msrs[i]);
		EXPECT_EQ(rdmsr(fixed_msrs[i]), types[i % 5] << 8 | types[i / 5] << 24);
		wrmsr(fixed_msrs[i], fixed[i]);
	}
	for (u32 i = 0; i < ranges; i++) {
		SUBTEST("range-%u", i);
		EXPECT_EQ(rdmsr(MSR_MTRR_PHYSBASE(i)), 0x10000000ull * (i + 1) | 6);
		EXPECT_EQ(rdmsr(MSR_MTRR_PHYSMASK(i)), 0x100000ull * (i + 1));
		wrmsr(MSR_MTRR_PHYSBASE(i), base[i]);
		wrmsr(MSR_MTRR_PHYSMASK(i), mask[i]);
	}
}
