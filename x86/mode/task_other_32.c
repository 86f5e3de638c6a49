/* SPDX-License-Identifier: MIT */
/* Tasks of another kind than the one that switches to them: 16-bit TSS, CPL 3, virtual-8086 mode. */
#include <test.h>

#include <mm/page.h>
#include <string.h>
#include <x86/cr.h>
#include <x86/execute.h>
#include <x86/mode.h>
#include <x86/raw_gate.h>

#include "task.h"

SUITE("Hardware tasks of other kinds");

/* SDM vol. 3A, figure 7-10. */
struct tss_16 {
	u16 link;
	struct {
		u16 sp, ss;
	} ring[3];
	u16 ip, flags;
	u16 ax, cx, dx, bx, sp, bp, si, di;
	u16 es, cs, ss, ds, ldt;
};

#define DESC_TSS_16_AVAILABLE 1
#define DESC_TSS_16_BUSY      3

static u16 read_tr(void)
{
	u16 tr;

	__asm__ volatile("str %0" : "=r"(tr));
	return tr;
}

static void jump(void *unused)
{
	(void)unused;
	__asm__ volatile("ljmp *task_pointer" ::: "memory");
}

/* TASK_A with a 16-bit TSS; its code segment begins at task_entry_16, its stack has 64 KiB. */
static struct tss_16 *make_tss_16(u32 type)
{
	struct tss_16 *tss = page_alloc();
	u8 *stack = pages_alloc(16, 16 * PAGE_SIZE);

	*tss = (struct tss_16){
		.flags = FLAG_1 | FLAG_CF | FLAG_OF,
		.ax = 0xa101,
		.cx = 0xa202,
		.dx = 0xa303,
		.bx = 0xa404,
		.sp = 0x8000,
		.bp = 0xa505,
		.si = 0xa606,
		.di = 0xa707,
		.es = SEL_KERNEL_DATA,
		.ds = SEL_KERNEL_DATA,
	};
	tss->cs = gdt_set_spare(TASK_GATE_INDEX + 1,
				DESC_BASE((ulong)task_entry_16) | DESC_LIMIT(0xfffff) | DESC_G |
					DESC_P | DESC_S | DESC_A | DESC_CODE | DESC_W | DESC_DB);
	tss->ss = gdt_set_spare(TASK_GATE_INDEX + 2, DESC_BASE((ulong)stack) | DESC_LIMIT(0xffff) |
							     DESC_P | DESC_S | DESC_A | DESC_W);
	*task_descriptor(TASK_A) = DESC_BASE((ulong)tss) | DESC_LIMIT(sizeof(*tss) - 1) | DESC_P |
				   DESC_TYPE(type);
	return tss;
}

TEST(tss_16_loads, "a 16-bit TSS gives 16 bits of each register; FS and GS are null, CR3 stays",
     SPEC("SDM vol. 3A, 7.6"))
{
	for (u32 call = 0; call < 2; call++) {
		struct registers r = { .ax = 0x12345678, .flags = FLAG_1 };
		struct tss_16 *tss;

		SUBTEST("%s", call ? "call" : "jmp");
		task_init();
		tss = make_tss_16(DESC_TSS_16_AVAILABLE);
		tss->link = 0x1234;
		((u16 *)(tss + 1))[0] = 0x5a5a;
		task_probe = (u32 *)task_descriptor(TASK_A) + 1;
		task_leaves_by_jump = !call;
		task_pointer.selector = task_selector(TASK_A);
		EXPECT_NO_FAULT(execute_try(call ? task_call() : task_jmp(), &r));
		EXPECT_EQ(task_seen.count, 1);
		EXPECT_EQ(task_seen.eax & 0xffff, 0xa101);
		EXPECT_EQ(task_seen.ecx & 0xffff, 0xa202);
		EXPECT_EQ(task_seen.edx & 0xffff, 0xa303);
		EXPECT_EQ(task_seen.ebx & 0xffff, 0xa404);
		EXPECT_EQ(task_seen.ebp & 0xffff, 0xa505);
		EXPECT_EQ(task_seen.esi & 0xffff, 0xa606);
		EXPECT_EQ(task_seen.edi & 0xffff, 0xa707);
		EXPECT_EQ(task_seen.esp & 0xffff, 0x8000);
		EXPECT_EQ(task_seen.eflags & 0xffff,
			  FLAG_1 | FLAG_CF | FLAG_OF | (call ? FLAG_NT : 0));
		EXPECT_EQ(task_seen.cs & 0xffff, SEL_SPARE + 8 * (TASK_GATE_INDEX + 1));
		EXPECT_EQ(task_seen.ss & 0xffff, SEL_SPARE + 8 * (TASK_GATE_INDEX + 2));
		EXPECT_EQ(task_seen.ds & 0xffff, SEL_KERNEL_DATA);
		EXPECT_EQ(task_seen.es & 0xffff, SEL_KERNEL_DATA);
		EXPECT_EQ(task_seen.fs & 0xffff, 0);
		EXPECT_EQ(task_seen.gs & 0xffff, 0);
		EXPECT_EQ(task_seen.ldtr, 0);
		EXPECT_EQ(task_seen.tr, task_selector(TASK_A));
		EXPECT_EQ(task_seen.cr3, read_cr3());
		EXPECT_EQ(task_seen.cr0 & CR0_TS, CR0_TS);
		EXPECT_EQ(task_seen.probe >> 8 & 0xf, DESC_TSS_16_BUSY);
		EXPECT_EQ(descriptor_type(*task_descriptor(TASK_A)), DESC_TSS_16_AVAILABLE);
		EXPECT_EQ(tss->link, call ? SEL_TSS : 0x1234);
		EXPECT_EQ(r.ax, 0x12345678);
		write_cr0(read_cr0() & ~CR0_TS);
	}
}

TEST(tss_16_saves,
     "the state of a task with a 16-bit TSS is saved in 16 bits, and nothing after it",
     SPEC("SDM vol. 3A, 7.6; figure 7-10"))
{
	struct registers r = { .flags = FLAG_1 };
	struct tss_16 *tss, before;

	task_init();
	tss = make_tss_16(DESC_TSS_16_AVAILABLE);
	tss->ring[0].sp = 0x1111;
	tss->ring[2].ss = 0x2222;
	/* IRET, by which the task ends, saves NT clear. */
	tss->flags |= FLAG_NT;
	before = *tss;
	memset(tss + 1, 0x5a, 64);
	task_pointer.selector = task_selector(TASK_A);
	EXPECT_NO_FAULT(execute_try(task_call(), &r));
	EXPECT_EQ(tss->link, SEL_TSS);
	EXPECT_MEM_EQ(tss->ring, before.ring, sizeof(before.ring));
	EXPECT_NE(tss->ip, 0u);
	EXPECT_EQ(tss->flags & FLAG_NT, 0);
	EXPECT_EQ(tss->dx, before.dx);
	EXPECT_EQ(tss->bx, before.bx);
	EXPECT_EQ(tss->sp, before.sp);
	EXPECT_EQ(tss->bp, before.bp);
	EXPECT_EQ(tss->si, before.si);
	EXPECT_EQ(tss->di, before.di);
	EXPECT_EQ(tss->es, before.es);
	EXPECT_EQ(tss->cs, before.cs);
	EXPECT_EQ(tss->ss, before.ss);
	EXPECT_EQ(tss->ds, SEL_KERNEL_DATA);
	EXPECT_EQ(tss->ldt, 0u);
	for (u32 i = 0; i < 64; i++)
		EXPECT_EQ(((u8 *)(tss + 1))[i], 0x5a, "byte %u", i);
	write_cr0(read_cr0() & ~CR0_TS);
}

TEST(task_at_cpl3,
     "the RPL of the new CS is the CPL; the next interrupt takes the new task's stack",
     SPEC("SDM vol. 3A, 7.3"))
{
	struct raw_entry entry;
	struct tss *a;

	task_init();
	a = task_tss(TASK_A);
	a->eip = (ulong)task_user;
	a->eflags = FLAG_1 | FLAG_ZF | FLAG_IOPL;
	a->cs = SEL_USER_CS32;
	a->ss = SEL_USER_DATA;
	a->ds = SEL_USER_DATA;
	a->es = SEL_USER_DATA;
	raw_gate_set(0x50, DESC_INTERRUPT_GATE, 3, 0);
	task_pointer.selector = task_selector(TASK_A);
	EXPECT_FAULT(VECTOR(0x50), raw_gate_catch(KERNEL, jump, NULL, &entry));
	EXPECT_EQ(read_tr(), task_selector(TASK_A));
	EXPECT_EQ(entry.sp, a->ring[0].esp - 20);
	EXPECT_EQ(entry.words[0], (ulong)task_user + 2);
	EXPECT_EQ(entry.words[1] & 0xffff, SEL_USER_CS32);
	EXPECT_EQ(entry.words[2], FLAG_1 | FLAG_ZF | FLAG_IOPL);
	EXPECT_EQ(entry.words[3], a->esp);
	EXPECT_EQ(entry.words[4] & 0xffff, SEL_USER_DATA);
	desc_init();
	write_cr0(read_cr0() & ~CR0_TS);
}

TEST(task_in_vm86, "a task whose EFLAGS have VM starts in virtual-8086 mode, with no LDT",
     SPEC("SDM vol. 3A, 7.3; vol. 3B, 20.2.5"), BUG("XSA-192"))
{
	/* mov %cs:(1), %al; mov %ax, %ds:(0); hlt: #GP(0), as CPL is 3 */
	static const u8 code[] = { 0x2e, 0xa0, 0x01, 0x00, 0xa3, 0x00, 0x00, 0xf4 };
	struct raw_entry entry;
	struct tss *a;

	task_init();
	a = task_tss(TASK_A);
	memcpy(low8(MODE_CODE + 0x10), code, sizeof(code));
	*low16(MODE_CODE) = 0x7788;
	*low16(MODE_DS) = 0;
	a->eip = 0x10;
	a->eflags = FLAG_1 | FLAG_VM | FLAG_CF;
	a->esp = MODE_SP;
	a->cs = MODE_CODE >> 4;
	a->ss = MODE_SS >> 4;
	a->ds = MODE_DS >> 4;
	a->es = MODE_ES >> 4;
	a->fs = MODE_FS >> 4;
	a->gs = MODE_GS >> 4;
	raw_gate_set(VEC_GP, DESC_INTERRUPT_GATE, 0, 0);
	task_pointer.selector = task_selector(TASK_A);
	EXPECT_FAULT(VECTOR(VEC_GP), raw_gate_catch(KERNEL, jump, NULL, &entry));
	EXPECT_EQ(read_tr(), task_selector(TASK_A));
	EXPECT_EQ(entry.sp, a->ring[0].esp - 40);
	EXPECT_EQ(entry.words[0], 0, "error code");
	EXPECT_EQ(entry.words[1], 0x17, "IP of HLT");
	EXPECT_EQ(entry.words[2] & 0xffff, MODE_CODE >> 4);
	EXPECT_EQ(entry.words[3] & ~FLAG_RF, FLAG_1 | FLAG_VM | FLAG_CF);
	EXPECT_EQ(entry.words[4], MODE_SP);
	EXPECT_EQ(entry.words[5] & 0xffff, MODE_SS >> 4);
	EXPECT_EQ(entry.words[6] & 0xffff, MODE_ES >> 4);
	EXPECT_EQ(entry.words[7] & 0xffff, MODE_DS >> 4);
	EXPECT_EQ(entry.words[8] & 0xffff, MODE_FS >> 4);
	EXPECT_EQ(entry.words[9] & 0xffff, MODE_GS >> 4);
	EXPECT_EQ(*low16(MODE_DS), 0x0077);
	EXPECT_EQ(entry.ds, 0);
	EXPECT_EQ(entry.es, 0);
	desc_init();
	write_cr0(read_cr0() & ~CR0_TS);
}
