/* SPDX-License-Identifier: MIT */
/*
 * Element sizes, element indexes and immediates that vector instructions refuse: PoP SA22-7832-13, chapter 21,
 * "Specification" among the program exceptions of each.
 */
#include <test.h>

#include <s390x/execute.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("Operands that vector instructions refuse", REQUIRES(has_facility(FACILITY_VECTOR)));

/* Where in the instruction what varies stands. */
enum field {
	M_20, /* bits 20-23 */
	M_24, /* bits 24-27 */
	M_28, /* bits 28-31 */
	M_32, /* bits 32-35 */
	I_24, /* bits 24-31 */
	I_16, /* bits 16-31, of which it is the last four */
};

/* An instruction, and from which value of the field on it is refused; up to `last`, that is. */
static const struct row {
	const char *name;
	u32 facility;
	u8 bytes[6];
	enum field field;
	u8 first, last; /* refused */
} rows[] = {
	{ "VGM", FACILITY_VECTOR, { 0xe7, 0x20, 1, 2, 0, 0x46 }, M_32, 4, 15 },
	{ "VREPI", FACILITY_VECTOR, { 0xe7, 0x20, 0, 5, 0, 0x45 }, M_32, 4, 15 },
	{ "VREP, size", FACILITY_VECTOR, { 0xe7, 0x23, 0, 0, 0, 0x4d }, M_32, 4, 15 },
	{ "VREP of doublewords, index",
	  FACILITY_VECTOR,
	  { 0xe7, 0x23, 0, 0, 0x30, 0x4d },
	  I_16,
	  2,
	  15 },
	{ "VREP of words, index", FACILITY_VECTOR, { 0xe7, 0x23, 0, 0, 0x20, 0x4d }, I_16, 4, 15 },
	{ "VREP of halfwords, index",
	  FACILITY_VECTOR,
	  { 0xe7, 0x23, 0, 0, 0x10, 0x4d },
	  I_16,
	  8,
	  15 },
	{ "VLEIH", FACILITY_VECTOR, { 0xe7, 0x20, 0, 5, 0, 0x41 }, M_32, 8, 15 },
	{ "VLEIF", FACILITY_VECTOR, { 0xe7, 0x20, 0, 5, 0, 0x43 }, M_32, 4, 15 },
	{ "VLEIG", FACILITY_VECTOR, { 0xe7, 0x20, 0, 5, 0, 0x42 }, M_32, 2, 15 },
	{ "VLVG", FACILITY_VECTOR, { 0xe7, 0x23, 0x50, 0, 0, 0x22 }, M_32, 4, 15 },
	{ "VLGV", FACILITY_VECTOR, { 0xe7, 0x23, 0x50, 0, 0, 0x21 }, M_32, 4, 15 },
	{ "VLEH", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x01 }, M_32, 8, 15 },
	{ "VLEF", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x03 }, M_32, 4, 15 },
	{ "VLEG", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x02 }, M_32, 2, 15 },
	{ "VSTEH", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x09 }, M_32, 8, 15 },
	{ "VSTEF", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x0b }, M_32, 4, 15 },
	{ "VSTEG", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x0a }, M_32, 2, 15 },
	{ "VLREP", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x05 }, M_32, 4, 15 },
	{ "VLLEZ", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x04 }, M_32, 4, 5 },
	{ "VLBB", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x07 }, M_32, 7, 15 },
	{ "LCBB", FACILITY_VECTOR, { 0xe7, 0x20, 0x50, 0, 0, 0x27 }, M_32, 7, 15 },
	{ "VESL", FACILITY_VECTOR, { 0xe7, 0x23, 0, 1, 0, 0x30 }, M_32, 4, 15 },
	{ "VESRL", FACILITY_VECTOR, { 0xe7, 0x23, 0, 1, 0, 0x38 }, M_32, 4, 15 },
	{ "VESRA", FACILITY_VECTOR, { 0xe7, 0x23, 0, 1, 0, 0x3a }, M_32, 4, 15 },
	{ "VERLL", FACILITY_VECTOR, { 0xe7, 0x23, 0, 1, 0, 0x33 }, M_32, 4, 15 },
	{ "VGEF", FACILITY_VECTOR, { 0xe7, 0x24, 0x50, 0, 0, 0x13 }, M_32, 4, 15 },
	{ "VGEG", FACILITY_VECTOR, { 0xe7, 0x24, 0x50, 0, 0, 0x12 }, M_32, 2, 15 },
	{ "VSCEF", FACILITY_VECTOR, { 0xe7, 0x24, 0x50, 0, 0, 0x1b }, M_32, 4, 15 },
	{ "VSCEG", FACILITY_VECTOR, { 0xe7, 0x24, 0x50, 0, 0, 0x1a }, M_32, 2, 15 },
	{ "VA", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0xf3 }, M_32, 5, 15 },
	{ "VCEQ", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0xf8 }, M_32, 4, 15 },
	{ "VMRH", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0x61 }, M_32, 4, 15 },
	{ "VPKS", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0x97 }, M_32, 4, 15 },
	{ "VPKS of bytes", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0x97 }, M_32, 0, 0 },
	{ "VSUM", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0x64 }, M_32, 2, 15 },
	{ "VSUMG", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0x65 }, M_32, 3, 15 },
	{ "VSUMG of bytes", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0x65 }, M_32, 0, 0 },
	{ "VUPH", FACILITY_VECTOR, { 0xe7, 0x23, 0, 0, 0, 0xd7 }, M_32, 3, 15 },
	{ "VSEG", FACILITY_VECTOR, { 0xe7, 0x23, 0, 0, 0, 0x5f }, M_32, 3, 15 },
	{ "VML", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0xa2 }, M_32, 3, 15 },
	{ "VGFM", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0xb4 }, M_32, 4, 15 },
	{ "VFAE", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 0, 0, 0x82 }, M_32, 3, 15 },
	{ "VISTR", FACILITY_VECTOR, { 0xe7, 0x23, 0, 0, 0, 0x5c }, M_32, 3, 15 },
	{ "VERIM", FACILITY_VECTOR, { 0xe7, 0x23, 0x40, 3, 0, 0x72 }, M_32, 4, 15 },
	{ "VFMAX, function",
	  FACILITY_VECTOR_ENHANCEMENTS_1,
	  { 0xe7, 0x23, 0x40, 0, 0x30, 0xef },
	  M_24,
	  5,
	  7 },
	{ "VFMAX, high function",
	  FACILITY_VECTOR_ENHANCEMENTS_1,
	  { 0xe7, 0x23, 0x40, 0, 0x30, 0xef },
	  M_24,
	  13,
	  15 },
	{ "VFMIN, reserved bits",
	  FACILITY_VECTOR_ENHANCEMENTS_1,
	  { 0xe7, 0x23, 0x40, 0, 0x30, 0xee },
	  M_28,
	  1,
	  7 },
	{ "VSTRS, size",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe7, 0x23, 0x40, 0, 0x40, 0x8b },
	  M_20,
	  3,
	  15 },
	{ "VSTRS, reserved bit",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe7, 0x23, 0x40, 0, 0x40, 0x8b },
	  M_24,
	  1,
	  1 },
	{ "VSTRS, reserved bits",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe7, 0x23, 0x40, 0, 0x40, 0x8b },
	  M_24,
	  4,
	  15 },
	{ "VLEBRH", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x01 }, M_32, 8, 15 },
	{ "VLEBRF", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x03 }, M_32, 4, 15 },
	{ "VLEBRG", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x02 }, M_32, 2, 15 },
	{ "VSTEBRH",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe6, 0x20, 0x50, 0, 0, 0x09 },
	  M_32,
	  8,
	  15 },
	{ "VSTEBRF",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe6, 0x20, 0x50, 0, 0, 0x0b },
	  M_32,
	  4,
	  15 },
	{ "VSTEBRG",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe6, 0x20, 0x50, 0, 0, 0x0a },
	  M_32,
	  2,
	  15 },
	{ "VLBR", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x06 }, M_32, 5, 15 },
	{ "VLBR of bytes",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe6, 0x20, 0x50, 0, 0, 0x06 },
	  M_32,
	  0,
	  0 },
	{ "VSTBR", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x0e }, M_32, 5, 15 },
	{ "VLER", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x07 }, M_32, 4, 15 },
	{ "VLER of bytes",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe6, 0x20, 0x50, 0, 0, 0x07 },
	  M_32,
	  0,
	  0 },
	{ "VSTER", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x0f }, M_32, 4, 15 },
	{ "VLBRREP",
	  FACILITY_VECTOR_ENHANCEMENTS_2,
	  { 0xe6, 0x20, 0x50, 0, 0, 0x05 },
	  M_32,
	  4,
	  15 },
	{ "VLLEBRZ", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe6, 0x20, 0x50, 0, 0, 0x04 }, M_32, 4, 5 },
	{ "VSLD", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe7, 0x23, 0x40, 0, 0, 0x86 }, I_24, 8, 255 },
	{ "VSRD", FACILITY_VECTOR_ENHANCEMENTS_2, { 0xe7, 0x23, 0x40, 0, 0, 0x87 }, I_24, 8, 255 },
};

static u8 area[64] __aligned(16);

static struct fault try_row(const struct row *row, u32 value, struct execution *e)
{
	u8 bytes[6];

	memcpy(bytes, row->bytes, 6);
	switch (row->field) {
	case M_20:
		bytes[2] = (u8)((bytes[2] & 0xf0) | value);
		break;
	case M_24:
		bytes[3] = (u8)(value << 4);
		break;
	case M_28:
		bytes[3] = (u8)value;
		break;
	case M_32:
		bytes[4] = (u8)(value << 4);
		break;
	case I_24:
	case I_16:
		bytes[3] = (u8)value;
		break;
	}
	memset(area, 0x33, sizeof(area));
	*e = (struct execution){ .flags = EXECUTE_VECTOR, .cc = 2 };
	e->gpr[5] = (ulong)area;
	for (u32 n = 0; n < 32; n++) {
		e->vr[n].high = n == 4 ? 0 : 0x1111111111111111u * (n & 7);
		e->vr[n].low = n == 4 ? 0 : 0x0123456789abcdef;
	}
	e->gpr[2] = 0x7777;
	return execute(bytes, 6, e);
}

TEST(refused_operands, "a size, an index or an immediate that is none is a specification exception",
     SPEC("PoP SA22-7832-13, chapters 21 to 24, Specification: of each instruction"))
{
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		const struct row *row = &rows[n];

		SUBTEST("%s", row->name);
		if (!has_facility(row->facility)) {
			SKIP_ROW("no vector-enhancements facility");
			continue;
		}
		for (u32 value = row->first; value <= row->last; value++) {
			struct execution e;

			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), try_row(row, value, &e), "%u",
				     value);
			EXPECT_EQ(e.vr[2].high, 0x2222222222222222u);
			EXPECT_EQ(e.gpr[2], 0x7777u);
			EXPECT_EQ(e.cc, 2u);
			EXPECT_EQ(area[0], 0x33);
		}
	}
}

TEST(greatest_operands, "the greatest one below those is not refused",
     SPEC("PoP SA22-7832-13, chapters 21 to 24, Specification: of each instruction"))
{
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		const struct row *row = &rows[n];
		struct execution e;

		if (!row->first || (row->field == M_24 && row->first > 1))
			continue;
		SUBTEST("%s", row->name);
		if (!has_facility(row->facility)) {
			SKIP_ROW("no vector-enhancements facility");
			continue;
		}
		EXPECT_NO_FAULT(try_row(row, row->first - 1u, &e));
	}
}
