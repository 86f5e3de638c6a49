/* SPDX-License-Identifier: MIT */
/* Elements of the short, long and extended formats. */
#ifndef ASSAY_S390X_VECTOR_FORMATS_H
#define ASSAY_S390X_VECTOR_FORMATS_H

#include "check.h"

#include <s390x/model/bfp.h>

#define SINGLE 8 /* of M5 or M4: the leftmost element alone */

/* As M fields have them. */
enum format { SHORT = 2, LONG = 3, EXTENDED = 4 };

extern const struct bfp_format *const formats[];
extern const char *const format_names[];

/* A number as its leftmost 64 bits and the others. */
struct number {
	u64 high, low;
};

/* Zeros, ones and a bit, the ends of the range, infinities, NaNs, and what fills the fraction. */
#define NUMBERS 18
struct number number(enum format f, u32 n);

struct bfp unpack(enum format f, struct number x);
struct number pack(enum format f, struct bfp value);
void set_number(struct bytes16 *v, enum format f, u32 n, struct number x);

/* Of elements. */
u32 count_of(enum format f, bool single);

#endif
