/* SPDX-License-Identifier: MIT */
/* The devices that unittests.cfg gives this test, and channel programs for them. */
#ifndef ASSAY_S390X_CSS_DEVICE_H
#define ASSAY_S390X_CSS_DEVICE_H

#include <s390x/css.h>
#include <test.h>

#define DEVICE_RNG     0x1234 /* virtio entropy source */
#define DEVICE_BALLOON 0x0abc /* virtio balloon */
#define DEVICE_SET_1   0x4321 /* virtio entropy source in subchannel set 1 */

/* The subchannel with this device number, 0 if there is none. */
u32 find_device(u16 number);

/*
 * The entropy source's subchannel, enabled, ISC 3, with this interruption parameter; nothing is
 * pending. Ends the case as skipped if there is no such device.
 */
u32 device_start(u32 parameter);

/* The same of any device. */
u32 device_start_number(u16 number, u32 parameter, u32 isc);

/* Takes all pending I/O interruptions, of all subclasses. */
void device_forget_interruptions(void);

/* Disables it again with nothing pending. */
void device_end(u32 schid);

/* Starts `program` with control bits and returns the condition code. */
u32 device_run(u32 schid, const void *program, u16 control);

/* Runs a program of format 1 to its end and returns what TSCH stores; the case ends if it does not end. */
struct irb device_execute(u32 schid, const struct ccw1 *program);

/* The same with other control bits of the ORB. */
struct irb device_execute_with(u32 schid, const struct ccw1 *program, u16 control);

/* One command without chaining, with SLI. */
struct irb device_command(u32 schid, u8 command, void *data, u16 count);

/* Negotiates virtio revision `revision` after a reset of the device. */
struct irb device_revision(u32 schid, u16 revision);

#endif
