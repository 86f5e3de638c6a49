/* SPDX-License-Identifier: MIT */
/* What lib/s390x/execute.c hands to execute.S: offsets in the prefix area. Also for assembly. */
#ifndef ASSAY_S390X_EXECUTE_AREA_H
#define ASSAY_S390X_EXECUTE_AREA_H

#define X_GPR	    0x1a00
#define X_R15	    0x1a80
#define X_CC	    0x1a88
#define X_FLAGS	    0x1a8c
#define X_FPC	    0x1a90
#define X_PROBLEM   0x1a94
#define X_ENTRY_PSW 0x1aa0
#define X_EXIT_PSW  0x1ab0
#define X_AR	    0x1ac0
#define X_FPR	    0x1b00
#define X_VR	    0x1c00
#define X_SLOT_SIZE 64

#ifndef __ASSEMBLER__
#include <s390x/execute.h>

struct execute_area {
	u64 gpr[16];
	u64 r15;
	u32 cc;
	u32 flags;
	u32 fpc;
	u8 problem; /* 0 or 1 */
	u8 reserved[11];
	struct psw entry, exit;
	u32 ar[16];
	u64 fpr[16];
	u8 reserved_1b80[0x80];
	struct vector vr[32];
};

_Static_assert(offsetof(struct execute_area, cc) == X_CC - X_GPR, "execute.S");
_Static_assert(offsetof(struct execute_area, problem) == X_PROBLEM - X_GPR, "execute.S");
_Static_assert(offsetof(struct execute_area, entry) == X_ENTRY_PSW - X_GPR, "execute.S");
_Static_assert(offsetof(struct execute_area, ar) == X_AR - X_GPR, "execute.S");
_Static_assert(offsetof(struct execute_area, fpr) == X_FPR - X_GPR, "execute.S");
_Static_assert(offsetof(struct execute_area, vr) == X_VR - X_GPR, "execute.S");
#endif

#endif
