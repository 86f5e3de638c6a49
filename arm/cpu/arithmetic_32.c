/* SPDX-License-Identifier: MIT */
/* Integer instructions of A32, results and flags, against the model. */
#include <test.h>

#include <model/operands.h>

#include "check.h"

SUITE("A32 integer instructions");

/* An instruction on two operands; N, Z, C, V in and out. */
#define WITH_FLAGS(name, insn)                                                    \
	static struct alu_result name(ulong a, ulong b, ulong flags)              \
	{                                                                         \
		ulong value, out;                                                 \
                                                                                  \
		__asm__ volatile("msr cpsr_f, %[f]\n\t" insn "\n\tmrs %[o], cpsr" \
				 : [r] "=&r"(value), [o] "=&r"(out)               \
				 : [a] "r"(a), [b] "r"(b), [f] "r"(flags)         \
				 : "cc");                                         \
		return (struct alu_result){ value, out & (u32)FLAGS };            \
	}

WITH_FLAGS(adds, "adds %[r], %[a], %[b]")
WITH_FLAGS(subs, "subs %[r], %[a], %[b]")
WITH_FLAGS(rsbs, "rsbs %[r], %[a], %[b]")
WITH_FLAGS(adcs, "adcs %[r], %[a], %[b]")
WITH_FLAGS(sbcs, "sbcs %[r], %[a], %[b]")
WITH_FLAGS(rscs, "rscs %[r], %[a], %[b]")
WITH_FLAGS(ands, "ands %[r], %[a], %[b]")
WITH_FLAGS(eors, "eors %[r], %[a], %[b]")
WITH_FLAGS(orrs, "orrs %[r], %[a], %[b]")
WITH_FLAGS(bics, "bics %[r], %[a], %[b]")
WITH_FLAGS(muls, "muls %[r], %[a], %[b]")
WITH_FLAGS(lsls, "lsls %[r], %[a], %[b]")
WITH_FLAGS(lsrs, "lsrs %[r], %[a], %[b]")
WITH_FLAGS(asrs, "asrs %[r], %[a], %[b]")
WITH_FLAGS(rors, "rors %[r], %[a], %[b]")
WITH_FLAGS(rrxs, "rrxs %[r], %[a]")
WITH_FLAGS(clz, "clz %[r], %[a]")
WITH_FLAGS(rbit, "rbit %[r], %[a]")
WITH_FLAGS(rev, "rev %[r], %[a]")
WITH_FLAGS(rev16, "rev16 %[r], %[a]")

static struct alu_result shifted(u32 a, u32 b, u32 flags, enum model_shift shift)
{
	bool carry = flags & FLAG_C;
	u64 value = model_shift(a, shift, b & 0xff, &carry, 32);

	return model_logical(value, carry, flags & FLAG_V, 32);
}

static struct alu_result multiplied(u32 a, u32 b, u32 flags)
{
	u64 low, high;

	model_multiply(a, b, false, 32, &low, &high);
	return model_logical(low, flags & FLAG_C, flags & FLAG_V, 32);
}

MODEL(m_adds, model_add(a, b, false, 32))
MODEL(m_subs, model_subtract(a, b, true, 32))
MODEL(m_rsbs, model_subtract(b, a, true, 32))
MODEL(m_adcs, model_add(a, b, c, 32))
MODEL(m_sbcs, model_subtract(a, b, c, 32))
MODEL(m_rscs, model_subtract(b, a, c, 32))
MODEL(m_ands, model_logical(a &b, c, v, 32))
MODEL(m_eors, model_logical((a & ~b) | (~a & b), c, v, 32))
MODEL(m_orrs, model_logical(a | b, c, v, 32))
MODEL(m_bics, model_logical(a & ~b, c, v, 32))
MODEL(m_muls, multiplied(a, b, flags))
MODEL(m_lsls, shifted(a, b, flags, MODEL_LSL))
MODEL(m_lsrs, shifted(a, b, flags, MODEL_LSR))
MODEL(m_asrs, shifted(a, b, flags, MODEL_ASR))
MODEL(m_rors, shifted(a, b, flags, MODEL_ROR))
MODEL(m_rrxs, model_logical((u64)a >> 1 | (c ? BIT(31) : 0), a & 1, v, 32))
MODEL_VALUE(m_clz, model_count_leading_zeros(a, 32))
MODEL_VALUE(m_rbit, model_reverse_bits(a, 32))
MODEL_VALUE(m_rev, model_reverse_bytes(a, 4, 32))
MODEL_VALUE(m_rev16, model_reverse_bytes(a, 2, 32))

static const struct insn insns[] = {
	{ "adds", adds, m_adds }, { "subs", subs, m_subs },    { "rsbs", rsbs, m_rsbs },
	{ "adcs", adcs, m_adcs }, { "sbcs", sbcs, m_sbcs },    { "rscs", rscs, m_rscs },
	{ "ands", ands, m_ands }, { "eors", eors, m_eors },    { "orrs", orrs, m_orrs },
	{ "bics", bics, m_bics }, { "muls", muls, m_muls },    { "lsls", lsls, m_lsls },
	{ "lsrs", lsrs, m_lsrs }, { "asrs", asrs, m_asrs },    { "rors", rors, m_rors },
	{ "rrxs", rrxs, m_rrxs }, { "clz", clz, m_clz },       { "rbit", rbit, m_rbit },
	{ "rev", rev, m_rev },	  { "rev16", rev16, m_rev16 },
};

TEST(results_and_flags, "results and N, Z, C, V of data-processing instructions",
     SPEC("DDI 0487, F5.1; J1.3, AddWithCarry, Shift_C"))
{
	check_insns(insns, ARRAY_SIZE(insns));
}

TEST(shift_amounts,
     "shifts by a register use its low byte: by 32 and more, and by 0, which keeps C",
     SPEC("DDI 0487, J1.3, Shift_C; F2.4.3, shifts by a register"))
{
	static const u32 amounts[] = { 0, 1, 31, 32, 33, 63, 64, 128, 255, 256, 257 };
	static const u32 values[] = { 1, 0x80000000, 0x7fffffff, 0xc0000001 };
	static const struct insn shifts[] = {
		{ "lsls", lsls, m_lsls },
		{ "lsrs", lsrs, m_lsrs },
		{ "asrs", asrs, m_asrs },
		{ "rors", rors, m_rors },
	};

	for (u32 i = 0; i < ARRAY_SIZE(amounts) * ARRAY_SIZE(values) * 2; i++) {
		u32 amount = amounts[i / 2 / ARRAY_SIZE(values)];
		u32 value = values[i / 2 % ARRAY_SIZE(values)], flags = i & 1 ? (u32)FLAG_C : 0;

		for (u32 shift = 0; shift < ARRAY_SIZE(shifts); shift++)
			check_insn(&shifts[shift], value, amount, flags);
	}
}

TEST(long_multiply, "UMULL and SMULL give 64 bits", SPEC("DDI 0487, F5.1, UMULL, SMULL"))
{
	for (u32 pair = 0; pair < MODEL_PAIRS; pair++) {
		u64 a, b, low, high, actual;

		model_pair(pair, &a, &b);
		__asm__("umull %Q0, %R0, %1, %2" : "=&r"(actual) : "r"((u32)a), "r"((u32)b));
		model_multiply(a, b, false, 32, &low, &high);
		EXPECT_EQ(actual, low, "a=%#llx b=%#llx", a, b);
		__asm__("smull %Q0, %R0, %1, %2" : "=&r"(actual) : "r"((u32)a), "r"((u32)b));
		model_multiply(a, b, true, 32, &low, &high);
		EXPECT_EQ(actual, low, "a=%#llx b=%#llx", a, b);
	}
}

WITH_FLAGS(udiv, "udiv %[r], %[a], %[b]")
WITH_FLAGS(sdiv, "sdiv %[r], %[a], %[b]")
MODEL_VALUE(m_udiv, model_divide(a, b, false, 32))
MODEL_VALUE(m_sdiv, model_divide(a, b, true, 32))

static const struct insn divisions[] = {
	{ "udiv", udiv, m_udiv },
	{ "sdiv", sdiv, m_sdiv },
};

TEST(divide, "UDIV and SDIV round towards zero; by zero, the result is zero",
     SPEC("DDI 0487, F5.1, UDIV, SDIV"))
{
	check_insns(divisions, ARRAY_SIZE(divisions));
}

#define EACH(condition, number)                                              \
	do {                                                                 \
		u32 value_ = 1;                                              \
		__asm__ volatile("msr cpsr_f, %1\n\tmov" condition " %0, #2" \
				 : "+r"(value_)                              \
				 : "r"(flags)                                \
				 : "cc");                                    \
		EXPECT_EQ(value_, model_condition(number, flags) ? 2 : 1,    \
			  "mov" condition " flags %#x", flags);              \
	} while (0)

TEST(conditions, "each condition holds for the flags that it is defined for",
     SPEC("DDI 0487, F2.3.1, condition codes"))
{
	for (u32 nzcv = 0; nzcv < 16; nzcv++) {
		u32 flags = nzcv << 28;

		FOR_EACH_CONDITION(EACH);
	}
}

static u32 qadd(u32 a, u32 b, bool *q)
{
	u32 value, cpsr;

	__asm__ volatile("msr cpsr_f, #0\n\tqadd %0, %2, %3\n\tmrs %1, cpsr"
			 : "=&r"(value), "=&r"(cpsr)
			 : "r"(a), "r"(b)
			 : "cc");
	*q = cpsr & BIT(27);
	return value;
}

TEST(saturating_add, "QADD saturates at both ends and then sets Q",
     SPEC("DDI 0487, F5.1, QADD; J1.3, SignedSatQ"))
{
	for (u32 pair = 0; pair < MODEL_PAIRS; pair++) {
		struct alu_result sum;
		bool q;
		u64 a, b;
		u32 actual;

		model_pair(pair, &a, &b);
		sum = model_add(a, b, false, 32);
		actual = qadd((u32)a, (u32)b, &q);
		EXPECT_EQ(q, (sum.flags & FLAG_V) != 0, "a=%#llx b=%#llx", a, b);
		if (sum.flags & FLAG_V)
			EXPECT_EQ(actual, a & BIT(31) ? 0x80000000 : 0x7fffffff, "a=%#llx b=%#llx",
				  a, b);
		else
			EXPECT_EQ(actual, sum.value, "a=%#llx b=%#llx", a, b);
	}
}
