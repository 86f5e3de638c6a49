/* SPDX-License-Identifier: MIT */
/*
 * Every privileged instruction in problem state: refused before anything else is looked at, with its
 * length, and with nothing changed. Operands are such that another exception would come in supervisor state.
 */
#include <test.h>

#include <s390x/execute.h>
#include <s390x/facility.h>

SUITE("Privileged instructions");

struct privileged {
	const char *name;
	u8 code[6];
	u8 length;
	u16 facility; /* 0: always there */
};

/* Register 9 is an address of nothing, off any boundary; registers 2 and 4 as well. */
static const struct privileged rows[] = {
	{ "CSP", { 0xb2, 0x50, 0, 0x24 }, 4, 0 },
	{ "CSPG", { 0xb9, 0x8a, 0, 0x24 }, 4, FACILITY_DAT_ENHANCEMENT_1 },
	{ "DIAG", { 0x83, 0x24, 0, 0x44 }, 4, 0 },
	{ "ISKE", { 0xb2, 0x29, 0, 0x24 }, 4, 0 },
	{ "IDTE", { 0xb9, 0x8e, 0, 0x24 }, 4, FACILITY_DAT_ENHANCEMENT_1 },
	{ "IPTE", { 0xb2, 0x21, 0, 0x24 }, 4, 0 },
	{ "LCTL", { 0xb7, 0x89, 0x90, 0 }, 4, 0 },
	{ "LCTLG", { 0xeb, 0x89, 0x90, 0, 0, 0x2f }, 6, 0 },
	{ "LPP", { 0xb2, 0x80, 0x90, 0 }, 4, FACILITY_SET_PROGRAM_PARM },
	{ "LPSW", { 0x82, 0, 0x90, 0 }, 4, 0 },
	{ "LPSWE", { 0xb2, 0xb2, 0x90, 0 }, 4, 0 },
	{ "LRA", { 0xb1, 0x20, 0x90, 0 }, 4, 0 },
	{ "LRAY", { 0xe3, 0x20, 0x90, 0, 0, 0x13 }, 6, FACILITY_LONG_DISPLACEMENT },
	{ "LRAG", { 0xe3, 0x20, 0x90, 0, 0, 0x03 }, 6, 0 },
	{ "LURA", { 0xb2, 0x4b, 0, 0x24 }, 4, 0 },
	{ "LURAG", { 0xb9, 0x05, 0, 0x24 }, 4, 0 },
	{ "PTLB", { 0xb2, 0x0d, 0, 0 }, 4, 0 },
	{ "RRBE", { 0xb2, 0x2a, 0, 0x24 }, 4, 0 },
	{ "SCK", { 0xb2, 0x04, 0x90, 0 }, 4, 0 },
	{ "SCKC", { 0xb2, 0x06, 0x90, 0 }, 4, 0 },
	{ "SCKPF", { 0x01, 0x07 }, 2, 0 },
	{ "SPT", { 0xb2, 0x08, 0x90, 0 }, 4, 0 },
	{ "SPX", { 0xb2, 0x10, 0x90, 0 }, 4, 0 },
	{ "SSKE", { 0xb2, 0x2b, 0, 0x24 }, 4, 0 },
	{ "SSM", { 0x80, 0, 0x90, 0 }, 4, 0 },
	{ "SIGP", { 0xae, 0x24, 0x90, 0 }, 4, 0 },
	{ "STCKC", { 0xb2, 0x07, 0x90, 0 }, 4, 0 },
	{ "STCTL", { 0xb6, 0x89, 0x90, 0 }, 4, 0 },
	{ "STCTG", { 0xeb, 0x89, 0x90, 0, 0, 0x25 }, 6, 0 },
	{ "STAP", { 0xb2, 0x12, 0x90, 0 }, 4, 0 },
	{ "STIDP", { 0xb2, 0x02, 0x90, 0 }, 4, 0 },
	{ "STPT", { 0xb2, 0x09, 0x90, 0 }, 4, 0 },
	{ "STFL", { 0xb2, 0xb1, 0, 0 }, 4, 0 },
	{ "STPX", { 0xb2, 0x11, 0x90, 0 }, 4, 0 },
	{ "STSI", { 0xb2, 0x7d, 0x90, 0 }, 4, 0 },
	{ "STNSM", { 0xac, 0xff, 0x90, 0 }, 4, 0 },
	{ "STOSM", { 0xad, 0x00, 0x90, 0 }, 4, 0 },
	{ "STURA", { 0xb2, 0x46, 0, 0x24 }, 4, 0 },
	{ "STURG", { 0xb9, 0x25, 0, 0x24 }, 4, 0 },
	{ "TB", { 0xb2, 0x2c, 0, 0x24 }, 4, 0 },
	{ "XSCH", { 0xb2, 0x76, 0, 0 }, 4, 0 },
	{ "CSCH", { 0xb2, 0x30, 0, 0 }, 4, 0 },
	{ "HSCH", { 0xb2, 0x31, 0, 0 }, 4, 0 },
	{ "MSCH", { 0xb2, 0x32, 0x90, 0 }, 4, 0 },
	{ "RCHP", { 0xb2, 0x3b, 0, 0 }, 4, 0 },
	{ "RSCH", { 0xb2, 0x38, 0, 0 }, 4, 0 },
	{ "SAL", { 0xb2, 0x37, 0, 0 }, 4, 0 },
	{ "SCHM", { 0xb2, 0x3c, 0, 0 }, 4, 0 },
	{ "STCPS", { 0xb2, 0x3a, 0x90, 0 }, 4, 0 },
	{ "SSCH", { 0xb2, 0x33, 0x90, 0 }, 4, 0 },
	{ "STCRW", { 0xb2, 0x39, 0x90, 0 }, 4, 0 },
	{ "STSCH", { 0xb2, 0x34, 0x90, 0 }, 4, 0 },
	{ "TPI", { 0xb2, 0x36, 0x90, 0 }, 4, 0 },
	{ "TSCH", { 0xb2, 0x35, 0x90, 0 }, 4, 0 },
	{ "CHSC", { 0xb2, 0x5f, 0, 0x24 }, 4, 0 },
	{ "SERVC", { 0xb2, 0x20, 0, 0x24 }, 4, 0 },
};

TEST(privileged_all,
     "a privileged instruction in problem state is refused whatever its operands are",
     SPEC("PoP SA22-7832-13, chapter 6, Privileged-Operation Exception; Priority of Program Interruptions"))
{
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		const struct privileged *p = &rows[n];
		struct execution e = { .cc = 1, .pm = 3, .psw = PSW_KERNEL | PSW_PROBLEM };

		SUBTEST("%s", p->name);
		if (p->facility && !has_facility(p->facility)) {
			SKIP_ROW("facility %u is not there", p->facility);
			continue;
		}
		for (u32 r = 0; r < 16; r++)
			e.gpr[r] = 0x7654321f01234567 + r;
		EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, p->length),
			     execute(p->code, p->length, &e));
		for (u32 r = 0; r < 16; r++)
			EXPECT_EQ(e.gpr[r], 0x7654321f01234567 + r);
		EXPECT_EQ(e.cc, 1u);
		EXPECT_EQ(trap_last_frame()->psw.mask & PSW_PROBLEM, PSW_PROBLEM);
		EXPECT_EQ(trap_last_frame()->psw.addr, execute_address(0));
	}
}

TEST(privileged_executed,
     "the same when EXECUTE has them as its target, with the length of EXECUTE",
     SPEC("PoP SA22-7832-13, chapter 7, EXECUTE; chapter 5, Instruction-Length Code"))
{
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		const struct privileged *p = &rows[n];
		struct execution e = { .cc = 1, .psw = PSW_KERNEL | PSW_PROBLEM };

		SUBTEST("%s", p->name);
		if (p->facility && !has_facility(p->facility)) {
			SKIP_ROW("facility %u is not there", p->facility);
			continue;
		}
		EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4),
			     execute_target(EXECUTE_BY_EX, p->code, p->length, 0, &e));
	}
}
