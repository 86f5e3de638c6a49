/* SPDX-License-Identifier: MIT */
/*
 * Prefixes that change nothing, the 15 bytes that an instruction may have, and instructions that lie in
 * two pages, the second of which cannot be fetched.
 */
#include "encoding.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>

SUITE("Prefixes and length");

/* What a row does: adds 2 to CX (5 before), or loads AX from [SI]. */
enum effect { ADDS, LOADS };

struct prefixed {
	struct encoding encoding;
	enum effect effect;
	u32 width; /* in bytes */
};

static void check(const struct prefixed *row, enum place place)
{
	const struct encoding *e = &row->encoding;
	struct registers r = encoding_registers(), expected;
	ulong mask = row->width == 2 ? 0xffff : ~0ul;
	u64 value = 0x8877665544332211;

	memcpy(encoding_operand, &value, sizeof(value));
	r.ax = ~0ul;
	r.cx = (~0ul << 16) | 5;
	expected = r;
	if (row->effect == ADDS) {
		expected.cx = (r.cx & ~mask) | (row->width == 4 ? 0xffff0007 : (r.cx + 2) & mask);
	} else {
		expected.ax = (r.ax & ~mask) | (ulong)(row->width == 4 ? (u32)value : value & mask);
	}
	EXPECT_NO_FAULT(execute_in(place, code_bytes(e->code, e->size), &r));
	EXPECT_EQ(r.ax, expected.ax);
	EXPECT_EQ(r.cx, expected.cx);
	EXPECT_EQ(r.si, expected.si);
	EXPECT_EQ(r.dx, expected.dx);
}

/* 83 C1 02: ADD ECX, 2; 8B 06: MOV EAX, [ESI]. */
#define ADD  0x83, 0xc1, 0x02
#define LOAD 0x8b, 0x06

TEST(prefix_redundant, "a prefix that an instruction has no use for, or has twice, changes nothing",
     SPEC("SDM vol. 2A, 2.1.1; APM vol. 3, 1.2.1"))
{
	const struct prefixed table[] = {
		{ { "66_66", 5, { 0x66, 0x66, ADD } }, ADDS, 2 },
		{ { "66_66_66_load", 5, { 0x66, 0x66, 0x66, LOAD } }, LOADS, 2 },
		{ { "67_register", 4, { 0x67, ADD } }, ADDS, 4 },
		{ { "67_67_66_register", 6, { 0x67, 0x67, 0x66, ADD } }, ADDS, 2 },
		{ { "66_67_register", 5, { 0x66, 0x67, ADD } }, ADDS, 2 },
		{ { "2e_register", 4, { 0x2e, ADD } }, ADDS, 4 },
		{ { "36_register", 4, { 0x36, ADD } }, ADDS, 4 },
		{ { "65_register", 4, { 0x65, ADD } }, ADDS, 4 },
		{ { "3e_3e_load", 4, { 0x3e, 0x3e, LOAD } }, LOADS, 4 },
		{ { "66_3e_load", 4, { 0x66, 0x3e, LOAD } }, LOADS, 2 },
		{ { "3e_66_load", 4, { 0x3e, 0x66, LOAD } }, LOADS, 2 },
		{ { "2e_load", 3, { 0x2e, LOAD } }, LOADS, 4 },
		{ { "26_load", 3, { 0x26, LOAD } }, LOADS, 4 },
		{ { "36_load", 3, { 0x36, LOAD } }, LOADS, 4 },
		ONLY_64({ { "rex_register", 4, { 0x40, ADD } }, ADDS, 4 }, ) ONLY_64(
			{ { "rex_x_register", 4, { 0x42, ADD } },
			  ADDS,
			  4 }, ) ONLY_64({ { "rex_r_group", 4, { 0x44, ADD } }, ADDS, 4 }, )
			ONLY_64({ { "rex_w_load", 3, { 0x48, LOAD } }, LOADS, 8 }, ) ONLY_64(
				{ { "66_rex_w_load", 4, { 0x66, 0x48, LOAD } }, LOADS, 8 }, )
				ONLY_64({ { "66_66_rex_w_load", 5, { 0x66, 0x66, 0x48, LOAD } },
					  LOADS,
					  8 }, )
					ONLY_64({ { "66_rex_load", 4, { 0x66, 0x40, LOAD } },
						  LOADS,
						  2 }, ) ONLY_64({ { "67_rex_w_load",
								     4,
								     { 0x67, 0x48, LOAD } },
								   LOADS,
								   8 }, )
						ONLY_64({ { "3e_67_66_rex_w_load",
							    6,
							    { 0x3e, 0x67, 0x66, 0x48, LOAD } },
							  LOADS,
							  8 }, )
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].encoding.name);
		check(&table[i], KERNEL);
		check(&table[i], USER);
	}
}

/* The bytes after so many prefixes that there are `total`. */
static struct encoding padded(const char *name, const u8 *bytes, u32 size, u32 total, u8 prefix)
{
	struct encoding e = { .name = name, .size = (u8)total };

	memset(e.code, prefix, total - size);
	memcpy(e.code + total - size, bytes, size);
	return e;
}

struct long_row {
	const char *name;
	u8 size, bytes[12];
	u8 prefix;
};

static const struct long_row long_rows[] = {
	{ "nop", 1, { 0x90 }, 0x66 },
	{ "nop_2e", 1, { 0x90 }, 0x2e },
	{ "nop_modrm", 3, { 0x0f, 0x1f, 0xc0 }, 0x66 },
	{ "nop_disp32", 8, { 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0 }, 0x66 },
	{ "mov_imm32", 5, { 0xbd, 0x5a, 0x5a, 0, 0 }, 0x2e }, /* EBP is that already */
	{ "test_disp32_imm32", 11, { 0xf7, 0x84, 0x26, 0, 0, 0, 0, 0, 0, 0, 0 }, 0x2e },
};

/* The last row's flags differ; its address is [ESI + disp32] by SIB. */
#define HARMLESS (ARRAY_SIZE(long_rows) - 1)

TEST(length_limit, "an instruction of 15 bytes is executed, one of 16 raises #GP(0)",
     SPEC("SDM vol. 2A, 2.3.11; vol. 3A, 6.15, Interrupt 13: \"Exceeding the instruction length limit "
	  "of 15 bytes\""))
{
	for (u32 i = 0; i < HARMLESS; i++) {
		const struct long_row *row = &long_rows[i];
		struct encoding fits = padded(row->name, row->bytes, row->size, 15, row->prefix);

		encodings_do_nothing(&fits, 1, true);
	}
	for (u32 i = 0; i < ARRAY_SIZE(long_rows); i++) {
		const struct long_row *row = &long_rows[i];

		for (u32 length = 16; length < 19; length++) {
			struct encoding e = padded(row->name, row->bytes, row->size, length,
						   row->prefix);
			struct registers r = encoding_registers(), before = r;
			const void *code = code_bytes(e.code, e.size);

			if (length == 16)
				SUBTEST("%s_16", row->name);
			EXPECT_FAULT(GP(0), execute_try(code, &r), "%u bytes", length);
			EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
			EXPECT_FAULT(GP(0), execute_in(USER, code, &r), "%u bytes", length);
			EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
			EXPECT_MEM_EQ(&r, &before, sizeof(r));
		}
	}
}

/* Whether fetches are told apart in the error code: SDM vol. 3A, 4.7. */
static u64 fetch_bit(void)
{
	return cpu_has(X86_FEATURE_NX) ? PF_I : 0;
}

struct split_row {
	const char *name;
	u8 size, bytes[12];
};

/* Of each part there is one that is in the second page. */
static const struct split_row split_rows[] = {
	{ "prefixes", 6, { 0x66, 0x3e, 0x66, 0x3e, 0x89, 0xd8 } },
	{ "opcode_0f", 3, { 0x0f, 0xb7, 0xc3 } },
	{ "modrm", 2, { 0x89, 0xd8 } },
	{ "sib_disp32", 7, { 0x8d, 0x84, 0x1b, 0x78, 0x56, 0x34, 0x12 } },
	{ "imm32", 5, { 0xb8, 0x78, 0x56, 0x34, 0x12 } },
	{ "modrm_imm32", 6, { 0x69, 0xc3, 0x78, 0x56, 0x34, 0x12 } },
};

TEST(page_split_absent,
     "fetching an instruction whose rest is in an absent page raises #PF there, and it goes on later",
     SPEC("SDM vol. 3A, 4.7; 6.15, Interrupt 14"))
{
	for (u32 i = 0; i < ARRAY_SIZE(split_rows); i++) {
		const struct split_row *row = &split_rows[i];

		SUBTEST("%s", row->name);
		for (u32 before = 1; before < row->size; before++) {
			for_each_place(place, KERNEL | USER)
			{
				u64 us = place == USER ? PF_U : 0;
				struct registers start = { .ax = 1,
							   .bx = 0x12345678,
							   .flags = FLAG_1 };
				struct registers r = start, whole = start;
				u8 *page;
				const void *code;
				struct fault fault;

				execute(code_bytes(row->bytes, row->size), &whole);
				code = code_bytes_across(row->bytes, row->size, before, &page);
				space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
				fault = execute_in(place, code, &r);
				space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE,
					  PROT_ALL);
				EXPECT_FAULT(PF(us | fetch_bit(), page), fault, "%u bytes before",
					     before);
				EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
				EXPECT_MEM_EQ(&r, &start, sizeof(r));

				EXPECT_NO_FAULT(execute_in(place, code, &r));
				EXPECT_MEM_EQ(&r, &whole, sizeof(r));

				if (!cpu_has(X86_FEATURE_NX))
					continue;
				r = start;
				space_protect(space_kernel(), (ulong)page, PAGE_SIZE,
					      PROT_WRITE | PROT_USER);
				fault = execute_in(place, code, &r);
				space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_ALL);
				EXPECT_FAULT(PF(us | PF_P | PF_I, page), fault, "%u bytes before",
					     before);
				EXPECT_MEM_EQ(&r, &start, sizeof(r));
			}
		}
	}
}

TEST(page_end,
     "an instruction that ends with its page is executed although the next page is absent",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14; 6.5, Faults"))
{
	for (u32 i = 0; i < ARRAY_SIZE(split_rows); i++) {
		const struct split_row *row = &split_rows[i];
		struct registers r = { .ax = 1, .bx = 0x12345678, .flags = FLAG_1 }, whole = r;
		struct fault fault;
		const void *code;
		u8 *page;

		SUBTEST("%s", row->name);
		execute(code_bytes(row->bytes, row->size), &whole);
		code = code_bytes_across(row->bytes, row->size, row->size, &page);
		space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
		fault = execute_try(code, &r);
		space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
		EXPECT_FAULT(PF(fetch_bit(), page), fault);
		EXPECT_EQ(trap_last_frame()->ip, (ulong)page);
		EXPECT_MEM_EQ(&r, &whole, sizeof(r));
	}
}

TEST(fetch_before_length,
     "the #PF of fetching comes before the #GP of an instruction that is too long",
     SPEC("SDM vol. 3A, 6.9, table 6-2: faults from fetching come before those from decoding"))
{
	u8 bytes[16], *page;
	struct registers r = encoding_registers();
	const void *code;
	struct fault fault;

	/* 14 bytes here, the others absent: decoding never comes to an end that it could refuse. */
	memset(bytes, 0x66, sizeof(bytes));
	code = code_bytes_across(bytes, sizeof(bytes), 14, &page);
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	fault = execute_try(code, &r);
	space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
	EXPECT_FAULT(PF(fetch_bit(), page), fault);
}
