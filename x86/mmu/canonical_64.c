/* SPDX-License-Identifier: MIT */
/* Addresses that are not canonical, with 4-level and 5-level paging: no walk, no #PF. */
#include "mmu.h"

#include <mm/page.h>
#include <x86/execute.h>

SUITE("Canonical addresses");

/* AX is the address. What the stack segment does is exc's. */
static const char *const accesses[] = { "read", "write", "update", "jump" };

enum { READ, WRITE, UPDATE, JUMP };

static void jump(void *address)
{
	__asm__ volatile("jmp *%0" : : "r"(address));
}

static const void *code_of(u32 access)
{
	switch (access) {
	case READ:
		return CODE("movb (%%rax), %%cl");
	case WRITE:
		return CODE("movb %%cl, (%%rax)");
	default:
		return CODE("lock addb $0, (%%rax)");
	}
}

static const struct {
	const char *name;
	u64 address[2]; /* with 48 and with 57 bits */
} addresses[] = {
	{ "last-low", { 0x00007ffffffffff8, 0x00fffffffffffff8 } },
	{ "first-after", { 0x0000800000000000, 0x0100000000000000 } },
	{ "middle", { 0x5555555555555550, 0x5555555555555550 } },
	{ "other-middle", { 0xaaaaaaaaaaaaaaa8, 0xaaaaaaaaaaaaaaa8 } },
	{ "top-bit-only", { 0x8000000000000000, 0x8000000000000000 } },
	{ "last-before", { 0xffff7ffffffffff8, 0xfefffffffffffff8 } },
	{ "first-high", { 0xffff800000000000, 0xff00000000000000 } },
	{ "48-in-57", { 0x0000800000000000, 0x0000800000000000 } },
	{ "one-in-bit-62", { 0xbfff800000000000, 0xbf00000000000000 } },
};

static void check_address(u32 row, u32 access, bool la57)
{
	const u64 address = addresses[row].address[la57];
	struct registers r = { .ax = address, .flags = FLAG_1 };
	struct fault fault = access == JUMP ? fault_of(jump, (void *)address)
					    : execute_try(code_of(access), &r);
	struct walk_state state = { .cr4 = CR4_PAE | (la57 ? CR4_LA57 : 0), .efer = BIT(10) };
	u32 error = access == WRITE || access == UPDATE ? PF_W : 0;

	if (access == JUMP && cpu_has(X86_FEATURE_NX))
		error |= PF_I;
	EXPECT_FAULT(walk_is_canonical(&state, address) ? PF(error, address) : GP(0), fault);
}

static void check_all(const struct space_format *format)
{
	const bool la57 = format->top_level == 4;

	for (u32 row = 0; row < ARRAY_SIZE(addresses); row++) {
		for (u32 access = 0; access < ARRAY_SIZE(accesses); access++) {
			SUBTEST("%s-%s-%s", format->name, addresses[row].name, accesses[access]);
			check_address(row, access, la57);
		}
	}
}

static void check_formats(void)
{
	for (const struct space_format *const *format = world_formats(); *format; format++) {
		struct space *space = space_create_like_kernel(*format, ~0u);

		space_switch(space);
		check_all(*format);
		space_switch(space_kernel());
	}
}

TEST(not_canonical, "an access to an address that is not canonical is #GP(0), and no #PF",
     SPEC("SDM vol. 1, 3.3.7.1; vol. 3A, 6.15, Interrupt 13"))
{
	check_formats();
}

/* The last bytes below the hole, and the hole. */
static void check_across(const struct space_format *format)
{
	const u64 end = format->top_level == 4 ? 0x0100000000000000 : 0x0000800000000000;
	struct space *space = space_create_like_kernel(format, ~0u);
	struct registers r = { .ax = end - 4, .flags = FLAG_1 };
	u8 *page = page_alloc();

	space_map_page(space, end - PAGE_SIZE, (ulong)page, 0, PROT_ALL);
	space_switch(space);
	SUBTEST("%s", format->name);
	EXPECT_NO_FAULT(execute_try(CODE("movl %%ecx, (%%rax)"), &r));
	EXPECT_FAULT(GP(0), execute_try(CODE("movq (%%rax), %%rcx"), &r));
	EXPECT_FAULT(GP(0), execute_try(CODE("movq %%rcx, (%%rax)"), &r));
	r.ax = end - 8;
	EXPECT_NO_FAULT(execute_try(CODE("movq %%rcx, (%%rax)"), &r));
	space_switch(space_kernel());
}

TEST(across_the_hole, "an access whose last byte is not canonical is #GP(0)",
     SPEC("SDM vol. 1, 3.3.7.1"))
{
	for (const struct space_format *const *format = world_formats(); *format; format++)
		check_across(*format);
}
