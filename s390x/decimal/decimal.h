/* SPDX-License-Identifier: MIT */
/* Packed decimal numbers, and how an instruction with two of them is checked. */
#ifndef ASSAY_S390X_DECIMAL_DECIMAL_H
#define ASSAY_S390X_DECIMAL_DECIMAL_H

#include <mm/page.h>
#include <s390x/execute.h>
#include <test.h>

#define MOST_BYTES 16

/* At most 31 digits. */
struct decimal {
	unsigned __int128 magnitude;
	bool minus;
};

unsigned __int128 power_of_ten(u32 exponent);

/* Writes the rightmost digits that fit, and C or D; whether all were written. */
bool put_decimal(struct decimal d, u8 *at, u32 bytes);

/* A number of at most this many digits, often of fewer. */
struct decimal random_decimal(u32 digits);

/* Replaces C and D by another code of the same sign. */
void vary_sign(u8 *last_byte);

/* Operands at 0x100 and 0x200 of a page of a pattern, with which the page is compared in the end. */
extern u8 decimal_page[PAGE_SIZE], decimal_expected[PAGE_SIZE];
#define FIRST	 (decimal_page + 0x100)
#define SECOND	 (decimal_page + 0x200)
#define EXPECTED (decimal_expected + 0x100)

void clear_decimal_pages(void);

/* SS with two lengths in bytes; registers 9 and 10 are the operands' addresses. cc is 2 before. */
struct fault execute_decimal(u8 opcode, u32 first, u32 second, struct execution *e);

#endif
