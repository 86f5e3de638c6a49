/* SPDX-License-Identifier: MIT */
/* The entropy device behind virtio-mmio: initialisation, features, the queue, the interrupt, reset. */
#include <test.h>

#include <arm/gic.h>
#include <mm/page.h>
#include <string.h>
#include <sys/time.h>

#include "mmio.h"

SUITE("virtio-mmio", REQUIRES(virtio_rng() != 0));

#define READY (STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK)

/* What a legacy device knows of the status. */
static u32 ready(void)
{
	return virtio_is_legacy() ? STATUS_ACKNOWLEDGE | STATUS_DRIVER : READY;
}

static void start(void)
{
	virtio_write(MMIO_STATUS, ready() | STATUS_DRIVER_OK);
}

/* A buffer for the device to write. */
static void describe(struct virtio_queue *q, u32 n, const void *buffer, u32 length, s32 next)
{
	q->desc[n] = (struct virtio_desc){
		.address = (ulong)buffer,
		.length = length,
		.flags = (u16)(DESC_WRITE | (next >= 0 ? DESC_NEXT : 0)),
		.next = (u16)(next >= 0 ? next : 0),
	};
}

static bool is_all(const u8 *buffer, u32 length, u8 value)
{
	for (u32 i = 0; i < length; i++)
		if (buffer[i] != value)
			return false;
	return true;
}

TEST(virtio_identification, "the magic value, a known version, the device's number, and a vendor",
     SPEC("virtio 1.2, 4.2.2, MMIO Device Register Layout"))
{
	EXPECT_EQ(virtio_read(MMIO_MAGIC), VIRTIO_MAGIC);
	EXPECT(virtio_read(MMIO_VERSION) == 1 || virtio_read(MMIO_VERSION) == 2);
	EXPECT_EQ(virtio_read(MMIO_DEVICE_ID), VIRTIO_RNG);
	EXPECT_NE(virtio_read(MMIO_VENDOR_ID), 0);
}

TEST(virtio_read_only, "writes to what is read-only change nothing",
     SPEC("virtio 1.2, 4.2.2, MMIO Device Register Layout"))
{
	static const u32 offsets[] = { MMIO_MAGIC, MMIO_VERSION, MMIO_DEVICE_ID, MMIO_VENDOR_ID };

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 before = virtio_read(offsets[i]);

		SUBTEST("offset-%#x", offsets[i]);
		virtio_write(offsets[i], ~before);
		EXPECT_EQ(virtio_read(offsets[i]), before);
	}
}

TEST(virtio_status, "the status has the bits that the driver has set, and none after a reset",
     SPEC("virtio 1.2, 2.1, Device Status Field; 3.1.1"))
{
	EXPECT(virtio_begin());
	EXPECT_EQ(virtio_read(MMIO_STATUS), ready());
	virtio_queue();
	start();
	EXPECT_EQ(virtio_read(MMIO_STATUS), ready() | STATUS_DRIVER_OK);
	virtio_write(MMIO_STATUS, 0);
	EXPECT_EQ(virtio_read(MMIO_STATUS), 0);
}

TEST(virtio_features,
     "VERSION_1 is offered by a device of version 2, and none beyond the second word",
     SPEC("virtio 1.2, 6, Reserved Feature Bits; 4.2.2, DeviceFeaturesSel"),
	  REQUIRES(!virtio_is_legacy()))
{
	virtio_write(MMIO_STATUS, 0);
	virtio_write(MMIO_FEATURES_SEL, 1);
	EXPECT_EQ(virtio_read(MMIO_FEATURES) & 1, 1);
	virtio_write(MMIO_FEATURES_SEL, 5);
	EXPECT_EQ(virtio_read(MMIO_FEATURES), 0);
	virtio_write(MMIO_FEATURES_SEL, 0);
	EXPECT(virtio_begin());
}

TEST(virtio_features_refused,
     "a feature that was not offered is refused: FEATURES_OK does not stay",
     SPEC("virtio 1.2, 3.1.1, step 6; 2.2"), REQUIRES(!virtio_is_legacy()))
{
	u32 offered;

	virtio_write(MMIO_STATUS, 0);
	virtio_write(MMIO_FEATURES_SEL, 0);
	offered = virtio_read(MMIO_FEATURES);
	virtio_write(MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	virtio_write(MMIO_DRIVER_SEL, 0);
	virtio_write(MMIO_DRIVER_FEATURES, ~offered & BITS(23, 0));
	virtio_write(MMIO_DRIVER_SEL, 1);
	virtio_write(MMIO_DRIVER_FEATURES, 1);
	virtio_write(MMIO_STATUS, READY);
	EXPECT_EQ(virtio_read(MMIO_STATUS) & STATUS_FEATURES_OK, 0);
	virtio_write(MMIO_STATUS, 0);
}

TEST(virtio_queues, "queue 0 has room for entries; a queue that does not exist has none",
     SPEC("virtio 1.2, 4.2.2, QueueNumMax"))
{
	EXPECT(virtio_begin());
	SUBTEST("queue-0");
	virtio_write(MMIO_QUEUE_SEL, 0);
	EXPECT_GE(virtio_read(MMIO_QUEUE_MAX), QUEUE_SIZE);
	SUBTEST("queue-1");
	virtio_write(MMIO_QUEUE_SEL, 1);
	EXPECT_EQ(virtio_read(MMIO_QUEUE_MAX), 0);
	SUBTEST("queue-1000");
	virtio_write(MMIO_QUEUE_SEL, 1000);
	EXPECT_EQ(virtio_read(MMIO_QUEUE_MAX), 0);
}

TEST(virtio_queue_ready, "QueueReady, or QueuePFN, is what was written, and zero after a reset",
     SPEC("virtio 1.2, 4.2.2, QueueReady; 4.2.4, QueuePFN"))
{
	u32 offset = virtio_is_legacy() ? MMIO_QUEUE_PFN : MMIO_QUEUE_READY;

	EXPECT(virtio_begin());
	virtio_write(MMIO_QUEUE_SEL, 0);
	EXPECT_EQ(virtio_read(offset), 0);
	virtio_queue();
	EXPECT_NE(virtio_read(offset), 0);
	virtio_write(MMIO_STATUS, 0);
	virtio_write(MMIO_QUEUE_SEL, 0);
	EXPECT_EQ(virtio_read(offset), 0);
}

TEST(virtio_request, "the device writes the buffer, no more than it, and says how much",
     SPEC("virtio 1.2, 2.7, Split Virtqueues; 5.4, Entropy Device"))
{
	static const u32 sizes[] = { 1, 7, 64, 500 };
	u8 *buffer = page_alloc();
	struct virtio_queue q;

	EXPECT(virtio_begin());
	q = virtio_queue();
	start();
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		SUBTEST("%u-bytes", sizes[i]);
		memset(buffer, 0, PAGE_SIZE);
		describe(&q, i, buffer + 1000, sizes[i], -1);
		virtio_submit(&q, i);
		ASSERT(virtio_wait(&q));
		EXPECT_EQ(q.used->ring[i].id, i);
		EXPECT_GE(q.used->ring[i].length, 1);
		EXPECT_LE(q.used->ring[i].length, sizes[i]);
		EXPECT(is_all(buffer, 1000, 0));
		EXPECT(is_all(buffer + 1000 + q.used->ring[i].length,
			      PAGE_SIZE - 1000 - q.used->ring[i].length, 0));
		if (q.used->ring[i].length >= 16)
			EXPECT(!is_all(buffer + 1000, 16, 0));
	}
	virtio_write(MMIO_STATUS, 0);
}

TEST(virtio_chain, "a chain of buffers is one entry of the used ring, by its first descriptor",
     SPEC("virtio 1.2, 2.7.5, 2.7.8"))
{
	u8 *buffer = page_alloc();
	struct virtio_queue q;

	EXPECT(virtio_begin());
	q = virtio_queue();
	start();
	describe(&q, 5, buffer, 16, 2);
	describe(&q, 2, buffer + 1024, 16, 7);
	describe(&q, 7, buffer + 2048, 16, -1);
	virtio_submit(&q, 5);
	ASSERT(virtio_wait(&q));
	EXPECT_EQ(q.used->index, 1);
	EXPECT_EQ(q.used->ring[0].id, 5);
	EXPECT_GE(q.used->ring[0].length, 1);
	EXPECT_LE(q.used->ring[0].length, 48);
	EXPECT(is_all(buffer + 16, 1008, 0));
	EXPECT(is_all(buffer + 1040, 1008, 0));
	virtio_write(MMIO_STATUS, 0);
}

TEST(virtio_ring_wraps, "the rings go on at their start after their end, and the indexes beyond",
     SPEC("virtio 1.2, 2.7.6, 2.7.8"))
{
	u8 *buffer = page_alloc();
	struct virtio_queue q;

	EXPECT(virtio_begin());
	q = virtio_queue();
	start();
	for (u32 i = 0; i < 5 * QUEUE_SIZE + 3; i++) {
		describe(&q, i % QUEUE_SIZE, buffer + 8 * (i % QUEUE_SIZE), 8, -1);
		virtio_submit(&q, i % QUEUE_SIZE);
		ASSERT(virtio_wait(&q));
		EXPECT_EQ(q.used->index, i + 1);
		EXPECT_EQ(q.used->ring[i % QUEUE_SIZE].id, i % QUEUE_SIZE);
	}
	virtio_write(MMIO_STATUS, 0);
}

TEST(virtio_many_at_once, "several entries made available with one notification are all used",
     SPEC("virtio 1.2, 2.7.13"))
{
	u8 *buffer = page_alloc();
	struct virtio_queue q;
	u32 seen = 0;

	EXPECT(virtio_begin());
	q = virtio_queue();
	start();
	for (u32 i = 0; i < QUEUE_SIZE; i++) {
		describe(&q, i, buffer + 64 * i, 64, -1);
		q.avail->ring[i] = (u16)i;
	}
	q.avail->index = QUEUE_SIZE;
	virtio_notify();
	ASSERT(virtio_wait(&q));
	for (u32 i = 0; i < QUEUE_SIZE; i++)
		seen |= 1u << q.used->ring[i].id;
	EXPECT_EQ(seen, BITS(QUEUE_SIZE - 1, 0));
	virtio_write(MMIO_STATUS, 0);
}

TEST(virtio_not_before_driver_ok, "the device uses no buffer before DRIVER_OK",
     SPEC("virtio 1.2, 2.1.2, 3.1.1: the device MUST NOT consume buffers before DRIVER_OK"),
	  REQUIRES(!virtio_is_legacy()))
{
	u8 *buffer = page_alloc();
	struct virtio_queue q;

	EXPECT(virtio_begin());
	q = virtio_queue();
	describe(&q, 0, buffer, 64, -1);
	virtio_submit(&q, 0);
	delay_us(20000);
	EXPECT_EQ(READ_ONCE(q.used->index), 0);
	EXPECT(is_all(buffer, 64, 0));
	start();
	virtio_notify();
	EXPECT(virtio_wait(&q));
	virtio_write(MMIO_STATUS, 0);
}

TEST(virtio_interrupt,
     "a used buffer is an interrupt, whose reason InterruptStatus has until it is acknowledged",
     SPEC("virtio 1.2, 4.2.2, InterruptStatus, InterruptACK; 2.7.7"), REQUIRES(virtio_rng_intid()))
{
	u32 intid = virtio_rng_intid();
	u8 *buffer = page_alloc();
	struct virtio_queue q;

	EXPECT(virtio_begin());
	q = virtio_queue();
	start();
	SUBTEST("none");
	EXPECT_EQ(virtio_read(MMIO_INT_STATUS), 0);
	EXPECT(!gic_is_pending(intid));
	SUBTEST("used-buffer");
	describe(&q, 0, buffer, 64, -1);
	virtio_submit(&q, 0);
	ASSERT(virtio_wait(&q));
	EXPECT(wait_until(gic_is_pending(intid)));
	EXPECT_EQ(virtio_read(MMIO_INT_STATUS), 1);
	SUBTEST("other-bit-acknowledged");
	virtio_write(MMIO_INT_ACK, 2);
	EXPECT_EQ(virtio_read(MMIO_INT_STATUS), 1);
	EXPECT(gic_is_pending(intid));
	SUBTEST("acknowledged");
	virtio_write(MMIO_INT_ACK, 1);
	EXPECT_EQ(virtio_read(MMIO_INT_STATUS), 0);
	EXPECT(!gic_is_pending(intid));
	virtio_write(MMIO_STATUS, 0);
}

TEST(virtio_reset,
     "a reset takes the interrupt and the queue back, and the device can be set up again",
     SPEC("virtio 1.2, 2.4, Device Reset; 4.2.3.1"), REQUIRES(virtio_rng_intid()))
{
	u8 *buffer = page_alloc();

	for (u32 i = 0; i < 3; i++) {
		struct virtio_queue q;

		SUBTEST("round-%u", i);
		EXPECT(virtio_begin());
		q = virtio_queue();
		start();
		describe(&q, 0, buffer, 64, -1);
		virtio_submit(&q, 0);
		ASSERT(virtio_wait(&q));
		virtio_write(MMIO_STATUS, 0);
		EXPECT_EQ(virtio_read(MMIO_INT_STATUS), 0);
		EXPECT(!gic_is_pending(virtio_rng_intid()));
		EXPECT_EQ(virtio_read(MMIO_STATUS), 0);
	}
}
