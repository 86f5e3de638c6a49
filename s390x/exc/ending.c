/* SPDX-License-Identifier: MIT */
/*
 * How the instruction ended that a program interruption is about: the old PSW designates it if it was nullified,
 * the next one if it was suppressed or completed. PoP SA22-7832-13, chapter 6, "Program Interruption".
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/access.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <string.h>

SUITE("Instruction endings");

/* Somewhere that no memory is mapped at. */
#define NOWHERE ((ulong)(64 * GiB))

static u8 page[PAGE_SIZE] __aligned(PAGE_SIZE);

/* r4 has NOWHERE, r5 the protected page, r6 the address of itself as EXECUTE's target, r8 1, r7 and r9 0. */
static const struct row {
	const char *name;
	u8 bytes[6];
	u8 size;
	u8 code;
	bool nullified;
	u64 psw; /* besides PSW_KERNEL */
} rows[] = {
	{ "operation", { 0x00, 0x00 }, 2, 0x01, false, 0 },
	{ "operation, 4 bytes", { 0xb2, 0xff, 0, 0 }, 4, 0x01, false, 0 },
	{ "operation, 6 bytes", { 0xe3, 0, 0, 0, 0, 0xff }, 6, 0x01, false, 0 },
	{ "privileged operation", { 0x80, 0x00, 0x50, 0x00 }, 4, 0x02, false, PSW_PROBLEM },
	{ "protection", { 0x50, 0x80, 0x50, 0x00 }, 4, 0x04, false, 0 },
	{ "protection, 6 bytes", { 0xe3, 0x80, 0x50, 0x00, 0x00, 0x24 }, 6, 0x04, false, 0 },
	{ "specification, registers", { 0x1d, 0x98 }, 2, 0x06, false, 0 },
	{ "specification, boundary", { 0xba, 0x88, 0x50, 0x02 }, 4, 0x06, false, 0 },
	{ "data", { 0xb9, 0x72, 0x80, 0x88 }, 4, 0x07, false, 0 },
	{ "fixed-point divide", { 0x1d, 0x89 }, 2, 0x09, false, 0 },
	{ "fixed-point divide, 4 bytes", { 0xb9, 0x0d, 0x00, 0x89 }, 4, 0x09, false, 0 },
	{ "page translation", { 0x58, 0x80, 0x40, 0x00 }, 4, 0x11, true, 0 },
	{ "page translation, 6 bytes", { 0xd2, 0x07, 0x50, 0x00, 0x40, 0x00 }, 6, 0x11, true, 0 },
	{ "special operation", { 0xb2, 0x79, 0x00, 0x00 }, 4, 0x13, false, 0 },
	{ "operand", { 0xb2, 0x37, 0x00, 0x00 }, 4, 0x15, false, 0 },
	{ "monitor event", { 0xaf, 0x05, 0x00, 0x00 }, 4, 0x40, false, 0 },
};

TEST(endings,
     "the old PSW designates an instruction that was nullified, and the next one otherwise",
     SPEC("PoP SA22-7832-13, chapter 6, Program Interruption: figure of interruption action; "
	  "chapter 5, Types of Instruction Ending"))
{
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_EXEC | PROT_USER);
	*space_entry_at(space_kernel(), NOWHERE, 0) = arch_pte_absent(0);
	purge_tlb();
	write_cr(8, BIT(15 - 5)); /* monitor class 5 */
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		const struct row *row = &rows[n];
		struct execution e = { .cc = 1, .psw = PSW_KERNEL | row->psw };
		ulong here = execute_address(row->size);
		struct fault fault;

		SUBTEST("%s", row->name);
		/* With DAT off there is no address-space control to set. */
		if (row->code == 0x13)
			e.psw = PSW_64;
		e.gpr[1] = 1; /* what SAL refuses */
		e.gpr[4] = NOWHERE;
		e.gpr[5] = (ulong)page;
		e.gpr[8] = 1;
		fault = execute(row->bytes, row->size, &e);
		EXPECT_FAULT(
			WITH_ILC(PGM(row->code), row->size),
			((struct fault){ fault.kind, fault.fields & FAULT_CODE, fault.code, 0 }));
		EXPECT_EQ(trap_last_frame()->psw.addr, row->nullified ? here : here + row->size);
		EXPECT_EQ(e.cc, 1u);
		EXPECT_EQ(e.gpr[8], 1u);
		EXPECT_EQ(e.gpr[9], 0u);
	}
	write_cr(8, 0);
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_ALL);
}

/* Code at an address that a smaller addressing mode does not have. */
static struct fault set_mode_at(ulong address, u8 mode)
{
	static u16 code[PAGE_SIZE / 2] __aligned(PAGE_SIZE);

	code[0] = (u16)(0x0100 | mode); /* SAM24, SAM31 or SAM64 */
	code[1] = 0x07fe;		/* BR r14 */
	space_map_page(space_kernel(), address, (ulong)code, 0, PROT_ALL);
	purge_tlb();
	return call_try(address);
}

TEST(mode_of_address, "an addressing mode that does not reach the instruction itself is not set",
     SPEC("PoP SA22-7832-13, chapter 10, SET ADDRESSING MODE, Specification"))
{
	SUBTEST("SAM24 at 16 MiB");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 2), set_mode_at(NOWHERE + 16 * MiB, 0x0c));
	SUBTEST("SAM31 at 2 GiB");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 2), set_mode_at(NOWHERE, 0x0d));
	SUBTEST("SAM64");
	EXPECT_NO_FAULT(set_mode_at(NOWHERE, 0x0e));
}
