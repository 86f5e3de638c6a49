/* SPDX-License-Identifier: MIT */
/* Spaces of the other formats in use: <x86/paging.h>. Everything must go on as in the kernel's. */
#include <test.h>

#include <harness/variables.h>
#include <mm/page.h>
#include <sys/cpu.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/paging.h>

SUITE("x86: formats of page tables");

USER_TEXT static void user_write(void *arg)
{
	*(volatile u8 *)arg = 0x5a;
}

static void write_byte(void *arg)
{
	*(volatile u8 *)arg = 0xa5;
}

static void use(const struct space_format *format, u8 *page, bool leave)
{
	struct space *space = space_create_like_kernel(format, PROT_ALL);

	space_unmap(space, (ulong)page + PAGE_SIZE, PAGE_SIZE);
	space_switch(space);
	EXPECT_NO_FAULT(fault_of(write_byte, page));
	EXPECT_EQ(*page, 0xa5);
	EXPECT_NO_FAULT(run_user(user_write, page));
	EXPECT_EQ(*page, 0x5a);
	EXPECT_FAULT(PF(PF_W, page + PAGE_SIZE), fault_of(write_byte, page + PAGE_SIZE));
	EXPECT_FAULT(PF(PF_W | PF_U, page + PAGE_SIZE), run_user(user_write, page + PAGE_SIZE));
	if (!leave)
		space_switch(space_kernel());
}

static const struct space_format *const formats[] = {
#ifdef __x86_64__
	&paging_4_level,
	&paging_5_level,
#else
	&paging_32_bit,
	&paging_pae,
#endif
};

static bool has_format(const struct space_format *format)
{
	if (format->top_level == 2)
		return cpu_has(X86_FEATURE_PAE);
	return format->top_level < 4 || cpu_has(X86_FEATURE_LA57);
}

TEST(paging_formats, "the CPU runs on in a space of each format, and in the kernel's again",
     SPEC("lib/x86/paging.h"))
{
	u8 *page = pages_alloc(2, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(formats); i++) {
		SUBTEST("%s", formats[i]->name);
		if (has_format(formats[i]))
			use(formats[i], page, false);
		else
			SKIP_ROW("not in CPUID");
		EXPECT_EQ(read_cr4() & PAGING_CR4, PAGING_CR4_KERNEL);
	}
}

static bool left FOR_NEXT_CASE;

static void leave(void *page)
{
	for (u32 i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i]->top_level != arch_kernel_format.top_level && has_format(formats[i]))
			use(formats[i], page, true);
	left = true;
}

TEST(paging_left_changed, "a case may leave a space of another format in use, on all CPUs",
     SPEC("docs/writing-a-test.md, What a case may rely on"),
	  REQUIRES(has_format(formats[0]) && has_format(formats[1])))
{
	for (u32 number = cpu_count(); number-- > 0;)
		run_on_cpu(number, leave, pages_alloc(2, PAGE_SIZE));
	EXPECT_NE(read_cr4() & PAGING_CR4, PAGING_CR4_KERNEL);
}

static void look(void *arg)
{
	(void)arg;
	EXPECT_EQ(read_cr4() & PAGING_CR4, PAGING_CR4_KERNEL);
	EXPECT_EQ(read_cr3(), (ulong)BOOT_ROOT_TABLE);
}

TEST(paging_restored, "the next case finds the kernel's space in use on all CPUs",
     SPEC("docs/writing-a-test.md, What a case may rely on"),
	  REQUIRES(has_format(formats[0]) && has_format(formats[1])))
{
	if (!left)
		SKIP("the case before this one, paging_left_changed, did not run");
	run_on_all_cpus(look, NULL);
}

TEST(supervisor_space_in_use,
     "a supervisor space works with SMEP and SMAP, and run_user() with what was granted",
     SPEC("lib/mm/space.h, space_create_supervisor()"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	struct space *space = space_create_supervisor();
	ulong cr4 = read_cr4();

	if (cpu_has(X86_FEATURE_SMEP))
		cr4 |= CR4_SMEP;
	if (cpu_has(X86_FEATURE_SMAP))
		cr4 |= CR4_SMAP;
	space_grant_user(space, (ulong)pages, PAGE_SIZE);
	space_switch(space);
	write_cr4(cr4);
	EXPECT_NO_FAULT(run_user(user_write, pages));
	EXPECT_FAULT(PF(PF_P | PF_U | PF_W, pages + PAGE_SIZE),
		     run_user(user_write, pages + PAGE_SIZE));
	EXPECT_NO_FAULT(fault_of(write_byte, pages + PAGE_SIZE));
	EXPECT_FAULT(cr4 & CR4_SMAP ? PF(PF_P | PF_W, pages) : NO_FAULT,
		     fault_of(write_byte, pages));
	/* All of it is left as it is: the reset has to cope. */
}
