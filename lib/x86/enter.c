/* SPDX-License-Identifier: MIT */
#include <x86/enter.h>

#include <harness/expect.h>
#include <mm/page.h>
#include <x86/cr.h>

/*
 * REX.W MOV RAX, imm64; in 32-bit code DEC EAX and MOV EAX, imm32; in 16-bit code DEC AX and
 * MOV AX, imm16. The immediate is made of UD2.
 */
const u8 enter_probe[16] = { 0x48, 0xb8, 0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b,
			     0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b };

/* The frame lies at its top, so that CPL 0 of i386 goes on with it as its stack. */
static u8 stack[0x2000] __aligned(16);
static u8 user_event_stack[0x2000] __aligned(16);

void enter_asm(void *frame);

static struct trap_frame *frame_on_stack(void)
{
	return (struct trap_frame *)(stack + sizeof(stack) -
				     ALIGN_UP(sizeof(struct trap_frame), 16u));
}

ulong enter_kernel_stack(void)
{
	return (ulong)&frame_on_stack()->sp;
}

struct trap_frame enter_frame(u32 cpl, const void *ip)
{
	struct trap_frame frame;
	ulong *general = (ulong *)&frame;

	/* The first fields are the segment registers and the general ones. */
	for (u32 i = 0; i < offsetof(struct trap_frame, vector) / sizeof(ulong); i++)
		general[i] = (ulong)(0x5a5a123456700000ull + 0x1001ull * i);
	frame.vector = frame.error = 0;
	frame.ip = (ulong)ip;
	frame.flags = FLAG_1;
	frame.sp = (ulong)page_alloc() + 0x800;
	frame.ss = cpl ? SEL_USER_DATA : SEL_KERNEL_DATA;
#ifdef __x86_64__
	frame.cs = cpl ? SEL_USER_CS64 : SEL_KERNEL_CODE;
#else
	frame.cs = cpl ? SEL_USER_CS32 : SEL_KERNEL_CODE;
	frame.ds = frame.es = frame.ss;
	frame.fs = frame.gs = SEL_NULL;
#endif
	return frame;
}

struct fault enter(const struct trap_frame *frame)
{
	*frame_on_stack() = *frame;
	tss_set_stack0(tss_of_this_cpu(), (ulong)user_event_stack + sizeof(user_event_stack));
	return fault_of(enter_asm, frame_on_stack());
}

void enter_expect_registers(const struct trap_frame *a, const struct trap_frame *e, u64 except)
{
	const struct {
		const char *name;
		ulong actual, expected;
	} rows[] = {
		{ "ax", a->ax, e->ax },	   { "cx", a->cx, e->cx },    { "dx", a->dx, e->dx },
		{ "bx", a->bx, e->bx },	   { "bp", a->bp, e->bp },    { "si", a->si, e->si },
		{ "di", a->di, e->di },
#ifdef __x86_64__
		{ "r8", a->r8, e->r8 },	   { "r9", a->r9, e->r9 },    { "r10", a->r10, e->r10 },
		{ "r11", a->r11, e->r11 }, { "r12", a->r12, e->r12 }, { "r13", a->r13, e->r13 },
		{ "r14", a->r14, e->r14 }, { "r15", a->r15, e->r15 },
#endif
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (!(except & BIT(i)))
			EXPECT_EQ(rows[i].actual, rows[i].expected, "register %s", rows[i].name);
}
