/* SPDX-License-Identifier: MIT */
/* What the files of this image share: fields of descriptors, and a GDT on a page of its own. */
#ifndef ASSAY_SEG_H
#define ASSAY_SEG_H

#include <test.h>

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/place.h>
#include <x86/ring.h>

/* Flat segments, present, DPL 0, accessed. */
#define CODE_SIZE (sizeof(ulong) == 8 ? DESC_L : DESC_DB) /* what makes code the kernel's size */
#define CODE_SEG  (DESC_FLAT | DESC_CODE | CODE_SIZE)
#define DATA_SEG  (DESC_FLAT | DESC_DB)

/* The status flags: what an instruction that changes ZF alone has to leave. */
#define STATUS_FLAGS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* S and type as one number: 0-15 are system descriptors, 16-31 data and code. */
#define TYPES	     32
#define FIRST_DATA   16
#define FIRST_CODE   24
#define DESC_KIND(n) DESC_TYPE(n) /* S is the bit above the type */

static inline u32 desc_kind(u64 descriptor)
{
	return (u32)(descriptor >> 40) & 31;
}

static inline u32 desc_dpl(u64 descriptor)
{
	return (u32)(descriptor >> 45) & 3;
}

static inline bool kind_is_segment(u32 kind)
{
	return kind >= FIRST_DATA;
}

static inline bool kind_is_code(u32 kind)
{
	return kind >= FIRST_CODE;
}

static inline bool kind_is_conforming(u32 kind)
{
	return kind_is_code(kind) && (kind & 4);
}

/* Code whose R, or data whose W is set. */
static inline bool kind_is_readable_code(u32 kind)
{
	return kind_is_code(kind) && (kind & 2);
}

static inline bool kind_is_writable(u32 kind)
{
	return kind_is_segment(kind) && !kind_is_code(kind) && (kind & 2);
}

/* An error code with a selector: RPL is left out. */
#define ERR_SEL(selector) ((selector)&0xfffcu)

/*
 * Whether the loads and transfers that are checked are emulated by KVM on demand, at whatever CPL. Cases that take all
 * descriptors do so in both ways, where there are two: for_each_way() runs its body with `forced` clear and set, and a
 * row's name ends in way_suffix().
 */
extern bool forced;
bool way_set(bool is_forced);

#define for_each_way() for (u32 way_ = 0; way_ < 2 && way_set(way_); way_++)

static inline const char *way_suffix(void)
{
	return forced ? ".forced" : "";
}

/*
 * Makes this CPU use a copy of its GDT, on a page of its own and with this limit, until the case ends.
 * gdt_set_spare() then changes what is no longer used.
 */
u64 *gdt_on_page(u16 limit);

/* An LDT of `entries` entries on a page of its own, after the spare entries 0 and 1, loaded. */
u64 *load_new_ldt(u32 entries);

/* Loads LDTR with null, as every case has it. */
void unload_ldt(void);

/* x86_64: the first half of a system descriptor; both sizes: all of one with a base below 4 GiB. */
u64 system_desc(u32 type, ulong base, u32 limit);
u16 set_spare_system(u32 index, u64 low, ulong base);

#endif
