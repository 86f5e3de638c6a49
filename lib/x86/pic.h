/* SPDX-License-Identifier: MIT */
/* The PC's two 8259As: Intel 8259A, data sheet 231468; the edge/level registers are those of PCI's PCs. */
#ifndef ASSAY_X86_PIC_H
#define ASSAY_X86_PIC_H

#include <types.h>

enum pic { PIC_MASTER, PIC_SLAVE };

#define PIC_CASCADE 2 /* the master's input that the slave's INT goes to */

/* Initialization command words. */
#define PIC_ICW1_ICW4 BIT(0)
#define PIC_ICW1_INIT BIT(4)
#define PIC_ICW4_8086 BIT(0)
#define PIC_ICW4_AEOI BIT(1)
#define PIC_ICW4_SFNM BIT(4) /* special fully nested mode */

/* Operation command word 2; those with a level (0 to 7) take it in bits 2-0. */
#define PIC_ROTATE_AEOI_OFF 0x00u
#define PIC_EOI		    0x20u
#define PIC_NOP		    0x40u
#define PIC_SPECIFIC_EOI    0x60u /* level */
#define PIC_ROTATE_AEOI_ON  0x80u
#define PIC_ROTATE_EOI	    0xa0u
#define PIC_SET_PRIORITY    0xc0u /* level: it becomes the lowest */
#define PIC_ROTATE_SPECIFIC 0xe0u /* level */

/* Operation command word 3. */
#define PIC_OCW3	     0x08u
#define PIC_READ_IRR	     0x0au
#define PIC_READ_ISR	     0x0bu
#define PIC_POLL	     0x0cu
#define PIC_SPECIAL_MASK_OFF 0x48u
#define PIC_SPECIAL_MASK_ON  0x68u

/* A poll's answer: bit 7, and the level in bits 2-0. */
#define PIC_POLLED BIT(7)

/*
 * Initializes both: vectors `first` to `first` + 7 for the master and the next eight for the slave (a
 * multiple of 8), edge-triggered, with these ICW4s, nothing masked by IMR that is not in `mask` (bit n is
 * IRQ n). The edge/level registers are left alone.
 */
void pic_init(u32 first, u8 icw4_master, u8 icw4_slave, u16 mask);

/* ICW1 to ICW4, one after the other, to one of them; IMR is then as the initialization leaves it. */
void pic_init_one(enum pic pic, u8 icw2, u8 icw4);

/* ICW1 to ICW3, with an ICW1 that says that no ICW4 follows: the 8259 is in MCS-80/85 mode then. */
void pic_init_without_icw4(enum pic pic, u8 icw2);

/* The mask of both, bit n is IRQ n. */
void pic_set_mask(u16 mask);
u16 pic_mask(void);

/* An operation command word: OCW2 or OCW3. */
void pic_command(enum pic pic, u8 command);

/* IRR and ISR of both, bit n is IRQ n. Afterwards both read as that register. */
u16 pic_irr(void);
u16 pic_isr(void);

/* What port 20H or A0H reads as, by what OCW3 has selected. */
u8 pic_read(enum pic pic);

/* Sends the poll command and reads its answer, which acknowledges an interrupt. */
u8 pic_poll(enum pic pic);

/* The non-specific EOI that an interrupt of IRQ 0 to 15 needs: one, or one to each. */
void pic_eoi(u32 irq);

/* Both masked; and, if one was initialized since the last time, fully nested and edge-triggered. */
void pic_restore(void);

/* Edge/level control: bit n makes IRQ n level-triggered. */
void pic_set_elcr(u16 levels);
u16 pic_elcr(void);

#endif
