/* SPDX-License-Identifier: MIT */
/* What SIGNAL PROCESSOR stores of a stopped CPU, register by register, and what depends on its PSW. */
#include <mm/page.h>
#include <s390x/clock.h>
#include <s390x/cr.h>
#include <s390x/facility.h>
#include <string.h>

#include "other.h"

SUITE("Status of another CPU", REQUIRES(cpu_count() > 1));

#define COMPARATOR 0x1122334455667700ull
#define TOD_FIELD  0x5a3cu
#define FPC	   0xf8000000u /* all masks */

static u64 fprs[16], vectors[64] __aligned(16);
static u32 ars[16];
static u64 timer_set;

static void fill(void)
{
	for (u32 n = 0; n < 16; n++) {
		fprs[n] = 0x0102030405060708u * n + 0x8000000000000001u;
		ars[n] = n ? 0x01020304u * n : 0;
	}
	for (u32 n = 0; n < ARRAY_SIZE(vectors); n++)
		vectors[n] = 0x1122334455667788u ^ (0x0101010101010101u * n);
}

/* Loads the registers that C does not use, and counts. */
static void count_with_registers(void *vector)
{
	register ulong r0 __asm__("0") = TOD_FIELD;
	register ulong r1 __asm__("1") = (ulong)vectors;

	write_cr(0, read_cr(0) | CR0_AFP | (vector ? CR0_VECTOR : 0));
	write_cr(12, 0x8877665544332211);
	set_clock_comparator(COMPARATOR);
	set_cpu_timer(CPU_TIMER_NEVER);
	atomic_store(&timer_set, store_clock());
	__asm__ volatile("sckpf\n"
			 "sfpc %2\n"
			 "lam 0,15,0(%3)\n"
			 ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
			 "ld \\r,8*\\r(%4)\n"
			 ".endr\n"
			 :
			 : "d"(r0), "d"(r1), "d"(FPC), "a"(ars), "a"(fprs)
			 : "memory");
	if (vector)
		__asm__ volatile(".byte 0xe7,0x0f,0x10,0x00,0x00,0x36\n" /* VLM v0,v15,0(r1) */
				 ".byte 0xe7,0x0f,0x11,0x00,0x0c,0x36\n" /* VLM v16,v31,256(r1) */
				 :
				 : "d"(r1)
				 : "memory");
	count_for_ever(NULL);
}

static void start_with_registers(bool vector)
{
	fill();
	rounds = 0;
	cpu_start_work(1, count_with_registers, vector ? vectors : NULL);
	ASSERT(other_counts());
}

static void expect_registers(const struct stored_status *status)
{
	u64 elapsed = store_clock() - timer_set;

	SUBTEST("floating-point registers");
	for (u32 n = 0; n < 16; n++)
		EXPECT_EQ(status->fpr[n], fprs[n], "%u", n);
	SUBTEST("access registers");
	for (u32 n = 0; n < 16; n++)
		EXPECT_EQ(status->ar[n], ars[n], "%u", n);
	SUBTEST("floating-point control");
	EXPECT_EQ(status->fpc, FPC);
	SUBTEST("TOD programmable register");
	EXPECT_EQ(status->tod_programmable, TOD_FIELD);
	SUBTEST("clock comparator");
	EXPECT_EQ(status->clock_comparator & BITS(55, 0), COMPARATOR >> 8);
	SUBTEST("CPU timer");
	EXPECT_LE(status->cpu_timer, CPU_TIMER_NEVER);
	EXPECT_GE(status->cpu_timer, CPU_TIMER_NEVER - (s64)elapsed);
	SUBTEST("control registers");
	EXPECT_EQ(status->cr[0] & CR0_AFP, CR0_AFP);
	EXPECT_EQ(status->cr[1], read_cr(1));
	EXPECT_EQ(status->cr[12], 0x8877665544332211u);
	EXPECT_EQ(status->cr[14], CR14_INITIAL);
	SUBTEST("prefix");
	EXPECT_EQ(status->prefix, (u32)cpu_by_number(1)->arch.prefix);
	SUBTEST("PSW");
	EXPECT_EQ(status->psw.mask & ~(PSW_CC | PSW_PM), PSW_KERNEL);
}

TEST(status_registers, "store status at address stores each register, and nothing else",
     SPEC("PoP SA22-7832-13, chapter 4, Store Status at Address, Store Status"))
{
	static u8 area[1024] __aligned(1024);

	memset(area, 0xee, sizeof(area));
	LOWCORE->info.architectural_mode = 0x77;
	start_with_registers(false);
	stop_other();
	ASSERT_EQ(sigp_wait(SIGP_STORE_STATUS, other_address(), (ulong)area + 0x200, NULL),
		  (u32)SIGP_ACCEPTED);
	expect_registers((const void *)(area + 0x200));
	SUBTEST("around");
	EXPECT_EQ(area[0x1ff], 0xee);
	EXPECT_EQ(area[0x310], 0xee);
	/* The architectural mode is stored by other ways of storing status alone. */
	EXPECT_EQ(LOWCORE->info.architectural_mode, 0x77);
}

TEST(status_of_stopped, "stop and store status of a CPU that is stopped stores it at absolute 4608",
     SPEC("PoP SA22-7832-13, chapter 4, Stop and Store Status; chapter 3, Store-Status Architectural-Mode "
	  "Identification"))
{
	start_with_registers(false);
	stop_other();
	memset(LOWCORE->saved_fpr, 0xee, sizeof(struct stored_status));
	LOWCORE->info.architectural_mode = 0;
	ASSERT_EQ(sigp_wait(SIGP_STOP_AND_STORE_STATUS, other_address(), 0, NULL),
		  (u32)SIGP_ACCEPTED);
	SUBTEST("architectural mode");
	EXPECT(wait_until(READ_ONCE(LOWCORE->info.architectural_mode) == 1));
	expect_registers((const void *)LOWCORE->saved_fpr);
	EXPECT(other_is_stopped());
}

TEST(status_of_operating,
     "stop and store status of a CPU that operates says which architecture it had",
     SPEC("PoP SA22-7832-13, chapter 3, Store-Status Architectural-Mode Identification, absolute 163"))
{
	start_with_registers(false);
	memset(LOWCORE->saved_fpr, 0xee, sizeof(struct stored_status));
	LOWCORE->info.architectural_mode = 0;
	ASSERT_EQ(sigp_wait(SIGP_STOP_AND_STORE_STATUS, other_address(), 0, NULL),
		  (u32)SIGP_ACCEPTED);
	ASSERT(wait_until(other_is_stopped()));
	SUBTEST("architectural mode");
	EXPECT_EQ(LOWCORE->info.architectural_mode, 1);
	expect_registers((const void *)LOWCORE->saved_fpr);
}

/* ------------------------------------------------------------------------------- additional status */

TEST(additional_status, "store additional status stores the vector registers of a stopped CPU",
     SPEC("PoP SA22-7832-13, chapter 4, Store Additional Status at Address"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static u8 area[4096] __aligned(4096);

	memset(area, 0xee, sizeof(area));
	start_with_registers(true);
	stop_other();
	ASSERT_EQ(sigp_wait(SIGP_STORE_ADDITIONAL, other_address(), (ulong)area + 1024, NULL),
		  (u32)SIGP_ACCEPTED);
	EXPECT_MEM_EQ(area + 1024, vectors, sizeof(vectors));
	EXPECT_EQ(area[1023], 0xee);
	EXPECT_EQ(area[2048], 0xee);
}

TEST(additional_status_refused,
     "additional status is for a stopped CPU, and for storage that is there on 1024 bytes",
     SPEC("PoP SA22-7832-13, chapter 4, Store Additional Status at Address"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static u8 area[4096] __aligned(4096);
	u32 status;

	start_with_registers(true);
	memset(area, 0xee, sizeof(area));
	SUBTEST("operating");
	EXPECT_EQ(sigp_wait(SIGP_STORE_ADDITIONAL, other_address(), (ulong)area, &status),
		  (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_INCORRECT_STATE);
	EXPECT(other_counts());
	stop_other();
	for (u32 off = 16; off < 1024; off <<= 1) {
		SUBTEST("off by %u", off);
		EXPECT_EQ(sigp_wait(SIGP_STORE_ADDITIONAL, other_address(), (ulong)area + off,
				    &status),
			  (u32)SIGP_STATUS_STORED);
		EXPECT_EQ(status, SIGP_STATUS_INVALID_PARAMETER);
	}
	/* 10, 11 and 12 are lengths where there is the guarded-storage facility. */
	for (u32 length = 1; length < 16; length++) {
		if (length >= 10 && length <= 12)
			continue;
		SUBTEST("length characteristic %u", length);
		EXPECT_EQ(sigp_wait(SIGP_STORE_ADDITIONAL, other_address(), (ulong)area + length,
				    &status),
			  (u32)SIGP_STATUS_STORED);
		EXPECT_EQ(status, SIGP_STATUS_INVALID_PARAMETER);
	}
	SUBTEST("storage that is not there");
	EXPECT_EQ(sigp_wait(SIGP_STORE_ADDITIONAL, other_address(), 0x7ffff000, &status),
		  (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_INVALID_PARAMETER);
	EXPECT_EQ(area[0], 0xee);
}

/* -------------------------------------------------------------------- conditional emergency signal */

#define PRIMARY_ASN   0x1111
#define SECONDARY_ASN 0x2222

static u64 enabled;
static u32 asked, answered, was_pending;

/* Counts with this PSW and these ASNs, and says at last whether an emergency signal was pending. */
static void count_enabled(void *arg)
{
	u64 cr0 = read_cr(0) & ~CR0_SUBCLASSES;

	(void)arg;
	write_cr(0, cr0);
	write_cr(4, PRIMARY_ASN);
	write_cr(3, SECONDARY_ASN);
	psw_load_mask(PSW_KERNEL | enabled);
	while (!READ_ONCE(asked))
		WRITE_ONCE(rounds, rounds + 1);
	psw_load_mask(PSW_KERNEL);
	atomic_store(&was_pending, external_window(cr0 | CR0_EMERGENCY));
	write_cr(3, 0);
	write_cr(4, 0);
	write_cr(0, cr0 | CR0_EMERGENCY);
	atomic_store(&answered, 1);
}

TEST(conditional_emergency_stopped,
     "a conditional emergency signal to a stopped CPU depends on its PSW and its ASNs",
     SPEC("PoP SA22-7832-13, chapter 4, Conditional Emergency Signal"))
{
	static const struct {
		const char *name;
		u64 enabled;
		u16 asn;
		bool signalled;
	} rows[] = {
		{ "disabled", 0, 0x3333, true },
		{ "disabled for I/O", PSW_EXT, 0x3333, true },
		{ "disabled for external interruptions", PSW_IO, 0x3333, true },
		{ "enabled, primary ASN", PSW_EXT | PSW_IO, PRIMARY_ASN, true },
		{ "enabled, secondary ASN", PSW_EXT | PSW_IO, SECONDARY_ASN, true },
		{ "enabled, neither ASN", PSW_EXT | PSW_IO, 0x3333, false },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		u32 cc, status;

		SUBTEST("%s", rows[n].name);
		enabled = rows[n].enabled;
		asked = answered = 0;
		rounds = 0;
		cpu_start_work(1, count_enabled, NULL);
		ASSERT(other_counts());
		stop_other();
		cc = sigp_wait(SIGP_CONDITIONAL_EMERGENCY, other_address(), rows[n].asn, &status);
		if (rows[n].signalled) {
			EXPECT_EQ(cc, (u32)SIGP_ACCEPTED);
			EXPECT_EQ(status, 0u);
		} else {
			EXPECT_EQ(cc, (u32)SIGP_STATUS_STORED);
			EXPECT_EQ(status, (u32)SIGP_STATUS_INCORRECT_STATE);
		}
		EXPECT_EQ(sigp_wait(SIGP_START, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
		WRITE_ONCE(asked, 1);
		ASSERT(wait_until(READ_ONCE(answered)));
		cpu_wait(1);
		EXPECT_EQ(atomic_load(&was_pending), (u32)rows[n].signalled);
	}
}
