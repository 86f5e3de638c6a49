/* SPDX-License-Identifier: MIT */
/* Channel reports: the machine check that announces one, what it stores, and the order of interruptions. */
#include "device.h"

#include <arch/cpu.h>
#include <mm/page.h>
#include <mm/space.h>
#include <s390x/clock.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <s390x/sigp.h>
#include <string.h>
#include <sys/time.h>

SUITE("Channel reports");

#define CR14_CHANNEL_REPORT BIT(63 - 35)
#define ALL_ISCS	    BITS(31, 24)

/* Machine-check interruption code, locations 232-239. */
#define MCIC_CHANNEL_REPORT   BIT(63 - 9)
#define MCIC_PSW_MASK	      BIT(63 - 20) /* validity bits from here on: bits 0-15 of the PSW, its key */
#define MCIC_MASK_AND_KEY     BIT(63 - 21)
#define MCIC_PROGRAM_MASK     BIT(63 - 22)
#define MCIC_ADDRESS	      BIT(63 - 23)
#define MCIC_VECTOR	      BIT(63 - 25)
#define MCIC_FLOATING_POINT   BIT(63 - 27)
#define MCIC_GENERAL	      BIT(63 - 28)
#define MCIC_CONTROL	      BIT(63 - 29)
#define MCIC_ACCESS	      BIT(63 - 33)
#define MCIC_TOD_PROGRAMMABLE BIT(63 - 42)
#define MCIC_FPC	      BIT(63 - 43)
#define MCIC_CPU_TIMER	      BIT(63 - 46)
#define MCIC_CLOCK_COMPARATOR BIT(63 - 47)
#define MCIC_ALL                                                                                   \
	(MCIC_PSW_MASK | MCIC_MASK_AND_KEY | MCIC_PROGRAM_MASK | MCIC_ADDRESS |                    \
	 MCIC_FLOATING_POINT | MCIC_GENERAL | MCIC_CONTROL | MCIC_ACCESS | MCIC_TOD_PROGRAMMABLE | \
	 MCIC_FPC | MCIC_CPU_TIMER | MCIC_CLOCK_COMPARATOR)

/* The machine-check extended-save-area designation, a doubleword of the prefix area. */
#define LC_EXTENDED_SAVE_AREA 0x11b0

static struct trap_frame last;
static u32 order[8], taken;

static void record(struct trap_frame *frame)
{
	last = *frame;
	if (taken < ARRAY_SIZE(order))
		order[taken] = (u32)frame->class;
	taken++;
}

/* Opens the window for what `enabled`, bits of the PSW, and CR14 say; how many interruptions came. */
static u32 window(u64 enabled, u64 cr14)
{
	taken = 0;
	trap_set_handler(TRAP_MCHECK, record);
	trap_set_handler(TRAP_EXTERNAL, record);
	trap_set_handler(TRAP_IO, record);
	write_cr(14, cr14);
	write_cr(6, ALL_ISCS);
	psw_load_mask(PSW_KERNEL | enabled);
	psw_load_mask(PSW_KERNEL);
	write_cr(6, 0);
	write_cr(14, CR14_INITIAL);
	trap_clear_handlers();
	return taken;
}

#define ENABLED (CR14_INITIAL | CR14_CHANNEL_REPORT)

/* Reports that there are, and the machine check that announces them, are taken. */
static void forget_reports(void)
{
	u32 word;

	ASSERT(wait_until(store_channel_report_word(0, &word) == 1));
	window(PSW_MCHECK, ENABLED);
}

/* Has the path of the entropy source reset, and its number: a report is made. */
static u32 make_report(void)
{
	u32 schid = find_device(DEVICE_RNG);
	struct schib schib;

	if (!schid)
		SKIP("no device %#x", DEVICE_RNG);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	ASSERT_EQ(reset_channel_path(schib.pmcw.chpid[0], NULL), 0u);
	return schib.pmcw.chpid[0];
}

TEST(report_machine_check,
     "a channel report is announced by a machine check, once, if PSW and CR14 allow it",
     SPEC("PoP SA22-7832-13, chapter 11, Channel Report Pending; chapter 4, CR14 bit 35"))
{
	u32 path, word = 0;

	forget_reports();
	path = make_report();
	SUBTEST("without the subclass mask");
	EXPECT_EQ(window(PSW_MCHECK, CR14_INITIAL & ~CR14_CHANNEL_REPORT), 0u);
	SUBTEST("without the PSW's mask");
	EXPECT_EQ(window(0, ENABLED), 0u);
	SUBTEST("enabled");
	EXPECT(wait_until(window(PSW_MCHECK, ENABLED) == 1));
	EXPECT_EQ(last.info.mcheck_code & MCIC_CHANNEL_REPORT, MCIC_CHANNEL_REPORT);
	EXPECT_EQ(last.psw.mask & PSW_MCHECK, PSW_MCHECK);
	SUBTEST("once");
	EXPECT_EQ(window(PSW_MCHECK, ENABLED), 0u);
	/* The report itself is still there. */
	EXPECT_EQ(store_channel_report_word(0, &word), 0u);
	EXPECT_EQ(word & 0xff, path);
	SUBTEST("again after the reports have been stored");
	forget_reports();
	make_report();
	EXPECT(wait_until(window(PSW_MCHECK, ENABLED) == 1));
	forget_reports();
}

static struct execution before;

/* Opens the window with known registers, and again until the machine check has come. */
static void take_with_known_state(void)
{
	static const u8 lpswe[4] = { 0xb2, 0xb2, 0x50, 0x00 };
	static struct psw enabled;
	struct execution e = { .flags = EXECUTE_AR | EXECUTE_FP, .fpc = 0xf8000000 };

	enabled = (struct psw){ PSW_KERNEL | PSW_MCHECK, execute_address(4) + 4 };
	for (u32 n = 0; n < 16; n++) {
		e.gpr[n] = 0x1111111111111111u * n + 0x0f0e0d0c0b0a0908u;
		e.ar[n] = n ? 0x01010101 * n : 0;
		e.fpr[n] = 0x0102030405060708u * n + 0x8000000000000001u;
	}
	/* In the primary space all the same. */
	e.ar[5] = 0;
	e.gpr[5] = (ulong)&enabled;
	if (has_facility(FACILITY_VECTOR)) {
		e.flags = EXECUTE_AR | EXECUTE_VECTOR;
		for (u32 n = 0; n < 32; n++) {
			e.vr[n].high = n < 16 ? e.fpr[n] : 0xabcdef0123456789 * n;
			e.vr[n].low = 0x9876543210fedcba ^ n;
		}
	}
	before = e;
	taken = 0;
	trap_set_handler(TRAP_MCHECK, record);
	write_cr(14, ENABLED);
	EXPECT(wait_until((e = before, !execute(lpswe, 4, &e).kind && taken)));
	write_cr(14, CR14_INITIAL);
	trap_clear_handlers();
	EXPECT_EQ(last.psw.addr, enabled.addr);
}

static void set_tod_programmable(u32 value)
{
	register ulong r0 __asm__("0") = value;

	__asm__ volatile("sckpf" : : "d"(r0));
}

TEST(report_saves, "a machine check stores all registers, and that they are valid",
     SPEC("PoP SA22-7832-13, chapter 11, Machine-Check Interruption Code: Validity Bits; "
	  "chapter 3, Assigned Storage Locations: Store-Status Save Areas"))
{
	const struct lowcore *saved = LOWCORE;
	u64 start;

	forget_reports();
	memset(LOWCORE->saved_fpr, 0xee, 0x200);
	LOWCORE->info.architectural_mode = 0;
	set_tod_programmable(0x5a3c);
	set_clock_comparator(0x1122334455667700);
	set_cpu_timer(CPU_TIMER_NEVER);
	start = store_clock();
	write_cr(12, 0x1122334455667788);
	make_report();
	take_with_known_state();
	SUBTEST("validity");
	EXPECT_EQ(last.info.mcheck_code & MCIC_ALL, MCIC_ALL);
	SUBTEST("general registers");
	for (u32 n = 0; n < 16; n++)
		EXPECT_EQ(saved->saved_gpr[n], before.gpr[n], "%u", n);
	SUBTEST("access registers");
	for (u32 n = 0; n < 16; n++)
		EXPECT_EQ(saved->saved_ar[n], before.ar[n], "%u", n);
	SUBTEST("floating-point registers");
	for (u32 n = 0; n < 16; n++)
		EXPECT_EQ(saved->saved_fpr[n], before.fpr[n], "%u", n);
	SUBTEST("control registers");
	EXPECT_EQ(saved->saved_cr[0] & CR0_AFP, CR0_AFP);
	EXPECT_EQ(saved->saved_cr[1], read_cr(1));
	EXPECT_EQ(saved->saved_cr[12], 0x1122334455667788u);
	EXPECT_EQ(saved->saved_cr[14], ENABLED);
	SUBTEST("prefix");
	EXPECT_EQ(saved->saved_prefix, store_prefix());
	SUBTEST("floating-point control");
	EXPECT_EQ(saved->saved_fpc, before.fpc);
	SUBTEST("TOD programmable register");
	EXPECT_EQ(saved->saved_tod_programmable, 0x5a3cu);
	SUBTEST("clock comparator");
	EXPECT_EQ(saved->saved_clock_comparator & BITS(55, 0), 0x1122334455667700ull >> 8);
	SUBTEST("CPU timer");
	EXPECT_LE((s64)saved->saved_cpu_timer, CPU_TIMER_NEVER);
	EXPECT_GE((s64)saved->saved_cpu_timer, CPU_TIMER_NEVER - (s64)(store_clock() - start));
	SUBTEST("architectural mode");
	EXPECT_EQ(saved->info.architectural_mode, 1);
	set_tod_programmable(0);
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
	write_cr(12, 0);
	forget_reports();
}

TEST(report_saves_vectors,
     "vector registers are stored where the extended-save-area designation says, if it says so",
     SPEC("PoP SA22-7832-13, chapter 11, Machine-Check Extended Save Area; chapter 3, Location 4528"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static struct vector area[64] __aligned(1024);
	u64 *designation = (u64 *)(LOWCORE_ALIAS + LC_EXTENDED_SAVE_AREA);

	forget_reports();
	memset(area, 0xee, sizeof(area));
	SUBTEST("designated");
	*designation = (ulong)area;
	make_report();
	take_with_known_state();
	EXPECT_EQ(last.info.mcheck_code & MCIC_VECTOR, MCIC_VECTOR);
	EXPECT_MEM_EQ(area, before.vr, sizeof(before.vr));
	SUBTEST("not designated");
	*designation = 0;
	memset(area, 0xee, sizeof(area));
	forget_reports();
	make_report();
	take_with_known_state();
	EXPECT_EQ(last.info.mcheck_code & MCIC_VECTOR, 0u);
	EXPECT_EQ(area[0].high, 0xeeeeeeeeeeeeeeeeu);
	forget_reports();
}

/* ----------------------------------------------------------------------------------- order of classes */

/* Makes status pending at the entropy source, with an interruption request. */
static u32 request_io(void)
{
	static struct ccw1 ccw;
	u32 schid = device_start_number(DEVICE_RNG, 0x1000, 3);

	ccw = (struct ccw1){ CMD_NOP, CCW_SLI, 1, (u32)(ulong)&ccw };
	ASSERT_EQ(device_run(schid, &ccw, ORB_FORMAT_1), 0u);
	return schid;
}

static void request_external(void)
{
	ASSERT_EQ(sigp_wait(SIGP_EMERGENCY_SIGNAL, store_cpu_address(), 0, NULL),
		  (u32)SIGP_ACCEPTED);
}

TEST(interruption_classes,
     "of pending requests, machine checks are taken before external ones, those before I/O",
     SPEC("PoP SA22-7832-13, chapter 6, Priority of Interruptions"))
{
	u32 schid, delay = 1;
	bool in_order = false;

	forget_reports();
	SUBTEST("external, I/O");
	schid = request_io();
	request_external();
	EXPECT_EQ(window(PSW_EXT | PSW_IO, CR14_INITIAL), 2u);
	EXPECT_EQ(order[0], (u32)TRAP_EXTERNAL);
	EXPECT_EQ(order[1], (u32)TRAP_IO);
	device_end(schid);
	SUBTEST("machine check, external, I/O");
	/* How soon the reset of a path makes its report is the machine's: more time is given if it was late. */
	for (u32 n = 0; n < 4 && !in_order; n++, delay *= 10) {
		schid = request_io();
		request_external();
		make_report();
		delay_us(delay * 100);
		window(PSW_MCHECK | PSW_EXT | PSW_IO, ENABLED);
		in_order = taken == 3 && order[0] == TRAP_MCHECK && order[1] == TRAP_EXTERNAL &&
			   order[2] == TRAP_IO;
		device_end(schid);
		forget_reports();
	}
	EXPECT(in_order, "%u taken: %u %u %u", taken, order[0], order[1], order[2]);
}

/* -------------------------------------------------------------------------- the queue of reports */

TEST(report_kept, "a report that cannot be stored stays the first of the queue",
     SPEC("PoP SA22-7832-13, chapter 14, STORE CHANNEL REPORT WORD, Access Exceptions"))
{
	static u32 page[PAGE_SIZE / 4] __aligned(PAGE_SIZE);
	u32 first = 0, again = 0, cc = 9;

	forget_reports();
	make_report();
	/* Of one report, or of two that are alike but for their place. */
	EXPECT(wait_until(store_channel_report_word(0, &first) == 0));
	make_report();
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_EXEC | PROT_USER);
	for (u32 n = 0; n < 3; n++)
		EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(page), 4),
			     store_channel_report_word_try(0, page, &cc));
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_ALL);
	EXPECT(wait_until(store_channel_report_word(0, &again) == 0));
	EXPECT_EQ(again, first);
	forget_reports();
}
