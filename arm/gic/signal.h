/* SPDX-License-Identifier: MIT */
/* What the CPU interface signals, looked at with interrupts masked: ISR_EL1 (ISR). */
#ifndef ASSAY_ARM_GIC_SIGNAL_H
#define ASSAY_ARM_GIC_SIGNAL_H

#include <arm/gic.h>
#include <arm/sysreg.h>
#include <sys/time.h>

/* An SPI that no device is connected to: the last one. */
static inline u32 free_spi(void)
{
	return gic_intid_end() - 1;
}

/* True once an exception of these (PSTATE_I, PSTATE_F) is pending; false if it does not come. */
static inline bool signalled(u64 mask)
{
	dsb();
	return wait_until_ns((isb(), read_sys(ISR) & mask), 1000000000ull);
}

/* True if none of these is pending, nor comes within 20 us. */
static inline bool quiet(u64 mask)
{
	dsb();
	delay_us(20);
	isb();
	return !(read_sys(ISR) & mask);
}

#endif
