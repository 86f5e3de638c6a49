/* SPDX-License-Identifier: MIT */
/* Instruction fetching: which instructions, what else is indicated, and their nullification. */
#include "per.h"

#include <s390x/cr.h>
#include <s390x/facility.h>

SUITE("PER: instruction fetching");

/* LGHI r2,1; AGR r2,r2; LG r3,0(r9); BCR 0,0 */
static const u8 four[] = { 0xa7, 0x29, 0x00, 0x01, 0xb9, 0x08, 0x00, 0x22,
			   0xe3, 0x30, 0x90, 0x00, 0x00, 0x04, 0x07, 0x00 };
static const u8 offsets[] = { 0, 4, 8, 14, 16 };

static u64 storage[2] = { 0x1122334455667788, 0 };

static struct execution start_state(void)
{
	struct execution e = { .cc = 0 };

	e.gpr[9] = (ulong)storage;
	return e;
}

TEST(per_fetch, "each instruction that is fetched from the area is an event after it",
     SPEC("PoP SA22-7832-13, chapter 4, Instruction Fetching"))
{
	struct execution e = start_state();
	ulong here = execute_address(sizeof(four));

	per_execute(PER_FETCH, PER_CODE(sizeof(four)), four, sizeof(four), &e);
	EXPECT_EQ(per_event_count, 4u);
	for (u32 n = 0; n < 4; n++)
		expect_event(n, PER_CODE_FETCH, here + offsets[n],
			     (u32)(offsets[n + 1] - offsets[n]), here + offsets[n + 1]);
	EXPECT_EQ(e.gpr[2], 2u);
	EXPECT_EQ(e.gpr[3], storage[0]);
}

TEST(per_fetch_area, "the area is what CR10 and CR11 say, both included; it may wrap around",
     SPEC("PoP SA22-7832-13, chapter 4, Designation of PER Storage Area; Instruction Fetching"))
{
	static const struct {
		const char *name;
		s32 start, end; /* with reference to the first instruction */
		u8 events;	/* a bit for each instruction */
	} rows[] = {
		{ "first byte of the first", 0, 0, 0x1 },
		{ "first byte of the second", 4, 4, 0x2 },
		{ "first byte of the third", 8, 8, 0x4 },
		{ "second and third", 4, 8, 0x6 },
		{ "up to the second", -8, 4, 0x3 },
		{ "up to before the second", -8, 3, 0x1 },
		{ "from the third on", 8, 0x100, 0xc },
		{ "around, from the fourth on", 14, -0x1000, 0x8 },
		{ "around, up to the first", 0x1000, 0, 0x1 },
		{ "before all", -8, -1, 0x0 },
		{ "after all", 16, 0x100, 0x0 },
	};
	ulong here = execute_address(sizeof(four));

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = start_state();
		u32 seen = 0;

		SUBTEST("%s", rows[n].name);
		per_execute(PER_FETCH, here + (ulong)(s64)rows[n].start,
			    here + (ulong)(s64)rows[n].end, four, sizeof(four), &e);
		for (u32 i = 0; i < MIN(per_event_count, (u32)PER_EVENTS); i++) {
			for (u32 j = 0; j < 4; j++) {
				if (per_events[i].address == here + offsets[j])
					seen |= 1u << j;
			}
		}
		EXPECT_EQ(seen, rows[n].events);
	}
}

TEST(per_fetch_branch, "a branch that is taken is both events at once",
     SPEC("PoP SA22-7832-13, chapter 4, Indication of PER Events Concurrently with Other Events"))
{
	/* BRC 15,+6; BCR 0,0; BCR 0,0 */
	static const u8 code[] = { 0xa7, 0xf4, 0x00, 0x03, 0x07, 0x00, 0x07, 0x00 };
	struct execution e = start_state();
	ulong here = execute_address(sizeof(code));

	per_execute(PER_FETCH | PER_BRANCH, PER_CODE(sizeof(code)), code, sizeof(code), &e);
	EXPECT_EQ(per_event_count, 2u);
	expect_event(0, PER_CODE_FETCH | PER_CODE_BRANCH, here, 4, here + 6);
	expect_event(1, PER_CODE_FETCH, here + 6, 2, here + 8);
}

TEST(per_fetch_executed, "the target of EXECUTE is fetched; the event is one of EXECUTE",
     SPEC("PoP SA22-7832-13, chapter 4, Instruction Fetching; PER Address"))
{
	/* EX 0,0(14); the target is elsewhere: LGHI r2,5 */
	static const u8 code[] = { 0x44, 0x00, 0xe0, 0x00 }, target[] = { 0xa7, 0x29, 0x00, 0x05 };
	struct execution e = start_state();
	ulong here = execute_address(sizeof(code)), there = execute_target_address();

	/* Has the target written. */
	execute_target(EXECUTE_BY_EX, target, sizeof(target), 0, &e);
	SUBTEST("EXECUTE in the area");
	e = start_state();
	e.gpr[14] = there;
	per_execute(PER_FETCH, here, here, code, sizeof(code), &e);
	EXPECT_EQ(per_event_count, 1u);
	expect_event(0, PER_CODE_FETCH, here, 4, here + 4);
	EXPECT_EQ(e.gpr[2], 5u);
	SUBTEST("target in the area");
	e = start_state();
	e.gpr[14] = there;
	per_execute(PER_FETCH, there, there, code, sizeof(code), &e);
	EXPECT_EQ(per_event_count, 1u);
	expect_event(0, PER_CODE_FETCH, here, 4, here + 4);
	SUBTEST("both in the area");
	e = start_state();
	e.gpr[14] = there;
	per_execute(PER_FETCH, here, there, code, sizeof(code), &e);
	expect_event(0, PER_CODE_FETCH, here, 4, here + 4);
	SUBTEST("neither in the area");
	e = start_state();
	e.gpr[14] = there;
	per_execute(PER_FETCH, 0x10, 0x20, code, sizeof(code), &e);
	EXPECT_EQ(per_event_count, 0u);
}

TEST(per_fetch_nullified,
     "with instruction-fetching nullification, the event comes before the instruction, which is not executed",
     SPEC("PoP SA22-7832-13, chapter 4, Instruction-Fetching Nullification"))
{
	struct execution e = start_state();
	ulong here = execute_address(sizeof(four));

	/* The second instruction alone: the first has been executed, the third is not reached. */
	per_execute(PER_FETCH | PER_NULLIFY, here + 4, here + 4, four, sizeof(four), &e);
	EXPECT_EQ(per_event_count, 1u);
	expect_event(0, PER_CODE_FETCH | PER_CODE_NULLIFIED, here + 4, 4, here + 4);
	EXPECT_EQ(e.gpr[2], 1u);
	EXPECT_EQ(e.gpr[3], 0u);
}

TEST(per_mask, "without the PER mask of the PSW there is no event",
     SPEC("PoP SA22-7832-13, chapter 4, PER Mask"))
{
	struct execution e = start_state();

	e.psw = PSW_KERNEL;
	per_execute(PER_FETCH | PER_BRANCH | PER_STORE, PER_EVERYWHERE, four, sizeof(four), &e);
	EXPECT_EQ(per_event_count, 0u);
	SUBTEST("no event mask is one");
	e = start_state();
	per_execute(0, PER_EVERYWHERE, four, sizeof(four), &e);
	EXPECT_EQ(per_event_count, 0u);
}

TEST(per_atmid,
     "the identification has the PSW's bits 31, 32, 5, 16 and 17, and a one that says that it is valid",
     SPEC("PoP SA22-7832-13, chapter 4, PER Code, ATMID"))
{
	static const struct {
		const char *name;
		u64 psw;
		u16 atmid;
	} rows[] = {
		{ "64 bits", PSW_KERNEL, PER_ATMID_EA | PER_ATMID_BA | PER_ATMID_DAT },
		{ "31 bits", PSW_KERNEL & ~PSW_EA, PER_ATMID_BA | PER_ATMID_DAT },
		{ "24 bits", PSW_KERNEL & ~(PSW_EA | PSW_BA), PER_ATMID_DAT },
		{ "DAT off", PSW_64, PER_ATMID_EA | PER_ATMID_BA },
		{ "home space", PSW_KERNEL | PSW_ASC_HOME,
		  PER_ATMID_EA | PER_ATMID_BA | PER_ATMID_DAT | 0xc },
		{ "secondary space", PSW_KERNEL | PSW_ASC_SECONDARY,
		  PER_ATMID_EA | PER_ATMID_BA | PER_ATMID_DAT | 0x8 },
	};
	static const u8 code[] = { 0x07, 0x00 };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = { .psw = rows[n].psw | PSW_PER };

		SUBTEST("%s", rows[n].name);
		write_cr(0, read_cr(0) | CR0_SECONDARY);
		per_execute(PER_FETCH, PER_CODE(2), code, sizeof(code), &e);
		write_cr(0, read_cr(0) & ~CR0_SECONDARY);
		ASSERT_EQ(per_event_count, 1u);
		EXPECT_EQ(per_events[0].code & PER_ATMID, rows[n].atmid | PER_ATMID_VALID);
		EXPECT_EQ(per_events[0].old.mask & ~PSW_CC, (rows[n].psw | PSW_PER) & ~PSW_CC);
	}
}

TEST(per_fetch_and_exception,
     "an event of an instruction that is suppressed or completed by an exception is indicated with it",
     SPEC("PoP SA22-7832-13, chapter 4, Indication of PER Events Concurrently with Other Events; chapter 6, "
	  "Multiple Program-Interruption Conditions"))
{
	static const struct {
		const char *name;
		u8 code[6];
		u8 length;
		u8 pgm;
	} rows[] = {
		{ "operation", { 0x00, 0x00 }, 2, 0x01 },
		{ "specification", { 0x1c, 0x32 }, 2, 0x06 },
		{ "specification, storage", { 0xeb, 0x22, 0x90, 0x01, 0x00, 0x30 }, 6, 0x06 },
		{ "fixed-point divide", { 0xb9, 0x0d, 0x00, 0x20 }, 4, 0x09 },
		{ "data", { 0xb9, 0x60, 0x80, 0x22 }, 4, 0x07 },
		{ "monitor event", { 0xaf, 0x05, 0x00, 0x00 }, 4, 0x40 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = start_state();
		ulong here = execute_address(rows[n].length);

		SUBTEST("%s", rows[n].name);
		write_cr(8, BIT(15 - 5));
		per_execute(PER_FETCH, PER_CODE(rows[n].length), rows[n].code, rows[n].length, &e);
		write_cr(8, 0);
		ASSERT_EQ(per_event_count, 1u);
		EXPECT_EQ(per_events[0].pgm_code, rows[n].pgm | 0x80u);
		EXPECT_EQ(per_events[0].code & PER_CODE_EVENTS, PER_CODE_FETCH);
		EXPECT_EQ(per_events[0].address, here);
		EXPECT_EQ(per_events[0].length, rows[n].length);
		EXPECT_EQ(per_events[0].old.addr, here + rows[n].length);
	}
}

static struct psw svc_old;
static u32 svc_events;

static void take_svc(struct trap_frame *frame)
{
	/* The program interruption comes second: its old PSW is what the first one loaded. */
	svc_events = per_event_count;
	svc_old = frame->psw;
	frame->psw.addr = execute_address(0);
}

TEST(per_svc,
     "an event of SVC interrupts after the supervisor-call interruption: its old PSW is that one's new PSW",
     SPEC("PoP SA22-7832-13, chapter 6, Priority of Interruptions; chapter 4, Priority of Indication"))
{
	static const u8 code[] = { 0x0a, 0x05 };
	struct execution e = start_state();
	ulong here = execute_address(sizeof(code));
	struct psw new_psw = LOWCORE->new_psw[TRAP_SVC];

	svc_old = (struct psw){ 0, 0 };
	trap_set_handler(TRAP_SVC, take_svc);
	per_execute(PER_FETCH, PER_CODE(sizeof(code)), code, sizeof(code), &e);
	trap_set_handler(TRAP_SVC, NULL);
	SUBTEST("event");
	EXPECT_EQ(per_event_count, 1u);
	EXPECT_EQ(per_events[0].pgm_code, PGM_PER_EVENT.kind - 1);
	EXPECT_EQ(per_events[0].code & PER_CODE_EVENTS, PER_CODE_FETCH);
	EXPECT_EQ(per_events[0].address, here);
	EXPECT_EQ(per_events[0].length, 2u);
	EXPECT_EQ(per_events[0].old.mask & ~PSW_CC, new_psw.mask);
	SUBTEST("old PSW");
	EXPECT_EQ(per_events[0].old.addr, new_psw.addr);
	SUBTEST("supervisor call");
	/* The handler was entered then, by way of the old PSW. */
	EXPECT_EQ(svc_events, 1u);
	EXPECT_EQ(svc_old.addr, here + 2);
}
