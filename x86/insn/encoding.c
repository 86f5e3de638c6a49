/* SPDX-License-Identifier: MIT */
#include "encoding.h"

#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/place.h>

u8 encoding_operand[64] __aligned(64);

struct registers encoding_registers(void)
{
	ulong operand = (ulong)encoding_operand;

	return (struct registers){
		.ax = operand,
		.bx = operand,
		.si = operand,
		.di = operand,
		.bp = 0x5a5a,
		.flags = FLAG_1 | FLAG_CF | FLAG_SF | FLAG_OF,
	};
}

/* FORCED_EMULATION. */
static const u8 forced[] = { 0x0f, 0x0b, 'k', 'v', 'm' };

const void *encoding_code(const struct encoding *e, enum place place)
{
	u8 code[sizeof(forced) + sizeof(e->code)];

	if (place != FORCED)
		return code_bytes(e->code, e->size);
	memcpy(code, forced, sizeof(forced));
	memcpy(code + sizeof(forced), e->code, e->size);
	return code_bytes(code, sizeof(forced) + e->size);
}

static void check(const struct encoding *e, struct fault expected, enum place place)
{
	struct registers before = encoding_registers(), r = before;
	const void *code = encoding_code(e, place);
	u8 copy[sizeof(encoding_operand)];
	struct fault fault;

	for (u32 i = 0; i < sizeof(copy); i++)
		encoding_operand[i] = copy[i] = (u8)(0x80 + i);
	fault = execute_in(place, code, &r);
	EXPECT_FAULT(expected, fault, "CPL %u", place_cpl(place));
	EXPECT_MEM_EQ(&r, &before, sizeof(r), "registers, CPL %u", place_cpl(place));
	EXPECT_MEM_EQ(encoding_operand, copy, sizeof(copy), "CPL %u", place_cpl(place));
	if (fault.kind)
		EXPECT_EQ(trap_last_frame()->ip,
			  (ulong)code + (place == FORCED ? sizeof(forced) : 0), "CPL %u",
			  place_cpl(place));
}

static void check_table(const struct encoding *table, u32 count, struct fault fault, bool at_user)
{
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", table[i].name);
		check(&table[i], fault, KERNEL);
		if (at_user)
			check(&table[i], fault, USER);
		if (!fault_matches(UD, fault) || place_missing(FORCED))
			continue;
		SUBTEST("%s.forced", table[i].name);
		check(&table[i], fault, FORCED);
	}
}

void encodings_fault(const struct encoding *table, u32 count, struct fault fault, bool at_user)
{
	check_table(table, count, fault, at_user);
}

void encodings_do_nothing(const struct encoding *table, u32 count, bool at_user)
{
	check_table(table, count, NO_FAULT, at_user);
}
