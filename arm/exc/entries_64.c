/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of single instructions at both levels: class, immediate, IL, return address, vector, and which
 * comes first where there are two; interrupts by vector and mask; BTI.
 */
#include <test.h>

#include <arm/execute.h>
#include <arm/gic.h>
#include <mm/page.h>
#include <mm/space.h>

SUITE("Exceptions, instruction by instruction");

#define ESR_IL BIT(25)
#define NOP    0xd503201fu
#define ABSENT 0x2c2000000000ul

static const u32 vectors_of[] = { VECTOR_FROM_EL0, VECTOR_FROM_EL1T };

/* One instruction that raises an exception. */
static const struct {
	const char *name;
	u32 code, class, iss;
	bool after; /* the return address is after it */
} instructions[] = {
	{ "svc-0", 0xd4000001, EC_SVC, 0, true },
	{ "svc-1", 0xd4000021, EC_SVC, 1, true },
	{ "svc-8000", 0xd4100001, EC_SVC, 0x8000, true },
	{ "svc-ffff", 0xd41fffe1, EC_SVC, 0xffff, true },
	{ "svc-a5a5", 0xd414b4a1, EC_SVC, 0xa5a5, true },
	{ "brk-0", 0xd4200000, EC_BRK, 0, false },
	{ "brk-5a5a", 0xd42b4b40, EC_BRK, 0x5a5a, false },
	{ "brk-ffff", 0xd43fffe0, EC_BRK, 0xffff, false },
	{ "udf-0", 0x00000000, EC_UNKNOWN, 0, false },
	{ "udf-ffff", 0x0000ffff, EC_UNKNOWN, 0, false },
	{ "unallocated", 0xd4000000, EC_UNKNOWN, 0, false },
};

TEST(entry_of_each,
     "each instruction's exception has its class, ISS, IL, vector and return address at both levels, and keeps the flags",
     SPEC("DDI 0487, D24.2.45, EC, IL, ISS; D1.4.2, preferred return address"))
{
	for (u32 i = 0; i < ARRAY_SIZE(instructions); i++) {
		ulong at = arm_code(&instructions[i].code, 1);

		SUBTEST("%s", instructions[i].name);
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++)
			for (u64 flags = 0; flags < 16; flags += 5) {
				struct arm_registers r = { .pstate = flags << 28, .sp = 0x12340 };

				EXPECT_FAULT(
					FAULT_CODED_(instructions[i].class, instructions[i].iss),
					arm_run((enum arm_el)el, at, &r), "EL%u", el);
				EXPECT_EQ(r.esr & ESR_IL, ESR_IL, "EL%u", el);
				EXPECT_EQ(r.esr >> 32, 0, "EL%u", el);
				EXPECT_EQ(r.vector, vectors_of[el] + VECTOR_SYNC);
				EXPECT_EQ(r.pc, at + (instructions[i].after ? 4 : 0), "EL%u", el);
				EXPECT_EQ(r.pstate & PSTATE_NZCV, flags << 28, "EL%u", el);
				EXPECT_EQ(r.pstate & PSTATE_MODE, el ? PSTATE_EL1T : PSTATE_EL0);
				EXPECT_EQ(r.sp, 0x12340);
			}
	}
}

TEST(illegal_first,
     "with PSTATE.IL, whatever the instruction, the exception is that of the illegal state",
     SPEC("DDI 0487, D1.4.5.6, priorities 8, 11 before 13 and 19; D1.4.4"))
{
	static const struct {
		const char *name;
		u32 code;
	} codes[] = { { "nop", NOP },	    { "svc", 0xd4000021 },  { "brk", 0xd4200000 },
		      { "udf", 0 },	    { "eret", 0xd69f03e0 }, { "ldr", 0xf9400001 },
		      { "mrs", 0xd5381001 } };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		ulong at = arm_code(&codes[i].code, 1);

		SUBTEST("%s", codes[i].name);
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			struct arm_registers r = { .pstate = PSTATE_IL };

			EXPECT_FAULT(ILLEGAL_STATE, arm_run((enum arm_el)el, at, &r), "EL%u", el);
			EXPECT_EQ(r.pc, at);
			EXPECT_EQ(r.esr & ESR_IL, ESR_IL);
			EXPECT_EQ(r.pstate & PSTATE_IL, PSTATE_IL);
		}
	}
	/* A PC that is not aligned comes before. */
	SUBTEST("pc-alignment");
	{
		struct arm_registers r = { .pstate = PSTATE_IL };

		EXPECT_FAULT(PC_ALIGNMENT(ABSENT + 2), arm_run(ARM_EL0, ABSENT + 2, &r));
	}
}

TEST(alignment_priorities,
     "a PC that is not aligned is reported before the page is missed, and an address with A set before its translation",
     SPEC("DDI 0487, D1.4.5.6, priorities 7, 9; D8.15.3, prioritization of MMU faults"))
{
	struct arm_registers r = { .x = { ABSENT + 1 } };
	const u32 ldr[] = { 0xb9400001 };

	SUBTEST("pc");
	EXPECT_FAULT(PC_ALIGNMENT(ABSENT + 1), arm_run(ARM_EL0, ABSENT + 1, &r));
	EXPECT_FAULT(PC_ALIGNMENT(ABSENT + 2), arm_run(ARM_EL1, ABSENT + 2, &r));
	EXPECT_FAULT(INSTRUCTION_ABORT_LOWER(FSC_TRANSLATION(0), ABSENT),
		     arm_run(ARM_EL0, ABSENT, &r));
	SUBTEST("data");
	EXPECT_FAULT(DATA_ABORT_LOWER(FSC_TRANSLATION(0), ABSENT + 1),
		     arm_execute(ARM_EL0, ldr, 1, &r));
	write_sys(SCTLR, read_sys(SCTLR) | SCTLR_A);
	isb();
	EXPECT_FAULT(DATA_ABORT_LOWER(FSC_ALIGNMENT, ABSENT + 1), arm_execute(ARM_EL0, ldr, 1, &r));
	write_sys(SCTLR, read_sys(SCTLR) & ~SCTLR_A);
	isb();
}

/* CPACR_EL1.FPEN = 0: allocated encodings are trapped, others UNDEFINED. */
TEST(trap_after_undefined,
     "with floating point trapped, an encoding of it that is not allocated is still UNDEFINED",
     SPEC("DDI 0487, D1.4.5.6, priority 19 before 21"))
{
	const u32 fadd[] = { 0x1e602800 }, unallocated[] = { 0x1ea02800 };
	struct arm_registers r = { 0 };

	write_sys(CPACR, 0);
	isb();
	EXPECT_FAULT(FP_TRAP, arm_execute(ARM_EL0, fadd, 1, &r));
	EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL0, unallocated, 1, &r));
	EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL1, unallocated, 1, &r));
	write_sys(CPACR, CPACR_FPEN);
	isb();
}

TEST(faults_across_pages,
     "an access that crosses into an absent page reports the address there, and the one before if that is absent",
     SPEC("DDI 0487, D1.4.5.7, FAR_EL1; D24.2, FAR_EL1"))
{
	static const struct {
		const char *name;
		u32 code, bytes, write;
	} accesses[] = { { "ldr-64", 0xf9400001, 8, 0 },
			 { "str-64", 0xf9000001, 8, ABORT_WRITE },
			 { "ldr-32", 0xb9400001, 4, 0 },
			 { "strh", 0x79000001, 2, ABORT_WRITE } };
	u8 *page = page_alloc();

	space_map(space_kernel(), ABSENT, (ulong)page, PAGE_SIZE, PROT_USER | PROT_WRITE);
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		SUBTEST("%s", accesses[i].name);
		for (u32 before = 1; before < accesses[i].bytes; before++) {
			struct arm_registers r = { .x = { ABSENT + PAGE_SIZE - before, 0x55 } };
			struct fault fault = arm_execute(ARM_EL0, &accesses[i].code, 1, &r);

			EXPECT_FAULT(DATA_ABORT_LOWER(accesses[i].write | FSC_TRANSLATION(3),
						      ABSENT + PAGE_SIZE),
				     fault, "%u before", before);
			EXPECT_EQ(r.x[1], 0x55);
			r = (struct arm_registers){ .x = { ABSENT - before, 0x55 } };
			fault = arm_execute(ARM_EL0, &accesses[i].code, 1, &r);
			EXPECT_FAULT(DATA_ABORT_LOWER(accesses[i].write | FSC_TRANSLATION(1),
						      ABSENT - before),
				     fault, "%u before the first", before);
		}
		/* Nothing of a store that faults is in the page that is there. */
		EXPECT_EQ(page[PAGE_SIZE - 1], 0);
	}
}

TEST(interrupts_by_level,
     "a pending IRQ is taken before the first instruction where I is clear, by the vector of its source, and not where it is set",
     SPEC("DDI 0487, D1.4.2.2, asynchronous exception entry; table of vector offsets"),
	  REQUIRES(gic_version()))
{
	const u32 code[] = { NOP };
	u32 spi = gic_intid_end() - 1;
	ulong at = arm_code(code, 1);

	gic_set_edge(spi, true);
	gic_enable(spi);
	gic_set_pending(spi);
	dsb();
	while (!(read_sys(ISR) & PSTATE_I))
		;
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		struct arm_registers r = { .unmasked = PSTATE_I, .pstate = PSTATE_C };

		SUBTEST("el%u-clear", el);
		EXPECT_FAULT(IRQ, arm_run((enum arm_el)el, at, &r));
		EXPECT_EQ(r.vector, vectors_of[el] + VECTOR_IRQ);
		EXPECT_EQ(r.pc, at);
		EXPECT_EQ(r.pstate & (PSTATE_NZCV | PSTATE_DAIF),
			  PSTATE_C | (PSTATE_DAIF & ~PSTATE_I));
		SUBTEST("el%u-set", el);
		r = (struct arm_registers){ .unmasked = PSTATE_D | PSTATE_A | PSTATE_F };
		EXPECT_NO_FAULT(arm_run((enum arm_el)el, at, &r));
	}
	gic_clear_pending(spi);
}

/* Guarded pages: D8.4.2. Which branch sets BTYPE to what, and what each landing takes: C6.2, BTI. */
#define PTE_GP	BIT(50)
#define JUMP_AT 16

static bool has_bti(void)
{
	return read_sys(ID_AA64PFR1) & 0xf;
}

static const struct {
	const char *name;
	u32 code, btype;
} jumps[] = {
	{ "br-x1", 0xd61f0020, 3 },  { "br-x16", 0xd61f0200, 1 }, { "br-x17", 0xd61f0220, 1 },
	{ "blr-x1", 0xd63f0020, 2 }, { "ret-x1", 0xd65f0020, 0 },
};

static const struct {
	const char *name;
	u32 code;
	bool takes[4]; /* by BTYPE */
} landings[] = {
	{ "nop", NOP, { true, false, false, false } },
	{ "bti", 0xd503241f, { true, false, false, false } },
	{ "bti-c", 0xd503245f, { true, true, true, false } },
	{ "bti-j", 0xd503249f, { true, true, false, true } },
	{ "bti-jc", 0xd50324df, { true, true, true, true } },
	{ "paciasp", 0xd503233f, { true, true, true, true } }, /* with SCTLR_EL1.BT0, BT1 = 0 */
	{ "brk", 0xd4200000, { true, true, true, true } },
};

/* A page at ABSENT, guarded or not, with this landing at its start and the jumps after. */
static u32 *map_landing(u32 landing, bool guarded)
{
	u32 *page = page_alloc();

	page[0] = landing;
	page[1] = EXECUTE_END;
	/* From the same page, as BR from one that is not guarded has BTYPE = 1 whatever its register. */
	for (u32 j = 0; j < ARRAY_SIZE(jumps); j++)
		page[JUMP_AT + 2 * j] = jumps[j].code;
	sync_code(page, 256);
	space_map(space_kernel(), ABSENT, (ulong)page, PAGE_SIZE, PROT_USER | PROT_EXEC);
	if (guarded)
		*space_entry(space_kernel(), ABSENT, NULL) |= PTE_GP;
	arch_tlb_flush_page(ABSENT);
	sync_code((void *)ABSENT, 256);
	return page;
}

static void check_jump(u32 l, u32 j, enum arm_el el, bool guarded)
{
	struct arm_registers r = { .x = { [1] = ABSENT, [16] = ABSENT, [17] = ABSENT } };
	struct fault fault = arm_run(el, ABSENT + 4 * JUMP_AT + 8 * j, &r);
	bool taken = !guarded || landings[l].takes[jumps[j].btype];
	bool brk = landings[l].code == 0xd4200000;

	if (!taken)
		EXPECT_FAULT(FAULT_CODED_(EC_BTI, jumps[j].btype), fault, "%s, EL%u", jumps[j].name,
			     el);
	else
		EXPECT_FAULT(brk ? BRK(0) : NO_FAULT, fault, "%s, EL%u", jumps[j].name, el);
	EXPECT_EQ(r.pc, ABSENT + (taken && !brk ? 4 : 0), "%s, EL%u", jumps[j].name, el);
	if (!taken)
		EXPECT_EQ(r.pstate >> 10 & 3, jumps[j].btype);
}

TEST(branch_targets,
     "in a guarded page an indirect branch must land on a BTI of its kind; else there is a Branch Target exception",
     SPEC("DDI 0487, D8.4.2, guarded pages; C6.2, BTI; D24.2.45, ISS of a Branch Target exception"),
	  REQUIRES(has_bti()))
{
	for (u32 l = 0; l < ARRAY_SIZE(landings); l++) {
		SUBTEST("%s", landings[l].name);
		for (u32 guarded = 0; guarded < 2; guarded++) {
			map_landing(landings[l].code, guarded);
			for (u32 j = 0; j < ARRAY_SIZE(jumps); j++)
				for (u32 el = ARM_EL0; el <= ARM_EL1; el++)
					check_jump(l, j, (enum arm_el)el, guarded);
		}
	}
}

TEST(guarded_changes, "a page whose GP changes is guarded from then on, whatever ran there before",
     SPEC("DDI 0487, D8.4.2, guarded pages; D8.17, TLB maintenance"), REQUIRES(has_bti()))
{
	map_landing(NOP, false);
	for (u32 guarded = 0; guarded < 2; guarded++) {
		if (guarded) {
			*space_entry(space_kernel(), ABSENT, NULL) |= PTE_GP;
			arch_tlb_flush_page(ABSENT);
		}
		for (u32 j = 0; j < ARRAY_SIZE(jumps); j++)
			for (u32 el = ARM_EL0; el <= ARM_EL1; el++)
				check_jump(0, j, (enum arm_el)el, guarded);
	}
}
