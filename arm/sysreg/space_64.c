/* SPDX-License-Identifier: MIT */
/* Every encoding of MRS and MSR: there are registers that this CPU has to have, and no others. */
#include <test.h>

#include <arm/execute.h>
#include <arm/sysreg_table.h>
#include <string.h>

SUITE("The space of system registers");

/* FEAT_IDST: refused reads of the space of ID registers are reported as traps. */
static bool has_idst(void)
{
	return read_sys(ID_AA64MMFR2) >> 36 & 0xf;
}

/* What a read is, if it is not allowed. */
static struct fault refused(u32 key)
{
	bool id_space = KEY_OP0(key) == 3 && KEY_OP1(key) != 2 && KEY_OP1(key) <= 3 &&
			KEY_CRN(key) == 0 && KEY_CRM(key) <= 7;

	return has_idst() && id_space ? SYSREG_TRAP(TRAP_OF(key, 1, 1)) : UNDEFINED;
}

/*
 * Runs `check(key, at, el)` for the MRS or MSR with Rt = x1 of every key from `first` on that has the same op0,
 * op1 and CRn. The code of all of them is at `at`, two words each.
 */
static void for_each_key(u32 first, bool read, void (*check)(u32 key, ulong at))
{
	u32 code[256];
	ulong at;

	for (u32 i = 0; i < 128; i++) {
		code[2 * i] = read ? MRS_OF(first + i, 1u) : MSR_OF(first + i, 1u);
		code[2 * i + 1] = EXECUTE_END;
	}
	at = arm_code(code, ARRAY_SIZE(code));
	for (u32 i = 0; i < 128; i++)
		check(first + i, at + 8 * i);
}

static void sweep(bool read, void (*check)(u32 key, ulong at))
{
	/* ZEN and SMEN: else, what belongs to SVE and SME is trapped. */
	write_sys(CPACR, CPACR_FPEN | CPACR_ZEN | CPACR_SMEN);
	for (u32 first = 0; first < KEYS; first += 128) {
		u32 before;

		SUBTEST("%u-%u-c%u", KEY_OP0(first), KEY_OP1(first), KEY_CRN(first));
		before = expectations_evaluated;
		for_each_key(first, read, check);
		if (expectations_evaluated == before)
			SKIP_ROW("the manual leaves these to the implementation");
	}
}

#define WHERE                                                                           \
	"s%u_%u_c%u_c%u_%u %s", KEY_OP0(key), KEY_OP1(key), KEY_CRN(key), KEY_CRM(key), \
		KEY_OP2(key), reg ? reg->name : ""

static void check_read(u32 key, ulong at)
{
	const struct sysreg *reg = sysreg_find(key);
	struct arm_registers r = { .x = { 0, 0x5a5a } };
	bool there = (reg && (reg->access & READS)) || sysreg_is_id(key);

	if (sysreg_is_unknown(key) || (reg && (reg->access & (EITHER | APART))))
		return;
	EXPECT_FAULT(there ? NO_FAULT : refused(key), arm_run(ARM_EL1, at, &r), WHERE);
	if (!there)
		EXPECT_EQ(r.x[1], 0x5a5a, WHERE);
}

TEST(reads_at_el1,
     "MRS at EL1 reads each register that the CPU has, and is UNDEFINED for all other encodings",
     SPEC("DDI 0487, D23.3, C5.1.3; D24.2 to D24.12, accessibility of each"),
	  BUG("https://gitlab.com/qemu-project/qemu/-/issues/2986"))
{
	sweep(true, check_read);
}

static void check_read_el0(u32 key, ulong at)
{
	const struct sysreg *reg = sysreg_find(key);
	struct arm_registers r = { .x = { 0, 0x5a5a } };

	if (sysreg_is_unknown(key) || (reg && (reg->access & (EITHER | READ0 | APART))))
		return;
	EXPECT_FAULT(refused(key), arm_run(ARM_EL0, at, &r), WHERE);
	EXPECT_EQ(r.x[1], 0x5a5a, WHERE);
}

TEST(reads_at_el0,
     "MRS at EL0 is UNDEFINED but for registers of EL0; FEAT_IDST traps those of ID registers",
     SPEC("DDI 0487, D24.2 to D24.12, accessibility of each; D1.4.7, FEAT_IDST"))
{
	sweep(true, check_read_el0);
}

/* Only where nothing is written. */
static void check_write(u32 key, ulong at)
{
	const struct sysreg *reg = sysreg_find(key);
	struct arm_registers r = { .x = { 0, 0 } };

	/* With op0 2 or 3, MSR of an immediate is no such encoding. */
	if (sysreg_is_unknown(key) || (reg && (reg->access & (EITHER | WRITES | APART))))
		return;
	EXPECT_FAULT(UNDEFINED, arm_run(ARM_EL1, at, &r), WHERE);
}

TEST(writes_at_el1,
     "MSR at EL1 is UNDEFINED for encodings without a register and for registers that are read-only",
     SPEC("DDI 0487, D23.3, C5.1.3; D24.2 to D24.12, accessibility of each"))
{
	sweep(false, check_write);
}

static void check_write_el0(u32 key, ulong at)
{
	const struct sysreg *reg = sysreg_find(key);
	struct arm_registers r = { .x = { 0, 0 } };

	if (sysreg_is_unknown(key) || (reg && (reg->access & (EITHER | WRITE0 | APART))))
		return;
	EXPECT_FAULT(UNDEFINED, arm_run(ARM_EL0, at, &r), WHERE);
}

TEST(writes_at_el0, "MSR at EL0 is UNDEFINED but for registers that EL0 can write",
     SPEC("DDI 0487, D24.2 to D24.12, accessibility of each"))
{
	sweep(false, check_write_el0);
}

TEST(debug_registers,
     "the registers of self-hosted debug and of the debugger's channel can be read at EL1",
     SPEC("DDI 0487, D24.3, accessibility of DBGCLAIMSET_EL1, DBGDTR_EL0, OSECCR_EL1 and others"),
	  BUG("https://gitlab.com/qemu-project/qemu/-/issues/2986"),
	      BUG("https://gitlab.com/qemu-project/qemu/-/issues/2708"))
{
	for (u32 i = 0; i < sysreg_count; i++) {
		const struct sysreg *reg = &sysregs[i];
		const u32 code[] = { MRS_OF(reg->key, 1u) };
		struct arm_registers r = { 0 };

		if (!(reg->access & APART))
			continue;
		SUBTEST("%s", reg->name);
		EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 1, &r));
	}
}

/* Registers that EL0 and all else get along without for a moment. */
static void check_held(const struct sysreg *reg, u32 key, u64 pattern)
{
	/* MRS x2; MSR x1; ISB; MRS x3; MSR x2; ISB */
	const u32 code[] = { MRS_OF(key, 2u), MSR_OF(key, 1u), 0xd5033fdf,
			     MRS_OF(key, 3u), MSR_OF(key, 2u), 0xd5033fdf };
	struct arm_registers r = { 0 };
	u64 old = 0, written;

	r.x[1] = 0;
	/* What is not held stays as it is. */
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 1, &r));
	old = r.x[2];
	written = (old & ~reg->held) | (pattern & reg->held);
	r.x[1] = written;
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, ARRAY_SIZE(code), &r), "%#llx", written);
	EXPECT_EQ(r.x[3] & reg->held, written & reg->held, "wrote %#llx", written);
}

TEST(written_values, "each field of a register that can be read and written has what was written",
     SPEC("DDI 0487, D24.2 to D24.12, fields of each"))
{
	write_sys(CPACR, CPACR_FPEN | CPACR_ZEN | CPACR_SMEN);
	for (u32 i = 0; i < sysreg_count; i++) {
		const struct sysreg *reg = &sysregs[i];

		if ((reg->access & RW) != RW || !reg->held || (reg->present && !reg->present()))
			continue;
		for (u32 key = reg->key; key <= (reg->last ? reg->last : reg->key); key++) {
			SUBTEST("s%u_%u_c%u_c%u_%u", KEY_OP0(key), KEY_OP1(key), KEY_CRN(key),
				KEY_CRM(key), KEY_OP2(key));
			check_held(reg, key, 0);
			check_held(reg, key, ~0ull);
			check_held(reg, key, 0xa5a5a5a5a5a5a5a5);
			check_held(reg, key, 0x5a5a5a5a5a5a5a5a);
			for (u32 bit = 0; bit < 64; bit++)
				check_held(reg, key, BIT(bit));
		}
	}
}
