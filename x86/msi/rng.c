/* SPDX-License-Identifier: MIT */
/* A virtio entropy device, of which nothing but its interrupts is wanted: virtio 1.2, 2.7, 3.1, 4.1, 5.4. */
#include "devices.h"

#include <mm/page.h>
#include <sys/time.h>

#define VIRTIO_VENDOR  0x1af4
#define RNG_MODERN     0x1044
#define RNG_TRANSITION 0x1005

/* 4.1.4: vendor-specific capabilities, which say where the structures are. */
#define PCI_CAP_VENDOR	  0x09
#define CAP_TYPE	  3
#define CAP_BAR		  4
#define CAP_OFFSET	  8
#define CAP_NOTIFY_FACTOR 16
#define CAP_TYPE_COMMON	  1
#define CAP_TYPE_NOTIFY	  2

/* 4.1.4.3: the common configuration structure. */
struct common {
	u32 device_feature_select, device_feature, driver_feature_select, driver_feature;
	u16 config_msix_vector, num_queues;
	u8 device_status, config_generation;
	u16 queue_select, queue_size, queue_msix_vector, queue_enable, queue_notify_off;
	u32 queue_desc[2], queue_driver[2], queue_device[2];
};

#define STATUS_ACKNOWLEDGE BIT(0)
#define STATUS_DRIVER	   BIT(1)
#define STATUS_DRIVER_OK   BIT(2)
#define STATUS_FEATURES_OK BIT(3)
#define FEATURE_VERSION_1  BIT(32 - 32) /* of the second word */
#define NO_VECTOR	   0xffffu

/* 2.7: a split virtqueue of one descriptor, in one page. */
struct queue {
	u64 address;
	u32 length;
	u16 flags, next;
	u16 avail_flags, avail_index, avail_ring[2];
	u8 pad[4];
	u16 used_flags, used_index;
	u32 used_ring[2];
	u8 buffer[16];
};

#define DESC_WRITE 2

static u32 rng;
static volatile struct queue *queue;

u32 rng_bdf(void)
{
	if (!rng) {
		rng = pci_find(VIRTIO_VENDOR, RNG_MODERN);
		if (rng == PCI_NONE)
			rng = pci_find(VIRTIO_VENDOR, RNG_TRANSITION);
	}
	return rng;
}

bool rng_is_there(void)
{
	return rng_bdf() != PCI_NONE;
}

u32 rng_msix(void)
{
	return pci_capability(rng_bdf(), PCI_CAP_MSIX);
}

u32 rng_vectors(void)
{
	return PCI_MSIX_VECTORS(pci_read16(rng_bdf(), rng_msix() + PCI_MSIX_CONTROL));
}

/* Offset and BAR of the table, or of the pending bits. */
static volatile u32 *msix_structure(u32 which)
{
	u32 where = pci_read32(rng_bdf(), rng_msix() + which);

	return (volatile u32 *)(pci_bar(rng_bdf(), where & 7) + (where & ~7u));
}

volatile u32 *rng_entry(u32 n, u32 word)
{
	return msix_structure(PCI_MSIX_TABLE) + (n * PCI_MSIX_ENTRY_SIZE + word) / 4;
}

u32 rng_pending(void)
{
	return *msix_structure(PCI_MSIX_PBA);
}

void rng_enable_msix(u16 bits)
{
	pci_write16(rng_bdf(), rng_msix() + PCI_MSIX_CONTROL, bits);
}

void rng_set_entry(u32 n, u32 address, u32 data)
{
	*rng_entry(n, PCI_MSIX_ADDRESS) = address;
	*rng_entry(n, PCI_MSIX_ADDRESS_HIGH) = 0;
	*rng_entry(n, PCI_MSIX_DATA) = data;
	*rng_entry(n, PCI_MSIX_VECTOR_CONTROL) = 0;
}

/* The capability of this type, or 0. */
static u32 structure(u8 type)
{
	u32 at = pci_read8(rng_bdf(), PCI_CAPABILITIES) & 0xfc;

	for (u32 i = 0; at && i < 48; i++) {
		if (pci_read8(rng_bdf(), at) == PCI_CAP_VENDOR &&
		    pci_read8(rng_bdf(), at + CAP_TYPE) == type)
			return at;
		at = pci_read8(rng_bdf(), at + 1) & 0xfc;
	}
	return 0;
}

static ulong structure_address(u32 at)
{
	return pci_bar(rng_bdf(), pci_read8(rng_bdf(), at + CAP_BAR)) +
	       pci_read32(rng_bdf(), at + CAP_OFFSET);
}

static volatile struct common *common(void)
{
	return (volatile struct common *)structure_address(structure(CAP_TYPE_COMMON));
}

static void set_address(volatile u32 *where, const volatile void *address)
{
	where[0] = (u32)(ulong)address;
	where[1] = 0;
}

/* 3.1.1, with one queue. */
static void start(u32 vector)
{
	volatile struct common *c = common();

	c->device_status = 0;
	while (c->device_status)
		arch_relax();
	c->device_status = STATUS_ACKNOWLEDGE;
	c->device_status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
	c->driver_feature_select = 0;
	c->driver_feature = 0;
	c->driver_feature_select = 1;
	c->driver_feature = (u32)FEATURE_VERSION_1;
	c->device_status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
	queue = page_alloc();
	c->config_msix_vector = NO_VECTOR;
	c->queue_select = 0;
	c->queue_size = 1;
	c->queue_msix_vector = (u16)vector;
	set_address(c->queue_desc, &queue->address);
	set_address(c->queue_driver, &queue->avail_flags);
	set_address(c->queue_device, &queue->used_flags);
	c->queue_enable = 1;
	c->device_status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK |
			   STATUS_DRIVER_OK;
}

void rng_begin(u32 n, u16 bits)
{
	common()->device_status = 0;
	rng_enable_msix(bits);
	for (u32 i = 0; i < rng_vectors(); i++)
		*rng_entry(i, PCI_MSIX_VECTOR_CONTROL) = (u32)PCI_MSIX_MASKED;
	start(n);
	msi_begin(rng_bdf());
}

bool rng_raise(void)
{
	u32 notify = structure(CAP_TYPE_NOTIFY);
	ulong doorbell = structure_address(notify) +
			 common()->queue_notify_off *
				 pci_read32(rng_bdf(), notify + CAP_NOTIFY_FACTOR);
	u16 wanted;

	queue->address = (ulong)queue->buffer;
	queue->length = sizeof(queue->buffer);
	queue->flags = DESC_WRITE;
	queue->avail_ring[0] = 0;
	wanted = ++queue->avail_index;
	*(volatile u16 *)doorbell = 0;
	if (!wait_until(queue->used_index == wanted))
		return false;
	/* The message follows the used index. */
	delay_us(1000);
	return true;
}
