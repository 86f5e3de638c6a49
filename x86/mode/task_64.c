/* SPDX-License-Identifier: MIT */
/* Long mode has no hardware task switching: SDM vol. 3A, 7.7; APM vol. 2, 12.3. */
#include <test.h>

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/execute.h>

SUITE("No hardware tasks in long mode");

static struct far_pointer target;

/* Far JMP or CALL. */
static struct fault go(bool call, u16 selector)
{
	struct registers r = { .flags = FLAG_1, .ax = (ulong)&target };

	target = (struct far_pointer){ 0, selector };
	return execute_try(call ? CODE("lcall *(%%rax)") : CODE("ljmp *(%%rax)"), &r);
}

TEST(no_task_by_selector, "a far JMP or CALL to a TSS or a task gate is #GP(selector)",
     SPEC("SDM vol. 2A, JMP, CALL: 64-Bit Mode Exceptions"))
{
	static const struct {
		const char *name;
		u32 type;
	} rows[] = {
		{ "tss-available", DESC_TSS_AVAILABLE },
		{ "tss-busy", DESC_TSS_BUSY },
		{ "tss-16", 1 },
		{ "task-gate", DESC_TASK_GATE },
		{ "ldt", DESC_LDT },
		{ "call-gate-16", 4 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 selector;
		u64 before;

		SUBTEST("%s", rows[i].name);
		selector = gdt_set_spare(0, DESC_BASE((ulong)tss_of_this_cpu()) | DESC_LIMIT(0x67) |
						    DESC_P | DESC_TYPE(rows[i].type));
		before = gdt_entries()[selector / 8];
		gdt_set_spare(1, 0);
		EXPECT_FAULT(GP(selector), go(false, selector));
		EXPECT_FAULT(GP(selector), go(true, selector));
		EXPECT_EQ(gdt_entries()[selector / 8], before);
		EXPECT_EQ(read_cr0() & CR0_TS, 0);
	}
}

TEST(no_task_by_iret, "IRET with NT set is #GP(0), whatever the TSS has for a link",
     SPEC("SDM vol. 2A, IRET: 64-Bit Mode Exceptions"))
{
	struct registers r = { .flags = FLAG_1 | FLAG_NT };

	EXPECT_FAULT(GP(0), execute_try(CODE("iretq"), &r));
	EXPECT_EQ(r.flags & FLAG_NT, FLAG_NT);
	r.flags = FLAG_1 | FLAG_NT;
	EXPECT_FAULT(GP(0), execute_try(CODE("iretl"), &r));
	write_flags(FLAG_1);
}
