/* SPDX-License-Identifier: MIT */
#include <test.h>

#include "check.h"

SUITE("Presence of decimal instructions");

/* clang-format off */
static const struct opcode decimal[] = {
	{ 0xde00, 0, "ED" }, { 0xdf00, 0, "EDMK" },
	{ 0xebc0, 16, "TP" }, { 0xf000, 0, "SRP" }, { 0xf800, 0, "ZAP" }, { 0xf900, 0, "CP" },
	{ 0xfa00, 0, "AP" }, { 0xfb00, 0, "SP" }, { 0xfc00, 0, "MP" }, { 0xfd00, 0, "DP" },
};
/* clang-format on */

TEST(decimal_present, "Decimal instructions: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapter 8; chapter 4, Facility Indications"))
{
	check_opcodes(decimal, ARRAY_SIZE(decimal));
}
