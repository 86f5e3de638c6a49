/* SPDX-License-Identifier: MIT */
/*
 * CHANNEL SUBSYSTEM CALL, which the PoP does not describe: requests and response codes as Linux's driver has
 * them, what is wrong with a block as two implementations agree about it (QEMU, Hercules).
 */
#include "device.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/execute.h>
#include <string.h>

SUITE("Channel-subsystem call");

#define LINUX "Linux, drivers/s390/cio/chsc.c, "

#define CHSC_PATH_DESCRIPTION  0x0002
#define CHSC_EVENT_INFORMATION 0x000e
#define CHSC_CHARACTERISTICS   0x0010
#define CHSC_DOMAIN_ATTRIBUTES 0x0031

/* Response codes. */
#define RC_DONE		   1
#define RC_INVALID_REQUEST 3
#define RC_NOT_PROVIDED	   4
#define RC_INVALID_FORMAT  7

static struct {
	u16 length, command;
	u32 words[(PAGE_SIZE - 4) / 4];
} block __aligned(PAGE_SIZE);

struct response {
	u16 length, code;
	u32 reserved;
	u8 data[];
};

/* Executes a request of this length and three words; the response stands after it. */
static const struct response *call(u16 length, u16 command, u32 word, u32 word_1, u32 word_2)
{
	const struct response *response = (const void *)((u8 *)&block + length);

	memset(&block, 0, sizeof(block));
	memset((u8 *)&block + length, 0xee, PAGE_SIZE - length);
	block.length = length;
	block.command = command;
	block.words[0] = word;
	block.words[1] = word_1;
	block.words[2] = word_2;
	if (channel_subsystem_call(0, &block) == 3)
		SKIP("no channel-subsystem call");
	return response;
}

TEST(chsc_block, "a block off a page, or of a length that is none, is refused",
     SPEC(LINUX "chsc_header; QEMU, target/s390x/ioinst.c; Hercules, chsc.c"))
{
	static const u16 lengths[] = { 0, 1, 8, 15, 17, 20, 28, 4089, 4092, 4096, 0xffff };
	u32 cc = 9;

	call(16, CHSC_CHARACTERISTICS, 0, 0, 0);
	for (u32 off = 1; off < PAGE_SIZE; off <<= 1) {
		SUBTEST("off by %u", off);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
			     channel_subsystem_call_try(0, (u8 *)&block + off, &cc));
	}
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		SUBTEST("length %u", lengths[n]);
		block.length = lengths[n];
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), channel_subsystem_call_try(0, &block, &cc));
	}
}

TEST(chsc_privileged, "in problem state the call is a privileged-operation exception",
     SPEC("PoP SA22-7832-13, chapter 6, Privileged-Operation Exception"))
{
	static const u8 code[4] = { 0xb2, 0x5f, 0x00, 0x50 };
	struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };

	call(16, CHSC_CHARACTERISTICS, 0, 0, 0);
	e.gpr[5] = (ulong)&block;
	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), execute(code, 4, &e));
}

TEST(chsc_access, "a block that is absent or protected is an access exception",
     SPEC("PoP SA22-7832-13, chapter 6, Access Exceptions"))
{
	static u8 page[PAGE_SIZE] __aligned(PAGE_SIZE);
	u32 cc = 9;

	call(16, CHSC_CHARACTERISTICS, 0, 0, 0);
	SUBTEST("protected");
	memcpy(page, &block, 16);
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_EXEC | PROT_USER);
	EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(page), 4), channel_subsystem_call_try(0, page, &cc));
	SUBTEST("absent");
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(page), 4),
		     channel_subsystem_call_try(0, page, &cc));
}

TEST(chsc_unknown, "a command that is not provided has response code 4, with condition code 0",
     SPEC(LINUX "chsc_error_from_response()"))
{
	static const u16 commands[] = { 0x0000, 0x0001, 0x7777, 0xffff };

	for (u32 n = 0; n < ARRAY_SIZE(commands); n++) {
		const struct response *response;

		SUBTEST("command %#x", commands[n]);
		response = call(16, commands[n], 0, 0, 0);
		EXPECT_EQ(response->code, RC_NOT_PROVIDED);
		EXPECT_EQ(response->length, 8);
		EXPECT_EQ(response->data[0], 0xee);
		EXPECT_EQ(channel_subsystem_call(0, &block), 0u);
	}
}

TEST(chsc_characteristics,
     "the characteristics are the same each time, 2040 general bytes and those of the commands",
     SPEC(LINUX "chsc_determine_css_characteristics()"))
{
	static u8 first[4072];
	const struct response *response = call(16, CHSC_CHARACTERISTICS, 0, 0, 0);
	bool any = false;

	ASSERT_EQ(response->code, RC_DONE);
	EXPECT_EQ(response->length, 4080);
	memcpy(first, response->data, sizeof(first));
	for (u32 n = 0; n < 2040; n++)
		any |= first[n] != 0;
	EXPECT(any);
	response = call(16, CHSC_CHARACTERISTICS, 0, 0, 0);
	EXPECT_MEM_EQ(response->data, first, sizeof(first));
}

/* General characteristics: Linux, arch/s390/include/asm/css_chars.h. */
static bool has_characteristic(u32 bit)
{
	const struct response *response = call(16, CHSC_CHARACTERISTICS, 0, 0, 0);

	return response->code == RC_DONE && (response->data[bit / 8] & 0x80 >> bit % 8);
}

TEST(chsc_extended_measurement,
     "measurement blocks of format 1 can be set where the characteristics have them",
     SPEC("Linux, arch/s390/include/asm/css_chars.h, ext_mb, bit 48; PoP SA22-7832-13, chapter 17"))
{
	u32 schid = device_start(0), cc = 9;
	bool there = has_characteristic(48);
	struct schib schib, after;
	struct fault fault;

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.characteristics |= PMCW_MBFC;
	schib.measurement_block = 0x12340;
	fault = modify_subchannel_try(schid, &schib, &cc);
	if (there) {
		EXPECT_NO_FAULT(fault);
		EXPECT_EQ(cc, 0u);
		ASSERT_EQ(store_subchannel(schid, &after), 0u);
		EXPECT_EQ(after.pmcw.characteristics & PMCW_MBFC, PMCW_MBFC);
		EXPECT_EQ(after.measurement_block, 0x12340u);
	} else {
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), fault);
	}
	device_end(schid);
}

static const struct {
	const char *name;
	u16 length, command;
	u32 words[3];
	u16 code;
} wrong[] = {
	{ "characteristics, length 24", 24, CHSC_CHARACTERISTICS, { 0, 0, 0 }, RC_INVALID_REQUEST },
	{ "characteristics, reserved bit 0",
	  16,
	  CHSC_CHARACTERISTICS,
	  { 0x80000000, 0, 0 },
	  RC_INVALID_REQUEST },
	{ "characteristics, reserved bit 31",
	  16,
	  CHSC_CHARACTERISTICS,
	  { 1, 0, 0 },
	  RC_INVALID_REQUEST },
	{ "characteristics, second word",
	  16,
	  CHSC_CHARACTERISTICS,
	  { 0, 1, 0 },
	  RC_INVALID_REQUEST },
	{ "characteristics, third word",
	  16,
	  CHSC_CHARACTERISTICS,
	  { 0, 0, 1 },
	  RC_INVALID_REQUEST },
	{ "characteristics, format 1",
	  16,
	  CHSC_CHARACTERISTICS,
	  { 0x10000, 0, 0 },
	  RC_INVALID_FORMAT },
	{ "paths, length 24", 24, CHSC_PATH_DESCRIPTION, { 0, 0, 0 }, RC_INVALID_REQUEST },
	{ "paths, reserved bit 0",
	  16,
	  CHSC_PATH_DESCRIPTION,
	  { 0x80000000, 0, 0 },
	  RC_INVALID_REQUEST },
	{ "paths, reserved bit of the second word",
	  16,
	  CHSC_PATH_DESCRIPTION,
	  { 0, 0x100, 0 },
	  RC_INVALID_REQUEST },
	{ "paths, third word", 16, CHSC_PATH_DESCRIPTION, { 0, 0, 1 }, RC_INVALID_REQUEST },
	{ "paths, from 5 to 4", 16, CHSC_PATH_DESCRIPTION, { 5, 4, 0 }, RC_INVALID_REQUEST },
	{ "domain attributes, length 16",
	  16,
	  CHSC_DOMAIN_ATTRIBUTES,
	  { 2, 0, 0 },
	  RC_INVALID_REQUEST },
	{ "domain attributes, reserved bit",
	  1024,
	  CHSC_DOMAIN_ATTRIBUTES,
	  { 0x80000002, 0, 0 },
	  RC_INVALID_REQUEST },
	{ "domain attributes, operation 0xff",
	  1024,
	  CHSC_DOMAIN_ATTRIBUTES,
	  { 0xff, 0, 0 },
	  RC_INVALID_REQUEST },
};

TEST(chsc_wrong, "a request that is wrong has response code 3, one of another format 7",
     SPEC(LINUX "chsc_error_from_response(), __chsc_enable_facility(): invalid request block"))
{
	for (u32 n = 0; n < ARRAY_SIZE(wrong); n++) {
		const struct response *response;

		SUBTEST("%s", wrong[n].name);
		response = call(wrong[n].length, wrong[n].command, wrong[n].words[0],
				wrong[n].words[1], wrong[n].words[2]);
		if (response->code == RC_NOT_PROVIDED) {
			SKIP_ROW("not provided");
			continue;
		}
		EXPECT_EQ(response->code, wrong[n].code);
		EXPECT_EQ(response->length, 8);
	}
}

TEST(chsc_paths, "the description of the channel paths has those that the subchannels have",
     SPEC(LINUX "chsc_determine_channel_path_desc(); chsc.h, struct chsc_scpd"))
{
	u32 schid = find_device(DEVICE_RNG), found = 0;
	const struct response *response;
	struct schib schib;

	if (!schid)
		SKIP("no device %#x", DEVICE_RNG);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	response = call(16, CHSC_PATH_DESCRIPTION, 0, 0xff, 0);
	if (response->code == RC_NOT_PROVIDED)
		SKIP("not provided");
	SUBTEST("all");
	EXPECT_EQ(response->code, RC_DONE);
	EXPECT_EQ(response->length % 8, 0);
	for (u32 at = 0; at + 8 < response->length; at += 8) {
		/* A byte of flags, of which bit 0 is "valid", then type, path. */
		EXPECT_EQ(response->data[at] & 0x80, 0x80);
		found += response->data[at + 3] == schib.pmcw.chpid[0];
	}
	EXPECT_EQ(found, 1u);
	SUBTEST("that one");
	response = call(16, CHSC_PATH_DESCRIPTION, schib.pmcw.chpid[0], schib.pmcw.chpid[0], 0);
	EXPECT_EQ(response->code, RC_DONE);
	EXPECT_EQ(response->length, 16);
	EXPECT_EQ(response->data[3], schib.pmcw.chpid[0]);
	SUBTEST("format of 32 bytes");
	response = call(16, CHSC_PATH_DESCRIPTION, 0x10000100 | schib.pmcw.chpid[0],
			schib.pmcw.chpid[0], 0);
	EXPECT_EQ(response->code, RC_DONE);
	EXPECT_EQ(response->length, 40);
	EXPECT_EQ(response->data[3], schib.pmcw.chpid[0]);
}

TEST(chsc_no_event, "without an event, the event information has another response code than 1",
     SPEC(LINUX "chsc_process_crw(): 0x0001 is an event"))
{
	EXPECT_NE(call(16, CHSC_EVENT_INFORMATION, 0, 0, 0)->code, RC_DONE);
	EXPECT_NE(call(16, CHSC_EVENT_INFORMATION, 0, 0x20000000, 0)->code, RC_DONE);
}
