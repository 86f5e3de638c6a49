/* SPDX-License-Identifier: MIT */
#include "sve.h"

#include <arm/sysreg.h>
#include <model/a64.h>
#include <model/fp_operands.h>
#include <string.h>
#include <test.h>

/* LDR p0, [x20]; STR p2, [x21] */
#define LDR_P0 0x85800280u
#define STR_P2 0xe58002a2u

bool has_sve(void)
{
	return read_sys(ID_AA64PFR0) >> 32 & 0xf;
}

void sve_enable(bool longest)
{
	write_sys(CPACR, CPACR_FPEN | CPACR_ZEN);
	isb();
	write_sys(ZCR, longest ? 15 : 0);
	isb();
}

u32 sve_vector_length(enum arm_el el)
{
	const u32 rdvl = 0x04bf5020;
	struct arm_registers r = { 0 };

	EXPECT_NO_FAULT(arm_execute(el, &rdvl, 1, &r));
	return (u32)r.x[0];
}

u64 sve_element(const u64 *v, u32 bytes, u32 index)
{
	u32 at = index * bytes;

	return v[at / 8] >> at % 8 * 8 & BITS(bytes * 8 - 1, 0);
}

static void put(u64 *v, u32 bytes, u32 index, u64 value)
{
	u32 at = index * bytes;
	u64 mask = BITS(bytes * 8 - 1, 0) << at % 8 * 8;

	v[at / 8] = (v[at / 8] & ~mask) | (value << at % 8 * 8 & mask);
}

/* FADDV and others take halves of a power of two of elements; here all rows are of integers. */
static u64 reduce(const struct sve_row *row, struct fp_context *c, const u64 *n, u32 bytes,
		  u32 predicate)
{
	u64 value = row->start;

	for (u32 e = 0; e < 16 / bytes; e++)
		if (predicate >> e * bytes & 1)
			value = row->operation(c, bytes * 8, value, sve_element(n, bytes, e), 0);
	return value;
}

static void model(const struct sve_row *row, u32 bytes, u32 predicate, struct arm_registers *r,
		  u32 *result)
{
	struct fp_context c = fp_context(r->fpcr);
	u64 out[2], *d = r->v[0];
	const u64 *n = row->kind == SVE_DESTRUCTIVE ? r->v[0] : r->v[1];
	const u64 *m = row->kind == SVE_DESTRUCTIVE ? r->v[1] : r->v[2];
	u32 bits = bytes * 8, pd = 0, last = 0;

	memcpy(out, d, sizeof(out));
	for (u32 e = 0; e < 16 / bytes; e++) {
		u64 a = sve_element(n, bytes, e), b = sve_element(m, bytes, e), value;
		bool active = row->kind == SVE_UNPREDICATED || row->kind == SVE_PERMUTATION ||
			      (predicate >> e * bytes & 1);

		if (!active)
			continue;
		last = e;
		if (row->kind == SVE_PERMUTATION)
			value = row->permute(n, m, bytes, e);
		else if (row->kind != SVE_REDUCTION)
			value = row->operation(&c, bits, a, b, sve_element(d, bytes, e));
		else
			continue;
		if (row->kind == SVE_COMPARISON)
			pd |= (u32)(value & 1) << e * bytes;
		else
			put(out, bytes, e, value);
	}
	if (row->kind == SVE_REDUCTION) {
		out[0] = reduce(row, &c, n, bytes, predicate);
		out[0] &= BITS(bits - 1, 0);
		out[1] = 0;
	}
	if (row->kind == SVE_COMPARISON) {
		u64 flags = 0;
		u32 first = 0;

		while (first < 16 / bytes && !(predicate >> first * bytes & 1))
			first++;
		if (first < 16 / bytes && (pd >> first * bytes & 1))
			flags |= PSTATE_N;
		if (!pd)
			flags |= PSTATE_Z;
		if (first == 16 / bytes || !(pd >> last * bytes & 1))
			flags |= PSTATE_C;
		r->pstate = (r->pstate & ~PSTATE_NZCV) | flags;
		*result = pd;
		return;
	}
	memcpy(d, out, sizeof(out));
	r->fpsr |= c.fpsr & ~FPSR_QC;
}

static void check(const struct sve_row *row, u32 size)
{
	static struct arm_registers in, expected, actual;
	static u16 predicates[16], stored[16];
	const u32 code[] = { LDR_P0, 0x85800400u | 20 << 5 | 2 /* LDR p2, [x20, #1, MUL VL] */,
			     row->code | size << 22, STR_P2 };
	ulong at = arm_code(code, ARRAY_SIZE(code));

	for (u32 i = 0; i < 64; i++) {
		u32 bytes = 1u << size, pd;

		memset(&in, 0, sizeof(in));
		in.has_fp = true;
		fp_random_registers(&in, row->fp ? 8 * bytes : 0);
		predicates[0] = (u16)(i == 0 ? 0xffff : i == 1 ? 0 : random_u64());
		predicates[1] = 0x5a5a;
		in.x[20] = (ulong)predicates;
		in.x[21] = (ulong)stored;
		in.pstate = random_u64() & PSTATE_NZCV;
		expected = in;
		pd = predicates[1];
		model(row, bytes, predicates[0], &expected, &pd);
		actual = in;
		EXPECT_NO_FAULT(arm_run(i & 1 ? ARM_EL0 : ARM_EL1, at, &actual));
		EXPECT_EQ(stored[0], pd, "p2, p0 %#x", predicates[0]);
		EXPECT_EQ(actual.pstate & PSTATE_NZCV, expected.pstate & PSTATE_NZCV, "p0 %#x",
			  predicates[0]);
		EXPECT_MEM_EQ(actual.v, expected.v, sizeof(expected.v),
			      "p0 %#x, z0 %#llx:%#llx z1 %#llx:%#llx z2 %#llx:%#llx fpcr %#llx",
			      predicates[0], in.v[0][1], in.v[0][0], in.v[1][1], in.v[1][0],
			      in.v[2][1], in.v[2][0], in.fpcr);
		if (row->fp)
			EXPECT_EQ(actual.fpsr, expected.fpsr, "fpcr %#llx", in.fpcr);
	}
}

void sve_check(const struct sve_row *rows, u32 count)
{
	sve_enable(false);
	for (u32 i = 0; i < count; i++)
		for (u32 size = 0; size < 4; size++) {
			if (!(rows[i].sizes >> size & 1))
				continue;
			SUBTEST("%s-%u", rows[i].name, 8 << size);
			check(&rows[i], size);
		}
	write_sys(CPACR, CPACR_FPEN);
}
