/* SPDX-License-Identifier: MIT */
/*
 * FEAT_MOPS: CPYF*, CPY*, SET*. How much each of the three instructions does, and what is in the registers between them,
 * is for the CPU; what there is after the last of them is not.
 */
#include <test.h>

#include <arm/execute.h>
#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

static bool has_mops(void)
{
	return read_sys(ID_AA64ISAR2) >> 16 & 0xf;
}

SUITE("Memory copy and memory set");

#define SCTLR_MSCEN BIT(33)
#define EC_MOPS	    0x27

/* Xd is x0, Xs x1, Xn x2; op 0 prologue, 1 main, 2 epilogue. */
#define CPYF(op) (0x19000400u | (op) << 22 | 1u << 16 | 2u << 5)
#define CPY(op)	 (0x1d000400u | (op) << 22 | 1u << 16 | 2u << 5)
#define SET(op)	 (0x19c00400u | (op) << 14 | 1u << 16 | 2u << 5)

static const struct form {
	const char *name;
	u32 code[3];
	bool set;
} forward = { "cpyf", { CPYF(0u), CPYF(1u), CPYF(2u) }, false },
  either = { "cpy", { CPY(0u), CPY(1u), CPY(2u) }, false },
  set = { "set", { SET(0u), SET(1u), SET(2u) }, true };

static u8 *memory, *expected;
#define MEMORY (4 * PAGE_SIZE)

static void set_up(void)
{
	memory = pages_alloc(4, PAGE_SIZE);
	expected = pages_alloc(4, PAGE_SIZE);
	for (u32 i = 0; i < MEMORY; i++)
		memory[i] = expected[i] = (u8)random_u64();
	write_sys(SCTLR, read_sys(SCTLR) | SCTLR_MSCEN);
	isb();
}

static void tear_down(void)
{
	write_sys(SCTLR, read_sys(SCTLR) & ~SCTLR_MSCEN);
	isb();
}

/* All three instructions. */
static void check(const struct form *f, u32 to, u64 from, u64 size, enum arm_el el)
{
	struct arm_registers r = { .x = { (ulong)memory + to, f->set ? from : (ulong)memory + from,
					  size },
				   .pstate = PSTATE_N | PSTATE_V };

	if (f->set)
		memset(expected + to, (int)(from & 0xff), size);
	else
		memmove(expected + to, expected + from, size);
	EXPECT_NO_FAULT(arm_execute(el, f->code, 3, &r), "%s %u from %llu, %llu bytes", f->name, to,
			from, size);
	EXPECT_MEM_EQ(memory, expected, MEMORY, "%s %u from %llu, %llu bytes", f->name, to, from,
		      size);
	EXPECT_EQ(r.x[2], 0);
	if (f != &either)
		EXPECT_EQ(r.x[0], (ulong)memory + to + size);
	if (f == &forward)
		EXPECT_EQ(r.x[1], (ulong)memory + from + size);
	if (f->set)
		EXPECT_EQ(r.x[1], from);
	EXPECT_EQ(r.pstate & (PSTATE_N | PSTATE_Z | PSTATE_V), 0);
}

static const u32 sizes[] = { 0,	 1,  2,	 3,  7,	  8,   9,   15,	 16,  17,   31,	  32,
			     33, 63, 64, 65, 127, 128, 129, 255, 256, 1000, 4096, 5000 };

TEST(mops_copy_forward, "CPYF* copies that many bytes and leaves the addresses after them",
     SPEC("DDI 0487, C6.2, CPYFP, CPYFM, CPYFE"), REQUIRES(has_mops()))
{
	set_up();
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		SUBTEST("%u-bytes", sizes[i]);
		for (u32 k = 0; k < 8; k++)
			check(&forward, 8192 + (u32)random_below(64), random_below(64), sizes[i],
			      k & 1 ? ARM_EL1 : ARM_EL0);
	}
	tear_down();
}

TEST(mops_copy_overlap, "CPY* copies as if by way of other memory, whatever the overlap",
     SPEC("DDI 0487, C6.2, CPYP, CPYM, CPYE"), REQUIRES(has_mops()))
{
	static const s32 distances[] = { 1,  2,	 7,  8,	 15,  16,  63,	 64, 100,
					 -1, -2, -7, -8, -16, -64, -100, 0 };

	set_up();
	for (u32 d = 0; d < ARRAY_SIZE(distances); d++) {
		SUBTEST("distance-%d", distances[d]);
		for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
			check(&either, (u32)(6000 + distances[d]), 6000, sizes[i],
			      i & 1 ? ARM_EL1 : ARM_EL0);
	}
	tear_down();
}

TEST(mops_copy_forward_overlap, "CPYF* to a lower address copies all, though the two overlap",
     SPEC("DDI 0487, C6.2, CPYFP, CPYFM, CPYFE"), REQUIRES(has_mops()))
{
	static const u32 distances[] = { 1, 3, 8, 16, 64, 200 };

	set_up();
	for (u32 d = 0; d < ARRAY_SIZE(distances); d++) {
		SUBTEST("distance-%u", distances[d]);
		for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
			check(&forward, 6000 - distances[d], 6000, sizes[i],
			      i & 1 ? ARM_EL1 : ARM_EL0);
	}
	tear_down();
}

TEST(mops_set, "SET* writes the low byte of the register that many times",
     SPEC("DDI 0487, C6.2, SETP, SETM, SETE"), REQUIRES(has_mops()))
{
	static const u64 values[] = { 0, 0xff, 0x5a, 0x123456789abcde80 };

	set_up();
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		SUBTEST("%u-bytes", sizes[i]);
		for (u32 v = 0; v < ARRAY_SIZE(values); v++)
			check(&set, 4000 + (u32)random_below(64), values[v], sizes[i],
			      v & 1 ? ARM_EL1 : ARM_EL0);
	}
	tear_down();
}

static const struct {
	const struct form *form;
	const char *name;
	bool source; /* it is the source that is absent */
} faults[] = {
	{ &forward, "cpyf-write", false }, { &forward, "cpyf-read", true },
	{ &either, "cpy-write", false },   { &either, "cpy-read", true },
	{ &set, "set-write", false },
};

TEST(mops_fault_resumes,
     "an abort in the middle says where, and all is done after the page is there and the instruction goes on",
     SPEC("DDI 0487, C6.2, CPYFP, SETP; D1.4.1"), REQUIRES(has_mops()))
{
	for (u32 i = 0; i < 2 * ARRAY_SIZE(faults); i++) {
		const struct form *f = faults[i / 2].form;
		enum arm_el el = i & 1 ? ARM_EL1 : ARM_EL0;
		ulong absent, at = arm_code(f->code, 3);
		u32 size = 5000, to = 4096 + 1000, from = 0;
		struct arm_registers r = { 0 };
		struct fault fault;

		SUBTEST("%s-el%u", faults[i / 2].name, i & 1);
		set_up();
		if (faults[i / 2].source) {
			from = 4096 + 500;
			to = 0;
			size = 3900;
		}
		/* The second page of what is accessed. */
		absent = (ulong)memory + 8192;
		if (f->set)
			memset(expected + to, 0x77, size);
		else
			memmove(expected + to, expected + from, size);
		space_unmap(space_kernel(), absent, PAGE_SIZE);
		r.x[0] = (ulong)memory + to;
		r.x[1] = f->set ? 0x77 : (ulong)memory + from;
		r.x[2] = size;
		fault = arm_run(el, at, &r);
		EXPECT_EQ(fault.kind, (el == ARM_EL1 ? EC_DABT : EC_DABT_LOWER) + 1u);
		EXPECT_EQ(fault.code & 0x3f, FSC_TRANSLATION(3));
		EXPECT_EQ(fault.code & ABORT_WRITE, faults[i / 2].source ? 0 : ABORT_WRITE);
		EXPECT_EQ(fault.code & BIT(24), 0);
		EXPECT_EQ(ALIGN_DOWN(fault.address, PAGE_SIZE), absent);
		EXPECT(r.pc == at || r.pc == at + 4 || r.pc == at + 8);
		space_map(space_kernel(), absent, absent, PAGE_SIZE, PROT_ALL);
		EXPECT_NO_FAULT(arm_run(el, (ulong)r.pc, &r));
		EXPECT_MEM_EQ(memory, expected, MEMORY);
		EXPECT_EQ(r.x[2], 0);
		tear_down();
	}
}

/* Whether this CPU's prologues choose option B: PSTATE.C. */
static bool is_option_b(const struct form *f)
{
	struct arm_registers r = { .x = { (ulong)memory, f->set ? 0 : (ulong)memory + 8192,
					  4000 } };

	EXPECT_NO_FAULT(arm_execute(ARM_EL1, f->code, 1, &r));
	return r.pstate & PSTATE_C;
}

TEST(mops_wrong_option,
     "a main or last instruction with the other option's registers is an exception that names them",
     SPEC("DDI 0487, D1.4, Memory Copy and Memory Set exceptions; ESR_EL1, EC 0b100111"),
	  REQUIRES(has_mops()))
{
	static const struct form *const forms[] = { &forward, &either, &set };

	for (u32 i = 0; i < 4 * ARRAY_SIZE(forms); i++) {
		const struct form *f = forms[i / 4];
		u32 op = 1 + (i & 1), insn = f->code[op];
		enum arm_el el = i & 2 ? ARM_EL1 : ARM_EL0;
		struct arm_registers r;
		u64 iss;
		bool b;

		SUBTEST("%s-%s-el%u", f->name, op == 1 ? "main" : "epilogue", el == ARM_EL1);
		set_up();
		b = is_option_b(f);
		/* What the prologue did. */
		memcpy(expected, memory, MEMORY);
		r = (struct arm_registers){ .x = { (ulong)memory, (ulong)memory + 8192,
						   b ? -100ull : 100 },
					    .pstate = b ? 0 : PSTATE_C };
		/* WrongOption, and OptionA as this CPU has it; destination x0, source x1, size x2. */
		iss = (f->set ? BIT(24) : 0) | (op == 2 ? BIT(18) : 0) | BIT(17) |
		      (b ? 0 : BIT(16)) | 1u << 5 | 2;
		EXPECT_FAULT(FAULT_CODED_(EC_MOPS, iss), arm_execute(el, &insn, 1, &r));
		EXPECT_MEM_EQ(memory, expected, MEMORY);
		tear_down();
	}
}

TEST(mops_enable, "without SCTLR_EL1.MSCEn they are UNDEFINED at EL0, and not at EL1",
     SPEC("DDI 0487, D24.2, SCTLR_EL1.MSCEn"), REQUIRES(has_mops()))
{
	static const struct form *const forms[] = { &forward, &either, &set };

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		struct arm_registers r = { 0 };

		SUBTEST("%s", forms[i]->name);
		set_up();
		tear_down();
		r = (struct arm_registers){ .x = { (ulong)memory, (ulong)memory + 8192, 16 } };
		EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL0, forms[i]->code, 3, &r));
		EXPECT_NO_FAULT(arm_execute(ARM_EL1, forms[i]->code, 3, &r));
	}
}

TEST(mops_absent, "without FEAT_MOPS they are UNDEFINED",
     SPEC("DDI 0487, C6.2, CPYFP, CPYP, SETP"), REQUIRES(!has_mops()))
{
	static const struct form *const forms[] = { &forward, &either, &set };

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++)
		for (u32 op = 0; op < 3; op++) {
			struct arm_registers r = { 0 };

			SUBTEST("%s-%u", forms[i]->name, op);
			EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL1, &forms[i]->code[op], 1, &r));
			EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL0, &forms[i]->code[op], 1, &r));
		}
}
