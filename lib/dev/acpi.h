/* SPDX-License-Identifier: MIT */
/* ACPI tables: ACPI Specification 6.4, chapter 5. */
#ifndef ASSAY_DEV_ACPI_H
#define ASSAY_DEV_ACPI_H

#include <types.h>

struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem_id[6], oem_table_id[8];
	u32 oem_revision, creator_id, creator_revision;
} __packed;

/* Remembers where the root table pointer is; 0 searches the first MiB for it (5.2.5.1). */
void acpi_init(phys_t rsdp);

/* The first table with this signature ("APIC", "FACP") whose checksum is right, or NULL. */
const struct acpi_header *acpi_find_table(const char *signature);

/* Calls found(apic_id) for each processor of the MADT that may be used (5.2.12.2, 5.2.12.12). */
void acpi_for_each_local_apic(void (*found)(u64 apic_id));

/* The address of the first I/O APIC of the MADT (5.2.12.3), or 0. */
phys_t acpi_io_apic_address(void);

/* The global system interrupt that an ISA interrupt is: its own number, or the MADT's override (5.2.12.5). */
u32 acpi_isa_interrupt(u32 irq);

/* The address of the event timers of the HPET table (IA-PC HPET specification, 3.2.4), or 0. */
phys_t acpi_hpet_address(void);

/* The registers of the first DMA remapping unit of the DMAR table (VT-d 5.10, 8.3), or 0. */
phys_t acpi_vtd_address(void);

/* The I/O port of the PM1a control block (5.2.9), or 0. */
u16 acpi_pm1a_control_port(void);

/* What that block's SLP_TYP has to be for soft off: the first element of \_S5 (7.4.2). False if the DSDT has none. */
bool acpi_soft_off_type(u8 *type);

/* What to write to that block so that the machine goes there (4.8.3.2.1). */
#define ACPI_PM1_SLEEP(type) ((u16)(BIT(13) | (type) << 10))

/* The I/O port of the PM1a event block (5.2.9), status first, or 0. */
u16 acpi_pm1a_event_port(void);

/*
 * The port that goes between legacy and ACPI mode, SMI_CMD, or 0; and what to write there for the latter and
 * for the former (5.2.9, 4.8.2.5).
 */
u16 acpi_smi_command_port(u8 *enable, u8 *disable);

/* The ISA interrupt of ACPI events, SCI_INT (5.2.9), or 0. */
u32 acpi_sci_interrupt(void);

/* The I/O port of the power management timer (4.8.3.3), or 0; its width in bits, 24 or 32. */
u16 acpi_pm_timer_port(void);
u32 acpi_pm_timer_bits(void);

#endif
