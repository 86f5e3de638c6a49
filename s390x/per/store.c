/* SPDX-License-Identifier: MIT */
/* Storage alteration: which bytes, by which instructions; stores to real addresses. */
#include "per.h"

#include <mm/page.h>
#include <mm/space.h>
#include <arch/space.h>
#include <s390x/cr.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("PER: storage alteration");

/* Operands of 16 bytes at 0x100 and 0x200. */
static u8 storage[PAGE_SIZE] __aligned(PAGE_SIZE);

#define TO   (storage + 0x100)
#define FROM (storage + 0x200)

struct store {
	const char *name;
	u8 code[6];
	u8 length;
	u8 bytes; /* that it stores at TO, which register 9 has; register 10 has FROM, 4 of CS is equal */
	u16 facility;
};

static const struct store stores[] = {
	{ "STC", { 0x42, 0x20, 0x90, 0x00 }, 4, 1, 0 },
	{ "STH", { 0x40, 0x20, 0x90, 0x00 }, 4, 2, 0 },
	{ "ST", { 0x50, 0x20, 0x90, 0x00 }, 4, 4, 0 },
	{ "STY", { 0xe3, 0x20, 0x90, 0x00, 0x00, 0x50 }, 6, 4, FACILITY_LONG_DISPLACEMENT },
	{ "STG", { 0xe3, 0x20, 0x90, 0x00, 0x00, 0x24 }, 6, 8, 0 },
	{ "STRVG", { 0xe3, 0x20, 0x90, 0x00, 0x00, 0x2f }, 6, 8, 0 },
	{ "STM", { 0x90, 0x23, 0x90, 0x00 }, 4, 8, 0 },
	{ "STMG", { 0xeb, 0x23, 0x90, 0x00, 0x00, 0x24 }, 6, 16, 0 },
	{ "STCM", { 0xbe, 0x27, 0x90, 0x00 }, 4, 3, 0 },
	{ "STAM", { 0x9b, 0x23, 0x90, 0x00 }, 4, 8, 0 },
	{ "STPQ", { 0xe3, 0x20, 0x90, 0x00, 0x00, 0x8e }, 6, 16, 0 },
	{ "STD", { 0x60, 0x20, 0x90, 0x00 }, 4, 8, 0 },
	{ "STE", { 0x70, 0x20, 0x90, 0x00 }, 4, 4, 0 },
	{ "MVI", { 0x92, 0x77, 0x90, 0x00 }, 4, 1, 0 },
	{ "MVHI", { 0xe5, 0x4c, 0x90, 0x00, 0x00, 0x07 }, 6, 4, FACILITY_GIEF },
	{ "MVGHI", { 0xe5, 0x48, 0x90, 0x00, 0x00, 0x07 }, 6, 8, FACILITY_GIEF },
	{ "NI", { 0x94, 0xff, 0x90, 0x00 }, 4, 1, 0 },
	{ "OI", { 0x96, 0x00, 0x90, 0x00 }, 4, 1, 0 },
	{ "XI", { 0x97, 0x01, 0x90, 0x00 }, 4, 1, 0 },
	{ "ASI", { 0xeb, 0x01, 0x90, 0x00, 0x00, 0x6a }, 6, 4, FACILITY_GIEF },
	{ "AGSI", { 0xeb, 0x00, 0x90, 0x00, 0x00, 0x7a }, 6, 8, FACILITY_GIEF },
	{ "MVC", { 0xd2, 0x0f, 0x90, 0x00, 0xa0, 0x00 }, 6, 16, 0 },
	{ "MVCIN", { 0xe8, 0x07, 0x90, 0x00, 0xa0, 0x08 }, 6, 8, 0 },
	{ "MVN", { 0xd1, 0x07, 0x90, 0x00, 0xa0, 0x00 }, 6, 8, 0 },
	{ "NC", { 0xd4, 0x07, 0x90, 0x00, 0xa0, 0x00 }, 6, 8, 0 },
	{ "OC", { 0xd6, 0x07, 0x90, 0x00, 0xa0, 0x00 }, 6, 8, 0 },
	{ "XC", { 0xd7, 0x0f, 0x90, 0x00, 0x90, 0x00 }, 6, 16, 0 },
	{ "TR", { 0xdc, 0x03, 0x90, 0x00, 0xa0, 0x00 }, 6, 4, 0 },
	{ "PACK", { 0xf2, 0x33, 0x90, 0x00, 0xa0, 0x00 }, 6, 4, 0 },
	{ "UNPK", { 0xf3, 0x71, 0x90, 0x00, 0xa0, 0x00 }, 6, 8, 0 },
	{ "CVD", { 0x4e, 0x20, 0x90, 0x00 }, 4, 8, 0 },
	{ "TS", { 0x93, 0x00, 0x90, 0x00 }, 4, 1, 0 },
	{ "CS, equal", { 0xba, 0x4c, 0x90, 0x00 }, 4, 4, 0 },
	{ "CSG, equal", { 0xeb, 0x4c, 0x90, 0x00, 0x00, 0x30 }, 6, 8, 0 },
	{ "CDS, equal", { 0xbb, 0x4c, 0x90, 0x00 }, 4, 8, 0 },
	{ "CDSG, equal", { 0xeb, 0x4c, 0x90, 0x00, 0x00, 0x3e }, 6, 16, 0 },
	{ "LAA", { 0xeb, 0x22, 0x90, 0x00, 0x00, 0xf8 }, 6, 4, FACILITY_DISTINCT_OPERANDS },
	{ "LAAG", { 0xeb, 0x22, 0x90, 0x00, 0x00, 0xe8 }, 6, 8, FACILITY_DISTINCT_OPERANDS },
	{ "MVCL", { 0x0e, 0x68 }, 2, 16, 0 },
	{ "MVCLE", { 0xa8, 0x68, 0x00, 0x00 }, 4, 16, 0 },
	{ "STCK", { 0xb2, 0x05, 0x90, 0x00 }, 4, 8, 0 },
	{ "STCKE", { 0xb2, 0x78, 0x90, 0x00 }, 4, 16, 0 },
	{ "STCTL", { 0xb6, 0x88, 0x90, 0x00 }, 4, 4, 0 },
	{ "STCTG", { 0xeb, 0x88, 0x90, 0x00, 0x00, 0x25 }, 6, 8, 0 },
	{ "STAP", { 0xb2, 0x12, 0x90, 0x00 }, 4, 2, 0 },
	{ "STPX", { 0xb2, 0x11, 0x90, 0x00 }, 4, 4, 0 },
	{ "STIDP", { 0xb2, 0x02, 0x90, 0x00 }, 4, 8, 0 },
	{ "STPT", { 0xb2, 0x09, 0x90, 0x00 }, 4, 8, 0 },
	{ "STCKC", { 0xb2, 0x07, 0x90, 0x00 }, 4, 8, 0 },
	{ "STFPC", { 0xb2, 0x9c, 0x90, 0x00 }, 4, 4, 0 },
};

static struct execution prepare(const struct store *s)
{
	struct execution e = { .cc = 0, .flags = EXECUTE_FP };

	memset(storage, 0, sizeof(storage));
	memset(FROM, 0x55, 16);
	e.gpr[2] = 0x1122334455667788;
	e.gpr[3] = 3;
	/* MVCL has its operands in other registers; CS compares with zeros. */
	e.gpr[6] = (ulong)TO;
	e.gpr[7] = 16;
	e.gpr[8] = (ulong)FROM;
	e.gpr[9] = s->code[0] == 0x0e || s->code[0] == 0xa8 ? 16 : (ulong)TO;
	e.gpr[10] = (ulong)FROM;
	e.gpr[12] = 0xcccccccccccccccc;
	e.gpr[13] = 0xdddddddddddddddd;
	return e;
}

/* `first` and `last` byte of the area, with reference to the operand. */
static void check_store(const struct store *s, s32 first, s32 last, bool inside)
{
	struct execution e = prepare(s);
	ulong here = execute_address(s->length);

	per_execute(PER_STORE, (ulong)TO + (ulong)(s64)first, (ulong)TO + (ulong)(s64)last, s->code,
		    s->length, &e);
	EXPECT_EQ(per_event_count, inside ? 1u : 0u, "area from %d to %d", first, last);
	if (inside)
		expect_event(0, PER_CODE_STORE, here, s->length, here + s->length);
}

TEST(per_store,
     "an instruction that stores into the area is an event: its first byte, its last, none beside them",
     SPEC("PoP SA22-7832-13, chapter 4, Storage Alteration"))
{
	for (u32 n = 0; n < ARRAY_SIZE(stores); n++) {
		const struct store *s = &stores[n];
		s32 last = s->bytes - 1;

		SUBTEST("%s", s->name);
		if (s->facility && !has_facility(s->facility)) {
			SKIP_ROW("facility %u is not there", s->facility);
			continue;
		}
		check_store(s, 0, last, true);
		check_store(s, 0, 0, true);
		check_store(s, last, last, true);
		check_store(s, last, last + 0x20, true);
		check_store(s, -0x20, 0, true);
		check_store(s, -0x20, -1, false);
		check_store(s, last + 1, last + 0x20, false);
	}
}

TEST(per_store_around, "the area may wrap around, from CR10 to the last address and on to CR11",
     SPEC("PoP SA22-7832-13, chapter 4, Designation of PER Storage Area"))
{
	const struct store *stg = &stores[4];

	SUBTEST("from the operand on");
	check_store(stg, 0, -0x40, true);
	SUBTEST("up to the operand");
	check_store(stg, 0x40, 0, true);
	SUBTEST("everything but the operand");
	check_store(stg, 8, -1, false);
	SUBTEST("everything but its last byte");
	check_store(stg, 8, 6, true);
}

TEST(per_no_store, "an instruction that only loads, compares or tests is no storage alteration",
     SPEC("PoP SA22-7832-13, chapter 4, Storage Alteration"))
{
	static const struct store rows[] = {
		{ "L", { 0x58, 0x20, 0x90, 0x00 }, 4, 4, 0 },
		{ "LG", { 0xe3, 0x20, 0x90, 0x00, 0x00, 0x04 }, 6, 8, 0 },
		{ "LM", { 0x98, 0x23, 0x90, 0x00 }, 4, 8, 0 },
		{ "CLC", { 0xd5, 0x07, 0x90, 0x00, 0xa0, 0x00 }, 6, 8, 0 },
		{ "TM", { 0x91, 0xff, 0x90, 0x00 }, 4, 1, 0 },
		{ "CLI", { 0x95, 0xff, 0x90, 0x00 }, 4, 1, 0 },
		{ "LA", { 0x41, 0x20, 0x90, 0x00 }, 4, 1, 0 },
		{ "TRT", { 0xdd, 0x03, 0x90, 0x00, 0xa0, 0x00 }, 6, 4, 0 },
		{ "STCM of mask 0", { 0xbe, 0x20, 0x90, 0x00 }, 4, 1, 0 },
		{ "MVC from there", { 0xd2, 0x07, 0xa0, 0x00, 0x90, 0x00 }, 6, 8, 0 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		SUBTEST("%s", rows[n].name);
		check_store(&rows[n], 0, 15, false);
	}
}

TEST(per_store_and_fetch, "an instruction fetched from the area and storing into it is both events",
     SPEC("PoP SA22-7832-13, chapter 4, Indication of PER Events Concurrently with Other Events"))
{
	const struct store *stg = &stores[4];
	struct execution e = prepare(stg);
	ulong here = execute_address(6);

	per_execute(PER_STORE | PER_FETCH, MIN(here, (ulong)TO), MAX(here, (ulong)TO + 7),
		    stg->code, 6, &e);
	expect_event(0, PER_CODE_STORE | PER_CODE_FETCH, here, 6, here + 6);
}

TEST(per_store_refused, "a store that is refused is no event",
     SPEC("PoP SA22-7832-13, chapter 4, Storage Alteration"))
{
	const struct store *stg = &stores[4];
	struct execution e = prepare(stg);

	space_protect(space_kernel(), (ulong)storage, PAGE_SIZE, PROT_EXEC | PROT_USER);
	per_execute(PER_STORE, (ulong)TO, (ulong)TO + 7, stg->code, 6, &e);
	space_protect(space_kernel(), (ulong)storage, PAGE_SIZE, PROT_ALL);
	EXPECT_EQ(per_event_count, 1u);
	EXPECT_EQ(per_events[0].pgm_code, 4u);
}

TEST(per_store_space,
     "with the storage-alteration-space control, only a space whose ASCE has the event bit counts",
     SPEC("PoP SA22-7832-13, chapter 4, Storage Alteration; chapter 3, Address-Space-Control Element"))
{
#define ASCE_EVENT 0x80ull /* bit 56 */
	const struct store *stg = &stores[4];
	u64 asce = read_cr(1);

	for (u32 n = 0; n < 4; n++) {
		bool control = n & 1, event = n & 2;
		struct execution e = prepare(stg);

		SUBTEST("control %u, event bit %u", control, event);
		write_cr(1, event ? asce | ASCE_EVENT : asce);
		purge_tlb();
		per_execute(PER_STORE | (control ? PER_STORE_SPACE : 0), (ulong)TO, (ulong)TO + 7,
			    stg->code, 6, &e);
		write_cr(1, asce);
		purge_tlb();
		EXPECT_EQ(per_event_count, control && !event ? 0u : 1u);
	}
}

TEST(per_store_real, "STURA and STURG are an event of their own, whatever the area",
     SPEC("PoP SA22-7832-13, chapter 4, Store Using Real Address"))
{
	static const struct {
		const char *name;
		u8 code[4];
	} rows[] = {
		{ "STURA", { 0xb2, 0x46, 0x00, 0x29 } },
		{ "STURG", { 0xb9, 0x25, 0x00, 0x29 } },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = prepare(&stores[0]);
		ulong here = execute_address(4);

		SUBTEST("%s", rows[n].name);
		per_execute(PER_STORE | PER_STORE_REAL, 0x10, 0x20, rows[n].code, 4, &e);
		EXPECT_EQ(per_event_count, 1u);
		expect_event(0, PER_CODE_STORE_REAL, here, 4, here + 4);
		SUBTEST("%s without its mask", rows[n].name);
		e = prepare(&stores[0]);
		per_execute(PER_STORE, 0x10, 0x20, rows[n].code, 4, &e);
		EXPECT_EQ(per_event_count, 0u);
		SUBTEST("%s without the mask of storage alteration", rows[n].name);
		e = prepare(&stores[0]);
		per_execute(PER_STORE_REAL, 0x10, 0x20, rows[n].code, 4, &e);
		EXPECT_EQ(per_event_count, 0u);
	}
}
