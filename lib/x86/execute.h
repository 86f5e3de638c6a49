/* SPDX-License-Identifier: MIT */
/*
 * Runs one instruction, or a few, with all general registers and flags given, and says what all of
 * them are afterwards:
 *
 *	struct registers r = { .ax = 1, .cx = 2, .flags = FLAG_1 };
 *
 *	execute(CODE("add %%ecx, %%eax"), &r);
 *	EXPECT_EQ(r.ax, 3);
 */
#ifndef ASSAY_X86_EXECUTE_H
#define ASSAY_X86_EXECUTE_H

#include <arch/fault.h>
#include <types.h>

/* execute_*.S knows this layout. */
struct registers {
	union {
		struct {
			ulong ax, cx, dx, bx, bp, si, di;
#ifdef __x86_64__
			ulong r8, r9, r10, r11, r12, r13, r14, r15;
#endif
		};
		ulong general[sizeof(ulong) == 8 ? 15 : 7];
	};
	ulong flags;
};

/*
 * Calls `code` with these registers. It may change all of them but SP, and may use the stack below
 * it. Interrupts must stay off, and TF clear.
 */
void execute(const void *code, struct registers *registers);

/* The same; returns the fault that an instruction raised, with the registers as they were then. */
static inline struct fault execute_try(const void *code, struct registers *registers)
{
	fault_clear();
	execute(code, registers);
	return fault_taken();
}

/*
 * The address of machine code for execute(), from assembler text, in which a % is written twice as in
 * any inline assembly; "i" constants may follow and are its operands 1, 2... The text is GUARDED():
 * after a fault, execution goes on after all of it, so that it must leave the stack as it was when an
 * instruction of it may fault.
 */
#define CODE(text, ...)                                        \
	({                                                     \
		const void *code_;                             \
		__asm__("movl $770f, %k0\n"                    \
			".pushsection .text.execute, \"ax\"\n" \
			"770:\n" GUARDED(text) "ret\n"         \
					       ".popsection"   \
			: "=r"(code_)                          \
			: __VA_ARGS__);                        \
		code_;                                         \
	})

/*
 * CODE() that runs on the stack that BX points to; BX is SP afterwards, also where the text raised a
 * fault, and SP is in the frame of that fault. At CPL 0 the frame is pushed there, too.
 */
#define CODE_ON_STACK(text, ...)                                                           \
	({                                                                                 \
		const void *code_;                                                         \
		__asm__("movl $770f, %k0\n"                                                \
			".pushsection .text.execute, \"ax\"\n"                             \
			"770: xchg " NATIVE("bx") ", " NATIVE("sp") "\n" GUARDED(          \
				text) "xchg " NATIVE("bx") ", " NATIVE("sp") "\n"          \
									     "ret\n"       \
									     ".popsection" \
			: "=r"(code_)                                                      \
			: __VA_ARGS__);                                                    \
		code_;                                                                     \
	})

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

/*
 * Machine code from bytes: copies them to the end of a guarded page and returns where they are, for
 * execute_try() and execute_in(), until the next call. After a fault, execution goes on after them. At most
 * CODE_BYTES_MAX.
 */
#define CODE_BYTES_MAX 64
const void *code_bytes(const u8 *bytes, u32 size);

/* What the last call returned. */
const void *code_bytes_last(void);

/*
 * The same, but so that the first `before` of them are the last ones of a page; `*page` is the next
 * page, where the others are. Both pages have nothing else in them.
 */
const void *code_bytes_across(const u8 *bytes, u32 size, u32 before, u8 **page);

/*
 * The same text after the prefix that makes KVM emulate the instruction instead of letting the CPU
 * execute it, where the module's parameter force_emulation_prefix allows that; elsewhere the prefix
 * raises #UD. It is for the first instruction of the text only.
 */
#define FORCED_EMULATION "ud2; .ascii \"kvm\"; "

/*
 * The same, assembled for a 16-bit code segment; the address is for execute16_enter(), which gives the
 * one for execute(): of a far call to `code16`, which then is at offset 0 of its segment. The last spare
 * entry of the GDT is used for it, until the next call. i386 only: on x86_64, lib/x86/mode.h runs 16-bit
 * code, and this is NULL.
 */
#ifdef __x86_64__
#define CODE_16BIT(text) NULL
static inline const void *execute16_enter(const void *code16)
{
	return code16;
}
#else
#define CODE_16BIT(text, ...)                                         \
	({                                                            \
		const void *code_;                                    \
		__asm__("movl $770f, %k0\n"                           \
			".pushsection .text.execute, \"ax\"\n"        \
			".code16\n"                                   \
			"770:\n" GUARDED(text) "lretl\n"              \
					       ".code32\n.popsection" \
			: "=r"(code_)                                 \
			: __VA_ARGS__);                               \
		code_;                                                \
	})

const void *execute16_enter(const void *code16);
#endif

/* For text that is the same in both sizes: a register by its size's name, and memory there. */
#ifdef __x86_64__
#define NATIVE(register) "%%r" register
#define ONLY_64(...)	 __VA_ARGS__
#define ONLY_32(...)
#else
#define NATIVE(register) "%%e" register
#define ONLY_64(...)
#define ONLY_32(...) __VA_ARGS__
#endif
#define AT(register) "(" NATIVE(register) ")"

#endif
