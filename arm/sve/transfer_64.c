/* SPDX-License-Identifier: MIT */
#include "transfer.h"

#include <arm/execute.h>
#include <arm/sysreg.h>
#include <mm/page.h>
#include <mm/space.h>
#include <model/a64.h>
#include <string.h>
#include <test.h>

#include "long.h"
#include "sve.h"

#define WRFFR_P2 0x25289040u
#define RDFFR_P3 0x2519f003u

#define ABORT_FNP BIT(15) /* FAR is not precise: DDI 0487, D24.2, ESR_EL1 */

/* Pages of the area: absent, two present ones, the hole, a present one, absent. */
#define PAGES 6
#define HOLE  (3 * PAGE_SIZE)

static u8 *area; /* its addresses are the physical ones */
static u8 image[PAGES * PAGE_SIZE];
static struct sve_length lengths[SVE_LENGTHS];
static u32 known_lengths;

static bool is_present(u32 at)
{
	u32 page = at / PAGE_SIZE;

	return page == 1 || page == 2 || page == 4;
}

void sve_transfer_begin(void)
{
	area = pages_alloc(PAGES, PAGE_SIZE);
	for (u32 i = 0; i < sizeof(image); i += 8) {
		u64 value = random_u64();

		memcpy(image + i, &value, 8);
	}
	for (u32 page = 0; page < PAGES; page++)
		if (!is_present(page * PAGE_SIZE))
			space_unmap(space_kernel(), (ulong)area + page * PAGE_SIZE, PAGE_SIZE);
	known_lengths = sve_lengths(lengths);
}

static void restore_memory(void)
{
	for (u32 page = 0; page < PAGES; page++)
		if (is_present(page * PAGE_SIZE))
			memcpy(area + page * PAGE_SIZE, image + page * PAGE_SIZE, PAGE_SIZE);
}

/* ------------------------------------------------------------------------------------------ the model */

struct transfer_state {
	struct sve_state s;
	u64 x0, x1;
	u8 before[SVE_LONGEST]; /* z0 */
	u8 memory[PAGES * PAGE_SIZE];
	u32 valid;  /* bytes of FFR that may be true at most */
	u32 least;  /* up to which it is true, if it was */
	u32 faults; /* addresses of aborts, one of which is reported */
	u64 fault_at[4 * SVE_LONGEST];
};

static bool is_vector(const struct sve_transfer *t)
{
	return t->addressing >= SVE_OFFSETS_32;
}

static u64 offset_of(const struct sve_transfer *t, u64 z)
{
	if (t->addressing == SVE_OFFSETS_32)
		return (z & 0xffffffff) << t->scale;
	if (t->addressing == SVE_OFFSETS_S32)
		return (u64)a64_signed(z, 32) << t->scale;
	return z << t->scale;
}

static u64 address_of(const struct sve_transfer *t, const struct transfer_state *m, u32 e, u32 k)
{
	u32 count = m->s.vl / t->element;
	u64 z = sve_get(m->s.z[1], t->element, e), at = (e * t->registers + k) * t->memory;

	switch (t->addressing) {
	case SVE_INDEX:
		return m->x0 + m->x1 * t->memory + at;
	case SVE_IMMEDIATE:
		return m->x0 + (u64)((s64)t->imm * (s64)(count * t->memory)) + at;
	case SVE_BROADCAST:
		return m->x0 + (u64)t->imm;
	case SVE_QUAD_INDEX:
		return m->x0 + m->x1 * t->memory + at % 16;
	case SVE_QUAD_IMMEDIATE:
		return m->x0 + (u64)(s64)t->imm + at % 16;
	case SVE_BASES:
		return z + (u64)t->imm;
	default:
		return m->x0 + offset_of(t, z);
	}
}

/* The first absent byte of an access, or false. */
static bool absent_byte(const struct sve_transfer *t, u64 address, u64 *byte)
{
	for (u32 i = 0; i < t->memory; i++)
		if (!is_present((u32)(address + i - (ulong)area))) {
			*byte = address + i;
			return true;
		}
	return false;
}

static bool is_active(const struct sve_transfer *t, const struct sve_state *s, u32 e)
{
	u32 at = e * t->element;

	/* LD1RQ has the predicate of the first 16 bytes for all. */
	if (t->addressing == SVE_QUAD_INDEX || t->addressing == SVE_QUAD_IMMEDIATE)
		at %= 16;
	return s->p[0][at];
}

static void model(const struct sve_transfer *t, struct transfer_state *m)
{
	u32 count = m->s.vl / t->element;
	struct sve_state out = m->s;
	bool first = t->faulting != SVE_NO_FAULTS;

	for (m->valid = 0; m->valid < m->s.vl && m->s.p[2][m->valid];)
		m->valid++;
	m->least = 0;
	m->faults = 0;
	for (u32 e = 0; e < count; e++)
		for (u32 k = 0; k < t->registers; k++) {
			u64 address = address_of(t, m, e, k), value = 0, byte;
			u32 at = (u32)(address - (ulong)area);

			if (!is_active(t, &m->s, e)) {
				if (!t->store)
					sve_set(out.z[k], t->element, e, 0);
				continue;
			}
			if (absent_byte(t, address, &byte)) {
				/* Of a store, what comes before the absent byte may be written. */
				if (t->store && byte > address)
					memcpy(m->memory + at, m->s.z[k] + e * t->element,
					       (size_t)(byte - address));
				if (t->faulting == SVE_FAULTS || first)
					m->fault_at[m->faults++] = byte;
				else if (m->valid > e * t->element)
					m->valid = e * t->element;
				first = false;
				continue;
			}
			if (first)
				m->least = (e + 1) * t->element;
			first = false;
			if (t->store) {
				value = sve_get(m->s.z[k], t->element, e);
				memcpy(m->memory + at, &value, t->memory);
				continue;
			}
			memcpy(&value, m->memory + at, t->memory);
			if (t->is_signed)
				value = (u64)a64_signed(value, t->memory * 8);
			sve_set(out.z[k], t->element, e, value);
		}
	memcpy(m->before, m->s.z[0], sizeof(m->before));
	m->s = out;
}

/* ------------------------------------------------------------------------------------------ addresses */

/* Where something of `size` bytes begins: in present pages, or about an end of the hole. */
static u32 place(u32 round, u32 size)
{
	u32 where = (u32)random_u64() % (size + 1);

	switch (round % 4) {
	case 0:
		return PAGE_SIZE + (u32)random_u64() % (2 * PAGE_SIZE - size);
	case 1:
		return 2 * PAGE_SIZE - where;
	case 2:
		return HOLE - where;
	default:
		return HOLE + PAGE_SIZE - where;
	}
}

/* Vectors of addresses: a slot of 16 bytes for each element, so that none is written twice. */
static void scatter(const struct sve_transfer *t, struct transfer_state *m, u32 round)
{
	u32 count = m->s.vl / t->element, start = place(round / 2, 16 * count);
	u32 chance = round % 4 == 0 ? 0 : round % 4 == 1 ? 32 : 4;
	u64 base = (ulong)area + (u32)random_u64() % (HOLE + PAGE_SIZE);

	if (t->addressing == SVE_OFFSETS_32)
		base = (ulong)area - (0x90000000ull << t->scale) - (u32)random_u64() % 64;
	m->x0 = base;
	if (round % 4 == 0)
		start = place(0, 16 * count);
	for (u32 e = 0; e < count; e++) {
		u32 slot = e * 67 % count;
		/* Elements in the hole, some of which begin before it, and the other ones. */
		bool in_hole = chance && random_u64() % chance == 0;
		u32 hole = t->store ? HOLE : HOLE - t->memory;
		u32 at = (in_hole ? hole : start) + slot * 16 + (u32)random_u64() % 8;
		u64 address = (ulong)area + at, z;

		if (t->addressing == SVE_BASES)
			z = address - (u64)t->imm;
		else
			z = (u64)((s64)(address - base) >> t->scale);
		if (t->element == 8 && t->addressing != SVE_BASES &&
		    t->addressing != SVE_OFFSETS_64)
			z = (z & 0xffffffff) | random_u64() << 32;
		sve_set(m->s.z[1], t->element, e, z);
	}
}

static void set_addresses(const struct sve_transfer *t, struct transfer_state *m, u32 round)
{
	u32 size = m->s.vl / t->element * t->memory * t->registers, at;

	m->x0 = random_u64();
	m->x1 = (u64)(s64)(s32)random_u64();
	if (is_vector(t)) {
		scatter(t, m, round);
		return;
	}
	if (t->addressing == SVE_BROADCAST)
		size = t->memory;
	else if (t->addressing != SVE_INDEX && t->addressing != SVE_IMMEDIATE)
		size = 16;
	at = place(round, size);
	if (t->first == SVE_FIRST_0)
		at = ALIGN_DOWN(at, t->memory) +
		     (at % PAGE_SIZE < PAGE_SIZE - 2 * t->memory ? at % t->memory : 0);
	else if (t->first == SVE_FIRST_SPLIT)
		at = (round & 2 ? HOLE : 2 * PAGE_SIZE) - 1 - (u32)random_u64() % (t->memory - 1);
	m->x0 += (ulong)area + at - address_of(t, m, 0, 0);
}

/* -------------------------------------------------------------------------------------------- a run */

static void check_abort(const struct sve_transfer *t, const struct transfer_state *m,
			const struct arm_registers *r, struct fault fault, bool user)
{
	u64 iss = FSC_TRANSLATION(3) | (t->store ? ABORT_WRITE : 0);
	bool right = false;

	if (!EXPECT_FAULT(((struct fault){ .kind = (user ? EC_DABT_LOWER : EC_DABT) + 1,
					   .fields = FAULT_ANY_CODE }),
			  fault))
		return;
	EXPECT_EQ(fault.code & ~ABORT_FNP, iss);
	for (u32 i = 0; i < m->faults; i++)
		right |= fault.code & ABORT_FNP ? m->fault_at[i] / PAGE_SIZE == r->far / PAGE_SIZE
						: m->fault_at[i] == r->far;
	EXPECT(right, "FAR is %#llx, one of %u elements faults at %#llx", r->far, m->faults,
	       m->fault_at[0]);
}

/* After an abort in a store, each byte that it writes may have been written or not. */
static void check_memory(const struct transfer_state *m, bool aborted)
{
	for (u32 at = 0; at < sizeof(image); at++) {
		if (at % PAGE_SIZE == 0 &&
		    (!is_present(at) || !memcmp(area + at, m->memory + at, PAGE_SIZE))) {
			at += PAGE_SIZE - 1;
			continue;
		}
		if (area[at] != m->memory[at] && !(aborted && area[at] == image[at])) {
			EXPECT_EQ(area[at], m->memory[at], "byte %#x of the pages", at);
			return;
		}
	}
	EXPECT(true);
}

/*
 * FFR keeps a prefix of what it was, which may end anywhere after the first active element of LDFF1. The
 * elements after it have what was loaded, 0 or what was there: DDI 0487, C8.2, LDFF1B, LDNF1B, Operation.
 */
static void check_ffr(const struct sve_transfer *t, const struct transfer_state *m, const u8 *z,
		      const u8 *ffr)
{
	u32 kept = 0;

	while (kept < m->s.vl && (ffr[kept / 8] >> kept % 8 & 1))
		kept++;
	for (u32 i = kept; i < m->s.vl; i++)
		if (!EXPECT(!(ffr[i / 8] >> i % 8 & 1), "FFR's bit %u, but not bit %u", i, kept))
			break;
	EXPECT_LE(kept, m->valid, "bytes of FFR");
	EXPECT_GE(kept, m->least < m->valid ? m->least : m->valid, "bytes of FFR");
	EXPECT_EQ(kept % t->element, 0);
	for (u32 e = 0; e < m->s.vl / t->element; e++) {
		u64 value = sve_get(z, t->element, e), expected = sve_get(m->s.z[0], t->element, e);

		if (e * t->element >= kept &&
		    (value == 0 || value == sve_get(m->before, t->element, e)))
			continue;
		if (!EXPECT_EQ(value, expected, "element %u, FFR has %u bytes", e, kept))
			break;
	}
}

static void run(const struct sve_transfer *t, struct transfer_state *m, ulong at, u32 round)
{
	static u8 z[4 * SVE_LONGEST], p[SVE_LONGEST / 2];
	static u8 z_out[4 * SVE_LONGEST], p_out[SVE_LONGEST / 2];
	bool user = round & 1;
	struct arm_registers r = { 0 };
	struct fault fault;

	sve_pack(&m->s, z, p);
	r.x[0] = m->x0;
	r.x[1] = m->x1;
	r.x[20] = (ulong)p;
	r.x[21] = (ulong)p_out;
	r.x[22] = (ulong)z;
	r.x[23] = (ulong)z_out;
	memset(p_out, 0, sizeof(p_out));
	memcpy(m->memory, image, sizeof(image));
	model(t, m);
	fault = arm_run(user ? ARM_EL0 : ARM_EL1, at, &r);
	EXPECT_EQ(r.x[0], m->x0);
	EXPECT_EQ(r.x[1], m->x1);
	if (t->store) {
		check_memory(m, m->faults);
		restore_memory();
	}
	if (m->faults) {
		check_abort(t, m, &r, fault, user);
		return;
	}
	if (!EXPECT_NO_FAULT(fault))
		return;
	sve_pack(&m->s, z, p);
	if (t->faulting == SVE_FAULTS) {
		EXPECT_MEM_EQ(z_out, z, 4ul * m->s.vl, "vectors of %u bytes", m->s.vl);
		EXPECT_MEM_EQ(p_out, p, m->s.vl / 2, "vectors of %u bytes", m->s.vl);
	} else {
		EXPECT_MEM_EQ(z_out + m->s.vl, z + m->s.vl, 3ul * m->s.vl);
		EXPECT_MEM_EQ(p_out, p, m->s.vl * 3 / 8);
		check_ffr(t, m, z_out, p_out + m->s.vl * 3 / 8);
	}
}

void sve_transfer_check(const struct sve_transfer *t)
{
	static struct transfer_state m;
	const u32 insns[] = { WRFFR_P2, t->code, RDFFR_P3 };
	u32 code[SVE_STATE_CODE + 3];
	ulong at = arm_code(code, sve_state_code(code, insns, 3));

	if (is_vector(t) && t->element == 4 && (ulong)area >> 32) {
		SKIP_ROW("memory is above 4 GiB");
		return;
	}
	restore_memory();
	for (u32 k = 0; k < known_lengths; k++) {
		sve_set_length(lengths[k].len);
		for (u32 round = 0; round < 12; round++) {
			u32 prefix = 0;

			sve_random_state(&m.s, round);
			m.s.vl = lengths[k].bytes;
			/* FFR is true up to an element; all of it most times. */
			prefix = round % 3 ? m.s.vl : (u32)random_u64() % (m.s.vl / 8 + 1) * 8;
			for (u32 i = 0; i < m.s.vl; i++)
				m.s.p[2][i] = i < prefix;
			memcpy(m.s.p[3], m.s.p[2], sizeof(m.s.p[3]));
			if (t->first == SVE_FIRST_0 || t->first == SVE_FIRST_SPLIT)
				m.s.p[0][0] = 1;
			else if (t->first == SVE_FIRST_LATE)
				memset(m.s.p[0], 0, 8);
			set_addresses(t, &m, round);
			run(t, &m, at, round);
		}
	}
}
