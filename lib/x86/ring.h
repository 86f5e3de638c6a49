/* SPDX-License-Identifier: MIT */
/*
 * Code at any of the four privilege levels: SDM vol. 3A, 5.5. Levels 1 and 2 have descriptors of
 * their own, in the last spare entries of the GDT.
 */
#ifndef ASSAY_X86_RING_H
#define ASSAY_X86_RING_H

#include <arch/fault.h>
#include <types.h>
#include <x86/execute.h>

/* The spare entries that a test can fill itself while it uses levels 1 and 2. */
#define RING_SPARES (GDT_SPARES - 4)

/* Flat code of the kernel's size, and flat writable data, of this DPL; RPL = DPL. */
u16 ring_code_selector(u32 cpl);
u16 ring_data_selector(u32 cpl);

/*
 * Runs fn(arg) at this CPL: fault_of() for 0, run_user() for 3, and what is between. i386: DS and ES
 * are of DPL 3 there.
 */
struct fault run_at_cpl(u32 cpl, void (*fn)(void *arg), void *arg);

/* execute_try() at this CPL. */
struct fault execute_at_cpl_try(u32 cpl, const void *code, struct registers *registers);

/*
 * CODE() with text around the guarded instruction: `before` has run when it faults, and `after` always
 * runs, so that it can bring back what execute() needs.
 */
#define CODE_AROUND(before, text, after, ...)                                  \
	({                                                                     \
		const void *code_;                                             \
		__asm__("movl $770f, %k0\n"                                    \
			".pushsection .text.execute, \"ax\"\n"                 \
			"770:\n" before "\n" GUARDED(text) after "\nret\n"     \
								 ".popsection" \
			: "=r"(code_)                                          \
			: __VA_ARGS__);                                        \
		code_;                                                         \
	})

#endif
