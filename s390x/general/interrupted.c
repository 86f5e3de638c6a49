/* SPDX-License-Identifier: MIT */
/*
 * A fault in the middle of instructions that work through storage: what the registers say then has been done,
 * and executing the instruction again does the rest, once.
 */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("Faults in the middle");

static u8 first[3 * PAGE_SIZE] __aligned(PAGE_SIZE), second[3 * PAGE_SIZE] __aligned(PAGE_SIZE);

#define LENGTH 700

/* Executes it again as long as there is more to do, which is not for ever. */
static struct fault go_on(const u8 *code, u32 size, struct execution *e)
{
	struct fault fault;
	u32 executions = 0;

	do {
		fault = execute(code, size, e);
	} while (!fault.kind && e->cc == 3 && ++executions < 10000);
	return fault;
}

/* The same with a page absent, which is the fault, and then with that page, to the end. */
static struct execution interrupt(const u8 *code, u32 size, struct execution *e, u8 *page)
{
	struct fault fault;
	struct execution between;

	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	fault = go_on(code, size, e);
	space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(page), size), fault);
	EXPECT_EQ(trap_last_frame()->psw.addr, trap_last_frame()->ip);
	between = *e;
	EXPECT_NO_FAULT(go_on(code, size, e));
	return between;
}

/* Each operand in turn crosses into its second page this many bytes before its end or after its beginning. */
static const u32 crossings[] = { 1, 2, 8, 255, 256, 257, 500, 699 };

#define FOR_EACH_CROSSING(operand_, crossing_)           \
	for (u32 operand_ = 0; operand_ < 2; operand_++) \
		for (u32 crossing_ = 0; crossing_ < ARRAY_SIZE(crossings); crossing_++)

static u8 *at(u8 *pages, u32 before)
{
	return pages + PAGE_SIZE - before;
}

TEST(clcl_fault, "COMPARE LOGICAL LONG and its extended form go on after an absent page",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE LOGICAL LONG; chapter 5, Interruptible Instructions"))
{
	static const u8 clcl[] = { 0x0f, 0x24 }, clcle[] = { 0xa9, 0x24, 0x00, 0x40 };

	FOR_EACH_CROSSING(operand, crossing)
	{
		for (u32 extended = 0; extended < 2; extended++) {
			for (u32 differs = 0; differs < 2; differs++) {
				u32 before = crossings[crossing];
				u8 *one = at(first, operand ? 2000 : before);
				u8 *two = at(second, operand ? before : 2000), *page;
				struct execution e = { .cc = 0 }, between;

				SUBTEST("%s, operand %u, %u bytes before the page, %s",
					extended ? "CLCLE" : "CLCL", operand + 1, before,
					differs ? "unequal" : "equal");
				for (u32 n = 0; n < LENGTH; n++)
					one[n] = two[n] = (u8)(n * 7);
				if (differs)
					one[LENGTH - 1]++;
				page = (operand ? second : first) + PAGE_SIZE;
				e.gpr[2] = (ulong)one;
				e.gpr[4] = (ulong)two;
				e.gpr[3] = e.gpr[5] = LENGTH;
				between = interrupt(extended ? clcle : clcl, extended ? 4 : 2, &e,
						    page);
				EXPECT_LE(operand ? between.gpr[4] : between.gpr[2], (ulong)page);
				EXPECT_EQ(between.gpr[2] - (ulong)one, LENGTH - between.gpr[3]);
				EXPECT_EQ(between.gpr[4] - (ulong)two, LENGTH - between.gpr[5]);
				EXPECT_EQ(e.cc, differs ? 2u : 0u);
				EXPECT_EQ(e.gpr[2], (ulong)one + LENGTH - differs);
				EXPECT_EQ(e.gpr[3], differs);
				EXPECT_EQ(e.gpr[4], (ulong)two + LENGTH - differs);
			}
		}
	}
}

TEST(tre_fault, "TRANSLATE EXTENDED goes on after an absent page, and translates each byte once",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE EXTENDED; chapter 5, Interruptible Instructions"))
{
	static const u8 tre[] = { 0xb2, 0xa5, 0x00, 0x24 };
	static u8 table[256] __aligned(8);

	for (u32 n = 0; n < 256; n++)
		table[n] = (u8)(n + 1);
	for (u32 crossing = 0; crossing < ARRAY_SIZE(crossings); crossing++) {
		u8 *one = at(first, crossings[crossing]);
		struct execution e = { .cc = 0 }, between;

		SUBTEST("%u bytes before the page", crossings[crossing]);
		/* Neither is the test byte. */
		for (u32 n = 0; n < LENGTH; n++)
			one[n] = (u8)(n % 200 + 10);
		e.gpr[0] = 0;
		e.gpr[2] = (ulong)one;
		e.gpr[3] = LENGTH;
		e.gpr[4] = (ulong)table;
		between = interrupt(tre, 4, &e, first + PAGE_SIZE);
		EXPECT_EQ(between.gpr[2] - (ulong)one, LENGTH - between.gpr[3]);
		EXPECT_EQ(e.cc, 0u);
		EXPECT_EQ(e.gpr[2], (ulong)one + LENGTH);
		for (u32 n = 0; n < LENGTH; n++) {
			if (!EXPECT_EQ(one[n], (u8)(n % 200 + 11), "byte %u", n))
				break;
		}
	}
}

TEST(cksm_fault, "CHECKSUM goes on after an absent page, and adds each word once",
     SPEC("PoP SA22-7832-13, chapter 7, CHECKSUM; chapter 5, Interruptible Instructions"))
{
	static const u8 cksm[] = { 0xb2, 0x41, 0x00, 0x24 };

	for (u32 crossing = 0; crossing < ARRAY_SIZE(crossings); crossing++) {
		u8 *one = at(first, crossings[crossing]);
		struct execution e = { .cc = 0 }, between;
		u64 sum = 0x12345678;

		SUBTEST("%u bytes before the page", crossings[crossing]);
		for (u32 n = 0; n < LENGTH; n++)
			one[n] = (u8)(n * 31 + 5);
		for (u32 n = 0; n < LENGTH; n += 4)
			sum += (u32)one[n] << 24 | (u32)one[n + 1] << 16 | (u32)one[n + 2] << 8 |
			       one[n + 3];
		while (sum >> 32)
			sum = (u32)sum + (sum >> 32);
		e.gpr[2] = 0xabcdef0012345678;
		e.gpr[4] = (ulong)one;
		e.gpr[5] = LENGTH;
		between = interrupt(cksm, 4, &e, first + PAGE_SIZE);
		EXPECT_EQ(between.gpr[4] - (ulong)one, LENGTH - between.gpr[5]);
		EXPECT_EQ(e.cc, 0u);
		EXPECT_EQ(e.gpr[2], 0xabcdef0000000000 | sum);
		EXPECT_EQ(e.gpr[4], (ulong)one + LENGTH);
		EXPECT_EQ(e.gpr[5], 0u);
	}
}

TEST(string_fault, "SRST, SRSTU, MVST and CLST find their end in a page that was absent at first",
     SPEC("PoP SA22-7832-13, chapter 7, SEARCH STRING, SEARCH STRING UNICODE, MOVE STRING, COMPARE LOGICAL "
	  "STRING"))
{
	static const struct {
		const char *name;
		u16 opcode;
	} rows[] = {
		{ "SRST", 0xb25e }, { "SRSTU", 0xb9be }, { "MVST", 0xb255 }, { "CLST", 0xb25d }
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		FOR_EACH_CROSSING(operand, crossing)
		{
			u32 before = crossings[crossing];
			u8 *one = at(first, operand ? 2000 : before), *page;
			u8 *two = at(second, operand ? before : 2000);
			u8 code[] = { (u8)(rows[n].opcode >> 8), (u8)rows[n].opcode, 0, 0x24 };
			struct execution e = { .cc = 0 };
			bool search = n < 2;

			/* The one operand of a search is R2's. */
			if (before % 2 || (search && !operand))
				continue;
			if (n == 1 && !has_facility(FACILITY_ETF_3))
				continue;
			SUBTEST("%s, operand %u, %u bytes before the page", rows[n].name,
				operand + 1, before);
			for (u32 i = 0; i < LENGTH; i++)
				one[i] = two[i] = (u8)(i % 99 + 1);
			one[LENGTH] = two[LENGTH] = one[LENGTH + 1] = two[LENGTH + 1] = 0;
			page = (operand ? second : first) + PAGE_SIZE;
			e.gpr[2] = search ? (ulong)two + LENGTH + 100 : (ulong)one;
			e.gpr[4] = (ulong)two;
			interrupt(code, 4, &e, page);
			if (search) {
				EXPECT_EQ(e.cc, 1u);
				EXPECT_EQ(e.gpr[2], (ulong)two + LENGTH);
			} else if (n == 2) {
				EXPECT_EQ(e.cc, 1u);
				EXPECT_EQ(e.gpr[2], (ulong)one + LENGTH);
				EXPECT_MEM_EQ(one, two, LENGTH + 1);
			} else {
				/* Equal: the addresses are as they were at the last execution. */
				EXPECT_EQ(e.cc, 0u);
			}
		}
	}
}
