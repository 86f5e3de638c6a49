/* SPDX-License-Identifier: MIT */
/*
 * #DB whose delivery raises #DB: a data breakpoint watches the stack that the interrupt-stack table has
 * for #DB, so that each delivery of #DB writes to what is watched. A processor may be at that for ever;
 * it must not take the machine with it. CPU 1 does it, CPU 0 sees that time goes on, and that INIT ends
 * it.
 */
#include "storm.h"

#include <x86/cr.h>
#include <x86/desc.h>

SUITE("Endless exceptions: #DB", REQUIRES(cpu_count() > 1));

#define IST	    5
#define DR7_L0	    BIT(0)
#define DR7_L1	    BIT(2)
#define DR7_WRITE_4 (1u << 16 | 3u << 18)

static u8 stack[1024] __aligned(64);
static u32 watched;

static void write_watched(void *arg)
{
	(void)arg;
	WRITE_ONCE(watched, 1);
}

/* On the other CPU. Its first #DB is that of breakpoint 1. */
static void enter_storm(void *unused)
{
	const ulong top = (ulong)stack + sizeof(stack);

	(void)unused;
	tss_of_this_cpu()->ist[IST - 1] = top;
	write_dr0(top - sizeof(ulong));
	write_dr1((ulong)&watched);
	write_dr7(DR7_RESET | DR7_L0 | DR7_L1 | DR7_WRITE_4 | DR7_WRITE_4 << 4);
	WRITE_ONCE(storm_entered, true);
	run_user(write_watched, NULL);
	write_dr7(DR7_RESET);
	WRITE_ONCE(storm_left, true);
}

static void note_db(struct trap_frame *frame)
{
	storm_count++;
	write_dr7(DR7_RESET);
	(void)frame;
}

TEST(db_while_delivering_db,
     "#DB in the delivery of #DB keeps no other CPU from running, and ends with INIT",
     SPEC("SDM vol. 3B, 17.3.1.2; vol. 3A, 8.4.3"), BUG("CVE-2015-8104"), BUG("XSA-156"))
{
	trap_set_handler(VEC_DB, note_db);
	idt_set_ist(VEC_DB, IST);
	storm_run(enter_storm);
	if (storm_left)
		EXPECT_GE(storm_count, 1u);
}
