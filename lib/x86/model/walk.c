/* SPDX-License-Identifier: MIT */
#include "walk.h"

/* Spelt out here, so that a slip in the library's names does not become the model's. */
#define CR0_WP_	  (1ull << 16)
#define CR4_PSE_  (1ull << 4)
#define CR4_PAE_  (1ull << 5)
#define CR4_LA57_ (1ull << 12)
#define CR4_SMEP_ (1ull << 20)
#define CR4_SMAP_ (1ull << 21)
#define CR4_PKE_  (1ull << 22)
#define CR4_PKS_  (1ull << 24)
#define EFER_LMA_ (1ull << 10)
#define EFER_NXE_ (1ull << 11)

#define P  (1ull << 0)
#define RW (1ull << 1)
#define US (1ull << 2)
#define A  (1ull << 5)
#define D  (1ull << 6)
#define PS (1ull << 7)
#define XD (1ull << 63)

#define ERROR_P	   (1u << 0)
#define ERROR_WR   (1u << 1)
#define ERROR_US   (1u << 2)
#define ERROR_RSVD (1u << 3)
#define ERROR_ID   (1u << 4)
#define ERROR_PK   (1u << 5)

static bool is_ia32e(const struct walk_state *s)
{
	return s->efer & EFER_LMA_;
}

static bool is_32_bit(const struct walk_state *s)
{
	return !(s->cr4 & CR4_PAE_);
}

static bool is_pae(const struct walk_state *s)
{
	return !is_ia32e(s) && !is_32_bit(s);
}

static u32 linear_bits(const struct walk_state *s)
{
	if (!is_ia32e(s))
		return 32;
	return s->cr4 & CR4_LA57_ ? 57 : 48;
}

u32 walk_levels(const struct walk_state *s)
{
	if (!is_ia32e(s))
		return 2;
	return s->cr4 & CR4_LA57_ ? 5 : 4;
}

u32 walk_shift(const struct walk_state *s, u32 level)
{
	return 12 + level * (is_32_bit(s) ? 10 : 9);
}

/* Vol. 1, 3.3.7.1: bits 63 to the highest that is translated are all the same. */
bool walk_is_canonical(const struct walk_state *s, u64 address)
{
	u64 high;

	if (!is_ia32e(s))
		return true;
	high = address >> (linear_bits(s) - 1);
	return high == 0 || high == (~0ull >> (linear_bits(s) - 1));
}

/* ---------------------------------------------------------------------------------- reserved bits */

/* None if high is one less than low, as where MAXPHYADDR is 52. */
static u64 bits(u32 high, u32 low)
{
	return (~0ull >> (63 - high)) & (~0ull << low);
}

/* 4.3: with CR4.PSE, in a PDE that maps a page; the PAT is there. */
static u64 reserved_32_bit(const struct walk_state *s, u32 level, bool page)
{
	u32 m = s->physical_bits < 40 ? s->physical_bits : 40;

	if (level == 0 || !page || !(s->cr4 & CR4_PSE_))
		return 0;
	return s->has_pse36 ? bits(21, m - 19) : bits(21, 13);
}

/* 4.4.2, 4.5. */
u64 walk_reserved_bits(const struct walk_state *s, u32 level, bool page)
{
	u64 mask;

	if (is_32_bit(s))
		return reserved_32_bit(s, level, page);
	mask = bits(is_pae(s) ? 62 : 51, s->physical_bits);
	if (!(s->efer & EFER_NXE_))
		mask |= XD;
	if (level >= 3 || (level == 2 && !s->has_1g))
		mask |= PS;
	if (page && level == 2 && s->has_1g)
		mask |= bits(29, 13);
	if (page && level == 1)
		mask |= bits(20, 13);
	return mask;
}

/* 4.4.1. */
u64 walk_pdpte_reserved_bits(const struct walk_state *s)
{
	return bits(2, 1) | bits(8, 5) | bits(63, s->physical_bits);
}

/* --------------------------------------------------------------------------------- access rights */

struct rights {
	bool write, user, execute; /* the R/W, U/S and XD flags of all entries together */
	u32 key;
};

/* 4.6.2. PKRU is for user-mode addresses, IA32_PKRS for the others. */
static bool key_refuses(const struct walk_state *s, const struct walk_access *a,
			const struct rights *r)
{
	u32 pair;

	if (!is_ia32e(s) || a->kind == WALK_FETCH)
		return false;
	if (!(s->cr4 & (r->user ? CR4_PKE_ : CR4_PKS_)))
		return false;
	pair = (r->user ? s->pkru : s->pkrs) >> (2 * r->key) & 3;
	if (pair & 1)
		return true;
	return (pair & 2) && a->kind == WALK_WRITE && (a->user || (s->cr0 & CR0_WP_));
}

/* 4.6.1, without the keys. */
static bool rights_refuse(const struct walk_state *s, const struct walk_access *a,
			  const struct rights *r)
{
	bool xd = !is_32_bit(s) && (s->efer & EFER_NXE_) && !r->execute;

	if (a->user) {
		if (!r->user)
			return true;
		return a->kind == WALK_FETCH ? xd : a->kind == WALK_WRITE && !r->write;
	}
	if (a->kind == WALK_FETCH)
		return xd || (r->user && (s->cr4 & CR4_SMEP_));
	if (r->user && (s->cr4 & CR4_SMAP_) && !(a->ac && !a->implicit))
		return true;
	return a->kind == WALK_WRITE && (s->cr0 & CR0_WP_) && !r->write;
}

/* 4.7: what describes the access and not the translation. */
static u32 error_of_access(const struct walk_state *s, const struct walk_access *a)
{
	u32 error = 0;

	if (a->kind == WALK_WRITE)
		error |= ERROR_WR;
	if (a->user)
		error |= ERROR_US;
	if (a->kind == WALK_FETCH &&
	    ((s->cr4 & CR4_SMEP_) || (!is_32_bit(s) && (s->efer & EFER_NXE_))))
		error |= ERROR_ID;
	return error;
}

/* --------------------------------------------------------------------------------------- the walk */

static u64 index_bits(const struct walk_state *s)
{
	return is_32_bit(s) ? 0x3ff : 0x1ff;
}

/* The physical address of the first table; false if a PDPTE register says that there is none. */
static bool first_table(const struct walk_state *s, u64 address, phys_t *table)
{
	u64 pdpte;

	if (is_ia32e(s)) {
		*table = s->cr3 & bits(51, 12);
		return true;
	}
	if (is_32_bit(s)) {
		*table = s->cr3 & bits(31, 12);
		return true;
	}
	pdpte = s->pdpte[address >> 30 & 3];
	*table = pdpte & bits(51, 12);
	return pdpte & P;
}

static bool maps_page(const struct walk_state *s, u64 entry, u32 level)
{
	if (level == 0)
		return true;
	if (!(entry & PS))
		return false;
	return is_32_bit(s) ? (s->cr4 & CR4_PSE_) != 0 : level <= 2;
}

/* The page frame: 4.3 (with bits 39-32 of PSE-36), 4.4.2, 4.5. */
static phys_t frame(const struct walk_state *s, u64 entry, u32 level)
{
	if (is_32_bit(s) && level == 1)
		return (entry & bits(31, 22)) | (entry & bits(20, 13)) << 19;
	return entry & bits(51, walk_shift(s, level));
}

void walk(const struct walk_state *s, const struct walk_access *a, struct walk_result *r)
{
	const u32 size = is_32_bit(s) ? 4 : 8;
	struct rights rights = { true, true, true, 0 };
	phys_t table;

	*r = (struct walk_result){ .end = WALK_DONE };
	if (!walk_is_canonical(s, a->address)) {
		r->end = WALK_NOT_CANONICAL;
		return;
	}
	r->error = error_of_access(s, a);
	if (!first_table(s, a->address, &table)) {
		r->end = WALK_ABSENT;
		return;
	}
	for (u32 level = walk_levels(s) - 1;; level--) {
		struct walk_step *step = &r->step[r->steps++];
		u64 offset = (a->address >> walk_shift(s, level) & index_bits(s)) * size;
		bool page;

		step->address = table + offset;
		step->level = level;
		step->entry = s->read(step->address, size);
		if (!(step->entry & P)) {
			r->end = WALK_ABSENT;
			return;
		}
		page = maps_page(s, step->entry, level);
		step->reserved = step->entry & walk_reserved_bits(s, level, page);
		if (step->reserved) {
			r->end = WALK_RESERVED;
			r->error |= ERROR_P | ERROR_RSVD;
			return;
		}
		step->sets = A & ~step->entry;
		rights.write &= (step->entry & RW) != 0;
		rights.user &= (step->entry & US) != 0;
		rights.execute &= !(step->entry & XD);
		if (page) {
			u64 inside = bits(walk_shift(s, level) - 1, 0);

			rights.key = (u32)(step->entry >> 59) & 15;
			r->phys = frame(s, step->entry, level) | (a->address & inside);
			r->page_level = level;
			break;
		}
		table = step->entry & bits(is_32_bit(s) ? 31 : 51, 12);
	}
	if (key_refuses(s, a, &rights)) {
		r->end = WALK_FORBIDDEN;
		r->error |= ERROR_P | ERROR_PK;
		/* A user-mode access to a supervisor page is refused with or without IA32_PKRS. */
		if (a->user && !rights.user)
			r->error_open = ERROR_PK;
	}
	if (rights_refuse(s, a, &rights)) {
		r->end = WALK_FORBIDDEN;
		r->error |= ERROR_P;
	}
	if (r->end == WALK_DONE && a->kind == WALK_WRITE)
		r->step[r->steps - 1].sets |= D & ~r->step[r->steps - 1].entry;
}
