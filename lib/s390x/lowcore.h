/* SPDX-License-Identifier: MIT */
/*
 * The prefix area: the 8 KiB of storage at real address 0, each CPU's own. What interruptions store
 * and load is PoP SA22-7832-13, chapter 3, "Assigned Storage Locations". Also for assembly.
 *
 * Interruptions use real addresses, and so does our entry code, which runs with DAT off. That is why
 * virtual page 0 can be absent all the same, so that a null pointer is a fault. Virtual page 1 is there,
 * because arch_this_cpu_number() reads it; the whole area is also mapped at LOWCORE_ALIAS.
 */
#ifndef ASSAY_S390X_LOWCORE_H
#define ASSAY_S390X_LOWCORE_H

#define LOWCORE_SIZE  0x2000
#define LOWCORE_ALIAS 0x2000 /* virtual */

/* Classes of interruption, in the order of their PSWs in storage. */
#define TRAP_RESTART  0
#define TRAP_EXTERNAL 1
#define TRAP_SVC      2
#define TRAP_PROGRAM  3
#define TRAP_MCHECK   4
#define TRAP_IO	      5
#define TRAP_CLASSES  6

#define LC_INFO		  0x80 /* interruption parameters and codes, to 0xff */
#define LC_BREAKING_EVENT 0x110
#define LC_OLD_PSW(class) (0x120 + 16 * (class))
#define LC_NEW_PSW(class) (0x1a0 + 16 * (class))

/* What we keep there, after what low-address protection covers (0-511, 4096-4607 but for the last). */
#define LC_SAVE(class)	    (0x200 + LC_SAVE_SIZE * (class)) /* registers, then PSW */
#define LC_SAVE_SIZE	    0x90
#define LC_TRAP_STACK	    0x560 /* top of the stack for handlers */
#define LC_USER_ENTRY_STACK 0x568 /* the kernel's r15 when it left for problem state */
#define LC_STACK	    0x570 /* top of this CPU's stack */
#define LC_CPU_NUMBER	    0x1000

#define TRAP_STACK_SIZE 0x8000

#ifndef __ASSEMBLER__
#include <s390x/psw.h>
#include <types.h>

/* Real locations 128-255. */
struct interruption_info {
	u32 ext_parameter; /* 128 */
	u16 ext_cpu_address;
	u16 ext_code;
	u16 svc_ilc; /* 136: instruction length in bytes */
	u16 svc_code;
	u16 pgm_ilc; /* 140: instruction length in bytes */
	u16 pgm_code;
	u32 dxc; /* 144 */
	u16 monitor_class;
	u16 per_code;
	u64 per_address; /* 152 */
	u8 exception_access_id;
	u8 per_access_id;
	u8 operand_access_id;
	u8 architectural_mode;
	u32 reserved_164;
	u64 teid;	  /* 168: translation-exception identification */
	u64 monitor_code; /* 176 */
	u32 subsystem_id; /* 184 */
	u32 io_parameter;
	u32 io_word; /* 192 */
	u32 reserved_196;
	u32 facilities; /* 200: STFL */
	u32 reserved_204[7];
	u64 mcheck_code; /* 232 */
	u32 reserved_240;
	u32 external_damage;
	u64 failing_address; /* 248 */
};

struct lowcore {
	u8 ipl[LC_INFO];
	struct interruption_info info;
	u8 reserved_256[16];
	u64 breaking_event;
	u8 reserved_280[8];
	struct psw old_psw[TRAP_CLASSES];
	u8 reserved_384[32];
	struct psw new_psw[TRAP_CLASSES];
	u8 own[0x1200 - 0x200];
	/* 0x1200: what SIGP stop-and-store-status and machine checks store */
	u64 saved_fpr[16];
	u64 saved_gpr[16];
	struct psw saved_psw;
	u64 reserved_1310;
	u32 saved_prefix; /* 0x1318 */
	u32 saved_fpc;
	u32 reserved_1320;
	u32 saved_tod_programmable;
	u64 saved_cpu_timer;
	u64 saved_clock_comparator; /* bits 0-55, at 0x1331 */
	u64 reserved_1338;
	u32 saved_ar[16];
	u64 saved_cr[16];
	u8 reserved_1400[LOWCORE_SIZE - 0x1400];
};

_Static_assert(sizeof(struct lowcore) == LOWCORE_SIZE, "prefix area");
_Static_assert(offsetof(struct lowcore, info.teid) == 168, "TEID");
_Static_assert(offsetof(struct lowcore, info.failing_address) == 248, "failing-storage address");
_Static_assert(offsetof(struct lowcore, old_psw) == LC_OLD_PSW(0), "old PSWs");
_Static_assert(offsetof(struct lowcore, new_psw) == LC_NEW_PSW(0), "new PSWs");
_Static_assert(offsetof(struct lowcore, saved_prefix) == 0x1318, "prefix");
_Static_assert(offsetof(struct lowcore, saved_cr) == 0x1380, "control registers");

/* This CPU's, through the kernel's address space. */
#define LOWCORE ((struct lowcore *)LOWCORE_ALIAS)

/* A doubleword at a real address, with DAT on or off: LOAD, STORE USING REAL ADDRESS. */
static inline u64 load_real(ulong real)
{
	u64 value;

	__asm__ volatile("lurag %0,%1" : "=d"(value) : "a"(real) : "memory");
	return value;
}

static inline void store_real(ulong real, u64 value)
{
	__asm__ volatile("sturg %0,%1" : : "d"(value), "a"(real) : "memory");
}
#endif

#endif
