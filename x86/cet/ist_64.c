/* SPDX-License-Identifier: MIT */
/* The interrupt SSP table: which shadow stack a gate with an IST takes, at CPL 0 and from CPL 3. */
#include <test.h>

#include "cet.h"

#include <mm/page.h>

SUITE("Interrupt SSP table", REQUIRES(cpu_has(X86_FEATURE_CET_SS)));

/*
 * Every entry but the gate's is 0, where there is no shadow stack. Token and frame have to be in 32 aligned
 * bytes: vol. 1 of later editions, 17.2.3.
 */
static void set_table(u32 ist, struct shadow_stack *stack)
{
	u64 *table = page_alloc();

	stack->top = ALIGN_DOWN(stack->top, 32) - 8;

	table[ist] = stack->top;
	shadow_write8(stack, stack->top, stack->top);
	wrmsr(MSR_IA32_SSP_TABLE, (ulong)table);
	tss_of_this_cpu()->ist[ist - 1] = (ulong)page_alloc() + PAGE_SIZE;
	idt_set_gate(VEC_SSP, cet_ssp_gate, 3, ist);
}

TEST(ist_from_kernel,
     "an interrupt with an IST at CPL 0 takes the table's shadow stack, and pushes CS, linear IP and SSP there",
     SPEC("SDM vol. 2A, INT n, IRET; vol. 4, table 2-2, IA32_INTERRUPT_SSP_TABLE_ADDR"))
{
	const struct cet_code code = CET_CODE("movl $2f, %%edx; int $0x40; 2:");

	for (u32 ist = 1; ist <= 7; ist++) {
		struct shadow_stack old = shadow_stack(KERNEL), new = shadow_stack(KERNEL);
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("ist-%u", ist);
		set_table(ist, &new);
		EXPECT_NO_FAULT(cet_run(KERNEL, CET_SH_STK_EN, &old, &code, &r));
		EXPECT_EQ(r.bx, new.top - 24);
		EXPECT_EQ(r.cx, old.top);
		EXPECT_EQ(shadow_read8(&new, new.top - 8), (u64)SEL_KERNEL_CODE);
		EXPECT_EQ(shadow_read8(&new, new.top - 16), r.dx);
		EXPECT_EQ(cet_ssp(), old.top);
		EXPECT_EQ(shadow_read8(&old, old.top), (u64)old.top | TOKEN_BUSY);
		/* IRET has left it. */
		EXPECT_EQ(shadow_read8(&new, new.top), (u64) new.top);
	}
}

TEST(ist_from_user,
     "an interrupt with an IST at CPL 3 takes the table's shadow stack, not IA32_PL0_SSP's",
     SPEC("SDM vol. 2A, INT n, IRET; vol. 4, table 2-2, IA32_INTERRUPT_SSP_TABLE_ADDR"))
{
	const struct cet_code code =
		CET_CODE("int $0x41; int $0x40; mov " AT("si") ", " NATIVE("dx"));

	for (u32 ist = 1; ist <= 7; ist++) {
		struct shadow_stack user = shadow_stack(USER), kernel = shadow_stack(KERNEL);
		struct shadow_stack new = shadow_stack(KERNEL);
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("ist-%u", ist);
		set_table(ist, &new);
		r.si = (ulong)shadow_at(&new, new.top);
		idt_set_gate(VEC_CET_ON, cet_on_gate, 3, 0);
		cet_offer(&kernel);
		EXPECT_NO_FAULT(cet_run(USER, CET_SH_STK_EN, &user, &code, &r));
		EXPECT_EQ(r.bx, new.top);
		EXPECT_EQ(r.cx, new.top | TOKEN_BUSY);
		EXPECT_EQ(r.dx, new.top);
		EXPECT_EQ(cet_ssp(), user.top);
	}
}
