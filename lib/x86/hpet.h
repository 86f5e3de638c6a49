/* SPDX-License-Identifier: MIT */
/* High precision event timers: IA-PC HPET specification 1.0a. */
#ifndef ASSAY_X86_HPET_H
#define ASSAY_X86_HPET_H

#include <types.h>

/* Registers by their offset; all are 64 bits wide. */
#define HPET_GCAP_ID	 0x000
#define HPET_GEN_CONF	 0x010
#define HPET_GINTR_STA	 0x020
#define HPET_MAIN_CNT	 0x0f0
#define HPET_TIM_CONF(n) (0x100 + 0x20 * (n))
#define HPET_TIM_COMP(n) (0x108 + 0x20 * (n))
#define HPET_TIM_FSB(n)	 (0x110 + 0x20 * (n)) /* FSB_INT_VAL, FSB_INT_ADDR */

/* General capabilities and ID. */
#define HPET_GCAP_REV(v)     ((v)&0xff)
#define HPET_GCAP_TIMERS(v)  (((v) >> 8 & 0x1f) + 1)
#define HPET_GCAP_COUNT_SIZE BIT(13)		/* the main counter has 64 bits */
#define HPET_GCAP_LEG_RT     BIT(15)		/* legacy replacement routes */
#define HPET_GCAP_PERIOD(v)  ((u32)((v) >> 32)) /* of the main counter, in femtoseconds */
#define HPET_PERIOD_MAX	     0x05f5e100u

/* General configuration. */
#define HPET_ENABLE_CNF BIT(0)
#define HPET_LEG_RT_CNF BIT(1)

/* Timer n: configuration and capabilities. */
#define HPET_INT_TYPE_LEVEL BIT(1)
#define HPET_INT_ENB	    BIT(2)
#define HPET_TYPE_PERIODIC  BIT(3)
#define HPET_PER_INT_CAP    BIT(4) /* read-only */
#define HPET_SIZE_CAP	    BIT(5) /* read-only: 64 bits */
#define HPET_VAL_SET	    BIT(6)
#define HPET_32MODE	    BIT(8)
#define HPET_INT_ROUTE(pin) ((u64)(pin) << 9)
#define HPET_INT_ROUTE_BITS BITS(13, 9)
#define HPET_FSB_EN	    BIT(14)
#define HPET_FSB_CAP	    BIT(15)	       /* read-only */
#define HPET_ROUTE_CAP(v)   ((u32)((v) >> 32)) /* the pins of the I/O APIC that it can go to */

/* True if the machine's description has one (table "HPET"). */
bool hpet_is_there(void);

u64 hpet_read(u32 reg);
void hpet_write(u32 reg, u64 value);

/* The same by one access of 32 bits. */
u32 hpet_read32(u32 reg);
void hpet_write32(u32 reg, u32 value);

u32 hpet_timers(void);

/*
 * The main counter stopped at 0; every timer without interrupt, one-shot, edge-triggered, its comparator
 * far away; no status bit set.
 */
void hpet_reset(void);

/* The same if anything was written since the last time: for the library, before each case. */
void hpet_restore(void);

/* The main counter, which may be running: all its bits, of one moment. */
u64 hpet_counter(void);

/* Counts of the main counter that take at least `ns`. */
u64 hpet_counts(u64 ns);

#endif
