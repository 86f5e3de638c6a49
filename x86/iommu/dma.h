/* SPDX-License-Identifier: MIT */
/*
 * A device that reads and writes memory when it is told to: the High Definition Audio controller (HDA
 * specification 1.0a, 3.3, 4.4). It reads a command of 4 bytes from one ring, asks its codec, and writes
 * 8 bytes to another: each transfer is one read and one write, each at an address of its own.
 */
#ifndef ASSAY_IOMMU_DMA_H
#define ASSAY_IOMMU_DMA_H

#include <types.h>

/* Where in a page the command is read, and where the response is written, if the rings begin with it. */
#define DMA_COMMAND_AT	4
#define DMA_RESPONSE_AT 8

/* Two commands, whose responses differ: the codec's IDs, and its nodes. */
enum dma_command {
	DMA_IDS,
	DMA_NODES,
};

bool dma_is_there(void);

/*
 * There can be a second one, which dma_select(1) makes the one that the functions below are for; 0 is the
 * first, as before each case. dma_begin() is to be called for each.
 */
bool dma_second_is_there(void);
void dma_select(u32 number);

/* Bus, device and function, and what a remapping unit knows the device by (the source ID). */
u32 dma_bdf(void);
u32 dma_source(void);

/* The controller out of reset, without interrupts, and what the codec responds learned without rings. */
void dma_begin(void);

/* Puts a command where the device reads it, and clears where it writes. */
void dma_prepare(void *page, enum dma_command command);

/*
 * One command from the ring at `commands`, the response to that at `responses`; both as the device sees
 * memory, aligned to 128 bytes. False if the device did not take it.
 */
bool dma_transfer(u64 commands, u64 responses);

/* The page has the response to this command; has nothing at all. */
bool dma_has(const void *page, enum dma_command command);
bool dma_untouched(const void *page);

/* Whether each response interrupts; that has been acknowledged when dma_transfer() returns. */
void dma_interrupts(bool on);

#endif
