/* SPDX-License-Identifier: MIT */
#include <dev/acpi.h>

#include <string.h>

#define EBDA_SEGMENT_ADDRESS 0x40e /* of the IBM PC's BIOS data area */
#define RSDP_ALIGN	     16

struct acpi_rsdp {
	char signature[8]; /* "RSD PTR " */
	u8 checksum;
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
} __packed;

struct acpi_madt {
	struct acpi_header header;
	u32 local_apic_address, flags;
} __packed;

struct acpi_madt_entry {
	u8 type, length;
	union {
		struct {
			u8 processor_uid, apic_id;
			u32 flags;
		} __packed local_apic;
		struct {
			u16 reserved;
			u32 x2apic_id, flags, processor_uid;
		} __packed local_x2apic;
		struct {
			u8 id, reserved;
			u32 address, first_interrupt;
		} __packed io_apic;
		struct {
			u8 bus, source;
			u32 interrupt;
			u16 flags;
		} __packed source_override;
	};
} __packed;

#define MADT_LOCAL_APIC	     0
#define MADT_IO_APIC	     1
#define MADT_SOURCE_OVERRIDE 2
#define MADT_LOCAL_X2APIC    9
#define MADT_ENABLED	     BIT(0)

static const struct acpi_rsdp *rsdp;

static bool checksum_is_zero(const void *table, size_t length)
{
	u8 sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += ((const u8 *)table)[i];
	return sum == 0;
}

static const struct acpi_rsdp *search(ulong start, ulong length)
{
	for (ulong at = start; at < start + length; at += RSDP_ALIGN) {
		const struct acpi_rsdp *candidate = (const void *)at;

		if (!memcmp(candidate->signature, "RSD PTR ", 8) && checksum_is_zero(candidate, 20))
			return candidate;
	}
	return NULL;
}

void acpi_init(phys_t address)
{
	ulong ebda;

	rsdp = (const void *)(ulong)address;
	if (rsdp)
		return;
	/* A compiler takes an access so near to 0 for one through a null pointer. */
	__asm__("" : "=r"(ebda) : "0"((ulong)EBDA_SEGMENT_ADDRESS));
	ebda = (ulong) * (const u16 *)ebda << 4;
	if (ebda >= 0x80000 && ebda < 0xa0000)
		rsdp = search(ebda, 1024);
	if (!rsdp)
		rsdp = search(0xe0000, 0x20000);
}

const struct acpi_header *acpi_find_table(const char *signature)
{
	const struct acpi_header *root;
	bool extended;
	size_t width;

	if (!rsdp)
		return NULL;
	extended = rsdp->revision >= 2 && rsdp->xsdt && rsdp->xsdt <= UINTPTR_MAX;
	width = extended ? 8 : 4;
	root = (const void *)(extended ? (ulong)rsdp->xsdt : (ulong)rsdp->rsdt);
	for (size_t at = sizeof(*root); at + width <= root->length; at += width) {
		const struct acpi_header *table;
		u64 address = 0;

		memcpy(&address, (const u8 *)root + at, width);
		table = (const void *)(ulong)address;
		if (!memcmp(table->signature, signature, 4) &&
		    checksum_is_zero(table, table->length))
			return table;
	}
	return NULL;
}

/* The entry of the MADT after `entry`, the first one after NULL; NULL after the last one. */
static const struct acpi_madt_entry *next_madt_entry(const struct acpi_madt_entry *entry)
{
	const struct acpi_madt *madt = (const void *)acpi_find_table("APIC");
	const u8 *at, *end;

	if (!madt)
		return NULL;
	at = entry ? (const u8 *)entry + entry->length : (const u8 *)(madt + 1);
	end = (const u8 *)madt + madt->header.length;
	return at + 2 <= end && at[1] ? (const void *)at : NULL;
}

void acpi_for_each_local_apic(void (*found)(u64 apic_id))
{
	const struct acpi_madt_entry *entry = NULL;

	while ((entry = next_madt_entry(entry))) {
		if (entry->type == MADT_LOCAL_APIC && (entry->local_apic.flags & MADT_ENABLED))
			found(entry->local_apic.apic_id);
		if (entry->type == MADT_LOCAL_X2APIC && (entry->local_x2apic.flags & MADT_ENABLED))
			found(entry->local_x2apic.x2apic_id);
	}
}

phys_t acpi_io_apic_address(void)
{
	const struct acpi_madt_entry *entry = NULL;

	while ((entry = next_madt_entry(entry)))
		if (entry->type == MADT_IO_APIC)
			return entry->io_apic.address;
	return 0;
}

u32 acpi_isa_interrupt(u32 irq)
{
	const struct acpi_madt_entry *entry = NULL;

	while ((entry = next_madt_entry(entry)))
		if (entry->type == MADT_SOURCE_OVERRIDE && entry->source_override.source == irq)
			return entry->source_override.interrupt;
	return irq;
}

/* Of the HPET table: IA-PC HPET specification, table 3. */
#define HPET_BASE_ADDRESS 44

phys_t acpi_hpet_address(void)
{
	const struct acpi_header *table = acpi_find_table("HPET");
	u64 address = 0;

	if (table && table->length >= HPET_BASE_ADDRESS + sizeof(address))
		memcpy(&address, (const u8 *)table + HPET_BASE_ADDRESS, sizeof(address));
	return (phys_t)address;
}

/* Of the DMAR table: VT-d 5.10, 8.1-8.3. The first remapping structure, whose type 0 is that of a unit. */
#define DMAR_STRUCTURES	    48
#define DMAR_TYPE_UNIT	    0
#define UNIT_BASE_ADDRESS   8
#define UNIT_MINIMUM_LENGTH 16

phys_t acpi_vtd_address(void)
{
	const struct acpi_header *table = acpi_find_table("DMAR");
	const u8 *at, *end;
	u64 address = 0;

	if (!table || table->length < DMAR_STRUCTURES + UNIT_MINIMUM_LENGTH)
		return 0;
	at = (const u8 *)table + DMAR_STRUCTURES;
	end = (const u8 *)table + table->length;
	for (u16 type, length; end - at >= UNIT_MINIMUM_LENGTH; at += length) {
		memcpy(&type, at, sizeof(type));
		memcpy(&length, at + 2, sizeof(length));
		if (type == DMAR_TYPE_UNIT) {
			memcpy(&address, at + UNIT_BASE_ADDRESS, sizeof(address));
			return (phys_t)address;
		}
		if (!length)
			return 0;
	}
	return 0;
}

/* Offsets in the fixed ACPI description table: ACPI 6.4, table 5.9. */
#define FADT_DSDT	  40
#define FADT_SCI_INT	  46
#define FADT_SMI_CMD	  48
#define FADT_ACPI_ENABLE  52 /* and ACPI_DISABLE after it */
#define FADT_PM1A_EVENT	  56
#define FADT_PM1A_CONTROL 64
#define FADT_PM_TIMER	  76
#define FADT_FLAGS	  112
#define FADT_TMR_VAL_EXT  BIT(8)

/* The 32-bit field at this offset, or 0 if there is none. */
static u32 fadt_field(u32 offset)
{
	const struct acpi_header *fadt = acpi_find_table("FACP");
	u32 value = 0;

	if (fadt && fadt->length >= offset + sizeof(value))
		memcpy(&value, (const u8 *)fadt + offset, sizeof(value));
	return value;
}

u16 acpi_smi_command_port(u8 *enable, u8 *disable)
{
	const u32 values = fadt_field(FADT_ACPI_ENABLE);

	*enable = (u8)values;
	*disable = (u8)(values >> 8);
	return (u16)fadt_field(FADT_SMI_CMD);
}

u32 acpi_sci_interrupt(void)
{
	return fadt_field(FADT_SCI_INT) & 0xffff;
}

u16 acpi_pm1a_control_port(void)
{
	return (u16)fadt_field(FADT_PM1A_CONTROL);
}

#define AML_ZERO    0x00
#define AML_ONE	    0x01
#define AML_BYTE    0x0a
#define AML_PACKAGE 0x12

/*
 * The value of a package's first element: 20.2.5.4, 20.2.3. PkgLength is 1 to 4 bytes long, by bits 7-6 of
 * the first (20.2.4), the count of elements one byte.
 */
static bool first_element(const u8 *at, const u8 *end, u8 *value)
{
	if (end - at < 2 || at[0] != AML_PACKAGE)
		return false;
	at += 1 + 1 + (at[1] >> 6) + 1;
	if (end - at < 2 || (*at != AML_BYTE && *at != AML_ZERO && *at != AML_ONE))
		return false;
	*value = *at == AML_BYTE ? at[1] : *at;
	return true;
}

/* An object with a constant value can be found without running the tables: its name is followed by the value. */
bool acpi_soft_off_type(u8 *type)
{
	const struct acpi_header *dsdt = (const void *)(ulong)fadt_field(FADT_DSDT);
	const u8 *at, *end;

	if (!dsdt || memcmp(dsdt->signature, "DSDT", 4))
		return false;
	end = (const u8 *)dsdt + dsdt->length;
	for (at = (const u8 *)(dsdt + 1); end - at > 4; at++) {
		if (!memcmp(at, "_S5_", 4) && first_element(at + 4, end, type))
			return true;
	}
	return false;
}

u16 acpi_pm1a_event_port(void)
{
	return (u16)fadt_field(FADT_PM1A_EVENT);
}

u16 acpi_pm_timer_port(void)
{
	return (u16)fadt_field(FADT_PM_TIMER);
}

u32 acpi_pm_timer_bits(void)
{
	return fadt_field(FADT_FLAGS) & FADT_TMR_VAL_EXT ? 32 : 24;
}
