/* SPDX-License-Identifier: MIT */
/* AP, SP, ZAP, CP, MP, DP against arithmetic of 128 bits; overflow, divisors, lengths. */
#include "decimal.h"

#include <string.h>

SUITE("Decimal arithmetic");

#define AP  0xfa
#define SP  0xfb
#define ZAP 0xf8
#define CP  0xf9
#define MP  0xfc
#define DP  0xfd

#define PAIRS 12 /* of operands for each pair of lengths */

static struct decimal sum(struct decimal a, struct decimal b)
{
	if (a.minus == b.minus)
		return (struct decimal){ a.magnitude + b.magnitude, a.minus };
	if (a.magnitude >= b.magnitude)
		return (struct decimal){ a.magnitude - b.magnitude, a.minus };
	return (struct decimal){ b.magnitude - a.magnitude, b.minus };
}

static u32 code_of(struct decimal d)
{
	return !d.magnitude ? 0 : d.minus ? 1 : 2;
}

/* Both operands in storage, with any sign codes. */
static void put_operands(struct decimal a, u32 first, struct decimal b, u32 second)
{
	clear_decimal_pages();
	put_decimal(a, FIRST, first);
	put_decimal(b, SECOND, second);
	vary_sign(FIRST + first - 1);
	vary_sign(SECOND + second - 1);
	memcpy(decimal_expected, decimal_page, PAGE_SIZE);
}

/* What is stored of a result, and the condition code; true if it overflowed. */
static bool expect_result(struct decimal result, u32 bytes, u32 *cc)
{
	bool fits;

	/* Zero is positive, but for what remains of a number that was too long. */
	if (!result.magnitude)
		result.minus = false;
	fits = put_decimal(result, EXPECTED, bytes);
	*cc = fits ? code_of(result) : 3;
	return !fits;
}

static void check_sum(u8 opcode, struct decimal a, u32 first, struct decimal b, u32 second,
		      bool trap)
{
	struct execution e = { .pm = trap ? 4 : 0 };
	struct decimal from = opcode == ZAP ? (struct decimal){ 0, false } : a;
	struct fault fault;
	bool overflow;
	u32 cc;

	put_operands(a, first, b, second);
	if (opcode == SP)
		b.minus = !b.minus;
	overflow = expect_result(sum(from, b), first, &cc);
	fault = execute_decimal(opcode, first, second, &e);
	if (overflow && trap) {
		EXPECT_FAULT(WITH_ILC(PGM_DECIMAL_OVERFLOW, 6), fault);
		/* Completed. */
		EXPECT_EQ(trap_last_frame()->psw.addr, trap_last_frame()->ip + 6);
		EXPECT_EQ((trap_last_frame()->psw.mask & PSW_CC) >> PSW_CC_SHIFT, 3u);
	} else {
		EXPECT_NO_FAULT(fault);
		EXPECT_EQ(e.cc, cc);
	}
	EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
}

static void check_lengths(u8 opcode)
{
	for (u32 first = 1; first <= MOST_BYTES; first++) {
		for (u32 second = 1; second <= MOST_BYTES; second += second < 3 ? 1 : 3) {
			SUBTEST("%u and %u bytes", first, second);
			for (u32 n = 0; n < PAIRS; n++)
				check_sum(opcode, random_decimal(2 * first - 1), first,
					  random_decimal(2 * second - 1), second, n & 1);
		}
	}
	SUBTEST("zeros of both signs");
	for (u32 n = 0; n < 4; n++)
		check_sum(opcode, (struct decimal){ 0, n & 1 }, 3, (struct decimal){ 0, n & 2 }, 2,
			  false);
	SUBTEST("overflow to zero");
	for (u32 n = 0; n < 2; n++) {
		struct decimal a = { 999, n },
			       one = { opcode == ZAP ? 1000 : 1, n ^ (opcode == SP) };

		check_sum(opcode, a, 2, one, 3, false);
		check_sum(opcode, a, 2, one, 3, true);
	}
}

TEST(ap, "ADD DECIMAL: sum, sign, condition code and overflow for all lengths",
     SPEC("PoP SA22-7832-13, chapter 8, ADD DECIMAL"))
{
	check_lengths(AP);
}

TEST(sp, "SUBTRACT DECIMAL: difference, sign, condition code and overflow for all lengths",
     SPEC("PoP SA22-7832-13, chapter 8, SUBTRACT DECIMAL"))
{
	check_lengths(SP);
}

TEST(zap, "ZERO AND ADD: the second operand in the place of the first, which need not be a number",
     SPEC("PoP SA22-7832-13, chapter 8, ZERO AND ADD"))
{
	struct execution e = { .cc = 0 };

	check_lengths(ZAP);
	SUBTEST("onto no number");
	clear_decimal_pages();
	memset(FIRST, 0xaa, 4);
	put_decimal((struct decimal){ 4711, true }, SECOND, 3);
	memcpy(decimal_expected, decimal_page, PAGE_SIZE);
	put_decimal((struct decimal){ 4711, true }, EXPECTED, 4);
	EXPECT_NO_FAULT(execute_decimal(ZAP, 4, 3, &e));
	EXPECT_EQ(e.cc, 1u);
	EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
}

TEST(cp, "COMPARE DECIMAL: as numbers, whatever their lengths and sign codes; zeros are equal",
     SPEC("PoP SA22-7832-13, chapter 8, COMPARE DECIMAL"))
{
	for (u32 first = 1; first <= MOST_BYTES; first++) {
		for (u32 second = 1; second <= MOST_BYTES; second += 3) {
			SUBTEST("%u and %u bytes", first, second);
			for (u32 n = 0; n < PAIRS; n++) {
				u32 digits = 2 * MIN(first, second) - 1;
				struct decimal a = random_decimal(n < 4 ? digits : 2 * first - 1),
					       b = n < 4 ? a : random_decimal(2 * second - 1),
					       difference;
				struct execution e = { .cc = 0 };

				/* The same, the other sign, one more, one less. */
				if (n == 1)
					b.minus = !a.minus;
				if (n == 2 && a.magnitude)
					b.magnitude--;
				put_operands(a, first, b, second);
				b.minus = !b.minus;
				difference = sum(a, b);
				EXPECT_NO_FAULT(execute_decimal(CP, first, second, &e));
				EXPECT_EQ(e.cc, code_of(difference));
				EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
			}
		}
	}
}

TEST(mp, "MULTIPLY DECIMAL: product and sign; the condition code stays",
     SPEC("PoP SA22-7832-13, chapter 8, MULTIPLY DECIMAL"))
{
	for (u32 first = 2; first <= MOST_BYTES; first++) {
		for (u32 second = 1; second <= MIN(8u, first - 1); second++) {
			SUBTEST("%u and %u bytes", first, second);
			for (u32 n = 0; n < PAIRS; n++) {
				struct decimal a = random_decimal(2 * (first - second) - 1),
					       b = random_decimal(2 * second - 1);
				struct execution e = { .cc = 0 };

				if (n == 0)
					a.magnitude = 0;
				put_operands(a, first, b, second);
				a.magnitude *= b.magnitude;
				/* Also of zero. */
				a.minus ^= b.minus;
				put_decimal(a, EXPECTED, first);
				EXPECT_NO_FAULT(execute_decimal(MP, first, second, &e));
				EXPECT_EQ(e.cc, 2u);
				EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
			}
		}
	}
}

TEST(dp, "DIVIDE DECIMAL: quotient on the left, remainder on the right with the dividend's sign",
     SPEC("PoP SA22-7832-13, chapter 8, DIVIDE DECIMAL"))
{
	for (u32 first = 2; first <= MOST_BYTES; first++) {
		for (u32 second = 1; second <= MIN(8u, first - 1); second++) {
			SUBTEST("%u and %u bytes", first, second);
			for (u32 n = 0; n < PAIRS; n++) {
				struct decimal quotient = random_decimal(2 * (first - second) - 1),
					       divisor = random_decimal(2 * second - 1), remainder;
				struct decimal dividend;
				struct execution e = { .cc = 0 };

				if (!divisor.magnitude)
					divisor.magnitude = 1;
				/* Less than the divisor, from which it is made. */
				remainder = random_decimal(2 * second - 1);
				while (remainder.magnitude >= divisor.magnitude)
					remainder.magnitude >>= 1;
				dividend.magnitude = quotient.magnitude * divisor.magnitude +
						     remainder.magnitude;
				dividend.minus = quotient.minus ^ divisor.minus;
				remainder.minus = dividend.minus;
				put_operands(dividend, first, divisor, second);
				put_decimal(quotient, EXPECTED, first - second);
				put_decimal(remainder, EXPECTED + first - second, second);
				EXPECT_NO_FAULT(execute_decimal(DP, first, second, &e));
				EXPECT_EQ(e.cc, 2u);
				EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
			}
		}
	}
}

TEST(dp_exceptions,
     "a divisor of zero and a quotient that is too long are decimal-divide exceptions",
     SPEC("PoP SA22-7832-13, chapter 8, DIVIDE DECIMAL; chapter 6, Decimal-Divide Exception"))
{
	static const struct {
		const char *name;
		u64 dividend, divisor;
		bool refused;
	} rows[] = {
		{ "by zero", 1, 0, true },
		{ "zero by zero", 0, 0, true },
		/* Of 4 bytes by 2: a quotient of 3 digits. */
		{ "largest quotient", 999 * 7 + 6, 7, false },
		{ "quotient one too large", 1000 * 7, 7, true },
		{ "largest dividend by one", 9999999, 1, true },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = { .cc = 0 };
		struct fault fault;

		SUBTEST("%s", rows[n].name);
		put_operands((struct decimal){ rows[n].dividend, false }, 4,
			     (struct decimal){ rows[n].divisor, false }, 2);
		fault = execute_decimal(DP, 4, 2, &e);
		if (!rows[n].refused) {
			EXPECT_NO_FAULT(fault);
			continue;
		}
		EXPECT_FAULT(WITH_ILC(PGM_DECIMAL_DIVIDE, 6), fault);
		/* Suppressed. */
		EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
	}
}

TEST(mp_dp_lengths,
     "a second operand of more than 8 bytes, or not shorter than the first, is refused",
     SPEC("PoP SA22-7832-13, chapter 8, MULTIPLY DECIMAL, DIVIDE DECIMAL"))
{
	for (u32 which = 0; which < 2; which++) {
		for (u32 first = 1; first <= MOST_BYTES; first += 3) {
			for (u32 second = 1; second <= MOST_BYTES; second++) {
				struct execution e = { .cc = 0 };

				if (second <= 8 && second < first)
					continue;
				SUBTEST("%s, %u and %u bytes", which ? "DP" : "MP", first, second);
				put_operands((struct decimal){ 0, false }, first,
					     (struct decimal){ 1, false }, second);
				EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6),
					     execute_decimal(which ? DP : MP, first, second, &e));
				EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
			}
		}
	}
}

TEST(mp_zeros,
     "the first operand of MP has as many bytes of zeros on its left as the second is long",
     SPEC("PoP SA22-7832-13, chapter 8, MULTIPLY DECIMAL"))
{
	for (u32 digits = 1; digits <= 11; digits++) {
		struct execution e = { .cc = 0 };
		struct fault fault;

		SUBTEST("%u digits in 6 bytes by 2 bytes", digits);
		put_operands((struct decimal){ power_of_ten(digits - 1), false }, 6,
			     (struct decimal){ 1, false }, 2);
		fault = execute_decimal(MP, 6, 2, &e);
		if (digits <= 7) {
			EXPECT_NO_FAULT(fault);
			continue;
		}
		EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), fault);
		EXPECT_EQ(trap_last_frame()->info.dxc, 0u);
		EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
	}
}

TEST(invalid_digits,
     "each digit and sign that is none is a data exception with DXC 0, and nothing is stored",
     SPEC("PoP SA22-7832-13, chapter 6, Data Exception; chapter 8, Decimal-Operand Data Exception"))
{
	static const struct {
		const char *name;
		u8 opcode;
		bool first; /* the first operand is looked at, too */
	} rows[] = {
		{ "AP", AP, true }, { "SP", SP, true }, { "ZAP", ZAP, false },
		{ "CP", CP, true }, { "MP", MP, true }, { "DP", DP, true },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		for (u32 operand = rows[n].first ? 0 : 1; operand < 2; operand++) {
			u32 bytes = operand ? 2 : 4;

			for (u32 at = 0; at < 2 * bytes; at++) {
				u8 *byte = (operand ? SECOND : FIRST) + at / 2;
				bool sign = at == 2 * bytes - 1;

				SUBTEST("%s, operand %u, %s %u", rows[n].name, operand + 1,
					sign ? "sign" : "digit", at);
				for (u32 value = sign ? 0 : 10; value < (sign ? 10u : 16u);
				     value++) {
					struct execution e = { .cc = 0 };

					put_operands((struct decimal){ 7, false }, 4,
						     (struct decimal){ 5, false }, 2);
					*byte = (u8)(at & 1 ? (*byte & 0xf0) | value
							    : (*byte & 0x0f) | value << 4);
					memcpy(decimal_expected, decimal_page, PAGE_SIZE);
					EXPECT_FAULT(WITH_ILC(PGM_DATA, 6),
						     execute_decimal(rows[n].opcode, 4, 2, &e));
					EXPECT_EQ(trap_last_frame()->info.dxc, 0u);
					EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
				}
			}
		}
	}
}
