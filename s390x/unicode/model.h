/* SPDX-License-Identifier: MIT */
/* The three forms of a character in storage, and the instructions that make one of another. */
#ifndef ASSAY_S390X_UNICODE_MODEL_H
#define ASSAY_S390X_UNICODE_MODEL_H

#include <s390x/execute.h>
#include <test.h>

enum form { UTF8, UTF16, UTF32 };

/* Writes a character, at most 4 bytes, and returns how many. */
u32 put_character(enum form form, u32 character, u8 *at);

struct conversion {
	const char *name;
	u16 opcode;
	u16 facility;
	enum form from, to;
	bool has_check; /* M3 bit 3: well-formedness checking */
};

extern const struct conversion conversions[];
extern const u32 conversion_count;

/* What is converted, and what of it is left. */
struct conversion_state {
	u8 *to, *from;
	u64 to_length, from_length;
	u32 cc;
};

/* Converts, going on after condition code 3; the fault that ended it. */
struct fault convert(const struct conversion *c, bool check, struct conversion_state *s);

/* A character that is one; the first 16 are those at the ends of ranges. */
u32 some_character(u32 n);

#endif
