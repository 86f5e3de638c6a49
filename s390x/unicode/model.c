/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <s390x/facility.h>

const struct conversion conversions[] = {
	{ "CU12", 0xb2a7, 0, UTF8, UTF16, true },
	{ "CU14", 0xb9b0, FACILITY_ETF_3, UTF8, UTF32, true },
	{ "CU21", 0xb2a6, 0, UTF16, UTF8, true },
	{ "CU24", 0xb9b1, FACILITY_ETF_3, UTF16, UTF32, true },
	{ "CU41", 0xb9b2, FACILITY_ETF_3, UTF32, UTF8, false },
	{ "CU42", 0xb9b3, FACILITY_ETF_3, UTF32, UTF16, false },
};
const u32 conversion_count = ARRAY_SIZE(conversions);

u32 put_character(enum form form, u32 c, u8 *at)
{
	u32 high, low;

	switch (form) {
	case UTF8:
		if (c < 0x80) {
			at[0] = (u8)c;
			return 1;
		}
		if (c < 0x800) {
			at[0] = (u8)(0xc0 | c >> 6);
			at[1] = (u8)(0x80 | (c & 0x3f));
			return 2;
		}
		if (c < 0x10000) {
			at[0] = (u8)(0xe0 | c >> 12);
			at[1] = (u8)(0x80 | (c >> 6 & 0x3f));
			at[2] = (u8)(0x80 | (c & 0x3f));
			return 3;
		}
		at[0] = (u8)(0xf0 | c >> 18);
		at[1] = (u8)(0x80 | (c >> 12 & 0x3f));
		at[2] = (u8)(0x80 | (c >> 6 & 0x3f));
		at[3] = (u8)(0x80 | (c & 0x3f));
		return 4;
	case UTF16:
		high = c < 0x10000 ? c : 0xd800 | (c - 0x10000) >> 10;
		low = 0xdc00 | ((c - 0x10000) & 0x3ff);
		at[0] = (u8)(high >> 8);
		at[1] = (u8)high;
		at[2] = (u8)(low >> 8);
		at[3] = (u8)low;
		return c < 0x10000 ? 2 : 4;
	default:
		at[0] = 0;
		at[1] = (u8)(c >> 16);
		at[2] = (u8)(c >> 8);
		at[3] = (u8)c;
		return 4;
	}
}

u32 some_character(u32 n)
{
	static const u32 edges[16] = { 0,	0x41,	 0x7f,	  0x80,	   0x7ff,  0x800,
				       0xfff,	0x1000,	 0xd7ff,  0xe000,  0xfffd, 0xffff,
				       0x10000, 0x1fffd, 0xfffff, 0x10ffff };
	u64 random = random_u64();
	u32 c;

	if (n < ARRAY_SIZE(edges))
		return edges[n];
	/* As many of each length. */
	c = random & 3 ? (u32)(random >> 8) % (random & 2 ? 0x110000 : 0x800)
		       : (u32)(random >> 8) & 0x7f;
	return c >= 0xd800 && c < 0xe000 ? c - 0xd000 : c;
}

struct fault convert(const struct conversion *c, bool check, struct conversion_state *s)
{
	u8 code[4] = { (u8)(c->opcode >> 8), (u8)c->opcode, check ? 0x10 : 0x00, 0x24 };
	struct execution e = { .cc = 0 };
	struct fault fault;

	e.gpr[2] = (ulong)s->to;
	e.gpr[3] = s->to_length;
	e.gpr[4] = (ulong)s->from;
	e.gpr[5] = s->from_length;
	do {
		fault = execute(code, 4, &e);
	} while (!fault.kind && e.cc == 3);
	s->to = (u8 *)e.gpr[2];
	s->to_length = e.gpr[3];
	s->from = (u8 *)e.gpr[4];
	s->from_length = e.gpr[5];
	s->cc = e.cc;
	return fault;
}
