/* SPDX-License-Identifier: MIT */
/* The Memory Tagging Extension: tags in addresses and in memory, and checks of the one against the other. */
#include <test.h>

#include <arm/execute.h>
#include <arm/granule.h>
#include <mm/page.h>

SUITE("Memory tagging", REQUIRES((read_sys(ID_AA64PFR1) >> 8 & 0xf) >= 2));

#define TAGGED_VA 0x2c1000000000ul

#define TCR_TBI0      BIT(37)
#define TCR_TCMA0     BIT(57)
#define SCTLR_TCF0(n) ((u64)(n) << 38)
#define SCTLR_TCF(n)  ((u64)(n) << 40)
#define SCTLR_ATA0    BIT(42)
#define SCTLR_ATA     BIT(43)
#define SCTLR_CHECKS  (BITS(41, 38) | SCTLR_ATA0 | SCTLR_ATA)

/* TCF, TCF0: D24.2, SCTLR_EL1. */
enum checks { NO_CHECKS, SYNCHRONOUS, ASYNCHRONOUS, ASYMMETRIC };

#define SYS_GCR	   s3_0_c1_c0_6
#define SYS_TFSR   s3_0_c5_c6_0
#define SYS_TFSRE0 s3_0_c5_c6_1

#define ATTR_TAGGED 4
#define TAG(n)	    ((u64)(n) << 56)
#define FSC_TAG	    0x11u

/* Instructions with x0 as base, x1 as data. */
#define LDR 0xf9400001u
#define STR 0xf9000001u
#define STG 0xd9200801u /* STG x1, [x0] */
#define LDG 0xd9600001u /* LDG x1, [x0] */

static u64 *page;

static void set_checks(enum checks checks, bool access)
{
	write_sys(SCTLR, (read_sys(SCTLR) & ~SCTLR_CHECKS) | SCTLR_TCF0(checks) |
				 SCTLR_TCF(checks) | (access ? SCTLR_ATA | SCTLR_ATA0 : 0));
	isb();
}

/* The tags of the first granules, which are all that cases use. */
static void clear_tags(void)
{
	const u32 code[] = { STG };
	ulong at = arm_code(code, 1);

	for (u32 offset = 0; offset < 256; offset += 16) {
		struct arm_registers r = { .x = { TAGGED_VA + offset, 0 } };

		EXPECT_NO_FAULT(arm_run(ARM_EL1, at, &r));
	}
}

/* A tagged page at TAGGED_VA, its tags all 0; addresses have tags in their top byte. */
static void start(void)
{
	page = page_alloc();
	space_map(space_kernel(), TAGGED_VA, (ulong)page, PAGE_SIZE, PROT_USER | PROT_WRITE);
	*space_entry(space_kernel(), TAGGED_VA, NULL) |= PTE_ATTR(ATTR_TAGGED);
	write_sys(MAIR, (read_sys(MAIR) & ~(0xffull << 32)) | 0xf0ull << 32);
	isb();
	translation_set(read_sys(TTBR0), read_sys(TCR) | TCR_TBI0);
	arch_tlb_flush_all();
	/* GCR_EL1: no tag is excluded. */
	write_sys(GCR, 0);
	write_sys(TFSR, 0);
	write_sys(TFSRE0, 0);
	set_checks(NO_CHECKS, true);
	clear_tags();
}

static void end(void)
{
	set_checks(NO_CHECKS, false);
	translation_set(read_sys(TTBR0), read_sys(TCR) & ~(TCR_TBI0 | TCR_TCMA0));
	write_sys(MAIR, MAIR_VALUE);
	isb();
	arch_tlb_flush_all();
}

/* Gives the granule at this offset a tag. */
static void set_tag(u32 offset, u32 tag)
{
	const u32 code[] = { STG };
	struct arm_registers r = { .x = { TAGGED_VA + offset, TAG(tag) } };

	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 1, &r));
}

static u32 get_tag(u32 offset)
{
	const u32 code[] = { LDG };
	struct arm_registers r = { .x = { TAGGED_VA + offset, ~0ull } };

	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 1, &r));
	EXPECT_EQ(r.x[1] | TAG(15), ~0ull, "LDG changes the tag alone");
	return (u32)(r.x[1] >> 56) & 15;
}

static struct fault access(enum arm_el el, u32 code, u64 address, u64 pstate)
{
	struct arm_registers r = { .x = { address, 0x1122334455667788 }, .pstate = pstate };

	return arm_execute(el, &code, 1, &r);
}

static struct fault tag_fault(enum arm_el el, bool write, u64 address)
{
	u32 iss = FSC_TAG | (write ? (u32)ABORT_WRITE : 0);

	return el == ARM_EL1 ? DATA_ABORT(iss, address) : DATA_ABORT_LOWER(iss, address);
}

TEST(tags_stored,
     "STG gives one granule of 16 bytes its tag, LDG reads it; ST2G two, STZG with zeros, STGP with data",
     SPEC("DDI 0487, D10.4; C6.2, STG, ST2G, STZG, STZ2G, STGP, LDG"))
{
	static const struct {
		const char *name;
		u32 code, granules;
		bool zeros, data;
	} stores[] = {
		{ "stg", 0xd9200801, 1, false, false },	 { "stzg", 0xd9600801, 1, true, false },
		{ "st2g", 0xd9a00801, 2, false, false }, { "stz2g", 0xd9e00801, 2, true, false },
		{ "stgp", 0x69000801, 1, false, true },
	};

	start();
	for (u32 i = 0; i < ARRAY_SIZE(stores); i++) {
		SUBTEST("%s", stores[i].name);
		for (u32 tag = 0; tag < 16; tag++)
			for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
				/* STGP has its tag in the address. */
				struct arm_registers r = {
					.x = { (TAGGED_VA + 64) | (stores[i].data ? TAG(tag) : 0),
					       TAG(tag) | 0x1234, 0x5678 },
				};

				set_tag(64, tag ^ 5);
				set_tag(80, tag ^ 5);
				for (u32 w = 0; w < 16; w++)
					page[w] = w;
				EXPECT_NO_FAULT(
					arm_execute((enum arm_el)el, &stores[i].code, 1, &r));
				for (u32 g = 0; g < 8; g++) {
					bool changed = g >= 4 && g < 4 + stores[i].granules;

					if (g == 4 || g == 5)
						EXPECT_EQ(get_tag(16 * g), changed ? tag : tag ^ 5,
							  "EL%u granule %u", el, g);
					for (u32 w = 2 * g; w < 2 * g + 2; w++)
						EXPECT_EQ(page[w],
							  changed && stores[i].zeros ? 0
							  : changed && stores[i].data
								  ? (w & 1 ? 0x5678
									   : TAG(tag) | 0x1234)
								  : w);
				}
			}
	}
	end();
}

TEST(tags_of_granules, "each granule of a page has a tag of its own",
     SPEC("DDI 0487, D10.2, Allocation Tags; D10.4"))
{
	start();
	for (u32 g = 0; g < 16; g++)
		set_tag(16 * g, (g * 7 + 3) & 15);
	for (u32 g = 0; g < 16; g++)
		EXPECT_EQ(get_tag(16 * g), (g * 7 + 3) & 15, "granule %u", g);
	end();
}

TEST(checks_synchronous,
     "with synchronous checks, an access whose address has another tag than memory is a tag check fault",
     SPEC("DDI 0487, D10.5, D10.6; D24.2.45, DFSC 0b010001"))
{
	start();
	set_checks(SYNCHRONOUS, true);
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		SUBTEST("el%u", el);
		for (u32 memory = 0; memory < 16; memory++) {
			set_tag(16, memory);
			for (u32 tag = 0; tag < 16; tag++) {
				u64 address = (TAGGED_VA + 16) | TAG(tag);

				/* FAR_EL1 has bits 63-60 UNKNOWN; the rest is the address. */
				for (u32 write = 0; write < 2; write++) {
					struct fault fault = access((enum arm_el)el,
								    write ? STR : LDR, address, 0);

					if (memory == tag) {
						EXPECT_NO_FAULT(fault, "tags %u, %u", memory, tag);
						continue;
					}
					fault.address &= BITS(59, 0);
					EXPECT_FAULT(tag_fault((enum arm_el)el, write, address),
						     fault, "tags %u, %u", memory, tag);
				}
			}
		}
	}
	end();
}

TEST(checks_asynchronous,
     "with asynchronous checks nothing faults; TFSR_EL1 or TFSRE0_EL1 tells that there was a wrong tag",
     SPEC("DDI 0487, D10.6; D24.2, TFSR_EL1, TFSRE0_EL1"))
{
	start();
	set_tag(0, 3);
	set_checks(ASYNCHRONOUS, true);
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++)
		for (u32 write = 0; write < 2; write++) {
			SUBTEST("el%u-%s", el, write ? "write" : "read");
			write_sys(TFSR, 0);
			write_sys(TFSRE0, 0);
			isb();
			EXPECT_NO_FAULT(
				access((enum arm_el)el, write ? STR : LDR, TAGGED_VA | TAG(3), 0));
			EXPECT_EQ(read_sys(TFSR) | read_sys(TFSRE0), 0);
			EXPECT_NO_FAULT(
				access((enum arm_el)el, write ? STR : LDR, TAGGED_VA | TAG(4), 0));
			dsb();
			isb();
			EXPECT_EQ(read_sys(TFSR), el == ARM_EL1);
			EXPECT_EQ(read_sys(TFSRE0), el == ARM_EL0);
			if (write)
				EXPECT_EQ(page[0], 0x1122334455667788);
		}
	write_sys(TFSR, 0);
	write_sys(TFSRE0, 0);
	end();
}

TEST(checks_asymmetric, "with asymmetric checks reads fault and writes are told by TFSR_EL1",
     SPEC("DDI 0487, D10.6; D24.2, SCTLR_EL1.TCF"),
	  REQUIRES((read_sys(ID_AA64PFR1) >> 8 & 0xf) >= 3))
{
	struct fault fault;

	start();
	set_tag(0, 3);
	set_checks(ASYMMETRIC, true);
	fault = access(ARM_EL0, LDR, TAGGED_VA | TAG(4), 0);
	EXPECT_EQ(fault.kind, EC_DABT_LOWER + 1u);
	EXPECT_EQ(fault.code, FSC_TAG);
	EXPECT_NO_FAULT(access(ARM_EL0, STR, TAGGED_VA | TAG(4), 0));
	dsb();
	isb();
	EXPECT_EQ(read_sys(TFSRE0), 1);
	write_sys(TFSRE0, 0);
	end();
}

TEST(checks_off,
     "nothing is checked with TCF = 0, with TCO, without TBI, with TCMA for tag 0, in memory without tags, and relative to SP",
     SPEC("DDI 0487, D10.5, Tag checking: Unchecked accesses"))
{
	const u32 by_sp[] = { 0xf94003e1 /* LDR x1, [sp] */ };
	struct arm_registers r = { 0 };

	start();
	set_tag(0, 3);
	SUBTEST("tcf-0");
	EXPECT_NO_FAULT(access(ARM_EL1, LDR, TAGGED_VA | TAG(4), 0));
	EXPECT_NO_FAULT(access(ARM_EL0, LDR, TAGGED_VA | TAG(4), 0));
	set_checks(SYNCHRONOUS, true);
	SUBTEST("tco");
	EXPECT_NO_FAULT(access(ARM_EL1, LDR, TAGGED_VA | TAG(4), PSTATE_TCO));
	EXPECT_NO_FAULT(access(ARM_EL0, STR, TAGGED_VA | TAG(4), PSTATE_TCO));
	SUBTEST("checked");
	EXPECT_EQ(access(ARM_EL1, LDR, TAGGED_VA | TAG(4), 0).code, FSC_TAG);
	EXPECT_EQ(access(ARM_EL1, LDR, TAGGED_VA, 0).code, FSC_TAG);
	SUBTEST("sp");
	r.sp = TAGGED_VA | TAG(4);
	EXPECT_NO_FAULT(arm_execute(ARM_EL0, by_sp, 1, &r));
	SUBTEST("tcma");
	translation_set(read_sys(TTBR0), read_sys(TCR) | TCR_TCMA0);
	EXPECT_NO_FAULT(access(ARM_EL1, LDR, TAGGED_VA, 0));
	EXPECT_EQ(access(ARM_EL1, LDR, TAGGED_VA | TAG(4), 0).code, FSC_TAG);
	translation_set(read_sys(TTBR0), read_sys(TCR) & ~TCR_TCMA0);
	SUBTEST("untagged-memory");
	EXPECT_NO_FAULT(access(ARM_EL1, LDR, (ulong)page | TAG(4), 0));
	EXPECT_NO_FAULT(access(ARM_EL0, STR, (ulong)page | TAG(9), 0));
	SUBTEST("no-access");
	set_checks(SYNCHRONOUS, false);
	EXPECT_NO_FAULT(access(ARM_EL1, LDR, TAGGED_VA | TAG(4), 0));
	EXPECT_NO_FAULT(access(ARM_EL0, LDR, TAGGED_VA | TAG(4), 0));
	end();
}

TEST(checks_across,
     "an access across two granules checks both, one of a pair or vector all of them",
     SPEC("DDI 0487, D10.5, Tag checking"))
{
	start();
	set_tag(0, 3);
	set_tag(16, 4);
	set_checks(SYNCHRONOUS, true);
	SUBTEST("ldr-within");
	EXPECT_NO_FAULT(access(ARM_EL0, LDR, (TAGGED_VA + 8) | TAG(3), 0));
	SUBTEST("ldr-across");
	EXPECT_EQ(access(ARM_EL0, LDR, (TAGGED_VA + 12) | TAG(3), 0).code, FSC_TAG);
	EXPECT_EQ(access(ARM_EL0, LDR, (TAGGED_VA + 12) | TAG(4), 0).code, FSC_TAG);
	set_tag(16, 3);
	EXPECT_NO_FAULT(access(ARM_EL0, LDR, (TAGGED_VA + 12) | TAG(3), 0));
	SUBTEST("ldp");
	set_tag(16, 4);
	EXPECT_EQ(access(ARM_EL0, 0xa9400801, (TAGGED_VA + 8) | TAG(3), 0).code, FSC_TAG);
	EXPECT_NO_FAULT(access(ARM_EL0, 0xa9400801, TAGGED_VA | TAG(3), 0));
	SUBTEST("ld1-of-two");
	EXPECT_EQ(access(ARM_EL0, 0x4c40a000, TAGGED_VA | TAG(3), 0).code, FSC_TAG);
	set_tag(16, 3);
	EXPECT_NO_FAULT(access(ARM_EL0, 0x4c40a000, TAGGED_VA | TAG(3), 0));
	end();
}

TEST(tag_arithmetic,
     "ADDG, SUBG change address and tag, GMI collects tags, SUBP subtracts without tags, IRG keeps out of what is excluded",
     SPEC("DDI 0487, C6.2, ADDG, SUBG, GMI, SUBP, SUBPS, IRG; D24.2, GCR_EL1"))
{
	const u32 addg[] = { 0x91820c41 /* ADDG x1, x2, #32, #3 */ }, subg[] = { 0xd1820c41 };
	const u32 gmi[] = { 0x9ac31441 /* GMI x1, x2, x3 */ }, subp[] = { 0x9ac30041 };
	const u32 subps[] = { 0xbac30041 }, irg[] = { 0x9ac31041 };

	start();
	SUBTEST("addg-subg");
	for (u32 tag = 0; tag < 16; tag++) {
		struct arm_registers r = { .x = { 0, 0, 0x5a000000001000 | TAG(tag) } };

		EXPECT_NO_FAULT(arm_execute(ARM_EL0, addg, 1, &r));
		EXPECT_EQ(r.x[1], 0x5a000000001020 | TAG((tag + 3) & 15), "tag %u", tag);
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, subg, 1, &r));
		EXPECT_EQ(r.x[1], 0x5a000000000fe0 | TAG((tag + 3) & 15), "tag %u", tag);
	}
	SUBTEST("addg-excluded");
	write_sys(GCR, 0x00f0); /* tags 4 to 7 */
	isb();
	{
		struct arm_registers r = { .x = { 0, 0, 0x1000 | TAG(2) } };

		/* From 2, three steps that count only what is allowed: 3, 8, 9. */
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, addg, 1, &r));
		EXPECT_EQ(r.x[1], 0x1020 | TAG(9));
	}
	SUBTEST("gmi");
	for (u32 tag = 0; tag < 16; tag++) {
		struct arm_registers r = { .x = { 0, 0, 0x1000 | TAG(tag), 0x8001 } };

		EXPECT_NO_FAULT(arm_execute(ARM_EL0, gmi, 1, &r));
		EXPECT_EQ(r.x[1], 0x8001 | BIT(tag));
	}
	SUBTEST("irg");
	for (u32 tag = 0; tag < 16; tag++) {
		struct arm_registers r = { .x = { 0, 0, 0x1000 | TAG(7), 0 } };

		write_sys(GCR, 0xffff & ~BIT(tag));
		isb();
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, irg, 1, &r));
		EXPECT_EQ(r.x[1], 0x1000 | TAG(tag));
		/* Xm excludes more: then there is none, which is 0. */
		r.x[3] = BIT(tag);
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, irg, 1, &r));
		EXPECT_EQ(r.x[1], 0x1000);
	}
	SUBTEST("subp");
	{
		struct arm_registers r = { .x = { 0, 0, 0x0000123400001000 | TAG(9),
						  0x0000123400001010 | TAG(3) } };

		EXPECT_NO_FAULT(arm_execute(ARM_EL0, subp, 1, &r));
		EXPECT_EQ(r.x[1], -16ull);
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, subps, 1, &r));
		EXPECT_EQ(r.x[1], -16ull);
		EXPECT_EQ(r.pstate & PSTATE_NZCV, PSTATE_N);
		/* Bit 55 is the sign. */
		r.x[2] = 0x00ff000000000000;
		r.x[3] = 0xa5ff000000000000;
		EXPECT_NO_FAULT(arm_execute(ARM_EL0, subps, 1, &r));
		EXPECT_EQ(r.x[1], 0);
		EXPECT_EQ(r.pstate & PSTATE_NZCV, PSTATE_Z | PSTATE_C);
	}
	end();
}

#define SYS_RGSR	s3_0_c1_c0_5
#define RGSR(tag, seed) ((u64)(tag) | (u64)(seed) << 8)

/* AArch64.RandomTag(): four bits of a shift register of 16. */
static u32 random_tag(u32 *seed)
{
	u32 tag = 0;

	for (u32 i = 0; i < 4; i++) {
		u32 top = (*seed >> 5 ^ *seed >> 3 ^ *seed >> 2 ^ *seed) & 1;

		*seed = *seed >> 1 | top << 15;
		tag |= top << i;
	}
	return tag;
}

/* AArch64.ChooseNonExcludedTag() */
static u32 choose_tag(u32 tag, u32 offset, u32 exclude)
{
	if (exclude == 0xffff)
		return 0;
	while (!offset && (exclude >> tag & 1))
		tag = (tag + 1) & 15;
	for (; offset; offset--)
		do
			tag = (tag + 1) & 15;
		while (exclude >> tag & 1);
	return tag;
}

TEST(irg_sequence, "while GCR_EL1.RRND is 0, the tags of IRG are those that follow in RGSR_EL1",
     SPEC("DDI 0487, C6.2, IRG; D24.2, RGSR_EL1; J1.1, AArch64.RandomTag, AArch64.ChooseNonExcludedTag"))
{
	static const u16 excludes[] = { 0, 1, 0x00f0, 0x5555, 0x7fff, 0xffff };
	const u32 irg[] = { 0x9ac31041 }; /* IRG x1, x2, x3 */

	start();
	for (u32 i = 0; i < ARRAY_SIZE(excludes); i++) {
		u32 tag = i, seed = 0xace1 + i;

		SUBTEST("exclude-%#x", excludes[i]);
		write_sys(GCR, excludes[i] & 0xff);
		write_sys(RGSR, RGSR(tag, seed));
		isb();
		for (u32 k = 0; k < 20; k++) {
			struct arm_registers r = { .x = { 0, 0, 0xa5000000001000, excludes[i] } };

			tag = choose_tag(tag, random_tag(&seed), excludes[i]);
			EXPECT_NO_FAULT(arm_execute(k & 1 ? ARM_EL0 : ARM_EL1, irg, 1, &r));
			EXPECT_EQ(r.x[1], (0xa5000000001000 & ~TAG(15)) | TAG(tag), "number %u", k);
			EXPECT_EQ(read_sys(RGSR), RGSR(tag, seed), "number %u", k);
		}
	}
	write_sys(GCR, 0);
	end();
}
