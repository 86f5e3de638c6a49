/* SPDX-License-Identifier: MIT */
#include <x86/storm.h>

#include <harness/expect.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/irq.h>

#define TIMER	 0x53
#define FIRST	 0x12345678u
#define LOOPS	 200000u
#define STORM_NS 3000000000ull

/* ADD EBX, ECX; ROL EBX, 3; XOR EBX, ECX; DEC ECX; JNZ */
const u8 storm_code[STORM_CODE_SIZE] = {
	0x01, 0xcb, 0xc1, 0xc3, 0x03, 0x31, 0xcb, 0xff, 0xc9, 0x75, 0xf5,
};

static u32 model_sum(u32 bx, u32 cx)
{
	do {
		bx += cx;
		bx = bx << 3 | bx >> 29;
		bx ^= cx;
	} while (--cx);
	return bx;
}

/* One run; true if the guest came to its end before that time. */
static bool run(const struct storm *s, u64 end, bool *interrupted)
{
	bool goes_on;

	s->start(s->guest);
	*s->bx = FIRST;
	*s->cx = LOOPS;
	apic_timer_start(TIMER | APIC_TIMER_PERIODIC, 0, 100000);
	do {
		goes_on = s->step(s->guest);
		if (goes_on) {
			irq_window();
			*interrupted |= *s->cx != LOOPS;
		}
	} while (goes_on && clock_ns() < end);
	apic_timer_stop();
	return !goes_on;
}

const char *storm_run(const struct storm *s)
{
	const u64 end = clock_ns() + STORM_NS;
	bool interrupted = false;

	irq_record(TIMER, TIMER);
	do {
		if (!run(s, end, &interrupted))
			return "the guest had no time between the interrupts";
		EXPECT_EQ((u32)*s->bx, model_sum(FIRST, LOOPS));
		EXPECT_EQ((u32)*s->cx, 0u);
	} while (!interrupted && clock_ns() < end);
	return interrupted ? NULL : "no interrupt came while the guest ran";
}
