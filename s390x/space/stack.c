/* SPDX-License-Identifier: MIT */
/*
 * The linkage stack: BRANCH AND STACK makes a state entry, PROGRAM RETURN takes it away, and others look at
 * it. PoP SA22-7832-13, chapter 5, "Linkage Stack".
 */
#include "spaces.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("Linkage stack");

#define TYPE_HEADER 0x09
#define TYPE_BRANCH 0x0c
#define ENTRY_SIZE  296

#define PGM_STACK_FULL	PGM(0x30)
#define PGM_STACK_EMPTY PGM(0x31)

struct entry_descriptor {
	u8 type, section;
	u16 remaining_free;
	u16 next_size;
	u16 reserved;
};

struct stack {
	u64 backward; /* no preceding section */
	struct entry_descriptor header;
	u8 entries[2 * ENTRY_SIZE];
	u64 forward; /* of the trailer: no following section */
	struct entry_descriptor trailer;
};

static struct stack stack __aligned(8);

static void make_stack(u32 entries)
{
	memset(&stack, 0, sizeof(stack));
	stack.header.type = TYPE_HEADER;
	stack.header.remaining_free = (u16)(entries * ENTRY_SIZE);
	write_cr(15, (ulong)&stack.header);
}

static struct execution start_state(void)
{
	struct execution e = { .cc = 2, .flags = EXECUTE_AR };

	for (u32 n = 0; n < 16; n++) {
		e.gpr[n] = 0x0102030405060708ull * (n + 1);
		e.ar[n] = 0;
	}
	return e;
}

TEST(stack_returns,
     "PROGRAM RETURN goes to what BRANCH AND STACK was given, with registers 2-14 as they were then",
     SPEC("PoP SA22-7832-13, chapter 10, BRANCH AND STACK, PROGRAM RETURN"))
{
	/* BAKR 10,0; LGHI 0,1; LGHI 2,1; LGHI 14,1; LGHI 15,1; CR 0,2 (cc 0); PR; LGHI 3,1; here: */
	static const u8 code[] = { 0xb2, 0x40, 0x00, 0xa0, 0xa7, 0x09, 0x00, 0x01, 0xa7, 0x29,
				   0x00, 0x01, 0xa7, 0xe9, 0x00, 0x01, 0xa7, 0xf9, 0x00, 0x01,
				   0x19, 0x02, 0x01, 0x01, 0xa7, 0x39, 0x00, 0x01, 0x07, 0x00 };
	struct execution e = start_state(), before;
	ulong here = execute_address(2);

	make_stack(2);
	e.gpr[10] = here;
	before = e;
	EXPECT_NO_FAULT(execute(code, sizeof(code), &e));
	EXPECT_EQ(read_cr(15), (ulong)&stack.header);
	write_cr(15, 0);
	EXPECT_EQ(e.gpr[0], 1u);
	EXPECT_EQ(e.gpr[15], 1u);
	for (u32 n = 2; n < 15; n++)
		EXPECT_EQ(e.gpr[n], before.gpr[n], "register %u", n);
	EXPECT_EQ(e.cc, 2u);
	EXPECT_EQ(stack.header.next_size, 0u);
}

TEST(stack_entry, "BRANCH AND STACK makes a branch state entry, and branches if R2 is not 0",
     SPEC("PoP SA22-7832-13, chapter 10, BRANCH AND STACK; chapter 5, Linkage-Stack Entries"))
{
	/* BAKR 0,10; LGHI 3,1; there: LGHI 4,1 */
	static const u8 code[] = { 0xb2, 0x40, 0x00, 0x0a, 0xa7, 0x39,
				   0x00, 0x01, 0xa7, 0x49, 0x00, 0x01 };
	struct execution e = start_state();
	const struct entry_descriptor *entry =
		(const struct entry_descriptor *)(stack.entries + ENTRY_SIZE - 8);
	u64 saved[16];

	make_stack(2);
	e.gpr[10] = execute_address(4);
	for (u32 n = 0; n < 16; n++)
		saved[n] = e.gpr[n];
	EXPECT_NO_FAULT(execute(code, sizeof(code), &e));
	EXPECT_EQ(e.gpr[3], saved[3]);
	EXPECT_EQ(e.gpr[4], 1u);
	EXPECT_EQ(read_cr(15), (ulong)entry);
	write_cr(15, 0);
	EXPECT_EQ(stack.header.next_size, ENTRY_SIZE);
	EXPECT_EQ(entry->type, TYPE_BRANCH);
	EXPECT_EQ(entry->remaining_free, ENTRY_SIZE);
	EXPECT_EQ(entry->next_size, 0u);
	/* The registers come first. */
	EXPECT_MEM_EQ(stack.entries, saved, sizeof(saved));
}

TEST(stack_extract, "EREG, EREGG, ESTA and MSTA look at the last state entry",
     SPEC("PoP SA22-7832-13, chapter 10, EXTRACT STACKED REGISTERS, EXTRACT STACKED STATE, MODIFY STACKED "
	  "STATE"))
{
	static const u8 bakr[] = { 0xb2, 0x40, 0x00, 0x00 };
	static const u8 ereg[] = { 0xb2, 0x49, 0x00, 0x24 }, eregg[] = { 0xb9, 0x0e, 0x00, 0x24 };
	static const u8 msta[] = { 0xb2, 0x47, 0x00, 0x60 }, esta[] = { 0xb2, 0x4a, 0x00, 0x48 };
	struct execution e = start_state(), saved = e;

	make_stack(2);
	EXPECT_NO_FAULT(execute(bakr, sizeof(bakr), &e));
	SUBTEST("EREG");
	for (u32 n = 0; n < 16; n++)
		e.gpr[n] = ~0ull;
	EXPECT_NO_FAULT(execute(ereg, 4, &e));
	for (u32 n = 0; n < 16; n++)
		EXPECT_EQ(e.gpr[n],
			  n >= 2 && n <= 4 ? 0xffffffff00000000 | (u32)saved.gpr[n] : ~0ull);
	SUBTEST("EREGG");
	EXPECT_NO_FAULT(execute(eregg, 4, &e));
	for (u32 n = 0; n < 16; n++)
		EXPECT_EQ(e.gpr[n], n >= 2 && n <= 4 ? saved.gpr[n] : ~0ull);
	SUBTEST("MSTA and ESTA of the modifiable area");
	e.gpr[6] = 0xffffffff11223344;
	e.gpr[7] = 0xffffffff55667788;
	EXPECT_NO_FAULT(execute(msta, 4, &e));
	e.gpr[8] = 3;
	e.gpr[4] = e.gpr[5] = 0xeeeeeeeeeeeeeeee;
	EXPECT_NO_FAULT(execute(esta, 4, &e));
	EXPECT_EQ(e.cc, 0u); /* a branch state entry */
	EXPECT_EQ(e.gpr[4], 0xeeeeeeee11223344ull);
	EXPECT_EQ(e.gpr[5], 0xeeeeeeee55667788ull);
	SUBTEST("ESTA of the PSW");
	e.gpr[8] = 4;
	EXPECT_NO_FAULT(execute(esta, 4, &e));
	EXPECT_EQ(e.gpr[4] & ~(PSW_CC | PSW_PM), PSW_KERNEL);
	EXPECT_EQ(e.gpr[5], execute_address(0));
	SUBTEST("ESTA of an odd register");
	static const u8 odd[] = { 0xb2, 0x4a, 0x00, 0x58 };

	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(odd, 4, &e));
	write_cr(15, 0);
}

TEST(stack_empty,
     "without a state entry, PROGRAM RETURN and the others are a stack-empty exception",
     SPEC("PoP SA22-7832-13, chapter 6, Stack-Empty Exception"))
{
	static const struct {
		const char *name;
		u8 code[4];
		u8 length;
	} rows[] = {
		{ "PR", { 0x01, 0x01 }, 2 },
		{ "EREG", { 0xb2, 0x49, 0x00, 0x24 }, 4 },
		{ "EREGG", { 0xb9, 0x0e, 0x00, 0x24 }, 4 },
		{ "ESTA", { 0xb2, 0x4a, 0x00, 0x48 }, 4 },
		{ "MSTA", { 0xb2, 0x47, 0x00, 0x60 }, 4 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = start_state();

		SUBTEST("%s", rows[n].name);
		make_stack(2);
		e.gpr[8] = 3;
		EXPECT_FAULT(WITH_ILC(PGM_STACK_EMPTY, rows[n].length),
			     execute(rows[n].code, rows[n].length, &e));
		write_cr(15, 0);
	}
}

TEST(stack_full,
     "without room for an entry, and without another section, BAKR is a stack-full exception",
     SPEC("PoP SA22-7832-13, chapter 6, Stack-Full Exception"))
{
	static const u8 bakr[] = { 0xb2, 0x40, 0x00, 0x00 };
	struct execution e = start_state();

	make_stack(1);
	EXPECT_NO_FAULT(execute(bakr, 4, &e));
	/* The trailer comes where the free space ends. */
	EXPECT_FAULT(WITH_ILC(PGM_STACK_FULL, 4), execute(bakr, 4, &e));
	EXPECT_EQ(read_cr(15), (ulong)stack.entries + ENTRY_SIZE - 8);
	write_cr(15, 0);
}

TEST(stack_special, "the linkage stack needs DAT and the primary-space or access-register mode",
     SPEC("PoP SA22-7832-13, chapter 10, BRANCH AND STACK"))
{
	static const u8 bakr[] = { 0xb2, 0x40, 0x00, 0x00 };
	static const struct {
		const char *name;
		u64 psw;
	} rows[] = {
		{ "DAT off", PSW_64 },
		{ "secondary space", PSW_KERNEL | PSW_ASC_SECONDARY },
		{ "home space", PSW_KERNEL | PSW_ASC_HOME },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct spaces s = make_spaces();
		struct execution e = start_state();

		SUBTEST("%s", rows[n].name);
		make_stack(2);
		e.psw = rows[n].psw;
		e.flags = 0;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 4),
			     execute_in_spaces(&s, CR0_SECONDARY, bakr, 4, &e));
		write_cr(15, 0);
	}
}
