/* SPDX-License-Identifier: MIT */
/* What the cases of VM entry's checks share. */
#ifndef VMX_CHECKS_H
#define VMX_CHECKS_H

#include <test.h>

#include <mm/page.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/msr.h>
#include <x86/vmx/vmx.h>

/* A field with the bits of `clear` cleared and those of `set` set; both 0: no change. */
struct change {
	u32 field; /* enum vmcs_field */
	u64 clear, set;
};

#define ALL (~0ull)
#define PUT(field, value)                \
	{                                \
		VMCS_##field, ALL, value \
	}
#define SET(field, bits)              \
	{                             \
		VMCS_##field, 0, bits \
	}
#define CLEAR(field, bits)            \
	{                             \
		VMCS_##field, bits, 0 \
	}

#define CHANGES 6

/* The lowest and the highest address that are not canonical; neither guests nor hosts here have CR4.LA57. */
#define HOLE	  BIT(47)
#define HOLE_LAST (~0ull - BIT(47))

struct check {
	const char *name;
	bool refused;
	struct change change[CHANGES];
};

enum check_kind {
	CHECK_CONTROLS,	     /* refused with VMfailValid, error 7 */
	CHECK_HOST,	     /* refused with error 8 */
	CHECK_ADDRESS_SPACE, /* 26.2.4 does not say which of the two */
	CHECK_GUEST,	     /* refused with exit reason 33, and qualification 0 */
	CHECK_PDPTES,	     /* and qualification 2: 26.7 */
	CHECK_LINK_POINTER,  /* and qualification 4 */
};

/* A guest that adds one to BX. */
void check_set_up(struct vmx_guest *g);

/* Runs it: refused in the way of `kind` with nothing executed, or everything executed. */
bool check_expect(struct vmx_guest *g, enum check_kind kind, bool refused);

/*
 * A row for each check. One that sets controls which the CPU cannot have, or needs a field that does not
 * exist, is skipped.
 */
void check_rows(enum check_kind kind, const struct check *checks, u32 count);

/* Rows "<name>-bit-<n>": the field with each of these bits turned over. */
void check_bits(enum check_kind kind, enum vmcs_field field, const char *name, u64 bits,
		bool refused);

/* After a set-up of the caller's. */
void check_bits_with(enum check_kind kind, const struct change *with, u32 changes,
		     enum vmcs_field field, const char *name, u64 bits, bool refused);

#endif
