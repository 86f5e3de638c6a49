/* SPDX-License-Identifier: MIT */
/*
 * What a data abort of stage 2 says of the instruction: ISV, SAS, SSE, SRT, SF, AR. A hypervisor emulates a device by
 * this alone.
 */
#include <test.h>

#include <mm/page.h>

#include "stage2.h"
#include "trap.h"

SUITE("Syndromes of stage 2 aborts", REQUIRES(el2_is_there()));

#define IPA 0x1234567000ull
#define VA  0xc0000000ul

#define ISV	 BIT(24)
#define SAS(n)	 ((u64)(n) << 22)
#define SSE	 BIT(21)
#define SRT(n)	 ((u64)(n) << 16)
#define SF	 BIT(15)
#define AR	 BIT(14)
#define SYNDROME (BITS(24, 14))

struct accessing {
	const char *name;
	u32 insn; /* Rn is x0 */
	u64 iss;
	bool write;
	bool (*present)(void);
};

#define LOAD(name, insn, iss)                                    \
	{                                                        \
		name, insn, (iss) ? ISV | (iss) : 0, false, NULL \
	}
#define STORE(name, insn, iss)                                  \
	{                                                       \
		name, insn, (iss) ? ISV | (iss) : 0, true, NULL \
	}
#define LOAD_IF(p, name, insn, iss)                           \
	{                                                     \
		name, insn, (iss) ? ISV | (iss) : 0, false, p \
	}
#define STORE_IF(p, name, insn, iss)                         \
	{                                                    \
		name, insn, (iss) ? ISV | (iss) : 0, true, p \
	}

static void check(const struct accessing *rows, u32 count)
{
	struct space *space = stage2_create();

	*space_entry_at(space, IPA, 0) = 0;
	stage2_map_va(VA, IPA, PROT_WRITE | PROT_USER);
	for (u32 i = 0; i < count; i++) {
		const struct accessing *a = &rows[i];
		struct fault fault;

		SUBTEST("%s", a->name);
		if (a->present && !a->present()) {
			SKIP_ROW("this CPU does not have it");
			continue;
		}
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			struct arm_registers r = { .x = { [2] = 0 } };
			struct el2_exit exit;

			fault = stage2_run(space, (enum arm_el)el, a->insn, VA + 0x100, &r, &exit);
			EXPECT_EQ(fault.kind, EC_DABT_LOWER + 1u);
			EXPECT_EQ(fault.code & (SYNDROME | ABORT_BITS),
				  a->iss | FSC_TRANSLATION(3) | (a->write ? ABORT_WRITE : 0),
				  "EL%u", el);
			EXPECT_EQ(exit.level, 2);
			EXPECT_EQ(exit.hpfar, hpfar_of(IPA));
			EXPECT_EQ(r.x[0], VA + 0x100, "no writeback");
		}
	}
}

TEST(iss_loads, "a load of one register tells size, sign extension, register and its width",
     SPEC("DDI 0487, ESR_EL2, ISS encoding for an exception from a Data Abort"))
{
	static const struct accessing rows[] = {
		LOAD("ldrb", 0x39400001, SAS(0) | SRT(1)),
		LOAD("ldrh", 0x79400002, SAS(1) | SRT(2)),
		LOAD("ldr-w", 0xb9400003, SAS(2) | SRT(3)),
		LOAD("ldr-x", 0xf9400004, SAS(3) | SRT(4) | SF),
		LOAD("ldrsb-w", 0x39c00005, SAS(0) | SSE | SRT(5)),
		LOAD("ldrsb-x", 0x39800006, SAS(0) | SSE | SRT(6) | SF),
		LOAD("ldrsh-w", 0x79c00007, SAS(1) | SSE | SRT(7)),
		LOAD("ldrsh-x", 0x79800008, SAS(1) | SSE | SRT(8) | SF),
		LOAD("ldrsw", 0xb9800009, SAS(2) | SSE | SRT(9) | SF),
		LOAD("ldr-x30", 0xf940001e, SAS(3) | SRT(30) | SF),
		LOAD("ldr-xzr", 0xf940001f, SAS(3) | SRT(31) | SF),
		LOAD("ldr-wzr", 0xb940001f, SAS(2) | SRT(31)),
		LOAD("ldrb-x15", 0x3940000f, SAS(0) | SRT(15)),
		LOAD("ldurb", 0x38401001, SAS(0) | SRT(1)),
		LOAD("ldur-w", 0xb8404002, SAS(2) | SRT(2)),
		LOAD("ldur-x", 0xf8408003, SAS(3) | SRT(3) | SF),
		LOAD("ldursw", 0xb8804004, SAS(2) | SSE | SRT(4) | SF),
		LOAD("ldr-x-register", 0xf8626801, SAS(3) | SRT(1) | SF),
		LOAD("ldrh-w-register", 0x78626801, SAS(1) | SRT(1)),
		LOAD("ldrsb-x-register", 0x38a26801, SAS(0) | SSE | SRT(1) | SF),
		LOAD("ldtr-x", 0xf8400801, SAS(3) | SRT(1) | SF),
		LOAD("ldtrsb-w", 0x38c00801, SAS(0) | SSE | SRT(1)),
		LOAD("ldar-x", 0xc8dffc01, SAS(3) | SRT(1) | SF | AR),
		LOAD("ldar-w", 0x88dffc02, SAS(2) | SRT(2) | AR),
		LOAD("ldarh", 0x48dffc03, SAS(1) | SRT(3) | AR),
		LOAD("ldarb", 0x08dffc04, SAS(0) | SRT(4) | AR),
		LOAD_IF(has_lrcpc, "ldapr-x", 0xf8bfc001, SAS(3) | SRT(1) | SF | AR),
		LOAD_IF(has_lrcpc, "ldaprb", 0x38bfc002, SAS(0) | SRT(2) | AR),
		LOAD_IF(has_lrcpc2, "ldapur-x", 0xd9400001, SAS(3) | SRT(1) | SF | AR),
		LOAD_IF(has_lrcpc2, "ldapursw", 0x99800002, SAS(2) | SSE | SRT(2) | SF | AR),
		LOAD_IF(has_lrcpc2, "ldapursb-w", 0x19c00003, SAS(0) | SSE | SRT(3) | AR),
		LOAD_IF(has_lor, "ldlar-x", 0xc8df7c01, SAS(3) | SRT(1) | SF | AR),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(iss_stores, "a store of one register tells size, register and its width",
     SPEC("DDI 0487, ESR_EL2, ISS encoding for an exception from a Data Abort"))
{
	static const struct accessing rows[] = {
		STORE("strb", 0x39000001, SAS(0) | SRT(1)),
		STORE("strh", 0x79000002, SAS(1) | SRT(2)),
		STORE("str-w", 0xb9000003, SAS(2) | SRT(3)),
		STORE("str-x", 0xf9000004, SAS(3) | SRT(4) | SF),
		STORE("str-x29", 0xf900001d, SAS(3) | SRT(29) | SF),
		STORE("str-xzr", 0xf900001f, SAS(3) | SRT(31) | SF),
		STORE("str-wzr", 0xb900001f, SAS(2) | SRT(31)),
		STORE("strb-wzr", 0x3900001f, SAS(0) | SRT(31)),
		STORE("sturb", 0x38001001, SAS(0) | SRT(1)),
		STORE("sturh", 0x78002002, SAS(1) | SRT(2)),
		STORE("stur-w", 0xb8004003, SAS(2) | SRT(3)),
		STORE("stur-x", 0xf8008004, SAS(3) | SRT(4) | SF),
		STORE("str-x-register", 0xf8226801, SAS(3) | SRT(1) | SF),
		STORE("strb-register", 0x38226801, SAS(0) | SRT(1)),
		STORE("sttr-w", 0xb8000801, SAS(2) | SRT(1)),
		STORE("stlr-x", 0xc89ffc01, SAS(3) | SRT(1) | SF | AR),
		STORE("stlr-w", 0x889ffc02, SAS(2) | SRT(2) | AR),
		STORE("stlrb", 0x089ffc03, SAS(0) | SRT(3) | AR),
		STORE("stlrh", 0x489ffc04, SAS(1) | SRT(4) | AR),
		STORE_IF(has_lrcpc2, "stlur-x", 0xd9000001, SAS(3) | SRT(1) | SF | AR),
		STORE_IF(has_lrcpc2, "stlurb", 0x19000002, SAS(0) | SRT(2) | AR),
		STORE_IF(has_lor, "stllr-w", 0x889f7c01, SAS(2) | SRT(1) | AR),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(iss_invalid,
     "what is no access of one register, and what writes the base, has no syndrome of the instruction",
     SPEC("DDI 0487, ESR_EL2, ISS encoding for an exception from a Data Abort, ISV"))
{
	static const struct accessing rows[] = {
		LOAD("ldp-x", 0xa9400801, 0),
		STORE("stp-x", 0xa9000801, 0),
		LOAD("ldp-w", 0x29400801, 0),
		STORE("stp-w", 0x29000801, 0),
		LOAD("ldpsw", 0x69400801, 0),
		LOAD("ldnp", 0xa8400801, 0),
		LOAD("ldr-post", 0xf8408401, 0),
		STORE("str-post", 0xf8008401, 0),
		LOAD("ldr-pre", 0xf8400c01, 0),
		STORE("str-pre", 0xf8000c01, 0),
		LOAD("ldrb-post", 0x38401401, 0),
		STORE("strh-pre", 0x78000c01, 0),
		LOAD("ldxr", 0xc85f7c01, 0),
		LOAD("ldaxr", 0xc85ffc01, 0),
		LOAD("ldxp", 0xc87f0801, 0),
		LOAD("ldr-q", 0x3dc00001, 0),
		STORE("str-q", 0x3d800001, 0),
		LOAD("ldr-d", 0xfd400001, 0),
		STORE("str-s", 0xbd000001, 0),
		LOAD("ldp-q", 0xad400801, 0),
		LOAD("ld1", 0x4c407801, 0),
		STORE("st1", 0x4c007801, 0),
		LOAD("ld1r", 0x4d40c801, 0),
		LOAD_IF(has_lse, "ldadd", 0xf8210002, 0),
		LOAD_IF(has_lse, "swp", 0xf8218002, 0),
		LOAD_IF(has_lse, "cas", 0xc8a17c02, 0),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(iss_maintenance, "cache maintenance has CM and WnR and no syndrome of the instruction",
     SPEC("DDI 0487, ESR_EL2, ISS encoding for an exception from a Data Abort, CM, WnR"))
{
	static const struct {
		const char *name;
		u32 insn;
	} rows[] = {
		{ "dc-civac", 0xd50b7e20 },
		{ "dc-cvac", 0xd50b7a20 },
		{ "dc-zva", 0xd50b7420 },
	};
	struct space *space = stage2_create();

	*space_entry_at(space, IPA, 0) = 0;
	stage2_map_va(VA, IPA, PROT_WRITE | PROT_USER);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { 0 };
		struct el2_exit exit;
		struct fault fault;
		bool zva = i == 2;

		SUBTEST("%s", rows[i].name);
		fault = stage2_run(space, ARM_EL1, rows[i].insn, VA + 0x100, &r, &exit);
		/* DC CIVAC and CVAC may do without a translation fault. */
		if (!zva && !fault.kind) {
			SKIP_ROW("this CPU has no use for the translation");
			continue;
		}
		EXPECT_EQ(fault.kind, EC_DABT_LOWER + 1u);
		EXPECT_EQ(fault.code & (SYNDROME | ABORT_BITS),
			  FSC_TRANSLATION(3) | ABORT_WRITE | (zva ? 0 : ABORT_CM));
		EXPECT_EQ(exit.hpfar, hpfar_of(IPA));
	}
}

/* ------------------------------------------------------------------------------- A32 of EL0 */

static bool has_a32(void)
{
	return (read_sys(ID_AA64PFR0) & 15) == 2;
}

TEST(iss_a32, "loads and stores of A32 at EL0 tell the same; R0 to R14 are x0 to x14",
     SPEC("DDI 0487, ESR_EL2, ISS encoding for an exception from a Data Abort, ISV, SRT"),
	  REQUIRES(has_a32()))
{
	static const struct accessing rows[] = {
		LOAD("ldr", 0xe5901001, SAS(2) | SRT(1)),
		LOAD("ldrb", 0xe5d02000, SAS(0) | SRT(2)),
		LOAD("ldrh", 0xe1d030b0, SAS(1) | SRT(3)),
		LOAD("ldrsb", 0xe1d040d0, SAS(0) | SSE | SRT(4)),
		LOAD("ldrsh", 0xe1d050f0, SAS(1) | SSE | SRT(5)),
		LOAD("ldr-r14", 0xe590e000, SAS(2) | SRT(14)),
		LOAD("ldr-r13", 0xe590d000, SAS(2) | SRT(13)),
		LOAD("lda", 0xe1901c9f, SAS(2) | SRT(1) | AR),
		STORE("str", 0xe5801000, SAS(2) | SRT(1)),
		STORE("strb", 0xe5c02000, SAS(0) | SRT(2)),
		STORE("strh", 0xe1c030b0, SAS(1) | SRT(3)),
		STORE("stl", 0xe180fc91, SAS(2) | SRT(1) | AR),
		LOAD("ldm", 0xe8900006, 0),
		STORE("stm", 0xe8800006, 0),
		LOAD("ldrd", 0xe1c020d0, 0),
		STORE("strd", 0xe1c020f0, 0),
		LOAD("ldr-post", 0xe4901004, 0),
		STORE("str-pre", 0xe5a01004, 0),
		LOAD("ldrex", 0xe1901f9f, 0),
	};
	struct space *space = stage2_create();
	const u32 va = 0x30000000, code_va = 0x20000000;
	u32 *code = page_alloc();

	*space_entry_at(space, IPA, 0) = 0;
	stage2_map_va(va, IPA, PROT_WRITE | PROT_USER);
	stage2_map_va(code_va, (ulong)code, PROT_EXEC | PROT_USER);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct el2_setting settings[3];
		struct arm_registers r = { .x = { va } };
		struct el2_exit exit = { 0 };
		u64 iss = rows[i].iss;
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		code[0] = rows[i].insn;
		code[1] = EXECUTE_END_A32;
		sync_code(code, 8);
		sync_code((void *)(ulong)code_va, 8);
		stage2_settings(settings, space, 1, 0);
		fault = el2_run(settings, 3, ARM_EL0_A32, code_va, &r, &exit);
		EXPECT_EQ(fault.kind, EC_DABT_LOWER + 1u);
		EXPECT_EQ(fault.code & (SYNDROME | ABORT_BITS),
			  iss | FSC_TRANSLATION(3) | (rows[i].write ? ABORT_WRITE : 0));
		EXPECT_EQ(exit.level, 2);
		/* EL1, the level below EL2, is in AArch64: D1.4.1. */
		EXPECT_EQ(r.vector, VECTOR_FROM_EL0 + VECTOR_SYNC);
		EXPECT_EQ(exit.hpfar, hpfar_of(IPA));
	}
}
