/* SPDX-License-Identifier: MIT */
/* A32 at EL0 against a model: data processing and loads and stores, with every condition. */
#include <test.h>

#include <arm/execute.h>
#include <mm/page.h>
#include <mm/space.h>
#include <model/a32.h>
#include <model/operands.h>
#include <string.h>

static bool has_a32(void)
{
	return (read_sys(ID_AA64PFR0) & 15) == 2;
}

SUITE("A32 at EL0", REQUIRES(has_a32()));

#define ENCODINGS 40
#define SETS	  6

#define COND BITS(31, 28)
#define S    BIT(20)
#define RN   BITS(19, 16)
#define RD   BITS(15, 12)
#define RS   BITS(11, 8)
#define RM   BITS(3, 0)

#define FLAGS_AND_Q (PSTATE_NZCV | BIT(27))

struct row {
	const char *name;
	u32 code, vary;
	a64_model *model;
	bool memory;
};

/* The low 2 GiB are what R registers reach; the image lies there. */
static u8 window[2048] __aligned(4096);
static u8 shadow[1024];
static u8 code_page[4096] __aligned(4096);

static u32 *const code = (u32 *)code_page;
#define CODE_VA 0x20000000ul
#define MEMORY	(window + 512)

static void random_registers(struct arm_registers *r)
{
	memset(r, 0, sizeof(*r));
	for (u32 i = 0; i < 15; i++) {
		u64 value = random_u64();

		r->x[i] = (u32)(value & 3 ? value >> 8 : model_operands[value >> 2 & 15]);
	}
	r->pstate = random_u64() & FLAGS_AND_Q;
}

/* Moves the base so that the access is in the window; false if that cannot be. */
static bool aim(const struct row *row, u32 insn, struct arm_registers *r)
{
	u64 target = (ulong)MEMORY + 384 + 4 * random_below(64), at;
	u64 *base = &r->x[insn >> 16 & 15];

	if ((insn >> 16 & 15) == 15)
		return false;
	if (!a64_probe(row->model, insn, r, &at))
		return true;
	*base = (u32)(*base + target - at);
	return a64_probe(row->model, insn, r, &at) && at - ((ulong)MEMORY + 256) < 512;
}

static void check_one(const struct row *row, u32 insn, ulong at)
{
	static struct arm_registers in, expected, actual;

	random_registers(&in);
	in.pc = at;
	a64_memory.start = (ulong)MEMORY;
	a64_memory.size = sizeof(shadow);
	a64_memory.bytes = shadow;
	if (row->memory) {
		if (!aim(row, insn, &in))
			return;
		for (u32 i = 0; i < sizeof(shadow); i += 8)
			*(u64 *)(shadow + i) = random_u64();
		memcpy(MEMORY, shadow, sizeof(shadow));
	}
	expected = in;
	if (a64_step(row->model, insn, &expected) != A64_DONE)
		return;
	actual = in;
	EXPECT_NO_FAULT(arm_run(ARM_EL0_A32, at, &actual), "%08x", insn);
	EXPECT_EQ(actual.vector, VECTOR_FROM_EL0_32 + VECTOR_SYNC);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((u32)actual.x[i], (u32)expected.x[i],
			  "%08x r%u, operands %#llx %#llx %#llx, CPSR %#llx", insn, i,
			  in.x[insn >> 16 & 15], in.x[insn & 15], in.x[insn >> 8 & 15], in.pstate);
	EXPECT_EQ(actual.pstate & FLAGS_AND_Q, expected.pstate & FLAGS_AND_Q,
		  "%08x operands %#llx %#llx, CPSR %#llx", insn, in.x[insn >> 16 & 15],
		  in.x[insn & 15], in.pstate);
	EXPECT_EQ(actual.pc, expected.pc, "%08x", insn);
	if (row->memory)
		EXPECT_MEM_EQ(MEMORY, shadow, sizeof(shadow), "%08x at %#llx", insn,
			      a64_memory.first);
}

/* Half of them are always executed; cond = 0b1111 is another space. */
static u32 encoding(const struct row *row, u32 i)
{
	u32 insn = row->code | ((u32)random_u64() & row->vary);

	if (i & 1 || insn >> 28 == 15)
		insn = (insn & ~(u32)COND) | 0xe0000000;
	return insn;
}

static void check(const struct row *rows, u32 count)
{
	space_map(space_kernel(), CODE_VA, (ulong)code, PAGE_SIZE, PROT_USER | PROT_EXEC);
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 e = 0; e < ENCODINGS; e++) {
			code[2 * e] = encoding(&rows[i], e);
			code[2 * e + 1] = EXECUTE_END_A32;
		}
		sync_code(code, PAGE_SIZE);
		sync_code((void *)CODE_VA, PAGE_SIZE);
		for (u32 e = 0; e < ENCODINGS; e++)
			for (u32 s = 0; s < SETS; s++)
				check_one(&rows[i], code[2 * e], CODE_VA + 8 * e);
	}
}

#define FORMS(name, opcode, s, registers)                                                         \
	{ name "-immediate", 0x02000000 | (opcode) << 21 | (s), COND | (registers) | BITS(11, 0), \
	  a32_data_immediate, false },                                                            \
		{ name "-register", (opcode) << 21 | (s), COND | (registers) | BITS(11, 5) | RM,  \
		  a32_data_register, false },                                                     \
	{                                                                                         \
		name "-shifted", (opcode) << 21 | (s) | 0x10,                                     \
			COND | (registers) | RS | BITS(6, 5) | RM, a32_data_shifted, false        \
	}
#define D(name, opcode, s)    FORMS(name, opcode, s, RN | RD)
#define COMPARE(name, opcode) FORMS(name, opcode, S, RN)
#define MOVE(name, opcode, s) FORMS(name, opcode, s, RD)

static const struct row data[] = {
	D("and", 0, 0),	   D("ands", 0, S),   D("eor", 1, 0),	  D("eors", 1, S),
	D("sub", 2, 0),	   D("subs", 2, S),   D("rsb", 3, 0),	  D("rsbs", 3, S),
	D("add", 4, 0),	   D("adds", 4, S),   D("adc", 5, 0),	  D("adcs", 5, S),
	D("sbc", 6, 0),	   D("sbcs", 6, S),   D("rsc", 7, 0),	  D("rscs", 7, S),
	COMPARE("tst", 8), COMPARE("teq", 9), COMPARE("cmp", 10), COMPARE("cmn", 11),
	D("orr", 12, 0),   D("orrs", 12, S),  MOVE("mov", 13, 0), MOVE("movs", 13, S),
	D("bic", 14, 0),   D("bics", 14, S),  MOVE("mvn", 15, 0), MOVE("mvns", 15, S),
};

TEST(a32_data_processing,
     "the sixteen operations with immediates, shifted registers, registers shifted by registers, by condition",
     SPEC("DDI 0487, F4.1.2; F5.1, ADC, ADCS (immediate) and others"))
{
	check(data, ARRAY_SIZE(data));
}

static const struct row others[] = {
	{ "mul", 0x00000090, COND | S | RN | RS | RM, a32_multiply, false },
	{ "mla", 0x00200090, COND | S | RN | RD | RS | RM, a32_multiply, false },
	{ "mls", 0x00600090, COND | RN | RD | RS | RM, a32_multiply, false },
	{ "umaal", 0x00400090, COND | RN | RD | RS | RM, a32_multiply_long, false },
	{ "umull", 0x00800090, COND | S | RN | RD | RS | RM, a32_multiply_long, false },
	{ "umlal", 0x00a00090, COND | S | RN | RD | RS | RM, a32_multiply_long, false },
	{ "smull", 0x00c00090, COND | S | RN | RD | RS | RM, a32_multiply_long, false },
	{ "smlal", 0x00e00090, COND | S | RN | RD | RS | RM, a32_multiply_long, false },
	{ "smla", 0x01000080, COND | RN | RD | RS | BITS(6, 5) | RM, a32_halfword_multiply, false },
	{ "smul", 0x01600080, COND | RN | RS | BITS(6, 5) | RM, a32_halfword_multiply, false },
	{ "movw", 0x03000000, COND | BITS(19, 0), a32_move_wide, false },
	{ "movt", 0x03400000, COND | BITS(19, 0), a32_move_wide, false },
	{ "bfi", 0x07c00010, COND | BITS(20, 7) | RM, a32_bitfield, false },
	{ "bfc", 0x07c0001f, COND | BITS(20, 7), a32_bitfield, false },
	{ "sbfx", 0x07a00050, COND | BITS(20, 7) | RM, a32_bitfield, false },
	{ "ubfx", 0x07e00050, COND | BITS(20, 7) | RM, a32_bitfield, false },
	{ "sxtab", 0x06a00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "sxtah", 0x06b00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "sxtab16", 0x06800070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "uxtab", 0x06e00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "uxtah", 0x06f00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "uxtab16", 0x06c00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "sxtb", 0x06af0070, COND | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "uxth", 0x06ff0070, COND | RD | BITS(11, 10) | RM, a32_extend, false },
	{ "rev", 0x06bf0f30, COND | RD | RM, a32_reverse, false },
	{ "rev16", 0x06bf0fb0, COND | RD | RM, a32_reverse, false },
	{ "rbit", 0x06ff0f30, COND | RD | RM, a32_reverse, false },
	{ "revsh", 0x06ff0fb0, COND | RD | RM, a32_reverse, false },
	{ "clz", 0x016f0f10, COND | RD | RM, a32_reverse, false },
	{ "ssat", 0x06a00010, COND | BITS(20, 6) | RM, a32_saturate, false },
	{ "usat", 0x06e00010, COND | BITS(20, 6) | RM, a32_saturate, false },
	{ "qadd", 0x01000050, COND | RN | RD | RM, a32_saturating, false },
	{ "qsub", 0x01200050, COND | RN | RD | RM, a32_saturating, false },
	{ "qdadd", 0x01400050, COND | RN | RD | RM, a32_saturating, false },
	{ "qdsub", 0x01600050, COND | RN | RD | RM, a32_saturating, false },
	{ "sdiv", 0x0710f010, COND | RN | RS | RM, a32_divide, false },
	{ "udiv", 0x0730f010, COND | RN | RS | RM, a32_divide, false },
};

TEST(a32_multiplications_and_others,
     "multiplications, divisions, bit fields, extensions, reversals, saturation, by condition",
     SPEC("DDI 0487, F4.1; F5.1, UMAAL, SMLABB, BFI, SXTAB16, SSAT, QDADD and others"))
{
	check(others, ARRAY_SIZE(others));
}

#define PUW (BITS(24, 23) | BIT(21))

static const struct row memory[] = {
	{ "str", 0x04000000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true },
	{ "ldr", 0x04100000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true },
	{ "strb", 0x04400000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true },
	{ "ldrb", 0x04500000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true },
	{ "str-register", 0x06000000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store,
	  true },
	{ "ldr-register", 0x06100000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store,
	  true },
	{ "strb-register", 0x06400000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store,
	  true },
	{ "ldrb-register", 0x06500000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store,
	  true },
	{ "strh", 0x004000b0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true },
	{ "ldrh", 0x005000b0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true },
	{ "ldrsb", 0x005000d0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true },
	{ "ldrsh", 0x005000f0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true },
	{ "ldrd", 0x004000d0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true },
	{ "strd", 0x004000f0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true },
	{ "strh-register", 0x000000b0, COND | PUW | RN | RD | RM, a32_load_store_extra, true },
	{ "ldrsb-register", 0x001000d0, COND | PUW | RN | RD | RM, a32_load_store_extra, true },
	{ "ldrd-register", 0x000000d0, COND | PUW | RN | RD | RM, a32_load_store_extra, true },
	{ "stm", 0x08000000, COND | PUW | RN | BITS(14, 0), a32_multiple, true },
	{ "ldm", 0x08100000, COND | PUW | RN | BITS(14, 0), a32_multiple, true },
};

TEST(a32_loads_and_stores,
     "loads and stores of each size and extension, with each offset and index, pairs and lists, by condition",
     SPEC("DDI 0487, F4.1.3, F4.1.4; F5.1, LDR (immediate), LDRSB (register), LDRD (immediate), LDMDB and others"))
{
	check(memory, ARRAY_SIZE(memory));
}

TEST(a32_exceptions,
     "SVC, BKPT, UDF and aborts of A32 have the classes of AArch32 and of lower levels",
     SPEC("DDI 0487, D24.2.45, EC: 0b010001, 0b111000, 0b100100; table of vector offsets"))
{
	static const struct {
		const char *name;
		u32 code, class, iss;
		bool after;
	} raising[] = {
		{ "svc", 0xef000042, 0x11, 0x42, true },
		{ "bkpt", 0xe1200373, 0x38, 0x33, false },
		{ "udf", 0xe7f000f0, EC_UNKNOWN, 0, false },
		{ "ldr-absent", 0xe5901000, EC_DABT_LOWER, 7, false },
		{ "str-absent", 0xe5801000, EC_DABT_LOWER, 7 | 0x40, false },
	};

	space_map(space_kernel(), CODE_VA, (ulong)code, PAGE_SIZE, PROT_USER | PROT_EXEC);
	for (u32 i = 0; i < ARRAY_SIZE(raising); i++) {
		struct arm_registers r = { .x = { 0x10 } };
		struct fault fault;

		SUBTEST("%s", raising[i].name);
		code[0] = raising[i].code;
		code[1] = EXECUTE_END_A32;
		sync_code(code, 8);
		sync_code((void *)CODE_VA, 8);
		fault = arm_run(ARM_EL0_A32, CODE_VA, &r);
		EXPECT_EQ(fault.kind, raising[i].class + 1u);
		/* Page 0 is absent. */
		EXPECT_EQ(fault.code & 0xffff, raising[i].iss);
		EXPECT_EQ(r.vector, VECTOR_FROM_EL0_32 + VECTOR_SYNC);
		EXPECT_EQ(r.pc, CODE_VA + (raising[i].after ? 4 : 0));
		EXPECT_EQ(r.esr & BIT(25), BIT(25));
	}
}
