/* SPDX-License-Identifier: MIT */
/* The invalidation queue: VT-d 5.10, 6.5.2, 7.3, 11.4.9. */
#include "remap.h"

#include <string.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/irq.h>
#include <x86/pci.h>

SUITE("Invalidation queue", REQUIRES(vtd_is_there() && (vtd_read(VTD_ECAP) & VTD_ECAP_QI)));

#define EVENT_VECTOR 0x61u
#define FAULT_VECTOR 0x63u
#define WATCH_NS     2000000ull
#define DESCRIPTORS  256u
#define SIZE	     16u
#define STATUS	     0x12345678u

static volatile u32 *words; /* a page that wait descriptors write to */

static void begin(void)
{
	vtd_reset();
	words = page_alloc();
	ASSERT(vtd_queue_start(page_alloc()));
}

static u64 wait_low(u32 data)
{
	return VTD_DESC_WAIT | VTD_DESC_WAIT_SW | VTD_DESC_WAIT_DATA(data);
}

TEST(queue_wait_writes, "a wait descriptor writes its data to its address, and nothing beside it",
     SPEC("VT-d 5.10, 6.5.2.9"))
{
	begin();
	for (u32 i = 0; i < PAGE_SIZE / 4; i += 97) {
		memset((void *)(ulong)words, 0x5a, PAGE_SIZE);
		vtd_queue_add(wait_low(STATUS + i), (ulong)&words[i]);
		EXPECT(wait_until(words[i] == STATUS + i));
		for (u32 j = 0; j < PAGE_SIZE / 4; j++)
			if (j != i)
				EXPECT_EQ(words[j], 0x5a5a5a5au, "word %u, written %u", j, i);
	}
}

TEST(queue_head_follows, "the head follows the tail, and nothing is fetched after it",
     SPEC("VT-d 5.10, 6.5.2; 11.4.9.1, 11.4.9.2"))
{
	begin();
	EXPECT_EQ(vtd_read(VTD_IQH), 0ull);
	for (u32 n = 1; n <= 5; n++) {
		vtd_queue_add(wait_low(n), (ulong)&words[0]);
		EXPECT(wait_until(words[0] == n));
		EXPECT_EQ(vtd_read(VTD_IQH), (u64)n * SIZE);
		EXPECT_EQ(vtd_read(VTD_IQT), (u64)n * SIZE);
	}
	vtd_queue_put(wait_low(100), (ulong)&words[0]);
	delay_us(1000);
	EXPECT_EQ(words[0], 5u, "beyond the tail");
	vtd_queue_go();
	EXPECT(wait_until(words[0] == 100));
}

TEST(queue_several, "descriptors that are added together are all executed, in their order",
     SPEC("VT-d 5.10, 6.5.2.9"))
{
	begin();
	for (u32 n = 1; n <= 100; n++) {
		vtd_queue_put(wait_low(n), (ulong)&words[n]);
		vtd_queue_put(wait_low(n), (ulong)&words[0]);
	}
	vtd_queue_go();
	EXPECT(wait_until(words[0] == 100));
	for (u32 n = 1; n <= 100; n++)
		EXPECT_EQ(words[n], n);
}

TEST(queue_wraps, "after the last descriptor of the queue comes the first one",
     SPEC("VT-d 5.10, 6.5.2"))
{
	begin();
	for (u32 n = 1; n <= 2 * DESCRIPTORS + 10; n++) {
		vtd_queue_add(wait_low(n), (ulong)&words[n % 7]);
		if (!EXPECT(wait_until(words[n % 7] == n), "descriptor %u", n))
			return;
		EXPECT_EQ(vtd_read(VTD_IQH), (u64)(n % DESCRIPTORS) * SIZE);
	}
}

/* By the registers themselves: the library's queue has the least size. */
TEST(queue_size, "the queue has 256 descriptors by its size field, and twice as many by each more",
     SPEC("VT-d 5.10, 11.4.9.3, QS"))
{
	for (u32 log = 0; log <= 3; log++) {
		u32 pages = (u32)BIT(log), count = DESCRIPTORS << log;
		u64 *queue;

		SUBTEST("%u", count);
		vtd_reset();
		words = page_alloc();
		queue = pages_alloc(pages, PAGE_SIZE << log);
		vtd_write(VTD_IQA, (ulong)queue | log);
		EXPECT(vtd_command(VTD_QIE, true));
		for (u32 n = 0; n < count; n++) {
			queue[2 * n] = wait_low(n);
			queue[2 * n + 1] = (ulong)&words[n == count - 1];
		}
		vtd_write(VTD_IQT, (u64)(count - 1) * SIZE);
		EXPECT(wait_until(words[0] == count - 2));
		EXPECT_EQ(vtd_read(VTD_IQH), (u64)(count - 1) * SIZE);
		EXPECT_EQ(words[1], 0u);
		vtd_write(VTD_IQT, 0);
		EXPECT(wait_until(words[1] == count - 1));
		EXPECT_EQ(vtd_read(VTD_IQH), 0ull);
		EXPECT(vtd_command(VTD_QIE, false));
	}
}

TEST(queue_disabled, "the head is 0 when the queue is disabled, and it can be enabled again",
     SPEC("VT-d 5.10, 11.4.9.1, QH"))
{
	begin();
	vtd_queue_add(wait_low(1), (ulong)&words[0]);
	EXPECT(wait_until(words[0] == 1));
	EXPECT_EQ(vtd_read(VTD_IQH), (u64)SIZE);
	EXPECT(vtd_command(VTD_QIE, false));
	EXPECT_EQ(vtd_read(VTD_IQH), 0ull);
	ASSERT(vtd_queue_start(page_alloc()));
	vtd_queue_add(wait_low(2), (ulong)&words[0]);
	EXPECT(wait_until(words[0] == 2));
}

/* ------------------------------------------------------------------------ the completion event */

static void begin_event(bool masked)
{
	begin();
	vtd_write32(VTD_IEDATA, EVENT_VECTOR);
	vtd_write32(VTD_IEADDR, MSI_ADDRESS(apic_id()));
	vtd_write32(VTD_IEUADDR, 0);
	vtd_write32(VTD_IECTL, masked ? (u32)VTD_EVENT_MASKED : 0);
	irq_record(0x20, 0xef);
}

TEST(queue_event,
     "a wait descriptor with IF interrupts once, and again when the status was cleared",
     SPEC("VT-d 5.10, 6.5.2.9, 6.5.2.10; 11.4.9.4, 11.4.9.5"))
{
	begin_event(false);
	vtd_queue_add(wait_low(1), (ulong)&words[0]);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 0u, "without IF");
	EXPECT_EQ(vtd_read32(VTD_ICS) & VTD_ICS_IWC, 0ull);
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_IF, 0);
	EXPECT(irq_wait(0, EVENT_VECTOR, 1));
	EXPECT_EQ(vtd_read32(VTD_ICS) & VTD_ICS_IWC, VTD_ICS_IWC);
	SUBTEST("not-while-set");
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_IF, 0);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 1u);
	SUBTEST("again");
	vtd_write32(VTD_ICS, VTD_ICS_IWC);
	EXPECT_EQ(vtd_read32(VTD_ICS) & VTD_ICS_IWC, 0ull);
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_IF, 0);
	EXPECT(irq_wait(0, EVENT_VECTOR, 2));
}

TEST(queue_event_masked,
     "a masked completion event is pending, and interrupts when the mask is cleared",
     SPEC("VT-d 5.10, 6.5.2.10; 11.4.9.5"))
{
	begin_event(true);
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_IF, 0);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 0u);
	EXPECT_EQ(vtd_read32(VTD_IECTL), VTD_EVENT_MASKED | VTD_EVENT_PENDING);
	vtd_write32(VTD_IECTL, 0);
	EXPECT(irq_wait(0, EVENT_VECTOR, 1));
	EXPECT_EQ(vtd_read32(VTD_IECTL), 0u);
	SUBTEST("serviced");
	vtd_write32(VTD_ICS, VTD_ICS_IWC);
	vtd_write32(VTD_IECTL, (u32)VTD_EVENT_MASKED);
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_IF, 0);
	EXPECT(wait_until(vtd_read32(VTD_IECTL) == (VTD_EVENT_MASKED | VTD_EVENT_PENDING)));
	vtd_write32(VTD_ICS, VTD_ICS_IWC);
	EXPECT_EQ(vtd_read32(VTD_IECTL), (u32)VTD_EVENT_MASKED);
	vtd_write32(VTD_IECTL, 0);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 1u);
}

/* -------------------------------------------------------------------------------------- errors */

static const struct {
	const char *name;
	u64 low, high;
} bad[] = {
	{ "type-0", 0, 0 },
	{ "type-15", 15, 0 },
	{ "context-granularity-0", VTD_DESC_CONTEXT, 0 },
	{ "context-reserved-6", VTD_DESC_CONTEXT | VTD_DESC_GLOBAL | BIT(6), 0 },
	{ "context-reserved-50", VTD_DESC_CONTEXT | VTD_DESC_GLOBAL | BIT(50), 0 },
	{ "context-reserved-64", VTD_DESC_CONTEXT | VTD_DESC_GLOBAL, 1 },
	{ "IOTLB-granularity-0", VTD_DESC_IOTLB, 0 },
	{ "IOTLB-reserved-8", VTD_DESC_IOTLB | VTD_DESC_GLOBAL | BIT(8), 0 },
	{ "IOTLB-reserved-32", VTD_DESC_IOTLB | VTD_DESC_GLOBAL | BIT(32), 0 },
	{ "IOTLB-reserved-63", VTD_DESC_IOTLB | VTD_DESC_GLOBAL | BIT(63), 0 },
	{ "IOTLB-reserved-71", VTD_DESC_IOTLB | VTD_DESC_SELECTIVE, BIT(7) },
	{ "IOTLB-reserved-75", VTD_DESC_IOTLB | VTD_DESC_SELECTIVE, BIT(11) },
	{ "IOTLB-address-mask-63", VTD_DESC_IOTLB | VTD_DESC_SELECTIVE, 63 },
	{ "wait-reserved-8", VTD_DESC_WAIT | VTD_DESC_WAIT_SW | BIT(8), 0 },
	{ "wait-reserved-31", VTD_DESC_WAIT | VTD_DESC_WAIT_SW | BIT(31), 0 },
};

static void begin_error(void)
{
	begin();
	vtd_write32(VTD_FEDATA, FAULT_VECTOR);
	vtd_write32(VTD_FEADDR, MSI_ADDRESS(apic_id()));
	vtd_write32(VTD_FECTL, 0);
	irq_record(0x20, 0xef);
}

TEST(queue_error,
     "a descriptor that is none sets IQE, and the queue stops at it until that is cleared",
     SPEC("VT-d 5.10, 6.5.2.11; 11.4.7.1, IQE"))
{
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		SUBTEST("%s", bad[i].name);
		begin_error();
		vtd_queue_add(wait_low(1), (ulong)&words[0]);
		EXPECT(wait_until(words[0] == 1));
		EXPECT_EQ(vtd_read32(VTD_FSTS) & VTD_FSTS_IQE, 0ull);
		vtd_queue_put(bad[i].low, bad[i].high);
		vtd_queue_put(wait_low(2), (ulong)&words[0]);
		vtd_queue_go();
		EXPECT(irq_wait(0, FAULT_VECTOR, 1));
		EXPECT_EQ(vtd_read32(VTD_FSTS) & VTD_FSTS_IQE, VTD_FSTS_IQE);
		EXPECT_EQ(vtd_read(VTD_IQH), (u64)SIZE);
		EXPECT_EQ(words[0], 1u, "what comes after it");
		/* Nothing goes on while IQE is set. */
		vtd_queue_replace_head(wait_low(3), (ulong)&words[1]);
		vtd_queue_go();
		delay_us(1000);
		EXPECT_EQ(words[0], 1u, "what comes after it");
		vtd_write32(VTD_FSTS, VTD_FSTS_IQE);
		EXPECT_EQ(vtd_read32(VTD_FSTS) & VTD_FSTS_IQE, 0ull);
		vtd_queue_go();
		EXPECT(wait_until(words[0] == 2));
		EXPECT_EQ(words[1], 3u);
	}
}

TEST(queue_no_error, "each legal descriptor is executed without error",
     SPEC("VT-d 5.10, 6.5.2.1, 6.5.2.3, 6.5.2.8, 6.5.2.9"))
{
	static const struct {
		const char *name;
		u64 low, high;
	} rows[] = {
		{ "context-global", VTD_DESC_CONTEXT | VTD_DESC_GLOBAL, 0 },
		{ "context-domain", VTD_DESC_CONTEXT | VTD_DESC_DOMAIN | VTD_DESC_DID(0xffff), 0 },
		{ "context-device",
		  VTD_DESC_CONTEXT | VTD_DESC_SELECTIVE | VTD_DESC_DID(1) | VTD_DESC_SID(0xffff) |
			  VTD_DESC_MASK(3),
		  0 },
		{ "IOTLB-global", VTD_DESC_IOTLB | VTD_DESC_GLOBAL, 0 },
		{ "IOTLB-domain", VTD_DESC_IOTLB | VTD_DESC_DOMAIN | VTD_DESC_DID(0xffff), 0 },
		{ "IOTLB-draining", VTD_DESC_IOTLB | VTD_DESC_GLOBAL | BIT(6) | BIT(7), 0 },
		{ "IOTLB-hint", VTD_DESC_IOTLB | VTD_DESC_SELECTIVE | VTD_DESC_DID(1),
		  0x12345000 | BIT(6) },
		{ "interrupt-global", VTD_DESC_INTERRUPT, 0 },
		{ "interrupt-index", VTD_DESC_INTERRUPT | VTD_DESC_INDEX(7), 0 },
		{ "wait-fence", VTD_DESC_WAIT | BIT(6) | VTD_DESC_WAIT_IF, 0 },
	};

	begin_error();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vtd_queue_add(rows[i].low, rows[i].high);
		EXPECT(vtd_queue_wait());
		EXPECT_EQ(vtd_read32(VTD_FSTS) & VTD_FSTS_IQE, 0ull);
		vtd_write32(VTD_ICS, VTD_ICS_IWC);
	}
	irq_window();
	EXPECT_EQ(irq_history_length(0), 0u);
}
