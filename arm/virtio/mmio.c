/* SPDX-License-Identifier: MIT */
#include "mmio.h"

#include <arm/gic.h>
#include <arm/io.h>
#include <arm/sysreg.h>
#include <dev/devicetree.h>
#include <harness/expect.h>
#include <mm/page.h>
#include <mm/space.h>
#include <sys/time.h>

static dt_node node;
static ulong base;

ulong virtio_rng(void)
{
	phys_t address;
	u64 size;

	for (node = NULL; (node = dt_find_compatible(node, "virtio,mmio"));) {
		if (!dt_reg(node, 0, &address, &size))
			continue;
		base = (ulong)space_map_device(address, size);
		if (read32(base + MMIO_MAGIC) == VIRTIO_MAGIC &&
		    read32(base + MMIO_DEVICE_ID) == VIRTIO_RNG)
			return base;
	}
	base = 0;
	return 0;
}

u32 virtio_rng_intid(void)
{
	u32 cells[4];

	return dt_interrupt(node, 0, cells) >= 3 ? gic_intid_of(cells) : 0;
}

bool virtio_is_legacy(void)
{
	return read32(base + MMIO_VERSION) == 1;
}

u32 virtio_read(u32 offset)
{
	return read32(base + offset);
}

void virtio_write(u32 offset, u32 value)
{
	dsb();
	write32(base + offset, value);
	dsb();
}

bool virtio_begin(void)
{
	virtio_write(MMIO_STATUS, 0);
	virtio_write(MMIO_STATUS, STATUS_ACKNOWLEDGE);
	virtio_write(MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	if (virtio_is_legacy()) {
		virtio_write(MMIO_DRIVER_SEL, 0);
		virtio_write(MMIO_DRIVER_FEATURES, 0);
		virtio_write(MMIO_PAGE_SIZE, PAGE_SIZE);
		return true;
	}
	/* VERSION_1, bit 32, and nothing else. */
	virtio_write(MMIO_DRIVER_SEL, 0);
	virtio_write(MMIO_DRIVER_FEATURES, 0);
	virtio_write(MMIO_DRIVER_SEL, 1);
	virtio_write(MMIO_DRIVER_FEATURES, 1);
	virtio_write(MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	return virtio_read(MMIO_STATUS) & STATUS_FEATURES_OK;
}

static void write_address(u32 offset, const void *address)
{
	virtio_write(offset, (u32)(ulong)address);
	virtio_write(offset + 4, (u32)((u64)(ulong)address >> 32));
}

struct virtio_queue virtio_queue(void)
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	struct virtio_queue q = {
		.desc = (struct virtio_desc *)pages,
		.avail = (struct virtio_avail *)(pages + QUEUE_SIZE * sizeof(struct virtio_desc)),
		.used = (struct virtio_used *)(pages + PAGE_SIZE),
	};

	virtio_write(MMIO_QUEUE_SEL, 0);
	virtio_write(MMIO_QUEUE_NUM, QUEUE_SIZE);
	if (virtio_is_legacy()) {
		virtio_write(MMIO_QUEUE_ALIGN, PAGE_SIZE);
		virtio_write(MMIO_QUEUE_PFN, (u32)((ulong)pages / PAGE_SIZE));
	} else {
		write_address(MMIO_DESC, q.desc);
		write_address(MMIO_DRIVER, q.avail);
		write_address(MMIO_DEVICE, q.used);
		virtio_write(MMIO_QUEUE_READY, 1);
	}
	return q;
}

void virtio_notify(void)
{
	virtio_write(MMIO_QUEUE_NOTIFY, 0);
}

void virtio_submit(struct virtio_queue *q, u32 head)
{
	q->avail->ring[q->avail->index % QUEUE_SIZE] = (u16)head;
	dsb();
	WRITE_ONCE(q->avail->index, (u16)(q->avail->index + 1));
	virtio_notify();
}

bool virtio_wait(const struct virtio_queue *q)
{
	bool done = wait_until(READ_ONCE(q->used->index) == q->avail->index);

	dsb();
	return done;
}
