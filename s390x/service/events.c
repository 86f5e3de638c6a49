/* SPDX-License-Identifier: MIT */
/* The event facility of the service-call logical processor: masks, events that are written and read. */
#include <s390x/sclp.h>

#include <mm/page.h>
#include <string.h>
#include <test.h>

SUITE("Service-call events");

#define SCLP_READ_EVENT_DATA 0x00770005
#define SCLP_CONFIGURE_IOA   0x001a0001
#define SCLP_DECONFIGURE_IOA 0x001b0001
#define RC_INVALID_COMMAND   0x01f0
#define RC_UNKNOWN_ADAPTER   0x06f0
#define RC_INVALID_FUNCTION  0x40f0
#define RC_NO_EVENTS	     0x60f0
#define RC_INVALID_SELECTION 0x70f0
#define RC_SYNTAX	     0x73f0
#define RC_INVALID_MASK_SIZE 0x74f0
#define EVENT_ASCII	     26
#define EVENT_UNKNOWN	     0x33
#define EVENT_ACCEPTED	     0x80
#define VARIABLE_LENGTH	     0x80 /* of byte 2 of the control mask */
#define CODES		     "QEMU, include/hw/s390x/sclp.h, response codes"
#define MASK_BIT(type)	     (0x80000000u >> ((type)-1))

static u8 page[PAGE_SIZE] __aligned(PAGE_SIZE);

struct event {
	u16 length;
	u8 type, flags;
	u16 reserved;
} __attribute__((packed));

static struct sccb_header *new_block(u16 length, u8 function)
{
	struct sccb_header *header = (struct sccb_header *)page;

	memset(page, 0, sizeof(page));
	header->length = length;
	header->function = function;
	return header;
}

static u32 get32(const u8 *at)
{
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

/*
 * WRITE EVENT MASK with masks of `size` bytes and nothing to receive but what `receive` has in its first four;
 * the response. What the machine receives and sends is in the last two masks.
 */
static u16 write_mask(u16 size, u32 receive, u32 *machine_receives, u32 *machine_sends)
{
	u8 *masks = page + 12;
	u16 response;

	new_block((u16)(12 + 4 * MIN(size, 32)), 0);
	page[10] = (u8)(size >> 8);
	page[11] = (u8)size;
	for (u32 n = 0; n < 4 && size >= 4 && size <= 32; n++) {
		masks[n] = (u8)(receive >> (24 - 8 * n));
		/* The console goes on. */
		masks[size + n] = (u8)((MASK_BIT(2) | MASK_BIT(EVENT_ASCII)) >> (24 - 8 * n));
	}
	response = sclp_execute(SCLP_WRITE_EVENT_MASK, page);
	*machine_receives = size >= 4 && size <= 32 ? get32(masks + 2 * size) : 0;
	*machine_sends = size >= 4 && size <= 32 ? get32(masks + 3 * size) : 0;
	return response;
}

TEST(event_masks,
     "masks of four and of eight bytes say the same; none, and more than 1021, are refused",
     SPEC(CODES "; Linux, drivers/s390/char/sclp.c, sclp_init_mask()"))
{
	static const u16 refused[] = { 0, 1022, 0xffff };
	u32 receives[2], sends[2], unused;

	SUBTEST("four bytes");
	ASSERT_EQ(write_mask(4, 0, &receives[0], &sends[0]), SCLP_RC_NORMAL_COMPLETION);
	SUBTEST("eight bytes");
	EXPECT_EQ(write_mask(8, 0, &receives[1], &sends[1]), SCLP_RC_NORMAL_COMPLETION);
	EXPECT_EQ(receives[1], receives[0]);
	EXPECT_EQ(sends[1], sends[0]);
	/* A console of whichever kind takes and gives text: messages, operator commands, ASCII. */
	EXPECT_NE(receives[0] & (MASK_BIT(2) | MASK_BIT(EVENT_ASCII)), 0u);
	EXPECT_NE(sends[0] & (MASK_BIT(1) | MASK_BIT(EVENT_ASCII)), 0u);
	for (u32 n = 0; n < ARRAY_SIZE(refused); n++) {
		SUBTEST("%u bytes", refused[n]);
		EXPECT_EQ(write_mask(refused[n], 0, &unused, &unused), RC_INVALID_MASK_SIZE);
	}
}

/* The n-th of events without data that follow the header. */
static struct event *event_at(u32 n)
{
	return (struct event *)(page + 8) + n;
}

static struct event *one_event(u8 type)
{
	new_block(8 + sizeof(struct event), 0);
	*event_at(0) = (struct event){ .length = sizeof(struct event), .type = type };
	return event_at(0);
}

TEST(event_written, "an event that is taken has its flag, one of an unknown type is no function",
     SPEC(CODES "; Linux, drivers/s390/char/sclp_vt220.c, sclp_vt220_callback()"))
{
	u32 receives, sends;
	struct event *event;

	ASSERT_EQ(write_mask(4, 0, &receives, &sends), SCLP_RC_NORMAL_COMPLETION);
	if (!(receives & MASK_BIT(EVENT_ASCII)))
		SKIP("no ASCII console");
	SUBTEST("ASCII, empty");
	event = one_event(EVENT_ASCII);
	EXPECT_EQ(sclp_execute(SCLP_WRITE_EVENT_DATA, page), SCLP_RC_NORMAL_COMPLETION);
	EXPECT_EQ(event->flags & EVENT_ACCEPTED, EVENT_ACCEPTED);
	SUBTEST("unknown type");
	event = one_event(EVENT_UNKNOWN);
	EXPECT_EQ(sclp_execute(SCLP_WRITE_EVENT_DATA, page), RC_INVALID_FUNCTION);
	EXPECT_EQ(event->flags & EVENT_ACCEPTED, 0);
	SUBTEST("two");
	new_block(8 + 2 * sizeof(struct event), 0);
	for (u32 n = 0; n < 2; n++)
		*event_at(n) = (struct event){ .length = sizeof(*event), .type = EVENT_ASCII };
	EXPECT_EQ(sclp_execute(SCLP_WRITE_EVENT_DATA, page), SCLP_RC_NORMAL_COMPLETION);
	EXPECT_EQ(event_at(0)->flags & EVENT_ACCEPTED, EVENT_ACCEPTED);
	EXPECT_EQ(event_at(1)->flags & EVENT_ACCEPTED, EVENT_ACCEPTED);
	SUBTEST("after one that is refused");
	new_block(8 + 2 * sizeof(struct event), 0);
	*event_at(0) = (struct event){ .length = sizeof(*event), .type = EVENT_UNKNOWN };
	*event_at(1) = (struct event){ .length = sizeof(*event),
				       .type = EVENT_ASCII,
				       .flags = EVENT_ACCEPTED };
	EXPECT_EQ(sclp_execute(SCLP_WRITE_EVENT_DATA, page), RC_INVALID_FUNCTION);
	EXPECT_EQ(event_at(1)->flags & EVENT_ACCEPTED, 0);
}

TEST(event_write_wrong, "another function, and events whose lengths are wrong, are refused",
     SPEC(CODES))
{
	static const u16 lengths[] = { 0, 1, 5, 7, 8, 64, 4096 };

	SUBTEST("function 1");
	one_event(EVENT_ASCII);
	((struct sccb_header *)page)->function = 1;
	EXPECT_EQ(sclp_execute(SCLP_WRITE_EVENT_DATA, page), RC_INVALID_FUNCTION);
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		SUBTEST("length %u instead of 6", lengths[n]);
		one_event(EVENT_ASCII)->length = lengths[n];
		EXPECT_EQ(sclp_execute(SCLP_WRITE_EVENT_DATA, page), RC_SYNTAX);
	}
}

TEST(event_read,
     "events are read into a whole page; none, or a mask that is not received, has its response",
     SPEC(CODES "; Linux, drivers/s390/char/sclp.c, sclp_sync_request()"))
{
	static const u16 lengths[] = { 8, 64, 4088 };
	u32 receives, sends;
	struct sccb_header *header;

	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		SUBTEST("length %u", lengths[n]);
		new_block(lengths[n], 0);
		EXPECT_EQ(sclp_execute(SCLP_READ_EVENT_DATA, page), SCLP_RC_INSUFFICIENT_LENGTH);
	}
	/* What the machine could send, none of which there is; an ASCII console that waits is left alone. */
	ASSERT_EQ(write_mask(4, 0, &receives, &sends), SCLP_RC_NORMAL_COMPLETION);
	sends &= ~(MASK_BIT(EVENT_ASCII) | MASK_BIT(1) | MASK_BIT(9));
	ASSERT_EQ(write_mask(4, sends, &receives, &receives), SCLP_RC_NORMAL_COMPLETION);
	SUBTEST("nothing to read");
	header = new_block(PAGE_SIZE, 0);
	header->control[2] = VARIABLE_LENGTH;
	EXPECT_EQ(sclp_execute(SCLP_READ_EVENT_DATA, page), RC_NO_EVENTS);
	EXPECT_EQ(header->control[2] & VARIABLE_LENGTH, 0);
	SUBTEST("function 2");
	new_block(PAGE_SIZE, 2);
	EXPECT_EQ(sclp_execute(SCLP_READ_EVENT_DATA, page), RC_INVALID_FUNCTION);
	SUBTEST("selective read of what is not received");
	new_block(PAGE_SIZE, 1);
	page[8 + EVENT_UNKNOWN / 8 % 4] = 0x01;
	EXPECT_EQ(sclp_execute(SCLP_READ_EVENT_DATA, page), RC_INVALID_SELECTION);
	SUBTEST("selective read without a mask of what is received");
	ASSERT_EQ(write_mask(4, 0, &receives, &sends), SCLP_RC_NORMAL_COMPLETION);
	new_block(PAGE_SIZE, 1);
	EXPECT_EQ(sclp_execute(SCLP_READ_EVENT_DATA, page), RC_INVALID_SELECTION);
}

TEST(adapter_configuration, "an I/O adapter of an unknown type is not configured",
     SPEC(CODES "; Linux, drivers/s390/char/sclp_pci.c"))
{
	static const u32 commands[] = { SCLP_CONFIGURE_IOA, SCLP_DECONFIGURE_IOA };

	for (u32 n = 0; n < 2; n++) {
		SUBTEST("command %#x, unknown type", commands[n]);
		new_block(16, 0);
		page[8] = 0x77;
		if (sclp_execute(commands[n], page) == RC_INVALID_COMMAND) {
			SKIP_ROW("no adapters");
			continue;
		}
		EXPECT_EQ(((struct sccb_header *)page)->response, RC_UNKNOWN_ADAPTER);
		SUBTEST("command %#x, too short", commands[n]);
		new_block(8, 0);
		EXPECT_EQ(sclp_execute(commands[n], page), SCLP_RC_INSUFFICIENT_LENGTH);
	}
}
