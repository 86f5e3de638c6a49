/* SPDX-License-Identifier: MIT */
/* Remapping of DMA and interrupts: Intel Virtualization Technology for Directed I/O (VT-d), 5.10, chapter 11. */
#ifndef ASSAY_X86_VTD_H
#define ASSAY_X86_VTD_H

#include <types.h>

/* Registers by their offset, 32 or 64 bits wide. */
#define VTD_VER	    0x00
#define VTD_CAP	    0x08 /* 64 */
#define VTD_ECAP    0x10 /* 64 */
#define VTD_GCMD    0x18
#define VTD_GSTS    0x1c
#define VTD_RTADDR  0x20 /* 64 */
#define VTD_CCMD    0x28 /* 64 */
#define VTD_FSTS    0x34
#define VTD_FECTL   0x38
#define VTD_FEDATA  0x3c
#define VTD_FEADDR  0x40
#define VTD_FEUADDR 0x44
#define VTD_IQH	    0x80 /* 64 */
#define VTD_IQT	    0x88 /* 64 */
#define VTD_IQA	    0x90 /* 64 */
#define VTD_ICS	    0x9c
#define VTD_IECTL   0xa0
#define VTD_IEDATA  0xa4
#define VTD_IEADDR  0xa8
#define VTD_IEUADDR 0xac
#define VTD_IRTA    0xb8 /* 64 */

/* Capabilities. */
#define VTD_CAP_CM	 BIT(7)			  /* caching mode: absent entries are cached, too */
#define VTD_CAP_SAGAW(c) ((u32)((c) >> 8 & 0x1f)) /* bit 1: 3 levels, bit 2: 4 levels */
#define VTD_CAP_MGAW(c)	 ((u32)((c) >> 16 & 0x3f) + 1) /* bits of an address before translation */
#define VTD_CAP_FRO(c)	 ((u32)((c) >> 24 & 0x3ff) * 16)
#define VTD_CAP_2M	 BIT(34)
#define VTD_CAP_1G	 BIT(35)
#define VTD_CAP_PSI	 BIT(39) /* page-selective invalidation */
#define VTD_CAP_NFR(c)	 ((u32)((c) >> 40 & 0xff) + 1)
#define VTD_CAP_MAMV(c)	 ((u32)((c) >> 48 & 0x3f))
#define VTD_ECAP_QI	 BIT(1)
#define VTD_ECAP_DT	 BIT(2)
#define VTD_ECAP_IR	 BIT(3)
#define VTD_ECAP_EIM	 BIT(4)
#define VTD_ECAP_PT	 BIT(6)
#define VTD_ECAP_SC	 BIT(7)
#define VTD_ECAP_IRO(c)	 ((u32)((c) >> 8 & 0x3ff) * 16)
#define VTD_ECAP_MHMV(c) ((u32)((c) >> 20 & 0xf))

/* Global command and status: the same bit in both. */
#define VTD_TE	  BIT(31)
#define VTD_SRTP  BIT(30)
#define VTD_QIE	  BIT(26)
#define VTD_IRE	  BIT(25)
#define VTD_SIRTP BIT(24)
#define VTD_CFI	  BIT(23)

/* Context command. */
#define VTD_CCMD_ICC	  BIT(63)
#define VTD_CCMD_GLOBAL	  (1ull << 61)
#define VTD_CCMD_DOMAIN	  (2ull << 61)
#define VTD_CCMD_DEVICE	  (3ull << 61)
#define VTD_CCMD_DONE(c)  ((u32)((c) >> 59 & 3)) /* how it was done: 1 global, 2 domain, 3 device */
#define VTD_CCMD_MASK(fm) ((u64)(fm) << 32)
#define VTD_CCMD_SID(s)	  ((u64)(s) << 16)
#define VTD_CCMD_DID(d)	  ((u64)(d))

/* IOTLB invalidation, at IRO + 8; the address to be invalidated at IRO. */
#define VTD_IOTLB_IVT	  BIT(63)
#define VTD_IOTLB_GLOBAL  (1ull << 60)
#define VTD_IOTLB_DOMAIN  (2ull << 60)
#define VTD_IOTLB_PAGE	  (3ull << 60)
#define VTD_IOTLB_DONE(v) ((u32)((v) >> 57 & 3))
#define VTD_IOTLB_DID(d)  ((u64)(d) << 32)

/* Fault status, fault recording (two of 64 bits each, at FRO), events' control. */
#define VTD_FSTS_PFO	  BIT(0)
#define VTD_FSTS_PPF	  BIT(1)
#define VTD_FSTS_IQE	  BIT(4)
#define VTD_FSTS_FRI(v)	  ((u32)((v) >> 8 & 0xff))
#define VTD_FRCD_F	  BIT(63) /* of the upper half, as those below */
#define VTD_FRCD_READ	  BIT(62) /* T1 */
#define VTD_FRCD_FR(v)	  ((u32)((v) >> 32 & 0xff))
#define VTD_FRCD_SID(v)	  ((u32)((v)&0xffff))
#define VTD_EVENT_MASKED  BIT(31)
#define VTD_EVENT_PENDING BIT(30)
#define VTD_ICS_IWC	  BIT(0)

/* Fault reasons: table 30 for legacy mode, table 15 for interrupts. */
#define VTD_FR_ROOT_ABSENT	0x01
#define VTD_FR_CONTEXT_ABSENT	0x02
#define VTD_FR_CONTEXT_INVALID	0x03
#define VTD_FR_ADDRESS		0x04
#define VTD_FR_WRITE		0x05
#define VTD_FR_READ		0x06
#define VTD_FR_ROOT_RESERVED	0x0a
#define VTD_FR_CONTEXT_RESERVED 0x0b
#define VTD_FR_ENTRY_RESERVED	0x0c
#define VTD_FR_INTERRUPT_RANGE	0x0e
#define VTD_FR_IR_REQUEST	0x20
#define VTD_FR_IR_INDEX		0x21
#define VTD_FR_IR_ABSENT	0x22
#define VTD_FR_IR_RESERVED	0x24
#define VTD_FR_IR_COMPATIBILITY 0x25
#define VTD_FR_IR_SOURCE	0x26

/* Entries of the tables: 9.1, 9.3, 9.8. */
#define VTD_PRESENT	       BIT(0)
#define VTD_CONTEXT_FPD	       BIT(1)
#define VTD_CONTEXT_THROUGH    (2ull << 2)
#define VTD_CONTEXT_AW(levels) ((u64)(levels)-2) /* of the upper half, as that below */
#define VTD_CONTEXT_DID(d)     ((u64)(d) << 8)
#define VTD_READ	       BIT(0)
#define VTD_WRITE	       BIT(1)
#define VTD_LARGE	       BIT(7)

/* Invalidation descriptors: 6.5.2. */
#define VTD_DESC_CONTEXT       1ull
#define VTD_DESC_IOTLB	       2ull
#define VTD_DESC_INTERRUPT     4ull
#define VTD_DESC_WAIT	       5ull
#define VTD_DESC_GLOBAL	       (1ull << 4) /* of the first two types, as the next two */
#define VTD_DESC_DOMAIN	       (2ull << 4)
#define VTD_DESC_SELECTIVE     (3ull << 4) /* a device or pages */
#define VTD_DESC_DID(d)	       ((u64)(d) << 16)
#define VTD_DESC_SID(s)	       ((u64)(s) << 32)
#define VTD_DESC_MASK(fm)      ((u64)(fm) << 48)
#define VTD_DESC_INDEX(i)      (BIT(4) | (u64)(i) << 32) /* of the interrupt entry cache */
#define VTD_DESC_INDEX_MASK(m) ((u64)(m) << 27)
#define VTD_DESC_WAIT_IF       BIT(4)
#define VTD_DESC_WAIT_SW       BIT(5)
#define VTD_DESC_WAIT_DATA(d)  ((u64)(d) << 32)

/* Interrupt remapping entry: 9.9. */
#define VTD_IRTE_FPD	    BIT(1)
#define VTD_IRTE_LOGICAL    BIT(2)
#define VTD_IRTE_HINT	    BIT(3)
#define VTD_IRTE_LEVEL	    BIT(4)
#define VTD_IRTE_MODE(m)    ((u64)(m) << 5)
#define VTD_IRTE_VECTOR(v)  ((u64)(v) << 16)
#define VTD_IRTE_APIC(id)   ((u64)(id) << 40) /* of 8 bits, without extended interrupt mode */
#define VTD_IRTE_SID(s)	    ((u64)(s))	      /* of the upper half, as those below */
#define VTD_IRTE_SQ(q)	    ((u64)(q) << 16)
#define VTD_IRTE_VERIFY	    (1ull << 18)
#define VTD_IRTE_VERIFY_BUS (2ull << 18)

/* A message in remappable format: 5.1.2.2. */
#define VTD_MSI_ADDRESS(index) \
	(0xfee00010u | ((u32)(index)&0x7fff) << 5 | ((u32)(index) >> 15 & 1) << 2)
#define VTD_MSI_SHV BIT(3)

/* True if the machine's description (DMAR, 8.1) has a unit; the functions below are for the first one. */
bool vtd_is_there(void);

u32 vtd_read32(u32 reg);
u64 vtd_read(u32 reg);
void vtd_write32(u32 reg, u32 value);

/* By two accesses of 32 bits, the lower half first, as 11.2 has it. */
void vtd_write(u32 reg, u64 value);

/* Sets or clears one bit by the global command register and waits for its status. False: it did not follow. */
bool vtd_command(u64 bit, bool set);

/* The root table and the interrupt remapping table, and the caches forgotten as 6.6 and 6.7 ask for. */
bool vtd_set_root(const void *table);
bool vtd_set_interrupts(const void *table, u32 log2_entries);

/* By the registers; how it was done (1 global, 2 domain, 3 device or page), or 0 if it was not. */
u32 vtd_invalidate_context(u64 command);
u32 vtd_invalidate_iotlb(u64 command, u64 address);

/* The invalidation queue in this page, of 256 descriptors of 16 bytes: 6.5.2. */
bool vtd_queue_start(void *page);

/* Appends one, of which the unit learns by vtd_queue_go(). */
void vtd_queue_put(u64 low, u64 high);
void vtd_queue_go(void);

/* Both at once. */
void vtd_queue_add(u64 low, u64 high);

/* Makes what stands at the queue's head something else, for after an error. */
void vtd_queue_replace_head(u64 low, u64 high);

/* Appends a wait descriptor and waits for what it writes. False: it does not come. */
bool vtd_queue_wait(void);

/* Recording register n: its lower and its upper half. Clears it. */
u64 vtd_fault_address(u32 n);
u64 vtd_fault(u32 n);
void vtd_fault_clear(u32 n);

/* All of them cleared, and the overflow. */
void vtd_faults_clear(void);

/* Nothing remapped, no queue, no faults, events masked. */
void vtd_reset(void);

/* The same if anything was written since the last time: for the library, before each case. */
void vtd_restore(void);

#endif
