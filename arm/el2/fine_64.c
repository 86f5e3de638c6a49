/* SPDX-License-Identifier: MIT */
/* Fine-grained traps: HFGRTR_EL2, HFGWTR_EL2, HFGITR_EL2, HDFGRTR_EL2, HDFGWTR_EL2, a bit for each register. */
#include <test.h>

#include "trap.h"

SUITE("Fine-grained traps", REQUIRES(el2_is_there()), REQUIRES(has_fgt()));

/* The bits of each register that its rows name: all of one register's but one's own never trap. */
static u64 bits_of(const struct el2_trap *traps, u32 count)
{
	u64 bits = 0;

	for (u32 i = 0; i < count; i++)
		bits |= traps[i].traps;
	return bits;
}

static void check(const struct el2_trap *traps, u32 count, enum el2_register reg, enum arm_el el)
{
	el2_check_traps(traps, count, reg, bits_of(traps, count), false, el, NULL, 0);
}

static const struct el2_trap reads[] = {
	READ("afsr0", BIT(0), 3, 0, 5, 1, 0),
	READ("afsr1", BIT(1), 3, 0, 5, 1, 1),
	READ("aidr", BIT(2), 3, 1, 0, 0, 7),
	READ("amair", BIT(3), 3, 0, 10, 3, 0),
	READ("apdakeylo", BIT(4), 3, 0, 2, 2, 0),
	READ("apdakeyhi", BIT(4), 3, 0, 2, 2, 1),
	READ("apdbkeylo", BIT(5), 3, 0, 2, 2, 2),
	READ("apdbkeyhi", BIT(5), 3, 0, 2, 2, 3),
	READ("apgakeylo", BIT(6), 3, 0, 2, 3, 0),
	READ("apgakeyhi", BIT(6), 3, 0, 2, 3, 1),
	READ("apiakeylo", BIT(7), 3, 0, 2, 1, 0),
	READ("apiakeyhi", BIT(7), 3, 0, 2, 1, 1),
	READ("apibkeylo", BIT(8), 3, 0, 2, 1, 2),
	READ("apibkeyhi", BIT(8), 3, 0, 2, 1, 3),
	READ("ccsidr", BIT(9), 3, 1, 0, 0, 0),
	READ("clidr", BIT(10), 3, 1, 0, 0, 1),
	READ("contextidr", BIT(11), 3, 0, 13, 0, 1),
	READ("cpacr", BIT(12), 3, 0, 1, 0, 2),
	READ("csselr", BIT(13), 3, 2, 0, 0, 0),
	READ("ctr", BIT(14), 3, 3, 0, 0, 1),
	READ("dczid", BIT(15), 3, 3, 0, 0, 7),
	READ("esr", BIT(16), 3, 0, 5, 2, 0),
	READ("far", BIT(17), 3, 0, 6, 0, 0),
	READ("isr", BIT(18), 3, 0, 12, 1, 0),
	READ("lorc", BIT(19), 3, 0, 10, 4, 3),
	READ("lorea", BIT(20), 3, 0, 10, 4, 1),
	READ("lorid", BIT(21), 3, 0, 10, 4, 7),
	READ("lorn", BIT(22), 3, 0, 10, 4, 2),
	READ("lorsa", BIT(23), 3, 0, 10, 4, 0),
	READ("mair", BIT(24), 3, 0, 10, 2, 0),
	READ("midr", BIT(25), 3, 0, 0, 0, 0),
	READ("mpidr", BIT(26), 3, 0, 0, 0, 5),
	READ("par", BIT(27), 3, 0, 7, 4, 0),
	READ("revidr", BIT(28), 3, 0, 0, 0, 6),
	READ("sctlr", BIT(29), 3, 0, 1, 0, 0),
	READ("scxtnum-el1", BIT(30), 3, 0, 13, 0, 7),
	READ("scxtnum-el0", BIT(31), 3, 3, 13, 0, 7),
	READ("tcr", BIT(32), 3, 0, 2, 0, 2),
	READ("tpidr-el1", BIT(33), 3, 0, 13, 0, 4),
	READ("tpidrro", BIT(34), 3, 3, 13, 0, 3),
	READ("tpidr-el0", BIT(35), 3, 3, 13, 0, 2),
	READ("ttbr0", BIT(36), 3, 0, 2, 0, 0),
	READ("ttbr1", BIT(37), 3, 0, 2, 0, 1),
	READ("vbar", BIT(38), 3, 0, 12, 0, 0),
	READ("icc-igrpen0", BIT(39), 3, 0, 12, 12, 6),
	READ("icc-igrpen1", BIT(39), 3, 0, 12, 12, 7),
	READ("erridr", BIT(40), 3, 0, 5, 3, 0),
};

TEST(fgt_reads, "each bit of HFGRTR_EL2 traps reads of its registers, and of no other",
     SPEC("DDI 0487, D24.2, HFGRTR_EL2"))
{
	check(reads, ARRAY_SIZE(reads), EL2_HFGRTR, ARM_EL1);
}

static const struct el2_trap writes[] = {
	WRITE("afsr0", BIT(0), 3, 0, 5, 1, 0),
	WRITE("afsr1", BIT(1), 3, 0, 5, 1, 1),
	WRITE("amair", BIT(3), 3, 0, 10, 3, 0),
	WRITE("apdakeylo", BIT(4), 3, 0, 2, 2, 0),
	WRITE("apdakeyhi", BIT(4), 3, 0, 2, 2, 1),
	WRITE("apdbkeylo", BIT(5), 3, 0, 2, 2, 2),
	WRITE("apdbkeyhi", BIT(5), 3, 0, 2, 2, 3),
	WRITE("apgakeylo", BIT(6), 3, 0, 2, 3, 0),
	WRITE("apgakeyhi", BIT(6), 3, 0, 2, 3, 1),
	WRITE("apiakeylo", BIT(7), 3, 0, 2, 1, 0),
	WRITE("apiakeyhi", BIT(7), 3, 0, 2, 1, 1),
	WRITE("apibkeylo", BIT(8), 3, 0, 2, 1, 2),
	WRITE("apibkeyhi", BIT(8), 3, 0, 2, 1, 3),
	WRITE("contextidr", BIT(11), 3, 0, 13, 0, 1),
	WRITE("cpacr", BIT(12), 3, 0, 1, 0, 2),
	WRITE("csselr", BIT(13), 3, 2, 0, 0, 0),
	WRITE("esr", BIT(16), 3, 0, 5, 2, 0),
	WRITE("far", BIT(17), 3, 0, 6, 0, 0),
	WRITE("lorc", BIT(19), 3, 0, 10, 4, 3),
	WRITE("lorea", BIT(20), 3, 0, 10, 4, 1),
	WRITE("lorn", BIT(22), 3, 0, 10, 4, 2),
	WRITE("lorsa", BIT(23), 3, 0, 10, 4, 0),
	WRITE("mair", BIT(24), 3, 0, 10, 2, 0),
	WRITE("par", BIT(27), 3, 0, 7, 4, 0),
	WRITE("sctlr", BIT(29), 3, 0, 1, 0, 0),
	WRITE("scxtnum-el1", BIT(30), 3, 0, 13, 0, 7),
	WRITE("scxtnum-el0", BIT(31), 3, 3, 13, 0, 7),
	WRITE("tcr", BIT(32), 3, 0, 2, 0, 2),
	WRITE("tpidr-el1", BIT(33), 3, 0, 13, 0, 4),
	WRITE("tpidrro", BIT(34), 3, 3, 13, 0, 3),
	WRITE("tpidr-el0", BIT(35), 3, 3, 13, 0, 2),
	WRITE("ttbr0", BIT(36), 3, 0, 2, 0, 0),
	WRITE("ttbr1", BIT(37), 3, 0, 2, 0, 1),
	WRITE("vbar", BIT(38), 3, 0, 12, 0, 0),
	WRITE("icc-igrpen0", BIT(39), 3, 0, 12, 12, 6),
	WRITE("icc-igrpen1", BIT(39), 3, 0, 12, 12, 7),
};

TEST(fgt_writes, "each bit of HFGWTR_EL2 traps writes of its registers, and of no other",
     SPEC("DDI 0487, D24.2, HFGWTR_EL2"))
{
	check(writes, ARRAY_SIZE(writes), EL2_HFGWTR, ARM_EL1);
}

static const struct el2_trap debug_reads[] = {
	READ("dbgbcr0", BIT(0), 2, 0, 0, 0, 5),	     READ("dbgbcr1", BIT(0), 2, 0, 0, 1, 5),
	READ("dbgbvr0", BIT(1), 2, 0, 0, 0, 4),	     READ("dbgwcr0", BIT(2), 2, 0, 0, 0, 7),
	READ("dbgwvr0", BIT(3), 2, 0, 0, 0, 6),	     READ("mdscr", BIT(4), 2, 0, 0, 2, 2),
	READ("oslsr", BIT(9), 2, 0, 1, 1, 4),	     READ("osdlr", BIT(11), 2, 0, 1, 3, 4),
	READ("pmevcntr0", BIT(12), 3, 3, 14, 8, 0),  READ("pmevtyper0", BIT(13), 3, 3, 14, 12, 0),
	READ("pmccfiltr", BIT(14), 3, 3, 14, 15, 7), READ("pmccntr", BIT(15), 3, 3, 9, 13, 0),
	READ("pmcntenset", BIT(16), 3, 3, 9, 12, 1), READ("pmcntenclr", BIT(16), 3, 3, 9, 12, 2),
	READ("pmintenset", BIT(17), 3, 0, 9, 14, 1), READ("pmintenclr", BIT(17), 3, 0, 9, 14, 2),
	READ("pmovsclr", BIT(18), 3, 3, 9, 12, 3),   READ("pmovsset", BIT(18), 3, 3, 9, 14, 3),
	READ("pmselr", BIT(19), 3, 3, 9, 12, 5),     READ("pmmir", BIT(22), 3, 0, 9, 14, 6),
	READ("pmuserenr", BIT(57), 3, 3, 9, 14, 0),  READ("pmceid0", BIT(58), 3, 3, 9, 12, 6),
	READ("pmceid1", BIT(58), 3, 3, 9, 12, 7),
};

TEST(fgt_debug_reads,
     "each bit of HDFGRTR_EL2 traps reads of its debug and PMU registers, and of no other",
     SPEC("DDI 0487, D24.2, HDFGRTR_EL2"))
{
	check(debug_reads, ARRAY_SIZE(debug_reads), EL2_HDFGRTR, ARM_EL1);
}

static const struct el2_trap debug_writes[] = {
	WRITE("dbgbcr0", BIT(0), 2, 0, 0, 0, 5),      WRITE("dbgbcr1", BIT(0), 2, 0, 0, 1, 5),
	WRITE("dbgbvr0", BIT(1), 2, 0, 0, 0, 4),      WRITE("dbgwcr0", BIT(2), 2, 0, 0, 0, 7),
	WRITE("dbgwvr0", BIT(3), 2, 0, 0, 0, 6),      WRITE("mdscr", BIT(4), 2, 0, 0, 2, 2),
	WRITE("oslar", BIT(8), 2, 0, 1, 0, 4),	      WRITE("osdlr", BIT(11), 2, 0, 1, 3, 4),
	WRITE("pmevcntr0", BIT(12), 3, 3, 14, 8, 0),  WRITE("pmevtyper0", BIT(13), 3, 3, 14, 12, 0),
	WRITE("pmccfiltr", BIT(14), 3, 3, 14, 15, 7), WRITE("pmccntr", BIT(15), 3, 3, 9, 13, 0),
	WRITE("pmcntenset", BIT(16), 3, 3, 9, 12, 1), WRITE("pmcntenclr", BIT(16), 3, 3, 9, 12, 2),
	WRITE("pmintenset", BIT(17), 3, 0, 9, 14, 1), WRITE("pmintenclr", BIT(17), 3, 0, 9, 14, 2),
	WRITE("pmovsclr", BIT(18), 3, 3, 9, 12, 3),   WRITE("pmovsset", BIT(18), 3, 3, 9, 14, 3),
	WRITE("pmselr", BIT(19), 3, 3, 9, 12, 5),     WRITE("pmswinc", BIT(20), 3, 3, 9, 12, 4),
	WRITE("pmcr", BIT(21), 3, 3, 9, 12, 0),	      WRITE("pmuserenr", BIT(57), 3, 3, 9, 14, 0),
};

TEST(fgt_debug_writes,
     "each bit of HDFGWTR_EL2 traps writes of its debug and PMU registers, and of no other",
     SPEC("DDI 0487, D24.2, HDFGWTR_EL2"))
{
	check(debug_writes, ARRAY_SIZE(debug_writes), EL2_HDFGWTR, ARM_EL1);
}

static const struct el2_trap maintenance[] = {
	SYSTEM("ic-ialluis", BIT(0), NULL, 0, 7, 1, 0),
	SYSTEM("ic-iallu", BIT(1), NULL, 0, 7, 5, 0),
	SYSTEM("ic-ivau", BIT(2), NULL, 3, 7, 5, 1),
	SYSTEM("dc-ivac", BIT(3), NULL, 0, 7, 6, 1),
	SYSTEM("dc-cvau", BIT(7), NULL, 3, 7, 11, 1),
	SYSTEM("dc-cvap", BIT(8), has_dpb, 3, 7, 12, 1),
	SYSTEM("dc-cvadp", BIT(9), has_dpb2, 3, 7, 13, 1),
	SYSTEM("dc-civac", BIT(10), NULL, 3, 7, 14, 1),
	SYSTEM("dc-cvac", BIT(54), NULL, 3, 7, 10, 1),
	SYSTEM("dc-zva", BIT(11), NULL, 3, 7, 4, 1),
	SYSTEM("at-s1e1r", BIT(12), NULL, 0, 7, 8, 0),
	SYSTEM("at-s1e1w", BIT(13), NULL, 0, 7, 8, 1),
	SYSTEM("at-s1e0r", BIT(14), NULL, 0, 7, 8, 2),
	SYSTEM("at-s1e0w", BIT(15), NULL, 0, 7, 8, 3),
	SYSTEM("at-s1e1rp", BIT(16), has_pan2, 0, 7, 9, 0),
	SYSTEM("at-s1e1wp", BIT(17), has_pan2, 0, 7, 9, 1),
	SYSTEM("cfp-rctx", BIT(48), has_specres, 3, 7, 3, 4),
	SYSTEM("dvp-rctx", BIT(49), has_specres, 3, 7, 3, 5),
	SYSTEM("cpp-rctx", BIT(50), has_specres, 3, 7, 3, 7),
};

TEST(fgt_instructions,
     "each bit of HFGITR_EL2 traps its cache maintenance, translation or prediction instruction",
     SPEC("DDI 0487, D24.2, HFGITR_EL2"))
{
	/* EnRCTX, SCTLR_EL1 bit 10, is about EL0 only. */
	check(maintenance, ARRAY_SIZE(maintenance), EL2_HFGITR, ARM_EL1);
}

static const struct el2_trap tlb[] = {
	SYSTEM("tlbi-vmalle1", BIT(42), NULL, 0, 8, 7, 0),
	SYSTEM("tlbi-vmalle1is", BIT(28), NULL, 0, 8, 3, 0),
	SYSTEM("tlbi-vmalle1os", BIT(18), has_tlbios, 0, 8, 1, 0),
	SYSTEM("tlbi-vae1", BIT(43), NULL, 0, 8, 7, 1),
	SYSTEM("tlbi-vae1is", BIT(29), NULL, 0, 8, 3, 1),
	SYSTEM("tlbi-vae1os", BIT(19), has_tlbios, 0, 8, 1, 1),
	SYSTEM("tlbi-aside1", BIT(44), NULL, 0, 8, 7, 2),
	SYSTEM("tlbi-aside1is", BIT(30), NULL, 0, 8, 3, 2),
	SYSTEM("tlbi-aside1os", BIT(20), has_tlbios, 0, 8, 1, 2),
	SYSTEM("tlbi-vaae1", BIT(45), NULL, 0, 8, 7, 3),
	SYSTEM("tlbi-vaae1is", BIT(31), NULL, 0, 8, 3, 3),
	SYSTEM("tlbi-vaae1os", BIT(21), has_tlbios, 0, 8, 1, 3),
	SYSTEM("tlbi-vale1", BIT(46), NULL, 0, 8, 7, 5),
	SYSTEM("tlbi-vale1is", BIT(32), NULL, 0, 8, 3, 5),
	SYSTEM("tlbi-vale1os", BIT(22), has_tlbios, 0, 8, 1, 5),
	SYSTEM("tlbi-vaale1", BIT(47), NULL, 0, 8, 7, 7),
	SYSTEM("tlbi-vaale1is", BIT(33), NULL, 0, 8, 3, 7),
	SYSTEM("tlbi-vaale1os", BIT(23), has_tlbios, 0, 8, 1, 7),
	SYSTEM("tlbi-rvae1", BIT(38), has_tlbirange, 0, 8, 6, 1),
	SYSTEM("tlbi-rvae1is", BIT(34), has_tlbirange, 0, 8, 2, 1),
	SYSTEM("tlbi-rvae1os", BIT(24), has_tlbirange, 0, 8, 5, 1),
	SYSTEM("tlbi-rvaae1", BIT(39), has_tlbirange, 0, 8, 6, 3),
	SYSTEM("tlbi-rvaae1is", BIT(35), has_tlbirange, 0, 8, 2, 3),
	SYSTEM("tlbi-rvaae1os", BIT(25), has_tlbirange, 0, 8, 5, 3),
	SYSTEM("tlbi-rvale1", BIT(40), has_tlbirange, 0, 8, 6, 5),
	SYSTEM("tlbi-rvale1is", BIT(36), has_tlbirange, 0, 8, 2, 5),
	SYSTEM("tlbi-rvale1os", BIT(26), has_tlbirange, 0, 8, 5, 5),
	SYSTEM("tlbi-rvaale1", BIT(41), has_tlbirange, 0, 8, 6, 7),
	SYSTEM("tlbi-rvaale1is", BIT(37), has_tlbirange, 0, 8, 2, 7),
	SYSTEM("tlbi-rvaale1os", BIT(27), has_tlbirange, 0, 8, 5, 7),
};

TEST(fgt_tlbi, "each bit of HFGITR_EL2 traps its TLB maintenance instruction, and no other",
     SPEC("DDI 0487, D24.2, HFGITR_EL2"))
{
	check(tlb, ARRAY_SIZE(tlb), EL2_HFGITR, ARM_EL1);
}

TEST(fgt_el0, "the bits for registers and instructions that EL0 may use trap those of EL0, too",
     SPEC("DDI 0487, D24.2, HFGRTR_EL2: accesses at EL1 and EL0 where HCR_EL2.{E2H, TGE} is not {1, 1}"))
{
	static const struct el2_trap read[] = {
		READ("ctr", BIT(14), 3, 3, 0, 0, 1),
		READ("dczid", BIT(15), 3, 3, 0, 0, 7),
		READ("tpidrro", BIT(34), 3, 3, 13, 0, 3),
		READ("tpidr-el0", BIT(35), 3, 3, 13, 0, 2),
	};
	static const struct el2_trap write[] = {
		WRITE("tpidr-el0", BIT(35), 3, 3, 13, 0, 2),
	};
	static const struct el2_trap instructions[] = {
		SYSTEM("ic-ivau", BIT(2), NULL, 3, 7, 5, 1),
		SYSTEM("dc-cvau", BIT(7), NULL, 3, 7, 11, 1),
		SYSTEM("dc-cvap", BIT(8), has_dpb, 3, 7, 12, 1),
		SYSTEM("dc-cvadp", BIT(9), has_dpb2, 3, 7, 13, 1),
		SYSTEM("dc-civac", BIT(10), NULL, 3, 7, 14, 1),
		SYSTEM("dc-cvac", BIT(54), NULL, 3, 7, 10, 1),
		SYSTEM("dc-zva", BIT(11), NULL, 3, 7, 4, 1),
	};

	check(read, ARRAY_SIZE(read), EL2_HFGRTR, ARM_EL0);
	check(write, ARRAY_SIZE(write), EL2_HFGWTR, ARM_EL0);
	check(instructions, ARRAY_SIZE(instructions), EL2_HFGITR, ARM_EL0);
}

#define SVC_INSN  0xd4000681u /* SVC #0x34 */
#define ERET_INSN 0xd69f03e0u

TEST(fgt_svc, "HFGITR_EL2.SVC_EL1 and SVC_EL0 trap SVC, with its own address as the return address",
     SPEC("DDI 0487, D24.2, HFGITR_EL2.SVC_EL1, SVC_EL0; D1.4.1, preferred exception return address"))
{
	static const struct {
		const char *name;
		enum arm_el el;
		u64 bits;
		u32 level;
	} rows[] = {
		{ "el1-by-svc-el1", ARM_EL1, BIT(53), 2 },
		{ "el1-by-svc-el0", ARM_EL1, BIT(52), 1 },
		{ "el0-by-svc-el0", ARM_EL0, BIT(52), 2 },
		{ "el0-by-svc-el1", ARM_EL0, BIT(53), 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct el2_setting s = { EL2_HFGITR, rows[i].bits };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };
		const u32 code[] = { SVC_INSN };
		ulong at = arm_code(code, 1);

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(SVC(0x34), el2_run(&s, 1, rows[i].el, at, &r, &exit));
		EXPECT_EQ(exit.level, rows[i].level);
		EXPECT_EQ(r.pc, rows[i].level == 2 ? at : at + 4);
	}
}

TEST(fgt_eret, "HFGITR_EL2.ERET traps ERET of EL1 with a class of its own",
     SPEC("DDI 0487, D24.2, HFGITR_EL2.ERET; ESR_EL2, EC 0b011010"))
{
	static const struct el2_trap traps[] = {
		{ .name = "eret",
		  .insn = ERET_INSN,
		  .traps = BIT(51),
		  .class = 0x1a,
		  .key = NO_KEY },
	};
	struct el2_setting s = { EL2_HFGITR, traps[0].traps };
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };
	const u32 code[] = { ERET_INSN };

	EXPECT_FAULT(FAULT_CODED_(0x1a, 0), el2_execute(&s, 1, ARM_EL1, code, 1, &r, &exit));
	EXPECT_EQ(exit.level, 2);
	/* At EL0 it stays UNDEFINED, at EL1. */
	EXPECT_FAULT(UNDEFINED, el2_execute(&s, 1, ARM_EL0, code, 1, &r, &exit));
	EXPECT_EQ(exit.level, 1);
}
