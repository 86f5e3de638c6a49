/* SPDX-License-Identifier: MIT */
#include <model/a32_vector.h>

bool a32_vectors(u32 insn, u32 *d, u32 *n, u32 *m)
{
	*d = a32_vector_number(insn, 12, 22, false);
	*n = a32_vector_number(insn, 16, 7, false);
	*m = a32_vector_number(insn, 0, 5, false);
	return !(insn & BIT(6)) || !((*d | *n | *m) & 1);
}

static void copy_vector(struct arm_registers *to, u32 v, const struct arm_registers *from,
			struct a32_vector vector)
{
	to->v[v][0] = a32_vector_get(from, 64, vector.number);
	to->v[v][1] = vector.q ? a32_vector_get(from, 64, vector.number + 1) : 0;
}

enum a64_result a32_run_a64(a64_model *model, u32 a64, struct arm_registers *r, struct a32_vector d,
			    struct a32_vector n, struct a32_vector m)
{
	static struct arm_registers copy;
	enum a64_result result;

	copy = *r;
	copy_vector(&copy, 0, r, d);
	copy_vector(&copy, 1, r, n);
	copy_vector(&copy, 2, r, m);
	copy.fpcr = A32_FPSCR_FZ | A32_FPSCR_DN;
	result = model(a64 | 1u << 5, &copy);
	if (result != A64_DONE)
		return result;
	a32_vector_put(r, 64, d.number, copy.v[0][0]);
	if (d.q)
		a32_vector_put(r, 64, d.number + 1, copy.v[0][1]);
	r->fpsr = copy.fpsr;
	return A64_DONE;
}

enum a64_result a32_as_a64(a64_model *model, u32 a64, struct arm_registers *r, bool q, u32 d, u32 n,
			   u32 m)
{
	return a32_run_a64(model, a64 | 2u << 16, r, (struct a32_vector){ d, q },
			   (struct a32_vector){ n, q }, (struct a32_vector){ m, q });
}
