/* SPDX-License-Identifier: MIT */
/* CPU 1, busy with a loop that counts, for orders to be tried on. */
#ifndef ASSAY_S390X_SMP_OTHER_H
#define ASSAY_S390X_SMP_OTHER_H

#include <s390x/lowcore.h>
#include <s390x/sigp.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <test.h>

/* What is stored from byte 4608 of a prefix area on, or at the address of the order. */
struct stored_status {
	u64 fpr[16];
	u64 gpr[16];
	struct psw psw;
	u64 reserved_110;
	u32 prefix;
	u32 fpc;
	u32 reserved_120;
	u32 tod_programmable;
	s64 cpu_timer;
	u64 clock_comparator; /* bits 0-55, in the last seven bytes */
	u64 reserved_138;
	u32 ar[16];
	u64 cr[16];
};

_Static_assert(sizeof(struct stored_status) == 0x200, "stored status");

static u64 rounds;

static inline u16 other_address(void)
{
	return (u16)cpu_by_number(1)->hardware_id;
}

/* What absolute storage has of CPU 1's prefix area. */
static inline struct lowcore *other_lowcore(void)
{
	return (struct lowcore *)(ulong)cpu_by_number(1)->arch.prefix;
}

static inline void count_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		WRITE_ONCE(rounds, rounds + 1);
}

/* True if CPU 1 counts within some time. */
static inline bool other_counts(void)
{
	u64 before = READ_ONCE(rounds);

	return wait_until(READ_ONCE(rounds) != before);
}

static inline bool other_is_stopped(void)
{
	u32 status;

	return sigp_wait(SIGP_SENSE, other_address(), 0, &status) == SIGP_STATUS_STORED &&
	       (status & SIGP_STATUS_STOPPED);
}

/* Starts CPU 1 with its count. */
static inline void start_other(void)
{
	rounds = 0;
	cpu_start_work(1, count_for_ever, NULL);
	ASSERT(other_counts());
}

/* Stops it: the order is accepted at once and carried out later. */
static inline void stop_other(void)
{
	ASSERT_EQ(sigp_wait(SIGP_STOP, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
	ASSERT(wait_until(other_is_stopped()));
}

#endif
