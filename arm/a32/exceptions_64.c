/* SPDX-License-Identifier: MIT */
/* What exceptions of A32 and T32 at EL0 tell EL1 in AArch64. */
#include <test.h>

#include "check.h"

SUITE("Exceptions from AArch32", REQUIRES(has_a32()));

TEST(a32_exceptions,
     "SVC, BKPT, UDF and aborts of A32 have the classes of AArch32 and of lower levels",
     SPEC("DDI 0487, D24.2.45, EC: 0b010001, 0b111000, 0b100100; table of vector offsets"))
{
	static const struct {
		const char *name;
		u32 code, class, iss;
		bool after;
	} raising[] = {
		{ "svc", 0xef000042, 0x11, 0x42, true },
		{ "bkpt", 0xe1200373, 0x38, 0x33, false },
		{ "udf", 0xe7f000f0, EC_UNKNOWN, 0, false },
		{ "ldr-absent", 0xe5901000, EC_DABT_LOWER, 7, false },
		{ "str-absent", 0xe5801000, EC_DABT_LOWER, 7 | 0x40, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(raising); i++) {
		struct arm_registers r = { .x = { 0x10 } };
		const u32 code[] = { raising[i].code, EXECUTE_END_A32 };
		ulong at = a32_code(code, sizeof(code));
		struct fault fault;

		SUBTEST("%s", raising[i].name);
		fault = arm_run(ARM_EL0_A32, at, &r);
		EXPECT_EQ(fault.kind, raising[i].class + 1u);
		/* Page 0 is absent. */
		EXPECT_EQ(fault.code & 0xffff, raising[i].iss);
		EXPECT_EQ(r.vector, VECTOR_FROM_EL0_32 + VECTOR_SYNC);
		EXPECT_EQ(r.pc, at + (raising[i].after ? 4 : 0));
		EXPECT_EQ(r.esr & BIT(25), BIT(25));
	}
}

TEST(a32_wait_trapped,
     "WFI and WFE of A32 and T32 that SCTLR_EL1 traps say which it was, and IL whether it had 16 bits",
     SPEC("DDI 0487, D24.2, SCTLR_EL1.nTWI, nTWE; D24.2.45, ISS of WF*, IL"))
{
	static const struct {
		const char *name;
		u32 code;
		bool t32, narrow, wfe;
	} rows[] = {
		{ "a32-wfi", 0xe320f003, false, false, false },
		{ "a32-wfe", 0xe320f002, false, false, true },
		{ "t16-wfi", 0xbf00bf30, true, true, false }, /* NOP after it */
		{ "t16-wfe", 0xbf00bf20, true, true, true },
		{ "t32-wfi", 0x8003f3af, true, false, false },
		{ "t32-wfe", 0x8002f3af, true, false, true },
	};
	u64 sctlr = read_sys(SCTLR);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const u32 code[] = { rows[i].code,
				     rows[i].t32 ? EXECUTE_END_T32 : EXECUTE_END_A32 };
		ulong at = a32_code(code, sizeof(code));
		struct arm_registers r = { .pstate = rows[i].t32 ? PSTATE_T : 0 };
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		write_sys(SCTLR, sctlr & ~(SCTLR_NTWI | SCTLR_NTWE));
		isb();
		fault = arm_run(ARM_EL0_A32, at, &r);
		write_sys(SCTLR, sctlr);
		isb();
		if (rows[i].wfe && !fault.kind) {
			SKIP_ROW("it found an event, or never waits");
			continue;
		}
		EXPECT_EQ(fault.kind, EC_WFX + 1u);
		EXPECT_EQ(fault.code & 3, rows[i].wfe);
		EXPECT_EQ(!(r.esr & BIT(25)), rows[i].narrow);
		EXPECT_EQ(r.pc, at);
	}
}
