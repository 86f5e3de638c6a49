/* SPDX-License-Identifier: MIT */
/* A virtio-mmio device: registers of virtio 1.2, 4.2.2, legacy ones of 4.2.4, and one queue of split rings, 2.7. */
#ifndef ASSAY_ARM_VIRTIO_MMIO_H
#define ASSAY_ARM_VIRTIO_MMIO_H

#include <types.h>

#define MMIO_MAGIC	     0x000
#define MMIO_VERSION	     0x004
#define MMIO_DEVICE_ID	     0x008
#define MMIO_VENDOR_ID	     0x00c
#define MMIO_FEATURES	     0x010
#define MMIO_FEATURES_SEL    0x014
#define MMIO_DRIVER_FEATURES 0x020
#define MMIO_DRIVER_SEL	     0x024
#define MMIO_PAGE_SIZE	     0x028 /* legacy */
#define MMIO_QUEUE_SEL	     0x030
#define MMIO_QUEUE_MAX	     0x034
#define MMIO_QUEUE_NUM	     0x038
#define MMIO_QUEUE_ALIGN     0x03c /* legacy */
#define MMIO_QUEUE_PFN	     0x040 /* legacy */
#define MMIO_QUEUE_READY     0x044
#define MMIO_QUEUE_NOTIFY    0x050
#define MMIO_INT_STATUS	     0x060
#define MMIO_INT_ACK	     0x064
#define MMIO_STATUS	     0x070
#define MMIO_DESC	     0x080 /* low, high; as the next two */
#define MMIO_DRIVER	     0x090
#define MMIO_DEVICE	     0x0a0
#define MMIO_GENERATION	     0x0fc

#define VIRTIO_MAGIC 0x74726976
#define VIRTIO_RNG   4

#define STATUS_ACKNOWLEDGE BIT(0)
#define STATUS_DRIVER	   BIT(1)
#define STATUS_DRIVER_OK   BIT(2)
#define STATUS_FEATURES_OK BIT(3)
#define STATUS_NEEDS_RESET BIT(6)
#define STATUS_FAILED	   BIT(7)

#define DESC_NEXT  BIT(0)
#define DESC_WRITE BIT(1)

#define QUEUE_SIZE 8u

struct virtio_desc {
	u64 address;
	u32 length;
	u16 flags, next;
};

struct virtio_used {
	u16 flags, index;
	struct {
		u32 id, length;
	} ring[QUEUE_SIZE];
};

struct virtio_avail {
	u16 flags, index, ring[QUEUE_SIZE];
};

/* In memory of its own, as legacy devices want it: one page for what the driver writes, one for the device. */
struct virtio_queue {
	struct virtio_desc *desc;
	struct virtio_avail *avail;
	struct virtio_used *used;
};

/* The device with entropy, or 0; its interrupt. */
ulong virtio_rng(void);
u32 virtio_rng_intid(void);

bool virtio_is_legacy(void);

u32 virtio_read(u32 offset);
void virtio_write(u32 offset, u32 value);

/* Resets the device and acknowledges it; DRIVER_OK is the caller's, after a queue. False if it refuses its own features. */
bool virtio_begin(void);

/* Queue 0, with QUEUE_SIZE entries. */
struct virtio_queue virtio_queue(void);

/* Makes descriptor `head` available and notifies; waits until the device has used as many as are available. */
void virtio_submit(struct virtio_queue *q, u32 head);
void virtio_notify(void);
bool virtio_wait(const struct virtio_queue *q);

#endif
