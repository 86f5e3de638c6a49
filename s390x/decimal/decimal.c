/* SPDX-License-Identifier: MIT */
#include "decimal.h"

#include <string.h>

u8 decimal_page[PAGE_SIZE] __aligned(PAGE_SIZE), decimal_expected[PAGE_SIZE];

unsigned __int128 power_of_ten(u32 exponent)
{
	unsigned __int128 power = 1;

	while (exponent--)
		power *= 10;
	return power;
}

/* The remainder by 10 and the quotient, digit by digit from the left: there is no division of 128 bits. */
static u32 divide_by_ten(unsigned __int128 *value)
{
	u32 words[4], remainder = 0;
	unsigned __int128 quotient = 0;

	for (u32 n = 0; n < 4; n++)
		words[n] = (u32)(*value >> (96 - 32 * n));
	for (u32 n = 0; n < 4; n++) {
		u64 part = (u64)remainder << 32 | words[n];

		quotient = quotient << 32 | part / 10;
		remainder = (u32)(part % 10);
	}
	*value = quotient;
	return remainder;
}

bool put_decimal(struct decimal d, u8 *at, u32 bytes)
{
	for (u32 n = bytes; n-- > 0;) {
		u32 low = n == bytes - 1 ? (d.minus ? 0xd : 0xc) : divide_by_ten(&d.magnitude);

		at[n] = (u8)(divide_by_ten(&d.magnitude) << 4 | low);
	}
	return !d.magnitude;
}

struct decimal random_decimal(u32 digits)
{
	u64 random = random_u64();
	u32 count = random & 1 ? digits : (u32)(random >> 8) % (digits + 1);
	struct decimal d = { 0, random >> 1 & 1 };

	for (u32 n = 0; n < count; n++)
		d.magnitude = d.magnitude * 10 + random_u64() % 10;
	return d;
}

void vary_sign(u8 *last_byte)
{
	static const u8 plus[] = { 0xa, 0xc, 0xe, 0xf }, minus[] = { 0xb, 0xd };
	u64 random = random_u64();
	bool is_minus = (*last_byte & 0xf) == 0xd;

	*last_byte = (u8)((*last_byte & 0xf0) | (is_minus ? minus[random & 1] : plus[random & 3]));
}

void clear_decimal_pages(void)
{
	for (u32 n = 0; n < PAGE_SIZE; n++)
		decimal_page[n] = (u8)(n * 11 + 7);
}

struct fault execute_decimal(u8 opcode, u32 first, u32 second, struct execution *e)
{
	u8 code[6] = { opcode, (u8)((first - 1) << 4 | (second - 1)), 0x90, 0x00, 0xa0, 0x00 };

	e->cc = 2;
	e->gpr[9] = (ulong)FIRST;
	e->gpr[10] = (ulong)SECOND;
	return execute(code, 6, e);
}
