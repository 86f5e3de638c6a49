/* SPDX-License-Identifier: MIT */
/* Debug registers by number, and a handler of #DB that notes each one. SDM vol. 3B, chapter 17. */
#ifndef ASSAY_X86_DEBUG_H
#define ASSAY_X86_DEBUG_H

#include <test.h>

#include <x86/cr.h>

/* DR7, for breakpoint n: SDM vol. 3B, 17.2.4. */
#define DR7_L(n) ((ulong)BIT(2 * (n)))
#define DR7_G(n) ((ulong)BIT(2 * (n) + 1))
#define DR7_LE	 ((ulong)BIT(8))
#define DR7_GE	 ((ulong)BIT(9))
#define DR7_GD	 ((ulong)BIT(13))

enum breakpoint_kind { BREAK_EXECUTE, BREAK_WRITE, BREAK_IO, BREAK_ACCESS };

/* R/W and LEN of breakpoint n; `length` is 1, 2, 4 or 8 bytes. */
static inline ulong dr7_kind(u32 n, enum breakpoint_kind kind, u32 length)
{
	const ulong len = length == 8 ? 2 : length - 1;

	return ((ulong)kind | len << 2) << (16 + 4 * n);
}

#define DR6_B(n) ((ulong)BIT(n))
#define DR6_BD	 ((ulong)BIT(13))
#define DR6_BS	 ((ulong)BIT(14))
#define DR6_BT	 ((ulong)BIT(15))

/* MOV from and to DRn, n from 0 to 7. */
struct fault read_dr_try(u32 n, ulong *value);
struct fault write_dr_try(u32 n, ulong value);

/* A #DB as its handler has seen it. */
struct debug_hit {
	ulong ip, cs, flags;
	ulong dr6, dr7;
};

#define DEBUG_HITS 48u

extern struct debug_hit debug_hits[DEBUG_HITS];
extern u32 debug_count;

/*
 * Forgets all hits, brings DR6 to its reset value and lets each #DB be noted from now on. The
 * handler resets DR6 and resumes with RF set; after DEBUG_HITS, it disables all breakpoints and
 * clears TF.
 */
void debug_record(void);

/* debug_record(), with breakpoint n at this address, locally enabled. */
void debug_break(u32 n, ulong address, enum breakpoint_kind kind, u32 length);

/* No breakpoint is enabled any more. */
static inline void debug_end(void)
{
	write_dr7(DR7_RESET);
}

/* ---------------------------------------------------------------------------------- code */

/*
 * Code that is to be watched or stepped through is put together here: POPF, the code, POPF, RET.
 * The first POPF sets TF for stepping, the other one clears it.
 */
extern u8 debug_memory[64];
#define debug_code (debug_memory + 1)

/* What the code is given, and what it leaves. */
struct debug_registers {
	ulong ax, cx, dx, si, di;
};

void debug_set_code(const void *code, u32 size);

/*
 * Run it: `registers` is a struct debug_registers, or NULL for all zero. The stack has to be as
 * before at its end; BX is its to change.
 */
void debug_run_code(void *registers);
void debug_step_code(void *registers);

#endif
