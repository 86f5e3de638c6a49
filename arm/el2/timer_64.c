/* SPDX-License-Identifier: MIT */
/* CNTVOFF_EL2 and the timers of EL2. */
#include <test.h>

#include <arm/gic.h>
#include <arm/timer.h>
#include <sys/time.h>

#include "trap.h"

SUITE("Timers and EL2", REQUIRES(el2_is_there()));

#define ISB	  0xd5033fdfu
#define MRS_PCT	  0xd53be020u
#define MRS_VCT	  0xd53be040u
#define MRS_VCTSS 0xd53be0c0u
#define MRS_PCTSS 0xd53be0a0u

static const u64 offsets[] = { 0,
			       1,
			       1000000,
			       0x7fffffffffffffff,
			       0x8000000000000000,
			       0xffffffffffffffff,
			       0x0123456789abcdef };

/* The count read by `insn` between two of the physical one, with CNTVOFF_EL2. */
static void expect_offset(u32 insn, u64 cntvoff, u64 offset, enum arm_el el)
{
	const struct el2_setting s = { EL2_CNTVOFF, cntvoff };
	const u32 code[] = { ISB, MRS_PCT | 1, ISB, insn | 2, ISB, MRS_PCT | 3 };
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };

	EXPECT_NO_FAULT(el2_execute(&s, 1, el, code, ARRAY_SIZE(code), &r, &exit));
	EXPECT_LE(r.x[2] + offset - r.x[1], r.x[3] - r.x[1], "offset %#llx: %#llx %#llx %#llx",
		  offset, r.x[1], r.x[2], r.x[3]);
}

TEST(cntvoff, "CNTVCT_EL0 is the physical count less CNTVOFF_EL2, at every level",
     SPEC("DDI 0487, D12.1.2, the virtual counter; D24.10, CNTVOFF_EL2, CNTVCT_EL0"))
{
	static const enum arm_el els[] = { ARM_EL0, ARM_EL1, ARM_EL2 };

	for (u32 i = 0; i < ARRAY_SIZE(els); i++) {
		SUBTEST("el%u", i);
		for (u32 o = 0; o < ARRAY_SIZE(offsets); o++)
			expect_offset(MRS_VCT, offsets[o], offsets[o], els[i]);
	}
}

TEST(cntvoff_not_physical, "CNTVOFF_EL2 does not change the physical count",
     SPEC("DDI 0487, D12.1.2; D24.10, CNTPCT_EL0"))
{
	static const enum arm_el els[] = { ARM_EL0, ARM_EL1, ARM_EL2 };

	for (u32 i = 0; i < ARRAY_SIZE(els); i++) {
		SUBTEST("el%u", i);
		for (u32 o = 0; o < ARRAY_SIZE(offsets); o++)
			expect_offset(MRS_PCT, offsets[o], 0, els[i]);
	}
}

TEST(cntvoff_self_synchronized, "CNTVCTSS_EL0 has the offset, CNTPCTSS_EL0 has not",
     SPEC("DDI 0487, D24.10, CNTVCTSS_EL0, CNTPCTSS_EL0"), REQUIRES(has_ecv()))
{
	for (u32 o = 0; o < ARRAY_SIZE(offsets); o++) {
		SUBTEST("%#llx", offsets[o]);
		expect_offset(MRS_VCTSS, offsets[o], offsets[o], ARM_EL1);
		expect_offset(MRS_PCTSS, offsets[o], 0, ARM_EL1);
	}
}

/* CNTV_CTL_EL0 at EL1 with this offset and compare value; CTL is 3: enabled, masked. */
static u64 control_of(u64 cntvoff, u64 cval)
{
	const struct el2_setting s = { EL2_CNTVOFF, cntvoff };
	/* MSR CNTV_CVAL_EL0, x1; MSR CNTV_CTL_EL0, x2; ISB; MRS x3, CNTV_CTL_EL0; MSR CNTV_CTL_EL0, XZR */
	const u32 code[] = { 0xd51be341, 0xd51be322, ISB, 0xd53be323, 0xd51be33f };
	struct arm_registers r = { .x = { 0, cval, CNT_CTL_ENABLE | CNT_CTL_IMASK } };
	struct el2_exit exit = { 0 };

	EXPECT_NO_FAULT(el2_execute(&s, 1, ARM_EL1, code, ARRAY_SIZE(code), &r, &exit));
	return r.x[3];
}

TEST(cntvoff_condition,
     "the virtual timer's condition is about the count with its offset, unsigned",
     SPEC("DDI 0487, D12.2.4.1, operation of the CompareValue views of the timers"))
{
	/* Far enough, whatever the count is: it began at 0 when the machine did. */
	const u64 far = 1ull << 50, now = read_sys(CNTPCT);
	const struct {
		const char *name;
		u64 offset, cval;
		bool met;
	} rows[] = {
		{ "no-offset-past", 0, 1, true },
		{ "no-offset-future", 0, far, false },
		{ "negative-past", -far, far, true },
		{ "negative-future", -far, 4 * far, false },
		{ "wrapped-past", far, (u64)-far, true },
		{ "wrapped-future", far, ~0ull, false },
		{ "wrapped-small", far, 1, true },
		{ "just-behind", now, 0, true },
		{ "sign", 0x8000000000000000, 0x7fffffffffffffff, true },
		{ "sign-future", 0x8000000000000000, 0x8000000000000000 + far, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(control_of(rows[i].offset, rows[i].cval),
			  CNT_CTL_ENABLE | CNT_CTL_IMASK | (rows[i].met ? CNT_CTL_ISTATUS : 0));
	}
}

TEST(cntvoff_tval, "CNTV_TVAL_EL0 is about the count with its offset",
     SPEC("DDI 0487, D12.2.4.2, operation of the TimerValue views of the timers"))
{
	/* MSR CNTV_TVAL_EL0, x1; MSR CNTV_CTL_EL0, x2 = 3; MRS x3, CNTV_CVAL_EL0; MRS x4, CNTPCT; ISB; MRS x5, CNTV_TVAL;
	 * MSR CNTV_CTL, XZR */
	const u32 code[] = { ISB, MRS_PCT | 6, ISB, 0xd51be301, 0xd51be322, 0xd53be343,
			     ISB, MRS_PCT | 4, ISB, 0xd53be305, 0xd51be33f };

	for (u32 o = 0; o < ARRAY_SIZE(offsets); o++) {
		const struct el2_setting s = { EL2_CNTVOFF, offsets[o] };
		struct arm_registers r = { .x = { 0, 0x10000000, 3 } };
		struct el2_exit exit = { 0 };
		u64 physical;

		SUBTEST("%#llx", offsets[o]);
		EXPECT_NO_FAULT(el2_execute(&s, 1, ARM_EL1, code, ARRAY_SIZE(code), &r, &exit));
		physical = r.x[3] + offsets[o] - 0x10000000;
		EXPECT_LE(physical - r.x[6], r.x[4] - r.x[6]);
		EXPECT_LE(r.x[5], 0x10000000u);
	}
}

TEST(cntvoff_resettles,
     "a change of CNTVOFF_EL2 makes the timer's output what its condition is now",
     SPEC("DDI 0487, D12.2.4.1; D24.10, CNTVOFF_EL2"), REQUIRES(gic_version()))
{
	const u64 far = 1ull << 50;

	write_sys(CNTV_CVAL, far);
	write_sys(CNTV_CTL, CNT_CTL_ENABLE);
	isb();
	SUBTEST("future");
	EXPECT(!gic_is_pending(timer_virtual_intid()));
	SUBTEST("past-by-offset");
	el2_write(EL2_CNTVOFF, -2 * far);
	EXPECT(gic_is_pending(timer_virtual_intid()));
	EXPECT_EQ(read_sys(CNTV_CTL), CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
	SUBTEST("future-again");
	el2_write(EL2_CNTVOFF, 0);
	EXPECT(!gic_is_pending(timer_virtual_intid()));
	write_sys(CNTV_CTL, 0);
}

TEST(cntvoff_deadline,
     "a deadline of the virtual timer comes by the count with its offset, and not before",
     SPEC("DDI 0487, D12.2.4.1; D24.10, CNTVOFF_EL2"), REQUIRES(gic_version()))
{
	/* With the last two, the deadline plus the offset has more than 64 bits. */
	static const u64 some[] = { 0, 1000, 0x8000000000000000, 0xffffffff00000000 };

	for (u32 i = 0; i < ARRAY_SIZE(some); i++) {
		u64 deadline;

		SUBTEST("offset-%#llx", some[i]);
		el2_write(EL2_CNTVOFF, some[i]);
		isb();
		deadline = read_sys(CNTVCT) + read_sys(CNTFRQ) / 500;
		write_sys(CNTV_CVAL, deadline);
		write_sys(CNTV_CTL, CNT_CTL_ENABLE);
		isb();
		EXPECT(wait_until_ns(gic_is_pending(timer_virtual_intid()), 2000000000ull));
		EXPECT_GE(read_sys(CNTVCT), deadline);
		write_sys(CNTV_CTL, 0);
	}
	el2_write(EL2_CNTVOFF, 0);
}

TEST(cntfrq_write, "CNTFRQ_EL0 can be written at EL2, the highest level, and at no lower one",
     SPEC("DDI 0487, D24.10, CNTFRQ_EL0: accessibility"), REQUIRES(!has_exception_level(3)))
{
	const u32 write[] = { MSR_OF(KEY(3, 3, 14, 0, 0), 1u) };
	u64 frequency = read_sys(CNTFRQ);

	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		struct arm_registers r = { .x = { 0, frequency + 5 } };
		struct el2_exit exit = { 0 };

		SUBTEST("el%u", el);
		EXPECT_FAULT(UNDEFINED, el2_execute(NULL, 0, (enum arm_el)el, write, 1, &r, &exit));
		EXPECT_EQ(exit.level, 1);
		EXPECT_EQ(read_sys(CNTFRQ), frequency);
	}
	SUBTEST("el2");
	{
		struct arm_registers r = { .x = { 0, frequency + 5 } };
		struct el2_exit exit = { 0 };

		EXPECT_NO_FAULT(el2_execute(NULL, 0, ARM_EL2, write, 1, &r, &exit));
		EXPECT_EQ(read_sys(CNTFRQ), frequency + 5);
		r.x[1] = frequency;
		EXPECT_NO_FAULT(el2_execute(NULL, 0, ARM_EL2, write, 1, &r, &exit));
		EXPECT_EQ(read_sys(CNTFRQ), frequency);
	}
}

/* ------------------------------------------------------------------------------- EL2's timers */

/* MSR CVAL, x1; MSR CTL, x2; ISB; MRS x3, CTL; MRS x4, CVAL; MRS x5, TVAL; MSR CTL, XZR: op1, CRm of the registers. */
static void program(u32 crm, struct arm_registers *r, bool tval)
{
	const u32 cval = KEY(3, 4, 14, crm, 2), ctl = KEY(3, 4, 14, crm, 1),
		  value = KEY(3, 4, 14, crm, 0);
	const u32 code[] = { MSR_OF(tval ? value : cval, 1u),
			     MSR_OF(ctl, 2u),
			     ISB,
			     MRS_OF(ctl, 3u),
			     MRS_OF(cval, 4u),
			     MRS_OF(value, 5u),
			     ISB,
			     MRS_PCT | 6,
			     MSR_OF(ctl, 31u) };
	struct el2_exit exit = { 0 };

	EXPECT_NO_FAULT(el2_execute(NULL, 0, ARM_EL2, code, ARRAY_SIZE(code), r, &exit));
}

static const struct el2_timer {
	const char *name;
	u32 crm;
	bool vhe;
} el2_timers[] = { { "cnthp", 2, false }, { "cnthv", 3, true } };

#define for_each_el2_timer(t)                                                 \
	for (const struct el2_timer *t = el2_timers; t < el2_timers + 2; t++) \
		if (run_row("%s", t->name), t->vhe && !has_vhe())             \
			run_skip_row("no FEAT_VHE");                          \
		else

TEST(el2_timer_cval, "EL2's timers keep all bits of CVAL",
     SPEC("DDI 0487, D24.10, CNTHP_CVAL_EL2, CNTHV_CVAL_EL2"))
{
	static const u64 values[] = { 0, 1, ~0ull, 0x8000000000000000, 0x0123456789abcdef };

	for_each_el2_timer(t)
	{
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			struct arm_registers r = { .x = { 0, values[i], 0 } };

			program(t->crm, &r, false);
			EXPECT_EQ(r.x[4], values[i]);
			EXPECT_EQ(r.x[3] & 3, 0);
		}
	}
}

TEST(el2_timer_status, "ISTATUS of EL2's timers is the condition by the physical count, unsigned",
     SPEC("DDI 0487, D12.2.4.1; D24.10, CNTHP_CTL_EL2, CNTHV_CTL_EL2"))
{
	static const struct {
		u64 cval;
		bool met;
	} rows[] = { { 0, true },
		     { 1, true },
		     { ~0ull, false },
		     { 1ull << 63, false },
		     { 1ull << 50, false } };

	for_each_el2_timer(t)
	{
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
			for (u64 ctl = 1; ctl <= 3; ctl += 2) {
				struct arm_registers r = { .x = { 0, rows[i].cval, ctl } };

				/* Nothing comes of the interrupt: it is disabled. */
				program(t->crm, &r, false);
				EXPECT_EQ(r.x[3], ctl | (rows[i].met ? CNT_CTL_ISTATUS : 0),
					  "CVAL %#llx", rows[i].cval);
			}
	}
}

TEST(el2_timer_tval,
     "TVAL of EL2's timers sets CVAL to the count plus the sign-extended value, and counts down",
     SPEC("DDI 0487, D12.2.4.2; D24.10, CNTHP_TVAL_EL2, CNTHV_TVAL_EL2"))
{
	static const s32 values[] = { 0, 1, 0x7fffffff, -1, -0x7fffffff - 1, 0x12345678 };

	for_each_el2_timer(t)
	{
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			struct arm_registers r = { .x = { 0, (u32)values[i], 3 } };
			u64 before = read_sys(CNTPCT);

			program(t->crm, &r, true);
			EXPECT_LE(r.x[4] - (u64)(s64)values[i] - before, r.x[6] - before, "TVAL %d",
				  values[i]);
			/* It was read after it was set and before the count in x6. */
			EXPECT_LE((u32)((u32)values[i] - (u32)r.x[5]), (u32)(r.x[6] - before));
		}
	}
}

TEST(el2_timer_no_offset, "CNTVOFF_EL2 is nothing to EL2's timers",
     SPEC("DDI 0487, D12.1.2; D24.10, CNTHV_CVAL_EL2: for CNTHV the offset is zero"))
{
	for_each_el2_timer(t)
	{
		struct arm_registers r = { .x = { 0, 1ull << 50, 3 } };

		el2_write(EL2_CNTVOFF, 0x8000000000000000);
		program(t->crm, &r, false);
		EXPECT_EQ(r.x[3], 3);
		r.x[1] = 1;
		program(t->crm, &r, false);
		EXPECT_EQ(r.x[3], 7);
		el2_write(EL2_CNTVOFF, 0);
	}
}

TEST(el2_timer_interrupt, "EL2's timers raise their interrupts while enabled, due and not masked",
     SPEC("DDI 0487, D12.2.4.4; devicetree bindings, arm,arch_timer.yaml"), REQUIRES(gic_version()))
{
	for_each_el2_timer(t)
	{
		u32 intid = t->vhe ? timer_hypervisor_virtual_intid() : timer_hypervisor_intid();
		enum el2_register ctl = t->vhe ? EL2_CNTHV_CTL : EL2_CNTHP_CTL;
		enum el2_register cval = t->vhe ? EL2_CNTHV_CVAL : EL2_CNTHP_CVAL;

		if (!intid) {
			SKIP_ROW("the device tree does not name its interrupt");
			continue;
		}
		el2_write(cval, 1);
		el2_write(ctl, CNT_CTL_ENABLE);
		EXPECT(gic_is_pending(intid));
		el2_write(ctl, CNT_CTL_ENABLE | CNT_CTL_IMASK);
		EXPECT(!gic_is_pending(intid));
		el2_write(ctl, CNT_CTL_ENABLE);
		EXPECT(gic_is_pending(intid));
		el2_write(cval, ~0ull);
		EXPECT(!gic_is_pending(intid));
		el2_write(cval, 1);
		el2_write(ctl, 0);
		EXPECT(!gic_is_pending(intid));
	}
}
