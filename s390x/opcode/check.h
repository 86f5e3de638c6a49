/* SPDX-License-Identifier: MIT */
/*
 * Which instructions there are: one that the facility list has is executed, or refused for what it was
 * given; one that it has not is an operation exception. All of that in problem state, where a privileged
 * instruction that exists is refused as such.
 */
#ifndef ASSAY_S390X_OPCODE_CHECK_H
#define ASSAY_S390X_OPCODE_CHECK_H

#include <types.h>

struct opcode {
	/* The first byte, and the second, the last or the last four bits of the second one. */
	u16 code;
	u8 facility; /* 0: it is always there */
	char name[8];
};

/* A row for each. */
void check_opcodes(const struct opcode *opcodes, u32 count);

#endif
