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

enum order {
	IN_ORDER,
	REVERSED, /* the second came first while the first one was pending */
	LATE,	  /* one of them was not pending in time, so that nothing is known */
};

/* Requests both and takes one with the masks of `first_mask`, then the other. */
static enum order take_both(const struct source *first, u64 first_mask, const struct source *second,
			    u64 delay)
{
	enum order order = LATE;
	u16 code;

	forget_all();
	second->request();
	first->request();
	wait_quietly(delay);
	LOWCORE->info.ext_code = 0;
	external_window(no_subclass() | first_mask);
	code = LOWCORE->info.ext_code;
	if (code == first->code)
		order = wait_until(external_window(no_subclass() | second->subclass)) ? IN_ORDER
										      : LATE;
	else if (code == second->code)
		/* Pending right after, it was before. */
		order = external_window(no_subclass() | first->subclass) ? REVERSED : LATE;
	forget_all();
	return order;
}

/*
 * A VMM may be late with what the timers request: it is given more and more time. One reversal could be a request
 * that came in between; three are none.
 */
static void expect_order(const struct source *first, u64 first_mask, const struct source *second)
{
	u32 reversed = 0, in_order = 0;
	u64 delay = 100;

	for (u32 attempt = 0; attempt < 6 && in_order < 3 && reversed < 3; attempt++) {
		enum order order = take_both(first, first_mask, second, delay);

		in_order += order == IN_ORDER;
		reversed += order == REVERSED;
		delay = MIN(delay * 10, 100000ull);
	}
	EXPECT_LT(reversed, 3u);
	if (!in_order && reversed < 3)
		SKIP_ROW("the requests were late");
}

TEST(external_priority,
     "of two external interruptions that are pending, the one of higher priority is first",
     SPEC("PoP SA22-7832-13, chapter 6, External Interruption: order of priority"))
{
	for (u32 low = 1; low < ARRAY_SIZE(sources); low++) {
		for (u32 high = 0; high < low; high++) {
			SUBTEST("%s, %s", sources[high].name, sources[low].name);
			expect_order(&sources[high], sources[high].subclass | sources[low].subclass,
				     &sources[low]);
		}
	}
}

TEST(external_mask_order, "a request whose mask is zero does not stand before others",
     SPEC("PoP SA22-7832-13, chapter 6, External Interruption: subclass masks"))
{
	for (u32 low = 1; low < ARRAY_SIZE(sources); low++) {
		for (u32 high = 0; high < low; high++) {
			SUBTEST("%s off, %s", sources[high].name, sources[low].name);
			expect_order(&sources[low], sources[low].subclass, &sources[high]);
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
