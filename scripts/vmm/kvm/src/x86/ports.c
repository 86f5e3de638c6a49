/* SPDX-License-Identifier: MIT */
/* Ports that are not in the kernel: the small devices of a PC, and which port is whose. */
#include "pc.h"

#define PM_TIMER_HZ   3579545 /* ACPI 6.4, 4.8.2.1 */
#define PM_TIMER_BITS 24
#define TMR_STS	      0x0001
#define SLEEP_ENABLE  0x2000
#define SLEEP_TYPE(x) ((x) >> 10 & 7)
#define RESET_CPU     0x04 /* of port CF9H */

#define PCI_ENABLE 0x80000000u

/* PCI's configuration space: a host bridge that has no registers to write. */
static uint32_t pci_address;
static const uint32_t host_bridge[64] = { 0x00081b36, 0, 0x06000000 };

static uint32_t pci_read(unsigned int offset, unsigned int size)
{
	uint32_t value = UINT32_MAX;

	if (offset < 4)
		return offset == 0 && size == 4 ? pci_address : value;
	if ((pci_address & ~0xffu) == PCI_ENABLE)
		value = host_bridge[pci_address >> 2 & 0x3f] >> 8 * (offset & 3);
	return value;
}

static void pci_write(unsigned int offset, unsigned int size, uint32_t value)
{
	if (offset == 0 && size == 4)
		pci_address = value & ~0x7f000003u;
	else if (offset == 1 && size == 1 && (value & RESET_CPU))
		end(0, "the guest reset the machine by port CF9H");
}

/* Power management: timer, soft off, no events but the timer's. */
static uint16_t pm_enable, pm_control;
static uint64_t half_turns_seen; /* of the timer, until its status was cleared */

static uint64_t pm_ticks(void)
{
	return (uint64_t)((unsigned __int128)clock_ns() * PM_TIMER_HZ / NS);
}

static uint64_t half_turns(void)
{
	return pm_ticks() >> (PM_TIMER_BITS - 1);
}

static uint32_t pm_read(unsigned int offset, unsigned int size)
{
	uint32_t timer;

	(void)size;
	switch (offset) {
	case 0:
		return (half_turns() != half_turns_seen ? TMR_STS : 0u) | (uint32_t)pm_enable << 16;
	case 2:
		return pm_enable;
	case PM_CONTROL - PM_BASE:
		return pm_control;
	}
	timer = (uint32_t)(pm_ticks() & ((1u << PM_TIMER_BITS) - 1));
	return offset >= PM_TIMER - PM_BASE ? timer >> 8 * (offset - (PM_TIMER - PM_BASE)) : 0;
}

static void pm_write(unsigned int offset, unsigned int size, uint32_t value)
{
	if (offset == 0 && (value & TMR_STS))
		half_turns_seen = half_turns();
	if (offset == 0 && size == 4)
		pm_enable = (uint16_t)(value >> 16);
	if (offset == 2)
		pm_enable = (uint16_t)value;
	if (offset != PM_CONTROL - PM_BASE)
		return;
	pm_control = (uint16_t)(value & ~SLEEP_ENABLE);
	if ((value & SLEEP_ENABLE) && SLEEP_TYPE(value) == PM_SLEEP_TYPE)
		end(0, "the guest switched the machine off");
}

/* QEMU's isa-debug-exit. */
static uint32_t exit_read(unsigned int offset, unsigned int size)
{
	(void)offset, (void)size;
	return 0;
}

static void exit_write(unsigned int offset, unsigned int size, uint32_t value)
{
	(void)size;
	if (!offset)
		end((int)(value << 1 | 1) & 0xff, NULL);
}

/* VGA's registers, as far as its memory can be made plain bytes by them: what is written is read. */
#define VGA_MISC_WRITE 0x3c2
#define VGA_MISC_READ  0x3cc
#define VGA_SEQUENCER  0x3c4
#define VGA_GRAPHICS   0x3ce
#define VGA_FIRST      VGA_MISC_WRITE

static struct vga_registers {
	uint8_t index, value[16];
} sequencer, graphics;
static uint8_t vga_misc;

static uint32_t vga_read(unsigned int offset, unsigned int size)
{
	(void)size;
	switch (offset + VGA_FIRST) {
	case VGA_SEQUENCER:
		return sequencer.index;
	case VGA_SEQUENCER + 1:
		return sequencer.value[sequencer.index];
	case VGA_GRAPHICS:
		return graphics.index;
	case VGA_GRAPHICS + 1:
		return graphics.value[graphics.index];
	case VGA_MISC_READ:
		return vga_misc;
	}
	return 0xff;
}

static void vga_write(unsigned int offset, unsigned int size, uint32_t value)
{
	(void)size;
	switch (offset + VGA_FIRST) {
	case VGA_SEQUENCER:
		sequencer.index = value & 0xf;
		break;
	case VGA_SEQUENCER + 1:
		sequencer.value[sequencer.index] = (uint8_t)value;
		break;
	case VGA_GRAPHICS:
		graphics.index = value & 0xf;
		break;
	case VGA_GRAPHICS + 1:
		graphics.value[graphics.index] = (uint8_t)value;
		break;
	case VGA_MISC_WRITE:
		vga_misc = (uint8_t)value;
		break;
	}
}

const struct device devices_of_pc[] = {
	{ 0x3f8, 8, false, uart_read_com1, uart_write_com1 },
	{ DEBUG_EXIT, 4, true, exit_read, exit_write },
	{ 0x2f8, 8, false, uart_read_com2, uart_write_com2 },
	{ VGA_FIRST, 14, false, vga_read, vga_write },
	{ 0x70, 2, false, rtc_read, rtc_write },
	{ 0x60, 5, false, keyboard_read, keyboard_write },
	{ 0xcf8, 8, true, pci_read, pci_write },
	{ PM_BASE, 12, true, pm_read, pm_write },
};
const unsigned int device_count = COUNTOF(devices_of_pc);
