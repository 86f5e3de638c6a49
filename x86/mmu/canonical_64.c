/* SPDX-License-Identifier: MIT */
/* Addresses that are not canonical, with 4-level and 5-level paging: no walk, no #PF. */
#include "mmu.h"

#include <mm/page.h>
#include <x86/desc.h>
#include <x86/execute.h>

SUITE("Canonical addresses");

/* AX is the address. The stack segment's rows use BP and SP. */
static const struct {
	const char *name;
	bool stack; /* #SS */
} accesses[] = {
	{ "read", false }, { "write", false }, { "update", false },
	{ "push", true },  { "bp", true },     { "jump", false },
};

static void jump(void *address)
{
	__asm__ volatile("jmp *%0" : : "r"(address));
}

static const void *code_of(u32 access)
{
	switch (access) {
	case 0:
		return CODE("movb (%%rax), %%cl");
	case 1:
		return CODE("movb %%cl, (%%rax)");
	case 2:
		return CODE("lock addb $0, (%%rax)");
	case 3:
		return CODE_ON_STACK("pushq $0");
	default:
		return CODE("movb (%%rbp), %%cl");
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
	const bool write = access >= 1 && access <= 3, push = access == 3;
	const u64 first = push ? address - 8 : address;
	struct registers r = { .ax = address, .bp = address, .bx = address, .flags = FLAG_1 };
	struct fault fault = access == 5 ? fault_of(jump, (void *)address)
					 : execute_try(code_of(access), &r);
	struct walk_state state = { .cr4 = CR4_PAE | (la57 ? CR4_LA57 : 0), .efer = BIT(10) };

	if (walk_is_canonical(&state, first)) {
		u32 error = (write ? PF_W : 0) |
			    (access == 5 && cpu_has(X86_FEATURE_NX) ? PF_I : 0);

		EXPECT_FAULT(PF(error, first), fault);
	} else {
		EXPECT_FAULT(accesses[access].stack ? SS(0) : GP(0), fault);
	}
}

/* An interrupt's frame cannot be pushed on such a stack: #PF and #SS there need one of their own. */
static void use_other_stacks(void)
{
	static const u8 vectors[] = { VEC_PF, VEC_SS, VEC_GP };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		idt_set_ist(vectors[i], 1);
}

static void check_all(const struct space_format *format, bool stack)
{
	const bool la57 = format->top_level == 4;

	for (u32 row = 0; row < ARRAY_SIZE(addresses); row++) {
		for (u32 access = 0; access < ARRAY_SIZE(accesses); access++) {
			if (accesses[access].stack != stack)
				continue;
			SUBTEST("%s-%s-%s", format->name, addresses[row].name,
				accesses[access].name);
			check_address(row, access, la57);
		}
	}
}

static void check_formats(bool stack)
{
	use_other_stacks();
	for (const struct space_format *const *format = world_formats(); *format; format++) {
		struct space *space = space_create_like_kernel(*format, ~0u);

		space_switch(space);
		check_all(*format, stack);
		space_switch(space_kernel());
	}
}

TEST(not_canonical, "an access to an address that is not canonical is #GP(0), and no #PF",
     SPEC("SDM vol. 1, 3.3.7.1; vol. 3A, 6.15, Interrupt 13"))
{
	check_formats(false);
}

TEST(not_canonical_stack, "an access by way of the stack segment that is not canonical is #SS(0)",
     SPEC("SDM vol. 1, 3.3.7.1; vol. 3A, 6.15, Interrupt 12"))
{
	check_formats(true);
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
