/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_MODE_VM86_H
#define ASSAY_MODE_VM86_H

#include <types.h>
#include <x86/cr.h>
#include <x86/mode.h>

#define IOPL(n) ((u32)(n) << 12)

/* Virtual-8086 mode with these flags. */
static inline void vm86(struct mode *m, u32 iopl, u32 flags)
{
	mode_init(m, MODE_VM86);
	m->eflags = FLAG_1 | FLAG_VM | IOPL(iopl) | flags;
}

#endif
