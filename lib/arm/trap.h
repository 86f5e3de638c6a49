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

/* By the kind in struct fault less 1: an abort; one of a data access. */
static inline bool trap_is_data_abort(u32 number)
{
#ifdef __aarch64__
	return number == EC_DABT || number == EC_DABT_LOWER;
#else
	return number == VECTOR_DATA_ABORT;
#endif
}

static inline bool trap_is_abort(u32 number)
{
#ifdef __aarch64__
	return number == EC_IABT || number == EC_IABT_LOWER || trap_is_data_abort(number);
#else
	return number == VECTOR_PREFETCH_ABORT || trap_is_data_abort(number);
#endif
}

/* For each size: what exception this frame is, as a value. */
struct fault trap_fault(const struct trap_frame *frame);
/* What this frame's vector is there for, and whether the interrupted code was at user privilege. */
enum trap_type { TRAP_SYNC, TRAP_IRQ, TRAP_FIQ, TRAP_SERROR };
enum trap_type trap_type(const struct trap_frame *frame);
/* True for the SVC that ends run_user(). */
bool trap_is_user_return(const struct trap_frame *frame);
#endif
#endif
