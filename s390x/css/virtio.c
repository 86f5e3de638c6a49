/* SPDX-License-Identifier: MIT */
/* The channel commands of virtio devices: revisions, features, status, configuration, queues. */
#include "device.h"

#include <arch/cpu.h>
#include <mm/page.h>
#include <s390x/cr.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/time.h>

SUITE("virtio over channel I/O");

#define EXPECT_ENDED(irb)                                                                  \
	do {                                                                               \
		EXPECT_EQ((irb).scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END); \
		EXPECT_EQ((irb).scsw.subchannel_status, 0);                                \
	} while (0)

#define EXPECT_DONE(ended, residual)                  \
	do {                                          \
		struct irb irb_ = (ended);            \
		EXPECT_ENDED(irb_);                   \
		EXPECT_EQ(irb_.scsw.count, residual); \
	} while (0)

/* Its residual count is virtio_revision_residual's subject. */
#define EXPECT_REVISION(ended)             \
	do {                               \
		struct irb irb_ = (ended); \
		EXPECT_ENDED(irb_);        \
	} while (0)

#define EXPECT_REJECTED(ended) \
	EXPECT_EQ((ended).scsw.device_status &DSTAT_UNIT_CHECK, DSTAT_UNIT_CHECK)

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER	   2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8

static struct ccw1 ccw;

/* Little-endian, in a channel program's buffer. */
static u8 buffer[64] __aligned(8);

static void put32_le(u8 *at, u32 value)
{
	for (u32 n = 0; n < 4; n++)
		at[n] = (u8)(value >> 8 * n);
}

static u32 get32_le(const u8 *at)
{
	return at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
}

static u32 features(u32 schid, u8 index)
{
	memset(buffer, 0, sizeof(buffer));
	buffer[4] = index;
	EXPECT_DONE(device_command(schid, CMD_READ_FEAT, buffer, 5), 0);
	return get32_le(buffer);
}

static u8 device_status(u32 schid)
{
	buffer[0] = 0xee;
	EXPECT_DONE(device_command(schid, CMD_READ_STATUS, buffer, 1), 0);
	return buffer[0];
}

static void set_device_status(u32 schid, u8 status)
{
	buffer[0] = status;
	EXPECT_DONE(device_command(schid, CMD_WRITE_STATUS, buffer, 1), 0);
}

TEST(virtio_revision, "a revision is set once after a reset, and one that is too high is rejected",
     SPEC("virtio 1.2, 4.3.2.1, Setting the Virtio Revision"))
{
	u32 schid = device_start(0);

	SUBTEST("revision 1");
	EXPECT_REVISION(device_revision(schid, 1));
	SUBTEST("again");
	memset(buffer, 0, 4);
	buffer[1] = 1;
	EXPECT_REJECTED(device_command(schid, CMD_SET_REVISION, buffer, 4));
	SUBTEST("revision 0x7fff");
	EXPECT_REJECTED(device_revision(schid, 0x7fff));
	SUBTEST("revision 1 after that");
	memset(buffer, 0, 4);
	buffer[1] = 1;
	EXPECT_REVISION(device_command(schid, CMD_SET_REVISION, buffer, 4));
	SUBTEST("a count below 4");
	EXPECT_REJECTED(device_revision(schid, 0x7fff)); /* there is none after this */
	EXPECT_EQ(device_command(schid, CMD_SET_REVISION, buffer, 3).scsw.device_status &
			  DSTAT_DEVICE_END,
		  0);
	SUBTEST("a count above 4 and the length that is given");
	ccw = (struct ccw1){ CMD_SET_REVISION, 0, 8, (u32)(ulong)buffer };
	EXPECT_NE(device_execute(schid, &ccw).scsw.subchannel_status, 0);
	SUBTEST("revision 1 after that, too");
	memset(buffer, 0, 4);
	buffer[1] = 1;
	EXPECT_REVISION(device_command(schid, CMD_SET_REVISION, buffer, 4));
	device_end(schid);
}

TEST(virtio_residual, "what a command does not transfer is the residual count",
     SPEC("PoP SA22-7832-13, chapter 16, Count; virtio 1.2, 4.3.3.1"))
{
	u32 schid = device_start(0);

	device_revision(schid, 1);
	memset(buffer, 0, sizeof(buffer));
	SUBTEST("features");
	EXPECT_DONE(device_command(schid, CMD_READ_FEAT, buffer, 5 + 3), 3);
	SUBTEST("status");
	EXPECT_DONE(device_command(schid, CMD_READ_STATUS, buffer, 1 + 4), 4);
	SUBTEST("queue");
	memset(buffer, 0, sizeof(buffer));
	EXPECT_DONE(device_command(schid, CMD_READ_VQ_CONF, buffer, 4 + 5), 5);
	device_end(schid);
}

TEST(virtio_revision_residual,
     "a revision that is set transfers all of its bytes: the residual count is 0, whatever it was before",
     SPEC("PoP SA22-7832-13, chapter 16, Count; virtio 1.2, 4.3.2.1"))
{
	u32 schid = device_start(0);

	device_revision(schid, 1);
	EXPECT_DONE(device_command(schid, CMD_READ_STATUS, buffer, 1 + 4), 4);
	EXPECT_DONE(device_revision(schid, 1), 0);
	device_end(schid);
}

TEST(virtio_features, "VERSION_1 is a feature of revision 1, and no others than are offered",
     SPEC("virtio 1.2, 4.3.3.1.3, Reading and Writing Features; 6"))
{
	u32 schid = device_start(0);

	SUBTEST("legacy");
	device_revision(schid, 0);
	EXPECT_EQ(features(schid, 1), 0u);
	SUBTEST("revision 1");
	device_revision(schid, 1);
	EXPECT_EQ(features(schid, 1) & 1, 1u);
	/* NOTIFY_ON_EMPTY, ANY_LAYOUT and bit 30 are of the legacy interface. */
	EXPECT_EQ(features(schid, 0) & (BIT(24) | BIT(27) | BIT(30)), 0u);
	EXPECT_EQ(features(schid, 2), 0u);
	EXPECT_EQ(features(schid, 255), 0u);
	device_end(schid);
}

TEST(virtio_status, "the device's status is what was written, and zero after a reset",
     SPEC("virtio 1.2, 4.3.3.1.2, Device Status; 2.1"))
{
	static const u8 values[] = { STATUS_ACKNOWLEDGE, STATUS_ACKNOWLEDGE | STATUS_DRIVER };
	u32 schid = device_start(0);

	EXPECT_REVISION(device_revision(schid, 2));
	EXPECT_EQ(device_status(schid), 0);
	for (u32 n = 0; n < ARRAY_SIZE(values); n++) {
		SUBTEST("status %#x", values[n]);
		set_device_status(schid, values[n]);
		EXPECT_EQ(device_status(schid), values[n]);
	}
	SUBTEST("reset by command");
	EXPECT_EQ(device_command(schid, CMD_VDEV_RESET, buffer, 0).scsw.device_status,
		  DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	EXPECT_EQ(device_status(schid), 0);
	SUBTEST("reset by status 0");
	set_device_status(schid, STATUS_ACKNOWLEDGE);
	set_device_status(schid, 0);
	EXPECT_EQ(device_status(schid), 0);
	device_end(schid);
}

TEST(virtio_configuration,
     "the balloon's configuration has a target that the host writes, and one of ours",
     SPEC("virtio 1.2, 4.3.3.1.1, Device Configuration; 5.5.4"))
{
	u32 schid = device_start_number(DEVICE_BALLOON, 0, 3);

	device_revision(schid, 1);
	memset(buffer, 0xee, sizeof(buffer));
	EXPECT_EQ(device_command(schid, CMD_READ_CONF, buffer, 8).scsw.device_status,
		  DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	EXPECT_EQ(get32_le(buffer), 0u);
	EXPECT_EQ(get32_le(buffer + 4), 0u);
	EXPECT_EQ(buffer[8], 0xee);
	put32_le(buffer + 4, 0x1234);
	EXPECT_EQ(device_command(schid, CMD_WRITE_CONF, buffer, 8).scsw.device_status,
		  DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	memset(buffer, 0xee, sizeof(buffer));
	EXPECT_EQ(device_command(schid, CMD_READ_CONF, buffer, 8).scsw.device_status,
		  DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	EXPECT_EQ(get32_le(buffer + 4), 0x1234u);
	put32_le(buffer + 4, 0);
	device_command(schid, CMD_WRITE_CONF, buffer, 8);
	device_end(schid);
}

static u16 queue_size(u32 schid, u16 index)
{
	memset(buffer, 0, sizeof(buffer));
	buffer[0] = (u8)(index >> 8);
	buffer[1] = (u8)index;
	EXPECT_DONE(device_command(schid, CMD_READ_VQ_CONF, buffer, 4), 0);
	return (u16)(buffer[2] << 8 | buffer[3]);
}

TEST(virtio_queue_sizes, "a queue that exists has a size that is a power of two, others have none",
     SPEC("virtio 1.2, 4.3.2.2, Configuring a Virtqueue"))
{
	u32 schid = device_start(0);
	u16 size;

	device_revision(schid, 1);
	size = queue_size(schid, 0);
	EXPECT_NE(size, 0);
	EXPECT_EQ(size & (size - 1), 0);
	EXPECT_EQ(queue_size(schid, 1), 0);
	EXPECT_EQ(queue_size(schid, 63), 0);
	device_end(schid);
}

/* ------------------------------------------------------------------------------------ a whole request */

#define QUEUE_SIZE 8

struct queue {
	struct {
		u8 address[8], length[4], flags[2], next[2];
	} descriptors[QUEUE_SIZE];
	u8 available[8 + 2 * QUEUE_SIZE];
	u8 padding[128];
	u8 used[8 + 8 * QUEUE_SIZE];
} __aligned(16);

static void put16_le(volatile u8 *at, u32 value)
{
	at[0] = (u8)value;
	at[1] = (u8)(value >> 8);
}

static void put64(u8 *at, u64 value)
{
	for (u32 n = 0; n < 8; n++)
		at[n] = (u8)(value >> (56 - 8 * n));
}

static void notify(u32 schid, u32 queue)
{
	register ulong r1 __asm__("1") = 3; /* virtio-ccw notification */
	register ulong r2 __asm__("2") = schid;
	register ulong r3 __asm__("3") = queue;
	register ulong r4 __asm__("4") = 0;

	__asm__ volatile("diag %%r2,%%r4,0x500" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4) : "memory");
}

static struct queue q;
static u8 block[32] __aligned(8), random[64];

/* The entropy source up to where its queue is known, but not what it interrupts by. */
static u32 start_queue(void)
{
	u32 schid = device_start(0);

	memset(&q, 0, sizeof(q));
	memset(random, 0, sizeof(random));
	device_revision(schid, 1);
	set_device_status(schid, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	memset(buffer, 0, sizeof(buffer));
	buffer[4] = 1;
	buffer[0] = 1; /* VERSION_1 */
	EXPECT_DONE(device_command(schid, CMD_WRITE_FEAT, buffer, 5), 0);
	set_device_status(schid, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	EXPECT_EQ(device_status(schid) & STATUS_FEATURES_OK, STATUS_FEATURES_OK);
	put64(block, (ulong)q.descriptors);
	block[14] = 0;
	block[15] = QUEUE_SIZE;
	put64(block + 16, (ulong)q.available);
	put64(block + 24, (ulong)q.used);
	EXPECT_DONE(device_command(schid, CMD_SET_VQ, block, 32), 0);
	return schid;
}

/* Has it fill a buffer. */
static void request(u32 schid)
{
	set_device_status(schid, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK |
					 STATUS_DRIVER_OK);
	for (u32 n = 0; n < 8; n++)
		q.descriptors[0].address[n] = (u8)((ulong)random >> 8 * n);
	q.descriptors[0].length[0] = 32;
	q.descriptors[0].flags[0] = 2; /* the device writes */
	put16_le(q.available + 4, 0);
	put16_le(q.available + 2, 1);
	notify(schid, 0);
	ASSERT(wait_until(READ_ONCE(q.used[2])));
	ASSERT_EQ(READ_ONCE(q.used[2]), 1);
}

TEST(virtio_request, "the entropy source fills a buffer, sets the indicator and interrupts",
     SPEC("virtio 1.2, 4.3.2, Virtqueue Configuration; 4.3.3.3, Guest->Host Notification; 5.4"))
{
	static u64 indicators __aligned(8);
	u32 schid = start_queue();
	struct irb irb;
	bool any = false;

	indicators = 0;
	put64(buffer, (ulong)&indicators);
	EXPECT_DONE(device_command(schid, CMD_SET_IND, buffer, 8), 0);
	request(schid);
	EXPECT_EQ(q.used[4], 0);
	EXPECT_GE(q.used[8], 1);
	EXPECT_LE(q.used[8], 32);
	for (u32 n = 0; n < 32; n++)
		any |= random[n] != 0;
	EXPECT(any);
	EXPECT_EQ(random[32], 0);
	EXPECT(wait_until(READ_ONCE(indicators)));
	EXPECT_EQ(READ_ONCE(indicators), 1u); /* queue 0 */
	ASSERT(wait_until(test_subchannel(schid, &irb) == 0));
	EXPECT_EQ(irb.scsw.control & (SCSW_ALERT | SCSW_PENDING), SCSW_ALERT | SCSW_PENDING);
	set_device_status(schid, 0);
	device_end(schid);
}

/* ------------------------------------------------------------------------- adapter interruptions */

static u8 indicator_area[32] __aligned(8), summary[8] __aligned(8);
static struct io_code adapter_code;
static u32 adapter_taken;

static void record_adapter(struct trap_frame *frame)
{
	adapter_code = (struct io_code){ frame->info.subsystem_id, frame->info.io_parameter,
					 frame->info.io_word };
	adapter_taken++;
}

static bool window_took(u32 isc)
{
	trap_set_handler(TRAP_IO, record_adapter);
	write_cr(6, CR6_ISC(isc));
	arch_irq_restore(2);
	arch_irq_save();
	write_cr(6, 0);
	trap_set_handler(TRAP_IO, NULL);
	return adapter_taken != 0;
}

/* Two-stage indicators at this bit, with this subclass. */
static struct irb set_adapter_indicators(u32 schid, u32 bit, u8 isc)
{
	memset(indicator_area, 0, sizeof(indicator_area));
	memset(summary, 0, sizeof(summary));
	put64(buffer, (ulong)summary);
	put64(buffer + 8, (ulong)indicator_area);
	put64(buffer + 16, bit);
	buffer[24] = isc;
	return device_command(schid, CMD_SET_IND_ADAPTER, buffer, 25);
}

TEST(virtio_adapter_interruption,
     "with adapter indicators, the bit of the queue and the summary are set, and an adapter interrupts",
     SPEC("virtio 1.2, 4.3.2.6.3, Setting Up Two-Stage Queue Indicators; 4.3.3.2.2"))
{
	static const struct {
		u8 bit, isc;
	} rows[] = { { 0, 0 }, { 5, 4 }, { 63, 7 }, { 77, 2 } };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		u32 schid;

		SUBTEST("bit %u, ISC %u", rows[n].bit, rows[n].isc);
		schid = start_queue();
		EXPECT_DONE(set_adapter_indicators(schid, rows[n].bit, rows[n].isc), 0);
		request(schid);
		EXPECT(wait_until(READ_ONCE(indicator_area[rows[n].bit / 8])));
		EXPECT_EQ(indicator_area[rows[n].bit / 8], 0x80 >> rows[n].bit % 8);
		adapter_taken = 0;
		EXPECT(wait_until(window_took(rows[n].isc)));
		EXPECT_NE(summary[0], 0);
		EXPECT_EQ(adapter_code.word & 0xb8000000, 0x80000000 | IO_WORD_ISC(rows[n].isc));
		EXPECT_EQ(adapter_code.parameter, 0u);
		set_device_status(schid, 0);
		device_end(schid);
		device_forget_interruptions();
	}
}

TEST(virtio_indicator_kinds, "indicators of one kind exclude those of the other until a reset",
     SPEC("virtio 1.2, 4.3.2.6.1, Setting Up Classic Queue Indicators; 4.3.2.6.3"))
{
	static u64 indicators __aligned(8);
	u32 schid = start_queue();

	SUBTEST("adapter indicators after classic ones");
	put64(buffer, (ulong)&indicators);
	EXPECT_DONE(device_command(schid, CMD_SET_IND, buffer, 8), 0);
	EXPECT_REJECTED(set_adapter_indicators(schid, 3, 3));
	SUBTEST("after status 0");
	set_device_status(schid, 0);
	EXPECT_DONE(set_adapter_indicators(schid, 3, 3), 0);
	SUBTEST("classic indicators after adapter ones");
	put64(buffer, (ulong)&indicators);
	EXPECT_REJECTED(device_command(schid, CMD_SET_IND, buffer, 8));
	SUBTEST("after a reset");
	device_command(schid, CMD_VDEV_RESET, buffer, 0);
	put64(buffer, (ulong)&indicators);
	EXPECT_DONE(device_command(schid, CMD_SET_IND, buffer, 8), 0);
	device_command(schid, CMD_VDEV_RESET, buffer, 0);
	device_end(schid);
}
