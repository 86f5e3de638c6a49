/* SPDX-License-Identifier: MIT */
/* The programmable interval timer: Intel 8254, data sheet 231164. Its clock is 14.31818 MHz / 12. */
#ifndef ASSAY_X86_PIT_H
#define ASSAY_X86_PIT_H

#include <types.h>

#define PIT_HZ 1193182

/* Control word: SC1-0, RW1-0, M2-0, BCD. */
#define PIT_ACCESS_LATCH (0u << 4)
#define PIT_ACCESS_LOW	 (1u << 4)
#define PIT_ACCESS_HIGH	 (2u << 4)
#define PIT_ACCESS_BOTH	 (3u << 4)  /* low byte, then high byte */
#define PIT_MODE(n)	 ((n) << 1) /* 0 to 5 */
#define PIT_BCD		 1u

/* Status byte of the read-back command. */
#define PIT_STATUS_OUT	BIT(7)
#define PIT_STATUS_NULL BIT(6) /* the count written last is not in the counting element yet */

/* Writes the control word `control` (PIT_ACCESS_* | PIT_MODE | PIT_BCD) for channel 0 to 2. */
void pit_control(u32 channel, u32 control);

/* Writes a count, low byte and high byte; 0 stands for 65536, in BCD for 10000. */
void pit_write(u32 channel, u16 count);
void pit_write_byte(u32 channel, u8 byte);

/* Reads the count as it is now, low byte and high byte: they may be of different moments. */
u16 pit_read(u32 channel);

/* Counter latch command: what pit_read() then reads is the count of the moment of the command. */
void pit_latch(u32 channel);
u16 pit_read_latched(u32 channel);

/*
 * Read-back command for the channels of the mask (bit 0: channel 0): latches their counts, their
 * status, or both. The status is read first, by pit_read_byte().
 */
void pit_read_back(u32 channels, bool count, bool status);
u8 pit_read_byte(u32 channel);

/* Channel 2's gate and output, which the PC has in system control port B. The speaker goes off. */
void pit_set_gate(bool high);
bool pit_out(void);

/*
 * Channel 0, which interrupts: its output goes high within microseconds and stays so, without an edge,
 * until the channel is programmed again.
 */
void pit_quiet(void);

/*
 * The same, and the edge has come: some VMMs bring it late, and would have it counted for something else. The
 * 8259s, which tell, are initialized for it as by pic_init(vector, PIC_ICW4_AEOI, 0, 0xffff).
 */
void pit_quiet_wait(u32 vector);

/*
 * Channel 2, mode 0: starts to count down from `count` (1 to 65535) and returns. pit_done() is true
 * from the moment that count + 1 clocks have passed.
 */
void pit_start(u16 count);
bool pit_done(void);

#endif
