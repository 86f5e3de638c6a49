/* SPDX-License-Identifier: MIT */
#include "per.h"

#include <s390x/cr.h>

#define MOST_OTHERS 500

struct per_event per_events[PER_EVENTS];
u32 per_event_count;

/* Where the instructions begin. What execute() has before and after them is not of interest. */
static ulong first_address;
static u32 others;

static void keep(struct trap_frame *frame)
{
	struct per_event *event = &per_events[MIN(per_event_count, (u32)PER_EVENTS - 1)];
	u64 address = frame->info.pgm_code & 0x80 ? frame->info.per_address
						  : frame->psw.addr - frame->info.pgm_ilc;

	if (address < first_address || address >= execute_address(0)) {
		/* One that comes again and again is not gone back to. */
		if (++others >= MOST_OTHERS) {
			frame->psw.addr = execute_address(0);
			frame->psw.mask = PSW_KERNEL;
		}
		return;
	}
	per_event_count++;
	event->pgm_code = frame->info.pgm_code;
	event->length = frame->info.pgm_ilc;
	event->code = frame->info.per_code;
	event->address = frame->info.per_address;
	event->old = frame->psw;
	/* The entry code of a supervisor call has to begin at its beginning, whatever the old PSW says. */
	if (event->old.addr - LOWCORE->new_psw[TRAP_SVC].addr < 6)
		frame->psw.addr = LOWCORE->new_psw[TRAP_SVC].addr;
	/* What was nullified would come again and again. */
	if (per_event_count >= PER_EVENTS || event->old.addr == event->address) {
		frame->psw.addr = execute_address(0);
		frame->psw.mask = PSW_KERNEL;
	}
}

static void record(u64 control, ulong start, ulong end, const void *bytes, u32 size,
		   struct execution *e)
{
	per_event_count = others = 0;
	first_address = execute_address(size);
	write_cr(10, start);
	write_cr(11, end);
	write_cr(9, control);
	trap_set_handler(TRAP_PROGRAM, keep);
	execute(bytes, size, e);
	trap_set_handler(TRAP_PROGRAM, NULL);
	write_cr(9, 0);
	write_cr(10, 0);
	write_cr(11, 0);
}

void per_execute(u64 control, ulong start, ulong end, const void *bytes, u32 size,
		 struct execution *e)
{
	struct execution nothing = { .psw = PSW_KERNEL | PSW_PER };
	u8 code[EXECUTE_MAX];

	/*
	 * An event of the last execution that is indicated late must not be taken for one of this, and
	 * instructions that are there already must not have been looked at with another area in mind:
	 * LR r2,r2 all over.
	 */
	for (u32 n = 0; n < sizeof(code); n += 2) {
		code[n] = 0x18;
		code[n + 1] = 0x22;
	}
	record(PER_FETCH, 0x10, 0x10, code, sizeof(code), &nothing);
	if (!e->psw)
		e->psw = PSW_KERNEL | PSW_PER;
	record(control, start, end, bytes, size, e);
}

void expect_event(u32 number, u16 events, ulong address, u32 length, ulong next)
{
	const struct per_event *event = &per_events[number];

	if (!EXPECT_LT(number, per_event_count, "event %u", number))
		return;
	EXPECT_EQ(event->pgm_code, PGM_PER_EVENT.kind - 1, "event %u", number);
	/* Whether a store to a real address is a storage alteration as well is left open. */
	if (events == PER_CODE_STORE_REAL)
		EXPECT_EQ(event->code & PER_CODE_EVENTS & ~PER_CODE_STORE, events);
	else
		EXPECT_EQ(event->code & PER_CODE_EVENTS, events, "event %u", number);
	EXPECT_EQ(event->address, address, "event %u", number);
	if (!(events & PER_CODE_NULLIFIED))
		EXPECT_EQ(event->length, length, "event %u", number);
	EXPECT_EQ(event->old.addr, next, "event %u", number);
}
