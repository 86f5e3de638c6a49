/* SPDX-License-Identifier: MIT */
/*
 * Exceptions as exits, each by what raises it: SDM vol. 3C, 25.2; 27.1; 27.2.1, table 27-1; 27.2.2; 27.3.3.
 */
#include "checks.h"

#include <string.h>

SUITE("VMX: exits of exceptions", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1

struct exception {
	const char *name;
	u32 vector, type;
	const char *bytes;
	u32 size;
	bool error;
	u32 code;
	u64 cr0, cr4; /* bits that are set for it */
	u32 cx, ax, dx;
	bool trap; /* RIP is after the instruction */
	bool no_64, user;
	u32 offset; /* of the instruction that raises it */
};

#define DR7_GD 0x2000 /* general detection */

#define HARD INTR_HARDWARE_EXCEPTION
#define SOFT INTR_SOFTWARE_EXCEPTION

/* BX points to data. */
static const struct exception exceptions[] = {
	/* clang-format off */
	{ "de", VEC_DE, HARD, BYTES("\xf7\xf1"), false, 0, 0, 0, 0, 0, 0, false, false, false, 0 },
	{ "icebp", VEC_DB, INTR_PRIVILEGED_SOFTWARE, BYTES("\xf1"), false, 0, 0, 0, 0, 0, 0, false, false, false, 0 },
	{ "bp", VEC_BP, SOFT, BYTES("\xcc"), false, 0, 0, 0, 0, 0, 0, false, false, false, 0 },
	{ "of", VEC_OF, SOFT, BYTES("\xb0\x7f\x04\x01\xce"), false, 0, 0, 0, 0, 0, 0, false, true, false, 4 },
	{ "br", VEC_BR, HARD, BYTES("\x62\x03"), false, 0, 0, 0, 0, 0x7fff, 0, false, true, false, 0 },
	{ "ud2", VEC_UD, HARD, BYTES("\x0f\x0b"), false, 0, 0, 0, 0, 0, 0, false, false, false, 0 },
	{ "ud-lock", VEC_UD, HARD, BYTES("\xf0\x90"), false, 0, 0, 0, 0, 0, 0, false, false, false, 0 },
	{ "nm-em", VEC_NM, HARD, BYTES("\xd9\xd0"), false, 0, CR0_EM, 0, 0, 0, 0, false, false, false, 0 },
	{ "nm-ts", VEC_NM, HARD, BYTES("\xd9\xd0"), false, 0, CR0_TS, 0, 0, 0, 0, false, false, false, 0 },
	{ "np", VEC_NP, HARD, BYTES("\x8e\xd9"), true, VMX_SEL_SPARE, 0, 0, VMX_SEL_SPARE, 0, 0, false, false, false, 0 },
	{ "ss", VEC_SS, HARD, BYTES("\x8e\xd1"), true, VMX_SEL_SPARE, 0, 0, VMX_SEL_SPARE, 0, 0, false, false, false, 0 },
	{ "gp-selector", VEC_GP, HARD, BYTES("\x8e\xd9"), true, 0xff8, 0, 0, 0xff8, 0, 0, false, false, false, 0 },
	{ "gp-0", VEC_GP, HARD, BYTES("\xf4"), true, 0, 0, 0, 0, 0, 0, false, false, true, 0 },
	{ "ac", VEC_AC, HARD, BYTES("\x8b\x43\x01"), true, 0, CR0_AM, 0, 0, 0, 0, false, false, true, 0 },
	/* clang-format on */
};

static void set_up(struct vmx_guest *g, const struct exception *e)
{
	vmx_reset(g);
	vmx_code(g, e->bytes, e->size);
	if (e->user)
		vmx_set_user(g);
	vmcs_set(VMCS_GUEST_CR0, e->cr0);
	vmcs_set(VMCS_GUEST_CR4, e->cr4);
	if (e->vector == VEC_AC)
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_AC);
	/* Not present. */
	g->gdt[VMX_SEL_SPARE / 8] = (DESC_FLAT | DESC_DB) & ~DESC_P;
	((u32 *)g->data)[0] = 0;
	((u32 *)g->data)[1] = 1;
	g->registers.bx = (ulong)g->data;
	g->registers.cx = e->cx;
	g->registers.ax = e->ax;
	g->registers.dx = e->dx;
}

static void exits(struct vmx_guest *g, const struct exception *e)
{
	set_up(g, e);
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(e->vector));
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO),
		  INTR_VALID | e->type | e->vector | (e->error ? INTR_ERROR_CODE : 0));
	if (e->error)
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), (u64)e->code);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + e->offset);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
	if (e->type != HARD)
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)(e->size - e->offset));
}

static void delivered(struct vmx_guest *g, const struct exception *e)
{
	const ulong *stack;

	set_up(g, e);
	vmcs_write(VMCS_EXCEPTION_BITMAP, (u32)~BIT(e->vector));
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmx_delivered(g), (s32)e->vector);
	stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
	if (e->error)
		EXPECT_EQ((u64)*stack++, (u64)e->code);
	EXPECT_EQ((u64)stack[0], vmx_start(g) + (e->type == HARD ? e->offset : e->size));
}

static const struct exception *exception_named(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(exceptions); i++)
		if (!strcmp(exceptions[i].name, name))
			return &exceptions[i];
	return NULL;
}

static void both(const char *name)
{
	const struct exception *e = exception_named(name);
	struct vmx_guest *g = vmx_new();

	ASSERT(e);
	SUBTEST("exits");
	exits(g, e);
	SUBTEST("delivered");
	delivered(g, e);
}

#define EXCEPTION(id, name, words, ...)                                                      \
	TEST(exception_##id, words " exits by its bit of the bitmap, and else is delivered", \
	     SPEC("SDM vol. 3C, 25.2; 27.2.2"), ##__VA_ARGS__)                               \
	{                                                                                    \
		both(name);                                                                  \
	}

EXCEPTION(de, "de", "#DE of DIV")
EXCEPTION(icebp, "icebp", "#DB of INT1")
EXCEPTION(bp, "bp", "#BP of INT3")
EXCEPTION(of, "of", "#OF of INTO", REQUIRES(sizeof(ulong) == 4))
EXCEPTION(br, "br", "#BR of BOUND", REQUIRES(sizeof(ulong) == 4))
EXCEPTION(ud2, "ud2", "#UD of UD2")
EXCEPTION(ud_lock, "ud-lock", "#UD of LOCK")
EXCEPTION(nm_em, "nm-em", "#NM with CR0.EM")
EXCEPTION(nm_ts, "nm-ts", "#NM with CR0.TS")
EXCEPTION(np, "np", "#NP of a segment")
EXCEPTION(ss, "ss", "#SS of a stack segment")
EXCEPTION(gp_selector, "gp-selector", "#GP with a selector")
EXCEPTION(gp_0, "gp-0", "#GP of a privileged instruction")
EXCEPTION(ac, "ac", "#AC")

TEST(exception_saved_rf, "RFLAGS.RF is saved as the exception would have pushed it: 1 for faults",
     SPEC("SDM vol. 3C, 27.3.3; vol. 3B, 17.3.1.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(exceptions); i++) {
		const struct exception *e = &exceptions[i];

		if (e->no_64 && sizeof(ulong) == 8)
			continue;
		SUBTEST("%s", e->name);
		set_up(g, e);
		vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(e->vector));
		vmx_run(g);
		EXPECT_VMX_EXCEPTION(g, e->vector);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_RF, e->type == HARD ? FLAG_RF : 0ull);
	}
}

TEST(exception_other_bits, "a bit of the bitmap makes its own vector exit, and no other",
     SPEC("SDM vol. 3C, 24.6.3; 25.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 bit = 0; bit < 32; bit++) {
		SUBTEST("bit-%u", bit);
		vmx_reset(g);
		vmx_code(g, "\x0f\x0b", 2);
		vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(bit));
		/* Bit 14 alone has another meaning with the mask and the match. */
		vmx_run(g);
		if (bit == VEC_UD) {
			EXPECT_VMX_EXCEPTION(g, VEC_UD);
		} else {
			EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
			EXPECT_EQ(vmx_delivered(g), VEC_UD);
		}
	}
}

TEST(int_n_no_exit, "INT n does not exit by the exception bitmap, whatever its vector",
     SPEC("SDM vol. 3C, 25.2"))
{
	static const u8 vectors[] = { 0, 3, 4, 6, 13, 14, 31, 32, 0xff };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		u8 code[2] = { 0xcd, vectors[i] };

		SUBTEST("int-%u", vectors[i]);
		vmx_reset(g);
		vmx_code(g, code, 2);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
		EXPECT_EQ(vmx_delivered(g), (s32)vectors[i]);
	}
}

/* ----------------------------------------------------------------------------- debug exceptions */

static const struct debug {
	const char *name, *bytes;
	u32 size;
	u64 rflags;
	u32 dr7;
	u64 qualification;
	u32 rip; /* offset */
	bool fault;
	bool dr0_is_code; /* else data */
} debugs[] = {
	/* clang-format off */
	{ "single-step", BYTES("\x90\x90"), FLAG_TF, DR7_RESET, BIT(14), 1, false, false },
	{ "instruction-0", BYTES("\x90\x90"), 0, DR7_RESET | 0x1, BIT(0), 1, true, true },
	{ "instruction-3", BYTES("\x90\x90"), 0, DR7_RESET | 0x40, BIT(3), 1, true, true },
	{ "write-0", BYTES("\x88\x03\x90"), 0, DR7_RESET | 0x10001, BIT(0), 2, false, false },
	{ "write-1", BYTES("\x88\x03\x90"), 0, DR7_RESET | 0x100004, BIT(1), 2, false, false },
	{ "read-2", BYTES("\x8a\x03\x90"), 0, DR7_RESET | 0x3000010, BIT(2), 2, false, false },
	{ "write-and-step", BYTES("\x88\x03\x90"), FLAG_TF, DR7_RESET | 0x10001, BIT(14) | BIT(0), 2, false, false },
	{ "general-detect", BYTES("\x0f\x21\xc0"), 0, DR7_RESET | DR7_GD, BIT(13), 0, true, false },
	/* clang-format on */
};

static void set_up_debug(struct vmx_guest *g, const struct debug *d)
{
	vmx_reset(g);
	vmx_code(g, d->bytes, d->size);
	g->registers.bx = (ulong)g->data;
	vmcs_set(VMCS_GUEST_RFLAGS, d->rflags);
	vmcs_write(VMCS_GUEST_DR7, d->dr7);
	write_dr0(d->dr0_is_code ? (ulong)vmx_start(g) + 1 : (ulong)g->data);
	write_dr1((ulong)g->data);
	write_dr2((ulong)g->data);
	write_dr3((ulong)vmx_start(g) + 1);
	write_dr6(DR6_RESET);
}

TEST(exit_debug, "a debug exception exits with its causes in the qualification, and DR6 as it was",
     SPEC("SDM vol. 3C, 27.1; 27.2.1, table 27-1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(debugs); i++) {
		const struct debug *d = &debugs[i];

		SUBTEST("%s", d->name);
		set_up_debug(g, d);
		vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_DB));
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO), INTR_VALID | HARD | VEC_DB);
		/* A breakpoint whose condition is met may show although DR7 does not enable it. */
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & (BITS(63, 4) | d->qualification),
			  d->qualification);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + d->rip);
		EXPECT_EQ((u64)read_dr6(), (u64)DR6_RESET);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_DR7), (u64)d->dr7);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_TF, d->rflags & FLAG_TF);
	}
}

/* A page that a guest's stack is alone in: an exception that comes again and again ends with it, as a page fault. */
struct stack {
	struct space *space;
	ulong address;
};

static struct stack new_stack(void)
{
	struct stack s = { space_create(), (ulong)(sizeof(ulong) == 8 ? BIT(39) : 0xc0000000) };

	space_unmap(s.space, s.address, PAGE_SIZE);
	space_map(s.space, s.address + PAGE_SIZE, (ulong)page_alloc(), PAGE_SIZE, PROT_ALL);
	return s;
}

static void deliver(struct vmx_guest *g, const struct debug *d, const struct stack *s)
{
	set_up_debug(g, d);
	vmcs_write(VMCS_GUEST_CR3, (ulong)s->space->root);
	vmcs_write(VMCS_GUEST_RSP, s->address + 2 * PAGE_SIZE);
	vmcs_write(VMCS_EXCEPTION_BITMAP, ~(u32)BIT(VEC_DB));
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmx_delivered(g), VEC_DB);
	EXPECT_EQ(read_dr6() & (BITS(15, 13) | d->qualification), d->qualification);
}

/* Of the traps or of the faults; of these the instruction breakpoints, or general detection. */
static void deliver_all(bool fault, bool detect)
{
	struct vmx_guest *g = vmx_new();
	const struct stack s = new_stack();

	for (u32 i = 0; i < ARRAY_SIZE(debugs); i++) {
		if (debugs[i].fault != fault || !!(debugs[i].dr7 & DR7_GD) != detect)
			continue;
		SUBTEST("%s", debugs[i].name);
		deliver(g, &debugs[i], &s);
	}
}

TEST(deliver_debug_trap, "a debug trap that does not exit is delivered with its causes in DR6",
     SPEC("SDM vol. 3C, 25.2; vol. 3B, 17.2.3"))
{
	deliver_all(false, false);
}

TEST(deliver_instruction_breakpoint,
     "an instruction breakpoint that does not exit is delivered with its cause in DR6",
     SPEC("SDM vol. 3C, 25.2; vol. 3B, 17.2.3, 17.3.1.1"))
{
	deliver_all(true, false);
}

TEST(deliver_general_detect, "general detection that does not exit is delivered with DR6.BD",
     SPEC("SDM vol. 3C, 25.2; vol. 3B, 17.2.3, 17.2.4"))
{
	deliver_all(true, true);
}

/* ------------------------------------------------------------------------------ page faults */

static const struct {
	const char *name, *bytes;
	u32 size;
	bool user, absent;
	u32 code;
} page_faults[] = {
	{ "read-absent", BYTES("\x8a\x03"), false, true, 0 },
	{ "write-absent", BYTES("\x88\x03"), false, true, PF_W },
	{ "user-read-absent", BYTES("\x8a\x03"), true, true, PF_U },
	{ "user-write-absent", BYTES("\x88\x03"), true, true, PF_U | PF_W },
	/* JMP BX */
	{ "fetch-absent", BYTES("\xff\xe3"), false, true, PF_I },
	{ "user-fetch-absent", BYTES("\xff\xe3"), true, true, PF_U | PF_I },
};

/* That it was a fetch is told where something can forbid that. */
static u32 page_fault_code(u32 i)
{
	const bool tells = (vmcs_read(VMCS_GUEST_CR4) & CR4_SMEP) || (rdmsr(MSR_EFER) & EFER_NXE);

	return page_faults[i].code & ~(tells ? 0 : PF_I);
}

TEST(exit_page_fault, "a page fault exits with address and error code, and CR2 as it was",
     SPEC("SDM vol. 3C, 27.1; 27.2.1; 27.2.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(page_faults); i++)
		for (u32 exits = 0; exits < 2; exits++) {
			SUBTEST("%s-%s", page_faults[i].name, exits ? "exits" : "delivered");
			vmx_reset(g);
			if (page_faults[i].user)
				vmx_set_user(g);
			vmx_code(g, page_faults[i].bytes, page_faults[i].size);
			g->registers.bx = 0x123;
			write_cr2(0x5555);
			if (!exits)
				vmx_deliver(g);
			vmx_run(g);
			if (exits) {
				EXPECT_VMX_EXCEPTION(g, VEC_PF);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0x123ull);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
					  (u64)page_fault_code(i));
				EXPECT_EQ(read_cr2(), 0x5555ul);
			} else {
				EXPECT_EQ(vmx_delivered(g), VEC_PF);
				EXPECT_EQ(read_cr2(), 0x123ul);
			}
		}
}

TEST(page_fault_mask_codes, "mask and match select page faults by each bit of the error code",
     SPEC("SDM vol. 3C, 25.2"), BUG("b96fb439774e"))
{
	static const u32 bits[] = { PF_P, PF_W, PF_U, PF_I };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(page_faults); i++)
		for (u32 j = 0; j < ARRAY_SIZE(bits); j++)
			for (u32 match = 0; match < 2; match++)
				for (u32 bit = 0; bit < 2; bit++) {
					bool equal = !!(page_fault_code(i) & bits[j]) == match;

					SUBTEST("%s-mask-%#x-match-%u-bit-%u", page_faults[i].name,
						bits[j], match, bit);
					vmx_reset(g);
					if (page_faults[i].user)
						vmx_set_user(g);
					vmx_code(g, page_faults[i].bytes, page_faults[i].size);
					g->registers.bx = 0x123;
					vmcs_write(VMCS_EXCEPTION_BITMAP, bit << VEC_PF);
					vmcs_write(VMCS_PFEC_MASK, bits[j]);
					vmcs_write(VMCS_PFEC_MATCH, match ? bits[j] : 0);
					vmx_run(g);
					if (equal == bit)
						EXPECT_VMX_EXCEPTION(g, VEC_PF);
					else
						EXPECT_EQ(vmx_delivered(g), VEC_PF);
				}
}

TEST(page_fault_match_bits, "a bit of the match that the mask does not have is never met",
     SPEC("SDM vol. 3C, 25.2"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 set = 0; set < 32; set++)
		for (u32 bit = 0; bit < 2; bit++) {
			SUBTEST("match-bit-%u-bit-%u", set, bit);
			vmx_reset(g);
			vmx_code(g, page_faults[0].bytes, page_faults[0].size);
			g->registers.bx = 0x123;
			vmcs_write(VMCS_EXCEPTION_BITMAP, bit << VEC_PF);
			vmcs_write(VMCS_PFEC_MATCH, BIT(set));
			vmx_run(g);
			if (bit)
				EXPECT_EQ(vmx_delivered(g), VEC_PF);
			else
				EXPECT_VMX_EXCEPTION(g, VEC_PF);
		}
}
