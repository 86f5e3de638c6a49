/* SPDX-License-Identifier: MIT */
/*
 * The SCLP's two consoles. The ASCII console takes bytes as they are. The line-mode console of the
 * hardware management console takes EBCDIC, a line an object; where a machine has both, ASCII is used.
 */
#include <s390x/sclp.h>

#include <arch/machine.h>
#include <s390x/ebcdic.h>
#include <string.h>

#define EVENT_MESSAGE 0x02
#define EVENT_ASCII   0x1a

/* A bit of a 32-bit event mask. */
#define EVENT_MASK(type) (1u << (32 - (type)))

#define LINE_SIZE 256 /* longer ones are cut into several */

struct event_mask {
	struct sccb_header header;
	u16 reserved;
	u16 length;
	u32 program_receives, program_sends;
	u32 sclp_receives, sclp_sends;
};

struct event_header {
	u16 length;
	u8 type;
	u8 flags;
	u16 reserved;
};

struct ascii_event {
	struct sccb_header header;
	struct event_header event;
	char text[];
};

/* A message with one line: message data block, general object left out, message text object. */
struct line_event {
	struct sccb_header header;
	struct event_header event;
	u16 mdb_length;
	u16 mdb_type; /* 1 */
	u8 mdb_tag[4];
	u32 mdb_revision;
	u16 text_length;
	u16 text_type; /* 4 */
	u16 line_type;
	u8 alarm;
	u8 reserved[3];
	u8 text[LINE_SIZE];
} __packed;

#define MDB_TYPE 1
#define MDB_TAG                        \
	{                              \
		0xd4, 0xc4, 0xc2, 0x40 \
	} /* "MDB " */
#define MDB_REVISION  1
#define TEXT_TYPE     4
#define LINE_TYPE_END 0x1000 /* end of text */

static enum { NONE, ASCII, LINES } console;

void sclp_console_init(void)
{
	struct event_mask *mask = sclp_block(sizeof(*mask));

	mask->length = sizeof(u32);
	mask->program_sends = EVENT_MASK(EVENT_MESSAGE) | EVENT_MASK(EVENT_ASCII);
	if (sclp_execute(SCLP_WRITE_EVENT_MASK, mask) != SCLP_RC_NORMAL_COMPLETION)
		return;
	if (mask->sclp_receives & EVENT_MASK(EVENT_ASCII))
		console = ASCII;
	else if (mask->sclp_receives & EVENT_MASK(EVENT_MESSAGE))
		console = LINES;
}

static void write_ascii(const char *text, size_t size)
{
	const size_t most = 4096 - sizeof(struct ascii_event);

	while (size) {
		size_t part = MIN(size, most);
		struct ascii_event *sccb = sclp_block((u16)(sizeof(*sccb) + part));

		sccb->event.length = (u16)(sizeof(sccb->event) + part);
		sccb->event.type = EVENT_ASCII;
		memcpy(sccb->text, text, part);
		sclp_execute(SCLP_WRITE_EVENT_DATA, sccb);
		text += part;
		size -= part;
	}
}

static void write_line(const char *text, size_t size)
{
	const u16 head = offsetof(struct line_event, text);
	struct line_event *sccb = sclp_block((u16)(head + size));

	sccb->event.type = EVENT_MESSAGE;
	sccb->event.length = (u16)(head + size - offsetof(struct line_event, event));
	sccb->mdb_length = (u16)(head + size - offsetof(struct line_event, mdb_length));
	sccb->mdb_type = MDB_TYPE;
	memcpy(sccb->mdb_tag, (const u8[])MDB_TAG, sizeof(sccb->mdb_tag));
	sccb->mdb_revision = MDB_REVISION;
	sccb->text_length = (u16)(head + size - offsetof(struct line_event, text_length));
	sccb->text_type = TEXT_TYPE;
	sccb->line_type = LINE_TYPE_END;
	for (size_t i = 0; i < size; i++)
		sccb->text[i] = ascii_to_ebcdic(text[i]);
	sclp_execute(SCLP_WRITE_EVENT_DATA, sccb);
}

static void write_lines(const char *text, size_t size)
{
	while (size) {
		size_t length = 0;

		while (length < size && length < LINE_SIZE && text[length] != '\n')
			length++;
		write_line(text, length);
		if (length < size && text[length] == '\n')
			length++;
		text += length;
		size -= length;
	}
}

void machine_console_write(const char *text, size_t size)
{
	if (console == ASCII)
		write_ascii(text, size);
	else if (console == LINES)
		write_lines(text, size);
}

void sclp_console_end(void)
{
	if (console == LINES)
		write_line("", 0);
}
