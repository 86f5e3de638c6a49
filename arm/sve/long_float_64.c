/* SPDX-License-Identifier: MIT */
/* SVE: floating point at several vector lengths, with the values that FPCR = 0 gives. */
#include <test.h>

#include <model/fp.h>
#include <string.h>

#include "long.h"
#include "sve.h"

SUITE("SVE floating point of long vectors", REQUIRES(has_sve()));

#define H_S_D 14u

/* z0 = expression of the elements d of z0, n of z1 and m of z2 where p0 is active. */
#define FLOAT(name, expression)                                                             \
	static void name(struct sve_state *s, u32 bytes)                                    \
	{                                                                                   \
		u32 bits = bytes * 8;                                                       \
		struct fp_context c = fp_context(0);                                        \
                                                                                            \
		for (u32 i = 0; i < s->vl / bytes; i++) {                                   \
			u64 d = sve_get(s->z[0], bytes, i), n = sve_get(s->z[1], bytes, i), \
			    m = sve_get(s->z[2], bytes, i);                                 \
                                                                                            \
			(void)m;                                                            \
			(void)d;                                                            \
			if (s->p[0][i * bytes])                                             \
				sve_set(s->z[0], bytes, i, expression);                     \
		}                                                                           \
	}

FLOAT(fadd, fp_add(&c, bits, d, n))
FLOAT(fmul, fp_multiply(&c, bits, d, n))
FLOAT(fmla, fp_multiply_add(&c, bits, d, n, m))
FLOAT(fmls, fp_multiply_add(&c, bits, d, fp_negate(bits, n), m))
FLOAT(fnmls, fp_multiply_add(&c, bits, fp_negate(bits, d), n, m))
FLOAT(fsqrt, fp_square_root(&c, bits, n))
FLOAT(fmaxnm, fp_max_number(&c, bits, d, n))

/* FADDA: the active elements one after another, from element 0 of z0. */
static void fadda(struct sve_state *s, u32 bytes)
{
	struct fp_context c = fp_context(0);
	u64 sum = sve_get(s->z[0], bytes, 0);

	for (u32 i = 0; i < s->vl / bytes; i++)
		if (s->p[0][i * bytes])
			sum = fp_add(&c, bytes * 8, sum, sve_get(s->z[1], bytes, i));
	memset(s->z[0], 0, s->vl);
	sve_set(s->z[0], bytes, 0, sum);
}

#define ROW(name, code)                  \
	{                                \
#name, code, H_S_D, name \
	}

static const struct sve_long_row rows[] = {
	ROW(fadd, 0x65008020),	 ROW(fmul, 0x65028020),	 ROW(fmla, 0x65220020),
	ROW(fmls, 0x65222020),	 ROW(fnmls, 0x65226020), ROW(fsqrt, 0x650da020),
	ROW(fmaxnm, 0x65048020), ROW(fadda, 0x65182020),
};

TEST(sve_long_floats,
     "floating point on the active elements of each vector length, and FADDA in their order",
     SPEC("DDI 0487, C8.2, FADD (vectors, predicated), FMLA (vectors), FNMLS, FADDA and others"))
{
	sve_long_check(rows, ARRAY_SIZE(rows));
}
