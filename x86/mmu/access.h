/* SPDX-License-Identifier: MIT */
/*
 * One access at any privilege, in a few instructions and with nothing else in between: by IRET to a stub
 * that makes the access and ends with INT, or with the fault. A million of them must not take long, so
 * that this does without the harness's guards and frames.
 */
#ifndef ASSAY_MMU_ACCESS_H
#define ASSAY_MMU_ACCESS_H

#include <types.h>

/* In access_*.S, the same order in both sizes. */
enum stub {
	STUB_READ,    /* MOV */
	STUB_WRITE,   /* MOV */
	STUB_UPDATE,  /* ADD to memory: a read and a write */
	STUB_LOCKED,  /* LOCK ADD */
	STUB_FETCH,   /* a jump to the address, where ACCESS_RETURN is */
	STUB_SEGMENT, /* MOV to FS: the CPU reads, and may write, a descriptor */
	STUBS,
};

#define VEC_ACCESS_DONE 0x30
/* INT VEC_ACCESS_DONE, as a word of code. */
#define ACCESS_RETURN	0x30cd

/* access_*.S knows the layout. */
struct access_run {
	ulong address;
	ulong value; /* given to the stub, and what it leaves */
	ulong stub, cs, flags, sp, ss;
	ulong vector; /* VEC_ACCESS_DONE, VEC_PF, VEC_GP or VEC_SS */
	ulong error, cr2, ip;
};

/* Makes the gates that access_enter() ends by; until the case ends. */
void access_prepare(void);

/* Goes to run->stub and fills in what follows `ss`. Interrupts are off; FS is null afterwards. */
void access_enter(struct access_run *run);

/* The stub for this kind; for CPL 3 it is in pages that may be user pages (USER_TEXT). */
ulong access_stub(enum stub stub, bool user);

/* Single accesses for fault_of() and run_user(), in the kernel's space. */
void access_read_byte(void *address);
void access_write_byte(void *address);

#endif
