/* SPDX-License-Identifier: MIT */
/* One way to check an x87 instruction: the stack before, the instruction, everything afterwards. */
#ifndef ASSAY_X87_H
#define ASSAY_X87_H

#include <x86/execute.h>
#include <x86/x87.h>

/*
 * Runs the code, with FNINIT's state but for the control word, ST(1) and ST(0); DI points to `memory`.
 * Returns the fault, if any; *after is what FNSAVE stored.
 */
struct fault x87_run(const void *code, const struct f80 *st0, const struct f80 *st1, u16 control,
		     void *memory, struct x87_state *after);

/* Values of each kind, near what matters to arithmetic. */
extern const struct f80 x87_values[];
extern const u32 x87_value_count;

/* Control words of each rounding and each precision, all exceptions masked. */
extern const u16 x87_controls[];
extern const u32 x87_control_count;

/* What a row of an arithmetic table is about; `text` is for messages. */
struct x87_row {
	const char *name;
	x87_model *model;
	const void *code;
	u8 result;    /* the register of the stack afterwards that has the result, or NO_RESULT */
	u8 popped;    /* how many values the instruction pops */
	u8 memory;    /* bytes of its operand in memory, 0: ST(1) is the operand */
	bool integer; /* which is an integer */
	bool unary;
	/*
	 * For an operand in memory and for FSCALE, two questions have cases of their own, and are left out
	 * otherwise: what two NaNs give, and a precision control below the operand's width.
	 */
	enum { X87_WITHOUT, X87_TWO_NANS, X87_LOW_PRECISION } special;
};

#define NO_RESULT 8

#define X87(name_, model_, text, ...) \
	{ .name = name_, .model = x87_##model_, .code = CODE(text), __VA_ARGS__ },

/* Each row, with every pair of values; `exceptions` are the bits of the status word to look at. */
void x87_check(const struct x87_row *rows, u32 count, u16 status);

#define X87_CHECK(status, ...)                                  \
	do {                                                    \
		const struct x87_row rows_[] = { __VA_ARGS__ }; \
		x87_check(rows_, ARRAY_SIZE(rows_), status);    \
	} while (0)

/* DE and C1's direction of rounding have cases of their own. */
#define X87_USUAL ((X87_EXCEPTIONS & ~FLOAT_DE) | X87_SF | X87_CONDITIONS)

struct real x87_unpack(const struct f80 *value);
struct f80 x87_pack(struct real value);

#endif
