/* SPDX-License-Identifier: MIT */
/*
 * Gates that show what the CPU did and nothing else: the words that it pushed, and the
 * registers that the handler found. The ordinary gates (trap.c) know which vectors have an error
 * code and take the frame apart; a raw gate takes nothing for granted. SDM vol. 3A, 6.12-6.14.
 *
 *	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
 *	EXPECT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, execute_ud2, NULL, &entry));
 *	EXPECT_EQ(raw_words_below(&entry, raise_sp), RAW_FRAME_WORDS);
 */
#ifndef ASSAY_X86_RAW_GATE_H
#define ASSAY_X86_RAW_GATE_H

#include <arch/fault.h>
#include <types.h>
#include <x86/place.h>

struct raw_entry {
	ulong vector;
	ulong sp;    /* the stack pointer at the handler's first instruction */
	ulong flags; /* the flags there */
	u16 cs, ss, ds, es;
	ulong words[12]; /* from `sp` upwards: what the CPU pushed, and then what was there
			    before */
};

/* Points the vector at the raw gate: `type` is DESC_INTERRUPT_GATE or the like. Ends with the
 * case. */
void raw_gate_set(u32 vector, u32 type, u32 dpl, u32 ist);

/*
 * Runs fn(arg) in KERNEL or USER. If a raw gate is entered, gives VECTOR(n), and *entry is what it
 * saw; if anything else is raised, that; else NO_FAULT. Nothing of fn's frames is left, flags
 * are as before, and NMIs are unblocked. Only on the CPU that runs the case; calls do not nest.
 */
struct fault raw_gate_catch(enum place place, void (*fn)(void *arg), void *arg,
			    struct raw_entry *entry);

/* What RAISE() has noted. */
extern ulong raise_sp, raise_ip, raise_next_ip, raise_flags;

/*
 * For inline assembly at any privilege: runs the instruction `insn`, having noted its address,
 * that of the next one, the stack pointer and the flags. Nothing may be on the stack that insn
 * itself does not take.
 */
#ifdef __x86_64__
#define RAISE_SP_  "%%rsp"
#define RAISE_MOV_ "movq "
#else
#define RAISE_SP_  "%%esp"
#define RAISE_MOV_ "movl "
#endif
#define RAISE(insn)                                                        \
	"pushf\n"                                                          \
	"pop raise_flags\n" RAISE_MOV_ RAISE_SP_ ", raise_sp\n" RAISE_MOV_ \
	"$881f, raise_ip\n" RAISE_MOV_ "$882f, raise_next_ip\n"            \
	"881: " insn "\n"                                                  \
	"882:\n"

/* Words that an event without error code pushes: from CPL 0 (i386: no change of stack) and from
 * CPL 3. */
#ifdef __x86_64__
#define RAW_FRAME_WORDS	     5u
#define RAW_FRAME_WORDS_USER 5u
#define RAW_STACK_ALIGN	     16u
#else
#define RAW_FRAME_WORDS	     3u
#define RAW_FRAME_WORDS_USER 5u
#define RAW_STACK_ALIGN	     4u
#endif

/* Words pushed below `stack`, which 64-bit mode aligns to 16 bytes first (SDM vol. 3A, 6.14.2).
 */
static inline ulong raw_words_below(const struct raw_entry *entry, ulong stack)
{
	return (ALIGN_DOWN(stack, RAW_STACK_ALIGN) - entry->sp) / sizeof(ulong);
}

#endif
