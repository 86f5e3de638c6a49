/* SPDX-License-Identifier: MIT */
/* I/O interruptions and TEST PENDING INTERRUPTION: subclasses, masks, what is stored, and what clears them. */
#include "device.h"

#include <arch/cpu.h>
#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <string.h>
#include <sys/time.h>

SUITE("I/O interruptions");

static struct ccw1 ccw;
static struct io_code code;
static u32 taken;
static struct psw old;

static void record(struct trap_frame *frame)
{
	code = (struct io_code){ frame->info.subsystem_id, frame->info.io_parameter,
				 frame->info.io_word };
	old = frame->psw;
	taken++;
}

/* Opens the window for I/O interruptions with CR6 = `mask`; how many came. */
static u32 window(u64 mask)
{
	taken = 0;
	trap_set_handler(TRAP_IO, record);
	write_cr(6, mask);
	arch_irq_restore(2);
	arch_irq_save();
	write_cr(6, 0);
	trap_set_handler(TRAP_IO, NULL);
	return taken;
}

/* Makes status pending at a subchannel. */
static void start_nop(u32 schid)
{
	ccw = (struct ccw1){ CMD_NOP, CCW_SLI, 1, (u32)(ulong)&ccw };
	ASSERT_EQ(device_run(schid, &ccw, ORB_FORMAT_1), 0u);
}

/* The same at the entropy source, with this ISC. */
static u32 pending(u32 isc)
{
	u32 schid = device_start_number(DEVICE_RNG, 0x1000, isc);

	start_nop(schid);
	return schid;
}

#define ALL_ISCS BITS(31, 24)

static u32 test_pending_interruption_cr6(void *operand, u64 mask)
{
	u32 cc;

	write_cr(6, mask);
	cc = test_pending_interruption(0, operand);
	write_cr(6, 0);
	return cc;
}

TEST(io_interruption, "an I/O interruption stores the subchannel, its parameter and its subclass",
     SPEC("PoP SA22-7832-13, chapter 6, I/O Interruption; chapter 16, I/O-Interruption Code"))
{
	for (u32 isc = 0; isc < 8; isc++) {
		u32 schid = pending(isc);
		struct irb irb;

		SUBTEST("ISC %u", isc);
		/* Not with the masks of the others. */
		EXPECT_EQ(window(ALL_ISCS & ~CR6_ISC(isc)), 0u);
		EXPECT_EQ(window(CR6_ISC(isc)), 1u);
		EXPECT_EQ(code.schid, schid);
		EXPECT_EQ(code.parameter, 0x11223344u);
		EXPECT_EQ(code.word & 0x38000000, IO_WORD_ISC(isc));
		EXPECT_EQ(old.mask & PSW_IO, PSW_IO);
		/* The interruption is gone, the status is not. */
		EXPECT_EQ(window(ALL_ISCS), 0u);
		EXPECT_EQ(test_subchannel(schid, &irb), 0u);
		device_end(schid);
	}
}

TEST(io_mask, "without the PSW's I/O mask nothing interrupts, and the request stays",
     SPEC("PoP SA22-7832-13, chapter 4, Program-Status Word: I/O Mask"))
{
	u32 schid = pending(4);

	taken = 0;
	trap_set_handler(TRAP_IO, record);
	write_cr(6, ALL_ISCS);
	arch_irq_restore(1);
	arch_irq_save();
	EXPECT_EQ(taken, 0u);
	EXPECT_EQ(window(ALL_ISCS), 1u);
	device_end(schid);
}

TEST(io_tsch_clears, "TEST SUBCHANNEL takes the request away",
     SPEC("PoP SA22-7832-13, chapter 14, TEST SUBCHANNEL; chapter 16, Interruption Request"))
{
	u32 schid = pending(2);
	struct irb irb;

	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(window(ALL_ISCS), 0u);
	device_end(schid);
}

TEST(io_after_functions, "clear and halt make a request of their own",
     SPEC("PoP SA22-7832-13, chapter 15, Clear Function, Halt Function; chapter 16, Interruption Request"))
{
	u32 schid = device_start(0);
	struct irb irb;

	EXPECT_EQ(clear_subchannel(schid, NULL), 0u);
	EXPECT_EQ(window(ALL_ISCS), 1u);
	EXPECT_EQ(code.schid, schid);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(halt_subchannel(schid, NULL), 0u);
	EXPECT_EQ(window(ALL_ISCS), 1u);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	device_end(schid);
}

TEST(io_priority, "of two requests the one with the lower subclass number is first",
     SPEC("PoP SA22-7832-13, chapter 16, Priority of Interruptions: I/O-Interruption Subclass"))
{
	static const u8 iscs[][2] = { { 0, 7 }, { 7, 0 }, { 3, 4 }, { 4, 3 }, { 1, 6 }, { 6, 1 } };

	for (u32 n = 0; n < ARRAY_SIZE(iscs); n++) {
		u32 rng, balloon, first;

		SUBTEST("ISC %u and %u", iscs[n][0], iscs[n][1]);
		rng = device_start_number(DEVICE_RNG, 1, iscs[n][0]);
		balloon = device_start_number(DEVICE_BALLOON, 2, iscs[n][1]);
		start_nop(rng);
		start_nop(balloon);
		first = iscs[n][0] < iscs[n][1] ? rng : balloon;
		memset(&code, 0, sizeof(code));
		EXPECT_EQ(test_pending_interruption_cr6(&code, ALL_ISCS), 1u);
		EXPECT_EQ(code.schid, first);
		EXPECT_EQ(test_pending_interruption_cr6(&code, ALL_ISCS), 1u);
		EXPECT_EQ(code.schid, first == rng ? balloon : rng);
		EXPECT_EQ(test_pending_interruption_cr6(&code, ALL_ISCS), 0u);
		device_end(rng);
		device_end(balloon);
	}
}

TEST(tpi,
     "TEST PENDING INTERRUPTION stores the code and clears the request, of enabled subclasses alone",
     SPEC("PoP SA22-7832-13, chapter 14, TEST PENDING INTERRUPTION"))
{
	for (u32 isc = 0; isc < 8; isc++) {
		u32 schid = pending(isc);
		u64 stored[2] = { ~0ull, ~0ull };

		SUBTEST("ISC %u", isc);
		EXPECT_EQ(test_pending_interruption_cr6(stored, ALL_ISCS & ~CR6_ISC(isc)), 0u);
		EXPECT_EQ(stored[0], ~0ull);
		EXPECT_EQ(test_pending_interruption_cr6(stored, CR6_ISC(isc)), 1u);
		EXPECT_EQ(stored[0], (u64)schid << 32 | 0x11223344);
		/* Two words with an address. */
		EXPECT_EQ(stored[1], ~0ull);
		EXPECT_EQ(test_pending_interruption_cr6(stored, ALL_ISCS), 0u);
		EXPECT_EQ(window(ALL_ISCS), 0u);
		device_end(schid);
	}
}

TEST(tpi_mask, "a request whose subclass is disabled does not hide one of a higher number",
     SPEC("PoP SA22-7832-13, chapter 14, TEST PENDING INTERRUPTION; chapter 6, I/O Interruption"))
{
	for (u32 isc = 1; isc < 8; isc++) {
		u32 rng, balloon;

		SUBTEST("ISC %u", isc);
		rng = device_start_number(DEVICE_RNG, 1, isc - 1);
		balloon = device_start_number(DEVICE_BALLOON, 2, isc);
		start_nop(rng);
		start_nop(balloon);
		EXPECT_EQ(test_pending_interruption_cr6(&code, CR6_ISC(isc)), 1u);
		EXPECT_EQ(code.schid, balloon);
		EXPECT_EQ(test_pending_interruption_cr6(&code, CR6_ISC(isc)), 0u);
		EXPECT_EQ(window(CR6_ISC(isc)), 0u);
		EXPECT_EQ(window(CR6_ISC(isc - 1)), 1u);
		EXPECT_EQ(code.schid, rng);
		device_end(rng);
		device_end(balloon);
	}
}

TEST(tpi_kept, "a request whose code cannot be stored stays",
     SPEC("PoP SA22-7832-13, chapter 14, TEST PENDING INTERRUPTION, Access Exceptions"))
{
	static u8 page[PAGE_SIZE] __aligned(PAGE_SIZE);
	u32 schid = pending(3), cc = 9;
	u64 stored[2] = { 0 };

	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_EXEC | PROT_USER);
	write_cr(6, ALL_ISCS);
	for (u32 n = 0; n < 3; n++)
		EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(page), 4),
			     test_pending_interruption_try(0, page + 8 * n, &cc));
	write_cr(6, 0);
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_ALL);
	EXPECT_EQ(test_pending_interruption_cr6(stored, ALL_ISCS), 1u);
	EXPECT_EQ(stored[0], (u64)schid << 32 | 0x11223344);
	device_end(schid);
}

TEST(tpi_assigned,
     "with an address of zero, TEST PENDING INTERRUPTION stores three words at real 184",
     SPEC("PoP SA22-7832-13, chapter 14, TEST PENDING INTERRUPTION"))
{
	u32 schid = pending(5);

	LOWCORE->info.subsystem_id = LOWCORE->info.io_parameter = LOWCORE->info.io_word = 0;
	EXPECT_EQ(test_pending_interruption_cr6(NULL, ALL_ISCS), 1u);
	EXPECT_EQ(LOWCORE->info.subsystem_id, schid);
	EXPECT_EQ(LOWCORE->info.io_parameter, 0x11223344u);
	EXPECT_EQ(LOWCORE->info.io_word & 0x38000000, IO_WORD_ISC(5));
	EXPECT_EQ(test_pending_interruption_cr6(NULL, ALL_ISCS), 0u);
	device_end(schid);
}

TEST(no_channel_report, "without a channel report, STCRW stores zeros with condition code 1",
     SPEC("PoP SA22-7832-13, chapter 14, STORE CHANNEL REPORT WORD"))
{
	u32 words[2] = { 0, 0x5a5a5a5a };

	/* What has been reported before. */
	ASSERT(wait_until(store_channel_report_word(0, words) == 1));
	words[0] = 0x12345678;
	EXPECT_EQ(store_channel_report_word(0, words), 1u);
	EXPECT_EQ(words[0], 0u);
	EXPECT_EQ(words[1], 0x5a5a5a5au);
}
