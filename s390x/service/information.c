/* SPDX-License-Identifier: MIT */
/* What a CPU and a configuration say about themselves: STSI, STIDP, STAP, STFL, against each other. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <s390x/ebcdic.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <s390x/lowcore.h>
#include <string.h>
#include <sys/cpu.h>

SUITE("System information");

static u8 block[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

static u32 get(const u8 *at, u32 size)
{
	u32 value = 0;

	for (u32 n = 0; n < size; n++)
		value = value << 8 | at[n];
	return value;
}

/* STSI with registers as they are; the condition code, and the fault. */
static struct fault stsi(u64 r0, u64 r1, const void *at, struct execution *e)
{
	static const u8 code[4] = { 0xb2, 0x7d, 0x90, 0x00 };

	*e = (struct execution){ .cc = 2 };
	e->gpr[0] = r0;
	e->gpr[1] = r1;
	e->gpr[9] = (ulong)at;
	return execute(code, sizeof(code), e);
}

#define STSI_0(function, selector) ((u64)(function) << 28 | (selector))

/* The level that the configuration is at, from STSI 0. */
static u32 level(void)
{
	struct execution e;

	ASSERT_NO_FAULT(stsi(0, 0, block, &e));
	return (u32)(e.gpr[0] >> 28 & 0xf);
}

TEST(stsi_current, "function code 0 gives the level in bits 32-35 of register 0 and stores nothing",
     SPEC("PoP SA22-7832-13, chapter 10, STORE SYSTEM INFORMATION"))
{
	struct execution e;

	memset(block, 0xee, sizeof(block));
	EXPECT_NO_FAULT(stsi(0, 0, block + 1, &e)); /* the address is ignored */
	EXPECT_EQ(e.cc, 0u);
	EXPECT_GE(e.gpr[0] >> 28 & 0xf, 1u);
	EXPECT_LE(e.gpr[0] >> 28 & 0xf, 3u);
	EXPECT_EQ(block[0] & block[1] & block[100], 0xee);
}

static const u8 valid[][3] = { { 1, 1, 1 }, { 1, 2, 1 }, { 1, 2, 2 },
			       { 2, 2, 1 }, { 2, 2, 2 }, { 3, 2, 2 } };

static bool is_valid(u32 function, u32 selector1, u32 selector2)
{
	for (u32 n = 0; n < ARRAY_SIZE(valid); n++) {
		if (valid[n][0] == function && valid[n][1] == selector1 && valid[n][2] == selector2)
			return true;
	}
	/* Topology: as many levels as there are. */
	return function == 15 && selector1 == 1;
}

TEST(stsi_selectors, "information that exists up to the level is stored; other is condition code 3",
     SPEC("PoP SA22-7832-13, chapter 10, STORE SYSTEM INFORMATION, Condition Code"))
{
	u32 current = level();

	for (u32 function = 1; function <= 14; function++) {
		for (u32 s1 = 0; s1 <= 3; s1++) {
			for (u32 s2 = 0; s2 <= 3; s2++) {
				struct execution e;
				bool there = is_valid(function, s1, s2) && function <= current;

				SUBTEST("%u.%u.%u", function, s1, s2);
				memset(block, 0xee, sizeof(block));
				EXPECT_NO_FAULT(stsi(STSI_0(function, s1), s2, block, &e));
				EXPECT_EQ(e.cc, there ? 0u : 3u);
				EXPECT_EQ(e.gpr[0], STSI_0(function, s1));
				if (!there)
					EXPECT_EQ(block[0] & block[40] & block[4095], 0xee);
				EXPECT_EQ(block[PAGE_SIZE], 0xee);
			}
		}
	}
}

TEST(stsi_specification, "reserved bits of the registers and an address off a page are refused",
     SPEC("PoP SA22-7832-13, chapter 10, STORE SYSTEM INFORMATION, Program Exceptions"))
{
	static const u8 bits0[] = { 36, 40, 47, 55 }, bits1[] = { 32, 40, 47 };
	struct execution e;

	for (u32 n = 0; n < ARRAY_SIZE(bits0); n++) {
		SUBTEST("register 0, bit %u", bits0[n]);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
			     stsi(STSI_0(1, 1) | BIT(63 - bits0[n]), 1, block, &e));
	}
	for (u32 n = 0; n < ARRAY_SIZE(bits1); n++) {
		SUBTEST("register 1, bit %u", bits1[n]);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
			     stsi(STSI_0(1, 1), 1 | BIT(63 - bits1[n]), block, &e));
	}
	for (u32 off = 1; off < PAGE_SIZE; off *= 2) {
		SUBTEST("off a page by %u", off);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
			     stsi(STSI_0(1, 1), 1, block + off, &e));
	}
	/* Bits 0-31 are not looked at. */
	SUBTEST("left halves");
	EXPECT_NO_FAULT(stsi(STSI_0(1, 1) | 0xfedcba9800000000, 0xffffffff00000001, block, &e));
	EXPECT_EQ(e.cc, 0u);
}

TEST(stsi_access, "a block that cannot be stored into is an access exception",
     SPEC("PoP SA22-7832-13, chapter 10, STORE SYSTEM INFORMATION, Program Exceptions"))
{
	struct execution e;

	space_protect(space_kernel(), (ulong)block, PAGE_SIZE, PROT_EXEC | PROT_USER);
	EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(block), 4), stsi(STSI_0(1, 1), 1, block, &e));
	space_protect(space_kernel(), (ulong)block, PAGE_SIZE, PROT_ALL);
	space_unmap(space_kernel(), (ulong)block, PAGE_SIZE);
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(block), 4), stsi(STSI_0(1, 1), 1, block, &e));
}

static u64 store_cpu_id(void)
{
	u64 id;

	__asm__ volatile("stidp %0" : "=Q"(id));
	return id;
}

TEST(machine_type, "STSI 1.1.1 and STORE CPU ID name the same type, of EBCDIC digits",
     SPEC("PoP SA22-7832-13, chapter 10, STORE SYSTEM INFORMATION: SYSIB 1.1.1; STORE CPU ID"))
{
	struct execution e;
	u32 type = 0;

	ASSERT_NO_FAULT(stsi(STSI_0(1, 1), 1, block, &e));
	ASSERT_EQ(e.cc, 0u);
	for (u32 n = 48; n < 52; n++) {
		char c = ebcdic_to_ascii(block[n]);

		ASSERT(c >= '0' && c <= '9');
		type = type << 4 | (u32)(c - '0');
	}
	EXPECT_EQ(store_cpu_id() >> 16 & 0xffff, type);
	/* Manufacturer. */
	EXPECT_NE(ebcdic_to_ascii(block[32]), ' ');
}

TEST(cpu_counts,
     "the counts of STSI 1.2.2, 2.2.2, 3.2.2 add up and are those of the CPUs that there are",
     SPEC("PoP SA22-7832-13, chapter 10, SYSIB 1.2.2, 2.2.2, 3.2.2"))
{
	/* Halfwords from byte 36 on: total, configured, standby, reserved. */
	const u8 *counts = block + 36;

	for (u32 function = 1; function <= level(); function++) {
		struct execution e;

		SUBTEST("%u.2.2", function);
		ASSERT_NO_FAULT(stsi(STSI_0(function, 2), 2, block, &e));
		ASSERT_EQ(e.cc, 0u);
		if (function == 3)
			EXPECT_GE(block[31] & 0xf, 1); /* descriptions */
		EXPECT_EQ(get(counts, 2),
			  get(counts + 2, 2) + get(counts + 4, 2) + get(counts + 6, 2));
		EXPECT_EQ(get(counts + 2, 2), cpu_count());
	}
}

TEST(cpu_address, "STSI 1.2.1 and 2.2.1 have the address that STORE CPU ADDRESS stores",
     SPEC("PoP SA22-7832-13, chapter 10, SYSIB 1.2.1; STORE CPU ADDRESS"))
{
	struct execution e;

	ASSERT_NO_FAULT(stsi(STSI_0(1, 2), 1, block, &e));
	EXPECT_EQ(get(block + 102, 2), store_cpu_address());
	if (level() < 2)
		return;
	ASSERT_NO_FAULT(stsi(STSI_0(2, 2), 1, block, &e));
	EXPECT_EQ(get(block + 102, 2), store_cpu_address());
}

static u16 addresses[2], own;

static void store_addresses(void *arg)
{
	struct execution e;
	u32 top = *(u32 *)arg;

	own = store_cpu_address();
	for (u32 n = 1; n <= 2 && n <= top; n++) {
		if (!stsi(STSI_0(n, 2), 1, block, &e).kind)
			addresses[n - 1] = (u16)get(block + 102, 2);
	}
}

TEST(cpu_address_of_other, "each CPU has its own address in STSI 1.2.1 and 2.2.1",
     SPEC("PoP SA22-7832-13, chapter 10, SYSIB 1.2.1, SYSIB 2.2.1"), REQUIRES(cpu_count() > 1))
{
	u32 top = level();

	addresses[0] = addresses[1] = 0xffff;
	run_on_cpu(1, store_addresses, &top);
	EXPECT_EQ(own, (u16)cpu_by_number(1)->hardware_id);
	EXPECT_EQ(addresses[0], own);
	if (top >= 2)
		EXPECT_EQ(addresses[1], own);
}

TEST(partition_cpus, "a partition with dedicated CPUs says so, and how many, in STSI 2.2.2",
     SPEC("PoP SA22-7832-13, chapter 10, SYSIB 2.2.2: LPAR-CPU Characteristics, Dedicated LPAR-CPU Count"))
{
	struct execution e;
	u32 configured, dedicated, shared;

	if (level() < 2)
		SKIP("no partition");
	ASSERT_NO_FAULT(stsi(STSI_0(2, 2), 2, block, &e));
	ASSERT_EQ(e.cc, 0u);
	configured = get(block + 38, 2);
	dedicated = get(block + 72, 2);
	shared = get(block + 74, 2);
	EXPECT_EQ(dedicated != 0, (block[35] & 0x80) != 0);
	EXPECT_LE(dedicated + shared, configured);
}

TEST(facility_lists, "STFL stores at real 200 what STFLE begins with",
     SPEC("PoP SA22-7832-13, chapter 10, STORE FACILITY LIST; chapter 7, STORE FACILITY LIST EXTENDED"))
{
	u64 list[4] = { 0 };
	register ulong r0 __asm__("0") = 3;

	__asm__ volatile("stfle %1" : "+d"(r0), "=Q"(list) : : "cc");
	LOWCORE->info.facilities = 0;
	__asm__ volatile("stfl 0" : : : "memory");
	EXPECT_EQ(LOWCORE->info.facilities, (u32)(list[0] >> 32));
}

TEST(stfle_exceptions,
     "STFLE stores on a doubleword, of a list whose length is in the last byte of register 0",
     SPEC("PoP SA22-7832-13, chapter 7, STORE FACILITY LIST EXTENDED"))
{
	static const u8 code[4] = { 0xb2, 0xb0, 0x90, 0x00 };

	for (u32 off = 0; off < 8; off++) {
		struct execution e = { .cc = 1 };

		SUBTEST("off by %u", off);
		e.gpr[0] = 0x123456789abcde00;
		e.gpr[9] = (ulong)block + off;
		if (off) {
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
			continue;
		}
		memset(block, 0xee, 64);
		EXPECT_NO_FAULT(execute(code, 4, &e));
		EXPECT_EQ(e.gpr[0] >> 8, 0x123456789abcdeull);
		EXPECT_EQ(e.cc, 3u);
		EXPECT_NE(block[0], 0xee);
		EXPECT_EQ(block[8], 0xee);
	}
}

TEST(stidp, "STORE CPU ID: a doubleword, on a doubleword, the same each time",
     SPEC("PoP SA22-7832-13, chapter 10, STORE CPU ID"))
{
	static const u8 code[4] = { 0xb2, 0x02, 0x90, 0x00 };
	u64 id = store_cpu_id();

	EXPECT_EQ(store_cpu_id(), id);
	EXPECT_NE(id >> 16 & 0xffff, 0u);
	EXPECT_EQ(id & 0x7fff, 0u); /* bits 49-63 */
	for (u32 off = 1; off < 8; off++) {
		struct execution e = { .cc = 1 };

		SUBTEST("off by %u", off);
		e.gpr[9] = (ulong)block + off;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
	}
}
