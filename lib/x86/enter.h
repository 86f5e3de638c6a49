/* SPDX-License-Identifier: MIT */
/*
 * Goes anywhere, with all registers given, and says what all of them are when the first exception comes.
 * For instructions that change CPL, stack or code segment, where no C function can be left running:
 *
 *	struct trap_frame frame = enter_frame(3, code);
 *
 *	frame.ax = 1;
 *	EXPECT_FAULT(UD, enter(&frame));
 *	EXPECT_EQ(trap_last_frame()->cs, SEL_KERNEL_CODE);
 */
#ifndef ASSAY_X86_ENTER_H
#define ASSAY_X86_ENTER_H

#include <arch/fault.h>
#include <types.h>

/*
 * A frame that goes to `ip` at CPL 0 or 3 with code of the kernel's size: a stack of its own, flags
 * FLAG_1, and a value that is found nowhere else in each general register.
 */
struct trap_frame enter_frame(u32 cpl, const void *ip);

/*
 * Loads the registers of *frame and goes there by IRET. Returns the exception that ended it;
 * trap_last_frame() has the registers as they were then. On i386 at CPL 0 the stack pointer is not
 * taken from the frame, and trap_last_frame()'s is what counts. Events at CPL 3 use a stack of this
 * function's own. Only on the CPU that runs the case; calls do not nest.
 */
struct fault enter(const struct trap_frame *frame);

/* The stack pointer that code entered at CPL 0 on i386 starts with. */
ulong enter_kernel_stack(void);

/*
 * Expects that the general registers of *actual are those of *expected, but for the ones of `except`:
 * BIT() of ENTER_AX and so on.
 */
enum { ENTER_AX, ENTER_CX, ENTER_DX, ENTER_BX, ENTER_BP, ENTER_SI, ENTER_DI, ENTER_R11 = 10 };
void enter_expect_registers(const struct trap_frame *actual, const struct trap_frame *expected,
			    u64 except);

/*
 * Code that shows by the address of its UD2 how it was decoded: IP is ENTER_PROBE_16, _32 or _64 after
 * its start. It changes AX.
 */
#define ENTER_PROBE_16 4u
#define ENTER_PROBE_32 6u
#define ENTER_PROBE_64 10u
extern const u8 enter_probe[16];

#endif
