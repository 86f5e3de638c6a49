/* SPDX-License-Identifier: MIT */
/* The tables that images look into: ACPI 6.4, 5.2. */
#include "pc.h"

#include <stddef.h>
#include <string.h>

#define MADT_ENABLED	 1
#define FADT_PROC_C1	 4 /* HLT works */
#define BOOT_ARCH_LEGACY 3 /* devices of ISA, and an 8042 */

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

struct root_pointer {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
} __attribute__((packed));

struct fadt {
	struct header header;
	uint32_t facs, dsdt;
	uint8_t reserved, profile;
	uint16_t sci;
	uint32_t smi_command;
	uint8_t commands[4];
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer, gpe0,
		gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	uint8_t others[17];
	uint16_t boot_arch; /* IAPC_BOOT_ARCH, at 109 */
	uint8_t reserved2;
	uint32_t flags;
} __attribute__((packed));

_Static_assert(offsetof(struct fadt, boot_arch) == 109 && sizeof(struct fadt) == 116, "table 5.9");

struct local_apic {
	uint8_t type, length, processor, id;
	uint32_t flags;
} __attribute__((packed));

struct io_apic {
	uint8_t type, length, id, reserved;
	uint32_t address, first_interrupt;
} __attribute__((packed));

struct source_override {
	uint8_t type, length, bus, source;
	uint32_t interrupt;
	uint16_t flags;
} __attribute__((packed));

/* Name(_S5_, Package(4) { PM_SLEEP_TYPE, 0, 0, 0 }): what PM1_CNT.SLP_TYP has to be for soft off (7.4.2). */
static const uint8_t soft_off[] = { 0x08, '_', 'S', '5', '_', 0x12, 6, 4, PM_SLEEP_TYPE, 0, 0, 0 };

static uint32_t next = TABLES_ADDRESS;

static void *place(size_t size, uint32_t *address)
{
	void *at = memory_at(next, size);

	*address = next;
	next = (next + (uint32_t)size + 15) & ~15u;
	return at;
}

static uint8_t checksum(const void *table, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)table)[i];
	return (uint8_t)-sum;
}

/* A table with its header; what comes after that is still zero. */
static struct header *begin(const char *signature, size_t size, uint32_t *address)
{
	struct header *header = place(size, address);

	memcpy(header->signature, signature, 4);
	memcpy(header->oem, "ASSAY ", 6);
	memcpy(header->table, "ASSAYKVM", 8);
	header->length = (uint32_t)size;
	header->revision = 1;
	return header;
}

static void finish(struct header *header)
{
	header->checksum = 0;
	header->checksum = checksum(header, header->length);
}

static uint32_t build_dsdt(void)
{
	uint32_t address;
	struct header *header = begin("DSDT", sizeof(*header) + sizeof(soft_off), &address);

	memcpy(header + 1, soft_off, sizeof(soft_off));
	finish(header);
	return address;
}

static uint32_t build_fadt(void)
{
	uint32_t address, dsdt = build_dsdt();
	struct fadt *fadt = (void *)begin("FACP", sizeof(*fadt), &address);

	fadt->dsdt = dsdt;
	fadt->sci = SCI_IRQ;
	fadt->pm1a_event = PM_BASE;
	fadt->pm1a_control = PM_CONTROL;
	fadt->pm_timer = PM_TIMER;
	fadt->pm1_event_length = fadt->pm_timer_length = 4;
	fadt->pm1_control_length = 2;
	fadt->boot_arch = BOOT_ARCH_LEGACY;
	fadt->flags = FADT_PROC_C1;
	finish(&fadt->header);
	return address;
}

static uint32_t build_madt(void)
{
	size_t size = sizeof(struct header) + 8 + options.cpus * sizeof(struct local_apic) +
		      sizeof(struct io_apic) + sizeof(struct source_override);
	uint32_t address;
	struct header *header = begin("APIC", size, &address);
	uint32_t *fixed = (void *)(header + 1);
	struct local_apic *local = (void *)(fixed + 2);
	struct io_apic *io;

	fixed[0] = LOCAL_APIC;
	fixed[1] = 1; /* there are 8259s, too */
	for (unsigned int i = 0; i < options.cpus; i++)
		*local++ = (struct local_apic){ 0, sizeof(*local), (uint8_t)i,
						(uint8_t)pc_apic_id(i), MADT_ENABLED };
	io = (void *)local;
	*io = (struct io_apic){ 1, sizeof(*io), 0, 0, IO_APIC, 0 };
	*(struct source_override *)(io + 1) = (struct source_override){
		2, sizeof(struct source_override), 0, 0, IO_APIC_PIN_OF_IRQ0, 0
	};
	finish(header);
	return address;
}

uint32_t acpi_build(void)
{
	uint32_t address, root, *entries;
	struct root_pointer *pointer = place(sizeof(*pointer), &root);
	struct header *rsdt = begin("RSDT", sizeof(*rsdt) + 2 * sizeof(*entries), &address);

	entries = (void *)(rsdt + 1);
	entries[0] = build_fadt();
	entries[1] = build_madt();
	finish(rsdt);
	memcpy(pointer->signature, "RSD PTR ", 8);
	memcpy(pointer->oem, "ASSAY ", 6);
	pointer->rsdt = address;
	pointer->checksum = checksum(pointer, sizeof(*pointer));
	return root;
}
