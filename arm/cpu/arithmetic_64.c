/* SPDX-License-Identifier: MIT */
/* Integer instructions of A64, results and flags, against the model. */
#include <test.h>

#include <model/operands.h>

#include "check.h"

SUITE("A64 integer instructions");

/* An instruction on two operands; flags in and out. */
#define WITH_FLAGS(name, insn)                                                  \
	static struct alu_result name(ulong a, ulong b, ulong flags)            \
	{                                                                       \
		struct alu_result r;                                            \
		u64 out;                                                        \
                                                                                \
		__asm__ volatile("msr nzcv, %[f]\n\t" insn "\n\tmrs %[o], nzcv" \
				 : [r] "=&r"(r.value), [o] "=&r"(out)           \
				 : [a] "r"(a), [b] "r"(b), [f] "r"(flags)       \
				 : "cc");                                       \
		r.flags = (u32)out;                                             \
		return r;                                                       \
	}

WITH_FLAGS(adds_64, "adds %[r], %[a], %[b]")
WITH_FLAGS(adds_32, "adds %w[r], %w[a], %w[b]")
WITH_FLAGS(subs_64, "subs %[r], %[a], %[b]")
WITH_FLAGS(subs_32, "subs %w[r], %w[a], %w[b]")
WITH_FLAGS(adcs_64, "adcs %[r], %[a], %[b]")
WITH_FLAGS(adcs_32, "adcs %w[r], %w[a], %w[b]")
WITH_FLAGS(sbcs_64, "sbcs %[r], %[a], %[b]")
WITH_FLAGS(sbcs_32, "sbcs %w[r], %w[a], %w[b]")
WITH_FLAGS(ands_64, "ands %[r], %[a], %[b]")
WITH_FLAGS(ands_32, "ands %w[r], %w[a], %w[b]")
WITH_FLAGS(bics_64, "bics %[r], %[a], %[b]")
WITH_FLAGS(bics_32, "bics %w[r], %w[a], %w[b]")
WITH_FLAGS(add_64, "add %[r], %[a], %[b]")
WITH_FLAGS(eor_64, "eor %[r], %[a], %[b]")
WITH_FLAGS(orn_32, "orn %w[r], %w[a], %w[b]")
WITH_FLAGS(lslv_64, "lsl %[r], %[a], %[b]")
WITH_FLAGS(lslv_32, "lsl %w[r], %w[a], %w[b]")
WITH_FLAGS(lsrv_64, "lsr %[r], %[a], %[b]")
WITH_FLAGS(lsrv_32, "lsr %w[r], %w[a], %w[b]")
WITH_FLAGS(asrv_64, "asr %[r], %[a], %[b]")
WITH_FLAGS(asrv_32, "asr %w[r], %w[a], %w[b]")
WITH_FLAGS(rorv_64, "ror %[r], %[a], %[b]")
WITH_FLAGS(rorv_32, "ror %w[r], %w[a], %w[b]")
WITH_FLAGS(udiv_64, "udiv %[r], %[a], %[b]")
WITH_FLAGS(udiv_32, "udiv %w[r], %w[a], %w[b]")
WITH_FLAGS(sdiv_64, "sdiv %[r], %[a], %[b]")
WITH_FLAGS(sdiv_32, "sdiv %w[r], %w[a], %w[b]")
WITH_FLAGS(mul_64, "mul %[r], %[a], %[b]")
WITH_FLAGS(mul_32, "mul %w[r], %w[a], %w[b]")
WITH_FLAGS(umulh, "umulh %[r], %[a], %[b]")
WITH_FLAGS(smulh, "smulh %[r], %[a], %[b]")
WITH_FLAGS(umull, "umull %[r], %w[a], %w[b]")
WITH_FLAGS(smull, "smull %[r], %w[a], %w[b]")
WITH_FLAGS(clz_64, "clz %[r], %[a]")
WITH_FLAGS(clz_32, "clz %w[r], %w[a]")
WITH_FLAGS(rbit_64, "rbit %[r], %[a]")
WITH_FLAGS(rbit_32, "rbit %w[r], %w[a]")
WITH_FLAGS(rev_64, "rev %[r], %[a]")
WITH_FLAGS(rev32_64, "rev32 %[r], %[a]")
WITH_FLAGS(rev16_64, "rev16 %[r], %[a]")
WITH_FLAGS(rev_32, "rev %w[r], %w[a]")

MODEL(m_adds_64, model_add(a, b, false, 64))
MODEL(m_adds_32, model_add(a, b, false, 32))
MODEL(m_subs_64, model_subtract(a, b, true, 64))
MODEL(m_subs_32, model_subtract(a, b, true, 32))
MODEL(m_adcs_64, model_add(a, b, c, 64))
MODEL(m_adcs_32, model_add(a, b, c, 32))
MODEL(m_sbcs_64, model_subtract(a, b, c, 64))
MODEL(m_sbcs_32, model_subtract(a, b, c, 32))
MODEL(m_ands_64, model_logical(a &b, false, false, 64))
MODEL(m_ands_32, model_logical(a &b, false, false, 32))
MODEL(m_bics_64, model_logical(a & ~b, false, false, 64))
MODEL(m_bics_32, model_logical(a & ~b, false, false, 32))

static const struct insn flag_insns[] = {
	{ "adds-64", adds_64, m_adds_64 }, { "adds-32", adds_32, m_adds_32 },
	{ "subs-64", subs_64, m_subs_64 }, { "subs-32", subs_32, m_subs_32 },
	{ "adcs-64", adcs_64, m_adcs_64 }, { "adcs-32", adcs_32, m_adcs_32 },
	{ "sbcs-64", sbcs_64, m_sbcs_64 }, { "sbcs-32", sbcs_32, m_sbcs_32 },
	{ "ands-64", ands_64, m_ands_64 }, { "ands-32", ands_32, m_ands_32 },
	{ "bics-64", bics_64, m_bics_64 }, { "bics-32", bics_32, m_bics_32 },
};

TEST(flag_setting, "results and N, Z, C, V of additions, subtractions and logical instructions",
     SPEC("DDI 0487, C6.2; J1.3, AddWithCarry"))
{
	check_insns(flag_insns, ARRAY_SIZE(flag_insns));
}

static u64 shifted(u64 a, u64 b, enum model_shift shift, u32 bits)
{
	bool carry;

	return model_shift(a, shift, (u32)(b & (bits - 1)), &carry, bits);
}

static u64 product(u64 a, u64 b, bool is_signed, u32 bits, bool want_high)
{
	u64 low, high;

	model_multiply(a, b, is_signed, bits, &low, &high);
	return want_high ? high : low;
}

/* What leaves the flags alone. */
MODEL_VALUE(m_add_64, model_add(a, b, false, 64).value)
MODEL_VALUE(m_eor_64, (a & ~b) | (~a & b))
MODEL_VALUE(m_orn_32, (a | ~b) & 0xffffffff)
MODEL_VALUE(m_lsl_64, shifted(a, b, MODEL_LSL, 64))
MODEL_VALUE(m_lsl_32, shifted(a, b, MODEL_LSL, 32))
MODEL_VALUE(m_lsr_64, shifted(a, b, MODEL_LSR, 64))
MODEL_VALUE(m_lsr_32, shifted(a, b, MODEL_LSR, 32))
MODEL_VALUE(m_asr_64, shifted(a, b, MODEL_ASR, 64))
MODEL_VALUE(m_asr_32, shifted(a, b, MODEL_ASR, 32))
MODEL_VALUE(m_ror_64, shifted(a, b, MODEL_ROR, 64))
MODEL_VALUE(m_ror_32, shifted(a, b, MODEL_ROR, 32))
MODEL_VALUE(m_udiv_64, model_divide(a, b, false, 64))
MODEL_VALUE(m_udiv_32, model_divide(a, b, false, 32))
MODEL_VALUE(m_sdiv_64, model_divide(a, b, true, 64))
MODEL_VALUE(m_sdiv_32, model_divide(a, b, true, 32))
MODEL_VALUE(m_mul_64, product(a, b, false, 64, false))
MODEL_VALUE(m_mul_32, product(a, b, false, 32, false) & 0xffffffff)
MODEL_VALUE(m_umulh, product(a, b, false, 64, true))
MODEL_VALUE(m_smulh, product(a, b, true, 64, true))
MODEL_VALUE(m_umull, product(a, b, false, 32, false))
MODEL_VALUE(m_smull, product(a, b, true, 32, false))
MODEL_VALUE(m_clz_64, model_count_leading_zeros(a, 64))
MODEL_VALUE(m_clz_32, model_count_leading_zeros(a, 32))
MODEL_VALUE(m_rbit_64, model_reverse_bits(a, 64))
MODEL_VALUE(m_rbit_32, model_reverse_bits(a, 32))
MODEL_VALUE(m_rev_64, model_reverse_bytes(a, 8, 64))
MODEL_VALUE(m_rev32_64, model_reverse_bytes(a, 4, 64))
MODEL_VALUE(m_rev16_64, model_reverse_bytes(a, 2, 64))
MODEL_VALUE(m_rev_32, model_reverse_bytes(a, 4, 32))

static const struct insn insns[] = {
	{ "add-64", add_64, m_add_64 },	      { "eor-64", eor_64, m_eor_64 },
	{ "orn-32", orn_32, m_orn_32 },	      { "lslv-64", lslv_64, m_lsl_64 },
	{ "lslv-32", lslv_32, m_lsl_32 },     { "lsrv-64", lsrv_64, m_lsr_64 },
	{ "lsrv-32", lsrv_32, m_lsr_32 },     { "asrv-64", asrv_64, m_asr_64 },
	{ "asrv-32", asrv_32, m_asr_32 },     { "rorv-64", rorv_64, m_ror_64 },
	{ "rorv-32", rorv_32, m_ror_32 },     { "udiv-64", udiv_64, m_udiv_64 },
	{ "udiv-32", udiv_32, m_udiv_32 },    { "sdiv-64", sdiv_64, m_sdiv_64 },
	{ "sdiv-32", sdiv_32, m_sdiv_32 },    { "mul-64", mul_64, m_mul_64 },
	{ "mul-32", mul_32, m_mul_32 },	      { "umulh", umulh, m_umulh },
	{ "smulh", smulh, m_smulh },	      { "umull", umull, m_umull },
	{ "smull", smull, m_smull },	      { "clz-64", clz_64, m_clz_64 },
	{ "clz-32", clz_32, m_clz_32 },	      { "rbit-64", rbit_64, m_rbit_64 },
	{ "rbit-32", rbit_32, m_rbit_32 },    { "rev-64", rev_64, m_rev_64 },
	{ "rev32-64", rev32_64, m_rev32_64 }, { "rev16-64", rev16_64, m_rev16_64 },
	{ "rev-32", rev_32, m_rev_32 },
};

TEST(flag_preserving,
     "results of shifts, multiplications, divisions and bit operations; flags stay",
     SPEC("DDI 0487, C6.2"))
{
	check_insns(insns, ARRAY_SIZE(insns));
}

/* Whether B.cond branched, for each condition by its number. */
#define BRANCH(condition)                                                     \
	({                                                                    \
		u64 taken_;                                                   \
		__asm__ volatile("msr nzcv, %1\n\tmov %0, #1\n\tb." condition \
				 " 1f\n\tmov %0, #0\n1:"                      \
				 : "=&r"(taken_)                              \
				 : "r"(flags)                                 \
				 : "cc");                                     \
		taken_;                                                       \
	})
#define SELECT(condition)                                                       \
	({                                                                      \
		u64 value_;                                                     \
		__asm__ volatile("msr nzcv, %1\n\tcsinc %0, %2, %3, " condition \
				 : "=r"(value_)                                 \
				 : "r"(flags), "r"(11ull), "r"(21ull)           \
				 : "cc");                                       \
		value_;                                                         \
	})
#define EACH(condition, number)                                                                  \
	do {                                                                                     \
		bool holds = model_condition(number, (u32)flags);                                \
		EXPECT_EQ(BRANCH(condition), holds, "b." condition " flags %#llx", flags);       \
		EXPECT_EQ(SELECT(condition), holds ? 11 : 22, "csinc " condition " flags %#llx", \
			  flags);                                                                \
	} while (0)

TEST(conditions, "each condition holds for the flags that it is defined for, in B.cond and CSINC",
     SPEC("DDI 0487, C1.2.4, condition codes"))
{
	for (u64 nzcv = 0; nzcv < 16; nzcv++) {
		u64 flags = nzcv << 28;

		FOR_EACH_CONDITION(EACH);
		EACH("nv", 15);
	}
}

TEST(conditional_compare,
     "CCMP compares if its condition holds, and else takes the flags it was given",
     SPEC("DDI 0487, C6.2, CCMP (register)"))
{
	for (u32 pair = 0; pair < MODEL_PAIRS; pair++) {
		u64 a, b, flags = (u64)(pair % 16) << 28, out;

		model_pair(pair, &a, &b);
		__asm__ volatile("msr nzcv, %1\n\tccmp %2, %3, #6, hi\n\tmrs %0, nzcv"
				 : "=r"(out)
				 : "r"(flags), "r"(a), "r"(b)
				 : "cc");
		EXPECT_EQ(out,
			  model_condition(8, (u32)flags) ? model_subtract(a, b, true, 64).flags
							 : (u32)(FLAG_Z | FLAG_C),
			  "a=%#llx b=%#llx flags=%#llx", a, b, flags);
	}
}

#define CRC(insn, operand)                                                            \
	({                                                                            \
		u32 crc_;                                                             \
		__asm__ volatile(".arch_extension crc\n\t" insn " %w0, %w1, " operand \
				 : "=r"(crc_)                                         \
				 : "r"((u32)a), "r"(b));                              \
		crc_;                                                                 \
	})

#define CRC32_POLYNOMIAL  0xedb88320u
#define CRC32C_POLYNOMIAL 0x82f63b78u

TEST(crc32, "CRC32 and CRC32C of bytes, halfwords, words and doublewords",
     SPEC("DDI 0487, C6.2, CRC32B, CRC32CB and others"),
	  REQUIRES((read_sys(ID_AA64ISAR0) >> 16 & 0xf) != 0))
{
	for (u32 pair = 0; pair < MODEL_PAIRS; pair++) {
		u64 a, b;

		model_pair(pair, &a, &b);
		EXPECT_EQ(CRC("crc32b", "%w2"), model_crc32((u32)a, b, 1, CRC32_POLYNOMIAL));
		EXPECT_EQ(CRC("crc32h", "%w2"), model_crc32((u32)a, b, 2, CRC32_POLYNOMIAL));
		EXPECT_EQ(CRC("crc32w", "%w2"), model_crc32((u32)a, b, 4, CRC32_POLYNOMIAL));
		EXPECT_EQ(CRC("crc32x", "%x2"), model_crc32((u32)a, b, 8, CRC32_POLYNOMIAL));
		EXPECT_EQ(CRC("crc32cb", "%w2"), model_crc32((u32)a, b, 1, CRC32C_POLYNOMIAL));
		EXPECT_EQ(CRC("crc32ch", "%w2"), model_crc32((u32)a, b, 2, CRC32C_POLYNOMIAL));
		EXPECT_EQ(CRC("crc32cw", "%w2"), model_crc32((u32)a, b, 4, CRC32C_POLYNOMIAL));
		EXPECT_EQ(CRC("crc32cx", "%x2"), model_crc32((u32)a, b, 8, CRC32C_POLYNOMIAL));
	}
}
