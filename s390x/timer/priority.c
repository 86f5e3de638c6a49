/* SPDX-License-Identifier: MIT */
/* External interruptions that are pending together: which is taken first, and what each stores. */
#include <test.h>

#include <mm/page.h>
#include <s390x/clock.h>
#include <s390x/cr.h>
#include <s390x/sclp.h>
#include <s390x/sigp.h>
#include <sys/atomic.h>
#include <sys/time.h>

SUITE("Priority of external interruptions");

static void request_emergency(void)
{
	ASSERT_EQ(sigp_wait(SIGP_EMERGENCY_SIGNAL, store_cpu_address(), 0, NULL),
		  (u32)SIGP_ACCEPTED);
}

static void request_call(void)
{
	ASSERT_EQ(sigp_wait(SIGP_EXTERNAL_CALL, store_cpu_address(), 0, NULL), (u32)SIGP_ACCEPTED);
}

static void request_comparator(void)
{
	set_clock_comparator(store_clock() - TOD_PER_US);
}

static void request_timer(void)
{
	set_cpu_timer(1);
}

static void request_service(void)
{
	struct sccb_header *header = sclp_block(PAGE_SIZE);

	ASSERT_EQ(service_call(SCLP_READ_SCP_INFO, header), 0u);
	while (!READ_ONCE(header->response))
		barrier();
}

/* In the order of priority. */
static const struct source {
	const char *name;
	void (*request)(void);
	u64 subclass;
	u16 code;
	bool from_cpu; /* the CPU address says from which */
} sources[] = {
	{ "emergency signal", request_emergency, CR0_EMERGENCY, EXT_EMERGENCY_SIGNAL, true },
	{ "external call", request_call, CR0_EXTERNAL_CALL, EXT_EXTERNAL_CALL, true },
	{ "clock comparator", request_comparator, CR0_CLOCK_COMPARATOR, EXT_CLOCK_COMPARATOR,
	  false },
	{ "CPU timer", request_timer, CR0_CPU_TIMER, EXT_CPU_TIMER, false },
	{ "service signal", request_service, CR0_SERVICE, EXT_SERVICE_SIGNAL, false },
};

static u64 no_subclass(void)
{
	return read_cr(0) & ~CR0_SUBCLASSES;
}

static void forget_all(void)
{
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
	set_cpu_timer(CPU_TIMER_NEVER);
	external_discard(CR0_SUBCLASSES);
}

/*
 * Reads the clock seldom: what a VMM does for each reading must not keep it from what else it has to do, as
 * making the timers' interruptions pending.
 */
static void wait_quietly(u64 us)
{
	u64 end = store_clock_fast() + us * TOD_PER_US;

	do {
		for (u32 n = 0; n < 20000; n++)
			barrier();
	} while (store_clock_fast() < end);
}

/*
 * Requests both and takes one with the masks of `first_mask`, then the other; true if they came in the order of
 * the arguments.
 */
static bool come_in_order(const struct source *first, u64 first_mask, const struct source *second,
			  u64 delay)
{
	u16 codes[2] = { 0 };

	forget_all();
	second->request();
	first->request();
	wait_quietly(delay);
	LOWCORE->info.ext_code = 0;
	external_window(no_subclass() | first_mask);
	codes[0] = LOWCORE->info.ext_code;
	if (codes[0] == first->code) {
		wait_until(external_window(no_subclass() | second->subclass));
		codes[1] = LOWCORE->info.ext_code;
	}
	forget_all();
	return codes[0] == first->code && codes[1] == second->code;
}

static bool is_timer(const struct source *source)
{
	return source->subclass & (CR0_CLOCK_COMPARATOR | CR0_CPU_TIMER);
}

/*
 * A VMM may be late with what the timers request. Where a timer is to be first, it is given more and more time as
 * long as it is not; where it is to be second, it must not be first however much time it has had.
 */
static bool always_in_order(const struct source *first, u64 first_mask, const struct source *second)
{
	u64 delay = 100;

	if (is_timer(first)) {
		for (u32 attempt = 0; attempt < 8; attempt++) {
			if (come_in_order(first, first_mask, second, delay))
				return true;
			delay = MIN(delay * 10, 1000000ull);
		}
		return false;
	}
	for (u32 attempt = 0; attempt < (is_timer(second) ? 3 : 1); attempt++, delay *= 10) {
		if (!come_in_order(first, first_mask, second, delay))
			return false;
	}
	return true;
}

TEST(external_priority,
     "of two external interruptions that are pending, the one of higher priority is first",
     SPEC("PoP SA22-7832-13, chapter 6, External Interruption: order of priority"))
{
	for (u32 low = 1; low < ARRAY_SIZE(sources); low++) {
		for (u32 high = 0; high < low; high++) {
			SUBTEST("%s, %s", sources[high].name, sources[low].name);
			EXPECT(always_in_order(&sources[high],
					       sources[high].subclass | sources[low].subclass,
					       &sources[low]));
		}
	}
}

TEST(external_mask_order, "a request whose mask is zero does not stand before others",
     SPEC("PoP SA22-7832-13, chapter 6, External Interruption: subclass masks"))
{
	for (u32 low = 1; low < ARRAY_SIZE(sources); low++) {
		for (u32 high = 0; high < low; high++) {
			SUBTEST("%s off, %s", sources[high].name, sources[low].name);
			EXPECT(always_in_order(&sources[low], sources[low].subclass,
					       &sources[high]));
		}
	}
}

TEST(external_cpu_address,
     "an external interruption stores the CPU that signalled, or zeros if none did",
     SPEC("PoP SA22-7832-13, chapter 3, Assigned Storage Locations: CPU Address, 132-133"))
{
	for (u32 n = 0; n < ARRAY_SIZE(sources); n++) {
		SUBTEST("%s", sources[n].name);
		forget_all();
		sources[n].request();
		LOWCORE->info.ext_cpu_address = 0x5aa5;
		EXPECT(wait_until(external_window(no_subclass() | sources[n].subclass)));
		EXPECT_EQ(LOWCORE->info.ext_cpu_address,
			  sources[n].from_cpu ? store_cpu_address() : 0);
	}
	forget_all();
}
