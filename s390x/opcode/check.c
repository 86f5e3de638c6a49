/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <mm/page.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <string.h>
#include <test.h>

#define ADDRESS 10 /* the base register of all operands in storage, in the encodings below */

/* What registers point to: BCR 0,0 for whoever executes it, and a zero that ends strings. */
static u8 scratch[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

static bool has_second_byte(u8 first)
{
	return first == 0x01 || first == 0xb2 || first == 0xb3 || first == 0xb9 || first == 0xe5;
}

static bool has_last_byte(u8 first)
{
	return first == 0xe3 || first == 0xe6 || first == 0xe7 || (first >= 0xeb && first <= 0xed);
}

static bool has_four_bits(u8 first)
{
	return first == 0xa5 || first == 0xa7 || first == 0xc0 || first == 0xc2 || first == 0xc4 ||
	       first == 0xc6 || first == 0xc8 || first == 0xcc;
}

/* X2 is zero where there is one, and so is a mask that would branch. */
static u8 second_byte(u8 first, u8 code)
{
	if (has_second_byte(first))
		return code;
	if (has_four_bits(first)) {
		bool branch = (first == 0xa7 || first == 0xc0) && code == 4;

		return (u8)((branch ? 0 : 0x20) | code);
	}
	if ((first >= 0x04 && first <= 0x0d) || first == 0x47 || first == 0x80 || first == 0x82 ||
	    first == 0x93 || (first == 0xe3 && code == 0x47))
		return 0;
	if ((first >= 0x40 && first <= 0x7f) || first == 0xe3 || first == 0xe6 || first == 0xe7 ||
	    first == 0xec || first == 0xed)
		return 0x20;
	return 0x24;
}

/* Relative operands are in `scratch`; relative branches lead to what comes next anyway. */
static u32 encode(u16 code, u8 *b)
{
	u8 first = (u8)(code >> 8), second = (u8)code;
	u32 size = first < 0x40 ? 2 : first < 0xc0 ? 4 : 6, relative;

	memset(b, 0, 6);
	b[0] = first;
	b[1] = second_byte(first, second);
	if (size == 2)
		return size;
	b[2] = ADDRESS << 4;
	if (first == 0xb2 || first == 0xb3 || first == 0xb9) {
		/* RRE; BCTGR of register 0 does not branch. */
		b[2] = 0;
		b[3] = code == 0xb946 ? 0x20 : 0x24;
	} else if (first == 0xa5 || first == 0xa7 || first == 0x84 || first == 0x85) {
		b[2] = 0;
		b[3] = 2;
	} else if (first == 0xec) {
		b[2] = 0;
		b[3] = 3;
	} else if (first == 0xc0 || first == 0xc2 || first == 0xcc) {
		b[2] = 0;
		b[5] = 3;
	} else if (first == 0xc4 || first == 0xc6) {
		relative = (u32)(((ulong)scratch - execute_address(6)) / 2);
		memcpy(b + 2, &relative, sizeof(relative));
	} else if (size == 6) {
		b[4] = has_last_byte(first) ? 0 : 0xa0;
		b[5] = 8;
	}
	if (has_last_byte(first))
		b[5] = second;
	return size;
}

static void check_opcode(const struct opcode *o)
{
	struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };
	struct fault fault;
	u8 bytes[6];
	u32 size = encode(o->code, bytes);

	memset(scratch, 0x07, PAGE_SIZE - 1);
	e.flags = EXECUTE_AR | (has_facility(FACILITY_VECTOR) ? EXECUTE_VECTOR : EXECUTE_FP);
	/* No access list has them, so that the space cannot change. */
	memset(e.ar, 0xff, sizeof(e.ar));
	/*
	 * Even registers are addresses, odd ones lengths. Register 0 asks for function 0, a query; for
	 * PLO it asks whether that is there, for CSST it is a store of two bytes.
	 */
	for (u32 r = 0; r < 16; r++)
		e.gpr[r] = r & 1 ? 16 : (ulong)scratch + 64 * r;
	e.gpr[0] = 0x100;
	e.gpr[1] = (ulong)scratch;
	fault = execute(bytes, size, &e);
	if (o->facility && !has_facility(o->facility))
		EXPECT_FAULT(WITH_ILC(PGM_OPERATION, size), fault, "facility %u is not there",
			     o->facility);
	else
		EXPECT_NE(fault.kind, PGM_OPERATION.kind);
}

void check_opcodes(const struct opcode *opcodes, u32 count)
{
	for (u32 n = 0; n < count; n++) {
		SUBTEST("%s", opcodes[n].name);
		check_opcode(&opcodes[n]);
	}
}
