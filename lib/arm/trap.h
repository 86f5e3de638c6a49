/* SPDX-License-Identifier: MIT */
/* Exception entry, as the assembly and C share it. */
#ifndef ASSAY_ARM_TRAP_H
#define ASSAY_ARM_TRAP_H

/* How a function at user privilege comes back: SVC with this number is the library's. */
#define SVC_USER_RETURN 0xa55a

/* Bytes of struct trap_frame. */
#ifdef __aarch64__
#define FRAME_SIZE 304
#else
#define FRAME_SIZE 88
#endif

#ifndef __ASSEMBLER__
#include <arch/fault.h>
#include <types.h>

extern const u8 vectors[];

/* For each size: what exception this frame is, as a value. */
struct fault trap_fault(const struct trap_frame *frame);
/* What this frame's vector is there for, and whether the interrupted code was at user privilege. */
enum trap_type { TRAP_SYNC, TRAP_IRQ, TRAP_FIQ, TRAP_SERROR };
enum trap_type trap_type(const struct trap_frame *frame);
/* What the exception is called, by its kind in struct fault less 1; NULL if it has no name. */
const char *trap_name(u32 number);
bool trap_is_abort(u32 number);
bool trap_is_data_abort(u32 number);
/* The fault status codes that mean something else in the other size, or nothing; NULL for the rest. */
const char *trap_status_name(u32 status);
/* True for the SVC that ends run_user(). */
bool trap_is_user_return(const struct trap_frame *frame);
/* The frame's registers, as diagnostic lines, and the return addresses below. */
void trap_print_registers(const struct trap_frame *frame);
/* The next return address up the chain of frames from *fp, which it moves on; 0 at the end. */
ulong trap_next_return(ulong *fp);
/* True if two words can be read at `address`. */
bool trap_is_stack(ulong address);
#endif
#endif
