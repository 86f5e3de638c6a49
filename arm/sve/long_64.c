/* SPDX-License-Identifier: MIT */
#include "long.h"

#include <arm/sysreg.h>
#include <model/a64.h>
#include <string.h>
#include <test.h>

#include "sve.h"

#define LDR_P(n) (0x85800280u | (n) << 10 | (n))
#define LDR_Z(n) (0x858042c0u | (n) << 10 | (n))
#define STR_P(n) (0xe58002a0u | (n) << 10 | (n))
#define STR_Z(n) (0xe58042e0u | (n) << 10 | (n))

u64 sve_get(const u8 *v, u32 bytes, u32 index)
{
	u64 value = 0;

	memcpy(&value, v + (ulong)index * bytes, bytes);
	return value;
}

void sve_set(u8 *v, u32 bytes, u32 index, u64 value)
{
	memcpy(v + (ulong)index * bytes, &value, bytes);
}

s32 sve_first(const struct sve_state *s, const u8 *p, u32 bytes)
{
	for (u32 e = 0; e < s->vl / bytes; e++)
		if (p[e * bytes])
			return (s32)e;
	return -1;
}

s32 sve_last(const struct sve_state *s, const u8 *p, u32 bytes)
{
	s32 last = -1;

	for (u32 e = 0; e < s->vl / bytes; e++)
		if (p[e * bytes])
			last = (s32)e;
	return last;
}

void sve_flags(struct sve_state *s, const u8 *mask, const u8 *result, u32 bytes)
{
	u8 all[SVE_LONGEST];
	s32 first, last;
	bool any = false;

	memset(all, 1, sizeof(all));
	if (!mask)
		mask = all;
	first = sve_first(s, mask, bytes);
	last = sve_last(s, mask, bytes);
	for (u32 e = 0; e < s->vl / bytes; e++)
		any |= mask[e * bytes] && result[e * bytes];
	s->nzcv = (first >= 0 && result[first * (s32)bytes] ? PSTATE_N : 0) | (any ? 0 : PSTATE_Z) |
		  (last >= 0 && result[last * (s32)bytes] ? 0 : PSTATE_C);
}

void sve_pack(const struct sve_state *s, u8 *z, u8 *p)
{
	memset(p, 0, SVE_LONGEST / 2);
	for (u32 n = 0; n < 4; n++) {
		memcpy(z + (ulong)n * s->vl, s->z[n], s->vl);
		for (u32 i = 0; i < s->vl; i++)
			p[(n * s->vl + i) / 8] |= (u8)(s->p[n][i] << i % 8);
	}
}

/* Any number, or one about 0, or about a limit of 32 or 64 bits, where sums saturate or wrap. */
static u64 near_limit(u32 round)
{
	static const u64 limits[] = { 0,	BIT(31),       BIT(32), BIT(63),
				      -BIT(31), BIT(63) - 600, 0,	BIT(31) - 600 };

	return round < 2 ? random_u64() : limits[round % 8] + random_u64() % 257 - 128;
}

void sve_random_state(struct sve_state *s, u32 round)
{
	memset(s, 0, sizeof(*s));
	for (u32 n = 0; n < 4; n++)
		for (u32 i = 0; i < SVE_LONGEST; i++) {
			/* Small numbers, so that some are equal and some are indices; few or many active. */
			s->z[n][i] = (u8)(round & 1 ? random_u64() : random_u64() & 7);
			s->p[n][i] = random_u64() % 8 < 1 + round % 7;
		}
	/* Elements about a limit of their size. */
	for (u32 i = 0, bytes = 2u << random_u64() % 3; round == 6 && i < SVE_LONGEST / bytes; i++)
		sve_set(s->z[0], bytes, i,
			BIT(bytes * 8 - 1) * (random_u64() & 1) + random_u64() % 65 - 32);
	if (round < 2)
		memset(s->p[round], (int)round, SVE_LONGEST);
	s->x0 = near_limit(round);
	s->nzcv = random_u64() & PSTATE_NZCV;
}

static void check(const struct sve_long_row *row, u32 size, u32 vl, ulong at)
{
	static struct sve_state s;
	static u8 z[4 * SVE_LONGEST], p[SVE_LONGEST / 2];
	static u8 z_out[4 * SVE_LONGEST], p_out[SVE_LONGEST / 2];

	for (u32 round = 0; round < 8; round++) {
		struct arm_registers r = { 0 };

		sve_random_state(&s, round);
		s.vl = vl;
		sve_pack(&s, z, p);
		r.x[0] = s.x0;
		r.x[20] = (ulong)p;
		r.x[21] = (ulong)p_out;
		r.x[22] = (ulong)z;
		r.x[23] = (ulong)z_out;
		r.pstate = s.nzcv;
		memset(p_out, 0, sizeof(p_out));
		row->model(&s, 1u << size);
		EXPECT_NO_FAULT(arm_run(round & 1 ? ARM_EL0 : ARM_EL1, at, &r));
		sve_pack(&s, z, p);
		EXPECT_EQ(r.x[0], s.x0, "vectors of %u bytes", vl);
		EXPECT_EQ(r.pstate & PSTATE_NZCV, s.nzcv, "vectors of %u bytes", vl);
		EXPECT_MEM_EQ(z_out, z, 4ul * vl, "vectors of %u bytes", vl);
		EXPECT_MEM_EQ(p_out, p, vl / 2, "vectors of %u bytes", vl);
	}
}

u32 sve_state_code(u32 *code, const u32 *insns, u32 count)
{
	u32 n = 0;

	for (u32 k = 0; k < 4; k++) {
		code[n++] = LDR_P(k);
		code[n++] = LDR_Z(k);
	}
	for (u32 i = 0; i < count; i++)
		code[n++] = insns[i];
	for (u32 k = 0; k < 4; k++) {
		code[n++] = STR_P(k);
		code[n++] = STR_Z(k);
	}
	return n;
}

void sve_set_length(u32 len)
{
	write_sys(ZCR, len);
	isb();
}

u32 sve_lengths(struct sve_length *lengths)
{
	static const u8 lens[SVE_LENGTHS] = { 0, 1, 3, 15 };
	u32 known = 0;

	sve_enable(true);
	for (u32 i = 0; i < SVE_LENGTHS; i++) {
		u32 bytes;

		sve_set_length(lens[i]);
		bytes = sve_vector_length(ARM_EL1);
		if (!known || bytes != lengths[known - 1].bytes) {
			lengths[known].len = lens[i];
			lengths[known++].bytes = bytes;
		}
	}
	return known;
}

void sve_long_run(const struct sve_long_row *row, u32 size, const struct sve_length *lengths,
		  u32 known)
{
	bool fixed = row->sizes >> 4 >> size & 1;
	u32 insn = row->code | (fixed ? 0 : size << 22);
	u32 code[SVE_STATE_CODE + 1];
	ulong at = arm_code(code, sve_state_code(code, &insn, 1));

	for (u32 k = 0; k < known; k++) {
		sve_set_length(lengths[k].len);
		check(row, size, lengths[k].bytes, at);
	}
}

void sve_long_check(const struct sve_long_row *rows, u32 count)
{
	struct sve_length lengths[SVE_LENGTHS];
	u32 known = sve_lengths(lengths);

	for (u32 i = 0; i < count; i++)
		for (u32 size = 0; size < 4; size++) {
			if (!((rows[i].sizes | rows[i].sizes >> 4) >> size & 1))
				continue;
			SUBTEST("%s-%u", rows[i].name, 8 << size);
			sve_long_run(&rows[i], size, lengths, known);
		}
	write_sys(CPACR, CPACR_FPEN);
}
