/* SPDX-License-Identifier: MIT */
/* The local APIC: SDM vol. 3A, chapter 10 (APM vol. 2, chapter 16). */
#ifndef ASSAY_X86_APIC_H
#define ASSAY_X86_APIC_H

#include <types.h>

#define APIC_DEFAULT_BASE 0xfee00000u

/* Registers by their offset in xAPIC mode; in x2APIC mode the MSR is 0x800 + offset / 16. */
#define APIC_ID		   0x020
#define APIC_VERSION	   0x030
#define APIC_TPR	   0x080
#define APIC_APR	   0x090 /* arbitration priority; not in every APIC */
#define APIC_PPR	   0x0a0
#define APIC_EOI	   0x0b0
#define APIC_RRD	   0x0c0 /* remote read; not in every APIC */
#define APIC_LDR	   0x0d0
#define APIC_DFR	   0x0e0
#define APIC_SVR	   0x0f0
#define APIC_ISR	   0x100 /* eight registers, 0x10 apart; so are TMR and IRR */
#define APIC_TMR	   0x180
#define APIC_IRR	   0x200
#define APIC_ESR	   0x280
#define APIC_LVT_CMCI	   0x2f0
#define APIC_ICR	   0x300
#define APIC_ICR_HIGH	   0x310
#define APIC_LVT_TIMER	   0x320
#define APIC_LVT_THERMAL   0x330
#define APIC_LVT_PERF	   0x340
#define APIC_LVT_LINT0	   0x350
#define APIC_LVT_LINT1	   0x360
#define APIC_LVT_ERROR	   0x370
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE  0x3e0
#define APIC_SELF_IPI	   0x3f0  /* x2APIC mode only */
#define APIC_REGISTERS_END 0x1000 /* of the page; each register has 16 bytes of it */

/* Version register. */
#define APIC_VERSION_NUMBER(v)	  ((v)&0xff)
#define APIC_VERSION_MAX_LVT(v)	  ((v) >> 16 & 0xff)
#define APIC_VERSION_SUPPRESS_EOI BIT(24) /* SVR's bit 12 exists */
#define APIC_VERSION_EXTENDED	  BIT(31) /* AMD: registers from 0x400 on: APM vol. 2, 16.3.4 */

#define APIC_SVR_ENABLE	      BIT(8)
#define APIC_SVR_SUPPRESS_EOI BIT(12)

/* Local vector table. Delivery modes are those of ICR, and LVT_EXTINT. */
#define APIC_LVT_EXTINT	       (7u << 8)
#define APIC_LVT_PENDING       BIT(12) /* delivery status */
#define APIC_LVT_LOW_ACTIVE    BIT(13) /* LINT0 and LINT1 only, as the next two */
#define APIC_LVT_REMOTE_IRR    BIT(14)
#define APIC_LVT_LEVEL	       BIT(15)
#define APIC_LVT_MASKED	       BIT(16)
#define APIC_TIMER_ONESHOT     (0u << 17)
#define APIC_TIMER_PERIODIC    (1u << 17)
#define APIC_TIMER_TSCDEADLINE (2u << 17)
#define APIC_DIVIDE_BY_1       0xbu /* of APIC_TIMER_DIVIDE: bits 0, 1 and 3 */
#define APIC_DIVIDE_BY_2       0x0u
#define APIC_DIVIDE_BY_16      0x3u
#define APIC_DIVIDE_BY_128     0xau

/* Error status register: SDM vol. 3A, 10.5.3. */
#define APIC_ESR_SEND_ILLEGAL	 BIT(5)
#define APIC_ESR_RECEIVE_ILLEGAL BIT(6)
#define APIC_ESR_ILLEGAL_ADDRESS BIT(7)

#define APIC_DFR_FLAT	 0xffffffffu
#define APIC_DFR_CLUSTER 0x0fffffffu

/* Interrupt command register. */
#define ICR_FIXED	 (0u << 8)
#define ICR_LOWEST	 (1u << 8)
#define ICR_NMI		 (4u << 8)
#define ICR_INIT	 (5u << 8)
#define ICR_STARTUP	 (6u << 8)
#define ICR_LOGICAL	 BIT(11)
#define ICR_PENDING	 BIT(12) /* xAPIC: not delivered yet */
#define ICR_ASSERT	 BIT(14)
#define ICR_LEVEL	 BIT(15)
#define ICR_SELF	 (1u << 18)
#define ICR_ALL		 (2u << 18)
#define ICR_ALL_BUT_SELF (3u << 18)

/* The highest APIC ID that an ICR can name in xAPIC mode; FFH is every CPU: SDM vol. 3A, 10.6.2.1. */
#define APIC_XAPIC_ID_MAX 0xfeu

/* Reads and writes a register of this CPU's APIC, in whichever mode it is. */
u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 value);

/* The MSR of a register in x2APIC mode, given by its offset in xAPIC mode. */
static inline u32 apic_msr(u32 reg)
{
	return 0x800 + reg / 16;
}

/*
 * Brings this CPU's APIC from xAPIC to x2APIC mode, which CPUID has to have: SDM vol. 3A, 10.12.1. The
 * reset state's mode is xAPIC: it comes back with the next case, or when the CPU's work ends.
 */
void apic_enter_x2apic(void);

/* From now on, and for good, apic_reset() leaves an APIC that is in x2APIC mode in that mode. */
void apic_stay_in_x2apic(void);

/* This CPU's APIC ID: all 32 bits in x2APIC mode, else 8. */
u32 apic_id(void);

/* Sends an interrupt: `low` is ICR bits 31-0, `destination` an APIC ID. Waits until it is sent. */
void apic_send(u32 low, u32 destination);

/* Sends a fixed interrupt to another CPU by its number, or to this one. */
void apic_send_vector(u32 cpu_number, u32 vector);

/* Sends this CPU an interrupt, and comes back when it is pending in IRR: interrupts are off. */
void apic_make_pending(u32 vector);

/* Ends the interrupt in service with the highest priority. */
void apic_eoi(void);

/* Ends what is in service on this CPU and takes what is pending, none of it by a handler. */
void apic_drain(void);

/* True if this vector's bit is set in IRR, ISR or TMR (first register of the eight). */
bool apic_vector_bit(u32 first_reg, u32 vector);

/* ------------------------------------------------------------------- its timer: SDM vol. 3A, 10.5.4 */

/* The value of APIC_TIMER_DIVIDE that divides by 1 << shift, shift 0 to 7. */
u32 apic_timer_divide(u32 shift);

/*
 * Starts the timer: `lvt` is the LVT entry (vector, mode, mask), 1 << `shift` the divisor (shift 0 to 7),
 * `count` the initial count, not 0. Interrupts are the caller's to allow.
 */
void apic_timer_start(u32 lvt, u32 shift, u32 count);

/* Stops it and masks its interrupt; one that is already pending in IRR stays so. */
void apic_timer_stop(void);

/*
 * How the timer's clock, not divided, relates to the TSC: in `tsc_min` to `tsc_max` ticks of the TSC
 * the timer counted `counts` to `counts` + 1. Bounds that hold whatever the host did meanwhile.
 */
struct apic_timer_rate {
	u64 tsc_min, tsc_max;
	u64 counts;
};

/* Measures for at least `ns`, below 1 s. Uses the timer and leaves it stopped. */
struct apic_timer_rate apic_timer_measure(u64 ns);

/*
 * Ticks of the TSC that `counts` (below 2^33) of the undivided clock take at least. 0.1% are allowed
 * for: clocks of different sources drift, and hosts steer theirs.
 */
u64 apic_timer_min_tsc(const struct apic_timer_rate *rate, u64 counts);

/* The initial count that takes about `ns` with the divisor 1 << shift; at least 2. */
u32 apic_timer_counts(const struct apic_timer_rate *rate, u64 ns, u32 shift);

/* Tells trap.c what becomes of spurious interrupts; once, at start. */
void apic_init(void);

/*
 * Brings this CPU's APIC to the documented state: xAPIC mode, enabled, everything masked, nothing in
 * service or pending. Interrupts that are pending are taken and dropped. See apic_stay_in_x2apic().
 */
void apic_reset(void);

#endif
