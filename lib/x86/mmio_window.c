/* SPDX-License-Identifier: MIT */
#include <x86/mmio_window.h>

#include <mm/space.h>
#include <x86/vga.h>

static const phys_t pages[MMIO_WINDOW_PAGES] = { VGA_MEMORY + 5 * PAGE_SIZE,
						 VGA_MEMORY + 2 * PAGE_SIZE };

static u8 *window;

static void map(void)
{
	struct space *space = space_kernel();

	/* The addresses of four pages of RAM, the middle two of which then lead elsewhere. */
	window = (u8 *)pages_alloc(MMIO_WINDOW_PAGES + 2, PAGE_SIZE) + PAGE_SIZE;
	for (u32 i = 0; i < MMIO_WINDOW_PAGES; i++) {
		ulong address = (ulong)window + i * PAGE_SIZE;

		space_map(space, address, pages[i], PAGE_SIZE, PROT_WRITE | PROT_USER);
		*space_entry(space, address, NULL) |= PTE_PCD | PTE_PWT;
		arch_tlb_flush_page(address);
	}
}

u8 *mmio_window(void)
{
	phys_t phys;

	/* What an earlier case mapped is gone. */
	if (window && space_translate(space_kernel(), (ulong)window, &phys) && phys == pages[0])
		return window;
	if (!vga_set_byte_memory())
		return NULL;
	map();
	return window;
}

bool mmio_window_has(ulong address)
{
	return window && address >= (ulong)window &&
	       address < (ulong)window + MMIO_WINDOW_PAGES * PAGE_SIZE;
}
