/* SPDX-License-Identifier: MIT */
/* Moves of a vector or of a part of it: simd.h. */
#include <x86/model/simd_internal.h>

EACH_ELEMENT(mov, b, b)

void simd_movd(const struct simd_in *in, struct simd_out *out)
{
	out->result = (union vec){ .d = { in->b.d[0] } };
}

void simd_movq(const struct simd_in *in, struct simd_out *out)
{
	out->result = (union vec){ .q = { in->b.q[0] } };
}

void simd_movss(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.d[0] = in->b.d[0];
}

void simd_movsd(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.q[0] = in->b.q[0];
}

void simd_movlps(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.q[0] = in->b.q[0];
}

void simd_movhps(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.q[1] = in->b.q[0];
}

void simd_movhlps(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.q[0] = in->b.q[1];
}

void simd_movlhps(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.q[1] = in->b.q[0];
}
