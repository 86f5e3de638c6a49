/* SPDX-License-Identifier: MIT */
/* SYSCALL and SYSRET: how they are set up, and the code that has them. */
#ifndef ASSAY_SYS_SYSCALL_64_H
#define ASSAY_SYS_SYSCALL_64_H

#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/enter.h>
#include <x86/msr.h>

/* SYSCALL; the same bytes in 64-bit code and compatibility mode. */
extern const u8 syscall_code[2];
#define SYSCALL_SIZE 2

/* SYSRETQ, and SYSRET with 32-bit operands. */
extern const u8 sysretq_code[3], sysretl_code[2];

/* UD2, also where a wrong entry point leads to. */
extern const u8 syscall_ud2[2];

/*
 * EFER.SCE; STAR for the library's GDT, LSTAR the probe, CSTAR what nothing should go to; SFMASK 0, so
 * that flags stay.
 */
void syscall_set_up(void);

/* Flags that IRET at CPL 0 can set and that have no effect on what the cases do. */
#define SYSCALL_SYSTEM_FLAGS (FLAG_IF | FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_ID)

/*
 * Enters *from, which is at SYSCALL, and expects all that SYSCALL does when SFMASK is 0 and the
 * target, `target`, is the probe: the probe's end at `size`.
 */
void syscall_expect(const struct trap_frame *from, ulong target, u32 size);

#endif
