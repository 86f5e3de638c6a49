/* SPDX-License-Identifier: MIT */
/* SERVICE CALL: where its block may be, the responses to what is wrong with it, and the machine's description. */
#include <s390x/sclp.h>

#include <mm/page.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <test.h>

SUITE("Service calls");

#define RC_INVALID_COMMAND 0x01f0
#define RC_BOUNDARY	   0x0100
#define FACILITY_LONG_SCCB 140

static u8 pages[3 * PAGE_SIZE] __aligned(PAGE_SIZE);

/* The instruction alone; a service signal may come. */
static struct fault servc(u64 command, u64 address, struct execution *e)
{
	static const u8 code[4] = { 0xb2, 0x20, 0x00, 0x24 };

	*e = (struct execution){ .cc = 1 };
	e->gpr[2] = command;
	e->gpr[4] = address;
	return execute(code, sizeof(code), e);
}

static struct sccb_header *header_at(u32 offset, u16 length)
{
	struct sccb_header *header = (struct sccb_header *)(pages + offset);

	memset(pages, 0, sizeof(pages));
	header->length = length;
	return header;
}

TEST(sclp_addresses,
     "a block that is not on a doubleword below 2 GiB, or in the prefix area, is refused",
     SPEC("Linux, drivers/s390/char/sclp.h, sclp_service_call(): specification and addressing exceptions"))
{
	static const u8 length[8] = { 0, 64 };
	struct execution e;
	struct fault fault;
	u8 ipl[8];

	for (u32 off = 1; off < 8; off++) {
		SUBTEST("off by %u", off);
		header_at(0, 8);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
			     servc(SCLP_READ_SCP_INFO, (ulong)pages + off, &e));
	}
	SUBTEST("absolute 8");
	/* The length is a good one. */
	memcpy(ipl, LOWCORE->ipl + 8, sizeof(ipl));
	memcpy(LOWCORE->ipl + 8, length, sizeof(length));
	fault = servc(SCLP_READ_SCP_INFO, 8, &e);
	memcpy(LOWCORE->ipl + 8, ipl, sizeof(ipl));
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), fault);
	SUBTEST("absolute 4096");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), servc(SCLP_READ_SCP_INFO, 0x1000, &e));
	SUBTEST("beyond storage");
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4), servc(SCLP_READ_SCP_INFO, 0x7ffff000, &e));
	SUBTEST("a length below 8");
	header_at(0, 7);
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), servc(SCLP_READ_SCP_INFO, (ulong)pages, &e));
}

TEST(sclp_prefix, "a block in the prefix area is refused wherever that is",
     SPEC("Linux, drivers/s390/char/sclp.h, sclp_service_call()"))
{
	void *area = pages_alloc(LOWCORE_SIZE / PAGE_SIZE, LOWCORE_SIZE);
	struct fault fault;
	struct execution e;

	memcpy(area, LOWCORE, LOWCORE_SIZE);
	((struct sccb_header *)area)->length = 64;
	set_prefix((u32)(ulong)area);
	fault = servc(SCLP_READ_SCP_INFO, (ulong)area, &e);
	set_prefix(0);
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), fault);
}

TEST(sclp_responses,
     "commands that do not exist and blocks that cross a page have their response codes",
     SPEC("QEMU, include/hw/s390x/sclp.h, response codes; Linux, drivers/s390/char/sclp.h"))
{
	static const u32 commands[] = { 0x00000000, 0x00ff0001, 0x12345678, 0x007a0005,
					0x00020002 };

	for (u32 n = 0; n < ARRAY_SIZE(commands); n++) {
		struct sccb_header *header = header_at(0, 64);

		SUBTEST("command %#x", commands[n]);
		EXPECT_EQ(sclp_execute(commands[n], header), RC_INVALID_COMMAND);
	}
	SUBTEST("across pages");
	EXPECT_EQ(sclp_execute(SCLP_WRITE_EVENT_MASK, header_at(PAGE_SIZE - 16, 64)), RC_BOUNDARY);
	SUBTEST("to the end of a page");
	EXPECT_NE(sclp_execute(SCLP_WRITE_EVENT_MASK, header_at(PAGE_SIZE - 64, 64)), RC_BOUNDARY);
	SUBTEST("READ SCP INFO, too short");
	EXPECT_EQ(sclp_execute(SCLP_READ_SCP_INFO, header_at(0, 64)), SCLP_RC_INSUFFICIENT_LENGTH);
	SUBTEST("READ CPU INFO, too short");
	EXPECT_EQ(sclp_execute(SCLP_READ_CPU_INFO, header_at(0, 8)), SCLP_RC_INSUFFICIENT_LENGTH);
}

static u32 get(const u8 *at, u32 size)
{
	u32 value = 0;

	for (u32 n = 0; n < size; n++)
		value = value << 8 | at[n];
	return value;
}

TEST(sclp_information,
     "READ SCP INFO has the memory and the CPUs that there are, at offsets that it says",
     SPEC("QEMU, include/hw/s390x/sclp.h, ReadInfo; Linux, drivers/s390/char/sclp_early.c"))
{
	u8 *info = (u8 *)header_at(0, PAGE_SIZE);
	u32 increments, size, count, offset;
	bool found = false;

	EXPECT_EQ(sclp_execute(SCLP_READ_SCP_INFO, info), SCLP_RC_NORMAL_READ);
	increments = get(info + 8, 2);
	size = info[10];
	EXPECT_EQ((u64)increments * size * MiB, page_memory_end());
	count = get(info + 16, 2);
	offset = get(info + 18, 2);
	EXPECT_EQ(count, cpu_count());
	ASSERT_LE(offset + 16 * count, PAGE_SIZE);
	for (u32 n = 0; n < count; n++)
		found |= info[offset + 16 * n] == store_cpu_address();
	EXPECT(found);
	EXPECT_EQ(get(info + 20, 2), 0u); /* reserved CPUs are not described */
}

TEST(sclp_cpu_information, "READ CPU INFO names the same CPUs",
     SPEC("QEMU, include/hw/s390x/sclp.h, ReadCpuInfo"))
{
	u8 *info = (u8 *)header_at(0, PAGE_SIZE);
	u32 count, offset;
	bool found = false;

	EXPECT_EQ(sclp_execute(SCLP_READ_CPU_INFO, info), SCLP_RC_NORMAL_READ);
	count = get(info + 8, 2);
	offset = get(info + 10, 2);
	EXPECT_EQ(count, cpu_count());
	for (u32 n = 0; n < count; n++)
		found |= info[offset + 16 * n] == store_cpu_address();
	EXPECT(found);
}

TEST(sclp_signal, "the end of a command is a service signal with the block's address, once",
     SPEC("PoP SA22-7832-13, chapter 6, Service Signal; Linux, drivers/s390/char/sclp.c"))
{
	struct sccb_header *header = header_at(0, PAGE_SIZE);
	u64 cr0 = read_cr(0) & ~CR0_SUBCLASSES;
	struct execution e;

	EXPECT_NO_FAULT(servc(SCLP_READ_SCP_INFO, (ulong)header, &e));
	EXPECT_EQ(e.cc, 0u);
	while (!READ_ONCE(header->response))
		barrier();
	EXPECT(!external_window(cr0));
	EXPECT(!external_window(cr0 | (CR0_SUBCLASSES & ~CR0_SERVICE)));
	LOWCORE->info.ext_code = 0;
	LOWCORE->info.ext_parameter = 0;
	EXPECT(external_window(cr0 | CR0_SERVICE));
	EXPECT_EQ(LOWCORE->info.ext_code, EXT_SERVICE_SIGNAL);
	EXPECT_EQ(LOWCORE->info.ext_parameter & ~7u, (u32)(ulong)header);
	EXPECT(!external_window(cr0 | CR0_SERVICE));
}
