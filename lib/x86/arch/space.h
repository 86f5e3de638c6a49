/* SPDX-License-Identifier: MIT */
/*
 * Page tables: SDM vol. 3A, 4.3-4.5. The kernel's space has 64-bit entries: 4-level on x86_64, PAE on
 * i386. <x86/paging.h> has the other formats. docs/adding-an-architecture.md has the contracts.
 */
#ifndef ASSAY_X86_ARCH_SPACE_H
#define ASSAY_X86_ARCH_SPACE_H

#include <mm/nine_bits.h>
#include <types.h>
#include <x86/boot.h>

#define PTE_P	BIT(0)
#define PTE_W	BIT(1)
#define PTE_U	BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A	BIT(5)
#define PTE_D	BIT(6)
#define PTE_PS	BIT(7) /* levels 1 and 2: a page */
#define PTE_PAT BIT(7) /* level 0 */
#define PTE_G	BIT(8)
#define PTE_NX	BIT(63)

#define PTE_PAT_LARGE BIT(12) /* levels 1 and 2, of a page */
#define PTE_PK(key)   ((u64)(key) << 59)

#define PTE_ADDRESS BITS(51, 12)

/* Memory that the kernel's space covers and that is the image's; the first MiB is the firmware's. */
#define ARCH_MIN_MEMORY	 (1 * MiB)
#define ARCH_IMAGE_START ((ulong)image_start)
#define ARCH_IMAGE_END	 ((ulong)image_end)

#define ARCH_MAX_MEMORY (sizeof(ulong) == 8 ? 512 * GiB : 4 * GiB)

/*
 * For run_user() in a space_create_supervisor(): code that may run at user privilege there. It is given
 * nothing else but its stack, so that it may not call or touch what the case has not granted.
 */
#define USER_TEXT __section(".user_text")

extern const u8 user_text_start[], user_text_end[];

/* Forgets this CPU's translations of the page at `address`, global ones too. SDM vol. 2A, INVLPG. */
static inline void arch_tlb_flush_page(ulong address)
{
	__asm__ volatile("invlpg %0" : : "m"(*(const u8 *)address) : "memory");
}

/* Forgets all translations of this CPU, global ones too. */
void arch_tlb_flush_all(void);

#endif
