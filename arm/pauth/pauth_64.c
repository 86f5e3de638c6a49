/* SPDX-License-Identifier: MIT */
/* Pointer authentication: signs, checks, strips, and what branches and loads make of it. */
#include <test.h>

#include <arm/execute.h>
#include <arm/sysreg.h>
#include <mm/page.h>

/* APA, API, GPA, GPI, and APA3 and GPA3. */
static bool has_pauth(void)
{
	return (read_sys(ID_AA64ISAR1) & 0x0ff0) || (read_sys(ID_AA64ISAR2) & 0xf000);
}

/* FEAT_FPAC: an authentication that fails is a fault of its own. */
static bool has_fpac(void)
{
	u64 isar1 = read_sys(ID_AA64ISAR1), isar2 = read_sys(ID_AA64ISAR2);

	return (isar1 >> 4 & 0xf) >= 4 || (isar1 >> 8 & 0xf) >= 4 || (isar2 >> 12 & 0xf) >= 4;
}

SUITE("Pointer authentication", REQUIRES(has_pauth()));

#define SCTLR_ENDB BIT(13)
#define SCTLR_ENDA BIT(27)
#define SCTLR_ENIB BIT(30)
#define SCTLR_ENIA BIT(31)
#define SCTLR_KEYS (SCTLR_ENIA | SCTLR_ENIB | SCTLR_ENDA | SCTLR_ENDB)

/* Low and high half of each key, as they are written. */
static void set_keys(u64 seed)
{
	static const u32 keys[] = { 0xd5182100, 0xd5182120, 0xd5182140, 0xd5182160, 0xd5182200,
				    0xd5182220, 0xd5182240, 0xd5182260, 0xd5182300, 0xd5182320 };
	u32 code[11];
	struct arm_registers r = { 0 };

	for (u32 i = 0; i < 10; i++) {
		code[i] = keys[i] | (i + 1);
		r.x[i + 1] = seed * (i + 1) + 0x0123456789abcdef * i;
	}
	code[10] = 0xd5033fdf;
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 11, &r));
}

static void enable(u64 which)
{
	write_sys(SCTLR, (read_sys(SCTLR) & ~SCTLR_KEYS) | which);
	isb();
}

/* Sign and authenticate x1 with modifier x2; the forms with a modifier of zero; by A and B of I and D. */
static const struct form {
	const char *name;
	u32 sign, check, sign_zero, check_zero;
	u64 enable;
} forms[] = {
	{ "ia", 0xdac10041, 0xdac11041, 0xdac123e1, 0xdac133e1, SCTLR_ENIA },
	{ "ib", 0xdac10441, 0xdac11441, 0xdac127e1, 0xdac137e1, SCTLR_ENIB },
	{ "da", 0xdac10841, 0xdac11841, 0xdac12be1, 0xdac13be1, SCTLR_ENDA },
	{ "db", 0xdac10c41, 0xdac11c41, 0xdac12fe1, 0xdac13fe1, SCTLR_ENDB },
};

static const u64 pointers[] = { 0x0000000040201234, 0x00007fffffffffff, 0x0000000000000000,
				0xffffffffffff1000, 0xffff800000000000, 0x0000123456789abc };

static u64 run(enum arm_el el, u32 code, u64 pointer, u64 modifier, struct fault *fault)
{
	struct arm_registers r = { .x = { 0, pointer, modifier } };

	*fault = arm_execute(el, &code, 1, &r);
	return r.x[1];
}

static void expect_failure(enum arm_el el, u32 code, u64 signed_pointer, u64 modifier, u64 pointer)
{
	struct fault fault;
	u64 result = run(el, code, signed_pointer, modifier, &fault);

	if (has_fpac()) {
		EXPECT_EQ(fault.kind, EC_PAC_FAIL + 1u);
		return;
	}
	EXPECT_NO_FAULT(fault);
	/* An address that is not canonical, so that its use is a fault. */
	EXPECT_NE(result, pointer);
}

TEST(pauth_round_trip,
     "a signed pointer authenticates with the same key and modifier to what it was, and not with others",
     SPEC("DDI 0487, D8.10, Pointer authentication; C6.2, PACIA, AUTDB and others"))
{
	set_keys(0x1111222233334444);
	enable(SCTLR_KEYS);
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		u32 changed = 0, wrong_modifier = 0, wrong_key = 0;

		SUBTEST("%s", forms[i].name);
		for (u32 p = 0; p < ARRAY_SIZE(pointers); p++)
			for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
				struct fault fault;
				u64 modifier = random_u64(), pac, back;

				pac = run((enum arm_el)el, forms[i].sign, pointers[p], modifier,
					  &fault);
				EXPECT_NO_FAULT(fault);
				changed += pac != pointers[p];
				/* Bits 47-0 and 55 are the pointer's. */
				EXPECT_EQ(pac & (BITS(47, 0) | BIT(55)),
					  pointers[p] & (BITS(47, 0) | BIT(55)));
				back = run((enum arm_el)el, forms[i].check, pac, modifier, &fault);
				EXPECT_NO_FAULT(fault);
				EXPECT_EQ(back, pointers[p]);
				/* The same code is right by chance once in a hundred times or less. */
				back = run((enum arm_el)el, forms[i].check, pac, modifier ^ 1,
					   &fault);
				wrong_modifier += fault.kind || back != pointers[p];
				back = run((enum arm_el)el, forms[i ^ 1].check, pac, modifier,
					   &fault);
				wrong_key += fault.kind || back != pointers[p];
				back = run((enum arm_el)el, forms[i ^ 2].check, pac, modifier,
					   &fault);
				wrong_key += fault.kind || back != pointers[p];
				/* With zero for the modifier. */
				pac = run((enum arm_el)el, forms[i].sign_zero, pointers[p], 7,
					  &fault);
				EXPECT_EQ(run((enum arm_el)el, forms[i].check, pac, 0, &fault),
					  pointers[p]);
				EXPECT_EQ(run((enum arm_el)el, forms[i].check_zero, pac, 9, &fault),
					  pointers[p]);
			}
		EXPECT_GE(changed, 9);
		EXPECT_GE(wrong_modifier, 9);
		EXPECT_GE(wrong_key, 18);
	}
	enable(0);
}

TEST(pauth_corrupt, "a pointer whose code was changed does not authenticate",
     SPEC("DDI 0487, D8.10; C6.2, AUTIA; FEAT_FPAC"))
{
	struct fault fault;
	u64 pac;

	set_keys(0x1111222233334444);
	enable(SCTLR_KEYS);
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		SUBTEST("%s", forms[i].name);
		pac = run(ARM_EL1, forms[i].sign, pointers[0], 5, &fault);
		for (u32 bit = 48; bit < 55; bit++)
			expect_failure(bit & 1 ? ARM_EL0 : ARM_EL1, forms[i].check, pac ^ BIT(bit),
				       5, pointers[0]);
	}
	enable(0);
}

TEST(pauth_disabled, "with its enable bit in SCTLR_EL1 clear a key signs and checks nothing",
     SPEC("DDI 0487, D24.2, SCTLR_EL1.EnIA, EnIB, EnDA, EnDB"))
{
	struct fault fault;

	set_keys(0x1111222233334444);
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		SUBTEST("%s", forms[i].name);
		enable(SCTLR_KEYS & ~forms[i].enable);
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			EXPECT_EQ(run((enum arm_el)el, forms[i].sign, pointers[0], 5, &fault),
				  pointers[0]);
			EXPECT_EQ(run((enum arm_el)el, forms[i].check, pointers[0] | BIT(50), 5,
				      &fault),
				  pointers[0] | BIT(50));
			EXPECT_NO_FAULT(fault);
		}
	}
	enable(0);
}

TEST(pauth_keys, "all 128 bits of a key count, and each key is its own",
     SPEC("DDI 0487, D24.2, APIAKeyLo_EL1 and others"))
{
	struct fault fault;
	u64 first[4], second[4];
	u32 differ = 0;

	enable(SCTLR_KEYS);
	set_keys(0x1111222233334444);
	for (u32 i = 0; i < 4; i++)
		first[i] = run(ARM_EL1, forms[i].sign, pointers[5], 5, &fault);
	set_keys(0x1111222233334445);
	for (u32 i = 0; i < 4; i++)
		second[i] = run(ARM_EL1, forms[i].sign, pointers[5], 5, &fault);
	for (u32 i = 0; i < 4; i++) {
		differ += first[i] != second[i];
		for (u32 j = 0; j < i; j++)
			differ += first[i] != first[j];
	}
	EXPECT_GE(differ, 8);
	enable(0);
}

TEST(pauth_strip, "XPACI and XPACD leave the pointer alone, whatever code it has",
     SPEC("DDI 0487, C6.2, XPACD, XPACI, XPACLRI"))
{
	const u32 strips[] = { 0xdac143e1, 0xdac147e1 };

	for (u32 enabled = 0; enabled < 2; enabled++) {
		SUBTEST("keys-%s", enabled ? "enabled" : "disabled");
		enable(enabled ? SCTLR_KEYS : 0);
		for (u32 i = 0; i < ARRAY_SIZE(strips); i++)
			for (u32 p = 0; p < ARRAY_SIZE(pointers); p++) {
				struct fault fault;
				u64 code = random_u64() & BITS(54, 48);

				EXPECT_EQ(run(ARM_EL0, strips[i], pointers[p] ^ code, 0, &fault),
					  pointers[p]);
			}
	}
	enable(0);
}

TEST(pauth_generic,
     "PACGA makes a code in bits 63-32, and zeros below, that depends on both operands",
     SPEC("DDI 0487, C6.2, PACGA"))
{
	const u32 pacga[] = { 0x9ac23021 }; /* PACGA x1, x1, x2 */
	u64 results[3];

	set_keys(0x1111222233334444);
	for (u32 i = 0; i < 3; i++) {
		struct arm_registers r = { .x = { 0, 0x1234 + (i == 1), 0x5678 + (i == 2) } };

		EXPECT_NO_FAULT(arm_execute(ARM_EL0, pacga, 1, &r));
		results[i] = r.x[1];
		EXPECT_EQ((u32)results[i], 0);
	}
	EXPECT_NE(results[0], results[1]);
	EXPECT_NE(results[0], results[2]);
}

/* GPA = 1: QARMA5. The vector of the cipher's publication for r = 5 and sigma 2. */
TEST(pauth_qarma5, "with QARMA5, PACGA is the upper half of the cipher's published test vector",
     SPEC("R. Avanzi, The QARMA Block Cipher Family, appendix C; DDI 0487, D8.10, ComputePAC"),
	  REQUIRES((read_sys(ID_AA64ISAR1) >> 24 & 0xf) == 1))
{
	/* MSR APGAKeyLo_EL1, x3; MSR APGAKeyHi_EL1, x4; ISB; PACGA x1, x1, x2 */
	const u32 code[] = { 0xd5182303, 0xd5182324, 0xd5033fdf, 0x9ac23021 };
	struct arm_registers r = { .x = { 0, 0xfb623599da6e8127, 0x477d469dec0b8762,
					  0xec2802d4e0a488e9, 0x84be85ce9804e94b } };

	EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 4, &r));
	EXPECT_EQ(r.x[1], 0xc003b93900000000);
}

/* Branches to x1 with modifier x2, or zero: BRAA, BRAB, BRAAZ, BRABZ, BLRAA, BLRAB, BLRAAZ, BLRABZ. */
static const struct {
	const char *name;
	u32 code, form;
	bool zero, link;
} branches[] = {
	{ "braa", 0xd71f0822, 0, false, false }, { "brab", 0xd71f0c22, 1, false, false },
	{ "braaz", 0xd61f083f, 0, true, false }, { "brabz", 0xd61f0c3f, 1, true, false },
	{ "blraa", 0xd73f0822, 0, false, true }, { "blrab", 0xd73f0c22, 1, false, true },
	{ "blraaz", 0xd63f083f, 0, true, true }, { "blrabz", 0xd63f0c3f, 1, true, true },
};

TEST(pauth_branches,
     "a branch with authentication goes to the pointer that was signed, and nowhere else if it is wrong",
     SPEC("DDI 0487, C6.2, BRAA, BLRABZ, RETAA and others"))
{
	set_keys(0x1111222233334444);
	enable(SCTLR_KEYS);
	for (u32 i = 0; i < ARRAY_SIZE(branches); i++) {
		u32 code[64];
		struct fault fault;
		ulong at;
		u64 target, pac;

		SUBTEST("%s", branches[i].name);
		for (u32 w = 0; w < 64; w++)
			code[w] = EXECUTE_END;
		code[0] = branches[i].code;
		at = arm_code(code, 64);
		target = at + 0x80;
		pac = run(ARM_EL1, forms[branches[i].form].sign, target,
			  branches[i].zero ? 0 : 0x77, &fault);
		for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
			struct arm_registers r = { .x = { 0, pac, 0x77 } };

			EXPECT_NO_FAULT(arm_execute((enum arm_el)el, code, 64, &r));
			EXPECT_EQ(r.pc, target);
			EXPECT_EQ(r.x[30], branches[i].link ? at + 4 : 0);
			r = (struct arm_registers){ .x = { 0, pac ^ BIT(52), 0x77 } };
			fault = arm_execute((enum arm_el)el, code, 64, &r);
			EXPECT_NE(fault.kind, 0);
			EXPECT_NE(r.pc, target);
		}
	}
	enable(0);
}

TEST(pauth_loads,
     "LDRAA and LDRAB authenticate their base with a modifier of zero, and write it back without its code",
     SPEC("DDI 0487, C6.2, LDRAA, LDRAB"))
{
	u64 *memory = page_alloc();
	struct fault fault;

	set_keys(0x1111222233334444);
	enable(SCTLR_KEYS);
	for (u32 i = 0; i < 256; i++)
		memory[i] = 0x1000 + i;
	for (u32 key = 0; key < 2; key++)
		for (s32 offset = -512; offset < 512; offset += 73)
			for (u32 back = 0; back < 2; back++) {
				u32 imm = (u32)offset & 0x3ff;
				/* S is bit 22, imm9 bits 20-12. */
				const u32 code[] = { 0xf8200403 | key << 23 | (imm >> 9) << 22 |
						     (imm & 0x1ff) << 12 | back << 11 | 1 << 5 };
				u64 *base = memory + 128 - offset;
				struct arm_registers r = { 0 };

				SUBTEST("%s-%s%d", key ? "b" : "a", back ? "back" : "at", offset);
				r.x[1] = run(ARM_EL1, forms[2 + key].sign_zero, (ulong)base, 0,
					     &fault);
				fault = arm_execute(ARM_EL0, code, 1, &r);
				EXPECT_NO_FAULT(fault);
				EXPECT_EQ(r.x[3], 0x1000 + 128);
				if (back)
					EXPECT_EQ(r.x[1], (ulong)(base + offset));
			}
	enable(0);
}
