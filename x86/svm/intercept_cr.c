/* SPDX-License-Identifier: MIT */
/* Reads and writes of control and debug registers: bits of vectors 0 and 1. */
#include "intercept.h"

SUITE("SVM: control and debug registers", REQUIRES(svm_available()));

static const struct reg {
	const char *name;
	u32 number;
	bool debug, only_64;
} regs[] = {
	{ "cr0", 0, false, false }, { "cr2", 2, false, false }, { "cr3", 3, false, false },
	{ "cr4", 4, false, false }, { "cr8", 8, false, true },	{ "dr0", 0, true, false },
	{ "dr1", 1, true, false },  { "dr2", 2, true, false },	{ "dr3", 3, true, false },
	{ "dr6", 6, true, false },  { "dr7", 7, true, false },
};

static u32 exit_of(const struct reg *r, bool write)
{
	if (r->debug)
		return write ? SVM_EXIT_DR_WRITE(r->number) : SVM_EXIT_DR_READ(r->number);
	return write ? SVM_EXIT_CR_WRITE(r->number) : SVM_EXIT_CR_READ(r->number);
}

/* MOV between the register and general register `gpr`, 0 to 15. */
static void code_mov(struct svm_guest *g, const struct reg *r, bool write, u32 gpr)
{
	u8 bytes[4], rex = (u8)((r->number >= 8 ? 0x44 : 0x40) | (gpr >= 8));
	u32 n = 0;

	if (rex != 0x40)
		bytes[n++] = rex;
	bytes[n++] = 0x0f;
	bytes[n++] = (u8)(0x20 | r->debug | (write ? 2 : 0));
	bytes[n++] = (u8)(0xc0 | (r->number & 7) << 3 | (gpr & 7));
	svm_code_bytes(g, bytes, n);
}

/* The value that the guest has in the register, which a write may write. */
static u64 value_of(const struct svm_guest *g, const struct reg *r)
{
	const struct vmcb_save *save = g->save;

	if (r->debug)
		return r->number == 6 ? save->dr6 : r->number == 7 ? save->dr7 : 0x1000;
	switch (r->number) {
	case 0:
		return save->cr0;
	case 2:
		return g->mode == SVM_LONG ? 0x7654321000 : 0x54321000;
	case 3:
		return save->cr3;
	case 4:
		return save->cr4;
	default:
		return 3;
	}
}

/* RAX has the value that is written. */
static void set_up(struct svm_guest *g, const struct reg *r, enum svm_mode mode, bool write)
{
	svm_reset(g, mode);
	code_mov(g, r, write, 0);
	intercept_patterns(g);
	if (write)
		g->save->rax = value_of(g, r);
}

/* Calls `check` in a row for each register and direction. */
static void for_each_access(enum svm_mode mode,
			    void (*check)(struct svm_guest *g, const struct reg *r,
					  enum svm_mode mode, bool write))
{
	struct svm_guest *g = svm_new(mode);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(regs); i++) {
		const struct reg *r = &regs[i / 2];

		if (r->only_64 && mode != SVM_LONG)
			continue;
		SUBTEST("%s-%s", r->name, i % 2 ? "write" : "read");
		check(g, r, mode, i % 2);
	}
}

static void check_intercepted(struct svm_guest *g, const struct reg *r, enum svm_mode mode,
			      bool write)
{
	set_up(g, r, mode, write);
	svm_intercept(g, exit_of(r, write), true);
	intercept_run_and_expect(g, exit_of(r, write));
	if (cpu_has(X86_FEATURE_NRIPS))
		EXPECT_EQ(g->control->nrip, svm_end(g));
}

static void intercept_cr_dr(enum svm_mode mode)
{
	for_each_access(mode, check_intercepted);
}

static void check_forced(struct svm_guest *g, const struct reg *r, enum svm_mode mode, bool write)
{
	set_up(g, r, mode, write);
	intercept_force_emulation(g);
	svm_intercept(g, exit_of(r, write), true);
	intercept_run_and_expect(g, exit_of(r, write));
}

static void forced_intercept_cr_dr(enum svm_mode mode)
{
	for_each_access(mode, check_forced);
}

TEST_IN_MODES_BUT_VM86(
	forced_intercept_cr_dr,
	"MOV from and to a control or debug register that KVM emulates exits where its bit is set",
	SPEC("APM vol. 2, 15.9, table 15-7; appendix C"), REQUIRES(INTERCEPT_FORCED))

TEST_IN_MODES_BUT_VM86(intercept_cr_dr,
		       "MOV from and to each control and debug register exits where its bit is set",
		       SPEC("APM vol. 2, 15.9, table 15-7; appendix B, table B-1; appendix C"))

static void check_at_cpl3(struct svm_guest *g, const struct reg *r, enum svm_mode mode, bool write)
{
	set_up(g, r, mode, write);
	svm_set_cpl(g, 3);
	svm_intercept(g, exit_of(r, write), true);
	if (intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_GP)))
		EXPECT_EQ(g->control->exitinfo1, 0ull);
}

static void cr_dr_at_cpl3(enum svm_mode mode)
{
	for_each_access(mode, check_at_cpl3);
}

TEST_IN_FLAT_MODES(
	cr_dr_at_cpl3,
	"at CPL 3, MOV from and to control and debug registers is #GP(0) and not an exit of its own",
	SPEC("APM vol. 2, 15.9, table 15-7"))

static void check_not_intercepted(struct svm_guest *g, const struct reg *r, enum svm_mode mode,
				  bool write)
{
	u64 value;

	set_up(g, r, mode, write);
	g->control->intercepts[0] = g->control->intercepts[1] = ~0u;
	svm_intercept(g, exit_of(r, write), false);
	value = value_of(g, r);
	if (!write && !r->debug && r->number == 2)
		g->save->cr2 = value;
	svm_run(g);
	if (!EXPECT_DONE(g))
		return;
	if (write && !r->debug && r->number == 2)
		EXPECT_EQ(g->save->cr2, value);
	else if (!write && (r->debug ? r->number >= 6 : r->number != 8))
		EXPECT_EQ(g->save->rax, value & (mode == SVM_LONG ? ~0ull : 0xffffffff));
}

static void no_intercept_cr_dr(enum svm_mode mode)
{
	for_each_access(mode, check_not_intercepted);
}

TEST_IN_MODES_BUT_VM86(
	no_intercept_cr_dr,
	"MOV from and to a control or debug register is executed where only its own bit is clear",
	SPEC("APM vol. 2, 15.9, table 15-7"))

static void fill_registers(struct svm_guest *g, ulong value)
{
	for (u32 i = 0; i < offsetof(struct svm_registers, host_flags) / sizeof(ulong); i++)
		((ulong *)&g->registers)[i] = value;
}

TEST(intercept_cr_gpr,
     "EXITINFO1 of MOV from and to a control register has the general register and bit 63",
     SPEC("APM vol. 2, 15.8.1, table 15-2"), REQUIRES(cpu_has(X86_FEATURE_DECODE_ASSISTS)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(regs); i++)
		for (u32 gpr = 0; gpr < (sizeof(ulong) == 8 ? 16 : 8); gpr++) {
			const struct reg *r = &regs[i / 2];

			if (r->debug || (r->only_64 && sizeof(ulong) == 4))
				continue;
			SUBTEST("%s-%s-%u", r->name, i % 2 ? "write" : "read", gpr);
			set_up(g, r, SVM_NATIVE, false);
			code_mov(g, r, i % 2, gpr);
			/* Any register may be written to: zeros are legal in none but CR2, CR8. */
			svm_intercept(g, exit_of(r, i % 2), true);
			if (i % 2) {
				g->save->rax = g->save->rsp = value_of(g, r);
				fill_registers(g, (ulong)value_of(g, r));
			}
			intercept_run_and_expect(g, exit_of(r, i % 2));
			EXPECT_EQ(g->control->exitinfo1, BIT(63) | gpr);
		}
}

TEST(intercept_dr_gpr, "EXITINFO1 of MOV from and to a debug register has the general register",
     SPEC("APM vol. 2, 15.8.1, table 15-3"), REQUIRES(cpu_has(X86_FEATURE_DECODE_ASSISTS)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(regs); i++)
		for (u32 gpr = 0; gpr < (sizeof(ulong) == 8 ? 16 : 8); gpr++) {
			const struct reg *r = &regs[i / 2];

			if (!r->debug)
				continue;
			SUBTEST("%s-%s-%u", r->name, i % 2 ? "write" : "read", gpr);
			set_up(g, r, SVM_NATIVE, false);
			code_mov(g, r, i % 2, gpr);
			svm_intercept(g, exit_of(r, i % 2), true);
			g->save->rax = g->save->rsp = value_of(g, r);
			fill_registers(g, (ulong)value_of(g, r));
			intercept_run_and_expect(g, exit_of(r, i % 2));
			EXPECT_EQ(g->control->exitinfo1, (u64)gpr);
		}
}

TEST(cr_dr_undefined,
     "MOV from and to a control register that does not exist is #UD, whatever is intercepted",
     SPEC("APM vol. 2, 15.9, table 15-7"))
{
	static const struct reg absent[] = {
		{ "cr1", 1, false, false }, { "cr5", 5, false, false }, { "cr6", 6, false, false },
		{ "cr7", 7, false, false }, { "cr9", 9, false, true },	{ "cr15", 15, false, true },
		{ "dr8", 8, true, true },   { "dr15", 15, true, true },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(absent); i++) {
		if (absent[i / 2].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s-%s", absent[i / 2].name, i % 2 ? "write" : "read");
		set_up(g, &absent[i / 2], SVM_NATIVE, false);
		code_mov(g, &absent[i / 2], i % 2, 0);
		g->control->intercepts[0] = g->control->intercepts[1] = ~0u;
		intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_UD));
	}
}

TEST(cr_dr_bad_values,
     "a value that the register refuses is #GP(0) before the write is intercepted",
     SPEC("APM vol. 2, 15.9, table 15-7"))
{
	const struct {
		const char *name;
		struct reg reg;
		u64 set, clear;
		bool only_64;
	} rows[] = {
		{ "cr0-nw-without-cd", { "", 0, false, false }, CR0_NW, CR0_CD, false },
		{ "cr0-pg-without-pe", { "", 0, false, false }, CR0_PG, CR0_PE, false },
		{ "cr0-bit-32", { "", 0, false, false }, BIT(32), 0, true },
		{ "cr0-bit-63", { "", 0, false, false }, BIT(63), 0, true },
		{ "cr3-bit-63", { "", 3, false, false }, BIT(62), 0, true },
		{ "cr4-bit-15", { "", 4, false, false }, BIT(15), 0, false },
		{ "cr4-bit-31", { "", 4, false, false }, BIT(31), 0, false },
		{ "cr4-bit-63", { "", 4, false, false }, BIT(63), 0, true },
		{ "cr4-no-pae-in-long-mode", { "", 4, false, false }, 0, CR4_PAE, true },
		{ "cr8-bit-4", { "", 8, false, true }, BIT(4), 0, true },
		{ "cr8-bit-63", { "", 8, false, true }, BIT(63), 0, true },
		{ "dr6-bit-32", { "", 6, true, false }, BIT(32), 0, true },
		{ "dr7-bit-32", { "", 7, true, false }, BIT(32), 0, true },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s", rows[i].name);
		set_up(g, &rows[i].reg, SVM_NATIVE, true);
		g->save->rax = (value_of(g, &rows[i].reg) & ~rows[i].clear) | rows[i].set;
		svm_intercept(g, exit_of(&rows[i].reg, true), true);
		if (intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_GP)))
			EXPECT_EQ(g->control->exitinfo1, 0ull);
	}
}

TEST(dr_general_detect,
     "with DR7.GD set, MOV from and to a debug register is #DB before its intercept",
     SPEC("APM vol. 2, 15.9, table 15-7; 13.1.1.4"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(regs); i++) {
		const struct reg *r = &regs[i / 2];

		if (!r->debug)
			continue;
		SUBTEST("%s-%s", r->name, i % 2 ? "write" : "read");
		set_up(g, r, SVM_NATIVE, i % 2);
		g->save->dr7 |= BIT(13);
		svm_intercept(g, exit_of(r, i % 2), true);
		intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_DB));
		SUBTEST("%s-%s-dr6", r->name, i % 2 ? "write" : "read");
		EXPECT(g->save->dr6 & BIT(13));
	}
}
