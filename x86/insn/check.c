/* SPDX-License-Identifier: MIT */
/* The checker of insn.h. */
#include "insn.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>

#define RANDOM_ROUNDS	  200
#define FEW_RANDOM_ROUNDS 16
/* Bytes on each side of a memory operand that must stay as they are. */
#define GUARD		  16
#define OPERAND_MAX	  8
#define WINDOW		  (GUARD + OPERAND_MAX + GUARD)

const u64 edge_values[] = {
	0,
	1,
	2,
	7,
	0x0f,
	0x10,
	0x7f,
	0x80,
	0x81,
	0xff,
	0x100,
	0x7fff,
	0x8000,
	0x8001,
	0xffff,
	0x10000,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xffffffff,
	0x100000000,
	0x5555555555555555,
	0xaaaaaaaaaaaaaaaa,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x8000000000000001,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};
const u32 edge_count = ARRAY_SIZE(edge_values);

/* What alternates between executions; from the start in each row, so that rows stand alone. */
static u32 window_turn;
static u32 flags_turn;

/* After this many mismatches a row says nothing new, and the others should be heard, too. */
#define MISMATCHES_PER_ROW 2
static u32 mismatches;

static u64 low_bits(unsigned width)
{
	return width >= 64 ? ~0ull : BIT(width) - 1;
}

static bool is_high_byte(enum insn_operand operand)
{
	return operand >= IN_AH && operand <= IN_BH;
}

static ulong *register_of(struct registers *r, enum insn_operand operand)
{
	return &r->general[is_high_byte(operand) ? operand - IN_AH : operand - IN_AX];
}

/* Puts an operand in its operand, leaving what is above and below it. */
static void put(struct registers *r, u8 *window, enum insn_operand operand, unsigned width,
		u64 value)
{
	u64 bits = low_bits(width);

	if (operand == NOWHERE || operand == IMMEDIATE)
		return;
	if (operand == IN_MEMORY) {
		memcpy(window + GUARD, &value, width / 8);
		return;
	}
	if (is_high_byte(operand)) {
		value <<= 8;
		bits = 0xff00;
	}
	*register_of(r, operand) = (ulong)((*register_of(r, operand) & ~bits) | (value & bits));
}

/*
 * The same for a result: writing the lower half of a 64-bit register clears the upper one (SDM vol. 1,
 * 3.4.1.1).
 */
static void write_back(struct registers *r, u8 *window, enum insn_operand operand, unsigned width,
		       u64 value)
{
	if (width == 32 && operand >= IN_AX && operand <= IN_R15)
		*register_of(r, operand) = 0;
	put(r, window, operand, width, value);
}

/* Takes over what the instruction left where the manual does not say what that is. */
static void accept(struct registers *expected, u8 *expected_window, const struct registers *actual,
		   const u8 *actual_window, enum insn_operand operand, unsigned width)
{
	struct registers copy = *actual;
	u64 value = 0;

	if (operand == NOWHERE)
		return;
	if (operand == IN_MEMORY) {
		memcpy(&value, actual_window + GUARD, width / 8);
		put(expected, expected_window, operand, width, value);
		return;
	}
	value = *register_of(&copy, operand);
	if (is_high_byte(operand))
		value >>= 8;
	put(expected, expected_window, operand, width == 32 ? 64 : width, value);
}

/* Every register with a value of its own, none of whose bytes is 0 or all ones. */
static void fill(struct registers *r)
{
	for (u32 i = 0; i < ARRAY_SIZE(r->general); i++)
		r->general[i] = (ulong)0x1122334455667788ull + i * (ulong)0x0101010101010101ull;
}

/* By bytes, so that what the window holds does not depend on how wider accesses are emulated. */
static void copy_window(u8 *to, const u8 *from)
{
	for (u32 i = 0; i < WINDOW; i++)
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
}

static const char *register_name(u32 i)
{
	static const char *const names[] = { "ax", "cx",  "dx",	 "bx",	"bp",  "si",  "di", "r8",
					     "r9", "r10", "r11", "r12", "r13", "r14", "r15" };

	return names[i];
}

#define OPERANDS_FORMAT	   "%s dst=%#llx src=%#llx third=%#llx flags=%#x"
#define OPERANDS(insn, in) (insn)->shape->name, (in)->dst, (in)->src, (in)->third, (in)->flags

/* Which register it is, comes before the operands. */
static bool compare_registers(const struct insn *insn, const struct alu_in *in,
			      const struct registers *actual, const struct registers *expected)
{
	bool same = true;

	for (u32 i = 0; i < ARRAY_SIZE(actual->general); i++)
		if (actual->general[i] != expected->general[i])
			same = EXPECT_EQ(actual->general[i], expected->general[i],
					 "%s after " OPERANDS_FORMAT, register_name(i),
					 OPERANDS(insn, in));
	return same;
}

/* These leave the register as it is, the upper half of a 32-bit one included. */
static bool keeps_destination(alu_model *model)
{
	return model == model_cmp || model == model_test || model == model_bt || model == model_cwd;
}

/*
 * Whether the upper half of the register that CMPXCHG r32 does not load is cleared: the manuals do not
 * say, and CPUs do not agree.
 */
static void accept_cmpxchg_upper_half(const struct insn *insn, const struct alu_out *out,
				      struct registers *expected, const struct registers *actual)
{
	enum insn_operand kept = out->flags & ALU_ZF ? insn->shape->high : insn->shape->dst;
	struct registers copy = *actual;
	u64 upper = ~0xffffffffull;

	if (insn->shape->model != model_cmpxchg || insn->shape->width != 32 || kept == IN_MEMORY)
		return;
	*register_of(expected, kept) = (*register_of(expected, kept) & (ulong)~upper) |
				       (*register_of(&copy, kept) & (ulong)upper);
}

bool insn_check(const struct insn *insn, const struct alu_in *operands)
{
	return insn_check_in(KERNEL, insn, operands);
}

bool insn_check_in(enum place place, const struct insn *insn, const struct alu_in *operands)
{
	bool in_memory = insn->shape->dst == IN_MEMORY || insn->shape->src == IN_MEMORY ||
			 insn->shape->third == IN_MEMORY;
	struct alu_in in = *operands;
	struct alu_out out;
	struct registers actual, expected;
	u8 window[WINDOW], actual_window[WINDOW];
	u8 *live_window = NULL;
	struct fault fault;
	ulong defined;
	bool same;

	in.width = insn->shape->width;
	if (insn->shape->src == IMMEDIATE)
		in.src = insn->shape->immediate;
	if (insn->shape->third == IMMEDIATE)
		in.third = insn->shape->immediate;
	if (insn->shape->source_width)
		in.third = insn->shape->source_width;
	in.flags |= FLAG_1;

	fill(&actual);
	if (in_memory) {
		memset(window, 0x5a, sizeof(window));
		live_window = insn_window(place, insn, window_turn++, GUARD);
		actual.di = (ulong)(live_window + GUARD);
	}
	put(&actual, window, insn->shape->dst, in.width, in.dst);
	put(&actual, window, insn->shape->src,
	    insn->shape->source_width ? insn->shape->source_width : in.width, in.src);
	if (!insn->shape->source_width)
		put(&actual, window, insn->shape->third, in.width, in.third);
	actual.flags = in.flags;
	expected = actual;
	if (in_memory)
		copy_window(live_window, window);

	insn->shape->model(&in, &out);
	fault = execute_in(place, code_in(place, &insn->code), &actual);
	fault_clear();
	if (in_memory)
		copy_window(actual_window, live_window);

	same = fault.kind == (out.divide_error ? DE.kind : 0);
	if (!same)
		EXPECT_FAULT(out.divide_error ? DE : NO_FAULT, fault, OPERANDS_FORMAT,
			     OPERANDS(insn, &in));
	if (out.divide_error) {
		out.undefined = ALU_STATUS;
	} else if (out.result_undefined) {
		accept(&expected, window, &actual, actual_window, insn->shape->dst, in.width);
		accept(&expected, window, &actual, actual_window, insn->shape->high, in.width);
	} else {
		write_back(&expected, window, insn->shape->high, in.width, out.high);
		if (!keeps_destination(insn->shape->model))
			write_back(&expected, window, insn->shape->dst, in.width, out.result);
		accept_cmpxchg_upper_half(insn, &out, &expected, &actual);
	}

	same &= compare_registers(insn, &in, &actual, &expected);
	defined = ~(ulong)out.undefined;
	if ((actual.flags ^ out.flags) & defined)
		same = EXPECT_EQ(actual.flags & defined, out.flags & defined,
				 "flags after " OPERANDS_FORMAT, OPERANDS(insn, &in));
	if (in_memory && memcmp(actual_window, window, sizeof(window)))
		same = EXPECT_MEM_EQ(actual_window, window, sizeof(window),
				     "memory (operand at +%#x) after " OPERANDS_FORMAT, GUARD,
				     OPERANDS(insn, &in));
	return same;
}

static bool reads_flags(alu_model *model)
{
	return model == model_adc || model == model_sbb || model == model_rcl ||
	       model == model_rcr || model == model_adcx || model == model_adox ||
	       model == model_aaa || model == model_aas || model == model_daa ||
	       model == model_das || model == model_cmc || model == model_lahf ||
	       model == model_setcc || model == model_cmov;
}

/*
 * The most negative dividend by -1, which a naive emulator leaves to its own CPU's division and dies
 * of, has a case of its own: divide_most_negative.
 */
static bool is_left_to_another_case(const struct insn *insn, const struct alu_in *in)
{
	u64 ones = low_bits(insn->shape->width);

	return insn->shape->model == model_idiv && (in->src & ones) == ones &&
	       (in->dst & ones) == 0 && (in->third & ones) == (ones >> 1) + 1;
}

/*
 * With all status flags clear and set, or CF apart from the others, if it matters; else with one of
 * these in turn.
 */
static void check_flags(const struct insn *insn, enum place place, struct alu_in *in)
{
	static const u32 flags[] = { 0, ALU_STATUS, ALU_CF, ALU_STATUS & ~ALU_CF };
	u32 tries = reads_flags(insn->shape->model) ? 2 : 1;

	if (is_left_to_another_case(insn, in))
		return;
	for (u32 i = 0; i < tries && mismatches < MISMATCHES_PER_ROW; i++) {
		in->flags = flags[flags_turn++ % ARRAY_SIZE(flags)];
		if (!insn_check_in(place, insn, in))
			mismatches++;
	}
}

u32 insn_flags(u32 number)
{
	static const u32 flags[] = { ALU_CF, ALU_PF, ALU_AF, ALU_ZF, ALU_SF, ALU_OF };
	u32 combination = 0;

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		if (number >> i & 1)
			combination |= flags[i];
	return combination;
}

static void begin_row(const struct insn *insn, enum place place)
{
	insn_subtest(insn->shape->name, place);
	window_turn = 0;
	flags_turn = 0;
	mismatches = 0;
	fault_clear();
}

/* Mismatches have been reported; a row without one has tested something, too. */
static void end_row(const struct insn *insn)
{
	EXPECT_EQ(mismatches, 0u, "%s", insn->shape->name);
}

void insn_check_bytes(const struct insn *insn)
{
	struct alu_in in = { .width = 8 };

	begin_row(insn, KERNEL);
	for (in.dst = 0; in.dst < 0x100; in.dst++)
		for (in.src = 0; in.src < (insn->shape->src == NOWHERE ? 1 : 0x100); in.src++)
			check_flags(insn, KERNEL, &in);
	end_row(insn);
	insn_check_other_places(insn);
}

/* A choice of edge values, by index, where three operands make all combinations too many. */
static const u8 fewer_edges[] = { 0, 1, 2, 7, 9, 12, 16, 17, 19, 21, 24, 27 };

/* Enough that each operand meets each of these edges, and all places of a window each. */
static void check_few(const struct insn *insn, enum place place)
{
	const u32 count = ARRAY_SIZE(fewer_edges);
	struct alu_in in;

	begin_row(insn, place);
	for (u32 i = 0; i < 2 * count; i++) {
		in.dst = edge_values[fewer_edges[i % count]];
		in.src = edge_values[fewer_edges[(5 * i + i / count) % count]];
		in.third = edge_values[fewer_edges[(7 * i + 3 * (i / count)) % count]];
		check_flags(insn, place, &in);
	}
	for (u32 i = 0; i < FEW_RANDOM_ROUNDS; i++) {
		in.dst = random_u64();
		in.src = random_u64();
		/* Every other one less than src at each width, so that divisions succeed, too. */
		in.third = i % 2 ? random_u64() : in.src >> 1 & 0x7f7f7f7f7f7f7f7f;
		check_flags(insn, place, &in);
	}
	end_row(insn);
}

void insn_check_other_places(const struct insn *insn)
{
	for_each_place(place, INSN_PLACES & ~KERNEL) if (insn_applies(place, insn))
		check_few(insn, place);
}

static bool has_operand(enum insn_operand operand)
{
	return operand != NOWHERE && operand != IMMEDIATE;
}

void insn_check_edges(const struct insn *insn)
{
	bool fewer = has_operand(insn->shape->dst) && has_operand(insn->shape->src) &&
		     has_operand(insn->shape->third);
	u32 count = fewer ? ARRAY_SIZE(fewer_edges) : edge_count;
	u32 dst_count = has_operand(insn->shape->dst) ? count : 1;
	u32 src_count = has_operand(insn->shape->src) ? count : 1;
	u32 third_count = has_operand(insn->shape->third) ? count : 1;
	struct alu_in in;

	begin_row(insn, KERNEL);
	for (u32 i = 0; i < dst_count; i++) {
		for (u32 j = 0; j < src_count; j++) {
			for (u32 k = 0; k < third_count; k++) {
				in.dst = edge_values[fewer ? fewer_edges[i] : i];
				in.src = edge_values[fewer ? fewer_edges[j] : j];
				in.third = edge_values[fewer ? fewer_edges[k] : k];
				check_flags(insn, KERNEL, &in);
			}
		}
	}
	for (u32 i = 0; i < RANDOM_ROUNDS; i++) {
		in.dst = random_u64();
		in.src = random_u64();
		in.third = random_u64();
		check_flags(insn, KERNEL, &in);
	}
	end_row(insn);
	insn_check_other_places(insn);
}

void insn_check_counts(const struct insn *insn)
{
	u32 random_count = 4;
	struct alu_in in;

	begin_row(insn, KERNEL);
	for (u32 i = 0; i < edge_count + random_count; i++) {
		u64 dst = i < edge_count ? edge_values[i] : random_u64();
		u64 other = random_u64();

		for (u32 count = 0; count < 0x100; count++) {
			in.dst = dst;
			/* What is above the byte must not matter. */
			in.third = count | (other & ~0xffull);
			in.src = insn->shape->third == NOWHERE ? in.third : other;
			check_flags(insn, KERNEL, &in);
		}
	}
	end_row(insn);
	insn_check_other_places(insn);
}
