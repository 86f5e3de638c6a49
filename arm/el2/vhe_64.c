/* SPDX-License-Identifier: MIT */
/* Virtualization host extensions: HCR_EL2.E2H and, with TGE, a host at EL2 with its applications at EL0. */
#include <test.h>

#include <arm/gic.h>
#include <arm/timer.h>
#include <mm/page.h>
#include <mm/space.h>

#include "trap.h"
#include "vhe.h"

SUITE("Virtualization host extensions", REQUIRES(el2_is_there()), REQUIRES(has_vhe()));

#define ISB 0xd5033fdfu

/* The registers that have three names. */
static const struct redirected {
	const char *name;
	u32 el1, el2, el12;
	u64 one, two; /* values that do no harm; 0: it can only be looked at */
} redirected[] = {
#define REDIRECTED(name, crn, crm, op2, one, two)                         \
	{                                                                 \
		name, KEY(3, 0, crn, crm, op2), KEY(3, 4, crn, crm, op2), \
			KEY(3, 5, crn, crm, op2), one, two                \
	}
	REDIRECTED("contextidr", 13, 0, 1, 0x12345678, 0x0abcdef0),
	REDIRECTED("esr", 5, 2, 0, 0x56000001, 0x5a000002),
	REDIRECTED("far", 6, 0, 0, 0x1234567890abcdef, 0x0fedcba098765432),
	REDIRECTED("elr", 4, 0, 1, 0x12345678, 0x9abcdef0),
	REDIRECTED("spsr", 4, 0, 0, 0x600003c5, 0x900003c9),
	REDIRECTED("ttbr1", 2, 0, 1, 0x40001000, 0x40002000),
	REDIRECTED("sctlr", 1, 0, 0, 0, 0),
	REDIRECTED("tcr", 2, 0, 2, 0, 0),
	REDIRECTED("ttbr0", 2, 0, 0, 0, 0),
	REDIRECTED("mair", 10, 2, 0, 0, 0),
	REDIRECTED("vbar", 12, 0, 0, 0, 0),
	REDIRECTED("afsr0", 5, 1, 0, 0, 0),
	REDIRECTED("amair", 10, 3, 0, 0, 0),
	{ "cpacr", KEY(3, 0, 1, 0, 2), KEY(3, 4, 1, 1, 2), KEY(3, 5, 1, 0, 2), 0, 0 },
	{ "cntkctl", KEY(3, 0, 14, 1, 0), KEY(3, 4, 14, 1, 0), KEY(3, 5, 14, 1, 0), 0, 0 },
};

TEST(vhe_reads,
     "with E2H, EL2 reads its own register by EL1's name, and EL1's by that ending in _EL12",
     SPEC("DDI 0487, D8.13.2, table of System register redirection"))
{
	for (u32 i = 0; i < ARRAY_SIZE(redirected); i++) {
		const struct redirected *reg = &redirected[i];
		const u32 code[] = { MRS_OF(reg->el1, 1u), MRS_OF(reg->el2, 2u),
				     MRS_OF(reg->el12, 3u) };
		const u32 plain[] = { MRS_OF(reg->el1, 4u) };
		struct arm_registers r = { 0 };
		struct el2_exit exit;

		SUBTEST("%s", reg->name);
		EXPECT_NO_FAULT(run_vhe(0, ARM_EL2, code, 3, &r, &exit));
		EXPECT_EQ(r.x[1], r.x[2]);
		if (reg->el1 == KEY(3, 0, 12, 0, 0)) {
			EXPECT_EQ(r.x[3], (ulong)el2_guest_vectors);
			continue;
		}
		/* Exceptions have written these since. */
		if (reg->one && reg->el1 != KEY(3, 0, 13, 0, 1) && reg->el1 != KEY(3, 0, 2, 0, 1))
			continue;
		EXPECT_NO_FAULT(arm_execute(ARM_EL1, plain, 1, &r));
		EXPECT_EQ(r.x[3], r.x[4]);
	}
}

TEST(vhe_writes,
     "with E2H, EL2 writes its own register by EL1's name, and EL1's by that ending in _EL12",
     SPEC("DDI 0487, D8.13.2, table of System register redirection"))
{
	for (u32 i = 0; i < ARRAY_SIZE(redirected) && redirected[i].one; i++) {
		const struct redirected *reg = &redirected[i];
		/* What was there is put back. */
		const u32 code[] = {
			MRS_OF(reg->el2, 10u),
			MRS_OF(reg->el12, 11u),
			MSR_OF(reg->el1, 1u),
			MSR_OF(reg->el12, 2u),
			ISB,
			MRS_OF(reg->el2, 3u),
			MRS_OF(reg->el1, 4u),
			MRS_OF(reg->el12, 5u),
			MSR_OF(reg->el2, 2u),
			ISB,
			MRS_OF(reg->el1, 6u),
			MRS_OF(reg->el12, 7u),
			MSR_OF(reg->el2, 10u),
			MSR_OF(reg->el12, 11u),
			ISB,
		};
		struct arm_registers r = { .x = { 0, reg->one, reg->two } };
		struct el2_exit exit;

		SUBTEST("%s", reg->name);
		EXPECT_NO_FAULT(run_vhe(0, ARM_EL2, code, ARRAY_SIZE(code), &r, &exit));
		EXPECT_EQ(r.x[3], reg->one);
		EXPECT_EQ(r.x[4], reg->one);
		EXPECT_EQ(r.x[5], reg->two);
		EXPECT_EQ(r.x[6], reg->two);
		EXPECT_EQ(r.x[7], reg->two);
	}
}

static const struct {
	const char *name;
	u32 key;
} el12_names[] = {
	{ "sctlr-el12", KEY(3, 5, 1, 0, 0) },	    { "cpacr-el12", KEY(3, 5, 1, 0, 2) },
	{ "ttbr0-el12", KEY(3, 5, 2, 0, 0) },	    { "ttbr1-el12", KEY(3, 5, 2, 0, 1) },
	{ "tcr-el12", KEY(3, 5, 2, 0, 2) },	    { "spsr-el12", KEY(3, 5, 4, 0, 0) },
	{ "elr-el12", KEY(3, 5, 4, 0, 1) },	    { "afsr0-el12", KEY(3, 5, 5, 1, 0) },
	{ "afsr1-el12", KEY(3, 5, 5, 1, 1) },	    { "esr-el12", KEY(3, 5, 5, 2, 0) },
	{ "far-el12", KEY(3, 5, 6, 0, 0) },	    { "mair-el12", KEY(3, 5, 10, 2, 0) },
	{ "amair-el12", KEY(3, 5, 10, 3, 0) },	    { "vbar-el12", KEY(3, 5, 12, 0, 0) },
	{ "contextidr-el12", KEY(3, 5, 13, 0, 1) }, { "cntkctl-el12", KEY(3, 5, 14, 1, 0) },
	{ "cntp-tval-el02", KEY(3, 5, 14, 2, 0) },  { "cntp-ctl-el02", KEY(3, 5, 14, 2, 1) },
	{ "cntp-cval-el02", KEY(3, 5, 14, 2, 2) },  { "cntv-tval-el02", KEY(3, 5, 14, 3, 0) },
	{ "cntv-ctl-el02", KEY(3, 5, 14, 3, 1) },   { "cntv-cval-el02", KEY(3, 5, 14, 3, 2) },
};

TEST(vhe_names_at_el2,
     "names ending in _EL12 and _EL02 are UNDEFINED at EL2 without E2H and there with it",
     SPEC("DDI 0487, D24.2, D24.10, accessibility of SCTLR_EL12, CNTP_CTL_EL02 and others"))
{
	for (u32 i = 0; i < ARRAY_SIZE(el12_names); i++) {
		const u32 code[] = { MRS_OF(el12_names[i].key, 1u) };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("%s", el12_names[i].name);
		EXPECT_FAULT(UNDEFINED, el2_execute(NULL, 0, ARM_EL2, code, 1, &r, &exit));
		EXPECT_NO_FAULT(run_vhe(0, ARM_EL2, code, 1, &r, &exit));
	}
}

TEST(vhe_names_at_el1, "names ending in _EL12 and _EL02 are UNDEFINED at EL1, with E2H and without",
     SPEC("DDI 0487, D24.2, D24.10, accessibility of SCTLR_EL12, CNTP_CTL_EL02 and others"))
{
	for (u32 i = 0; i < ARRAY_SIZE(el12_names); i++) {
		const u32 code[] = { MRS_OF(el12_names[i].key, 1u) };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("%s", el12_names[i].name);
		EXPECT_FAULT(UNDEFINED, el2_execute(NULL, 0, ARM_EL1, code, 1, &r, &exit));
		EXPECT_EQ(exit.level, 1);
		EXPECT_FAULT(UNDEFINED, run_vhe(0, ARM_EL1, code, 1, &r, &exit));
		EXPECT_EQ(exit.level, 1);
	}
}

static const struct {
	const char *name;
	u32 crm; /* of EL0's registers, and of EL2's */
} vhe_timers[] = { { "physical", 2 }, { "virtual", 3 } };

TEST(vhe_timers_at_el2,
     "with E2H, EL2's names of EL0's timers are those of EL2's, _EL02 the others",
     SPEC("DDI 0487, D8.13.2; D24.10, CNTP_CVAL_EL0, CNTP_CVAL_EL02, CNTHP_CVAL_EL2"))
{
	for (u32 i = 0; i < 2; i++) {
		const u32 el0 = KEY(3, 3, 14, vhe_timers[i].crm, 2),
			  el2 = KEY(3, 4, 14, vhe_timers[i].crm, 2),
			  el02 = KEY(3, 5, 14, vhe_timers[i].crm, 2);
		const u32 code[] = { MSR_OF(el0, 1u), MSR_OF(el02, 2u), ISB,
				     MRS_OF(el2, 3u), MRS_OF(el0, 4u),	MRS_OF(el02, 5u) };
		struct arm_registers r = { .x = { 0, 0x1111111111111111, 0x2222222222222222 } };
		struct el2_exit exit;

		SUBTEST("%s", vhe_timers[i].name);
		EXPECT_NO_FAULT(run_vhe(0, ARM_EL2, code, ARRAY_SIZE(code), &r, &exit));
		EXPECT_EQ(r.x[3], 0x1111111111111111);
		EXPECT_EQ(r.x[4], 0x1111111111111111);
		EXPECT_EQ(r.x[5], 0x2222222222222222);
		EXPECT_EQ(i ? read_sys(CNTV_CVAL) : read_sys(CNTP_CVAL), 0x2222222222222222);
	}
}

TEST(vhe_timers_at_el0,
     "for a host's application at EL0, EL0's timers are EL2's, else they are EL0's",
     SPEC("DDI 0487, D8.13.1, RCFMND; D24.10, CNTP_CVAL_EL0"))
{
	for (u32 i = 0; i < 4; i++) {
		bool tge = i & 2;
		const struct el2_timer_registers {
			enum el2_register cval;
		} regs = { i & 1 ? EL2_CNTHV_CVAL : EL2_CNTHP_CVAL };
		const u32 code[] = { MRS_OF(KEY(3, 3, 14, i & 1 ? 3 : 2, 2), 1u) };
		struct arm_registers r = { 0 };
		struct el2_exit exit;

		SUBTEST("%s-tge-%u", vhe_timers[i & 1].name, tge);
		el2_write(regs.cval, 0x3333333333333333);
		write_sys(CNTV_CVAL, 0x4444444444444444);
		write_sys(CNTP_CVAL, 0x4444444444444444);
		write_sys(CNTKCTL, CNTKCTL_EL0PTEN | CNTKCTL_EL0VTEN);
		EXPECT_NO_FAULT(run_vhe(tge ? HCR_TGE : 0, ARM_EL0, code, 1, &r, &exit));
		EXPECT_EQ(r.x[1], tge ? 0x3333333333333333 : 0x4444444444444444);
		write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
	}
}

TEST(vhe_no_offset,
     "with E2H, EL2 reads the virtual count without an offset, and a host's EL0, too",
     SPEC("DDI 0487, D8.13.1; D24.10, CNTVCT_EL0"))
{
	static const struct {
		const char *name;
		enum arm_el el;
		u64 hcr;
		bool offset;
	} rows[] = {
		{ "el2", ARM_EL2, 0, false },
		{ "el2-tge", ARM_EL2, HCR_TGE, false },
		{ "el1", ARM_EL1, 0, true },
		{ "el0", ARM_EL0, 0, true },
		{ "el0-tge", ARM_EL0, HCR_TGE, false },
	};
	const u32 code[] = { ISB, 0xd53be021, ISB, 0xd53be042, ISB, 0xd53be023 };
	const u64 offset = 1ull << 60;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { 0 };
		struct el2_exit exit;

		SUBTEST("%s", rows[i].name);
		el2_write(EL2_CNTVOFF, offset);
		EXPECT_NO_FAULT(
			run_vhe(rows[i].hcr, rows[i].el, code, ARRAY_SIZE(code), &r, &exit));
		EXPECT_LE(r.x[2] + (rows[i].offset ? offset : 0) - r.x[1], r.x[3] - r.x[1]);
		el2_write(EL2_CNTVOFF, 0);
	}
}

/* ------------------------------------------------------------------------------- a host's EL0 */

#define ABSENT 0x345600000000ul

TEST(host_el0, "with E2H and TGE, EL0 is translated by EL2's tables and its exceptions go to EL2",
     SPEC("DDI 0487, D8.13.1; D24.2.62, HCR_EL2.TGE"))
{
	static const struct {
		const char *name;
		u32 insn;
		struct fault fault;
	} rows[] = {
		{ "svc", 0xd4000001u | 0x321 << 5, SVC(0x321) },
		{ "undefined", 0, UNDEFINED },
		{ "brk", 0xd4200020u | 0x12 << 5, BRK(0x13) },
		{ "hvc", 0xd4000002u, UNDEFINED },
		{ "read-absent", 0xf9400001, DATA_ABORT_LOWER(FSC_TRANSLATION(0), ABSENT) },
		{ "write-absent", 0xf9000001,
		  DATA_ABORT_LOWER(FSC_TRANSLATION(0) | ABORT_WRITE, ABSENT) },
		{ "fetch-absent", 0xd61f0000, INSTRUCTION_ABORT_LOWER(FSC_TRANSLATION(0), ABSENT) },
		{ "mrs-sctlr", 0xd5381001, UNDEFINED },
		{ "mrs-hcr", 0xd53c1101, UNDEFINED },
		{ "nop", 0xd503201f, NO_FAULT },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { .x = { ABSENT } };
		struct el2_exit exit;

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(rows[i].fault, run_vhe(HCR_TGE, ARM_EL0, &rows[i].insn, 1, &r, &exit));
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.vector, VECTOR_FROM_EL0 + VECTOR_SYNC);
	}
}

TEST(host_el0_permissions, "permissions of EL2's tables hold for a host's EL0",
     SPEC("DDI 0487, D8.4.1, the EL2&0 translation regime"))
{
	static const struct {
		const char *name;
		u32 prot;
		bool read, write;
	} rows[] = {
		{ "privileged", PROT_WRITE, false, false },
		{ "read-only", PROT_USER, true, false },
		{ "read-write", PROT_USER | PROT_WRITE, true, true },
	};

	for (u32 i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool write = i & 1, allowed = write ? rows[i / 2].write : rows[i / 2].read;
		u32 insn = write ? 0xf9000001 : 0xf9400001;
		ulong page = (ulong)page_alloc();
		struct arm_registers r = { .x = { page } };
		struct el2_exit exit;
		struct fault fault;

		SUBTEST("%s-%s", rows[i / 2].name, write ? "write" : "read");
		space_protect(space_kernel(), page, PAGE_SIZE, rows[i / 2].prot);
		fault = run_vhe(HCR_TGE, ARM_EL0, &insn, 1, &r, &exit);
		EXPECT_FAULT(allowed ? NO_FAULT
				     : DATA_ABORT_LOWER(
					       FSC_PERMISSION(3) | (write ? ABORT_WRITE : 0), page),
			     fault);
		EXPECT_EQ(exit.level, 2);
		space_protect(space_kernel(), page, PAGE_SIZE, PROT_ALL);
	}
}

TEST(host_el0_interrupts,
     "a host's EL0 and EL2 mask interrupts by PSTATE, whatever IMO and FMO are",
     SPEC("DDI 0487, D8.13.1, RHGWKR"), REQUIRES(gic_version()))
{
	/* A loop, so that it has time. */
	static const u32 waiting[] = { 0xd2807d02, 0xf1000442, 0x54ffffe1 };

	for (u32 i = 0; i < 8; i++) {
		bool unmasked = i & 1, imo = i & 2;
		enum arm_el el = i & 4 ? ARM_EL2 : ARM_EL0;
		struct arm_registers r = { .unmasked = unmasked ? PSTATE_I : 0 };
		struct el2_exit exit;

		SUBTEST("el%u-imo-%u-%s", i & 4 ? 2 : 0, imo, unmasked ? "unmasked" : "masked");
		gic_enable(3);
		gic_set_pending(3);
		run_vhe(HCR_TGE | (imo ? HCR_IMO : 0), el, waiting, 3, &r, &exit);
		gic_clear_pending(3);
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.vector & 3, unmasked ? VECTOR_IRQ : VECTOR_SYNC);
	}
}

/* Of each control: one instruction of EL0 that it traps to EL2 while its bits are clear. */
TEST(host_el0_controls,
     "SCTLR_EL2, CPTR_EL2 and CNTHCTL_EL2 say what a host's EL0 may, CPACR_EL1 and CNTKCTL_EL1 nothing",
     SPEC("DDI 0487, D24.2, SCTLR_EL2, CPTR_EL2; D24.10, CNTHCTL_EL2, with E2H and TGE"))
{
	static const struct {
		const char *name;
		u32 insn;
		u32 setting; /* number in vhe() */
		u64 bits;
		u32 class;
	} rows[] = {
		{ "ctr-uct", 0xd53b0021, 1, SCTLR_UCT, EC_SYSREG },
		{ "dc-zva-dze", 0xd50b7420, 1, SCTLR_DZE, EC_SYSREG },
		{ "ic-ivau-uci", 0xd50b7520, 1, SCTLR_UCI, EC_SYSREG },
		{ "fp-fpen", 0x1e622820, 4, CPACR_FPEN, EC_FP_ACCESS },
		{ "fp-fpen-el0", 0x1e622820, 4, BIT(21), EC_FP_ACCESS },
		{ "cntpct-el0pcten", 0xd53be021, 5, BIT(0), EC_SYSREG },
		{ "cntvct-el0vcten", 0xd53be041, 5, BIT(1), EC_SYSREG },
		{ "cntv-el0vten", 0xd53be321, 5, BIT(8), EC_SYSREG },
		{ "cntp-el0pten", 0xd53be221, 5, BIT(9), EC_SYSREG },
	};

	write_sys(CNTKCTL, 0);
	for (u32 i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool clear = i & 1;
		struct el2_setting s[VHE_SETTINGS];
		ulong page = (ulong)page_alloc();
		struct arm_registers r = { .x = { page } };
		struct el2_exit exit = { 0 };
		struct fault fault;

		SUBTEST("%s-%s", rows[i / 2].name, clear ? "clear" : "set");
		vhe(s, HCR_TGE);
		if (clear)
			s[rows[i / 2].setting].value &= ~rows[i / 2].bits;
		write_sys(CPACR, 0);
		fault = el2_run(s, VHE_SETTINGS, ARM_EL0, arm_code(&rows[i / 2].insn, 1), &r,
				&exit);
		EXPECT_EQ(fault.kind, clear ? rows[i / 2].class + 1 : 0);
		EXPECT_EQ(exit.level, 2);
		write_sys(CPACR, CPACR_FPEN);
	}
	write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
}

/* ------------------------------------------------------------------------------- guests of such a host */

TEST(vhe_guest_controls, "with E2H, CPTR_EL2 and CNTHCTL_EL2 trap EL1 by their other bits",
     SPEC("DDI 0487, D24.2, CPTR_EL2; D24.10, CNTHCTL_EL2, when E2H is 1"))
{
	static const struct {
		const char *name;
		u32 insn;
		u32 setting;
		u64 set, clear;
		u32 class; /* 0: not trapped */
	} rows[] = {
		{ "fp-fpen-0", 0x1e622820, 4, 0, CPACR_FPEN, EC_FP_ACCESS },
		{ "fp-fpen-1", 0x1e622820, 4, BIT(20), BIT(21), 0 },
		{ "fp-fpen-2", 0x1e622820, 4, BIT(21), BIT(20), EC_FP_ACCESS },
		{ "fp-fpen-3", 0x1e622820, 4, CPACR_FPEN, 0, 0 },
		{ "cpacr-tcpac", 0xd5381041, 4, BIT(31), 0, EC_SYSREG },
		{ "cpacr-no-tcpac", 0xd5381041, 4, 0, BIT(31), 0 },
		{ "cntpct-el1pcten-0", 0xd53be021, 5, 0, VHE_EL1PCTEN, EC_SYSREG },
		{ "cntpct-el1pcten-1", 0xd53be021, 5, VHE_EL1PCTEN, 0, 0 },
		{ "cntpct-el0pcten-0", 0xd53be021, 5, 0, BIT(0), 0 },
		{ "cntp-ctl-el1pten-0", 0xd53be221, 5, 0, VHE_EL1PTEN, EC_SYSREG },
		{ "cntp-ctl-el1pten-1", 0xd53be221, 5, VHE_EL1PTEN, 0, 0 },
		{ "cntp-ctl-el0pten-0", 0xd53be221, 5, 0, BIT(9), 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct el2_setting s[VHE_SETTINGS];
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		vhe(s, 0);
		s[rows[i].setting].value = (s[rows[i].setting].value & ~rows[i].clear) |
					   rows[i].set;
		fault = el2_run(s, VHE_SETTINGS, ARM_EL1, arm_code(&rows[i].insn, 1), &r, &exit);
		EXPECT_EQ(fault.kind, rows[i].class ? rows[i].class + 1 : 0);
		EXPECT_EQ(exit.level, rows[i].class ? 2 : 1);
	}
}

TEST(vhe_guest_exceptions, "with E2H and without TGE, EL0's and EL1's exceptions go to EL1",
     SPEC("DDI 0487, D1.4.5; D24.2.62, HCR_EL2.E2H, TGE"))
{
	static const struct {
		const char *name;
		u32 insn;
		struct fault fault;
		u32 level;
	} rows[] = {
		{ "svc", 0xd4000001u | 0x321 << 5, SVC(0x321), 1 },
		{ "undefined", 0, UNDEFINED, 1 },
		{ "brk", 0xd4200020u | 0x12 << 5, BRK(0x13), 1 },
		{ "hvc", 0xd4000002u | 0x77 << 5, HVC(0x77), 2 },
	};

	for (u32 i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		enum arm_el el = i & 1 ? ARM_EL1 : ARM_EL0;
		bool hvc = rows[i / 2].level == 2;
		struct arm_registers r = { 0 };
		struct el2_exit exit;

		SUBTEST("%s-el%u", rows[i / 2].name, i & 1);
		EXPECT_FAULT(hvc && el == ARM_EL0 ? UNDEFINED : rows[i / 2].fault,
			     run_vhe(0, el, &rows[i / 2].insn, 1, &r, &exit));
		EXPECT_EQ(exit.level, hvc && el == ARM_EL0 ? 1 : rows[i / 2].level);
	}
}
