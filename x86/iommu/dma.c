/* SPDX-License-Identifier: MIT */
#include "dma.h"

#include <string.h>
#include <sys/time.h>
#include <x86/pci.h>

#define ICH6_VENDOR 0x8086
#define ICH6_AUDIO  0x2668
#define ICH9_AUDIO  0x293e

/* Registers: 3.3. */
#define GCTL	  0x08
#define GCTL_RUN  BIT(0)
#define INTCTL	  0x20
#define INTCTL_ON (BIT(31) | BIT(30))
#define CORBLBASE 0x40
#define CORBUBASE 0x44
#define CORBWP	  0x48
#define CORBRP	  0x4a
#define RP_RESET  BIT(15)
#define CORBCTL	  0x4c
#define RIRBLBASE 0x50
#define RIRBUBASE 0x54
#define RIRBWP	  0x58
#define RINTCNT	  0x5a
#define RIRBCTL	  0x5c
#define CTL_RUN	  BIT(1)
#define CTL_IRQ	  BIT(0)
#define RIRBSTS	  0x5d
#define STS_IRQ	  BIT(0)

/* "Get parameter" of the root node, of codec 0: 7.3.3.1, 7.3.4. */
static const u32 commands[] = {
	[DMA_IDS] = 0x000f0000,
	[DMA_NODES] = 0x000f0004,
};

/* Many frames of the link, each of which has a command and a response. */
#define RESPONSE_NS 20000000ull

static u32 devices[2];
static bool found;
static u32 selected;
static u32 answers[ARRAY_SIZE(commands)];

static void find(void)
{
	static const u16 ids[] = { ICH6_AUDIO, ICH9_AUDIO };
	u32 count = 0;

	if (found)
		return;
	found = true;
	devices[0] = devices[1] = PCI_NONE;
	for (u32 slot = 0; slot < 32 && count < ARRAY_SIZE(devices); slot++) {
		const u32 bdf = PCI_BDF(0, slot, 0), id = pci_read32(bdf, PCI_VENDOR_ID);

		for (u32 i = 0; i < ARRAY_SIZE(ids) && count < ARRAY_SIZE(devices); i++)
			if (id == ((u32)ids[i] << 16 | ICH6_VENDOR))
				devices[count++] = bdf;
	}
}

u32 dma_bdf(void)
{
	find();
	return devices[selected];
}

bool dma_is_there(void)
{
	find();
	return devices[0] != PCI_NONE;
}

bool dma_second_is_there(void)
{
	find();
	return devices[1] != PCI_NONE;
}

void dma_select(u32 number)
{
	selected = number;
}

u32 dma_source(void)
{
	return dma_bdf() >> 8;
}

static volatile u32 *reg32(u32 offset)
{
	return (volatile u32 *)(pci_bar(dma_bdf(), 0) + offset);
}

static volatile u16 *reg16(u32 offset)
{
	return (volatile u16 *)(pci_bar(dma_bdf(), 0) + offset);
}

static volatile u8 *reg8(u32 offset)
{
	return (volatile u8 *)(pci_bar(dma_bdf(), 0) + offset);
}

static u32 *word(const void *page, u32 offset)
{
	return (u32 *)((ulong)page + offset);
}

void dma_begin(void)
{
	static u8 rings[2][128] __aligned(128);

	*reg32(GCTL) = 0;
	wait_until(!(*reg32(GCTL) & GCTL_RUN));
	*reg32(GCTL) = GCTL_RUN;
	wait_until(*reg32(GCTL) & GCTL_RUN);
	/* 4.3: codecs have 521 us to say that they are there. */
	delay_us(521);
	dma_interrupts(false);
	for (u32 i = 0; i < ARRAY_SIZE(commands); i++) {
		memset(rings, 0, sizeof(rings));
		*word(rings[0], DMA_COMMAND_AT) = commands[i];
		dma_transfer((ulong)rings[0], (ulong)rings[1]);
		answers[i] = *word(rings[1], DMA_RESPONSE_AT);
	}
}

void dma_prepare(void *page, enum dma_command command)
{
	*word(page, DMA_COMMAND_AT) = commands[command];
	*word(page, DMA_RESPONSE_AT) = 0;
	*word(page, DMA_RESPONSE_AT + 4) = 0;
}

bool dma_transfer(u64 from, u64 to)
{
	bool taken;

	*reg8(CORBCTL) = 0;
	*reg8(RIRBCTL) = 0;
	wait_until(!(*reg8(CORBCTL) & CTL_RUN) && !(*reg8(RIRBCTL) & CTL_RUN));
	*reg32(CORBLBASE) = (u32)from;
	*reg32(CORBUBASE) = (u32)(from >> 32);
	*reg32(RIRBLBASE) = (u32)to;
	*reg32(RIRBUBASE) = (u32)(to >> 32);
	*reg16(CORBRP) = (u16)RP_RESET;
	*reg16(CORBRP) = 0;
	*reg16(RIRBWP) = (u16)RP_RESET;
	*reg16(CORBWP) = 0;
	*reg16(RINTCNT) = 1;
	*reg8(RIRBCTL) = (u8)(CTL_RUN | CTL_IRQ);
	*reg8(CORBCTL) = (u8)CTL_RUN;
	*reg16(CORBWP) = 1;
	taken = wait_until((*reg16(CORBRP) & 0xff) == 1);
	/* What is read instead of a command need not be one that is answered. */
	wait_until_ns((*reg16(RIRBWP) & 0xff) == 1, RESPONSE_NS);
	*reg8(RIRBSTS) = (u8)STS_IRQ;
	return taken;
}

bool dma_has(const void *page, enum dma_command command)
{
	const volatile u32 *response = word(page, DMA_RESPONSE_AT);

	return *response == answers[command] && answers[command];
}

bool dma_untouched(const void *page)
{
	const volatile u32 *response = word(page, DMA_RESPONSE_AT);

	return !response[0] && !response[1];
}

void dma_interrupts(bool on)
{
	*reg32(INTCTL) = on ? (u32)INTCTL_ON : 0;
}
