/* SPDX-License-Identifier: MIT */
#include "formats.h"

const struct bfp_format *const formats[] = {
	[SHORT] = &bfp_short,
	[LONG] = &bfp_long,
	[EXTENDED] = &bfp_extended,
};

const char *const format_names[] = {
	[SHORT] = "short",
	[LONG] = "long",
	[EXTENDED] = "extended",
};

struct number number(enum format f, u32 n)
{
	static const u32 short_numbers[NUMBERS] = {
		0x00000000, 0x80000000, 0x3f800000, 0xbfc00000, 0x3f800001, 0x4b800001,
		0xcf000001, 0x5f000000, 0x7f7fffff, 0x00800000, 0x00000001, 0x80400000,
		0x7f800000, 0xff800000, 0x7fc00000, 0xffa00001, 0x3eaaaaab, 0x40490fdb,
	};
	static const u64 long_numbers[NUMBERS] = {
		0,
		0x8000000000000000,
		0x3ff0000000000000,
		0xbff8000000000000,
		0x3ff0000000000001,
		0x4340000000000001,
		0xc1e0000000200000,
		0x43e0000000000000,
		0x7fefffffffffffff,
		0x0010000000000000,
		0x0000000000000001,
		0x8008000000000000,
		0x7ff0000000000000,
		0xfff0000000000000,
		0x7ff8000000000000,
		0xfff4000000000001,
		0x3fd5555555555555,
		0x400921fb54442d18,
	};
	static const struct number extended_numbers[NUMBERS] = {
		{ 0, 0 },
		{ 0x8000000000000000, 0 },
		{ 0x3fff000000000000, 0 },
		{ 0xbfff800000000000, 0 },
		{ 0x3fff000000000000, 1 },
		{ 0x4070000000000000, 1 },
		{ 0xc01e000000020000, 0 },
		{ 0x403e000000000000, 0 },
		{ 0x7ffeffffffffffff, ~0ull },
		{ 0x0001000000000000, 0 },
		{ 0, 1 },
		{ 0x8000800000000000, 0 },
		{ 0x7fff000000000000, 0 },
		{ 0xffff000000000000, 0 },
		{ 0x7fff800000000000, 0 },
		{ 0xffff400000000000, 1 },
		{ 0x3ffd555555555555, 0x5555555555555555 },
		{ 0x4000921fb54442d1, 0x8469898cc51701b8 },
	};

	n %= NUMBERS;
	if (f == SHORT)
		return (struct number){ (u64)short_numbers[n] << 32, 0 };
	return f == LONG ? (struct number){ long_numbers[n], 0 } : extended_numbers[n];
}

struct bfp unpack(enum format f, struct number x)
{
	return bfp_unpack(formats[f], x.high, x.low);
}

struct number pack(enum format f, struct bfp value)
{
	struct number x = { 0, 0 };

	bfp_pack(formats[f], value, &x.high, &x.low);
	return x;
}

void set_number(struct bytes16 *v, enum format f, u32 n, struct number x)
{
	if (f == EXTENDED) {
		set_element(v, LONG, 0, x.high);
		set_element(v, LONG, 1, x.low);
	} else {
		set_element(v, f, n, f == SHORT ? x.high >> 32 : x.high);
	}
}

u32 count_of(enum format f, bool single)
{
	return single || f == EXTENDED ? 1 : f == SHORT ? 4 : 2;
}
