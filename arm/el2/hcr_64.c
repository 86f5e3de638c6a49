/* SPDX-License-Identifier: MIT */
/* What HCR_EL2 traps of EL1: virtual memory controls, ID registers, maintenance. */
#include <test.h>

#include "trap.h"

SUITE("Traps of HCR_EL2", REQUIRES(el2_is_there()));

/* Bits that only trap. */
#define HCR_TRAPS                                                                             \
	(HCR_TID1 | HCR_TID2 | HCR_TID3 | HCR_TSC | HCR_TACR | HCR_TSW | HCR_TPCP | HCR_TPU | \
	 HCR_TTLB | HCR_TVM | HCR_TDZ | HCR_TRVM | HCR_TLOR | HCR_TERR | HCR_TWI | HCR_TWE)
#define EVT_TRAPS (HCR_TID4 | HCR_TICAB | HCR_TOCU | HCR_TTLBIS | HCR_TTLBOS)

static void check(const struct el2_trap *traps, u32 count)
{
	el2_check_traps(traps, count, EL2_HCR, HCR_TRAPS | (has_evt() ? EVT_TRAPS : 0), false,
			ARM_EL1, NULL, 0);
}

/* The bits that only FEAT_EVT has cannot trap without it. */
#define EVT(bits) ((bits)&EVT_TRAPS)

TEST(hcr_tvm, "TVM traps writes of the registers of virtual memory, and no reads",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TVM"))
{
	static const struct el2_trap traps[] = {
		WRITE("sctlr", HCR_TVM, 3, 0, 1, 0, 0),
		WRITE("ttbr0", HCR_TVM, 3, 0, 2, 0, 0),
		WRITE("ttbr1", HCR_TVM, 3, 0, 2, 0, 1),
		WRITE("tcr", HCR_TVM, 3, 0, 2, 0, 2),
		WRITE("afsr0", HCR_TVM, 3, 0, 5, 1, 0),
		WRITE("afsr1", HCR_TVM, 3, 0, 5, 1, 1),
		WRITE("esr", HCR_TVM, 3, 0, 5, 2, 0),
		WRITE("far", HCR_TVM, 3, 0, 6, 0, 0),
		WRITE("mair", HCR_TVM, 3, 0, 10, 2, 0),
		WRITE("amair", HCR_TVM, 3, 0, 10, 3, 0),
		WRITE("contextidr", HCR_TVM, 3, 0, 13, 0, 1),
		WRITE("cpacr", 0, 3, 0, 1, 0, 2),
		WRITE("tpidr", 0, 3, 0, 13, 0, 4),
		WRITE("par", 0, 3, 0, 7, 4, 0),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_trvm, "TRVM traps reads of the registers of virtual memory, and no writes",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TRVM"))
{
	static const struct el2_trap traps[] = {
		READ("sctlr", HCR_TRVM, 3, 0, 1, 0, 0),
		READ("ttbr0", HCR_TRVM, 3, 0, 2, 0, 0),
		READ("ttbr1", HCR_TRVM, 3, 0, 2, 0, 1),
		READ("tcr", HCR_TRVM, 3, 0, 2, 0, 2),
		READ("afsr0", HCR_TRVM, 3, 0, 5, 1, 0),
		READ("afsr1", HCR_TRVM, 3, 0, 5, 1, 1),
		READ("esr", HCR_TRVM, 3, 0, 5, 2, 0),
		READ("far", HCR_TRVM, 3, 0, 6, 0, 0),
		READ("mair", HCR_TRVM, 3, 0, 10, 2, 0),
		READ("amair", HCR_TRVM, 3, 0, 10, 3, 0),
		READ("contextidr", HCR_TRVM, 3, 0, 13, 0, 1),
		READ("cpacr", 0, 3, 0, 1, 0, 2),
		READ("vbar", 0, 3, 0, 12, 0, 0),
		READ("par", 0, 3, 0, 7, 4, 0),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tid1, "TID1 traps REVIDR_EL1 and AIDR_EL1, and not MIDR_EL1",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TID1"))
{
	static const struct el2_trap traps[] = {
		READ("revidr", HCR_TID1, 3, 0, 0, 0, 6),
		READ("aidr", HCR_TID1, 3, 1, 0, 0, 7),
		READ("midr", 0, 3, 0, 0, 0, 0),
		READ("mpidr", 0, 3, 0, 0, 0, 5),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tid2, "TID2 traps CTR_EL0 and what describes the caches, TID4 the latter",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TID2, TID4"))
{
	static const struct el2_trap evt[] = {
		READ("ccsidr", HCR_TID2 | HCR_TID4, 3, 1, 0, 0, 0),
		READ("clidr", HCR_TID2 | HCR_TID4, 3, 1, 0, 0, 1),
		READ("csselr", HCR_TID2 | HCR_TID4, 3, 2, 0, 0, 0),
		WRITE("csselr", HCR_TID2 | HCR_TID4, 3, 2, 0, 0, 0),
	};
	static const struct el2_trap plain[] = {
		READ("ctr", HCR_TID2, 3, 3, 0, 0, 1),
		READ("dczid", 0, 3, 3, 0, 0, 7),
	};
	struct el2_trap traps[ARRAY_SIZE(evt)];

	for (u32 i = 0; i < ARRAY_SIZE(evt); i++) {
		traps[i] = evt[i];
		traps[i].traps &= has_evt() ? ~0ull : ~EVT_TRAPS;
	}
	check(traps, ARRAY_SIZE(traps));
	check(plain, ARRAY_SIZE(plain));
}

#define ID(name, crm, op2) READ(name, HCR_TID3, 3, 0, 0, crm, op2)

TEST(hcr_tid3, "TID3 traps the ID registers of both states, which it has to",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TID3"))
{
	static const struct el2_trap traps[] = {
		ID("id-pfr0", 1, 0),
		ID("id-pfr1", 1, 1),
		ID("id-dfr0", 1, 2),
		ID("id-afr0", 1, 3),
		ID("id-mmfr0", 1, 4),
		ID("id-mmfr1", 1, 5),
		ID("id-mmfr2", 1, 6),
		ID("id-mmfr3", 1, 7),
		ID("id-isar0", 2, 0),
		ID("id-isar1", 2, 1),
		ID("id-isar2", 2, 2),
		ID("id-isar3", 2, 3),
		ID("id-isar4", 2, 4),
		ID("id-isar5", 2, 5),
		ID("mvfr0", 3, 0),
		ID("mvfr1", 3, 1),
		ID("mvfr2", 3, 2),
		ID("id-aa64pfr0", 4, 0),
		ID("id-aa64pfr1", 4, 1),
		ID("id-aa64dfr0", 5, 0),
		ID("id-aa64dfr1", 5, 1),
		ID("id-aa64afr0", 5, 4),
		ID("id-aa64afr1", 5, 5),
		ID("id-aa64isar0", 6, 0),
		ID("id-aa64isar1", 6, 1),
		ID("id-aa64mmfr0", 7, 0),
		ID("id-aa64mmfr1", 7, 1),
		READ("midr", 0, 3, 0, 0, 0, 0),
		READ("mpidr", 0, 3, 0, 0, 0, 5),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tid3_all, "with FEAT_FGT, TID3 traps all encodings of ID registers from CRm 2 on",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TID3"), REQUIRES(has_fgt()))
{
	for (u32 crm = 2; crm < 8; crm++)
		for (u32 op2 = 0; op2 < 8; op2++) {
			const struct el2_trap trap = {
				.name = "s3-0-c0",
				.insn = MRS_OF(KEY(3, 0, 0, crm, op2), 1u),
				.traps = HCR_TID3,
				.iss = (u32)TRAP_OF(KEY(3, 0, 0, crm, op2), 1, 1),
				.key = KEY(3, 0, 0, crm, op2),
			};
			struct el2_setting on = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TID3 };
			struct arm_registers r = { 0 };
			struct el2_exit exit = { 0 };

			SUBTEST("c%u-%u", crm, op2);
			EXPECT_FAULT(SYSREG_TRAP(trap.iss),
				     el2_execute(&on, 1, ARM_EL1, &trap.insn, 1, &r, &exit));
			EXPECT_EQ(exit.level, 2);
		}
}

TEST(hcr_tacr, "TACR traps both ways of access to ACTLR_EL1",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TACR"))
{
	static const struct el2_trap traps[] = {
		READ("actlr", HCR_TACR, 3, 0, 1, 0, 1),
		WRITE("actlr", HCR_TACR, 3, 0, 1, 0, 1),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tsw, "TSW traps maintenance by set and way", SPEC("DDI 0487, D24.2.62, HCR_EL2.TSW"))
{
	/* With x1 a page's address they would be of some set and way: what that is does not matter, nothing is trapped. */
	static const struct el2_trap traps[] = {
		SYSTEM("dc-isw", HCR_TSW, NULL, 0, 7, 6, 2),
		SYSTEM("dc-csw", HCR_TSW, NULL, 0, 7, 10, 2),
		SYSTEM("dc-cisw", HCR_TSW, NULL, 0, 7, 14, 2),
	};

	for (u32 i = 0; i < ARRAY_SIZE(traps); i++) {
		struct el2_trap trap = traps[i];

		trap.address = false;
		check(&trap, 1);
	}
}

TEST(hcr_tpcp, "TPCP traps maintenance to the points of coherency and persistence",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TPCP"))
{
	static const struct el2_trap traps[] = {
		SYSTEM("dc-ivac", HCR_TPCP, NULL, 0, 7, 6, 1),
		SYSTEM("dc-cvac", HCR_TPCP, NULL, 3, 7, 10, 1),
		SYSTEM("dc-civac", HCR_TPCP, NULL, 3, 7, 14, 1),
		SYSTEM("dc-cvap", HCR_TPCP, has_dpb, 3, 7, 12, 1),
		SYSTEM("dc-cvadp", HCR_TPCP, has_dpb2, 3, 7, 13, 1),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tpcp_el0, "TPCP traps those of EL0, too", SPEC("DDI 0487, D24.2.62, HCR_EL2.TPCP"))
{
	static const struct el2_trap traps[] = {
		SYSTEM("dc-cvac", HCR_TPCP, NULL, 3, 7, 10, 1),
		SYSTEM("dc-civac", HCR_TPCP, NULL, 3, 7, 14, 1),
		SYSTEM("dc-cvap", HCR_TPCP, has_dpb, 3, 7, 12, 1),
		SYSTEM("dc-cvadp", HCR_TPCP, has_dpb2, 3, 7, 13, 1),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_HCR, HCR_TRAPS, false, ARM_EL0, NULL, 0);
}

TEST(hcr_tpu, "TPU traps maintenance to the point of unification, TOCU and TICAB parts of it",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TPU, TOCU, TICAB"))
{
	const u64 tocu = has_evt() ? HCR_TOCU : 0, ticab = has_evt() ? HCR_TICAB : 0;
	const struct el2_trap traps[] = {
		SYSTEM("dc-cvau", HCR_TPU | tocu, NULL, 3, 7, 11, 1),
		SYSTEM("ic-ivau", HCR_TPU | tocu, NULL, 3, 7, 5, 1),
		SYSTEM("ic-iallu", HCR_TPU | tocu, NULL, 0, 7, 5, 0),
		SYSTEM("ic-ialluis", HCR_TPU | ticab, NULL, 0, 7, 1, 0),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tpu_el0, "TPU traps those of EL0, too", SPEC("DDI 0487, D24.2.62, HCR_EL2.TPU, TOCU"))
{
	const u64 tocu = has_evt() ? HCR_TOCU : 0;
	const struct el2_trap traps[] = {
		SYSTEM("dc-cvau", HCR_TPU | tocu, NULL, 3, 7, 11, 1),
		SYSTEM("ic-ivau", HCR_TPU | tocu, NULL, 3, 7, 5, 1),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_HCR, HCR_TRAPS | (has_evt() ? EVT_TRAPS : 0),
			false, ARM_EL0, NULL, 0);
}

TEST(hcr_tdz, "TDZ traps DC ZVA at EL1", SPEC("DDI 0487, D24.2.62, HCR_EL2.TDZ"))
{
	static const struct el2_trap traps[] = { SYSTEM("dc-zva", HCR_TDZ, NULL, 3, 7, 4, 1) };

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tdz_el0, "TDZ traps DC ZVA at EL0", SPEC("DDI 0487, D24.2.62, HCR_EL2.TDZ"))
{
	static const struct el2_trap traps[] = { SYSTEM("dc-zva", HCR_TDZ, NULL, 3, 7, 4, 1) };

	el2_check_traps(traps, 1, EL2_HCR, HCR_TRAPS, false, ARM_EL0, NULL, 0);
}

static bool tdz_dzp(bool tdz)
{
	struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | (tdz ? HCR_TDZ : 0) };
	const u32 code[] = { MRS_OF(KEY(3, 3, 0, 0, 7), 1u) };
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };

	EXPECT_NO_FAULT(el2_execute(&s, 1, ARM_EL1, code, 1, &r, &exit));
	return r.x[1] & BIT(4);
}

TEST(hcr_tdz_dczid, "DCZID_EL0.DZP says to EL1 that TDZ forbids DC ZVA",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TDZ; DCZID_EL0.DZP"))
{
	EXPECT(!tdz_dzp(false));
	EXPECT(tdz_dzp(true));
}

#define TLB(name, crm, op2, present)	SYSTEM("tlbi-" name, HCR_TTLB, present, 0, 8, crm, op2)
#define TLB_IS(name, crm, op2, present) SYSTEM("tlbi-" name, HCR_TTLB | is, present, 0, 8, crm, op2)
#define TLB_OS(name, crm, op2, present) SYSTEM("tlbi-" name, HCR_TTLB | os, present, 0, 8, crm, op2)

TEST(hcr_ttlb, "TTLB traps all TLB maintenance of EL1, TTLBIS and TTLBOS what reaches other CPUs",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TTLB, TTLBIS, TTLBOS"))
{
	const u64 is = has_evt() ? HCR_TTLBIS : 0, os = has_evt() ? HCR_TTLBOS : 0;
	const struct el2_trap traps[] = {
		TLB("vmalle1", 7, 0, NULL),
		TLB("vae1", 7, 1, NULL),
		TLB("aside1", 7, 2, NULL),
		TLB("vaae1", 7, 3, NULL),
		TLB("vale1", 7, 5, NULL),
		TLB("vaale1", 7, 7, NULL),
		TLB_IS("vmalle1is", 3, 0, NULL),
		TLB_IS("vae1is", 3, 1, NULL),
		TLB_IS("aside1is", 3, 2, NULL),
		TLB_IS("vaae1is", 3, 3, NULL),
		TLB_IS("vale1is", 3, 5, NULL),
		TLB_IS("vaale1is", 3, 7, NULL),
		TLB_OS("vmalle1os", 1, 0, has_tlbios),
		TLB_OS("vae1os", 1, 1, has_tlbios),
		TLB_OS("aside1os", 1, 2, has_tlbios),
		TLB_OS("vaae1os", 1, 3, has_tlbios),
		TLB_OS("vale1os", 1, 5, has_tlbios),
		TLB_OS("vaale1os", 1, 7, has_tlbios),
		TLB("rvae1", 6, 1, has_tlbirange),
		TLB("rvaae1", 6, 3, has_tlbirange),
		TLB("rvale1", 6, 5, has_tlbirange),
		TLB("rvaale1", 6, 7, has_tlbirange),
		TLB_IS("rvae1is", 2, 1, has_tlbirange),
		TLB_IS("rvaae1is", 2, 3, has_tlbirange),
		TLB_IS("rvale1is", 2, 5, has_tlbirange),
		TLB_IS("rvaale1is", 2, 7, has_tlbirange),
		TLB_OS("rvae1os", 5, 1, has_tlbirange),
		TLB_OS("rvaae1os", 5, 3, has_tlbirange),
		TLB_OS("rvale1os", 5, 5, has_tlbirange),
		TLB_OS("rvaale1os", 5, 7, has_tlbirange),
		SYSTEM("at-s1e1r", 0, NULL, 0, 7, 8, 0),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(hcr_tlor, "TLOR traps the registers of limited ordering regions",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TLOR"), REQUIRES(has_lor()))
{
	static const struct el2_trap traps[] = {
		READ("lorsa", HCR_TLOR, 3, 0, 10, 4, 0), WRITE("lorsa", HCR_TLOR, 3, 0, 10, 4, 0),
		READ("lorea", HCR_TLOR, 3, 0, 10, 4, 1), WRITE("lorea", HCR_TLOR, 3, 0, 10, 4, 1),
		READ("lorn", HCR_TLOR, 3, 0, 10, 4, 2),	 WRITE("lorn", HCR_TLOR, 3, 0, 10, 4, 2),
		READ("lorc", HCR_TLOR, 3, 0, 10, 4, 3),	 WRITE("lorc", HCR_TLOR, 3, 0, 10, 4, 3),
		READ("lorid", HCR_TLOR, 3, 0, 10, 4, 7),
	};

	check(traps, ARRAY_SIZE(traps));
}

static bool has_ras(void)
{
	return read_sys(ID_AA64PFR0) >> 28 & 0xf;
}

/* Without a record it is CONSTRAINED UNPREDICTABLE what there is of ERRSELR_EL1. */
static bool has_records(void)
{
	u64 erridr;

	__asm__ volatile("mrs %0, s3_0_c5_c3_0" : "=r"(erridr));
	return erridr & 0xffff;
}

TEST(hcr_terr, "TERR traps the error records' registers",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TERR"), REQUIRES(has_ras()))
{
	static const struct el2_trap traps[] = {
		READ("erridr", HCR_TERR, 3, 0, 5, 3, 0),
		READ("errselr", HCR_TERR, 3, 0, 5, 3, 1),
		WRITE("errselr", HCR_TERR, 3, 0, 5, 3, 1),
	};

	check(traps, has_records() ? ARRAY_SIZE(traps) : 1);
}

TEST(hcr_apk, "without APK, the registers of keys are trapped",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.APK"), REQUIRES(has_pauth()))
{
#define KEYS_OF(name, crm, op2) \
	READ(name, HCR_APK, 3, 0, 2, crm, op2), WRITE(name, HCR_APK, 3, 0, 2, crm, op2)
	static const struct el2_trap traps[] = {
		KEYS_OF("apiakeylo", 1, 0), KEYS_OF("apiakeyhi", 1, 1), KEYS_OF("apibkeylo", 1, 2),
		KEYS_OF("apibkeyhi", 1, 3), KEYS_OF("apdakeylo", 2, 0), KEYS_OF("apdakeyhi", 2, 1),
		KEYS_OF("apdbkeylo", 2, 2), KEYS_OF("apdbkeyhi", 2, 3), KEYS_OF("apgakeylo", 3, 0),
		KEYS_OF("apgakeyhi", 3, 1),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_HCR, HCR_API | HCR_APK | HCR_ATA, true,
			ARM_EL1, NULL, 0);
}

/* EC 0x09 has no syndrome. */
#define PAUTH(name, insn) INSTRUCTION(name, HCR_API, NULL, insn, 0x09, 0)

static const struct el2_trap pauth_traps[] = {
	PAUTH("pacia", 0xdac10001),
	PAUTH("pacib", 0xdac10401),
	PAUTH("pacda", 0xdac10801),
	PAUTH("pacdb", 0xdac10c01),
	PAUTH("autia", 0xdac11001),
	PAUTH("autib", 0xdac11401),
	PAUTH("autda", 0xdac11801),
	PAUTH("autdb", 0xdac11c01),
	PAUTH("pacga", 0x9ac23001),
	PAUTH("pacia1716", 0xd503211f),
	PAUTH("paciasp", 0xd503233f),
	INSTRUCTION("xpaci", 0, NULL, 0xdac143e1, 0, 0),
	INSTRUCTION("xpaclri", 0, NULL, 0xd50320ff, 0, 0),
};

/* EnIA, EnIB, EnDA, EnDB of SCTLR_EL1. */
static void enable_keys(bool on)
{
	const u64 keys = BIT(31) | BIT(30) | BIT(27) | BIT(13);

	write_sys(SCTLR, on ? read_sys(SCTLR) | keys : read_sys(SCTLR) & ~keys);
	isb();
}

TEST(hcr_api,
     "without API, the instructions of pointer authentication are trapped at EL1 while their keys are enabled",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.API"), REQUIRES(has_pauth()))
{
	enable_keys(true);
	el2_check_traps(pauth_traps, ARRAY_SIZE(pauth_traps), EL2_HCR, HCR_APK | HCR_ATA | HCR_API,
			true, ARM_EL1, NULL, 0);
	enable_keys(false);
}

TEST(hcr_api_el0, "without API, the instructions of pointer authentication are trapped at EL0",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.API"), REQUIRES(has_pauth()))
{
	enable_keys(true);
	el2_check_traps(pauth_traps, ARRAY_SIZE(pauth_traps), EL2_HCR, HCR_APK | HCR_ATA | HCR_API,
			true, ARM_EL0, NULL, 0);
	enable_keys(false);
}

TEST(hcr_api_disabled, "with the keys disabled, API traps PACGA alone",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.API: ignored if the instruction is disabled by SCTLR_ELx"),
	  REQUIRES(has_pauth()))
{
	static const struct el2_trap traps[] = {
		INSTRUCTION("pacia", 0, NULL, 0xdac10001, 0, 0),
		INSTRUCTION("autdb", 0, NULL, 0xdac11c01, 0, 0),
		PAUTH("pacga", 0x9ac23001),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_HCR, HCR_APK | HCR_ATA | HCR_API, true,
			ARM_EL1, NULL, 0);
}

static bool has_csv2_2(void)
{
	return (read_sys(ID_AA64PFR0) >> 56 & 0xf) >= 2 || (read_sys(ID_AA64PFR1) >> 32 & 0xf) >= 2;
}

TEST(hcr_enscxt, "without EnSCXT, SCXTNUM_EL1 and SCXTNUM_EL0 are trapped",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.EnSCXT"), REQUIRES(has_csv2_2()))
{
	static const struct el2_trap traps[] = {
		READ("scxtnum-el1", HCR_ENSCXT, 3, 0, 13, 0, 7),
		READ("scxtnum-el0", HCR_ENSCXT, 3, 3, 13, 0, 7),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_HCR, HCR_API | HCR_APK | HCR_ATA | HCR_ENSCXT,
			true, ARM_EL1, NULL, 0);
}

TEST(hcr_ata, "without ATA, the registers of tags are trapped",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.ATA"), REQUIRES(has_mte2()))
{
	static const struct el2_trap traps[] = {
		READ("gcr", HCR_ATA, 3, 0, 1, 0, 6),	WRITE("gcr", HCR_ATA, 3, 0, 1, 0, 6),
		READ("rgsr", HCR_ATA, 3, 0, 1, 0, 5),	WRITE("rgsr", HCR_ATA, 3, 0, 1, 0, 5),
		READ("tfsre0", HCR_ATA, 3, 0, 5, 6, 1), WRITE("tfsre0", HCR_ATA, 3, 0, 5, 6, 1),
		READ("tfsr", HCR_ATA, 3, 0, 5, 6, 0),	WRITE("tfsr", HCR_ATA, 3, 0, 5, 6, 0),
		READ("gmid", 0, 3, 1, 0, 0, 4),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_HCR, HCR_API | HCR_APK | HCR_ATA, true,
			ARM_EL1, NULL, 0);
}

TEST(hcr_tid5, "TID5 traps GMID_EL1",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TID5"), REQUIRES(has_mte2()))
{
	static const struct el2_trap traps[] = { READ("gmid", HCR_TID5, 3, 1, 0, 0, 4) };

	el2_check_traps(traps, 1, EL2_HCR, HCR_TRAPS | HCR_TID5, false, ARM_EL1, NULL, 0);
}
