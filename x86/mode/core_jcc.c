/* SPDX-License-Identifier: MIT */
/* Jcc in 16-bit code: each condition, each combination of the flags, each size of the displacement. */
#include <test.h>

#include <string.h>
#include <x86/cr.h>
#include <x86/mode.h>
#include <x86/model/alu.h>

SUITE("16-bit code: Jcc");

#define CONDITIONS 16
#define UNTOUCHED  0x5a
#define STATUS	   (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static const struct {
	const char *name;
	enum mode_kind kind;
} kinds[] = {
	{ "real", MODE_REAL },
	{ "vm86", MODE_VM86 },
	{ "protected", MODE_16 },
};

/* The opcode, to whose last byte the condition is added, and the bytes of the displacement. */
static const struct {
	const char *name;
	u8 size, opcode[3], displacement;
} forms[] = {
	{ "short", 1, { 0x70 }, 1 },
	{ "near", 2, { 0x0f, 0x80 }, 2 },
	{ "near-66", 3, { 0x66, 0x0f, 0x80 }, 4 },
};

/* For each condition Jcc over MOV BYTE [BX+cc], 1. */
static struct mode_code build(u32 form, u8 *code)
{
	u8 *at = code;

	for (u8 cc = 0; cc < CONDITIONS; cc++) {
		const u8 store[] = { 0xc6, 0x47, cc, 1 };

		memcpy(at, forms[form].opcode, forms[form].size);
		at += forms[form].size;
		at[-1] += cc;
		*at = sizeof(store);
		memset(at + 1, 0, forms[form].displacement - 1u);
		at += forms[form].displacement;
		memcpy(at, store, sizeof(store));
		at += sizeof(store);
	}
	return (struct mode_code){ code, (size_t)(at - code) };
}

TEST(jcc_16,
     "Jcc jumps if its condition holds, by 8 or 16 bits, with a 66H prefix by 32; no flag changes",
     SPEC("SDM vol. 2A, Jcc; vol. 2D, appendix B, table B-10"))
{
	static const u32 flags[] = { FLAG_CF, FLAG_PF, FLAG_ZF, FLAG_SF, FLAG_OF };

	for (u32 form = 0; form < ARRAY_SIZE(forms); form++)
		for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
			u8 bytes[CONDITIONS * 11];
			struct mode_code code = build(form, bytes);

			SUBTEST("%s-%s", forms[form].name, kinds[k].name);
			for (u32 combination = 0; combination < 1u << ARRAY_SIZE(flags);
			     combination++) {
				u8 *stored = low8(MODE_DS + 0x200);
				u32 start = 0;
				struct mode m;

				mode_init(&m, kinds[k].kind);
				m.ebx = 0x200;
				for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
					start |= combination & BIT(i) ? flags[i] : 0;
				m.eflags |= start;
				memset(stored, UNTOUCHED, CONDITIONS);
				EXPECT_NO_FAULT(mode_run(&m, code));
				EXPECT_EQ(m.eflags & STATUS, start);
				for (u32 cc = 0; cc < CONDITIONS; cc++)
					EXPECT_EQ(stored[cc],
						  model_condition(cc, start) ? UNTOUCHED : 1,
						  "condition %u, flags %#x", cc, start);
			}
		}
}
