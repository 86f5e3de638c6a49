/* SPDX-License-Identifier: MIT */
/* Plain accesses of one size to an aligned word that another CPU stores to. */
#ifndef ASSAY_SMP_TEARING_H
#define ASSAY_SMP_TEARING_H

#include <types.h>

struct tearing_row {
	const char *name;
	u32 size;
	/* Stores many words, all bytes of each the same: first `byte`, and on from there. */
	void (*store)(void *at, u8 byte);
	/* Loads many times; counts in *torn words of different bytes, in *changes those unlike the last. */
	void (*load)(void *at, u32 *torn, u32 *changes);
};

/* While CPU 1 stores to such a word CPU 0 loads it, at several places in a page. */
void tearing_check(const struct tearing_row *row);

#define TEARING_BURST 1000

#define TEARING_ACCESSES(t)                                               \
	static void store_##t(void *at, u8 byte)                          \
	{                                                                 \
		for (u32 i = 0; i < TEARING_BURST; i++, byte++)           \
			WRITE_ONCE(*(t *)at, (t)-1 / 255 * byte);         \
	}                                                                 \
	static void load_##t(void *at, u32 *torn, u32 *changes)           \
	{                                                                 \
		t last = 0;                                               \
                                                                          \
		for (u32 i = 0; i < TEARING_BURST; i++) {                 \
			t word = READ_ONCE(*(t *)at);                     \
                                                                          \
			*torn += word != (t)((t)-1 / 255 * (word & 255)); \
			*changes += word != last;                         \
			last = word;                                      \
		}                                                         \
	}

#endif
