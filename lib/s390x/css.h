/* SPDX-License-Identifier: MIT */
/* The channel subsystem: PoP SA22-7832-13, chapters 13 to 17. */
#ifndef ASSAY_S390X_CSS_H
#define ASSAY_S390X_CSS_H

#include <arch/fault.h>
#include <types.h>

/* Subsystem-identification word: the one, a subchannel-set number, a subchannel number. */
#define SCHID(set, number) (0x00010000u | (u32)(set) << 17 | (number))

/* Path-management-control word. */
#define PMCW_ISC(isc)	 ((u16)((isc) << 11))
#define PMCW_ISC_MASK	 0x3800
#define PMCW_ENABLED	 0x0080
#define PMCW_LIMIT	 0x0060
#define PMCW_MEASUREMENT 0x0018
#define PMCW_MULTIPATH	 0x0004
#define PMCW_TIMING	 0x0002
#define PMCW_VALID	 0x0001
#define PMCW_CSENSE	 1u /* of `characteristics`: concurrent sense */
#define PMCW_MBFC	 4u /* measurement-block format 1 */

struct pmcw {
	u32 parameter;
	u16 flags;
	u16 device;
	u8 lpm, pnom, lpum, pim;
	u16 mbi;
	u8 pom, pam;
	u8 chpid[8];
	u32 characteristics;
};

/* Subchannel-status word. */
#define SCSW_KEY	       0xf000
#define SCSW_SUSPEND	       0x0800
#define SCSW_ESW_FORMAT	       0x0400
#define SCSW_DEFERRED_CC       0x0300
#define SCSW_FORMAT_1	       0x0080
#define SCSW_PREFETCH	       0x0040
#define SCSW_ZERO_CC	       0x0004
#define SCSW_ECW	       0x0002
#define SCSW_PATH_NOT_OP       0x0001
#define SCSW_START	       0x4000 /* function control */
#define SCSW_HALT	       0x2000
#define SCSW_CLEAR	       0x1000
#define SCSW_RESUME_PENDING    0x0800 /* activity control */
#define SCSW_START_PENDING     0x0400
#define SCSW_HALT_PENDING      0x0200
#define SCSW_CLEAR_PENDING     0x0100
#define SCSW_SUSPENDED	       0x0020
#define SCSW_ACTIVITY	       0x0fe0
#define SCSW_ALERT	       0x0010 /* status control */
#define SCSW_INTERMEDIATE      0x0008
#define SCSW_PRIMARY	       0x0004
#define SCSW_SECONDARY	       0x0002
#define SCSW_PENDING	       0x0001
#define SCSW_STATUS	       0x001f
#define DSTAT_CHANNEL_END      0x08
#define DSTAT_DEVICE_END       0x04
#define DSTAT_UNIT_CHECK       0x02
#define CSTAT_PCI	       0x80
#define CSTAT_INCORRECT_LENGTH 0x40
#define CSTAT_PROGRAM_CHECK    0x20
#define CSTAT_PROTECTION_CHECK 0x10

struct scsw {
	u16 flags;
	u16 control;
	u32 address;
	u8 device_status, subchannel_status;
	u16 count;
};

struct schib {
	struct pmcw pmcw;
	struct scsw scsw;
	u64 measurement_block;
	u8 model_dependent[4];
} __attribute__((packed, aligned(4)));

struct irb {
	struct scsw scsw;
	u32 esw[5];
	u8 ecw[32];
	u8 emw[32];
};

/* Operation-request block. */
#define ORB_SUSPEND    0x0800
#define ORB_FORMAT_1   0x0080
#define ORB_PREFETCH   0x0040
#define ORB_INITIAL    0x0020 /* initial-status-interruption control */
#define ORB_NO_SUSPEND 0x0008 /* suppress-suspended-interruption control */
#define ORB_RESERVED   0x0004
#define ORB_IDA_2      0x0002 /* indirect-data-address words of format 2, 64 bits */
#define ORB_IDA_2K     0x0001 /* of which each is for 2 KiB */

struct orb {
	u32 parameter;
	u16 control;
	u8 lpm;
	u8 control_2;
	u32 program;
	u32 reserved[5];
};

/* Channel-command words, both formats. */
#define CCW_CHAIN_DATA	  0x80
#define CCW_CHAIN_COMMAND 0x40
#define CCW_SLI		  0x20 /* suppress length indication */
#define CCW_SKIP	  0x10
#define CCW_PCI		  0x08
#define CCW_IDA		  0x04
#define CCW_SUSPEND	  0x02
#define CCW_MIDA	  0x01

#define CMD_NOP		    0x03
#define CMD_SENSE	    0x04
#define CMD_TIC		    0x08
#define CMD_SENSE_ID	    0xe4
/* virtio, 4.3.1: "Virtio over channel I/O", channel commands. */
#define CMD_SET_VQ	    0x13
#define CMD_VDEV_RESET	    0x33
#define CMD_READ_FEAT	    0x12
#define CMD_WRITE_FEAT	    0x11
#define CMD_READ_CONF	    0x22
#define CMD_WRITE_CONF	    0x21
#define CMD_READ_STATUS	    0x72
#define CMD_WRITE_STATUS    0x31
#define CMD_SET_IND	    0x43
#define CMD_SET_CONF_IND    0x53
#define CMD_READ_VQ_CONF    0x32
#define CMD_SET_IND_ADAPTER 0x73
#define CMD_SET_REVISION    0x83

struct ccw1 {
	u8 command, flags;
	u16 count;
	u32 address;
} __aligned(8);

struct ccw0 {
	u8 command;
	u8 address[3];
	u8 flags, reserved;
	u16 count;
} __aligned(8);

_Static_assert(sizeof(struct schib) == 52, "SCHIB");
_Static_assert(sizeof(struct irb) == 96, "IRB");
_Static_assert(sizeof(struct pmcw) == 28, "PMCW");
_Static_assert(offsetof(struct orb, program) == 8, "ORB");

/* An instruction with the subchannel in register 1, and an operand in storage or none; *cc if no fault. */
#define CSS_INSTRUCTION_(name, text)                                             \
	static inline struct fault name##_try(u32 schid, void *operand, u32 *cc) \
	{                                                                        \
		ulong one = schid;                                               \
                                                                                 \
		fault_clear();                                                   \
		__asm__ volatile("lgr %%r1,%1\n" GUARDED(text) "ipm %0\n"        \
							       "srl %0,28"       \
				 : "=d"(*cc)                                     \
				 : "d"(one), "a"(operand)                        \
				 : "1", "cc", "memory");                         \
		return fault_taken();                                            \
	}                                                                        \
	/* The condition code, where a fault would be a mistake: 0xff then. */   \
	static inline u32 name(u32 schid, void *operand)                         \
	{                                                                        \
		u32 cc;                                                          \
                                                                                 \
		return name##_try(schid, operand, &cc).kind ? 0xff : cc;         \
	}
CSS_INSTRUCTION_(store_subchannel, "stsch 0(%2)")
CSS_INSTRUCTION_(modify_subchannel, "msch 0(%2)")
CSS_INSTRUCTION_(start_subchannel, "ssch 0(%2)")
CSS_INSTRUCTION_(test_subchannel, "tsch 0(%2)")
CSS_INSTRUCTION_(clear_subchannel, "csch")
CSS_INSTRUCTION_(halt_subchannel, "hsch")
CSS_INSTRUCTION_(resume_subchannel, "rsch")
CSS_INSTRUCTION_(cancel_subchannel, "xsch")
/* Register 1 is not looked at. */
CSS_INSTRUCTION_(test_pending_interruption, "tpi 0(%2)")
CSS_INSTRUCTION_(store_channel_report_word, "stcrw 0(%2)")
CSS_INSTRUCTION_(store_channel_path_status, "stcps 0(%2)")
/* Register 1 has a channel-path identifier. */
CSS_INSTRUCTION_(reset_channel_path, "rchp")
/* CHSC: the operand's page is in R1. */
CSS_INSTRUCTION_(channel_subsystem_call, ".insn rre,0xb25f0000,%2,%%r0")

/* What TPI and an I/O interruption store. */
struct io_code {
	u32 schid;
	u32 parameter;
	u32 word; /* ISC in bits 2-4 */
};

#define IO_WORD_ISC(isc) ((u32)(isc) << 27)
/* CR6: subclass mask. */
#define CR6_ISC(isc)	 BIT(31 - (isc))

#endif
