/* SPDX-License-Identifier: MIT */
/* Binary floating-point instructions against lib/s390x/model/bfp.h. */
#ifndef ASSAY_S390X_FLOAT_CHECK_H
#define ASSAY_S390X_FLOAT_CHECK_H

#include <s390x/execute.h>
#include <s390x/facility.h>
#include <s390x/insn.h>
#include <s390x/model/bfp.h>
#include <test.h>

/* Register numbers of pairs, and of what is between. */
#define F1   4
#define F2   9
#define F3   1
#define BASE 10

/* Numbers of each format that matter, left-aligned: `high`, and `low` of extended ones. */
struct number {
	u64 high, low;
};
u32 number_count(void);
struct number number_at(const struct bfp_format *format, u32 n);
struct number random_number(const struct bfp_format *format);

/* Registers that all differ, FPC with this BFP rounding mode (0-3) and no flags. */
void fill_floats(struct execution *e, u32 rounding);
/* What FPC's rounding mode 0-3, 7 is. */
enum bfp_rounding rounding_of(u32 mode);

/* A number in the register or pair `r`; of a short one, the left half of the register. */
void put_number(struct execution *e, const struct bfp_format *format, u32 r, struct number value);
struct number get_number(const struct execution *e, const struct bfp_format *format, u32 r);

u8 *float_storage(void);
void store_number(u8 *at, const struct bfp_format *format, struct number value);

/* Compares FPRs, FPC, condition code and general registers. */
bool expect_floats(const struct execution *actual, const struct execution *expected,
		   const char *where);

/* The condition code of a result: 0 zero, 1 less, 2 greater than zero, 3 NaN. */
u32 cc_of(struct bfp value);

#define CHAPTER "PoP SA22-7832-13, chapter 19, "

#endif
