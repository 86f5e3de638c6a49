/* SPDX-License-Identifier: MIT */
/* EBCDIC, code page 500, as far as ASCII has the characters; others become blanks. */
#ifndef ASSAY_S390X_EBCDIC_H
#define ASSAY_S390X_EBCDIC_H

#include <types.h>

u8 ascii_to_ebcdic(char c);
char ebcdic_to_ascii(u8 c);

#endif
